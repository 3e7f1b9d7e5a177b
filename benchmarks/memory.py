"""Peak memory of preparing 1000 x 1000 pixels and one anisotropic day step with UTCI.

    python -m benchmarks.memory

Counted: highest resident memory of a fresh process minus what it held after importing the package
and running one step on 48 x 48 pixels (which loads every library); the total is printed too. The
gate is 350 bytes per pixel.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks import machine
from benchmarks.cases import city_1000
from benchmarks.jobs import run_job, write_job

RESULTS = Path(__file__).parent / "results"
GATE_BYTES_PER_PIXEL = 350.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=machine.default_threads())
    parser.add_argument("--output", type=Path, default=RESULTS / "memory.json")
    arguments = parser.parse_args()

    case = city_1000(arguments.side)
    with tempfile.TemporaryDirectory(prefix="solweig-memory-") as folder:
        job = write_job(case, Path(folder), long_series=1)
        found = run_job(sys.executable, job, threads=arguments.threads, ours=True)
    pixels = case.dsm.size
    figures = {
        "bytes_per_pixel": (found["peak_rss_bytes"] - found["baseline_rss_bytes"]) / pixels,
        "prepare_bytes_per_pixel": (found["peak_rss_prepare_bytes"] - found["baseline_rss_bytes"])
        / pixels,
        "total_bytes_per_pixel": found["peak_rss_bytes"] / pixels,
        "peak_rss_bytes": found["peak_rss_bytes"],
        "baseline_rss_bytes": found["baseline_rss_bytes"],
        "pixels": pixels,
    }
    report = {"machine": machine.describe(arguments.threads), "case": case.name} | figures
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(report, indent=1) + "\n")
    held = figures["bytes_per_pixel"] <= GATE_BYTES_PER_PIXEL
    print(
        f"{case.name}: {figures['bytes_per_pixel']:.0f} B/pixel above the loaded package "
        f"({figures['prepare_bytes_per_pixel']:.0f} in preparation), "
        f"{figures['total_bytes_per_pixel']:.0f} B/pixel in all; gate "
        f"{GATE_BYTES_PER_PIXEL:.0f} {'held' if held else 'NOT held'}"
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())

"""A whole city under a memory limit: preparation and one day step, beside a 4 Mpx raster.

    python -m benchmarks.scale --rows 16210 --cols 14410 --limit-gib 20 --folder /data/scale

Each size runs in a process of its own, from GeoTIFFs into a cache and an output folder, all files
written; what a process loads once is loaded before. The small raster is measured before and after
the large one, ``--repeats`` times each, and its figures are the medians.

Memory is sampled twice a second: anonymous pages, which only the limit bounds, and mapped files,
which the system takes back when it needs them. ``--cgroup`` names a control group (version 1 or 2)
whose limit is already set; the process joins it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.large_city import write_rasters

RESULTS = Path(__file__).parent / "results"
SMALL = (2000, 2000)
GATE = 1.15


class MemoryCurve:
    """Samples what this process holds."""

    def __init__(self) -> None:
        self.samples: list[tuple[float, float, float]] = []
        self._stop = threading.Event()
        self._began = time.perf_counter()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> MemoryCurve:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(0.5):
            held = dict.fromkeys(("RssAnon", "RssFile"), 0.0)
            for line in Path("/proc/self/status").read_text("ascii").splitlines():
                name, _, value = line.partition(":")
                if name in held:
                    held[name] = int(value.split()[0]) / 2**20
            now = time.perf_counter() - self._began
            self.samples.append((now, held["RssAnon"], held["RssFile"]))

    def summary(self) -> dict[str, Any]:
        every = max(len(self.samples) // 120, 1)
        return {
            "peak_anonymous_gib": max(s[1] for s in self.samples),
            "peak_resident_gib": max(s[1] + s[2] for s in self.samples),
            "curve_s_anonymous_gib_files_gib": [
                [round(v, 2) for v in s] for s in self.samples[::every]
            ],
        }


def load_everything(execution: Any) -> None:
    """Run a few cells, so that every library is there."""
    import numpy as np

    import solweig

    with tempfile.TemporaryDirectory() as folder:
        dsm = np.full((48, 48), 3.0, np.float32)
        dsm[20:28, 20:28] = 12.0
        dem = np.full_like(dsm, 3.0)
        surface = solweig.SurfaceData.prepare(
            dsm, folder, dem=dem, pixel_size=1.0, execution=execution
        )
        weather = solweig.Weather.from_values(30.0, 40.0, 800.0, datetime(2025, 7, 1, 13), ws=2.0)
        location = solweig.Location(48.2, 16.4, utc_offset=1)
        solweig.calculate(
            surface,
            weather,
            location,
            output_dir=Path(folder) / "out",
            outputs=["tmrt"],
            execution=execution,
        )


def work(rasters: Path, folder: Path, share: float) -> dict[str, Any]:
    """Prepare and run one step; in this process."""
    os.environ["SOLWEIG_RAM_FRACTION"] = str(share)
    import solweig
    from solweig.execution import ExecutionConfig

    layers = {p.stem: p for p in rasters.glob("*.tif")}
    cpu = ExecutionConfig(accelerator="cpu")
    load_everything(cpu)
    times: dict[str, float] = {}
    with MemoryCurve() as curve:
        began = time.perf_counter()
        surface = solweig.SurfaceData.prepare(
            layers["dsm"], folder / "cache", cdsm=layers["cdsm"], dem=layers["dem"],
            land_cover=layers["land_cover"], execution=cpu,
        )  # fmt: skip
        times["prepare_s"] = time.perf_counter() - began
        weather = solweig.Weather.from_values(
            30.0, 40.0, 800.0, datetime(2025, 7, 1, 13, 0), ws=2.0
        )
        location = solweig.Location.from_surface(surface, utc_offset=1)
        began = time.perf_counter()
        summary = solweig.calculate(
            surface, weather, location, output_dir=folder / "out", outputs=["tmrt", "utci"],
            execution=cpu,
        )  # fmt: skip
        times["run_s"] = time.perf_counter() - began
    rows, cols = surface.shape
    megapixels = rows * cols / 1e6
    telemetry = {} if surface.telemetry is None else surface.telemetry.as_dict()
    return {
        "rows": rows,
        "cols": cols,
        "megapixels": megapixels,
        **times,
        "prepare_s_per_mpx": times["prepare_s"] / megapixels,
        "run_s_per_mpx": times["run_s"] / megapixels,
        "run_timings": {k: v for k, v in summary.metadata["timings"].items() if k != "stages_s"},
        "run_stages_s": summary.metadata["timings"]["stages_s"],
        "tile_plan": summary.metadata["tile_plan"],
        "sky_view": {k: v for k, v in telemetry.items() if k.startswith(("svf", "tile"))},
        "tmrt_mean": float(summary.timeseries.tmrt_mean[0]),
        **curve.summary(),
    }


def measured(rows: int, cols: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """One size in a process of its own."""
    folder = arguments.folder / f"{rows}x{cols}"
    shutil.rmtree(folder, ignore_errors=True)
    write_rasters(folder / "rasters", rows, cols)
    result = folder / "result.json"
    command = [
        sys.executable, "-m", "benchmarks.scale", "--worker", str(folder), "--share",
        str(arguments.share), *(["--cgroup", str(arguments.cgroup)] if arguments.cgroup else []),
    ]  # fmt: skip
    subprocess.run(command, check=True)
    found: dict[str, Any] = json.loads(result.read_text("utf-8"))
    if not arguments.keep:
        shutil.rmtree(folder)
    return found


def medians(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The first of some runs with the medians of their times."""
    found = dict(runs[0])
    for name in ("prepare_s", "run_s", "prepare_s_per_mpx", "run_s_per_mpx"):
        found[name] = statistics.median(run[name] for run in runs)
        found[f"all_{name}"] = [run[name] for run in runs]
    return found


def draw_memory(figures: dict[str, Any], path: Path) -> None:
    """The memory curve of the large raster, with the limit."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    large = figures["large"]
    minutes, anonymous, files = zip(
        *((s / 60, a, f) for s, a, f in large["curve_s_anonymous_gib_files_gib"]), strict=True
    )
    figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
    axes.stackplot(minutes, anonymous, files, labels=["anonymous pages", "mapped files"], alpha=0.8)
    axes.axhline(figures["limit_gib"], color="black", linewidth=1, label="limit")
    axes.axvline(large["prepare_s"] / 60, color="grey", linewidth=1, linestyle=":")
    limit = figures["limit_gib"]
    axes.text(large["prepare_s"] / 60, 0.93 * limit, " run", va="top")
    axes.set(
        xlabel="minutes", ylabel="GiB", xlim=(0, minutes[-1]), ylim=(0, 1.25 * limit),
        title=f"{large['rows']} x {large['cols']} cells: preparation and a run of one step",
    )  # fmt: skip
    axes.legend(loc="upper left", ncols=3, frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=16210)
    parser.add_argument("--cols", type=int, default=14410)
    parser.add_argument("--limit-gib", type=float, default=20.0)
    parser.add_argument("--share", type=float, default=0.5, help="SOLWEIG_RAM_FRACTION")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--cgroup", type=Path)
    parser.add_argument("--folder", type=Path, default=Path("scale"))
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--output", type=Path, default=RESULTS / "scale.json")
    parser.add_argument("--draw", type=Path, help="draw the curve of --output, no more")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.draw:
        draw_memory(json.loads(arguments.output.read_text("utf-8")), arguments.draw)
        return 0
    if arguments.worker:
        if arguments.cgroup:
            (arguments.cgroup / "cgroup.procs").write_text(str(os.getpid()))
        found = work(arguments.worker / "rasters", arguments.worker, arguments.share)
        (arguments.worker / "result.json").write_text(json.dumps(found))
        return 0
    before = [measured(*SMALL, arguments) for _ in range(arguments.repeats)]
    large = measured(arguments.rows, arguments.cols, arguments)
    after = [measured(*SMALL, arguments) for _ in range(arguments.repeats)]
    small = medians(before + after)
    ratios = {
        name: large[f"{name}_s_per_mpx"] / small[f"{name}_s_per_mpx"] for name in ("prepare", "run")
    }
    both = [sum(size[f"{name}_s_per_mpx"] for name in ratios) for size in (large, small)]
    ratios["both"] = both[0] / both[1]
    figures = {
        "machine": machine.describe(machine.default_threads()),
        "limit_gib": arguments.limit_gib,
        "limited_by": "control group" if arguments.cgroup else "nothing",
        "small": small,
        "large": large,
        "time_per_mpx_large_over_small": ratios,
        "gate": GATE,
    }
    arguments.output.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps({k: v for k, v in figures.items() if k not in ("small", "large")}, indent=1))
    fits = large["peak_anonymous_gib"] <= arguments.limit_gib
    return 0 if fits and ratios["both"] <= GATE else 1


if __name__ == "__main__":
    raise SystemExit(main())

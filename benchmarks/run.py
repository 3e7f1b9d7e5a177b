"""Every stage and the whole chain on every case, with the machine's limit beside it.

python -m benchmarks.run [--cases NAME ...] [--repeats 3] [--output FILE.json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import machine, roofline, stages
from benchmarks.cases import Case, all_cases
from benchmarks.jobs import run_job, write_job

RESULTS = Path(__file__).parent / "results"


def measure(case: Case, limits: roofline.Limits, repeats: int, threads: int) -> dict[str, Any]:
    """All figures of one case."""
    prepared, timings = stages.preparation(case, repeats)
    timings.append(stages.shadow(prepared, repeats))
    timings.extend(stages.ground_view(prepared, repeats))
    whole_steps, parts = stages.steps(prepared, repeats)
    timings.extend(whole_steps)
    timings.extend(stages.comfort(case, repeats))
    return {
        "case": case.name,
        "digest": case.digest(),
        "shape": list(case.dsm.shape),
        "megapixels": case.megapixels,
        "stages": [_row(timing, case, limits) for timing in timings],
        "step_parts_s": parts,
        "end_to_end": end_to_end(case, repeats, threads),
    }


def _row(timing: stages.Timing, case: Case, limits: roofline.Limits) -> dict[str, Any]:
    row: dict[str, Any] = {
        "stage": timing.stage,
        "seconds": timing.seconds,
        "seconds_per_megapixel": timing.seconds / case.megapixels,
        "runs": timing.runs,
    }
    if timing.work is not None:
        pixels = case.megapixels * 1e6
        least = limits.seconds(
            timing.work.bytes_moved * pixels, timing.work.lane_operations * pixels
        )
        row |= {
            "least_seconds": least,
            "fraction_of_limit": least / timing.seconds,
            "work_per_pixel": timing.work.basis,
        }
    return row


def end_to_end(case: Case, repeats: int, threads: int) -> dict[str, Any]:
    """The public interface in a fresh interpreter: from files to maps, and its memory."""
    with tempfile.TemporaryDirectory(prefix="solweig-run-") as folder:
        job = write_job(case, Path(folder), long_series=5)
        runs = [run_job(sys.executable, job, threads=threads, ours=True) for _ in range(repeats)]
    found = {
        key: statistics.median(run[key] for run in runs)
        for key in ("prepare_files_s", "step_s", "baseline_rss_bytes", "peak_rss_bytes")
    }
    pixels = case.megapixels * 1e6
    found["total_bytes_per_pixel"] = found["peak_rss_bytes"] / pixels
    found["bytes_per_pixel"] = (found["peak_rss_bytes"] - found["baseline_rss_bytes"]) / pixels
    return found


def table(report: dict[str, Any]) -> str:
    """All cases as Markdown."""
    lines: list[str] = []
    for case in report["cases"]:
        rows, cols = case["shape"]
        lines += [
            f"### {case['case']} ({rows} x {cols})",
            "",
            "| Stage | s | s/Mpx | Fraction of the limit | Counted, per pixel |",
            "|---|---|---|---|---|",
        ]
        for row in case["stages"]:
            fraction = row.get("fraction_of_limit")
            lines.append(
                f"| {row['stage']} | {row['seconds']:.4f} | {row['seconds_per_megapixel']:.4f} | "
                + (f"{fraction:.2f} | {row['work_per_pixel']} |" if fraction else "| |")
            )
        whole = case["end_to_end"]
        lines += [
            "",
            f"From files to maps: preparation {whole['prepare_files_s']:.3f} s, "
            f"anisotropic day step with UTCI {whole['step_s']:.4f} s.",
            "",
        ]
        if case["step_parts_s"]:
            parts = ", ".join(
                f"{name} {seconds:.4f}" for name, seconds in sorted(case["step_parts_s"].items())
            )
            lines += [f"Parts of that step on the engine [s]: {parts}.", ""]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="*", help="names; default all")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=machine.default_threads())
    parser.add_argument("--output", type=Path, default=RESULTS / "stages.json")
    arguments = parser.parse_args()

    stages._core.set_threads(arguments.threads)
    limits = roofline.measure(arguments.threads)
    report: dict[str, Any] = {
        "machine": machine.describe(arguments.threads),
        "limits": limits.to_dict(),
        "cases": [
            measure(case, limits, arguments.repeats, arguments.threads)
            for case in all_cases()
            if not arguments.cases or case.name in arguments.cases
        ],
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(report, indent=1) + "\n")
    text = table(report)
    arguments.output.with_suffix(".md").write_text(text + "\n")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Ours beside the strongest peer, in one run, on the same inputs, CPU only.

    python -m benchmarks.peer

The peer (``solweig`` 0.1.0b96 from the package index) is installed into an environment of its own
and driven through its public interface only. Repeats alternate ours and theirs, every one in a
fresh interpreter; the figures are medians.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.cases import REPOSITORY, Case, all_cases
from benchmarks.jobs import run_job, write_job

PEER = "solweig==0.1.0b96"
ENVIRONMENT = REPOSITORY / "build" / "peer-environment"
RESULTS = Path(__file__).parent / "results"
FIGURES = (
    "prepare_memory_s",
    "prepare_files_s",
    "step_s",
    "prepare_memory_cpu_s",
    "step_cpu_s",
    "peak_rss_bytes",
    "tmrt_mean_c",
)
GATES = {"prepare": 15.0, "step": 10.0}
LARGE_MEGAPIXELS = 0.5


def peer_python(environment: Path) -> Path:
    """Interpreter of the peer's environment, created on first use."""
    python = environment / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--pre", PEER], check=True)
    return python


def compare(
    case: Case, peer: Path, *, repeats: int, threads: int, anisotropic: bool = True
) -> dict[str, Any]:
    """Alternate ours and theirs on one case and return medians, ratios and every raw figure."""
    raw: dict[str, list[dict[str, Any]]] = {"ours": [], "theirs": []}
    with tempfile.TemporaryDirectory(prefix="solweig-peer-") as folder:
        series = 3 if case.megapixels > LARGE_MEGAPIXELS else 5
        job = write_job(
            case,
            Path(folder),
            long_series=series,
            prepare=("files", "memory"),
            anisotropic=anisotropic,
        )
        for _ in range(repeats):
            for who, python in (("ours", Path(sys.executable)), ("theirs", peer)):
                figures = run_job(python, job, threads=threads, ours=who == "ours")
                figures["load_average"] = os.getloadavg()[0]
                raw[who].append(figures)
                print(
                    f"  {case.name:12} {who:6} prepare {figures['prepare_memory_s']:8.3f} s"
                    f" (files {figures['prepare_files_s']:8.3f} s)"
                    f"  step {figures['step_s']:8.4f} s"
                    f"  peak {figures['peak_rss_bytes'] / 2**20:6.0f} MiB",
                    flush=True,
                )
    row: dict[str, Any] = {
        "case": case.name,
        "digest": case.digest(),
        "shape": list(case.dsm.shape),
        "megapixels": case.megapixels,
        "repeats": repeats,
        "raw": raw,
    }
    for key in FIGURES:
        ours, theirs = (statistics.median(r[key] for r in raw[w]) for w in ("ours", "theirs"))
        row[key] = {"ours": ours, "theirs": theirs, "ratio": theirs / ours}
    return row


def table(report: dict[str, Any]) -> str:
    """The comparison as a Markdown table, ours / theirs."""
    lines = [
        "| Case | Mpx | Preparation [s] | × | from files into a cache [s] | × "
        "| Anisotropic day step with UTCI [s] | × | Peak memory [MiB] |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in report["cases"]:
        prepare, files = row["prepare_memory_s"], row["prepare_files_s"]
        step, peak = row["step_s"], row["peak_rss_bytes"]
        lines.append(
            f"| {row['case']} | {row['megapixels']:.3f} "
            f"| {prepare['ours']:.3f} / {prepare['theirs']:.2f} | **{prepare['ratio']:.1f}** "
            f"| {files['ours']:.3f} / {files['theirs']:.2f} | {files['ratio']:.1f} "
            f"| {step['ours']:.4f} / {step['theirs']:.3f} | **{step['ratio']:.1f}** "
            f"| {peak['ours'] / 2**20:.0f} / {peak['theirs'] / 2**20:.0f} |"
        )
    return "\n".join(lines)


def gates_held(report: dict[str, Any]) -> bool:
    return all(
        row["prepare_memory_s"]["ratio"] >= GATES["prepare"]
        and row["step_s"]["ratio"] >= GATES["step"]
        for row in report["cases"]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="*", help="names; default all")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--large-repeats", type=int, default=1, help="for cases above 0.5 Mpx")
    parser.add_argument("--threads", type=int, default=machine.default_threads())
    parser.add_argument("--environment", type=Path, default=ENVIRONMENT)
    parser.add_argument("--output", type=Path, default=RESULTS / "peer.json")
    arguments = parser.parse_args()

    peer = peer_python(arguments.environment)
    report: dict[str, Any] = {
        "peer": PEER,
        "machine": machine.describe(arguments.threads),
        "cases": [],
    }
    for case in all_cases():
        if arguments.cases and case.name not in arguments.cases:
            continue
        large = case.megapixels > LARGE_MEGAPIXELS
        repeats = arguments.large_repeats if large else arguments.repeats
        report["cases"].append(compare(case, peer, repeats=repeats, threads=arguments.threads))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(report, indent=1) + "\n")
    text = table(report)
    arguments.output.with_suffix(".md").write_text(text + "\n")
    print(text)
    held = gates_held(report)
    print(f"gates {GATES['prepare']:.0f}x / {GATES['step']:.0f}x {'held' if held else 'NOT held'}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())

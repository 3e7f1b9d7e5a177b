"""Puts the committed results into docs/performance.md.

python -m benchmarks.report
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import peer, run
from benchmarks.cases import REPOSITORY

RESULTS = Path(__file__).parent / "results"
DOCUMENT = REPOSITORY / "docs" / "performance.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def _load(name: str) -> dict[str, Any] | None:
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def _machine(found: dict[str, Any]) -> str:
    return (
        f"{found['cpu']}, {found['threads']} threads of {found['cores']}, "
        f"{found['memory_gib']} GiB, {found['system']}, commit {found['commit']}, "
        f"{found['time'][:10]}, load {found['load_average_before']:.1f} before."
    )


def _peer() -> list[str]:
    report = _load("peer")
    if report is None:
        return []
    lines = [f"### Beside {report['peer']} (ours / theirs)", "", peer.table(report), ""]
    ratios = [
        f"{row['case']} {row['prepare_memory_cpu_s']['ratio']:.0f} and "
        f"{row['step_cpu_s']['ratio']:.0f} times"
        for row in report["cases"]
    ]
    lines += [
        "In processor time (all threads), preparation and step: " + ", ".join(ratios) + ".",
        "",
        _machine(report["machine"]),
        "",
    ]
    return lines


def _stages() -> list[str]:
    report = _load("stages")
    if report is None:
        return []
    limits = report["limits"]
    return [
        run.table(report).replace("\n### ", "\n#### ").replace("### ", "### Stages: ", 1),
        f"Limits measured in the same run: {limits['bandwidth_bytes_s'] / 1e9:.1f} GB/s of memory "
        f"traffic, {limits['lane_operations_s'] / 1e9:.0f} G single-precision lane operations/s.",
        "",
        _machine(report["machine"]),
        "",
    ]


def _memory() -> list[str]:
    found = _load("memory")
    if found is None:
        return []
    return [
        "### Memory",
        "",
        f"{found['pixels']} pixels, from files to one anisotropic day step with UTCI: peak "
        f"{found['bytes_per_pixel']:.0f} B/pixel above the loaded package "
        f"({found['prepare_bytes_per_pixel']:.0f} in preparation), "
        f"{found['total_bytes_per_pixel']:.0f} B/pixel with it. Gate: 350.",
        "",
        _machine(found["machine"]),
        "",
    ]


def _growth() -> list[str]:
    found = _load("growth")
    if found is None:
        return []
    lines = [
        "### Growth",
        "",
        "| Side | Mpx | Preparation from files [s] | s/Mpx | Day step [s] | s/Mpx |",
        "|---|---|---|---|---|---|",
    ]
    for row in found["rows"]:
        size = row["megapixels"]
        lines.append(
            f"| {row['side']} | {size:.2f} | {row['prepare_files_s']:.2f} "
            f"| {row['prepare_files_s'] / size:.2f} | {row['step_s']:.3f} "
            f"| {row['step_s'] / size:.3f} |"
        )
    return [*lines, "", "![Time against raster size](images/growth.png)", ""]


def main() -> int:
    lines = [*_peer(), *_stages(), *_memory(), *_growth()]
    text = DOCUMENT.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    DOCUMENT.write_text("\n".join([head + BEGIN, *lines]) + END + tail, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

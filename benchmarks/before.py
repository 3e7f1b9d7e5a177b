"""This build beside an earlier one of ours, in one run, on the same inputs, CPU only.

    python -m benchmarks.before
    python -m benchmarks.before --growth

The earlier build (a commit) is checked out and built into an environment of its own. Repeats
alternate the two, every one in a fresh interpreter; the figures are medians, and ratios are the
earlier build's time over this one's. ``--growth`` draws the curves against the side of the raster,
the number of steps and the reach of shadows instead.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.cases import DAY_STEPS, REPOSITORY, Case, all_cases, city_1000
from benchmarks.jobs import run_job, write_job

BEFORE = "d866921"
ENVIRONMENT = REPOSITORY / "build" / "before-environment"
RESULTS = Path(__file__).parent / "results"
PICTURE = REPOSITORY / "docs" / "images" / "growth-before.png"
BUILDS = ("now", "before")

#: What is compared, and what a figure of a job it is.
FIGURES: dict[str, Callable[[dict[str, Any]], float]] = {
    "preparation from arrays": lambda f: f["prepare_memory_s"],
    "preparation from arrays, processor": lambda f: f["prepare_memory_cpu_s"],
    "sky view": lambda f: f["sky_view_s"],
    "preparation from files, processor": lambda f: f["prepare_files_cpu_s"],
    "day step with UTCI": lambda f: f["step_s"],
    "day step with UTCI, processor": lambda f: f["step_cpu_s"],
    "ground view of a step": lambda f: f["stages_s"]["gvf"],
    "radiation of a step": lambda f: f["stages_s"]["radiation"],
    "shadow of a step": lambda f: f["stages_s"]["shadow"],
    "a run of one step, processor": lambda f: f["series_s"][0][2],
    "peak memory above the package [B]": lambda f: f["peak_rss_bytes"] - f["baseline_rss_bytes"],
}


def earlier_python(environment: Path, commit: str) -> Path:
    """Interpreter with the earlier build, made on first use."""
    python = environment / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        with tempfile.TemporaryDirectory(prefix="solweig-before-") as folder:
            tree = Path(folder) / "tree"
            git = ["git", "-C", str(REPOSITORY), "worktree"]
            subprocess.run([*git, "add", "--detach", str(tree), commit], check=True)
            try:
                subprocess.run([str(python), "-m", "pip", "install", "-q", str(tree)], check=True)
            finally:
                subprocess.run([*git, "remove", "--force", str(tree)], check=True)
    return python


def alternate(job: Path, before: Path, *, repeats: int, threads: int) -> dict[str, list[Any]]:
    """Raw figures of both builds, in turns."""
    raw: dict[str, list[Any]] = {build: [] for build in BUILDS}
    for _ in range(repeats):
        for build, python in zip(BUILDS, (Path(sys.executable), before), strict=True):
            found = run_job(python, job, threads=threads, ours=build == "now")
            raw[build].append(found | {"load_average": os.getloadavg()[0]})
    return raw


def pair(raw: dict[str, list[Any]], figure: Callable[[dict[str, Any]], float]) -> dict[str, float]:
    """Medians of both, and how many times less it is now."""
    now, before = (statistics.median(figure(found) for found in raw[build]) for build in BUILDS)
    return {"now": now, "before": before, "ratio": before / now}


def compare(case: Case, before: Path, *, repeats: int, threads: int) -> dict[str, Any]:
    """Everything of one case."""
    with tempfile.TemporaryDirectory(prefix="solweig-before-") as folder:
        job = write_job(case, Path(folder), long_series=5, prepare=("files", "memory"))
        raw = alternate(job, before, repeats=repeats, threads=threads)
    figures = {name: pair(raw, figure) for name, figure in FIGURES.items()}
    return {
        "case": case.name,
        "digest": case.digest(),
        "pixels": case.dsm.size,
        "repeats": repeats,
        "figures": figures,
        "raw": raw,
    }


def startup(before: Path, repeats: int) -> dict[str, dict[str, float]]:
    """Processor time of an import and of the first words of the command line."""
    commands = {
        "import solweig": ["-c", "import solweig"],
        "solweig --help": ["-m", "solweig", "--help"],
    }
    found = {}
    for name, command in commands.items():
        raw: dict[str, list[Any]] = {build: [] for build in BUILDS}
        for _ in range(repeats):
            for build, python in zip(BUILDS, (Path(sys.executable), before), strict=True):
                raw[build].append(_processor_time([str(python), *command]))
        found[name] = pair(raw, float)
    return found


def _processor_time(command: list[str]) -> float:
    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    start = spent()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=tempfile.gettempdir())
    return spent() - start


def _steps(number: int) -> list[list[float]]:
    """Weather of so many hours on end: the five day steps, and nights between them."""
    by_hour = {hour: values for hour, *values in DAY_STEPS}
    rows = []
    for hour in range(number):
        values = by_hour.get(hour % 24 // 2 * 2 + 1, [18.0, 70.0, 0.0, 1.5])
        rows.append([float(hour), *values])
    return rows


def growth(
    before: Path, *, sides: list[int], steps: list[int], reaches: list[float], threads: int
) -> list[dict[str, Any]]:
    """Processor time of both builds along three axes, everything else being as in the middle."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="solweig-growth-") as folder:

        def add(axis: str, value: float, case: Case, **job: Any) -> None:
            path = write_job(
                case, Path(folder) / f"{axis}{value}", prepare=("memory",), long_series=3, **job
            )
            raw = alternate(path, before, repeats=1, threads=threads)
            row = {
                "axis": axis,
                "value": value,
                "megapixels": case.megapixels,
                "prepare_cpu_s": pair(raw, lambda f: f["prepare_memory_cpu_s"]),
                "run_cpu_s": pair(raw, lambda f: f["series_s"][-1][2]),
                "load_average": raw["now"][0]["load_average"],
            }
            rows.append(row)
            ratios = [row[name]["ratio"] for name in ("prepare_cpu_s", "run_cpu_s")]
            print(f"{axis:6} {value:6g}  preparation and run {ratios}", flush=True)

        for side in sides:
            add("side", side, city_1000(side))
        small = city_1000(250)
        for number in steps:
            add("steps", number, small, series=[_steps(number)])
        middle = city_1000(1000)
        for reach in reaches:
            add("reach", reach, middle, options={"max_shadow_distance_m": reach})
    return rows


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Time against each axis, both builds, and the ratio written beside each point."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    panels = (
        ("side", "prepare_cpu_s", "preparation", "cells a side"),
        ("side", "run_cpu_s", "run of three day steps", "cells a side"),
        ("steps", "run_cpu_s", "run, 250 × 250 cells", "steps"),
        ("reach", "prepare_cpu_s", "preparation, 1000 × 1000 cells", "reach of shadows [m]"),
    )
    figure, axes = plt.subplots(1, len(panels), figsize=(13, 3.2), layout="constrained")
    for axis, (name, key, title, label) in zip(axes, panels, strict=True):
        own = [row for row in rows if row["axis"] == name]
        x = [row["value"] for row in own]
        for build, colour in zip(BUILDS, ("#0072b2", "#d55e00"), strict=True):
            y = [row[key][build] for row in own]
            axis.loglog(x, y, "o-", color=colour, label=build)
        for row in own:
            place = (row["value"], row[key]["now"])
            axis.annotate(
                f"{row[key]['ratio']:.1f}×", place, (0, -11), textcoords="offset points",
                ha="center", fontsize=8,
            )  # fmt: skip
        axis.set(title=title, xlabel=label, ylabel="processor time [s]")
        axis.set_xticks(x, [f"{value:g}" for value in x], minor=False)
        axis.minorticks_off()
        axis.margins(0.12)
        axis.grid(alpha=0.3)
    axes[0].legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90, metadata={"Software": None})
    plt.close(figure)


def table(report: dict[str, Any]) -> str:
    """The comparison as a Markdown table, now / before and the ratio."""
    cases = report["cases"]
    head = "| What | " + " | ".join(f"{row['case']} | ×" for row in cases) + " |"
    lines = [head, "|---|" + "---|---|" * len(cases)]
    for name in FIGURES:
        cells = []
        for row in cases:
            figure = row["figures"][name]
            scale = row["pixels"] if name.endswith("[B]") else 1
            digits = ".0f" if name.endswith("[B]") else ".4f"
            both = " / ".join(format(figure[build] / scale, digits) for build in BUILDS)
            cells.append(f"{both} | **{figure['ratio']:.2f}**")
        label = name.replace("[B]", "[B a pixel]") if name.endswith("[B]") else f"{name} [s]"
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    for name, figure in report["startup"].items():
        both = " / ".join(f"{figure[build]:.2f}" for build in BUILDS)
        rest = " | " * (2 * (len(cases) - 1))
        lines.append(f"| `{name}`, processor [s] | {both} | **{figure['ratio']:.2f}** |{rest}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commit", default=BEFORE, help="the earlier build")
    parser.add_argument("--cases", nargs="*", help="names; default all")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=machine.default_threads())
    parser.add_argument("--environment", type=Path, default=ENVIRONMENT)
    parser.add_argument("--growth", action="store_true", help="the curves, nothing else")
    parser.add_argument("--sides", type=int, nargs="+", default=[250, 500, 1000, 2000, 4000, 8000])
    parser.add_argument("--steps", type=int, nargs="+", default=[24, 168, 744, 2208])
    parser.add_argument("--reaches", type=float, nargs="+", default=[100, 200, 500, 1000])
    arguments = parser.parse_args()

    before = earlier_python(arguments.environment, arguments.commit)
    report: dict[str, Any] = {
        "before": arguments.commit,
        "machine": machine.describe(arguments.threads),
    }
    if arguments.growth:
        report["rows"] = growth(
            before, sides=arguments.sides, steps=arguments.steps, reaches=arguments.reaches,
            threads=arguments.threads,
        )  # fmt: skip
        draw(report["rows"], PICTURE)
        (RESULTS / "growth_before.json").write_text(json.dumps(report, indent=1) + "\n")
        return 0
    report["cases"] = []
    for case in all_cases():
        if arguments.cases and case.name not in arguments.cases:
            continue
        found = compare(case, before, repeats=arguments.repeats, threads=arguments.threads)
        report["cases"].append(found)
        print(case.name, {k: round(v["ratio"], 2) for k, v in found["figures"].items()}, flush=True)
    report["startup"] = startup(before, arguments.repeats)
    (RESULTS / "before.json").write_text(json.dumps(report, indent=1) + "\n")
    text = table(report)
    (RESULTS / "before.md").write_text(text + "\n")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

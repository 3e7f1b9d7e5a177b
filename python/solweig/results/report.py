"""A run told in words: plain text for a terminal, HTML for a notebook."""

from __future__ import annotations

import html
import unicodedata

import numpy as np
from numpy.typing import NDArray

from solweig.results.ranges import ComfortCounts
from solweig.results.statistics import RunStatistics

__all__ = ["html_report", "text_report"]

Rows = list[tuple[str, str]]


def text_report(summary: RunStatistics, where: str = "ground") -> str:
    """Sections of aligned ``name  value`` lines; ASCII only, so that any console prints it."""
    lines: list[str] = []
    for title, rows in _sections(summary, where):
        lines += [title, "-" * len(title)]
        width = max((len(name) for name, _ in rows), default=0)
        lines += [f"  {name:<{width}}  {value}" for name, value in rows]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def html_report(summary: RunStatistics, where: str = "ground") -> str:
    """The same as small tables."""
    parts = []
    for title, rows in _sections(summary, where):
        cells = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            f"<td>{html.escape(value)}</td></tr>"
            for name, value in rows
        )
        parts.append(f"<h4>{html.escape(title)}</h4><table>{cells}</table>")
    return "<div>" + "".join(parts) + "</div>"


_AREAS = {"ground": "on open ground, without roofs", "all": "over the whole map, roofs too"}


def _sections(summary: RunStatistics, where: str) -> list[tuple[str, Rows]]:
    return [
        ("SOLWEIG run", _run(summary)),
        (f"Heat ({_AREAS[where]})", _heat(summary, where)),
        ("Engine", _engine(summary)),
        ("Telemetry", [] if summary.telemetry is None else summary.telemetry.table()),
    ]


def _run(summary: RunStatistics) -> Rows:
    times = summary.timeseries.datetime
    rows, cols = summary.tmrt_mean.shape
    valid = int(np.isfinite(summary.tmrt_mean).sum())
    found: Rows = []
    if times:
        span = f"{times[0]:%Y-%m-%d %H:%M} to {times[-1]:%Y-%m-%d %H:%M}"
        found.append(("Period", span))
    steps = f"{summary.n_timesteps} ({summary.n_daytime} day, {summary.n_nighttime} night)"
    found.append(("Time steps", steps))
    found.append(("Map", f"{rows} x {cols} cells, {valid} with data"))
    for name, told in summary.metadata.get("fields", {}).items():
        at = f", at {told['height_m']:g} m" if "height_m" in told else ""
        if told["lowest"] is None:
            continue
        span = f"{told['lowest']:.1f} to {told['highest']:.1f} {told['unit']}{at}"
        found.append((f"Field of {name}", span))
    on_roofs = summary.metadata.get("means", {}).get("points_on_roofs", ())
    if on_roofs:
        found.append(("Points on roofs", ", ".join(_ascii(name) for name in on_roofs)))
    if summary.output_dir is not None:
        found.append(("Files", str(summary.output_dir)))
    elif summary.dataset is not None:
        names = ", ".join(str(n) for n in summary.dataset.data_vars)
        found.append(("In memory", names))
    return found


def _heat(summary: RunStatistics, where: str) -> Rows:
    found: Rows = []
    here = summary.counted(where)
    for label, base in (("Tmrt", "tmrt"), ("UTCI", "utci")):
        mean = _mean(getattr(summary, f"{base}_mean")[here])
        if np.isnan(mean):
            continue
        low = _low(getattr(summary, f"{base}_min")[here])
        high = _high(getattr(summary, f"{base}_max")[here])
        found.append((f"{label} mean", f"{mean:.1f} degC (from {low:.1f} to {high:.1f})"))
        day, night = (_mean(getattr(summary, f"{base}_{p}_mean")[here]) for p in ("day", "night"))
        parts = [f"{v:.1f} degC {p}" for v, p in ((day, "day"), (night, "night")) if v == v]
        if parts:
            found.append((f"{label} by period", ", ".join(parts)))
    if summary.shadow_available:
        sun, shade = _mean(summary.sun_hours[here]), _mean(summary.shade_hours[here])
        label = "Sun, shade and night" if summary.shade_at_night else "Sun, shade by day"
        found.append((label, f"{sun:.1f} h, {shade:.1f} h"))
    for threshold, grid in sorted(summary.utci_hours_above.items()):
        hours = grid[here]
        name = f"UTCI above {threshold:g} degC, {_hours_of(summary, threshold)}"
        text = f"{_mean(hours):.1f} h on average, up to {_high(hours):.1f} h"
        found.append((name, text if np.isfinite(hours).any() else "no UTCI"))
    return found + _ranges(summary)


def _hours_of(summary: RunStatistics, threshold: float) -> str:
    """Which hours a threshold counts."""
    by_day = threshold in summary.heat_thresholds_day
    by_night = threshold in summary.heat_thresholds_night
    if by_day and by_night:
        return "day and night"
    return "day hours" if by_day else "night hours"


def _ranges(summary: RunStatistics) -> Rows:
    """What lay outside the ranges of the comfort indices."""
    said = summary.metadata.get("comfort")
    if not said:
        return []
    counts = ComfortCounts.of(summary.scalars, summary.sums, fields="steps_by" in said)
    found: Rows = []
    if counts.steps_without:
        found.append(("No UTCI", f"in {counts.steps_without} of {counts.steps} steps"))
    line = counts.utci_line(said["utci_range"])
    if line is not None:
        found.append(("UTCI out of range", line))
    if _has_pet(summary):
        found.append(("PET variant", _ascii(f"{said['pet_variant']} ({said['pet_method']})")))
        line = counts.pet_line()
        if line is not None:
            found.append(("PET", line))
    return found


def _has_pet(summary: RunStatistics) -> bool:
    outputs = summary.metadata.get("parameters", {}).get("outputs", ())
    return "pet" in outputs or summary.pois is not None


def _ascii(text: str) -> str:
    """Letters that any console prints."""
    plain = unicodedata.normalize("NFKD", text)
    return plain.encode("ascii", "ignore").decode() or "?"


def _engine(summary: RunStatistics) -> Rows:
    found: Rows = []
    device = summary.metadata.get("device", {})
    if device:
        engine = f"{str(device.get('accelerator', '')).upper()} ({device.get('reason', '')})"
        found.append(("Ran on", engine))
        for one in device.get("adapters", ()):
            found.append(("Adapter", f"{one['adapter']} [{one['backend']}], {one['driver']}"))
    for stage, entry in summary.tally.items():
        parts = [f"{entry.get('cpu_runs', 0)} on CPU"]
        if entry.get("gpu_runs"):
            parts.append(f"{entry['gpu_runs']} on GPU")
        if entry.get("fallbacks"):
            parts.append(f"{entry['fallbacks']} fallbacks ({entry.get('last_reason')})")
        found.append((stage, f"{', '.join(parts)}, {float(entry.get('seconds', 0.0)):.3f} s"))
    found += _workers(summary)
    total = summary.metadata.get("timings", {}).get("total_s")
    if total is not None:
        found.append(("Whole run", f"{total:.2f} s"))
    return found


def _workers(summary: RunStatistics) -> Rows:
    """The tiles, and who did them."""
    found: Rows = []
    plan = summary.metadata.get("tile_plan")
    if plan:
        what = f"{plan['tiles']} of {plan['core']} px, halo {plan['halo']} px ({plan['reason']})"
        found.append(("Tiles", what))
    for worker in summary.metadata.get("workers", ()):
        what = (
            f"{worker['tiles']} tiles on {worker['adapter']} ({worker['device']}), "
            f"process {worker['pid']}, {worker['seconds']:.2f} s"
        )
        found.append((f"Worker {worker['worker_id']}", what))
    return found


def _mean(grid: NDArray[np.float32]) -> float:
    values = grid[np.isfinite(grid)]
    return float(values.mean(dtype=np.float64)) if values.size else float("nan")


def _low(grid: NDArray[np.float32]) -> float:
    values = grid[np.isfinite(grid)]
    return float(values.min()) if values.size else float("nan")


def _high(grid: NDArray[np.float32]) -> float:
    values = grid[np.isfinite(grid)]
    return float(values.max()) if values.size else float("nan")

"""Compares the model with every field day and rewrites tables and plots of docs/validation.md.

python -m tests.validation.report
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.support.stored import REPOSITORY, stored_data
from tests.validation import budget, runs
from tests.validation.agreement import Agreement, agreement
from tests.validation.plots import draw_day
from tests.validation.reference import measured_agreement
from tests.validation.sites import FLUXES, SHORTWAVE_SIDES, Site, site_days

DOCUMENT = REPOSITORY / "docs" / "validation.md"
IMAGES = REPOSITORY / "docs" / "images" / "validation"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"

MODES = (runs.ANISOTROPIC, runs.ISOTROPIC, runs.IMPROVED, runs.IMPROVED_ISOTROPIC, runs.DEFAULTS)
FLUX_MODES = (runs.ANISOTROPIC, runs.ISOTROPIC, runs.IMPROVED)

#: Tmrt of the strongest existing implementation with its defaults: RMSE, bias, R².
PEER = {
    ("kronenhuset", "20051007"): (6.57, 2.60, 0.52),
    ("gustav_adolfs", "20051011"): (5.73, 1.50, 0.88),
    ("gustav_adolfs", "20060801"): (7.32, 0.54, 0.80),
    ("gvc", "20100707"): (2.35, 1.32, 0.99),
    ("gvc", "20100710"): (3.64, 3.26, 0.66),
}


@dataclass
class Day:
    """Everything found for one site and day."""

    site: Site
    day: str
    measured: runs.Series
    series: dict[str, runs.Series]
    sides: dict[str, runs.Series]

    def figures(self, mode: str, column: str) -> Agreement:
        source = self.sides if column in SHORTWAVE_SIDES else self.series
        return agreement(source[mode][FLUXES[column]], self.measured[column])

    @property
    def title(self) -> str:
        return f"{self.site.title}, {self.day[:4]}-{self.day[4:6]}-{self.day[6:]}"


def run_day(site: Site, day: str, shared: Path) -> Day:
    """All modes; the shortwave sides come from box runs."""
    with runs.quiet():
        series = {mode.name: runs.hourly(site, day, shared, mode) for mode in MODES}
        sides = {mode.name: runs.hourly(site, day, shared, runs.box(mode)) for mode in FLUX_MODES}
    return Day(site, day, site.measured(shared, day), series, sides)


def tmrt_table(days: list[Day], shared: Path) -> list[str]:
    """One row a day and mode, beside the reference and the peer."""
    lines = [
        "| Day | Mode | n | RMSE | MAE | Bias | R² | Reference RMSE |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for day in days:
        for mode in MODES:
            found = day.figures(mode.name, "Tmrt")
            lines.append(
                f"| {day.site.name} {day.day} | {mode.name} | {found.n} | {found.rmse:.2f} "
                f"| {found.mae:.2f} | {found.bias:+.2f} | {found.r2:.2f} "
                f"| {_reference_rmse(day, mode, shared)} |"
            )
        rmse, bias, r2 = PEER[day.site.name, day.day]
        lines.append(
            f"| {day.site.name} {day.day} | *strongest peer, its defaults* | | {rmse:.2f} | "
            f"| {bias:+.2f} | {r2:.2f} | |"
        )
    return lines


def _reference_rmse(day: Day, mode: runs.Mode, shared: Path) -> str:
    if mode not in (runs.ANISOTROPIC, runs.ISOTROPIC):
        return ""
    key = "aniso" if mode.anisotropic else "iso"
    found = measured_agreement(shared, day.site.name, day.day, key)
    return f"{found['Tmrt']['rmse']:.2f}" if found else ""


def flux_table(day: Day) -> list[str]:
    """Every measured quantity of a day: RMSE / MAE / bias / R² by mode."""
    names = [mode.name for mode in FLUX_MODES]
    lines = ["| | n | " + " | ".join(names) + " |", "|---|---|" + "---|" * len(names)]
    for column in FLUXES:
        found = [day.figures(name, column) for name in names]
        cells = [f"{f.rmse:.1f} / {f.mae:.1f} / {f.bias:+.1f} / {f.r2:.2f}" for f in found]
        lines.append(f"| {column} | {found[0].n} | " + " | ".join(cells) + " |")
    return lines


def budget_table(days: list[Day]) -> list[str]:
    """Mean error of Tmrt by term, and the hour of the largest error."""
    names = (*budget.TERMS, budget.REST)
    lines = [
        "| Day | Mode | " + " | ".join(names) + " | Largest hourly error |",
        "|---|---|" + "---|" * (len(names) + 1),
    ]
    for day in days:
        for mode in (runs.ANISOTROPIC, runs.ISOTROPIC):
            errors = budget.temperature_errors(
                day.series[mode.name], day.measured, anisotropic=mode.anisotropic
            )
            shown = np.isfinite(day.measured["Tmrt"])
            cells = [f"{np.nanmean(errors[name][shown]):+.2f}" for name in names]
            lines.append(
                f"| {day.site.name} {day.day} | {mode.name} | "
                + " | ".join(cells)
                + f" | {_largest(day, mode, errors)} |"
            )
    return lines


def _largest(day: Day, mode: runs.Mode, errors: runs.Series) -> str:
    error = day.series[mode.name]["tmrt"] - day.measured["Tmrt"]
    hour = int(np.nanargmax(np.abs(error)))
    term = max(errors, key=lambda name: abs(np.nan_to_num(errors[name][hour])))
    return f"{error[hour]:+.1f} K at {hour}:00, {errors[term][hour]:+.1f} K from {term}"


def write_document(days: list[Day], shared: Path) -> None:
    """Replace what stands between the two markers."""
    lines = ["### Tmrt [K]", "", *tmrt_table(days, shared), ""]
    lines += [
        "### Where the error of Tmrt comes from [K, mean over the day]",
        "",
        *budget_table(days),
        "",
        "### Every measured quantity (RMSE / MAE / bias / R²; Tmrt in K, fluxes in W m⁻²)",
        "",
    ]
    for day in days:
        image = f"{day.site.name}_{day.day}.png"
        lines += [f"#### {day.title}", "", *flux_table(day), ""]
        lines += [f"![{day.title}](images/validation/{image})", ""]
    text = DOCUMENT.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    DOCUMENT.write_text(f"{head}{BEGIN}\n{chr(10).join(lines)}{END}{tail}", encoding="utf-8")


def main() -> None:
    shared = stored_data()
    days = []
    for site, day in site_days():
        found = run_day(site, day, shared)
        shown = {mode.name: found.series[mode.name] for mode in FLUX_MODES}
        draw_day(site, day, found.measured, shown, IMAGES / f"{site.name}_{day}.png")
        days.append(found)
    write_document(days, shared)
    print("\n".join(tmrt_table(days, shared)))


if __name__ == "__main__":
    main()

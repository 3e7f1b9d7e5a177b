"""Compares the model with every field day and rewrites tables and plots of docs/validation.md.

python -m tests.validation.report
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from solweig.config import HumanParams, ModelConfig
from solweig.validation import Mast, Validation, compare
from solweig.validation.agreement import Agreement, agreement
from solweig.validation.budget import REST, TERMS
from solweig.validation.finding import MastFit, TurnFit, find_mast
from solweig.validation.plots import day_picture
from solweig.validation.quantities import K_SIDES
from solweig.weather.values import STAMPS
from tests.support.stored import REPOSITORY, stored_data
from tests.validation import evidence, runs
from tests.validation.reference import measured_agreement
from tests.validation.sites import FLUXES, SITES, Site, site_days
from tests.validation.sky import sky_tables

DOCUMENT = REPOSITORY / "docs" / "validation.md"
IMAGES = REPOSITORY / "docs" / "images" / "validation"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"

HOUR, FINE = 60.0, 10.0
#: Ways to run, with the name of the row: the step is what the sun stands still for.
WAYS = (
    ("one sun an hour", runs.ANISOTROPIC, HOUR),
    ("one sun an hour", runs.ISOTROPIC, HOUR),
    ("one sun an hour", runs.DEFAULTS, HOUR),
    ("three suns an hour", runs.THREE_SUNS, HOUR),
    ("three suns an hour", runs.ISOTROPIC_THREE_SUNS, HOUR),
    ("three suns an hour", runs.IMPROVED, HOUR),
    ("three suns an hour", runs.IMPROVED_ISOTROPIC, HOUR),
    ("10-minute steps", runs.ANISOTROPIC, FINE),
    ("10-minute steps", runs.ISOTROPIC, FINE),
    ("10-minute steps", runs.IMPROVED, FINE),
    ("10-minute steps", runs.IMPROVED_ISOTROPIC, FINE),
    ("10-minute steps", runs.DEFAULTS, FINE),
    ("10-minute steps", runs.HEATED, FINE),
    ("10-minute steps", runs.IMPROVED_HEATED, FINE),
)
FINE_WAY = WAYS[7]
SHOWN = (WAYS[0], FINE_WAY, WAYS[5], WAYS[9])
STAMPS_AS_THEY_COME = "by the hour named"
OLD_MODES = (
    runs.ANISOTROPIC,
    runs.ISOTROPIC,
    runs.IMPROVED,
    runs.IMPROVED_ISOTROPIC,
    runs.DEFAULTS,
)

#: Tmrt of the strongest existing implementation with its defaults, by the hour named: RMSE, bias,
#: R².
PEER = {
    ("kronenhuset", "20051007"): (6.57, 2.60, 0.52),
    ("gustav_adolfs", "20051011"): (5.73, 1.50, 0.88),
    ("gustav_adolfs", "20060801"): (7.32, 0.54, 0.80),
    ("gvc", "20100707"): (2.35, 1.32, 0.99),
    ("gvc", "20100710"): (3.64, 3.26, 0.66),
}

#: The same by intervals, made by benchmarks/peer_masts.py.
PEER_BY_INTERVALS = REPOSITORY / "benchmarks" / "results" / "peer_masts.json"
PEER_SUNS = {"60": "one sun an hour", "10": "10-minute steps"}
PEER_NAME = "*strongest peer, its defaults*"

Way = tuple[str, runs.Mode, float]


@dataclass
class Day:
    """Everything found for one site and day."""

    site: Site
    day: str
    mast: Mast
    found: dict[Way, Validation]
    by_name: dict[str, Agreement]

    @property
    def label(self) -> str:
        return f"{self.site.name} {self.day}"

    @property
    def title(self) -> str:
        return f"{self.site.title}, {self.day[:4]}-{self.day[4:6]}-{self.day[6:]}"


def run_day(site: Site, day: str, shared: Path) -> Day:
    """All ways, and the pairing by the hour named."""
    mast = replace(site.mast(shared, day), name=site.name)
    measured = site.measured(shared, day)
    with runs.quiet():
        found = {
            way: _compared(site, mast, runs.modelled(site, day, shared, way[1], way[2]), way[1])
            for way in WAYS
        }
        by_name = {
            mode.name: agreement(
                runs.hourly(site, day, shared, mode)["tmrt"], measured["Tmrt"]
            )
            for mode in OLD_MODES
        }  # fmt: skip
    return Day(site, day, mast, found, by_name)


def _compared(site: Site, mast: Mast, model: runs.Modelled, mode: runs.Mode) -> Validation:
    """With the interval of the site, and the axes that were found for it."""
    fit = find_mast(mast, model, stamp=site.stamp, turn=site.turn)
    human = HumanParams(abs_l=runs.LONGWAVE_ABSORPTION) if mode.reference_settings else None
    return compare(mast, model, config=ModelConfig(human=human), fit=fit)


# ------------------------------------------------------------------ which interval


def weather_table(shared: Path) -> list[str]:
    """What (G - D) = I sin h leaves under each meaning of the weather's stamps."""
    lines = [
        "| Weather of | [h, h+1] | centred on h | [h−1, h] | minute column |",
        "|---|---|---|---|---|",
    ]
    for site, day in site_days():
        left = evidence.closure(site, day, shared)
        file = site.folder(shared) / site.weather[day]
        minute = file.read_text().splitlines()[1].split()[3]
        lines.append(
            f"| {site.name} {day} | **{left['start']:.1f}** | {left['centre']:.1f} "
            f"| {left['end']:.1f} | {minute} |"
        )
    return lines


def mast_tables(days: list[Day], shared: Path) -> list[str]:
    """What model and mast differ by under each meaning of the mast's stamps, and its turn."""
    lines = [
        "| Mast | Sun | stamp = end | centre | start | fits best, and how sure | rows begin, min "
        "after the stamp |",
        "|---|---|---|---|---|---|---|",
    ]
    for site in SITES:
        for way in (WAYS[0], FINE_WAY):
            fit = _site_fit(site, days, shared, way)
            rms = " | ".join(f"{fit.interval.rms[s]:.0f}" for s in ("end", "centre", "start"))
            lines.append(
                f"| {site.name} | {way[0]} | {rms} | {fit.interval.stamp}, "
                f"{fit.interval.confidence:.0%} | {fit.interval.best_shift:+.0f} |"
            )
    lines += [
        "",
        "| Mast | Kdown/G in full sun varies by: end | centre | start |"
        " turn taken with | turn [° clockwise] | sides, rms: turned, not |",
        "|---|---|---|---|---|---|---|",
    ]
    for day in days:
        lines.append(_variation_row(day.label, _day_fit(day), None))
    for site in SITES:
        fit = _site_fit(site, days, shared, FINE_WAY, stamp=site.stamp)
        lines.append(_variation_row(f"{site.name}, all", fit, fit.turn))
    return lines


def _variation_row(label: str, fit: MastFit, turn: TurnFit | None) -> str:
    varies = " | ".join(
        "–" if np.isnan(v) else f"{v:.1%}"
        for v in (fit.interval.variation[s] for s in ("end", "centre", "start"))
    )
    if turn is None:
        return f"| {label} | {varies} | | | |"
    told = "" if turn.verdict == "found" else " (not told)"
    return (
        f"| {label} | {varies} | {fit.interval.stamp} | {turn.best:+.0f} ± {turn.error:.0f}{told} "
        f"| {turn.rms:.0f}, {turn.rms_unturned:.0f} |"
    )


def _day_fit(day: Day) -> MastFit:
    return find_mast(day.mast, day.found[FINE_WAY].model)


def _site_fit(
    site: Site, days: list[Day], shared: Path, way: Way, stamp: str | None = None
) -> MastFit:
    own = [day for day in days if day.site is site]
    model = runs.joined([day.found[way].model for day in own])
    return find_mast(site.mast(shared), model, stamp=stamp)


def clear_sky_table(days: list[Day], shared: Path) -> list[str]:
    """Kdown of the one clear day over a clear sky's, hour by hour."""
    day = next(d for d in days if d.day == "20051011")
    share = evidence.clear_sky_share(day.site, shared, day.mast)
    hours = [int(t.astype("datetime64[h]").astype(int) % 24) for t in day.mast.times]
    shown = [i for i, hour in enumerate(hours) if 9 <= hour <= 16]
    lines = [
        "| " + day.label + ", hour named | " + " | ".join(str(hours[i]) for i in shown) + " |",
        "|---|" + "---|" * len(shown),
    ]
    for stamp in STAMPS:
        cells = " | ".join(f"{share[stamp][i]:.2f}" for i in shown)
        lines.append(f"| stamp = {stamp} | {cells} |")
    return lines


# ------------------------------------------------------------------ how well


def summary_table(days: list[Day]) -> list[str]:
    """RMSE of Tmrt: one column a day, one row a way, and all hours together."""
    lines = [
        "| Pairing, sun | Mode | " + " | ".join(day.label for day in days) + " | all hours |",
        "|---|---|" + "---|" * (len(days) + 1),
    ]
    for mode in OLD_MODES:
        found = [day.by_name[mode.name] for day in days]
        lines.append(_summary_row(STAMPS_AS_THEY_COME, mode.name, found))
    cells = " | ".join(f"{PEER[day.site.name, day.day][0]:.2f}" for day in days)
    lines.append(f"| {STAMPS_AS_THEY_COME} | {PEER_NAME} | {cells} | |")
    for way in WAYS:
        found = [day.found[way].agreement["Tmrt"] for day in days]
        lines.append(_summary_row(f"by intervals, {way[0]}", way[1].name, found))
    for steps, sun in PEER_SUNS.items():
        found = [peer_by_intervals(day, steps) for day in days]
        lines.append(_summary_row(f"by intervals, {sun}", PEER_NAME, found))
    return lines


def peer_by_intervals(day: Day, steps: str) -> Agreement:
    """What was found for the peer in steps of so many minutes."""
    found = json.loads(PEER_BY_INTERVALS.read_text("utf-8"))["days"]
    return Agreement(**found[day.label][steps])


def _summary_row(pairing: str, mode: str, found: list[Agreement]) -> str:
    rows = sum(f.n for f in found)
    pooled = np.sqrt(sum(f.n * f.rmse**2 for f in found) / rows)
    cells = " | ".join(f"{f.rmse:.2f}" for f in found)
    return f"| {pairing} | {mode} | {cells} | {pooled:.2f} |"


def tmrt_table(days: list[Day], shared: Path) -> list[str]:
    """One row a day and way, beside the reference and the peer."""
    lines = [
        "| Day | Pairing, sun | Mode | n | RMSE | MAE | Bias | R² | Reference RMSE |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for day in days:
        for mode in OLD_MODES:
            reference = _reference_rmse(day, mode, shared)
            found = day.by_name[mode.name]
            lines.append(_tmrt_row(day, STAMPS_AS_THEY_COME, mode.name, found, reference))
        rmse, bias, r2 = PEER[day.site.name, day.day]
        lines.append(
            f"| {day.label} | {STAMPS_AS_THEY_COME} | {PEER_NAME} | "
            f"| {rmse:.2f} | | {bias:+.2f} | {r2:.2f} | |"
        )
        for way in WAYS:
            found = day.found[way].agreement["Tmrt"]
            lines.append(_tmrt_row(day, f"by intervals, {way[0]}", way[1].name, found, ""))
        for steps, sun in PEER_SUNS.items():
            found = peer_by_intervals(day, steps)
            lines.append(_tmrt_row(day, f"by intervals, {sun}", PEER_NAME, found, ""))
    return lines


def _tmrt_row(day: Day, pairing: str, mode: str, found: Agreement, reference: str) -> str:
    return (
        f"| {day.label} | {pairing} | {mode} | {found.n} | {found.rmse:.2f} | {found.mae:.2f} "
        f"| {found.bias:+.2f} | {found.r2:.2f} | {reference} |"
    )


def _reference_rmse(day: Day, mode: runs.Mode, shared: Path) -> str:
    if mode not in (runs.ANISOTROPIC, runs.ISOTROPIC):
        return ""
    key = "aniso" if mode.anisotropic else "iso"
    found = measured_agreement(shared, day.site.name, day.day, key)
    return f"{found['Tmrt']['rmse']:.2f}" if found else ""


def sides_table(days: list[Day]) -> list[str]:
    """RMSE of the four shortwave sides, axes to north and turned."""
    lines = [
        "| Day | turn | " + " | ".join(f"{n}: north" for n in K_SIDES)
        + " | " + " | ".join(f"{n}: turned" for n in K_SIDES) + " |",
        "|---|---|" + "---|" * 8,
    ]  # fmt: skip
    for day in days:
        found = day.found[FINE_WAY]
        bounds = day.mast.bounds(day.site.stamp)
        cells = []
        for turn in (0.0, day.site.turn):
            means = found.model.at(bounds, turn)
            cells += [
                f"{agreement(means[name], day.mast.columns[name]).rmse:.0f}" for name in K_SIDES
            ]
        lines.append(f"| {day.label} | {day.site.turn:+.0f} | " + " | ".join(cells) + " |")
    return lines


def flux_table(day: Day) -> list[str]:
    """Every measured quantity of a day: RMSE / MAE / bias / R² by way."""
    names = [f"{way[1].name}, {way[0]}" for way in SHOWN]
    lines = ["| | n | " + " | ".join(names) + " |", "|---|---|" + "---|" * len(names)]
    for column in FLUXES:
        found = [day.found[way].agreement[column] for way in SHOWN]
        cells = [f"{f.rmse:.1f} / {f.mae:.1f} / {f.bias:+.1f} / {f.r2:.2f}" for f in found]
        lines.append(f"| {column} | {found[0].n} | " + " | ".join(cells) + " |")
    return lines


def budget_table(days: list[Day]) -> list[str]:
    """Mean error of Tmrt by term, and the hour of the largest error."""
    names = (*TERMS, REST)
    lines = [
        "| Day | Mode | " + " | ".join(names) + " | Largest hourly error |",
        "|---|---|" + "---|" * (len(names) + 1),
    ]
    for day in days:
        for way in (*SHOWN, WAYS[8]):
            budget = day.found[way].budget
            assert budget is not None
            cells = [f"{np.nanmean(budget[name]):+.2f}" for name in names]
            lines.append(
                f"| {day.label} | {way[1].name}, {way[0]} | " + " | ".join(cells)
                + f" | {_largest(day, way)} |"
            )  # fmt: skip
    return lines


def _largest(day: Day, way: Way) -> str:
    found = day.found[way]
    assert found.budget is not None
    error = found.paired["Tmrt"] - found.mast.columns["Tmrt"]
    row = int(np.nanargmax(np.abs(error)))
    budget = found.budget
    term = max(budget, key=lambda name: abs(np.nan_to_num(budget[name][row])))
    first, last = (str(t)[11:16] for t in found.mast.bounds(day.site.stamp)[row])
    return f"{error[row]:+.1f} K at {first}–{last}, {budget[term][row]:+.1f} K from {term}"


# ------------------------------------------------------------------ document


def write_document(days: list[Day], shared: Path) -> None:
    """Replace what stands between the two markers."""
    lines = ["### Which interval the rows of each source stand for", ""]
    lines += ["(G − D) − I·mean(sin h) of sunny hours, rms [W m⁻²]:", "", *weather_table(shared)]
    lines += ["", "Model and mast, rms over Tmrt (as emission), Kdown and four sides [W m⁻²]:", ""]
    lines += [*mast_tables(days, shared), ""]
    lines += ["Kdown over that of a clear sky (Haurwitz):", "", *clear_sky_table(days, shared), ""]
    lines += ["### Tmrt: RMSE [K]", "", *summary_table(days), ""]
    lines += ["### Longwave of the sky and split of the global radiation: RMSE of Tmrt [K]", ""]
    lines += [*sky_tables(shared), ""]
    lines += ["### Tmrt [K]", "", *tmrt_table(days, shared), ""]
    lines += ["### Shortwave sides on the mast's axes: RMSE [W m⁻²]", "", *sides_table(days), ""]
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
        (date,) = {t.astype("datetime64[D]") for t in found.mast.times}
        IMAGES.mkdir(parents=True, exist_ok=True)
        (IMAGES / f"{site.name}_{day}.png").write_bytes(day_picture(found.found[FINE_WAY], date))
        days.append(found)
    write_document(days, shared)
    print("\n".join(summary_table(days)))


if __name__ == "__main__":
    main()

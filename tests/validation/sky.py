"""Which formula for the sky's longwave, and which split of a global radiation, the masts prefer.

The five days are the sample: every resample of them by day is looked at, so the intervals hold no
chance of their own.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import solweig
from solweig.typing import F64
from solweig.validation.modelled import model_at
from tests.validation import runs
from tests.validation.sites import Site, site_days

OFFSETS = (0.0, -0.04)
FORMULAE = ("prata", "brunt", "dilley")
SPLITS = ("reindl", "disc", "dirint")
FORMULATIONS = ("reference", "improved")
SUNS = 3

Errors = dict[str, list[F64]]
"""Of Tmrt and Ldown, by day: model less mast of every row."""


def sky_tables(shared: Path) -> list[str]:
    """Emissivities, then splits."""
    lines = [
        "Formula for the cloudless sky and what is added to it, patch sky, three suns an hour:", "",
        *_head("ε of the sky"),
    ]  # fmt: skip
    for formulation in FORMULATIONS:
        found = {
            (formula, offset): errors_of(
                shared, formulation, sky_emissivity=formula, sky_emissivity_offset=offset
            )
            for formula, offset in product(FORMULAE, OFFSETS)
        }
        base = found["prata", 0.0]
        for (formula, offset), errors in found.items():
            name = formula.capitalize() + (f" {offset:+.2f}".replace("-", "−") if offset else "")
            lines.append(_row(formulation, name, errors, None if errors is base else base))
    lines += ["", "Split of the global radiation, had it alone been measured (improved):", ""]
    lines += _head("Split")
    split = {name: errors_of(shared, "improved", alone=True, split=name) for name in SPLITS}
    for name, errors in split.items():
        first = None if name == "reindl" else split["reindl"]
        shown = name.upper() if name != "reindl" else "Reindl"
        lines.append(_row("improved", shown, errors, first))
    return lines


def errors_of(shared: Path, formulation: str, *, alone: bool = False, **options: Any) -> Errors:
    """Errors of a run with these options; ``alone``: the weather holds the global only."""
    found: Errors = {"Tmrt": [], "Ldown": []}
    for site, day in site_days():
        with runs.quiet():
            errors = _errors_of_day(site, day, shared, formulation, alone, options)
        for name, values in errors.items():
            found[name].append(values)
    return found


def _errors_of_day(
    site: Site, day: str, shared: Path, formulation: str, alone: bool, options: dict[str, Any]
) -> dict[str, F64]:
    rows = runs.true_weather(site, day, shared)
    if alone:
        for row in rows:
            row.measured_direct_rad = row.measured_diffuse_rad = None
    config = solweig.ModelConfig(
        formulation=formulation, sun_substeps=SUNS,
        human=solweig.HumanParams(abs_l=runs.LONGWAVE_ABSORPTION), **options,
    )  # fmt: skip
    model = model_at(
        runs.surface(site, shared, True, formulation), rows, runs.location(site, shared),
        site.point(shared), config=config, minutes=60.0,
    )  # fmt: skip
    mast = site.mast(shared, day)
    means = model.at(mast.bounds(site.stamp), site.turn)
    both = {name: means[name] - mast.columns[name] for name in ("Tmrt", "Ldown")}
    return {name: values[np.isfinite(values)] for name, values in both.items()}


def rmse(errors: list[F64]) -> float:
    """Over all rows of some days."""
    return float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))


def gain_by_day(errors: list[F64], base: list[F64]) -> tuple[float, float, float]:
    """RMSE less that of another run over every resample of the days.

    Returns the 5th and 95th percentile, and the share of resamples in which it is lower.
    """
    days = range(len(errors))
    squares = [[np.sum(e**2) for e in run] for run in (errors, base)]
    rows = np.array([len(e) for e in errors])
    picks = np.array(list(product(days, repeat=len(errors))))
    pooled = [np.sqrt(np.array(s)[picks].sum(1) / rows[picks].sum(1)) for s in squares]
    gain = pooled[0] - pooled[1]
    low, high = np.percentile(gain, [5.0, 95.0])
    return float(low), float(high), float(np.mean(gain < 0.0))


def _head(what: str) -> list[str]:
    days = " | ".join(f"{site.name} {day}" for site, day in site_days())
    return [
        f"| Formulation | {what} | {days} | all hours | less the first, 90 % of resamples "
        "| lower in | bias of Ldown by day [W m⁻²] |",
        "|---|---|" + "---|" * (len(site_days()) + 4),
    ]


def _row(formulation: str, name: str, errors: Errors, base: Errors | None) -> str:
    tmrt = errors["Tmrt"]
    by_day = " | ".join(f"{rmse([day]):.2f}" for day in tmrt)
    bias = ", ".join(f"{day.mean():+.0f}" for day in errors["Ldown"])
    against = " | "
    if base is not None:
        low, high, share = gain_by_day(tmrt, base["Tmrt"])
        against = f"{low:+.2f} to {high:+.2f} | {share:.0%}"
    return f"| {formulation} | {name} | {by_day} | {rmse(tmrt):.2f} | {against} | {bias} |"

"""What a scenario changes: maps of differences, and numbers over open ground."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.results.statistics import RunStatistics
from solweig.scenarios.thresholds import Thresholds
from solweig.typing import F32, Bool

__all__ = ["Gain", "gains_of", "hours_above_name", "maps_of", "step_hours"]

_NO_HOURS = 1e-6
"""Hours that count as none: sums of the lengths of steps are rounded [h]."""


@dataclass(frozen=True)
class Gain:
    """A scenario, an index and a threshold.

    Open ground is what can be walked on before and after.

    Attributes
    ----------
    scenario, index
        Whose.
    threshold
        Above which hours are counted [deg C].
    area_won_m2, area_lost_m2
        Ground with fewer, and with more hours above it; NaN without a threshold.
    area_hours_won
        Hours won less hours lost, times area [m2 h].
    hours_won
        Mean over the ground that wins [h].
    mean_change, p95_change
        Of the mean by day over all open ground, and of its 95th percentile, the hot end [K].
    strongest_fall, strongest_rise
        Least and greatest change of the mean by day on a cell of open ground [K].
    changed_m2
        Ground where the mean by day changes by more than 0.05 K.
    roof_change
        Of the mean by day on roofs [K].
    cost, cost_per_area_hour
        As given, and over the area-hours won; NaN where unknown, or nothing is won.
    """

    scenario: str
    index: str
    threshold: float
    area_won_m2: float
    area_lost_m2: float
    area_hours_won: float
    hours_won: float
    mean_change: float
    p95_change: float
    strongest_fall: float
    strongest_rise: float
    changed_m2: float
    roof_change: float
    cost: float
    cost_per_area_hour: float


CHANGED_K = 0.05


def step_hours(summary: RunStatistics) -> NDArray[np.float64]:
    """Length of each step of a run [h]."""
    assert summary.bounds is not None
    return np.asarray(np.diff(summary.bounds, axis=1)[:, 0] / np.timedelta64(1, "s") / 3600.0)


def hours_above_name(index: str, threshold: float) -> str:
    """Name of a map of hours."""
    return f"{index}_hours_above_{threshold:g}"


def maps_of(summary: RunStatistics, thresholds: Thresholds) -> dict[str, NDArray[np.float64]]:
    """Mean by day, by night and hours above thresholds of every index, from the steps.

    Parameters
    ----------
    summary
        A run with its steps.
    thresholds
        Which indices, and above what.

    Returns
    -------
    dict[str, NDArray[np.float64]]
        ``utci_day_mean``, ``utci_night_mean`` [deg C], ``utci_hours_above_32`` [h] and so on, by
        name, ``[row, col]``; a mean without steps is left out.
    """
    assert summary.dataset is not None
    hours, day = step_hours(summary), np.asarray(summary.timeseries.is_daytime, bool)
    found: dict[str, NDArray[np.float64]] = {}
    for index in thresholds.indices:
        steps = summary.dataset[index].values
        for name, which in (("day", day), ("night", ~day)):
            if which.any():
                found[f"{index}_{name}_mean"] = _mean(steps, hours, which)
        for threshold in thresholds.by_index.get(index, ()):
            found[hours_above_name(index, threshold)] = _above(steps, hours, threshold)
    return found


def _mean(steps: Any, hours: NDArray[np.float64], which: Bool) -> NDArray[np.float64]:
    total = np.zeros(steps.shape[1:], np.float64)
    for i in np.flatnonzero(which):
        total += hours[i] * steps[i]
    return np.asarray(total / hours[which].sum())


def _above(steps: Any, hours: NDArray[np.float64], threshold: float) -> NDArray[np.float64]:
    total = np.zeros(steps.shape[1:], np.float64)
    known = np.zeros(steps.shape[1:], np.bool_)
    for values, length in zip(steps, hours, strict=True):
        with np.errstate(invalid="ignore"):
            total += length * (values > threshold)
        known |= ~np.isnan(values)
    return np.where(known, total, np.nan)


def gains_of(
    name: str,
    cost: float | None,
    before: Mapping[str, NDArray[np.float64]],
    after: Mapping[str, NDArray[np.float64]],
    ground: Bool,
    roofs: Bool,
    thresholds: Thresholds,
    cell_m2: float,
) -> list[Gain]:
    """The numbers of a scenario, a row for each index and threshold; one of means without any.

    Parameters
    ----------
    name, cost
        Of the scenario.
    before, after
        As :func:`maps_of` gives them.
    ground
        Open before and after.
    roofs
        Roofs before and after.
    thresholds
        Which indices, and above what.
    cell_m2
        Area of a cell.
    """
    rows = []
    for index in thresholds.indices:
        mean = f"{index}_day_mean" if f"{index}_day_mean" in before else f"{index}_night_mean"
        moved = _of_means(before[mean], after[mean], ground, cell_m2)
        on_roofs = (after[mean] - before[mean])[roofs]
        moved["roof_change"] = _nan_mean(on_roofs)
        for threshold in thresholds.by_index.get(index, ()) or (float("nan"),):
            key = hours_above_name(index, threshold)
            won = np.zeros(0)
            if key in before:
                won = (before[key] - after[key])[ground]
            wins, loses = won > _NO_HOURS, won < -_NO_HOURS
            # Without a threshold nothing is counted, which is not none.
            counted_m2 = cell_m2 if key in before else float("nan")
            area_hours = float(np.nansum(won)) * counted_m2
            spent = float("nan") if cost is None else float(cost)
            rows.append(
                Gain(
                    scenario=name, index=index, threshold=threshold,
                    area_won_m2=float(wins.sum()) * counted_m2,
                    area_lost_m2=float(loses.sum()) * counted_m2,
                    area_hours_won=area_hours,
                    hours_won=_nan_mean(won[wins]), cost=spent,
                    cost_per_area_hour=spent / area_hours if area_hours > 0 else float("nan"),
                    **moved,
                )
            )  # fmt: skip
    return rows


def _of_means(
    before: NDArray[np.float64], after: NDArray[np.float64], ground: Bool, cell_m2: float
) -> dict[str, float]:
    """Changes of a mean over time, over the ground that has one before and after."""
    known = ground & ~np.isnan(before) & ~np.isnan(after)
    old, new = before[known], after[known]
    change = new - old
    moved = change[np.abs(change) > CHANGED_K]
    fall, rise = (change.min(), change.max()) if change.size else (0.0, 0.0)
    p95 = np.percentile(new, 95) - np.percentile(old, 95) if old.size else np.nan
    return {
        "mean_change": _nan_mean(change),
        "p95_change": float(p95),
        "strongest_fall": min(float(fall), 0.0),
        "strongest_rise": max(float(rise), 0.0),
        "changed_m2": float(moved.size) * cell_m2,
    }


def _nan_mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def difference(
    before: Mapping[str, NDArray[np.float64]], after: Mapping[str, NDArray[np.float64]]
) -> dict[str, F32]:
    """What every map after has more than before."""
    return {name: (after[name] - grid).astype(np.float32) for name, grid in before.items()}

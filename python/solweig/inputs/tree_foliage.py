"""What the crowns of trees let through, as their attributes tell."""

from __future__ import annotations

from typing import Any

import numpy as np

from solweig.inputs.attributes import column_of, numbers
from solweig.inputs.report import Report
from solweig.leaf_area import DENSEST_LAI, USUAL, through_leaves
from solweig.typing import F64

__all__ = ["knows_transmissivity", "transmissivities"]

_SHARE = ("transmissivity", "canopy_transmissivity", "crown_transmissivity")
_LAI = ("lai", "leaf_area_index")


def _columns(table: Any) -> tuple[str | None, str | None]:
    names = [str(name) for name in table.columns if name != table.geometry.name]
    return column_of(names, _SHARE), column_of(names, _LAI)


def knows_transmissivity(table: Any) -> bool:
    """Whether trees come with a transmissivity or a leaf area index."""
    return any(name is not None for name in _columns(table))


def transmissivities(table: Any, report: Report) -> F64 | None:
    """Share of light that comes through each crown, NaN where it is unknown; None without columns.

    A column of percent, most of whose values are above 1, is divided by 100.
    """
    share, lai = _columns(table)
    if share is None and lai is None:
        return None
    count = len(table)
    through = np.full(count, np.nan)
    if share is not None:
        through = numbers(table[share])
        known = through[~np.isnan(through)]
        if known.size and np.median(known) > 1.0:
            report.done("trees", f"transmissivities in {share} are percent, divided by 100", count)
            through = through / 100.0
        through = _within(through, 1.0, f"transmissivities in {share} are not from 0 to 1", report)
    if lai is not None:
        index = _within(
            numbers(table[lai]), DENSEST_LAI,
            f"leaf area indices in {lai} are not from 0 to {DENSEST_LAI:g}", report,
        )  # fmt: skip
        made = through_leaves(index.astype(np.float32))
        took = np.isnan(through) & ~np.isnan(made)
        report.done("trees", "transmissivities are made from leaf area indices", int(took.sum()),
                    count)  # fmt: skip
        through = np.where(took, made, through)
    unknown = np.isnan(through)
    report.fallback("trees", f"crowns of unknown transmissivity let {USUAL:g} through",
                    int(unknown.sum()), count)  # fmt: skip
    return np.where(unknown, USUAL, through)


def _within(values: F64, most: float, what: str, report: Report) -> F64:
    """Values, NaN where they are out of range."""
    with np.errstate(invalid="ignore"):
        wrong = (values < 0.0) | (values > most)
    report.doubt("trees", f"{what}, not used", int(wrong.sum()), len(values))
    return np.where(wrong, np.nan, values)

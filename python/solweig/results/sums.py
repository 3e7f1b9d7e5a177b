"""Exact sums of a step over the map, and the means they give.

Values are summed in whole numbers of a unit, as the engine does: such sums do not depend on the
order, so that tiles add up to the same mean as the whole raster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError

__all__ = ["AREAS", "UNIT", "AreaSums", "Limits", "StepSums", "check_where"]

UNIT = 2.0**-18

AREAS = ("ground", "all")
"""Where means are taken: on open ground, where people stand, or over roofs too."""


Limits: TypeAlias = tuple[float | NDArray[np.float64], float | NDArray[np.float64]]
"""Lowest and highest Tmrt of the range of UTCI [deg C], of all cells or of each."""


def check_where(where: str) -> str:
    """An area that was asked for.

    Raises
    ------
    ConfigurationError
        Not among :data:`AREAS`.
    """
    if where not in AREAS:
        raise ConfigurationError("where", '"ground" or "all"', repr(where))
    return where


@dataclass(frozen=True)
class AreaSums:
    """Sums over some cells in units of :data:`UNIT`, and how many were counted."""

    tmrt: int = 0
    utci: int = 0
    sun: int = 0
    tmrt_count: int = 0
    utci_count: int = 0
    #: Cells whose Tmrt lies below and above the range of UTCI.
    below: int = 0
    above: int = 0

    @classmethod
    def of(
        cls,
        tmrt: NDArray[np.float32],
        utci: NDArray[np.float32],
        shadow: NDArray[np.float32],
        limits: Limits,
    ) -> AreaSums:
        """Sums over the cells with a value; ``limits`` [deg C of Tmrt] are those of UTCI."""
        known, known_utci = ~np.isnan(tmrt), ~np.isnan(utci)
        low, high = limits
        return cls(
            tmrt=_units(tmrt[known]),
            utci=_units(utci[known_utci]),
            sun=_units(shadow[known]),
            tmrt_count=int(np.count_nonzero(known)),
            utci_count=int(np.count_nonzero(known_utci)),
            below=int(np.count_nonzero(tmrt < low)),
            above=int(np.count_nonzero(tmrt > high)),
        )

    def __add__(self, other: AreaSums) -> AreaSums:
        return AreaSums(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __sub__(self, other: AreaSums) -> AreaSums:
        return AreaSums(*(a - b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def means(self) -> dict[str, float]:
        """The scalars of a step that are means over an area; NaN without a cell."""
        return {
            "tmrt_mean": _ratio(self.tmrt, self.tmrt_count),
            "utci_mean": _ratio(self.utci, self.utci_count),
            "sun_fraction": _ratio(self.sun, self.tmrt_count),
        }


@dataclass(frozen=True)
class StepSums:
    """Sums of a step on open ground and on roofs."""

    ground: AreaSums = field(default_factory=AreaSums)
    roofs: AreaSums = field(default_factory=AreaSums)

    @classmethod
    def of(
        cls,
        tmrt: NDArray[np.float32],
        utci: NDArray[np.float32],
        shadow: NDArray[np.float32],
        open_ground: NDArray[Any],
        limits: Limits,
    ) -> StepSums:
        """Sums over cells, told apart by a mask of open ground; as :meth:`AreaSums.of`."""
        ground = np.asarray(open_ground) != 0

        def part(where: NDArray[np.bool_]) -> AreaSums:
            low, high = (x[where] if isinstance(x, np.ndarray) else x for x in limits)
            return AreaSums.of(tmrt[where], utci[where], shadow[where], (low, high))

        return cls(part(ground), part(~ground))

    @classmethod
    def from_dict(cls, values: Mapping[str, Mapping[str, int]]) -> StepSums:
        """As the engine gives them, or :meth:`as_dict`.

        Raises
        ------
        KeyError, TypeError
            Something else.
        """
        return cls(AreaSums(**values["ground"]), AreaSums(**values["roofs"]))

    def as_dict(self) -> dict[str, dict[str, int]]:
        """Whole numbers that JSON can hold."""
        return asdict(self)

    def __add__(self, other: StepSums) -> StepSums:
        return StepSums(self.ground + other.ground, self.roofs + other.roofs)

    def __sub__(self, other: StepSums) -> StepSums:
        return StepSums(self.ground - other.ground, self.roofs - other.roofs)

    def over(self, where: str) -> AreaSums:
        """Of an area of :data:`AREAS`."""
        return self.ground + self.roofs if check_where(where) == "all" else self.ground


def _units(values: NDArray[np.float32]) -> int:
    return int(np.rint(values.astype(np.float64) / UNIT).sum())


def _ratio(units: int, count: int) -> float:
    return units * UNIT / count if count else float("nan")

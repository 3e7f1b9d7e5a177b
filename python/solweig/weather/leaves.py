"""When crowns have leaves (R 2.6)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solweig import _core

LEAF_DAYS = (97, 300)
"""Last day of year before the leaves and first one after them in the north (R 2.6)."""
TROPIC = 23.44
"""Latitude of the tropics [degrees]: up to here the sun reaches the zenith."""
_HALF_YEAR = 183

Date = int | str
"""A day of year, or month and day of any year, ``"04-15"``."""


@dataclass(frozen=True)
class Season:
    """When crowns have leaves.

    Attributes
    ----------
    first_with, first_without
        First day with leaves, and first without; from one year into the next where ``first_with``
        is the later. ``None`` = leaves all year.
    why
        In words, for the log.
    """

    first_with: Date | None
    first_without: Date | None
    why: str

    def on(self, days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
        """Whether there are leaves on each of the days, shape ``[n]``."""
        unique, rows = np.unique(np.asarray(days, "datetime64[D]"), return_inverse=True)
        found = [self._on(day) for day in unique.tolist()]
        return np.array(found, np.bool_)[rows.ravel()]

    def _on(self, day: dt.date) -> bool:
        if self.first_with is None or self.first_without is None:
            return True
        today = day.timetuple().tm_yday
        begin, end = _day_of_year(self.first_with, day), _day_of_year(self.first_without, day)
        if begin > end:
            return not _core.leaf_on(today, end - 1, begin)
        return bool(_core.leaf_on(today, begin - 1, end))

    def __str__(self) -> str:
        if self.first_with is None:
            return f"leaves: all year ({self.why})"
        names = (f"day {d}" if isinstance(d, int) else d
                 for d in (self.first_with, self.first_without))  # fmt: skip
        return "leaves: from {} on, none from {} on ({})".format(*names, self.why)


def season_at(
    latitude: float,
    *,
    conifer: bool = False,
    leaf_days: tuple[int, int] = LEAF_DAYS,
    leaf_on: Date | None = None,
    leaf_off: Date | None = None,
) -> Season:
    """The season of a place.

    Between the tropics crowns keep their leaves, so nothing jumps at the equator. Poleward the
    default days hold, half a year apart in the two hemispheres.

    Parameters
    ----------
    latitude
        Degrees north.
    conifer
        Leaves all year.
    leaf_days
        As parameter files have them, both days excluded. The default pair is that of the north;
        another pair is used as given, wherever.
    leaf_on, leaf_off
        First day with leaves and first day without, which go before all but ``conifer``.
    """
    if conifer:
        return Season(None, None, "conifer")
    if leaf_on is not None and leaf_off is not None:
        return Season(leaf_on, leaf_off, "leaf_on and leaf_off")
    last_without, first_without = (int(day) for day in leaf_days)
    if (last_without, first_without) != LEAF_DAYS:
        return Season(last_without + 1, first_without, "days of the parameters")
    if abs(latitude) <= TROPIC:
        return Season(None, None, "between the tropics")
    if latitude < 0:
        last_without, first_without = last_without + _HALF_YEAR, first_without - _HALF_YEAR
    hemisphere = "southern" if latitude < 0 else "northern"
    return Season(last_without + 1, first_without, f"{hemisphere} hemisphere")


def _day_of_year(date: Date, of_year: dt.date) -> int:
    """A date as its day of that year; 29 February of a year that has none is 1 March."""
    if isinstance(date, int):
        return date
    month, day = (int(part) for part in date.split("-"))
    if (month, day) == (2, 29):
        return 60
    return dt.date(of_year.year, month, day).timetuple().tm_yday

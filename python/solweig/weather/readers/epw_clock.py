"""Dates of the rows of an EPW file: hours, parts of hours, years composed of several."""

from __future__ import annotations

import calendar
import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from solweig.errors import WeatherDataError
from solweig.typing import F64
from solweig.weather.dates import parse_bound
from solweig.weather.readers import frames

log = logging.getLogger("solweig")

I64 = NDArray[np.int64]

CLOCK_COLUMNS = ("year", "month", "day", "hour", "minute")
_HOUR = 60


@dataclass(frozen=True)
class EpwClock:
    """When the interval of each row ends: its date, and minutes after that date's midnight."""

    year: I64
    month: I64
    day: I64
    end: I64
    step: int
    """Length of the intervals [min]."""

    def midnights(self, years: I64) -> NDArray[np.datetime64]:
        """Midnight of each row's date in other years; NaT where that year has no such day."""
        months = ((years - 1970) * 12 + self.month - 1).astype("datetime64[M]")
        days = months.astype("datetime64[D]") + (self.day - 1)
        leap = np.array([calendar.isleap(y) for y in years.tolist()])
        found: NDArray[np.datetime64] = np.where(
            self.is_leap_day & ~leap, np.datetime64("NaT"), days
        )
        return found

    def take(self, rows: I64) -> EpwClock:
        """Of some rows."""
        parts = (self.year[rows], self.month[rows], self.day[rows], self.end[rows])
        return EpwClock(*parts, self.step)

    @property
    def is_leap_day(self) -> NDArray[np.bool_]:
        """Rows of 29 February."""
        return np.asarray((self.month == 2) & (self.day == 29))


def _ends(midnights: NDArray[np.datetime64], clock: EpwClock) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(midnights + clock.end.astype("timedelta64[m]"))


def ends_as_written(clock: EpwClock) -> pd.DatetimeIndex:
    """Ends of the intervals by the dates of the file."""
    return _ends(clock.midnights(clock.year), clock)


def means_written_years(clock: EpwClock, year: int, start: Any, end: Any) -> bool:
    """Whether a bound names a year of the file that is not the year its rows are to have."""
    said = [
        parse_bound(bound, name).year
        for name, bound in (("start", start), ("end", end))
        if bound is not None
    ]
    return bool(set(said) & (set(np.unique(clock.year).tolist()) - {year}))


def read_clock(table: pd.DataFrame, source: str) -> EpwClock:
    """Dates of the rows and the ends of their intervals.

    Hours are 1 to 24 and name the end of theirs; in files with 0 to 23 they name the same hours by
    their start. Where there are several rows an hour, the minutes tell them apart if they can, else
    their order does.
    """
    lines = table.index
    parts = {}
    for name in CLOCK_COLUMNS:
        numbers = pd.to_numeric(table[name], errors="coerce")
        if name == "minute":
            numbers = numbers.fillna(0)
        wrong = np.flatnonzero(numbers.isna().to_numpy() | (numbers % 1 != 0).to_numpy())
        if wrong.size:
            i = int(wrong[0])
            raise WeatherDataError(
                name, "a whole number", repr(table[name].iloc[i]), f"In {source}, line {lines[i]}."
            )
        parts[name] = numbers.to_numpy(dtype=np.int64)
    year, month, day, hour, minute = (parts[name] for name in CLOCK_COLUMNS)
    from_zero = hour.size > 0 and hour.min() == 0
    limits = {
        "month": (month, 1, 12), "hour": (hour, 0 if from_zero else 1, 23 if from_zero else 24),
        "minute": (minute, 0, 60), "year": (year, 1700, 2300),
    }  # fmt: skip
    longest = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    for name, (values, low, high) in limits.items():
        _require(values, low, high, name, source, lines)
    _require(day, 1, longest[month - 1], "day", source, lines)
    last_hour = hour * _HOUR + (_HOUR if from_zero else 0)
    count = _rows_an_hour(year, month, day, hour)
    step = _HOUR // count
    if count == 1:
        return EpwClock(year, month, day, last_hour, _HOUR)
    return EpwClock(year, month, day, last_hour - _HOUR + _within(hour, minute, count), step)


def _require(values: I64, low: Any, high: Any, name: str, source: str, lines: Any) -> None:
    wrong = np.flatnonzero((values < low) | (values > high))
    if wrong.size:
        i = int(wrong[0])
        top = high if np.ndim(high) == 0 else high[i]
        raise WeatherDataError(
            name, f"{low} to {top}", int(values[i]), f"In {source}, line {lines[i]}."
        )


def _rows_an_hour(*clock: I64) -> int:
    """How many rows most hours have, as far as it divides the hour."""
    changes = np.any([np.diff(part) != 0 for part in clock], axis=0)
    sizes = np.diff(np.concatenate([[0], np.flatnonzero(changes) + 1, [clock[0].size]]))
    usual = int(np.bincount(sizes).argmax())
    return usual if usual in (1, 2, 3, 4, 6, 12, 60) else 1


def _within(hour: I64, minute: I64, count: int) -> I64:
    """Minutes from the beginning of its hour to the end of each interval."""
    step = _HOUR // count
    first = np.concatenate([[True], np.diff(hour) != 0])
    place = np.arange(hour.size) - np.maximum.accumulate(np.where(first, np.arange(hour.size), 0))
    written = np.unique(minute)
    if written.size == count and set(written.tolist()) == set(range(step, _HOUR + 1, step)):
        return minute
    if written.size == count and set(written.tolist()) == set(range(0, _HOUR, step)):
        # 0 either begins the hour, and minutes name starts, or ends it.
        zero_begins = bool(np.all(place[minute == 0] == 0) and np.any(place[minute == step] == 1))
        if zero_begins:
            return minute + step
        return np.where(minute == 0, _HOUR, minute)
    return np.minimum((place + 1) * step, _HOUR)


def dated(
    frame: pd.DataFrame,
    clock: EpwClock,
    year: int | None,
    start: Any,
    minutes: float | None,
    source: str,
) -> tuple[pd.DataFrame, F64, bool]:
    """The rows by the ends of their intervals in the year they are to have, and their lengths."""
    years = _years(clock, year, start, source)
    midnights = clock.midnights(years)
    gone = np.isnat(midnights)
    if gone.any():
        log.info("%s: 29 February is left out, %d has none", source, int(years[gone][0]))
    kept = frame[~gone].set_index(_ends(midnights, clock)[~gone])
    stamps = pd.DatetimeIndex(kept.index)
    if len(stamps) > 1 and not stamps.is_monotonic_increasing:
        raise WeatherDataError(source, "rows in order of time", "rows out of order")
    if not stamps.is_unique:
        raise WeatherDataError(
            source, "one row an interval", f"several at {stamps[stamps.duplicated()][0]}",
            "Rows an hour must be as many in every hour.",
        )  # fmt: skip
    if minutes is not None:
        steps, _ = frames.lengths(kept, minutes, source)
        return kept, steps, True
    return kept, np.full(len(kept), float(clock.step)), True


def _years(clock: EpwClock, year: int | None, start: Any, source: str) -> I64:
    """Year of each row: as written, or one for all."""
    written = clock.year
    if year is None and np.unique(written).size > 1 and not _is_one_stretch(clock):
        said = None if start is None else parse_bound(start, "start").year
        year = said or int(np.bincount(written - written.min()).argmax() + written.min())
        log.info("%s is composed of months of several years; all rows are dated %d", source, year)
    if year is None:
        return written
    return np.full(written.size, year)


def a_year(said: Any) -> int:
    """A year that rows are to have.

    Raises
    ------
    WeatherDataError
        No whole number, or out of range.
    """
    try:
        year = int(said)
    except (TypeError, ValueError):
        year = 0
    if not 1700 <= year <= 2300 or year != float(said):
        raise WeatherDataError("year", "1700 to 2300", repr(said))
    return year


def _is_one_stretch(clock: EpwClock) -> bool:
    """Whether rows of several years follow each other without a jump, as measured years do."""
    stamps = clock.midnights(clock.year) + clock.end.astype("timedelta64[m]")
    apart = np.diff(stamps)
    longest = np.timedelta64(7, "D").astype(apart.dtype)
    return bool(np.all(apart > np.timedelta64(0, "m")) and np.all(apart <= longest))

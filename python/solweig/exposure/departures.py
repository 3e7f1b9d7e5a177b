"""When a walk begins: times and ranges as users write them, on the clock of the weather."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError

__all__ = ["Departures", "Period", "find_departures"]

_EXPECTED = (
    "times, 08:00 or 2025-07-01T08:00, with a zone (+02:00) if it is not the weather's, or a "
    "range, 08:00..20:00"
)
_RANGE = ".."


@dataclass(frozen=True)
class Period:
    """The intervals of a run.

    Attributes
    ----------
    bounds
        ``[step, 2]`` on the weather's clock, ascending.
    utc_offset
        What that is ahead of UTC [h].
    """

    bounds: NDArray[np.datetime64]
    utc_offset: float

    def holds(self, begin: np.datetime64, length: np.timedelta64) -> bool:
        """Whether steps stand for all of a stretch of time."""
        end = begin + length
        starts, ends = self.bounds[:, 0], self.bounds[:, 1]
        first = int(np.searchsorted(starts, begin, "right")) - 1
        if first < 0 or ends[first] <= begin:
            return False
        last = max(int(np.searchsorted(starts, end, "left")) - 1, first)
        joined = starts[first + 1 : last + 1] <= ends[first:last]
        return bool(joined.all() and ends[last] >= end)

    def days(self) -> list[date]:
        """Every date of the run, and one on either side for clocks of other zones."""
        first, last = self.bounds[0, 0].astype("datetime64[D]"), self.bounds[-1, 1]
        count = int((last.astype("datetime64[D]") - first).astype(int))
        start: date = first.astype(object)
        return [start + timedelta(days=k) for k in range(-1, count + 2)]


@dataclass(frozen=True)
class Departures:
    """Times at which walks begin that stay within the run, and how many would not."""

    times: NDArray[np.datetime64]
    left_out: int


def find_departures(
    given: Any, every_minutes: float, period: Period, length: np.timedelta64
) -> Departures:
    """Departures from which a walk stays within the run.

    Parameters
    ----------
    given
        A datetime, a time of day (of every day of the run), text with either, ``"08:00..20:00"``,
        several of these, separated by commas in text; None is every ``every_minutes`` of the run.
    every_minutes
        Distance of the departures of a range [min].
    period
        Of the run.
    length
        Of the walk.

    Raises
    ------
    ConfigurationError
        No time, or one from which no walk stays within the run.
    """
    apart = _spacing(every_minutes)
    if given is None:
        first = period.bounds[0, 0]
        count = int((period.bounds[-1, 1] - first) / apart) + 1
        ranges = [[first + k * apart for k in range(count)]]
        shown = ["every departure of the run"]
    else:
        items = list(_items(given))
        if not items:
            raise ConfigurationError("depart", _EXPECTED, repr(given))
        ranges = [_candidates(item, apart, period) for item in items]
        shown = [str(item) for item in items]
    times: set[np.datetime64] = set()
    left_out: set[np.datetime64] = set()
    for text, candidates in zip(shown, ranges, strict=True):
        good = [t for t in candidates if period.holds(t, length)]
        if not good:
            minutes = length / np.timedelta64(1, "m")
            raise ConfigurationError(
                "depart",
                f"a walk of {minutes:.0f} min within the steps of the run, "
                f"{_short(period.bounds[0, 0])} to {_short(period.bounds[-1, 1])}",
                text,
            )
        times.update(good)
        left_out.update(t for t in candidates if not period.holds(t, length))
    return Departures(np.array(sorted(times), "datetime64[ms]"), len(left_out))


def _short(when: np.datetime64) -> str:
    return str(when.astype("datetime64[m]")).replace("T", " ")


def _spacing(minutes: Any) -> np.timedelta64:
    number = math.nan
    if isinstance(minutes, int | float) and not isinstance(minutes, bool):
        number = float(minutes)
    if not 1.0 <= number <= 1440.0:
        raise ConfigurationError("every_minutes", "1 to 1440 min", repr(minutes))
    return np.timedelta64(round(number * 60_000), "ms")


def _items(given: Any) -> Iterable[Any]:
    if isinstance(given, str):
        yield from (part.strip() for part in given.split(",") if part.strip())
    elif isinstance(given, datetime | time):
        yield given
    elif hasattr(given, "to_pydatetime"):
        yield given.to_pydatetime()
    elif isinstance(given, np.datetime64):
        yield given.astype("datetime64[us]").astype(object)
    elif isinstance(given, Iterable):
        for one in given:
            yield from _items(one)
    else:
        raise ConfigurationError("depart", _EXPECTED, repr(given))


def _candidates(item: Any, apart: np.timedelta64, period: Period) -> list[np.datetime64]:
    """Times on the weather's clock that an item means; those of a time of day within the run."""
    if isinstance(item, str) and _RANGE in item:
        first, *others = (_parsed(part.strip(), item) for part in item.split(_RANGE))
        if len(others) != 1:
            raise ConfigurationError("depart", _EXPECTED, repr(item))
        last = others[0]
    else:
        first = last = _parsed(item, item) if isinstance(item, str) else item
    if isinstance(first, datetime) and isinstance(last, datetime):
        return _stretch(_on_clock(first, period), _on_clock(last, period), apart, item)
    if not (isinstance(first, time) and isinstance(last, time)):
        raise ConfigurationError("depart", _EXPECTED, repr(item))
    found = [
        when
        for day in period.days()
        for when in _stretch(
            _on_clock(datetime.combine(day, first), period),
            _on_clock(datetime.combine(day, last), period),
            apart, item,
        )
    ]  # fmt: skip
    begin, end = period.bounds[0, 0], period.bounds[-1, 1]
    return [when for when in found if begin <= when < end]


def _stretch(
    first: np.datetime64, last: np.datetime64, apart: np.timedelta64, item: Any
) -> list[np.datetime64]:
    if first > last:
        raise ConfigurationError("depart", "a range that goes forward", repr(item))
    return [first + k * apart for k in range(int((last - first) / apart) + 1)]


def _parsed(text: str, item: str) -> datetime | time:
    """A time of day, or a date and time."""
    dated = "-" in text[:8]
    if dated and len(text) <= len("2025-07-01"):  # midnight is not what a date alone means
        raise ConfigurationError("depart", _EXPECTED, repr(item))
    try:
        if dated:
            return datetime.fromisoformat(text)
        return time.fromisoformat(f"0{text}" if text[1:2] == ":" else text)
    except ValueError:
        raise ConfigurationError("depart", _EXPECTED, repr(item)) from None


def _on_clock(when: datetime, period: Period) -> np.datetime64:
    """On the weather's clock; without a zone it is that already."""
    if when.tzinfo is not None:
        zone = timezone(timedelta(hours=period.utc_offset))
        when = when.astimezone(zone).replace(tzinfo=None)
    return np.datetime64(when, "ms")

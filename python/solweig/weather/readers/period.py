"""The rows of a period, of some hours."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from solweig.errors import ConfigurationError, WeatherDataError
from solweig.messages import argument
from solweig.weather.dates import Bound, parse_bound

log = logging.getLogger("solweig")

_DAY = dt.timedelta(days=1)


def select(
    frame: pd.DataFrame,
    start: Any,
    end: Any,
    hours: Iterable[int] | None,
    source: str,
    utc_offset: float | None,
) -> pd.DataFrame:
    """The rows of a period and of some hours, as a copy.

    Parameters
    ----------
    frame
        Indexed by local standard time.
    start, end
        First and last stamp; an ``end`` without a time of day is that whole day. A month
        (``"2023-08"``) or year is meant as a whole, and as ``start`` alone is the period. A month
        and day (``"07-01"``) is the first of them in the frame. ``None`` = no bound.
    hours
        Hours of the day to keep, 0-23; ``None`` = all.
    source
        Where the rows are from, for messages.
    utc_offset
        Of the frame's clock [h]; ``None`` where it is not known.

    Raises
    ------
    WeatherDataError
        No row is left, or the period ends before it begins.
    ConfigurationError
        Hours out of range, or a bound with a time zone where the clock is not known.
    """
    stamps = pd.DatetimeIndex(frame.index)
    first, last, before = _instants(stamps, start, end, utc_offset)
    keep = np.ones(len(frame), np.bool_)
    if first is not None:
        keep &= np.asarray(stamps >= pd.Timestamp(first))
    if last is not None:
        keep &= np.asarray(stamps <= pd.Timestamp(last))
    if before is not None:
        keep &= np.asarray(stamps < pd.Timestamp(before))
    wanted: list[int] = []
    if hours is not None:
        wanted = _hours(hours)
        keep &= np.isin(stamps.hour, wanted)
    if not keep.any():
        raise WeatherDataError(
            "period",
            "stamps" + _words(start, end) + ("" if hours is None else f" at hours {wanted}"),
            f"none; {source} holds {stamps[0]} to {stamps[-1]}",
            f"Change {argument('start')}, {argument('end')} or {argument('hours')}, or give "
            f"{argument('year')} to re-date the rows of an EPW file.",
        )
    _say_cut(stamps, first, last if last is not None else before, source)
    return frame[keep].copy()


def _hours(said: Any) -> list[int]:
    try:
        wanted = [int(hour) for hour in said]
    except (TypeError, ValueError):
        wanted = [-1]
    if isinstance(said, str) or any(not 0 <= hour <= 23 for hour in wanted):
        raise ConfigurationError("hours", "a list of hours from 0 to 23", repr(said))
    return wanted


def _words(start: Any, end: Any) -> str:
    """A period in words."""
    said = (("from", start), ("to", end))
    return "".join(f" {word} {bound}" for word, bound in said if bound is not None)


def _instants(
    stamps: pd.DatetimeIndex, start: Any, end: Any, utc_offset: float | None
) -> tuple[dt.datetime | None, dt.datetime | None, dt.datetime | None]:
    """First instant, last instant, and the one to stay before, of which one or both are None."""
    begin = None if start is None else parse_bound(start, "start")
    finish = None if end is None else parse_bound(end, "end")
    if finish is None and begin is not None and begin.is_period:
        finish = begin
    first = last = before = None
    year = int(stamps[0].year)
    if begin is not None:
        if begin.year is None and _first(begin, year) < stamps[0].floor("D").to_pydatetime():
            year += 1
        first = _local(_first(begin, year), utc_offset)
        year = first.year
    if finish is not None:
        instant = _local(_first(finish, year), utc_offset)
        if finish.time is not None:
            last = instant
        else:
            before = finish.after(year)
        late_end = last is not None and first is not None and first > last
        if late_end or (before is not None and first is not None and first >= before):
            raise WeatherDataError(
                "end", f"a time after start ({start})", repr(end),
                "A period over New Year is two periods." if finish.year is None else None,
            )  # fmt: skip
    return first, last, before


def _first(bound: Bound, year: int) -> dt.datetime:
    try:
        return bound.first(year)
    except ValueError:  # 29 February of a year that has none
        return dt.datetime(year, 3, 1)


def _local(instant: dt.datetime, utc_offset: float | None) -> dt.datetime:
    if instant.tzinfo is None:
        return instant
    if utc_offset is None:
        raise ConfigurationError(
            "start, end", "times without a time zone", str(instant), "The file's clock is local."
        )
    utc = instant.astimezone(dt.UTC).replace(tzinfo=None)
    return utc + dt.timedelta(hours=utc_offset)


def _say_cut(
    stamps: pd.DatetimeIndex, first: dt.datetime | None, end: dt.datetime | None, source: str
) -> None:
    """Say in the log where a period reaches beyond the rows."""
    short = (first is not None and stamps[0] > first + _DAY) or (
        end is not None and stamps[-1] < end - _DAY
    )
    if short:
        log.warning(
            "%s: the period reaches beyond its rows, %s to %s", source, stamps[0], stamps[-1]
        )

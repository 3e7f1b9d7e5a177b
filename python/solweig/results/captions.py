"""What pictures and pages say of place, time and clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from solweig.results.statistics import RunStatistics

__all__ = ["axis_text", "clock_of", "period_text", "place_of", "place_text", "zone_text"]


def zone_text(hours: float) -> str:
    """A clock that is so far ahead of UTC.

    Parameters
    ----------
    hours
        May be negative.

    Returns
    -------
    str
        Such as ``"UTC+1"``, ``"UTC−3:30"`` or ``"UTC"``.
    """
    minutes = round(abs(hours) * 60)
    if not minutes:
        return "UTC"
    sign = "−" if hours < 0 else "+"
    rest = f":{minutes % 60:02d}" if minutes % 60 else ""
    return f"UTC{sign}{minutes // 60}{rest}"


def place_text(latitude: float, longitude: float) -> str:
    """A place by its coordinates: ``"57.708° N, 11.966° E"``.

    Parameters
    ----------
    latitude, longitude
        [deg], north and east.
    """
    north, east = ("S" if latitude < 0 else "N"), ("W" if longitude < 0 else "E")
    return f"{abs(latitude):.3f}° {north}, {abs(longitude):.3f}° {east}"


def period_text(times: Sequence[datetime]) -> str:
    """The days of a series by its first and last time: one day, or from when to when.

    Parameters
    ----------
    times
        In order, at least one.
    """
    # The last stamp of a day's series is often midnight of the next.
    first, last = times[0], max(times[-1] - timedelta(seconds=1), times[0])
    if first.date() == last.date():
        return _day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{_day(last)}"
    if first.year == last.year:
        return f"{_day(first).removesuffix(f' {first.year}')} to {_day(last)}"
    return f"{_day(first)} to {_day(last)}"


def _day(time: datetime) -> str:
    return f"{time.day} {time:%B %Y}"


def clock_of(summary: RunStatistics) -> str:
    """The clock of a run's stamps, see :func:`zone_text`; empty where it is not known.

    Parameters
    ----------
    summary
        Of the run.
    """
    stamps = summary.timeseries.datetime
    own = stamps[0].utcoffset() if stamps else None
    if own is not None:
        same = own == stamps[-1].utcoffset()
        return zone_text(own / timedelta(hours=1)) if same else ""
    offset = _location(summary.metadata).get("utc_offset")
    return "" if offset is None else zone_text(float(offset))


def axis_text(summary: RunStatistics) -> str:
    """What stands below an axis of time: what stamps mark, and their clock.

    Parameters
    ----------
    summary
        Of the run.
    """
    return "; ".join(part for part in (summary.interval_text(), clock_of(summary)) if part)


def place_of(summary: RunStatistics) -> str:
    """The place of a run, see :func:`place_text`; empty where it is not known.

    Parameters
    ----------
    summary
        Of the run.
    """
    found = _location(summary.metadata)
    if found.keys() >= {"latitude", "longitude"}:
        return place_text(float(found["latitude"]), float(found["longitude"]))
    return ""


def _location(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    found = metadata.get("location")
    return found if isinstance(found, Mapping) else {}

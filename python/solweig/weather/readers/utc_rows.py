"""Rows of a source whose clock is UTC, on the clock of a place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import pandas as pd

from solweig.typing import F64
from solweig.weather.readers import frames
from solweig.weather.readers.frames import Rows
from solweig.weather.readers.period import select
from solweig.weather.readers.wanted import Site, Wanted
from solweig.weather.values import Origin


def rows_on_clock(
    frame: pd.DataFrame,
    minutes: F64,
    site: Site,
    wanted: Wanted,
    *,
    stamp: str,
    source: str,
    place: tuple[float, float],
    kind: str,
    notes: Iterable[str] = (),
    length_known: bool = True,
) -> Rows:
    """Rows of the period, with stamps in the time zone of the site.

    Parameters
    ----------
    frame
        Indexed by UTC, without a time zone.
    minutes
        Length of each row's step [min].
    site
        Whose clock.
    wanted
        Period and filling.
    stamp
        What the stamps mark.
    source
        Name of the files.
    place
        Latitude and longitude that the values are of.
    kind, notes, length_known
        As :class:`Rows` has them.

    Raises
    ------
    WeatherDataError
        Nothing in the period, or values that are missing.
    """
    frame = frame.assign(minutes=minutes)
    frame.index = pd.DatetimeIndex(frame.index) + pd.Timedelta(hours=site.utc_offset)
    frames.require_order(frame, source)
    frame = select(frame, wanted.start, wanted.end, wanted.hours, source, site.utc_offset)
    steps = frame.pop("minutes").to_numpy(dtype="float64")
    frames.fill_missing(frame, wanted.fill, frames.REQUIRED, source)
    frames.log_missing(frame, source)
    frame.index = pd.DatetimeIndex(frame.index).tz_localize(zone(site.utc_offset))
    origin = Origin(source, *place, site.altitude, site.utc_offset)
    return Rows(frame, steps, length_known, stamp, origin, kind, tuple(notes))


def zone(utc_offset: float) -> dt.timezone:
    """The time zone that is so many hours ahead of UTC."""
    return dt.UTC if utc_offset == 0 else dt.timezone(dt.timedelta(hours=utc_offset))

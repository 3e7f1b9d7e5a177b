"""EPW files: hourly years of EnergyPlus, PVGIS, OneBuilding."""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from solweig.errors import WeatherDataError
from solweig.typing import F64
from solweig.weather.readers import frames
from solweig.weather.readers.frames import Rows
from solweig.weather.values import Fill

log = logging.getLogger("solweig")

# our name: name in pvlib's EPW frame, code that marks a missing value, factor to our unit
_EPW = {
    "ta": ("temp_air", 99.9, 1.0),
    "rh": ("relative_humidity", 999.0, 1.0),
    "global_rad": ("ghi", 9999.0, 1.0),
    "ws": ("wind_speed", 999.0, 1.0),
    "pressure": ("atmospheric_pressure", 999_999.0, 0.01),
    "direct_rad": ("dni", 9999.0, 1.0),
    "diffuse_rad": ("dhi", 9999.0, 1.0),
}


def read_epw_table(path: str | os.PathLike[str]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Every column of an EPW file as pvlib names them, and the file's location.

    The index is pvlib's: the start of each hour, with the file's time zone.

    Raises
    ------
    FileNotFoundError
        No such file.
    WeatherDataError
        Not an EPW file.
    """
    from pvlib.iotools import read_epw

    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"EPW file not found: {file}")
    hint = "An EPW file has 8 header lines, then 35 comma-separated values per hour."
    try:
        frame, meta = read_epw(file)
    except Exception as error:  # pvlib raises whatever its parser meets
        raise WeatherDataError(file.name, "an EPW file", f"unreadable ({error})", hint) from error
    if frame.empty:
        raise WeatherDataError(file.name, "hourly rows", "none", hint)
    return frame, dict(meta)


def read_epw(path: str | os.PathLike[str]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """All columns of an EPW file as pvlib names them, and its location.

    Missing values keep EPW's codes. :meth:`solweig.Weather.from_epw` is the reader for runs.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    frame : pd.DataFrame
        Indexed by the end of each hour on the file's clock, without a time zone, as stamps of
        :class:`solweig.Weather` are.
    place : dict[str, Any]
        pvlib's, also by ``tz_offset`` [h], ``elevation`` [m] and ``state``.

    Raises
    ------
    FileNotFoundError
        No such file.
    WeatherDataError
        Not an EPW file.
    """
    frame, place = read_epw_table(path)
    index: Any = frame.index
    frame.index = index.tz_localize(None) + dt.timedelta(hours=1)
    place |= {
        "tz_offset": place["TZ"],
        "elevation": place["altitude"],
        "state": place["state-prov"],
    }
    return frame, place


def read_epw_weather(
    path: str | os.PathLike[str],
    *,
    start: Any = None,
    end: Any = None,
    hours: Iterable[int] | None = None,
    year: int | None = None,
    fill: Fill = None,
) -> Rows:
    """See :meth:`solweig.Weather.from_epw`."""
    raw, meta = read_epw_table(path)
    source = Path(path).name
    frame = pd.DataFrame(index=_epw_stamps(raw, year, start, source))
    for name, (column, missing, factor) in _EPW.items():
        values = _epw_numbers(raw[column], name, source)
        frame[name] = np.where(values >= missing, np.nan, values) * factor
    frame = frames.select(frame, start, end, hours, source, float(meta["TZ"]))
    frames.fill_missing(frame, fill, (*frames.REQUIRED, "ws", "pressure"), source)
    return Rows(frame, np.full(len(frame), 60.0))


def _epw_numbers(column: pd.Series, name: str, source: str) -> F64:
    """A column as numbers; empty cells are NaN, words are an error."""
    values = pd.to_numeric(column, errors="coerce")
    words = np.flatnonzero((values.isna() & column.notna()).to_numpy())
    if words.size:
        row = int(words[0])
        raise WeatherDataError(
            name, "a number in every row", repr(column.iloc[row]), f"In {source}, line {row + 9}."
        )
    return values.to_numpy(dtype=np.float64)


def _epw_stamps(raw: pd.DataFrame, year: int | None, start: Any, source: str) -> pd.DatetimeIndex:
    """The end of each hour, in local standard time."""
    years = raw["year"].to_numpy(dtype=np.int64)
    composed = np.unique(years).size > 1
    if year is None and composed:
        if start is None:
            year = int(np.bincount(years - years.min()).argmax() + years.min())
        else:
            year = frames.timestamp(start, "start").year
        log.info("%s is composed of months of several years; all rows are dated %d", source, year)
    if year is not None:
        years = np.full(years.size, int(year))
    parts = pd.DataFrame(
        {"year": years, "month": raw["month"].to_numpy(), "day": raw["day"].to_numpy()}
    )
    try:
        days = pd.to_datetime(parts)
    except ValueError as error:
        raise WeatherDataError(
            "year", "a year that has every day of the file", year, f"{source}: {error}"
        ) from None
    stamps = pd.DatetimeIndex(days) + pd.to_timedelta(raw["hour"].to_numpy(), unit="h")
    if len(stamps) > 1 and not stamps.is_monotonic_increasing:
        raise WeatherDataError(source, "rows in order of time", "rows out of order")
    if not stamps.is_unique:
        raise WeatherDataError(
            source, "one row per hour", "several", "Only files with hourly rows can be read."
        )
    return stamps

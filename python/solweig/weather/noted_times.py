"""Times that formats note of the bands of a raster file, where no name says them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path

import rasterio

from solweig.errors import WeatherDataError

__all__ = ["REAL_CALENDARS", "noted_times"]

_SINCE = re.compile(
    r"\s*(seconds?|secs?|s|minutes?|mins?|hours?|hrs?|h|days?|d) since "
    r"(\d{4}-\d{1,2}-\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.0*)?)?)?"
    r"\s*(?:Z|UTC|\+?00:?00)?\s*"
)
"""Units of time as CF writes them, in UTC or without a zone."""
_GRIB, _DIMENSION = "GRIB_VALID_TIME", "NETCDF_DIM_"
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
REAL_CALENDARS = ("", "standard", "gregorian", "proleptic_gregorian")
"""Calendars with the dates of the world."""


def noted_times(name: str, path: Path) -> list[dt.datetime] | None:
    """Times of the bands of a GRIB file, or of one that GDAL made of NetCDF.

    Parameters
    ----------
    name
        Of the field, in messages.
    path
        Of a file that can be read.

    Returns
    -------
    list of datetime or None
        Of each band; those of GRIB with their zone, UTC. None where none are noted.

    Raises
    ------
    WeatherDataError
        Some bands have a time, or what is noted is none.
    """
    with rasterio.open(path) as dataset:
        general = {str(key): str(text) for key, text in dataset.tags().items()}
        bands = [{str(k): str(v) for k, v in dataset.tags(i).items()} for i in dataset.indexes]
    key = _key(bands, general)
    if key is None:
        return None
    noted = [band.get(key, "") for band in bands]
    if not all(noted):
        raise WeatherDataError(name, "a time of every band, or of none", f"a band without {key}")
    if key == _GRIB:
        return [dt.datetime.fromtimestamp(_number(name, key, text), dt.UTC) for text in noted]
    start, seconds = _start(name, key.removeprefix(_DIMENSION), general)
    return [start + dt.timedelta(seconds=seconds * _number(name, key, text)) for text in noted]


def _key(bands: list[dict[str, str]], general: Mapping[str, str]) -> str | None:
    """The tag of bands that holds their times."""
    keys = dict.fromkeys(key for band in bands for key in band)
    if _GRIB in keys:
        return _GRIB
    dims = {key: key.removeprefix(_DIMENSION) for key in keys if key.startswith(_DIMENSION)}
    return next(
        (k for k, dim in dims.items() if " since " in general.get(f"{dim}#units", "")), None
    )


def _number(name: str, key: str, text: str) -> float:
    """The number a tag begins with: GDAL once wrote ``1751328000 sec UTC``."""
    try:
        return float(text.split()[0])
    except ValueError:
        raise WeatherDataError(name, f"a number in {key}", repr(text)) from None


def _start(name: str, dim: str, general: Mapping[str, str]) -> tuple[dt.datetime, int]:
    """From when on a dimension counts, and in how many seconds."""
    unit, calendar = general[f"{dim}#units"], general.get(f"{dim}#calendar", "").casefold()
    found = _SINCE.fullmatch(unit)
    try:
        if found is None or calendar not in REAL_CALENDARS:
            raise ValueError(unit)
        day, *clock = found.groups()[1:]
        numbers = [int(part) for part in (*day.split("-"), *(part or 0 for part in clock))]
        return dt.datetime(*numbers), _SECONDS[found[1][0]]  # type: ignore[arg-type]
    except ValueError:
        raise WeatherDataError(
            name, f"times {dim} in seconds, minutes, hours or days since a date of the world",
            f"{unit!r}{f', calendar {calendar}' if calendar else ''}",
        ) from None  # fmt: skip

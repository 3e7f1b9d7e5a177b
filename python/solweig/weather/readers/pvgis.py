"""PVGIS: typical years and hourly series, as CSV or JSON. EPW files of it are EPW files."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from solweig.errors import WeatherDataError
from solweig.messages import argument
from solweig.weather.readers import frames
from solweig.weather.readers.frames import Rows
from solweig.weather.readers.sources import FileName, local_files
from solweig.weather.readers.text import read_text
from solweig.weather.readers.utc_rows import rows_on_clock
from solweig.weather.readers.wanted import Site, Wanted
from solweig.weather.readers.years import in_one_year

log = logging.getLogger("solweig")

_WRONG = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, OverflowError,
)  # fmt: skip
_HEAD = "Latitude (decimal degrees)"
_COLUMNS = {
    "ta": ("temp_air", 1.0), "rh": ("relative_humidity", 1.0), "ws": ("wind_speed", 1.0),
    "pressure": ("pressure", 0.01), "global_rad": ("ghi", 1.0), "direct_rad": ("dni", 1.0),
    "diffuse_rad": ("dhi", 1.0), "longwave_down": ("IR(h)", 1.0),
    "wind_direction": ("wind_direction", 1.0),
}  # fmt: skip


def is_pvgis(text: str) -> bool:
    """Whether a text is a table of PVGIS."""
    if text.lstrip().startswith(_HEAD):
        return True
    return text.lstrip().startswith("{") and '"radiation_db"' in text[:20_000]


def read_pvgis(
    path: FileName, wanted: Wanted, *, year: int | None = None, utc_offset: float = 0.0
) -> Rows:
    """See :meth:`solweig.Weather.from_file`."""
    with local_files(path) as files:
        if len(files) != 1:
            raise WeatherDataError("pvgis", "one file", f"{len(files)}")
        name = files[0].name
        table, meta = _parsed(files[0])
    try:
        site, shift, slope = _header(meta["inputs"], utc_offset)
    except _WRONG as error:
        raise WeatherDataError(
            name, "place, time offset and slope in the header", " ".join(str(error).split())[:120]
        ) from error
    if "months_selected" in meta:
        kind = "PVGIS, a typical year: values of the instant"
        notes = [f"radiation is of {60 * shift:.0f} min after the hour, as the file says"]
        begins = pd.DatetimeIndex(table.index).tz_localize(None)
        stamps = in_one_year(begins, year, wanted.start, name)
        stamps += pd.Timedelta(minutes=round(60 * shift))
        frame = _typical(table)
    else:
        kind = "PVGIS, an hourly series: values amid the hour"
        notes = []
        stamps = pd.DatetimeIndex(table.index).tz_localize(None)
        frame = _hourly(table, slope, wanted, name)
    frame = frame.set_axis(stamps, axis=0)[stamps.notna()]
    return rows_on_clock(
        frame, np.full(len(frame), 60.0), site, wanted, stamp="centre", source=name,
        place=(site.latitude, site.longitude), kind=kind, notes=notes,
    )  # fmt: skip


def _parsed(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Table and header, as pvlib reads them.

    Raises
    ------
    WeatherDataError
        Not a whole file of PVGIS.
    """
    from pvlib.iotools import read_pvgis_hourly, read_pvgis_tmy  # pvlib takes its time

    text = read_text(path)
    if not is_pvgis(text):
        raise WeatherDataError(path.name, "a CSV or JSON file of PVGIS", repr(text[:60]))
    form = "json" if text.lstrip().startswith("{") else "csv"
    read = read_pvgis_tmy if "time(UTC)" in text[:2_000] or "tmy_hourly" in text else (
        read_pvgis_hourly
    )  # fmt: skip
    try:
        if form == "json":
            json.loads(text)
        table, *rest = read(path, pvgis_format=form, map_variables=True)
        meta = rest[0] if len(rest) == 1 else _older(rest)
    except _WRONG as error:
        raise WeatherDataError(
            path.name, "a whole file of PVGIS", " ".join(str(error).split())[:120] or "part of one"
        ) from error
    if not len(table) or pd.DatetimeIndex(table.index).hasnans:
        raise WeatherDataError(path.name, "a whole file of PVGIS", "part of one")
    return table, meta


def _older(rest: list[Any]) -> dict[str, Any]:
    """Header as pvlib gave it before 0.13: months of a typical year, inputs, descriptions."""
    months = {"months_selected": rest[0]} if len(rest) == 3 else {}
    return {"inputs": rest[-2], **months}


def _typical(table: pd.DataFrame) -> pd.DataFrame:
    frame = pd.DataFrame(index=table.index, columns=list(frames.COLUMNS), dtype=np.float64)
    for name, (theirs, factor) in _COLUMNS.items():
        if theirs in table:
            frame[name] = table[theirs].astype(np.float64) * factor
    return frame


def _hourly(table: pd.DataFrame, slope: float, wanted: Wanted, source: str) -> pd.DataFrame:
    """A series of the horizontal; PVGIS gives it no humidity.

    Raises
    ------
    WeatherDataError
        A tilted plane, or nothing that says the humidity.
    """
    if slope != 0.0:
        raise WeatherDataError(
            source, "radiation on the horizontal (slope 0)", f"a plane of {slope:g} degrees",
            "Request the series with angle 0.",
        )  # fmt: skip
    if not (isinstance(wanted.fill, dict) and "rh" in wanted.fill):
        raise WeatherDataError(
            "rh", "humidity", f"none: hourly series of PVGIS, as {source}, have none",
            f"Its typical years have it; {argument('fill', {'rh': 60})} gives one for all.",
        )  # fmt: skip
    frame = _typical(table)
    if {"poa_direct", "poa_sky_diffuse"} <= set(table):
        frame["diffuse_rad"] = table["poa_sky_diffuse"].astype(np.float64)
        frame["global_rad"] = table["poa_direct"].astype(np.float64) + frame["diffuse_rad"]
    elif "poa_global" in table:
        frame["global_rad"] = table["poa_global"].astype(np.float64)
    return frame


def _offset_hours(inputs: dict[str, Any]) -> float:
    """How long after the hour the satellite looked; 0 where the file does not say [h]."""
    for named in (inputs, inputs.get("location", {})):
        for key, value in named.items():
            if key.replace("_", " ").lower() == "irradiance time offset":
                return float(value)
    return 0.0


def _header(inputs: dict[str, Any], utc_offset: float) -> tuple[Site, float, float]:
    """Place, hours that radiation is after its stamp, slope of the plane it is on [degrees]."""
    place = inputs.get("location", inputs)
    site = Site(
        float(place["latitude"]), float(place["longitude"]), float(place.get("elevation", 0.0)),
        utc_offset,
    )  # fmt: skip
    plane = inputs.get("mounting_system", {}).get("fixed", {}).get("slope", {}).get("value", 0.0)
    said = inputs.get("Slope", plane)
    shift = _offset_hours(inputs)
    if not (abs(site.latitude) <= 90 and abs(site.longitude) <= 360 and abs(shift) < 24):
        raise ValueError(f"{site}, offset {shift} h")
    return site, shift, float(str(said).split()[0])

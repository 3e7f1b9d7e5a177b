"""TMY3 files, as NREL, SolarAnywhere and Meteonorm write them: hours by their ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from solweig.errors import WeatherDataError
from solweig.weather.readers import frames
from solweig.weather.readers.frames import Rows
from solweig.weather.readers.period import select
from solweig.weather.readers.sources import FileName, local_files
from solweig.weather.readers.text import read_text
from solweig.weather.readers.utc_rows import zone
from solweig.weather.readers.wanted import Wanted
from solweig.weather.readers.years import in_one_year
from solweig.weather.values import Origin

_SECOND_LINE = "Date (MM/DD/YYYY),Time (HH:MM)"
_COLUMNS = {
    "ta": "temp_air", "rh": "relative_humidity", "ws": "wind_speed", "pressure": "pressure",
    "global_rad": "ghi", "direct_rad": "dni", "diffuse_rad": "dhi",
    "wind_direction": "wind_direction",
}  # fmt: skip
_MISSING = (-9900.0, -9999.0, 9999.0)


def is_tmy3(text: str) -> bool:
    """Whether a text is a TMY3 file."""
    return _SECOND_LINE in "\n".join(text.splitlines()[1:2])


def read_tmy3(path: FileName, wanted: Wanted, *, year: int | None = None) -> Rows:
    """See :meth:`solweig.Weather.from_file`."""
    with local_files(path) as files:
        if len(files) != 1:
            raise WeatherDataError("tmy3", "one file", f"{len(files)}")
        table, meta = _parsed(files[0])
        name = files[0].name
    offset = float(meta["TZ"])
    ends = pd.DatetimeIndex(table.index).tz_localize(None)
    hour = pd.Timedelta(hours=1)
    stamps = in_one_year(ends - hour, year, wanted.start, name) + hour
    frame = pd.DataFrame(index=stamps, columns=list(frames.COLUMNS), dtype=np.float64)
    for ours, theirs in _COLUMNS.items():
        if theirs in table:
            values = pd.to_numeric(table[theirs], errors="coerce").to_numpy(dtype=np.float64)
            frame[ours] = np.where(np.isin(values, _MISSING), np.nan, values)
    frame = frame[stamps.notna()]
    frames.require_order(frame, name)
    frame = select(frame, wanted.start, wanted.end, wanted.hours, name, offset)
    frames.fill_missing(frame, wanted.fill, frames.REQUIRED, name)
    frames.log_missing(frame, name)
    frame.index = pd.DatetimeIndex(frame.index).tz_localize(zone(offset))
    origin = Origin(name, meta["latitude"], meta["longitude"], meta["altitude"], offset)
    return Rows(frame, np.full(len(frame), 60.0), True, "end", origin, "TMY3: means of hours")


def _parsed(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Table and header, as pvlib reads them.

    Raises
    ------
    WeatherDataError
        Not a whole file.
    """
    from pvlib.iotools import read_tmy3 as read  # pvlib takes its time

    text = read_text(path)
    if not is_tmy3(text):
        raise WeatherDataError(
            path.name, f"a second line that begins {_SECOND_LINE}", repr(text[:60])
        )
    try:
        # Only names of places are not ASCII, and any bytes are Latin-1.
        table, meta = read(path, map_variables=True, encoding="latin-1")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise WeatherDataError(
            path.name, "a whole TMY3 file", " ".join(str(error).split())[:120]
        ) from error
    if not len(table):
        raise WeatherDataError(path.name, "rows of weather", "none")
    return table, dict(meta)

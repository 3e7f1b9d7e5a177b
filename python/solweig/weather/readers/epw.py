"""EPW files: years of EnergyPlus, PVGIS, OneBuilding, hourly or finer.

One reader for weather, for the place and for the table as pvlib names it.
"""

from __future__ import annotations

import csv
import io
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from solweig.errors import WeatherDataError
from solweig.messages import argument
from solweig.typing import F64
from solweig.weather.readers import frames
from solweig.weather.readers.epw_clock import (
    CLOCK_COLUMNS,
    EpwClock,
    a_year,
    dated,
    ends_as_written,
    means_written_years,
    read_clock,
)
from solweig.weather.readers.frames import Rows
from solweig.weather.readers.period import select
from solweig.weather.readers.text import read_text
from solweig.weather.values import Fill, Origin

log = logging.getLogger("solweig")

# our name: name in pvlib's EPW frame, codes that mark a missing value, factor to our unit
_FIELDS: dict[str, tuple[str, tuple[float, ...], float]] = {
    "ta": ("temp_air", (99.9, 999.0, 999.9, 9999.0), 1.0),
    "rh": ("relative_humidity", (999.0, 999.9, 9999.0), 1.0),
    "global_rad": ("ghi", (9999.0, 99999.0, 999999.0), 1.0),
    "ws": ("wind_speed", (999.0, 999.9, 9999.0), 1.0),
    "pressure": ("atmospheric_pressure", (999999.0, 9999999.0), 0.01),
    "direct_rad": ("dni", (9999.0, 99999.0, 999999.0), 1.0),
    "diffuse_rad": ("dhi", (9999.0, 99999.0, 999999.0), 1.0),
    "longwave_down": ("ghi_infrared", (9999.0, 99999.0, 999999.0), 1.0),
    "wind_direction": ("wind_direction", (999.0,), 1.0),
}
# Also written for "missing", though the format has its own codes.
_NEGATIVE_CODES = (-99.0, -99.9, -999.0, -9999.0)
# As pvlib names them.
_COLUMNS = (
    "year", "month", "day", "hour", "minute", "data_source_unct", "temp_air", "temp_dew",
    "relative_humidity", "atmospheric_pressure", "etr", "etrn", "ghi_infrared", "ghi", "dni", "dhi",
    "global_hor_illum", "direct_normal_illum", "diffuse_horizontal_illum", "zenith_luminance",
    "wind_direction", "wind_speed", "total_sky_cover", "opaque_sky_cover", "visibility",
    "ceiling_height", "present_weather_observation", "present_weather_codes", "precipitable_water",
    "aerosol_optical_depth", "snow_depth", "days_since_last_snowfall", "albedo",
    "liquid_precipitation_depth", "liquid_precipitation_quantity",
)  # fmt: skip
_LEAST_COLUMNS = 22  # up to wind speed
_PLACE_KEYS = ("loc", "city", "state-prov", "country", "data_type", "WMO_code")
_HINT = "An EPW file has 8 header lines, then 35 comma-separated values per row."
_PLACE_HINT = "The first line of an EPW file names place, latitude, longitude, time zone, height."


@dataclass(frozen=True)
class EpwFile:
    """An EPW file as it is written.

    Attributes
    ----------
    name
        Of the file.
    place
        First line, by pvlib's names.
    header
        The other lines before the rows.
    table
        The rows, columns as pvlib names them, indexed by the number of the line.
    """

    name: str
    place: dict[str, Any]
    header: list[str]
    table: pd.DataFrame

    @property
    def origin(self) -> Origin:
        """Place and clock."""
        place = self.place
        return Origin(
            self.name, place["latitude"], place["longitude"], place["altitude"], place["TZ"]
        )


# ------------------------------------------------------------------ the file


def read_place(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The first line of an EPW file, by pvlib's names.

    Raises
    ------
    FileNotFoundError
        No such file.
    WeatherDataError
        The first line is not an EPW location.
    """
    file = Path(path)
    return _place(_lines(file)[0], file.name)


def read_file(path: str | os.PathLike[str]) -> EpwFile:
    """A whole EPW file, nothing interpreted.

    Raises
    ------
    FileNotFoundError
        No such file.
    WeatherDataError
        Not an EPW file.
    """
    file = Path(path)
    lines = _lines(file)
    place = _place(lines[0], file.name)
    first = next((i for i, line in enumerate(lines) if i and _is_row(line)), None)
    if first is None:
        raise WeatherDataError(file.name, "rows of weather", "none", _HINT)
    return EpwFile(file.name, place, lines[1:first], _table(lines, first, file.name))


def _lines(file: Path) -> list[str]:
    if not file.is_file():
        raise FileNotFoundError(f"EPW file not found: {file}")
    return read_text(file).splitlines() or [""]


def _place(line: str, source: str) -> dict[str, Any]:
    parts = [part.strip() for part in next(csv.reader([line]), [])]
    while parts and not parts[-1]:
        parts.pop()
    if len(parts) < 10 or parts[0].upper() != "LOCATION":
        raise WeatherDataError(source, "a LOCATION line", line[:60], _PLACE_HINT)
    # A name with commas but without quotes makes more fields: the numbers are the last four.
    names, numbers = parts[:-4], parts[-4:]
    try:
        latitude, longitude, zone, height = (float(text) for text in numbers)
    except ValueError:
        raise WeatherDataError(
            source, "four numbers in the LOCATION line", ",".join(numbers), _PLACE_HINT
        ) from None
    extra = len(names) - len(_PLACE_KEYS)
    names[1 : 2 + extra] = [", ".join(names[1 : 2 + extra])]
    return {
        **dict(zip(_PLACE_KEYS, names, strict=True)),
        "latitude": latitude, "longitude": longitude, "TZ": zone, "altitude": height,
    }  # fmt: skip


def _is_row(line: str) -> bool:
    parts = line.split(",", 5)[:5]
    return len(parts) == 5 and all(part.strip().lstrip("-").isdigit() for part in parts[:4])


def _table(lines: list[str], first: int, source: str) -> pd.DataFrame:
    rows = [(i, line) for i, line in enumerate(lines[first:], first + 1) if line.strip("\x1a \t,")]
    for number, line in rows:
        if line.count(",") < _LEAST_COLUMNS - 1:
            raise WeatherDataError(
                source, f"at least {_LEAST_COLUMNS} columns",
                f"{line.count(',') + 1} in line {number}", _HINT,
            )  # fmt: skip
    text = "\n".join(line for _, line in rows)
    try:
        table = pd.read_csv(
            io.StringIO(text), header=None, names=list(_COLUMNS), usecols=range(len(_COLUMNS)),
            index_col=False, skipinitialspace=True,
        )  # fmt: skip
    except (ValueError, pd.errors.ParserError):
        # Rows with more or fewer columns than the format has.
        columns = range(max(line.count(",") for _, line in rows) + 1)
        try:
            wide = pd.read_csv(
                io.StringIO(text), header=None, names=columns,
                index_col=False, skipinitialspace=True,
            )  # fmt: skip
        except (ValueError, pd.errors.ParserError) as error:
            raise WeatherDataError(
                source, "rows of a table", " ".join(str(error).split())[:100], _HINT
            ) from error
        table = wide.reindex(columns=range(len(_COLUMNS)))
        table.columns = pd.Index(_COLUMNS)
    if len(table) != len(rows):
        raise WeatherDataError(
            source, "one row a line", f"{len(table)} of {len(rows)} lines", _HINT
        )
    table.index = pd.Index([number for number, _ in rows])
    return table


# ------------------------------------------------------------------ the table as pvlib has it


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
        Indexed by the end of each interval on the file's clock, without a time zone, as stamps of
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
    file = read_file(path)
    clock = read_clock(file.table, file.name)
    frame = file.table.set_axis(ends_as_written(clock), axis=0)
    place = {
        **file.place,
        "tz_offset": file.place["TZ"],
        "elevation": file.place["altitude"],
        "state": file.place["state-prov"],
    }
    return frame, place


# ------------------------------------------------------------------ weather


def read_epw_weather(
    path: str | os.PathLike[str],
    *,
    start: Any = None,
    end: Any = None,
    hours: Iterable[int] | None = None,
    year: int | None = None,
    minutes: float | None = None,
    stamp: str | None = None,
    fill: Fill = None,
) -> Rows:
    """See :meth:`solweig.Weather.from_epw`."""
    file = read_file(path)
    _say_pvgis(file)
    clock = read_clock(file.table, file.name)
    year = None if year is None else a_year(year)
    frame = _quantities(file.table, file.name)
    zone = float(file.place["TZ"])
    if year is not None and means_written_years(clock, year, start, end):
        # The rows are chosen by the dates of the file, then they are given the year.
        written = pd.DataFrame({"row": range(len(frame))}, index=ends_as_written(clock))
        rows = select(written, start, end, None, file.name, zone)["row"].to_numpy()
        frame, clock = frame.iloc[rows].reset_index(drop=True), clock.take(rows)
        start = end = None
    frame, steps, known = dated(frame, clock, year, start, minutes, file.name)
    frame["minutes"] = steps
    frame = select(frame, start, end, hours, file.name, zone)
    steps = frame.pop("minutes").to_numpy(dtype=np.float64)
    frames.fill_missing(frame, fill, (*frames.REQUIRED, "ws", "pressure"), file.name)
    return Rows(frame, steps, known, stamp, file.origin)


def read_epw_frame(
    table: pd.DataFrame,
    *,
    minutes: float | None = None,
    stamp: str | None = None,
    fill: Fill = None,
) -> Rows | None:
    """Rows of a frame of ``pvlib.iotools.read_epw``; ``None`` for any other frame.

    Its index is the start of each hour. Dates are the index's, which may have been moved to another
    year, and clock times those of the columns.
    """
    if not {*CLOCK_COLUMNS, "temp_air", "ghi", "atmospheric_pressure"} <= set(table.columns):
        return None
    index = pd.DatetimeIndex(table.index)
    source = "table of pvlib's read_epw"
    clock = read_clock(table, source)
    began = clock.end - clock.step  # minutes after midnight
    if not np.array_equal(index.hour, began // 60):
        return None
    local = index.tz_localize(None)
    clock = EpwClock(
        np.asarray(local.year, np.int64), np.asarray(local.month, np.int64),
        np.asarray(local.day, np.int64), clock.end, clock.step,
    )  # fmt: skip
    frame = _quantities(table, source)
    frame, steps, known = dated(frame, clock, None, None, minutes, source)
    frames.fill_missing(frame, fill, (*frames.REQUIRED, "ws", "pressure"), source)
    return Rows(frame, steps, known, stamp)


def _say_pvgis(file: EpwFile) -> None:
    """PVGIS writes hours of UTC, whatever time zone the first line names."""
    said = [str(file.place[key]) for key in _PLACE_KEYS] + file.header
    if file.place["TZ"] and any("PVGIS" in text or "ECMWF/ERA" in text for text in said):
        log.warning(
            "%s: PVGIS writes hours of UTC, but the file's time zone is UTC%+g; if its sun is off, "
            "the clock is %s",
            file.name, file.place["TZ"], argument("utc_offset", 0),
        )  # fmt: skip


def _quantities(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """Our columns in our units, NaN where missing."""
    frame = pd.DataFrame(index=range(len(table)))
    lines = [int(i) for i in table.index] if table.index.dtype.kind == "i" else range(len(table))
    for name, (column, codes, factor) in _FIELDS.items():
        if name in ("longwave_down", "wind_direction"):  # optional: no reason to refuse a file
            values = _numbers_there(table, column)
        else:
            values = _numbers(table[column], name, source, lines)
        values = np.where(np.isin(values, (*codes, *_NEGATIVE_CODES)), np.nan, values)
        if name == "pressure":
            frames.require_pressure(values, "Pa", source, list(lines))
        frame[name] = values * factor
    return frame


def _numbers_there(table: pd.DataFrame, column: str) -> F64:
    """A column as numbers, NaN for whatever is none or not there."""
    if column not in table.columns:
        return np.full(len(table), np.nan)
    return pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=np.float64)


def _numbers(column: pd.Series, name: str, source: str, lines: Any) -> F64:
    """A column as numbers; empty cells are NaN, words are an error."""
    values = pd.to_numeric(column, errors="coerce")
    words = np.flatnonzero((values.isna() & column.notna()).to_numpy())
    if words.size:
        row = int(words[0])
        raise WeatherDataError(
            name,
            "a number in every row",
            repr(column.iloc[row]),
            f"In {source}, line {lines[row]}.",
        )
    return values.to_numpy(dtype=np.float64)

"""EPW files: years of EnergyPlus, PVGIS, OneBuilding, hourly or finer.

One reader for weather, for the place and for the table as pvlib names it.
"""

from __future__ import annotations

import calendar
import csv
import datetime as dt
import io
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from solweig.errors import WeatherDataError
from solweig.messages import argument
from solweig.typing import F64
from solweig.weather.dates import parse_bound
from solweig.weather.readers import frames
from solweig.weather.readers.frames import Rows
from solweig.weather.readers.period import select
from solweig.weather.readers.text import read_text
from solweig.weather.values import Fill, Origin

log = logging.getLogger("solweig")

I64 = NDArray[np.int64]

# our name: name in pvlib's EPW frame, codes that mark a missing value, factor to our unit
_FIELDS: dict[str, tuple[str, tuple[float, ...], float]] = {
    "ta": ("temp_air", (99.9, 999.0, 999.9, 9999.0), 1.0),
    "rh": ("relative_humidity", (999.0, 999.9, 9999.0), 1.0),
    "global_rad": ("ghi", (9999.0, 99999.0, 999999.0), 1.0),
    "ws": ("wind_speed", (999.0, 999.9, 9999.0), 1.0),
    "pressure": ("atmospheric_pressure", (999999.0, 9999999.0), 0.01),
    "direct_rad": ("dni", (9999.0, 99999.0, 999999.0), 1.0),
    "diffuse_rad": ("dhi", (9999.0, 99999.0, 999999.0), 1.0),
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
_CLOCK = ("year", "month", "day", "hour", "minute")
_PLACE_KEYS = ("loc", "city", "state-prov", "country", "data_type", "WMO_code")
_HINT = "An EPW file has 8 header lines, then 35 comma-separated values per row."
_PLACE_HINT = "The first line of an EPW file names place, latitude, longitude, time zone, height."
_HOUR = 60


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
    names[1 : 2 + extra] = [",".join(names[1 : 2 + extra])]
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
        try:
            wide = pd.read_csv(
                io.StringIO(text), header=None, index_col=False, skipinitialspace=True,
                names=range(max(line.count(",") for _, line in rows) + 1),
            )  # fmt: skip
        except (ValueError, pd.errors.ParserError) as error:
            raise WeatherDataError(
                source, "rows of a table", " ".join(str(error).split())[:100], _HINT
            ) from error
        table = wide.reindex(columns=range(len(_COLUMNS)))
        table.columns = pd.Index(_COLUMNS)
    if len(table) != len(rows):
        raise WeatherDataError(source, "one row a line", f"{len(table)} of {len(rows)} lines", _HINT)
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
    clock = _clock(file.table, file.name)
    frame = file.table.set_axis(_ends(clock.midnights(clock.year), clock), axis=0)
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
    clock = _clock(file.table, file.name)
    frame = _quantities(file.table, file.name)
    frame, steps, known = _dated(frame, clock, year, start, minutes, file.name)
    frame["minutes"] = steps
    zone = float(file.place["TZ"])
    frame = select(frame, start, end, hours, file.name, zone)
    steps = frame.pop("minutes").to_numpy(dtype=np.float64)
    frames.fill_missing(frame, fill, (*frames.REQUIRED, "ws", "pressure"), file.name)
    return Rows(frame, steps, known, stamp, file.origin)


def read_epw_frame(
    table: pd.DataFrame, *, minutes: float | None = None, stamp: str | None = None, fill: Fill = None
) -> Rows | None:
    """Rows of a frame of ``pvlib.iotools.read_epw``; ``None`` for any other frame.

    Its index is the start of each hour. Dates are the index's, which may have been moved to another
    year, and clock times those of the columns.
    """
    if not {*_CLOCK, "temp_air", "ghi", "atmospheric_pressure"} <= set(table.columns):
        return None
    index = pd.DatetimeIndex(table.index)
    source = "table of pvlib's read_epw"
    clock = _clock(table, source)
    began = clock.end - clock.step  # minutes after midnight
    if not np.array_equal(index.hour, began // _HOUR):
        return None
    local = index.tz_localize(None)
    clock = _Clock(
        np.asarray(local.year, np.int64), np.asarray(local.month, np.int64),
        np.asarray(local.day, np.int64), clock.end, clock.step,
    )  # fmt: skip
    frame = _quantities(table, source)
    frame, steps, known = _dated(frame, clock, None, None, minutes, source)
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
        values = _numbers(table[column], name, source, lines)
        values = np.where(np.isin(values, (*codes, *_NEGATIVE_CODES)), np.nan, values)
        if name == "pressure":
            frames.require_pressure(values, "Pa", source, list(lines))
        frame[name] = values * factor
    return frame


def _numbers(column: pd.Series, name: str, source: str, lines: Any) -> F64:
    """A column as numbers; empty cells are NaN, words are an error."""
    values = pd.to_numeric(column, errors="coerce")
    words = np.flatnonzero((values.isna() & column.notna()).to_numpy())
    if words.size:
        row = int(words[0])
        raise WeatherDataError(
            name, "a number in every row", repr(column.iloc[row]), f"In {source}, line {lines[row]}."
        )
    return values.to_numpy(dtype=np.float64)


# ------------------------------------------------------------------ dates


@dataclass(frozen=True)
class _Clock:
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
        return np.where(self.is_leap_day & ~leap, np.datetime64("NaT"), days)

    @property
    def is_leap_day(self) -> NDArray[np.bool_]:
        """Rows of 29 February."""
        return (self.month == 2) & (self.day == 29)


def _ends(midnights: NDArray[np.datetime64], clock: _Clock) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(midnights + clock.end.astype("timedelta64[m]"))


def _clock(table: pd.DataFrame, source: str) -> _Clock:
    """Dates of the rows and the ends of their intervals.

    Hours are 1 to 24 and name the end of theirs; in files with 0 to 23 they name the same hours by
    their start. Where there are several rows an hour, the minutes tell them apart if they can, else
    their order does.
    """
    lines = table.index
    parts = {}
    for name in _CLOCK:
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
    year, month, day, hour, minute = (parts[name] for name in _CLOCK)
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
        return _Clock(year, month, day, last_hour, _HOUR)
    return _Clock(year, month, day, last_hour - _HOUR + _within(hour, minute, count), step)


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


def _dated(
    frame: pd.DataFrame,
    clock: _Clock,
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


def _years(clock: _Clock, year: int | None, start: Any, source: str) -> I64:
    """Year of each row: as written, or one for all."""
    written = clock.year
    if year is None and np.unique(written).size > 1 and not _is_one_stretch(clock):
        said = None if start is None else parse_bound(start, "start").year
        year = said or int(np.bincount(written - written.min()).argmax() + written.min())
        log.info("%s is composed of months of several years; all rows are dated %d", source, year)
    if year is None:
        return written
    if not 1700 <= int(year) <= 2300:
        raise WeatherDataError("year", "1700 to 2300", repr(year))
    return np.full(written.size, int(year))


def _is_one_stretch(clock: _Clock) -> bool:
    """Whether rows of several years follow each other without a jump, as measured years do."""
    stamps = clock.midnights(clock.year) + clock.end.astype("timedelta64[m]")
    apart = np.diff(stamps)
    longest = np.timedelta64(7, "D").astype(apart.dtype)
    return bool(np.all(apart > np.timedelta64(0, "m")) and np.all(apart <= longest))

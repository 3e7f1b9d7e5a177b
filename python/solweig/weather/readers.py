"""Readers of weather: EPW files, UMEP's text format, tables.

Each reader ends in one frame, indexed by time stamp, with columns ``ta``, ``rh``, ``global_rad``,
``ws``, ``pressure`` [hPa], ``direct_rad`` (beam normal) and ``diffuse_rad``, NaN where missing.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from solweig.errors import ConfigurationError, WeatherDataError
from solweig.weather.step import Fill, Weather

log = logging.getLogger("solweig")

REQUIRED = ("ta", "rh", "global_rad")
OPTIONAL = ("ws", "pressure", "direct_rad", "diffuse_rad")
COLUMNS = REQUIRED + OPTIONAL

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
# our name: column of a UMEP met file, factor to our unit (pressure is in kPa there)
_UMEP = {
    "ta": (11, 1.0),
    "rh": (10, 1.0),
    "global_rad": (14, 1.0),
    "ws": (9, 1.0),
    "pressure": (12, 10.0),
    "direct_rad": (22, 1.0),
    "diffuse_rad": (21, 1.0),
}
_UMEP_COLUMNS = 24
_UMEP_MISSING = -998.0
_ALIASES = {
    "temp_air": "ta",
    "relative_humidity": "rh",
    "ghi": "global_rad",
    "wind_speed": "ws",
    "dni": "direct_rad",
    "dhi": "diffuse_rad",
    "measured_direct_rad": "direct_rad",
    "measured_diffuse_rad": "diffuse_rad",
}


def read_epw_table(path: str | os.PathLike[str]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Every column of an EPW file as pvlib names them, and the file's location.

    The index is pvlib's: the start of each hour, with the file's time zone.

    Raises:
        FileNotFoundError: no such file.
        WeatherDataError: not an EPW file.
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


def read_epw_weather(
    path: str | os.PathLike[str],
    *,
    start: Any = None,
    end: Any = None,
    hours: Iterable[int] | None = None,
    year: int | None = None,
    fill: Fill = None,
) -> list[Weather]:
    """See :meth:`solweig.Weather.from_epw`."""
    raw, meta = read_epw_table(path)
    source = Path(path).name
    frame = pd.DataFrame(index=_epw_stamps(raw, year, start, source))
    for name, (column, missing, factor) in _EPW.items():
        values = _epw_numbers(raw[column], name, source)
        frame[name] = np.where(values >= missing, np.nan, values) * factor
    frame = _select(frame, start, end, hours, source, float(meta["TZ"]))
    _fill(frame, fill, (*REQUIRED, "ws", "pressure"), source)
    return to_weather(frame, np.full(len(frame), 60.0))


def _epw_numbers(column: pd.Series, name: str, source: str) -> NDArray[np.float64]:
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
            year = _timestamp(start, "start").year
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


def read_umep_met(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    resample_hourly: bool = True,
    start: Any = None,
    end: Any = None,
    fill: Fill = None,
) -> list[Weather]:
    """See :meth:`solweig.Weather.from_umep_met`."""
    files = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if not files:
        raise WeatherDataError("paths", "at least one file", "none")
    frame = pd.concat([_read_umep_file(Path(file)) for file in files])
    source = ", ".join(Path(file).name for file in files)
    _require_order(frame, source)
    frame = _select(frame, start, end, None, source, None)
    _fill(frame, fill, REQUIRED, source)
    minutes = _spacing(frame)
    if resample_hourly and len(frame) > 1 and float(np.median(minutes)) < 60.0:
        frame = _hourly(frame)
        minutes = np.full(len(frame), 60.0)
    _log_missing(frame, source)
    return to_weather(frame, minutes)


def _read_umep_file(file: Path) -> pd.DataFrame:
    if not file.is_file():
        raise FileNotFoundError(f"weather file not found: {file}")
    hint = "UMEP's format has one header line, then 24 numbers per row, separated by blanks."
    with file.open(encoding="utf-8", errors="replace") as stream:
        rows = [line.split() for line in stream.readlines()[1:] if line.strip()]
    if not rows:
        raise WeatherDataError(file.name, "rows of weather", "none", hint)
    for number, row in enumerate(rows, start=2):
        if len(row) != _UMEP_COLUMNS:
            raise WeatherDataError(
                file.name, f"{_UMEP_COLUMNS} columns", f"{len(row)} in line {number}", hint
            )
    try:
        table = np.array(rows, np.float64)
    except ValueError as error:
        raise WeatherDataError(file.name, "numbers", f"text ({error})", hint) from None
    frame = pd.DataFrame(index=_umep_stamps(table, file.name))
    for name, (column, factor) in _UMEP.items():
        values = table[:, column]
        frame[name] = np.where(values <= _UMEP_MISSING, np.nan, values) * factor
    return frame


def _umep_stamps(table: Any, source: str) -> pd.DatetimeIndex:
    year, day, hour, minute = table[:, :4].T
    limits = ((1800, 2300), (1, 366), (0, 24), (0, 59))
    for values, name, (low, high) in zip(
        (year, day, hour, minute), ("year", "day of year", "hour", "minute"), limits, strict=True
    ):
        wrong = np.flatnonzero(~((values >= low) & (values <= high)))
        if wrong.size:
            row = int(wrong[0])
            raise WeatherDataError(
                name, f"{low} to {high}", f"{values[row]:g}", f"{source}, line {row + 2}."
            )
    january = (year.astype(np.int64) - 1970).astype("datetime64[Y]").astype("datetime64[s]")
    seconds = (day - 1) * 86400 + hour * 3600 + minute * 60
    return pd.DatetimeIndex(january + seconds.astype("timedelta64[s]"))


def _hourly(frame: pd.DataFrame) -> pd.DataFrame:
    """Means of the rows whose stamps lie in (h-1, h], stamped h."""
    means = frame.resample("1h", closed="right", label="right").mean()
    return means.dropna(subset=list(REQUIRED))


def _log_missing(frame: pd.DataFrame, source: str) -> None:
    consequences = {
        "ws": "UTCI and PET have no value there; fill={'ws': ...} gives one",
        "pressure": "the model takes 1013 hPa there; fill={'pressure': ...} gives another",
    }
    for name, consequence in consequences.items():
        count = int(frame[name].isna().sum())
        if count:
            log.warning("%s: %s missing in %d step(s): %s", source, name, count, consequence)


def read_dataframe(
    frame: pd.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    minutes: float | None = None,
    fill: Fill = None,
) -> list[Weather]:
    """See :meth:`solweig.Weather.from_dataframe`."""
    if not isinstance(frame, pd.DataFrame):
        raise WeatherDataError("frame", "a pandas DataFrame", type(frame).__name__)
    table = _rename(frame, columns)
    if "datetime" in table.columns:
        table = table.set_index("datetime")
    try:
        index = pd.DatetimeIndex(table.index)
    except (TypeError, ValueError) as error:
        raise WeatherDataError("index", "time stamps", str(table.index.dtype)) from error
    if isinstance(table.index, pd.RangeIndex) or index.hasnans:
        raise WeatherDataError("index", "time stamps", "numbers or gaps in the index")
    absent = [name for name in REQUIRED if name not in table.columns]
    if absent:
        raise WeatherDataError(
            absent[0],
            "columns " + ", ".join(REQUIRED),
            "columns " + ", ".join(map(str, frame.columns)),
            "Name them with columns={'ta': 'your name', ...}.",
        )
    tidy = pd.DataFrame(index=index)
    for name in COLUMNS:
        if name in table.columns:
            tidy[name] = _numeric(table[name], name)
        elif name in ("direct_rad", "diffuse_rad"):
            tidy[name] = np.nan
        else:
            tidy[name] = {"ws": 1.0, "pressure": 1013.25}[name]
            log.warning("table has no column %s; %g is used", name, tidy[name].iloc[0])
    if tidy.empty:
        raise WeatherDataError("frame", "at least one row", "none")
    _require_order(tidy, "table")
    _fill(tidy, fill, REQUIRED, "table")
    _log_missing(tidy, "table")
    steps = _spacing(tidy) if minutes is None else np.full(len(tidy), float(minutes))
    return to_weather(tidy, steps)


def _rename(frame: pd.DataFrame, columns: Mapping[str, str] | None) -> pd.DataFrame:
    if columns:
        for ours, theirs in columns.items():
            if ours not in (*COLUMNS, "datetime"):
                raise ConfigurationError("columns", "keys among " + ", ".join(COLUMNS), repr(ours))
            if theirs not in frame.columns:
                raise WeatherDataError(theirs, "a column of the table", "none of that name")
        frame = frame.rename(columns={theirs: ours for ours, theirs in columns.items()})
    known = {a: b for a, b in _ALIASES.items() if a in frame.columns and b not in frame.columns}
    return frame.rename(columns=known)


def _numeric(values: pd.Series, name: str) -> Any:
    try:
        return pd.to_numeric(values).to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise WeatherDataError(name, "numbers", str(error)) from None


def to_weather(frame: pd.DataFrame, minutes: Any) -> list[Weather]:
    """One :class:`Weather` per row; ``minutes`` is the length of each step."""

    def given(value: float) -> float | None:
        return None if np.isnan(value) else value

    values = {name: frame[name].to_numpy(dtype=np.float64).tolist() for name in COLUMNS}
    stamps: list[dt.datetime] = list(pd.DatetimeIndex(frame.index).to_pydatetime())
    return [
        Weather(
            datetime=stamp,
            ta=values["ta"][i],
            rh=values["rh"][i],
            global_rad=values["global_rad"][i],
            ws=values["ws"][i],
            pressure=values["pressure"][i],
            timestep_minutes=float(minutes[i]),
            measured_direct_rad=given(values["direct_rad"][i]),
            measured_diffuse_rad=given(values["diffuse_rad"][i]),
        )
        for i, stamp in enumerate(stamps)
    ]


def _spacing(frame: pd.DataFrame) -> Any:
    """Step length of every row [min]: the usual one, or less where the row before is nearer."""
    if len(frame) < 2:
        return np.full(len(frame), 60.0)
    minutes = np.diff(frame.index.to_numpy()) / np.timedelta64(1, "m")
    usual = float(np.median(minutes))
    return np.minimum(np.concatenate([minutes[:1], minutes]), usual)


def _require_order(frame: pd.DataFrame, source: str) -> None:
    step = np.diff(frame.index.to_numpy()) / np.timedelta64(1, "s")
    wrong = np.flatnonzero(step <= 0)
    if wrong.size:
        i = int(wrong[0])
        raise WeatherDataError(
            "datetime",
            "strictly increasing stamps",
            f"{frame.index[i + 1]} after {frame.index[i]}",
            f"In {source}; sort the rows and drop repeats.",
        )


def _fill(frame: pd.DataFrame, fill: Fill, required: Sequence[str], source: str) -> None:
    """Fill missing values as asked, in place; raise where a required one is left."""
    if isinstance(fill, Mapping):
        for name, value in fill.items():
            if name not in COLUMNS:
                raise ConfigurationError("fill", "keys among " + ", ".join(COLUMNS), repr(name))
            _say_filled(frame, name, f"{value:g}", source)
            frame[name] = frame[name].fillna(float(value))
    elif fill == "interpolate":
        for name in COLUMNS:
            if frame[name].notna().any():
                _say_filled(frame, name, "interpolation in time", source)
                frame[name] = frame[name].interpolate(method="time", limit_area="inside")
    elif fill is not None:
        raise ConfigurationError("fill", "None, 'interpolate' or a mapping", repr(fill))
    for name in required:
        rows = frame.index[frame[name].isna()]
        if len(rows):
            shown = ", ".join(f"{stamp:%Y-%m-%d %H:%M}" for stamp in rows[:3])
            raise WeatherDataError(
                name,
                "a value in every row",
                f"{len(rows)} missing, at {shown}" + (", ..." if len(rows) > 3 else ""),
                f"In {source}. fill='interpolate' or fill={{'{name}': value}} fills them.",
            )


def _say_filled(frame: pd.DataFrame, name: str, how: str, source: str) -> None:
    count = int(frame[name].isna().sum())
    if count:
        log.info("%s: %s missing in %d row(s), filled with %s", source, name, count, how)


def _select(
    frame: pd.DataFrame,
    start: Any,
    end: Any,
    hours: Iterable[int] | None,
    source: str,
    utc_offset: float | None,
) -> pd.DataFrame:
    keep = np.ones(len(frame), np.bool_)
    stamps = pd.DatetimeIndex(frame.index)
    if start is not None:
        keep &= np.asarray(stamps >= _local(_timestamp(start, "start"), utc_offset))
    if end is not None:
        last = _local(_timestamp(end, "end"), utc_offset)
        if _is_date(end):
            keep &= np.asarray(stamps < last + pd.Timedelta(days=1))
        else:
            keep &= np.asarray(stamps <= last)
    if hours is not None:
        wanted = [int(hour) for hour in hours]
        if any(not 0 <= hour <= 23 for hour in wanted):
            raise ConfigurationError("hours", "hours from 0 to 23", repr(wanted))
        keep &= np.isin(stamps.hour, wanted)
    if not keep.any():
        raise WeatherDataError(
            "period",
            f"stamps between {start} and {end}" + ("" if hours is None else f" at hours {wanted}"),
            f"none; {source} holds {stamps[0]} to {stamps[-1]}",
            "Change start, end or hours, or give year= to re-date the rows of an EPW file.",
        )
    return frame[keep].copy()


def _timestamp(value: Any, name: str) -> pd.Timestamp:
    try:
        stamp = pd.Timestamp(value)
    except (TypeError, ValueError):
        stamp = None
    if stamp is None or stamp is pd.NaT:
        raise WeatherDataError(name, "a date or a date and time", repr(value))
    return stamp


def _local(stamp: pd.Timestamp, utc_offset: float | None) -> pd.Timestamp:
    if stamp.tzinfo is None:
        return stamp
    if utc_offset is None:
        raise ConfigurationError(
            "start, end", "times without a time zone", str(stamp), "The file's clock is local."
        )
    return stamp.tz_convert("UTC").tz_localize(None) + pd.Timedelta(hours=utc_offset)


def _is_date(value: Any) -> bool:
    if isinstance(value, str):
        return ":" not in value and "T" not in value.upper()
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)

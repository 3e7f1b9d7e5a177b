"""UMEP's text format: one header line, then 24 columns separated by blanks."""

from __future__ import annotations

import calendar
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from solweig.errors import WeatherDataError
from solweig.messages import argument
from solweig.weather.readers import frames
from solweig.weather.readers.frames import Rows
from solweig.weather.readers.period import select
from solweig.weather.readers.text import read_text
from solweig.weather.values import Fill

log = logging.getLogger("solweig")

# our name: column of a UMEP met file, factor to our unit (pressure is in kPa there)
_UMEP = {
    "ta": (11, 1.0),
    "rh": (10, 1.0),
    "global_rad": (14, 1.0),
    "ws": (9, 1.0),
    "pressure": (12, 10.0),
    "direct_rad": (22, 1.0),
    "diffuse_rad": (21, 1.0),
    "longwave_down": (16, 1.0),
    "wind_direction": (23, 1.0),
}
_UMEP_COLUMNS = 24
_UMEP_MISSING = -998.0
_HINT = "UMEP's format has one header line, then 24 numbers per row, separated by blanks."
_USUAL_MINUTES = (0, 30, 59)  # of hourly rows
# Which side of a bin of an hour is in it, and what the label is moved by, for each kind of stamp.
_BINS = {"end": ("right", 0), "start": ("left", 0), "centre": ("left", 30)}


def read_umep_met(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    resample_hourly: bool = True,
    start: Any = None,
    end: Any = None,
    minutes: float | None = None,
    stamp: str | None = None,
    fill: Fill = None,
) -> Rows:
    """See :meth:`solweig.Weather.from_umep_met`."""
    files = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if not files:
        raise WeatherDataError("paths", "at least one file", "none")
    frame = pd.concat([_read_umep_file(Path(file)) for file in files])
    source = ", ".join(Path(file).name for file in files)
    frames.require_order(frame, source)
    steps, known = frames.lengths(frame, minutes, source)
    fine = frames.usual_spacing(frame) < frames.HOUR
    frame["minutes"] = steps
    frame = select(frame, start, end, None, source, None)
    steps = frame.pop("minutes").to_numpy(dtype=np.float64)
    frames.fill_missing(frame, fill, frames.REQUIRED, source)
    short = minutes is not None and minutes < frames.HOUR
    if resample_hourly and fine and not short and len(frame) > 1:
        frame = _hourly(frame, stamp or "end", source)
        steps = np.full(len(frame), frames.HOUR)
    frames.log_missing(frame, source)
    return Rows(frame, steps, known, stamp)


def _read_umep_file(file: Path) -> pd.DataFrame:
    if not file.is_file():
        raise FileNotFoundError(f"weather file not found: {file}")
    lines = [(i, line.split()) for i, line in enumerate(read_text(file).splitlines(), 1)]
    rows = [(number, parts) for number, parts in lines if parts]
    if rows and not _is_data(rows[0][1]):
        rows = rows[1:]
    if not rows:
        raise WeatherDataError(file.name, "rows of weather", "none", _HINT)
    for number, row in rows:
        if len(row) != _UMEP_COLUMNS:
            raise WeatherDataError(
                file.name, f"{_UMEP_COLUMNS} columns", f"{len(row)} in line {number}", _HINT
            )
    numbers = [number for number, _ in rows]
    try:
        table = np.array([row for _, row in rows], np.float64)
    except ValueError as error:
        raise WeatherDataError(file.name, "numbers", f"text ({error})", _HINT) from None
    frame = pd.DataFrame(index=_umep_stamps(table, file.name, numbers))
    for name, (column, factor) in _UMEP.items():
        values = np.where(table[:, column] <= _UMEP_MISSING, np.nan, table[:, column])
        if name == "pressure":
            frames.require_pressure(values, "kPa", file.name, numbers)
        frame[name] = values * factor
    return frame


def _is_data(parts: list[str]) -> bool:
    """Whether a first line is a row already: a header names its columns in words."""
    try:
        _ = [float(part) for part in parts]
    except ValueError:
        return False
    return len(parts) == _UMEP_COLUMNS


def _umep_stamps(table: Any, source: str, lines: Sequence[int]) -> pd.DatetimeIndex:
    year, day, hour, minute = table[:, :4].T
    limits = ((1800, 2300), (1, 366), (0, 24), (0, 59))
    for values, name, (low, high) in zip(
        (year, day, hour, minute), ("year", "day of year", "hour", "minute"), limits, strict=True
    ):
        wrong = np.flatnonzero(~((values >= low) & (values <= high) & (values % 1 == 0)))
        if wrong.size:
            row = int(wrong[0])
            raise WeatherDataError(
                name, f"{low} to {high}", f"{values[row]:g}", f"{source}, line {lines[row]}."
            )
    common = np.array([not calendar.isleap(y) for y in year.astype(int)])
    wrong = np.flatnonzero(common & (day == 366))
    if wrong.size:
        row = int(wrong[0])
        raise WeatherDataError(
            "day of year", f"1 to 365 in {year[row]:.0f}", "366", f"{source}, line {lines[row]}."
        )
    _say_minutes(hour, minute, source)
    january = (year.astype(np.int64) - 1970).astype("datetime64[Y]").astype("datetime64[s]")
    seconds = (day - 1) * 86400 + hour * 3600 + minute * 60
    return pd.DatetimeIndex(january + seconds.astype("timedelta64[s]"))


def _say_minutes(hour: Any, minute: Any, source: str) -> None:
    """Say in the log that the minute column of hourly rows holds what is hardly a minute."""
    hourly = minute.size > 1 and np.all(np.diff(hour) % 24 == 1)
    if hourly and not np.all(np.isin(minute, _USUAL_MINUTES)):
        held = f"{minute.min():g}" + ("" if np.ptp(minute) == 0 else f" to {minute.max():g}")
        log.warning(
            "%s: the minute column of these hourly rows holds %s, which is hardly a minute; stamps "
            "are taken as written, the first as %02d:%02d",
            source, held, hour[0], minute[0],
        )  # fmt: skip


def _hourly(frame: pd.DataFrame, stamp: str, source: str) -> pd.DataFrame:
    """Means of the rows of each full hour, stamped as the rows are."""
    side, moved = _BINS[stamp]
    frame = frame.copy()
    # The mean of directions is that of their vectors.
    blown = np.exp(1j * np.radians(frame.pop("wind_direction").to_numpy(dtype=np.float64)))
    frame["toward_north"], frame["toward_east"] = blown.real, blown.imag
    hours = frame.resample("1h", closed=side, label=side)  # type: ignore[arg-type]
    means, counts = hours.mean(), hours.size().to_numpy()
    means.index = means.index + pd.Timedelta(minutes=moved)
    mean = means.pop("toward_north").to_numpy() + 1j * means.pop("toward_east").to_numpy()
    means["wind_direction"] = np.degrees(np.angle(mean)) % 360.0
    few = np.flatnonzero((counts > 0) & (2 * counts < counts.max()))
    if few.size:
        log.warning(
            "%s: %d hour(s) have few of their %d rows, the first, stamped %s, has %d; their mean "
            "stands for the hour. %s keeps the rows",
            source, few.size, counts.max(), f"{means.index[few[0]]:%Y-%m-%d %H:%M}",
            counts[few[0]], argument("timestep_minutes", 60.0 / float(counts.max())),
        )  # fmt: skip
    return means.dropna(subset=["ta", "rh"])

"""UMEP's text format: one header line, then 24 columns separated by blanks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from solweig.errors import WeatherDataError
from solweig.weather.readers import frames
from solweig.weather.readers.frames import Rows
from solweig.weather.values import Fill

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


def read_umep_met(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    resample_hourly: bool = True,
    start: Any = None,
    end: Any = None,
    fill: Fill = None,
) -> Rows:
    """See :meth:`solweig.Weather.from_umep_met`."""
    files = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if not files:
        raise WeatherDataError("paths", "at least one file", "none")
    frame = pd.concat([_read_umep_file(Path(file)) for file in files])
    source = ", ".join(Path(file).name for file in files)
    frames.require_order(frame, source)
    frame = frames.select(frame, start, end, None, source, None)
    frames.fill_missing(frame, fill, frames.REQUIRED, source)
    minutes = frames.spacing(frame)
    if resample_hourly and len(frame) > 1 and float(np.median(minutes)) < 60.0:
        frame = _hourly(frame)
        minutes = np.full(len(frame), 60.0)
    frames.log_missing(frame, source)
    return Rows(frame, minutes)


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
    return means.dropna(subset=list(frames.REQUIRED))

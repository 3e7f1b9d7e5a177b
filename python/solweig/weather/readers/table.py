"""Tables: a pandas DataFrame with our names or pvlib's."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from solweig.errors import ConfigurationError, WeatherDataError
from solweig.weather.readers import frames
from solweig.weather.readers.frames import Rows
from solweig.weather.values import Fill

log = logging.getLogger("solweig")

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


def read_dataframe(
    frame: pd.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    minutes: float | None = None,
    fill: Fill = None,
) -> Rows:
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
    absent = [name for name in frames.REQUIRED if name not in table.columns]
    if absent:
        raise WeatherDataError(
            absent[0],
            "columns " + ", ".join(frames.REQUIRED),
            "columns " + ", ".join(map(str, frame.columns)),
            "Name them with columns={'ta': 'your name', ...}.",
        )
    tidy = pd.DataFrame(index=index)
    for name in frames.COLUMNS:
        if name in table.columns:
            tidy[name] = _numeric(table[name], name)
        elif name in ("direct_rad", "diffuse_rad"):
            tidy[name] = np.nan
        else:
            tidy[name] = {"ws": 1.0, "pressure": 1013.25}[name]
            log.warning("table has no column %s; %g is used", name, tidy[name].iloc[0])
    if tidy.empty:
        raise WeatherDataError("frame", "at least one row", "none")
    frames.require_order(tidy, "table")
    frames.fill_missing(tidy, fill, frames.REQUIRED, "table")
    frames.log_missing(tidy, "table")
    steps = frames.spacing(tidy) if minutes is None else np.full(len(tidy), float(minutes))
    return Rows(tidy, steps)


def _rename(frame: pd.DataFrame, columns: Mapping[str, str] | None) -> pd.DataFrame:
    if columns:
        for ours, theirs in columns.items():
            if ours not in (*frames.COLUMNS, "datetime"):
                raise ConfigurationError(
                    "columns", "keys among " + ", ".join(frames.COLUMNS), repr(ours)
                )
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

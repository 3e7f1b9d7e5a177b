"""Tables: a pandas DataFrame with our names or pvlib's."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from solweig.errors import ConfigurationError, WeatherDataError
from solweig.messages import argument
from solweig.weather.dates import parse_datetime
from solweig.weather.readers import frames
from solweig.weather.readers.epw import read_epw_frame
from solweig.weather.readers.frames import Rows
from solweig.weather.values import Fill

log = logging.getLogger("solweig")

_STANDARD_PRESSURE = 1013.25
_PASCAL = 0.01


def read_dataframe(
    frame: pd.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    minutes: float | None = None,
    stamp: str | None = None,
    fill: Fill = None,
) -> Rows:
    """See :meth:`solweig.Weather.from_dataframe`."""
    if not isinstance(frame, pd.DataFrame):
        raise WeatherDataError("frame", "a pandas DataFrame", type(frame).__name__)
    table = frame if columns is None else _rename(frame, columns)
    if "datetime" in table.columns:
        table = table.set_index("datetime")
    table = table.set_axis(_stamps(table.index), axis=0)
    if columns is None:
        of_epw = read_epw_frame(table, minutes=minutes, stamp=stamp, fill=fill)
        if of_epw is not None:
            log.info("table: as pvlib reads an EPW file; its index is the start of each interval")
            return of_epw
    table = _known_names(table)
    _require_columns(table, frame)
    tidy = pd.DataFrame(index=table.index)
    for name in frames.COLUMNS:
        if name in table.columns:
            tidy[name] = _numeric(table[name], name)
        else:
            tidy[name] = np.nan
    if "wind_direction" in table.columns:
        tidy["wind_direction"] = _numeric(table["wind_direction"], "wind_direction")
    if tidy.empty:
        raise WeatherDataError("frame", "at least one row", "none")
    if "atmospheric_pressure" in frame.columns and tidy["pressure"].median() > 40_000:
        tidy["pressure"] *= _PASCAL  # pvlib's EPW column
        if stamp is None and pd.DatetimeIndex(table.index).tz is not None:
            stamp = "start"
            log.warning(
                "table: columns are those of pvlib's read_epw, so its stamps are taken as the "
                "start of each step; %s says otherwise",
                argument("stamp", "end"),
            )
    frames.require_order(tidy, "table")
    frames.fill_missing(tidy, fill, frames.REQUIRED, "table")
    if "pressure" not in table.columns and tidy["pressure"].isna().all():
        tidy["pressure"] = _STANDARD_PRESSURE
        log.warning("table has no column pressure; %g is used", _STANDARD_PRESSURE)
    frames.log_missing(tidy, "table")
    steps, known = frames.lengths(tidy, minutes, "table")
    return Rows(tidy, steps, known, stamp)


def _stamps(index: pd.Index[Any]) -> pd.DatetimeIndex:
    """An index as time stamps; text has to be ISO 8601, and numbers are none.

    Raises
    ------
    WeatherDataError
        It holds something else, or gaps.
    """
    if isinstance(index, pd.DatetimeIndex):
        stamps = index
    elif pd.api.types.is_numeric_dtype(index.dtype):
        raise WeatherDataError("index", "time stamps", "numbers")
    else:
        try:
            values = [parse_datetime(v, "index") if isinstance(v, str) else v for v in index]
            stamps = pd.DatetimeIndex(values)
        except (TypeError, ValueError) as error:
            if isinstance(error, WeatherDataError):
                raise
            raise WeatherDataError("index", "time stamps", str(index.dtype)) from error
    if stamps.hasnans:
        raise WeatherDataError("index", "time stamps", "gaps in the index")
    return stamps


def _require_columns(table: pd.DataFrame, given: pd.DataFrame) -> None:
    both_parts = {"direct_rad", "diffuse_rad"} <= set(table.columns)
    for name in frames.REQUIRED:
        if name not in table.columns and not (name == "global_rad" and both_parts):
            raise WeatherDataError(
                name,
                "columns " + ", ".join(frames.REQUIRED),
                "columns " + ", ".join(map(str, given.columns)),
                f"Name them with columns={{{name!r}: 'your name', ...}}.",
            )


def _rename(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    for ours, theirs in columns.items():
        if ours not in (*frames.COLUMNS, "datetime"):
            raise ConfigurationError(
                "columns", "keys among " + ", ".join(frames.COLUMNS), repr(ours)
            )
        if theirs not in frame.columns:
            raise WeatherDataError(theirs, "a column of the table", "none of that name")
    return frame.rename(columns={theirs: ours for ours, theirs in columns.items()})


def _known_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Our names for columns that have another we know, unless ours are there."""
    known: dict[str, str] = {}
    for theirs, ours in frames.ALIASES.items():
        if theirs in frame.columns and ours not in frame.columns and ours not in known.values():
            known[theirs] = ours
    return frame.rename(columns=known)


def _numeric(values: pd.Series, name: str) -> Any:
    try:
        return pd.to_numeric(values).to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise WeatherDataError(name, "numbers", str(error)) from None

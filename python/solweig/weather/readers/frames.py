"""What all readers of weather do with their frame: select, fill, check the order.

A frame is indexed by time stamp, with columns ``ta``, ``rh``, ``global_rad``, ``ws``, ``pressure``
[hPa], ``direct_rad`` (beam normal) and ``diffuse_rad``, NaN where missing.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from solweig.errors import ConfigurationError, WeatherDataError
from solweig.typing import F64
from solweig.weather.values import Fill

log = logging.getLogger("solweig")

REQUIRED = ("ta", "rh", "global_rad")
OPTIONAL = ("ws", "pressure", "direct_rad", "diffuse_rad")
COLUMNS = REQUIRED + OPTIONAL


@dataclass(frozen=True)
class Rows:
    """What a reader gives: a frame, and the length of the step of each row [min]."""

    frame: pd.DataFrame
    minutes: F64


def spacing(frame: pd.DataFrame) -> Any:
    """Step length of every row [min]: the usual one, or less where the row before is nearer."""
    if len(frame) < 2:
        return np.full(len(frame), 60.0)
    minutes = np.diff(frame.index.to_numpy()) / np.timedelta64(1, "m")
    usual = float(np.median(minutes))
    return np.minimum(np.concatenate([minutes[:1], minutes]), usual)


def require_order(frame: pd.DataFrame, source: str) -> None:
    """Check that the stamps strictly increase.

    Raises
    ------
    WeatherDataError
        Two that do not; says which.
    """
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


def fill_missing(frame: pd.DataFrame, fill: Fill, required: Sequence[str], source: str) -> None:
    """Fill missing values as asked, in place.

    Raises
    ------
    WeatherDataError
        A required value is still missing.
    ConfigurationError
        An unknown ``fill`` or field in it.
    """
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


def log_missing(frame: pd.DataFrame, source: str) -> None:
    """Say in the log what missing wind or pressure leads to."""
    consequences = {
        "ws": "UTCI and PET have no value there; fill={'ws': ...} gives one",
        "pressure": "the model takes 1013 hPa there; fill={'pressure': ...} gives another",
    }
    for name, consequence in consequences.items():
        count = int(frame[name].isna().sum())
        if count:
            log.warning("%s: %s missing in %d step(s): %s", source, name, count, consequence)


def select(
    frame: pd.DataFrame,
    start: Any,
    end: Any,
    hours: Iterable[int] | None,
    source: str,
    utc_offset: float | None,
) -> pd.DataFrame:
    """The rows of a period and of some hours, as a copy.

    Parameters
    ----------
    frame
        Indexed by local standard time.
    start, end
        First and last stamp; an ``end`` without a time of day is that whole day; ``None`` = no
        bound.
    hours
        Hours of the day to keep, 0-23; ``None`` = all.
    source
        Where the rows are from, for messages.
    utc_offset
        Of the frame's clock [h]; ``None`` where it is not known.

    Raises
    ------
    WeatherDataError
        No row is left.
    ConfigurationError
        Hours out of range, or a bound with a time zone where the clock is not known.
    """
    keep = np.ones(len(frame), np.bool_)
    stamps = pd.DatetimeIndex(frame.index)
    if start is not None:
        keep &= np.asarray(stamps >= _local(timestamp(start, "start"), utc_offset))
    if end is not None:
        last = _local(timestamp(end, "end"), utc_offset)
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


def timestamp(value: Any, name: str) -> pd.Timestamp:
    """A bound of a period as pandas has it.

    Raises
    ------
    WeatherDataError
        Neither a date nor a date and time.
    """
    try:
        stamp = pd.Timestamp(value)
    except (TypeError, ValueError):
        stamp = None
    if stamp is None or pd.isna(stamp):
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

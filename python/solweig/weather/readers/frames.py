"""What all readers of weather do with their frame: select, fill, check order, units and lengths.

A frame is indexed by time stamp, with columns ``ta``, ``rh``, ``global_rad``, ``ws``, ``pressure``
[hPa], ``direct_rad`` (beam normal), ``diffuse_rad`` and ``longwave_down`` [W m-2], NaN where
missing.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from solweig.errors import ConfigurationError, WeatherDataError
from solweig.messages import argument
from solweig.typing import F64
from solweig.weather.values import HIGHEST_WET_RH, LONGWAVE_DOWN, Fill, Origin

log = logging.getLogger("solweig")

REQUIRED = ("ta", "rh", "global_rad")
OPTIONAL = ("ws", "pressure", "direct_rad", "diffuse_rad", "longwave_down")
COLUMNS = REQUIRED + OPTIONAL
ALIASES = {
    "temp_air": "ta",
    "relative_humidity": "rh",
    "ghi": "global_rad",
    "wind": "ws",
    "wind_speed": "ws",
    "atmospheric_pressure": "pressure",
    "dni": "direct_rad",
    "dhi": "diffuse_rad",
    "measured_direct_rad": "direct_rad",
    "measured_diffuse_rad": "diffuse_rad",
    "measured_longwave_down": "longwave_down",
    "ghi_infrared": "longwave_down",
    "ldown": "longwave_down",
}
"""Other names of the quantities, pvlib's among them."""
HOUR = 60.0
"""Rows farther apart than this many minutes stand for no longer, unless their length is said."""

# What a quantity is in where its values are all this large, by the unit it should be in.
_PRESSURES = (("kPa", 30.0, 110.0), ("hPa", 400.0, 1100.0), ("Pa", 30_000.0, 110_000.0))


@dataclass(frozen=True)
class Rows:
    """What a reader gives.

    Attributes
    ----------
    frame
        One row a step.
    minutes
        Length of each step [min].
    length_known
        Whether the lengths are the source's or were said, and not the hour that stands for rows
        farther apart.
    stamp
        What the stamps mark; ``None`` leaves it to the run.
    origin
        Where the source says it is from.
    kind
        What it was read as, in words.
    notes
        What else was understood, in words.
    """

    frame: pd.DataFrame
    minutes: F64
    length_known: bool
    stamp: str | None = None
    origin: Origin | None = None
    kind: str = ""
    notes: tuple[str, ...] = ()


def usual_spacing(frame: pd.DataFrame) -> float:
    """Median distance of the rows [min]; infinite for a single one."""
    apart = np.diff(frame.index.to_numpy()) / np.timedelta64(1, "m")
    return float(np.median(apart)) if apart.size else np.inf


def lengths(frame: pd.DataFrame, said: float | None, source: str) -> tuple[F64, bool]:
    """Length of each row's step [min], and whether it is known.

    The usual spacing, less where the row before is nearer, and never more than an hour by itself:
    what thinned rows stand for cannot be seen in them.

    Parameters
    ----------
    frame
        Rows in order of time.
    said
        The length that the caller gave.
    source
        For messages.

    Raises
    ------
    WeatherDataError
        ``said`` is no length of a step.
    """
    apart = np.diff(frame.index.to_numpy()) / np.timedelta64(1, "m")
    if said is not None:
        if isinstance(said, str) or not 0.01 <= said <= 1440:
            raise WeatherDataError("timestep_minutes", "0.01 to 1440 min", repr(said))
        if apart.size and apart.min() < said:
            log.warning(
                "%s: steps of %g min were asked for, but rows are %g min apart; that counts",
                source, said, apart.min(),
            )  # fmt: skip
        return np.full(len(frame), float(said)), True
    if apart.size == 0:
        return np.full(len(frame), HOUR), False
    usual = usual_spacing(frame)
    backward = np.concatenate([apart[:1], apart])
    if usual > HOUR:
        log.warning(
            "%s: rows are %g min apart; each stands for %g min unless %s says otherwise",
            source, usual, HOUR, argument("timestep_minutes"),
        )  # fmt: skip
    return np.minimum(backward, min(usual, HOUR)), True


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


def require_pressure(values: F64, unit: str, source: str, lines: Sequence[int]) -> None:
    """Check the pressures of a file in its own unit, so that a message shows what is written there.

    Raises
    ------
    WeatherDataError
        A value out of range, with the unit it looks like.
    """
    low, high = {"kPa": (40.0, 110.0), "Pa": (40_000.0, 110_000.0)}[unit]
    wrong = np.flatnonzero((values < low) | (values > high))
    if not wrong.size:
        return
    value = float(values[wrong[0]])
    looks = next((name for name, a, b in _PRESSURES if a <= value <= b and name != unit), None)
    guess = "" if looks is None else f" It looks like {looks}."
    raise WeatherDataError(
        "pressure", f"{low:g} to {high:g} {unit}", f"{value:g}",
        f"In {source}, line {lines[int(wrong[0])]}.{guess}",
    )  # fmt: skip


def clip_humidity(frame: pd.DataFrame, source: str) -> None:
    """Take humidity a little over 100 % as saturated, in place."""
    wet = (frame["rh"] > 100.0) & (frame["rh"] <= HIGHEST_WET_RH)
    if wet.any():
        log.info("%s: rh above 100 %% in %d row(s), taken as 100 %%", source, int(wet.sum()))
        frame.loc[wet, "rh"] = 100.0


def screen_longwave(frame: pd.DataFrame, source: str) -> None:
    """Take longwave that no sky sends for missing, in place; 0 is how files say that it is."""
    low, high = LONGWAVE_DOWN
    values = frame["longwave_down"].to_numpy(dtype=np.float64)
    wrong = (values < low) | (values > high)
    if not wrong.any():
        return
    told = values[wrong & (values != 0.0)]
    if told.size:
        log.warning(
            "%s: longwave from the sky is %g W/m2 in one of %d row(s), which no sky sends (%g to "
            "%g); it counts as missing there",
            source, told[0], told.size, low, high,
        )  # fmt: skip
    frame.loc[wrong, "longwave_down"] = np.nan


def _fill_value(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ConfigurationError("fill", f"a number for {name}", repr(value))
    return number


def fill_missing(frame: pd.DataFrame, fill: Fill, required: Sequence[str], source: str) -> None:
    """Fill missing values as asked, in place; humidity over 100 % is clipped first.

    A missing global radiation is no gap where both its parts are there.

    Raises
    ------
    WeatherDataError
        A required value is still missing.
    ConfigurationError
        An unknown ``fill`` or field in it.
    """
    clip_humidity(frame, source)
    screen_longwave(frame, source)
    if isinstance(fill, Mapping):
        for given, value in fill.items():
            name = ALIASES.get(given, given)
            if name not in COLUMNS:
                raise ConfigurationError("fill", "keys among " + ", ".join(COLUMNS), repr(given))
            number = _fill_value(given, value)
            _say_filled(frame, name, f"{number:g}", source)
            frame[name] = frame[name].fillna(number)
    elif fill == "interpolate":
        for name in COLUMNS:
            if frame[name].notna().any():
                _say_filled(frame, name, "interpolation in time", source)
                frame[name] = frame[name].interpolate(method="time", limit_area="inside")
    elif fill is not None:
        raise ConfigurationError("fill", "None, 'interpolate' or a mapping", repr(fill))
    for name in required:
        missing = frame[name].isna()
        if name == "global_rad":
            missing &= frame["direct_rad"].isna() | frame["diffuse_rad"].isna()
        rows = frame.index[missing]
        if len(rows):
            shown = ", ".join(f"{stamp:%Y-%m-%d %H:%M}" for stamp in rows[:3])
            raise WeatherDataError(
                name,
                "a value in every row",
                f"{len(rows)} missing, at {shown}" + (", ..." if len(rows) > 3 else ""),
                f"In {source}. {argument('fill', 'interpolate')} or "
                f"{argument('fill', {name: 'VALUE'})} fills them.",
            )


def _say_filled(frame: pd.DataFrame, name: str, how: str, source: str) -> None:
    count = int(frame[name].isna().sum())
    if count:
        log.info("%s: %s missing in %d row(s), filled with %s", source, name, count, how)


def log_missing(frame: pd.DataFrame, source: str) -> None:
    """Say in the log what missing wind or pressure leads to."""
    consequences = {
        "ws": f"UTCI and PET have no value there; {argument('fill', {'ws': 'VALUE'})} gives one",
        "pressure": "the model takes 1013 hPa there; "
        f"{argument('fill', {'pressure': 'VALUE'})} gives another",
    }
    for name, consequence in consequences.items():
        count = int(frame[name].isna().sum())
        if count:
            log.warning("%s: %s missing in %d step(s): %s", source, name, count, consequence)

"""Weather of one time step: its values and their ranges."""

from __future__ import annotations

import datetime as dt
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from solweig.errors import WeatherDataError
from solweig.weather.dates import parse_datetime

log = logging.getLogger("solweig")

Fill = Mapping[str, float] | Literal["interpolate"] | None

STAMPS = ("end", "centre", "start")
HIGHEST_WET_RH = 105.0
"""Sensors in fog read a little over 100 %; up to here it is taken as saturated."""

LONGWAVE_DOWN = (40.0, 700.0)
"""What the sky sends down on earth: polar night to tropical cloud, with room [W m-2]."""

# field: (low, high, unit, may be NaN)
_RANGES: dict[str, tuple[float, float, str, bool]] = {
    "ta": (-70.0, 60.0, "deg C", False),
    "rh": (0.0, 100.0, "%", False),
    "global_rad": (0.0, 1500.0, "W/m2", False),
    "ws": (0.0, 60.0, "m/s", True),
    "pressure": (400.0, 1100.0, "hPa", True),
    "timestep_minutes": (0.01, 1440.0, "min", False),
    "measured_direct_rad": (0.0, 1500.0, "W/m2", True),
    "measured_diffuse_rad": (0.0, 1500.0, "W/m2", True),
    "measured_longwave_down": (*LONGWAVE_DOWN, "W/m2", True),
    "wind_direction": (0.0, 360.0, "degrees", True),
    "precomputed_sun_altitude": (-90.0, 90.0, "degrees", False),
    "precomputed_sun_azimuth": (-180.0, 360.0, "degrees", False),
    "precomputed_altmax": (0.0, 90.0, "degrees", False),
}


def range_of(name: str) -> tuple[float, float, str]:
    """Lowest and highest value of a quantity of a step, and its unit."""
    low, high, unit, _ = _RANGES[name]
    return low, high, unit


_CODES = (-99.0, -999.0, -9999.0, 999.0, 9999.0)
_OPTIONAL = (
    "measured_direct_rad",
    "measured_diffuse_rad",
    "measured_longwave_down",
    "wind_direction",
    "precomputed_sun_altitude",
    "precomputed_sun_azimuth",
    "precomputed_altmax",
)


@dataclass(frozen=True)
class Origin:
    """Where a weather file says it is from.

    Attributes
    ----------
    name
        Of the file.
    latitude, longitude
        Degrees north and east.
    altitude
        Above sea level [m].
    utc_offset
        Hours its clock is ahead of UTC.
    """

    name: str
    latitude: float
    longitude: float
    altitude: float
    utc_offset: float


@dataclass
class WeatherValues:
    """Weather of one time step as plain values; :class:`solweig.Weather` adds where from.

    Fields, units, ranges and errors are those of :class:`solweig.Weather`.
    """

    # Set by the readers of files; no part of the weather itself.
    origin: ClassVar[Origin | None] = None
    #: The length is the file's or was said; 60 min may otherwise be the default only.
    length_known: ClassVar[bool] = False

    datetime: dt.datetime
    ta: float
    rh: float
    global_rad: float
    ws: float = 1.0
    pressure: float = 1013.25
    timestep_minutes: float = 60
    measured_direct_rad: float | None = None
    measured_diffuse_rad: float | None = None
    precomputed_sun_altitude: float | None = None
    precomputed_sun_azimuth: float | None = None
    precomputed_altmax: float | None = None
    stamp: str | None = None
    measured_longwave_down: float | None = None
    wind_direction: float | None = None
    sun_altitude: float = field(init=False, default=math.nan)
    sun_azimuth: float = field(init=False, default=math.nan)
    sun_zenith: float = field(init=False, default=math.nan)
    altmax: float = field(init=False, default=math.nan)
    direct_rad: float = field(init=False, default=math.nan)
    diffuse_rad: float = field(init=False, default=math.nan)
    clearness_index: float = field(init=False, default=math.nan)

    def __post_init__(self) -> None:
        self.datetime = as_datetime(self.datetime)
        if self.stamp is not None and self.stamp not in STAMPS:
            raise WeatherDataError("stamp", ", ".join(STAMPS) + " or None", repr(self.stamp))
        if self.global_rad is None and self._has_both_parts():
            self.global_rad = math.nan
        for name, (low, high, unit, may_be_nan) in _RANGES.items():
            value = getattr(self, name)
            if value is None and name in _OPTIONAL:
                continue
            number = _number(value)
            if name == "rh" and high < number <= HIGHEST_WET_RH:
                log.info("rh %g %% at %s is taken as 100 %%", number, self.datetime)
                number = high
            missing = _is_nan(value) and (
                may_be_nan or (name == "global_rad" and self._has_both_parts())
            )
            if not (low <= number <= high or missing):
                raise WeatherDataError(
                    name, f"{low:g} to {high:g} {unit}", repr(value), self._hint(name, number)
                )
            setattr(self, name, number)

    def _has_both_parts(self) -> bool:
        """Whether direct and diffuse radiation are there, from which the global follows."""
        parts = (self.measured_direct_rad, self.measured_diffuse_rad)
        return all(part is not None and not math.isnan(_number(part)) for part in parts)

    def _hint(self, name: str, number: float) -> str:
        low_longwave = LONGWAVE_DOWN[0]
        when = f"At {self.datetime:%Y-%m-%d %H:%M}."
        if number in _CODES:
            return f"{when} It looks like a code for a missing value: write NaN."
        if name == "ta" and 180 < number < 340:
            return f"{when} It looks like kelvin: subtract 273.15."
        if name == "ta" and 60 < number < 130:
            return f"{when} It looks like Fahrenheit: (value - 32) / 1.8."
        if name == "pressure" and 30 < number < 110:
            return f"{when} It looks like kPa: multiply by 10."
        if name == "pressure" and 40_000 < number < 110_000:
            return f"{when} It looks like Pa: divide by 100."
        if name == "global_rad" and 1500 < number < 5400:
            return f"{when} Is it kJ/m2 in an hour? Then divide by 3.6."
        if name == "global_rad" and -50 < number < 0:
            return f"{when} Set the small negative readings of the night to 0."
        if name == "measured_longwave_down" and -200 < number < low_longwave:
            return f"{when} Is it net radiation? What comes down from the sky is meant."
        if name == "measured_longwave_down" and number > 1500:
            return f"{when} Is it J/m2 in an hour? Then divide by 3600."
        if name == "rh" and 100 < number < 115:
            return f"{when} Set supersaturated readings to 100."
        return when

    @property
    def is_daytime(self) -> bool:
        """Whether the sun is up; ``False`` before :meth:`compute_derived`."""
        return self.sun_altitude > 0


def as_datetime(value: Any) -> dt.datetime:
    """A ``datetime`` from one, from text in ISO form, or from numpy's or pandas' own types.

    Raises
    ------
    WeatherDataError
        Anything else.
    """
    if hasattr(value, "to_pydatetime"):
        if value != value:  # NaT
            raise WeatherDataError("datetime", "a date and time", "none")
        value = value.to_pydatetime(warn=False)
    if type(value).__module__ == "numpy":
        value = value.astype("datetime64[us]").item()
    if isinstance(value, str):
        return parse_datetime(value, "datetime")
    if not isinstance(value, dt.datetime):
        raise WeatherDataError("datetime", "a date and time", repr(value))
    return value


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)

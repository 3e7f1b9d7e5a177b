"""Where the sun is.

Positions come from the solar position algorithm of Reda & Andreas (2004), as pvlib codes it, with
the fixed air (1010 hPa, 10 deg C) and terrestrial time difference (0 s) of the reference model.
Altitudes are apparent: refraction is in them. All instants are UTC as ``datetime64``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError
from solweig.typing import F64

Times = NDArray[np.datetime64]

PRESSURE_PA = 101_000.0
TEMPERATURE_C = 10.0
LOWEST_DAY_ALTITUDE = 1.0  # degrees

# What fraction of a step lies between the stamp and the middle of the step.
_SHIFT = {"end": -0.5, "centre": 0.0, "start": 0.5}

_QUARTER_HOURS = np.arange(96) * np.timedelta64(15, "m")


@dataclass(frozen=True)
class SunTrack:
    """Where the sun is at some instants, each an array of shape ``[n]``.

    Attributes
    ----------
    altitude
        Apparent altitude above the horizon [degrees]; no refraction below -0.83 degrees.
    azimuth
        Clockwise from north [degrees].
    elevation
        Altitude without refraction [degrees].
    equation_of_time
        What a sundial is ahead of mean solar time [minutes].
    """

    altitude: F64
    azimuth: F64
    elevation: F64
    equation_of_time: F64


def sun_track(times: Any, latitude: float, longitude: float, altitude_m: float = 0.0) -> SunTrack:
    """The sun at some instants, without the low-sun rule.

    Parameters
    ----------
    times
        UTC instants, shape ``[n]``, anything ``numpy`` reads as ``datetime64``.
    latitude
        -90 to 90 degrees, north positive.
    longitude
        -180 to 180 degrees, east positive.
    altitude_m
        Height of the site above sea level [m].
    """
    import pandas as pd
    from pvlib.solarposition import spa_python

    index = pd.DatetimeIndex(np.atleast_1d(np.asarray(times, "datetime64[ns]"))).tz_localize("UTC")
    found = spa_python(
        index,
        latitude,
        longitude,
        altitude=altitude_m,
        pressure=PRESSURE_PA,
        temperature=TEMPERATURE_C,
        delta_t=0.0,
    )
    names = ("apparent_elevation", "azimuth", "elevation", "equation_of_time")
    return SunTrack(*(found[name].to_numpy(dtype=np.float64) for name in names))


def sun_position(
    times: Any, latitude: float, longitude: float, altitude_m: float = 0.0
) -> tuple[F64, F64]:
    """Apparent altitude and azimuth of the sun, without the low-sun rule.

    Parameters
    ----------
    times
        UTC instants, shape ``[n]``, anything ``numpy`` reads as ``datetime64``.
    latitude
        -90 to 90 degrees, north positive.
    longitude
        -180 to 180 degrees, east positive.
    altitude_m
        Height of the site above sea level [m].

    Returns
    -------
    tuple[F64, F64]
        Altitude above the horizon and azimuth clockwise from north, degrees, shape ``[n]``. Below
        -0.83 degrees the altitude has no refraction.
    """
    track = sun_track(times, latitude, longitude, altitude_m)
    return track.altitude, track.azimuth


def raise_low_sun(altitude: F64) -> F64:
    """Altitudes in [0, 1) degrees become 1 (R 2.3); by day the sun is never lower.

    The lowest degree is hidden by terrain and haze almost everywhere, and shadows there are
    longer than any raster.
    """
    low = (altitude >= 0.0) & (altitude < LOWEST_DAY_ALTITUDE)
    return np.where(low, LOWEST_DAY_ALTITUDE, altitude)


def middle_of_step(times: Times, step_minutes: Any, stamp: str = "end") -> Times:
    """The instant at which the sun stands for a whole step (R 2.2).

    Parameters
    ----------
    times
        Time stamps, shape ``[n]``.
    step_minutes
        Length of each step [min], scalar or shape ``[n]``.
    stamp
        What a stamp marks: the ``"end"``, ``"centre"`` or ``"start"`` of its step.

    Raises
    ------
    ConfigurationError
        Another ``stamp``.
    """
    if stamp not in _SHIFT:
        raise ConfigurationError("stamp", "end, centre or start", repr(stamp))
    seconds = np.asarray(step_minutes, np.float64) * 60.0 * _SHIFT[stamp]
    shift = np.round(seconds * 1e9).astype("timedelta64[ns]")
    moved: Times = np.asarray(times, "datetime64[ns]") + shift
    return moved


def bounds_of_steps(times: Times, step_minutes: Any, stamp: str) -> Times:
    """Beginning and end of the interval each step stands for.

    Parameters
    ----------
    times, step_minutes, stamp
        As :func:`middle_of_step` takes them.

    Returns
    -------
    Times
        ``[n, 2]``.

    Raises
    ------
    ConfigurationError
        Another ``stamp``.
    """
    length = np.round(np.asarray(step_minutes, np.float64) * 60e9).astype("timedelta64[ns]")
    first = middle_of_step(times, step_minutes, stamp) - length // 2
    bounds: Times = np.stack([first, first + length], axis=-1)
    return bounds


@dataclass(frozen=True)
class StepSuns:
    """The suns of steps that have several, each for an equal part of its interval (R 2.7).

    Attributes
    ----------
    altitude
        Apparent altitude after the low-sun rule, shape ``[n, suns]`` [degrees].
    azimuth
        Clockwise from north, shape ``[n, suns]`` [degrees].
    """

    altitude: F64
    azimuth: F64

    @property
    def up(self) -> NDArray[np.bool_]:
        """Which are above the horizon, shape ``[n, suns]``."""
        return np.asarray(self.altitude >= 0.0)

    @property
    def share_up(self) -> F64:
        """Share of each interval with the sun up, shape ``[n]``."""
        return np.asarray(self.up.mean(axis=1), np.float64)

    @property
    def mean_altitude(self) -> F64:
        """Altitude whose sine is the mean of those that are up; the highest where none is."""
        sine = np.where(self.up, np.sin(np.radians(self.altitude)), 0.0).sum(axis=1)
        number = self.up.sum(axis=1)
        mean = np.degrees(np.arcsin(sine / np.maximum(number, 1)))
        highest = self.altitude.max(axis=1)
        return np.asarray(np.where(number > 0, mean, highest), np.float64)


def step_suns(
    middles: Times,
    step_minutes: F64,
    number: int,
    latitude: float,
    longitude: float,
    altitude_m: float = 0.0,
) -> StepSuns:
    """The suns of each step, at its start + (i + 1/2) / number of its length.

    Parameters
    ----------
    middles
        UTC instants amid the steps, shape ``[n]``.
    step_minutes
        Length of each step [min], shape ``[n]``.
    number
        Suns of a step.
    latitude, longitude, altitude_m
        As in :func:`sun_track`.
    """
    parts = (np.arange(number) + 0.5) / number - 0.5
    shift = np.round(step_minutes[:, None] * 60e9 * parts).astype("timedelta64[ns]")
    times: Times = middles[:, None] + shift
    altitude, azimuth = sun_position(times.ravel(), latitude, longitude, altitude_m)
    return StepSuns(raise_low_sun(altitude).reshape(times.shape), azimuth.reshape(times.shape))


def to_utc(local: Times, utc_offset: float) -> Times:
    """Local standard time to UTC; the offset may be a fraction of an hour."""
    seconds = np.timedelta64(round(utc_offset * 3600), "s")
    return cast("Times", np.asarray(local, "datetime64[ns]") - seconds)


def solar_time(utc: Times, longitude: float, equation_of_time: F64) -> Times:
    """Apparent solar time: 12:00 is when the sun stands highest (R 2.5).

    Parameters
    ----------
    utc
        Instants, shape ``[n]``.
    longitude
        -180 to 180 degrees, east positive. Both ends are one meridian, so they share one date,
        that of the western side.
    equation_of_time
        Of those instants [minutes].
    """
    return cast("Times", np.asarray(utc, "datetime64[ns]") + _ahead(longitude, equation_of_time))


def _ahead(longitude: float, equation_of_time: F64 | float) -> Any:
    """Solar time less UTC."""
    east = (longitude + 180.0) % 360.0 - 180.0
    minutes = east * 4.0 + np.asarray(equation_of_time, np.float64)
    return np.round(minutes * 60e9).astype("timedelta64[ns]")


def highest_altitude(
    local: Times, latitude: float, longitude: float, utc_offset: float, altitude_m: float = 0.0
) -> F64:
    """Highest sun altitude of the local day of each stamp, floored at 0 [degrees], shape ``[n]``.

    The maximum over the 96 quarter hours of the day (R 2.4); each day is computed once.
    """
    days, rows = np.unique(np.asarray(local, "datetime64[D]"), return_inverse=True)
    midnights = to_utc(days, utc_offset)
    return _highest_after(midnights, latitude, longitude, altitude_m)[rows.ravel()]


def highest_of_solar_day(
    solar: Times, latitude: float, longitude: float, altitude_m: float = 0.0
) -> F64:
    """Highest sun altitude of the solar day of each instant, floored at 0 [degrees], shape ``[n]``.

    As :func:`highest_altitude`, on quarter hours of solar time, of which one is noon.
    """
    days, rows = np.unique(np.asarray(solar, "datetime64[D]"), return_inverse=True)
    noons = days + np.timedelta64(12, "h") - _ahead(longitude, 0.0)
    noon = sun_track(noons, latitude, longitude, altitude_m)
    midnights: Times = days - _ahead(longitude, noon.equation_of_time)
    return _highest_after(midnights, latitude, longitude, altitude_m)[rows.ravel()]


def _highest_after(midnights: Times, latitude: float, longitude: float, altitude_m: float) -> F64:
    """Highest altitude within 24 h of each UTC instant."""
    quarters: Times = midnights[:, None] + _QUARTER_HOURS[None, :]
    altitude, _ = sun_position(quarters.ravel(), latitude, longitude, altitude_m)
    highest = np.maximum(altitude.reshape(quarters.shape).max(axis=1), 0.0)
    return np.asarray(highest, np.float64)

"""One step of weather: ranges, stamps, sun and radiation."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from solweig.errors import WeatherDataError
from solweig.weather.series import weather_series
from tests.support.weather_cases import GOTHENBURG, NOON, step


def test_defaults() -> None:
    weather = step()
    assert (weather.ws, weather.pressure, weather.timestep_minutes) == (1.0, 1013.25, 60)
    assert weather.measured_direct_rad is None
    assert np.isnan(weather.sun_altitude)
    assert weather.is_daytime is False


@pytest.mark.parametrize(
    ("field", "value", "hint"),
    [
        ("ta", 293.15, "kelvin"),
        ("ta", 86.0, "Fahrenheit"),
        ("ta", 62.0, "Fahrenheit"),
        ("ta", float("nan"), "2020-06-21 12:00"),
        ("ta", None, ""),
        ("rh", -1, ""),
        ("rh", 105.1, "supersaturated"),
        ("global_rad", -2, "negative readings of the night"),
        ("global_rad", 2500, "kJ/m2 in an hour"),
        ("global_rad", 6000, ""),
        ("global_rad", float("nan"), ""),
        ("ws", -0.1, ""),
        ("ws", -999, "a code for a missing value"),
        ("ws", None, ""),
        ("pressure", 101.3, "kPa"),
        ("pressure", 101_325, "Pa"),
        ("timestep_minutes", 0, ""),
        ("measured_direct_rad", -999, ""),
        ("measured_diffuse_rad", 9999, ""),
        ("precomputed_sun_altitude", 91, ""),
    ],
)
def test_out_of_range(field: str, value: Any, hint: str) -> None:
    with pytest.raises(WeatherDataError) as caught:
        step(**{field: value})
    assert caught.value.field == field
    assert hint in str(caught.value)


def test_missing_wind_and_pressure_stay_missing() -> None:
    weather = step(ws=float("nan"), pressure=float("nan"))
    assert np.isnan(weather.ws)
    assert np.isnan(weather.pressure)


@pytest.mark.parametrize(
    "stamp",
    ["2020-06-21 12:00", np.datetime64("2020-06-21T12:00"), pd.Timestamp("2020-06-21 12:00"), NOON],
)
def test_kinds_of_stamps(stamp: Any) -> None:
    assert step(stamp).datetime == NOON


@pytest.mark.parametrize("stamp", ["noon", None, 12, dt.date(2020, 6, 21), pd.NaT])
def test_bad_stamps(stamp: Any) -> None:
    with pytest.raises(WeatherDataError) as caught:
        step(stamp)
    assert caught.value.field == "datetime"


def test_sun_stands_half_a_step_before_the_stamp() -> None:
    from solweig.weather import sun

    weather = step(timestep_minutes=30)
    weather.compute_derived(GOTHENBURG)
    altitude, azimuth = sun.sun_position(np.datetime64("2020-06-21T10:45"), 57.7, 12.0, 10.0)
    assert weather.sun_altitude == altitude[0]
    assert weather.sun_azimuth == azimuth[0]
    assert weather.sun_zenith == 90 - altitude[0]
    assert weather.is_daytime
    assert weather.altmax == pytest.approx(55.7, abs=0.1)


def test_derived_radiation() -> None:
    split = step()
    split.compute_derived(GOTHENBURG)
    height = np.sin(np.radians(split.sun_altitude))
    assert split.direct_rad * height + split.diffuse_rad == pytest.approx(500.0, abs=1e-9)
    assert 0 < split.clearness_index < 1
    measured = step(measured_direct_rad=400.0, measured_diffuse_rad=120.0)
    measured.compute_derived(GOTHENBURG)
    assert (measured.direct_rad, measured.diffuse_rad) == (400.0, 120.0)
    night = step(dt.datetime(2020, 6, 21, 1), global_rad=0)
    night.compute_derived(GOTHENBURG)
    assert (night.direct_rad, night.diffuse_rad, night.is_daytime) == (0.0, 0.0, False)


def test_precomputed_sun() -> None:
    weather = step(
        precomputed_sun_altitude=0.4, precomputed_sun_azimuth=-10.0, precomputed_altmax=33.0
    )
    weather.compute_derived(GOTHENBURG)
    assert (weather.sun_altitude, weather.sun_azimuth, weather.altmax) == (1.0, 350.0, 33.0)


def test_time_zone_beats_the_offset() -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    aware, naive = step(NOON.replace(hour=13, tzinfo=zone)), step()
    aware.compute_derived(GOTHENBURG)
    naive.compute_derived(GOTHENBURG)
    assert aware.sun_altitude == naive.sun_altitude
    series = weather_series(aware, GOTHENBURG, ground_clock="legal")
    assert series.columns["clock_fraction"][0] == 0.5

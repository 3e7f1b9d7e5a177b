"""What the label of the clock does not change: days, the ground's clock, noon, leaves."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solweig.errors import ConfigurationError
from solweig.weather.location import Location
from solweig.weather.series import WeatherSeries, weather_series
from solweig.weather.step import Weather
from tests.support.clear_days import clear_day

SHIFTS = {"end": 0.0, "centre": 0.5, "start": 1.0}


def series_of(
    latitude: float,
    longitude: float,
    offset: float,
    ends: pd.DatetimeIndex,
    *,
    stamp: str = "end",
    minutes: float = 60.0,
    **options: Any,
) -> WeatherSeries:
    """A series of intervals that end at instants of UTC, labelled with a clock."""
    table = clear_day(latitude, longitude, ends, minutes)
    table.index = ends + pd.Timedelta(hours=offset) - pd.Timedelta(minutes=minutes) * SHIFTS[stamp]
    rows = Weather.from_dataframe(table, timestep_minutes=minutes, stamp=stamp)
    return weather_series(rows, Location(latitude, longitude, 10.0, offset), **options)


def day_at(longitude: float, date: str = "2023-07-10", hours: int = 24) -> pd.DatetimeIndex:
    """Full hours of UTC that end the intervals of a local day."""
    midnight = pd.Timestamp(date) - pd.Timedelta(hours=round(longitude / 15.0))
    return pd.date_range(midnight, periods=hours + 1, freq="h")[1:]


def assert_same(a: WeatherSeries, b: WeatherSeries) -> None:
    for name, values in a.columns.items():
        np.testing.assert_allclose(values, b.columns[name], rtol=0, atol=1e-9, err_msg=name)


@settings(max_examples=25, deadline=None)
@given(
    latitude=st.floats(-65, 65),
    longitude=st.floats(-180, 180),
    quarters=st.integers(-12, 12),
    date=st.dates(dt.date(2019, 1, 1), dt.date(2024, 12, 31)),
)
def test_the_label_of_the_clock_changes_nothing(
    latitude: float, longitude: float, quarters: int, date: dt.date
) -> None:
    ends = day_at(longitude, str(date), hours=30)
    own = round(longitude / 15.0)
    if abs(own) > 12:
        return
    here = series_of(latitude, longitude, own, ends)
    there = series_of(latitude, longitude, max(-14.0, min(14.0, own + quarters / 4.0)), ends)
    assert_same(here, there)


@pytest.mark.parametrize("stamp", ["centre", "start"])
@pytest.mark.parametrize("formulation", ["reference", "improved"])
@pytest.mark.parametrize("minutes", [60.0, 10.0])
def test_equal_intervals_are_equal_however_stamped(
    stamp: str, formulation: str, minutes: float
) -> None:
    ends = pd.date_range("2023-07-10 00:00", periods=int(1440 / minutes) + 1, freq=f"{minutes}min")
    ends = ends[1:]
    end = series_of(38, 23.7, 2, ends, minutes=minutes, formulation=formulation)
    other = series_of(38, 23.7, 2, ends, minutes=minutes, stamp=stamp, formulation=formulation)
    assert_same(end, other)


def test_the_ground_goes_by_the_end_of_the_interval_in_solar_time() -> None:
    # The sundial is 16.4 min ahead in early November; 30 degrees east are two hours.
    ends = pd.DatetimeIndex(["2023-11-03 10:00", "2023-11-03 11:00"])
    clock = series_of(40, 30, 0, ends).columns["clock_fraction"] * 24.0
    assert clock == pytest.approx([12 + 16.4 / 60, 13 + 16.4 / 60], abs=0.2 / 60)
    middle = series_of(40, 30, 0, ends, formulation="improved").columns["clock_fraction"] * 24.0
    assert middle == pytest.approx(clock - 0.5, abs=1e-9)
    # The reference's rule: the clock of the stamps.
    legal = series_of(40, 30, 3, ends, ground_clock="legal").columns["clock_fraction"] * 24.0
    assert legal == pytest.approx([13.0, 14.0])


def test_noon_of_the_clock_is_the_highest_sun() -> None:
    for longitude in (-179.0, -105.0, 0.0, 77.2, 151.2, 179.0):
        ends = pd.date_range(day_at(longitude)[0], periods=24 * 12, freq="5min")
        series = series_of(35, longitude, 0, ends, minutes=5.0, formulation="improved")
        highest = int(series.columns["altitude"].argmax())
        assert series.columns["clock_fraction"][highest] == pytest.approx(0.5, abs=3 / 1440)


@pytest.mark.parametrize("longitude", [-179.5, -157.9, -80.0, 77.2, 151.2, 174.8, 179.5])
def test_a_day_that_straddles_midnight_utc_is_one_day(longitude: float) -> None:
    ends = day_at(longitude, "2023-01-10")
    series = series_of(-30, longitude, 0, ends)
    days, counts = np.unique(series.columns["day_of_year"], return_counts=True)
    # But for the hour that the sundial is away from the zone.
    assert counts.max() >= 23
    assert days[counts.argmax()] == 10
    whole = series.columns["day_of_year"] == 10
    water = series.columns["water_temperature"][whole]
    assert water == pytest.approx(np.full(whole.sum(), series.columns["ta"][whole].mean()))
    assert np.unique(series.columns["altitude_max"][whole]).size == 1


def test_the_days_of_the_reference_are_those_of_the_stamps() -> None:
    ends = day_at(151.2, "2023-01-10")
    utc = series_of(-33.9, 151.2, 0, ends, ground_clock="legal")
    assert set(utc.columns["day_of_year"]) == {9.0, 10.0}
    with pytest.raises(ConfigurationError, match="ground_clock"):
        series_of(-33.9, 151.2, 0, ends, ground_clock="lunar")


def test_the_date_line_is_one_meridian() -> None:
    ends = day_at(180.0)
    assert_same(series_of(-17, 180.0, 12, ends), series_of(-17, -180.0, -12, ends))


def test_solar_noon_does_not_drift_over_the_year() -> None:
    # The equation of time is in the clock: noon is the same hour in February and in November.
    for date in ("2023-02-11", "2023-05-14", "2023-07-26", "2023-11-03"):
        ends = pd.date_range(f"{date} 00:01", periods=24 * 60, freq="1min")
        series = series_of(48, 0.0, 0, ends, minutes=1.0, formulation="improved")
        noon = series.columns["clock_fraction"][int(series.columns["altitude"].argmax())]
        assert noon * 24.0 == pytest.approx(12.0, abs=2 / 60)

"""The series of a run: lengths of steps, sun, leaves, clearness, order and gaps."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from solweig.errors import ConfigurationError, WeatherDataError
from solweig.weather.location import Location
from solweig.weather.series import WeatherSeries, weather_series
from solweig.weather.step import Weather
from tests.support.weather_cases import GOTHENBURG, NOON, day, step


def test_keys_are_the_engines() -> None:
    expected = {
        "ta",
        "rh",
        "pressure_kpa",
        "ws",
        "global_rad",
        "direct_rad",
        "diffuse_rad",
        "day_of_year",
        "clock_fraction",
        "altitude",
        "azimuth",
        "altitude_max",
        "latitude",
        "step_days",
        "leaf_on",
        "night_clearness",
        "water_temperature",
        "longwave_down",
        "hours",
    }
    series = weather_series(day(), GOTHENBURG, ground_clock="legal")
    one = series.step(13)
    assert set(one) == expected
    assert all(type(v) in (float, bool) for v in one.values())
    assert len(series) == 24
    assert one["pressure_kpa"] == pytest.approx(101.325)
    assert one["day_of_year"] == 173
    assert one["clock_fraction"] == pytest.approx(13 / 24)
    assert one["leaf_on"] is True
    assert np.isnan(one["direct_rad"])
    assert series.daytime.sum() == 18


@pytest.mark.parametrize("source", ["gvc/20100710", "gustav_adolfs/20060801"])
def test_reference_series(shared: Path, source: str) -> None:
    site, date = source.split("/")
    (met,) = (shared / "data" / site).glob(f"MetFile*{date}*.txt")
    folder = shared / "reference" / site
    stored = np.load(folder / f"series_{date}_iso.npz")
    place = json.loads((folder / "manifest.json").read_text())["location"]
    location = Location(place["latitude"], place["longitude"], place["altitude"], 1)
    series = weather_series(Weather.from_umep_met(met), location, ground_clock="legal")
    found = series.columns
    up = stored["env__altitude"] > 0
    assert np.array_equal(found["altitude"] > 0, up)
    assert np.abs(found["altitude"] - stored["env__altitude"])[up].max() < 0.0014
    assert np.abs(found["azimuth"] - stored["env__azimuth"])[up].max() < 0.002
    assert np.abs(found["altitude_max"] - stored["env__altmax"]).max() < 0.0014
    assert np.array_equal(found["leaf_on"], stored["env__leafon"] == 1)
    when = found["day_of_year"] + found["clock_fraction"]
    np.testing.assert_allclose(when, stored["env__dectime"], rtol=0, atol=1e-12)
    for ours, theirs in (
        ("ta", "Ta"),
        ("rh", "RH"),
        ("global_rad", "radG"),
        ("direct_rad", "radI"),
        ("diffuse_rad", "radD"),
    ):
        np.testing.assert_array_equal(found[ours], stored[f"env__{theirs}"])
    np.testing.assert_allclose(series.clearness[up], stored["scalar__CI"][up], atol=2e-5)


def test_step_length_from_spacing() -> None:
    hourly = weather_series(day(), GOTHENBURG).columns
    assert set(hourly["hours"]) == {1.0}
    np.testing.assert_allclose(hourly["step_days"], 1 / 24, rtol=1e-12)
    # Ten-minute rows whose timestep_minutes was left at 60: the spacing counts.
    rows = day(minutes=10)
    for row in rows:
        row.timestep_minutes = 60
    np.testing.assert_allclose(weather_series(rows, GOTHENBURG).columns["hours"], 1 / 6)


def test_irregular_steps() -> None:
    clock = [(9, 0), (9, 10), (9, 30), (10, 30), (12, 0)]
    minutes = [10, 10, 20, 60, 90]
    rows = [
        step(NOON.replace(hour=h, minute=m), timestep_minutes=length)
        for (h, m), length in zip(clock, minutes, strict=True)
    ]
    series = weather_series(rows, GOTHENBURG, gaps="error")
    np.testing.assert_allclose(series.columns["hours"] * 60, minutes)
    # Handed over forward: what step i passes on is how old its memory is at step i + 1.
    np.testing.assert_allclose(series.columns["step_days"] * 1440, [10, 20, 60, 90, 90])
    assert series.gaps == []


def test_length_of_steps_stamped_otherwise() -> None:
    rows = [step(NOON.replace(hour=h, minute=m)) for h, m in ((9, 0), (9, 10), (9, 40))]
    for stamp, minutes in (
        ("end", [10, 10, 30]),
        ("start", [10, 30, 30]),
        ("centre", [10, 20, 30]),
    ):
        hours = weather_series(rows, GOTHENBURG, stamp=stamp).columns["hours"]
        np.testing.assert_allclose(hours * 60, minutes)


def test_single_step() -> None:
    one = weather_series(step(), GOTHENBURG).step(0)
    assert (one["step_days"], one["hours"]) == (0.0, 1.0)


@pytest.mark.parametrize(("stamp", "shift"), [("end", -30), ("centre", 0), ("start", 30)])
def test_meaning_of_a_stamp(stamp: str, shift: int) -> None:
    from solweig.weather import sun

    series = weather_series(day(), GOTHENBURG, stamp=stamp, ground_clock="legal")
    when = np.datetime64("2020-06-21T11:00") + np.timedelta64(shift, "m")
    altitude, _ = sun.sun_position(when, 57.7, 12.0, 10.0)
    assert series.columns["altitude"][12] == altitude[0]
    assert series.columns["clock_fraction"][12] == 0.5


@pytest.mark.parametrize(
    ("latitude", "date", "expected"),
    [
        (57.7, "2020-07-01", True),
        (57.7, "2020-01-15", False),
        (-33.9, "2020-07-01", False),
        (-33.9, "2020-01-15", True),
        (-33.9, "2020-12-15", True),
    ],
)
def test_leaf_season_follows_the_hemisphere(latitude: float, date: str, expected: bool) -> None:
    place = Location(latitude, 12.0, 0, 1)
    row = step(f"{date} 12:00")
    assert weather_series(row, place).step(0)["leaf_on"] is expected
    assert weather_series(row, place, conifer=True).step(0)["leaf_on"] is True


def test_own_leaf_days_are_used_as_given() -> None:
    south = Location(-33.9, 12.0, 0, 1)
    row = step("2020-07-01 12:00")
    assert weather_series(row, south, leaf_days=(100, 200)).step(0)["leaf_on"] is True
    assert weather_series(row, south, leaf_days=(200, 100)).step(0)["leaf_on"] is False


def test_night_clearness() -> None:
    rows = day(global_rad=20.0)
    derived = weather_series(rows, GOTHENBURG, ground_clock="legal").columns["night_clearness"]
    assert ((derived > 0) & (derived <= 1)).all()
    assert derived[0] < 1
    given = weather_series(rows, GOTHENBURG, night_clearness=0.7).columns["night_clearness"]
    assert set(given) == {0.7}


def test_night_clearness_by_the_reference_s_drivers() -> None:
    rows = day(global_rad=20.0)

    def by(rule: str) -> tuple[NDArray[np.float64], WeatherSeries]:
        series = weather_series(rows, GOTHENBURG, ground_clock="legal", night_clearness=rule)
        return series.columns["night_clearness"], series

    offerle, series = by("offerle")
    night = ~series.daytime
    evening = night & (np.arange(len(rows)) > 12)
    clear, _ = by("clear")
    assert (clear[night] == 1).all()
    last, _ = by("evening")
    assert (last[night & ~evening] == 1).all()
    assert np.array_equal(last[evening], offerle[evening])
    assert (last[evening] == last[series.daytime][-1]).all()
    for values in (clear, last):
        assert np.array_equal(values[series.daytime], offerle[series.daytime])
    with pytest.raises(ConfigurationError, match="night_clearness"):
        by("starry")


def test_water_temperature_is_the_days_mean() -> None:
    rows = day("2020-06-21", ta=10.0) + day("2020-06-22", ta=20.0)
    water = weather_series(rows, GOTHENBURG, ground_clock="legal").columns["water_temperature"]
    assert water.tolist() == [10.0] * 24 + [20.0] * 24
    # The row stamped 0:00 is the last hour of the day before.
    solar = weather_series(rows, GOTHENBURG).columns["water_temperature"]
    assert solar.tolist() == pytest.approx([10.0] + [10.0 + 10 / 24] * 24 + [20.0] * 23)


def test_order() -> None:
    rows = day()
    for wrong, fault in (
        ([rows[1], rows[0]], "out of order"),
        ([rows[0], rows[0]], "repeated"),
    ):
        with pytest.raises(WeatherDataError, match=fault):
            weather_series(wrong, GOTHENBURG)
    with pytest.raises(WeatherDataError, match="at least one step"):
        weather_series([], GOTHENBURG)
    aware = step(NOON.replace(hour=13, tzinfo=dt.UTC))
    with pytest.raises(WeatherDataError, match="mixture"):
        weather_series([step(), aware], GOTHENBURG)
    with pytest.raises(WeatherDataError, match="Weather objects"):
        weather_series(["sunny"], GOTHENBURG)  # type: ignore[list-item]


def test_gaps() -> None:
    rows = day()
    holed = rows[:5] + rows[8:]
    with pytest.warns(UserWarning, match="1 gap"):
        series = weather_series(holed, GOTHENBURG)
    (gap,) = series.gaps
    assert (gap.before.hour, gap.after.hour, gap.hours) == (4, 8, 3.0)
    assert series.columns["hours"][5] == 1.0
    assert series.columns["step_days"][4] == pytest.approx(4 / 24)
    with pytest.raises(WeatherDataError, match="no steps missing"):
        weather_series(holed, GOTHENBURG, gaps="error")
    assert len(weather_series(holed, GOTHENBURG, gaps="allow").gaps) == 1
    with pytest.raises(ConfigurationError, match="gaps"):
        weather_series(rows, GOTHENBURG, gaps="ignore")


def test_the_same_hours_of_every_day_are_no_gap() -> None:
    days = [day(f"2020-06-{d}") for d in (21, 22, 23)]
    chosen = [row for rows in days for row in rows[10:17]]
    assert weather_series(chosen, GOTHENBURG, gaps="error").gaps == []
    holed = days[0] + days[1][:9] + days[1][12:]
    assert len(weather_series(holed, GOTHENBURG, gaps="allow").gaps) == 1
    missing_day = [row for rows in (days[0], days[2]) for row in rows[10:17]]
    with pytest.raises(WeatherDataError):
        weather_series(missing_day, GOTHENBURG, gaps="error")


def test_the_missing_component_follows_from_the_others() -> None:
    sine = np.sin(np.radians(weather_series(step(), GOTHENBURG).columns["altitude"]))
    whole = {"global_rad": 500.0, "measured_diffuse_rad": 500.0 - 300.0 * sine[0]}
    for name in ("measured_direct_rad", *whole):
        given = {"measured_direct_rad": 300.0, **whole, name: None}
        found = weather_series(step(**given), GOTHENBURG)
        columns, radiation = found.columns, found.radiation
        assert columns["global_rad"] == pytest.approx([500.0])
        assert columns["direct_rad"] == pytest.approx([300.0])
        assert columns["diffuse_rad"] == pytest.approx(500.0 - 300.0 * sine)
        # It cannot contradict them, so it is no measurement.
        assert (radiation.derived.tolist(), radiation.measured.tolist()) == ([True], [False])
    flat = weather_series(step(measured_direct_rad=300.0), GOTHENBURG, beam="horizontal")
    assert flat.columns["diffuse_rad"].tolist() == [200.0]
    assert np.isnan(weather_series(step(), GOTHENBURG).columns["direct_rad"]).all()


def test_a_year_is_quick() -> None:
    import time

    stamps = pd.date_range("2020-01-01 01:00", periods=8760, freq="h")
    frame = pd.DataFrame({"ta": 10.0, "rh": 50.0, "global_rad": 100.0, "ws": 1.0}, index=stamps)
    frame["pressure"] = 1000.0
    start = time.process_time()
    series = weather_series(Weather.from_dataframe(frame), GOTHENBURG)
    assert len(series) == 8760
    assert time.process_time() - start < 10

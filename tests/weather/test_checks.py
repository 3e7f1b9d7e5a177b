"""What is said of weather that hardly means what it says, and that good weather passes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import solweig
from solweig.weather.checks import Finding, check_weather, distance_km, report
from solweig.weather.clock_check import Heights, Shift, find_shift
from solweig.weather.location import Location
from solweig.weather.series import WeatherSeries, weather_series
from solweig.weather.step import Weather
from tests.support.clear_days import clear_day
from tests.support.weather_cases import GOTHENBURG, step

PLACES = [
    (57.7, 12.0, 1.0),
    (38.0, 23.7, 2.0),
    (28.6, 77.2, 5.5),
    (-33.9, 151.2, 10.0),
    (1.3, 103.8, 8.0),
]


def table(
    place: tuple[float, float, float], date: str = "2023-07-10", days: int = 1
) -> pd.DataFrame:
    """Clear days on the legal clock of a place."""
    latitude, longitude, offset = place
    ends = pd.date_range(f"{date} 01:00", periods=24 * days, freq="h")
    return clear_day(latitude, longitude, ends - pd.Timedelta(hours=offset)).set_index(ends)


def found_in(
    frame: pd.DataFrame, place: tuple[float, float, float], **options: Any
) -> dict[str, Finding]:
    """Findings of a run of these rows, by name."""
    location = Location(place[0], place[1], 0.0, place[2])
    beam = options.get("beam", "normal")
    series = weather_series(Weather.from_dataframe(frame), location, **options)
    findings = check_weather(series, location, beam=beam)
    assert len({f.check for f in findings}) == len(findings)
    return {f.check: f for f in findings}


def shift_of(series: WeatherSeries) -> Shift | None:
    return find_shift(series, Heights.of(series), "normal")


# ------------------------------------------------------------------ clock


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("date", ["2023-01-10", "2023-03-21", "2023-07-10", "2023-11-03"])
@pytest.mark.parametrize("parts", [True, False])
def test_nothing_is_said_of_the_right_clock(
    place: tuple[float, float, float], date: str, parts: bool
) -> None:
    frame = table(place, date, 2)
    if not parts:
        frame = frame.drop(columns=["direct_rad", "diffuse_rad"])
    assert not found_in(frame, place)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("wrong", [0.5, 1.0, -1.0, 3.0, -5.0, 11.0])
def test_a_wrong_clock_is_found_with_its_size_and_cure(
    place: tuple[float, float, float], wrong: float
) -> None:
    latitude, longitude, offset = place
    if offset + wrong > 14:  # no such clock
        wrong = -wrong
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        location = Location(latitude, longitude, 0.0, offset + wrong)
    series = weather_series(Weather.from_dataframe(table(place, days=2)), location)
    shift = shift_of(series)
    assert shift is not None
    assert shift.closure
    # A clock too far ahead of UTC makes the sun too early.
    assert shift.minutes == pytest.approx(60 * wrong, abs=3)
    assert shift.rms < 1.0 < shift.rms_here
    text = str(next(f for f in check_weather(series, location) if f.check == "weather clock"))
    assert f"utc_offset={offset:g} (--utc-offset {offset:g})" in text
    assert "longitude=" in text
    assert "(--longitude" in text


@pytest.mark.parametrize("stamp", ["start", "centre"])
def test_a_wrong_stamp_is_found(stamp: str) -> None:
    frame = table(PLACES[0])
    frame.index -= pd.Timedelta(minutes=60 if stamp == "start" else 30)
    finding = found_in(frame, PLACES[0])["weather clock"]
    assert f"stamp={stamp!r} (--stamp {stamp})" in finding.text
    assert ("60 min later" if stamp == "start" else "30 min later") in finding.text
    assert not found_in(frame, PLACES[0], stamp=stamp)


def test_ten_minutes_are_no_matter_and_twenty_are() -> None:
    frame = table(PLACES[1])
    moved = frame.set_index(frame.index + pd.Timedelta(minutes=10))
    assert not found_in(moved, PLACES[1])
    moved = frame.set_index(frame.index + pd.Timedelta(minutes=20))
    assert "20 min earlier" in found_in(moved, PLACES[1])["weather clock"].text


def test_stamps_with_a_zone_blame_the_zone() -> None:
    frame = table(PLACES[1]).tz_localize("Etc/GMT-4")
    text = found_in(frame, PLACES[1])["weather clock"].text
    assert "the stamps' time zone is off by -2 h" in text
    assert "utc_offset=" not in text


def test_a_file_of_pvgis_closes_with_the_right_stamp_only(athens: Path) -> None:
    rows = Weather.from_epw(athens, start="2023-07")
    location = Location.from_epw(athens)
    right = shift_of(weather_series(rows, location))
    assert right is not None
    assert abs(right.minutes) < 2
    assert right.rms_here < 1.5
    quarter_off = Location(location.latitude, location.longitude, 0.0, location.utc_offset + 0.25)
    off = shift_of(weather_series(rows, quarter_off))
    assert off is not None
    assert off.minutes == pytest.approx(15, abs=2)
    assert off.rms_here > 10 * off.rms


def test_global_alone_tells_by_the_symmetry_of_clear_days() -> None:
    frame = table(PLACES[0], days=3).drop(columns=["direct_rad", "diffuse_rad"])
    late = frame.set_index(frame.index + pd.Timedelta(minutes=60))
    finding = found_in(late, PLACES[0])["weather clock"]
    assert "60 min earlier" in finding.text
    assert "3 clear day(s) are symmetric" in finding.text
    # Under clouds the day is no measure of the sun.
    clouds = np.random.default_rng(7).uniform(0.2, 0.9, len(late))
    cloudy = late.assign(global_rad=late["global_rad"] * clouds)
    assert "weather clock" not in found_in(cloudy, PLACES[0])


@pytest.mark.parametrize("derived", ["global_rad", "direct_rad", "diffuse_rad"])
def test_a_component_derived_from_two_says_nothing(derived: str) -> None:
    frame = table(PLACES[0]).drop(columns=[derived])
    frame.index += pd.Timedelta(minutes=60)
    series = weather_series(Weather.from_dataframe(frame), GOTHENBURG)
    shift = shift_of(series)
    assert shift is None or not shift.closure


def test_a_few_rows_of_noon_are_not_judged() -> None:
    rows = [step(f"2020-06-21 {h}:00", measured_direct_rad=500.0, measured_diffuse_rad=100.0)
            for h in (11, 12)]  # fmt: skip
    assert shift_of(weather_series(rows, GOTHENBURG)) is None


def test_another_clock_in_the_file_is_said_where_radiation_does_not_tell(athens: Path) -> None:
    rows = Weather.from_epw(athens, start="2023-07-01", hours=[12])[:1]
    location = Location(37.97, 23.7, 0.0, 3.0)
    series = weather_series(rows, location)
    (finding,) = check_weather(series, location, origin=rows[0].origin)
    assert finding.check == "weather clock"
    assert "says its clock is UTC+2" in finding.text
    assert "utc_offset=2 (--utc-offset 2)" in finding.text


# ------------------------------------------------------------------ night, closure, zeros


def test_light_by_night_is_said_with_the_share_lost() -> None:
    rows = [step(f"2020-06-21 {h:02d}:00", global_rad=g) for h, g in ((0, 300), (12, 900))]
    (finding,) = check_weather(weather_series(rows, GOTHENBURG), GOTHENBURG)
    assert finding.check == "night light"
    assert "1 step(s)" in finding.text
    assert "25 % of it is lost" in finding.text
    assert "300 W/m2 at 2020-06-21 00:00" in finding.text
    # The glow of dusk is light, and an offset of a sensor is none.
    dusk = [step("2020-06-21 22:00", global_rad=15.0), step("2020-06-22 01:00", global_rad=9.0)]
    assert not check_weather(weather_series(dusk, GOTHENBURG), GOTHENBURG)


def measured(
    total: float, direct: float, diffuse: float, hours: Any = range(8, 17)
) -> list[Weather]:
    return [
        step(f"2020-06-21 {h}:00", global_rad=total, measured_direct_rad=direct,
             measured_diffuse_rad=diffuse)
        for h in hours
    ]  # fmt: skip


def test_components_that_do_not_close_are_said_with_the_worst_hour() -> None:
    series = weather_series(measured(800.0, 900.0, 900.0), GOTHENBURG)
    text = {f.check: f for f in check_weather(series, GOTHENBURG)}["radiation closure"].text
    sine = np.sin(np.radians(series.columns["altitude"]))
    miss = np.abs(800.0 - 900.0 * sine - 900.0)
    assert f"differ by {miss.mean():.0f} W/m2" in text
    assert f"most at {series.stamps[int(miss.argmax())]:%Y-%m-%d %H:%M}" in text
    assert "global 800, direct 900, diffuse 900" in text
    assert "beam='horizontal' (--beam horizontal)" in text


def test_the_threshold_of_the_closure() -> None:
    def day(extra: float) -> list[Finding]:
        frame = table(PLACES[0])
        lit = frame["direct_rad"] > 0
        frame.loc[lit, "global_rad"] += extra
        return [f for f in found_in(frame, PLACES[0]).values() if f.check == "radiation closure"]

    mean = table(PLACES[0]).query("direct_rad > 0")["global_rad"].mean()
    limit = max(50.0, 0.1 * (mean + 50.0))
    assert not day(limit - 5.0)
    assert day(limit + 10.0)


def test_direct_on_the_horizontal_closes_when_it_is_said() -> None:
    frame = table(PLACES[1])
    frame["direct_rad"] = frame["global_rad"] - frame["diffuse_rad"]
    assert "radiation closure" in found_in(frame, PLACES[1])
    assert not found_in(frame, PLACES[1], beam="horizontal")


def test_a_part_above_the_global_is_said() -> None:
    rows = [step(f"2020-06-21 {h}:00", global_rad=300.0, measured_diffuse_rad=500.0)
            for h in range(9, 16)]  # fmt: skip
    series = weather_series(rows, GOTHENBURG)
    assert series.columns["direct_rad"].tolist() == [0.0] * 7
    assert [f.check for f in check_weather(series, GOTHENBURG)] == ["radiation closure"]


def test_zeros_that_mean_missing() -> None:
    split = weather_series(measured(800.0, 0.0, 0.0), GOTHENBURG)
    assert np.isnan(split.columns["direct_rad"]).all()
    text = {f.check: f for f in check_weather(split, GOTHENBURG)}["zero radiation"].text
    assert "9 step(s)" in text
    assert "the global is split by the model" in text
    summed = weather_series(measured(0.0, 700.0, 100.0), GOTHENBURG)
    sine = np.sin(np.radians(summed.columns["altitude"]))
    assert summed.columns["global_rad"] == pytest.approx(700.0 * sine + 100.0)
    text = {f.check: f for f in check_weather(summed, GOTHENBURG)}["zero radiation"].text
    assert "it is their sum" in text
    # Overcast: no direct, but diffuse; night: nothing at all.
    assert not check_weather(weather_series(measured(90.0, 0.0, 90.0), GOTHENBURG), GOTHENBURG)
    night = weather_series(measured(0.0, 0.0, 0.0, (1, 2)), GOTHENBURG)
    assert not check_weather(night, GOTHENBURG)


@pytest.mark.parametrize("part", ["measured_direct_rad", "measured_diffuse_rad"])
def test_the_one_part_given_is_missing_where_it_cannot_be_0(part: str) -> None:
    def of(total: float, values: list[float]) -> WeatherSeries:
        rows = [step(f"2020-06-21 {8 + i}:00", global_rad=total, **{part: value})
                for i, value in enumerate(values)]  # fmt: skip
        return weather_series(rows, GOTHENBURG)

    bright = of(800.0, [0.0] * 9)
    assert np.isnan(bright.columns["direct_rad"]).all()
    assert [f.check for f in check_weather(bright, GOTHENBURG)] == ["zero radiation"]
    # A cloud passes, or the sky is overcast: no direct, all of it diffuse.
    for some in (of(500.0, [300.0, 0.0, 300.0]), of(90.0, [0.0] * 9)):
        lone_diffuse = part == "measured_diffuse_rad"
        assert np.isnan(some.columns["direct_rad"]).any() == lone_diffuse


def test_days_without_any_light_are_said() -> None:
    dark = weather_series(measured(0.0, 0.0, 0.0), GOTHENBURG)
    (finding,) = check_weather(dark, GOTHENBURG)
    assert finding.check == "zero radiation"
    assert "all radiation is 0 in each of 9 step(s)" in finding.text
    polar = weather_series([step("2020-12-21 12:00", global_rad=0.0)], GOTHENBURG)
    assert not check_weather(polar, GOTHENBURG)


# ------------------------------------------------------------------ units


@pytest.mark.parametrize(
    ("change", "check", "said"),
    [
        (lambda t: t.assign(global_rad=t["global_rad"] / 1000), "radiation units", "kW/m2"),
        (lambda t: t.assign(global_rad=t["global_rad"] * 0.0036), "radiation units", "MJ/m2"),
        (lambda t: t.assign(rh=t["rh"] / 100), "humidity units", "fraction of 1"),
    ],
)
def test_units_are_guessed(
    change: Callable[[pd.DataFrame], pd.DataFrame], check: str, said: str
) -> None:
    frame = table(PLACES[1])[["ta", "rh", "global_rad", "ws", "pressure"]]
    found = found_in(change(frame), PLACES[1])
    assert list(found) == [check]
    assert said in found[check].text
    # A night says nothing about its units, nor does a dark day.
    night = change(frame).iloc[:3].assign(rh=50.0)
    assert not found_in(night, PLACES[1])


# ------------------------------------------------------------------ place


def test_places_far_from_the_raster_are_said() -> None:
    rows = [step("2020-06-21 12:00")]
    raster = (57.7, 12.0)

    def said(latitude: float, longitude: float) -> list[Finding]:
        location = Location(latitude, longitude, 0.0, 1.0)
        return check_weather(weather_series(rows, location), location, raster=raster)

    assert not said(57.7, 12.0)
    assert not said(58.5, 12.0)  # 89 km
    (far,) = said(58.7, 12.0)
    assert "111 km from the raster" in far.text
    assert "latitude= (--latitude)" in far.text
    assert "swapped" not in far.text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (swapped,) = said(12.0, 57.7)
    assert "Latitude and longitude look swapped." in swapped.text


def test_the_weathers_place_is_compared_with_the_raster(athens: Path) -> None:
    rows = Weather.from_epw(athens, start="2023-07-01", end="2023-07-01")
    location = Location(57.7, 12.0, 0.0, 2.0)
    series = weather_series(rows, location)
    origin = rows[0].origin
    findings = check_weather(series, location, origin=origin, raster=(57.7, 12.0))
    text = next(f.text for f in findings if f.check == "place")
    assert text.startswith("the weather of athens_2023.epw (38.000 N, 23.750 E)")
    assert "km from the raster" in text
    home = Location.from_epw(athens)
    assert not check_weather(weather_series(rows, home), home, origin=origin, raster=(38.0, 23.7))


def test_distances() -> None:
    assert distance_km((0, 0), (0, 90)) == pytest.approx(6371 * np.pi / 2)
    assert distance_km((51.5, -0.1), (48.9, 2.35)) == pytest.approx(340, abs=5)
    assert distance_km((10, 179.9), (10, -179.9)) < 25


# ------------------------------------------------------------------ how it is said


def test_findings_are_warnings_with_a_name_that_filters_know() -> None:
    finding = Finding("night light", "some.")
    with pytest.warns(solweig.WeatherWarning, match=r"^night light: some\. .*docs/checks\.md"):
        report([finding])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "night light", solweig.WeatherWarning)
        report([finding])


def test_warnings_point_at_the_line_of_the_user() -> None:
    dsm = np.zeros((6, 6), np.float32)
    surface = solweig.SurfaceData(dsm, dem=dsm, pixel_size=1.0)
    surface.compute_svf()
    rows = [step("2020-06-21 00:00", global_rad=300.0)]
    with pytest.warns(solweig.WeatherWarning) as caught:
        solweig.calculate(surface, rows, GOTHENBURG)
    assert [Path(w.filename).name for w in caught] == [Path(__file__).name]

"""How long a row stands for: said, not guessed, and alike by every reader."""

from __future__ import annotations

import datetime as dt
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from solweig.errors import WeatherDataError, WeatherWarning
from solweig.weather.location import Location
from solweig.weather.series import WeatherSeries, weather_series
from solweig.weather.step import Weather
from tests.support.clear_days import clear_day, write_epw
from tests.support.weather_cases import GOTHENBURG, step
from tests.weather.test_readers import met_row, write_met

SAID = "timestep_minutes= (--timestep-minutes) says otherwise"


def table(hours: list[float] | range, days: int = 1, minutes: float = 60.0) -> pd.DataFrame:
    """Rows of some hours of clear days in Gothenburg, each the mean of the minutes before it."""
    midnight = pd.date_range("2023-07-10", periods=days, freq="D")
    ends = pd.DatetimeIndex([m + pd.Timedelta(hours=h) for m in midnight for h in hours])
    made = clear_day(57.7, 12.0, ends - pd.Timedelta(hours=1), minutes)
    return made.set_index(ends)


def read(frame: pd.DataFrame, source: str, folder: Path, **options: Any) -> list[Weather]:
    """The same rows by each of the readers."""
    if source == "table":
        return Weather.from_dataframe(frame, **options)
    rows = [
        met_row(
            stamp.dayofyear, stamp.hour, stamp.minute, ta=row.ta, kdn=row.global_rad,
            kdir=row.direct_rad, kdiff=row.diffuse_rad,
        )
        for stamp, row in zip(frame.index, frame.itertuples(), strict=True)
    ]  # fmt: skip
    path = write_met(folder / "m.txt", [line.replace("2020", "2023", 1) for line in rows])
    return Weather.from_umep_met(path, resample_hourly=False, **options)


def columns(rows: list[Weather]) -> WeatherSeries:
    return weather_series(rows, GOTHENBURG)


@pytest.mark.parametrize("source", ["table", "met"])
@pytest.mark.parametrize("days", [1, 3])
def test_thinned_rows_are_hours_with_the_sun_of_their_hour(
    source: str, days: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    thin = read(table([9, 13, 17], days), source, tmp_path)
    assert SAID in caplog.text
    assert {row.timestep_minutes for row in thin} == {60.0}
    every = columns(read(table(range(1, 24), days), source, tmp_path))
    found = columns(thin)
    at = [every.stamps.index(stamp) for stamp in found.stamps]
    for name in ("altitude", "azimuth", "clock_fraction", "hours"):
        np.testing.assert_allclose(found.columns[name], every.columns[name][at], err_msg=name)


@pytest.mark.parametrize("source", ["table", "met"])
def test_one_row_a_day_is_an_hour_of_noon(source: str, tmp_path: Path) -> None:
    found = columns(read(table([13], days=3), source, tmp_path))
    assert found.columns["hours"].tolist() == [1.0] * 3
    assert (found.columns["altitude"] > 50).all()


@pytest.mark.parametrize("source", ["table", "met"])
def test_a_length_that_is_said_counts(
    source: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = columns(read(table([9, 13, 17]), source, tmp_path, timestep_minutes=240))
    assert found.columns["hours"].tolist() == [4.0] * 3
    assert not caplog.text
    short = columns(read(table([9, 13, 17]), source, tmp_path, timestep_minutes=10))
    assert short.columns["hours"].tolist() == pytest.approx([1 / 6] * 3)
    with pytest.raises(WeatherDataError, match=r"timestep_minutes: expected 0\.01 to 1440 min"):
        read(table([9]), source, tmp_path, timestep_minutes=0)


def test_an_hour_kept_of_an_epw_file_is_the_files(tmp_path: Path) -> None:
    rows = Weather.from_epw(write_epw(tmp_path / "a.epw", days=3), hours=[9, 13, 17])
    assert {row.timestep_minutes for row in rows} == {60.0}
    half = write_epw(tmp_path / "b.epw", rows_an_hour=2, minute=lambda k: (k + 1) * 30)
    assert {row.timestep_minutes for row in Weather.from_epw(half, hours=[13])} == {30.0}


@pytest.mark.parametrize("source", ["table", "met"])
def test_one_row_of_five_minutes_is_so_only_if_it_is_said(source: str, tmp_path: Path) -> None:
    (hour,) = read(table([12]), source, tmp_path)
    assert hour.timestep_minutes == 60.0
    (five,) = read(table([12]), source, tmp_path, timestep_minutes=5)
    assert five.timestep_minutes == 5.0
    # Two rows show it by themselves.
    both = read(table([12, 12 + 1 / 12]), source, tmp_path)
    assert [row.timestep_minutes for row in both] == [5.0, 5.0]


def test_fine_rows_after_a_pause_keep_their_length() -> None:
    rows = Weather.from_dataframe(table([8, 8.25, 8.5, 12, 12.25, 12.5], minutes=15))
    assert {row.timestep_minutes for row in rows} == {15.0}


def test_steps_made_by_hand_that_are_far_apart_are_noted() -> None:
    steps = [step(f"2020-06-21 {h}:00") for h in (9, 13, 17)]
    series = weather_series(steps, GOTHENBURG)
    (note,) = [text for text in series.notes if text.startswith("weather")]
    assert "3 step(s) are up to 240 min apart and stand for 60 min each" in note
    assert SAID in note
    hourly = [step(f"2020-06-21 {h}:00") for h in (9, 10, 11)]
    assert not [t for t in weather_series(hourly, GOTHENBURG).notes if t.startswith("weather")]


@pytest.mark.parametrize("stamp", ["end", "start"])
def test_a_gap_in_a_one_day_file_warns(stamp: str) -> None:
    hours = [h for h in range(24) if h not in (10, 11, 12)]
    rows = Weather.from_dataframe(table(hours), stamp=stamp)
    with pytest.warns(WeatherWarning, match=r"1 gap\(s\): 2023-07-10 09:00:00 to .* 13:00:00"):
        weather_series(rows, GOTHENBURG)
    # With the midnight that ends the day, too.
    midnight = Weather.from_dataframe(table([*hours, 24]), stamp=stamp)
    with pytest.warns(WeatherWarning, match="1 gap"):
        weather_series(midnight, GOTHENBURG)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        weather_series(Weather.from_dataframe(table(hours, days=3), stamp=stamp), GOTHENBURG)


# ------------------------------------------------------------------ pvlib


def test_a_frame_of_pvlib_is_what_the_file_is(
    athens: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from pvlib.iotools import read_epw

    frame, meta = read_epw(str(athens))
    with caplog.at_level(logging.INFO):
        of_frame = Weather.from_dataframe(frame)
    assert "its index is the start of each interval" in caplog.text
    of_file = Weather.from_epw(athens)
    assert len(of_frame) == len(of_file) == 8760
    place = Location(meta["latitude"], meta["longitude"], meta["altitude"], meta["TZ"])
    a, b = weather_series(of_frame, place), weather_series(of_file, place)
    for name, values in a.columns.items():
        np.testing.assert_allclose(values, b.columns[name], rtol=0, atol=1e-9, err_msg=name)
    assert [row.datetime.replace(tzinfo=None) for row in of_frame] == [
        row.datetime for row in of_file
    ]


def test_a_part_of_a_frame_of_pvlib(tmp_path: Path) -> None:
    from pvlib.iotools import read_epw

    path = write_epw(tmp_path / "a.epw", days=3)
    frame, _ = read_epw(str(path), coerce_year=2031)
    some = Weather.from_dataframe(frame.loc["2031-06-21"])
    assert [row.datetime.replace(tzinfo=None) for row in some[:2]] == [
        dt.datetime(2031, 6, 21, 1), dt.datetime(2031, 6, 21, 2),
    ]  # fmt: skip
    assert some[0].pressure == pytest.approx(1010.0)
    own = Weather.from_epw(path, year=2031)[24:48]
    assert [row.ta for row in some] == [row.ta for row in own]
    # A choice of its columns under its index is still the start of each hour.
    names = ["temp_air", "relative_humidity", "ghi", "dni", "dhi", "wind_speed"]
    few = Weather.from_dataframe(frame[[*names, "atmospheric_pressure"]])
    assert {row.stamp for row in few} == {"start"}
    place = Location.from_epw(path)
    np.testing.assert_allclose(
        weather_series(few, place).columns["altitude"],
        weather_series(Weather.from_epw(path, year=2031), place).columns["altitude"],
    )

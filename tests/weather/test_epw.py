"""EPW files as they come: bytes, hours, parts of hours, leap days, codes, periods."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from solweig.errors import ConfigurationError, WeatherDataError
from solweig.io import read_epw
from solweig.weather.location import Location
from solweig.weather.series import weather_series
from solweig.weather.step import Weather
from tests.support.clear_days import Row, write_epw


def values(rows: list[Weather]) -> list[tuple[Any, ...]]:
    return [(w.datetime, w.ta, w.rh, w.global_rad, w.ws, w.pressure, w.timestep_minutes,
             w.measured_direct_rad, w.measured_diffuse_rad) for w in rows]  # fmt: skip


def put(column: int, value: object) -> Callable[[Row], Row]:
    return lambda row: [*row[:column], value, *row[column + 1 :]]


@pytest.mark.parametrize(
    ("options", "city"),
    [
        ({"encoding": "utf-8-sig"}, "Testby"),
        ({"encoding": "utf-16"}, "Testby"),
        ({"newline": "\r\n"}, "Testby"),
        ({"newline": "\r"}, "Testby"),
        ({"encoding": "latin-1", "city": "Göteborg"}, "Göteborg"),
        ({"city": "Göteborg"}, "Göteborg"),
        ({"city": '"Paris, Centre"'}, "Paris, Centre"),
        ({"city": "Paris, Centre"}, "Paris, Centre"),
        ({"city": '"Mean ""old"" town"'}, 'Mean "old" town'),
    ],
)
def test_bytes_and_names(tmp_path: Path, options: dict[str, Any], city: str) -> None:
    plain = write_epw(tmp_path / "plain.epw")
    written = options.pop("city", "Testby")
    place = f"{written},-,SWE,own,999999,57.7,12.0,1.0,20.0"
    path = write_epw(tmp_path / "odd.epw", place=place, **options)
    assert values(Weather.from_epw(path)) == values(Weather.from_epw(plain))
    assert Location.from_epw(path) == Location(57.7, 12.0, 20.0, 1.0)
    frame, found = read_epw(path)
    assert (found["city"], found["latitude"], found["TZ"]) == (city, 57.7, 1.0)
    assert len(frame) == 48


def test_blank_lines_and_a_final_mark_are_no_rows(tmp_path: Path) -> None:
    path = write_epw(tmp_path / "a.epw")
    path.write_text(path.read_text() + "\n\n  \n\x1a")
    assert len(Weather.from_epw(path)) == 48


def test_hours_from_0_to_23_are_the_same_hours(tmp_path: Path) -> None:
    usual = write_epw(tmp_path / "a.epw")
    from_zero = write_epw(tmp_path / "b.epw", hours="0-23", minute=lambda k: 0)
    assert values(Weather.from_epw(from_zero)) == values(Weather.from_epw(usual))
    # And they fit the sun: the middle of the step is that of the row's interval.
    series = weather_series(Weather.from_epw(from_zero), Location.from_epw(from_zero))
    sine = np.sin(np.radians(series.track.altitude)).clip(0)
    parts = series.radiation
    assert np.abs(parts.total - parts.direct * sine - parts.diffuse).max() < 0.1


@pytest.mark.parametrize("rows_an_hour", [2, 4, 6])
@pytest.mark.parametrize("hours", ["1-24", "0-23"])
@pytest.mark.parametrize("written", ["ends", "starts", "60", "0 for the last"])
def test_parts_of_hours(tmp_path: Path, rows_an_hour: int, hours: str, written: str) -> None:
    length = 60 // rows_an_hour
    minute = {
        "ends": lambda k: (k + 1) * length,
        "starts": lambda k: k * length,
        "60": lambda k: 60,
        "0 for the last": lambda k: (k + 1) * length % 60,
    }[written]
    path = write_epw(
        tmp_path / "a.epw", rows_an_hour=rows_an_hour, hours=hours, minute=minute, days=1
    )
    rows = Weather.from_epw(path)
    first = dt.datetime(2019, 6, 20)
    expected = [first + dt.timedelta(minutes=length * (i + 1)) for i in range(24 * rows_an_hour)]
    assert [row.datetime for row in rows] == expected
    assert {row.timestep_minutes for row in rows} == {float(length)}
    series = weather_series(rows, Location.from_epw(path))
    sine = np.sin(np.radians(series.track.altitude)).clip(0)
    parts = series.radiation
    assert np.abs(parts.total - parts.direct * sine - parts.diffuse).max() < 0.1


def test_29_february_is_left_out_only_where_there_is_none(tmp_path: Path) -> None:
    path = write_epw(tmp_path / "a.epw", first="2020-02-28", days=3)
    assert len(Weather.from_epw(path)) == 72
    assert len(Weather.from_epw(path, year=2024)) == 72
    common = Weather.from_epw(path, year=2023)
    assert len(common) == 48
    assert {(row.datetime.month, row.datetime.day) for row in common[:-1]} == {(2, 28), (3, 1)}
    # The last hour of 28 February ends on 1 March.
    assert common[23].datetime == dt.datetime(2023, 3, 1)
    day = Weather.from_epw(path, start="02-29", end="02-29")
    assert [row.datetime.day for row in day] == [29] * 24
    with pytest.raises(WeatherDataError, match="days that 2023 has, got 02-29"):
        Weather.from_epw(path, start="02-29", end="02-29", year=2023)
    leap = Weather.from_epw(path, start="2024-02-29", end="2024-02-29", year=2024)
    assert [row.ta for row in leap] == [row.ta for row in day]


def test_rows_are_chosen_first_and_dated_after(tmp_path: Path) -> None:
    years = [write_epw(tmp_path / f"{y}.epw", first=f"{y}-07-01", days=3) for y in (2019, 2020)]
    lines = [path.read_text().splitlines() for path in years]
    both = tmp_path / "both.epw"
    both.write_text("\n".join([*lines[0], *lines[1][8:]]) + "\n")
    own = Weather.from_epw(years[1], start="2020-07-02", end="2020-07-02")
    moved = Weather.from_epw(both, start="2020-07-02", end="2020-07-02", year=2031)
    assert [row.ta for row in moved] == [row.ta for row in own]
    assert [row.datetime for row in moved] == [row.datetime.replace(year=2031) for row in own]
    one = Weather.from_epw(years[0], start="2031-07-02", end="2031-07-02", year=2031)
    assert len(one) == 24


@pytest.mark.parametrize(
    ("bounds", "first", "last", "count"),
    [
        ({"start": "2019-06"}, "2019-06-29 01:00", "2019-06-30 23:00", 47),
        ({"start": "2019-06", "end": "2019-07"}, "2019-06-29 01:00", "2019-07-03 00:00", 96),
        ({"start": "2019"}, "2019-06-29 01:00", "2019-07-03 00:00", 96),
        ({"start": 2019}, "2019-06-29 01:00", "2019-07-03 00:00", 96),
        ({"start": "07-01", "end": "07-01"}, "2019-07-01 00:00", "2019-07-01 23:00", 24),
        ({"start": "07-01 12:00", "end": "07-01 14:00"}, "2019-07-01 12:00", "2019-07-01 14:00", 3),
        ({"end": "06-29"}, "2019-06-29 01:00", "2019-06-29 23:00", 23),
        ({"start": "20190701T10:00", "end": "2019-07-01T11:00+02:00"},
         "2019-07-01 10:00", "2019-07-01 10:00", 1),
    ],
)  # fmt: skip
def test_periods(tmp_path: Path, bounds: dict[str, Any], first: str, last: str, count: int) -> None:
    path = write_epw(tmp_path / "a.epw", first="2019-06-29", days=4)
    rows = Weather.from_epw(path, **bounds)
    assert (len(rows), f"{rows[0].datetime:%Y-%m-%d %H:%M}") == (count, first)
    assert f"{rows[-1].datetime:%Y-%m-%d %H:%M}" == last


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("01/08/2023", "2023-08-01 (1 August) or 2023-01-08 (8 January)"),
        ("31/12/2019", "2019-12-31 (31 December)"),
        ("1.7.2019 12:00", "2019-07-01 12:00 (1 July)"),
        ("2019/07/01", "2019-07-01 (1 July)"),
        ("2019-13-01", "ISO 8601"),
        ("2019-02-30", "ISO 8601"),
        ("July", "ISO 8601"),
        ("2019-07-01 25:00", "ISO 8601"),
    ],
)
def test_dates_that_are_not_iso_are_refused_with_what_they_could_mean(
    tmp_path: Path, text: str, said: str
) -> None:
    path = write_epw(tmp_path / "a.epw")
    for bound in ("start", "end"):
        with pytest.raises(WeatherDataError) as caught:
            Weather.from_epw(path, **{bound: text})  # type: ignore[arg-type]
        assert caught.value.field == bound
        assert said in str(caught.value)


def test_periods_without_rows_say_what_there_is(tmp_path: Path) -> None:
    path = write_epw(tmp_path / "a.epw")
    with pytest.raises(WeatherDataError) as caught:
        Weather.from_epw(path, start="2023-08")
    assert "expected stamps from 2023-08, got none; a.epw holds 2019-06-20" in str(caught.value)
    assert "year= (--year)" in str(caught.value)
    with pytest.raises(WeatherDataError, match="a time after start"):
        Weather.from_epw(path, start="2019-06-21", end="2019-06-20")


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"start": pd.NaT}, "start"), ({"end": 20190620.0}, "end"), ({"start": 20190620}, "start"),
        ({"year": "now"}, "year"), ({"year": 2019.5}, "year"), ({"year": 99}, "year"),
        ({"hours": "12"}, "hours"), ({"hours": ["noon"]}, "hours"), ({"hours": 12}, "hours"),
        ({"timestep_minutes": "sixty"}, "timestep_minutes"), ({"stamp": "middle"}, "stamp"),
        ({"timestep_minutes": float("nan")}, "timestep_minutes"),
    ],
)  # fmt: skip
def test_odd_arguments_are_refused_by_name(
    tmp_path: Path, arguments: dict[str, Any], field: str
) -> None:
    path = write_epw(tmp_path / "a.epw", days=1)
    with pytest.raises((WeatherDataError, ConfigurationError)) as caught:
        Weather.from_epw(path, **arguments)
    assert caught.value.field == field


def test_bounds_may_be_of_any_kind(tmp_path: Path) -> None:
    path = write_epw(tmp_path / "a.epw", days=1)
    noon = dt.datetime(2019, 6, 20, 12)
    for start in (noon, np.datetime64(noon), pd.Timestamp(noon), "2019-06-20T12:00", "06-20 12:00",
                  noon.replace(tzinfo=dt.timezone(dt.timedelta(hours=1))),
                  pd.Timestamp("2019-06-20 11:00", tz="UTC"), "2019-06-20T11:00Z"):  # fmt: skip
        assert Weather.from_epw(path, start=start)[0].datetime == noon, start
    assert len(Weather.from_epw(path, start=dt.date(2019, 6, 20), year="2019")) == 24  # type: ignore[arg-type]


def test_a_period_beyond_the_rows_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_epw(tmp_path / "a.epw")
    Weather.from_epw(path, start="2019-06-20", end="2019-06-21")
    assert "reaches beyond" not in caplog.text
    Weather.from_epw(path, start="2019-06-20", end="2019-06-29")
    assert "a.epw: the period reaches beyond its rows" in caplog.text


@pytest.mark.parametrize(
    ("column", "code", "field"),
    [
        (6, 99.9, "ta"), (8, 999, "rh"), (9, 999999, "pressure"), (21, 999, "ws"),
        (21, 999.0, "ws"), (6, -99, "ta"), (9, -999, "pressure"), (21, "", "ws"),
    ],
)  # fmt: skip
def test_codes_for_missing_are_those_of_their_field(
    tmp_path: Path, column: int, code: object, field: str
) -> None:
    path = write_epw(tmp_path / "a.epw", edit=put(column, code))
    with pytest.raises(WeatherDataError) as caught:
        Weather.from_epw(path)
    assert caught.value.field == field
    assert "48 missing" in str(caught.value)
    assert f"(--fill {field}=VALUE)" in str(caught.value)


def test_a_code_of_another_field_is_a_value(tmp_path: Path) -> None:
    # 999 W/m2 are no missing radiation, nor are 9999 Pa a pressure.
    path = write_epw(tmp_path / "a.epw", edit=put(14, 999))
    assert Weather.from_epw(path)[12].measured_direct_rad == 999.0
    path = write_epw(tmp_path / "b.epw", edit=put(9, 9999))
    with pytest.raises(WeatherDataError, match="pressure: expected 40000 to 110000 Pa, got 9999"):
        Weather.from_epw(path)


@pytest.mark.parametrize(("written", "unit"), [(1013.0, "hPa"), (101.3, "kPa")])
def test_pressure_in_another_unit_is_shown_as_written(
    tmp_path: Path, written: float, unit: str
) -> None:
    path = write_epw(tmp_path / "a.epw", edit=put(9, written))
    with pytest.raises(WeatherDataError) as caught:
        Weather.from_epw(path)
    assert f"got {written:g}. In a.epw, line 9. It looks like {unit}." in str(caught.value)


def test_pvgis_in_a_zone_of_its_own_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = "unknown,-,unknown,ECMWF/ERA,unknown,57.7,12.0,{},20.0"
    Weather.from_epw(write_epw(tmp_path / "utc.epw", zone=0.0, place=place.format("0.0")))
    assert "PVGIS" not in caplog.text
    Weather.from_epw(write_epw(tmp_path / "one.epw", place=place.format("1.0")))
    assert "PVGIS writes hours of UTC" in caplog.text
    assert "utc_offset=0 (--utc-offset 0)" in caplog.text


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (put(3, 25), "hour: expected 1 to 24, got 25. In a.epw, line 9"),
        (put(1, 13), "month: expected 1 to 12, got 13"),
        (put(2, 31), "day: expected 1 to 30, got 31"),
        (put(0, 99), "year: expected 1700 to 2300, got 99"),
        (put(3, "noon"), "rows of weather"),
        (lambda row: row[:12], "at least 22 columns"),
    ],
)
def test_rows_that_cannot_be(tmp_path: Path, edit: Callable[[Row], Row], said: str) -> None:
    path = write_epw(tmp_path / "a.epw", edit=edit, days=1)
    with pytest.raises(WeatherDataError) as caught:
        Weather.from_epw(path)
    assert said in str(caught.value)


def test_more_or_fewer_columns_than_the_format_has(tmp_path: Path) -> None:
    plain = values(Weather.from_epw(write_epw(tmp_path / "a.epw")))
    short = write_epw(tmp_path / "short.epw", edit=lambda row: row[:24])
    long = write_epw(tmp_path / "long.epw", edit=lambda row: [*row, 0, 0])
    assert values(Weather.from_epw(short)) == plain
    assert values(Weather.from_epw(long)) == plain


def test_what_the_hours_mark_and_their_length_may_be_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_epw(tmp_path / "a.epw", hours="1-24")
    rows = Weather.from_epw(path, stamp="start", timestep_minutes=30)
    assert {(row.stamp, row.timestep_minutes) for row in rows} == {("start", 30.0)}
    with caplog.at_level(logging.INFO):
        series = weather_series(rows, Location.from_epw(path))
    assert series.stamp == "start"
    assert series.columns["hours"].tolist() == [0.5] * 48

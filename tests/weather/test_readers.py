"""Weather from files and tables: EPW, UMEP text, data frames."""

from __future__ import annotations

import datetime as dt
import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from solweig.errors import ConfigurationError, WeatherDataError
from solweig.weather.location import Location
from solweig.weather.series import weather_series
from solweig.weather.step import Weather
from tests.support.weather_cases import GOTHENBURG

# ------------------------------------------------------------------ EPW


def test_epw_hours(athens: Path) -> None:
    rows = Weather.from_epw(athens)
    assert len(rows) == 8760
    assert rows[0].datetime == dt.datetime(2023, 1, 1, 1)
    assert rows[-1].datetime == dt.datetime(2024, 1, 1, 0)
    assert (rows[0].ta, rows[0].rh, rows[0].ws) == (7.3, 95.0, 1.3)
    assert rows[0].pressure == pytest.approx(1009.75)
    assert rows[0].datetime.tzinfo is None


def test_epw_sun_agrees_with_its_radiation(athens: Path) -> None:
    """The hour read one off would put radiation before sunrise on every clear day."""
    location = Location.from_epw(athens)
    rows = Weather.from_epw(athens, start="2023-06-01", end="2023-06-30")
    series = weather_series(rows, location)
    bright = series.columns["global_rad"] > 20
    assert series.columns["altitude"][bright].min() > 0
    horizontal = series.columns["direct_rad"] * np.sin(np.radians(series.columns["altitude"]))
    closure = (horizontal + series.columns["diffuse_rad"] - series.columns["global_rad"])[bright]
    assert np.abs(closure).mean() < 15
    late = weather_series(rows, location, stamp="start").columns["altitude"]
    shifted = series.columns["direct_rad"] * np.sin(np.radians(late))
    worse = (shifted + series.columns["diffuse_rad"] - series.columns["global_rad"])[bright]
    assert np.abs(worse).mean() > 2 * np.abs(closure).mean()


def test_epw_period(athens: Path) -> None:
    rows = Weather.from_epw(athens, start="2023-07-01", end="2023-07-02")
    assert len(rows) == 48
    assert rows[0].datetime == dt.datetime(2023, 7, 1, 0)
    assert rows[-1].datetime == dt.datetime(2023, 7, 2, 23)
    exact = Weather.from_epw(athens, start="2023-07-01 10:00", end=dt.datetime(2023, 7, 1, 12))
    assert [row.datetime.hour for row in exact] == [10, 11, 12]
    chosen = Weather.from_epw(athens, "2023-07-01", dt.date(2023, 7, 2), hours=[12, 13])
    assert [row.datetime.hour for row in chosen] == [12, 13, 12, 13]
    aware = Weather.from_epw(athens, "2023-07-01T10:00+00:00", "2023-07-01T10:00+00:00")
    assert aware[0].datetime == dt.datetime(2023, 7, 1, 12)


def test_epw_year(athens: Path) -> None:
    rows = Weather.from_epw(athens, start="2030-07-01", end="2030-07-01", year=2030)
    same = Weather.from_epw(athens, start="2023-07-01", end="2023-07-01")
    assert rows[5].datetime == dt.datetime(2030, 7, 1, 5)
    assert [row.ta for row in rows] == [row.ta for row in same]


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"start": "2031-01-01"}, WeatherDataError, "2023-01-01 01:00:00 to 2024-01-01"),
        ({"start": "someday"}, WeatherDataError, "start"),
        ({"hours": [24]}, ConfigurationError, "hours"),
        ({"hours": []}, WeatherDataError, "period"),
        ({"fill": "guess"}, ConfigurationError, "fill"),
        ({"fill": {"t": 1.0}}, ConfigurationError, "fill"),
        ({"fill": {"ws": "calm"}}, ConfigurationError, "a number for ws"),
        ({"fill": {"ws": None}}, ConfigurationError, "a number for ws"),
    ],
)
def test_epw_bad_requests(
    athens: Path, arguments: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        Weather.from_epw(athens, **arguments)


def small_epw(folder: Path, source: Path, edits: dict[int, dict[int, str]], days: int = 2) -> Path:
    """The first days of a file with some cells changed: ``{row: {column: text}}``."""
    lines = source.read_text().splitlines()[: 8 + 24 * days]
    for row, cells in edits.items():
        parts = lines[8 + row].split(",")
        for column, text in cells.items():
            parts[column] = text
        lines[8 + row] = ",".join(parts)
    path = folder / "small.epw"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_epw_words_among_numbers(tmp_path: Path) -> None:
    cells = "2023,7,1,1,60,?,warm,10,50,101300,0,0,300,0,0,0,0,0,0,0,180,2" + ",0" * 13
    head = ["LOCATION,X,-,X,X,1,49.6,15,1,300", *["-"] * 7]
    path = tmp_path / "words.epw"
    path.write_text("\n".join([*head, cells]) + "\n")
    with pytest.raises(WeatherDataError, match=r"ta: expected a number.*'warm'.*line 9"):
        Weather.from_epw(path)


@pytest.mark.parametrize(
    ("column", "code", "field"),
    [
        (6, "99.9", "ta"),
        (8, "999", "rh"),
        (9, "999999", "pressure"),
        (21, "999", "ws"),
    ],
)
def test_epw_missing_values(
    tmp_path: Path, athens: Path, column: int, code: str, field: str
) -> None:
    path = small_epw(tmp_path, athens, {5: {column: code}, 7: {column: code}})
    with pytest.raises(WeatherDataError) as caught:
        Weather.from_epw(path)
    assert caught.value.field == field
    assert "2 missing, at 2023-01-01 06:00, 2023-01-01 08:00" in str(caught.value)
    filled = Weather.from_epw(path, fill={field: 450.0 if field == "pressure" else 42.0})
    assert getattr(filled[5], field) in (42.0, 450.0)
    between = Weather.from_epw(path, fill="interpolate")
    middle = (getattr(between[4], field) + getattr(between[6], field)) / 2
    assert getattr(between[5], field) == pytest.approx(middle)
    # Rows outside the period do not matter.
    assert len(Weather.from_epw(path, start="2023-01-02")) == 25


def test_epw_missing_global_follows_from_its_parts(tmp_path: Path, athens: Path) -> None:
    noon = {13: "9999"}
    whole = Weather.from_epw(small_epw(tmp_path, athens, {}))
    rows = Weather.from_epw(small_epw(tmp_path, athens, {11: noon}))
    assert np.isnan(rows[11].global_rad)
    place = Location.from_epw(athens)
    found = weather_series(rows, place).columns["global_rad"]
    assert found[11] == pytest.approx(whole[11].global_rad, abs=2)
    assert found[10] == whole[10].global_rad
    path = small_epw(tmp_path, athens, {11: {13: "9999", 14: "9999"}})
    with pytest.raises(WeatherDataError) as caught:
        Weather.from_epw(path)
    assert caught.value.field == "global_rad"
    assert "1 missing, at 2023-01-01 12:00" in str(caught.value)
    assert Weather.from_epw(path, fill={"global_rad": 42.0})[11].global_rad == 42.0
    between = Weather.from_epw(path, fill="interpolate")[11].global_rad
    assert between == pytest.approx((whole[10].global_rad + whole[12].global_rad) / 2)


def test_epw_without_split_is_split_by_the_model(tmp_path: Path, athens: Path) -> None:
    path = small_epw(tmp_path, athens, {12: {14: "9999", 15: "9999"}})
    rows = Weather.from_epw(path)
    assert rows[12].measured_direct_rad is None
    assert rows[11].measured_direct_rad is not None


def test_epw_composed_of_years(tmp_path: Path, athens: Path) -> None:
    edits = {row: {0: "2007"} for row in range(24, 48)}
    path = small_epw(tmp_path, athens, edits)
    assert {row.datetime.year for row in Weather.from_epw(path)} == {2007}
    rows = Weather.from_epw(path, start="2025-01-02", end="2025-01-02")
    assert [row.datetime for row in rows] == [dt.datetime(2025, 1, 2, h) for h in range(24)]


def test_epw_bad_files(tmp_path: Path, athens: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Weather.from_epw(tmp_path / "absent.epw")
    junk = tmp_path / "junk.epw"
    for text in ("", "hello\n", "LOCATION,a\n" * 9):
        junk.write_text(text)
        with pytest.raises(WeatherDataError, match=r"junk\.epw"):
            Weather.from_epw(junk)
    with pytest.raises(WeatherDataError, match="several"):
        Weather.from_epw(small_epw(tmp_path, athens, {3: {3: "3"}}))
    with pytest.raises(WeatherDataError, match="order"):
        Weather.from_epw(small_epw(tmp_path, athens, {3: {3: "9"}}))
    with pytest.raises(WeatherDataError, match="ta"):
        Weather.from_epw(small_epw(tmp_path, athens, {3: {6: "-300"}}))


# ------------------------------------------------------------------ UMEP text


HEADER = (
    "%iy id it imin Q* QH QE Qs Qf Wind RH Td press rain Kdn snow ldown f w x l Kdiff Kdir Wd\n"
)


def met_row(day_of_year: int, hour: int, minute: int, **values: float) -> str:
    row = [-999.0] * 24
    row[:4] = [2020, day_of_year, hour, minute]
    defaults = {"ws": 2.0, "rh": 50.0, "ta": 20.0, "press": 101.0, "kdn": 300.0}
    columns = {"ws": 9, "rh": 10, "ta": 11, "press": 12, "kdn": 14, "kdiff": 21, "kdir": 22}
    for name, value in {**defaults, **values}.items():
        row[columns[name]] = value
    return " ".join(f"{value:g}" for value in row) + "\n"


def write_met(path: Path, rows: list[str]) -> Path:
    path.write_text(HEADER + "".join(rows))
    return path


def test_met_file(tmp_path: Path) -> None:
    rows = [met_row(173, hour, 0, kdiff=100, kdir=400) for hour in range(10, 13)]
    found = Weather.from_umep_met(write_met(tmp_path / "m.txt", rows))
    assert [row.datetime for row in found] == [dt.datetime(2020, 6, 21, h) for h in (10, 11, 12)]
    assert found[0].pressure == pytest.approx(1010.0)
    assert (found[0].measured_direct_rad, found[0].measured_diffuse_rad) == (400.0, 100.0)
    assert {row.timestep_minutes for row in found} == {60.0}
    part = Weather.from_umep_met(tmp_path / "m.txt", start="2020-06-21 11:00", end="2020-06-21")
    assert [row.datetime.hour for row in part] == [11, 12]


def test_met_hour_24_and_several_files(tmp_path: Path) -> None:
    first = write_met(tmp_path / "a.txt", [met_row(366, 23, 0), met_row(366, 24, 0)])
    second = write_met(tmp_path / "b.txt", [met_row(366, 22, 0)])
    found = Weather.from_umep_met([second, first])
    assert found[-1].datetime == dt.datetime(2021, 1, 1)
    with pytest.raises(WeatherDataError, match="strictly increasing"):
        Weather.from_umep_met([first, second])
    with pytest.raises(WeatherDataError, match="at least one file"):
        Weather.from_umep_met([])


def test_met_hourly_means_stand_at_the_end_of_the_hour(tmp_path: Path) -> None:
    clock = [divmod(minute, 60) for minute in range(610, 730, 10)]
    rows = [met_row(173, hour, minute, ta=i) for i, (hour, minute) in enumerate(clock, 1)]
    path = write_met(tmp_path / "m.txt", rows)
    hourly = Weather.from_umep_met(path)
    assert [row.datetime.hour for row in hourly] == [11, 12]
    assert [row.ta for row in hourly] == [3.5, 9.5]
    assert {row.timestep_minutes for row in hourly} == {60.0}
    for options in ({"resample_hourly": False}, {"timestep_minutes": 10}):
        fine = Weather.from_umep_met(path, **options)  # type: ignore[arg-type]
        assert len(fine) == 12
        assert {row.timestep_minutes for row in fine} == {10.0}


def test_hours_of_few_rows_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = [divmod(minute, 60) for minute in range(610, 730, 10)]
    whole = [met_row(173, hour, minute) for hour, minute in clock]
    Weather.from_umep_met(write_met(tmp_path / "m.txt", whole))
    assert "few of their" not in caplog.text
    Weather.from_umep_met(write_met(tmp_path / "m.txt", [met_row(173, 10, 0), *whole]))
    assert "1 hour(s) have few of their 6 rows, the first, stamped" in caplog.text
    assert "10:00, has 1" in caplog.text
    assert "timestep_minutes=10 (--timestep-minutes 10) keeps the rows" in caplog.text


def test_met_missing_values(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    good, bad = met_row(173, 10, 0), met_row(173, 11, 0, ta=-999)
    path = write_met(tmp_path / "m.txt", [good, bad, met_row(173, 12, 0, ta=24)])
    with pytest.raises(WeatherDataError) as caught:
        Weather.from_umep_met(path)
    assert caught.value.field == "ta"
    assert "2020-06-21 11:00" in str(caught.value)
    assert Weather.from_umep_met(path, fill="interpolate")[1].ta == 22.0
    calm = write_met(tmp_path / "c.txt", [met_row(173, 10, 0, ws=-999, press=-999)])
    with caplog.at_level(logging.WARNING, "solweig"):
        (row,) = Weather.from_umep_met(calm)
    assert np.isnan(row.ws)
    assert np.isnan(row.pressure)
    assert "UTCI and PET have no value" in caplog.text
    assert "1013 hPa" in caplog.text
    caplog.clear()
    (row,) = Weather.from_umep_met(calm, fill={"ws": 1.5, "pressure": 1000.0})
    assert (row.ws, row.pressure) == (1.5, 1000.0)
    assert "no value" not in caplog.text


def test_met_bad_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Weather.from_umep_met(tmp_path / "absent.txt")
    for rows, match in (
        ([], "rows of weather"),
        (["1 2 3\n"], "3 in line 2"),
        ([met_row(173, 10, 0).replace("20 ", "warm ", 1)], "columns|numbers"),
        ([met_row(0, 10, 0)], "day of year"),
        ([met_row(173, 25, 0)], "hour"),
        ([met_row(173, 10, 60)], "minute"),
        ([met_row(173, 10, 0, kdn=-5)], "global_rad"),
    ):
        with pytest.raises(WeatherDataError, match=match):
            Weather.from_umep_met(write_met(tmp_path / "m.txt", rows))


def test_met_without_a_header_keeps_its_first_row(tmp_path: Path) -> None:
    rows = [met_row(173, hour, 0, ta=hour) for hour in range(10, 13)]
    bare = tmp_path / "bare.txt"
    bare.write_text("".join(rows))
    assert [row.ta for row in Weather.from_umep_met(bare)] == [10.0, 11.0, 12.0]
    assert [row.ta for row in Weather.from_umep_met(write_met(tmp_path / "m.txt", rows))] == [
        10.0,
        11.0,
        12.0,
    ]
    # A header of numbers is one of words all the same where the count of columns differs.
    bare.write_text("1 2 3\n" + "".join(rows))
    assert len(Weather.from_umep_met(bare)) == 3
    marked = tmp_path / "marked.txt"
    marked.write_bytes(("".join(rows)).encode("utf-8-sig"))
    assert len(Weather.from_umep_met(marked)) == 3


def test_met_day_366_needs_a_leap_year(tmp_path: Path) -> None:
    leap = write_met(tmp_path / "a.txt", [met_row(366, 10, 0)])
    assert Weather.from_umep_met(leap)[0].datetime == dt.datetime(2020, 12, 31, 10)
    common = write_met(tmp_path / "b.txt", [met_row(366, 10, 0).replace("2020", "2021", 1)])
    with pytest.raises(WeatherDataError) as caught:
        Weather.from_umep_met(common)
    assert "day of year: expected 1 to 365 in 2021, got 366. b.txt, line 2." in str(caught.value)


@pytest.mark.parametrize(("minute", "said"), [(0, False), (30, False), (59, False), (7, True)])
def test_met_minutes_that_are_no_minutes_are_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, minute: int, said: bool
) -> None:
    rows = [met_row(173, hour, minute) for hour in range(10, 13)]
    found = Weather.from_umep_met(write_met(tmp_path / "m.txt", rows))
    assert ("hardly a minute" in caplog.text) is said
    # They are taken as written all the same.
    assert found[0].datetime == dt.datetime(2020, 6, 21, 10, minute)


def test_met_minutes_of_fine_rows_are_minutes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [met_row(173, hour, minute) for hour in (10, 11) for minute in (7, 22, 37, 52)]
    Weather.from_umep_met(write_met(tmp_path / "m.txt", rows), resample_hourly=False)
    assert "hardly a minute" not in caplog.text


def test_met_pressure_is_in_kpa(tmp_path: Path) -> None:
    for written, unit in ((1013.0, "hPa"), (101300.0, "Pa")):
        path = write_met(tmp_path / "m.txt", [met_row(173, 10, 0, press=written)])
        with pytest.raises(WeatherDataError) as caught:
            Weather.from_umep_met(path)
        # The number shown is the one in the file.
        assert f"got {written:g}. In m.txt, line 2. It looks like {unit}." in str(caught.value)


@pytest.mark.parametrize("reader", ["met", "table"])
def test_humidity_of_fog_is_clipped_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, reader: str
) -> None:
    with caplog.at_level(logging.INFO, "solweig"):
        if reader == "met":
            path = write_met(tmp_path / "m.txt", [met_row(173, h, 0, rh=103) for h in (10, 11)])
            rows = Weather.from_umep_met(path)
        else:
            rows = Weather.from_dataframe(table(rh=103.0))
    assert {row.rh for row in rows} == {100.0}
    assert "rh above 100 %" in caplog.text
    with pytest.raises(WeatherDataError, match="rh"):
        Weather.from_dataframe(table(rh=106.0))


# ------------------------------------------------------------------ tables


def table(**changes: Any) -> pd.DataFrame:
    index = pd.date_range("2020-06-21 10:00", periods=3, freq="h")
    columns = {"ta": 20.0, "rh": 50.0, "global_rad": 500.0, "ws": 2.0, "pressure": 1000.0}
    return pd.DataFrame({**columns, **changes}, index=index)


def test_dataframe() -> None:
    rows = Weather.from_dataframe(table(direct_rad=400.0, diffuse_rad=[100.0, np.nan, 120.0]))
    assert [row.datetime.hour for row in rows] == [10, 11, 12]
    assert rows[0].measured_direct_rad == 400.0
    assert rows[1].measured_diffuse_rad is None
    assert (rows[0].ws, rows[0].pressure, rows[0].timestep_minutes) == (2.0, 1000.0, 60.0)
    assert Weather.from_dataframe(table(), timestep_minutes=30)[0].timestep_minutes == 30


def test_dataframe_with_time_zone() -> None:
    aware = table().tz_localize("Europe/Stockholm")
    rows = Weather.from_dataframe(aware)
    assert rows[0].datetime.utcoffset() == dt.timedelta(hours=2)
    series = weather_series(rows, GOTHENBURG, ground_clock="legal")
    assert series.columns["clock_fraction"][0] == pytest.approx(9 / 24)  # standard time


def test_a_column_that_is_not_there_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    bare = table().drop(columns=["ws", "pressure"], errors="ignore")
    row = Weather.from_dataframe(bare)[0]
    assert math.isnan(row.ws)
    assert row.pressure == 1013.25
    assert "ws missing in" in caplog.text
    assert "UTCI and PET have no value there" in caplog.text
    assert "no column pressure" in caplog.text
    row = Weather.from_dataframe(bare, fill={"ws": 3.0, "pressure": 900.0})[0]
    assert (row.ws, row.pressure) == (3.0, 900.0)


def test_dataframe_names() -> None:
    pvlib_names = pd.DataFrame(
        {
            "datetime": pd.date_range("2020-06-21 10:00", periods=2, freq="h"),
            "temp_air": [20.0, 21.0],
            "relative_humidity": 50,
            "ghi": 500,
            "dni": 400,
            "dhi": 100,
        }
    )
    rows = Weather.from_dataframe(pvlib_names)
    assert (rows[1].ta, rows[1].measured_direct_rad) == (21.0, 400.0)
    own = table().rename(columns={"ta": "T2m"})
    assert Weather.from_dataframe(own, columns={"ta": "T2m"})[0].ta == 20.0


@pytest.mark.parametrize(
    ("frame", "options", "error", "match"),
    [
        (table().drop(columns="rh"), {}, WeatherDataError, "rh"),
        (table(ta=["a", "b", "c"]), {}, WeatherDataError, "ta"),
        (table(ta=[20, np.nan, 20]), {}, WeatherDataError, "1 missing, at 2020-06-21 11:00"),
        (table(ta=[20, 20, 300]), {}, WeatherDataError, "kelvin"),
        (table().iloc[::-1], {}, WeatherDataError, "strictly increasing"),
        (table().iloc[[0, 0]], {}, WeatherDataError, "strictly increasing"),
        (table().iloc[:0], {}, WeatherDataError, "at least one row"),
        (table().reset_index(drop=True), {}, WeatherDataError, "index"),
        (table(), {"columns": {"heat": "ta"}}, ConfigurationError, "columns"),
        (table(), {"columns": {"ta": "T2m"}}, WeatherDataError, "T2m"),
        ([1, 2], {}, WeatherDataError, "DataFrame"),
    ],
)
def test_dataframe_rejects(
    frame: Any, options: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        Weather.from_dataframe(frame, **options)

"""Output of WRF: instants, a mixing ratio, winds along a grid that is turned."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from solweig.errors import WeatherDataError
from solweig.weather.checks import check_weather
from solweig.weather.location import Location
from solweig.weather.readers.wanted import Site, Wanted
from solweig.weather.readers.wrf import read_wrf
from solweig.weather.series import weather_series
from solweig.weather.step import Weather
from tests.support import wrf_files as made

PLACE = Location(made.LATITUDE, made.LONGITUDE, 10.0, 0)
SITE = Site(made.LATITUDE, made.LONGITUDE)
TIMES = pd.date_range("2025-07-01", periods=25, freq="h")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.write_wrf(tmp_path_factory.mktemp("wrf") / "wrfout_d03", TIMES)


@pytest.mark.parametrize("engine", ["scipy", "h5netcdf"])
def test_values_of_the_instant(tmp_path: Path, engine: str) -> None:
    rows = Weather.from_wrf(made.write_wrf(tmp_path / "a", TIMES, engine=engine), PLACE,
                            method="linear")  # fmt: skip
    assert [row.datetime for row in rows] == list(TIMES.tz_localize("UTC").to_pydatetime())
    assert {(row.stamp, row.timestep_minutes) for row in rows} == {("centre", 60.0)}
    expected = made.at_instant(TIMES)
    ratio, hpa = expected["Q2"], expected["PSFC"] / 100
    vapour = ratio * hpa / (0.622 + ratio)
    ta = expected["T2"] - 273.15
    saturated = 6.1121 * np.exp(17.502 * (expected["T2"] - 273.16) / (expected["T2"] - 32.19))
    for name, values in {
        "ta": ta, "rh": 100 * vapour / saturated, "pressure": hpa,
        "global_rad": expected["SWDOWN"], "measured_diffuse_rad": expected["SWDDIF"],
        "measured_longwave_down": expected["GLW"],
        "ws": np.full(len(TIMES), np.hypot(made.EAST, made.NORTH)),
    }.items():  # fmt: skip
        found = np.array([getattr(row, name) for row in rows], float)
        assert found == pytest.approx(values, rel=2e-4, abs=0.01), name


def test_the_sun_stands_where_it_is_at_the_stamp(path: Path) -> None:
    rows = Weather.from_wrf(path, PLACE, method="linear")
    series = weather_series(rows, PLACE)
    assert check_weather(series, PLACE, origin=rows[0].origin) == []
    sine = np.sin(np.radians(series.columns["altitude"]))
    high = series.columns["altitude"] > 5
    direct = made.at_instant(TIMES)["SWDDIR"]
    assert (series.columns["direct_rad"] * sine)[high] == pytest.approx(direct[high], rel=1e-3)
    names = ("ta", "rh", "global_rad", "measured_diffuse_rad", "datetime")
    ended = [Weather(**{name: getattr(row, name) for name in names}) for row in rows]
    found = check_weather(weather_series(ended, PLACE), PLACE)
    assert [f.check for f in found] == ["weather clock"]


def test_wind_is_turned_to_east_and_north(path: Path) -> None:
    """Far from the standard longitude grid north is degrees off; the direction tells."""
    from_where = np.degrees(np.arctan2(-made.EAST, -made.NORTH)) % 360
    for method in ("nearest", "linear"):
        rows = read_wrf(path, SITE, Wanted(), method=method)
        assert rows.frame["wind_direction"].to_numpy() == pytest.approx(from_where, abs=0.02)
    dataset = made.wrf_dataset(TIMES[:1])
    along = np.degrees(np.arctan2(-dataset["U10"][0, 0, 0], -dataset["V10"][0, 0, 0])) % 360
    assert abs(float(along) - from_where) > 5


@pytest.mark.parametrize(("gone", "given"), [
    (("SWDDIF",), True), (("SWDDIR",), True), (("SWDDIF", "SWDDIR"), False),
])  # fmt: skip
def test_diffuse_from_either_part(tmp_path: Path, gone: tuple[str, ...], given: bool) -> None:
    rows = Weather.from_wrf(made.write_wrf(tmp_path / "a", TIMES, gone), PLACE, method="linear")
    noon = rows[12].measured_diffuse_rad
    if given:
        assert noon == pytest.approx(made.at_instant(TIMES)["SWDDIF"][12], rel=1e-3)
    else:
        assert noon is None


def test_a_file_an_hour(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for i in range(3):
        made.write_wrf(tmp_path / f"wrfout_{i}", TIMES[2 * i : 2 * i + 3])
    with caplog.at_level(logging.INFO, "solweig"):
        rows = Weather.from_wrf(str(tmp_path / "wrfout_*"), PLACE)
    assert len(rows) == 7
    assert "2 time(s) are in two files" in caplog.text
    some = Weather.from_wrf(str(tmp_path / "wrfout_*"), PLACE, "2025-07-01 04:00")
    assert [row.datetime.hour for row in some] == [4, 5, 6]


def test_length_of_a_step(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fine = pd.date_range("2025-07-01 10:00", periods=7, freq="10min")
    rows = Weather.from_wrf(made.write_wrf(tmp_path / "a", fine), PLACE)
    assert {row.timestep_minutes for row in rows} == {10.0}
    coarse = Weather.from_wrf(made.write_wrf(tmp_path / "b", TIMES[::3]), PLACE)
    assert {row.timestep_minutes for row in coarse} == {60.0}
    assert "rows are 180 min apart" in caplog.text
    said = Weather.from_wrf(tmp_path / "b", PLACE, timestep_minutes=180)
    assert {row.timestep_minutes for row in said} == {180.0}


def test_stamps_are_on_the_clock_of_the_location(path: Path) -> None:
    there = Location(made.LATITUDE, made.LONGITUDE, 10.0, 2)
    rows = Weather.from_wrf(path, there, "2025-07-01 12:00", "2025-07-01 12:00")
    assert rows[0].datetime == dt.datetime(2025, 7, 1, 10, tzinfo=dt.UTC)


def edited(name: str, **attributes: Any) -> Any:
    dataset = made.wrf_dataset(TIMES[:2])
    dataset[name].attrs.update(attributes)
    return dataset


def moving() -> Any:
    dataset = made.wrf_dataset(TIMES[:2])
    dataset["XLAT"] = dataset["XLAT"] + xr_time(dataset) * 0.01
    return dataset


def xr_time(dataset: Any) -> Any:
    import xarray as xr

    return xr.DataArray(np.arange(dataset.sizes["Time"]), dims="Time")


@pytest.mark.parametrize(
    ("dataset", "match"),
    [
        (lambda: made.wrf_dataset(TIMES[:2], ("Q2", "PSFC")), "no Q2, PSFC"),
        (lambda: made.wrf_dataset(TIMES[:2], ("COSALPHA",)), "which turn U10 and V10"),
        (lambda: made.wrf_dataset(TIMES[:2], ("Times",)), "times in Times or XTIME"),
        (lambda: made.wrf_dataset(TIMES[:2], ("XLAT",)), "XLAT, XLONG and T2"),
        (lambda: edited("T2", units="degC"), "T2: expected K"),
        (moving, "a nest that stays"),
    ],
)
def test_what_is_refused(tmp_path: Path, dataset: Any, match: str) -> None:
    path = tmp_path / "wrfout"
    dataset().transpose("Time", ...).to_netcdf(path, engine="scipy")
    with pytest.raises(WeatherDataError, match=match):
        Weather.from_wrf(path, PLACE)


def test_places_in_and_out(path: Path) -> None:
    latitudes, longitudes = made.cells()
    corner = Location(float(latitudes[0, 0]), float(longitudes[0, 0]), 0, 0)
    assert Weather.from_wrf(path, corner, method="linear")[0].ta == pytest.approx(
        Weather.from_wrf(path, corner)[0].ta, abs=1e-3
    )
    out = Location(float(latitudes[0, 0]) - 0.02, float(longitudes[0, 0]), 0, 0)
    for place in (out, Location(made.LONGITUDE, made.LATITUDE, 0, 0), Location(57.7, 14.0, 0, 0)):
        for method in ("nearest", "linear"):
            with pytest.raises(WeatherDataError, match="location: expected a place in the grid"):
                Weather.from_wrf(path, place, method=method)

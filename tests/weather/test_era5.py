"""ERA5 and ERA5-Land from NetCDF and GRIB files as the Climate Data Store writes them."""

from __future__ import annotations

import datetime as dt
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from solweig import packages
from solweig.errors import ConfigurationError, WeatherDataError
from solweig.weather.checks import check_weather
from solweig.weather.location import Location
from solweig.weather.readers import air
from solweig.weather.series import weather_series
from solweig.weather.step import Weather
from tests.support import era5_files as made

PLACE = Location(made.LATITUDE, made.LONGITUDE, 10.0, 0)
TIMES = made.stamps()
PACKED = 0.05
"""What packing in 16 bits may take from a radiation [W m-2], with some room."""


def write_land(path: Path, times: pd.DatetimeIndex = TIMES) -> Path:
    names = tuple(name for name in made.UNITS if name != "fdir")
    grid = {"latitudes": made.LAND_LATITUDES, "longitudes": made.LAND_LONGITUDES}
    return made.write_new(path, made.era5_dataset(times, names, land=True, **grid))


WRITERS: dict[str, Callable[[Path], Path]] = {
    "new": lambda path: made.write_new(path, made.era5_dataset(TIMES)),
    "old": lambda path: made.write_old(path, made.era5_dataset(TIMES, time="time")),
    "preliminary": lambda path: made.write_old(path, made.era5_dataset(TIMES, time="time"), 30),
    "zip": lambda path: made.write_zip(path, TIMES),
    "grib": lambda path: made.write_grib(path, TIMES),
    "land": write_land,
    "land grib": lambda path: made.write_grib(
        path, TIMES, tuple(name for name in made.UNITS if name != "fdir"), land=True
    ),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("era5")
    return {name: write(folder / name.replace(" ", "_")) for name, write in WRITERS.items()}


def truth(ends: pd.DatetimeIndex) -> dict[str, np.ndarray]:
    """What rows must hold: means over the hour, of the instants at both of its ends."""
    at_end, at_start = made.at_place(ends), made.at_place(ends - pd.Timedelta(hours=1))
    mean = {name: (at_end[name] + at_start[name]) / 2 for name in made.INSTANTS}
    vapour = sum(air.saturation_pressure(at["d2m"] - 273.15) for at in (at_end, at_start)) / 2
    ta = mean["t2m"] - 273.15
    speeds = [np.hypot(at["u10"], at["v10"]) for at in (at_end, at_start)]
    return {
        "ta": ta, "rh": 100 * vapour / air.saturation_pressure(ta), "ws": sum(speeds) / 2,
        "pressure": mean["sp"] / 100, "global_rad": at_end["ssrd"] / 3600,
        "measured_diffuse_rad": (at_end["ssrd"] - at_end["fdir"]) / 3600,
        "measured_longwave_down": at_end["strd"] / 3600,
    }  # fmt: skip


@pytest.mark.parametrize("kind", list(WRITERS))
def test_every_kind_gives_means_of_the_hour(files: dict[str, Path], kind: str) -> None:
    rows = Weather.from_era5(files[kind], PLACE, "2025-07-01 02:00", method="linear")
    ends = pd.DatetimeIndex([row.datetime for row in rows])
    assert len(rows) == 47
    assert ends[0] == pd.Timestamp("2025-07-01 02:00", tz="UTC")
    expected = truth(ends.tz_localize(None))
    if "land" in kind:
        del expected["measured_diffuse_rad"]
        assert {row.measured_diffuse_rad for row in rows} == {None}
    for name, values in expected.items():
        found = np.array([getattr(row, name) for row in rows], float)
        assert found == pytest.approx(values, abs=PACKED, rel=1e-4), name
    assert {(row.timestep_minutes, row.stamp, row.length_known) for row in rows} == {
        (60.0, "end", True)
    }


@pytest.mark.parametrize("kind", ["new", "land"])
def test_radiation_fits_the_sun(files: dict[str, Path], kind: str) -> None:
    """A sum read an hour off, or as the sum of a day, is far from the sun of its stamps."""
    rows = Weather.from_era5(files[kind], PLACE, "2025-07-01 02:00", method="linear")
    series = weather_series(rows, PLACE)
    assert check_weather(series, PLACE, origin=rows[0].origin) == []
    if kind == "new":
        ends = pd.DatetimeIndex(series.utc)
        direct = made.clear_day(made.LATITUDE, made.LONGITUDE, ends)["direct_rad"].to_numpy()
        high = series.columns["altitude"] > 5
        assert series.columns["direct_rad"][high] == pytest.approx(direct[high], abs=0.2)
    late = [Weather(**{**fields(row), "datetime": row.datetime + dt.timedelta(hours=1)})
            for row in rows]  # fmt: skip
    found = check_weather(weather_series(late, PLACE), PLACE)
    assert any(f.check in ("weather clock", "night light") for f in found)


def fields(row: Weather) -> dict[str, object]:
    names = ("ta", "rh", "global_rad", "ws", "pressure", "measured_diffuse_rad", "stamp")
    return {name: getattr(row, name) for name in names}


def test_direct_does_not_depend_on_beam(files: dict[str, Path]) -> None:
    """What is on the horizontal in the file is converted once, whatever a run says of `beam`."""
    rows = Weather.from_era5(files["new"], PLACE, "2025-07-01 02:00")
    normal, horizontal = (weather_series(rows, PLACE, beam=b) for b in ("normal", "horizontal"))
    sine = np.sin(np.radians(normal.columns["altitude"]))
    day = normal.columns["altitude"] > 5
    again = horizontal.columns["direct_rad"] / sine
    assert again[day] == pytest.approx(normal.columns["direct_rad"][day])


def test_nearest_cell_and_what_is_known_of_it(files: dict[str, Path]) -> None:
    rows = Weather.from_era5(files["new"], PLACE)
    origin = rows[0].origin
    assert origin is not None
    assert (origin.latitude, origin.longitude) == (57.75, 12.0)
    east = Weather.from_era5(files["new"], Location(57.70, 11.88, 10.0, 0))
    west = Weather.from_era5(files["new"], Location(57.70, 11.87, 10.0, 0))
    assert east[12].global_rad == rows[12].global_rad
    assert west[12].global_rad == pytest.approx(rows[12].global_rad * (1 - 0.005), rel=1e-3)


def test_longitudes_to_360(tmp_path: Path) -> None:
    grid = {"latitudes": made.LATITUDES, "longitudes": np.array([358.0, 358.25, 358.5])}
    path = made.write_new(tmp_path / "a.nc", made.era5_dataset(TIMES, **grid))
    rows = Weather.from_era5(path, Location(57.6, -1.9, 0, 0), method="linear")
    assert rows[0].origin is not None
    seam = {"latitudes": made.LATITUDES, "longitudes": np.array([359.0, 359.5, 0.0, 0.5])}
    path = made.write_new(tmp_path / "b.nc", made.era5_dataset(TIMES, **seam))
    over_it, *beside = (
        Weather.from_era5(path, Location(57.6, lon, 0, 0), method="linear")[12].ta
        for lon in (-0.1, -0.5, 0.0)
    )
    assert over_it == pytest.approx(0.2 * beside[0] + 0.8 * beside[1])


def test_stamps_are_on_the_clock_of_the_location(files: dict[str, Path]) -> None:
    there = Location(made.LATITUDE, made.LONGITUDE, 10.0, 2)
    rows = Weather.from_era5(files["new"], there, "2025-07-02", "2025-07-02", hours=[12])
    assert [row.datetime.isoformat() for row in rows] == ["2025-07-02T12:00:00+02:00"]
    same = Weather.from_era5(files["new"], PLACE, "2025-07-02 10:00", "2025-07-02 10:00")
    assert rows[0].ta == same[0].ta
    assert weather_series(rows, there).columns["altitude"] == pytest.approx(
        weather_series(same, PLACE).columns["altitude"]
    )


def test_months_in_two_files_join(tmp_path: Path, files: dict[str, Path]) -> None:
    """The first sum of the second file needs the last of the first."""
    parts = [write_land(tmp_path / "a.nc", TIMES[:24]), write_land(tmp_path / "b.nc", TIMES[24:])]
    for given in (parts, [str(tmp_path / "*.nc")]):
        rows = Weather.from_era5(given, PLACE)
        assert [vars(r) for r in rows] != []
        whole = Weather.from_era5(files["land"], PLACE)
        assert [row.global_rad for row in rows] == [row.global_rad for row in whole]


def test_air_of_land_and_radiation_of_era5(tmp_path: Path, files: dict[str, Path]) -> None:
    """Files of two grids are two products; the direct radiation of one serves the other."""
    rows = Weather.from_era5([files["land"], files["new"]], PLACE)
    assert rows[12].measured_diffuse_rad is not None
    assert rows[12].ta == Weather.from_era5(files["land"], PLACE)[12].ta


def test_sums_of_three_hours(tmp_path: Path) -> None:
    rows = Weather.from_era5(write_land(tmp_path / "a.nc", TIMES[::3]), PLACE, method="linear")
    assert {row.timestep_minutes for row in rows} == {180.0}
    noon = next(row for row in rows if row.datetime.hour == 12)
    ends = pd.date_range("2025-07-01 10:00", periods=3, freq="h")
    assert noon.global_rad == pytest.approx(made.at_place(ends)["ssrd"].mean() / 3600, rel=1e-4)
    with pytest.raises(WeatherDataError, match="360 min apart"):
        Weather.from_era5(write_land(tmp_path / "b.nc", TIMES[::6]), PLACE)


def test_hours_alone_have_the_air_of_their_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = made.write_new(tmp_path / "a.nc", made.era5_dataset(TIMES[[12, 36]]))
    with caplog.at_level(logging.INFO, "solweig"):
        rows = Weather.from_era5(path, PLACE, method="linear", product="era5")
    assert [row.ta for row in rows] == pytest.approx(
        made.at_place(TIMES[[12, 36]])["t2m"] - 273.15, abs=1e-3
    )
    assert "2 row(s) have air and wind of their end" in caplog.text


@pytest.mark.parametrize(("kind", "wrong"), [("new", "era5-land"), ("land", "era5")])
def test_sums_that_are_not_what_was_said(files: dict[str, Path], kind: str, wrong: str) -> None:
    with pytest.raises(WeatherDataError, match="ssrd: expected"):
        Weather.from_era5(files[kind], PLACE, product=wrong)


def test_a_morning_alone_is_asked_for(tmp_path: Path) -> None:
    """Sums that only grow may be either; a grid of neither product does not tell."""
    grid = {"latitudes": np.array([57.5, 58.0]), "longitudes": np.array([11.5, 12.0])}
    names = ("t2m", "d2m", "ssrd")
    path = made.write_new(tmp_path / "a.nc", made.era5_dataset(TIMES[4:10], names, **grid))
    with pytest.raises(WeatherDataError, match="product: expected"):
        Weather.from_era5(path, PLACE)
    hourly = Weather.from_era5(path, PLACE, product="era5", method="linear")
    expected = made.at_place(TIMES[4:10])["ssrd"] / 3600
    assert [row.global_rad for row in hourly] == pytest.approx(expected, rel=1e-4)


def test_sea_has_no_values_in_land(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    names = tuple(name for name in made.UNITS if name != "fdir")
    grid = {"latitudes": made.LAND_LATITUDES, "longitudes": made.LAND_LONGITUDES}
    dataset = made.era5_dataset(TIMES, names, land=True, **grid)
    sea = dataset.where(dataset["longitude"] > 12.05)
    path = made.write_new(tmp_path / "a.nc", sea)
    rows = Weather.from_era5(path, PLACE)
    assert rows[0].origin is not None
    assert rows[0].origin.longitude == pytest.approx(12.1)
    with pytest.raises(WeatherDataError, match="a cell without"):
        Weather.from_era5(path, PLACE, method="linear")
    nothing = made.write_new(tmp_path / "b.nc", dataset.where(dataset["longitude"] > 20))
    with pytest.raises(WeatherDataError, match="none \\(sea\\?\\)"):
        Weather.from_era5(nothing, PLACE)


def test_means_instead_of_sums(tmp_path: Path) -> None:
    dataset = made.era5_dataset(TIMES)
    for theirs, ours in (("avg_sdswrf", "ssrd"), ("avg_sdirswrf", "fdir"), ("msdwlwrf", "strd")):
        dataset[theirs] = (dataset[ours] / 3600).assign_attrs(units="W m**-2")
    path = made.write_new(tmp_path / "a.nc", dataset.drop_vars(["ssrd", "fdir", "strd"]))
    rows = Weather.from_era5(path, PLACE, "2025-07-01 02:00", method="linear")
    ends = pd.DatetimeIndex([row.datetime for row in rows]).tz_localize(None)
    for name in ("global_rad", "measured_diffuse_rad", "measured_longwave_down"):
        found = np.array([getattr(row, name) for row in rows])
        assert found == pytest.approx(truth(ends)[name], abs=PACKED, rel=1e-4)


@pytest.mark.parametrize(
    ("kind", "place"),
    [("new", (11.97, 57.7)), ("new", (40.0, 12.0)), ("new", (57.7, 30.0)), ("grib", (40.0, 12.0))],
)
def test_a_place_outside(files: dict[str, Path], kind: str, place: tuple[float, float]) -> None:
    with pytest.raises(WeatherDataError, match=r"location: expected a place in the grid") as told:
        Weather.from_era5(files[kind], Location(*place, 0, 0))
    assert ("look swapped" in str(told.value)) == (place == (11.97, 57.7))


def test_missing_and_foreign_variables(tmp_path: Path) -> None:
    part = made.write_new(tmp_path / "a.nc", made.era5_dataset(TIMES, ("t2m", "u10")))
    with pytest.raises(WeatherDataError, match=r"dewpoint.*\(ssrd\), got only t2m, u10"):
        Weather.from_era5(part, PLACE)
    other = made.write_grib(tmp_path / "b.grib", TIMES[:2], ("t2m",))
    with pytest.raises(WeatherDataError, match="expected 2m dewpoint"):
        Weather.from_era5(other, PLACE)
    xr.Dataset({"precip": ("x", [1.0])}).to_netcdf(tmp_path / "c.nc", engine="h5netcdf")
    with pytest.raises(WeatherDataError, match="variables of ERA5, such as t2m and ssrd, got prec"):
        Weather.from_era5(tmp_path / "c.nc", PLACE)
    odd = made.era5_dataset(TIMES)
    odd["ssrd"].attrs["units"] = "cal cm-2"
    with pytest.raises(WeatherDataError, match="ssrd: expected J m-2"):
        Weather.from_era5(made.write_new(tmp_path / "d.nc", odd), PLACE)


def test_without_wind_and_pressure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = made.write_new(tmp_path / "a.nc", made.era5_dataset(TIMES, ("t2m", "d2m", "ssrd")))
    rows = Weather.from_era5(path, PLACE)
    assert np.isnan([rows[0].ws, rows[0].pressure]).all()
    assert "ws missing in 49 step(s)" in caplog.text
    assert {row.ws for row in Weather.from_era5(path, PLACE, fill={"ws": 2.0})} == {2.0}


def test_damaged_files(tmp_path: Path, files: dict[str, Path]) -> None:
    for kind in ("new", "old", "grib", "zip"):
        whole = files[kind].read_bytes()
        cut = tmp_path / kind
        cut.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(WeatherDataError):
            Weather.from_era5(cut, PLACE)
    (tmp_path / "text").write_text("time,t2m\n")
    with pytest.raises(WeatherDataError, match="NetCDF or GRIB"):
        Weather.from_era5(tmp_path / "text", PLACE)
    with pytest.raises(FileNotFoundError, match=r"absent\.nc"):
        Weather.from_era5(tmp_path / "absent.nc", PLACE)


def test_any_url(tmp_path: Path, files: dict[str, Path]) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe("/era5/a.nc", files["new"].read_bytes())
    try:
        for url in ("memory://era5/a.nc", "memory://era5/*.nc"):
            found = Weather.from_era5(url, PLACE)
            assert found[5].ta == Weather.from_era5(files["new"], PLACE)[5].ta
        with pytest.raises(FileNotFoundError, match=r"memory://era5/b\.nc"):
            Weather.from_era5("memory://era5/b.nc", PLACE)
    finally:
        memory.rm("/era5", recursive=True)


@pytest.mark.parametrize(
    ("kind", "gone"), [("new", "h5netcdf"), ("grib", "eccodes"), ("url", "fsspec")]
)
def test_a_package_that_is_not_there(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch, kind: str, gone: str
) -> None:
    found = packages.find_spec
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == gone else found(name))
    given = "memory://a.nc" if kind == "url" else files[kind]
    with pytest.raises(ConfigurationError, match=r"pip install 'solweig\[weather\]'"):
        Weather.from_era5(given, PLACE)
    assert Weather.from_era5(files["old"], PLACE)  # classic NetCDF needs none of them


def test_unknown_words(files: dict[str, Path]) -> None:
    for words in ({"method": "cubic"}, {"product": "era6"}):
        with pytest.raises(ConfigurationError):
            Weather.from_era5(files["new"], PLACE, **words)  # type: ignore[arg-type]


def test_grib_leaves_this_process_as_it_was(files: dict[str, Path]) -> None:
    """The PROJ library that comes with ecCodes would be called by whatever is loaded after it."""
    code = (
        "import sys\nimport solweig\n"
        "place = solweig.Location(57.7, 11.97, 10.0, 0)\n"
        "for path in sys.argv[1:]:\n    assert solweig.Weather.from_era5(path, place)\n"
        "assert 'eccodes' not in sys.modules\n"
        "import pyproj\nprint(pyproj.CRS(3006).name)"
    )
    paths = [str(files[kind]) for kind in ("grib", "new", "old")]
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == ["SWEREF99 TM"], done.stderr
    assert done.returncode == 0

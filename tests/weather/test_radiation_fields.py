"""Radiation by weather cells: where they lie, what they hold, what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import Affine

import solweig
from solweig import RadiationField
from solweig.errors import (
    ConfigurationError,
    GridShapeMismatch,
    InvalidSurfaceData,
    SolweigError,
    WeatherDataError,
)
from solweig.rasters.grids import Grid
from solweig.weather.checks import Finding
from solweig.weather.fields import fields_of
from solweig.weather.given_sky import GivenSky, given_sky
from solweig.weather.series import WeatherSeries, weather_series
from solweig.weather.weather_cells import MOST_CELLS, cells_around
from tests.support.clear_days import clear_day
from tests.support.run_cases import COLS, LOCATION, NORTH, PIXEL, ROWS, WEST, small_surface, weather
from tests.support.sky_cases import cells_of, centres, labelled, write_cells

HOURS = (3, 9, 12, 15)
LOW, HIGH = 0.6, 1.0
FACTORS = np.linspace(LOW, HIGH, 12).reshape(3, 4)
LAMBERT = "+proj=lcc +lat_1=50 +lat_2=60 +lat_0=55 +lon_0=0 +ellps=WGS84 +units=m"
"""Its north is some 10 degrees from that of the surface."""


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface(svf=False)


def steps(**changes: Any) -> list[solweig.Weather]:
    return weather(HOURS, **changes)


def series_of(rows: list[solweig.Weather], **options: Any) -> WeatherSeries:
    return weather_series(rows, LOCATION, gaps="allow", **options)


def read(
    surface: solweig.SurfaceData,
    fields: Mapping[str, Any],
    rows: list[solweig.Weather] | None = None,
    *,
    split: str = "reindl",
    beam: str = "normal",
    **options: Any,
) -> tuple[GivenSky, list[Finding]]:
    given: Any = fields_of(fields)
    series = series_of(steps() if rows is None else rows, split=split, beam=beam, **options)
    return given_sky(given, surface.georef, series, split=split, beam=beam)


def sky_of(
    surface: solweig.SurfaceData, fields: Mapping[str, Any], *args: Any, **options: Any
) -> GivenSky:
    found, findings = read(surface, fields, *args, **options)
    assert findings == []
    return found


def global_of(array: Any, **options: Any) -> dict[str, Any]:
    return {"global_rad": RadiationField(array, **options)}


def around(rows: list[solweig.Weather] | None = None, **options: Any) -> xr.DataArray:
    """3 x 4 cells of 24 m: the surface of 48 x 60 m lies 10 m from their north-west corner."""
    rows = steps() if rows is None else rows
    return labelled(cells_of(rows, FACTORS), WEST - 10.0, NORTH + 10.0, 24.0, **options)


# ------------------------------------------------------------------ where they lie


def test_places_are_those_of_the_coordinates(surface: solweig.SurfaceData) -> None:
    sky = sky_of(surface, global_of(around()))
    # Centres 2 m south and east of the corner, that is one cell of the surface, then every 12.
    assert sky.origin == pytest.approx((1.0, 1.0))
    assert sky.pitch == pytest.approx((12.0, 12.0))
    assert np.allclose(sky.values["global_rad"], cells_of(steps(), FACTORS))
    assert list(sky.values) == ["global_rad"]
    wide = labelled(cells_of(steps(), FACTORS), WEST - 10.0, NORTH + 10.0, (24.0, 20.0))
    assert sky_of(surface, global_of(wide)).pitch == pytest.approx((12.0, 10.0))


def test_single_precision_counts_cells_alike_from_every_tile(
    surface: solweig.SurfaceData,
) -> None:
    array = labelled(cells_of(steps(), FACTORS), WEST - 10.123456, NORTH + 9.876543, 24.0)
    for origin in sky_of(surface, global_of(array)).origin:
        rows = np.arange(200_000, dtype=np.float32)
        for first in (0, 1, 777, 131_071):
            there = rows[: 200_000 - first] - np.float32(origin - first - 0.5)
            assert np.array_equal(there, rows[first:] - np.float32(origin - 0.5))


def test_cells_are_taken_that_lie_around_the_surface(surface: solweig.SurfaceData) -> None:
    cells = np.arange(400.0).reshape(20, 20)[None].repeat(len(HOURS), 0) * 0.5 + 100.0
    rows = steps(global_rad=300.0)[1:]
    big = labelled(cells[1:], WEST - 240.0, NORTH + 240.0, 24.0)
    sky = sky_of(surface, global_of(big), rows)
    # The corner is that of cell (10, 10), whose centre lies within; the one before is needed too.
    assert sky.origin == pytest.approx((-6.0, -6.0))
    assert np.array_equal(sky.values["global_rad"][0], cells[0, 9:13, 9:13])
    last = np.array(sky.origin) + np.array(sky.pitch) * 3
    assert (last >= np.array([ROWS, COLS]) - 0.5).all()
    assert (last - np.array(sky.pitch) < np.array([ROWS, COLS]) - 0.5).any()


def test_one_cell_covers_a_city(surface: solweig.SurfaceData) -> None:
    one = labelled(cells_of(steps(), [[0.9, 0.8], [0.7, 0.6]]), WEST - 500.0, NORTH + 500.0, 1000.0)
    sky = sky_of(surface, global_of(one.isel(y=slice(0, 2), x=slice(0, 2))))
    assert sky.values["global_rad"].shape == (len(HOURS), 2, 2)
    only = one.isel(x=slice(0, 1))
    sky = sky_of(surface, global_of(only))
    assert sky.values["global_rad"].shape == (len(HOURS), 2, 1)
    assert sky.pitch[1] == pytest.approx(500.0)


def blended(values: Any, origin: Any, pitch: Any, shape: tuple[int, int]) -> Any:
    """What cells of a surface receive of weather cells, by the rule of the engine."""
    shares = []
    for first, step, cells, size in zip(origin, pitch, values.shape, shape, strict=True):
        at = np.clip((np.arange(size) + 0.5 - first) / step, 0.0, cells - 1)
        shares.append(np.maximum(1.0 - np.abs(at[:, None] - np.arange(cells)), 0.0))
    return shares[0] @ values @ shares[1].T


@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    pitch=st.tuples(st.floats(3.0, 90.0), st.floats(3.0, 90.0)),
    beyond=st.tuples(*[st.floats(0.0, 4.0)] * 4),
    seed=st.integers(0, 99),
)
def test_the_cells_that_are_taken_are_all_that_matter(
    shape: tuple[int, int], pitch: tuple[float, float], beyond: tuple[float, ...], seed: int
) -> None:
    north, west, south, east = (n * p for n, p in zip(beyond, (*pitch, *pitch), strict=True))
    cells = (
        int(np.ceil((north + shape[0] + south) / pitch[0])),
        int(np.ceil((west + shape[1] + east) / pitch[1])),
    )
    here = Grid(shape, Affine(2.0, 0.0, WEST, 0.0, -2.0, NORTH), None)
    size = [2.0 * step for step in pitch]
    place = Affine(size[1], 0.0, WEST - 2.0 * west, 0.0, -size[0], NORTH + 2.0 * north)
    found = cells_around("fields[global_rad]", Grid(cells, place, None), here)
    assert found.at is None
    values = np.random.default_rng(seed).uniform(0.0, 1.0, cells)
    whole = blended(values, (0.5 * pitch[0] - north, 0.5 * pitch[1] - west), pitch, shape)
    cut = blended(values[found.window], found.origin, found.pitch, shape)
    # Origins are rounded to 1/64 of a cell.
    assert np.allclose(whole, cut, atol=1.1 / 64.0 / min(pitch))
    assert cut.shape == shape
    assert np.prod(found.shape) <= MOST_CELLS


@pytest.mark.parametrize("crs", [4326, 4258, LAMBERT, 25833], ids=["degrees", "etrs", "lcc", "utm"])
def test_another_projection_is_taken_at_centres_along_the_axes(
    surface: solweig.SurfaceData, crs: Any
) -> None:
    middle = centres(surface, (ROWS / 2, COLS / 2), (1.0, 1.0), (1, 1), crs)
    x, y = float(middle[0][0, 0]), float(middle[1][0, 0])
    dy, dx = (0.0002, 0.0004) if crs in (4326, 4258) else (24.0, 24.0)
    west, north = x - 8.3 * dx, y + 7.7 * dy
    right, down = np.meshgrid(np.arange(16) + 0.5, np.arange(16) + 0.5)
    # What is linear on the one grid is known everywhere on it.
    plane = 0.5 + 0.03 * right - 0.02 * down
    array = labelled(cells_of(steps(), plane), west, north, (dy, dx), crs=crs)
    sky = sky_of(surface, global_of(array))
    shape = sky.values["global_rad"].shape[1:]
    there = centres(surface, sky.origin, sky.pitch, shape, crs)
    wanted = 0.5 + 0.03 * (there[0] - west) / dx - 0.02 * (north - there[1]) / dy
    assert np.allclose(sky.values["global_rad"], cells_of(steps(), wanted), atol=2e-3)
    # About as large as on their own grid, and beyond the surface on every side.
    sides = np.array(sky.pitch) * PIXEL
    own = (22.3, 23.8) if crs in (4326, 4258) else (24.0, 24.0)
    assert np.allclose(sides, own, rtol=0.03)
    ends = np.array(sky.origin) + np.array(sky.pitch) * (np.array(shape) - 1)
    assert (np.array(sky.origin) <= 0.5).all()
    assert (ends >= np.array([ROWS, COLS]) - 0.5).all()
    # The middle one is one of the field's own.
    parts = np.stack([(there[0] - west) / dx % 1.0, (north - there[1]) / dy % 1.0])
    assert np.abs(parts - 0.5).max(axis=0).min() < 1e-3


def test_equal_cells_stay_equal_in_another_projection(surface: solweig.SurfaceData) -> None:
    x, y = (float(v[0, 0]) for v in centres(surface, (12.0, 15.0), (1.0, 1.0), (1, 1), 4326))
    array = labelled(cells_of(steps(), np.full((6, 6), 0.7)), x - 1.1, y + 1.4, 0.4, crs=4326)
    found = sky_of(surface, global_of(array)).values["global_rad"]
    assert (found == found[:, :1, :1]).all()


def test_the_outermost_cells_hold_beyond_their_centres(surface: solweig.SurfaceData) -> None:
    x, y = (float(v[0, 0]) for v in centres(surface, (12.0, 15.0), (1.0, 1.0), (1, 1), 4326))
    # The surface lies in the south-east quarter of the last cell.
    array = labelled(cells_of(steps(), [[0.5, 0.6], [0.7, 0.8]]), x - 0.36, y + 0.38, 0.2, crs=4326)
    found = sky_of(surface, global_of(array)).values["global_rad"][2]
    own = cells_of(steps(), [[0.8]])[2, 0, 0]
    assert found[-1, -1] == pytest.approx(own, rel=1e-3)
    assert found.max() <= own * (1 + 1e-6)


def test_longitudes_may_count_from_greenwich_eastwards(surface: solweig.SurfaceData) -> None:
    x, y = (float(v[0, 0]) for v in centres(surface, (12.0, 15.0), (1.0, 1.0), (1, 1), 4326))
    west, north = x - 0.5, y + 0.5
    here = labelled(cells_of(steps(), FACTORS), west, north, 0.3, crs=4326)
    there = labelled(cells_of(steps(), FACTORS), west + 360.0, north, 0.3, crs=4326)
    one, two = (sky_of(surface, global_of(array)) for array in (here, there))
    assert one.origin == pytest.approx(two.origin, abs=1e-6)
    assert np.allclose(one.values["global_rad"], two.values["global_rad"], rtol=1e-6)


def test_a_grid_around_the_globe_that_begins_at_the_surface(surface: solweig.SurfaceData) -> None:
    x, y = (float(v[0, 0]) for v in centres(surface, (12.0, 15.0), (1.0, 1.0), (1, 1), 4326))
    factors = np.linspace(LOW, HIGH, 36)[None].repeat(3, 0)

    def beginning(west: float) -> xr.DataArray:
        return labelled(cells_of(steps(), factors), west, y + 16.0, (10.0, 10.0), crs=4326)

    # Centres of cells lie 1 degree west of the surface, or 1 degree east: then one is the last.
    for west in (-180.0, x - 6.0):
        sky_of(surface, global_of(beginning(west)))
    words = "on both sides", "around the globe", "sortby"
    refused(surface, global_of(beginning(x - 4.0)), GridShapeMismatch, *words)
    # What does not go around knows no better.
    sky_of(surface, global_of(beginning(x - 4.0)[:, :, :-1]))


# ------------------------------------------------------------------ sources and times


def test_files_and_arrays_give_the_same(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    rows = steps()
    stamps = [row.datetime for row in rows]
    array = around(times=stamps)
    want = sky_of(surface, global_of(array))
    array.rename("ssrd").to_netcdf(tmp_path / "era.nc", engine="scipy")
    names = [t.isoformat() for t in stamps]
    write_cells(tmp_path / "named.tif", array[::-1], names[::-1])
    write_cells(tmp_path / "plain.tif", array)
    write_cells(tmp_path / "up.tif", array[:, ::-1, :])
    early = array.assign_coords(time=array.time - np.timedelta64(1, "h"))
    early.rename("ssrd").to_netcdf(tmp_path / "utc.nc", engine="scipy")
    (tmp_path / "wrfout_d01").write_bytes((tmp_path / "era.nc").read_bytes())
    chunked = array.isel(y=slice(None, None, -1), x=slice(None, None, -1)).chunk(time=1)
    more = xr.concat([array[:1], array], "time").drop_vars("time")
    times = [stamps[0].replace(hour=1), *stamps]
    for source in (
        f"{tmp_path / 'era.nc'}", f"{tmp_path / 'era.nc'},variable=ssrd",
        f"{tmp_path / 'wrfout_d01'}", f"{tmp_path / 'named.tif'}",
        f"{tmp_path / 'plain.tif'}", f"{tmp_path / 'up.tif'}",
        f"{tmp_path / 'utc.nc'},utc", RadiationField(early, utc=True), RadiationField(chunked),
        RadiationField(array.to_dataset(name="ssrd"), variable="ssrd"),
        RadiationField(more, times=times),
    ):  # fmt: skip
        found = sky_of(surface, {"global_rad": source})
        assert found.identity == want.identity, source
        assert np.array_equal(found.values["global_rad"], want.values["global_rad"]), source
    other = array.copy()
    other[1, 1, 1] += 0.5
    assert sky_of(surface, global_of(other)).identity != want.identity


def test_bands_of_other_formats_have_times(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    rows = steps()
    stamps = [row.datetime for row in rows]
    array = around(times=stamps)
    want = sky_of(surface, global_of(array)).identity
    backwards = array[::-1]
    names = [f"SIS {t:%Y-%m-%d %H:%M} [W/m2]" for t in stamps[::-1]]
    named = write_cells(tmp_path / "named.tif", backwards, names)
    early = [f"SIS {t - timedelta(hours=1):%Y-%m-%d %H:%M} (UTC)" for t in stamps[::-1]]
    zoned = write_cells(tmp_path / "zoned.tif", backwards, early)
    # As GDAL writes what it read from NetCDF, and from GRIB.
    noted = write_cells(tmp_path / "noted.tif", backwards)
    since = {"hour#units": "hours since 2006-08-01 00:00:00", "hour#calendar": "standard"}
    with rasterio.open(noted, "r+") as sink:
        sink.update_tags(**since)
        for band, t in enumerate(stamps[::-1], 1):
            sink.update_tags(band, NETCDF_DIM_hour=str(t.hour))
    grib = write_cells(tmp_path / "grib.tif", backwards)
    with rasterio.open(grib, "r+") as sink:
        for band, t in enumerate(stamps[::-1], 1):
            seconds = int((np.datetime64(t) - np.datetime64(0, "s")) / np.timedelta64(1, "s"))
            sink.update_tags(band, GRIB_VALID_TIME=f"{seconds - 3600} sec UTC", GRIB_UNIT="[-]")
    for path in (named, zoned, noted, grib):
        assert sky_of(surface, {"global_rad": str(path)}).identity == want, path
    with rasterio.open(grib, "r+") as sink:
        sink.update_tags(2, GRIB_UNIT="[W*s/m^2]")
    refused(surface, {"global_rad": str(grib)}, WeatherDataError, "units of [W*s/m^2]", "3600")
    with rasterio.open(noted, "r+") as sink:
        sink.update_tags(**{**since, "hour#calendar": "noleap"})
    words = "date of the world", "noleap"
    refused(surface, {"global_rad": str(noted)}, WeatherDataError, *words)
    with rasterio.open(noted, "r+") as sink:
        sink.update_tags(**{**since, "hour#units": "months since 2006-01-01"})
    refused(surface, {"global_rad": str(noted)}, WeatherDataError, "date of the world", "months")


def test_more_layers_than_steps_are_no_means(surface: solweig.SurfaceData) -> None:
    rows = steps()[1:]
    times = [rows[0].datetime + timedelta(minutes=10 * i) for i in range(37)]
    cells = np.interp(
        [t.hour + t.minute / 60.0 for t in times], HOURS[1:], [row.global_rad for row in rows]
    )
    array = labelled(
        cells[:, None, None] * FACTORS, WEST - 10.0, NORTH + 10.0, 24.0, times=times
    )  # fmt: skip
    _, found = read(surface, global_of(array), rows)
    assert [f.check for f in found] == ["radiation by cells"]
    assert "fields[global_rad] has a layer every 10 min, and a step is 60 min" in found[0].text
    assert sky_of(surface, global_of(array[::6]), rows).notes["global_rad"]["layers"] == 3


def test_times_without_a_zone_are_utc_where_the_stamps_have_one(
    surface: solweig.SurfaceData,
) -> None:
    rows = steps()
    zone = timezone(timedelta(hours=1))
    aware = [replace(row, datetime=row.datetime.replace(tzinfo=zone)) for row in rows]
    utc = [row.datetime - timedelta(hours=1) for row in rows]
    want = sky_of(surface, global_of(around())).identity
    assert sky_of(surface, global_of(around(times=utc)), aware).identity == want
    own = global_of(around(times=[row.datetime for row in rows]))
    refused(
        surface,
        own,
        WeatherDataError,
        "local standard time",
        "their zone",
        rows=aware,
    )


def test_bands_as_rioxarray_has_them(surface: solweig.SurfaceData) -> None:
    stamps = [row.datetime for row in steps()]
    array = around(times=stamps)
    want = sky_of(surface, global_of(array)).identity
    bands = array.drop_vars("time").rename(time="band").assign_coords(band=[1, 2, 3, 4])
    bands.attrs["units"] = ("W m-2",) * 4
    assert sky_of(surface, global_of(bands)).identity == want
    assert sky_of(surface, global_of(bands[::-1], times=stamps[::-1])).identity == want
    named = bands[::-1]
    named.attrs["long_name"] = tuple(f"{t - timedelta(hours=1)}+00:00" for t in stamps[::-1])
    assert sky_of(surface, global_of(named)).identity == want
    named.attrs["units"] = ("W m-2", "W m-2", "J m-2", "W m-2")
    refused(surface, global_of(named), WeatherDataError, "units of J m-2")
    real = array.convert_calendar("proleptic_gregorian", use_cftime=True)
    assert real.time.dtype == object
    assert sky_of(surface, global_of(real)).identity == want


def test_edges_of_cells_and_times_are_no_maps(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    # As CM SAF delivers them.
    array = around(times=[row.datetime for row in steps()])
    edges = {f"{dim}_bnds": ((dim, "bnds"), np.zeros((array.sizes[dim], 2))) for dim in array.dims}
    data = array.to_dataset(name="SIS").assign(edges)
    for dim in array.dims:
        data[dim].attrs["bounds"] = f"{dim}_bnds"
    data["time"].encoding["units"] = "hours since 2006-08-01"
    data.to_netcdf(tmp_path / "sis.nc", engine="scipy")
    want = sky_of(surface, global_of(array)).identity
    for source in (data, str(tmp_path / "sis.nc")):
        assert sky_of(surface, global_of(source)).identity == want
    data["SDI"] = data["SIS"]
    refused(surface, global_of(data), WeatherDataError, "got SIS, SDI")


def test_of_two_clocks_in_a_name_none_is_meant(
    surface: solweig.SurfaceData, tmp_path: Path
) -> None:
    names = [f"{row.datetime:%Y-%m-%d %H:%M} to 23:00" for row in steps()]
    path = write_cells(tmp_path / "spans.tif", around()[::-1], names)
    refused(surface, {"global_rad": str(path)}, WeatherDataError, "sun of the step")


@pytest.mark.parametrize("dim", ["time", "valid_time"])
def test_times_that_are_no_dates_of_the_world(
    surface: solweig.SurfaceData, tmp_path: Path, dim: str
) -> None:
    array = around(times=[row.datetime for row in steps()]).rename(time=dim)
    array.coords[dim].encoding["units"] = "hours since 2006-08-01"
    for calendar in ("standard", "noleap"):
        array.coords[dim].encoding["calendar"] = calendar
        array.rename("ssrd").to_netcdf(tmp_path / f"{calendar}.nc", engine="scipy")
    sky_of(surface, global_of(str(tmp_path / "standard.nc")))
    words = f"times {dim}", "the calendar noleap", "convert_calendar"
    refused(surface, global_of(str(tmp_path / "noleap.nc")), WeatherDataError, *words)
    counted = array.assign_coords({dim: np.arange(len(HOURS))})
    refused(surface, global_of(counted), WeatherDataError, f"times {dim} of type int64")


def test_whole_numbers_have_a_mark_for_no_data(
    surface: solweig.SurfaceData, tmp_path: Path
) -> None:
    array = around().round()
    want = sky_of(surface, global_of(array)).identity
    marked = array.copy()
    marked[0] = -999.0
    path = write_cells(tmp_path / "whole.tif", marked, dtype="int16", nodata=-999)
    assert sky_of(surface, {"global_rad": str(path)}).identity == want
    marked[2, 1, 1] = -999.0
    path = write_cells(tmp_path / "gap.tif", marked, dtype="int16", nodata=-999)
    refused(surface, {"global_rad": str(path)}, WeatherDataError, "none in 1 cells")
    path = write_cells(tmp_path / "unsaid.tif", marked, dtype="int16")
    refused(surface, {"global_rad": str(path)}, WeatherDataError, "code for a missing value")


def test_a_cell_that_is_not_used_is_no_part_of_the_run(surface: solweig.SurfaceData) -> None:
    cells = cells_of(steps(), np.full((12, 12), 0.8))
    array = labelled(cells, WEST - 120.0, NORTH + 120.0, 24.0)
    want = sky_of(surface, global_of(array)).identity
    far = array.copy()
    far[:, 0, 0] = np.nan
    assert sky_of(surface, global_of(far)).identity == want


def test_what_is_recorded(surface: solweig.SurfaceData) -> None:
    told = sky_of(surface, global_of(around())).describe()["global_rad"]
    assert (told["cells"], told["unit"], told["layers"]) == ([3, 4], "W/m2", len(HOURS))
    brightest = max(row.global_rad for row in steps())
    assert (told["lowest"], told["highest"]) == pytest.approx((0.0, HIGH * brightest))


# ------------------------------------------------------------------ parts


def test_parts_are_given_together(surface: solweig.SurfaceData) -> None:
    rows = steps()
    total = cells_of(rows, FACTORS)
    up = np.sin(np.radians(np.maximum(series_of(rows).columns["altitude"], 0.0)))
    sine = up[:, None, None]
    direct = np.divide(0.5 * total, sine, out=np.zeros_like(total), where=sine > 0)

    def fields(beam: Any) -> dict[str, Any]:
        parts = {"diffuse_rad": 0.5 * total, "direct_rad": beam, "global_rad": total}
        place = WEST - 10.0, NORTH + 10.0, 24.0
        return {n: RadiationField(labelled(v, *place)) for n, v in parts.items()}

    sky = sky_of(surface, fields(direct))
    assert set(sky.values) == {"global_rad", "direct_rad", "diffuse_rad"}
    assert np.allclose(sky.values["direct_rad"], direct, rtol=1e-6)
    flat = sky_of(surface, fields(0.5 * total), beam="horizontal")
    assert np.allclose(flat.values["direct_rad"], 0.5 * total, rtol=1e-6)
    _, found = read(surface, fields(0.1 * direct))
    assert [f.check for f in found] == ["radiation closure"]
    # Light without diffuse radiation does not exist: the model splits these.
    dark = fields(0.0 * direct)
    dark["diffuse_rad"] = RadiationField(labelled(0.0 * total, WEST - 10.0, NORTH + 10.0, 24.0))
    sky, found = read(surface, dark)
    assert "zero radiation" in [f.check for f in found]
    day = series_of(rows).daytime
    assert np.isnan(sky.values["direct_rad"][day]).all()
    assert np.isnan(sky.values["diffuse_rad"][day]).all()
    assert np.allclose(sky.values["global_rad"], total)


@pytest.mark.parametrize("split", ["disc", "dirint"])
@pytest.mark.parametrize("suns", [1, 3])
def test_splits_are_those_of_steps_with_the_radiation_of_the_cell(
    surface: solweig.SurfaceData, split: str, suns: int
) -> None:
    # The sun rises within the third step.
    rows = weather(tuple(range(3, 12)), day="2006-08-14")
    array = labelled(cells_of(rows, FACTORS), WEST - 10.0, NORTH + 10.0, 24.0)
    sky = sky_of(surface, global_of(array), rows, split=split, sun_substeps=suns)
    for row, col in ((0, 0), (2, 1)):
        cell = [
            solweig.Weather(r.datetime, ta=r.ta, rh=r.rh, ws=r.ws, global_rad=float(g))
            for r, g in zip(rows, cells_of(rows, FACTORS)[:, row, col], strict=True)
        ]
        own = series_of(cell, split=split, sun_substeps=suns)
        for name in ("direct_rad", "diffuse_rad"):
            got = sky.values[name][:, row, col]
            assert np.allclose(got[own.daytime], own.columns[name][own.daytime], atol=1e-2), name


def test_measured_parts_of_the_steps_are_not_used_beside_a_global(
    surface: solweig.SurfaceData,
) -> None:
    rows = steps(measured_direct_rad=10.0, measured_diffuse_rad=100.0)
    _, found = read(surface, global_of(around(rows)), rows)
    assert "radiation by cells" in [f.check for f in found]


def test_longwave(surface: solweig.SurfaceData) -> None:
    rows = steps(measured_longwave_down=330.0)
    warm = labelled(np.full((3, 4), 320.0), WEST - 10.0, NORTH + 10.0, 24.0)
    sky = sky_of(surface, {"longwave_down": RadiationField(warm)}, rows, longwave="measured")
    assert sky.values["longwave_down"].shape == (len(HOURS), 3, 4)
    assert (sky.values["longwave_down"] == 320.0).all()
    cold = {"longwave_down": RadiationField(warm - 220.0)}
    _, found = read(surface, cold, rows, longwave="measured")
    assert [f.check for f in found] == ["sky longwave"]
    assert "weather cells" in found[0].text


# ------------------------------------------------------------------ what is refused


def refused(
    surface: solweig.SurfaceData, fields: Any, kind: type[SolweigError], *words: str, **options: Any
) -> None:
    with pytest.raises(kind) as caught:
        read(surface, fields, **options)
    for word in ("fields[", *words):
        assert word in str(caught.value), str(caught.value)


def test_gaps_and_traces_by_night_do_not_matter(surface: solweig.SurfaceData) -> None:
    want = sky_of(surface, global_of(around())).identity
    array = around()
    array[0, 1] = np.nan
    array[0, 2, 2] = -0.02
    assert sky_of(surface, global_of(array)).identity == want
    array[2, 1, 1] = np.nan
    refused(
        surface,
        global_of(array),
        WeatherDataError,
        "weather cell",
        "none in 1 cells",
        "12:00, with the sun at 49 degrees",
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: a * 10.0, ("0 to 1500 W/m2", "09:00")),
        (lambda a: a * 3600.0, ("J/m2", "3600", "ERA5-Land")),
        # Where the first hours of a day are sums that could be much else.
        (lambda a: a * np.array([0.0, 5.0, 3600.0, 3600.0])[:, None, None], ("09:00", "like J/m2")),
        (lambda a: a - 50.0, ("negative",)),
        (lambda a: a * 1e-3, ("kW/m2",)),
        (lambda a: a + 30.0, ("at most 10 W/m2", "03:00", "utc=True")),
    ],
)
def test_values_that_cannot_be(
    surface: solweig.SurfaceData, change: Any, words: tuple[str, ...]
) -> None:
    refused(surface, global_of(change(around())), WeatherDataError, "global_rad", *words)


def test_more_than_the_sun_can_give(surface: solweig.SurfaceData) -> None:
    rows = weather(tuple(range(4, 21)))
    total = cells_of(rows, FACTORS * 0.9)
    late = np.concatenate([np.zeros((2, 3, 4)), total[:-2]])
    place = WEST - 10.0, NORTH + 10.0, 24.0
    words = "at most 337 W/m2, as the sun of the step can give", "20:00", "utc=True"
    refused(surface, global_of(labelled(late, *place)), WeatherDataError, *words, rows=rows)
    parts = {"global_rad": total, "direct_rad": total, "diffuse_rad": late}
    fields = {n: RadiationField(labelled(v, *place)) for n, v in parts.items()}
    refused(surface, fields, WeatherDataError, "fields[diffuse_rad]", words[0], rows=rows)
    # Normal to it a low sun gives much.
    parts = {"global_rad": total, "direct_rad": late, "diffuse_rad": total}
    fields = {n: RadiationField(labelled(v, *place)) for n, v in parts.items()}
    read(surface, fields, rows)
    refused(
        surface, fields, WeatherDataError, "fields[direct_rad]", words[0],
        "beam='normal'", rows=rows, beam="horizontal",
    )  # fmt: skip


def test_another_clock_is_told(surface: solweig.SurfaceData) -> None:
    hours = pd.date_range("2006-07-31 23:00", periods=24, freq="h")
    day = clear_day(LOCATION.latitude, LOCATION.longitude, hours)
    rows = [
        solweig.Weather(t + timedelta(hours=1), ta=20.0, rh=50.0, global_rad=float(g))
        for t, g in zip(hours.to_pydatetime(), day["global_rad"], strict=True)
    ]
    total, place = cells_of(rows, 0.9 + 0.05 * FACTORS), (WEST - 10.0, NORTH + 10.0, 24.0)
    assert read(surface, global_of(labelled(total, *place)), rows)[1] == []
    late = np.concatenate([np.zeros((1, 3, 4)), total[:-1]])
    _, found = read(surface, global_of(labelled(late, *place)), rows)
    assert [f.check for f in found] == ["weather clock"]
    assert "59 min earlier than its times say" in found[0].text
    assert "utc=True" in found[0].text


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ("J m**-2", ("units of J m**-2", "3600")),
        ("kW/m2", ("Convert it",)),
        ("MJ/m2", ("seconds",)),
        ("[W*s/m^2]", ("3600",)),
        ("of my own", ("Convert it",)),
        ("W/m^2", ()),
        ("W m**-2", ()),
        ("", ()),
    ],
)
def test_units(
    surface: solweig.SurfaceData, tmp_path: Path, unit: str, words: tuple[str, ...]
) -> None:
    array = around(unit=unit)
    write_cells(tmp_path / "u.tif", array)
    with rasterio.open(tmp_path / "u.tif", "r+") as sink:
        sink.units = (unit,) * sink.count
    for source in (array, tmp_path / "u.tif"):
        if words:
            refused(surface, global_of(source), WeatherDataError, "W/m2", *words)
        else:
            sky_of(surface, global_of(source))


def test_what_bands_are_called_is_no_unit(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    names = ["SIS (daily)", "surface radiation", "[W/m2]", "W/m2"]
    path = write_cells(tmp_path / "named.tif", around(), names)
    sky_of(surface, {"global_rad": str(path)})
    path = write_cells(tmp_path / "sums.tif", around(), [*names[:3], "ssrd [J m**-2]"])
    refused(surface, {"global_rad": str(path)}, WeatherDataError, "units of J m**-2")


def test_grids_that_do_not_fit(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    values = cells_of(steps(), FACTORS)
    off = labelled(values, WEST + 5.0, NORTH + 10.0, 24.0)
    refused(surface, global_of(off), GridShapeMismatch, "cover the surface", "319005")
    short = labelled(values, WEST - 10.0, NORTH + 10.0, (19.0, 24.0))
    refused(surface, global_of(short), GridShapeMismatch, "cover the surface")
    far = labelled(values, 13.0, 58.0, 0.3, crs=4326)
    refused(surface, global_of(far), GridShapeMismatch, "cover the surface", "west 13", "11.96")
    fine = labelled(np.full((40, 40), 100.0), WEST - 2.0, NORTH + 2.0, 2.0)
    refused(
        surface, global_of(fine), GridShapeMismatch, str(MOST_CELLS), "24 x 30", "Average 2 x 2",
        rows=steps(global_rad=100.0)[1:],
    )  # fmt: skip
    curved = xr.DataArray(
        values, dims=("Time", "south_north", "west_east"),
        coords=dict.fromkeys(("XLAT", "XLONG"), (("south_north", "west_east"), FACTORS)),
    )  # fmt: skip
    refused(surface, global_of(curved.rename(Time="time")), InvalidSurfaceData, "two dimensions")
    refused(surface, global_of(values), InvalidSurfaceData, "where its cells lie", "ndarray")
    bare = xr.DataArray(values[0], dims=("y", "x"))
    refused(surface, global_of(bare), InvalidSurfaceData, "where its cells lie")
    several = xr.concat([around()[2], around()[2]], "layer")
    refused(surface, global_of(several), InvalidSurfaceData, "two dimensions", "layer (2)")
    lone = around()[:, :1, :1]
    words = "more than one cell", "a GeoTIFF, or centres of two cells"
    refused(surface, global_of(lone), InvalidSurfaceData, *words)
    turned = Affine(24.0, 3.0, WEST - 30.0, 3.0, -24.0, NORTH + 30.0)
    path = write_cells(tmp_path / "turned.tif", around(), transform=turned)
    refused(surface, {"global_rad": str(path)}, InvalidSurfaceData, "north-up grid")
    with pytest.warns(NotGeoreferencedWarning):
        path = write_cells(tmp_path / "bare.tif", around(), transform=Affine.identity(), crs=None)
    refused(surface, {"global_rad": str(path)}, InvalidSurfaceData, "where its cells lie")
    uneven = around().assign_coords(y=[NORTH, NORTH - 24.0, NORTH - 60.0])
    refused(surface, global_of(uneven), InvalidSurfaceData, "equal steps")
    for name in ("no.tif", "no.nc"):
        kind = InvalidSurfaceData if name.endswith("tif") else WeatherDataError
        refused(surface, {"global_rad": str(tmp_path / name)}, kind, "no file")


def test_a_surface_without_projection(surface: solweig.SurfaceData) -> None:
    bare = solweig.SurfaceData(
        surface.dsm.copy(), dem=surface.dem, pixel_size=PIXEL, geotransform=surface.geotransform
    )
    assert sky_of(bare, global_of(around())).origin == pytest.approx((1.0, 1.0))
    degrees = labelled(cells_of(steps(), FACTORS), 11.5, 58.0, 0.3, crs=4326)
    refused(bare, global_of(degrees), InvalidSurfaceData, "CRS", "degrees")


def test_one_grid_for_all_quantities(surface: solweig.SurfaceData) -> None:
    rows = steps(measured_longwave_down=330.0)
    other = labelled(np.full((3, 4), 330.0), WEST - 12.0, NORTH + 10.0, 24.0)
    fields = {"longwave_down": RadiationField(other), **global_of(around())}
    refused(
        surface, fields, GridShapeMismatch, "fields[longwave_down]", "fields[global_rad]",
        rows=rows, longwave="measured",
    )  # fmt: skip


def test_times_that_are_not_the_steps(surface: solweig.SurfaceData) -> None:
    stamps = np.array([row.datetime for row in steps()], "datetime64[ms]")
    day = np.timedelta64(1, "D")
    refused(surface, global_of(around(times=[t + day for t in stamps])), WeatherDataError, "4 of 4")
    early = around(times=[t - np.timedelta64(1, "h") for t in stamps])
    refused(surface, global_of(early), WeatherDataError, "utc=True")
    # As days of the year in single precision are.
    apart = np.array([400, -400, 1300, -1300], "timedelta64[ms]")
    want = sky_of(surface, global_of(around())).identity
    assert sky_of(surface, global_of(around(times=stamps + apart))).identity == want
    far = around(times=stamps + 3 * apart)
    refused(surface, global_of(far), WeatherDataError, "2 of 4")
    past = around(times=[t + np.timedelta64(10, "m") for t in stamps])
    refused(surface, global_of(past), WeatherDataError, "4 of 4", "is 10 min away")
    refused(surface, global_of(around()[:2]), WeatherDataError, "one layer, or 4")
    noon = around(times=stamps)[2]
    sky_of(surface, global_of(noon), steps()[2:3])
    refused(surface, global_of(noon), WeatherDataError, "3 of 4", "drop_vars")
    assert sky_of(surface, global_of(noon.drop_vars("time")), steps()[2:]).origin
    # Where a forecast begins is another time than what it is of.
    begun = noon.assign_coords(time=stamps[0], valid_time=stamps[2])
    sky_of(surface, global_of(begun), steps()[2:3])
    twice = RadiationField(around(times=stamps), times=stamps)
    refused(surface, {"global_rad": twice}, WeatherDataError, "times once")


# ------------------------------------------------------------------ what is said


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ghi.nc", RadiationField("ghi.nc")),
        ("ghi.tif,utc", RadiationField("ghi.tif", utc=True)),
        ("era.nc,variable=ssrd", RadiationField("era.nc", variable="ssrd")),
        ("era.nc, variable=ssrd, utc", RadiationField("era.nc", variable="ssrd", utc=True)),
    ],
)
def test_texts(text: str, wanted: RadiationField) -> None:
    assert fields_of({"global_rad": text}) == {"global_rad": wanted}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"global_rad": "ghi.nc@2m"}, ("fields[global_rad]", "FILE", "no height")),
        ({"global_rad": "ghi.nc,nearest"}, ("utc or variable=NAME", "nearest")),
        ({"global_rad": ",utc"}, ("FILE",)),
        ({"global_rad": np.zeros((2, 2))}, ("RadiationField", "ndarray")),
        ({"global_rad": solweig.WeatherField("g.nc", 2.0)}, ("RadiationField", "WeatherField")),
        ({"ta": RadiationField("ta.nc")}, ("fields[ta]", "WeatherField", "RadiationField")),
        ({"direct_rad": "d.nc"}, ("direct_rad without global_rad and diffuse_rad",)),
        ({"direct_rad": "d.nc", "diffuse_rad": "d.nc"}, ("without global_rad",)),
        ({"global_rad": "g.nc", "diffuse_rad": "d.nc"}, ("without direct_rad",)),
        ({"clouds": "c.nc"}, ("global_rad", "longwave_down", "'clouds'")),
    ],
)
def test_what_is_no_field(given: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        fields_of(given)
    for word in words:
        assert word in str(caught.value), str(caught.value)


def test_order_is_one(surface: solweig.SurfaceData) -> None:
    names = ("longwave_down", "diffuse_rad", "global_rad", "direct_rad")
    given = fields_of({"ta": "ta.tif@2m"} | dict.fromkeys(names, "r.nc"))
    assert list(given) == ["ta", "global_rad", "direct_rad", "diffuse_rad", "longwave_down"]


@pytest.mark.parametrize("factor", [0.4, 0.9, 1.2, 2.5])
def test_light_unlike_that_of_the_steps_is_told(
    surface: solweig.SurfaceData, factor: float
) -> None:
    rows = steps()
    light = cells_of(rows, np.full((3, 4), min(factor, 1.0)))
    fields = global_of(labelled(light, WEST - 10.0, NORTH + 10.0, 24.0))
    own = [replace(row, global_rad=row.global_rad * min(1.0 / factor, 1.0)) for row in rows]
    _, findings = read(surface, fields, own)
    told = [each.text for each in findings if "times that of the steps" in each.text]
    assert bool(told) == (factor in (0.4, 2.5))
    assert all(f"{factor:.2g} times" in text for text in told)

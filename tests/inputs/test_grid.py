"""The one grid: where it lies, its cells, its system."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine
from shapely.geometry import Polygon

import solweig
from solweig.inputs.grid import Extent, choose_grid, tiles
from tests.support.town import SOUTH, UTM32, WEST
from tests.support.town_checks import NORTH, TOWN, build, read, tif


def place(path: Path) -> Any:
    with rasterio.open(path) as source:
        return source.transform, source.shape, source.crs


def extent(west: float, south: float, east: float, north: float, **more: Any) -> Extent:
    from pyproj import CRS

    crs = CRS.from_user_input(more.pop("crs", UTM32))
    return Extent(more.pop("role", "lidar"), (west, south, east, north), crs, **more)


# ------------------------------------------------------------------ where


@settings(max_examples=60, deadline=None)
@given(
    west=st.floats(4e5, 6e5), south=st.floats(4e6, 6e6), wide=st.floats(5, 900),
    tall=st.floats(5, 900), pixel=st.sampled_from([0.25, 0.5, 1.0, 2.0, 5.0]),
)  # fmt: skip
def test_a_box_is_covered_by_whole_cells(
    west: float, south: float, wide: float, tall: float, pixel: float
) -> None:
    box = (west, south, west + wide, south + tall)
    source = extent(west - 1000, south - 1000, west + 2000, south + 2000)
    grid, _ = choose_grid([source], bbox=box, pixel_size=pixel)
    found = grid.bounds
    slack = 0.01 * pixel
    assert found[0] <= box[0] + slack
    assert found[1] <= box[1] + slack
    assert found[2] >= box[2] - slack
    assert found[3] >= box[3] - slack
    for a, b in zip(found, box, strict=True):
        assert abs(a - b) < pixel + slack
    # Cells lie on multiples of their side, so that two builds fit together.
    assert grid.transform.c / pixel == pytest.approx(round(grid.transform.c / pixel), abs=1e-6)
    assert grid.transform.f / pixel == pytest.approx(round(grid.transform.f / pixel), abs=1e-6)


def test_cells_of_the_surface_are_kept(tmp_path: Path) -> None:
    dsm = tif(tmp_path / "dsm.tif", TOWN.dsm(), west=WEST + 0.37, north=NORTH - 0.11)
    dem = tif(tmp_path / "dem.tif", TOWN.dem(), west=WEST + 0.37, north=NORTH - 0.11)
    built = solweig.build_surface(tmp_path / "out", dsm=dsm, dem=dem, picture=False)
    assert place(built.dsm)[0] == Affine(1, 0, WEST + 0.37, 0, -1, NORTH - 0.11)
    assert np.array_equal(read(built.dsm), TOWN.dsm())
    part = solweig.build_surface(
        tmp_path / "part", dsm=dsm, dem=dem, picture=False,
        bbox=(WEST + 20, SOUTH + 20, WEST + 60, SOUTH + 50),
    )  # fmt: skip
    corner = place(part.dsm)[0]
    row, col = round(NORTH - 0.11 - corner.f), round(corner.c - WEST - 0.37)
    assert corner.c == pytest.approx(WEST + 0.37 + col, abs=1e-6)
    assert corner.f == pytest.approx(NORTH - 0.11 - row, abs=1e-6)
    rows, cols = read(part.dsm).shape
    assert np.array_equal(read(part.dsm), TOWN.dsm()[row : row + rows, col : col + cols])


def test_the_grid_does_not_reach_beyond_what_is_known(tmp_path: Path) -> None:
    """A small ground model below a wide survey: what both cover."""
    dem = tif(tmp_path / "dem.tif", TOWN.dem()[:60, :50])
    cloud = TOWN.write_lidar(tmp_path / "town.laz", density=8, noise=0)
    built = solweig.build_surface(tmp_path / "out", dem=dem, lidar=cloud, picture=False)
    assert read(built.dsm).shape == (60, 50)
    assert not np.isnan(read(built.dsm)).any()


def test_an_area_and_a_margin(tmp_path: Path) -> None:
    dem = tif(tmp_path / "dem.tif", TOWN.dem())
    ring = Polygon([(WEST + 30, SOUTH + 60), (WEST + 60, SOUTH + 90), (WEST + 90, SOUTH + 60)])
    geopandas.GeoSeries([ring], crs=UTM32).to_crs("EPSG:4326").to_file(tmp_path / "area.geojson")
    built = build(tmp_path / "out", dem=dem, area=tmp_path / "area.geojson", margin=5.0)
    transform, shape, _ = place(built.dsm)
    assert abs(transform.c - (WEST + 25)) <= 1
    assert abs(transform.f - (SOUTH + 95)) <= 1
    assert abs(shape[0] - 40) <= 2
    assert abs(shape[1] - 70) <= 2


def test_another_pixel_size_takes_means_of_heights(tmp_path: Path) -> None:
    dem = tif(tmp_path / "dem.tif", TOWN.dem())
    built = build(tmp_path / "out", dem=dem, pixel_size=4.0)
    assert read(built.dem).shape == (30, 30)
    np.testing.assert_allclose(read(built.dem)[1:-1, 1:-1], TOWN.dem(4.0)[1:-1, 1:-1], atol=0.06)


@pytest.mark.parametrize("stamp", ["Area", "Point"])
def test_rasters_of_points_are_half_a_cell_off_as_gdal_has_it(tmp_path: Path, stamp: str) -> None:
    """AREA_OR_POINT says how the file counts; where the values lie is the same."""
    path = tmp_path / "dsm.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=120, width=120, count=1, dtype="float32", crs=UTM32,
        transform=Affine(1, 0, WEST, 0, -1, NORTH),
    ) as sink:  # fmt: skip
        sink.write(TOWN.dsm(), 1)
        sink.update_tags(AREA_OR_POINT=stamp)
    with rasterio.open(path) as source:
        assert source.tags()["AREA_OR_POINT"] == stamp
    dem = tif(tmp_path / "dem.tif", TOWN.dem())
    built = solweig.build_surface(tmp_path / "out", dsm=path, dem=dem, picture=False)
    assert place(built.dsm)[0] == Affine(1, 0, WEST, 0, -1, NORTH)
    assert np.array_equal(read(built.dsm), TOWN.dsm())


def test_tiles_of_rasters_join_without_a_seam(tmp_path: Path) -> None:
    left = tif(tmp_path / "left.tif", TOWN.dem()[:, :70])
    right = tif(tmp_path / "right.tif", TOWN.dem()[:, 60:], west=WEST + 60)
    built = solweig.build_surface(tmp_path / "out", dem=[left, right], picture=False)
    assert np.array_equal(read(built.dem), TOWN.dem())


# ------------------------------------------------------------------ which system


def test_degrees_become_the_utm_zone(tmp_path: Path) -> None:
    table = TOWN.footprints().to_crs("EPSG:4326")
    built = solweig.build_surface(tmp_path / "out", footprints=table, picture=False)
    assert place(built.dsm)[2].to_epsg() == 32632
    assert any("UTM" in str(e) or "32632" in str(e) for e in built.report.of_kind("done"))


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:2263"])
def test_systems_that_are_not_true_to_length_are_refused(tmp_path: Path, crs: str) -> None:
    dem = tif(tmp_path / "dem.tif", TOWN.dem())
    with pytest.raises(solweig.ConfigurationError, match="in metres") as told:
        build(tmp_path / "out", dem=dem, crs=crs)
    assert told.value.field == "crs"


def test_a_web_mercator_model_is_brought_to_utm(tmp_path: Path) -> None:
    """Its cells are larger than they look: 1 m at 49 degrees is 0.66 m on the ground."""
    import pyproj

    there = pyproj.Transformer.from_crs(UTM32, "EPSG:3857", always_xy=True)
    west, south, east, north = there.transform_bounds(*TOWN.bounds)
    size = (east - west) / 120
    place_ = Affine(size, 0, west, 0, -(north - south) / 120, north)
    dem = tif(tmp_path / "dem.tif", TOWN.dem(), transform=place_, crs="EPSG:3857")
    built = solweig.build_surface(tmp_path / "out", dem=dem, picture=False)
    transform, _, crs = place(built.dem)
    assert crs.to_epsg() == 32632
    assert transform.a == pytest.approx(1.0, abs=0.05)
    np.testing.assert_allclose(np.nanmean(read(built.dem)), TOWN.dem().mean(), atol=0.1)


def test_an_unknown_system(tmp_path: Path) -> None:
    dem = tif(tmp_path / "dem.tif", TOWN.dem())
    with pytest.raises(solweig.ConfigurationError) as told:
        build(tmp_path / "out", dem=dem, crs="EPSG:999999")
    assert told.value.field == "crs"


def test_no_system_at_all(tmp_path: Path) -> None:
    dem = tif(tmp_path / "dem.tif", TOWN.dem(), crs=None)
    with pytest.raises(solweig.ConfigurationError) as told:
        build(tmp_path / "out", dem=dem)
    assert told.value.field == "crs"
    built = build(tmp_path / "told", dem=dem, crs=UTM32)
    assert any("says no CRS" in doubt for doubt in built.doubts)


def test_heights_from_different_zeros_are_a_doubt(tmp_path: Path) -> None:
    from pyproj import CRS

    wkt = CRS.from_user_input("EPSG:25832+5783").to_wkt()
    other = CRS.from_user_input("EPSG:25832+3855").to_wkt()
    dsm = tif(tmp_path / "dsm.tif", TOWN.dsm(), crs=wkt)
    dem = tif(tmp_path / "dem.tif", TOWN.dem(), crs=other)
    built = solweig.build_surface(tmp_path / "out", dsm=dsm, dem=dem, picture=False)
    assert any("counted from different zeros" in doubt for doubt in built.doubts)


def test_rasters_in_feet_are_converted(tmp_path: Path) -> None:
    feet = tif(tmp_path / "dem.tif", (TOWN.dem() / np.float32(0.3048)).astype(np.float32))
    with rasterio.open(feet, "r+") as sink:
        sink.units = ("ft",)
    built = build(tmp_path / "out", dem=feet)
    np.testing.assert_allclose(read(built.dem), TOWN.dem(), atol=1e-3)


def test_coordinates_in_feet_and_heights_in_who_knows_what(tmp_path: Path) -> None:
    dem = tif(tmp_path / "dem.tif", TOWN.dem(), west=980_000, north=190_120, crs="EPSG:2263")
    with pytest.raises(solweig.InvalidSurfaceData, match="a unit of heights") as told:
        solweig.build_surface(tmp_path / "out", dem=dem, picture=False)
    assert told.value.field == "dem"


# ------------------------------------------------------------------ what cannot be


@pytest.mark.parametrize(
    "options",
    [
        {"bbox": (WEST + 100, SOUTH, WEST, SOUTH + 100)},
        {"bbox": (WEST, SOUTH, float("nan"), SOUTH + 100)},
        {"bbox": (1, 2, 3)},
        {"pixel_size": 0.0},
        {"pixel_size": float("nan")},
        {"margin": -1.0},
        {"pixel_size": 0.0005},
    ],
    ids=str,
)
def test_grids_that_cannot_be(tmp_path: Path, options: Any) -> None:
    dem = tif(tmp_path / "dem.tif", TOWN.dem())
    with pytest.raises((solweig.ConfigurationError, solweig.InvalidSurfaceData)) as told:
        build(tmp_path / "out", dem=dem, **options)
    assert told.value.field in ("bbox", "pixel_size", "margin")
    assert not (tmp_path / "out").exists()


def test_box_and_area_contradict(tmp_path: Path) -> None:
    dem = tif(tmp_path / "dem.tif", TOWN.dem())
    with pytest.raises(solweig.ConfigurationError, match="either"):
        build(tmp_path / "out", dem=dem, bbox=TOWN.bounds, area=TOWN.footprints())


def test_layers_that_do_not_overlap(tmp_path: Path) -> None:
    dem = tif(tmp_path / "dem.tif", TOWN.dem())
    dsm = tif(tmp_path / "dsm.tif", TOWN.dsm(), west=WEST + 500)
    with pytest.raises(solweig.InvalidSurfaceData, match="overlaps") as told:
        solweig.build_surface(tmp_path / "out", dem=dem, dsm=dsm, picture=False)
    assert told.value.field == "dem"


@pytest.mark.parametrize("value", [-9999.0, 1e20])
def test_no_data_that_is_not_declared(tmp_path: Path, value: float) -> None:
    layer = TOWN.dem()
    layer[:5] = value
    dem = tif(tmp_path / "dem.tif", layer)
    with pytest.raises(solweig.InvalidSurfaceData, match="no-data value undeclared") as told:
        build(tmp_path / "out", dem=dem)
    assert told.value.field == "dem"


def test_a_raster_without_data(tmp_path: Path) -> None:
    dem = tif(tmp_path / "dem.tif", np.full((120, 120), -9999.0, np.float32), nodata=-9999.0)
    with pytest.raises(solweig.InvalidSurfaceData, match="a cell with data"):
        build(tmp_path / "out", dem=dem)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 60),
    cols=st.integers(1, 60),
    core=st.integers(1, 25),
    halo=st.integers(0, 9),
)  # fmt: skip
def test_tiles_cover_everything_once(rows: int, cols: int, core: int, halo: int) -> None:
    seen = np.zeros((rows, cols), int)
    numbers = np.arange(rows * cols).reshape(rows, cols)
    for tile in tiles((rows, cols), core, halo):
        seen[tile.core] += 1
        assert np.array_equal(numbers[tile.around][tile.inner], numbers[tile.core])
    assert (seen == 1).all()

"""Projections: which are refused, which are told, and a surface brought to another."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.transform import Affine, from_origin
from rasterio.warp import transform

from solweig import ConfigurationError, InvalidSurfaceData, SurfaceData
from solweig.rasters.projection import length_scales, split_vertical, utm_zone
from solweig.run.forecast import measure_surface
from tests.support.rasters import NORTH, WEST, scene, write_scene, write_tif

MERCATOR = {"crs": "EPSG:3857", "west": 1_600_000.0, "north": 8_000_000.0}
GROUND, TOWER = 10.0, 20.0


def tower(shape: tuple[int, int] = (120, 120), lo: int = 70, hi: int = 80) -> NDArray[Any]:
    dsm = np.full(shape, GROUND, np.float32)
    dsm[lo:hi, lo - 15 : hi - 15] += TOWER
    return dsm


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("place", "scale"),
    [
        (MERCATOR, "1.895"),
        ({"crs": "EPSG:3857", "west": 11_500_000.0, "north": 150_000.0}, "1"),  # Singapore
        ({"crs": "EPSG:3395", "west": 1_600_000.0, "north": 8_000_000.0}, "1.9"),
        ({"crs": "ESRI:102100", "west": 0.0, "north": 6_000_000.0}, "1.4"),
        ({"crs": "EPSG:6933", "west": 200_000.0, "north": 5_500_000.0}, "0.76"),  # equal area
        ({"crs": "EPSG:32633", "west": 3_000_000.0, "north": 6_400_000.0}, "1.0"),  # far zone
    ],
)
def test_lengths_that_are_not_those_of_the_ground(
    tmp_path: Path, place: dict[str, Any], scale: str
) -> None:
    path = write_tif(tmp_path / "dsm.tif", tower(), pixel=1.0, **place)
    with pytest.raises(InvalidSurfaceData) as info:
        SurfaceData.prepare(path)
    assert info.value.field == "dsm"
    assert "keeps lengths within 5 %" in info.value.expected
    assert f"1 m on the ground measures {scale}" in info.value.got
    for word in ("reproject='utm'", "--reproject utm", "UTM zone"):
        assert word in str(info.value)


def test_a_mercator_is_refused_where_its_lengths_hold(tmp_path: Path) -> None:
    path = write_tif(
        tmp_path / "dsm.tif", tower(), pixel=1.0, crs="EPSG:3395", west=11_500_000.0, north=60.0
    )
    with pytest.raises(InvalidSurfaceData, match=r"and no Mercator, got EPSG:3395.*EPSG:32648"):
        SurfaceData.prepare(path)


@pytest.mark.parametrize(
    ("crs", "west", "north"),
    [
        ("EPSG:3006", 320_000.0, 6_400_000.0), ("EPSG:27700", 530_000.0, 180_000.0),
        ("EPSG:2154", 650_000.0, 6_860_000.0), ("EPSG:5514", -743_000.0, -1_043_000.0),
        ("EPSG:2056", 2_600_000.0, 1_200_000.0), ("EPSG:28992", 120_000.0, 487_000.0),
        ("EPSG:2180", 630_000.0, 480_000.0), ("EPSG:6677", -10_000.0, -35_000.0),
        ("EPSG:2193", 1_750_000.0, 5_430_000.0), ("EPSG:32633", 400_000.0, 6_400_000.0),
    ],
)  # fmt: skip
def test_national_grids_are_taken_without_a_word(
    tmp_path: Path, crs: str, west: float, north: float
) -> None:
    path = write_tif(tmp_path / "dsm.tif", scene()["dsm"], crs=crs, west=west, north=north)
    SurfaceData.prepare(path)  # warnings are errors in this suite


@pytest.mark.parametrize(
    ("crs", "west", "north", "measures"),
    [
        ("EPSG:3035", 2_800_000.0, 1_900_000.0, "0.9878 to 1.012"),  # Lisbon
        ("EPSG:3978", 1_300_000.0, -100_000.0, "1.0"),  # Toronto, 2 %
        ("EPSG:5070", 1_830_000.0, 2_190_000.0, "0.99"),  # New York
    ],
)
def test_lengths_a_little_off_are_told(
    tmp_path: Path, crs: str, west: float, north: float, measures: str
) -> None:
    path = write_tif(tmp_path / "dsm.tif", scene()["dsm"], crs=crs, west=west, north=north)
    with pytest.warns(UserWarning, match=rf"within 0.5 %, got {crs}.*measures {measures}"):
        SurfaceData.prepare(path)


def test_scales_are_those_of_the_sphere() -> None:
    """Web Mercator stretches by 1 / cos(latitude) on a sphere, from one end to the other."""
    import pyproj

    radius = 6_378_137.0
    y = [radius * math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) for lat in (50, 60)]
    low, high = length_scales(pyproj.CRS.from_epsg(3857), (0.0, y[0], 1000.0, y[1]))
    # The ellipsoid changes the scales by up to half a percent.
    assert low == pytest.approx(1 / math.cos(math.radians(50)), rel=5e-3)
    assert high == pytest.approx(1 / math.cos(math.radians(60)), rel=5e-3)


@pytest.mark.parametrize(
    ("crs", "what"),
    [
        ('LOCAL_CS["site",UNIT["metre",1]]', "Engineering CRS 'site'"),
        (
            'ENGCRS["site",EDATUM["site"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],'
            'LENGTHUNIT["metre",1]]',
            "Engineering CRS 'site'",
        ),
        ("EPSG:4978", "Geocentric CRS 'WGS 84'"),
    ],
)
def test_systems_that_are_no_maps(tmp_path: Path, crs: str, what: str) -> None:
    path = write_tif(tmp_path / "local.tif", scene()["dsm"], crs=CRS.from_string(crs))
    for wish in (None, "utm"):
        with pytest.raises(InvalidSurfaceData, match=f"dsm: expected a projected CRS.*{what}"):
            SurfaceData.prepare(path, reproject=wish)
    files = {**write_scene(tmp_path), "cdsm": path}
    with pytest.raises(InvalidSurfaceData, match=f"cdsm: expected a projected CRS.*{what}"):
        SurfaceData.prepare(**files)


def test_coordinates_that_are_not_on_earth(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "dsm.tif", scene()["dsm"], west=5e8)
    with pytest.raises(InvalidSurfaceData, match="coordinates on earth in EPSG:32633"):
        SurfaceData.prepare(path)


def test_utm_zones_end_at_the_poles() -> None:
    assert utm_zone(20.0, 85.0).startswith("EPSG:5041 (WGS 84 / UPS North)")
    assert utm_zone(20.0, -81.0).startswith("EPSG:5042 ")
    assert utm_zone(20.0, 83.0).startswith("EPSG:32634 ")


def test_the_vertical_part_of_a_crs() -> None:
    flat, unit = split_vertical(CRS.from_string("EPSG:32633+6360"))
    assert flat == CRS.from_epsg(32633)
    assert unit is not None
    assert unit[0] == "US survey foot"
    assert unit[1] == pytest.approx(1200 / 3937, rel=1e-12)
    assert split_vertical(CRS.from_epsg(32633)) == (CRS.from_epsg(32633), None)
    flat, unit = split_vertical(CRS.from_epsg(4979))
    assert flat is not None
    assert flat.is_geographic
    assert unit == ("metre", 1.0)


# ------------------------------------------------------------------ reprojected


def shadow_m(surface: SurfaceData, altitude: float = 30.0) -> float:
    """Length of the tower's shadow on the ground, sun in the west [m]."""
    lit = surface.scene().shadows(270.0, altitude)["sh"]
    roof = surface.dsm > GROUND + TOWER - 0.5
    rows = np.flatnonzero(roof.any(axis=1))
    middle = int((rows[0] + rows[-1]) // 2)
    dark = (lit[middle] == 0) & (np.arange(lit.shape[1]) > np.flatnonzero(roof[middle])[-1])
    return float(dark.sum()) * surface.pixel_size


@pytest.mark.parametrize("wish", ["utm", True, 32633, "EPSG:32633", "32633", "UTM"])
def test_shadows_of_a_reprojected_surface_are_as_long_as_they_are(
    tmp_path: Path, wish: Any
) -> None:
    """20 m at 30 degrees give 34.64 m, whatever the projection of the file."""
    path = write_tif(tmp_path / "dsm.tif", tower((120, 160)), pixel=1.0, **MERCATOR)
    surface = SurfaceData.prepare(path, reproject=wish)
    assert surface.pixel_size == 0.53
    assert surface.crs is not None
    assert "UTM zone 33N" in surface.crs
    # Roof edges are smoothed over a cell on either side.
    assert shadow_m(surface) == pytest.approx(TOWER / math.tan(math.radians(30.0)), abs=1.2)


def test_a_surface_in_degrees_can_be_reprojected(tmp_path: Path) -> None:
    path = write_tif(
        tmp_path / "dsm.tif", tower(), crs="EPSG:4326",
        transform=from_origin(14.4, 58.0, 1.7e-5, 9e-6),
    )  # fmt: skip
    with pytest.raises(InvalidSurfaceData, match="--reproject utm"):
        SurfaceData.prepare(path)
    surface = SurfaceData.prepare(path, reproject="utm")
    assert surface.pixel_size == 1.0  # 1.004 m by 1.002 m
    assert shadow_m(surface) == pytest.approx(TOWER / math.tan(math.radians(30.0)), abs=2.1)


def test_a_roof_lies_where_it_lay(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "dsm.tif", tower(), pixel=1.0, **MERCATOR)
    surface = SurfaceData.prepare(path, reproject="utm")
    above = np.nan_to_num(surface.dsm - GROUND)
    row, col = (float((above * i).sum() / above.sum()) for i in np.indices(above.shape))
    gt = surface.geotransform
    assert gt is not None
    x, y = gt[0] + (col + 0.5) * gt[1], gt[3] + (row + 0.5) * gt[5]
    # The middle of rows 70-79 and columns 55-64 of the file.
    (east,), (north,) = transform(
        "EPSG:3857", "EPSG:32633", [MERCATOR["west"] + 60.0], [MERCATOR["north"] - 75.0]
    )
    assert (x, y) == pytest.approx((east, north), abs=0.02)


def test_other_layers_follow_a_reprojected_surface(tmp_path: Path) -> None:
    """A canopy in the new projection already, and one in the DSM's, stand on the same cells."""
    place = {"pixel": 1.0, **MERCATOR}
    dsm = write_tif(tmp_path / "dsm.tif", tower(), **place)
    trees = np.zeros((120, 120), np.float32)
    trees[20:40, 20:60] = 8.0
    old = write_tif(tmp_path / "old.tif", trees, **place)
    one = SurfaceData.prepare(dsm, cdsm=old, reproject="utm")
    assert one.cdsm is not None
    new = tmp_path / "new.tif"
    gt = one.geotransform
    assert gt is not None
    write_tif(new, one.cdsm, crs="EPSG:32633", transform=Affine.from_gdal(*gt))
    two = SurfaceData.prepare(dsm, cdsm=new, reproject="utm")
    np.testing.assert_array_equal(one.cdsm, two.cdsm)
    area = float((one.cdsm > 0).sum()) * one.pixel_size**2
    assert area == pytest.approx(20 * 40 / 1.895**2, rel=0.02)
    with pytest.raises(InvalidSurfaceData, match="because the DSM is resampled"):
        SurfaceData.prepare(dsm, cdsm=trees, reproject="utm")


def test_turned_and_oblong_grids_can_be_reprojected(tmp_path: Path) -> None:
    turned = Affine.translation(WEST, NORTH) @ Affine.rotation(30.0)
    path = write_tif(tmp_path / "turned.tif", tower(), transform=turned)
    surface = SurfaceData.prepare(path, reproject="utm")
    assert surface.pixel_size == 1.0
    roofs = float((surface.dsm > GROUND + TOWER / 2).sum())
    assert roofs == pytest.approx(100.0, abs=8.0)
    oblong = write_tif(
        tmp_path / "oblong.tif", tower(), transform=Affine(1.0, 0, WEST, 0, -2.0, NORTH)
    )
    surface = SurfaceData.prepare(oblong, reproject="utm")
    assert surface.pixel_size == 1.4
    area = float((surface.dsm > GROUND + TOWER / 2).sum()) * 1.4**2
    assert area == pytest.approx(200.0, rel=0.1)


def test_a_part_and_other_cells_of_a_reprojected_surface(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "dsm.tif", tower(), pixel=1.0, **MERCATOR)
    west, north = MERCATOR["west"], MERCATOR["north"]
    box = (west + 40.0, north - 100.0, west + 80.0, north - 60.0)
    surface = SurfaceData.prepare(path, reproject="utm", bbox=box, pixel_size=1.0)
    assert surface.pixel_size == 1.0
    assert all(20 <= n <= 24 for n in surface.shape)
    assert float((surface.dsm > GROUND + TOWER / 2).sum()) == pytest.approx(28.0, abs=5.0)


def test_what_lies_in_its_zone_already_is_left(tmp_path: Path) -> None:
    for crs in ("EPSG:32633", "EPSG:25833"):
        path = write_tif(tmp_path / "dsm.tif", scene()["dsm"], crs=crs)
        surface = SurfaceData.prepare(path, reproject="utm")
        np.testing.assert_array_equal(surface.dsm, scene()["dsm"])
        assert surface.geotransform == [WEST, 2.0, 0.0, NORTH, 0.0, -2.0]


def test_a_surface_in_a_neighbouring_zone_moves_and_keeps_its_cells(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "dsm.tif", scene()["dsm"], west=1_180_000.0)
    with pytest.warns(UserWarning, match="within 0.5 %"):
        SurfaceData.prepare(path)
    surface = SurfaceData.prepare(path, reproject="utm")
    assert surface.crs is not None
    assert "zone 35N" in surface.crs
    assert surface.pixel_size == 2.0


@pytest.mark.parametrize("wish", ["somewhere", 4326, 2263, "EPSG:4978", 3.5, object()])
def test_targets_that_cannot_be(tmp_path: Path, wish: Any) -> None:
    path = write_tif(tmp_path / "dsm.tif", scene()["dsm"])
    with pytest.raises(ConfigurationError) as info:
        SurfaceData.prepare(path, reproject=wish)
    assert info.value.field == "reproject"


def test_a_target_whose_lengths_are_not_true(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "dsm.tif", scene()["dsm"])
    with pytest.raises(InvalidSurfaceData, match="reproject: expected a projection that keeps"):
        SurfaceData.prepare(path, reproject=3857)


def test_nothing_to_reproject_from(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "dsm.tif", scene()["dsm"], crs=None)
    with pytest.raises(InvalidSurfaceData, match=r"dsm: expected a CRS.*--reproject"):
        SurfaceData.prepare(path, reproject="utm")
    with pytest.raises(InvalidSurfaceData, match=r"reproject: .*an array"):
        SurfaceData.prepare(scene()["dsm"], pixel_size=2.0, reproject="utm")


def test_a_plan_of_a_surface_to_reproject(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "dsm.tif", tower(), pixel=1.0, **MERCATOR)
    with pytest.raises(InvalidSurfaceData, match="--reproject"):
        measure_surface(path, None)
    found = measure_surface(path, None, reproject="utm")
    assert found.pixel_size == 0.53
    assert found.relief_m == TOWER


def test_no_network_and_no_grids_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyproj.network

    assert not pyproj.network.is_network_enabled()
    path = write_tif(
        tmp_path / "dsm.tif", scene()["dsm"], crs="EPSG:27700", west=530_000.0, north=180_000.0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        surface = SurfaceData.prepare(path, reproject="utm")
    assert surface.crs is not None
    assert "zone 30N" in surface.crs
    with rasterio.open(path) as source:
        assert source.crs == CRS.from_epsg(27700)

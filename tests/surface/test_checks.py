"""Bad input to a surface: a typed error that names field, expected and got, before any work."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasterio.transform import Affine
from rasterio.warp import transform_bounds

import solweig
from solweig import ConfigurationError, GridShapeMismatch, InvalidSurfaceData, SurfaceData
from tests.support.rasters import NORTH, UTM33, WEST, scene, write_scene, write_tif


@pytest.fixture(autouse=True)
def no_long_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every case here must be refused before the engine is asked for anything."""

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("the engine was called with bad input")

    for name in ("Scene", "wall_height", "wall_aspect"):
        monkeypatch.setattr(f"solweig._core.{name}", refuse)


def refused(kind: type[solweig.SolweigError], field: str, expected: str, got: str) -> Any:
    """Context that wants this error with these words in its attributes and its text."""

    class Check:
        def __enter__(self) -> None:
            self.raises = pytest.raises(kind)
            self.info = self.raises.__enter__()

        def __exit__(self, *exc: Any) -> bool:
            done = bool(self.raises.__exit__(*exc))
            error: Any = self.info.value
            assert error.field == field
            assert expected in str(error.expected)
            assert got in str(error.got)
            for word in (field, expected, got):
                assert word in str(error)
            return done

    return Check()


def prepare(folder: Path, **changes: Any) -> SurfaceData:
    return SurfaceData.prepare(**{**write_scene(folder), **changes})


# ------------------------------------------------------------------ files


def test_missing_file(tmp_path: Path) -> None:
    with refused(InvalidSurfaceData, "dem", "existing raster", "nowhere.tif"):
        prepare(tmp_path, dem=tmp_path / "nowhere.tif")
    with pytest.raises(FileNotFoundError):
        prepare(tmp_path, dsm=str(tmp_path / "nowhere.tif"))


def test_not_a_raster(tmp_path: Path) -> None:
    (tmp_path / "text.tif").write_text("not a raster")
    with refused(InvalidSurfaceData, "cdsm", "raster that GDAL can read", "text.tif"):
        prepare(tmp_path, cdsm=tmp_path / "text.tif")


def test_folder_instead_of_file(tmp_path: Path) -> None:
    with refused(InvalidSurfaceData, "dsm", "raster file", "a folder"):
        prepare(tmp_path, dsm=tmp_path)


def test_truncated_file(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "cut.tif", np.ones((40, 50), np.float32))
    path.write_bytes(path.read_bytes()[:-3000])
    with refused(InvalidSurfaceData, "dem", "readable raster", "cut.tif"):
        prepare(tmp_path, dem=path)


def test_geographic_crs_names_a_utm_zone(tmp_path: Path) -> None:
    path = write_tif(
        tmp_path / "deg.tif", scene()["dsm"], pixel=1e-5, west=11.97, north=57.7, crs="EPSG:4326"
    )
    with pytest.raises(InvalidSurfaceData) as info:
        prepare(tmp_path, dsm=path)
    assert info.value.field == "dsm"
    assert "projected" in info.value.expected
    assert "EPSG:4326" in info.value.got
    assert "EPSG:32632" in str(info.value)
    assert "zone 32N" in str(info.value)


def test_southern_utm_zone() -> None:
    from solweig.rasters.align import utm_zone

    assert utm_zone(151.2, -33.9).startswith("EPSG:32756 ")
    assert utm_zone(180.0, 0.0).startswith("EPSG:32660 ")


def test_crs_in_feet(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "feet.tif", scene()["dsm"], crs="EPSG:2263")
    with refused(InvalidSurfaceData, "dsm", "metres", "EPSG:2263"):
        prepare(tmp_path, dsm=path)


def test_non_square_pixels(tmp_path: Path) -> None:
    path = write_tif(
        tmp_path / "flat.tif",
        scene()["dsm"],
        transform=Affine(2.0, 0, WEST, 0, -3.0, NORTH),
    )
    with refused(InvalidSurfaceData, "dsm", "square pixels", "2 m by 3 m"):
        prepare(tmp_path, dsm=path)


@pytest.mark.parametrize(
    "transform",
    [Affine(2.0, 0, WEST, 0, 2.0, NORTH), Affine.translation(WEST, NORTH) * Affine.rotation(10)],
    ids=["south up", "rotated"],
)
def test_grid_that_is_not_north_up(tmp_path: Path, transform: Affine) -> None:
    path = write_tif(tmp_path / "turned.tif", scene()["dsm"], transform=transform)
    with refused(InvalidSurfaceData, "dsm", "north-up", "transform"):
        prepare(tmp_path, dsm=path)


def test_layers_that_do_not_overlap(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "far.tif", scene()["dem"], west=WEST + 5000)
    with refused(InvalidSurfaceData, "dem", "overlaps the DSM", "west 405000.0"):
        prepare(tmp_path, dem=path)


def test_bbox_outside(tmp_path: Path) -> None:
    with refused(InvalidSurfaceData, "bbox", "overlaps the DSM", "west 0.0"):
        prepare(tmp_path, bbox=(0, 0, 10, 10))


@pytest.mark.parametrize("bbox", [(1, 2, 3), (5, 0, 1, 9), "nonsense"])
def test_bbox_malformed(tmp_path: Path, bbox: Any) -> None:
    with refused(InvalidSurfaceData, "bbox", "west < east", str(bbox)):
        prepare(tmp_path, bbox=bbox)


def test_pixel_size_beyond_the_extent(tmp_path: Path) -> None:
    with refused(InvalidSurfaceData, "pixel_size", "less than the extent", "500 m"):
        prepare(tmp_path, pixel_size=500)


def test_walls_in_another_projection(tmp_path: Path) -> None:
    west, south, _, _ = transform_bounds(UTM33, "EPSG:3857", WEST, NORTH - 80, WEST + 100, NORTH)
    other = write_tif(
        tmp_path / "w.tif",
        np.zeros((300, 300), np.float32),
        crs="EPSG:3857",
        west=west - 50,
        north=south + 400,
    )
    with refused(InvalidSurfaceData, "wall_height", "the DSM's CRS (EPSG:32633)", "EPSG:3857"):
        prepare(tmp_path, wall_height=other, wall_aspect=other)


def test_one_wall_layer_alone(tmp_path: Path) -> None:
    with refused(InvalidSurfaceData, "walls", "together", "only wall_height"):
        prepare(tmp_path, wall_height=scene()["cdsm"])


# ------------------------------------------------------------------ arrays


@pytest.mark.parametrize("name", ["dem", "cdsm", "tdsm", "albedo", "land_cover", "wall_height"])
def test_shape_mismatch(name: str) -> None:
    layers: dict[str, Any] = {"dsm": scene()["dsm"], name: np.zeros((3, 4), np.float32)}
    with refused(GridShapeMismatch, name, "(40, 50)", "(3, 4)"):
        SurfaceData(**layers)


@pytest.mark.parametrize(
    ("dsm", "expected", "got"),
    [
        (np.zeros((0, 5)), "at least one cell", "empty"),
        (np.zeros(5), "2-D", "(5,)"),
        (np.zeros((2, 5, 5)), "2-D", "(2, 5, 5)"),
        (np.full((4, 4), np.nan), "cell with data", "NaN everywhere"),
        (np.full((4, 4), "x"), "numeric", "dtype"),
        (np.array([[1.0, np.inf]]), "finite", "infinite"),
        (np.array([[10.0, -9999.0]]), "-500 to 9500 m", "-9999"),
        (np.array([[10.0, 3.4e38]]), "-500 to 9500 m", "3.4e+38"),
        (None, "numeric", "object"),
    ],
)
def test_unusable_dsm(dsm: Any, expected: str, got: str) -> None:
    with refused(InvalidSurfaceData, "dsm", expected, got):
        SurfaceData(dsm)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("dem", -9999.0, "elevations"),
        ("cdsm", -5.0, "0 m or more"),
        ("tdsm", -9999.0, "0 m or more"),
        ("albedo", 1.2, "0 to 1"),
        ("emissivity", -0.1, "0 to 1"),
        ("wall_height", -1.0, "0 to 1000"),
        ("wall_aspect", 400.0, "0 to 360"),
    ],
)
def test_values_out_of_range(name: str, value: float, expected: str) -> None:
    layer = np.full((40, 50), 0.5, np.float32)
    layer[3, 3] = value
    with refused(InvalidSurfaceData, name, expected, f"{value:g}"):
        SurfaceData(scene()["dsm"], **{name: layer})


def test_relative_surface_heights_cannot_be_elevations_below_ground() -> None:
    with refused(InvalidSurfaceData, "dsm", "heights above ground", "-30"):
        SurfaceData(np.full((4, 4), -30.0), dem=np.zeros((4, 4)), dsm_relative=True)


def test_relative_dsm_needs_a_dem() -> None:
    surface = SurfaceData(scene()["cdsm"], dsm_relative=True)
    with refused(InvalidSurfaceData, "dem", "dsm_relative=True", "none"):
        surface.preprocess()


def test_missing_albedo_where_there_is_surface() -> None:
    albedo = np.full((40, 50), 0.2, np.float32)
    albedo[0, :3] = np.nan
    with refused(InvalidSurfaceData, "albedo", "every cell", "3 cells"):
        SurfaceData(scene()["dsm"], albedo=albedo)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pixel_size", 0.0),
        ("pixel_size", -1.0),
        ("pixel_size", float("nan")),
        ("trunk_ratio", 1.5),
        ("min_object_height", -0.1),
        ("dem_smooth_sigma", "wide"),
        ("patch_option", 5),
        ("max_shadow_distance_m", 0.0),
        ("wall_limit", 0.0),
        ("tile_size", 0),
    ],
)
def test_parameter_out_of_range(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as info:
        SurfaceData.prepare(scene()["dsm"], **{name: value})
    assert info.value.field == name
    assert repr(value) in str(info.value)


def test_working_dir_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError) as info:
        SurfaceData.prepare(scene()["dsm"], tmp_path / "file" / "cache")
    assert info.value.field == "working_dir"


# ------------------------------------------------------------------ land cover


@pytest.mark.parametrize(
    ("code", "word"), [(3, "cdsm"), (4, "cdsm"), (8, "Reclassify"), (99, "Reclassify")]
)
def test_unknown_land_cover_code(code: int, word: str) -> None:
    cover = scene()["land_cover"]
    cover[0, 0] = code
    with pytest.raises(InvalidSurfaceData) as info:
        SurfaceData(scene()["dsm"], land_cover=cover)
    assert info.value.field == "land_cover"
    assert info.value.got == f"code {code}"
    assert "5 (grass)" in info.value.expected
    assert word in str(info.value)


def test_land_cover_255_is_an_undeclared_gap_not_a_building() -> None:
    cover = np.ones((8, 8), np.uint8)
    cover[2, 2] = 255
    with pytest.raises(InvalidSurfaceData, match=r"code 255 in 1 cells.*no-data"):
        SurfaceData(np.full((8, 8), 5.0, np.float32), land_cover=cover)


def test_land_cover_between_codes() -> None:
    cover = scene()["land_cover"].astype(np.float32)
    cover[0, 0] = 1.5
    with refused(InvalidSurfaceData, "land_cover", "whole numbers", "1.5"):
        SurfaceData(scene()["dsm"], land_cover=cover)


def test_good_land_cover_and_its_missing_cells(caplog: pytest.LogCaptureFixture) -> None:
    cover = scene()["land_cover"].astype(np.float32)
    cover[0, 0], cover[0, 1], cover[0, 2] = 101, np.nan, -9999
    with caplog.at_level(logging.WARNING):
        surface = SurfaceData(scene()["dsm"], land_cover=cover)
    assert surface.land_cover is not None
    assert surface.land_cover.dtype == np.uint8
    assert surface.land_cover[0, :3].tolist() == [101, 0, 0]
    assert "2 of 2000 cells have no data" in caplog.text


# ------------------------------------------------------------------ canopy frame


def test_absolute_canopy_given_as_relative_warns_with_the_reason() -> None:
    layers = scene()
    absolute = layers["dem"] + layers["cdsm"]
    surface = SurfaceData(layers["dsm"], dem=layers["dem"], cdsm=absolute)
    assert not surface.looks_like_relative_heights()
    with pytest.warns(UserWarning, match="98% of its cells equal the ground elevation"):
        surface.preprocess()


def test_absolute_canopy_without_ground_cells_warns() -> None:
    layers = scene()
    absolute = np.where(layers["cdsm"] > 0, layers["dem"] + layers["cdsm"], np.nan)
    surface = SurfaceData(layers["dsm"], dem=layers["dem"], cdsm=absolute)
    with pytest.warns(UserWarning, match="lowest .* m, ground about"):
        surface.preprocess()


def test_canopy_taller_than_any_tree_warns() -> None:
    canopy = scene()["cdsm"]
    canopy[0, 0] = 150.0
    with pytest.warns(UserWarning, match="no tree is taller"):
        SurfaceData(scene()["dsm"], cdsm=canopy).preprocess()


@pytest.mark.parametrize("site", ["gustav_adolfs/CDSM_GA.tif", "gvc/CDSM_GVC_1m.tif"])
def test_real_relative_canopies_do_not_warn(shared: Path, site: str) -> None:
    from solweig.io import load_raster

    canopy = shared / "data" / site
    dem = canopy.with_name(canopy.name.replace("CDSM", "DEM"))
    dsm = canopy.with_name(canopy.name.replace("CDSM", "DSM"))
    layers = {n: load_raster(p)[0] for n, p in (("dsm", dsm), ("dem", dem), ("cdsm", canopy))}
    surface = SurfaceData(**layers, pixel_size=2.0)
    surface.preprocess()  # warnings are errors in this suite
    assert surface.looks_like_relative_heights()


def test_relative_dsm_given_as_absolute_warns_with_the_reason() -> None:
    layers = scene()
    surface = SurfaceData(layers["dsm"] - layers["dem"], dem=layers["dem"])
    with pytest.warns(UserWarning, match=r"9\d% of its cells are near 0 m.*dsm_relative=True"):
        surface.preprocess()


def test_absolute_dsm_given_as_relative_warns_with_the_reason() -> None:
    layers = scene()
    surface = SurfaceData(layers["dsm"], dem=layers["dem"], dsm_relative=True)
    with pytest.warns(UserWarning, match=r"9\d% .* equal the ground.*dsm_relative=False"):
        surface.preprocess()


def test_unknown_formulation() -> None:
    with pytest.raises(ConfigurationError, match="'reference' or 'improved', got 'best'"):
        SurfaceData(scene()["dsm"], formulation="best")

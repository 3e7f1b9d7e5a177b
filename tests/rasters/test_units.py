"""Heights in any unit are metres, in every reader, and what is not clear is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

import solweig
from solweig import ConfigurationError, InvalidSurfaceData, SurfaceData
from solweig.rasters.units import check_height_unit, metres_of
from solweig.run.forecast import measure_surface
from tests.support.rasters import scene, write_scene, write_tif

FOOT, SURVEY_FOOT = 0.3048, 1200.0 / 3937.0
UTM33_FTUS = "EPSG:32633+6360"
HEIGHTS = ("dsm", "dem", "cdsm", "tdsm")


def layers() -> dict[str, NDArray[Any]]:
    """The scene with a trunk zone; heights only."""
    found = scene()
    return {**{n: found[n] for n in ("dsm", "dem", "cdsm")}, "tdsm": found["cdsm"] * 0.5}


def write_in(
    folder: Path, metres: float, *, unit: str | None = None, crs: str = "EPSG:32633", **options: Any
) -> dict[str, Path]:
    """The layers as files whose numbers are in another unit, in double precision."""
    files = {}
    for name, layer in layers().items():
        files[name] = write_tif(
            folder / f"{name}.tif", layer.astype(np.float64) / metres, crs=crs, **options
        )
        if unit is not None:
            with rasterio.open(files[name], "r+") as sink:
                sink.units = (unit,)
    return files


def assert_metres(surface: SurfaceData) -> None:
    """Every height is that of the metre version, within the rounding of single precision."""
    expected = SurfaceData(**layers(), pixel_size=2.0)
    expected.preprocess()
    for name in HEIGHTS:
        np.testing.assert_allclose(
            getattr(surface, name), getattr(expected, name), rtol=2e-7, atol=0, err_msg=name
        )


@pytest.mark.parametrize(
    ("unit", "metres"),
    [
        ("ft", FOOT), ("foot", FOOT), ("Feet", FOOT), ("US survey foot", SURVEY_FOOT),
        ("us-ft", SURVEY_FOOT), ("Foot_US", SURVEY_FOOT), ("ftUS", SURVEY_FOOT), ("cm", 0.01),
        ("centimetre", 0.01), ("dm", 0.1), ("mm", 0.001), ("m", 1.0), ("Meters", 1.0),
    ],
)  # fmt: skip
def test_names_of_units(unit: str, metres: float) -> None:
    assert metres_of(unit) == metres


@pytest.mark.parametrize("unit", ["furlong", "degree", "", "K"])
def test_names_that_are_no_units(unit: str) -> None:
    assert metres_of(unit) is None


@pytest.mark.parametrize(
    ("unit", "metres"), [("ft", FOOT), ("US survey foot", SURVEY_FOOT), ("cm", 0.01)]
)
def test_the_unit_of_a_band(
    tmp_path: Path, unit: str, metres: float, caplog: pytest.LogCaptureFixture
) -> None:
    assert_metres(SurfaceData.prepare(**write_in(tmp_path, metres, unit=unit)))
    for name in HEIGHTS:
        assert f"{name}: heights in {unit}, as its band says" in caplog.text


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_the_unit_of_a_vertical_crs(
    tmp_path: Path, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    """GeoTIFF 1.0 files keep it in a place that is not looked at by default."""
    files = write_in(tmp_path, SURVEY_FOOT, crs=UTM33_FTUS)
    if version == "1.0":
        for path in files.values():
            with rasterio.open(path) as source:
                values, profile = source.read(), source.profile
            with rasterio.open(path, "w", **profile, GEOTIFF_VERSION="1.0") as sink:
                sink.write(values)
    surface = SurfaceData.prepare(**files)
    assert_metres(surface)
    assert surface.crs is not None
    assert "COMPD_CS" not in surface.crs
    assert "US survey foot" in caplog.text


def test_a_vertical_crs_in_metres_changes_nothing(tmp_path: Path) -> None:
    assert_metres(SurfaceData.prepare(**write_in(tmp_path, 1.0, crs="EPSG:32633+5703")))


def test_a_layer_in_feet_beside_one_in_metres_is_warped_in_metres(tmp_path: Path) -> None:
    """No warp converts heights: neither of a plane nor of cells in another projection."""
    r, c = np.mgrid[0:80, 0:90]
    plane = (100.0 + 0.1 * c - 0.2 * r).astype(np.float64)
    feet = write_tif(
        tmp_path / "dem.tif", plane / FOOT, west=400_000.0 - 21.0, north=6_400_000.0 + 20.0
    )
    with rasterio.open(feet, "r+") as sink:
        sink.units = ("ft",)
    rows, cols = np.mgrid[0:40, 0:50]
    expected = 100.0 + 0.1 * (cols + 10.5) - 0.2 * (rows + 10.0)
    dsm = write_tif(tmp_path / "dsm.tif", expected.astype(np.float32) + 1.5)
    with pytest.warns(UserWarning, match="dsm: expected a unit of heights beside layers in ft"):
        surface = SurfaceData.prepare(dsm, dem=feet, min_object_height=0.0)
    np.testing.assert_allclose(surface.dem, expected, atol=2e-4)


def test_what_the_call_says_goes_before_the_file(tmp_path: Path) -> None:
    files = write_in(tmp_path, FOOT, unit="m")
    assert_metres(SurfaceData.prepare(**files, height_unit="ft"))
    mixed = {**write_in(tmp_path, 1.0), "cdsm": write_in(tmp_path / "..", FOOT)["cdsm"]}
    assert_metres(SurfaceData.prepare(**mixed, height_unit={"cdsm": "ft"}))


def test_arrays_take_the_unit_of_the_call() -> None:
    feet = {name: layer.astype(np.float64) / FOOT for name, layer in layers().items()}
    assert_metres(SurfaceData.prepare(**feet, pixel_size=2.0, height_unit="ft"))


def test_a_layer_that_names_no_unit_beside_feet_is_told(tmp_path: Path) -> None:
    files = write_in(tmp_path, FOOT, unit="ft")
    files["cdsm"] = write_tif(tmp_path / "bare.tif", scene()["cdsm"])
    with pytest.warns(UserWarning, match=r"cdsm: expected a unit .*--height-unit cdsm=ft"):
        assert_metres(SurfaceData.prepare(**files))


def test_band_and_vertical_crs_that_contradict_each_other(tmp_path: Path) -> None:
    files = write_in(tmp_path, 1.0, crs=UTM33_FTUS, unit="m")
    said = r"dsm: .*m from its band and US survey foot .*--height-unit m"
    with pytest.raises(InvalidSurfaceData, match=said):
        SurfaceData.prepare(**files)
    assert_metres(SurfaceData.prepare(**files, height_unit="m"))


def test_an_unknown_unit_is_told_and_taken_as_metres(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert_metres(SurfaceData.prepare(**write_in(tmp_path, 1.0, unit="furlong")))
    assert "dsm: its band has the unit 'furlong', which is no known length" in caplog.text


def test_coordinates_in_feet_leave_heights_open(tmp_path: Path) -> None:
    """Before the unit of heights is asked for, the projection is refused."""
    place = {"west": 1_000_000.0, "north": 200_000.0, "pixel": 6.0}
    files = {"dsm": write_in(tmp_path, SURVEY_FOOT, crs="EPSG:2263", **place)["dsm"]}
    with pytest.raises(InvalidSurfaceData, match=r"in US survey foot .*--reproject utm"):
        SurfaceData.prepare(**files)
    with pytest.raises(InvalidSurfaceData, match=r"dsm: expected a unit.*--height-unit us-ft"):
        SurfaceData.prepare(**files, reproject="utm")
    surface = SurfaceData.prepare(**files, reproject="utm", height_unit="us-ft")
    assert surface.pixel_size == 1.8
    assert float(np.nanmax(surface.dsm)) == pytest.approx(float(scene()["dsm"].max()), abs=0.01)


@pytest.mark.parametrize("said", ["furlong", 3, {"dsm": "yard-ish"}, {"roof": "ft"}])
def test_units_that_cannot_be(said: Any) -> None:
    with pytest.raises(ConfigurationError, match="--height-unit"):
        check_height_unit(said)


# ------------------------------------------------------------------ other readers


def test_an_edit_from_a_file_in_feet(tmp_path: Path) -> None:
    base = SurfaceData.prepare(**write_scene(tmp_path))
    trees = scene()["cdsm"]
    trees[3:6, 3:6] = 10.0
    feet = write_tif(tmp_path / "feet.tif", trees.astype(np.float64) / FOOT)
    with rasterio.open(feet, "r+") as sink:
        sink.units = ("ft",)
    np.testing.assert_array_equal(base.with_changes(cdsm=feet).cdsm, trees)


def test_walls_of_a_file_in_feet(tmp_path: Path) -> None:
    files = write_in(tmp_path, FOOT, unit="ft")
    height = solweig.walls.generate_wall_hts(files["dsm"], None, tmp_path / "walls")[0]
    metres = write_tif(tmp_path / "m.tif", scene()["dsm"])
    expected = solweig.walls.generate_wall_hts(metres, None, tmp_path / "expected")[0]
    assert solweig.io.load_raster(height)[0].max() > 11.0
    np.testing.assert_allclose(
        solweig.io.load_raster(height)[0], solweig.io.load_raster(expected)[0], atol=1e-5
    )


def test_a_plan_of_a_file_in_feet(tmp_path: Path) -> None:
    files = write_in(tmp_path, FOOT, unit="ft")
    found = measure_surface(files["dsm"], files["cdsm"])
    dsm = scene()["dsm"]
    assert found.relief_m == pytest.approx(float(dsm.max() - dsm.min()) + 8.0, abs=1e-4)


def scaled(folder: Path, *, unit: str | None = None) -> Path:
    """Whole centimetres above 100 m, one cell without data."""
    stored = np.full((40, 50), 1200, np.int16)
    stored[0, 0], stored[1, 1] = -9999, 1201
    path = write_tif(folder / "scaled.tif", stored, nodata=-9999)
    with rasterio.open(path, "r+") as sink:
        sink.scales, sink.offsets = (0.01,), (100.0,)
        if unit is not None:
            sink.units = (unit,)
    return path


def test_io_applies_scale_and_offset_as_prepare_does(tmp_path: Path) -> None:
    path = scaled(tmp_path)
    prepared = SurfaceData.prepare(path).dsm
    whole, _, _, nodata = solweig.io.load_raster(path)
    assert whole.dtype == np.float32
    assert nodata == -9999
    np.testing.assert_array_equal(whole, prepared)
    assert whole[1, 1] == np.float32(112.01)
    native = solweig.io.load_raster(path, ensure_float32=False)[0]
    window = solweig.io.read_raster_window(path, (slice(0, 3), slice(0, 4)))
    for part in (native[:3, :4], window):
        assert np.issubdtype(part.dtype, np.floating)
        np.testing.assert_array_equal(part, prepared[:3, :4])


def test_io_writes_what_it_reads(tmp_path: Path) -> None:
    path, where = scaled(tmp_path), (slice(1, 3), slice(0, 2))
    values = np.array([[112.5, np.nan], [95.0, 130.25]], np.float32)
    solweig.io.write_raster_window(path, values, where)
    np.testing.assert_array_equal(solweig.io.read_raster_window(path, where), values)
    with rasterio.open(path) as source:
        np.testing.assert_array_equal(source.read(1)[1:3, :2], [[1250, -9999], [-500, 3025]])
    with pytest.raises(InvalidSurfaceData, match=r"from -227.68 to 427.67, got"):
        solweig.io.write_raster_window(path, values + 1000.0, where)


def test_io_leaves_units_unless_told_that_these_are_heights(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_in(tmp_path, FOOT, unit="ft")["dsm"]
    feet = solweig.io.load_raster(path)[0]
    assert "dsm.tif: values are in ft, as the file says; heights=True gives metres" in caplog.text
    metres = solweig.io.load_raster(path, heights=True)[0]
    np.testing.assert_allclose(metres, scene()["dsm"], rtol=2e-7)
    np.testing.assert_allclose(feet, metres / FOOT, rtol=2e-7)
    part = solweig.io.read_raster_window(path, (slice(0, 2), slice(0, 3)), heights=True)
    np.testing.assert_allclose(part, scene()["dsm"][:2, :3], rtol=2e-7)


def test_codes_in_a_crs_with_heights_in_feet_stay_codes(tmp_path: Path) -> None:
    codes = scene()["land_cover"]
    path = write_tif(tmp_path / "lc.tif", codes, crs=UTM33_FTUS)
    np.testing.assert_array_equal(solweig.io.load_raster(path)[0], codes)
    files = {**write_in(tmp_path, SURVEY_FOOT, crs=UTM33_FTUS), "land_cover": path}
    np.testing.assert_array_equal(SurfaceData.prepare(**files).land_cover, codes)

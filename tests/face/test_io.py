"""Raster files, helpers on grids, EPW download, progress bars."""

from __future__ import annotations

import io as std_io
import json
import subprocess
import sys
import urllib.error
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from solweig import geospatial, io, memory_limits
from solweig.atomic import atomic_path, write_text
from solweig.errors import ConfigurationError, InvalidSurfaceData, WeatherDataError
from solweig.progress import Progress, track

TRANSFORM = [319_000.0, 2.0, 0.0, 6_400_200.0, 0.0, -2.0]
CRS = "EPSG:3006"


@pytest.fixture
def heights() -> NDArray[np.float32]:
    grid = np.arange(12, dtype=np.float32).reshape(3, 4)
    grid[1, 2] = np.nan
    return grid


@pytest.fixture
def file(tmp_path: Path, heights: NDArray[np.float32]) -> Path:
    path = tmp_path / "heights.tif"
    io.save_raster(path, heights, TRANSFORM, CRS, generate_preview=False)
    return path


@pytest.mark.parametrize("use_cog", [True, False])
def test_round_trip(tmp_path: Path, heights: NDArray[np.float32], use_cog: bool) -> None:
    path = tmp_path / "deep" / "a.tif"
    io.save_raster(path, heights, TRANSFORM, CRS, use_cog=use_cog, generate_preview=False)
    values, transform, crs, nodata = io.load_raster(path)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, heights)
    assert transform == TRANSFORM
    assert crs is not None
    assert "3006" in crs
    assert nodata == -9999
    assert [p.name for p in path.parent.iterdir()] == ["a.tif"]


def test_cog_layout(tmp_path: Path) -> None:
    import rasterio

    path = tmp_path / "big.tif"
    io.save_raster(path, np.ones((1100, 600)), TRANSFORM, CRS, generate_preview=False)
    with rasterio.open(path) as source:
        assert source.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert source.overviews(1)


def test_types_are_kept_on_request(tmp_path: Path) -> None:
    codes = np.array([[0, 1], [5, 7]], np.uint8)
    io.save_raster(tmp_path / "c.tif", codes, TRANSFORM, CRS, ensure_float32=False)
    values, _, _, nodata = io.load_raster(tmp_path / "c.tif", ensure_float32=False)
    assert values.dtype == np.uint8
    assert nodata is None  # -9999 does not fit
    np.testing.assert_array_equal(values, codes)
    fine = np.array([[1.0 + 1e-12, np.nan]])
    io.save_raster(tmp_path / "f.tif", fine, TRANSFORM, CRS, ensure_float32=False)
    values, *_ = io.load_raster(tmp_path / "f.tif", ensure_float32=False)
    np.testing.assert_array_equal(values, fine)


def test_without_crs(tmp_path: Path) -> None:
    io.save_raster(tmp_path / "a.tif", np.ones((2, 2)), [0, 1, 0, 0, 0, -1], None)
    assert io.load_raster(tmp_path / "a.tif")[2] is None


def test_preview(tmp_path: Path, heights: NDArray[np.float32]) -> None:
    image = pytest.importorskip("matplotlib.image")
    io.save_raster(tmp_path / "a.tif", heights, TRANSFORM, CRS)
    picture = image.imread(tmp_path / "a.preview.png")
    assert picture.shape == (3, 4, 4)
    assert picture[1, 2, 3] == 0  # no data is transparent
    assert picture[0, 0, 3] == 1
    assert picture[0, 0, :3].sum() < picture[2, 3, :3].sum()


def test_window_by_box(file: Path, heights: NDArray[np.float32]) -> None:
    values, transform, *_ = io.load_raster(file, bbox=(319_002, 6_400_196, 319_006, 6_400_200))
    np.testing.assert_array_equal(values, heights[0:2, 1:3])
    assert transform == [319_002.0, 2.0, 0.0, 6_400_200.0, 0.0, -2.0]
    whole, transform, *_ = io.load_raster(file, bbox=(319_001, 6_400_195, 319_007, 6_400_199.5))
    np.testing.assert_array_equal(whole, heights[1:2, 1:3])
    assert transform == [319_002.0, 2.0, 0.0, 6_400_198.0, 0.0, -2.0]
    edge, *_ = io.load_raster(file, bbox=(319_002, 6_400_196, 319_006 - 1e-7, 6_400_200))
    np.testing.assert_array_equal(edge, heights[0:2, 1:3])


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"bbox": (0, 0, 10, 10)}, "bbox"),
        ({"bbox": (319_002, 6_400_196, 319_100, 6_400_200)}, "bbox"),
        ({"bbox": (319_003, 6_400_197, 319_005, 6_400_199)}, "bbox"),
        ({"bbox": (319_006, 6_400_196, 319_002, 6_400_200)}, "bbox"),
        ({"band": 1}, "heights.tif"),
        ({"band": -1}, "heights.tif"),
    ],
)
def test_bad_requests(file: Path, arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidSurfaceData) as caught:
        io.load_raster(file, **arguments)
    assert caught.value.field == field


def test_bad_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.tif"):
        io.load_raster(tmp_path / "absent.tif")
    text = tmp_path / "text.tif"
    for content in ("", "not a raster"):
        text.write_text(content)
        with pytest.raises(InvalidSurfaceData, match="a raster that GDAL reads"):
            io.load_raster(text)
    void = tmp_path / "void.tif"
    io.save_raster(void, np.full((2, 2), np.nan), TRANSFORM, CRS)
    with pytest.raises(InvalidSurfaceData, match=r"no data in every cell.*allow_empty"):
        io.load_raster(void)
    assert np.isnan(io.load_raster(void, allow_empty=True)[0]).all()


@pytest.mark.parametrize("shape", [(4,), (0, 3), (2, 2, 2)])
def test_unwritable_arrays(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidSurfaceData, match="2-D"):
        io.save_raster(tmp_path / "a.tif", np.zeros(shape), TRANSFORM, CRS)
    assert list(tmp_path.iterdir()) == []


def test_metadata(file: Path) -> None:
    meta = io.get_raster_metadata(file)
    assert meta["shape"] == (3, 4) == (meta["rows"], meta["cols"])
    assert meta["geotransform"] == TRANSFORM
    assert meta["bounds"] == (319_000.0, 6_400_194.0, 319_008.0, 6_400_200.0)
    assert (meta["pixel_size"], meta["nodata"], meta["count"]) == (2.0, -9999.0, 1)
    assert meta["dtype"] == "float32"


def test_windows(tmp_path: Path) -> None:
    path = tmp_path / "tiles.tif"
    io.create_empty_raster(path, 300, 400, TRANSFORM, CRS)
    assert np.isnan(io.load_raster(path, allow_empty=True)[0]).all()
    tile = np.arange(20.0).reshape(4, 5)
    tile[0, 0] = np.nan
    where = (slice(10, 14), slice(20, 25))
    io.write_raster_window(path, tile, where)
    np.testing.assert_array_equal(io.read_raster_window(path, where), tile)
    whole = io.read_raster_window(path, (slice(None), slice(None)))
    assert whole.shape == (300, 400)
    assert np.isfinite(whole).sum() == 19
    for bad in ((slice(298, 302), slice(0, 5)), (slice(-1, 2), slice(0, 5))):
        with pytest.raises(InvalidSurfaceData, match="window"):
            io.read_raster_window(path, bad)
    with pytest.raises(InvalidSurfaceData, match="array"):
        io.write_raster_window(path, tile[1:], where)


def test_rasterise() -> None:
    geopandas = pytest.importorskip("geopandas")
    from shapely.geometry import box

    table = geopandas.GeoDataFrame(
        {"h": [20.0, 5.0]}, geometry=[box(0, 0, 2, 2), box(1, 0, 4, 3)], crs=CRS
    )
    values, transform = io.rasterise_gdf(table, "geometry", "h")
    assert values.tolist() == [[0, 5, 5, 5], [20, 20, 5, 5], [20, 20, 5, 5]]
    assert transform.to_gdal() == (0.0, 1.0, 0.0, 3.0, 0.0, -1.0)
    with pytest.raises(InvalidSurfaceData, match="height"):
        io.rasterise_gdf(table, "geometry", "height")
    with pytest.raises(InvalidSurfaceData, match="bbox"):
        io.rasterise_gdf(table, "geometry", "h", bbox=(0, 0, 0, 0))


def test_bounds() -> None:
    assert geospatial.extract_bounds(TRANSFORM, (3, 4)) == (319000, 6400194, 319008, 6400200)
    assert geospatial.intersect_bounds([(0, 0, 4, 4), (2, -1, 9, 3)]) == (2, 0, 4, 3)
    for bad in ([], [(0, 0, 1, 1), (1, 0, 2, 1)]):
        with pytest.raises(InvalidSurfaceData, match="bounds"):
            geospatial.intersect_bounds(bad)


def test_aspect_and_codes_are_never_averaged() -> None:
    grid = np.array([[350.0, 10.0], [350.0, 10.0]])
    place: dict[str, Any] = {
        "src_transform": [0, 2, 0, 4, 0, -2],
        "target_bbox": (0, 0, 4, 4),
        "pixel_size": 1.0,
    }
    smooth, transform = geospatial.resample_to_grid(grid, **place)
    assert smooth.shape == (4, 4)
    assert transform.to_gdal() == (0, 1, 0, 4, 0, -1)
    assert len(np.unique(smooth)) > 2
    aspect, _ = geospatial.resample_to_grid(grid, **place, layer="wall_aspect")
    assert set(np.unique(aspect)) == {350.0, 10.0}
    codes, _ = geospatial.resample_to_grid(np.array([[1, 7], [1, 7]], np.uint8), **place)
    assert set(np.unique(codes)) == {1, 7}


def test_resampling_between_projections() -> None:
    source = np.tile(np.arange(50.0), (50, 1))
    out, _ = geospatial.resample_to_grid(
        source,
        [319_000, 1, 0, 6_400_050, 0, -1],
        (319_010, 6_400_010, 319_030, 6_400_030),
        1.0,
        src_crs=CRS,
        target_crs=CRS,
    )
    np.testing.assert_allclose(out, source[20:40, 10:30])
    outside, _ = geospatial.resample_to_grid(
        source, [319_000, 1, 0, 6_400_050, 0, -1], (0, 0, 5, 5), 1.0
    )
    assert np.isnan(outside).all()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"method": "cubic"}, ConfigurationError),
        ({"pixel_size": 0.0}, ConfigurationError),
        ({"target_bbox": (4, 4, 0, 0)}, InvalidSurfaceData),
        ({"array": np.zeros(3)}, InvalidSurfaceData),
    ],
)
def test_bad_resampling(changes: dict[str, Any], error: type[Exception]) -> None:
    arguments: dict[str, Any] = {
        "array": np.zeros((2, 2)),
        "src_transform": [0, 2, 0, 4, 0, -2],
        "target_bbox": (0, 0, 4, 4),
        "pixel_size": 1.0,
    }
    with pytest.raises(error):
        geospatial.resample_to_grid(**{**arguments, **changes})


def test_small_helpers() -> None:
    from solweig.params import load_physics

    assert geospatial.pixel_size_tag(1.0) == "px1.000"
    assert geospatial.pixel_size_tag(0.5) == "px0.500"
    with pytest.raises(ConfigurationError):
        geospatial.pixel_size_tag(-1)
    plain = geospatial.namespace_to_dict(load_physics())
    assert plain["Tree_settings"]["Value"]["Trunk_ratio"] == 0.25
    ground = np.full((10, 10), 40.0)
    canopy = np.zeros((10, 10))
    canopy[2:5, 2:5] = 8.0
    assert geospatial.looks_like_relative(canopy, ground)
    assert not geospatial.looks_like_relative(canopy + ground, ground)


def test_tile_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_limits, "available_memory", lambda root: (800_000, "control group"))
    assert geospatial.compute_max_tile_pixels() == 1000
    monkeypatch.setenv("SOLWEIG_RAM_FRACTION", "1")
    assert geospatial.compute_max_tile_pixels() == 2000
    monkeypatch.setenv("SOLWEIG_MAX_TILE_SIDE", "30")
    assert geospatial.compute_max_tile_pixels() == 900
    monkeypatch.undo()
    assert geospatial.compute_max_tile_pixels() > 10**5
    assert callable(geospatial.wallalgorithms.generate_wall_hts)
    with pytest.raises(AttributeError, match="nothing"):
        geospatial.nothing  # noqa: B018


def test_atomic_write_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


# ------------------------------------------------------------------ EPW


EPW = b"LOCATION,a\n" + b"row\n" * 8767


class Answer(std_io.BytesIO):
    """What ``urlopen`` returns."""


def test_download(tmp_path: Path) -> None:
    seen: dict[str, Any] = {}

    def opener(url: str, timeout: float) -> Answer:
        seen.update(url=url, timeout=timeout)
        return Answer(EPW)

    path = io.download_epw(38.0, 23.75, tmp_path / "athens.epw", timeout=5, opener=opener)
    assert path.read_bytes() == EPW
    assert seen["timeout"] == 5
    assert "lat=38.0&lon=23.75&outputformat=epw" in seen["url"]
    assert seen["url"].startswith("https://")
    folder = io.download_epw(38.0, 23.75, tmp_path, opener=opener)
    assert folder == tmp_path / "pvgis_38.0000_23.7500.epw"


def failing(error: Exception) -> Any:
    def opener(url: str, timeout: float) -> Answer:
        raise error

    return opener


def http_error(body: bytes) -> urllib.error.HTTPError:
    return urllib.error.HTTPError("u", 400, "Bad Request", None, std_io.BytesIO(body))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("opener", "match"),
    [
        (failing(TimeoutError()), "within 60 s"),
        (failing(urllib.error.URLError("no route to host")), "no route to host"),
        (failing(http_error(json.dumps({"message": "Location over the sea"}).encode())), "sea"),
        (failing(http_error(b"<html>")), "Bad Request"),
        (lambda url, timeout: Answer(b"<html>busy</html>"), "busy"),
        (lambda url, timeout: Answer(EPW[: len(EPW) // 2]), "a year of EPW rows"),
    ],
)
def test_failed_download_keeps_the_old_file(tmp_path: Path, opener: Any, match: str) -> None:
    path = tmp_path / "a.epw"
    path.write_text("old")
    with pytest.raises(WeatherDataError, match=match):
        io.download_epw(38.0, 23.75, path, opener=opener)
    assert path.read_text() == "old"


@pytest.mark.parametrize("arguments", [(91, 0), (0, 181), ("x", 0)])
def test_bad_coordinates(tmp_path: Path, arguments: tuple[Any, Any]) -> None:
    with pytest.raises(ConfigurationError):
        io.download_epw(*arguments, tmp_path, opener=failing(AssertionError()))
    with pytest.raises(ConfigurationError, match="timeout"):
        io.download_epw(0, 0, tmp_path, timeout=0, opener=failing(AssertionError()))


def test_read_epw(athens: Path, tmp_path: Path) -> None:
    table, place = io.read_epw(athens)
    assert len(table) == 8760
    assert place["latitude"] == 38.0
    assert {"temp_air", "ghi", "dni", "dhi"} <= set(table.columns)
    with pytest.raises(FileNotFoundError):
        io.read_epw(tmp_path / "absent.epw")


# ------------------------------------------------------------------ progress, imports


class Terminal(std_io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_vanishes_without_a_terminal() -> None:
    stream = std_io.StringIO()
    with Progress(stream=stream) as progress:
        progress.phase("sky view", 10)(5, 10)
    assert stream.getvalue() == ""


def test_progress_on_a_terminal() -> None:
    stream = Terminal()
    with Progress(stream=stream) as progress:
        advance = progress.phase("sky view", 10)
        advance(10, 10)
    assert "sky view" in stream.getvalue()
    assert "10/10" in stream.getvalue()


def test_track_yields_everything() -> None:
    assert list(track([1, 2, 3], "numbers", enabled=False)) == [1, 2, 3]
    assert list(track(iter([1, 2]), "numbers")) == [1, 2]


def test_import_is_light() -> None:
    code = (
        "import sys, solweig, solweig.io, solweig.config, solweig.weather.step, "
        "solweig.weather.location, solweig.weather.sun, solweig.geospatial, solweig.progress, "
        "solweig.weather.series\n"
        "heavy = {'pvlib', 'pandas', 'xarray', 'rasterio', 'rich', 'matplotlib', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

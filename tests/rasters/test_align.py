"""Layers in another projection or grid are brought to the DSM's, and the log says so."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.warp import calculate_default_transform, reproject

from solweig import InvalidSurfaceData, SurfaceData
from solweig.rasters.align import read_on_grid
from solweig.rasters.grids import Grid, whole_cell_offset
from solweig.rasters.sources import open_source
from solweig.rasters.target import target_grid
from tests.support.rasters import NORTH, UTM33, WEST, scene, write_scene, write_tif
from tests.support.stored import unpacked

SWEREF = "EPSG:3006"


def warp_file(source: Path, target: Path, crs: str, pixel: float) -> Path:
    """An independent nearest-neighbour reprojection of a raster file."""
    with rasterio.open(source) as dataset:
        transform, width, height = calculate_default_transform(
            dataset.crs, crs, dataset.width, dataset.height, *dataset.bounds, resolution=pixel
        )
        out = np.full((height, width), np.nan, dtype=np.float32)
        reproject(
            dataset.read(1).astype(np.float32),
            out,
            src_transform=dataset.transform,
            src_crs=dataset.crs,
            dst_transform=transform,
            dst_crs=crs,
            dst_nodata=np.nan,
            resampling=Resampling.nearest,
        )
    return write_tif(target, out, crs=crs, transform=transform, nodata=float("nan"))


def on_dsm_grid(folder: Path, name: str, path: Path) -> NDArray[np.float32]:
    dsm = open_source("dsm", write_tif(folder / "grid.tif", scene()["dsm"]))
    return read_on_grid(open_source(name, path), dsm.grid)


def test_same_grid_is_read_unchanged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    layer = np.random.default_rng(1).random((40, 50)).astype(np.float32)
    with caplog.at_level(logging.INFO):
        read = on_dsm_grid(tmp_path, "dem", write_tif(tmp_path / "dem.tif", layer))
    np.testing.assert_array_equal(read, layer)
    assert "resampled" not in caplog.text
    assert "shifted" not in caplog.text


def test_whole_cell_shift_copies_cells(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    layer = np.arange(40 * 50, dtype=np.float32).reshape(40, 50)
    moved = write_tif(tmp_path / "dem.tif", layer, west=WEST + 6, north=NORTH - 4)
    with caplog.at_level(logging.INFO):
        read = on_dsm_grid(tmp_path, "dem", moved)
    np.testing.assert_array_equal(read[2:, 3:], layer[:-2, :-3])
    assert np.isnan(read[:2]).all()
    assert np.isnan(read[:, :3]).all()
    assert "shifted" not in caplog.text


def test_part_cell_shift_is_resampled_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    r, c = np.mgrid[0:60, 0:60]
    # Cells a quarter cell off: bilinear values of a plane lie on the plane.
    plane = (5.0 + 0.1 * c - 0.2 * r).astype(np.float32)
    moved = write_tif(tmp_path / "dem.tif", plane, west=WEST - 9.5, north=NORTH + 10)
    with caplog.at_level(logging.INFO):
        read = on_dsm_grid(tmp_path, "dem", moved)
    rows, cols = np.mgrid[0:40, 0:50]
    expected = 5.0 + 0.1 * (cols + 9.5 / 2) - 0.2 * (rows + 5)
    np.testing.assert_allclose(read, expected, atol=1e-4)
    assert "dem: shifted onto the grid of the surface (bilinear)" in caplog.text


@pytest.mark.parametrize("name", ["cdsm", "tdsm", "land_cover", "wall_height", "wall_aspect"])
def test_layers_that_must_not_be_averaged(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    layer = np.where(np.mgrid[0:40, 0:50][1] % 2 == 0, 0.0, 7.0).astype(np.float32)
    moved = write_tif(tmp_path / "x.tif", layer, west=WEST + 0.8)
    with caplog.at_level(logging.INFO):
        read = on_dsm_grid(tmp_path, name, moved)
    assert set(np.unique(read[:, 1:-1])) == {0.0, 7.0}
    assert f"{name}: shifted onto the grid of the surface (nearest cell)" in caplog.text


def test_other_pixel_size(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fine = np.repeat(np.repeat(scene()["land_cover"], 2, axis=0), 2, axis=1)
    path = write_tif(tmp_path / "lc.tif", fine, pixel=1.0)
    with caplog.at_level(logging.INFO):
        read = on_dsm_grid(tmp_path, "land_cover", path)
    np.testing.assert_array_equal(read, scene()["land_cover"])
    assert "land_cover: resampled from 1 m to 2 m pixels (nearest cell)" in caplog.text


def test_other_projection(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = write_scene(tmp_path)
    with rasterio.open(files["dsm"]) as dataset:
        own = Grid(dataset.shape, dataset.transform, dataset.crs)
    for name in ("dem", "land_cover", "cdsm"):
        other = warp_file(files[name], tmp_path / f"{name}_sweref.tif", SWEREF, 0.25)
        with caplog.at_level(logging.INFO):
            read = read_on_grid(open_source(name, other), own)
        known = ~np.isnan(read)
        assert known.mean() > 0.9
        difference = np.abs(read - scene()[name])[known]
        # Quarter-metre cells put the edges of codes and crowns within one 2 m cell.
        assert (difference < 0.03).mean() > 0.97
        assert f"{name}: reprojected from {SWEREF} to {UTM33}" in caplog.text


def test_missing_cells_stay_missing_and_do_not_bleed(tmp_path: Path) -> None:
    layer = np.full((40, 50), 5.0, dtype=np.float32)
    layer[10:14, 10:14] = -9999.0
    path = write_tif(tmp_path / "dem.tif", layer, west=WEST + 0.5, nodata=-9999.0)
    read = on_dsm_grid(tmp_path, "dem", path)
    assert np.isnan(read[11:13, 11:13]).all()
    np.testing.assert_allclose(read[~np.isnan(read)], 5.0, atol=1e-5)


def test_integer_layer_with_declared_no_data(tmp_path: Path) -> None:
    layer = scene()["land_cover"]
    layer[0, 0] = 255
    read = on_dsm_grid(tmp_path, "land_cover", write_tif(tmp_path / "lc.tif", layer, nodata=255))
    assert np.isnan(read[0, 0])
    assert np.isnan(read).sum() == 1


def test_layer_without_crs_is_taken_as_the_dsms(tmp_path: Path) -> None:
    layer = scene()["dem"]
    read = on_dsm_grid(tmp_path, "dem", write_tif(tmp_path / "dem.tif", layer, crs=None))
    np.testing.assert_array_equal(read, layer)


# ------------------------------------------------------------------ the grid of the result


def source(folder: Path, name: str = "dsm", **options: Any) -> Any:
    path = write_tif(folder / f"{name}.tif", scene()["dsm"], **options)
    return open_source(name, path)


def test_bbox_keeps_its_size_and_moves_to_cell_edges(tmp_path: Path) -> None:
    grid = target_grid(source(tmp_path), [], (WEST + 3.2, NORTH - 40.6, WEST + 21, NORTH - 4.8))
    assert grid.shape == (18, 9)
    assert grid.bounds == (WEST + 4, NORTH - 40, WEST + 22, NORTH - 4)


def test_bbox_beyond_the_dsm_is_cut_which_is_said(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"bbox: reaches beyond the DSM .* 10 x 8 of 13 x 10"):
        grid = target_grid(source(tmp_path), [], (WEST - 4, NORTH - 20, WEST + 16, NORTH + 6))
    assert grid.bounds == (WEST, NORTH - 20, WEST + 16, NORTH)


def test_bbox_of_less_than_a_cell(tmp_path: Path) -> None:
    with pytest.raises(InvalidSurfaceData, match="a cell of the DSM"):
        target_grid(source(tmp_path), [], (WEST + 4, NORTH - 20, WEST + 4.9, NORTH - 6))


def test_bbox_on_cell_edges_is_taken_exactly(tmp_path: Path) -> None:
    grid = target_grid(source(tmp_path), [], (WEST + 4, NORTH - 40, WEST + 20, NORTH - 6))
    assert grid.shape == (17, 8)


def test_layers_cut_the_grid_to_what_all_cover(tmp_path: Path) -> None:
    dem = source(tmp_path, "dem", west=WEST + 10, north=NORTH - 6)
    with pytest.warns(UserWarning, match=r"dem: covers 83% .* 37 x 45 of 40 x 50 cells remain"):
        grid = target_grid(source(tmp_path), [dem])
    assert grid.shape == (37, 45)
    assert grid.bounds == (WEST + 10, NORTH - 80, WEST + 100, NORTH - 6)


@pytest.mark.parametrize(("shift", "first", "columns"), [(0.8, 0, 50), (1.2, 1, 49), (-1.2, 0, 49)])
def test_cells_belong_to_layers_that_hold_their_centre(
    tmp_path: Path, shift: float, first: int, columns: int
) -> None:
    dem = source(tmp_path, "dem", west=WEST + shift)
    grid = target_grid(source(tmp_path), [dem])
    assert grid.shape == (40, columns)
    assert grid.transform.c == WEST + 2 * first


def test_layers_that_overlap_the_dsm_but_not_each_other(tmp_path: Path) -> None:
    left = source(tmp_path, "dem", west=WEST - 60)
    right = source(tmp_path, "cdsm", west=WEST + 60)
    with (
        pytest.warns(UserWarning, match="dem: covers 40%"),
        pytest.raises(InvalidSurfaceData, match=r"cdsm: .* and the other layers"),
    ):
        target_grid(source(tmp_path), [left, right])


def test_pixel_size_changes_the_cells(tmp_path: Path) -> None:
    grid = target_grid(source(tmp_path), [], None, 5.0)
    assert grid.shape == (16, 20)
    assert grid.pixel_size == 5.0
    assert whole_cell_offset(source(tmp_path).grid, grid) is None


def test_finer_pixels_than_the_dsm_warn(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    target_grid(source(tmp_path), [], None, 1.0)
    assert "no detail is gained" in caplog.text


def test_prepare_aligns_every_layer(tmp_path: Path) -> None:
    files = write_scene(tmp_path)
    files["cdsm"] = write_tif(
        tmp_path / "fine.tif",
        np.repeat(np.repeat(scene()["cdsm"], 4, axis=0), 4, axis=1),
        pixel=0.5,
    )
    surface = SurfaceData.prepare(
        **files, bbox=(WEST + 4, NORTH - 70, WEST + 90, NORTH - 2), min_object_height=0.0
    )
    window = (slice(1, 35), slice(2, 45))
    assert surface.shape == (34, 43)
    assert surface.geotransform == [WEST + 4, 2.0, 0.0, NORTH - 2, 0.0, -2.0]
    assert surface.crs is not None
    assert "UTM zone 33N" in surface.crs
    for name in ("dsm", "dem", "cdsm", "land_cover"):
        np.testing.assert_array_equal(getattr(surface, name), scene()[name][window])


def test_array_beside_a_file_is_cut_alike(tmp_path: Path) -> None:
    files: dict[str, Any] = dict(write_scene(tmp_path))
    files["cdsm"] = scene()["cdsm"]
    surface = SurfaceData.prepare(**files, bbox=(WEST + 4, NORTH - 70, WEST + 90, NORTH - 2))
    np.testing.assert_array_equal(surface.cdsm, scene()["cdsm"][1:35, 2:45])


def test_resampled_dsm_is_kept_in_the_working_folder(tmp_path: Path) -> None:
    files = write_scene(tmp_path)
    surface = SurfaceData.prepare(**files, working_dir=tmp_path / "work", pixel_size=4.0)
    with rasterio.open(tmp_path / "work/resampled/dsm_resampled.tif") as dataset:
        assert dataset.shape == surface.shape == (20, 25)
        # Means of four cells on the open slope.
        mean = scene()["dsm"][30:32, 2:4].mean()
        assert dataset.read(1)[15, 1] == pytest.approx(mean, abs=0.01)


def test_kronenhuset_with_a_text_grid_without_crs(
    shared: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = shared / "data/kronenhuset"
    # The canal: its ground model was smoothed over the quays.
    below = r"dsm: .* 179 of 52182 cells \(0.34 %\) more than 1 m below"
    with caplog.at_level(logging.INFO), pytest.warns(UserWarning, match=below):
        surface = SurfaceData.prepare(
            folder / "DSM_KR.tif",
            cdsm=unpacked(folder / "CDSM_KR.asc", tmp_path),
            dem=folder / "DEM_KR.tif",
            land_cover=folder / "landcover_KR.tif",
        )
    assert "cdsm: no CRS in the file; taken as the DSM's" in caplog.text
    assert surface.shape == (223, 234)
    assert surface.cdsm is not None
    assert surface.cdsm.max() == pytest.approx(24.3683, abs=1e-4)


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_scale_and_offset_of_a_file_are_applied(tmp_path: Path, shift: float) -> None:
    """Heights stored as whole centimetres above a datum are read in metres."""
    stored = np.full((40, 50), 1200, dtype=np.int16)
    stored[0, 0] = -9999
    path = write_tif(tmp_path / "dem.tif", stored, west=WEST + shift, nodata=-9999)
    with rasterio.open(path, "r+") as sink:
        sink.scales, sink.offsets = (0.01,), (100.0,)
    read = on_dsm_grid(tmp_path, "dem", path)
    assert np.isnan(read[0, 0])
    np.testing.assert_allclose(read[2:-2, 2:-2], 112.0, atol=1e-4)


def test_a_scale_of_zero_is_refused(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "dem.tif", scene()["dem"])
    with rasterio.open(path, "r+") as sink:
        sink.scales = (0.0,)
    with pytest.raises(InvalidSurfaceData, match="dem: expected a finite scale"):
        on_dsm_grid(tmp_path, "dem", path)

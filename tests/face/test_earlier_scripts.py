"""What scripts written for the package's earlier interface rely on, beyond its main names."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

import solweig
from solweig import geospatial, io, models, postprocess

GRID = np.arange(12, dtype=np.float32).reshape(3, 4)
TRANSFORM = [0.0, 1.0, 0.0, 3.0, 0.0, -1.0]


def test_rasters_by_earlier_names(tmp_path: Path) -> None:
    path = str(tmp_path / "a.tif")
    io.save_raster(out_path_str=path, data_arr=GRID, trf_arr=TRANSFORM, crs_wkt="EPSG:3006")
    np.testing.assert_array_equal(io.load_raster(path_str=path)[0], GRID)
    meta = io.get_raster_metadata(path_str=path)
    assert meta["transform"] == TRANSFORM
    assert meta["res"] == (1.0, 1.0)
    assert meta["bounds"].right == 4.0
    with pytest.raises(TypeError, match="path"):
        io.load_raster(path, path_str=path)
    with pytest.raises(TypeError, match="both"):
        io.load_raster(path=path, path_str=path)


def test_bands_of_windows_count_from_one(tmp_path: Path) -> None:
    path = tmp_path / "b.tif"
    where = (slice(0, 2), slice(1, 3))
    io.create_empty_raster(
        path_str=path, rows=3, cols=4, transform=TRANSFORM, crs_wkt="EPSG:3006",
        dtype=np.float32, bands=2,
    )  # fmt: skip
    for band in (1, 2):
        data = np.full((2, 2), band, np.float32)
        io.write_raster_window(path_str=path, data=data, window=where, band=band)
    assert io.read_raster_window(path, where).max() == 1
    assert io.read_raster_window(path_str=path, window=where, band=2).min() == 2
    for band in (0, 3):
        with pytest.raises(solweig.InvalidSurfaceData, match="band"):
            io.read_raster_window(path, where, band)


def test_functions_by_earlier_names(tmp_path: Path) -> None:
    tmrt = np.full((2, 2), 40, np.float32)
    np.testing.assert_array_equal(
        postprocess.compute_utci_grid(tmrt, 25, 50, wind=2),
        postprocess.compute_utci_grid(tmrt, 25, 50, 2),
    )
    with pytest.raises(FileNotFoundError):
        solweig.load_params(params_json_path=tmp_path / "none.json")
    with pytest.raises(FileNotFoundError):
        solweig.load_run_metadata(metadata_path=tmp_path / "none.json")
    assert geospatial.intersect_bounds(bounds_list=[[0, 0, 4, 4], [1, 1, 5, 5]]) == (1, 1, 4, 4)
    assert not geospatial.looks_like_relative(layer=None, reference=GRID)
    place = solweig.Location(57.7, 12.0, 5.0, 1).to_sun_position_dict()
    assert place == {"latitude": 57.7, "longitude": 12.0, "altitude": 5.0}
    assert models.TileSpec is solweig.TileSpec
    assert models.ThermalState is solweig.ThermalState


def test_run_metadata_as_it_was_called(tmp_path: Path) -> None:
    surface = solweig.SurfaceData(dsm=GRID)
    weather = [solweig.Weather(datetime(2023, 7, 1, 12), 25, 50, 800)]
    site = solweig.Location(57.7, 12.0, utc_offset=1)
    metadata = solweig.create_run_metadata(
        surface, site, weather, None, None, None, True, False, tmp_path, ["tmrt"]
    )
    path = solweig.save_run_metadata(metadata, tmp_path, filename="mine.json")
    assert path == tmp_path / "mine.json"
    read = solweig.load_run_metadata(path)
    assert read["parameters"]["outputs"] == ["tmrt"]
    assert read["parameters"]["settings"]["use_anisotropic_sky"] is True
    assert read["inputs"]["weather"]["n_timesteps"] == 1


def test_what_errors_carry() -> None:
    shape = solweig.GridShapeMismatch("cdsm", (3, 4), (4, 3))
    assert (shape.expected_shape, shape.actual_shape) == ((3, 4), (4, 3))
    weather = solweig.WeatherDataError("rh", "0 to 100", 150)
    assert weather.value == 150
    assert "0 to 100" in weather.reason
    assert solweig.ConfigurationError("outputs", "unknown name").parameter == "outputs"
    assert str(solweig.ConfigurationError("outputs", "unknown name")) == "outputs: unknown name"
    assert str(solweig.InvalidSurfaceData("no such layer")) == "no such layer"
    assert solweig.MissingPrecomputedData("svf", "compute it").suggestion == "compute it"
    stale = solweig.StalePrecomputedData("svf", (3, 4), (4, 3))
    assert (stale.what, stale.expected_shape, stale.actual_shape) == ("svf", (3, 4), (4, 3))


def test_states_and_summaries_without_a_step() -> None:
    state = solweig.ThermalState.initial((3, 4))
    assert state.shape == (3, 4)
    assert state.copy().tgmap1_n.shape == (3, 4)
    assert not state.tgout1.any()
    assert (state.firstdaytime, state.timeadd) == (1.0, 0.0)
    with pytest.raises(AttributeError, match="tgmap2"):
        _ = state.tgmap2
    warm = solweig.ThermalState(False, 0.01, {"lup_e": GRID})
    np.testing.assert_array_equal(warm.tgmap1_e, GRID)
    empty = solweig.TimeseriesSummary.empty()
    assert len(empty) == 0
    assert empty.tmrt_mean.shape == (0, 0)


def test_shadow_masks_can_be_subtracted() -> None:
    visible = np.zeros((3, 4, 153), np.uint8)
    shadows = models.ShadowArrays(visible, visible, visible)
    assert shadows.spatial_shape == (3, 4)
    assert (shadows.shmat - 1).min() == -1


def test_a_folder_without_a_surface(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        solweig.SurfaceData.load(tmp_path)
    with pytest.raises(solweig.MissingPrecomputedData):
        solweig.SurfaceData.load(tmp_path)


def test_bundled_person() -> None:
    human = solweig.ModelConfig.from_json().human
    assert human is not None
    assert human.height == 1.75


def test_epw_table(athens: Path) -> None:
    table, place = io.read_epw(athens)
    assert table.index[0] == datetime(2023, 1, 1, 1)
    assert (place["tz_offset"], place["elevation"]) == (2.0, 175.0)

"""Fields of the weather for tests of runs: cubes, files of them, and comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.transform import Affine

import solweig

F32 = NDArray[np.float32]


def cube_of(surface: solweig.SurfaceData, values: Sequence[float]) -> F32:
    """A layer for each step, each of one value."""
    layers = [np.full(surface.shape, value, np.float32) for value in values]
    return np.stack(layers)


def patchy(surface: solweig.SurfaceData, values: Sequence[float], span: float, seed: int) -> F32:
    """Values of the steps with smooth and cell-wise differences around them."""
    rng = np.random.default_rng(seed)
    rows, cols = surface.shape
    r, c = np.mgrid[0:rows, 0:cols]
    wave = np.sin(r / 9.0 + seed) * np.cos(c / 7.0)
    own = 0.6 * wave + 0.4 * rng.uniform(-1.0, 1.0, (len(values), rows, cols))
    return (np.asarray(values)[:, None, None] + span * own).astype(np.float32)


def write_bands(
    path: Path, cube: Any, surface: solweig.SurfaceData, names: Sequence[str] = (), **changes: Any
) -> Path:
    """A GeoTIFF of one band a layer, on the grid of a surface."""
    layers = np.asarray(cube)
    layers = layers[None] if layers.ndim == 2 else layers
    georef = surface.georef
    profile: dict[str, Any] = {
        "driver": "GTiff", "height": layers.shape[1], "width": layers.shape[2],
        "count": layers.shape[0], "dtype": layers.dtype, "crs": georef.crs_wkt or None,
        "transform": Affine.from_gdal(*georef.gdal), **changes,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as sink:
        sink.write(layers)
        for band, name in enumerate(names, 1):
            sink.set_band_description(band, name)
    return path


def assert_same_maps(one: solweig.TimeseriesSummary, two: solweig.TimeseriesSummary) -> None:
    """Steps, statistics, points, means and thermal state, bit for bit."""
    assert one.dataset is not None
    assert two.dataset is not None
    for name in one.dataset.data_vars:
        assert np.array_equal(one.dataset[name], two.dataset[name], equal_nan=True), name
    grids = two.grids()
    for name, grid in one.grids().items():
        assert np.array_equal(grid, grids[name], equal_nan=True), name
    assert one.sums == two.sums
    assert (one.pois is None) == (two.pois is None)
    if one.pois is not None:
        assert one.pois.equals(two.pois)
    assert one.state is not None
    assert two.state is not None
    for name, grid in one.state.fields.items():
        assert np.array_equal(grid, two.state.fields[name], equal_nan=True), name

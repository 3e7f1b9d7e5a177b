"""Radiation by weather cells for tests: grids around a surface, in its projection and others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import xarray as xr
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.transform import Affine

import solweig

F64 = NDArray[np.float64]


def labelled(
    values: Any,
    west: float,
    north: float,
    size: float | tuple[float, float],
    *,
    crs: Any = 3006,
    times: Sequence[Any] | None = None,
    unit: str = "W m-2",
) -> xr.DataArray:
    """Cells ``[row, col]`` or ``[time, row, col]`` from a north-west corner on."""
    cells = np.asarray(values)
    rows, cols = cells.shape[-2:]
    dy, dx = (size, size) if isinstance(size, float | int) else size
    coords: dict[str, Any] = {
        "y": north - dy * (np.arange(rows) + 0.5), "x": west + dx * (np.arange(cols) + 0.5),
    }  # fmt: skip
    if crs is not None:
        coords["spatial_ref"] = ((), 0, {"crs_wkt": CRS.from_user_input(crs).to_wkt()})
    if times is not None:
        coords["time"] = np.array(times, "datetime64[ns]")
    dims = ("y", "x") if cells.ndim == 2 else ("time", "y", "x")
    return xr.DataArray(cells, coords, dims, attrs={"units": unit})


def cells_of(rows: Sequence[solweig.Weather], factors: Any, name: str = "global_rad") -> F64:
    """Of each step its own value times a factor of each weather cell."""
    own = np.array([getattr(row, name) for row in rows], np.float64)
    return own[:, None, None] * np.asarray(factors, np.float64)


def write_cells(path: Path, array: xr.DataArray, names: Sequence[str] = (), **changes: Any) -> Path:
    """A GeoTIFF of an array with coordinates."""
    layers = array.values if array.ndim == 3 else array.values[None]
    y, x = array.y.values, array.x.values
    dy, dx = y[1] - y[0], x[1] - x[0]
    profile: dict[str, Any] = {
        "driver": "GTiff", "height": layers.shape[1], "width": layers.shape[2],
        "count": len(layers), "dtype": "float32",
        "crs": array.spatial_ref.attrs["crs_wkt"],
        "transform": Affine(dx, 0.0, x[0] - dx / 2, 0.0, dy, y[0] - dy / 2), **changes,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as sink:
        sink.write(layers.astype(profile["dtype"]))
        for band, name in enumerate(names, 1):
            sink.set_band_description(band, name)
    return path


def centres(
    surface: solweig.SurfaceData, origin: Any, pitch: Any, shape: Any, crs: Any
) -> tuple[F64, F64]:
    """Coordinates of the centres of weather cells in another projection, by pyproj alone."""
    x0, a, _, y0, _, e = surface.georef.gdal
    rows, cols = np.mgrid[0 : shape[0], 0 : shape[1]].astype(float)
    x, y = x0 + a * (origin[1] + pitch[1] * cols), y0 + e * (origin[0] + pitch[0] * rows)
    moved = Transformer.from_crs(CRS.from_wkt(surface.georef.crs_wkt), crs, always_xy=True)
    found = moved.transform(x, y)
    return np.asarray(found[0]), np.asarray(found[1])

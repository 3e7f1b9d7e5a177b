"""Small scenes and GeoTIFFs for tests of surfaces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.transform import Affine

F32 = NDArray[np.float32]
WEST, NORTH = 400_000.0, 6_400_000.0
UTM33 = "EPSG:32633"


def write_tif(
    path: Path,
    array: Any,
    *,
    pixel: float = 2.0,
    west: float = WEST,
    north: float = NORTH,
    crs: str | None = UTM33,
    nodata: float | None = None,
    transform: Affine | None = None,
) -> Path:
    """A one-band GeoTIFF whose top left corner is (west, north)."""
    values = np.asarray(array)
    place = transform or Affine(pixel, 0.0, west, 0.0, -pixel, north)
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1,
        dtype=values.dtype, crs=crs, transform=place, nodata=nodata,
    ) as sink:  # fmt: skip
        sink.write(values, 1)
    return path


def scene(rows: int = 40, cols: int = 50) -> dict[str, NDArray[Any]]:
    """A sloping site with a block and a group of trees; layers by the names of SurfaceData."""
    r, c = np.mgrid[0:rows, 0:cols]
    dem = (20.0 + 0.02 * r + 0.01 * c).astype(np.float32)
    dsm = dem.copy()
    dsm[10:18, 12:22] += 12.0
    canopy = np.zeros((rows, cols), dtype=np.float32)
    canopy[25:30, 30:36] = 8.0
    cover = np.full((rows, cols), 1, dtype=np.uint8)
    cover[:, : cols // 3] = 5
    cover[10:18, 12:22] = 2
    return {"dsm": dsm, "dem": dem, "cdsm": canopy, "land_cover": cover}


def write_scene(folder: Path, **options: Any) -> dict[str, Path]:
    """The layers of :func:`scene` as files."""
    return {
        name: write_tif(folder / f"{name}.tif", layer, **options) for name, layer in scene().items()
    }

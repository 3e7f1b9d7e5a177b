"""Polygons with heights as a raster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from solweig.errors import InvalidSurfaceData

if TYPE_CHECKING:
    import geopandas as gpd
    from rasterio.transform import Affine

__all__ = ["rasterise_gdf"]

Bounds = Sequence[float]


def rasterise_gdf(
    gdf: gpd.GeoDataFrame,
    geom_col: str,
    ht_col: str,
    bbox: Bounds | None = None,
    pixel_size: float = 1.0,
) -> tuple[NDArray[np.float32], Affine]:
    """Burn heights of polygons into a raster; where polygons overlap the highest wins.

    Parameters
    ----------
    gdf
        Polygons with a projected coordinate reference system.
    geom_col
        Column of geometries.
    ht_col
        Column of heights [m].
    bbox
        ``(min_x, min_y, max_x, max_y)``; ``None``: around all polygons.
    pixel_size
        Side of a cell [m].

    Returns
    -------
    heights : NDArray[np.float32]
        ``[row, col]`` [m]; 0 where no polygon covers the cell's centre.
    transform : Affine
        Of the raster.

    Raises
    ------
    InvalidSurfaceData
        A column is missing, there is no polygon, the area is empty.
    """
    from rasterio.features import rasterize
    from rasterio.transform import from_origin

    for column in (geom_col, ht_col):
        if column not in gdf.columns:
            raise InvalidSurfaceData(column, "a column of the table", ", ".join(gdf.columns))
    if len(gdf) == 0:
        raise InvalidSurfaceData(geom_col, "at least one polygon", "none")
    ordered = gdf.sort_values(ht_col)
    box = ordered[geom_col].total_bounds if bbox is None else bbox
    min_x, min_y, max_x, max_y = (float(v) for v in box)
    cols, rows = (round((b - a) / pixel_size) for a, b in ((min_x, max_x), (min_y, max_y)))
    if rows < 1 or cols < 1:
        raise InvalidSurfaceData("bbox", "an area of at least one cell", tuple(box))
    transform = from_origin(min_x, max_y, pixel_size, pixel_size)
    shapes = list(zip(ordered[geom_col], ordered[ht_col].astype(float), strict=True))
    heights = rasterize(shapes, (rows, cols), fill=0, transform=transform, dtype="float32")
    return heights, transform

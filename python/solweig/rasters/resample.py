"""Arrays brought from one grid to another, and the bounds of grids.

Bounds are ``(min_x, min_y, max_x, max_y)``; transforms are the six numbers of GDAL or an
``Affine``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError, InvalidSurfaceData
from solweig.renamed import also_named
from solweig.typing import Bounds

if TYPE_CHECKING:
    from rasterio.transform import Affine

METHODS = ("nearest", "bilinear")
# A mean of two codes is a third one, and the mean of 350 and 10 degrees points the wrong way.
NEAREST_ONLY = ("land_cover", "wall_aspect", "wall_height")


def extract_bounds(transform: Sequence[float] | Affine, shape: tuple[int, int]) -> Bounds:
    """Bounds of a north-up or rotated grid.

    Parameters
    ----------
    transform
        Of the grid: six numbers of GDAL or an ``Affine``.
    shape
        Rows and columns.

    Returns
    -------
    Bounds
        ``(min_x, min_y, max_x, max_y)``, in the units of the transform.

    Examples
    --------
    >>> from solweig.geospatial import extract_bounds
    >>> extract_bounds([500.0, 2.0, 0.0, 900.0, 0.0, -2.0], (50, 30))
    (500.0, 800.0, 560.0, 900.0)
    """
    affine = _affine(transform)
    rows, cols = shape
    corners = [affine * corner for corner in ((0, 0), (cols, 0), (0, rows), (cols, rows))]
    xs, ys = zip(*corners, strict=True)
    return (min(xs), min(ys), max(xs), max(ys))


@also_named(bounds_list="bounds")
def intersect_bounds(bounds: Iterable[Sequence[float]]) -> Bounds:
    """The area that all bounds share.

    Parameters
    ----------
    bounds
        ``(min_x, min_y, max_x, max_y)`` each, in one CRS.

    Returns
    -------
    Bounds
        ``(min_x, min_y, max_x, max_y)``.

    Raises
    ------
    InvalidSurfaceData
        There is none, or no bounds are given.

    Examples
    --------
    >>> from solweig.geospatial import intersect_bounds
    >>> intersect_bounds([(0.0, 0.0, 60.0, 50.0), (20.0, 10.0, 90.0, 40.0)])
    (20.0, 10.0, 60.0, 40.0)
    """
    boxes = [tuple(float(v) for v in box) for box in bounds]
    if not boxes:
        raise InvalidSurfaceData("bounds", "at least one", "none")
    west, south = max(b[0] for b in boxes), max(b[1] for b in boxes)
    east, north = min(b[2] for b in boxes), min(b[3] for b in boxes)
    if not (west < east and south < north):
        raise InvalidSurfaceData("bounds", "extents that overlap", boxes)
    return (west, south, east, north)


@also_named(target_pixel_size="pixel_size")
def resample_to_grid(
    array: NDArray[Any],
    src_transform: Sequence[float] | Affine,
    target_bbox: Sequence[float],
    pixel_size: float,
    method: str = "bilinear",
    src_crs: Any = None,
    target_crs: Any = None,
    *,
    layer: str | None = None,
) -> tuple[NDArray[Any], Affine]:
    """Bring an array onto a north-up grid of square cells.

    Parameters
    ----------
    array
        ``[row, col]``; NaN is no data.
    src_transform
        Of ``array``: six numbers of GDAL or an ``Affine``.
    target_bbox
        Bounds of the new grid, ``(min_x, min_y, max_x, max_y)`` in ``target_crs``.
    pixel_size
        Side of the new cells [m], > 0.
    method
        ``"nearest"`` or ``"bilinear"``.
    src_crs, target_crs
        Coordinate reference systems; left out, they are the same.
    layer
        Name of the layer. ``land_cover``, ``wall_aspect`` and ``wall_height`` are always resampled
        to the nearest cell, and so is every integer array.

    Returns
    -------
    array : NDArray[Any]
        ``[row, col]`` of the source's type; NaN (integers: 0) where the source has no data.
    transform : Affine
        Of the new grid.

    Raises
    ------
    ConfigurationError
        Another ``method``, or a ``pixel_size`` that is not positive.
    InvalidSurfaceData
        Not a 2-D array, or a box without area.
    """
    from rasterio.crs import CRS
    from rasterio.transform import from_origin
    from rasterio.warp import Resampling, reproject

    if method not in METHODS:
        raise ConfigurationError("method", " or ".join(METHODS), repr(method))
    values = np.asarray(array)
    if values.ndim != 2:
        raise InvalidSurfaceData("array", "2 dimensions", values.ndim)
    west, south, east, north = (float(v) for v in target_bbox)
    if not (pixel_size > 0 and math.isfinite(pixel_size)):
        raise ConfigurationError("pixel_size", "more than 0 m", repr(pixel_size))
    rows, cols = round((north - south) / pixel_size), round((east - west) / pixel_size)
    if rows < 1 or cols < 1:
        raise InvalidSurfaceData("target_bbox", "an area of at least one cell", tuple(target_bbox))
    floating = np.issubdtype(values.dtype, np.floating)
    nearest = method == "nearest" or layer in NEAREST_ONLY or not floating
    fill = np.nan if floating else 0
    # Two unknown systems are one; the warper wants a name for it.
    source = CRS.from_user_input(src_crs or target_crs or 3857)
    target = CRS.from_user_input(target_crs or src_crs or 3857)
    transform = from_origin(west, north, pixel_size, pixel_size)
    out = np.full((rows, cols), fill, values.dtype)
    reproject(
        values,
        out,
        src_transform=_affine(src_transform),
        src_crs=source,
        src_nodata=np.nan if floating else None,
        dst_transform=transform,
        dst_crs=target,
        dst_nodata=fill,
        resampling=Resampling.nearest if nearest else Resampling.bilinear,
    )
    return out, transform


def _affine(transform: Any) -> Any:
    from rasterio.transform import Affine

    if isinstance(transform, Affine):
        return transform
    return Affine.from_gdal(*(float(v) for v in transform))

"""Small helpers for scripts that handle rasters themselves.

Bounds are ``(min_x, min_y, max_x, max_y)``; transforms are the six numbers of GDAL or an
``Affine``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solweig import switches
from solweig.errors import ConfigurationError, InvalidSurfaceData
from solweig.memory_limits import memory_budget
from solweig.params import namespace_to_plain
from solweig.renamed import also_named

if TYPE_CHECKING:
    from rasterio.transform import Affine

Bounds = tuple[float, float, float, float]

BYTES_PER_PIXEL = 400
_ASSUMED_MEMORY = 8 * 2**30
METHODS = ("nearest", "bilinear")
# A mean of two codes is a third one, and the mean of 350 and 10 degrees points the wrong way.
NEAREST_ONLY = ("land_cover", "wall_aspect", "wall_height")


def extract_bounds(transform: Sequence[float] | Affine, shape: tuple[int, int]) -> Bounds:
    """Bounds of a north-up or rotated grid.

    Args:
        transform: Of the grid.
        shape: Rows and columns.
    """
    affine = _affine(transform)
    rows, cols = shape
    corners = [affine * corner for corner in ((0, 0), (cols, 0), (0, rows), (cols, rows))]
    xs, ys = zip(*corners, strict=True)
    return (min(xs), min(ys), max(xs), max(ys))


@also_named(bounds_list="bounds")
def intersect_bounds(bounds: Iterable[Sequence[float]]) -> Bounds:
    """The area that all bounds share.

    Raises:
        InvalidSurfaceData: there is none, or no bounds are given.
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

    Args:
        array: ``[row, col]``; NaN is no data.
        src_transform: Of ``array``.
        target_bbox: Bounds of the new grid, in ``target_crs``.
        pixel_size: Side of the new cells [m], > 0.
        method: ``"nearest"`` or ``"bilinear"``.
        src_crs, target_crs: Coordinate reference systems; left out, they are the same.
        layer: Name of the layer. ``land_cover``, ``wall_aspect`` and ``wall_height`` are always
            resampled to the nearest cell, and so is every integer array.

    Returns:
        The array, NaN (integers: 0) where the source has no data, and its transform.

    Raises:
        ConfigurationError: another ``method``.
        InvalidSurfaceData: not a 2-D array, or a box without area.
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


@also_named(ns="value")
def namespace_to_dict(value: SimpleNamespace | Any) -> Any:
    """Nested namespaces, as :func:`solweig.load_params` returns, as plain dictionaries."""
    return namespace_to_plain(value)


def pixel_size_tag(pixel_size: float) -> str:
    """Name of the cache folder of a pixel size [m]: ``px1.000``, ``px0.500``.

    Raises:
        ConfigurationError: not a positive number.
    """
    if not (pixel_size > 0 and math.isfinite(pixel_size)):
        raise ConfigurationError("pixel_size", "more than 0 m", repr(pixel_size))
    return f"px{pixel_size:.3f}"


def compute_max_tile_pixels() -> int:
    """Pixels of the largest tile that fits the share of memory a run may plan for.

    Counts 400 bytes a pixel, what a run with trees and the anisotropic sky needs at its peak, and
    keeps ``SOLWEIG_RAM_FRACTION`` and ``SOLWEIG_MAX_TILE_SIDE``. Where the operating system does
    not tell its memory, 8 GiB are assumed.
    """
    planned, budget = switches.read(), memory_budget()
    if budget is None:
        budget = int(_ASSUMED_MEMORY * planned.ram_fraction)
    pixels = budget // BYTES_PER_PIXEL
    if planned.max_tile_side is not None:
        pixels = min(pixels, planned.max_tile_side**2)
    return max(pixels, 1)


@also_named(reference="ground")
def looks_like_relative(layer: NDArray[Any] | None, ground: NDArray[Any] | None) -> bool:
    """Whether a vegetation layer holds heights above ground rather than elevations.

    Args:
        layer: Canopy or trunk heights ``[row, col]`` [m].
        ground: Ground elevation ``[row, col]`` [m].

    On ground near 0 m the two cannot be told apart; the answer is then ``True``. ``False`` where
    either is ``None``.
    """
    if layer is None or ground is None:
        return False
    from solweig.surface.checks import why_canopy_looks_absolute

    heights = np.asarray(layer, np.float32)
    return why_canopy_looks_absolute(heights, np.asarray(ground, np.float32)) is None


def _affine(transform: Any) -> Any:
    from rasterio.transform import Affine

    if isinstance(transform, Affine):
        return transform
    return Affine.from_gdal(*(float(v) for v in transform))


def __getattr__(name: str) -> Any:
    if name == "wallalgorithms":  # the name older scripts know
        from solweig import walls

        return walls
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

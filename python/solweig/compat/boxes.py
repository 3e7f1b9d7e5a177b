"""Boxes on the grid of a raster."""

from __future__ import annotations

import math
from collections.abc import Sequence

from solweig.errors import InvalidSurfaceData
from solweig.typing import Bounds

__all__ = ["shrink_bbox_to_pixel_grid"]

_ROUNDING = 1e-9


def shrink_bbox_to_pixel_grid(
    bbox: Sequence[float],
    origin_x: float,
    origin_y: float,
    pixel_width: float,
    pixel_height: float,
) -> Bounds:
    """The largest box of whole pixels inside a box.

    Parameters
    ----------
    bbox
        ``(min_x, min_y, max_x, max_y)``.
    origin_x, origin_y
        A corner of any pixel.
    pixel_width, pixel_height
        Sides of a pixel; the sign of the height does not matter.

    Returns
    -------
    Bounds
        ``(min_x, min_y, max_x, max_y)``.

    Raises
    ------
    InvalidSurfaceData
        No whole pixel lies in the box, or pixels of no size; a ``ValueError`` too.
    """
    min_x, min_y, max_x, max_y = (float(v) for v in bbox)
    wide, high = abs(float(pixel_width)), abs(float(pixel_height))
    if not (wide > 0.0 and high > 0.0):
        raise InvalidSurfaceData("pixel_width, pixel_height", "sides of a pixel", f"{wide}, {high}")
    left, right = _inside(min_x, max_x, origin_x, wide)
    low, up = _inside(min_y, max_y, origin_y, high)
    if left >= right or low >= up:
        raise InvalidSurfaceData("bbox", "an area with a whole pixel", tuple(bbox))
    return left, low, right, up


def _inside(low: float, high: float, origin: float, side: float) -> tuple[float, float]:
    """First and last edge of pixels between two coordinates."""
    first = math.ceil((low - origin) / side - _ROUNDING)
    last = math.floor((high - origin) / side + _ROUNDING)
    return origin + first * side, origin + last * side

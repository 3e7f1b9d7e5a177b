"""Which cells of a surface are bare ground, told by shape alone.

Progressive morphological filter (Zhang et al. 2003, https://doi.org/10.1109/TGRS.2003.810682) with
square windows: what an opening takes off, though it rises more than a slope would over its window,
stands on the ground.
"""

from __future__ import annotations

import math

import numpy as np

from solweig.inputs.grid import tiles
from solweig.inputs.scratch import Scratch
from solweig.typing import F32, Advance, Bool

__all__ = ["MOST_GROUND_SLOPE", "bare_ground", "is_ground"]

MOST_GROUND_SLOPE = 0.15
"""Rise over run up to which ground stays ground [-]."""
_LEAST_RISE_M = 0.3
_MOST_RISE_M = 2.5
# Lower than all around by so much is no ground but a point below it.
_PIT_M = 5.0
_TILE = 1024


def is_ground(surface: F32, pixel_size: float, widest_m: float) -> Bool:
    """Cells that are ground.

    Parameters
    ----------
    surface
        Heights [m], NaN where unknown: of the lowest returns, or of a surface model.
    pixel_size
        Side of a cell [m].
    widest_m
        Width of the widest building [m]; narrower objects are told from ground.
    """
    known = np.isfinite(surface)
    if not known.any():
        return known
    filled = np.where(known, surface, np.float32(np.inf))
    with np.errstate(invalid="ignore"):  # infinite less infinite, amid what is unknown
        pit = known & (_closed(surface, known) - filled > _PIT_M)
    filled[pit] = np.inf
    now = filled
    objects = np.zeros(surface.shape, np.bool_)
    last = 0
    for radius in _radii(pixel_size, widest_m):
        opened = _opened(now, radius)
        rise = MOST_GROUND_SLOPE * (radius - last) * pixel_size + _LEAST_RISE_M
        with np.errstate(invalid="ignore"):
            objects |= now - opened > min(rise, _MOST_RISE_M)
        now, last = opened, radius
    return known & ~objects & ~pit


def bare_ground(
    surface: F32,
    pixel_size: float,
    widest_m: float,
    scratch: Scratch,
    advance: Advance | None = None,
) -> Bool:
    """:func:`is_ground` of a raster of any size, tile by tile; the cut changes nothing."""
    ground: Bool = scratch.full(np.bool_, False)
    halo = 2 * _radii(pixel_size, widest_m)[-1] + 2
    rows, cols = surface.shape
    total = math.ceil(rows / _TILE) * math.ceil(cols / _TILE)
    for number, tile in enumerate(tiles((rows, cols), _TILE, halo), start=1):
        found = is_ground(np.asarray(surface[tile.around]), pixel_size, widest_m)
        ground[tile.core] = found[tile.inner]
        if advance is not None:
            advance(number, total)
    return ground


def _radii(pixel_size: float, widest_m: float) -> list[int]:
    """Half windows in cells: 1, 2, 4, ... up to half the widest building."""
    most = max(math.ceil(widest_m / 2 / pixel_size), 1)
    radii = [1]
    while radii[-1] < most:
        radii.append(min(2 * radii[-1], most))
    return radii


def _opened(surface: F32, radius: int) -> F32:
    """Minimum, then maximum over squares; cells without data do not take part."""
    from scipy import ndimage

    size = 2 * radius + 1
    low = surface
    for axis in (0, 1):
        low = ndimage.minimum_filter1d(low, size, axis=axis, mode="constant", cval=np.inf)
    low = np.where(np.isinf(low), np.float32(-np.inf), low)
    for axis in (0, 1):
        low = ndimage.maximum_filter1d(low, size, axis=axis, mode="constant", cval=-np.inf)
    result: F32 = np.minimum(low, surface)
    return result


def _closed(surface: F32, known: Bool) -> F32:
    """Maximum, then minimum over 3 x 3 cells: fills pits narrower than that."""
    from scipy import ndimage

    high = np.where(known, surface, np.float32(-np.inf))
    for axis in (0, 1):
        high = ndimage.maximum_filter1d(high, 3, axis=axis, mode="constant", cval=-np.inf)
    high = np.where(np.isinf(high), np.float32(np.inf), high)
    for axis in (0, 1):
        high = ndimage.minimum_filter1d(high, 3, axis=axis, mode="constant", cval=np.inf)
    return high

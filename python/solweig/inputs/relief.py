"""Ground, roofs and canopy of a LiDAR survey, from its returns by cell."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from solweig.errors import InvalidSurfaceData
from solweig.feedback import Feedback
from solweig.inputs.fill import dilate
from solweig.inputs.grid import row_bands, tiles
from solweig.inputs.ground import bare_ground
from solweig.inputs.report import Report
from solweig.inputs.returns import Returns
from solweig.inputs.scratch import Scratch
from solweig.typing import F32, Bool

__all__ = ["TALLEST_M", "canopy_of", "ground_of", "roofs_of", "seen_cells", "water_of"]

TALLEST_M = 1000.0
"""Higher above the ground is no object: 828 m is the tallest building."""
_TILE = 2048
# Leaves let a part of many pulses through, roofs do not.
_LEAFY_SHARE = 0.2
# Returns a square must hold on average for a hole in it to count as one, and their share of roof.
_RETURNS_TO_JUDGE = 3.0
_MOSTLY = 0.6
_CLEAR_OF_ROOFS_M = 1.0
# Of its eight neighbours so many are crown around a pit.
_CROWN_AROUND = 7


def ground_of(
    returns: Returns,
    pixel_size: float,
    widest_m: float,
    scratch: Scratch,
    report: Report,
    feedback: Feedback,
) -> F32:
    """Mean of the ground returns of each cell [m], NaN where there is none.

    Where no point is classed as ground, the lowest returns that a morphological filter takes for
    ground. Raises InvalidSurfaceData where there is no return at all.
    """
    if not returns.count.any():
        raise InvalidSurfaceData(
            "lidar", "points in the grid", "only noise or left out" if returns.read else "none",
            "lidar_classes says what classes are taken for.",
        )  # fmt: skip
    dem: F32 = scratch.full(np.float32, np.nan)
    if returns.ground_sum is not None and returns.ground_count is not None:
        for rows in row_bands(dem.shape[0]):
            number = returns.ground_count[rows]
            with np.errstate(invalid="ignore", divide="ignore"):
                dem[rows] = returns.ground_sum[rows] / number
        report.done("dem", "mean of the ground returns (classes 2, 8, 9, 10, 11) of each cell")
        return dem
    for rows in row_bands(dem.shape[0]):
        low = returns.low[rows]
        dem[rows] = np.where(np.isfinite(low), low, np.float32(np.nan))
    bare = bare_ground(dem, pixel_size, widest_m, scratch, feedback)
    kept = 0
    for rows in row_bands(dem.shape[0]):
        dem[rows][~bare[rows]] = np.nan
        kept += int(np.count_nonzero(bare[rows]))
    report.fallback(
        "dem", "cells are ground by shape alone (morphological filter over the lowest returns): no "
        "point is classed as ground", kept, dem.size,
    )  # fmt: skip
    return dem


def water_of(returns: Returns, scratch: Scratch) -> Bool | None:
    """Cells with water returns and no other ground."""
    if returns.water_count is None or returns.ground_count is None:
        return None
    water: Bool = scratch.full(np.bool_, False)
    for rows in row_bands(water.shape[0]):
        # More water than land; a bank is land.
        water[rows] = 2 * returns.water_count[rows] > returns.ground_count[rows]
    return water


def seen_cells(returns: Returns, scratch: Scratch) -> Bool:
    """Cells with any return."""
    seen: Bool = scratch.full(np.bool_, False)
    for rows in row_bands(seen.shape[0]):
        seen[rows] = returns.count[rows] > 0
    return seen


def roofs_of(
    returns: Returns,
    dem: F32,
    pixel_size: float,
    least_m: float,
    footprints: NDArray[np.int32] | None,
    scratch: Scratch,
    report: Report,
) -> F32:
    """Elevation of roofs [m], NaN where there is none.

    The highest building return of each cell; where no point is classed as building, what else
    rises over the ground inside footprints, or where hardly a pulse came back in parts.
    """
    roof: F32 = scratch.full(np.float32, np.nan)
    if returns.roof is not None:
        _take_above(roof, returns.roof, dem, least_m, report, "dsm")
        report.done("dsm", "highest building return (class 6) of each cell")
    elif returns.other is not None:
        _take_above(roof, returns.other, dem, least_m, report, "dsm")
        if footprints is not None:
            for rows in row_bands(roof.shape[0]):
                roof[rows][footprints[rows] == 0] = np.nan
            text = "no point is classed as building: unclassified returns inside footprints are"
        else:
            roof = _solid(roof, returns, pixel_size, scratch)
            text = (
                "no point is classed as building: unclassified returns of pulses that came back "
                "whole, on 3 x 3 cells or more, are; give footprints to know"
            )
        report.fallback("dsm", f"cells of buildings; {text}", _count(roof))
    return _closed(roof, returns.count, scratch, report)


def canopy_of(
    returns: Returns,
    dem: F32,
    roof: F32,
    pixel_size: float,
    least_m: float,
    scratch: Scratch,
    report: Report,
) -> F32:
    """Height of the canopy above the ground [m], NaN where there is none.

    The highest vegetation return of each cell; where no point is classed as vegetation, what else
    rises over the ground where no roof is near.
    """
    canopy: F32 = scratch.full(np.float32, np.nan)
    if returns.tree is not None:
        _take_above(canopy, returns.tree, dem, least_m, report, "cdsm")
        report.done("cdsm", "highest vegetation return (classes 3 to 5) of each cell, above ground")
    elif returns.other is not None:
        _take_above(canopy, returns.other, dem, least_m, report, "cdsm")
        edge = max(1, math.ceil(_CLEAR_OF_ROOFS_M / pixel_size))
        for tile in tiles(canopy.shape, _TILE, edge):
            near = dilate(np.isfinite(np.asarray(roof[tile.around])), edge)[tile.inner]
            canopy[tile.core][near] = np.nan
        report.fallback(
            "cdsm", "cells of trees; no point is classed as vegetation: unclassified returns that "
            f"are {least_m:g} m above the ground or more and {_CLEAR_OF_ROOFS_M:g} m off roofs are",
            _count(canopy),
        )  # fmt: skip
    for rows in row_bands(canopy.shape[0]):
        canopy[rows] -= dem[rows]
    return _without_pits(canopy, scratch, report)


# ------------------------------------------------------------------ parts


def _take_above(
    target: F32, high: F32, dem: F32, least_m: float, report: Report, layer: str
) -> None:
    """Elevations that lie high enough above the ground, and not absurdly high."""
    absurd = 0
    for rows in row_bands(target.shape[0]):
        with np.errstate(invalid="ignore"):
            above = high[rows] - dem[rows]
            wrong = above > TALLEST_M
            target[rows] = np.where((above >= least_m) & ~wrong, high[rows], np.float32(np.nan))
        absurd += int(np.count_nonzero(wrong))
    report.doubt(
        layer, f"cells have returns more than {TALLEST_M:g} m above the ground, left out", absurd
    )


def _solid(roof: F32, returns: Returns, pixel_size: float, scratch: Scratch) -> F32:
    """Of what rises over the ground, what no light comes through and is not tiny."""
    from scipy import ndimage

    assert returns.other_count is not None
    assert returns.other_several is not None
    result: F32 = scratch.full(np.float32, np.nan)
    width = max(1, round(1.0 / pixel_size))
    box = 2 * width + 1
    for tile in tiles(roof.shape, _TILE, 3 * width + 1):
        high = np.asarray(roof[tile.around])
        number = returns.other_count[tile.around].astype(np.float64)
        several = returns.other_several[tile.around].astype(np.float64)
        leafy = _box(several, box) > _LEAFY_SHARE * _box(number, box)
        solid = np.isfinite(high) & ~leafy
        # Empty cells do not part a roof.
        empty = np.asarray(returns.count[tile.around]) == 0
        whole = ndimage.binary_opening(solid | empty, np.ones((box, box), np.bool_))
        result[tile.core] = np.where(whole & solid, high, np.float32(np.nan))[tile.inner]
    return result


def _closed(roof: F32, count: NDArray[np.int32], scratch: Scratch, report: Report) -> F32:
    """Cells without a return amid a roof take the mean of it around."""
    result: F32 = scratch.full(np.float32, np.nan)
    seen_share = sum(int(np.count_nonzero(count[rows])) for rows in row_bands(len(count)))
    share = max(seen_share / count.size, 1e-3)
    radius = min(max(1, math.ceil(0.5 * math.sqrt(_RETURNS_TO_JUDGE / share))), 8)
    size, filled = 2 * radius + 1, 0
    for tile in tiles(roof.shape, _TILE, radius):
        high = np.asarray(roof[tile.around])
        seen = np.asarray(count[tile.around]) > 0
        known = np.isfinite(high)
        roofs = _box(known.astype(np.float64), size)
        around = _box(seen.astype(np.float64), size)
        hole = ~seen & (roofs > _MOSTLY * around) & (roofs * size**2 > 1.5)
        total = _box(np.where(known, high, np.float32(0.0)).astype(np.float64), size, signed=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            result[tile.core] = np.where(hole, total / roofs, high)[tile.inner]
        filled += int(np.count_nonzero(hole[tile.inner]))
    report.gap("dsm", "cells of roofs without a return take the mean roof around them", filled)
    return result


def _without_pits(canopy: F32, scratch: Scratch, report: Report) -> F32:
    """Cells amid a crown through which the ground was seen take the mean crown around them."""
    result: F32 = scratch.full(np.float32, np.nan)
    filled = 0
    for tile in tiles(canopy.shape, _TILE, 1):
        high = np.asarray(canopy[tile.around])
        known = np.isfinite(high)
        trees = np.rint(_box(known.astype(np.float64), 3) * 9)
        pit = ~known & (trees >= _CROWN_AROUND)
        total = _box(np.where(known, high, np.float32(0.0)).astype(np.float64), 3) * 9
        with np.errstate(invalid="ignore", divide="ignore"):
            result[tile.core] = np.where(pit, total / trees, high)[tile.inner]
        filled += int(np.count_nonzero(pit[tile.inner]))
    report.gap(
        "cdsm", "cells amid crowns without a vegetation return take the crown around", filled
    )
    return result


def _box(values: NDArray[np.float64], size: int, *, signed: bool = False) -> NDArray[np.float64]:
    """Mean over squares; nothing beyond the edges."""
    from scipy import ndimage

    result: NDArray[np.float64] = ndimage.uniform_filter(values, size, mode="constant")
    return result if signed else np.maximum(result, 0.0)


def _count(layer: F32) -> int:
    return sum(int(np.count_nonzero(np.isfinite(layer[rows]))) for rows in row_bands(len(layer)))

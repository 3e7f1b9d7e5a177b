"""Areas burned into the grid, band by band, by the rule of the cell's centre."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import MergeAlg
from rasterio.features import rasterize

from solweig.inputs.grid import band_grid, row_bands
from solweig.inputs.scratch import Scratch
from solweig.rasters.grids import Grid
from solweig.typing import F64, Advance

__all__ = ["burn_last", "count_overlaps", "labels_of", "sums_by_label"]

_BAND_ROWS = 1024


def burn_last(
    geometries: NDArray[Any],
    values: NDArray[Any],
    grid: Grid,
    target: NDArray[Any],
    advance: Advance | None = None,
) -> None:
    """Write a value into the cells of each area, in place; the last of several wins.

    Parameters
    ----------
    geometries
        Areas in the grid's system.
    values
        One for each.
    grid
        Of the target.
    target
        Cells in no area are left as they are.
    advance
        Hears of progress.
    """
    if len(geometries) == 0:
        return
    for rows, mine in _by_band(geometries, grid, advance):
        shapes = zip(geometries[mine], values[mine].tolist(), strict=True)
        band = np.array(target[rows])
        rasterize(shapes, out=band, transform=band_grid(grid, rows).transform)
        target[rows] = band


def count_overlaps(geometries: NDArray[Any], grid: Grid) -> int:
    """Cells that lie in more than one area."""
    several = 0
    for rows, mine in _by_band(geometries, grid, None):
        band = np.zeros((rows.stop - rows.start, grid.shape[1]), np.int16)
        rasterize(
            geometries[mine], out=band, default_value=1, merge_alg=MergeAlg.add,
            transform=band_grid(grid, rows).transform,
        )  # fmt: skip
        several += int(np.count_nonzero(band > 1))
    return several


def _by_band(geometries: NDArray[Any], grid: Grid, advance: Advance | None) -> Any:
    """Rows, and which areas touch them, in the order given."""
    import shapely

    boxes = shapely.bounds(geometries)
    north, size = grid.transform.f, grid.pixel_size
    for rows in row_bands(grid.shape[0], _BAND_ROWS):
        top, bottom = north - rows.start * size, north - rows.stop * size
        mine = np.flatnonzero((boxes[:, 1] < top) & (boxes[:, 3] > bottom))
        if len(mine):
            yield rows, mine
        if advance is not None:
            advance(rows.stop, grid.shape[0])


def sums_by_label(
    labels: NDArray[np.int32], values: NDArray[Any], count: int
) -> tuple[NDArray[np.int64], F64, F64]:
    """Number, sum and least of the known values in the cells of each label, 0 to ``count``."""
    number = np.zeros(count + 1, np.int64)
    total = np.zeros(count + 1, np.float64)
    least = np.full(count + 1, np.inf)
    for rows in row_bands(labels.shape[0]):
        inside = (labels[rows] > 0) & np.isfinite(values[rows])
        label, value = labels[rows][inside], values[rows][inside].astype(np.float64)
        number += np.bincount(label, minlength=count + 1)
        total += np.bincount(label, weights=value, minlength=count + 1)
        np.minimum.at(least, label, value)
    return number, total, least


def labels_of(
    geometries: NDArray[Any], grid: Grid, scratch: Scratch, advance: Advance | None = None
) -> NDArray[np.int32]:
    """Number, from 1, of the last area that covers each cell; 0 where none does."""
    labels: NDArray[np.int32] = scratch.full(np.int32, 0)
    burn_last(geometries, np.arange(1, len(geometries) + 1, dtype=np.int32), grid, labels, advance)
    return labels

"""Shapes of tree crowns, and the cells under them.

A crown has a height H, an underside B, a radius R, and over each point at distance d from the stem
a top and an underside, both above the ground:

==========  ==========================================  ====================================
shape       top                                         underside
==========  ==========================================  ====================================
ellipsoid   (H + B)/2 + (H - B)/2 √(1 - d²/R²)           (H + B)/2 - (H - B)/2 √(1 - d²/R²)
cone        B + (H - B)(1 - d/R)                        B
umbrella    B + (H - B) √(1 - d²/R²)                    B
==========  ==========================================  ====================================
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solweig.rasters.grids import Grid
from solweig.typing import F32, F64, Advance

__all__ = ["SHAPES", "Crowns", "stamp"]

SHAPES = ("ellipsoid", "cone", "umbrella")
_BATCH = 2_000_000


@dataclass
class Crowns:
    """Crowns of single trees.

    Attributes
    ----------
    x, y
        Of the stems, in the grid's system [m].
    height, underside, radius
        H, B and R [m]; B < H, R > 0.
    shape
        Position in :data:`SHAPES`.
    through
        Transmissivity [0-1], NaN where it is unknown; None = of none known.
    """

    x: F64
    y: F64
    height: F64
    underside: F64
    radius: F64
    shape: NDArray[np.uint8]
    through: F64 | None = None

    def __len__(self) -> int:
        return len(self.x)


def stamp(
    crowns: Crowns,
    grid: Grid,
    top: F32,
    underside: F32,
    advance: Advance | None = None,
    through: F32 | None = None,
) -> int:
    """Put crowns into rasters, in place: the highest top and the lowest underside of each cell.

    A crown covers the cells whose centre lies under it, and always that of its stem.

    Parameters
    ----------
    crowns
        In any order, which does not matter.
    grid
        Of the rasters.
    top, underside
        Above the ground [m]: 0 and infinite where nothing is.
    advance
        Hears of progress.
    through
        Takes the lowest transmissivity of each cell, where crowns know theirs; infinite elsewhere.

    Returns
    -------
    int
        Crowns too small to cover a centre.
    """
    size = grid.pixel_size
    reach = np.ceil(crowns.radius / size).astype(np.int64)
    small = done = 0
    for cells in np.unique(reach):
        mine = np.flatnonzero(reach == cells)
        each = (2 * int(cells) + 1) ** 2
        step = max(_BATCH // each, 1)
        for first in range(0, len(mine), step):
            batch = mine[first : first + step]
            small += _stamp_alike(crowns, batch, int(cells), grid, (top, underside, through))
            done += len(batch)
            if advance is not None:
                advance(done, len(crowns))
    return small


def _stamp_alike(
    crowns: Crowns,
    which: NDArray[np.intp],
    cells: int,
    grid: Grid,
    rasters: tuple[F32, F32, F32 | None],
) -> int:
    """Crowns that reach over the same number of cells."""
    top, underside, through = rasters
    size, (rows, cols) = grid.pixel_size, grid.shape
    across = (crowns.x[which] - grid.transform.c) / size
    down = (grid.transform.f - crowns.y[which]) / size
    col, row = np.floor(across).astype(np.int64), np.floor(down).astype(np.int64)
    steps = np.arange(-cells, cells + 1)
    dr, dc = (part.reshape(-1) for part in np.meshgrid(steps, steps, indexing="ij"))
    r, c = row[:, None] + dr, col[:, None] + dc
    squared = ((r + 0.5 - down[:, None]) ** 2 + (c + 0.5 - across[:, None]) ** 2) * size**2
    ratio = squared / crowns.radius[which, None] ** 2
    missed = ~(ratio < 1.0).any(axis=1)
    ratio[missed, len(steps) * cells + cells] = 0.0  # the cell of the stem
    covered = (ratio < 1.0) & (r >= 0) & (r < rows) & (c >= 0) & (c < cols)
    tree, place = np.nonzero(covered)
    high, low = _heights(crowns, which[tree], ratio[tree, place])
    cell = r[tree, place] * cols + c[tree, place]
    np.maximum.at(top.reshape(-1), cell, high)
    np.minimum.at(underside.reshape(-1), cell, low)
    if through is not None and crowns.through is not None:
        own = crowns.through[which[tree]].astype(np.float32)
        known = ~np.isnan(own)
        np.minimum.at(through.reshape(-1), cell[known], own[known])
    return int(np.count_nonzero(missed))


def _heights(crowns: Crowns, tree: NDArray[np.intp], ratio: F64) -> tuple[F32, F32]:
    """Top and underside at (d/R)²."""
    height, base, shape = crowns.height[tree], crowns.underside[tree], crowns.shape[tree]
    arc = np.sqrt(1.0 - ratio)
    middle, half = (height + base) / 2.0, (height - base) / 2.0
    tops = (
        middle + half * arc,
        base + (height - base) * (1.0 - np.sqrt(ratio)),
        base + (height - base) * arc,
    )
    top = np.choose(shape, tops)
    under = np.where(shape == SHAPES.index("ellipsoid"), middle - half * arc, base)
    return top.astype(np.float32), under.astype(np.float32)

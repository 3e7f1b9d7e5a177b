"""What the returns of a LiDAR survey say of each cell, gathered as they are read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solweig.inputs.lidar import CLASS_NAMES, ROLES, Chunk
from solweig.inputs.scratch import Scratch
from solweig.typing import F32

__all__ = ["Returns"]

_GROUND, _TREE, _BUILDING, _WATER, _OTHER, _NOISE = (
    ROLES.index(name) for name in ("ground", "tree", "building", "water", "other", "noise")
)


class Returns:
    """Heights and counts by cell; adding points in any order gives the same, but for rounding.

    Attributes
    ----------
    count
        Returns in each cell that are neither noise nor left out.
    low
        Lowest of them [m], infinite where there is none.
    ground_sum, ground_count
        Sum [m] and number of ground and water returns.
    water_count
        Number of water returns.
    roof, tree
        Highest building and vegetation return [m], minus infinity where there is none.
    other, other_count, other_several
        Highest return of no class [m], their number, and how many of a pulse of several returns.
    by_class
        Points of each class inside the grid, withheld ones aside.
    by_role
        Points of each role inside the grid.
    withheld, read
        Points in the grid so marked, and all that were read.
    """

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self.count: NDArray[np.int32] = scratch.full(np.int32, 0)
        self.low: F32 = scratch.full(np.float32, np.inf)
        self.ground_sum: NDArray[np.float64] | None = None
        self.ground_count: NDArray[np.int32] | None = None
        self.water_count: NDArray[np.int32] | None = None
        self.roof: F32 | None = None
        self.tree: F32 | None = None
        self.other: F32 | None = None
        self.other_count: NDArray[np.int32] | None = None
        self.other_several: NDArray[np.int32] | None = None
        self.by_class = np.zeros(256, np.int64)
        self.by_role = np.zeros(len(ROLES), np.int64)
        self.withheld = self.read = 0

    def add(self, chunk: Chunk) -> None:
        """Take points."""
        self.by_class += chunk.classes
        self.withheld += chunk.withheld
        self.read += chunk.read
        by_role = np.bincount(chunk.role, minlength=len(ROLES))
        self.by_role += by_role
        used = (chunk.role > 0) & (chunk.role != _NOISE)
        every = bool(used.all())
        cell = chunk.cell if every else chunk.cell[used]
        np.minimum.at(self.low.reshape(-1), cell, chunk.height if every else chunk.height[used])
        _tally(self.count, cell)
        for role in np.flatnonzero(by_role):
            if role in (_GROUND, _WATER, _TREE, _BUILDING, _OTHER):
                mine = chunk.role == role
                self._take(int(role), chunk.cell[mine], chunk.height[mine], chunk.several[mine])

    def _take(
        self, role: int, cell: NDArray[np.intp], height: F32, several: NDArray[np.bool_]
    ) -> None:
        make = self._scratch.full
        if role in (_GROUND, _WATER):
            if self.ground_sum is None or self.ground_count is None:
                self.ground_sum, self.ground_count = make(np.float64, 0), make(np.int32, 0)
            np.add.at(self.ground_sum.reshape(-1), cell, height.astype(np.float64))
            _tally(self.ground_count, cell)
            if role == _WATER:
                if self.water_count is None:
                    self.water_count = make(np.int32, 0)
                _tally(self.water_count, cell)
        elif role == _TREE:
            self.tree = make(np.float32, -np.inf) if self.tree is None else self.tree
            np.maximum.at(self.tree.reshape(-1), cell, height)
        elif role == _BUILDING:
            self.roof = make(np.float32, -np.inf) if self.roof is None else self.roof
            np.maximum.at(self.roof.reshape(-1), cell, height)
        else:
            if self.other is None or self.other_count is None or self.other_several is None:
                self.other = make(np.float32, -np.inf)
                self.other_count, self.other_several = make(np.int32, 0), make(np.int32, 0)
            np.maximum.at(self.other.reshape(-1), cell, height)
            _tally(self.other_count, cell)
            _tally(self.other_several, cell[several])

    def named_classes(self) -> dict[str, int]:
        """Points by number and name of their class, and the withheld ones."""
        found = {
            f"{code} {CLASS_NAMES.get(int(code), 'reserved or user-defined')}": int(
                self.by_class[code]
            )
            for code in np.flatnonzero(self.by_class)
        }
        if self.withheld:
            found["withheld"] = self.withheld
        return found


def _tally(counts: NDArray[np.int32], cell: NDArray[np.intp]) -> None:
    # An array of ones takes numpy's quick way, a single one does not.
    np.add.at(counts.reshape(-1), cell, np.ones(len(cell), np.int32))

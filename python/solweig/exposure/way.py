"""A line cut at the borders of the cells it crosses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.rasters.georef import GeoReference
from solweig.typing import F64

__all__ = ["Way", "cut_way"]

_JOINED = 0.01
"""Ends of two parts closer than this are one point [m]."""
_NOTHING = 1e-9
"""Pieces shorter than this part of a cell are rounding."""


@dataclass(frozen=True)
class Way:
    """A line as pieces, each in one cell.

    Attributes
    ----------
    name
        Of the line.
    start, end
        Coordinates of both ends of each piece, ``[piece, (x, y)]``.
    begin
        Distance walked before each piece [m].
    length
        Of each piece [m].
    cells
        Row and column of each piece; may lie outside the map.
    on_map
        Whether they do not.
    gaps
        Lengths between parts of the line that do not touch, which are not walked [m].
    """

    name: str
    start: F64
    end: F64
    begin: F64
    length: F64
    cells: NDArray[np.int64]
    on_map: NDArray[np.bool_]
    gaps: F64

    @property
    def total(self) -> float:
        """Length that is walked [m]."""
        return float(self.length.sum())


def cut_way(name: str, geometry: Any, georef: GeoReference) -> Way:
    """Cut a line at the borders of cells.

    Parameters
    ----------
    name
        Of the line.
    geometry
        LineString or MultiLineString in the system of the grid; parts are walked in their order.
    georef
        The grid.

    Returns
    -------
    Way
        At least one piece, for a line that has a length.
    """
    import shapely

    parts = [np.asarray(shapely.get_coordinates(p)) for p in shapely.get_parts(geometry)]
    parts = [part for part in parts if len(part) > 1]
    first = np.concatenate([part[:-1] for part in parts])
    last = np.concatenate([part[1:] for part in parts])
    between = np.array([np.hypot(*(b[0] - a[-1])) for a, b in pairwise(parts)], np.float64)
    x0, a, _, y0, _, e = georef.gdal
    origin, step = np.array([x0, y0]), np.array([a, e])
    segment, begin, end = _cuts((first - origin) / step, (last - origin) / step)
    along = last - first
    start = first[segment] + begin[:, None] * along[segment]
    stop = first[segment] + end[:, None] * along[segment]
    length = np.hypot(along[:, 0], along[:, 1])[segment] * (end - begin)
    middle = (0.5 * (start + stop) - origin) / step
    col, row = np.floor(middle).astype(np.int64).T
    rows, cols = georef.shape
    on_map = (row >= 0) & (row < rows) & (col >= 0) & (col < cols)
    return Way(
        name, start, stop, np.cumsum(length) - length, length, np.stack([row, col], axis=1), on_map,
        between[between > _JOINED],
    )  # fmt: skip


def _cuts(first: F64, last: F64) -> tuple[NDArray[np.int64], F64, F64]:
    """Segment of each piece, and the parts of the segment where it begins and ends [0-1].

    Parameters
    ----------
    first, last
        Ends of the segments in cells, ``[segment, (col, row)]``.
    """
    ends = np.arange(len(first))
    found = [_crossings(first[:, k], last[:, k]) for k in (0, 1)]
    segment = np.concatenate([ends, ends, *(s for s, _ in found)])
    at = np.concatenate([np.zeros(len(ends)), np.ones(len(ends)), *(t for _, t in found)])
    order = np.lexsort((at, segment))
    segment, at = segment[order], at[order]
    same = segment[1:] == segment[:-1]
    size = np.hypot(*(last - first).T)[segment[:-1]]
    kept = same & ((at[1:] - at[:-1]) * size > _NOTHING)
    return segment[:-1][kept], at[:-1][kept], at[1:][kept]


def _crossings(a: F64, b: F64) -> tuple[NDArray[np.int64], F64]:
    """Segments that cross borders between whole numbers, once for each, and where [0-1]."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    lowest = np.floor(low).astype(np.int64) + 1
    count = np.maximum(np.ceil(high).astype(np.int64) - lowest, 0)
    segment = np.repeat(np.arange(len(a)), count)
    nth = np.arange(len(segment)) - np.repeat(np.cumsum(count) - count, count)
    border = lowest[segment] + nth
    return segment, (border - a[segment]) / (b - a)[segment]


def blocks_of(
    cells: NDArray[np.int64], block: Sequence[int]
) -> list[tuple[tuple[slice, slice], NDArray[np.int64]]]:
    """Cells by the block of the file they lie in: the window around them, and which they are."""
    if len(cells) == 0:
        return []
    key = cells // np.asarray(block, np.int64)
    _, group = np.unique(key, axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    edges = np.flatnonzero(np.diff(group.ravel()[order])) + 1
    found = []
    for members in np.split(order, edges):
        low, high = cells[members].min(axis=0), cells[members].max(axis=0) + 1
        found.append(
            ((slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))), members)
        )
    return found

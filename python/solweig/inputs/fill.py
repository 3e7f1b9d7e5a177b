"""Gaps in heights filled with the smoothest surface that meets what is known around them.

That surface satisfies Laplace's equation: it has no extremes of its own and continues a plane
exactly, which means over distances do not. It is found by multigrid, tile by tile.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.inputs.grid import row_bands, tiles
from solweig.inputs.scratch import Scratch
from solweig.typing import F32, Advance, Bool, Window

__all__ = ["dilate", "fill_gaps", "known_cells", "smoothest"]

_TILE = 1024
_MOST_CYCLES = 40
_TOLERANCE_M = 5e-4
_SWEEPS = 2


def known_cells(layer: F32, scratch: Scratch) -> Bool:
    """Where a layer has data."""
    known: Bool = scratch.full(np.bool_, False)
    for rows in row_bands(layer.shape[0]):
        known[rows] = np.isfinite(layer[rows])
    return known


def fill_gaps(
    layer: F32, reach: int, scratch: Scratch, advance: Advance | None = None
) -> tuple[int, int]:
    """Fill cells without data that are near enough to some with data, in place.

    Parameters
    ----------
    layer
        Heights [m], NaN where unknown.
    reach
        Cells, along rows or columns, over which a gap is filled from its edge.
    scratch
        Makes the arrays needed.
    advance
        Hears of progress.

    Returns
    -------
    filled : int
        Cells that got a height.
    left : int
        Cells too far from any data.
    """
    known = known_cells(layer, scratch)
    if known.all():
        return 0, 0
    rows, cols = layer.shape
    total = math.ceil(rows / _TILE) * math.ceil(cols / _TILE)
    filled = left = 0
    trend = Plane.through(layer, known) if known.any() else None
    # Solved with what was known at first only, so no tile sees what another has filled.
    for number, tile in enumerate(tiles((rows, cols), _TILE, reach), start=1):
        missing = ~known[tile.core]
        if missing.any():
            around = np.asarray(known[tile.around])
            near = dilate(around, reach)[tile.inner] & missing
            if near.any():
                slope = None if trend is None else trend.over(tile.around)
                solved = smoothest(np.asarray(layer[tile.around]), around, slope)
                layer[tile.core] = np.where(near, solved[tile.inner], layer[tile.core])
            filled += int(np.count_nonzero(near))
            left += int(np.count_nonzero(missing)) - int(np.count_nonzero(near))
        if advance is not None:
            advance(number, total)
    return filled, left


def dilate(mask: Bool, reach: int) -> Bool:
    """Cells with a cell of the mask within so many rows and columns."""
    from scipy import ndimage

    if reach < 1:
        return mask
    wide = mask.astype(np.uint8)
    for axis in (0, 1):
        wide = ndimage.maximum_filter1d(wide, 2 * reach + 1, axis=axis, mode="constant", cval=0)
    return wide.astype(np.bool_)


def smoothest(values: F32, known: Bool, trend: NDArray[np.float64] | None = None) -> F32:
    """Values with the unknown ones in place of which Laplace's equation holds.

    Towards the edges of the array the slope of the trend goes on, which is the plane through what
    is known. At least one value must be known.
    """
    if known.all():
        return values
    rows, cols = values.shape
    levels = max(int(math.log2(max(min(rows, cols), 4))) - 2, 0)
    unit = 2**levels
    pad = ((0, -rows % unit), (0, -cols % unit))
    if trend is None:
        whole = slice(0, values.shape[0]), slice(0, values.shape[1])
        trend = Plane.through(values, known).over(whole)
    start = np.where(known, values - trend, np.float32(0.0)).astype(np.float32)
    level = np.pad(start, pad)
    problem = _Level(np.pad(~known, pad), np.pad(np.ones(known.shape, np.bool_), pad))
    _guess(level, problem)
    for _ in range(_MOST_CYCLES):
        if _cycle(level, None, problem) < _TOLERANCE_M:
            break
    result = level[:rows, :cols] + trend
    return np.where(known, values, result).astype(np.float32)


@dataclass(frozen=True)
class Plane:
    """A plane over rows and columns: its height at a cell, and how it rises.

    Attributes
    ----------
    row, col, height
        A cell, and the height there.
    down, across
        Rise from one row, and from one column, to the next.
    """

    row: float
    col: float
    height: float
    down: float
    across: float

    @classmethod
    def through(cls, values: F32, known: Bool) -> Plane:
        """Through the known values by least squares; level where they lie on a line."""
        # Moments about the middle; by rows, whatever the size.
        n = r1 = c1 = h1 = rr = cc = rc = rh = ch = 0.0
        middle = values.shape[0] / 2, values.shape[1] / 2
        for rows in row_bands(values.shape[0]):
            there = np.nonzero(known[rows])
            if not len(there[0]):
                continue
            r = there[0] + (rows.start - middle[0])
            c = there[1] - middle[1]
            h = values[rows][there].astype(np.float64)
            n, r1, c1, h1 = n + len(r), r1 + r.sum(), c1 + c.sum(), h1 + h.sum()
            # Not BLAS, whose sums depend on its threads.
            rr, cc, rc = rr + (r * r).sum(), cc + (c * c).sum(), rc + (r * c).sum()
            rh, ch = rh + (r * h).sum(), ch + (c * h).sum()
        r0, c0, h0 = r1 / n, c1 / n, h1 / n
        rr, cc, rc = rr - n * r0 * r0, cc - n * c0 * c0, rc - n * r0 * c0
        rh, ch = rh - n * r0 * h0, ch - n * c0 * h0
        room = rr * cc - rc * rc
        if room <= 1e-6 * max(rr * cc, 1.0):
            return cls(r0 + middle[0], c0 + middle[1], h0, 0.0, 0.0)
        down, across = (cc * rh - rc * ch) / room, (rr * ch - rc * rh) / room
        return cls(r0 + middle[0], c0 + middle[1], h0, down, across)

    def over(self, window: Window) -> NDArray[np.float64]:
        """Heights of a window."""
        rows, cols = (np.arange(part.start, part.stop, dtype=np.float64) for part in window)
        return np.asarray(
            self.height + self.down * (rows - self.row)[:, None] + self.across * (cols - self.col)
        )


class _Level:
    """Unknown cells of one level of resolution, and what is needed to smooth them."""

    def __init__(self, unknown: Bool, inside: Bool) -> None:
        rows, cols = unknown.shape
        self.unknown, self.known = unknown, inside & ~unknown
        # What is outside holds 0 and is no neighbour.
        self.neighbours = np.maximum(_around(inside.astype(np.float32)), np.float32(1.0))
        board = (np.add.outer(np.arange(rows), np.arange(cols)) & 1).astype(np.bool_)
        self.colours = (unknown & board, unknown & ~board)
        self.coarse: _Level | None = None
        if rows % 2 == 0 and cols % 2 == 0 and min(rows, cols) > 4:
            # Coarse cells that hold something known keep what is known.
            self.coarse = _Level(
                np.asarray(
                    ~_blocks(self.known).any(axis=(1, 3)) & _blocks(inside).any(axis=(1, 3))
                ),
                np.asarray(_blocks(inside).any(axis=(1, 3))),
            )


def _blocks(array: NDArray[Any]) -> NDArray[Any]:
    rows, cols = array.shape
    return array.reshape(rows // 2, 2, cols // 2, 2)


def _around(u: F32) -> F32:
    """Sum of the neighbours of each cell."""
    total = np.zeros_like(u)
    total[1:] += u[:-1]
    total[:-1] += u[1:]
    total[:, 1:] += u[:, :-1]
    total[:, :-1] += u[:, 1:]
    return total


def _smooth(u: F32, source: F32 | None, level: _Level) -> float:
    """Gauss-Seidel, red cells then black; the largest change."""
    change = 0.0
    for colour in level.colours:
        new = _around(u)
        if source is not None:
            new -= source
        new /= level.neighbours
        new -= u
        new *= colour
        change = max(change, float(np.abs(new).max(initial=0.0)))
        u += new
    return change


def _guess(u: F32, level: _Level) -> None:
    """Fill the unknown from coarser means of the known."""
    if level.coarse is None:
        known = level.known
        mean = float(u[known].mean()) if known.any() else 0.0
        u[level.unknown] = mean
        for _ in range(20):
            _smooth(u, None, level)
        return
    weight = _blocks(level.known).sum(axis=(1, 3), dtype=np.float32)
    total = _blocks(np.where(level.known, u, np.float32(0.0))).sum(axis=(1, 3))
    coarse = total / np.maximum(weight, 1.0)
    _guess(coarse, level.coarse)
    u[level.unknown] = _finer(coarse)[level.unknown]
    _smooth(u, None, level)


def _cycle(u: F32, source: F32 | None, level: _Level) -> float:
    """One V-cycle; the largest change of its last smoothing."""
    if level.coarse is None:
        for _ in range(30):
            change = _smooth(u, source, level)
        return change
    for _ in range(_SWEEPS):
        _smooth(u, source, level)
    rest = level.neighbours * u - _around(u)
    if source is not None:
        rest += source
    rest *= level.unknown
    # Of cells twice as large the same equation has the sum of the residuals.
    gather = _blocks(rest).sum(axis=(1, 3))
    gather *= level.coarse.unknown
    correction = np.zeros_like(gather)
    _cycle(correction, gather, level.coarse)
    step = _finer(correction)
    step *= level.unknown
    u += step
    change = float(np.abs(step).max(initial=0.0))
    for _ in range(_SWEEPS):
        change = max(_smooth(u, source, level), change)
    return change


def _finer(coarse: F32) -> F32:
    """Bilinear, to cells half as large."""
    tall = _finer_rows(coarse)
    return np.ascontiguousarray(_finer_rows(np.ascontiguousarray(tall.T)).T)


def _finer_rows(coarse: F32) -> F32:
    above = np.concatenate([coarse[:1], coarse[:-1]])
    below = np.concatenate([coarse[1:], coarse[-1:]])
    fine = np.empty((2 * coarse.shape[0], coarse.shape[1]), np.float32)
    fine[0::2] = np.float32(0.75) * coarse + np.float32(0.25) * above
    fine[1::2] = np.float32(0.75) * coarse + np.float32(0.25) * below
    return fine

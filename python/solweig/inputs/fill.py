"""Gaps in heights filled with the smoothest surface that meets what is known around them.

That surface satisfies Laplace's equation: it has no extremes of its own and continues a plane
exactly, which means over distances do not. It is found by multigrid, tile by tile.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from solweig.inputs.grid import row_bands, tiles
from solweig.inputs.scratch import Scratch
from solweig.typing import F32, Advance, Bool

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
    rows, cols = layer.shape
    total = math.ceil(rows / _TILE) * math.ceil(cols / _TILE)
    filled = left = 0
    # Solved with what was known at first only, so no tile sees what another has filled.
    for number, tile in enumerate(tiles((rows, cols), _TILE, reach), start=1):
        missing = ~known[tile.core]
        if missing.any():
            around = np.asarray(known[tile.around])
            near = dilate(around, reach)[tile.inner] & missing
            if near.any():
                solved = smoothest(np.asarray(layer[tile.around]), around)[tile.inner]
                layer[tile.core] = np.where(near, solved, layer[tile.core])
            filled += int(np.count_nonzero(near))
            left += int(np.count_nonzero(missing)) - int(np.count_nonzero(near))
        if advance is not None:
            advance(number, total)
    return filled, left


def dilate(mask: Bool, reach: int) -> Bool:
    """Cells with a cell of the mask within so many rows and columns."""
    if reach < 1:
        return mask
    wide = mask.astype(np.uint8)
    for axis in (0, 1):
        wide = ndimage.maximum_filter1d(wide, 2 * reach + 1, axis=axis, mode="constant", cval=0)
    return wide.astype(np.bool_)


def smoothest(values: F32, known: Bool) -> F32:
    """Values with the unknown ones in place of which Laplace's equation holds.

    Towards the edges of the array the mean slope of what is known goes on. At least one value must
    be known.
    """
    if known.all():
        return values
    rows, cols = values.shape
    levels = max(int(math.log2(max(min(rows, cols), 4))) - 2, 0)
    unit = 2**levels
    pad = ((0, -rows % unit), (0, -cols % unit))
    trend = _plane(values, known)
    start = np.where(known, values - trend, np.float32(0.0)).astype(np.float32)
    inside = np.pad(known, pad)
    level = np.pad(start, pad)
    problem = _Level(~inside)
    _guess(level, problem)
    for _ in range(_MOST_CYCLES):
        if _cycle(level, None, problem) < _TOLERANCE_M:
            break
    result = level[:rows, :cols] + trend
    return np.where(known, values, result).astype(np.float32)


def _plane(values: F32, known: Bool) -> NDArray[np.float64]:
    """The plane through the known values, by least squares; level where they lie on a line."""
    row, col = (axis.astype(np.float64) for axis in np.nonzero(known))
    heights = values[known].astype(np.float64)
    mean = heights.mean()
    r, c, h = row - row.mean(), col - col.mean(), heights - mean
    rr, cc, rc = r @ r, c @ c, r @ c
    room = rr * cc - rc * rc
    slopes = (0.0, 0.0)
    if room > 1e-6 * max(rr * cc, 1.0):
        slopes = ((cc * (r @ h) - rc * (c @ h)) / room, (rr * (c @ h) - rc * (r @ h)) / room)
    return np.asarray(
        mean
        + slopes[0] * (np.arange(values.shape[0])[:, None] - row.mean())
        + slopes[1] * (np.arange(values.shape[1]) - col.mean())
    )


class _Level:
    """Unknown cells of one level of resolution, and what is needed to smooth them."""

    def __init__(self, unknown: Bool) -> None:
        rows, cols = unknown.shape
        self.unknown = unknown
        neighbours = np.full((rows, cols), 4.0, np.float32)
        for edge in (np.s_[0, :], np.s_[-1, :], np.s_[:, 0], np.s_[:, -1]):
            neighbours[edge] -= 1.0
        self.neighbours = np.maximum(neighbours, 1.0)
        board = (np.add.outer(np.arange(rows), np.arange(cols)) & 1).astype(np.bool_)
        self.colours = (unknown & board, unknown & ~board)
        self.coarse: _Level | None = None
        if rows % 2 == 0 and cols % 2 == 0 and min(rows, cols) > 4:
            # Coarse cells that hold something known keep what is known.
            self.coarse = _Level(np.asarray(_blocks(unknown).all(axis=(1, 3))))


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
        known = ~level.unknown
        mean = float(u[known].mean()) if known.any() else 0.0
        u[level.unknown] = mean
        for _ in range(20):
            _smooth(u, None, level)
        return
    weight = _blocks(~level.unknown).sum(axis=(1, 3), dtype=np.float32)
    total = _blocks(np.where(level.unknown, np.float32(0.0), u)).sum(axis=(1, 3))
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

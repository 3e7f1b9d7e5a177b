"""Cells of an array that is not in memory, read by window: of dask, or opened by xarray.

A chunk is what dask can give, so a window is read by whole rows of chunks where these are small,
and by chunks where they are not: what is in memory beside the window is one such part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import InvalidSurfaceData
from solweig.rasters.stored import Stored
from solweig.typing import F32

__all__ = ["LazyCells", "is_lazy", "meant_values", "read_values"]

_BAND_ROWS = 512
"""Rows read at one time where nothing is said of chunks."""
_MOST_CELLS = 1 << 22
"""Read at one time, unless a chunk is larger."""


def is_lazy(array: Any) -> bool:
    """Whether the cells of a DataArray are not in memory."""
    return array.chunks is not None or not getattr(array.variable, "_in_memory", True)


def meant_values(raw: NDArray[Any], marks: tuple[float, ...], stored: Stored) -> F32:
    """Stored numbers as the values they stand for, NaN where they mark no data."""
    missing = np.zeros(raw.shape, bool)
    for mark in marks:
        missing |= raw == mark
    with np.errstate(over="ignore"):
        values: F32 = stored.values(raw).astype(np.float32)
    if missing.any():
        values[missing] = np.nan
    return values


def read_values(name: str, array: Any) -> NDArray[Any]:
    """All of a DataArray, computed or read.

    Raises
    ------
    InvalidSurfaceData
        It cannot be.
    """
    try:
        return np.asarray(array.values)
    except MemoryError:
        raise
    except Exception as problem:  # whatever the graph behind it raises
        raise InvalidSurfaceData(
            name, "an array that can be read", f"{type(problem).__name__}: {problem}"
        ) from problem


@dataclass(frozen=True)
class LazyCells:
    """Cells that are computed or read when they are asked for.

    Attributes
    ----------
    name
        The layer.
    array
        DataArray ``[y, x]``, rows from north to south, columns from west to east.
    marks
        Numbers that stand for no data.
    stored
        What the others stand for.
    """

    name: str
    array: Any
    marks: tuple[float, ...]
    stored: Stored

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, cols = self.array.shape
        return int(rows), int(cols)

    def read(self, rows: slice, cols: slice) -> F32:
        """A window.

        Parameters
        ----------
        rows, cols
            Within the array, from the first to before the last.

        Returns
        -------
        F32
            ``[row, col]``, NaN where there is no data.

        Raises
        ------
        InvalidSurfaceData
            It cannot be computed or read.
        """
        out = np.empty((rows.stop - rows.start, cols.stop - cols.start), np.float32)
        for top, bottom in self._bands(rows):
            for left, right in self._parts(cols, bottom - top):
                part = self._load(slice(top, bottom), slice(left, right))
                place = slice(top - rows.start, bottom - rows.start)
                out[place, left - cols.start : right - cols.start] = part
        return out

    def whole(self) -> F32:
        """All of it."""
        rows, cols = self.shape
        return self.read(slice(0, rows), slice(0, cols))

    def _load(self, rows: slice, cols: slice) -> F32:
        raw = read_values(self.name, self.array[rows, cols])
        return meant_values(raw, self.marks, self.stored)

    def _bands(self, rows: slice) -> Iterator[tuple[int, int]]:
        if self.array.chunks is None:
            edges = range(rows.start, rows.stop, _BAND_ROWS)
            return pairwise([*edges, rows.stop])
        return _cut(self.array.chunks[0], rows)

    def _parts(self, cols: slice, height: int) -> Iterator[tuple[int, int]]:
        """Chunks of a band side by side, as many at a time as are few cells."""
        if self.array.chunks is None:
            step = max(_MOST_CELLS // height, 1)
            return pairwise([*range(cols.start, cols.stop, step), cols.stop])
        joined = [cols.start]
        last = cols.start
        for _, right in _cut(self.array.chunks[1], cols):
            if (right - joined[-1]) * height > _MOST_CELLS and last > joined[-1]:
                joined.append(last)
            last = right
        return pairwise([*joined, cols.stop])


def _cut(chunks: tuple[int, ...], wanted: slice) -> Iterator[tuple[int, int]]:
    """The parts of a stretch that lie in one chunk each."""
    inner = [e for e in accumulate(chunks) if wanted.start < e < wanted.stop]
    return pairwise([wanted.start, *inner, wanted.stop])

"""Windows of large rasters: of arrays in memory, or of mapped files.

Through a map a file is read and written page by page: a disk gives a third of what it gives when it
is told the rows to come, and each page that is written costs a fault. A window of a mapped file is
therefore read and written row by row, where the system offers that.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Where", "read_window", "write_window"]

Where = tuple[slice, slice]
"""Rows and columns."""

_AHEAD = 128
"""Stretches of a window a disk is told to come."""


@dataclass(frozen=True)
class _Stretches:
    """A window of a file as stretches of equal length, one a row, or all rows in one."""

    path: str
    shape: tuple[int, ...]
    #: Byte of the first, from one to the next, and bytes in each.
    first: int
    stride: int
    length: int
    count: int

    def begin(self, i: int) -> int:
        return self.first + i * self.stride


def read_window(array: NDArray[Any], where: Where) -> NDArray[Any]:
    """A contiguous copy of a window, rows and columns being the first two axes.

    Raises:
        OSError: the file ends before the window does.
    """
    found = _stretches(array, where)
    if found is None:
        return np.ascontiguousarray(array[where])
    out = np.empty(found.shape, array.dtype)
    if out.size == 0:
        return out
    target = _bytes(out)
    with _opened(found.path, os.O_RDONLY) as file:
        if found.count > 1:
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)
        asked = 0
        for i in range(found.count):
            while asked < min(i + _AHEAD, found.count):
                os.posix_fadvise(file, found.begin(asked), found.length, os.POSIX_FADV_WILLNEED)
                asked += 1
            part = target[i * found.length : (i + 1) * found.length]
            _all(part, lambda rest, at: os.preadv(file, [rest], at), found.begin(i))
    return out


def write_window(array: NDArray[Any], where: Where, values: Any) -> None:
    """Write an array of the window's shape, or one value, into a window.

    Raises:
        OSError: the disk is full.
        ValueError: another shape.
    """
    found = _stretches(array, where)
    if found is None or np.ndim(values) == 0:
        array[where] = values
        return
    source = np.ascontiguousarray(values, array.dtype)
    if source.shape != found.shape:
        raise ValueError(f"values: expected the window's shape {found.shape}, got {source.shape}")
    if source.size == 0:
        return
    content = _bytes(source)
    with _opened(found.path, os.O_WRONLY) as file:
        for i in range(found.count):
            part = content[i * found.length : (i + 1) * found.length]
            _all(part, lambda rest, at: os.pwrite(file, rest, at), found.begin(i))


def _stretches(array: NDArray[Any], where: Where) -> _Stretches | None:
    """Where a window lies in the file that an array maps; None for any other array."""
    filename, begin = getattr(array, "filename", None), _offset(array)
    able = hasattr(os, "preadv") and hasattr(os, "pwrite") and hasattr(os, "posix_fadvise")
    if not able or filename is None or begin is None or not array.flags.c_contiguous:
        return None
    if getattr(array, "mode", None) == "c":  # what was changed is in memory only
        return None
    (row, row_end, _), (col, col_end, _) = (
        s.indices(n) for s, n in zip(where, array.shape, strict=False)
    )
    shape = (max(row_end - row, 0), max(col_end - col, 0), *array.shape[2:])
    cell = array.dtype.itemsize * int(np.prod(array.shape[2:], dtype=np.int64))
    stride, length = cell * array.shape[1], cell * shape[1]
    first, count = begin + row * stride + col * cell, shape[0]
    if length == stride:
        length, count = length * count, min(count, 1)
    return _Stretches(str(filename), shape, first, stride, length, count)


def _offset(array: NDArray[Any]) -> int | None:
    """Where the values of a mapped array, or of a part of one, begin in its file."""
    pages = getattr(array, "_mmap", None)
    if pages is None:
        return None
    # A part keeps the offset of the whole; its address tells where it begins.
    begin = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY  # type: ignore[attr-defined]
    base = np.frombuffer(pages, np.uint8).ctypes.data
    return int(begin + array.ctypes.data - base)


def _bytes(array: NDArray[Any]) -> memoryview:
    return memoryview(array.reshape(-1).view(np.uint8).data)


@contextmanager
def _opened(path: str, flags: int) -> Iterator[int]:
    file = os.open(path, flags)
    try:
        yield file
    finally:
        os.close(file)


def _all(part: memoryview, move: Any, offset: int) -> None:
    """Read or write all of a stretch; the system may move less at a time.

    Raises:
        OSError: nothing more can be moved.
    """
    done = 0
    while done < len(part):
        moved = move(part[done:], offset + done)
        if moved == 0:
            raise OSError(f"a raster file ends at byte {offset + done}, before its last row")
        done += moved

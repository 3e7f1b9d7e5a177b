"""Windows of large rasters: of arrays in memory, or of mapped files.

Through a map a file is read and written page by page: a disk gives a third of what it gives when it
is told the rows to come, and each page that is written costs a fault. A window of a mapped file is
therefore read and written row by row, by the engine, which keeps the interpreter free.
"""

from __future__ import annotations

import mmap
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from solweig import _core
from solweig.rasters.archives import DamagedFile, damage_told

__all__ = ["Where", "is_its_file", "map_array", "read_window", "whole_file", "write_window"]

Where = tuple[slice, slice]
"""Rows and columns."""

_HEADERS = threading.Lock()
"""One header at a time: Python before 3.11.5 counts the depths of two that are parsed at once as
one (gh-106905), and fails."""
_files: WeakKeyDictionary[mmap.mmap, tuple[int, int]] = WeakKeyDictionary()
"""Which file a map is of. Under its name there may by now be another, or none."""


def map_array(path: str | Path, mode: Literal["r", "r+", "c"] = "r") -> NDArray[Any]:
    """Map a ``.npy`` file, as numpy does, and remember which file it was.

    Raises
    ------
    FileNotFoundError
        No such file.
    DamagedFile
        No array of numbers in it, or not all of it.
    """
    own = _identity(path)
    with damage_told():
        with _HEADERS:
            array = np.lib.format.open_memmap(path, mode=mode)
        if array.dtype.kind not in "buif":
            raise DamagedFile(f"an array of {array.dtype}, not of numbers")
    pages = getattr(array, "_mmap", None)
    if pages is not None and own is not None:
        _files[pages] = own
    found: NDArray[Any] = array
    return found


def is_its_file(array: NDArray[Any]) -> bool:
    """Whether the file under the name of a mapped array is the one that is mapped."""
    source = _map_of(array)
    if source is None or source.filename is None or source.mode == "c":
        return False  # of a copy on write, what was changed is in memory only
    own = _files.get(source._mmap)
    return own is not None and own == _identity(source.filename)


def whole_file(array: NDArray[Any]) -> Path | None:
    """The ``.npy`` file an array is all of, mapped; None for any other array."""
    source = _map_of(array)
    if source is None or not is_its_file(array):
        return None
    whole = map_array(source.filename)
    same = whole.shape == array.shape and whole.dtype == array.dtype
    if not same or not array.flags.c_contiguous or _offset(array) != _offset(whole):
        return None
    return Path(source.filename).absolute()


def _map_of(array: NDArray[Any]) -> Any:
    """The :class:`numpy.memmap` whose memory an array shows, itself or one it is a view of.

    numpy's functions give plain views of what is mapped.
    """
    found: Any = array
    while isinstance(found, np.ndarray):
        if getattr(found, "_mmap", None) is not None:
            return found
        found = found.base
    return None


def _identity(path: str | Path) -> tuple[int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@dataclass(frozen=True)
class _Stretches:
    """A window of a file as stretches of equal length, one a row, or all rows in one."""

    path: str
    shape: tuple[int, ...]
    #: Byte of the first, from one to the next, and bytes in each.
    first: int
    stride: int
    length: int


def read_window(array: NDArray[Any], where: Where) -> NDArray[Any]:
    """A contiguous copy of a window, rows and columns being the first two axes.

    Raises
    ------
    OSError
        The file ends before the window does.
    """
    found = _stretches(array, where)
    if found is None:
        return np.ascontiguousarray(array[where])
    out = np.empty(found.shape, array.dtype)
    if out.size:
        _core.read_stretches(found.path, found.first, found.stride, found.length, _bytes(out))
    return out


def write_window(array: NDArray[Any], where: Where, values: Any) -> None:
    """Write an array of the window's shape, or one value, into a window.

    Raises
    ------
    OSError
        The disk is full.
    ValueError
        Another shape.
    """
    found = _stretches(array, where)
    if found is None or np.ndim(values) == 0:
        array[where] = values
        return
    source = np.ascontiguousarray(values, array.dtype)
    if source.shape != found.shape:
        raise ValueError(f"values: expected the window's shape {found.shape}, got {source.shape}")
    if source.size:
        content = _bytes(source)
        _core.write_stretches(found.path, found.first, found.stride, found.length, content)


def _stretches(array: NDArray[Any], where: Where) -> _Stretches | None:
    """Where a window lies in the file that an array maps; None for any other array."""
    begin = _offset(array)
    if begin is None or not array.flags.c_contiguous or not is_its_file(array):
        return None
    (row, row_end, _), (col, col_end, _) = (
        s.indices(n) for s, n in zip(where, array.shape, strict=False)
    )
    shape = (max(row_end - row, 0), max(col_end - col, 0), *array.shape[2:])
    cell = array.dtype.itemsize * int(np.prod(array.shape[2:], dtype=np.int64))
    stride, length = cell * array.shape[1], cell * shape[1]
    first = begin + row * stride + col * cell
    if length == stride:
        length *= shape[0]
    path = str(_map_of(array).filename)
    return _Stretches(path, shape, first, stride, length)


def _offset(array: NDArray[Any]) -> int | None:
    """Where the values of a mapped array, or of a part of one, begin in its file."""
    source = _map_of(array)
    if source is None:
        return None
    # A part keeps the offset of the whole; its address tells where it begins.
    begin = source.offset - source.offset % mmap.ALLOCATIONGRANULARITY
    base = np.frombuffer(source._mmap, np.uint8).ctypes.data
    return int(begin + array.ctypes.data - base)


def _bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    return array.reshape(-1).view(np.uint8)

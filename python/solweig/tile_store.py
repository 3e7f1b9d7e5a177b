"""Whole-raster arrays that tiles read from and write to, shared with worker processes.

In this process they are plain arrays. For worker processes, and for a run that may be resumed, they
are files, mapped by everyone: nothing is sent through a pipe and tiles write disjoint parts without
locks. A temporary store removes its folder; a lasting one is found again by the next process.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["Results", "TileInputs", "TileStore", "Where", "read_window"]

Where = tuple[slice, slice]

_READERS = 4
"""Arrays read at once: a disk has several requests to choose from."""
_AHEAD = 128
"""Rows of a window a disk is told to come."""


class Results(Protocol):
    """What tiles write into: arrays ``[row, col, ...]``, and ``[time, row, col]`` for steps."""

    def create(self, name: str, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> None:
        """Make an array, or find the one that is there."""
        ...

    def write(self, name: str, where: Where, values: Any, step: int | None = None) -> None:
        """Write a window, of one step where the array has a time axis.

        ``values`` is an array of the window's shape, or one value for all of it.
        """
        ...

    def read(self, name: str, where: Where | None = None, step: int | None = None) -> NDArray[Any]:
        """A window, or all of it, in memory or mapped.

        Raises:
            OSError, ValueError: what is stored is damaged.
        """
        ...

    def names(self, prefix: str) -> list[str]:
        """What follows ``prefix/`` in the names that begin so."""
        ...

    def release(self) -> None:
        """Let go of what was opened to write a tile."""
        ...


class TileInputs(Protocol):
    """What tiles read: whole-raster arrays ``[row, col, ...]`` by name."""

    def __contains__(self, name: str) -> bool: ...

    def put(self, name: str, array: NDArray[Any] | None) -> None:
        """Make an array readable under a name; None leaves the name out."""
        ...

    def put_all(self, prefix: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """:meth:`put` for each, under ``prefix/name``."""
        ...

    def published(self) -> None:
        """Everything is there."""
        ...

    def part(self, name: str, where: Where) -> NDArray[Any]:
        """A contiguous copy of a window, rows and columns being the first two axes."""
        ...

    def parts(self, prefix: str, where: Where) -> dict[str, NDArray[Any]]:
        """:meth:`part` of every array below a prefix."""
        ...

    def release(self) -> None:
        """Let go of what was opened to read a tile."""
        ...


class TileStore:
    """Named arrays, in memory or in mapped files.

    Args:
        on_disk: keep them in files, so that worker processes can open them.
        folder: where the temporary folder is made; None is the system's place.
        lasting: use ``folder`` itself, find the arrays that are in it, and leave them there.

    Leaving the ``with`` block of the store that made temporary files removes them.
    """

    def __init__(
        self, *, on_disk: bool = False, folder: Path | None = None, lasting: bool = False
    ) -> None:
        self._arrays: dict[str, NDArray[Any]] = {}
        self._maps = threading.local()
        self._names: dict[str, str] = {}
        self._files: dict[str, Path] = {}
        self._root: Path | None = None
        self._lasting = lasting
        if lasting:
            assert folder is not None
            folder.mkdir(parents=True, exist_ok=True)
            self._root = folder
        elif on_disk:
            self._root = Path(tempfile.mkdtemp(prefix=".solweig_tiles_", dir=folder))

    def __enter__(self) -> TileStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._arrays.clear()
        self.release()
        if not self._lasting:
            self.remove()

    def __getstate__(self) -> dict[str, Any]:
        if self._root is None:
            raise TypeError("arrays in memory cannot be handed to another process")
        return {k: v for k, v in self.__dict__.items() if k not in ("_arrays", "_maps")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._arrays, self._maps = {}, threading.local()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def put(self, name: str, array: NDArray[Any] | None) -> None:
        """Make an array readable under a name; None leaves the name out.

        An array given under several names is stored once; one that is a mapped file already is
        read from there.
        """
        if array is None:
            return
        twin = next((n for n, known in self._arrays.items() if known is array), None)
        self._names[name] = name if twin is None else self._names[twin]
        # Kept so that a twin is recognised; on disk the mapped file is what is read.
        self._arrays[name] = array
        if twin is None and self._root is not None:
            own = _own_file(array)
            if own is not None:
                self._files[name] = own
                return
            stored = self._create_file(name, array.shape, array.dtype)
            stored[...] = array

    def put_all(self, prefix: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """:meth:`put` for each, under ``prefix/name``."""
        for name, array in arrays.items():
            self.put(f"{prefix}/{name}", array)

    def published(self) -> None:
        """What is put is readable at once."""

    def create(self, name: str, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> None:
        """Make an array to be written, its values undefined; a lasting store finds its own again.

        Raises:
            OSError: the disk or the memory cannot hold it.
        """
        self._names[name] = name
        if self._root is None:
            self._arrays[name] = np.empty(shape, dtype)
        elif not (self._lasting and self._there(name, shape, np.dtype(dtype))):
            self._create_file(name, shape, np.dtype(dtype))

    def _there(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
        try:
            found = np.load(self._file(name), mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return False
        return bool(found.shape == shape and found.dtype == dtype)

    def write(self, name: str, where: Where, values: Any, step: int | None = None) -> None:
        """See :class:`Results`."""
        array = self[name]
        (array if step is None else array[step])[where] = values

    def read(self, name: str, where: Where | None = None, step: int | None = None) -> NDArray[Any]:
        """See :class:`Results`."""
        array = self[name]
        found = array if step is None else array[step]
        return found if where is None else np.ascontiguousarray(found[where])

    def release(self) -> None:
        """Close the files this thread has mapped; they are opened again when needed."""
        self._maps.__dict__.clear()

    def __getitem__(self, name: str) -> NDArray[Any]:
        """The array; a file of the store is mapped for reading and writing."""
        own = self._names[name]
        if self._root is None:
            return self._arrays[own]
        open_maps: dict[str, NDArray[Any]] = self._maps.__dict__
        if own not in open_maps:
            mode: Any = "r" if own in self._files else "r+"
            open_maps[own] = np.load(self._file(own), mmap_mode=mode, allow_pickle=False)
        return open_maps[own]

    def names(self, prefix: str) -> list[str]:
        """What follows ``prefix/`` in the names that begin so."""
        start = f"{prefix}/"
        return [name.removeprefix(start) for name in self._names if name.startswith(start)]

    def part(self, name: str, where: Where) -> NDArray[Any]:
        """A contiguous copy of a window, rows and columns being the first two axes."""
        array = self[name]
        if isinstance(array, np.memmap):
            return read_window(array, where)
        return np.ascontiguousarray(array[where])

    def parts(self, prefix: str, where: Where) -> dict[str, NDArray[Any]]:
        """:meth:`part` of every array below a prefix; twins are cut once."""
        own = {name: self._names[f"{prefix}/{name}"] for name in self.names(prefix)}
        with ThreadPoolExecutor(_READERS) as readers:
            distinct = list(dict.fromkeys(own.values()))
            cut = dict(
                zip(distinct, readers.map(lambda n: self.part(n, where), distinct), strict=True)
            )
        return {name: cut[stored] for name, stored in own.items()}

    def remove(self) -> None:
        """Delete the files; arrays that are still mapped stay readable where the system allows."""
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)

    def _file(self, name: str) -> Path:
        assert self._root is not None
        return self._files.get(name) or self._root / f"{name.replace('/', '__')}.npy"

    def _create_file(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        path = self._file(name)
        array = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
        # A hole in a file that is written through a map ends the process when the disk is full.
        if hasattr(os, "posix_fallocate"):
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        return array


def read_window(array: NDArray[Any], where: Where) -> NDArray[Any]:
    """A contiguous copy of a window of a mapped array, rows and columns being the first two axes.

    Page by page, as a map reads, a disk gives a third of what it gives when it is told the rows to
    come: a window of a wide raster is many short stretches.
    """
    rows, cols = (s.indices(n)[:2] for s, n in zip(where, array.shape, strict=False))
    filename, cell = getattr(array, "filename", None), array.dtype.itemsize * _size(array.shape[2:])
    told = hasattr(os, "preadv") and hasattr(os, "posix_fadvise")
    begin = _offset(array)
    if not told or filename is None or begin is None or not array.flags.c_contiguous:
        return np.ascontiguousarray(array[where])
    out = np.empty(
        (max(rows[1] - rows[0], 0), max(cols[1] - cols[0], 0), *array.shape[2:]), array.dtype
    )
    if out.size == 0:
        return out
    stride, length = cell * array.shape[1], cell * out.shape[1]
    first = begin + rows[0] * stride + cols[0] * cell
    target = memoryview(out.reshape(-1).view(np.uint8).data)
    file = os.open(filename, os.O_RDONLY)
    try:
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)
        asked = 0
        for i in range(out.shape[0]):
            while asked < min(i + _AHEAD, out.shape[0]):
                os.posix_fadvise(file, first + asked * stride, length, os.POSIX_FADV_WILLNEED)
                asked += 1
            _read(file, target[i * length : (i + 1) * length], first + i * stride)
    finally:
        os.close(file)
    return out


def _read(file: int, target: memoryview, offset: int) -> None:
    """Fill ``target``; a read may end early. Raises OSError where the file ends first."""
    done = 0
    while done < len(target):
        got = os.preadv(file, [target[done:]], offset + done)
        if got == 0:
            raise OSError(f"a raster file ends at byte {offset + done}, before its last row")
        done += got


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))


def _offset(array: NDArray[Any]) -> int | None:
    """Where the values of a mapped array, or of a part of one, begin in its file."""
    pages = getattr(array, "_mmap", None)
    if pages is None:
        return None
    # A part keeps the offset of the whole; its address tells where it begins.
    begin = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY  # type: ignore[attr-defined]
    base = np.frombuffer(pages, np.uint8).ctypes.data
    return int(begin + array.ctypes.data - base)


def _own_file(array: NDArray[Any]) -> Path | None:
    """The ``.npy`` file an array is all of, mapped; None for any other array."""
    name = getattr(array, "filename", None)
    if not isinstance(array, np.memmap) or name is None or Path(name).suffix != ".npy":
        return None
    try:
        whole = np.load(name, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        return None
    same = whole.shape == array.shape and whole.dtype == array.dtype
    return Path(name).absolute() if same and whole.offset == array.offset else None

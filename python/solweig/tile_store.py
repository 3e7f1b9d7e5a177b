"""Whole-raster arrays that tiles read from and write to, shared with worker processes.

In this process they are plain arrays. For worker processes they are files in a temporary folder,
mapped by everyone: nothing is sent through a pipe, tiles write disjoint parts without locks, and
removing the folder frees all of it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["TileStore"]


class TileStore:
    """Named arrays, in memory or in mapped files.

    Args:
        on_disk: keep them in files, so that worker processes can open them.
        folder: where the temporary folder is made; None is the system's place.

    Leaving the ``with`` block of the store that made the files removes them.
    """

    def __init__(self, *, on_disk: bool = False, folder: Path | None = None) -> None:
        self._arrays: dict[str, NDArray[Any]] = {}
        self._names: dict[str, str] = {}
        self._root: Path | None = None
        if on_disk:
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
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)

    def __getstate__(self) -> dict[str, Any]:
        if self._root is None:
            raise TypeError("arrays in memory cannot be handed to another process")
        return {"_arrays": {}, "_names": self._names, "_root": self._root}

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def put(self, name: str, array: NDArray[Any] | None) -> None:
        """Make an array readable under a name; None leaves the name out.

        An array given under several names is stored once.
        """
        if array is None:
            return
        twin = next((n for n, known in self._arrays.items() if known is array), None)
        self._names[name] = name if twin is None else self._names[twin]
        # Kept so that a twin is recognised; on disk the mapped file is what is read.
        self._arrays[name] = array
        if twin is None and self._root is not None:
            stored = self._create_file(name, array.shape, array.dtype)
            stored[...] = array

    def put_all(self, prefix: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """:meth:`put` for each, under ``prefix/name``."""
        for name, array in arrays.items():
            self.put(f"{prefix}/{name}", array)

    def create(self, name: str, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> None:
        """Make an array to be written, its values undefined.

        Raises:
            OSError: the disk or the memory cannot hold it.
        """
        self._names[name] = name
        if self._root is None:
            self._arrays[name] = np.empty(shape, dtype)
        else:
            self._arrays[name] = self._create_file(name, shape, np.dtype(dtype))

    def __getitem__(self, name: str) -> NDArray[Any]:
        """The array; a file is mapped for reading and writing."""
        if self._root is None:
            return self._arrays[name]
        own = self._names[name]
        found = self._arrays.get(own)
        if not isinstance(found, np.memmap):
            found = np.load(self._file(own), mmap_mode="r+", allow_pickle=False)
            self._arrays[own] = found
        return found

    def names(self, prefix: str) -> list[str]:
        """What follows ``prefix/`` in the names that begin so."""
        start = f"{prefix}/"
        return [name.removeprefix(start) for name in self._names if name.startswith(start)]

    def part(self, name: str, where: tuple[slice, slice]) -> NDArray[Any]:
        """A contiguous copy of a window, rows and columns being the first two axes."""
        return np.ascontiguousarray(self[name][where])

    def parts(self, prefix: str, where: tuple[slice, slice]) -> dict[str, NDArray[Any]]:
        """:meth:`part` of every array below a prefix; twins are cut once."""
        cut: dict[str, NDArray[Any]] = {}
        out: dict[str, NDArray[Any]] = {}
        for name in self.names(prefix):
            own = self._names[f"{prefix}/{name}"]
            if own not in cut:
                cut[own] = self.part(own, where)
            out[name] = cut[own]
        return out

    def take(self, name: str) -> NDArray[Any]:
        """The array in this process's memory."""
        found = self[name]
        return found if self._root is None else np.array(found)

    def take_all(self, prefix: str) -> dict[str, NDArray[Any]]:
        """:meth:`take` of every array below a prefix."""
        return {name: self.take(f"{prefix}/{name}") for name in self.names(prefix)}

    def _file(self, name: str) -> Path:
        assert self._root is not None
        return self._root / f"{name.replace('/', '__')}.npy"

    def _create_file(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        path = self._file(name)
        array = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
        # A hole in a file that is written through a map ends the process when the disk is full.
        if hasattr(os, "posix_fallocate"):
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        return array

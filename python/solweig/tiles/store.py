"""Whole-raster arrays that tiles read from and write to, shared with worker processes.

In this process they are plain arrays. For worker processes, and for a run that may be resumed, they
are files, mapped by everyone: nothing is sent through a pipe and tiles write disjoint parts without
locks. A temporary store removes its folder; a lasting one is found again by the next process.
"""

from __future__ import annotations

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

from solweig.rasters.windows import Where, map_array, read_window, whole_file, write_window

__all__ = ["Results", "TileInputs", "TileStore", "Where"]

_READERS = 4
"""Arrays read at once: a disk has several requests to choose from."""


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

        Raises
        ------
        OSError, ValueError
            What is stored is damaged.
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

    Parameters
    ----------
    on_disk
        Keep them in files, so that worker processes can open them.
    folder
        Where the temporary folder is made; None is the system's place.
    lasting
        Use ``folder`` itself, find the arrays that are in it, and leave them there.

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
            own = whole_file(array)
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

        Raises
        ------
        OSError
            The disk or the memory cannot hold it.
        """
        self._names[name] = name
        if self._root is None:
            self._arrays[name] = np.empty(shape, dtype)
        elif not (self._lasting and self._there(name, shape, np.dtype(dtype))):
            self._create_file(name, shape, np.dtype(dtype))

    def _there(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
        try:
            found = map_array(self._file(name))
        except (OSError, ValueError, EOFError):
            return False
        return bool(found.shape == shape and found.dtype == dtype)

    def write(self, name: str, where: Where, values: Any, step: int | None = None) -> None:
        """See :class:`Results`; in memory an array that is all of it is kept, not copied."""
        array = self[name]
        if step is None and self._root is None and _is_all(values, where, array):
            self._arrays[self._names[name]] = values
            return
        write_window(array if step is None else array[step], where, values)

    def read(self, name: str, where: Where | None = None, step: int | None = None) -> NDArray[Any]:
        """See :class:`Results`."""
        array = self[name]
        found = array if step is None else array[step]
        return found if where is None else read_window(found, where)

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
            open_maps[own] = map_array(self._file(own), "r" if own in self._files else "r+")
        return open_maps[own]

    def names(self, prefix: str) -> list[str]:
        """What follows ``prefix/`` in the names that begin so."""
        start = f"{prefix}/"
        return [name.removeprefix(start) for name in self._names if name.startswith(start)]

    def part(self, name: str, where: Where) -> NDArray[Any]:
        """A contiguous copy of a window, rows and columns being the first two axes."""
        return read_window(self[name], where)

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


def _is_all(values: Any, where: Where, array: NDArray[Any]) -> bool:
    """Whether values can take the place of a whole array."""
    return (
        isinstance(values, np.ndarray)
        and (values.shape, values.dtype) == (array.shape, array.dtype)
        and bool(values.flags.c_contiguous)
        and all(s.indices(n) == (0, n, 1) for s, n in zip(where, array.shape, strict=False))
    )

"""Rasters on storage that every worker of a cluster reaches: a folder, or any fsspec URL.

What tiles read is published once as Zarr and read by window; what they write goes into chunks of
their own. Needs ``pip install solweig[cluster]``.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError
from solweig.tiles.store import Where
from solweig.tiles.zarr_store import CUBE_NAME, need_zarr

__all__ = ["PublishedInputs", "check_storage", "cube_place", "location", "remove_group"]

_CHUNK = 512
_COMPLETE = "complete"


def location(storage: str | Path, name: str) -> str:
    """Where something of a name is below a storage, which is a folder or a URL."""
    text = str(storage).removeprefix("file://")
    return f"{text.rstrip('/')}/{name}" if "://" in text else str(Path(text).absolute() / name)


def check_storage(storage: str | Path) -> None:
    """Prove that a storage can be written.

    Raises
    ------
    ConfigurationError
        It cannot.
    """
    zarr = need_zarr()
    try:
        probe = zarr.open_group(location(storage, ".write_test"), mode="w", zarr_format=3)
        probe.attrs["written"] = True
        remove_group(location(storage, ".write_test"))
    except Exception as error:  # every file system has its own errors
        raise ConfigurationError(
            "execution.storage", "a folder or URL that can be written", f"{storage} ({error})"
        ) from error


def remove_group(url: str) -> None:
    """Delete a Zarr group; what is not there is gone already."""
    if "://" not in url:
        shutil.rmtree(url, ignore_errors=True)
        return
    from fsspec.core import url_to_fs

    files, path = url_to_fs(url)
    with contextlib.suppress(FileNotFoundError):
        files.rm(path, recursive=True)


class PublishedInputs:
    """What tiles read, by name, in a Zarr group.

    The reading half of a :class:`solweig.tiles.store.TileStore`.

    Parameters
    ----------
    url
        Of the group.
    key
        Of what is published: a complete group of the same key is used as it is.
    """

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self._key = key
        self._names: dict[str, str] = {}
        self._known: dict[int, str] = {}
        self._held: list[NDArray[Any]] = []
        self._group: Any = None
        self._there = False

    def __enter__(self) -> PublishedInputs:
        zarr = need_zarr()
        try:
            found = zarr.open_group(self.url, mode="r", zarr_format=3)
            self._there = found.attrs.get(_COMPLETE) == self._key
        except Exception:  # nothing there, or nothing readable: published anew
            self._there = False
        if not self._there:
            self._group = zarr.open_group(self.url, mode="w", zarr_format=3)
        return self

    def __exit__(self, *_: object) -> None:
        self._known.clear()
        self._held.clear()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_group": None, "_known": {}, "_held": []}

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def put(self, name: str, array: NDArray[Any] | None) -> None:
        """Publish an array; one given under several names is stored once."""
        if array is None:
            return
        own = self._known.setdefault(id(array), name.replace("/", "__"))
        self._held.append(array)  # so that its id stays its own
        self._names[name] = own
        if self._there or own in self._group:
            return
        from zarr.codecs import BloscCodec

        chunks = (min(_CHUNK, array.shape[0]), min(_CHUNK, array.shape[1]), *array.shape[2:])
        stored = self._group.create_array(
            own, shape=array.shape, chunks=chunks, dtype=array.dtype,
            compressors=BloscCodec(cname="lz4", clevel=1, shuffle="shuffle"),
        )  # fmt: skip
        for row in range(0, array.shape[0], _CHUNK):
            stored[row : row + _CHUNK] = array[row : row + _CHUNK]

    def put_all(self, prefix: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """:meth:`put` for each, under ``prefix/name``."""
        for name, array in arrays.items():
            self.put(f"{prefix}/{name}", array)

    def published(self) -> None:
        """Declare the group complete."""
        if not self._there:
            self._group.attrs[_COMPLETE] = self._key

    def names(self, prefix: str) -> list[str]:
        """What follows ``prefix/`` in the names that begin so."""
        start = f"{prefix}/"
        return [name.removeprefix(start) for name in self._names if name.startswith(start)]

    def part(self, name: str, where: Where) -> NDArray[Any]:
        """A window, read from the storage."""
        if self._group is None:
            self._group = need_zarr().open_group(self.url, mode="r", zarr_format=3)
        return np.ascontiguousarray(self._group[self._names[name]][where])

    def parts(self, prefix: str, where: Where) -> dict[str, NDArray[Any]]:
        """:meth:`part` of every array below a prefix; twins are read once."""
        cut: dict[str, NDArray[Any]] = {}
        for name in self.names(prefix):
            own = self._names[f"{prefix}/{name}"]
            if own not in cut:
                cut[own] = self.part(f"{prefix}/{name}", where)
        return {name: cut[self._names[f"{prefix}/{name}"]] for name in self.names(prefix)}

    def release(self) -> None:
        """Nothing is held."""


def cube_place(output_dir: Path, storage: str | None) -> str:
    """Where the steps go as Zarr: the output folder, or where a cluster was told to write."""
    return str(output_dir / CUBE_NAME) if storage is None else location(storage, CUBE_NAME)

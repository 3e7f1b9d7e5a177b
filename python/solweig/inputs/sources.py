"""Which files are meant: paths, patterns, URLs, tables in memory."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from solweig.errors import InvalidSurfaceData, MissingRaster
from solweig.found_files import copy_from, matching
from solweig.packages import need
from solweig.rasters.digests import file_digest

__all__ = ["Source", "resolve"]

_LAYER_MARK = "|layername="
# A shapefile is several files.
_BESIDE = {".shp": (".shx", ".dbf", ".prj", ".cpg")}


@dataclass(frozen=True)
class Source:
    """One file, or one table in memory.

    Attributes
    ----------
    role
        Argument it was given as: ``lidar``, ``footprints``, ...
    given
        As it was named.
    path
        Where it lies on this machine; None of a table in memory.
    layer
        Layer in the file, where one was named.
    table
        The table in memory.
    """

    role: str
    given: str
    path: Path | None
    layer: str | None = None
    table: Any = None

    @property
    def file(self) -> Path:
        """The file; only of sources that are not in memory."""
        assert self.path is not None
        return self.path

    @property
    def suffix(self) -> str:
        """Lower-case ending of the file, ``""`` of a table."""
        return "" if self.path is None else self.path.suffix.lower()

    @property
    def name(self) -> str:
        """Short name for messages."""
        return PurePosixPath(self.given.replace("\\", "/")).name or self.given

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Name, size and digest of the content."""
        found: dict[str, Any] = {"role": self.role, "name": self.name}
        if self.path is not None:
            found |= {"bytes": self.path.stat().st_size, "blake2b": file_digest(self.path)}
        return found


def resolve(role: str, given: Any, downloads: Path) -> list[Source]:
    """The files an argument names.

    Parameters
    ----------
    role
        Name of the argument.
    given
        A path, a pattern with ``*``, any fsspec URL, a GeoDataFrame, several of these, or None.
        ``file.gpkg|layername=name`` names a layer.
    downloads
        Where what URLs name is copied to; made when needed.

    Raises
    ------
    MissingRaster
        A file that is not there, or a pattern that nothing matches.
    InvalidSurfaceData
        Neither a path nor a table.
    ConfigurationError
        A URL, and fsspec is not installed.
    """
    if given is None:
        return []
    several = isinstance(given, Iterable) and not isinstance(given, str | os.PathLike)
    if several and not _is_table(given):
        return [source for one in given for source in resolve(role, one, downloads)]
    if _is_table(given):
        return [Source(role, "a table in memory", None, table=given)]
    if not isinstance(given, str | os.PathLike):
        raise InvalidSurfaceData(role, "a path, a URL or a GeoDataFrame", repr(type(given)))
    text, _, layer = os.fspath(given).partition(_LAYER_MARK)
    if "://" in text:
        return [
            Source(role, url, path, layer or None) for url, path in _fetch(role, text, downloads)
        ]
    return [Source(role, str(path), path, layer or None) for path in _on_disk(role, text)]


def _is_table(value: Any) -> bool:
    return hasattr(value, "to_crs") and hasattr(value, "geometry")


def _on_disk(role: str, text: str) -> list[Path]:
    path = Path(text).expanduser()
    if path.is_dir():
        raise InvalidSurfaceData(role, "a file", f"a folder, {text}", f"Say {text}/*.laz, say.")
    if path.exists():
        return [path]
    if glob.has_magic(text):
        found = matching(path)
        if found:
            return found
        raise MissingRaster(role, "files that match the pattern", f"none for {text}")
    raise MissingRaster(role, "an existing file", f"no file at {text}")


def _fetch(role: str, url: str, downloads: Path) -> list[tuple[str, Path]]:
    """Copies of what a URL names, whole."""
    need(role, "fsspec", extra="inputs")
    import fsspec

    system, place = fsspec.core.url_to_fs(url)
    names = sorted(system.glob(place)) if glob.has_magic(place) else [place]
    if not names or not all(system.exists(name) for name in names):
        raise MissingRaster(role, "an existing file", f"nothing at {url}")
    found = []
    for number, name in enumerate(names):
        target = downloads / f"{role}_{len(list(downloads.glob('*')))}_{number}" / Path(name).name
        target.parent.mkdir(parents=True, exist_ok=True)
        suffix = PurePosixPath(name).suffix
        stem = name.removesuffix(suffix)
        copy_from(system, name, target)
        for beside in _BESIDE.get(suffix.lower(), ()):
            if system.exists(stem + beside):
                copy_from(system, stem + beside, target.with_suffix(beside))
        found.append((name, target))
    return found

"""Files of weather, wherever they are: paths, patterns, URLs, members of archives."""

from __future__ import annotations

import glob
import gzip
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from solweig.errors import WeatherDataError
from solweig.found_files import copy_from, matching
from solweig.packages import need

FileName: TypeAlias = str | os.PathLike[str]
Files: TypeAlias = FileName | Sequence[FileName]

_LARGEST_MEMBER = 1 << 36
_GZIP = b"\x1f\x8b"


@contextmanager
def local_files(given: Files) -> Iterator[list[Path]]:
    """Files on this machine; what a URL names or an archive holds is a copy that goes afterwards.

    Parameters
    ----------
    given
        One or several of: a path, a pattern with ``*``, any fsspec URL. A ZIP archive stands for
        the files in it, as the Climate Data Store hands out several at once; files packed by gzip
        are unpacked.

    Yields
    ------
    list[Path]
        In the order given; those of a pattern or an archive by name.

    Raises
    ------
    FileNotFoundError
        A file that is not there, or a pattern that nothing matches.
    WeatherDataError
        None named, a folder, or an archive that cannot be read.
    ConfigurationError
        A URL, and fsspec is not installed.
    """
    names = [given] if isinstance(given, str | os.PathLike) else list(given)
    if not names:
        raise WeatherDataError("weather", "at least one file", "none")
    with tempfile.TemporaryDirectory(prefix="solweig-weather-") as folder:
        found: list[Path] = []
        for name in names:
            text = os.fspath(name)
            here = _fetch(text, Path(folder)) if "://" in text else _on_disk(text)
            for path in here:
                found += _unpacked(path, Path(folder))
        yield found


def _on_disk(text: str) -> list[Path]:
    path = Path(text).expanduser()
    if path.is_dir():
        raise WeatherDataError("weather", "a file", f"a folder, {text}", f"Say {text}/*.nc, say.")
    if path.exists():
        return [path]
    found = matching(path) if glob.has_magic(text) else []
    if not found:
        raise FileNotFoundError(f"weather file not found: {text}")
    return found


def _own_folder(folder: Path) -> Path:
    """A new folder, so that equal names from several places do not meet."""
    return Path(tempfile.mkdtemp(dir=folder))


def _fetch(url: str, folder: Path) -> list[Path]:
    need("weather", "fsspec", extra="weather")
    import fsspec

    try:
        system, place = fsspec.core.url_to_fs(url)
        names = sorted(system.glob(place)) if glob.has_magic(place) else [place]
        found = []
        for name in names:
            target = _own_folder(folder) / (PurePosixPath(name).name or "weather")
            copy_from(system, name, target)
            found.append(target)
    except FileNotFoundError:
        found = []
    except (OSError, ValueError, ImportError) as error:
        raise WeatherDataError("weather", f"a file at {url}", str(error)[:200]) from error
    if not found:
        raise FileNotFoundError(f"weather file not found: {url}")
    return found


def _unpacked(path: Path, folder: Path) -> list[Path]:
    """What is in an archive, or the file itself."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    if packed:
        return [_without_gzip(path, folder)]
    return _members(path, folder) if zipfile.is_zipfile(path) else [path]


def _without_gzip(path: Path, folder: Path) -> Path:
    target = _own_folder(folder) / path.name.removesuffix(".gz")
    size = 0
    try:
        with gzip.open(path) as source, target.open("wb") as sink:
            while piece := source.read(1 << 22):
                size += len(piece)
                if size > _LARGEST_MEMBER:
                    raise WeatherDataError(path.name, "less than 64 GiB unpacked", "more")
                sink.write(piece)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise WeatherDataError(path.name, "a whole file packed by gzip", str(error)) from error
    return target


def _members(archive: Path, folder: Path) -> list[Path]:
    """The files of an archive, flat; names in it decide nothing about where they go."""
    try:
        with zipfile.ZipFile(archive) as content:
            members = [one for one in content.infolist() if not one.is_dir()]
            if sum(one.file_size for one in members) > _LARGEST_MEMBER:
                raise WeatherDataError(archive.name, "less than 64 GiB unpacked", "more")
            found = []
            for one in sorted(members, key=lambda member: member.filename):
                target = _own_folder(folder) / (PurePosixPath(one.filename).name or "weather")
                with content.open(one) as source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 22)
                found.append(target)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise WeatherDataError(archive.name, "a whole ZIP archive", str(error)) from error
    if not found:
        raise WeatherDataError(archive.name, "an archive with files in it", "an empty one")
    return found

"""Files of weather, wherever they are: paths, patterns, URLs, members of archives."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
import zipfile
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


@contextmanager
def local_files(given: Files) -> Iterator[list[Path]]:
    """Files on this machine; what a URL names or an archive holds is a copy that goes afterwards.

    Parameters
    ----------
    given
        One or several of: a path, a pattern with ``*``, any fsspec URL; a ``.zip`` stands for the
        files in it, as the Climate Data Store hands out several at once.

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
                found += _members(path, Path(folder)) if zipfile.is_zipfile(path) else [path]
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

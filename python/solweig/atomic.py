"""Files that appear complete or not at all, and disks that are full."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from solweig.errors import DiskFull

__all__ = ["atomic_path", "free_bytes", "full_disk_told", "write_text"]

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
#: With less free than this, whatever could not be written found no room.
_NOTHING_FREE = 256 * 1024


def free_bytes(path: str | os.PathLike[str]) -> int | None:
    """Bytes free on the disk of a path, which need not exist; ``None`` where it is not told."""
    place = Path(path).absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return None


@contextmanager
def full_disk_told(where: str | os.PathLike[str]) -> Iterator[None]:
    """Raise :class:`solweig.errors.DiskFull` for whatever a library says of a full disk.

    Raises
    ------
    DiskFull
        There was no room.
    """
    try:
        yield
    except DiskFull:
        raise
    except Exception as error:
        if _says_full(error) or (_may_mean_full(error) and _is_full(where)):
            raise DiskFull(where, free_bytes(where)) from error
        raise


def _says_full(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        error = error.__cause__ or error.__context__
    return False


def _may_mean_full(error: BaseException) -> bool:
    """Errors of numpy and GDAL, which say only that something could not be written."""
    short = isinstance(error, OSError) and error.errno is None
    return short or type(error).__module__.partition(".")[0] == "rasterio"


def _is_full(where: str | os.PathLike[str]) -> bool:
    free = free_bytes(where)
    return free is not None and free < _NOTHING_FREE


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary name beside ``path`` that is renamed to it on success and removed on failure.

    The temporary name keeps the suffix, because raster drivers look at it, and starts with a dot,
    so that a glob over results does not meet it.

    Raises
    ------
    DiskFull
        There was no room.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.stem}.{os.getpid()}.partial{target.suffix}")
    try:
        with full_disk_told(target):
            yield temporary
            temporary.replace(target)
    except OSError as error:
        # numpy and GDAL say of a full disk only how many bytes went missing, not where.
        if type(error) is OSError and error.errno is None:
            raise OSError(f"{target}: could not be written; is the disk full? ({error})") from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")

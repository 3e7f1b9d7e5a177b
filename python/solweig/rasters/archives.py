"""Arrays and files out of zip archives and ``.npy`` files that may be damaged or not ours.

What a file says of its own size is held against its length before memory is taken for it.
"""

from __future__ import annotations

import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import SolweigError

__all__ = ["Archive", "DamagedFile", "damage_told", "open_archive"]

_DAMAGE = (
    OSError, ValueError, EOFError, KeyError, TypeError, OverflowError, struct.error, zlib.error,
    zipfile.BadZipFile, tokenize.TokenError, SyntaxError, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What Python, zlib and numpy raise where content is not what it should be; the last two where a
member is encrypted or compressed in a way that we do not read."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MOST_DEFLATED = 1032
"""Bytes that one byte can stand for (RFC 1951)."""
_SPARE = 64
"""Of the shortest streams."""


class DamagedFile(ValueError):
    """A file that is not what it should be, and why."""


@contextmanager
def damage_told() -> Iterator[None]:
    """Turn whatever a damaged file raises into :class:`DamagedFile`.

    Raises
    ------
    DamagedFile
        Any of it. A file that is not there stays a ``FileNotFoundError``, and an error of this
        package what it is.
    """
    try:
        yield
    except (FileNotFoundError, DamagedFile, SolweigError):
        raise
    except _DAMAGE as problem:
        raise DamagedFile(" ".join(str(problem).split())[:200] or type(problem).__name__) from (
            problem
        )


class Archive:
    """The members of a zip archive that is open.

    Parameters
    ----------
    opened
        The archive.
    length
        Of its file [bytes].
    """

    def __init__(self, opened: zipfile.ZipFile, length: int) -> None:
        self._opened = opened
        self._members = {info.filename: info for info in opened.infolist()}
        for info in self._members.values():
            _check_member(info, length)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the members."""
        return tuple(self._members)

    def content(self, name: str) -> bytes:
        """All of a member.

        Raises
        ------
        DamagedFile
            It is damaged, or not there.
        """
        with damage_told():
            return self._opened.read(self._members[name])

    def array(self, name: str) -> NDArray[Any]:
        """A member ``<name>.npy`` as an array.

        Raises
        ------
        DamagedFile
            It is damaged, no array of numbers, or not there.
        """
        with damage_told():
            info = self._members[f"{name}.npy"]
            with self._opened.open(info) as stream:
                _check_array(stream, info.file_size)
            with self._opened.open(info) as stream:
                found: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
                stream.read()  # the checksum is looked at where a member ends
            return found


@contextmanager
def open_archive(path: str | Path) -> Iterator[Archive]:
    """Open a zip archive whose members are stored or deflated.

    Raises
    ------
    FileNotFoundError
        No such file.
    DamagedFile
        Not an archive, or one whose members are larger than they can be.
    """
    file = Path(path)
    with damage_told():
        opened = zipfile.ZipFile(file)
    with opened:
        with damage_told():
            archive = Archive(opened, file.stat().st_size)
        yield archive


def _check_member(info: zipfile.ZipInfo, length: int) -> None:
    name = info.filename[:80]
    if info.compress_type not in _METHODS:
        raise DamagedFile(f"{name} is compressed in another way than deflate")
    if info.compress_size > length:
        raise DamagedFile(f"{name} takes {info.compress_size} bytes of a file of {length}")
    stored = info.compress_type == zipfile.ZIP_STORED
    most = info.compress_size * (1 if stored else _MOST_DEFLATED) + (0 if stored else _SPARE)
    if info.file_size > most:
        raise DamagedFile(f"{name} says to hold {info.file_size} bytes in {info.compress_size}")


def _check_array(stream: IO[bytes], length: int) -> None:
    """Hold the shape of an array against the bytes there are, before memory is taken for it."""
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    if dtype.kind not in "buif" or min(shape, default=1) < 0:
        raise DamagedFile(f"an array of {dtype} of shape {shape}, not of numbers")
    needed, there = math.prod(shape) * dtype.itemsize, length - stream.tell()
    if needed != there:
        raise DamagedFile(f"an array of shape {shape} takes {needed} bytes, and {there} are there")

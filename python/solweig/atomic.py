"""Files that appear complete or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary name beside ``path`` that is renamed to it on success and removed on failure.

    The temporary name keeps the suffix, because raster drivers look at it, and starts with a dot,
    so that a glob over results does not meet it.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.stem}.{os.getpid()}.partial{target.suffix}")
    try:
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

"""Rasters on a disk that is nearly full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from solweig.atomic import free_bytes, full_disk_told

__all__ = ["raster_target"]

_OTHERS = 4
"""Files that may be written at the same time."""
_IN_MEMORY_BYTES = 512 * 2**20


@contextmanager
def raster_target(path: Path, size: int, *, told: Path) -> Iterator[str]:
    """Where GDAL is to write a raster of so many bytes that belongs under a path.

    ``told`` is the path that an error names.

    Of a disk that is full GDAL says a line for every block and at the end that something went
    wrong. Where there is little room the file is therefore made in memory and written in one go.

    Raises
    ------
    DiskFull
        There is no room.
    """
    from rasterio.io import MemoryFile

    free = free_bytes(path.parent)
    with full_disk_told(told):
        if free is None or free > _OTHERS * size or size > _IN_MEMORY_BYTES:
            yield str(path)
            return
        with MemoryFile(ext=path.suffix) as memory:
            yield memory.name
            path.write_bytes(memory.read())

"""What rasters say of their size is held against the length of their files."""

from __future__ import annotations

from typing import Any

import numpy as np

from solweig.errors import InvalidSurfaceData

__all__ = ["check_declared"]

_DRIVERS = ("GTiff", "COG", "AAIGrid")  # whose cells are in the file itself
_MOST = 2**18
"""Bytes that one byte can stand for: empty blocks of 512 x 512 doubles take 8 bytes each."""
_SMALL = 2**24


def check_declared(name: str, dataset: Any, length: int) -> None:
    """Refuse a raster that says to be larger than a file of this many bytes can hold.

    Raises
    ------
    InvalidSurfaceData
        It does.
    """
    said = dataset.width * dataset.height * np.dtype(dataset.dtypes[0]).itemsize
    if dataset.driver in _DRIVERS and said > max(_SMALL, _MOST * length):
        raise InvalidSurfaceData(
            name,
            f"a raster that a file of {length} bytes can hold",
            f"one of {dataset.height} x {dataset.width} cells",
            "The file is damaged or cut short.",
        )

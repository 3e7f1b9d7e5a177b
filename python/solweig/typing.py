"""Names of the types that many modules share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "F32",
    "F64",
    "U8",
    "U32",
    "Advance",
    "Bool",
    "Bounds",
    "Window",
]

F32: TypeAlias = NDArray[np.float32]
F64: TypeAlias = NDArray[np.float64]
U8: TypeAlias = NDArray[np.uint8]
U32: TypeAlias = NDArray[np.uint32]
Bool: TypeAlias = NDArray[np.bool_]

Window: TypeAlias = tuple[slice, slice]
"""Rows and columns of a part of a raster."""
Bounds: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north."""
Advance: TypeAlias = Callable[[int, int], Any]
"""Called with (done, total)."""

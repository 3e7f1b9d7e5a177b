"""Arrays of the size of the grid: in memory, or mapped files where they would not fit it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.inputs.grid import row_bands
from solweig.memory_limits import stay_on_disk

__all__ = ["BYTES_PER_CELL", "Scratch"]

BYTES_PER_CELL = 96.0
"""What a build takes at most, from returns to layers."""


class Scratch:
    """Makes the arrays of a build.

    Parameters
    ----------
    folder
        For mapped files.
    shape
        Rows and columns of the grid.
    on_disk
        Whether arrays are mapped files; None = where the memory asks for it.
    """

    def __init__(self, folder: Path, shape: tuple[int, int], on_disk: bool | None = None) -> None:
        self.folder, self.shape = folder, shape
        cells = shape[0] * shape[1]
        self.on_disk = stay_on_disk(cells, BYTES_PER_CELL) if on_disk is None else on_disk
        self._count = 0

    def full(self, dtype: Any, value: Any) -> NDArray[Any]:
        """An array of the grid's shape that holds one value."""
        if not self.on_disk:
            if value == 0:
                return np.zeros(self.shape, dtype)
            return np.full(self.shape, value, dtype)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"array_{self._count}.npy"
        self._count += 1
        mapped = np.lib.format.open_memmap(path, "w+", np.dtype(dtype), self.shape)
        if value != 0:  # a new file reads as zeros
            for rows in row_bands(self.shape[0]):
                mapped[rows] = value
        return mapped

"""Numbers of a file and the values they stand for."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import InvalidSurfaceData

__all__ = ["PLAIN", "Stored", "check_stored"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stored:
    """How stored numbers become values: ``(number * scale + shift) * metres``."""

    scale: float = 1.0
    shift: float = 0.0
    metres: float = 1.0

    @property
    def plain(self) -> bool:
        """Whether the numbers are the values."""
        return (self.scale, self.shift, self.metres) == (1.0, 0.0, 1.0)

    def values(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Values of numbers, in double precision; the numbers themselves where they are plain."""
        if self.plain:
            return numbers
        return (numbers.astype(np.float64) * self.scale + self.shift) * self.metres

    def meant(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """:meth:`values` in the least floating type that holds the numbers."""
        if self.plain:
            return numbers
        return self.values(numbers).astype(np.result_type(numbers.dtype, np.float32))

    def numbers(self, name: str, values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
        """What is stored for values in a file of a type; NaN stays.

        Raises
        ------
        InvalidSurfaceData
            The type cannot hold it.
        """
        if self.plain:
            return values
        numbers = np.asarray((values.astype(np.float64) / self.metres - self.shift) / self.scale)
        if np.issubdtype(dtype, np.floating):
            return numbers
        numbers, limits = np.rint(numbers), np.iinfo(dtype)
        with np.errstate(invalid="ignore"):
            outside = (numbers < limits.min) | (numbers > limits.max)
        if bool(outside.any()):
            low, high = sorted(float(self.values(np.array(v))) for v in (limits.min, limits.max))
            raise InvalidSurfaceData(
                name, f"values from {low:g} to {high:g}",
                f"{np.nanmin(values):g} to {np.nanmax(values):g}",
            )  # fmt: skip
        return numbers


PLAIN = Stored()
"""The numbers are the values."""


def check_stored(name: str, scale: Any, shift: Any) -> tuple[float, float]:
    """Scale and offset of a file as numbers.

    Raises
    ------
    InvalidSurfaceData
        They make no values of the stored numbers.
    """
    scale, shift = float(scale), float(shift)
    if not (math.isfinite(scale) and math.isfinite(shift) and scale != 0.0):
        raise InvalidSurfaceData(
            name, "a finite scale other than 0 and a finite offset", f"{scale:g} and {shift:g}"
        )
    if (scale, shift) != (1.0, 0.0):
        logger.info("%s: stored values times %g plus %g, as the file says", name, scale, shift)
    return scale, shift

"""Read-only groups of a surface's layers, and its scratch arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from solweig.surface.shadow_arrays import ShadowArrays
from solweig.surface.svf_arrays import SvfArrays
from solweig.typing import F32


class _View:
    @classmethod
    def of(cls, surface: Any) -> Self:
        """The group's layers of a surface; no copy."""
        names = [f.name for f in fields(cls)]  # type: ignore[arg-type]
        return cls(**{name: getattr(surface, name) for name in names})


@dataclass(frozen=True, eq=False)
class GeometryView(_View):
    """Heights [m] and walls."""

    dsm: F32
    dem: F32 | None
    cdsm: F32 | None
    tdsm: F32 | None
    wall_height: F32 | None
    wall_aspect: F32 | None
    pixel_size: float
    trunk_ratio: float
    dsm_relative: bool
    cdsm_relative: bool
    tdsm_relative: bool
    max_height: float
    shape: tuple[int, int]


@dataclass(frozen=True, eq=False)
class OpticalView(_View):
    """What ground and canopies do with radiation."""

    albedo: F32 | None
    emissivity: F32 | None
    land_cover: NDArray[np.uint8] | None
    transmissivity: F32 | None

    @property
    def has_land_cover(self) -> bool:
        """Whether there are classes of the ground."""
        return self.land_cover is not None


@dataclass(frozen=True, eq=False)
class AuxiliaryView(_View):
    """What is derived from the heights."""

    svf: SvfArrays | None
    shadow_matrices: ShadowArrays | None
    valid_mask: NDArray[np.bool_]
    wall_height: F32 | None
    wall_aspect: F32 | None

    @property
    def has_walls(self) -> bool:
        """Whether walls are known."""
        return self.wall_height is not None and self.wall_aspect is not None

    @property
    def has_svf(self) -> bool:
        """Whether sky view factors are known."""
        return self.svf is not None

    @property
    def is_ready(self) -> bool:
        """Whether a run may start: sky view factors are known, and walls can be computed."""
        return self.has_svf


class BufferPool:
    """Named float32 scratch arrays of one shape, made on first use."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape
        self._arrays: dict[str, F32] = {}

    def get(self, name: str) -> F32:
        """The array of this name; its content is whatever was left in it."""
        if name not in self._arrays:
            self._arrays[name] = np.empty(self.shape, dtype=np.float32)
        return self._arrays[name]

    def get_zeros(self, name: str) -> F32:
        """The array of this name, set to zero."""
        array = self.get(name)
        array.fill(0.0)
        return array

    def clear(self) -> None:
        """Free all arrays."""
        self._arrays.clear()

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(array.nbytes for array in self._arrays.values())

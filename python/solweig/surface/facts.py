"""What tiles are told of the whole raster, without the engine's copy of all its heights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from solweig.surface.data import SurfaceData

__all__ = ["SceneFacts", "scene_facts"]

_BAND_CELLS = 1 << 22
MIN_VEGETATION_M = 0.1
"""Lower vegetation counts as none (G 1.4), as in the engine."""


@dataclass(frozen=True)
class SceneFacts:
    """Of a preprocessed surface.

    Attributes:
        shape: rows, columns.
        pixel_size: side of a cell [m].
        datum: height that the engine subtracts, that of the lowest cell [m].
        relief_m: at least the largest height difference a ray can meet [m].
        has_vegetation: whether anything grows.
    """

    shape: tuple[int, int]
    pixel_size: float
    datum: float
    relief_m: float
    has_vegetation: bool

    def arguments(self, surface: SurfaceData) -> dict[str, Any]:
        """What the scene of a tile is told besides its rasters."""
        return {
            "pixel_size": self.pixel_size,
            "trunk_ratio": surface.trunk_ratio,
            "relative_bush": surface.formulation == "improved",
            "datum": self.datum,
            "vegetation": self.has_vegetation,
        }


def scene_facts(surface: SurfaceData) -> SceneFacts:
    """Read a preprocessed surface band by band."""
    rows, cols = surface.shape
    low, high, grows = np.inf, -np.inf, False
    step = max(_BAND_CELLS // cols, 1)
    for row in range(0, rows, step):
        band = slice(row, row + step)
        dsm = surface.dsm[band]
        known = np.isfinite(dsm)
        if known.any():
            low = min(low, float(dsm[known].min()))
            high = max(high, float(dsm[known].max()))
        if surface.cdsm is None or not np.any(surface.cdsm[band] > 0):
            continue
        base = dsm.astype(np.float64)
        if surface.dem is not None:
            dem = surface.dem[band]
            base = np.where(np.isfinite(dem), dem, base)
        top = base + np.nan_to_num(surface.cdsm[band].astype(np.float64))
        crowns = top[top - base >= MIN_VEGETATION_M]
        if crowns.size:
            grows, high = True, max(high, float(crowns.max()))
    if not np.isfinite(low):
        return SceneFacts((rows, cols), float(surface.pixel_size), 0.0, 0.0, grows)
    # Heights are rounded once, to the spacing of single precision.
    relief = max(high - low, 0.0) * 1.000_01 + 1e-3
    return SceneFacts((rows, cols), float(surface.pixel_size), low, relief, grows)

"""What tiles are told of the whole raster, without the engine's copy of all its heights."""

from __future__ import annotations

import numpy as np

from solweig.surface.foliage import MIN_VEGETATION_M
from solweig.surface.heights import preprocess
from solweig.surface.layers import Layers, SceneFacts

__all__ = ["SceneFacts", "facts_of", "scene_facts"]

_BAND_CELLS = 1 << 22


def facts_of(surface: Layers) -> SceneFacts:
    """What tiles are told of the whole raster; found once and kept."""
    preprocess(surface)
    if surface.kept.facts is None:
        surface.kept.facts = scene_facts(surface)
    return surface.kept.facts


def scene_facts(surface: Layers) -> SceneFacts:
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
    own = grows and surface.transmissivity is not None
    if not np.isfinite(low):
        return SceneFacts((rows, cols), float(surface.pixel_size), 0.0, 0.0, grows, own)
    # Heights are rounded once, to the spacing of single precision.
    relief = max(high - low, 0.0) * 1.000_01 + 1e-3
    return SceneFacts((rows, cols), float(surface.pixel_size), low, relief, grows, own)

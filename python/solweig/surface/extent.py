"""Cutting a surface to the cells that have data."""

from __future__ import annotations

import numpy as np

from solweig.surface.checks import contiguous
from solweig.surface.heights import preprocess
from solweig.surface.layers import LAYER_NAMES, Layers
from solweig.typing import Bool


def find_valid(surface: Layers) -> Bool:
    """Cells with a surface height, boolean ``[row, col]``, found anew and kept."""
    preprocess(surface)
    surface.kept.valid = ~np.isnan(surface.dsm)
    return surface.kept.valid


def valid_of(surface: Layers) -> Bool:
    """Cells with a surface height; found once and kept."""
    return find_valid(surface) if surface.kept.valid is None else surface.kept.valid


def apply_mask(surface: Layers) -> None:
    """Remove the layers' data where the valid mask is false (NaN; land cover 0)."""
    valid = valid_of(surface)
    if valid.all():
        return
    for name in LAYER_NAMES:
        layer = getattr(surface, name)
        if layer is not None:
            empty = layer.dtype.type(0 if name == "land_cover" else np.nan)
            setattr(surface, name, np.where(valid, layer, empty))
    surface.clear_buffers()


def crop_to_valid(surface: Layers) -> tuple[int, int, int, int]:
    """Cut every layer to the box around the cells with data; return it."""
    valid = valid_of(surface)
    rows, cols = np.flatnonzero(valid.any(axis=1)), np.flatnonzero(valid.any(axis=0))
    r0, r1, c0, c1 = int(rows[0]), int(rows[-1]) + 1, int(cols[0]), int(cols[-1]) + 1
    if (r0, c0, r1, c1) != (0, 0, *surface.shape):
        _crop(surface, r0, r1, c0, c1)
    return r0, r1, c0, c1


def _crop(surface: Layers, r0: int, r1: int, c0: int, c1: int) -> None:
    for name in LAYER_NAMES:
        layer = getattr(surface, name)
        if layer is not None:
            part = layer[r0:r1, c0:c1]
            part = part.copy() if name == "land_cover" else contiguous(part)
            setattr(surface, name, part)
    if surface.svf is not None:
        surface.svf = surface.svf.crop(r0, r1, c0, c1)
    if surface.shadow_matrices is not None:
        surface.shadow_matrices = surface.shadow_matrices.crop(r0, r1, c0, c1)
    if surface.geotransform is not None:
        west, dx, rx, north, ry, dy = surface.geotransform
        surface.geotransform = [
            west + c0 * dx + r0 * rx,
            dx,
            rx,
            north + c0 * ry + r0 * dy,
            ry,
            dy,
        ]
    surface.clear_buffers()

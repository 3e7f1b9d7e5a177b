"""The engine's view of a surface: its scene, and what is open ground."""

from __future__ import annotations

import logging

import numpy as np

from solweig import _core
from solweig.messages import warn_once
from solweig.surface.heights import estimate_ground, preprocess
from solweig.surface.layers import Layers
from solweig.typing import U8

__all__ = ["buildings_of", "scene_of"]

logger = logging.getLogger(__name__)


def scene_of(surface: Layers) -> _core.Scene:
    """The geometry in the form the engine reads; built once and kept."""
    preprocess(surface)
    if surface.kept.scene is None:
        surface.kept.scene = build_scene(surface)
    return surface.kept.scene


def build_scene(surface: Layers) -> _core.Scene:
    """The geometry in the form the engine reads; a canopy of nothing counts as none."""
    has_canopy = surface.cdsm is not None and bool(np.any(surface.cdsm > 0))
    return _core.Scene(
        surface.dsm,
        pixel_size=surface.pixel_size,
        dem=surface.dem,
        canopy=surface.cdsm if has_canopy else None,
        trunk=surface.tdsm if has_canopy else None,
        transmissivity=surface.transmissivity if has_canopy else None,
        trunk_ratio=surface.trunk_ratio,
        relative_bush=surface.formulation == "improved",
    )


def buildings_of(surface: Layers) -> U8:
    """1 = open ground, 0 = building; found once and kept, see ``SurfaceData.buildings``."""
    if surface.kept.buildings is None:
        surface.kept.buildings = buildings_mask(surface)
    return surface.kept.buildings


def buildings_mask(surface: Layers) -> U8:
    """1 = open ground, 0 = building, uint8 ``[row, col]`` (G 1.6)."""
    preprocess(surface)
    dem = surface.dem
    if surface.land_cover is None and dem is None:
        warn_once(
            logger,
            "neither dem nor land_cover given: buildings are told from the ground by a ground "
            "level estimated from the dsm",
        )
        dem = estimate_ground(surface.dsm, surface.pixel_size)
    return _core.buildings_mask(surface.dsm, dem=dem, land_cover=surface.land_cover)

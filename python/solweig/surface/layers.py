"""The layers of a surface: their names, and the checks on making one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solweig.errors import ConfigurationError
from solweig.surface import checks as checks

if TYPE_CHECKING:
    from solweig.surface.data import SurfaceData

_FLOAT_LAYERS = ("dsm", "cdsm", "dem", "tdsm", "albedo", "emissivity", "wall_height", "wall_aspect")
#: All layers that are arrays on the grid.
LAYER_NAMES = (*_FLOAT_LAYERS, "land_cover")
#: Walls lower than this do not count [m] (G 6.1).
WALL_LIMIT_M = 1.0
FORMULATIONS = ("reference", "improved")


def check_surface(surface: SurfaceData) -> None:
    """Bring the layers of a new surface to float32 (land cover: uint8) and check everything.

    Raises InvalidSurfaceData, GridShapeMismatch or ConfigurationError; see ``SurfaceData``.
    """
    checks.check_parameters(
        pixel_size=surface.pixel_size,
        trunk_ratio=surface.trunk_ratio,
        min_object_height=surface.min_object_height,
        dem_smooth_sigma=surface.dem_smooth_sigma,
    )
    if surface.formulation not in FORMULATIONS:
        raise ConfigurationError(
            "formulation", " or ".join(map(repr, FORMULATIONS)), repr(surface.formulation)
        )
    for name in _FLOAT_LAYERS:
        value = getattr(surface, name)
        if value is not None or name == "dsm":
            setattr(surface, name, checks.as_layer(name, value))
    for name in _FLOAT_LAYERS:
        layer = getattr(surface, name)
        if layer is not None:
            checks.check_shape(name, surface.dsm.shape, layer.shape)
    _check_values(surface)
    if surface.land_cover is not None:
        surface.land_cover = checks.check_land_cover(surface.land_cover, surface.dsm.shape)
    for name in ("svf", "shadow_matrices"):
        part = getattr(surface, name)
        if part is not None:
            checks.check_shape(name, surface.shape, part.shape)


def _check_values(surface: SurfaceData) -> None:
    checks.check_elevation("dsm", surface.dsm, relative=surface.dsm_relative)
    if surface.dem is not None:
        checks.check_elevation("dem", surface.dem)
    for name, relative in (("cdsm", surface.cdsm_relative), ("tdsm", surface.tdsm_relative)):
        layer = getattr(surface, name)
        if layer is not None:
            setattr(surface, name, checks.clean_vegetation(name, layer, relative=relative))
    known = ~np.isnan(surface.dsm)
    for name in ("albedo", "emissivity"):
        layer = getattr(surface, name)
        if layer is not None:
            checks.check_fraction(name, layer, where=known)
    checks.check_walls(surface.wall_height, surface.wall_aspect)

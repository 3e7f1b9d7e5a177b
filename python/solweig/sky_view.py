"""The engine's view of a surface: scene, building mask, sky view factors, patch visibility."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solweig import _core
from solweig import surface_checks as checks
from solweig.feedback import Feedback
from solweig.precomputed import ShadowArrays, SvfArrays
from solweig.preprocess import estimate_ground

if TYPE_CHECKING:
    from solweig.surface import SurfaceData

logger = logging.getLogger(__name__)


def build_scene(surface: SurfaceData) -> _core.Scene:
    """The geometry in the form the engine reads; a canopy of nothing counts as none."""
    has_canopy = surface.cdsm is not None and bool(np.any(surface.cdsm > 0))
    return _core.Scene(
        surface.dsm,
        pixel_size=surface.pixel_size,
        dem=surface.dem,
        canopy=surface.cdsm if has_canopy else None,
        trunk=surface.tdsm if has_canopy else None,
        trunk_ratio=surface.trunk_ratio,
        relative_bush=surface.formulation == "improved",
    )


def buildings_mask(surface: SurfaceData) -> NDArray[np.uint8]:
    """1 = open ground, 0 = building; see ``SurfaceData.buildings``."""
    surface.preprocess()
    dem = surface.dem
    if surface.land_cover is None and dem is None:
        logger.warning(
            "neither dem nor land_cover given: buildings are told from the ground by a ground "
            "level estimated from the dsm"
        )
        dem = estimate_ground(surface.dsm, surface.pixel_size)
    return _core.buildings_mask(surface.dsm, dem=dem, land_cover=surface.land_cover)


def compute_sky_view(
    surface: SurfaceData,
    patch_option: int,
    max_shadow_distance_m: float,
    feedback: Any,
    height_bound_m: float | None = None,
) -> tuple[SvfArrays, ShadowArrays]:
    """Sky view factors and visibility; see ``SurfaceData.compute_svf``."""
    checks.check_parameters(
        pixel_size=surface.pixel_size,
        trunk_ratio=surface.trunk_ratio,
        min_object_height=surface.min_object_height,
        dem_smooth_sigma=surface.dem_smooth_sigma,
        patch_option=patch_option,
        max_shadow_distance_m=max_shadow_distance_m,
    )
    listener = Feedback(feedback, "sky view factors")
    listener.check()
    scene = surface.scene()
    surface.walls()
    improved = surface.formulation == "improved"
    view = scene.svf(
        patch_option,
        max_shadow_distance_m=float(max_shadow_distance_m),
        height_bound_m=height_bound_m,
        normalised_sectors=improved,
        zenith_canopy="overhead" if improved else "reference",
        progress=listener.callback(),
    )
    listener.check()
    grids, masks = view.fields(), view.masks()
    if not scene.has_vegetation:
        # Ten grids of ones; SvfArrays shares one between them.
        grids = {name: grid for name, grid in grids.items() if "veg" not in name}
    return SvfArrays(**grids), ShadowArrays.from_words(masks, patch_option)

"""From the heights users have to the heights the model takes.

After :func:`to_model_heights` the surface and ground models are elevations, canopy and trunk zone
are heights above ground (G 1.1-1.3).
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

import numpy as np

from solweig.errors import InvalidSurfaceData
from solweig.messages import warn_user
from solweig.surface import checks, plausible
from solweig.surface.checks import why_canopy_looks_absolute, why_surface_frame_looks_wrong
from solweig.surface.foliage import of_canopies
from solweig.surface.layers import Layers
from solweig.typing import F32

logger = logging.getLogger(__name__)

# Side of the square within which bare ground must exist where there is no ground model.
_GROUND_WINDOW_M = 100.0
# The reference's bound of shadows: window, share of the heights, most that canopies count.
_BOUND_WINDOW_M, _BOUND_PERCENT, _BOUND_CANOPY_M = 100.0, 99.9, 50.0
_ROWS = 512
"""Rows looked at in one go, where a copy of the whole would take memory for nothing."""


@dataclass
class Heights:
    """The height layers of a surface, float32 ``[row, col]``, NaN = no data."""

    dsm: F32
    dem: F32 | None
    cdsm: F32 | None
    tdsm: F32 | None


def preprocess(surface: Layers) -> None:
    """Bring the height layers to the model's frame; does nothing the second time.

    Raises
    ------
    InvalidSurfaceData
        A relative DSM without a DEM, a building or tree higher than any, a canopy of unknown
        transmissivity beside others.

    Warns
    -----
    UserWarning
        With the reason, where a layer looks like the other kind of heights or holds what look like
        undeclared gaps, or the surface lies below the ground.
    """
    if surface.in_model_frame:
        return
    given, look = _heights(surface), plausible.Look(surface.georef)
    other_frame = given.dem is not None and warn_if_other_frame(
        given.dsm, given.dem, relative=surface.dsm_relative
    )
    if not other_frame:
        plausible.check_surface(given.dsm, given.dem, look, relative=surface.dsm_relative)
    result = to_model_heights(
        given,
        dsm_relative=surface.dsm_relative,
        cdsm_relative=surface.cdsm_relative,
        tdsm_relative=surface.tdsm_relative,
        min_object_height=surface.min_object_height,
        smooth_quantized_dem=surface.smooth_quantized_dem,
        dem_smooth_sigma=surface.dem_smooth_sigma,
        look=look,
    )
    _take(surface, result)
    if surface.transmissivity is not None:
        surface.transmissivity = of_canopies(surface.transmissivity, surface.cdsm, look)
    surface.mark_preprocessed()


def fill_nan(surface: Layers, tolerance: float) -> None:
    """Fill cells without data from the other layers; what was computed from them is dropped."""
    preprocess(surface)
    _take(surface, fill_missing(_heights(surface), tolerance))
    if surface.svf is not None or surface.wall_height is not None:
        logger.info("heights changed: walls and sky view factors dropped")
    surface.wall_height = surface.wall_aspect = None
    surface.svf = surface.shadow_matrices = None


def max_height(surface: Layers) -> float:
    """Height of the highest roof or canopy above the lowest surface [m]."""
    preprocess(surface)
    top = float(np.nanmax(surface.dsm))
    if surface.cdsm is not None:
        base = surface.dsm if surface.dem is None else surface.dem
        top = max(top, float(np.nanmax(base + surface.cdsm)))
    return top - float(np.nanmin(surface.dsm))


def looks_relative(surface: Layers) -> bool:
    """Whether the canopy layer looks like heights above ground; true without a canopy."""
    if surface.cdsm is None:
        return True
    ground = surface.dsm if surface.dem is None else surface.dem
    return why_canopy_looks_absolute(surface.cdsm, ground) is None


def _heights(surface: Layers) -> Heights:
    return Heights(surface.dsm, surface.dem, surface.cdsm, surface.tdsm)


def _take(surface: Layers, result: Heights) -> None:
    for name in ("dsm", "dem", "cdsm", "tdsm"):
        layer = getattr(result, name)
        setattr(surface, name, None if layer is None else checks.contiguous(layer))
    surface.clear_buffers()


def to_model_heights(
    heights: Heights,
    *,
    dsm_relative: bool,
    cdsm_relative: bool,
    tdsm_relative: bool,
    min_object_height: float,
    smooth_quantized_dem: bool,
    dem_smooth_sigma: float,
    look: plausible.Look,
) -> Heights:
    """Bring all layers to the model's frame; the given arrays are not modified.

    In this order: smooth a ground model stored in whole metres (:func:`smooth_quantized`); add the
    ground to a relative surface model; fall back to the surface model where the ground is unknown;
    level objects lower than ``min_object_height`` (:func:`level_small_objects`; 0 switches it
    off); take the ground off absolute canopy and trunk heights; vegetation where it is unknown
    counts as none.

    Raises
    ------
    InvalidSurfaceData
        A relative surface model without a ground model.
    """
    dsm, dem = heights.dsm, heights.dem
    if dem is not None and smooth_quantized_dem and dem_smooth_sigma > 0.0:
        dem = smooth_quantized(dem, dem_smooth_sigma)
    if dsm_relative:
        if dem is None:
            raise InvalidSurfaceData(
                "dem",
                "a ground model, because dsm_relative=True",
                "none",
                "Give dem= (--dem), or, if the DSM holds elevations, dsm_relative=False (leave out "
                "--dsm-relative).",
            )
        dsm = dem + dsm
    if dem is not None:
        unknown = np.isnan(dem) & ~np.isnan(dsm)
        if unknown.any():
            logger.info("dem: %d cells without data take the DSM's height", int(unknown.sum()))
            dem = np.where(unknown, dsm, dem)
        if min_object_height > 0.0:
            dsm = level_small_objects(dsm, dem, min_object_height)
    base = dsm if dem is None else dem
    canopy = _vegetation("cdsm", heights.cdsm, base, cdsm_relative, look)
    trunk = _vegetation("tdsm", heights.tdsm, base, tdsm_relative, look)
    if canopy is not None and trunk is not None:
        above = trunk > canopy
        if above.any():
            logger.warning(
                "tdsm: %d cells above the canopy top are lowered to it", int(above.sum())
            )
            trunk = np.minimum(trunk, canopy)
    return Heights(dsm, dem, canopy, trunk)


def _vegetation(
    name: str, layer: F32 | None, base: F32, relative: bool, look: plausible.Look
) -> F32 | None:
    if layer is None:
        return None
    if not relative:
        plausible.warn_if_below_ground(name, layer, base, look)
        layer = np.maximum(layer - base, np.float32(0.0))
    plausible.check_canopy(name, layer, look)
    if relative and name == "cdsm":
        warn_if_absolute(layer, base)
    return np.where(np.isnan(layer), np.float32(0.0), layer)


def warn_if_other_frame(dsm: F32, dem: F32, *, relative: bool) -> bool:
    """Warn, with the reason, where the surface model looks like the other kind of heights."""
    reason = why_surface_frame_looks_wrong(dsm, dem, relative=relative)
    if reason:
        expected, other = ("heights above ground", "elevations")[:: 1 if relative else -1]
        warn_user(
            f"dsm: expected {expected} (dsm_relative={relative}), got what look like {other}: "
            f"{reason}. If they are, pass dsm_relative={not relative} "
            f"({'leave out' if relative else 'add'} --dsm-relative)."
        )
    return reason is not None


def warn_if_absolute(canopy: F32, ground: F32) -> None:
    """Warn, with the reason, where a canopy said to be relative looks absolute."""
    reason = why_canopy_looks_absolute(canopy, ground)
    if reason:
        warn_user(
            "cdsm: expected heights above ground (cdsm_relative=True), got what look like "
            f"elevations: {reason}. If they are, pass cdsm_relative=False (--cdsm-absolute)."
        )


# ------------------------------------------------------------------ ground model


def quantisation_step(dem: F32) -> float | None:
    """The height step (1 or 0.5 m) of a ground model stored in steps, else ``None``.

    A model counts as stored in steps when 99.9 % of its values are multiples of the step and more
    than one value occurs.
    """
    known = int(np.count_nonzero(np.isfinite(dem)))
    if known == 0 or np.nanmin(dem) == np.nanmax(dem):
        return None
    return next((step for step in (1.0, 0.5) if _in_steps(dem, step, known)), None)


def _in_steps(dem: F32, step: float, known: int) -> bool:
    """Whether 99.9 % of the ``known`` values are multiples; ends as soon as too many are not."""
    most, between = 0.001 * known, 0
    for row in range(0, dem.shape[0], _ROWS):
        part = dem[row : row + _ROWS]
        scaled = part[np.isfinite(part)] / np.float32(step)
        between += int(np.count_nonzero(np.abs(scaled - np.rint(scaled)) >= 1e-4))
        if between > most:
            return False
    return True


def smooth_quantized(dem: F32, sigma: float) -> F32:
    """Smooth a ground model stored in whole or half metres; return others as they are.

    Such steps act as small walls and shade flat ground. A Gaussian of ``sigma`` pixels, over cells
    with data only, removes them; no height moves by more than half a step, which is all that
    rounding can have hidden, so real edges stay.
    """
    step = quantisation_step(dem)
    if step is None:
        return dem
    logger.info("dem: heights come in steps of %g m; smoothed (sigma %g pixels)", step, sigma)
    known = np.isfinite(dem)
    weight = _gaussian(known.astype(np.float32), sigma)
    total = _gaussian(np.where(known, dem, np.float32(0.0)), sigma)
    half = np.float32(step / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        smooth = np.clip(total / weight, dem - half, dem + half)
    return np.where(known, smooth, np.float32(np.nan)).astype(np.float32)


def _gaussian(layer: F32, sigma: float) -> F32:
    """Separable Gaussian, cut at 4 sigma, nothing beyond the edges."""
    radius = max(1, math.ceil(4.0 * sigma))
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    taps /= taps.sum()
    for _ in range(2):  # along rows, transpose, along rows again
        padded = np.pad(layer, ((radius, radius), (0, 0)))
        out = np.zeros_like(layer)
        for k, tap in enumerate(taps):
            out += np.float32(tap) * padded[k : k + layer.shape[0]]
        layer = np.ascontiguousarray(out.T)
    return layer


def level_small_objects(dsm: F32, dem: F32, min_object_height: float) -> F32:
    """Set the surface to the ground where they differ by less than ``min_object_height``.

    Removes cars, hedges and disagreement between two surveys, which would otherwise count as walls
    and shade. Deeper pits than that are kept.
    """
    with np.errstate(invalid="ignore"):
        small = np.abs(dsm - dem) < np.float32(min_object_height)
    changed = small & (dsm != dem)
    if not changed.any():
        return dsm
    logger.info(
        "dsm: %d cells within %g m of the ground levelled to it",
        int(changed.sum()),
        min_object_height,
    )
    return np.where(small, dem, dsm)


def estimate_ground(dsm: F32, pixel_size: float) -> F32:
    """Ground elevation from the surface model alone: its morphological opening.

    Minimum, then maximum over a square of 100 m: removes whatever is narrower than that and keeps
    slopes. Used only to tell roofs from ground where neither a ground model nor land cover is
    given.
    """
    radius = max(1, round(_GROUND_WINDOW_M / 2 / pixel_size))
    ground = np.where(np.isnan(dsm), np.float32(np.inf), dsm)
    for _ in range(2):
        ground = _running_minimum(ground, radius).T
    ground = np.where(np.isinf(ground), np.float32(-np.inf), ground)
    for _ in range(2):
        ground = -_running_minimum(-ground, radius).T
    return np.where(np.isnan(dsm), np.float32(np.nan), np.minimum(ground, dsm))


def reference_height_bound(surface: Layers) -> float:
    """How far below their source the reference ends shadows [m] (G-Q8).

    The 99.9th percentile of heights above the lowest surface within 100 m, or the range of the
    surface model where there is no ground model; at least the range of the canopies, which counts
    for 50 m at the most.
    """
    dsm = np.asarray(surface.dsm, np.float64)
    if surface.dem is None:
        above = float(np.nanmax(dsm) - np.nanmin(dsm))
    else:
        lowest = np.where(np.isnan(surface.dsm), np.float32(np.inf), surface.dsm)
        radius = max(1, math.ceil(_BOUND_WINDOW_M / surface.pixel_size))
        for _ in range(2):
            lowest = _running_minimum(lowest, radius).T
        above = float(np.nanpercentile(dsm - lowest, _BOUND_PERCENT))
    if surface.cdsm is None:
        return above
    canopy = float(np.nanmax(surface.cdsm) - np.nanmin(surface.cdsm))
    return max(above, min(_BOUND_CANOPY_M, canopy))


def _running_minimum(layer: F32, radius: int) -> F32:
    """Minimum over ``2 radius + 1`` rows (van Herk 1992): two accumulations, any radius."""
    rows, cols = layer.shape
    size = 2 * radius + 1
    blocks = -(-(rows + 2 * radius) // size)
    padded = np.full((blocks * size, cols), np.inf, dtype=np.float32)
    padded[radius : radius + rows] = layer
    grouped = padded.reshape(blocks, size, cols)
    forward = np.minimum.accumulate(grouped, axis=1).reshape(-1, cols)
    backward = np.minimum.accumulate(grouped[:, ::-1], axis=1)[:, ::-1].reshape(-1, cols)
    return np.minimum(backward[:rows], forward[size - 1 : size - 1 + rows])


# ------------------------------------------------------------------ no data


def fill_missing(heights: Heights, tolerance: float) -> Heights:
    """Fill cells without data from the other layers.

    Surface from ground and ground from surface where only one is known; unknown vegetation is
    none, and vegetation lower than ``tolerance`` [m] is none. Cells known to neither stay NaN.
    """
    dsm, dem = heights.dsm, heights.dem
    if dem is not None:
        dsm, dem = (
            np.where(np.isnan(dsm), dem, dsm),
            np.where(np.isnan(dem), dsm, dem),
        )

    def vegetation(layer: F32 | None) -> F32 | None:
        if layer is None:
            return None
        low = np.isnan(layer) | (layer < max(tolerance, 0.0))
        return np.where(low, np.float32(0.0), layer)

    return Heights(dsm, dem, vegetation(heights.cdsm), vegetation(heights.tdsm))

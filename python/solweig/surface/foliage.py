"""What the canopies of a surface let through: a layer, or made from a leaf area index."""

from __future__ import annotations

import logging

import numpy as np

from solweig.errors import InvalidSurfaceData
from solweig.leaf_area import DENSEST_LAI, EXTINCTION, USUAL, through_leaves
from solweig.messages import warn_user
from solweig.rasters.georef import GeoReference
from solweig.surface.checks import check_number, check_within
from solweig.surface.plausible import Look
from solweig.typing import F32, Bool

__all__ = ["MIN_VEGETATION_M", "of_canopies", "stands", "transmissivity_of_lai", "usual"]

logger = logging.getLogger(__name__)

MIN_VEGETATION_M = 0.1
"""Lower vegetation counts as none (G 1.3), as in the engine."""
_BARE = 0.8
"""Canopies that let more through hardly shade, and may not be those of the canopy layer."""
_BARE_SHARE = 0.05


def transmissivity_of_lai(lai: F32, extinction: float = EXTINCTION) -> F32:
    """Share of light that comes through canopies of a leaf area index.

    Parameters
    ----------
    lai
        ``[row, col]`` [m² m⁻²], 0 to 12; NaN = unknown.
    extinction
        K, above 0, at most 2.

    Returns
    -------
    F32
        ``[row, col]`` [0-1], NaN where the index is.

    Raises
    ------
    ConfigurationError
        ``extinction`` is out of range.
    InvalidSurfaceData
        An index is.

    References
    ----------
    - Monsi & Saeki (1953), Jpn. J. Bot. 14; in English Ann. Bot. 95 (2005),
      https://doi.org/10.1093/aob/mci052
    - Campbell & Norman (1998), An Introduction to Environmental Biophysics, ch. 15
    """
    k = check_number("lai_extinction", extinction, 0.0, 2.0, open_low=True)
    check_within(
        "lai", lai, DENSEST_LAI, "leaf area indices from 0 to 12",
        "Is it stored with a scale (MODIS: 0.1) that the file does not say?",
    )  # fmt: skip
    return through_leaves(lai, k)


def stands(canopy: F32 | None, shape: tuple[int, int]) -> Bool:
    """Cells over which a canopy stands, of heights above ground [m]."""
    if canopy is None:
        return np.zeros(shape, bool)
    with np.errstate(invalid="ignore"):
        return np.asarray(canopy >= np.float32(MIN_VEGETATION_M))


def usual(canopy: F32 | None, shape: tuple[int, int]) -> F32:
    """The layer of a surface whose canopies have no value of their own."""
    return np.where(stands(canopy, shape), np.float32(USUAL), np.float32(np.nan))


def of_canopies(own: F32, canopy: F32 | None, look: Look | None = None) -> F32:
    """The layer where canopies stand, NaN elsewhere.

    Parameters
    ----------
    own
        Shares ``[row, col]`` [0-1].
    canopy
        Heights above ground [m].
    look
        Where they lie.

    Raises
    ------
    InvalidSurfaceData
        A canopy without a value.

    Warns
    -----
    UserWarning
        Many canopies that let nearly everything through.
    """
    look = look or Look(GeoReference.of_grid(own.shape, 1.0, None, None))
    trees = stands(canopy, own.shape)
    unknown = trees & np.isnan(own)
    if unknown.any():
        raise InvalidSurfaceData(
            "transmissivity", "a value wherever a canopy stands",
            "none in " + look.cells(own, lambda band: unknown[band]),
            f"Fill them in ({USUAL:g} is what other canopies have), or leave the trees out (cdsm).",
        )  # fmt: skip
    with np.errstate(invalid="ignore"):
        bare = trees & (own > _BARE)
    count, total = int(bare.sum()), int(trees.sum())
    if count > _BARE_SHARE * total:
        warn_user(
            f"transmissivity: expected canopies that shade, got more than {_BARE:g} in {count} of "
            f"{total} canopy cells. Does the layer belong to these trees?"
        )
    return np.where(trees, own, np.float32(np.nan))

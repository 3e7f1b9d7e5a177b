"""From how far cells that were changed can be seen by rays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from solweig.surface.layers import Layers
from solweig.typing import F32, Window

__all__ = ["edit_reach", "grown", "highest"]

_ROUNDING, _SLACK_M = 1.000_01, 1e-3
"""Heights are rounded to single precision once; see :func:`solweig.surface.facts.scene_facts`."""


def grown(window: Window, margin: int, shape: tuple[int, int]) -> Window:
    """A window and the cells around it, inside a raster."""
    rows, cols = (
        slice(max(s.start - margin, 0), min(s.stop + margin, n))
        for s, n in zip(window, shape, strict=True)
    )
    return rows, cols


def highest(surface: Layers, window: Window) -> float:
    """Elevation of the highest roof or canopy of a window [m]; minus infinity without data."""
    tops = [surface.dsm[window]]
    if surface.cdsm is not None:
        base = surface.dsm if surface.dem is None else surface.dem
        tops += [base[window] + surface.cdsm[window], surface.dsm[window] + surface.cdsm[window]]
    known = [float(np.fmax.reduce(top, axis=None)) for top in tops]
    return max((value for value in known if np.isfinite(value)), default=-np.inf)


def edit_reach(
    dsm: F32, window: Window, top_m: float, reach_of: Callable[[float], int]
) -> tuple[int, float]:
    """How far away a ray can meet one of the cells of a window, before or after an edit.

    A ray of a cell p can meet a changed cell q only below its top: at step k it has risen by h_k,
    so that top(q) - Z(p) > h_(k-1) (G 2.3, 3.1, 4). How far that can be is bounded by the lowest
    p; the lowest within that bound gives a closer one.

    Parameters
    ----------
    dsm
        Surface heights outside the window are those before and after [m].
    window
        Of the changed cells.
    top_m
        Elevation of the highest of them, before or after [m].
    reach_of
        How far a ray is followed [px] that can meet a height difference [m].

    Returns
    -------
    int
        [px].
    float
        The height difference it comes from [m].
    """
    reach, relief, around = 0, 0.0, (slice(None), slice(None))
    for _ in range(4):
        low = float(np.fmin.reduce(dsm[around], axis=None))
        if not (np.isfinite(low) and top_m > low):
            return reach_of(0.0), 0.0
        relief = (top_m - low) * _ROUNDING + _SLACK_M
        closer = reach_of(relief)
        if reach and closer >= reach:
            return reach, relief
        reach = closer
        around = grown(window, reach, dsm.shape)
    return reach, relief

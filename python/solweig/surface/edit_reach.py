"""From where cells that were changed can be met by rays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.surface.layers import Layers
from solweig.typing import F32, F64, Bool, Window

__all__ = ["around", "grown", "held", "highest", "met_by_any_ray", "met_from"]

_SLACK_M = 2e-3
"""Heights are rounded to single precision once, and so is what a ray has risen."""
_MOST_CELLS = 65536
"""Of larger windows the heights are not compared one by one."""


def grown(window: Window, margin: int, shape: tuple[int, int]) -> Window:
    """A window and the cells around it, inside a raster."""
    rows, cols = (
        slice(max(s.start - margin, 0), min(s.stop + margin, n))
        for s, n in zip(window, shape, strict=True)
    )
    return rows, cols


def around(one: Window | None, two: Window) -> Window:
    """The smallest window that holds both."""
    if one is None:
        return two
    rows, cols = (
        slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, two, strict=True)
    )
    return rows, cols


def highest(surface: Layers, window: Window) -> F64:
    """Elevation of the roof or canopy on each cell of a window [m]; minus infinity without data."""
    tops: list[NDArray[Any]] = [surface.dsm[window].astype(np.float64)]
    if surface.cdsm is not None:
        base = surface.dsm if surface.dem is None else surface.dem
        tops += [base[window] + surface.cdsm[window], surface.dsm[window] + surface.cdsm[window]]
    return np.asarray(np.nan_to_num(np.fmax.reduce(tops), nan=-np.inf), np.float64)


def met_by_any_ray(
    dsm: F32, window: Window, top_m: float, altitude_deg: float, steps: int, pixel_size: float
) -> Window:
    """A window of all cells from which a ray can meet one of some changed cells.

    A ray of a cell p can meet a changed cell q only below its top: at step k it has risen by h_k,
    so that top(q) - Z(p) > h_(k-1) (G 2.3, 3.1, 4), and k is no less than the rows and columns
    between them.

    Parameters
    ----------
    dsm
        Surface heights; outside the window they are those before and after [m].
    window
        Of the changed cells.
    top_m
        Elevation of the highest of them, before or after [m].
    altitude_deg
        Of the lowest ray [degrees].
    steps
        How far a ray is followed, at most.
    pixel_size
        Side of a cell [m].
    """
    near = grown(window, 1, dsm.shape)
    far = grown(window, steps, dsm.shape)
    rise = pixel_size * math.tan(math.radians(altitude_deg))
    rows, cols = (
        np.maximum(np.maximum(s.start - i, i - (s.stop - 1)), 0)
        for s, i in zip(window, (np.arange(f.start, f.stop) for f in far), strict=True)
    )
    between = np.maximum(rows[:, None], cols[None, :]).astype(np.float32)
    with np.errstate(invalid="ignore"):
        meets = top_m + _SLACK_M - dsm[far] > (between - 1.0) * np.float32(rise)
    return around(near, held(meets, far) or near)


def met_from(
    dsm: F32, window: Window, tops: F64, altitude_deg: float, azimuth_deg: float, steps: int,
    pixel_size: float, low_m: float, open_to: Bool | None = None,
) -> Window:  # fmt: skip
    """A window of all cells from which a ray towards one direction can meet changed cells.

    Parameters
    ----------
    dsm, window, steps, pixel_size
        As for :func:`met_by_any_ray`.
    tops
        Elevation of each cell of the window, before or after; minus infinity where it is not
        changed [m].
    altitude_deg, azimuth_deg
        Of the light [degrees].
    low_m
        Of the lowest cell of the raster [m].
    open_to
        Cells that the edit can matter to; None is all.
    """
    near = grown(window, 1, dsm.shape)
    sine, cosine = math.sin(math.radians(azimuth_deg)), math.cos(math.radians(azimuth_deg))
    longer = max(abs(sine), abs(cosine))
    rise = pixel_size * math.tan(math.radians(altitude_deg)) / longer
    height = float(tops.max()) + _SLACK_M - low_m
    if height <= 0.0:
        return near
    # What is met from some steps away is met from none that are farther than the last of them.
    for step in range(min(int(height / rise) + 2, steps), 0, -1):
        offset = round(-cosine / longer * step), round(sine / longer * step)
        seen, mine = _overlap(window, offset, dsm.shape)
        if seen is None:
            continue
        if tops.size > _MOST_CELLS:
            return grown(around(near, seen), 1, dsm.shape)
        with np.errstate(invalid="ignore"):
            meets = tops[mine] + _SLACK_M - dsm[seen] > (step - 1) * rise
        if open_to is not None:
            meets &= open_to[seen]
        if meets.any():
            return grown(around(near, seen), 1, dsm.shape)
    return near


def _overlap(
    window: Window, offset: tuple[int, int], shape: tuple[int, int]
) -> tuple[Window | None, Window]:
    """Cells that look at a window over an offset, inside a raster; and which of it they look at."""
    seen, mine = [], []
    for s, by, n in zip(window, offset, shape, strict=True):
        start, stop = max(s.start - by, 0), min(s.stop - by, n)
        if start >= stop:
            return None, window
        seen.append(slice(start, stop))
        mine.append(slice(start + by - s.start, stop + by - s.start))
    return (seen[0], seen[1]), (mine[0], mine[1])


def held(mask: NDArray[np.bool_], window: Window) -> Window | None:
    """The smallest window of the cells of a mask, which lies in a window of the raster."""
    rows, cols = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    row, col = window[0].start, window[1].start
    return (
        slice(row + int(rows[0]), row + int(rows[-1]) + 1),
        slice(col + int(cols[0]), col + int(cols[-1]) + 1),
    )

"""Means over intervals that do not fall on the model's steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.typing import F64

__all__ = ["overlap_means"]

_WHOLE = 0.999


def overlap_means(
    steps: NDArray[np.datetime64], values: NDArray[Any], wanted: NDArray[np.datetime64]
) -> F64:
    """Mean of a stepwise series over other intervals, each step weighted by its overlap.

    Parameters
    ----------
    steps
        Beginning and end of each step, ``[m, 2]``, in order and apart.
    values
        One value a step, ``[..., m]``; NaN counts as no step.
    wanted
        Beginning and end of each interval, ``[n, 2]``.

    Returns
    -------
    F64
        ``[..., n]``, NaN where an interval is not covered.
    """
    values = np.asarray(values, np.float64)
    origin = steps[0, 0]
    edges = ((steps - origin) / np.timedelta64(1, "s")).ravel()
    ends = (wanted - origin) / np.timedelta64(1, "s")
    lengths = np.diff(edges)[::2]
    known = np.isfinite(values)
    sums = _integrals(edges, np.where(known, values, 0.0) * lengths, ends)
    covered = _integrals(edges, known * lengths, ends)
    whole = covered >= _WHOLE * (ends[:, 1] - ends[:, 0])
    return np.where(whole, sums / np.where(whole, covered, 1.0), np.nan)


def _integrals(edges: F64, amounts: NDArray[Any], ends: F64) -> F64:
    """Integral of what each step holds between two ends, ``[..., n]``."""
    flat = amounts.reshape(-1, amounts.shape[-1])
    out = np.empty((flat.shape[0], ends.shape[0]))
    for row, amount in enumerate(flat):
        # Up to the beginning of a step nothing of it, up to its end all.
        total = np.concatenate([[0.0], np.cumsum(amount)])
        reached = np.stack([total[:-1], total[1:]], axis=1).ravel()
        out[row] = np.diff(np.interp(ends, edges, reached), axis=1)[:, 0]
    return out.reshape(*amounts.shape[:-1], ends.shape[0])

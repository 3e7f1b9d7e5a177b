"""One walk along a way: sums over its time of what the cells have at that time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solweig.exposure.way import Way
from solweig.typing import F32, F64

__all__ = ["Walk", "walked"]


@dataclass(frozen=True)
class Walk:
    """What a walker met of one quantity.

    Attributes
    ----------
    seconds
        Of the walk [s].
    known
        Of it, with a value [s].
    mean, max
        Over that time [deg C]; NaN without.
    dose
        Sum over time of what the value is above the threshold [K h].
    above
        Time above the threshold [s].
    values
        Mean over the time on each piece [deg C]; NaN where a part of it had none.
    complete
        Pieces that had a value all the time.
    """

    seconds: float
    known: float
    mean: float
    max: float
    dose: float
    above: float
    values: F64
    complete: NDArray[np.bool_]


def walked(
    way: Way,
    index: NDArray[np.int64],
    along: F32,
    bounds: F64,
    start: float,
    speed: float,
    threshold: float,
) -> Walk:
    """Walk a way.

    Parameters
    ----------
    way
        Its pieces.
    index
        Cell of each piece among those of ``along``, -1 where none has a value.
    along
        Values ``[step, cell]``.
    bounds
        Beginning and end of each step [s].
    start
        Departure, on the same clock [s].
    speed
        [m/s]
    threshold
        [deg C]
    """
    total = way.total / speed
    edges = start + np.append(way.begin, way.total) / speed
    edges[-1] = start + total
    inside = bounds[(bounds > start) & (bounds < start + total)]
    times = np.unique(np.concatenate([edges, inside]))
    middle, lasts = 0.5 * (times[1:] + times[:-1]), np.diff(times)
    piece = np.clip(np.searchsorted(edges, middle, "right") - 1, 0, len(way.length) - 1)
    step = np.clip(np.searchsorted(bounds[:, 0], middle, "right") - 1, 0, len(bounds) - 1)
    here = index[piece]
    value = np.full(len(middle), np.nan)
    value[here >= 0] = along[step[here >= 0], here[here >= 0]]
    good = np.isfinite(value)
    known = float(lasts[good].sum())
    high = np.maximum(value[good] - threshold, 0.0)
    own = np.bincount(piece[good], lasts[good], len(way.length))
    sums = np.bincount(piece[good], lasts[good] * value[good], len(way.length))
    complete = np.bincount(piece[~good], minlength=len(way.length)) == 0
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.where(complete, sums / own, np.nan)
    return Walk(
        total,
        known,
        float(lasts[good] @ value[good]) / known if known > 0 else float("nan"),
        float(value[good].max()) if known > 0 else float("nan"),
        float(lasts[good] @ high) / 3600.0 if known > 0 else float("nan"),
        float(lasts[good][value[good] > threshold].sum()),
        values,
        complete,
    )

"""How well a modelled series agrees with a measured one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Agreement:
    """Figures over the hours where both series hold a number; ``r2`` is the squared correlation."""

    n: int
    rmse: float
    mae: float
    bias: float
    r2: float


def agreement(modelled: ArrayLike, measured: ArrayLike) -> Agreement:
    """Compare two series hour by hour; ``bias`` is modelled minus measured."""
    model = np.asarray(modelled, dtype=float)
    truth = np.asarray(measured, dtype=float)
    if model.shape != truth.shape:
        raise ValueError(f"series differ in length: {model.shape} and {truth.shape}")
    both = np.isfinite(model) & np.isfinite(truth)
    model, truth = model[both], truth[both]
    if model.size == 0:
        return Agreement(0, np.nan, np.nan, np.nan, np.nan)
    error = model - truth
    varies = model.size > 1 and np.ptp(model) > 0 and np.ptp(truth) > 0
    r2 = float(np.corrcoef(model, truth)[0, 1] ** 2) if varies else np.nan
    return Agreement(
        n=int(model.size),
        rmse=float(np.sqrt(np.mean(error**2))),
        mae=float(np.mean(np.abs(error))),
        bias=float(np.mean(error)),
        r2=r2,
    )

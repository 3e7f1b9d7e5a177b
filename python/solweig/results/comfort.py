"""Comfort indices from finished Tmrt grids."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from solweig import _core
from solweig.human import HumanParams
from solweig.renamed import also_named
from solweig.typing import F32

__all__ = ["compute_pet_grid", "compute_utci_grid"]


def _as_grid(tmrt: ArrayLike) -> F32:
    grid = np.ascontiguousarray(tmrt, dtype=np.float32)
    if grid.ndim != 2:
        raise ValueError(f"tmrt: expected a 2-D grid, got shape {grid.shape}")
    return grid


@also_named(wind="wind10m")
def compute_utci_grid(tmrt: ArrayLike, ta: float, rh: float, wind10m: float) -> F32:
    """UTCI of every cell (R 10).

    Parameters
    ----------
    tmrt
        Mean radiant temperature [deg C], ``[row, col]``.
    ta
        Air temperature [deg C].
    rh
        Relative humidity [%], 0-100.
    wind10m
        Wind speed at 10 m [m/s].

    Returns
    -------
    F32
        UTCI [deg C], ``[row, col]``; NaN where ``tmrt`` is NaN, and everywhere without weather.

    Raises
    ------
    ValueError
        ``tmrt`` is not 2-D.

    References
    ----------
    Bröde et al. (2012), Int. J. Biometeorol. 56, https://doi.org/10.1007/s00484-011-0454-1
    """
    return _core.utci_grid(_as_grid(tmrt), float(ta), float(rh), float(wind10m))


def compute_pet_grid(
    tmrt: ArrayLike, ta: float, rh: float, wind: float, human: HumanParams | None = None
) -> F32:
    """PET of every cell (R 11).

    Parameters
    ----------
    tmrt
        Mean radiant temperature [deg C], ``[row, col]``.
    ta
        Air temperature [deg C].
    rh
        Relative humidity [%], 0-100.
    wind
        Wind speed at 1.1 m, the height of a person's centre [m/s], above 0.
    human
        Body, age, activity and clothing; default :class:`HumanParams`.

    Returns
    -------
    F32
        PET [deg C], ``[row, col]``; NaN where ``tmrt`` is NaN, and everywhere without weather or
        wind.

    Raises
    ------
    ValueError
        ``tmrt`` is not 2-D.

    References
    ----------
    Höppe (1999), Int. J. Biometeorol. 43, https://doi.org/10.1007/s004840050118
    """
    body = human or HumanParams()
    return _core.pet_grid(
        _as_grid(tmrt),
        float(ta),
        float(rh),
        float(wind),
        weight=float(body.weight),
        age=float(body.age),
        height=float(body.height),
        activity=float(body.activity),
        clothing=float(body.clothing),
        sex=int(body.sex),
    )

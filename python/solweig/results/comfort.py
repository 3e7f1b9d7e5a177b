"""Comfort indices from finished Tmrt grids."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import ArrayLike

from solweig import _core
from solweig.errors import WeatherDataError
from solweig.human import HumanParams
from solweig.renamed import also_named
from solweig.results.ranges import ComfortCounts
from solweig.typing import F32
from solweig.weather.values import HIGHEST_WET_RH

__all__ = ["checked_humidity", "compute_pet_grid", "compute_utci_grid"]

log = logging.getLogger("solweig")

CALM = 0.1
"""Least wind of PET [m/s], that of its reference room."""


def checked_humidity(rh: float | None, hint: str | None = None) -> float:
    """Relative humidity [%] that can be, or NaN for none.

    Raises
    ------
    WeatherDataError
        Left out, or out of range.
    """
    if rh is None or not (0.0 <= rh <= HIGHEST_WET_RH or rh != rh):
        raise WeatherDataError("rh", "0 to 100 %", repr(rh), hint)
    return min(float(rh), 100.0) if rh == rh else float(rh)


def _as_grid(tmrt: ArrayLike) -> F32:
    grid = np.ascontiguousarray(tmrt, dtype=np.float32)
    if grid.ndim != 2:
        raise ValueError(f"tmrt: expected a 2-D grid, got shape {grid.shape}")
    return grid


@also_named(wind="wind10m")
def compute_utci_grid(
    tmrt: ArrayLike, ta: float, rh: float, wind10m: float, *, utci_range: str | None = None
) -> F32:
    """UTCI of every cell (R 10).

    The index was fitted for air of -50 to 50 deg C, Tmrt from 30 K below to 70 K above it, wind of
    0.5 to 17 m/s, humidity from 5 % and vapour pressure up to 50 hPa; what lies outside is logged
    with the number of cells.

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
    utci_range
        What is done outside that range: None takes stronger wind as 17 m/s and all else as given,
        "clip" brings every input to the end of its range, "flag" computes as given, "nan" gives
        NaN.

    Returns
    -------
    F32
        UTCI [deg C], ``[row, col]``; NaN where ``tmrt`` is NaN, and everywhere without weather.

    Raises
    ------
    ValueError
        ``tmrt`` is not 2-D, an unknown ``utci_range``.
    WeatherDataError
        No humidity, or one out of range; a ``ValueError`` too.

    References
    ----------
    Bröde et al. (2012), Int. J. Biometeorol. 56, https://doi.org/10.1007/s00484-011-0454-1

    Examples
    --------
    >>> from solweig.postprocess import compute_utci_grid
    >>> compute_utci_grid([[30.0, 60.0]], ta=28.0, rh=40.0, wind10m=2.0).round(1)
    array([[27. , 34.8]], dtype=float32)
    """
    grid, weather = _as_grid(tmrt), (float(ta), checked_humidity(rh), float(wind10m))
    found = _core.utci_grid(grid, *weather, utci_range)
    cells = int(np.count_nonzero(~np.isnan(grid)))
    counts = ComfortCounts.of_grid(_core.utci_outside(grid, *weather), cells)
    line = counts.utci_line(utci_range)
    if line is not None:
        log.warning("UTCI outside its published range: %s (utci_range= chooses)", line)
    return found


def compute_pet_grid(
    tmrt: ArrayLike,
    ta: float,
    rh: float,
    wind: float,
    human: HumanParams | None = None,
    *,
    pet_variant: str = "1999",
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
        Wind speed at 1.1 m, the height of a person's centre [m/s]; below 0.1, that of the reference
        room, it is taken as 0.1.
    human
        Body, age, activity, clothing and, for the variant of 2018, posture; default
        :class:`HumanParams`.
    pet_variant
        "1999" (Höppe, on one branch), "2018" (Walther & Goestchel) or "reference" (Höppe, by the
        reference's six regimes).

    Returns
    -------
    F32
        PET [deg C], ``[row, col]``; NaN where ``tmrt`` is NaN, and everywhere without weather.

    Raises
    ------
    ValueError
        ``tmrt`` is not 2-D, an unknown ``pet_variant``.
    WeatherDataError
        No humidity, or one out of range; a ``ValueError`` too.

    References
    ----------
    - Höppe (1999), Int. J. Biometeorol. 43, https://doi.org/10.1007/s004840050118
    - Walther & Goestchel (2018), Build. Environ. 137,
      https://doi.org/10.1016/j.buildenv.2018.03.054

    Examples
    --------
    >>> from solweig.postprocess import compute_pet_grid
    >>> compute_pet_grid([[30.0, 60.0]], ta=28.0, rh=40.0, wind=1.3).round(1)
    array([[27., 40.]], dtype=float32)
    """
    body = human or HumanParams()
    rh = checked_humidity(rh)
    if 0.0 <= wind < CALM:
        log.warning("PET: wind of %g m/s is taken as %g m/s", wind, CALM)
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
        sitting=body.posture == "sitting",
        variant=pet_variant,
    )

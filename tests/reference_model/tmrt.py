"""Absorbed radiation and mean radiant temperature (R 9)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.reference_model.radiation import SIDES, SIGMA

F64 = NDArray[np.float64]

FACTORS = {"standing": (0.06, 0.22, 0.28), "sitting": (0.166666, 0.166666, 0.20)}
"""Angular factors up/down, per side, and of the cylinder (R 9)."""


@dataclass(frozen=True)
class Body:
    """Absorption of short- and long-wave, posture and shape."""

    abs_k: float = 0.70
    abs_l: float = 0.97
    posture: str = "standing"
    cylinder: bool = True


@dataclass
class Fluxes:
    """Fluxes around the body [W m-2]; ``k`` and ``l`` by side. Cylinder terms may be zero."""

    kdown: F64
    kup: F64
    ldown: F64
    lup: F64
    k: dict[str, F64]
    l: dict[str, F64]
    kside: F64
    lside: F64


def absorbed(fluxes: Fluxes, body: Body) -> F64:
    """Radiation the body absorbs, S_str [W m-2] (R 9).

    The cylinder takes ``kside`` (with an isotropic sky: the beam alone) and, with an anisotropic
    sky, ``lside``.
    """
    up, side, cylinder = FACTORS[body.posture]
    short = (fluxes.kdown + fluxes.kup) * up + sum(fluxes.k[s] for s in SIDES) * side
    long = (fluxes.ldown + fluxes.lup) * up + sum(fluxes.l[s] for s in SIDES) * side
    if body.cylinder:
        short = short + fluxes.kside * cylinder
        long = long + fluxes.lside * cylinder
    return body.abs_k * short + body.abs_l * long


def mean_radiant_temperature(absorbed_flux: F64, body: Body) -> F64:
    """Tmrt [deg C]; the reference converts with 273.2 (quirk Q-01; R 9). NaN below zero flux."""
    with np.errstate(invalid="ignore"):
        return np.sqrt(np.sqrt(absorbed_flux / (body.abs_l * SIGMA))) - 273.2

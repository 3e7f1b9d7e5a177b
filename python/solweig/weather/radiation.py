"""Global, direct and diffuse radiation of a run: what was measured, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solweig.typing import F64

SHINING = 10.0
"""Radiation above this is light, not the offset of a sensor [W m-2]."""
SOLAR_CONSTANT = 1367.0
"""Outside the atmosphere [W m-2]."""
_OVERCAST = 0.65
"""Share of the light outside the atmosphere that reaches the ground under no overcast sky."""


@dataclass(frozen=True)
class Radiation:
    """Components of each step, shape ``[n]`` [W m-2].

    Attributes
    ----------
    total
        Global horizontal; never NaN.
    direct, diffuse
        Direct as it was measured (normal to the beam or horizontal), diffuse horizontal. NaN in
        both where the model has to split the global.
    measured
        Steps whose three components are all measured: only these say something about each other.
    zero_parts
        Steps whose parts were all 0 under a shining global: taken as missing.
    zero_total
        Steps whose global was 0 under shining parts: likewise.
    derived
        Steps of which one component follows from the two others.
    excess
        What the one given part is above the global [W m-2], 0 where it is not.
    """

    total: F64
    direct: F64
    diffuse: F64
    measured: NDArray[np.bool_]
    zero_parts: NDArray[np.bool_]
    zero_total: NDArray[np.bool_]
    derived: NDArray[np.bool_]
    excess: F64


def settle(total: F64, direct: F64, diffuse: F64, altitude: F64, beam: str) -> Radiation:
    """Fill in what can be known of each step.

    Parameters
    ----------
    total, direct, diffuse
        As given, NaN = missing. Where the global is missing, both parts are there.
    altitude
        Of the sun, after the low-sun rule [degrees].
    beam
        Whether direct radiation is on the beam's ``"normal"`` or ``"horizontal"``.
    """
    day = altitude > 0
    sine = np.where(day, horizontal_share(altitude, beam), np.nan)
    zero_parts = _zero_parts(day, total, direct, diffuse, altitude)
    direct = np.where(zero_parts, np.nan, direct)
    diffuse = np.where(zero_parts, np.nan, diffuse)
    sum_of_parts = direct * sine + diffuse
    zero_total = day & (total == 0) & (sum_of_parts > SHINING)
    total = np.where(zero_total, np.nan, total)
    measured = ~np.isnan(total + direct + diffuse)

    no_total = np.isnan(total)
    no_direct = day & np.isnan(direct) & ~np.isnan(diffuse)
    no_diffuse = day & np.isnan(diffuse) & ~np.isnan(direct)
    excess = np.zeros(total.size)
    excess[no_direct] = (diffuse - total)[no_direct]
    excess[no_diffuse] = (direct * sine - total)[no_diffuse]
    from_total = np.minimum((total - diffuse) / sine, SOLAR_CONSTANT)
    beam_less = total - direct * sine
    derived_direct = np.where(no_direct, np.maximum(from_total, 0.0), direct)
    derived_diffuse = np.where(no_diffuse, np.maximum(beam_less, 0.0), diffuse)
    both = ~np.isnan(derived_direct + derived_diffuse)
    return Radiation(
        # By night the parts alone say what there was, which the model leaves out anyway.
        total=np.where(no_total, np.where(day, sum_of_parts, diffuse), total),
        direct=np.where(both, derived_direct, np.nan),
        diffuse=np.where(both, derived_diffuse, np.nan),
        measured=measured,
        zero_parts=zero_parts,
        zero_total=zero_total,
        derived=(no_total & day) | no_direct | no_diffuse,
        excess=np.maximum(excess, 0.0),
    )


def _zero_parts(
    day: NDArray[np.bool_], total: F64, direct: F64, diffuse: F64, altitude: F64
) -> NDArray[np.bool_]:
    """Steps with light whose parts can only be missing.

    Light without diffuse radiation does not exist. Light without direct is an overcast sky, but
    never all day under a global that no cloud lets through.
    """
    lit = day & (total > SHINING)
    alone = lit & np.isnan(diffuse) & ~np.isnan(direct)
    outside = SOLAR_CONSTANT * np.sin(np.radians(altitude))
    no_column = not (direct[alone] > 0).any() and bool(
        (total[alone] > _OVERCAST * outside[alone]).any()
    )
    without_direct = (direct == 0) | np.isnan(direct)
    found: NDArray[np.bool_] = (lit & (diffuse == 0) & without_direct) | (alone & no_column)
    return found


def horizontal_share(altitude: F64, beam: str) -> F64:
    """What of a direct radiation falls on the horizontal: the sine of the altitude, or all."""
    if beam == "horizontal":
        return np.ones_like(altitude)
    return np.asarray(np.sin(np.radians(altitude)), np.float64)

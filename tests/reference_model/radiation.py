"""Short- and long-wave fluxes under an isotropic sky (R 7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.reference_model.geometry import RADIANS

F64 = NDArray[np.float64]

SIGMA = 5.67051e-8
KELVIN = 273.15
SIDES = ("E", "S", "W", "N")


def weight(x: F64) -> F64:
    """Angular weight of a view factor seen from a vertical surface, W(x) (R 7.2)."""
    poly = (
        63.227 * x**6 - 161.51 * x**5 + 156.91 * x**4
        - 70.424 * x**3 + 16.773 * x**2 - 0.4863 * x
    )  # fmt: skip
    return poly / 4.4897


def shaded_wall_fraction(obstruction: F64, altitude: float) -> F64:
    """Share of the surrounding walls in shade: the cylindric wedge, F_w (R 7.3).

    ``obstruction`` is the svf-equivalent angle [rad]. Undefined (open sky) means one half.
    """
    zenith = (90 - altitude) * RADIANS
    with np.errstate(divide="ignore", invalid="ignore"):
        q = 2 / (np.tan(obstruction) * np.tan(zenith))
        phi = np.arctan(0.5 * np.sqrt(4 * q**2 - 1))
        a = (np.sin(phi) - phi * np.cos(phi)) / (1 - np.cos(phi))
        low, high = 1 - q / np.pi, 1 - (q + (1 - q) * a) / np.pi
        fraction = np.where(q <= 1, low, high)
    return np.where(np.isfinite(q) & np.isfinite(fraction), fraction, 0.5)


@dataclass
class Sky:
    """Scalars of one step. ``clear`` and ``cloudy`` are sky emissivities (R 5)."""

    altitude: float
    azimuth: float
    global_rad: float
    diffuse: float
    beam: float
    ta: float
    clear: float
    cloudy: float
    clearness: float
    wall_excess: float

    @property
    def is_day(self) -> bool:
        return self.altitude > 0

    @property
    def air(self) -> float:
        """Black-body flux at air temperature, J [W m-2]."""
        return SIGMA * (self.ta + KELVIN) ** 4

    @property
    def sun_sine(self) -> float:
        return float(np.sin(self.altitude * RADIANS))

    @property
    def sun_cosine(self) -> float:
        return float(np.cos(self.altitude * RADIANS))


@dataclass
class Surroundings:
    """Static view factors of every cell, and the wall's albedo and emissivity.

    ``svf``, ``veg`` and ``aveg`` map "" (whole sky), "E", "S", "W", "N" to grids.
    """

    svf: dict[str, F64]
    veg: dict[str, F64]
    aveg: dict[str, F64]
    transmitting: F64
    obstruction: F64
    wall_albedo: float = 0.2
    wall_emissivity: float = 0.9

    def both(self, side: str) -> F64:
        """Sky free of buildings and of vegetation, s + sv − 1."""
        return self.svf[side] + self.veg[side] - 1


def mixed_wall_light(sky: Sky, shaded: F64) -> F64:
    """Light on a mean wall, part lit and part shaded, G_m (R 7.4)."""
    return sky.global_rad * (1 - shaded) + sky.diffuse * shaded


def kdown(sky: Sky, around: Surroundings, shadow: F64, drad: F64, shaded: F64) -> F64:
    """Short-wave from above (R 7.4)."""
    reflected = around.wall_albedo * (1 - around.transmitting) * mixed_wall_light(sky, shaded)
    return sky.beam * shadow * sky.sun_sine + drad + reflected


def kup(
    sky: Sky, around: Surroundings, lit: dict[str, F64], unshaded: dict[str, F64], shaded: F64
) -> dict[str, F64]:
    """Short-wave from below, whole and by side, from the albedo view factors (R 7.4)."""
    mixed = mixed_wall_light(sky, shaded)
    diffuse = sky.diffuse * around.transmitting
    diffuse = diffuse + around.wall_albedo * (1 - around.transmitting) * mixed
    return {
        side: lit[side] * sky.beam * sky.sun_sine + diffuse * unshaded[side]
        for side in ("", *SIDES)
    }


def beam_on_side(sky: Sky, shadow: F64, side: str) -> F64:
    """Direct beam on one face of a box (R 7.5)."""
    a = sky.azimuth
    in_front, turn = {
        "E": (a <= 180, 0),
        "S": (90 < a <= 270, 90),
        "W": (180 < a <= 360, 180),
        "N": (a <= 90 or a > 270, 270),
    }[side]
    if not in_front:
        return np.zeros(shadow.shape)
    return sky.beam * shadow * sky.sun_cosine * np.sin((a - turn) * RADIANS)


def kside_isotropic(
    sky: Sky,
    around: Surroundings,
    shadow: F64,
    up: dict[str, F64],
    shaded: F64,
    canopy_transmission: float,
    cylinder: bool,
) -> tuple[dict[str, F64], F64]:
    """Short-wave on the four sides, and the beam on a standing cylinder (R 7.5)."""
    mixed = mixed_wall_light(sky, shaded)
    sides = {}
    for side in SIDES:
        s, both = around.svf[side], around.both(side)
        blocked = 1 - weight(s) + (1 - canopy_transmission) * (weight(s) - weight(both))
        diffuse = sky.diffuse * (1 - blocked) + around.wall_albedo * blocked * mixed
        sides[side] = 0.5 * (diffuse + up[side])
        if not cylinder:
            sides[side] = sides[side] + beam_on_side(sky, shadow, side)
    beam = shadow * sky.beam * sky.sun_cosine if cylinder else np.zeros(shadow.shape)
    return sides, beam


def ldown_isotropic(sky: Sky, around: Surroundings) -> F64:
    """Long-wave from above: sky, vegetation, walls, and sky reflected by both (R 7.6)."""
    emissivity = sky.clear if sky.clearness >= 0.95 else sky.cloudy
    s, sv, sa = around.svf[""], around.veg[""], around.aveg[""]
    ew = around.wall_emissivity
    wall = SIGMA * (sky.ta + KELVIN + sky.wall_excess) ** 4
    return (
        (s + sv - 1) * emissivity * sky.air
        + (2 - sv - sa) * ew * sky.air
        + (sa - s) * ew * wall
        + (2 - s - sv) * (1 - ew) * emissivity * sky.air
    )


def sun_on_wall(sky: Sky, side: str) -> float | None:
    """Angle θ [deg] of the sun along the wall seen towards ``side``; None if it is not lit."""
    a = sky.azimuth
    lit, turn = {
        "E": (180 < a <= 360, 180),
        "S": (a <= 90 or a > 270, 270),
        "W": (a <= 180, 0),
        "N": (90 < a <= 270, 90),
    }[side]
    return a - turn if lit and sky.is_day else None


def lside_isotropic(
    sky: Sky, around: Surroundings, down: F64, up: dict[str, F64], shaded: F64
) -> dict[str, F64]:
    """Long-wave on the four sides (R 7.7).

    Oddities of the reference kept (quirk Q-03): the sky is weighted twice, and only the lit part
    of a wall carries the cosine.
    """
    ew = around.wall_emissivity
    sides = {}
    for side in SIDES:
        s, both = around.svf[side], around.both(side)
        from_wall = weight(around.aveg[side]) - weight(s)
        from_sky, reflecting = weight(both), 1 - weight(both)
        from_leaf = reflecting - from_wall
        wall = ew * sky.air * from_wall
        theta = sun_on_wall(sky, side)
        if theta is not None:
            lit = 2 * shaded - 1
            angle = np.arcsin(np.sqrt(1 - np.minimum(s, 1)))
            tilt = 0.5 * (np.arctan(angle) + np.arctan(np.tan(angle * lit)))
            warm = sky.ta + KELVIN + sky.wall_excess * np.sin(theta * RADIANS)
            sunny = ew * SIGMA * warm**4 * from_wall * (1 - lit) * np.cos(tilt)
            wall = sunny + ew * sky.air * from_wall * lit
        sides[side] = 0.5 * (
            both * sky.air * sky.cloudy * from_sky
            + wall
            + ew * sky.air * from_leaf
            + up[side]
            + (down + up[side]) * (1 - ew) * reflecting
        )
    return sides

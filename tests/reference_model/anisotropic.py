"""Radiation of a sky divided into patches (R 8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.reference_model.geometry import RADIANS
from tests.reference_model.radiation import KELVIN, SIDES, SIGMA, Sky, Surroundings, beam_on_side
from tests.reference_model.sky import band_emissivity
from tests.reference_model.skyview import Patches, Visibility

F64 = NDArray[np.float64]

FACING = {"E": 90.0, "S": 180.0, "W": 270.0, "N": 0.0}


def in_front(azimuth: F64, side: str) -> NDArray[np.bool_]:
    """Patches a face sees; both ends open (R 8.4)."""
    if side == "N":
        return (azimuth > 270) | (azimuth < 90)
    centre = FACING[side]
    return (azimuth > centre - 90) & (azimuth < centre + 90)


@dataclass
class Classes:
    """What fills each patch of each cell, 0/1 (R 8.1). The first three are a partition."""

    sky: F64
    vegetation: F64
    building: F64
    not_sky: F64


def classify(bits: Visibility) -> Classes:
    """Patch classes from the three visibility bits (R 8.1)."""
    sh, veg, vb = bits.sh == 1, bits.vegsh == 1, bits.vbshvegsh == 1
    return Classes(
        sky=(sh & veg).astype(float),
        vegetation=(~veg | ~vb).astype(float),
        building=(~sh & vb).astype(float),
        not_sky=(~sh | ~veg | ~vb).astype(float),
    )


def lit_patches(sky: Sky, svf: F64, patches: Patches) -> tuple[F64, F64]:
    """Whether the building in each patch is sunlit, or shaded (R 8.2)."""
    kappa = np.arccos(np.sqrt(np.minimum(svf, 1)))
    delta = np.abs(sky.azimuth - patches.azimuth) * RADIANS
    y = np.minimum(0.0, 2 * np.cos(delta) * np.tan(sky.altitude * RADIANS))
    limit = np.arctan(np.tan(kappa)[..., None] + y) / RADIANS
    return (limit < patches.altitude).astype(float), (limit > patches.altitude).astype(float)


def opposite(sky: Sky, patches: Patches) -> NDArray[np.bool_]:
    """Patches across from the sun (R 8.2)."""
    delta = np.abs(sky.azimuth - patches.azimuth)
    return (delta > 90) & (delta < 270)


def building_longwave(sky: Sky, svf: F64, patches: Patches, emissivity: float) -> tuple[F64, F64]:
    """Radiance of building patches from lit and from shaded walls [W m-2 sr-1] (R 8.3)."""
    shaded_wall = emissivity * sky.air / np.pi
    warm = emissivity * SIGMA * (sky.ta + KELVIN + sky.wall_excess) ** 4 / np.pi
    if not sky.is_day:
        nothing = np.zeros((*svf.shape, len(patches)))
        return nothing, nothing + shaded_wall
    lit, shaded = lit_patches(sky, svf, patches)
    across = opposite(sky, patches)
    return np.where(across, lit * warm, 0.0), np.where(across, shaded * shaded_wall, shaded_wall)


def side_sum(radiance: F64, patches: Patches, side: str) -> F64:
    """Flux on one vertical face from patch radiances (R 8.4, box)."""
    cosine = np.cos((FACING[side] - patches.azimuth) * RADIANS)
    lean = patches.solid_angle * np.cos(patches.altitude * RADIANS) * cosine
    return radiance @ np.where(in_front(patches.azimuth, side), lean, 0.0)


def longwave(
    sky: Sky, around: Surroundings, bits: Visibility, patches: Patches, up: dict[str, F64]
) -> dict[str, F64]:
    """``ldown``, ``lside`` and its five parts, and the patch sums ``l_E`` … ``l_N`` (R 8.3, 8.4).

    The sky's emissivity is blended with cloud only below a clearness of 0.95.
    """
    ew = around.wall_emissivity
    kinds = classify(bits)
    hemispheric = sky.cloudy if sky.clearness < 0.95 else sky.clear
    sky_part = kinds.sky * band_emissivity(hemispheric, patches.altitude) * sky.air / np.pi
    leaf_part = kinds.vegetation * ew * sky.air / np.pi
    sunny, shady = building_longwave(sky, around.svf[""], patches, ew)
    parts = {
        "sky": sky_part,
        "veg": leaf_part,
        "sun": kinds.building * sunny,
        "sh": kinds.building * shady,
    }
    horizontal = patches.solid_angle * np.sin(patches.altitude * RADIANS)
    vertical = patches.solid_angle * np.cos(patches.altitude * RADIANS)
    sky_down = sky_part @ horizontal
    mirror = ((sky_down + up[""]) * (1 - ew) / (2 * np.pi))[..., None]
    parts["ref"] = kinds.not_sky * mirror
    total = sum(parts.values())
    out = {f"lside_{name}": part @ vertical for name, part in parts.items()}
    out["ldown"] = total @ horizontal
    out["lside"] = total @ vertical
    for side in SIDES:
        out[f"l_{side}"] = side_sum(total, patches, side)
    return out


def diffuse_down(bits: Visibility, luminance: F64, diffuse: float, transmissivity: float) -> F64:
    """Diffuse short-wave on the horizontal, through canopies (R 4.4)."""
    through = bits.sh - (1 - bits.vegsh) * (1 - transmissivity)
    return diffuse * (through @ luminance)


def sky_radiance(luminance: F64, diffuse: float, patches: Patches) -> F64:
    """Short-wave radiance of the sky patches, χ [W m-2 sr-1] (R 8.3)."""
    horizontal = patches.solid_angle * np.sin(patches.altitude * RADIANS)
    return luminance * diffuse / (luminance @ horizontal)


def wall_shortwave(sky: Sky, around: Surroundings, patches: Patches) -> F64:
    """Short-wave radiance of building patches, lit or shaded (R 8.3; quirk Q-02)."""
    lit, shaded = lit_patches(sky, around.svf[""], patches)
    aw = around.wall_albedo
    bright = aw * sky.beam * sky.sun_cosine + 0.5 * sky.diffuse
    return (lit * bright + shaded * 0.5 * aw * sky.diffuse) / np.pi


def kside_cylinder(
    sky: Sky, around: Surroundings, bits: Visibility, patches: Patches, luminance: F64, shadow: F64
) -> dict[str, F64]:
    """``kside``, ``kside_i`` (beam) and ``kside_d`` (sky) on a standing cylinder (R 8.3, 8.4)."""
    kinds = classify(bits)
    vertical = patches.solid_angle * np.cos(patches.altitude * RADIANS)
    leaf = around.wall_albedo * sky.diffuse / (2 * np.pi)
    beam = shadow * sky.beam * sky.sun_cosine
    from_sky = (kinds.sky * sky_radiance(luminance, sky.diffuse, patches)) @ vertical
    from_leaf = (kinds.vegetation * leaf) @ vertical
    from_wall = (kinds.building * wall_shortwave(sky, around, patches)) @ vertical
    return {
        "kside_i": beam,
        "kside_d": from_sky,
        "kside": beam + from_sky + from_leaf + from_wall,
    }


def kside_box(
    sky: Sky,
    around: Surroundings,
    bits: Visibility,
    patches: Patches,
    luminance: F64,
    shadow: F64,
    up: dict[str, F64],
    transmissivity: float,
) -> dict[str, F64]:
    """Short-wave on the four faces of a box (R 8.5)."""
    kinds = classify(bits)
    through = bits.sh - (1 - bits.vegsh) * (1 - transmissivity)
    dim = around.wall_albedo * sky.diffuse / (2 * np.pi)
    wall = np.where(opposite(sky, patches), wall_shortwave(sky, around, patches), dim)
    radiance = (
        through * sky_radiance(luminance, sky.diffuse, patches)
        + kinds.vegetation * dim
        + kinds.building * wall
    )
    return {
        side: beam_on_side(sky, shadow, side) + side_sum(radiance, patches, side) + 0.5 * up[side]
        for side in SIDES
    }

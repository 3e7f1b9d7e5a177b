"""Kelvin of Tmrt above the air by where the radiation comes from (R 9.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.reference_model import anisotropic, radiation, skyview, tmrt
from tests.reference_model.geometry import RADIANS
from tests.reference_model.radiation import KELVIN, SIDES, SIGMA
from tests.reference_model.sky import band_emissivity

F64 = NDArray[np.float64]

LONG = ("sky", "walls", "vegetation")


@dataclass
class Lit:
    """What of a step the attribution reads besides its fluxes."""

    sky: radiation.Sky
    around: radiation.Surroundings
    shadow: F64
    luminance: F64 | None
    canopy: float
    """Transmissivity of foliage in season."""


def kelvin(
    lit: Lit,
    body: tmrt.Body,
    bits: skyview.Visibility | None,
    patches: skyview.Patches,
    transmissivity: float,
    out: dict[str, F64],
    lup: dict[str, F64],
    absorbed: F64,
) -> dict[str, F64]:
    """The terms [K] by their names in the engine; ``bits`` None under the isotropic sky.

    Parameters
    ----------
    out
        Fluxes of the step, sides as the body receives them.
    absorbed
        What the body absorbs [W m-2].
    """
    if bits is None:
        long = _isotropic(lit, body, out, lup)
    else:
        long = _patch_sky(lit, body, bits, patches, lup)
    up, side, _ = tmrt.FACTORS[body.posture]
    air = lit.sky.air
    ground = up * (lup[""] - air) + side * sum(0.5 * (lup[s] - air) for s in SIDES)
    light = _light(lit, body, bits, patches, transmissivity, out)
    everything = _shortwave(out, body)
    flux = {name: body.abs_k * value for name, value in light.items()}
    flux["reflected"] = body.abs_k * (everything - light["beam"] - light["diffuse"])
    flux |= {name: body.abs_l * value for name, value in long.items()}
    flux["ground"] = body.abs_l * ground
    with np.errstate(invalid="ignore"):
        t, ta = (absorbed / (body.abs_l * SIGMA)) ** 0.25, lit.sky.ta + KELVIN
    growth = body.abs_l * SIGMA * (t**2 + ta**2) * (t + ta)
    found = {f"attribution_{name}": value / growth for name, value in flux.items()}
    return found | {"attribution_offset": np.full(t.shape, KELVIN - 273.2)}


def _shortwave(out: dict[str, F64], body: tmrt.Body) -> F64:
    up, side, around = tmrt.FACTORS[body.posture]
    cylinder = around * out["kside_tmrt"] if body.cylinder else 0.0
    return cylinder + up * (out["kdown"] + out["kup"]) + side * sum(out[f"k_{s}"] for s in SIDES)


def _light(
    lit: Lit,
    body: tmrt.Body,
    bits: skyview.Visibility | None,
    patches: skyview.Patches,
    transmissivity: float,
    out: dict[str, F64],
) -> dict[str, F64]:
    """Beam and the sky's diffuse light, before absorption."""
    up, side, around = tmrt.FACTORS[body.posture]
    if not lit.sky.is_day:
        return {"beam": 0.0 * out["kdown"], "diffuse": 0.0 * out["kdown"]}
    beam = up * lit.shadow * lit.sky.beam * lit.sky.sun_sine
    diffuse = up * out["drad"]
    if body.cylinder:
        beam = beam + around * lit.shadow * lit.sky.beam * lit.sky.sun_cosine
        if bits is not None:
            diffuse = diffuse + around * out["kside_d"]
    for s in SIDES:
        if not body.cylinder:
            beam = beam + side * radiation.beam_on_side(lit.sky, lit.shadow, s)
        if bits is None:
            wall = radiation.weight(lit.around.svf[s])
            both = radiation.weight(lit.around.both(s))
            open_part = wall - (1 - lit.canopy) * (wall - both)
            diffuse = diffuse + side * 0.5 * lit.sky.diffuse * open_part
        elif not body.cylinder:
            assert lit.luminance is not None
            through = bits.sh - (1 - bits.vegsh) * (1 - transmissivity)
            radiance = anisotropic.sky_radiance(lit.luminance, lit.sky.diffuse, patches)
            diffuse = diffuse + side * anisotropic.side_sum(through * radiance, patches, s)
    return {"beam": beam, "diffuse": diffuse}


def _patch_sky(
    lit: Lit,
    body: tmrt.Body,
    bits: skyview.Visibility,
    patches: skyview.Patches,
    lup: dict[str, F64],
) -> dict[str, F64]:
    """Of every patch its radiance beyond that of the enclosure, by what it holds."""
    sky, around = lit.sky, lit.around
    ew = around.wall_emissivity
    kinds = anisotropic.classify(bits)
    hemispheric = sky.cloudy if sky.clearness < 0.95 else sky.clear
    sky_radiance = band_emissivity(hemispheric, patches.altitude) * sky.air / np.pi
    horizontal = patches.solid_angle * np.sin(patches.altitude * RADIANS)
    vertical = patches.solid_angle * np.cos(patches.altitude * RADIANS)
    mirror = ((kinds.sky * sky_radiance) @ horizontal + lup[""]) * (1 - ew) / (2 * np.pi)
    sunny, shady = anisotropic.building_longwave(sky, around.svf[""], patches, ew)
    radiance = {
        "sky": kinds.sky * sky_radiance,
        "walls": kinds.building * (sunny + shady + mirror[..., None]),
        "vegetation": kinds.vegetation * (ew * sky.air / np.pi + mirror[..., None]),
    }
    seen = dict(zip(LONG, (kinds.sky, kinds.building, kinds.vegetation), strict=True))
    up, side, cylinder = tmrt.FACTORS[body.posture]

    def received(patch: F64) -> F64:
        if body.cylinder:
            return up * (patch @ horizontal) + cylinder * (patch @ vertical)
        sides = sum(anisotropic.side_sum(patch, patches, s) for s in SIDES)
        return up * (patch @ horizontal) + side * sides

    whole = received(np.ones((1, len(patches))))
    enclosure = sky.air * (1 - up - 2 * side) / whole
    return {name: received(radiance[name]) - enclosure * received(seen[name]) for name in LONG}


def _isotropic(
    lit: Lit, body: tmrt.Body, out: dict[str, F64], lup: dict[str, F64]
) -> dict[str, F64]:
    """Of every share of what is seen its flux beyond that of the enclosure."""
    sky, around = lit.sky, lit.around
    ew = around.wall_emissivity
    up, side, _ = tmrt.FACTORS[body.posture]
    enclosure = sky.air * (1 - up - 2 * side) / (up + 2 * side)
    emissivity = sky.clear if sky.clearness >= 0.95 else sky.cloudy
    s, sv, sa = around.svf[""], around.veg[""], around.aveg[""]
    from_sky = emissivity * sky.air
    wall = ew * SIGMA * (sky.ta + KELVIN + sky.wall_excess) ** 4
    terms = {
        "sky": up * (s + sv - 1) * (from_sky - enclosure),
        "walls": up * (sa - s) * (wall + (1 - ew) * from_sky - enclosure),
        "vegetation": up * (2 - sv - sa) * (ew * sky.air + (1 - ew) * from_sky - enclosure),
    }
    for d in SIDES:
        both = around.both(d)
        sky_share = radiation.weight(both)
        walls = radiation.weight(around.aveg[d]) - radiation.weight(around.svf[d])
        leaves = 1 - sky_share - walls
        mirror = (out["ldown"] + lup[d]) * (1 - ew)
        from_sky = 0.5 * both * sky_share * sky.air * sky.cloudy
        from_leaves = 0.5 * leaves * (ew * sky.air + mirror)
        rest = out[f"ltmrt_{d}"] - 0.5 * lup[d] - from_sky - from_leaves
        terms["sky"] += side * (from_sky - 0.5 * sky_share * enclosure)
        terms["vegetation"] += side * (from_leaves - 0.5 * leaves * enclosure)
        terms["walls"] += side * (rest - 0.5 * walls * enclosure)
    return terms

"""Names, units and attributes of everything a step can give, and of the layers of a surface."""

from __future__ import annotations

import re

from solweig.config import ATTRIBUTION, INDICES

__all__ = ["COMFORT", "FLUXES", "OVER_THE_SUNS", "TERMS", "attributes", "label_of"]

COMFORT = ("tmrt", "utci", "pet", *INDICES)

FLUXES = (
    "shadow", "kdown", "kup", "ldown", "lup", "kside", "lside", "kside_i", "kside_d", "drad",
    "keast", "ksouth", "kwest", "knorth", "least", "lsouth", "lwest", "lnorth",
    "tg", "tg_out", "f_sh",
)  # fmt: skip
"""Reported at points of interest beside the comfort quantities."""

TERMS = {
    "attribution_beam": "the direct beam",
    "attribution_diffuse": "diffuse light of the sky",
    "attribution_reflected": "light reflected by walls, foliage and ground",
    "attribution_sky": "longwave radiation of the sky",
    "attribution_walls": "longwave radiation of walls",
    "attribution_ground": "longwave radiation of the ground",
    "attribution_vegetation": "longwave radiation of foliage",
    "attribution_offset": "the 273.2 K that the reference takes for 0 degC",
}
"""Where Tmrt comes from: the terms of the attribution."""

OVER_THE_SUNS = "time: mean (comment: over the suns of a step, one unless sun_substeps says more)"
"""CF cell method of what depends on the sun alone."""

_RADIATION = "W m-2"
_TEMPERATURE = "degC"

# name: (long_name, units, CF standard_name or None where the standard table has no such quantity)
_DESCRIPTION: dict[str, tuple[str, str, str | None]] = {
    "tmrt": ("mean radiant temperature", _TEMPERATURE, None),
    "utci": ("Universal Thermal Climate Index", _TEMPERATURE, None),
    "pet": ("physiological equivalent temperature", _TEMPERATURE, None),
    "wbgt": ("wet bulb globe temperature", _TEMPERATURE, None),
    "tnw": ("natural wet bulb temperature", _TEMPERATURE, None),
    "globe150": ("temperature of a black globe of 150 mm", _TEMPERATURE, None),
    "globe38": ("temperature of a black globe of 38 mm", _TEMPERATURE, None),
    "at": ("apparent temperature", _TEMPERATURE, None),
    "set": ("standard effective temperature", _TEMPERATURE, None),
    "globe_load": ("mean irradiance of a black globe", _RADIATION, None),
    "wick_load": ("radiation absorbed by the side of a wet wick", _RADIATION, None),
    "shadow": ("fraction of the direct beam that arrives (1 = sunlit)", "1", None),
    "kdown": (
        "shortwave radiation from above",
        _RADIATION,
        "surface_downwelling_shortwave_flux_in_air",
    ),
    "kup": (
        "shortwave radiation from below",
        _RADIATION,
        "surface_upwelling_shortwave_flux_in_air",
    ),
    "ldown": (
        "longwave radiation from above",
        _RADIATION,
        "surface_downwelling_longwave_flux_in_air",
    ),
    "dsm": ("elevation of ground and roofs", "m", None),
    "dem": ("elevation of the ground", "m", "surface_altitude"),
    "cdsm": ("height of the canopy above the ground", "m", None),
    "tdsm": ("height of the canopy's underside above the ground", "m", None),
    "transmissivity": ("share of light that comes through the canopy in leaf", "1", None),
    "land_cover": ("land cover", "1", None),
    "open_ground": ("open ground (1 = where people stand, 0 = buildings)", "1", None),
    "albedo": ("albedo of the ground", "1", "surface_albedo"),
    "emissivity": ("longwave emissivity of the ground", "1", None),
    "density": ("LiDAR returns", "m-2", None),
    "lup": ("longwave radiation from below", _RADIATION, "surface_upwelling_longwave_flux_in_air"),
    **{
        name: (f"mean radiant temperature above air temperature due to {TERMS[name]}", "K", None)
        for name in ATTRIBUTION
    },
}


_SHORT = {
    "tmrt": "Tmrt", "utci": "UTCI", "pet": "PET",
    "wbgt": "WBGT", "tnw": "natural wet bulb", "globe150": "globe of 150 mm",
    "globe38": "globe of 38 mm", "at": "apparent temperature",
    "set": "SET*",
}  # fmt: skip
_PERCENTILE = re.compile(r"p[0-9.]+")
# By the end of a statistic's name.
_METHODS = {
    "day_mean": "time: mean (comment: sun above the horizon)",
    "night_mean": "time: mean (comment: sun below the horizon)",
    "mean": "time: mean",
    "max": "time: maximum",
    "min": "time: minimum",
}


def label_of(name: str) -> str:
    """A quantity as people call it: ``Tmrt`` of ``tmrt``; one without such a name as it is."""
    return _SHORT.get(name, name)


def attributes(name: str) -> dict[str, str]:
    """CF attributes of one output variable, or of a statistic such as ``tmrt_day_mean``."""
    base, _, statistic = name.partition("_")
    if name in ("sun_hours", "shade_hours"):
        return {"long_name": name.replace("_", " "), "units": "h", "cell_methods": "time: sum"}
    if "_hours_above_" in name:
        threshold, _, time = name.partition("_hours_above_")[2].partition("_")
        text = f"hours with {_SHORT.get(base, base)} above {threshold} degC"
        text = f"{text} by {time}" if time else text
        return {"long_name": text, "units": "h", "cell_methods": "time: sum"}
    if name in _DESCRIPTION:
        base, statistic = name, ""
    long_name, units, standard_name = _DESCRIPTION[base]
    text = f"{long_name}, {statistic.replace('_', ' ')}" if statistic else long_name
    kind, _, group = statistic.partition("_")
    method = OVER_THE_SUNS if name == "shadow" else _METHODS.get(statistic, "time: mean")
    if _PERCENTILE.fullmatch(statistic):
        text = f"{long_name}, percentile {statistic[1:]}"
        method = f"time: point (comment: percentile {statistic[1:]} over time)"
    elif kind in _METHODS and group:
        method = f"{_METHODS[kind]} (comment: {group.replace('_', ' ')})"
    found = {"long_name": text, "units": units, "cell_methods": method}
    if name in ATTRIBUTION:
        found["units_metadata"] = "temperature: difference"
    if standard_name and not statistic:
        found["standard_name"] = standard_name
    return found

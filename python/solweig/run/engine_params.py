"""Settings of a call in the terms of the engine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError
from solweig.params import land_cover_table, load_params, tree_settings, wall_row, wind_height
from solweig.run.settings import RunSettings
from solweig.weather.fields import WeatherField, WindCoefficients

__all__ = ["engine_params", "leaf_days"]

ROOF_CODE, WALL_CODE, FIRST_BUILDING_CODE = 2, 99, 100


def engine_params(
    settings: RunSettings, land_cover: NDArray[np.uint8] | None = None
) -> dict[str, Any]:
    """What ``_core.Model`` takes as ``params``.

    Parameters
    ----------
    settings
        Of the call.
    land_cover
        Codes of the surface, which all need properties.

    Raises
    ------
    ConfigurationError
        Materials without walls or without a class of the surface, or a value out of range.
    """
    config = settings.model
    classes = land_cover_table(config.materials)
    wall = _wall(settings, classes)
    ground = _ground(classes, land_cover)
    trees = tree_settings(config.physics)
    body = settings.human
    found = {
        "anisotropic": config.use_anisotropic_sky,
        "formulation": config.formulation,
        "alternatives": dict(config.alternatives or {}),
        "body": config.body,
        "posture": body.posture,
        "abs_k": float(body.abs_k),
        "abs_l": float(body.abs_l),
        "age": float(body.age),
        "weight": float(body.weight),
        "height": float(body.height),
        "sex": int(body.sex),
        "activity": float(body.activity),
        "clothing": float(body.clothing),
        "wall_albedo": wall["albedo"],
        "wall_emissivity": wall["emissivity"],
        "wall_ts_deg": wall["ts_deg"],
        "wall_tstart": wall["tstart"],
        "wall_tmaxlst": wall["tmaxlst"],
        "land_cover": ground,
        "transmissivity": trees["transmissivity"],
        "sky_emissivity": config.sky_emissivity,
        "sky_emissivity_offset": float(config.sky_emissivity_offset),
        "beam": config.beam,
        "wind_height_m": _wind_height(settings),
        "pet_wind": config.pet_wind,
        "wind_profile": config.wind_profile,
        "roughness_m": config.roughness_m,
        "utci_range": config.utci_range,
        "pet_variant": config.pet_variant,
        "max_shadow_distance_m": float(config.max_shadow_distance_m),
    }
    _check_heights(found, settings)
    for name in ("height_bound_m", "no_land_cover_tstart"):
        value = getattr(config, name)
        if value is not None:
            found[name] = float(value)
    return found


def _check_heights(params: dict[str, Any], settings: RunSettings) -> None:
    """Refuse wind within the roughness of a logarithmic profile."""
    roughness = params["roughness_m"]
    heights = {"wind_height_m": params["wind_height_m"]}
    wind = settings.fields.get("ws")
    if isinstance(wind, WeatherField | WindCoefficients):
        heights["fields[ws]"] = wind.height_m
    if isinstance(wind, WindCoefficients):
        heights["reference_m"] = wind.reference_m
    for name, height in heights.items() if roughness is not None else ():
        if height <= 2.0 * roughness:
            raise ConfigurationError(
                name, f"a height above twice roughness_m, {2.0 * roughness:g} m", f"{height:g} m"
            )


def _ground(
    classes: dict[int, dict[str, float]], land_cover: NDArray[np.uint8] | None
) -> dict[int, dict[str, float]]:
    """Classes of the ground; buildings told apart by wall material have the roof's properties."""
    ground = {code: row for code, row in classes.items() if code != WALL_CODE}
    if land_cover is None:
        return ground
    present = np.flatnonzero(np.bincount(land_cover.ravel(), minlength=256)).tolist()
    for code in present:
        if code not in ground and code >= FIRST_BUILDING_CODE and ROOF_CODE in ground:
            ground[code] = ground[ROOF_CODE]
    missing = [code for code in present if code not in ground]
    if missing:
        raise ConfigurationError(
            "materials", f"a class for each land-cover code of the surface ({present})",
            f"none for {missing}",
        )  # fmt: skip
    return ground


def leaf_days(settings: RunSettings) -> tuple[int, int]:
    """First and last day of year with leaves, northern hemisphere."""
    trees = tree_settings(settings.model.physics)
    return int(trees["first_day_leaf"]), int(trees["last_day_leaf"])


def _wall(settings: RunSettings, classes: dict[int, dict[str, float]]) -> dict[str, float]:
    name, materials = settings.model.wall_material, settings.model.materials
    own = None if name is None else wall_row(materials or load_params(), name)
    found = classes.get(WALL_CODE) if name is None else own
    if found is None:
        raise ConfigurationError("materials", f"a wall class (code {WALL_CODE})", "none")
    return found


def _wind_height(settings: RunSettings) -> float:
    for candidate in (settings.model.wind_height_m, wind_height(settings.model.physics)):
        if candidate is not None:
            return float(candidate)
    return 10.0

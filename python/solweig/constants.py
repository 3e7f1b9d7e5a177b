"""An old path."""

from __future__ import annotations

from solweig.compat.constants import (
    DEFAULT_ALBEDO_WALL,
    DEFAULT_EMIS_WALL,
    DEFAULT_TG_WALL,
    F_CYL_SITTING,
    F_CYL_STANDING,
    F_SIDE_SITTING,
    F_SIDE_STANDING,
    F_UP_SITTING,
    F_UP_STANDING,
    KELVIN_OFFSET,
    MIN_SUN_ELEVATION_DEG,
    SBC,
    SOLAR_CONSTANT,
)

__all__ = [
    "DEFAULT_ALBEDO_WALL",
    "DEFAULT_EMIS_WALL",
    "DEFAULT_TG_WALL",
    "F_CYL_SITTING",
    "F_CYL_STANDING",
    "F_SIDE_SITTING",
    "F_SIDE_STANDING",
    "F_UP_SITTING",
    "F_UP_STANDING",
    "KELVIN_OFFSET",
    "MIN_SUN_ELEVATION_DEG",
    "SBC",
    "SOLAR_CONSTANT",
]

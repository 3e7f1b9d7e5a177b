"""Physical constants and geometry of the body, by the names that scripts import.

The model's own values are in the engine; where the reference has another one there, as for the
zero of the Celsius scale (Q-01), that is the one results are computed with.
"""

from __future__ import annotations

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

SBC = 5.67051e-8
"""Stefan-Boltzmann constant [W m-2 K-4]."""
KELVIN_OFFSET = 273.15
"""0 deg C [K]."""
SOLAR_CONSTANT = 1370.0
"""Irradiance of the sun outside the atmosphere [W m-2]."""
MIN_SUN_ELEVATION_DEG = 3.0
"""Lowest sun that :func:`solweig.calculate_buffer_distance` considers [deg]."""

# Shares of the radiation on a person, by direction (Lindberg et al. 2008).
F_UP_STANDING, F_SIDE_STANDING, F_CYL_STANDING = 0.06, 0.22, 0.28
F_UP_SITTING, F_SIDE_SITTING, F_CYL_SITTING = 1 / 6, 1 / 6, 0.2

DEFAULT_ALBEDO_WALL = 0.2
DEFAULT_EMIS_WALL = 0.9
DEFAULT_TG_WALL = 0.0

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
F_UP_STANDING = 0.06
"""From above, and as much from below, on someone who stands [1]."""
F_SIDE_STANDING = 0.22
"""From each of the four sides, standing [1]."""
F_CYL_STANDING = 0.28
"""Of the beam, on the side of a standing cylinder [1]."""
F_UP_SITTING = 1 / 6
"""From above, and as much from below, on someone who sits [1]."""
F_SIDE_SITTING = 1 / 6
"""From each of the four sides, sitting [1]."""
F_CYL_SITTING = 0.2
"""Of the beam, on the side of a sitting cylinder [1]."""

DEFAULT_ALBEDO_WALL = 0.2
"""Albedo of walls without a class [1]."""
DEFAULT_EMIS_WALL = 0.9
"""Emissivity of walls without a class [1]."""
DEFAULT_TG_WALL = 0.0
"""Temperature of walls above the air's, before a step has computed it [K]."""

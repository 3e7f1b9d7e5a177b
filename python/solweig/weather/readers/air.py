"""From what files say of air and wind to what a step holds."""

from __future__ import annotations

import numpy as np

from solweig.typing import F64

KELVIN = 273.15
_DRY_TO_WET = 0.622  # molar mass of water over that of dry air


def saturation_pressure(ta: F64) -> F64:
    """Of water vapour over water [hPa], air temperature in deg C.

    References
    ----------
    ECMWF (2016), IFS Documentation CY41R2, Part IV, eq. 7.5, with the constants over water. The
    dew points of ERA5 are those of this formula.
    """
    kelvin = np.asarray(ta, np.float64) + KELVIN
    return np.asarray(6.1121 * np.exp(17.502 * (kelvin - 273.16) / (kelvin - 32.19)), np.float64)


def vapour_pressure(mixing_ratio: F64, pressure: F64) -> F64:
    """Of water [hPa] from kg of water per kg of dry air and air pressure [hPa]."""
    return np.asarray(mixing_ratio * pressure / (_DRY_TO_WET + mixing_ratio), np.float64)


def relative_humidity(vapour: F64, ta: F64) -> F64:
    """In %, from vapour pressure [hPa] and air temperature [deg C]; fog is 100 %."""
    return np.minimum(100.0 * vapour / saturation_pressure(ta), 100.0)


def wind(east: F64, north: F64) -> tuple[F64, F64]:
    """Speed [m/s] and where the wind comes from [degrees clockwise from north].

    Parameters
    ----------
    east, north
        Where the wind goes to [m/s].
    """
    return np.hypot(east, north), np.degrees(np.arctan2(-east, -north)) % 360.0

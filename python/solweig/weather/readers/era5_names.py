"""What ERA5 calls its quantities and measures them in, and what a file gives of them at a place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from solweig.errors import WeatherDataError
from solweig.typing import F64
from solweig.weather.readers.grids import Spot

HOUR_SECONDS = 3600.0

NAMES: dict[str, tuple[str, ...]] = {
    "t2m": ("2t", "VAR_2T", "2m_temperature"),
    "d2m": ("2d", "VAR_2D", "2m_dewpoint_temperature"),
    "u10": ("10u", "VAR_10U", "10m_u_component_of_wind"),
    "v10": ("10v", "VAR_10V", "10m_v_component_of_wind"),
    "sp": ("surface_pressure",),
    "ssrd": ("surface_solar_radiation_downwards",),
    "fdir": ("total_sky_direct_solar_radiation_at_surface",),
    "strd": ("surface_thermal_radiation_downwards",),
    # Means of the hour that ends at the stamp, instead of sums.
    "avg_sdswrf": ("msdwswrf", "mean_surface_downward_short_wave_radiation_flux"),
    "avg_sdirswrf": ("msdrswrf", "mean_surface_direct_short_wave_radiation_flux"),
    "avg_sdlwrf": ("msdwlwrf", "mean_surface_downward_long_wave_radiation_flux"),
}
"""Short name of a quantity, and other names of it."""
INSTANTS = ("t2m", "d2m", "u10", "v10", "sp")
SUMS = ("ssrd", "fdir", "strd")
MEANS = {"avg_sdswrf": "ssrd", "avg_sdirswrf": "fdir", "avg_sdlwrf": "strd"}

_UNITS = {
    "t2m": "K", "d2m": "K", "u10": "m s-1", "v10": "m s-1", "sp": "Pa", "ssrd": "J m-2",
    "fdir": "J m-2", "strd": "J m-2", "avg_sdswrf": "W m-2", "avg_sdirswrf": "W m-2",
    "avg_sdlwrf": "W m-2",
}  # fmt: skip
# Units that files were converted to by others: factor and what is added.
_OTHER = {
    ("K", "degC"): (1.0, 273.15), ("K", "C"): (1.0, 273.15), ("K", "Celsius"): (1.0, 273.15),
    ("Pa", "hPa"): (100.0, 0.0), ("Pa", "mbar"): (100.0, 0.0),
    ("J m-2", "kJ m-2"): (1e3, 0.0), ("J m-2", "MJ m-2"): (1e6, 0.0),
}  # fmt: skip


@dataclass(frozen=True)
class PointTable:
    """What one file gives at a place.

    Attributes
    ----------
    frame
        Indexed by UTC, a column each short name, in the units of ERA5.
    spot
        The cells that stand for the place.
    spacing
        Of latitudes and longitudes [degrees], 0 of a single one.
    name
        Of the file.
    since_midnight
        Whether the file says that its sums begin at 00 UTC (GRIB does); ``None`` where it does not.
    """

    frame: pd.DataFrame
    spot: Spot
    spacing: tuple[float, float]
    name: str
    since_midnight: bool | None = None


def in_si(short: str, values: F64, unit: str, source: str) -> F64:
    """Values in ERA5's own unit; a file that names none is taken to be in it.

    Raises
    ------
    WeatherDataError
        A unit that this quantity is not measured in.
    """
    ours = _UNITS[short]
    theirs = " ".join(unit.replace("**", "").replace("^", "").replace("/", " ").split())
    theirs = {"W m2": "W m-2", "J m2": "J m-2", "m s": "m s-1"}.get(theirs, theirs)
    if theirs in ("", ours):
        return values
    if (ours, theirs) not in _OTHER:
        raise WeatherDataError(short, f"{ours}, the unit of ERA5", unit, f"In {source}.")
    factor, plus = _OTHER[ours, theirs]
    return np.asarray(values * factor + plus, np.float64)

"""Direct and diffuse radiation where only the global is known, by pvlib's models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.typing import F64

__all__ = ["beam_and_diffuse", "split_alone"]

_LONGEST = 90.0
"""Up to this distance [min] DIRINT looks at the rows before and after, as it was fitted."""
_STANDARD_HPA = 1013.25


def split_alone(
    model: str,
    columns: Mapping[str, NDArray[Any]],
    share_up: F64,
    middle: NDArray[np.datetime64],
    spacing: F64,
    meaning: str,
) -> dict[str, F64]:
    """Direct and diffuse radiation of a run, by a model where they were not measured.

    Parameters
    ----------
    model
        ``"disc"`` or ``"dirint"``.
    columns
        As in :class:`solweig.weather.series.WeatherSeries`.
    share_up
        Share of each step with the sun up, by its suns; 1 by night.
    middle
        Of each step, UTC.
    spacing
        Distance of each row to the one before [min].
    meaning
        Whether direct radiation is on the beam's ``"normal"`` or ``"horizontal"``.
    """
    altitude, direct, diffuse = (columns[n] for n in ("altitude", "direct_rad", "diffuse_rad"))
    beam, rest = beam_and_diffuse(
        model, columns["global_rad"] / share_up, altitude=altitude, middle=middle,
        ta=columns["ta"], rh=columns["rh"], pressure_kpa=columns["pressure_kpa"], spacing=spacing,
    )  # fmt: skip
    if meaning == "horizontal":
        beam = beam * np.sin(np.radians(altitude))
    alone = (altitude > 0.0) & (np.isnan(direct) | np.isnan(diffuse))
    return {
        "direct_rad": np.where(alone, beam * share_up, direct),
        "diffuse_rad": np.where(alone, rest * share_up, diffuse),
    }


def beam_and_diffuse(
    model: str,
    total: F64,
    *,
    altitude: F64,
    middle: NDArray[np.datetime64],
    ta: F64,
    rh: F64,
    pressure_kpa: F64,
    spacing: F64,
) -> tuple[F64, F64]:
    """Split a global radiation with DISC or DIRINT.

    Parameters
    ----------
    model
        ``"disc"`` or ``"dirint"``.
    total
        Global on the horizontal while the sun is up, ``[n]`` [W m-2].
    altitude
        Of the sun [degrees].
    middle
        Of each step, UTC.
    ta, rh
        Air temperature [deg C] and humidity [%], from which DIRINT takes the dew point.
    pressure_kpa
        NaN is that of the standard atmosphere.
    spacing
        Distance of each row to the one before [min].

    Returns
    -------
    beam : F64
        Normal to the sun [W m-2]; 0 by night.
    diffuse : F64
        On the horizontal [W m-2]; the two give the global.

    References
    ----------
    - Maxwell (1987), SERI/TR-215-3087 (DISC)
    - Perez et al. (1992), ASHRAE Trans. 98 (DIRINT)
    """
    import pandas as pd  # takes its time, as pvlib does
    from pvlib import irradiance

    times = pd.DatetimeIndex(middle).tz_localize("UTC")
    ghi, zenith = pd.Series(total, times), pd.Series(90.0 - altitude, times)
    hpa = np.where(np.isnan(pressure_kpa), _STANDARD_HPA, 10.0 * pressure_kpa)
    pascal = pd.Series(100.0 * hpa, times)
    if model == "disc":
        found = irradiance.disc(ghi, zenith, times, pressure=pascal)["dni"]
    else:
        found = irradiance.dirint(
            ghi, zenith, times, pressure=pascal, temp_dew=pd.Series(_dew_point(ta, rh), times),
            use_delta_kt_prime=len(times) > 1 and bool(spacing.max() <= _LONGEST),
        )  # fmt: skip
    sine = np.sin(np.radians(altitude))
    up = sine > 0.0
    most = np.divide(total, sine, out=np.zeros(len(total)), where=up)
    beam = np.where(up, np.clip(np.nan_to_num(found.to_numpy(np.float64)), 0.0, most), 0.0)
    return beam, np.where(up, total - beam * sine, 0.0)


def _dew_point(ta: F64, rh: F64) -> F64:
    """Magnus' formula; air below 1 % is taken as that."""
    gamma = np.log(np.maximum(rh, 1.0) / 100.0) + 17.27 * ta / (237.7 + ta)
    return np.asarray(237.7 * gamma / (17.27 - gamma), np.float64)

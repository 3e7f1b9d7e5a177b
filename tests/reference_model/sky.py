"""Scalars of the sky: clearness, beam and diffuse, luminance, emissivity (R 2.5–5)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.reference_model.geometry import RADIANS
from tests.reference_model.skyview import Patches

F64 = NDArray[np.float64]

SMITH_LAMBDA = [
    (3.37, 2.85, 2.80, 2.64),
    (2.99, 3.02, 2.70, 2.93),
    (3.60, 3.00, 2.98, 2.93),
    (3.04, 3.11, 2.92, 2.94),
    (2.70, 2.95, 2.77, 2.71),
    (2.52, 3.07, 2.67, 2.93),
    (1.76, 2.69, 2.61, 2.61),
    (1.60, 1.67, 2.24, 2.63),
    (1.11, 1.44, 1.94, 2.02),
]
"""Precipitable-water exponent by latitude band of 10° and season (Smith 1966; R 3.3)."""


def sunrise_hour(day_of_year: int, latitude: float) -> float:
    """Sunrise in solar hours (R 2.5)."""
    declination = -23.45 * np.cos(2 * np.pi * (day_of_year + 10) / 365) * RADIANS
    x = np.clip(np.tan(declination) * np.tan(latitude * RADIANS), -1, 1)
    day_length = 12 + 24 * np.arcsin(x) / np.pi
    return float(12 - day_length / 2)


def distance_squared(day_of_year: int) -> float:
    """(r0/r)² of the sun's distance (R 3.3)."""
    g = 2 * np.pi * day_of_year / 365
    return float(
        1.00011 + 0.034221 * np.cos(g) + 0.00128 * np.sin(g)
        + 0.000719 * np.cos(2 * g) + 0.000077 * np.sin(2 * g)
    )  # fmt: skip


def water_exponent(latitude: float, day_of_year: int) -> float:
    """λ of the signed latitude: the south gets the tropical row (quirk Q-07)."""
    band = 0 if latitude < 10 else min(int(latitude // 10), 8)
    if day_of_year > 335 or day_of_year <= 60:
        season = 0
    else:
        season = 1 if day_of_year <= 152 else 2 if day_of_year <= 244 else 3
    return SMITH_LAMBDA[band][season]


def clearness(
    altitude: float,
    day_of_year: int,
    ta: float,
    rh: float,
    global_rad: float,
    latitude: float,
    pressure_kpa: float = np.nan,
) -> dict[str, float]:
    """Clear-sky and extraterrestrial irradiance and clearness (Crawford & Duchon 1999; R 3.3).

    ``ci`` is not clipped; undefined becomes +inf. Missing pressure is NaN and means 1013 hPa.
    """
    hpa = 1013.0 if np.isnan(pressure_kpa) else 10 * pressure_kpa
    cosine = np.cos((90 - altitude) * RADIANS)
    distance = np.sqrt(distance_squared(day_of_year))
    air_mass = 35 * cosine / np.sqrt(1224 * cosine**2 + 1)
    rayleigh = 1.021 - 0.084 * np.sqrt(air_mass * (0.000949 * hpa + 0.051))
    gamma = 17.27 * ta / (237.7 + ta) + np.log(rh / 100)
    dew_point_f = 1.8 * (237.7 * gamma / (17.27 - gamma)) + 32
    exponent = water_exponent(latitude, day_of_year)
    water_cm = np.exp(0.1133 - np.log(exponent + 1) + 0.0393 * dew_point_f)
    vapour = 1 - 0.077 * (water_cm * air_mass) ** 0.3
    top = 1370 * cosine * distance
    clear = top * rayleigh * vapour * 0.935**air_mass
    correction = 0.1473 * np.log(altitude) + 0.3454
    ci = global_rad / clear + 1 - correction
    return {
        "i0": float(clear),
        "i0_et": float(top),
        "kt": float(global_rad / top),
        "corr": float(correction),
        "ci": float("inf") if np.isnan(ci) else float(ci),
    }


def capped(clearness_index: float) -> float:
    """Clearness as the model uses it: at most 1, undefined counts as clear (R 3.3)."""
    return min(clearness_index, 1.0)


def split_global(
    global_rad: float, altitude: float, kt: float, ta: float, rh: float
) -> tuple[float, float]:
    """Beam normal and diffuse horizontal irradiance (Reindl 1990; R 3.4)."""
    x, humidity = np.sin(altitude * RADIANS), rh / 100
    if kt <= 0.3:
        share = 1 - 0.232 * kt + 0.0239 * x - 0.000682 * ta + 0.0195 * humidity
    elif kt < 0.78:
        share = 1.329 - 1.716 * kt + 0.267 * x - 0.00357 * ta + 0.106 * humidity
    else:
        share = 0.426 * kt - 0.256 * x + 0.00349 * ta + 0.0734 * humidity
    diffuse = global_rad * share
    beam = max((global_rad - diffuse) / x, 0.0)
    if altitude < 1:
        beam = min(beam, global_rad)
    return float(beam), float(min(diffuse, global_rad))


# ---------------------------------------------------------------- Perez et al. 1993 (R 4.3)

PEREZ_EDGES = [1.065, 1.230, 1.500, 1.950, 2.800, 4.500, 6.200]


def read_perez_coefficients() -> F64:
    """Rows a1…a4, b1…b4, c1…c4, d1…d4, e1…e4 for the eight clearness bins."""
    with (Path(__file__).parent / "perez_coefficients.csv").open() as handle:
        rows = [row for row in csv.reader(handle) if row and row[0].isdigit()]
    return np.array([[float(x) for x in row[3:]] for row in rows])


PEREZ = read_perez_coefficients()


def luminance_parameters(bin_number: int, zenith: float, delta: float) -> list[float]:
    """Gradation and indicatrix parameters a…e; c and d of the overcast bin differ (R 4.3)."""
    table = PEREZ[bin_number].reshape(5, 4)
    a, b, c, d, e = (x1 + x2 * zenith + delta * (x3 + x4 * zenith) for x1, x2, x3, x4 in table)
    if bin_number == 0:
        c1, c2, c3, c4 = table[2]
        d1, d2, d3, d4 = table[3]
        c = np.exp((delta * (c1 + c2 * zenith)) ** c3) - c4
        d = -np.exp(delta * (d1 + d2 * zenith)) + d3 + delta * d4
    return [a, b, c, d, e]


def perez_luminance(
    altitude: float, azimuth: float, diffuse: float, beam: float, day_of_year: int, patches: Patches
) -> tuple[F64, float, float]:
    """Relative luminance of every patch (sum 1), clearness ε and brightness Δ (R 4.3).

    Negative luminance anywhere, or no diffuse light, gives a uniform sky.
    """
    count = len(patches)
    uniform = np.full(count, 1 / count)
    if diffuse <= 0:
        return uniform, 1.0, 0.0
    zenith = (90 - altitude) * RADIANS
    cube = 1.041 * zenith**3
    epsilon = ((diffuse + beam) / diffuse + cube) / (1 + cube)
    sine = np.sin(altitude * RADIANS)
    air_mass = 1 / sine
    if altitude < 10:
        air_mass = 1 / (sine + 0.50572 * (altitude + 6.07995) ** -1.6364)
    delta = air_mass * diffuse / (1367 * distance_squared(day_of_year)) if diffuse > 10 else 0.0
    bin_number = int(np.searchsorted(PEREZ_EDGES, epsilon, side="right"))
    a, b, c, d, e = luminance_parameters(bin_number, zenith, delta)
    beta, h = patches.altitude * RADIANS, altitude * RADIANS
    cosine = np.sin(beta) * np.sin(h) + np.cos(beta) * np.cos(h) * np.cos(
        (patches.azimuth - azimuth) * RADIANS
    )
    gamma = np.arccos(np.clip(cosine, -1, 1))
    gradation = 1 + a * np.exp(b / np.sin(beta))
    luminance = gradation * (1 + c * np.exp(d * gamma) + e * np.cos(gamma) ** 2)
    if (luminance < 0).any():
        return uniform, epsilon, delta
    return luminance / luminance.sum(), epsilon, delta


# ---------------------------------------------------------------- long-wave emissivity (R 5)


def clear_emissivity(ta: float, rh: float) -> float:
    """Emissivity of the cloudless sky (Prata 1996; R 5.1)."""
    vapour = 6.107 * 10 ** (7.5 * ta / (237.3 + ta)) * rh / 100
    w = 46.5 * vapour / (ta + 273.15)
    return float(1 - (1 + w) * np.exp(-np.sqrt(1.2 + 3 * w)))


def cloudy_emissivity(clear: float, clearness_index: float) -> float:
    """Blend towards a black sky with cloud (R 5.2)."""
    return clearness_index * clear + (1 - clearness_index)


def band_emissivity(sky: float, altitude: F64) -> F64:
    """Emissivity by patch altitude [deg] (Martin & Berdahl 1984, Nahon et al. 2019; R 5.3)."""
    return 1 - (1 - sky) * np.exp(0.308 * (1.7 - 1 / np.sin(altitude * RADIANS)))

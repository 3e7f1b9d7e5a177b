"""Which interval the rows of each source stand for: what speaks for each meaning of the stamps."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from solweig.typing import F64
from solweig.validation import Mast
from solweig.validation.pairing import overlap_means
from solweig.weather.sun import bounds_of_steps, sun_position
from solweig.weather.values import STAMPS
from tests.validation import runs
from tests.validation.sites import Site

SUNNY = 20.0
_MINUTE = np.timedelta64(1, "m")


def closure(site: Site, day: str, shared: Path) -> dict[str, float]:
    """What global, direct and diffuse leave of (G - D) = I sin h, rms [W m-2], by meaning.

    sin h is the mean over the hour; the minutes of the file are left out.
    """
    rows = runs.true_weather(site, day, shared)
    total, beam, diffuse = (
        np.array([getattr(row, name) for row in rows], float)
        for name in ("global_rad", "measured_direct_rad", "measured_diffuse_rad")
    )
    stamps = np.array([row.datetime for row in rows], "datetime64[ns]")
    found = {}
    for stamp in STAMPS:
        height = _mean_sine(site, shared, bounds_of_steps(stamps, 60.0, stamp))
        sunny = beam > SUNNY
        left = (total - diffuse - beam * height)[sunny]
        found[stamp] = float(np.sqrt(np.mean(left**2)))
    return found


def clear_sky_share(site: Site, shared: Path, mast: Mast) -> dict[str, F64]:
    """Kdown over that of a clear sky (Haurwitz 1945), by meaning, for every row."""
    minutes = np.arange(1440) * _MINUTE
    found = {}
    for stamp in STAMPS:
        clear = np.full(len(mast), np.nan)
        for date in np.unique(mast.times.astype("datetime64[D]")):
            first = date.astype("datetime64[ns]") + minutes
            steps = np.stack([first, first + _MINUTE], axis=-1)
            sky = _haurwitz(_sine(site, shared, first + _MINUTE // 2))
            own = mast.times.astype("datetime64[D]") == date
            clear[own] = overlap_means(steps, sky, mast.bounds(stamp)[own])
        with np.errstate(divide="ignore", invalid="ignore"):
            found[stamp] = mast.columns["Kdown"] / clear
    return found


def _haurwitz(sine: F64) -> F64:
    high = np.maximum(sine, 1e-6)
    return np.where(sine > 0.0, 1098.0 * high * np.exp(-0.057 / high), 0.0)


def _sine(site: Site, shared: Path, local: F64) -> F64:
    place = runs.location(site, shared)
    utc = local - np.timedelta64(round(place.utc_offset * 3600), "s")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        height, _ = sun_position(utc, place.latitude, place.longitude, place.altitude)
    return np.sin(np.radians(height))


def _mean_sine(site: Site, shared: Path, bounds: F64) -> F64:
    part = (bounds[:, 1] - bounds[:, 0]) // 12
    parts = [_sine(site, shared, bounds[:, 0] + k * part + part // 2) for k in range(12)]
    return np.mean(np.maximum(parts, 0.0), axis=0)

"""Whether the radiation of a series fits the sun that its stamps, clock and place give.

Both methods ask by how much the sun would have to be moved in time. Positions at other times follow
from declination and hour angle, so nothing is computed anew.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solweig.typing import F64
from solweig.weather.series import WeatherSeries

MOST_ROWS = 240
MOST_DAYS = 8
_SUNNY = 20.0  # W m-2 of direct radiation
_COARSE = np.arange(-72, 72) / 6.0  # h
_FINE = np.arange(-20, 21) / 120.0  # h
_AROUND = np.arange(-45, 46) / 30.0  # h
_SUBSTEPS = (np.arange(4) - 1.5) / 4.0
_LEAST_ROWS = 3
_LEAST_ROWS_OF_DAY = 5
_DARK = 0.02  # of the series' brightest row
_CLEAR_SHARE = 0.55  # of what arrives outside the atmosphere
_CLEAR_RMS = 0.025  # of the day's brightest row
_DAY_ERROR = 4.0  # min, of one clear day, as measured years show it
_SOLAR_CONSTANT = 1367.0


@dataclass(frozen=True)
class Shift:
    """By how much the sun has to be moved for the radiation to fit.

    Attributes
    ----------
    minutes
        Positive: the sun of a later time fits.
    error
        How sure that is, one standard error [min].
    rms, rms_here
        What is left with that shift and without [W m-2].
    rows
        Rows looked at, or clear days.
    closure
        Whether global, direct and diffuse told it, or the symmetry of clear days.
    """

    minutes: float
    error: float
    rms: float
    rms_here: float
    rows: int
    closure: bool


@dataclass(frozen=True)
class Heights:
    """Sine of the sun's altitude at any shift of time: ``a + b cos(hour angle)``, shape ``[n]``."""

    a: F64
    b: F64
    hour_angle: F64
    """Degrees."""

    @classmethod
    def of(cls, series: WeatherSeries) -> Heights:
        """For each step of a series."""
        latitude = np.radians(series.columns["latitude"])
        elevation, azimuth = np.radians(series.track.elevation), np.radians(series.track.azimuth)
        sine = np.sin(latitude) * np.sin(elevation)
        sine += np.cos(latitude) * np.cos(elevation) * np.cos(azimuth)
        declination = np.arcsin(np.clip(sine, -1.0, 1.0))
        clock = (series.solar - series.solar.astype("datetime64[D]")) / np.timedelta64(1, "h")
        return cls(
            np.sin(latitude) * np.sin(declination),
            np.cos(latitude) * np.cos(declination),
            15.0 * (clock - 12.0),
        )

    def take(self, rows: NDArray[np.int64]) -> Heights:
        """Of some rows."""
        return Heights(self.a[rows], self.b[rows], self.hour_angle[rows])

    def moved(self, hours: F64) -> Heights:
        """With every row moved by hours of its own."""
        return Heights(self.a, self.b, self.hour_angle + 15.0 * hours)

    def at(self, hours: F64) -> F64:
        """Sine of the altitude, 0 below the horizon, for each shift and row, ``[shift, row]``."""
        angle = np.radians(self.hour_angle + 15.0 * np.asarray(hours)[:, None])
        return np.maximum(self.a + self.b * np.cos(angle), 0.0)

    def highest(self, hours: F64) -> F64:
        """Altitude of the sun at its highest within steps of that length [degrees]."""
        nearest = np.maximum(np.abs(self.hour_angle) - 7.5 * hours, 0.0)
        sine = self.a + self.b * np.cos(np.radians(nearest))
        return np.asarray(np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0))), np.float64)


def find_shift(series: WeatherSeries, heights: Heights, beam: str) -> Shift | None:
    """By how much the sun has to be moved; ``None`` where the radiation does not tell.

    Where global G, direct I and diffuse D are all measured, the shift that leaves least of
    ``G - D - I sin h``; otherwise the one about which clear days are symmetric. A component that
    was derived from the two others says nothing.
    """
    own_sun = np.abs(series.columns["azimuth"] - series.track.azimuth) < 1e-9
    parts = series.radiation
    sunny = own_sun & parts.measured
    if beam == "normal" and sunny.any():
        with np.errstate(invalid="ignore"):
            sunny &= (parts.direct > _SUNNY) | (parts.total - parts.diffuse > _SUNNY)
        return _by_closure(series, heights, np.flatnonzero(sunny))
    return _by_symmetry(series, heights) if own_sun.all() else None


def _by_closure(series: WeatherSeries, heights: Heights, rows: NDArray[np.int64]) -> Shift | None:
    if rows.size < _LEAST_ROWS:
        return None
    parts = series.radiation
    rows = _sunniest(rows, parts.direct, series.solar)
    direct = parts.direct[rows]
    horizontal = (parts.total - parts.diffuse)[rows]
    there = heights.take(rows)

    def left(hours: F64) -> F64:
        residual = horizontal - direct * there.at(hours)
        return np.asarray(np.sqrt(np.mean(residual**2, axis=1)), np.float64)

    coarse = left(_COARSE)
    around = _COARSE[int(coarse.argmin())] + _FINE
    fine = left(around)
    best, rms = float(around[int(fine.argmin())]), float(fine.min())
    apart = np.abs((_COARSE - best + 12.0) % 24.0 - 12.0)
    # Rows of noon alone fit two suns, and rows that do not close fit none.
    ambiguous = coarse[apart > 1.0].min() < max(2.0 * rms, rms + 10.0)
    if ambiguous or rms > max(15.0, 0.1 * float(horizontal.mean())):
        return None
    quarter = left(np.array([best - 0.25, best + 0.25])).mean()
    slope = np.sqrt(max(float(quarter) ** 2 - rms**2, 1e-12)) / 15.0
    error = rms / slope / np.sqrt(rows.size)
    here = float(left(np.zeros(1))[0])
    return Shift(best * 60.0, error, rms, here, rows.size, True)


def _sunniest(
    rows: NDArray[np.int64], direct: F64, solar: NDArray[np.datetime64]
) -> NDArray[np.int64]:
    """Rows of the sunniest days, so many that the search stays short."""
    if rows.size <= MOST_ROWS:
        return rows
    _, day = np.unique(solar[rows].astype("datetime64[D]"), return_inverse=True)
    sums, counts = np.bincount(day, direct[rows]), np.bincount(day)
    order = np.argsort(-sums, kind="stable")
    chosen = order[: max(1, int(np.searchsorted(np.cumsum(counts[order]), MOST_ROWS, "right")))]
    rows = rows[np.isin(day, chosen)]
    return rows[:: -(-rows.size // MOST_ROWS)]


def _by_symmetry(series: WeatherSeries, heights: Heights) -> Shift | None:
    hours = series.columns["hours"]
    since = (series.solar - series.solar[:1].astype("datetime64[D]")) / np.timedelta64(1, "h")
    total = series.radiation.total
    found = []
    for block in _brightest(_daylights(total, since, hours), total, heights):
        fit = _fit_day(total[block], since[block], hours[block], heights.take(block))
        if fit is not None:
            found.append(fit)
    if not found:
        return None
    minutes, rms, here = np.array(found).T
    error = _DAY_ERROR / np.sqrt(len(found))
    return Shift(
        float(np.median(minutes)), error, float(rms.mean()), float(here.mean()), len(found), False
    )


def _daylights(total: F64, since: F64, hours: F64) -> list[NDArray[np.int64]]:
    """Rows of each whole daylight, with the dark row before and after it."""
    lit = total > _DARK * total.max()
    joined = np.abs(np.diff(since) - (hours[1:] + hours[:-1]) / 2.0) < 0.02
    edges = np.flatnonzero(np.diff(lit))
    found = []
    for first, last in itertools.pairwise(edges):
        long = last - first >= _LEAST_ROWS_OF_DAY
        if long and lit[first + 1] and joined[first : last + 1].all():
            found.append(np.arange(first, last + 2))
    return found


def _brightest(
    blocks: list[NDArray[np.int64]], total: F64, heights: Heights
) -> list[NDArray[np.int64]]:
    """The days whose brightest row comes nearest to what the highest sun could give."""
    share = [
        float(total[block].max() / (heights.a[block].mean() + heights.b[block].mean()))
        for block in blocks
    ]
    order = np.argsort(-np.array(share), kind="stable")[:MOST_DAYS]
    return [blocks[int(i)] for i in order]


def _fit_day(
    total: F64, since: F64, hours: F64, heights: Heights
) -> tuple[float, float, float] | None:
    """Shift [min] about which a clear day is symmetric, and what is left with and without it.

    On a clear day the global is a smooth function of the sun's height, ``c x + d x^2``.
    """
    centre = float((total * since).sum() / total.sum())
    guess = (12.0 - centre + 12.0) % 24.0 - 12.0
    tried = np.concatenate([[0.0], guess + _AROUND])
    x = np.mean([heights.moved(hours * part).at(tried) for part in _SUBSTEPS], axis=0)
    s2, s3, s4 = (x**2).sum(1), (x**3).sum(1), (x**4).sum(1)
    y1, y2 = x @ total, (x * x) @ total
    determinant = s2 * s4 - s3**2
    usable = determinant > 1e-9
    safe = np.where(usable, determinant, 1.0)
    c, d = (y1 * s4 - y2 * s3) / safe, (y2 * s2 - y1 * s3) / safe
    left = (total**2).sum() - np.where(usable, c * y1 + d * y2, 0.0)
    rms = np.sqrt(np.maximum(left, 0.0) / total.size)
    best = 1 + int(rms[1:].argmin())
    height = x[best].max()
    clear = total.max() > _CLEAR_SHARE * _SOLAR_CONSTANT * height
    if not clear or total.max() > 1.2 * _SOLAR_CONSTANT * height:
        return None
    if rms[best] > _CLEAR_RMS * total.max():
        return None
    return float(tried[best] * 60.0), float(rms[best]), float(rms[0])

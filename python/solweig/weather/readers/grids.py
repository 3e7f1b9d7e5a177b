"""Which cells of a weather grid stand for a place, and with what weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError, WeatherDataError
from solweig.typing import F64
from solweig.weather.distance import distance_km
from solweig.weather.readers.wanted import Site

METHODS = ("nearest", "linear")
Known = Callable[[int, int], bool]

_ALONE = 0.3
"""How far from its one cell a file of a single point may be used [degrees]."""


@dataclass(frozen=True)
class Spot:
    """Cells that stand for a place.

    Attributes
    ----------
    rows, columns, weights
        Of each cell; the weights sum to 1.
    latitude, longitude
        What they stand for [degrees].
    words
        How, in words.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    weights: tuple[float, ...]
    latitude: float
    longitude: float
    words: str


def check_method(method: str) -> None:
    """Check a way to choose cells.

    Raises
    ------
    ConfigurationError
        Neither ``"nearest"`` nor ``"linear"``.
    """
    if method not in METHODS:
        raise ConfigurationError("method", " or ".join(METHODS), repr(method))


def spot_on_axes(
    latitudes: F64, longitudes: F64, site: Site, method: str, known: Known, source: str
) -> Spot:
    """Cells of a grid of latitudes and longitudes.

    Parameters
    ----------
    latitudes, longitudes
        Of rows and columns [degrees], in any order; longitudes from 0 to 360 or -180 to 180.
    site
        The place.
    method
        ``"nearest"`` or ``"linear"``.
    known
        Whether the cell of a row and column holds values: land models have none over the sea.
    source
        For messages.

    Raises
    ------
    WeatherDataError
        The place lies outside, or no cell near it holds values.
    """
    north = latitudes - site.latitude
    east = (longitudes - site.longitude + 180.0) % 360.0 - 180.0
    reach = (_spacing(latitudes), _spacing(longitudes))
    _require_inside(north, east, reach, site, source, latitudes, longitudes)
    if method == "nearest":
        return _nearest(north, east, reach, site, known, source, latitudes, longitudes)
    rows, of_rows = _around(north, reach[0], "latitude", source)
    columns, of_columns = _around(east, reach[1], "longitude", source)
    cells = [(r, c, a * b) for r, a in zip(rows, of_rows, strict=True)
             for c, b in zip(columns, of_columns, strict=True) if a * b > 0]  # fmt: skip
    if not all(known(r, c) for r, c, _ in cells):
        raise WeatherDataError(
            source, "values in the cells around the place", "a cell without (sea?)",
            "method='nearest' takes the nearest cell that has values.",
        )  # fmt: skip
    return Spot(
        tuple(r for r, _, _ in cells), tuple(c for _, c, _ in cells),
        tuple(w for _, _, w in cells), site.latitude, site.longitude,
        f"interpolated from {len(cells)} cell(s) at {_degrees(site.latitude, site.longitude)}",
    )  # fmt: skip


def spacings(latitudes: F64, longitudes: F64) -> tuple[float, float]:
    """Of both axes [degrees]; 0 of a single value."""
    north, east = (_spacing(axis) if axis.size > 1 else 0.0 for axis in (latitudes, longitudes))
    return north, east


def _spacing(axis: F64) -> float:
    """Of an axis [degrees]; a single value reaches a little way."""
    return float(np.median(np.abs(np.diff(axis)))) if axis.size > 1 else _ALONE


def _require_inside(
    north: F64, east: F64, reach: tuple[float, float], site: Site, source: str,
    latitudes: F64, longitudes: F64,
) -> None:  # fmt: skip
    # A cell reaches half a spacing beyond its middle; a single point stands for its surroundings.
    half = [r if axis.size == 1 else 0.5001 * r
            for r, axis in zip(reach, (latitudes, longitudes), strict=True)]  # fmt: skip
    if np.abs(north).min() <= half[0] and np.abs(east).min() <= half[1]:
        return
    raise _outside(site, latitudes, longitudes, source)


def _outside(site: Site, latitudes: F64, longitudes: F64, source: str) -> WeatherDataError:
    """What is said of a place that a grid does not hold."""
    south, north = float(latitudes.min()), float(latitudes.max())
    west, east = float(longitudes.min()), float(longitudes.max())
    swapped = south <= site.longitude <= north and west <= site.latitude <= east
    return WeatherDataError(
        "location",
        f"a place in the grid of {source}, {south:g} to {north:g} N, {west:g} to {east:g} E",
        _degrees(site.latitude, site.longitude),
        "Latitude and longitude look swapped." if swapped else "The file has to cover the place.",
    )


def _nearest(
    north: F64, east: F64, reach: tuple[float, float], site: Site, known: Known, source: str,
    latitudes: F64, longitudes: F64,
) -> Spot:  # fmt: skip
    shrunk = np.cos(np.radians(site.latitude))
    near = [(float(np.hypot(north[r], east[c] * shrunk)), int(r), int(c))
            for r in np.flatnonzero(np.abs(north) <= 2 * reach[0])
            for c in np.flatnonzero(np.abs(east) <= 2 * reach[1])]  # fmt: skip
    for number, (_, row, column) in enumerate(sorted(near)):
        if known(row, column):
            there = (float(latitudes[row]), float(longitudes[column]))
            apart = distance_km((site.latitude, site.longitude), there)
            words = f"the cell at {_degrees(*there)}, {apart:.0f} km from the place"
            if number:
                words += f" ({number} nearer without values: sea?)"
            return Spot((row,), (column,), (1.0,), *there, words)
    raise WeatherDataError(
        source, "a cell with values within two cells of the place", "none (sea?)",
        "ERA5-Land has no values over water; ERA5 has.",
    )  # fmt: skip


def _around(away: F64, reach: float, name: str, source: str) -> tuple[list[int], list[float]]:
    """The two neighbours along one axis, and their weights."""
    exact = np.flatnonzero(np.abs(away) < 1e-6)
    if exact.size:
        return [int(exact[0])], [1.0]
    below = np.flatnonzero(away < 0)
    above = np.flatnonzero(away > 0)
    if below.size and above.size:
        low, high = below[np.argmax(away[below])], above[np.argmin(away[above])]
        apart = float(away[high] - away[low])
        if apart <= 1.5 * reach:
            return [int(low), int(high)], [float(away[high]) / apart, float(-away[low]) / apart]
    raise WeatherDataError(
        source, f"cells on both sides of the place in {name}", "one side only",
        "method='nearest' takes the nearest cell.",
    )  # fmt: skip


# ------------------------------------------------------------------ curved grids


def spot_on_curves(latitudes: F64, longitudes: F64, site: Site, method: str, source: str) -> Spot:
    """Cells of a grid whose rows and columns do not follow latitude and longitude.

    Parameters
    ----------
    latitudes, longitudes
        Of every cell [degrees], ``[rows, columns]``.
    site, method, source
        As :func:`spot_on_axes` takes them.

    Raises
    ------
    WeatherDataError
        The place lies outside.
    """
    shrunk = np.cos(np.radians(site.latitude))
    north = latitudes - site.latitude
    east = ((longitudes - site.longitude + 180.0) % 360.0 - 180.0) * shrunk
    row, column = np.unravel_index(int(np.argmin(north**2 + east**2)), north.shape)
    where = _fractional(north, east, int(row), int(column))
    limits = np.array(north.shape) - 1
    beyond = 0.5001 if method == "nearest" else 1e-6
    if where is None or np.any(where < -beyond) or np.any(where > limits + beyond):
        raise _outside(site, latitudes, longitudes, source)
    if method == "nearest":
        there = (float(latitudes[row, column]), float(longitudes[row, column]))
        apart = distance_km((site.latitude, site.longitude), there)
        words = f"the cell at {_degrees(*there)}, {apart:.1f} km from the place"
        return Spot((int(row),), (int(column),), (1.0,), *there, words)
    corner = np.clip(np.floor(where).astype(int), 0, np.maximum(limits - 1, 0))
    part = np.clip(where - corner, 0.0, 1.0)
    cells = [(corner[0] + i, corner[1] + j, abs(1 - i - part[0]) * abs(1 - j - part[1]))
             for i in (0, 1) for j in (0, 1)]  # fmt: skip
    cells = [cell for cell in cells if cell[2] > 0]
    return Spot(
        tuple(int(r) for r, _, _ in cells), tuple(int(c) for _, c, _ in cells),
        tuple(float(w) for _, _, w in cells), site.latitude, site.longitude,
        f"interpolated from {len(cells)} cell(s) at {_degrees(site.latitude, site.longitude)}",
    )  # fmt: skip


def _fractional(north: F64, east: F64, row: int, column: int) -> NDArray[np.float64] | None:
    """Row and column at which both offsets vanish, as fractions: Newton's steps from a cell."""
    if min(north.shape) < 2:
        return None
    where = np.array([row, column], np.float64)
    for _ in range(20):
        corner = np.clip(np.floor(where).astype(int), 0, np.array(north.shape) - 2)
        part = where - corner
        here, slopes = np.empty(2), np.empty((2, 2))
        for k, plane in enumerate((north, east)):
            a, b, c, d = plane[corner[0] : corner[0] + 2, corner[1] : corner[1] + 2].ravel()
            here[k] = (a * (1 - part[0]) * (1 - part[1]) + b * (1 - part[0]) * part[1]
                       + c * part[0] * (1 - part[1]) + d * part[0] * part[1])  # fmt: skip
            slopes[k] = ((c - a) * (1 - part[1]) + (d - b) * part[1],
                         (b - a) * (1 - part[0]) + (d - c) * part[0])  # fmt: skip
        try:
            move = np.linalg.solve(slopes, here)
        except np.linalg.LinAlgError:
            return None
        where = where - move
        if np.abs(move).max() < 1e-9:
            return where
    return where if np.abs(move).max() < 0.01 else None


def _degrees(latitude: float, longitude: float) -> str:
    return f"{latitude:.3f} N, {longitude:.3f} E"

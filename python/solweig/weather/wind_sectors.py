"""Wind coefficients by the direction of the wind: their rasters, and which a step takes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from solweig.errors import WeatherDataError
from solweig.rasters.grids import Grid
from solweig.weather.field_layers import (
    ArrayLayers,
    BandLayers,
    Layers,
    band_names,
    open_source_layers,
)
from solweig.weather.fields import WindCoefficients
from solweig.weather.series import WeatherSeries

__all__ = ["Mix", "Sectors", "mixes_of_steps", "open_sectors"]

Mix = tuple[tuple[int, float], ...]
"""Layers and their shares."""
_PLACE = "{direction}"


@dataclass(frozen=True)
class Sectors:
    """Coefficients by direction.

    Attributes
    ----------
    directions
        Where the wind comes from [degrees], rising from 0.
    layers
        One for each.
    """

    directions: tuple[float, ...]
    layers: Layers


def open_sectors(name: str, given: WindCoefficients, grid: Grid) -> Sectors:
    """Open the rasters of all directions.

    Parameters
    ----------
    name
        In messages.
    given
        As it was said.
    grid
        Of the surface.

    Raises
    ------
    GridShapeMismatch, InvalidSurfaceData
        Another grid, or a raster that cannot be read.
    WeatherDataError
        Directions that are none, or twice; several layers of one direction.
    """
    source = given.source
    if isinstance(source, str | Path) and _PLACE not in str(source):
        return _of_bands(name, Path(source), grid)
    by_direction = _named(name, str(source)) if isinstance(source, str | Path) else source
    if not isinstance(by_direction, Mapping) or not by_direction:
        raise WeatherDataError(
            name, f"rasters by direction, or files named with {_PLACE}", type(source).__name__
        )
    return _sorted(name, by_direction, grid)


def _named(name: str, pattern: str) -> dict[float, Path]:
    """Files whose name holds a direction."""
    path = Path(pattern)
    if _PLACE in str(path.parent) or path.name.count(_PLACE) != 1:
        raise WeatherDataError(name, f"{_PLACE} once, in the name of the file", pattern)
    before, after = path.name.split(_PLACE)
    form = re.compile(re.escape(before) + r"(\d+(?:\.\d+)?)" + re.escape(after))
    here = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    found = {float(m[1]): file for file in here if (m := form.fullmatch(file.name))}
    if not found:
        raise WeatherDataError(name, f"files named {pattern}", f"none in {path.parent}")
    return found


def _of_bands(name: str, path: Path, grid: Grid) -> Sectors:
    words = band_names(name, path, grid)
    numbers = [_degrees(word) for word in words]
    known = [n for n in numbers if n is not None]
    if known and len(known) < len(numbers):
        raise WeatherDataError(
            name, "every band named by its direction, or none", f"bands {', '.join(words)}"
        )
    if not known:
        known = [360.0 * i / len(words) for i in range(len(words))]
    bands = [(str(path.absolute()), band) for band in range(1, len(words) + 1)]
    return _checked(name, dict(_distinct(name, zip(known, bands, strict=True))))


def _degrees(word: str) -> float | None:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:deg(?:rees)?|°)?\s*", word)
    return None if found is None else float(found[1])


def _distinct(name: str, pairs: Any) -> list[tuple[float, Any]]:
    """Directions from 0 to below 360, each once, in order."""
    found: dict[float, Any] = {}
    for given, value in pairs:
        number = float(given) if isinstance(given, Real) else math.nan
        if not 0.0 <= number <= 360.0:
            raise WeatherDataError(name, "directions of 0 to 360 degrees", repr(given))
        if number % 360.0 in found:
            raise WeatherDataError(name, f"{number % 360.0:g} degrees once", "twice")
        found[number % 360.0] = value
    return sorted(found.items())


def _checked(name: str, bands: dict[float, tuple[str, int]]) -> Sectors:
    return Sectors(tuple(bands), BandLayers(tuple(bands.values())))


def _sorted(name: str, by_direction: Mapping[Any, Any], grid: Grid) -> Sectors:
    """One layer of each source."""
    pairs = _distinct(name, by_direction.items())
    opened = []
    for direction, source in pairs:
        own = f"{name}[{direction:g}]"
        layers = open_source_layers(own, source, grid)
        if len(layers) != 1:
            raise WeatherDataError(own, "one layer", len(layers))
        opened.append(layers)
    directions = tuple(direction for direction, _ in pairs)
    bands = [layers.bands[0] for layers in opened if isinstance(layers, BandLayers)]
    if len(bands) == len(opened):
        return Sectors(directions, BandLayers(tuple(bands)))
    rows, cols = grid.shape
    whole = slice(0, rows), slice(0, cols)
    return Sectors(directions, ArrayLayers([layers.read(0, whole) for layers in opened], None))


def mixes_of_steps(
    name: str, sectors: Sectors, series: WeatherSeries, between: str
) -> tuple[Mix, ...]:
    """Which directions each step takes, and how much of each.

    Parameters
    ----------
    name
        In messages.
    sectors
        What there is.
    series
        The steps.
    between
        "nearest" or "linear".

    Raises
    ------
    WeatherDataError
        A step with wind whose direction is not known.
    """
    wind = np.asarray(series.columns["ws"], np.float64)
    unknown = np.flatnonzero(np.isnan(series.wind_direction) & ~(wind == 0.0))
    if unknown.size and len(sectors.directions) > 1:
        raise WeatherDataError(
            "wind_direction", f"a direction in every step, for {name}", f"none in {unknown.size}",
            f"The first is {series.stamps[unknown[0]]:%Y-%m-%d %H:%M}.",
        )  # fmt: skip
    # Without wind it does not matter which.
    directions = np.nan_to_num(series.wind_direction, nan=sectors.directions[0])
    mix = _nearest if between == "nearest" else _linear
    return tuple(mix(sectors.directions, float(d)) for d in directions)


def _nearest(directions: tuple[float, ...], wanted: float) -> Mix:
    """The nearest; of two equally near the one clockwise."""

    def apart(i: int) -> tuple[float, float]:
        clockwise = (directions[i] - wanted) % 360.0
        return round(min(clockwise, 360.0 - clockwise), 9), clockwise

    return ((min(range(len(directions)), key=apart), 1.0),)


def _linear(directions: tuple[float, ...], wanted: float) -> Mix:
    """The two on either side, by how near they are."""
    after = min(range(len(directions)), key=lambda i: (directions[i] - wanted) % 360.0)
    ahead = (directions[after] - wanted) % 360.0
    before = (after - 1) % len(directions)
    span = (directions[after] - directions[before]) % 360.0 or 360.0
    if ahead == 0.0 or before == after:
        return ((after, 1.0),)
    return (before, ahead / span), (after, 1.0 - ahead / span)

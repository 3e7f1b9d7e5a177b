"""From values to colours: one scale a quantity for all hours of a page, and maps as PNG files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solweig.rasters.variables import attributes
from solweig.results.map_style import CLASSES, class_shade
from solweig.results.styles import palette
from solweig.typing import F32, U8

__all__ = ["ROOF", "MapScale", "png", "scale_of"]

ROOF = "#a9afb8"
_MOST = 250
_ROUND = 5.0
"""Ranges begin and end at multiples of this [deg C, or 1/20 of the range of other units]."""


@dataclass(frozen=True)
class MapScale:
    """Colours of a quantity.

    Attributes
    ----------
    low, high
        Values at the ends; what lies beyond takes the colour of its end.
    colours
        Of equal parts from low to high, ``#rrggbb``.
    name
        Of the quantity.
    """

    name: str
    low: float
    high: float
    colours: tuple[str, ...]

    @property
    def step(self) -> float:
        """What one colour stands for."""
        return (self.high - self.low) / len(self.colours)

    def colour(self, value: float) -> str:
        """Of a value."""
        return self.colours[int(np.clip((value - self.low) / self.step, 0, len(self.colours) - 1))]


def scale_of(name: str, low: float, high: float) -> MapScale:
    """A scale that covers values from ``low`` to ``high``.

    Parameters
    ----------
    name
        Of a variable or statistic.
    low, high
        NaN where there is no value.
    """
    base = name.partition("_")[0]
    if not (np.isfinite(low) and np.isfinite(high)):
        low, high = 0.0, 1.0
    if base in CLASSES and "hours" not in name:
        low, high = float(np.floor(low)), float(np.ceil(high))
        high = max(high, low + 1.0)
        step = 0.5 if (high - low) * 2 <= _MOST else (high - low) / _MOST
        middles = np.arange(low + step / 2, high, step)
        shades = (class_shade(base, float(v), (low, high)) for v in middles)
        return MapScale(name, low, high, tuple(_hex(shade) for shade in shades))
    unit = attributes(name)["units"]
    if unit == "1":
        low, high, count = 0.0, 1.0, 20
    elif unit == "h":
        low, high = 0.0, max(float(np.ceil(high)), 1.0)
        count = min(int(high) * 4, _MOST)
    else:
        low, high = np.floor(low / _ROUND) * _ROUND, np.ceil(high / _ROUND) * _ROUND
        high = max(high, low + _ROUND)
        count = int(min((high - low) * 2, _MOST))
    return MapScale(name, float(low), float(high), _between(palette(name), count))


def _between(stops: tuple[str, ...], count: int) -> tuple[str, ...]:
    """So many colours along even stops."""
    known = np.array([[int(s[i : i + 2], 16) / 255 for i in (1, 3, 5)] for s in stops])
    at = np.linspace(0.0, len(stops) - 1, count)
    parts = [np.interp(at, np.arange(len(stops)), known[:, c]) for c in range(3)]
    return tuple(_hex(tuple(rgb)) for rgb in np.stack(parts, axis=1).tolist())


def _hex(shade: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in shade)


def png(grid: F32, roofs: NDArray[np.bool_], scale: MapScale) -> bytes:
    """A map as a PNG of as many pixels, with a palette; nothing where there is no value.

    Parameters
    ----------
    grid
        Values, NaN = none.
    roofs
        Drawn in grey where there is no value.
    scale
        Colours.
    """
    import rasterio
    from affine import Affine
    from rasterio.io import MemoryFile

    count = len(scale.colours)
    part = (np.nan_to_num(grid.astype(np.float64), nan=scale.low) - scale.low) / scale.step
    codes: U8 = np.clip(part, 0, count - 1).astype(np.uint8)
    empty = ~np.isfinite(grid)
    codes[empty] = count + 1
    codes[empty & roofs] = count
    table = {i: (*_bytes(colour), 255) for i, colour in enumerate((*scale.colours, ROOF))}
    rows, cols = grid.shape
    # Without side files, which would stay in memory. The transform, which is not kept, is there
    # because none is warned of.
    with rasterio.Env(GDAL_PAM_ENABLED="NO"), MemoryFile(ext=".png") as file:
        with file.open(
            driver="PNG", height=rows, width=cols, count=1, dtype="uint8", zlevel=9,
            transform=Affine.translation(1, 1),
        ) as target:  # fmt: skip
            target.write_colormap(1, {**table, count + 1: (0, 0, 0, 0)})
            target.write(codes, 1)
        return bytes(file.read())


def _bytes(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue

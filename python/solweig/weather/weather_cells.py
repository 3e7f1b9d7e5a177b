"""Which cells of a coarse grid lie around a surface, and where on it their centres are."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.warp import transform

from solweig.errors import GridShapeMismatch, InvalidSurfaceData
from solweig.rasters.grids import Grid, same_crs
from solweig.rasters.projection import describe_crs
from solweig.typing import F64, Bounds, Window

__all__ = ["FINEST", "MOST_CELLS", "WeatherCells", "cells_around"]

MOST_CELLS = 256
"""The engine makes a sky for each."""
_SLACK = 1e-3
"""Part of a weather cell by which it may end before the surface does."""
FINEST = 64.0
"""Origins lie on such parts of a cell of the surface: single precision then has their distances to
the cells of all but the widest rasters, and a device finds in a tile what it finds in the whole."""
_EDGE_POINTS = 17
"""Points on each edge of the surface that are looked for in a grid of another projection."""
_There = Callable[[F64, F64], tuple[F64, F64]]


@dataclass(frozen=True)
class WeatherCells:
    """Weather cells around a surface, along its axes.

    Attributes
    ----------
    origin
        Row and column of the centre of the first, in cells of the surface, whose own first centre
        is at (0.5, 0.5).
    pitch
        Their distances, likewise.
    shape
        Rows and columns.
    window
        Cells of the source they are taken from.
    at
        Rows and columns of their centres in the window, ``[2, row, col]``, where they lie between
        its cells; None where they are its cells.
    """

    origin: tuple[float, float]
    pitch: tuple[float, float]
    shape: tuple[int, int]
    window: Window
    at: F64 | None = None

    def take(self, values: F64) -> F64:
        """Values of the weather cells from those of the window ``[..., row, col]``, bilinear."""
        if self.at is None:
            return values
        (row, next_row, down), (col, next_col, right) = (
            _between(at, size) for at, size in zip(self.at, values.shape[-2:], strict=True)
        )
        upper = _mixed(values[..., row, col], values[..., row, next_col], right)
        lower = _mixed(values[..., next_row, col], values[..., next_row, next_col], right)
        return _mixed(upper, lower, down)


def _between(at: F64, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64], F64]:
    """The cells before and after a place, and the share of the second."""
    first = np.clip(np.floor(at).astype(np.int64), 0, size - 1)
    return first, np.minimum(first + 1, size - 1), at - first


def _mixed(one: F64, other: F64, share: F64) -> F64:
    return np.asarray(one + share * (other - one), np.float64)


def cells_around(name: str, own: Grid, surface: Grid) -> WeatherCells:
    """The cells of a grid between whose centres a surface lies.

    A grid of another projection is taken at centres of cells of about the same size along the axes
    of the surface, of which the middle one is one of its own.

    Parameters
    ----------
    name
        Of the field, in messages.
    own
        North up.
    surface
        North up.

    Raises
    ------
    GridShapeMismatch
        It does not cover the surface, has too many cells around it, or goes around the globe and
        begins beside it.
    InvalidSurfaceData
        No way from one projection to the other.
    """
    if surface.crs is None and own.crs is not None and own.crs.is_geographic:
        raise InvalidSurfaceData(
            name, "a surface with a CRS, because the field is in degrees", "a surface without"
        )
    if same_crs(own.crs, surface.crs):
        return _of_same_axes(name, own, surface)
    return _of_other_axes(name, own, surface)


def _of_same_axes(name: str, own: Grid, surface: Grid) -> WeatherCells:
    to, at = surface.transform, own.transform
    pitch = at.e / to.e, at.a / to.a
    edge = (at.f - to.f) / to.e, (at.c - to.c) / to.a
    for start, step, cells, size in zip(edge, pitch, own.shape, surface.shape, strict=True):
        if start > _SLACK * step or start + cells * step < size - _SLACK * step:
            raise _uncovered(name, own, surface.bounds)
    first = [start + 0.5 * step for start, step in zip(edge, pitch, strict=True)]
    rows, cols = (
        _needed(*each) for each in zip(first, pitch, surface.shape, own.shape, strict=True)
    )
    origin = _settled(first[0] + rows.start * pitch[0], first[1] + cols.start * pitch[1])
    return _checked(name, WeatherCells(origin, pitch, (_length(rows), _length(cols)), (rows, cols)))


def _of_other_axes(name: str, own: Grid, surface: Grid) -> WeatherCells:
    at = own.transform

    def there(cols: F64, rows: F64) -> tuple[F64, F64]:
        """Columns and rows of the field, its first centre at 0.5, of those of the surface."""
        x, y = _moved(name, surface.crs, own.crs, *_places(surface, cols, rows))
        if own.crs is not None and own.crs.is_geographic:
            x = _around(x, own)
        return (x - at.c) / at.a, (y - at.f) / at.e

    _check_covered(name, own, surface, there)
    first, pitch = _along_axes(name, own, surface, there)
    rows, cols = (_needed(*each, None) for each in zip(first, pitch, surface.shape, strict=True))
    origin = _settled(first[0] + rows.start * pitch[0], first[1] + cols.start * pitch[1])
    shape = _length(rows), _length(cols)
    nowhere = slice(0, 0), slice(0, 0)
    found = _checked(name, WeatherCells(origin, pitch, shape, nowhere))
    down, right = np.indices(shape, np.float64)
    places = there(
        (origin[1] + pitch[1] * right).ravel(), (origin[0] + pitch[0] * down).ravel()
    )[::-1]  # fmt: skip
    _check_round(name, own, places[1])
    # Outside its outermost centres these hold, as they do on the surface.
    inside = [
        np.clip(place - 0.5, 0.0, size - 1.0).reshape(shape)
        for place, size in zip(places, own.shape, strict=True)
    ]
    window = [slice(int(np.floor(p.min())), int(np.ceil(p.max())) + 1) for p in inside]
    within = np.stack([p - part.start for p, part in zip(inside, window, strict=True)])
    return replace(found, window=(window[0], window[1]), at=within)


def _check_round(name: str, own: Grid, cols: F64) -> None:
    """Refuse a grid around the globe that begins within the cells that are needed."""
    turn = own.crs is not None and own.crs.is_geographic
    size, step = own.shape[1], own.transform.a
    if not turn or not math.isclose(size * step, 360.0, rel_tol=_SLACK / size):
        return
    if cols.min() < 0.5 or cols.max() > size - 0.5:
        raise GridShapeMismatch(
            name, "weather cells on both sides of the surface",
            f"a grid around the globe that begins beside it, at {own.transform.c:.8g} degrees",
            "Let it begin elsewhere: "
            "array.assign_coords(lon=(array.lon + 180) % 360 - 180).sortby('lon').",
        )  # fmt: skip


def _along_axes(
    name: str, own: Grid, surface: Grid, there: _There
) -> tuple[tuple[float, float], tuple[float, float]]:
    """A centre of the field amid the surface, and how long its cell is along both axes.

    In rows and columns of the surface.
    """
    at, to, (rows, cols) = own.transform, surface.transform, surface.shape
    middle = there(np.array([0.5 * cols]), np.array([0.5 * rows]))
    col, row = (
        np.clip(np.floor(place[0]), 0, size - 1) + 0.5
        for place, size in zip(middle, own.shape[::-1], strict=True)
    )
    # Of this cell the middle, then its sides.
    right, down = np.array([0.0, -0.5, 0.5, 0.0, 0.0]), np.array([0.0, 0.0, 0.0, -0.5, 0.5])
    x, y = at.c + at.a * (col + right), at.f + at.e * (row + down)
    x, y = _moved(name, own.crs, surface.crs, x, y)
    lines, columns = (y - to.f) / to.e, (x - to.c) / to.a
    pitch = [math.hypot(v[2] - v[1], v[4] - v[3]) for v in (lines, columns)]
    return (float(lines[0]), float(columns[0])), (pitch[0], pitch[1])


def _settled(row: float, col: float) -> tuple[float, float]:
    """An origin on the nearest part of a cell."""
    return round(row * FINEST) / FINEST, round(col * FINEST) / FINEST


def _length(part: slice) -> int:
    return int(part.stop - part.start)


def _needed(first: float, step: float, size: int, cells: int | None) -> slice:
    """Cells of an axis around centres of the surface: the outermost between those of two.

    Parameters
    ----------
    first
        Centre of cell 0.
    step
        From one to the next.
    size
        Cells of the surface.
    cells
        How many there are; None: on and on to both sides.
    """
    low, high = math.floor((0.5 - first) / step), math.ceil((size - 0.5 - first) / step)
    if cells is not None:
        low, high = (min(max(i, 0), cells - 1) for i in (low, high))
    return slice(low, high + 1)


def _checked(name: str, found: WeatherCells) -> WeatherCells:
    rows, cols = found.shape
    if rows * cols <= MOST_CELLS:
        return found
    factor = next(
        k for k in range(2, rows + cols) if (rows // k + 2) * (cols // k + 2) <= MOST_CELLS
    )
    raise GridShapeMismatch(
        name, f"at most {MOST_CELLS} weather cells around the surface",
        f"{rows * cols} ({rows} x {cols})",
        f"Average {factor} x {factor} of them into one.",
    )  # fmt: skip


# ------------------------------------------------------------------ other projections


def _places(surface: Grid, cols: F64, rows: F64) -> tuple[F64, F64]:
    """Coordinates of columns and rows of the surface."""
    to = surface.transform
    return to.c + to.a * cols, to.f + to.e * rows


def _moved(name: str, one: CRS | None, other: CRS | None, x: F64, y: F64) -> tuple[F64, F64]:
    """Coordinates in another projection."""
    try:
        found = np.array(transform(one, other, x, y), np.float64)
    except RasterioError as problem:
        raise _no_way(name, one, other, str(problem)) from problem
    if not np.isfinite(found).all():
        raise _no_way(name, one, other, "places that have none")
    return found[0], found[1]


def _no_way(name: str, one: CRS | None, other: CRS | None, got: str) -> InvalidSurfaceData:
    words = f"coordinates in {describe_crs(other)} of places in {describe_crs(one)}"
    return InvalidSurfaceData(name, words, got, "Is the CRS of the file the right one?")


def _around(longitude: F64, own: Grid) -> F64:
    """Longitudes by as many turns as bring them to those of a grid, which may count from 0."""
    west, _, east, _ = own.bounds
    turns = np.round((0.5 * (west + east) - float(longitude.mean())) / 360.0)
    return np.asarray(longitude + 360.0 * turns, np.float64)


def _check_covered(name: str, own: Grid, surface: Grid, there: _There) -> None:
    rows, cols = surface.shape
    along = np.linspace(0.0, 1.0, _EDGE_POINTS)
    ends = np.zeros_like(along), np.ones_like(along)
    right = np.concatenate([along, along, *ends])
    down = np.concatenate([*ends, along, along])
    for place, size in zip(there(cols * right, rows * down), own.shape[::-1], strict=True):
        if place.min() < -_SLACK or place.max() > size + _SLACK:
            raise _uncovered(name, own, _extent_there(name, own, surface))


def _extent_there(name: str, own: Grid, surface: Grid) -> Bounds:
    """The box around a surface in the projection of a field."""
    rows, cols = surface.shape
    x, y = _moved(
        name, surface.crs, own.crs,
        *_places(surface, np.array([0.0, cols, 0.0, cols]), np.array([0.0, 0.0, rows, rows])),
    )  # fmt: skip
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _uncovered(name: str, own: Grid, surface: Bounds) -> GridShapeMismatch:
    return GridShapeMismatch(
        name, f"weather cells that cover the surface ({_shown(surface)})", _shown(own.bounds),
        "Both in coordinates of the field. Cut the surface, or take a larger part of the field.",
    )  # fmt: skip


def _shown(bounds: Bounds) -> str:
    return "west {:.8g}, south {:.8g}, east {:.8g}, north {:.8g}".format(*bounds)

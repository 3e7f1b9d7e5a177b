"""Grids of rasters: where their cells lie, and which they share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.warp import transform, transform_bounds

from solweig.errors import InvalidSurfaceData
from solweig.rasters.projection import check_kind, describe_crs
from solweig.typing import Bounds

__all__ = [
    "SAME_GRID_CELLS",
    "Cells",
    "Grid",
    "bounds_in",
    "check_bbox",
    "covered_cells",
    "overlap",
    "same_crs",
    "show_bounds",
    "true_cell_size",
    "whole_cell_offset",
]

#: First row, end row, first column, end column.
Cells = tuple[int, int, int, int]

#: Grids closer than this share cells; 1/1000 of a cell is below the precision of any survey.
SAME_GRID_CELLS = 1e-3


@dataclass(frozen=True)
class Grid:
    """A north-up raster grid: shape, affine transform and projection (``None`` = unknown)."""

    shape: tuple[int, int]
    transform: Affine
    crs: CRS | None

    @property
    def pixel_size(self) -> float:
        """Side of a cell [m]."""
        return float(self.transform.a)

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north."""
        rows, cols = self.shape
        west, north = self.transform.c, self.transform.f
        return (west, north + rows * self.transform.e, west + cols * self.transform.a, north)

    @property
    def extent(self) -> Bounds:
        """The box around the cells, of a turned grid too."""
        rows, cols = self.shape
        corners = [self.transform * point for point in ((0, 0), (cols, 0), (0, rows), (cols, rows))]
        xs, ys = zip(*corners, strict=True)
        return (min(xs), min(ys), max(xs), max(ys))

    @property
    def centre(self) -> tuple[float, float]:
        """Coordinates of the middle."""
        rows, cols = self.shape
        x, y = self.transform * (cols / 2, rows / 2)
        return float(x), float(y)

    @property
    def geotransform(self) -> list[float]:
        """The transform in GDAL's order."""
        return [float(v) for v in self.transform.to_gdal()]

    @property
    def crs_wkt(self) -> str | None:
        """The projection as WKT."""
        return self.crs.to_wkt() if self.crs else None


def check_bbox(bbox: Any) -> Bounds:
    """``(west, south, east, north)`` as floats, in order.

    Raises
    ------
    InvalidSurfaceData
        Not four numbers, or no area.
    """
    expected = "(west, south, east, north) with west < east and south < north"
    try:
        west, south, east, north = (float(v) for v in bbox)
    except (TypeError, ValueError):
        raise InvalidSurfaceData("bbox", expected, repr(bbox)) from None
    finite = all(map(math.isfinite, (west, south, east, north)))
    if not (finite and west < east and south < north):
        raise InvalidSurfaceData("bbox", expected, repr(tuple(bbox)))
    return west, south, east, north


def overlap(name: str, cells: Cells, bounds: Bounds, grid: Grid, *, part_cells: bool) -> Cells:
    """The cells of ``cells`` that ``bounds`` touches (``part_cells``) or whose centre it holds."""
    if not all(map(math.isfinite, bounds)):
        raise InvalidSurfaceData(name, "an extent of finite numbers", str(tuple(bounds)))
    west, south, east, north = bounds
    size, (left, top) = grid.pixel_size, (grid.bounds[0], grid.bounds[3])
    # Half a cell inwards from either edge decides by the centre, almost nothing by any part.
    slack = SAME_GRID_CELLS if part_cells else 0.5
    result = (
        max(cells[0], math.floor((top - north) / size + slack)),
        min(cells[1], math.ceil((top - south) / size - slack)),
        max(cells[2], math.floor((west - left) / size + slack)),
        min(cells[3], math.ceil((east - left) / size - slack)),
    )
    if result[0] >= result[1] or result[2] >= result[3]:
        raise InvalidSurfaceData(
            name,
            f"an extent that overlaps the DSM and the other layers ({show_bounds(grid.bounds)})",
            show_bounds(bounds),
        )
    return result


def show_bounds(bounds: Bounds) -> str:
    """For people."""
    return "west {:.1f}, south {:.1f}, east {:.1f}, north {:.1f}".format(*bounds)


def bounds_in(name: str, own: Grid, crs: CRS | None) -> Bounds:
    """The box around a grid in another projection.

    Raises
    ------
    InvalidSurfaceData
        No way there is known, or it is no map projection.
    """
    bounds = own.extent
    if own.crs is None or crs is None or own.crs == crs:
        return bounds
    check_kind(name, own.crs)
    try:
        west, south, east, north = transform_bounds(own.crs, crs, *bounds)
    except RasterioError as problem:
        raise _no_way(name, crs, str(problem)) from problem
    if not all(math.isfinite(v) for v in (west, south, east, north)):
        raise _no_way(name, crs, show_bounds(bounds))
    return west, south, east, north


def _no_way(name: str, crs: CRS, got: str) -> InvalidSurfaceData:
    return InvalidSurfaceData(
        name, f"coordinates that can be brought to {describe_crs(crs)}", got,
        "Is the CRS of the file the right one?",
    )  # fmt: skip


def true_cell_size(own: Grid, crs: CRS | None) -> float:
    """Side of a square as large as the middle cell of a grid, in the units of a projection."""
    rows, cols = own.shape
    middle = ((cols - 1) / 2, (rows - 1) / 2)
    corners = [
        own.transform * (middle[0] + i, middle[1] + j) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))
    ]
    xs, ys = zip(*corners, strict=True)
    if own.crs is not None and crs is not None and own.crs != crs:
        xs, ys = transform(own.crs, crs, xs, ys)
    # Of coordinates in the millions differences are taken first: their products lose the digits.
    x, y = ([v - values[0] for v in values] for values in (xs, ys))
    area = sum(x[i - 1] * y[i] - x[i] * y[i - 1] for i in range(4)) / 2
    return math.sqrt(abs(area))


def same_crs(a: CRS | None, b: CRS | None) -> bool:
    """Whether two projections are one; an unknown one is the other's."""
    return a is None or b is None or a == b


def whole_cell_offset(own: Grid, grid: Grid) -> tuple[int, int] | None:
    """Row and column of ``grid``'s corner in ``own`` where the two share cells, else ``None``."""
    if not same_crs(own.crs, grid.crs) or own.transform.b or own.transform.d:
        return None
    cells = max(grid.shape)
    for mine, theirs in ((own.transform.a, grid.transform.a), (own.transform.e, grid.transform.e)):
        if abs(mine - theirs) * cells > SAME_GRID_CELLS * abs(theirs):
            return None
    col = (grid.transform.c - own.transform.c) / grid.transform.a
    row = (grid.transform.f - own.transform.f) / grid.transform.e
    if max(abs(row - round(row)), abs(col - round(col))) > SAME_GRID_CELLS:
        return None
    return round(row), round(col)


def covered_cells(own: Grid, grid: Grid) -> tuple[slice, slice] | None:
    """Cells of ``grid`` that lie in another, all of each, as a window; ``None`` where none does.

    Of one in another projection, those in the box around it.
    """
    west, south, east, north = bounds_in("raster", own, grid.crs)
    size, slack = grid.pixel_size, SAME_GRID_CELLS
    first = (grid.bounds[3] - north) / size, (west - grid.bounds[0]) / size
    last = (grid.bounds[3] - south) / size, (east - grid.bounds[0]) / size
    rows, cols = (
        slice(max(math.ceil(a - slack), 0), min(math.floor(b + slack), n))
        for a, b, n in zip(first, last, grid.shape, strict=True)
    )
    if rows.start >= rows.stop or cols.start >= cols.stop:
        return None
    return rows, cols

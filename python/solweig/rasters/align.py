"""Rasters in any projection and grid, brought onto the grid of the surface model.

The surface model (DSM) decides projection, origin and pixel size, unless it is to be reprojected
itself. A layer on the same grid is read as it is; one that is shifted, of other pixel size or in
another projection is resampled, and the log says so:

=====================  ========  ==================================================================
layer                  method    why
=====================  ========  ==================================================================
DSM, DEM               bilinear  continuous heights; averages when pixels grow
albedo, emissivity     bilinear  continuous
canopy, trunk zone     nearest   a mean of crown and gap is a low bush that is not there, and crown
                                 top and trunk zone must come from the same cell
transmissivity, lai    nearest   as the canopy they belong to
land cover             nearest   codes have no mean
wall height, aspect    nearest   one-cell lines; the mean of 350 and 10 degrees is not 180
=====================  ========  ==================================================================
"""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from typing import Any

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.vrt import WarpedVRT
from rasterio.warp import reproject, transform_bounds
from rasterio.windows import Window

from solweig.errors import InvalidSurfaceData
from solweig.rasters.grids import Grid, same_crs, true_cell_size, whole_cell_offset
from solweig.rasters.lazy_cells import LazyCells
from solweig.rasters.projection import describe_crs
from solweig.rasters.sources import RasterSource
from solweig.rasters.stored import Stored
from solweig.rasters.units import check_clear
from solweig.typing import F32

__all__ = ["check_wall_grid", "read_on_grid"]

logger = logging.getLogger(__name__)

_NEAREST = {
    "cdsm", "tdsm", "transmissivity", "lai", "land_cover", "wall_height", "wall_aspect",
}  # fmt: skip
_BAND_ROWS = 512


def read_on_grid(source: RasterSource, grid: Grid) -> F32:
    """Band 1 of a layer on ``grid``, float32, NaN where it has no data; heights in metres.

    Raises
    ------
    InvalidSurfaceData
        The file cannot be read, or the unit of its heights is not clear.
    """
    check_clear(source.name, source.unit)
    offset = whole_cell_offset(source.grid, grid)
    try:
        if source.lazy is not None:
            if offset is not None:
                return _read_lazy(source.lazy, *offset, grid.shape)
            part, values = _part_below(source, source.lazy, grid)
            return _warp(part, values, grid)
        if source.values is not None:
            if offset is not None:
                return _cut(source.values, *offset, grid.shape)
            return _warp(source, source.values, grid)
        with rasterio.open(source.path) as dataset:
            if offset is not None:
                return _read_cells(dataset, source.stored, *offset, grid.shape)
            return _warp(source, dataset, grid)
    except (RasterioError, UnicodeDecodeError) as problem:
        raise InvalidSurfaceData(
            source.name, "readable raster data", f"{source.path}: {problem}"
        ) from problem


def check_wall_grid(source: RasterSource, grid: Grid) -> None:
    """Refuse walls of another projection; warn where they lie on other cells.

    Aspects are directions on their own grid, and walls are lines one cell wide: neither survives
    reprojection. Raises InvalidSurfaceData.
    """
    if not same_crs(source.grid.crs, grid.crs):
        raise InvalidSurfaceData(
            source.name,
            f"the DSM's CRS ({describe_crs(grid.crs)})",
            describe_crs(source.grid.crs),
            "Leave wall_height and wall_aspect out: they are computed from the DSM.",
        )
    if whole_cell_offset(source.grid, grid) is None:
        logger.warning(
            "%s: its cells are not those of the surface; walls one cell wide may get lost. Leave "
            "wall_height and wall_aspect out to compute them from the DSM",
            source.name,
        )


def _cut(values: F32, row: int, col: int, shape: tuple[int, int]) -> F32:
    """Cells from (row, col) of an array; NaN outside it."""
    result = np.full(shape, np.nan, dtype=np.float32)
    r0, c0 = max(row, 0), max(col, 0)
    r1, c1 = min(row + shape[0], values.shape[0]), min(col + shape[1], values.shape[1])
    if r0 < r1 and c0 < c1:
        result[r0 - row : r1 - row, c0 - col : c1 - col] = values[r0:r1, c0:c1]
    return result


def _read_lazy(cells: LazyCells, row: int, col: int, shape: tuple[int, int]) -> F32:
    """:func:`_cut` of an array that is not in memory."""
    result = np.full(shape, np.nan, dtype=np.float32)
    r0, c0 = max(row, 0), max(col, 0)
    r1, c1 = min(row + shape[0], cells.shape[0]), min(col + shape[1], cells.shape[1])
    if r0 < r1 and c0 < c1:
        part = cells.read(slice(r0, r1), slice(c0, c1))
        result[r0 - row : r1 - row, c0 - col : c1 - col] = part
    return result


def _part_below(source: RasterSource, cells: LazyCells, grid: Grid) -> tuple[RasterSource, F32]:
    """The part of an array that cells of ``grid`` are made from, as a layer of its own."""
    own = source.grid
    rows, cols = own.shape
    west, south, east, north = grid.bounds
    if own.crs and grid.crs and not same_crs(own.crs, grid.crs):
        west, south, east, north = transform_bounds(
            grid.crs, own.crs, west, south, east, north, densify_pts=51
        )
    # A filter is one cell wide, of the new ones where those are larger; twice that, to be sure.
    here = ~own.transform
    corners = [here * corner for corner in ((west, north), (east, south))]
    (left, top), (right, bottom) = corners
    wide = 4 + math.ceil(4 * max((right - left) / grid.shape[1], (bottom - top) / grid.shape[0]))
    window = (
        slice(*_within(top - wide, bottom + wide, rows)),
        slice(*_within(left - wide, right + wide, cols)),
    )
    shift = Affine.translation(window[1].start, window[0].start)
    shape = (window[0].stop - window[0].start, window[1].stop - window[1].start)
    return replace(source, grid=Grid(shape, own.transform * shift, own.crs)), cells.read(*window)


def _within(first: float, last: float, count: int) -> tuple[int, int]:
    """Whole cells of an axis, one at the least."""
    begin = min(max(math.floor(first), 0), count - 1)
    return begin, max(min(math.ceil(last), count), begin + 1)


def _read_cells(dataset: Any, stored: Stored, row: int, col: int, shape: tuple[int, int]) -> F32:
    """Cells from (row, col); NaN outside the file and where it has no data."""
    result = np.full(shape, np.nan, dtype=np.float32)
    r0, c0 = max(row, 0), max(col, 0)
    r1, c1 = min(row + shape[0], dataset.height), min(col + shape[1], dataset.width)
    if c0 >= c1:
        return result
    # By bands: what is read, its mask and its conversion take several times what is kept.
    for top in range(r0, r1, _BAND_ROWS):
        bottom = min(top + _BAND_ROWS, r1)
        part = dataset.read(1, window=Window(c0, top, c1 - c0, bottom - top), masked=True)
        values = stored.values(part).astype(np.float32)
        result[top - row : bottom - row, c0 - col : c1 - col] = np.ma.filled(values, np.nan)
    return result


def _warp(source: RasterSource, data: Any, grid: Grid) -> F32:
    """A dataset or an array on cells that are not its own."""
    nearest = source.name in _NEAREST
    method = Resampling.nearest if nearest else Resampling.bilinear
    _log_warp(source, grid, "nearest cell" if nearest else "bilinear")
    # Two unknown projections are one; GDAL wants a name for it.
    crs = grid.crs or source.grid.crs or CRS.from_epsg(3857)
    own_crs, scales = source.grid.crs or crs, _filter_scale(source.grid, grid)
    if isinstance(data, np.ndarray):
        result = np.full(grid.shape, np.nan, np.float32)
        reproject(
            data, result, src_transform=source.grid.transform, src_crs=own_crs,
            src_nodata=np.nan, dst_transform=grid.transform, dst_crs=crs, dst_nodata=np.nan,
            resampling=method, tolerance=0.01, **scales,
        )  # fmt: skip
    else:
        with WarpedVRT(
            data,
            src_crs=own_crs,
            crs=crs,
            transform=grid.transform,
            height=grid.shape[0],
            width=grid.shape[1],
            resampling=method,
            dtype="float32",
            nodata=float("nan"),
            tolerance=0.01,
            **scales,
        ) as view:
            warped = view.read(1, masked=True)
        result = np.ascontiguousarray(np.ma.filled(warped, np.nan), dtype=np.float32)
        if not source.stored.plain:
            for top in range(0, grid.shape[0], _BAND_ROWS):
                part = result[top : top + _BAND_ROWS]
                part[:] = source.stored.values(part)
    empty = int(np.isnan(result).sum())
    if empty:
        logger.info("%s: %d of %d cells have no data", source.name, empty, result.size)
    return result


def _filter_scale(own: Grid, grid: Grid) -> dict[str, str]:
    """How wide GDAL's bilinear filter is: one source cell, or one new cell where that is larger.

    Left alone GDAL takes the ratio of window sizes in whole cells, which makes the filter a little
    too wide and moves a slope by some hundredths of a cell.
    """
    if own.crs is not None and own.crs.is_geographic:
        return {}
    here = own.transform
    # A cell of one unit of its own projection may be smaller on the ground, or in feet.
    unit = 1.0
    if not same_crs(own.crs, grid.crs):
        unit = true_cell_size(own, grid.crs) / math.sqrt(abs(here.determinant))
    sides = {"XSCALE": math.hypot(here.a, here.d), "YSCALE": math.hypot(here.b, here.e)}
    return {name: f"{min(1.0, side * unit / grid.pixel_size):.12g}" for name, side in sides.items()}


def _log_warp(source: RasterSource, grid: Grid, method: str) -> None:
    own = source.grid
    if not same_crs(own.crs, grid.crs):
        what = f"reprojected from {describe_crs(own.crs)} to {describe_crs(grid.crs)}"
    elif not math.isclose(own.transform.a, grid.transform.a, rel_tol=1e-6):
        what = f"resampled from {own.transform.a:g} m to {grid.pixel_size:g} m pixels"
    else:
        what = "shifted onto the grid of the surface"
    logger.info("%s: %s (%s)", source.name, what, method)

"""Rasters in any projection and grid, brought onto the grid of the surface model.

The surface model (DSM) decides projection, origin and pixel size. A layer on the same grid is read
as it is; one that is shifted, of other pixel size or in another projection is resampled, and the
log says so:

=====================  ========  ==================================================================
layer                  method    why
=====================  ========  ==================================================================
DSM, DEM               bilinear  continuous heights; averages when pixels grow
albedo, emissivity     bilinear  continuous
canopy, trunk zone     nearest   a mean of crown and gap is a low bush that is not there, and crown
                                 top and trunk zone must come from the same cell
land cover             nearest   codes have no mean
wall height, aspect    nearest   one-cell lines; the mean of 350 and 10 degrees is not 180
=====================  ========  ==================================================================
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from solweig.errors import InvalidSurfaceData, MissingRaster
from solweig.typing import F32, Bounds

logger = logging.getLogger(__name__)

#: First row, end row, first column, end column.
Cells = tuple[int, int, int, int]

_NEAREST = {"cdsm", "tdsm", "land_cover", "wall_height", "wall_aspect"}
_BAND_ROWS = 512
# Grids closer than this share cells; 1/1000 of a cell is below the precision of any survey.
_SAME_GRID_CELLS = 1e-3
_SQUARE_TOLERANCE = 1e-3


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
    def geotransform(self) -> list[float]:
        """The transform in GDAL's order."""
        return [float(v) for v in self.transform.to_gdal()]

    @property
    def crs_wkt(self) -> str | None:
        """The projection as WKT."""
        return self.crs.to_wkt() if self.crs else None


@dataclass(frozen=True)
class RasterSource:
    """A raster file and its grid, checked to exist and to be readable."""

    name: str
    path: str
    grid: Grid


def open_source(name: str, path: str | Path) -> RasterSource:
    """Look at a raster file without reading its cells.

    Raises
    ------
    InvalidSurfaceData
        It is missing, not a raster or empty.
    """
    file = Path(path)
    if not file.exists():
        raise MissingRaster(name, "an existing raster file", f"no file at {path}")
    if file.is_dir():
        raise InvalidSurfaceData(name, "a raster file", f"a folder, {path}")
    try:
        with rasterio.open(file) as dataset:
            if dataset.count < 1 or dataset.width < 1 or dataset.height < 1:
                raise InvalidSurfaceData(name, "a raster with at least one cell", "an empty one")
            if dataset.count > 1:
                logger.info("%s: band 1 of %d is used", name, dataset.count)
            grid = Grid((dataset.height, dataset.width), dataset.transform, dataset.crs)
    except RasterioError as problem:
        raise InvalidSurfaceData(name, "a raster that GDAL can read", f"{path}: {problem}") from (
            problem
        )
    return RasterSource(name, str(file), grid)


# ------------------------------------------------------------------ the grid of the surface


def check_projected(source: RasterSource) -> None:
    """Refuse grids that are not in metres, north-up and square.

    Raises
    ------
    InvalidSurfaceData
        The grid is one of these; for a geographic CRS a UTM zone to reproject to is named.
    """
    grid, name = source.grid, source.name
    crs, transform = grid.crs, grid.transform
    if crs is not None and crs.is_geographic:
        west, south, east, north = grid.bounds
        raise InvalidSurfaceData(
            name,
            "a projected CRS in metres",
            f"a geographic CRS in degrees ({describe_crs(crs)})",
            f"Reproject it, for example to {utm_zone((west + east) / 2, (south + north) / 2)}.",
        )
    if crs is None:
        logger.warning("%s: no CRS in the file; coordinates are taken as metres", name)
    elif not math.isclose(crs.linear_units_factor[1], 1.0, rel_tol=1e-9):
        unit, factor = crs.linear_units_factor
        raise InvalidSurfaceData(
            name, "a projected CRS in metres", f"{describe_crs(crs)} in {unit} ({factor:g} m)"
        )
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise InvalidSurfaceData(
            name,
            "a north-up raster",
            f"the transform {tuple(transform)[:6]}",
            "Warp it to a north-up grid (gdalwarp does).",
        )
    if abs(transform.a + transform.e) > _SQUARE_TOLERANCE * transform.a:
        raise InvalidSurfaceData(
            name,
            "square pixels",
            f"{transform.a:g} m by {-transform.e:g} m",
            "Resample it to square pixels.",
        )


def utm_zone(longitude: float, latitude: float) -> str:
    """The WGS 84 / UTM zone of a place, as an EPSG code with its name."""
    zone = min(60, max(1, int((longitude + 180.0) // 6.0) + 1))
    north = latitude >= 0.0
    code = (32600 if north else 32700) + zone
    return f"EPSG:{code} (WGS 84 / UTM zone {zone}{'N' if north else 'S'})"


def describe_crs(crs: CRS | None) -> str:
    """Short name of a projection."""
    if crs is None:
        return "no CRS"
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else crs.to_wkt()[:60]


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
    if not (west < east and south < north):
        raise InvalidSurfaceData("bbox", expected, repr(tuple(bbox)))
    return west, south, east, north


def target_grid(
    dsm: RasterSource,
    others: list[RasterSource],
    bbox: Any = None,
    pixel_size: float | None = None,
) -> Grid:
    """The grid of the prepared surface: DSM cells inside ``bbox`` that every layer covers.

    Parameters
    ----------
    bbox
        ``(west, south, east, north)`` in the DSM's CRS; widened to whole DSM cells.
    pixel_size
        Side of the new cells [m]; ``None`` keeps the DSM's.

    Raises
    ------
    InvalidSurfaceData
        The DSM's grid is unusable, or box or layer do not overlap it.
    """
    check_projected(dsm)
    rows, cols = dsm.grid.shape
    cells = (0, rows, 0, cols)
    if bbox is not None:
        cells = _overlap("bbox", cells, check_bbox(bbox), dsm.grid, part_cells=True)
    for source in others:
        if source.grid.crs is None and dsm.grid.crs is not None:
            logger.info("%s: no CRS in the file; taken as the DSM's", source.name)
        bounds = _bounds_in(source, dsm.grid.crs)
        cells = _overlap(source.name, cells, bounds, dsm.grid, part_cells=False)
    native = dsm.grid.pixel_size
    first_row, end_row, first_col, end_col = cells
    rows, cols = end_row - first_row, end_col - first_col
    if (rows, cols) != dsm.grid.shape:
        logger.info("working on %d x %d of the DSM's %d x %d cells", rows, cols, *dsm.grid.shape)
    corner = dsm.grid.transform * Affine.translation(first_col, first_row)
    if pixel_size is None or math.isclose(pixel_size, native, rel_tol=1e-6):
        square = Affine(native, 0.0, corner.c, 0.0, -native, corner.f)
        return Grid((rows, cols), square, dsm.grid.crs)
    if pixel_size < native:
        logger.warning(
            "pixel_size %g m is finer than the DSM's %g m: no detail is gained", pixel_size, native
        )
    shape = (int(rows * native / pixel_size + 1e-6), int(cols * native / pixel_size + 1e-6))
    if min(shape) < 1:
        raise InvalidSurfaceData(
            "pixel_size",
            f"less than the extent ({rows * native:g} m by {cols * native:g} m)",
            f"{pixel_size:g} m",
        )
    resized = Affine(pixel_size, 0.0, corner.c, 0.0, -pixel_size, corner.f)
    return Grid(shape, resized, dsm.grid.crs)


def _overlap(name: str, cells: Cells, bounds: Bounds, grid: Grid, *, part_cells: bool) -> Cells:
    """The cells of ``cells`` that ``bounds`` touches (``part_cells``) or whose centre it holds."""
    west, south, east, north = bounds
    size, (left, top) = grid.pixel_size, (grid.bounds[0], grid.bounds[3])
    # Half a cell inwards from either edge decides by the centre, almost nothing by any part.
    slack = _SAME_GRID_CELLS if part_cells else 0.5
    result = (
        max(cells[0], math.floor((top - north) / size + slack)),
        min(cells[1], math.ceil((top - south) / size - slack)),
        max(cells[2], math.floor((west - left) / size + slack)),
        min(cells[3], math.ceil((east - left) / size - slack)),
    )
    if result[0] >= result[1] or result[2] >= result[3]:
        raise InvalidSurfaceData(
            name,
            f"an extent that overlaps the DSM and the other layers ({_show(grid.bounds)})",
            _show(bounds),
        )
    return result


def _show(bounds: Bounds) -> str:
    return "west {:.1f}, south {:.1f}, east {:.1f}, north {:.1f}".format(*bounds)


def _bounds_in(source: RasterSource, crs: CRS | None) -> Bounds:
    rows, cols = source.grid.shape
    corners = [
        source.grid.transform * point for point in ((0, 0), (cols, 0), (0, rows), (cols, rows))
    ]
    xs, ys = zip(*corners, strict=True)
    bounds = (min(xs), min(ys), max(xs), max(ys))
    own = source.grid.crs
    if own is None or crs is None or own == crs:
        return bounds
    try:
        west, south, east, north = transform_bounds(own, crs, *bounds)
    except RasterioError as problem:
        raise InvalidSurfaceData(
            source.name, f"coordinates that can be brought to {describe_crs(crs)}", str(problem)
        ) from problem
    return west, south, east, north


# ------------------------------------------------------------------ reading


def read_on_grid(source: RasterSource, grid: Grid) -> F32:
    """Band 1 of a layer on ``grid``, float32, NaN where it has no data."""
    offset = whole_cell_offset(source.grid, grid)
    try:
        with rasterio.open(source.path) as dataset:
            if offset is not None:
                layer = _read_cells(dataset, *offset, grid.shape)
            else:
                layer = _warp(source, dataset, grid)
            return _in_units(source.name, dataset, layer)
    except (RasterioError, rasterio.errors.RasterioIOError) as problem:
        raise InvalidSurfaceData(
            source.name, "readable raster data", f"{source.path}: {problem}"
        ) from problem


def _same_crs(a: CRS | None, b: CRS | None) -> bool:
    return a is None or b is None or a == b


def whole_cell_offset(own: Grid, grid: Grid) -> tuple[int, int] | None:
    """Row and column of ``grid``'s corner in ``own`` where the two share cells, else ``None``."""
    if not _same_crs(own.crs, grid.crs) or own.transform.b or own.transform.d:
        return None
    cells = max(grid.shape)
    for mine, theirs in ((own.transform.a, grid.transform.a), (own.transform.e, grid.transform.e)):
        if abs(mine - theirs) * cells > _SAME_GRID_CELLS * abs(theirs):
            return None
    col = (grid.transform.c - own.transform.c) / grid.transform.a
    row = (grid.transform.f - own.transform.f) / grid.transform.e
    if max(abs(row - round(row)), abs(col - round(col))) > _SAME_GRID_CELLS:
        return None
    return round(row), round(col)


def covered_cells(source: RasterSource, grid: Grid) -> tuple[slice, slice] | None:
    """Cells of ``grid`` that lie in a raster, all of each, as a window; ``None`` where none does.

    Of a raster in another projection, those in the box around it.
    """
    west, south, east, north = source.grid.bounds
    if not _same_crs(source.grid.crs, grid.crs):
        west, south, east, north = transform_bounds(
            source.grid.crs, grid.crs, west, south, east, north
        )
    size, slack = grid.pixel_size, _SAME_GRID_CELLS
    first = (grid.bounds[3] - north) / size, (west - grid.bounds[0]) / size
    last = (grid.bounds[3] - south) / size, (east - grid.bounds[0]) / size
    rows, cols = (
        slice(max(math.ceil(a - slack), 0), min(math.floor(b + slack), n))
        for a, b, n in zip(first, last, grid.shape, strict=True)
    )
    if rows.start >= rows.stop or cols.start >= cols.stop:
        return None
    return rows, cols


def check_wall_grid(source: RasterSource, grid: Grid) -> None:
    """Refuse walls of another projection; warn where they lie on other cells.

    Aspects are directions on their own grid, and walls are lines one cell wide: neither survives
    reprojection. Raises InvalidSurfaceData.
    """
    if not _same_crs(source.grid.crs, grid.crs):
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


def _read_cells(dataset: Any, row: int, col: int, shape: tuple[int, int]) -> F32:
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
        result[top - row : bottom - row, c0 - col : c1 - col] = np.ma.filled(
            part.astype(np.float32), np.nan
        )
    return result


def _in_units(name: str, dataset: Any, layer: F32) -> F32:
    """Values as the file means them: stored numbers times its scale plus its offset."""
    scale, shift = float(dataset.scales[0]), float(dataset.offsets[0])
    if (scale, shift) == (1.0, 0.0):
        return layer
    if not (math.isfinite(scale) and math.isfinite(shift) and scale != 0.0):
        raise InvalidSurfaceData(
            name, "a finite scale other than 0 and a finite offset", f"{scale:g} and {shift:g}"
        )
    logger.info("%s: stored values times %g plus %g, as the file says", name, scale, shift)
    return (layer * np.float64(scale) + shift).astype(np.float32)


def _warp(source: RasterSource, dataset: Any, grid: Grid) -> F32:
    nearest = source.name in _NEAREST
    _log_warp(source, grid, "nearest cell" if nearest else "bilinear")
    # Two unknown projections are one; GDAL wants a name for it.
    crs = grid.crs or source.grid.crs or CRS.from_epsg(3857)
    with WarpedVRT(
        dataset,
        src_crs=source.grid.crs or crs,
        crs=crs,
        transform=grid.transform,
        height=grid.shape[0],
        width=grid.shape[1],
        resampling=Resampling.nearest if nearest else Resampling.bilinear,
        dtype="float32",
        nodata=float("nan"),
        tolerance=0.01,
        **_filter_scale(source.grid, grid),
    ) as view:
        warped = view.read(1, masked=True)
    result = np.ascontiguousarray(np.ma.filled(warped, np.nan), dtype=np.float32)
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
    ratio = min(1.0, math.hypot(own.transform.a, own.transform.d) / grid.pixel_size)
    return {"XSCALE": f"{ratio:.12g}", "YSCALE": f"{ratio:.12g}"}


def _log_warp(source: RasterSource, grid: Grid, method: str) -> None:
    own = source.grid
    if not _same_crs(own.crs, grid.crs):
        what = f"reprojected from {describe_crs(own.crs)} to {describe_crs(grid.crs)}"
    elif not math.isclose(own.transform.a, grid.transform.a, rel_tol=1e-6):
        what = f"resampled from {own.transform.a:g} m to {grid.pixel_size:g} m pixels"
    else:
        what = "shifted onto the grid of the surface"
    logger.info("%s: %s (%s)", source.name, what, method)

"""Rasters of heights and of fractions, read onto the grid."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import rasterio
from pyproj import CRS

from solweig.errors import InvalidSurfaceData
from solweig.inputs import crs as systems
from solweig.inputs.grid import Extent, band_grid, check_overlap, row_bands
from solweig.inputs.report import Report
from solweig.inputs.scratch import Scratch
from solweig.inputs.sources import Source
from solweig.rasters.align import read_on_grid
from solweig.rasters.grids import Grid
from solweig.rasters.sources import RasterSource, open_source
from solweig.rasters.units import check_clear
from solweig.typing import F32, Advance

__all__ = ["HeightMap", "open_heights", "read_canopy", "read_heights", "read_raster"]

LOWEST_M, HIGHEST_M = -500.0, 9500.0
_TALLEST_TREE_M = 120.0
# Rasters whose cells have no mean are read by the nearest one; align knows them by name.
_KIND = {"canopy": "cdsm"}


class HeightMap:
    """A raster file, looked at.

    Attributes
    ----------
    source
        The file.
    raster
        Its grid.
    crs
        Its system; None where it does not say.
    to_metres
        Metres in one unit of its values, which are read in metres.
    """

    def __init__(
        self, source: Source, raster: RasterSource, crs: CRS | None, to_metres: float
    ) -> None:
        self.source, self.raster, self.crs, self.to_metres = source, raster, crs, to_metres

    @property
    def extent(self) -> Extent:
        """Where it lies."""
        rows, cols = self.raster.grid.shape
        corners = [
            self.raster.grid.transform * p for p in ((0, 0), (cols, 0), (0, rows), (cols, rows))
        ]
        xs, ys = zip(*corners, strict=True)
        place = self.raster.grid.transform
        upright = place.b == 0.0 and place.d == 0.0
        return Extent(
            self.source.role, (min(xs), min(ys), max(xs), max(ys)), self.crs,
            place if upright else None,
        )  # fmt: skip


def open_heights(source: Source, report: Report, *, heights: bool = True) -> HeightMap:
    """Look at a raster without reading its cells.

    Parameters
    ----------
    source
        The file.
    report
        Hears of units other than metres.
    heights
        Whether its values are heights, which have a unit.

    Raises
    ------
    InvalidSurfaceData
        Not a raster, a folder, or heights of which nobody knows the unit.
    """
    raster = open_source(source.role, source.file)
    if source.role in _KIND:
        raster = open_source(_KIND[source.role], source.file)
    with rasterio.open(source.file) as dataset:
        crs = None if dataset.crs is None else CRS.from_wkt(dataset.crs.to_wkt())
    unit = raster.unit if heights else None
    if unit is not None and not math.isclose(unit.metres, 1.0, rel_tol=1e-9):
        check_clear(source.role, unit)
        report.done(
            source.role,
            f"heights of {source.name} in {unit.name} ({unit.metres:.9g} m), converted",
        )
    return HeightMap(source, raster, crs, 1.0 if unit is None else unit.metres)


def read_raster(
    source: HeightMap, grid: Grid, crs: CRS, scratch: Scratch, report: Report,
    advance: Advance | None = None,
) -> F32:  # fmt: skip
    """Values on the grid, NaN where there are none.

    Raises
    ------
    InvalidSurfaceData
        The raster lies elsewhere or cannot be read.
    """
    role = source.source.role
    if source.crs is None:
        report.doubt(role, f"{source.source.name} says no CRS; taken as {systems.describe(crs)}")
    check_overlap(source.extent, grid, crs)
    doubt = systems.why_inexact(source.crs, crs)
    if doubt:
        report.doubt(role, doubt)
    named = replace(source.raster, name=_KIND.get(role, role))
    layer: F32 = scratch.full(np.float32, np.nan)
    for rows in row_bands(grid.shape[0], 2048):
        layer[rows] = read_on_grid(named, band_grid(grid, rows))
        if advance is not None:
            advance(rows.stop, grid.shape[0])
    return layer


def read_heights(
    source: HeightMap, grid: Grid, crs: CRS, scratch: Scratch, report: Report,
    advance: Advance | None = None, *, relative: bool = False,
) -> F32:  # fmt: skip
    """Elevations, or heights above ground, on the grid [m].

    Raises
    ------
    InvalidSurfaceData
        No cell with data in the grid, or absurd heights.
    """
    layer = read_raster(source, grid, crs, scratch, report, advance)
    role = source.source.role
    low, high, known = np.inf, -np.inf, 0
    for rows in row_bands(grid.shape[0]):
        band = layer[rows]
        finite = band[np.isfinite(band)]
        known += finite.size
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if known == 0:
        raise InvalidSurfaceData(
            role, "a cell with data in the grid", f"none in {source.source.name}"
        )
    least, most = (-1.0, 1000.0) if relative else (LOWEST_M, HIGHEST_M)
    if low < least or high > most:
        raise InvalidSurfaceData(
            role, f"{'heights' if relative else 'elevations'} from {least:g} to {most:g} m",
            f"{low:g} to {high:g} m in {source.source.name}",
            "Is a no-data value undeclared in the file, or are the heights not in metres?",
        )  # fmt: skip
    report.gap(role, f"cells have no data in {source.source.name}", layer.size - known, layer.size)
    return layer


def read_canopy(
    source: HeightMap, grid: Grid, crs: CRS, least_m: float, scratch: Scratch, report: Report,
    advance: Advance | None = None,
) -> F32:  # fmt: skip
    """Heights of a canopy height model above ground [m], 0 where there is none or no data.

    Raises
    ------
    InvalidSurfaceData
        Heights that are no trees'.
    """
    layer = read_raster(source, grid, crs, scratch, report, advance)
    with rasterio.open(source.source.file) as dataset:
        in_bytes, declared = dataset.dtypes[0] == "uint8", dataset.nodatavals[0] is not None
    # Meta/WRI and ETH write 255 where they know nothing, not always declared.
    marked = missing = low = 0
    highest = lowest = 0.0
    for rows in row_bands(grid.shape[0]):
        band = layer[rows]
        if in_bytes and not declared:
            none = band == np.float32(255.0 * source.to_metres)
            marked += int(np.count_nonzero(none))
            band[none] = np.nan
        missing += int(np.count_nonzero(np.isnan(band)))
        highest = max(highest, float(np.nanmax(band, initial=0.0)))
        lowest = min(lowest, float(np.nanmin(band, initial=0.0)))
        with np.errstate(invalid="ignore"):
            small = (band > 0) & (band < least_m)
            low += int(np.count_nonzero(small))
            layer[rows] = np.where(band >= least_m, band, np.float32(0.0))
    report.doubt("canopy", f"cells of {source.source.name} hold 255, taken as no data though the "
                 "file declares none", marked, layer.size)  # fmt: skip
    report.gap("canopy", f"cells have no data in {source.source.name}, taken as no trees", missing,
               layer.size)  # fmt: skip
    report.done("canopy", f"cells of canopy below {least_m:g} m left out", low, layer.size)
    if lowest < -1.0 or highest > _TALLEST_TREE_M:
        raise InvalidSurfaceData(
            "canopy", f"heights above ground from 0 to {_TALLEST_TREE_M:g} m",
            f"{lowest:g} to {highest:g} m in {source.source.name}",
            "Is a no-data value undeclared in the file, or does it hold elevations?",
        )  # fmt: skip
    return layer

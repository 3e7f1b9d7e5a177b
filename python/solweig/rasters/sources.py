"""Where a layer comes from: a raster file, or an array that knows its grid."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from pathlib import Path

import rasterio
from rasterio.errors import RasterioError

from solweig.errors import InvalidSurfaceData, MissingRaster
from solweig.rasters.declared import check_declared
from solweig.rasters.grids import Grid
from solweig.rasters.lazy_cells import LazyCells
from solweig.rasters.projection import horizontal_unit, split_vertical
from solweig.rasters.stored import PLAIN, Stored, check_stored
from solweig.rasters.units import HeightUnit, height_unit
from solweig.typing import F32

__all__ = ["RasterSource", "open_source"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RasterSource:
    """A layer with a grid: a file, checked to exist and to be readable, or an array."""

    name: str
    #: Of an array, what it is, in words.
    path: str
    grid: Grid
    stored: Stored = PLAIN
    #: Of its heights; ``None`` for other layers.
    unit: HeightUnit | None = None
    #: Of an array: float32 with NaN where it has no data, values and not stored numbers.
    values: F32 | None = None
    #: Of an array that is not in memory.
    lazy: LazyCells | None = None

    def cells(self) -> F32:
        """All cells of an array, in memory."""
        if self.values is not None:
            return self.values
        assert self.lazy is not None, "a file is read by window"
        return self.lazy.whole()


def open_source(
    name: str, path: str | Path, unit: HeightUnit | None = None, *, bands: bool = False
) -> RasterSource:
    """Look at a raster file without reading its cells.

    Parameters
    ----------
    name
        The layer; of layers of heights the unit is looked for.
    path
        The file.
    unit
        Of its heights, whatever the file says.
    bands
        All bands are wanted, which are layers of one kind; else the first is.

    Raises
    ------
    InvalidSurfaceData
        It is missing, not a raster or empty, or the unit of its heights is not clear.
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
            check_declared(name, dataset, file.stat().st_size)
            if dataset.count > 1 and not bands:
                logger.info("%s: band 1 of %d is used", name, dataset.count)
            flat, vertical = split_vertical(dataset.crs)
            if not all(map(math.isfinite, dataset.transform)):
                raise InvalidSurfaceData(
                    name,
                    "a grid of finite numbers",
                    f"the transform {tuple(dataset.transform)[:6]}",
                )
            grid = Grid((dataset.height, dataset.width), dataset.transform, flat)
            band, numbers = dataset.units[0], (dataset.scales[0], dataset.offsets[0])
    except (RasterioError, UnicodeDecodeError) as problem:
        raise InvalidSurfaceData(name, "a raster that GDAL can read", f"{path}: {problem}") from (
            problem
        )
    scale, shift = check_stored(name, *numbers)
    found = height_unit(
        name, band=band, vertical=vertical, horizontal=horizontal_unit(flat), said=unit
    )
    metres = 1.0 if found is None else found.metres
    return RasterSource(name, str(file), grid, Stored(scale, shift, metres), found)

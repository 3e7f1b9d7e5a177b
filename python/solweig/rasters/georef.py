"""Where a raster lies: transform, CRS and cell centres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from affine import Affine

__all__ = ["GeoReference"]


@dataclass(frozen=True)
class GeoReference:
    """Grid of a north-up raster.

    Attributes
    ----------
    gdal
        The six numbers of a GDAL geotransform.
    crs_wkt
        Coordinate reference system as WKT, "" where there is none.
    shape
        Rows, columns.
    """

    gdal: tuple[float, float, float, float, float, float]
    crs_wkt: str
    shape: tuple[int, int]

    @classmethod
    def of_grid(
        cls,
        shape: tuple[int, int],
        pixel_size: float,
        geotransform: Sequence[float] | None,
        crs: str | None,
    ) -> GeoReference:
        """A grid of square cells.

        Parameters
        ----------
        shape
            Rows, columns.
        pixel_size
            Side of a cell [m], looked at where there is no transform.
        geotransform
            In GDAL's order; ``None`` lies in local metres, origin in the south-west corner.
        crs
            As WKT.
        """
        rows, cols = shape
        if geotransform is None:
            size = float(pixel_size)
            geotransform = (0.0, size, 0.0, rows * size, 0.0, -size)
        x0, a, b, y0, d, e = (float(v) for v in geotransform)
        return cls((x0, a, b, y0, d, e), str(crs or ""), (int(rows), int(cols)))

    @property
    def affine(self) -> Affine:
        """The transform as rasterio takes it."""
        from affine import Affine

        return Affine.from_gdal(*self.gdal)

    def x(self) -> NDArray[np.float64]:
        """Eastings of the cell centres [m]."""
        x0, a = self.gdal[0], self.gdal[1]
        return np.asarray(x0 + a * (np.arange(self.shape[1]) + 0.5), np.float64)

    def y(self) -> NDArray[np.float64]:
        """Northings of the cell centres [m], row 0 first."""
        y0, e = self.gdal[3], self.gdal[5]
        return np.asarray(y0 + e * (np.arange(self.shape[0]) + 0.5), np.float64)

    def row_col(self, x: float, y: float) -> tuple[int, int]:
        """Cell that contains a point; may lie outside the raster."""
        row = int(np.floor((y - self.gdal[3]) / self.gdal[5]))
        col = int(np.floor((x - self.gdal[0]) / self.gdal[1]))
        return row, col

    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        x0, a, _, y0, _, e = self.gdal
        x1, y1 = x0 + a * self.shape[1], y0 + e * self.shape[0]
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)

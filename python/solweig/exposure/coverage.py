"""Which part of which cell a polygon covers, and statistics weighted by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.rasters.georef import GeoReference
from solweig.rasters.windows import Where
from solweig.typing import U8

__all__ = ["QUANTILES", "Zone", "ZoneStatistics", "cover"]

QUANTILES = {"p05": 0.05, "p50": 0.50, "p95": 0.95}
_WHOLE = 1.0 - 1e-9


@dataclass(frozen=True)
class ZoneStatistics:
    """Of the values in a zone, weighted by area.

    Attributes
    ----------
    cells
        Area with a value, in cells.
    mean, p05, p50, p95, max
        Of the values; NaN without one.
    above
        Share of the area with a value where it is above each threshold [0-1].
    """

    cells: float
    mean: float
    p05: float
    p50: float
    p95: float
    max: float
    above: tuple[float, ...]


@dataclass(frozen=True)
class Zone:
    """The cells of one polygon.

    Attributes
    ----------
    where
        Smallest window that holds them.
    whole
        Cells of the window that lie in the polygon whole.
    edge
        Flat indices in the window of the others.
    weight
        Part of each of the others that the polygon covers [0-1].
    """

    where: Where
    whole: NDArray[np.bool_]
    edge: NDArray[np.int64]
    weight: NDArray[np.float64]

    @property
    def cells(self) -> float:
        """Area, in cells."""
        return float(np.count_nonzero(self.whole)) + float(self.weight.sum())

    def only(self, ground: U8) -> Zone:
        """The zone without the cells of its window that are 0 in ``ground``."""
        kept = ground.ravel()[self.edge] != 0
        return Zone(self.where, self.whole & (ground != 0), self.edge[kept], self.weight[kept])

    def statistics(self, values: NDArray[Any], thresholds: Sequence[float]) -> ZoneStatistics:
        """Of a map's values in the window; cells without a value are left out.

        A quantile is the lowest value such that it and those below hold that share of the area.
        """
        inner, rim = values[self.whole], values.ravel()[self.edge]
        known = ~np.isnan(rim)
        rim, weight = rim[known], self.weight[known]
        inner = np.sort(inner[~np.isnan(inner)])
        order = np.argsort(rim, kind="stable")
        rim, weight = rim[order], weight[order]
        cells = inner.size + float(weight.sum())
        if inner.size + rim.size == 0 or cells <= 0.0:
            nan = float("nan")
            return ZoneStatistics(0.0, nan, nan, nan, nan, nan, (nan,) * len(thresholds))
        total = float(inner.sum(dtype=np.float64)) + float(weight @ rim.astype(np.float64))
        highest = max(float(part[-1]) for part in (inner, rim) if part.size)
        p05, p50, p95 = _quantiles(inner, rim, weight, [q * cells for q in QUANTILES.values()])
        above = tuple(
            (
                inner.size
                - int(np.searchsorted(inner, np.float32(t), "right"))
                + float(weight[rim > np.float32(t)].sum())
            )
            / cells
            for t in thresholds
        )
        return ZoneStatistics(cells, total / cells, p05, p50, p95, highest, above)


def _quantiles(
    inner: NDArray[Any], rim: NDArray[Any], weight: NDArray[np.float64], reached: Sequence[float]
) -> list[float]:
    """Lowest values up to which each area of ``reached`` lies; both series ascend.

    Whole cells count 1 each, so that only the few on the rim need a running sum.
    """
    sums = np.cumsum(weight)
    at_rim = np.searchsorted(inner, rim, "right") + sums
    found = []
    for area in reached:
        area -= 1e-9  # of a cell: sums of weights are rounded
        j = int(np.searchsorted(at_rim, area))
        before = float(sums[j - 1]) if j else 0.0
        i = max(int(np.ceil(area - before)) - 1, 0)
        candidates = [float(part[k]) for part, k in ((inner, i), (rim, j)) if k < part.size]
        if not candidates:
            candidates = [float(part[-1]) for part in (inner, rim) if part.size]
        found.append(min(candidates))
    return found


def cover(geometries: Any, georef: GeoReference) -> list[Zone | None]:
    """The cells of each polygon by exactextract; None of those off the map.

    Parameters
    ----------
    geometries
        Valid polygons in the system of the grid.
    georef
        The grid.

    Returns
    -------
    list[Zone | None]
        One a polygon.
    """
    import geopandas
    from exactextract import exact_extract

    # A system of its own keeps exactextract from asking whether the two are the same.
    table = geopandas.GeoDataFrame(
        {"zone": np.arange(len(geometries))}, geometry=list(geometries), crs=None
    ).set_crs("EPSG:3857")
    found = exact_extract(
        _blank(georef), table, ["cell_id", "coverage"], include_cols=["zone"], output="pandas"
    )
    cols = georef.shape[1]
    return [
        _zone(np.asarray(cells, np.int64), np.asarray(weights, np.float64), cols)
        for cells, weights in zip(found["cell_id"], found["coverage"], strict=True)
    ]


def _zone(cells: NDArray[np.int64], weights: NDArray[np.float64], cols: int) -> Zone | None:
    touched = weights > 0.0
    cells, weights = cells[touched], weights[touched]
    if cells.size == 0:
        return None
    row, col = cells // cols, cells % cols
    top, left = int(row.min()), int(col.min())
    where = slice(top, int(row.max()) + 1), slice(left, int(col.max()) + 1)
    shape = where[0].stop - top, where[1].stop - left
    flat = (row - top) * shape[1] + (col - left)
    full = weights >= _WHOLE
    whole = np.zeros(shape, np.bool_)
    whole.ravel()[flat[full]] = True
    return Zone(where, whole, flat[~full], weights[~full])


def _blank(georef: GeoReference) -> Any:
    """A raster of the grid without content, made by window: only its cells are asked for."""
    from exactextract.raster import RasterSource

    class Blank(RasterSource):  # type: ignore[misc]
        def res(self) -> tuple[float, float]:
            return abs(georef.gdal[1]), abs(georef.gdal[5])

        def srs_wkt(self) -> None:
            return None

        def extent(self) -> tuple[float, float, float, float]:
            return georef.bounds()

        def nodata_value(self) -> None:
            return None

        def read_window(self, x: int, y: int, width: int, height: int) -> U8:
            return np.ones((height, width), np.uint8)

    return Blank()

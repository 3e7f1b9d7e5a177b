"""Points of interest: reading them, placing them on the raster, the table they fill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError
from solweig.rasters.georef import GeoReference
from solweig.rasters.variables import COMFORT, FLUXES, TERMS
from solweig.results.point_files import Named, pair, read_point_file

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PointTable", "Points", "read_points"]

PointSource = str | Path | Mapping[str, tuple[float, float]] | Iterable[tuple[float, float]]


@dataclass(frozen=True)
class Points:
    """Named points and the cells they fall in."""

    names: tuple[str, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    cells: NDArray[np.int64]
    """``[point, (row, col)]``"""

    def __len__(self) -> int:
        return len(self.names)


def read_points(source: PointSource, grid: GeoReference) -> Points:
    """Place points on a raster.

    Parameters
    ----------
    source
        A file, see :mod:`solweig.results.point_files`, a dict ``name -> (x, y)``, or a list of
        ``(x, y)``. Files are reprojected to the raster's CRS; coordinates given directly are in it.
    grid
        The raster.

    Raises
    ------
    FileNotFoundError
        No such file.
    ConfigurationError
        No points, not points, an unknown format or a point outside the raster.
    """
    if isinstance(source, str | Path):
        named, crs = read_point_file(source)
        named = _reproject(named, crs, grid.crs_wkt)
    elif isinstance(source, Mapping):
        named = [(str(name), pair(name, xy)) for name, xy in source.items()]
    elif hasattr(source, "columns"):
        raise ConfigurationError(
            "pois", "a file, a mapping name -> (x, y) or a list of (x, y)", type(source).__name__,
            "Write the table to a file, or give dict(zip(names, zip(xs, ys))) of the DSM's CRS.",
        )  # fmt: skip
    else:
        named = [(f"point {i}", pair(f"point {i}", xy)) for i, xy in enumerate(source, 1)]
    if not named:
        raise ConfigurationError("pois", "at least one point", "none")
    return _place(_unique(named), grid)


def _reproject(named: Named, crs: str | None, target_wkt: str) -> Named:
    """Points in the raster's coordinates; of an unknown system they are that already.

    Raises
    ------
    ConfigurationError
        An unknown system, or degrees on a raster that does not say where it lies.
    """
    from pyproj import CRS, Transformer
    from pyproj.exceptions import CRSError, ProjError

    if not named or crs is None:
        return named
    try:
        source = CRS.from_user_input(crs)
    except CRSError as error:
        raise ConfigurationError("pois", "a known CRS", str(crs)[:80]) from error
    if not target_wkt:
        degrees = all(abs(x) <= 360.0 and abs(y) <= 90.0 for _, (x, y) in named)
        if source.is_geographic and degrees:
            raise ConfigurationError(
                "pois", "coordinates of the raster, which has no CRS", "degrees",
                "Give the DSM its CRS, or points as x and y of the raster (--pois).",
            )  # fmt: skip
        return named
    target = CRS.from_wkt(target_wkt)
    if source == target:
        return named
    try:
        transformer = Transformer.from_crs(source, target, always_xy=True)
    except ProjError as error:
        raise ConfigurationError("pois", "a CRS of places on earth", str(crs)[:80]) from error
    return [(name, transformer.transform(x, y)) for name, (x, y) in named]


def _unique(named: Named) -> Named:
    seen: dict[str, int] = {}
    out = []
    for name, xy in named:
        seen[name] = seen.get(name, 0) + 1
        out.append((name if seen[name] == 1 else f"{name} ({seen[name]})", xy))
    return out


def _place(named: Named, grid: GeoReference) -> Points:
    rows, cols = grid.shape
    cells = []
    for name, (x, y) in named:
        if not (np.isfinite(x) and np.isfinite(y)):
            raise ConfigurationError(f"pois {name!r}", "finite coordinates", (x, y))
        row, col = grid.row_col(x, y)
        if not (0 <= row < rows and 0 <= col < cols):
            west, south, east, north = grid.bounds()
            raise ConfigurationError(
                f"pois {name!r}",
                f"a point inside the raster (x {west:.10g} to {east:.10g}, "
                f"y {south:.10g} to {north:.10g})",
                f"({x:.10g}, {y:.10g})",
                "Points are named by x and y of the DSM's CRS, or in a file that knows its own "
                "(--pois).",
            )
        cells.append((row, col))
    xy = np.array([p for _, p in named], dtype=np.float64)
    return Points(
        tuple(name for name, _ in named), xy[:, 0], xy[:, 1], np.array(cells, dtype=np.int64)
    )


# ------------------------------------------------------------------ table


class PointTable:
    """Collects the engine's values at the points, one row per point and step."""

    def __init__(self, points: Points) -> None:
        self.points = points
        self._times: list[datetime] = []
        self._values: dict[str, list[NDArray[np.float64]]] = {}

    def add(self, time: datetime, values: Mapping[str, NDArray[np.float64]]) -> None:
        """Take the values of the next step, one a point, by quantity."""
        self._times.append(time)
        for name, column in values.items():
            self._values.setdefault(name, []).append(np.asarray(column, dtype=np.float64))

    def frame(self) -> pd.DataFrame:
        """Tidy table: ``poi``, ``time``, ``x``, ``y``, ``row``, ``col``, then every quantity."""
        import pandas as pd

        points, steps = self.points, len(self._times)
        known = [n for n in (*COMFORT, *FLUXES, *TERMS) if n in self._values]
        others = sorted(set(self._values) - set(known))
        columns: dict[str, Any] = {
            "poi": np.tile(np.array(points.names, dtype=object), steps),
            "time": np.repeat(np.array(self._times, dtype=object), len(points)),
            "x": np.tile(points.x, steps),
            "y": np.tile(points.y, steps),
            "row": np.tile(points.cells[:, 0], steps),
            "col": np.tile(points.cells[:, 1], steps),
        }
        for name in known + others:
            columns[name] = np.concatenate(self._values[name])
        table = pd.DataFrame(columns)
        table["time"] = pd.to_datetime(table["time"])
        return table.sort_values(["poi", "time"], kind="stable", ignore_index=True)

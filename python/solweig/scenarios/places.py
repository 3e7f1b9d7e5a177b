"""Where edits lie: points and polygons, of a file or as numbers, on the cells of a surface."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import CRS
from rasterio.crs import CRS as RasterCRS

from solweig.errors import ConfigurationError
from solweig.inputs import crs as systems
from solweig.inputs.sources import resolve
from solweig.inputs.vectors import AREAS, POINTS, read_whole
from solweig.packages import need
from solweig.rasters.grids import Grid
from solweig.surface.data import SurfaceData
from solweig.typing import Bool

__all__ = ["areas_of", "cells_of", "file_beside", "grid_of", "points_of"]


def file_beside(given: str, folder: Path, key: str) -> str:
    """A file that a scenario file names, relative to it; a layer and a URL are let be.

    Raises
    ------
    FileNotFoundError
        There is none.
    """
    if "://" in given:
        return given
    path, mark, layer = given.partition("|layername=")
    place = folder / Path(path).expanduser()
    if not place.exists():
        raise FileNotFoundError(f"{key}: no file {place}")
    return f"{place}{mark}{layer}"


def grid_of(surface: SurfaceData) -> Grid:
    """The grid of a surface; without a place on earth in local metres."""
    georef = surface.georef
    crs = RasterCRS.from_wkt(georef.crs_wkt) if georef.crs_wkt else None
    return Grid(surface.shape, georef.affine, crs)


def areas_of(polygon: Any, file: Any, grid: Grid, key: str) -> Any:
    """Areas as a GeoDataFrame in the system of the grid.

    Parameters
    ----------
    polygon
        Rings of points in that system; None where they are in a file.
    file
        A vector file, ``file|layername=name``, or a table.
    grid
        Of the surface.
    key
        What messages call them.

    Raises
    ------
    ConfigurationError
        No areas, or one that no cell's centre lies in.
    """
    need(key, "geopandas", "pyogrio", "shapely", extra="inputs")
    import geopandas
    import shapely

    if polygon is not None:
        shapes = [shapely.make_valid(shapely.Polygon(ring)) for ring in polygon]
        table = geopandas.GeoDataFrame(geometry=shapes)
        key = f"{key}.polygon"
    else:
        key = f"{key}.file"
        table = _features(file, AREAS, grid, key)
        valid = shapely.make_valid(shapely.force_2d(np.asarray(table.geometry.values)))
        table = table.set_geometry(geopandas.GeoSeries(valid))
    box = shapely.box(*grid.bounds)
    off = ~shapely.intersects(np.asarray(table.geometry.values), box)
    if off.any():
        raise ConfigurationError(
            key, f"polygons on the map ({_bounds(grid.bounds)})",
            f"{int(off.sum())} of {len(table)} off it, around ({_bounds(table.total_bounds)})",
        )  # fmt: skip
    return table


def cells_of(table: Any, grid: Grid, key: str) -> Bool:
    """Cells whose centre lies in one of some areas.

    Raises
    ------
    ConfigurationError
        There is none.
    """
    from rasterio.features import rasterize

    burned = rasterize(
        [(shape, 1) for shape in table.geometry.values], out_shape=grid.shape,
        transform=grid.transform, dtype="uint8",
    )  # fmt: skip
    if not burned.any():
        raise ConfigurationError(
            key, "a polygon that holds the centre of a cell",
            f"one of {table.geometry.area.max():.3g} m2 beside cells of {grid.pixel_size:g} m",
        )  # fmt: skip
    return np.asarray(burned == 1)


def points_of(points: Any, file: Any, grid: Grid, key: str) -> Any:
    """Points as a GeoDataFrame in the system of the grid.

    Raises
    ------
    ConfigurationError
        No points, or one off the map.
    """
    need(key, "geopandas", "pyogrio", "shapely", extra="inputs")
    import geopandas
    import shapely

    if points is not None:
        table = geopandas.GeoDataFrame(geometry=shapely.points(np.asarray(points, np.float64)))
        key = f"{key}.points"
    else:
        key = f"{key}.file"
        table = _features(file, POINTS, grid, key).explode(index_parts=False, ignore_index=True)
    xy = shapely.get_coordinates(np.asarray(table.geometry.values))
    west, south, east, north = grid.bounds
    # A point on the eastern or southern edge lies in no cell.
    on = (xy[:, 0] >= west) & (xy[:, 0] < east) & (xy[:, 1] > south) & (xy[:, 1] <= north)
    if not on.all():
        x, y = xy[~on][0]
        raise ConfigurationError(
            key, f"points on the map ({_bounds(grid.bounds)})",
            f"{int((~on).sum())} of {len(table)} off it, the first at {x:.10g}, {y:.10g}",
        )  # fmt: skip
    return table


def _features(given: Any, kinds: tuple[str, ...], grid: Grid, key: str) -> Any:
    with tempfile.TemporaryDirectory() as downloads:
        sources = resolve(key, given, Path(downloads))
        if len(sources) != 1:
            raise ConfigurationError(key, "one file or table", f"{len(sources)}")
        table = read_whole(sources[0])
    if not hasattr(table, "geometry"):
        raise ConfigurationError(key, "features with a geometry", "a table without")
    kind = np.asarray(table.geometry.geom_type, dtype=object)
    if not len(table) or not np.isin(kind, kinds).all():
        found = ", ".join(sorted({str(k) for k in kind})) or "none"
        raise ConfigurationError(key, f"features of type {', '.join(kinds)} only", found)
    if grid.crs is None or table.crs is None:
        own = None if table.crs is None else CRS.from_user_input(table.crs)
        if own is not None and own.is_geographic:
            raise ConfigurationError(
                key, "coordinates of the surface, which has no CRS", systems.describe(own)
            )
        return table.set_crs(None, allow_override=True)
    return table.to_crs(systems.horizontal(CRS.from_wkt(grid.crs.to_wkt()))).set_crs(
        None, allow_override=True
    )


def _bounds(bounds: Any) -> str:
    return ", ".join(f"{float(v):.10g}" for v in bounds)

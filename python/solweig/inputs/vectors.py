"""Vector files in any format, brought to the grid's system, repaired, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyproj import CRS

from solweig.errors import InvalidSurfaceData
from solweig.inputs import crs as systems
from solweig.inputs.grid import Extent, check_overlap
from solweig.inputs.report import Report
from solweig.inputs.sources import Source
from solweig.packages import need
from solweig.rasters.grids import Grid
from solweig.typing import Bounds

__all__ = [
    "AREAS", "POINTS", "VECTOR_SUFFIXES", "areas_only", "extent_of", "is_vector", "read_features",
    "read_whole",
]  # fmt: skip

VECTOR_SUFFIXES = (
    ".gpkg", ".shp", ".fgb", ".geojson", ".json", ".parquet", ".geoparquet", ".gml", ".gdb",
    ".sqlite", ".kml",
)  # fmt: skip
_PARQUET = (".parquet", ".geoparquet")
AREAS = ("Polygon", "MultiPolygon")
POINTS = ("Point", "MultiPoint")


@dataclass(frozen=True)
class _Look:
    """What a file says of itself."""

    crs: CRS | None
    bounds: Bounds | None
    features: int


def is_vector(source: Source) -> bool:
    """Whether a source holds features rather than cells."""
    return source.table is not None or source.suffix in VECTOR_SUFFIXES


def extent_of(source: Source) -> Extent:
    """Where the features of a source lie.

    Raises
    ------
    InvalidSurfaceData
        Not a vector file, or one without features.
    ConfigurationError
        A package that reads it is not installed.
    """
    look = _look(source)
    if look.features == 0 or look.bounds is None:
        raise InvalidSurfaceData(source.role, "at least one feature", f"none in {source.name}")
    return Extent(source.role, look.bounds, look.crs)


def _look(source: Source) -> _Look:
    if source.table is not None or source.suffix in _PARQUET:
        table = source.table if source.table is not None else _parquet(source, None)
        bounds = (
            None if table.geometry.isna().all() else tuple(float(v) for v in table.total_bounds)
        )
        known = bounds is not None and not np.isnan(bounds).any()
        return _Look(table.crs, bounds if known else None, len(table))  # type: ignore[arg-type]
    need(source.role, "geopandas", "pyogrio", extra="inputs")
    import pyogrio

    try:
        facts = pyogrio.read_info(
            source.file, layer=_layer(source), force_feature_count=True, force_total_bounds=True
        )
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as problem:
        raise InvalidSurfaceData(
            source.role, "a vector file that GDAL reads", f"{source.name}: {problem}"
        ) from problem
    bounds = facts["total_bounds"]
    crs = CRS.from_user_input(facts["crs"]) if facts["crs"] else None
    return _Look(crs, tuple(float(v) for v in bounds) if bounds else None, int(facts["features"]))  # type: ignore[arg-type]


def _layer(source: Source) -> str | None:
    """The layer to read: the one named, or the only one with geometries."""
    if source.layer is not None:
        return source.layer
    import pyogrio

    layers = [str(name) for name, geometry in pyogrio.list_layers(source.file) if geometry]
    if len(layers) > 1:
        raise InvalidSurfaceData(
            source.role, f"the name of one of the layers {', '.join(layers)}", source.name,
            f"Say {source.name}|layername={layers[0]}.",
        )  # fmt: skip
    return layers[0] if layers else None


def _parquet(source: Source, box: Bounds | None) -> Any:
    need(source.role, "geopandas", "pyarrow", extra="inputs")
    import geopandas

    try:
        try:
            return geopandas.read_parquet(source.file, bbox=box)
        except ValueError:  # without a column of boxes the file is read whole
            if box is None:
                raise
            return geopandas.read_parquet(source.file)
    except (ValueError, OSError) as problem:
        raise InvalidSurfaceData(
            source.role, "a GeoParquet file", f"{source.name}: {problem}"
        ) from problem


def read_whole(source: Source, layer: str | None = None) -> Any:
    """Every feature of a source as it is, in its own system.

    Parameters
    ----------
    source
        A vector file or a table.
    layer
        Of the file; None is the one the source names, or its only one.

    Returns
    -------
    GeoDataFrame
        As stored.

    Raises
    ------
    InvalidSurfaceData
        Not a vector file, several layers and none named.
    ConfigurationError
        A package that reads it is not installed.
    """
    if source.table is not None:
        return source.table
    if source.suffix in _PARQUET:
        return _parquet(source, None)
    need(source.role, "geopandas", "pyogrio", extra="inputs")
    import pyogrio

    try:
        return pyogrio.read_dataframe(source.file, layer=layer or _layer(source))
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as problem:
        if isinstance(problem, InvalidSurfaceData):
            raise
        raise InvalidSurfaceData(
            source.role, "a vector file that GDAL reads", f"{source.name}: {problem}"
        ) from problem


def read_features(
    source: Source, grid: Grid, crs: CRS, kinds: Sequence[str], report: Report
) -> Any:
    """The features of a source that touch the grid, in the grid's system.

    Parameters
    ----------
    source
        A vector file or a table.
    grid, crs
        Where to.
    kinds
        Types of geometry wanted, such as :data:`AREAS`; others are left out and counted.
    report
        Hears what was left out and repaired.

    Returns
    -------
    GeoDataFrame
        Valid geometries of the kinds asked for; may be empty.

    Raises
    ------
    InvalidSurfaceData
        The source lies elsewhere, or holds no such geometry at all.
    """
    import shapely

    extent = extent_of(source)
    if extent.crs is None:
        report.doubt(source.role, f"{source.name} says no CRS; taken as {systems.describe(crs)}")
    check_overlap(extent, grid, crs)
    doubt = systems.why_inexact(extent.crs, crs)
    if doubt:
        report.doubt(source.role, doubt)
    table = _read(source, extent, grid, crs)
    table = table.set_crs(crs) if table.crs is None else table.to_crs(crs)
    named, total = source.role, len(table)
    missing = np.asarray(table.geometry.isna() | table.geometry.is_empty)
    report.doubt(named, "features have no geometry, left out", int(missing.sum()), total)
    table = table[~missing]
    of_kind = np.asarray(table.geometry.geom_type.isin(kinds))
    if len(table) and not of_kind.any():
        raise InvalidSurfaceData(
            named, "features of type " + ", ".join(kinds),
            ", ".join(sorted(set(table.geometry.geom_type))) + f" in {source.name}",
        )  # fmt: skip
    report.doubt(
        named,
        f"features are not of type {', '.join(kinds)}, left out",
        int((~of_kind).sum()),
        total,
    )
    table = table[of_kind]
    geometries = np.asarray(table.geometry.values)
    invalid = ~shapely.is_valid(geometries)
    if invalid.any():
        report.doubt(named, "invalid polygons, repaired", int(invalid.sum()), total)
        geometries = geometries.copy()
        geometries[invalid] = areas_only(shapely.make_valid(geometries[invalid]))
    geometries = shapely.force_2d(geometries)
    box = shapely.box(*grid.bounds)
    inside = shapely.intersects(geometries, box)
    table = table[inside].reset_index(drop=True)
    return table.set_geometry(_series(geometries[inside], crs))


def _read(source: Source, extent: Extent, grid: Grid, crs: CRS) -> Any:
    """The features in a box around the grid, as the format can tell."""
    if source.table is not None:
        return source.table
    box = systems.bounds_in(grid.bounds, crs, extent.crs)
    slack = 0.01 * max(box[2] - box[0], box[3] - box[1])
    box = box[0] - slack, box[1] - slack, box[2] + slack, box[3] + slack
    if source.suffix in _PARQUET:
        return _parquet(source, box)
    import pyogrio

    return pyogrio.read_dataframe(source.file, layer=_layer(source), bbox=box)


def areas_only(geometries: Any) -> Any:
    """Polygons of repaired geometries; lines and points that the repair left are none.

    Parameters
    ----------
    geometries
        As shapely's ``make_valid`` leaves them.

    Returns
    -------
    NDArray[object]
        Polygons and multipolygons, empty where there is no area.
    """
    import shapely

    def areas(geometry: Any) -> Any:
        if geometry.geom_type in AREAS:
            return geometry
        parts = [part for part in shapely.get_parts(geometry) if part.geom_type in AREAS]
        return shapely.union_all(parts)

    return np.array([areas(geometry) for geometry in geometries], dtype=object)


def _series(geometries: Any, crs: CRS) -> Any:
    import geopandas

    return geopandas.GeoSeries(geometries, crs=crs)

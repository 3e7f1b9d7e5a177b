"""Polygons and lines of any vector file, brought to the grid of a run; what is done is said."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import CRS

from solweig.errors import ConfigurationError
from solweig.inputs import crs as systems
from solweig.inputs.sources import Source, resolve
from solweig.inputs.vectors import AREAS, areas_only, read_whole
from solweig.packages import need
from solweig.rasters.georef import GeoReference

__all__ = ["LINES", "need_packages", "read_lines", "read_polygons"]

LINES = ("LineString", "MultiLineString")
_GPX_LAYERS = ("tracks", "routes")


def need_packages(field: str, *more: str) -> None:
    """Check that what reads and writes vectors is installed.

    Parameters
    ----------
    field
        What cannot be read without.
    more
        Further packages.

    Raises
    ------
    ConfigurationError
        Something is not; with the line that installs it.
    """
    need(field, "geopandas", "pyogrio", "shapely", *more, extra="exposure")


def read_polygons(given: Any, georef: GeoReference, notes: list[str]) -> Any:
    """Every polygon, valid and in the system of the run.

    Parameters
    ----------
    given
        A vector file, ``file|layername=name``, a URL or a GeoDataFrame.
    georef
        Of the run.
    notes
        Hears what was left out and repaired.

    Returns
    -------
    GeoDataFrame
        In the order of the file.

    Raises
    ------
    InvalidSurfaceData, ConfigurationError
        Not polygons, no file of vectors, or a system that does not fit.
    """
    import shapely

    table = _read("polygons", given, AREAS, georef, notes)
    geometries = shapely.force_2d(np.asarray(table.geometry.values))
    invalid = ~shapely.is_valid(geometries)
    if invalid.any():
        notes.append(f"polygons: {int(invalid.sum())} of {len(table)} invalid, repaired")
        geometries[invalid] = areas_only(shapely.make_valid(geometries[invalid]))
    return _with(table, geometries)


def read_lines(given: Any, georef: GeoReference, notes: list[str]) -> Any:
    """Every line, in the system of the run.

    Parameters
    ----------
    given
        A GPX file (its tracks, else its routes), any other vector file, a URL or a GeoDataFrame.
    georef
        Of the run.
    notes
        Hears what was left out.

    Returns
    -------
    GeoDataFrame
        In the order of the file.

    Raises
    ------
    InvalidSurfaceData, ConfigurationError
        Not lines, no file of vectors, or a system that does not fit.
    """
    import shapely

    table = _read("line", given, LINES, georef, notes)
    geometries = shapely.force_2d(np.asarray(table.geometry.values))
    moving = shapely.length(geometries) > 0.0
    if not moving.all():
        notes.append(f"line: {int((~moving).sum())} of {len(table)} without length, left out")
    if not moving.any():
        raise ConfigurationError("line", "a line with a length", "none")
    return _with(table[moving].reset_index(drop=True), geometries[moving])


def _read(
    field: str, given: Any, kinds: Sequence[str], georef: GeoReference, notes: list[str]
) -> Any:
    need_packages(field)
    with tempfile.TemporaryDirectory() as downloads:
        sources = resolve(field, given, Path(downloads))
        if len(sources) != 1:
            raise ConfigurationError(field, "one file or table", f"{len(sources)}")
        table = _features(sources[0])
    table = _of_kind(field, table, kinds, notes)
    return _placed(field, table, georef, notes)


def _features(source: Source) -> Any:
    if source.suffix != ".gpx" or source.layer is not None:
        return read_whole(source)
    for layer in _GPX_LAYERS:
        table = read_whole(source, layer)
        if len(table):
            return table
    raise ConfigurationError(source.role, "a GPX file with a track or a route", source.name)


def _of_kind(field: str, table: Any, kinds: Sequence[str], notes: list[str]) -> Any:
    if not hasattr(table, "geometry"):
        raise ConfigurationError(field, "features with a geometry", "a table without")
    total = len(table)
    missing = np.asarray(table.geometry.isna() | table.geometry.is_empty)
    if missing.any():
        notes.append(f"{field}: {int(missing.sum())} of {total} without geometry, left out")
    types = np.asarray(table.geometry.geom_type, dtype=object)
    wanted = np.isin(types, kinds) & ~missing
    others = ~wanted & ~missing
    if not wanted.any():
        found = ", ".join(sorted({str(t) for t in types[others]})) or "none"
        raise ConfigurationError(field, f"features of type {', '.join(kinds)}", found)
    if others.any():
        notes.append(
            f"{field}: {int(others.sum())} of {total} not of type {', '.join(kinds)}, left out"
        )
    return table[wanted].reset_index(drop=True)


def _placed(field: str, table: Any, georef: GeoReference, notes: list[str]) -> Any:
    """In the system of the run."""
    own = None if table.crs is None else CRS.from_user_input(table.crs)
    if not georef.crs_wkt:
        if own is not None and own.is_geographic:
            raise ConfigurationError(
                field, "coordinates of the run, which has no CRS", systems.describe(own)
            )
        notes.append(f"{field}: the run has no CRS; coordinates are taken as they are")
        return table
    target = systems.horizontal(CRS.from_wkt(georef.crs_wkt))
    if own is None:
        notes.append(f"{field}: says no CRS; taken as that of the run, {systems.describe(target)}")
        return table.set_crs(target)
    doubt = systems.why_inexact(own, target)
    if doubt:
        notes.append(f"{field}: {doubt}")
    if systems.same(own, target):
        return table.set_crs(target, allow_override=True)
    moved = table.to_crs(target)
    if not np.isfinite(np.asarray(moved.total_bounds)).all():
        raise ConfigurationError(
            field, f"coordinates that {systems.describe(target)} can hold",
            f"{tuple(float(v) for v in table.total_bounds)} in {systems.describe(own)}",
            "Is the CRS of the file the one its coordinates are in?",
        )  # fmt: skip
    return moved


def _with(table: Any, geometries: Any) -> Any:
    import geopandas

    return table.set_geometry(geopandas.GeoSeries(geometries, crs=table.crs))

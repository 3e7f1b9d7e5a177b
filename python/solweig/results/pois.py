"""Points of interest: reading them, placing them on the raster, the table they fill."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError
from solweig.rasters.georef import GeoReference
from solweig.rasters.variables import COMFORT, FLUXES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PointTable", "Points", "read_points"]

WGS84 = "EPSG:4326"

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
        A GeoJSON or GeoPackage file, a dict ``name -> (x, y)``, or a list of ``(x, y)``. Files are
        reprojected to the raster's CRS; coordinates given directly are in it.
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
        named = _read_file(Path(source), grid)
    elif isinstance(source, Mapping):
        named = [(str(name), _pair(name, xy)) for name, xy in source.items()]
    else:
        named = [(f"point {i}", _pair(f"point {i}", xy)) for i, xy in enumerate(source, 1)]
    if not named:
        raise ConfigurationError("pois", "at least one point", "none")
    return _place(_unique(named), grid)


def _pair(name: object, xy: Any) -> tuple[float, float]:
    try:
        x, y = (float(v) for v in xy)
    except (TypeError, ValueError):
        raise ConfigurationError(f"pois {name!r}", "two numbers (x, y)", repr(xy)) from None
    return x, y


def _unique(
    named: list[tuple[str, tuple[float, float]]],
) -> list[tuple[str, tuple[float, float]]]:
    seen: dict[str, int] = {}
    out = []
    for name, xy in named:
        seen[name] = seen.get(name, 0) + 1
        out.append((name if seen[name] == 1 else f"{name} ({seen[name]})", xy))
    return out


def _place(named: list[tuple[str, tuple[float, float]]], grid: GeoReference) -> Points:
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
                f"a point inside the raster (x {west:g} to {east:g}, y {south:g} to {north:g})",
                f"({x:g}, {y:g})",
            )
        cells.append((row, col))
    xy = np.array([p for _, p in named], dtype=np.float64)
    return Points(
        tuple(name for name, _ in named), xy[:, 0], xy[:, 1], np.array(cells, dtype=np.int64)
    )


# ------------------------------------------------------------------ files


def _read_file(path: Path, grid: GeoReference) -> list[tuple[str, tuple[float, float]]]:
    if not path.exists():
        raise FileNotFoundError(f"pois: no file {path}")
    suffix = path.suffix.lower()
    if suffix in (".geojson", ".json"):
        named, crs = _read_geojson(path)
    elif suffix == ".gpkg":
        named, crs = _read_geopackage(path)
    else:
        raise ConfigurationError("pois", "a .geojson, .json or .gpkg file", path.name)
    return _reproject(named, crs, grid.crs_wkt)


def _reproject(
    named: list[tuple[str, tuple[float, float]]], crs: str, target_wkt: str
) -> list[tuple[str, tuple[float, float]]]:
    from pyproj import CRS, Transformer

    if not named or not target_wkt:
        return named
    source, target = CRS.from_user_input(crs), CRS.from_wkt(target_wkt)
    if source == target:
        return named
    transformer = Transformer.from_crs(source, target, always_xy=True)
    return [(name, transformer.transform(x, y)) for name, (x, y) in named]


def _read_geojson(path: Path) -> tuple[list[tuple[str, tuple[float, float]]], str]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        kind = document.get("type")
    except (ValueError, AttributeError) as error:
        raise ConfigurationError("pois", "a GeoJSON document", path.name) from error
    if kind == "FeatureCollection":
        features = document.get("features") or []
    elif kind == "Feature":
        features = [document]
    else:
        features = [{"type": "Feature", "geometry": document, "properties": {}}]
    named: list[tuple[str, tuple[float, float]]] = []
    for feature in features:
        properties = feature.get("properties") or {}
        geometry = feature.get("geometry") or {}
        if geometry.get("type") == "Point":
            positions = [geometry["coordinates"]]
        elif geometry.get("type") == "MultiPoint":
            positions = list(geometry["coordinates"])
        else:
            raise ConfigurationError("pois", "Point geometries", geometry.get("type"))
        for position in positions:
            name = properties.get("name") or feature.get("id") or f"point {len(named) + 1}"
            named.append((str(name), _pair(name, position[:2])))
    return named, _geojson_crs(document, features)


def _geojson_crs(document: dict[str, Any], features: list[dict[str, Any]]) -> str:
    """RFC 7946 means WGS 84; the older ``crs`` member, and ``crs`` as a property, are honoured."""
    declared = (document.get("crs") or {}).get("properties", {}).get("name")
    if declared:
        return str(declared)
    for feature in features:
        crs = (feature.get("properties") or {}).get("crs")
        if crs:
            return str(crs)
    return WGS84


def _read_geopackage(path: Path) -> tuple[list[tuple[str, tuple[float, float]]], str]:
    """First point layer of a GeoPackage, which is an SQLite file with WKB geometries."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            layers = db.execute(
                "SELECT table_name, column_name, srs_id FROM gpkg_geometry_columns "
                "WHERE UPPER(geometry_type_name) IN ('POINT', 'GEOMETRY')"
            ).fetchall()
            if not layers:
                raise ConfigurationError("pois", "a layer of points", f"none in {path.name}")
            table, column, srs = layers[0]
            crs = _geopackage_crs(db, srs)
            cursor = db.execute(f'SELECT * FROM "{table}"')
            columns = [c[0] for c in cursor.description]
            records = [dict(zip(columns, row, strict=True)) for row in cursor]
    except sqlite3.DatabaseError as error:
        raise ConfigurationError("pois", "a GeoPackage", path.name) from error
    named = []
    for i, record in enumerate(records, 1):
        name = str(record.get("name") or f"point {i}")
        named.append((name, _geopackage_point(record[column], name)))
    return named, crs


def _geopackage_crs(db: sqlite3.Connection, srs_id: int) -> str:
    row = db.execute(
        "SELECT organization, organization_coordsys_id, definition "
        "FROM gpkg_spatial_ref_sys WHERE srs_id = ?",
        (srs_id,),
    ).fetchone()
    if row is None or srs_id in (-1, 0):
        return WGS84
    organisation, code, definition = row
    known = str(organisation).upper() in ("EPSG", "ESRI")
    return f"{organisation}:{code}" if known else str(definition)


def _geopackage_point(blob: bytes | None, name: str) -> tuple[float, float]:
    """GeoPackage binary header (OGC 12-128r18, 2.1.3), then WKB."""
    if not blob or blob[:2] != b"GP":
        raise ConfigurationError(f"pois {name!r}", "a point geometry", "none")
    envelope = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}[(blob[3] >> 1) & 7]
    wkb = blob[8 + envelope :]
    order = "<" if wkb[0] == 1 else ">"
    (kind,) = struct.unpack_from(order + "I", wkb, 1)
    if kind % 1000 != 1:
        raise ConfigurationError(f"pois {name!r}", "a point geometry", f"WKB type {kind}")
    x, y = struct.unpack_from(order + "2d", wkb, 5)
    return x, y


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
        known = [n for n in (*COMFORT, *FLUXES) if n in self._values]
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

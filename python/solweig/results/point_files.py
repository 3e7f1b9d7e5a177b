"""Files of points of interest.

====================  ============================================================================
file                  points
====================  ============================================================================
.geojson, .json       Point and MultiPoint; WGS 84 unless ``crs`` says otherwise
.gpkg                 points of its one layer of points, else of ``file.gpkg|layername=NAME``
.csv, .tsv, .txt      a header with x and y (easting, northing) of the raster, or lon and lat
others                what geopandas reads, shapefiles among them (``solweig[geo]``)
====================  ============================================================================

Names are those of a column ``name`` in any case. A file of an unknown system holds coordinates of
the raster.
"""

from __future__ import annotations

import csv
import json
import math
import sqlite3
import struct
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from solweig.errors import ConfigurationError

__all__ = ["Named", "pair", "point_file", "read_point_file"]

Named = list[tuple[str, tuple[float, float]]]
"""Names and coordinates."""

WGS84 = "EPSG:4326"
_LAYER = "|layername="
_METRIC_COLUMNS = (
    ("x", "y"), ("easting", "northing"), ("east", "north"), ("e", "n"), ("xcoord", "ycoord"),
    ("x_coord", "y_coord"), ("point_x", "point_y"),
)  # fmt: skip
_DEGREE_COLUMNS = (
    ("lon", "lat"), ("long", "lat"), ("lng", "lat"), ("longitude", "latitude"),
)  # fmt: skip
_FLAG = "(--pois)"


def pair(name: object, xy: Any) -> tuple[float, float]:
    """Two coordinates as numbers.

    Raises
    ------
    ConfigurationError
        Anything else.
    """
    try:
        x, y = (float(v) for v in xy)
    except (TypeError, ValueError, OverflowError):
        raise ConfigurationError(f"pois {name!r}", "two numbers (x, y)", repr(xy)) from None
    return x, y


def point_file(source: str | Path) -> tuple[Path, str | None]:
    """The file, and the layer that ``file|layername=NAME`` names."""
    path, _, layer = str(source).partition(_LAYER)
    return Path(path), layer or None


def read_point_file(source: str | Path) -> tuple[Named, str | None]:
    """Points of a file, and their coordinate reference system; ``None`` for the raster's.

    Raises
    ------
    FileNotFoundError
        No such file.
    ConfigurationError
        Not points, an unknown format, no such layer, or several to choose from.
    """
    path, layer = point_file(source)
    if not path.exists():
        raise FileNotFoundError(f"pois: no file {path}")
    suffix = path.suffix.lower()
    if suffix in (".geojson", ".json"):
        return _read_geojson(path)
    if suffix == ".gpkg":
        return _read_geopackage(path, layer)
    if suffix in (".csv", ".tsv", ".txt"):
        return _read_table(path)
    return _read_other(path, layer)


def _name_of(properties: Mapping[Any, Any], *otherwise: str) -> str | None:
    """What a point is called, whatever the case of the column."""
    for wanted in ("name", *otherwise):
        exact = [key for key in properties if key == wanted]
        alike = [key for key in properties if str(key).strip().casefold() == wanted]
        for key in (*exact, *alike):
            value = properties[key]
            missing = value is None or (isinstance(value, float) and math.isnan(value))
            if not missing and str(value).strip():
                return str(value).strip()
    return None


def _no_points(got: Any) -> ConfigurationError:
    return ConfigurationError("pois", "Point or MultiPoint geometries", str(got))


def _wanted_layer(path: Path, layer: str | None, found: Mapping[str, bool]) -> str:
    """The layer that is meant; ``found``: layers by name, and whether they are surely points."""
    if layer is not None:
        for name in found:
            if name == layer or name.casefold() == layer.casefold():
                return name
        raise ConfigurationError(
            "pois", f"a layer of points among {', '.join(found) or 'none'}", layer
        )
    sure = [name for name, points in found.items() if points]
    choice = sure or list(found)
    if not choice:
        raise ConfigurationError("pois", "a layer of points", f"none in {path.name}")
    if len(choice) > 1:
        raise ConfigurationError(
            "pois", "the name of one layer", f"{len(choice)} layers of points, {', '.join(choice)}",
            f"Say which: pois='{path.name}{_LAYER}{choice[0]}' (--pois "
            f"'{path.name}{_LAYER}{choice[0]}').",
        )  # fmt: skip
    return choice[0]


# ------------------------------------------------------------------ GeoJSON


def _read_geojson(path: Path) -> tuple[Named, str | None]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
        kind = document.get("type")
        if kind == "FeatureCollection":
            features = document.get("features") or []
        elif kind == "Feature":
            features = [document]
        else:
            features = [{"type": "Feature", "geometry": document, "properties": {}}]
        named: Named = []
        for feature in features:
            named += _points_of_feature(feature, len(named))
        return named, _geojson_crs(document, features)
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError("pois", "a GeoJSON document", path.name) from error


def _points_of_feature(feature: Mapping[str, Any], before: int) -> Named:
    properties = feature.get("properties") or {}
    geometry = feature.get("geometry") or {}
    if geometry.get("type") == "Point":
        positions = [geometry["coordinates"]]
    elif geometry.get("type") == "MultiPoint":
        positions = list(geometry["coordinates"])
    else:
        raise _no_points(geometry.get("type"))
    own = _name_of(properties) or feature.get("id")
    return [
        (str(own or f"point {before + i}"), pair(own or f"point {before + i}", position[:2]))
        for i, position in enumerate(positions, 1)
    ]


def _geojson_crs(document: Mapping[str, Any], features: list[Mapping[str, Any]]) -> str:
    """RFC 7946 means WGS 84; the older ``crs`` member, and ``crs`` as a property, are honoured."""
    declared = ((document.get("crs") or {}).get("properties") or {}).get("name")
    if declared:
        return str(declared)
    for feature in features:
        crs = (feature.get("properties") or {}).get("crs")
        if crs:
            return str(crs)
    return WGS84


# ------------------------------------------------------------------ GeoPackage


def _read_geopackage(path: Path, layer: str | None) -> tuple[Named, str | None]:
    """Points of a layer of a GeoPackage, which is an SQLite file with WKB geometries."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            layers = {
                str(table): (column, srs, str(kind).upper())
                for table, column, srs, kind in db.execute(
                    "SELECT table_name, column_name, srs_id, geometry_type_name "
                    "FROM gpkg_geometry_columns"
                )
            }
            maybe = {
                table: kind in ("POINT", "MULTIPOINT")
                for table, (_, _, kind) in layers.items()
                if kind in ("POINT", "MULTIPOINT", "GEOMETRY", "GEOMETRYCOLLECTION")
            }
            table = _wanted_layer(path, layer, maybe)
            column, srs, _ = layers[table]
            crs = _geopackage_crs(db, srs)
            quoted = table.replace('"', '""')
            cursor = db.execute(f'SELECT * FROM "{quoted}"')
            columns = [c[0] for c in cursor.description]
            records = [dict(zip(columns, row, strict=True)) for row in cursor]
    except sqlite3.DatabaseError as error:
        raise ConfigurationError("pois", "a GeoPackage", path.name) from error
    named: Named = []
    for i, record in enumerate(records, 1):
        name = _name_of(record) or f"point {i}"
        named += [(name, xy) for xy in _geopackage_points(record.get(column), name)]
    return named, crs


def _geopackage_crs(db: sqlite3.Connection, srs_id: int) -> str | None:
    if srs_id == -1:
        return None  # undefined, Cartesian
    row = db.execute(
        "SELECT organization, organization_coordsys_id, definition "
        "FROM gpkg_spatial_ref_sys WHERE srs_id = ?",
        (srs_id,),
    ).fetchone()
    if row is None or srs_id == 0:
        return WGS84
    organisation, code, definition = row
    known = str(organisation).upper() in ("EPSG", "ESRI")
    return f"{organisation}:{code}" if known else str(definition)


def _geopackage_points(blob: Any, name: str) -> list[tuple[float, float]]:
    """GeoPackage binary header (OGC 12-128r18, 2.1.3), then WKB."""
    if not isinstance(blob, bytes) or blob[:2] != b"GP":
        raise ConfigurationError(f"pois {name!r}", "a point geometry", "none")
    try:
        envelope = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}[(blob[3] >> 1) & 7]
        return _wkb_points(blob[8 + envelope :], name)
    except (KeyError, IndexError, struct.error) as error:
        raise ConfigurationError(f"pois {name!r}", "a point geometry", "a damaged one") from error


def _wkb_points(wkb: bytes, name: str) -> list[tuple[float, float]]:
    order = "<" if wkb[0] == 1 else ">"
    (kind,) = struct.unpack_from(order + "I", wkb, 1)
    # In thousands and in the highest bits: whether there are heights and measures.
    flat, high = (kind & 0x0FFFFFFF) % 1000, (kind & 0x0FFFFFFF) // 1000
    dimensions = 2 + (high in (1, 3)) + (high in (2, 3)) + (kind >> 31 & 1) + (kind >> 30 & 1)
    if flat == 1:
        x, y = struct.unpack_from(order + "2d", wkb, 5)
        return [(x, y)]
    if flat != 4:
        raise _no_points(f"WKB type {kind} ({name})")
    (count,) = struct.unpack_from(order + "I", wkb, 5)
    size, points = 5 + 8 * dimensions, []
    for i in range(count):
        points += _wkb_points(wkb[9 + i * size : 9 + (i + 1) * size], name)
    return points


# ------------------------------------------------------------------ tables


def _read_table(path: Path) -> tuple[Named, str | None]:
    text = _text_of(path)
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise ConfigurationError("pois", "a table with a header", f"an empty file, {path.name}")
    delimiter = max(",;\t|", key=lines[0].count)
    rows = list(csv.reader(lines, delimiter=delimiter))
    header = [cell.strip().casefold() for cell in rows[0]]
    columns, degrees = _coordinate_columns(header, rows[0])
    named: Named = []
    crs: str | None = WGS84 if degrees else None
    for i, row in enumerate(rows[1:], 1):
        record = dict(zip(header, row, strict=False))
        name = _name_of(record, "poi", "id") or f"point {i}"
        named.append((name, pair(name, [_number(record.get(c), delimiter) for c in columns])))
        crs = str(record.get("crs") or "").strip() or crs
    return named, crs


def _text_of(path: Path) -> str:
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _coordinate_columns(header: list[str], shown: list[str]) -> tuple[tuple[str, str], bool]:
    for pairs, degrees in ((_METRIC_COLUMNS, False), (_DEGREE_COLUMNS, True)):
        for columns in pairs:
            if set(columns) <= set(header):
                return columns, degrees
    raise ConfigurationError(
        "pois",
        "a header with the columns x and y (of the raster's CRS), or lon and lat, and maybe name",
        ", ".join(cell.strip() for cell in shown),
        f"Name the columns in the first line of the file {_FLAG}.",
    )


def _number(text: str | None, delimiter: str) -> str | None:
    if text is None or delimiter == ",":
        return text
    return text.replace(",", ".")  # decimal commas


# ------------------------------------------------------------------ other formats


def _read_other(path: Path, layer: str | None) -> tuple[Named, str | None]:
    """What geopandas reads."""
    try:
        import geopandas
        import pyogrio
    except ImportError:
        raise ConfigurationError(
            "pois", "a .geojson, .json, .gpkg or .csv file", path.name,
            f"pip install 'solweig[geo]' reads shapefiles and more {_FLAG}.",
        ) from None  # fmt: skip
    try:
        layers = {
            str(name): str(kind).removesuffix(" Z").endswith("Point")
            for name, kind in pyogrio.list_layers(path)
        }
        frame = geopandas.read_file(path, layer=_wanted_layer(path, layer, layers))
    except ConfigurationError:
        raise
    except Exception as error:  # GDAL has many ways to say no
        raise ConfigurationError("pois", "a file of points", f"{path.name} ({error})") from error
    named: Named = []
    records = frame.drop(columns=frame.geometry.name).to_dict("records")
    for i, (shape, record) in enumerate(zip(frame.geometry, records, strict=True), 1):
        name = _name_of(record) or f"point {i}"
        if shape is None or shape.is_empty or shape.geom_type not in ("Point", "MultiPoint"):
            got = "none" if shape is None or shape.is_empty else shape.geom_type
            raise _no_points(f"{got} ({name})")
        named += [(name, (p.x, p.y)) for p in getattr(shape, "geoms", [shape])]
    return named, None if frame.crs is None else frame.crs.to_wkt()

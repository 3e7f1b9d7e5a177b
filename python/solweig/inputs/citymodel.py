"""City models, CityJSON and CityGML: the faces of buildings, seen from above.

Every face that is not upright is an area with its mean height above the lowest point of its
building: exact where roofs are flat (LoD1), halfway up where they are pitched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from solweig.errors import InvalidSurfaceData
from solweig.inputs import crs as systems
from solweig.inputs.grid import Extent, check_overlap
from solweig.inputs.report import Report
from solweig.inputs.sources import Source
from solweig.rasters.grids import Grid
from solweig.typing import F64

__all__ = ["city_extent", "is_city_model", "read_city_model"]

#: Outer and inner rings, each ``[point, 3]``.
Face = list[F64]

_HEAD = 4096
_BUILDING_TYPES = ("Building", "BuildingPart")
# Solid geometries hold their faces so many lists deep.
_DEPTH = {
    "MultiSurface": 0,
    "CompositeSurface": 0,
    "Solid": 1,
    "MultiSolid": 2,
    "CompositeSolid": 2,
}


def is_city_model(source: Source) -> bool:
    """Whether a file is CityJSON or CityGML."""
    if source.path is None or source.suffix not in (".json", ".gml", ".xml", ".citygml"):
        return False
    with source.path.open("rb") as stream:
        head = stream.read(_HEAD)
    if source.suffix == ".json":
        return b'"CityJSON"' in head or b'"CityObjects"' in head
    return b"citygml" in head.lower()


def city_extent(source: Source) -> Extent:
    """Where a city model lies.

    Raises
    ------
    InvalidSurfaceData
        It cannot be read, or holds no building.
    """
    crs, buildings = _read(source)
    points = [ring for faces in buildings for face in faces for ring in face]
    xyz = np.concatenate(points)
    (west, south), (east, north) = xyz[:, :2].min(0), xyz[:, :2].max(0)
    return Extent(source.role, (float(west), float(south), float(east), float(north)), crs)


def read_city_model(
    source: Source, grid: Grid, crs: CRS, report: Report
) -> tuple[NDArray[Any], F64, NDArray[np.int64]]:
    """Faces seen from above, in the grid's system.

    Returns
    -------
    geometry : NDArray
        Areas.
    height : NDArray[np.float64]
        Mean height of each face above the lowest point of its building [m].
    group : NDArray[np.int64]
        Number of its building.

    Raises
    ------
    InvalidSurfaceData
        It cannot be read, holds no building, or lies elsewhere.
    """
    import shapely

    own, buildings = _read(source)
    extent = city_extent(source)
    if own is None:
        report.doubt(source.role, f"{source.name} says no CRS; taken as {systems.describe(crs)}")
    check_overlap(extent, grid, crs)
    to_metres = systems.vertical_factor(own) or 1.0
    areas, heights, groups = [], [], []
    pitched = 0
    for number, faces in enumerate(buildings):
        base = min(float(ring[:, 2].min()) for face in faces for ring in face)
        for face in faces:
            area = shapely.polygons(face[0][:, :2], [ring[:, :2] for ring in face[1:]] or None)
            area = area if shapely.is_valid(area) else shapely.make_valid(area)
            if shapely.area(area) <= 1e-9 * _extent_squared(face[0]):
                continue  # upright
            pitched += bool(np.ptp(face[0][:, 2]) > 0.1)
            areas.append(area)
            heights.append((float(face[0][:, 2].mean()) - base) * to_metres)
            groups.append(number)
    geometry = np.array(areas, dtype=object)
    if not systems.same(own, crs) and own is not None:
        there = systems.transformer(own, crs)
        geometry = shapely.transform(geometry, there.transform, interleaved=False)
    inside = shapely.intersects(geometry, shapely.box(*grid.bounds))
    report.done(
        source.role,
        f"faces of {len(buildings)} buildings of a city model, seen from above",
        int(inside.sum()),
    )
    report.fallback(source.role, "pitched faces stand at their mean height", pitched, len(areas))
    keep = inside & (np.array(heights) > 0.0)
    return geometry[keep], np.array(heights)[keep], np.array(groups, np.int64)[keep]


def _extent_squared(ring: F64) -> float:
    return float(np.ptp(ring, axis=0).max() ** 2)


def _read(source: Source) -> tuple[CRS | None, list[list[Face]]]:
    try:
        if source.suffix == ".json":
            crs, buildings = _city_json(json.loads(source.file.read_text("utf-8")))
        else:
            crs, buildings = _city_gml(source)
    except (ValueError, KeyError, IndexError, TypeError, ElementTree.ParseError) as problem:
        raise InvalidSurfaceData(
            source.role,
            "a CityJSON or CityGML file",
            f"{source.name}: {type(problem).__name__} {problem}",
        ) from problem
    buildings = [faces for faces in buildings if faces]
    if not buildings:
        raise InvalidSurfaceData(source.role, "buildings with a geometry", f"none in {source.name}")
    return crs, buildings


# ------------------------------------------------------------------ CityJSON


def _city_json(model: dict[str, Any]) -> tuple[CRS | None, list[list[Face]]]:
    vertices = np.asarray(model["vertices"], np.float64).reshape(-1, 3)
    if "transform" in model:
        vertices = vertices * model["transform"]["scale"] + model["transform"]["translate"]
    named = model.get("metadata", {}).get("referenceSystem")
    objects = model["CityObjects"]
    groups: dict[str, list[Face]] = {}
    for name, entry in objects.items():
        if entry["type"] in _BUILDING_TYPES and entry.get("geometry"):
            best = max(entry["geometry"], key=lambda geometry: _lod(geometry))
            whole = (entry.get("parents") or [name])[0]
            groups.setdefault(whole, []).extend(_faces(best, vertices))
    return _crs_of(named), list(groups.values())


def _lod(geometry: dict[str, Any]) -> float:
    return float(geometry.get("lod", 0)) if geometry["type"] in _DEPTH else -1.0


def _faces(geometry: dict[str, Any], vertices: F64) -> Iterator[Face]:
    faces = geometry["boundaries"] if geometry["type"] in _DEPTH else []
    for _ in range(_DEPTH.get(geometry["type"], 0)):
        faces = [inner for outer in faces for inner in outer]
    for face in faces:
        yield [vertices[ring] for ring in face]


def _crs_of(named: Any) -> CRS | None:
    """The system an OGC name means, ``.../crs/EPSG/0/7415`` or ``urn:ogc:def:crs:EPSG::7415``."""
    if not named:
        return None
    text = str(named)
    if "/crs/" in text:
        authority, _, code = text.rstrip("/").split("/")[-3:]
        text = f"{authority}:{code}"
    if text.startswith("urn:ogc:def:crs,"):
        codes = [part.split(":") for part in text.split(",")[1:]]
        text = "+".join(
            f"{part[1]}:{part[-1]}" if i == 0 else part[-1] for i, part in enumerate(codes)
        )
    return CRS.from_user_input(text)


# ------------------------------------------------------------------ CityGML


def _city_gml(source: Source) -> tuple[CRS | None, list[list[Face]]]:
    buildings: list[list[Face]] = []
    named = None
    depth = 0
    for event, element in ElementTree.iterparse(source.file, ("start", "end")):
        tag = element.tag.rpartition("}")[2]
        if event == "start":
            if named is None and element.get("srsName"):
                named = element.get("srsName")
            depth += tag == "Building"
        elif tag == "Building":
            depth -= 1
            if depth == 0:
                buildings.append([face for face in map(_gml_face, _polygons(element)) if face])
                element.clear()
    crs = _crs_of(named)
    by_rule = named is not None and named.startswith(("urn:", "http"))
    if crs is not None and by_rule and systems.horizontal(crs).axis_info[0].direction == "north":
        # Names of that form keep the order of the axes of the system.
        buildings = [[[ring[:, [1, 0, 2]] for ring in face] for face in b] for b in buildings]
    return crs, buildings


def _polygons(element: Any) -> Iterator[Any]:
    for found in element.iter():
        if found.tag.rpartition("}")[2] == "Polygon":
            yield found


def _gml_face(polygon: Any) -> Face:
    rings: Face = []
    for ring in polygon.iter():
        if ring.tag.rpartition("}")[2] == "LinearRing":
            numbers: list[str] = []
            for part in ring:
                if part.tag.rpartition("}")[2] in ("posList", "pos"):
                    numbers += (part.text or "").split()
            rings.append(np.array(numbers, np.float64).reshape(-1, 3))
    return rings

"""LiDAR files (LAS, LAZ, COPC): what they say of themselves, and their points, some at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from solweig.errors import ConfigurationError, InvalidSurfaceData
from solweig.inputs import crs as systems
from solweig.inputs.grid import tiles
from solweig.inputs.sources import Source
from solweig.packages import need
from solweig.rasters.grids import Grid
from solweig.typing import F32, Bool, Bounds, Window

__all__ = ["CLASS_NAMES", "ROLES", "Chunk", "Cloud", "chunks", "open_cloud", "roles"]

CHUNK_POINTS = 1_000_000
# A cloud-optimised file is read through its index where less than this part of it is needed.
_PART_OF_COPC = 0.5

# ASPRS LAS 1.4 R15, table 17; 26 is AHN's.
CLASS_NAMES = {
    0: "never classified", 1: "unclassified", 2: "ground", 3: "low vegetation",
    4: "medium vegetation", 5: "high vegetation", 6: "building", 7: "low noise",
    8: "model key", 9: "water", 10: "rail", 11: "road surface", 12: "overlap",
    13: "wire guard", 14: "wire conductor", 15: "tower", 16: "wire connector",
    17: "bridge deck", 18: "high noise", 19: "overhead structure", 20: "ignored ground",
    21: "snow", 22: "temporal exclusion", 26: "civil structure",
}  # fmt: skip

ROLES = ("left out", "ground", "tree", "building", "water", "other", "noise")
"""What a point is taken for, by number."""
_OF_CLASS = {
    0: "other", 1: "other", 2: "ground", 3: "tree", 4: "tree", 5: "tree", 6: "building",
    7: "noise", 8: "ground", 9: "water", 10: "ground", 11: "ground", 18: "noise",
}  # fmt: skip

# GeoTIFF keys of a LAS header: the vertical unit and its codes.
_VERTICAL_UNITS_KEY = 4099
_UNIT_CODES = {9001: 1.0, 9002: systems.FEET["ft"], 9003: systems.FEET["us-ft"]}


def roles(changes: Mapping[Any, str] | None) -> NDArray[np.uint8]:
    """Number of the role of each class.

    Parameters
    ----------
    changes
        Class -> role, beside the usual ones.

    Raises
    ------
    ConfigurationError
        Not a class, or an unknown role.
    """
    table = np.zeros(256, np.uint8)
    wished = dict(_OF_CLASS)
    for number, role in (changes or {}).items():
        if role not in ROLES:
            raise ConfigurationError("lidar_classes", "roles among " + ", ".join(ROLES), repr(role))
        try:
            code = int(number)
        except (TypeError, ValueError):
            code = -1
        if not 0 <= code <= 255:
            raise ConfigurationError("lidar_classes", "classes from 0 to 255", repr(number))
        wished[code] = role
    for code, role in wished.items():
        table[code] = ROLES.index(role)
    return table


@dataclass(frozen=True)
class Cloud:
    """One file, looked at.

    Attributes
    ----------
    source
        The file.
    points
        How many it holds.
    bounds
        West, south, east, north in its own system.
    crs
        Of easting and northing; None where the file does not say.
    heights_from
        What heights are counted from, where it says.
    to_metres
        Metres in one unit of height.
    unit_note
        How that is known, if not in metres.
    guessed
        Whether the unit is an assumption.
    copc
        Whether it is cloud-optimised.
    """

    source: Source
    points: int
    bounds: Bounds
    crs: CRS | None
    heights_from: str | None
    to_metres: float
    unit_note: str | None
    guessed: bool
    copc: bool


def open_cloud(source: Source, unit: str | None = None) -> Cloud:
    """Read the header of a file.

    Parameters
    ----------
    source
        The file.
    unit
        Of heights: ``"m"``, ``"ft"``, ``"us-ft"``; None = as the file says.

    Raises
    ------
    InvalidSurfaceData
        Not a LiDAR file, or one without points.
    ConfigurationError
        laspy or lazrs is not installed.
    """
    need("lidar", "laspy", "lazrs", extra="inputs")
    with _opened(source) as reader:
        header = reader.header
        points = int(header.point_count)
        if points == 0:
            raise InvalidSurfaceData(source.role, "at least one point", f"none in {source.name}")
        crs = _crs_of(header)
        bounds = (header.x_min, header.y_min, header.x_max, header.y_max)
        copc = any(vlr.user_id == "copc" for vlr in header.vlrs)
        factor, note, guessed = _height_unit(header, crs, unit)
    if not all(math.isfinite(v) for v in bounds):
        raise InvalidSurfaceData(source.role, "finite bounds in the header", bounds, source.name)
    west, south, east, north = (float(v) for v in bounds)
    return Cloud(
        source=source,
        points=points,
        bounds=(west, south, east, north),
        crs=None if crs is None else systems.horizontal(crs),
        heights_from=systems.vertical_name(crs),
        to_metres=factor,
        unit_note=note,
        guessed=guessed,
        copc=copc,
    )


def _opened(source: Source) -> Any:
    import laspy

    wanted = laspy.DecompressionSelection
    try:
        # Of newer LAZ files the rest, such as time and colour, need not be unpacked.
        return laspy.open(
            source.file,
            decompression_selection=wanted.base() | wanted.Z | wanted.CLASSIFICATION | wanted.FLAGS,
        )
    except (laspy.errors.LaspyException, ValueError, OSError, RuntimeError) as problem:
        raise InvalidSurfaceData(
            source.role, "a LAS, LAZ or COPC file", f"{source.name}: {problem}"
        ) from problem


def _crs_of(header: Any) -> CRS | None:
    try:
        found = header.parse_crs()
    except (CRSError, ValueError, KeyError):
        return None
    return None if found is None else CRS.from_user_input(found)


def _height_unit(header: Any, crs: CRS | None, unit: str | None) -> tuple[float, str | None, bool]:
    """Metres in one unit of height, how it is known, and whether it is a guess."""
    if unit is not None:
        return systems.FEET[unit], None if unit == "m" else f"heights in {unit}, as told", False
    factor = systems.vertical_factor(crs)
    if factor is None:
        factor = _vertical_key(header)
    if factor is not None:
        note = None if factor == 1.0 else f"heights in units of {factor:.9g} m, as the file says"
        return factor, note, False
    if crs is not None and systems.horizontal(crs).is_projected:
        flat = systems.horizontal(crs).axis_info[0].unit_conversion_factor
        if not math.isclose(flat, 1.0, rel_tol=1e-9):
            return (
                flat, f"heights taken to be in the unit of the CRS ({flat:.9g} m): the file says "
                "none; lidar_unit tells it", True,
            )  # fmt: skip
    return 1.0, None, False


def _vertical_key(header: Any) -> float | None:
    for vlr in header.vlrs:
        for key in getattr(vlr, "geo_keys", ()) or ():
            if key.id == _VERTICAL_UNITS_KEY:
                return _UNIT_CODES.get(int(key.value_offset))
    return None


# ------------------------------------------------------------------ points


@dataclass(frozen=True)
class Chunk:
    """Points inside the grid.

    Attributes
    ----------
    read
        Points read for it, in and out of the grid.
    cell
        Position in the flattened grid.
    height
        [m].
    role
        Number in :data:`ROLES`.
    several
        Whether their pulse came back in several parts.
    classes
        Points of each class.
    withheld
        Points in the grid that are marked as not to be used; they are none of the above.
    """

    read: int
    cell: NDArray[np.intp]
    height: F32
    role: NDArray[np.uint8]
    several: Bool
    classes: NDArray[np.int64]
    withheld: int


def chunks(
    cloud: Cloud, grid: Grid, crs: CRS, table: NDArray[np.uint8], size: int = CHUNK_POINTS
) -> Iterator[Chunk]:
    """The points of a file, some at a time.

    Raises
    ------
    InvalidSurfaceData
        The file ends before its header says, or is damaged.
    """
    whole = slice(0, grid.shape[0]), slice(0, grid.shape[1])
    if not (cloud.copc and systems.same(cloud.crs, crs) and _share(cloud, grid) < _PART_OF_COPC):
        for points in _streamed(cloud, size):
            yield _chunk(points, cloud, grid, crs, table, whole)
        return
    for window, points in _queried(cloud, grid, size):
        yield _chunk(points, cloud, grid, crs, table, window)


def _share(cloud: Cloud, grid: Grid) -> float:
    """Part of a file's area that lies in the grid."""
    west, south, east, north = cloud.bounds
    box = grid.bounds
    across = max(min(east, box[2]) - max(west, box[0]), 0.0)
    down = max(min(north, box[3]) - max(south, box[1]), 0.0)
    return across * down / max((east - west) * (north - south), 1e-9)


def _queried(cloud: Cloud, grid: Grid, size: int) -> Iterator[tuple[Window, Any]]:
    """What a cloud-optimised file holds of the grid, square by square.

    Points around a square come too; who takes them asks whether their cell lies in it.
    """
    import laspy

    expected = cloud.points * _share(cloud, grid)
    parts = max(math.ceil(math.sqrt(expected / size)), 1)
    side = max(math.ceil(max(grid.shape) / parts), 1)
    try:
        with laspy.CopcReader.open(cloud.source.file) as reader:
            for tile in tiles(grid.shape, side, 1):
                rows, cols = tile.around
                west, north = grid.transform * (cols.start, rows.start)
                east, south = grid.transform * (cols.stop, rows.stop)
                box = laspy.copc.Bounds(np.array([west, south]), np.array([east, north]))
                yield tile.core, reader.query(box)
    except (laspy.errors.LaspyException, ValueError, OSError, RuntimeError) as problem:
        raise _cut(cloud, 0, str(problem)) from problem


def _streamed(cloud: Cloud, size: int) -> Iterator[Any]:
    import laspy

    read = 0
    try:
        with _opened(cloud.source) as reader:
            for points in reader.chunk_iterator(size):
                read += len(points)
                yield points
    except (laspy.errors.LaspyException, ValueError, OSError, RuntimeError) as problem:
        raise _cut(cloud, read, str(problem)) from problem
    if read < cloud.points:
        raise _cut(cloud, read, "it ends there")


def _cut(cloud: Cloud, read: int, why: str) -> InvalidSurfaceData:
    return InvalidSurfaceData(
        cloud.source.role, f"{cloud.points:,} points, as the header of {cloud.source.name} says",
        f"about {read:,}: {why}",
    )  # fmt: skip


def _chunk(
    points: Any, cloud: Cloud, grid: Grid, crs: CRS, table: NDArray[np.uint8], window: Window
) -> Chunk:
    row, col = _cells(points, cloud, grid, crs)
    rows, cols = window
    # One comparison a side: a negative number is a huge one without a sign.
    inside = (row - rows.start).view(np.uint64) < np.uint64(rows.stop - rows.start)
    inside &= (col - cols.start).view(np.uint64) < np.uint64(cols.stop - cols.start)
    withheld = np.asarray(points.withheld, np.bool_)
    lost = 0
    if withheld.any():
        lost = int(np.count_nonzero(withheld & inside))
        inside &= ~withheld
    every = bool(inside.all())
    pick: Any = slice(None) if every else inside
    scale, offset = points.scales[2] * cloud.to_metres, points.offsets[2] * cloud.to_metres
    code = np.asarray(points.classification, np.uint8)[pick]
    height = (np.asarray(points.Z)[pick] * scale + offset).astype(np.float32)
    return Chunk(
        read=len(points),
        cell=row[pick] * grid.shape[1] + col[pick],
        height=height,
        role=table[code],
        several=np.asarray(points.number_of_returns)[pick] > 1,
        classes=np.bincount(code, minlength=256),
        withheld=lost,
    )


def _cells(
    points: Any, cloud: Cloud, grid: Grid, crs: CRS
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of each point, which may lie outside."""
    size, west, north = grid.pixel_size, grid.transform.c, grid.transform.f
    if systems.same(cloud.crs, crs):
        # Straight from the stored integers: no coordinates are made.
        across = (
            np.asarray(points.X) * (points.scales[0] / size) + (points.offsets[0] - west) / size
        )
        down = (
            np.asarray(points.Y) * (-points.scales[1] / size) + (north - points.offsets[1]) / size
        )
    else:
        assert cloud.crs is not None
        there = systems.transformer(cloud.crs, crs)
        x, y = there.transform(np.asarray(points.x), np.asarray(points.y))
        across, down = (np.asarray(x) - west) / size, (north - np.asarray(y)) / size
        lost = ~(np.isfinite(across) & np.isfinite(down))
        across[lost], down[lost] = -1.0, -1.0
    return np.floor(down).astype(np.int64), np.floor(across).astype(np.int64)

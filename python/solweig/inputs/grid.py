"""The one grid everything is brought to, and parts of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyproj import CRS
from rasterio.transform import Affine

from solweig.errors import ConfigurationError, InvalidSurfaceData
from solweig.inputs import crs as systems
from solweig.rasters.grids import Grid, check_bbox
from solweig.typing import Bounds, Window

__all__ = [
    "Extent",
    "Tile",
    "band_grid",
    "check_overlap",
    "choose_grid",
    "overlaps",
    "row_bands",
    "tiles",
]

DEFAULT_PIXEL_M = 1.0
_MOST_CELLS = 2_000_000_000
_SLACK = 1e-3
_BAND_ROWS = 512
# What decides CRS and cells, the most telling first.
_ORDER = ("dsm", "dem", "lidar", "canopy", "footprints", "trees", "land_cover")
# What the grid may not reach beyond; the last only where the others say nothing of buildings.
_HELD_BY = ("dsm", "lidar", "dem", "footprints")


@dataclass(frozen=True)
class Extent:
    """Where a source lies, in its own system, and the cells it has if it is a raster."""

    role: str
    bounds: Bounds
    crs: CRS | None
    transform: Affine | None = None

    def bounds_in(self, crs: CRS) -> Bounds:
        """The box around it in another system."""
        return systems.bounds_in(self.bounds, self.crs, crs)


def choose_grid(
    extents: Sequence[Extent],
    *,
    crs: Any = None,
    pixel_size: float | None = None,
    bbox: Any = None,
    area: Extent | None = None,
    margin: float = 0.0,
) -> tuple[Grid, list[str]]:
    """The grid, and what had to be chosen for it.

    Parameters
    ----------
    extents
        Of all sources.
    crs
        System asked for; else that of the first source that has one in metres, else the UTM zone.
    pixel_size
        Side of a cell [m]; else that of the surface or ground raster, else 1 m.
    bbox
        West, south, east, north in that system.
    area
        Of a polygon; its box is taken.
    margin
        Added on every side of box or area [m].

    Raises
    ------
    ConfigurationError
        No system is known, one not in metres is asked for, or there are too many cells.
    InvalidSurfaceData
        The sources do not overlap, or the box has no area.
    """
    notes: list[str] = []
    ordered = sorted(extents, key=lambda extent: _ORDER.index(extent.role))
    target = _system(ordered, crs, area, notes)
    lead = next((e for e in ordered if e.role in ("dsm", "dem") and e.transform), None)
    size = _pixel(lead, target, pixel_size, notes)
    whole_cells = bbox is not None or area is not None
    bounds = _bounds(ordered, target, bbox, area, margin)
    corner = (0.0, 0.0)
    if lead is not None and lead.transform is not None and systems.same(lead.crs, target):
        own = lead.transform
        if math.isclose(own.a, size, rel_tol=1e-6) and math.isclose(-own.e, size, rel_tol=1e-6):
            corner, size = (own.c, own.f), own.a
    west, south, east, north = bounds
    # Whole cells that a box touches; of data, cells whose centre is in it.
    inward = _SLACK if whole_cells else 0.5
    first_col = math.floor((west - corner[0]) / size + inward)
    end_col = math.ceil((east - corner[0]) / size - inward)
    first_row = math.floor((corner[1] - north) / size + inward)
    end_row = math.ceil((corner[1] - south) / size - inward)
    rows, cols = end_row - first_row, end_col - first_col
    if rows < 1 or cols < 1:
        raise InvalidSurfaceData(
            "bbox", f"an area of at least one cell of {size:g} m", _show(bounds)
        )
    if rows * cols > _MOST_CELLS:
        raise ConfigurationError(
            "pixel_size", f"a grid of at most {_MOST_CELLS:,} cells",
            f"{rows} x {cols} cells of {size:g} m", "Give bbox, or larger cells.",
        )  # fmt: skip
    place = Affine(
        size, 0.0, corner[0] + first_col * size, 0.0, -size, corner[1] - first_row * size
    )
    return Grid((rows, cols), place, systems.rasterio_crs(target)), notes


def _system(ordered: Sequence[Extent], crs: Any, area: Extent | None, notes: list[str]) -> CRS:
    known = [extent for extent in ordered if extent.crs is not None]
    if crs is not None:
        first = known[0] if known else None
        near = None if first is None else first.bounds
        wanted = systems.parse("crs", crs)
        if near is not None and first is not None:
            near = systems.bounds_in(near, first.crs, wanted)
        return systems.check_target(wanted, near)
    metric = next((e for e in known if e.crs is not None and systems.in_metres(e.crs)), None)
    if metric is not None and metric.crs is not None:
        notes.append(
            f"CRS of the {metric.role}: {systems.describe(systems.horizontal(metric.crs))}"
        )
        return systems.horizontal(metric.crs)
    for extent in (*known, *([area] if area is not None else [])):
        if extent.crs is not None:
            chosen = systems.utm_of(extent.bounds, extent.crs)
            notes.append(f"no source is in metres; built in {systems.describe(chosen)}")
            return chosen
    raise ConfigurationError(
        "crs", "a CRS, because no source says one", "none", "Give crs, such as EPSG:32633."
    )


def _pixel(lead: Extent | None, target: CRS, pixel_size: float | None, notes: list[str]) -> float:
    if pixel_size is not None:
        if not (math.isfinite(pixel_size) and 0.0 < pixel_size <= 1000.0):
            raise ConfigurationError("pixel_size", "a number above 0 to 1000 [m]", pixel_size)
        return float(pixel_size)
    if lead is None or lead.transform is None:
        notes.append(f"cells of {DEFAULT_PIXEL_M:g} m, the default")
        return DEFAULT_PIXEL_M
    if systems.same(lead.crs, target):
        return abs(float(lead.transform.a))
    west, south, east, north = lead.bounds
    cols = max((east - west) / abs(lead.transform.a), 1.0)
    rows = max((north - south) / abs(lead.transform.e), 1.0)
    there = lead.bounds_in(target)
    size = math.sqrt((there[2] - there[0]) * (there[3] - there[1]) / (cols * rows))
    size = max(round(size, 1), 0.1)
    notes.append(f"cells of {size:g} m, about those of the {lead.role}")
    return size


def _bounds(
    ordered: Sequence[Extent], target: CRS, bbox: Any, area: Extent | None, margin: float
) -> Bounds:
    if not (math.isfinite(margin) and margin >= 0.0):
        raise ConfigurationError("margin", "a length from 0 up [m]", margin)
    if bbox is not None and area is not None:
        raise ConfigurationError("bbox", "either bbox or area", "both")
    if bbox is not None or area is not None:
        box = check_bbox(bbox) if area is None else area.bounds_in(target)
        return box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin
    roles = {extent.role for extent in ordered}
    holding = [role for role in _HELD_BY if role in roles]
    if {"dsm", "lidar"} & roles:
        holding = [role for role in holding if role != "footprints"]
    holding = holding or [role for role in _ORDER if role in roles][:1]
    boxes = {}
    for role in holding:
        each = [extent.bounds_in(target) for extent in ordered if extent.role == role]
        boxes[role] = (
            min(b[0] for b in each), min(b[1] for b in each),
            max(b[2] for b in each), max(b[3] for b in each),
        )  # fmt: skip
    bounds = boxes[holding[0]]
    for role in holding[1:]:
        other = boxes[role]
        west, south = max(bounds[0], other[0]), max(bounds[1], other[1])
        east, north = min(bounds[2], other[2]), min(bounds[3], other[3])
        if not (west < east and south < north):
            raise InvalidSurfaceData(
                role, f"an extent that overlaps the {holding[0]} ({_show(bounds)})", _show(other),
                "Is the CRS of both what their coordinates are in?",
            )  # fmt: skip
        bounds = west, south, east, north
    return bounds


def overlaps(extent: Extent, grid: Grid, crs: CRS) -> bool:
    """Whether a source touches the grid."""
    return _touch(extent.bounds_in(crs), grid.bounds)


def _touch(a: Bounds, b: Bounds) -> bool:
    return a[0] <= b[2] and a[2] >= b[0] and a[1] <= b[3] and a[3] >= b[1]


def check_overlap(extent: Extent, grid: Grid, crs: CRS) -> None:
    """Refuse a source that lies elsewhere.

    Raises
    ------
    InvalidSurfaceData
        It does not touch the grid.
    """
    bounds = extent.bounds_in(crs)
    if _touch(bounds, grid.bounds):
        return
    west, south, east, north = bounds
    hint = "Is the CRS of the file what its coordinates are in?"
    if extent.crs is None:
        hint = "The file says no CRS; it was taken as that of the grid."
    elif _touch((south, west, north, east), grid.bounds):
        hint = "Its coordinates would lie there with x and y exchanged."
    raise InvalidSurfaceData(
        extent.role, f"an extent that overlaps the grid ({_show(grid.bounds)})", _show(bounds), hint
    )


def _show(bounds: Bounds) -> str:
    return "west {:.1f}, south {:.1f}, east {:.1f}, north {:.1f}".format(*bounds)


# ------------------------------------------------------------------ parts


def row_bands(rows: int, height: int = _BAND_ROWS) -> Iterator[slice]:
    """Whole rows, some at a time."""
    for first in range(0, rows, height):
        yield slice(first, min(first + height, rows))


def band_grid(grid: Grid, rows: slice) -> Grid:
    """The grid of some rows of a grid."""
    place = grid.transform * Affine.translation(0, rows.start)
    return Grid((rows.stop - rows.start, grid.shape[1]), place, grid.crs)


@dataclass(frozen=True)
class Tile:
    """A part of a raster, the same with what lies around it, and where the first is in that."""

    core: Window
    around: Window
    inner: Window


def tiles(shape: tuple[int, int], core: int, halo: int) -> Iterator[Tile]:
    """Cut a raster into squares with a halo, which ends at the edges of the raster."""
    rows, cols = shape
    for top in range(0, rows, core):
        for left in range(0, cols, core):
            bottom, right = min(top + core, rows), min(left + core, cols)
            first, begin = max(top - halo, 0), max(left - halo, 0)
            yield Tile(
                (slice(top, bottom), slice(left, right)),
                (slice(first, min(bottom + halo, rows)), slice(begin, min(right + halo, cols))),
                (slice(top - first, bottom - first), slice(left - begin, right - begin)),
            )

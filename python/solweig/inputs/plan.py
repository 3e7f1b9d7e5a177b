"""Every source looked at and the grid chosen, before any long work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pyproj import CRS

from solweig.errors import ConfigurationError
from solweig.inputs import crs as systems
from solweig.inputs.citymodel import city_extent, is_city_model
from solweig.inputs.grid import Extent, check_overlap, choose_grid, overlaps
from solweig.inputs.heightmaps import HeightMap, open_heights
from solweig.inputs.lidar import Cloud, open_cloud
from solweig.inputs.report import Report
from solweig.inputs.rules import BuildRules
from solweig.inputs.sources import Source, resolve
from solweig.inputs.vectors import extent_of, is_vector
from solweig.packages import need
from solweig.rasters.grids import Grid

__all__ = ["ROLES", "Plan", "make_plan"]

T = TypeVar("T")

ROLES = (
    "lidar", "footprints", "trees", "canopy", "dsm", "dem", "land_cover", "albedo", "emissivity",
)  # fmt: skip
"""Arguments that name sources."""


@dataclass
class Plan:
    """What is read onto which grid; sources that do not touch it are left out."""

    grid: Grid
    crs: CRS
    clouds: list[Cloud] = field(default_factory=list)
    dsm: list[HeightMap] = field(default_factory=list)
    dem: list[HeightMap] = field(default_factory=list)
    canopy: list[HeightMap] = field(default_factory=list)
    footprints: list[Source] = field(default_factory=list)
    trees: list[Source] = field(default_factory=list)
    cover_cells: list[HeightMap] = field(default_factory=list)
    cover_areas: list[Source] = field(default_factory=list)
    fractions: dict[str, list[HeightMap]] = field(default_factory=dict)


def make_plan(
    given: Mapping[str, Any],
    rules: BuildRules,
    report: Report,
    downloads: Path,
    *,
    crs: Any = None,
    pixel_size: float | None = None,
    bbox: Any = None,
    area: Any = None,
    margin: float = 0.0,
) -> Plan:
    """Look at all sources and choose the grid.

    Parameters
    ----------
    given
        What each of :data:`ROLES` names.
    rules
        How sources are read.
    report
        Gets the sources and what was chosen.
    downloads
        Folder for what URLs name.
    crs, pixel_size, bbox, area, margin
        Of the grid, as in :func:`solweig.inputs.grid.choose_grid`; ``area`` is a vector source.

    Raises
    ------
    InvalidSurfaceData
        A source that is missing, unreadable, empty or elsewhere.
    ConfigurationError
        Nothing to build from, sources that contradict each other, a package that is missing, no
        CRS.
    """
    sources = {role: resolve(role, given.get(role), downloads) for role in ROLES}
    _check_combination(sources, rules)
    if sources["lidar"]:
        need("lidar", "laspy", "lazrs", "scipy", extra="inputs")
    need("build", "scipy", "shapely", "geopandas", "pyogrio", extra="inputs")
    clouds = [open_cloud(source, rules.lidar_unit) for source in sources["lidar"]]
    maps = {
        role: [open_heights(s, report, heights=role in ("dsm", "dem", "canopy")) for s in found]
        for role, found in sources.items()
        if role in ("dsm", "dem", "canopy", "albedo", "emissivity")
    }
    cover_areas = [s for s in sources["land_cover"] if is_vector(s)]
    cover_cells = [
        open_heights(s, report, heights=False) for s in sources["land_cover"] if not is_vector(s)
    ]
    places = {
        "footprints": [(s, _vector_extent(s)) for s in sources["footprints"]],
        "trees": [(s, extent_of(s)) for s in sources["trees"]],
        "land_cover": [(s, extent_of(s)) for s in cover_areas],
    }
    extents = [Extent("lidar", cloud.bounds, cloud.crs) for cloud in clouds]
    extents += [m.extent for role in ("dsm", "dem", "canopy") for m in maps[role]]
    extents += [m.extent for m in cover_cells]
    extents += [extent for found in places.values() for _, extent in found]
    grid, notes = choose_grid(
        extents, crs=crs, pixel_size=pixel_size, bbox=bbox, margin=margin,
        area=_area(area, downloads),
    )  # fmt: skip
    for note in notes:
        report.done("grid", note)
    assert grid.crs is not None
    target = CRS.from_wkt(grid.crs.to_wkt())

    def there(role: str, items: Sequence[T], extent: Callable[[T], Extent]) -> list[T]:
        found = [item for item in items if overlaps(extent(item), grid, target)]
        if items and not found:
            check_overlap(extent(items[0]), grid, target)
        report.done(
            role, "files do not touch the grid, not read", len(items) - len(found), len(items)
        )
        return found

    def of_map(item: HeightMap) -> Extent:
        return item.extent

    def of_place(item: tuple[Source, Extent]) -> Extent:
        return item[1]

    plan = Plan(grid, target)
    plan.clouds = there("lidar", clouds, lambda c: Extent("lidar", c.bounds, c.crs))
    plan.dsm, plan.dem = (there(role, maps[role], of_map) for role in ("dsm", "dem"))
    plan.canopy = there("canopy", maps["canopy"], of_map)
    plan.footprints = [s for s, _ in there("footprints", places["footprints"], of_place)]
    plan.trees = [s for s, _ in there("trees", places["trees"], of_place)]
    plan.cover_cells = there("land_cover", cover_cells, of_map)
    plan.cover_areas = [s for s, _ in there("land_cover", places["land_cover"], of_place)]
    for role in ("albedo", "emissivity"):
        if maps[role]:
            plan.fractions[role] = there(role, maps[role], of_map)
    _note_clouds(plan, report)
    _note_datums(plan, report)
    _note_grid(grid, target, report)
    report.sources = _provenance(plan, places)
    return plan


def _check_combination(sources: Mapping[str, Sequence[Source]], rules: BuildRules) -> None:
    if not any(sources[role] for role in ("lidar", "footprints", "trees", "canopy", "dsm", "dem")):
        raise ConfigurationError(
            "sources",
            "LiDAR, footprints, trees, a canopy, a surface or a ground model",
            "none of them",
        )
    if sources["lidar"] and sources["dsm"]:
        raise ConfigurationError("dsm", "either lidar or dsm", "both")
    if rules.dsm_relative and not sources["dsm"]:
        raise ConfigurationError("dsm_relative", "a dsm that it is about", "none")


def _vector_extent(source: Source) -> Extent:
    return city_extent(source) if is_city_model(source) else extent_of(source)


def _area(area: Any, downloads: Path) -> Extent | None:
    found = resolve("area", area, downloads)
    if not found:
        return None
    if len(found) > 1:
        raise ConfigurationError("area", "one file", f"{len(found)}")
    return extent_of(found[0])


def _note_clouds(plan: Plan, report: Report) -> None:
    for cloud in plan.clouds:
        if cloud.unit_note is not None:
            (report.doubt if cloud.guessed else report.done)("lidar", cloud.unit_note)
        if cloud.crs is None:
            report.doubt(
                "lidar", f"{cloud.source.name} says no CRS; taken as {systems.describe(plan.crs)}"
            )
        doubt = systems.why_inexact(cloud.crs, plan.crs)
        if doubt:
            report.doubt("lidar", doubt)


def _note_datums(plan: Plan, report: Report) -> None:
    """Heights that say they are counted from different zeros."""
    said = {cloud.heights_from: "lidar" for cloud in plan.clouds if cloud.heights_from}
    for item in (*plan.dsm, *plan.dem):
        name = systems.vertical_name(item.crs)
        if name:
            said.setdefault(name, item.source.role)
    if len(said) > 1:
        listed = ", ".join(f"{role} from {name}" for name, role in said.items())
        report.doubt("heights", f"counted from different zeros, not brought together: {listed}")


def _note_grid(grid: Grid, crs: CRS, report: Report) -> None:
    rows, cols = grid.shape
    report.grid = {
        "rows": rows, "cols": cols, "pixel_size": grid.pixel_size, "crs": systems.describe(crs),
        "bounds": [float(v) for v in grid.bounds], "geotransform": grid.geotransform,
    }  # fmt: skip


def _provenance(
    plan: Plan, places: Mapping[str, Sequence[tuple[Source, Extent]]]
) -> list[dict[str, Any]]:
    found = []
    for cloud in plan.clouds:
        found.append(
            {**cloud.source.provenance, "what": f"{cloud.points:,} points",
             "crs": systems.describe(cloud.crs)}
        )  # fmt: skip
    maps = [*plan.dsm, *plan.dem, *plan.canopy, *plan.cover_cells]
    for item in (*maps, *(m for each in plan.fractions.values() for m in each)):
        rows, cols = item.raster.grid.shape
        what = f"{rows} x {cols} cells of {item.raster.grid.pixel_size:g}"
        found.append({**item.source.provenance, "what": what, "crs": systems.describe(item.crs)})
    used = {id(source) for source in (*plan.footprints, *plan.trees, *plan.cover_areas)}
    for each in places.values():
        for source, extent in each:
            if id(source) in used:
                found.append({**source.provenance, "crs": systems.describe(extent.crs)})
    return found

"""Ground and buildings: where heights come from, in which order, and how they are joined."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solweig.feedback import Feedback
from solweig.inputs import relief
from solweig.inputs.buildings import Buildings, read_buildings, with_all_heights
from solweig.inputs.burning import count_overlaps, labels_of, sums_by_label
from solweig.inputs.fill import dilate, fill_gaps
from solweig.inputs.grid import row_bands, tiles
from solweig.inputs.ground import bare_ground
from solweig.inputs.heightmaps import HeightMap, read_heights
from solweig.inputs.lidar import chunks
from solweig.inputs.plan import Plan
from solweig.inputs.report import Report
from solweig.inputs.returns import Returns
from solweig.inputs.rules import BuildRules
from solweig.inputs.scratch import Scratch
from solweig.inputs.stages import Stages
from solweig.typing import F32, Bool

__all__ = ["Terrain", "build_terrain"]

_TILE = 2048
# A footprint with less of a roof in a survey than this has no building there.
_STANDING = 0.25
# Eaves, and the difference between two surveys.
_EAVES_M = 2.0
# Ground of two sources should agree within this.
_SAME_GROUND_M = 1.0


@dataclass
class Terrain:
    """Ground and surface, and what else the same sources know.

    Attributes
    ----------
    dem, dsm
        Elevations [m], NaN where unknown.
    built
        Where buildings stand.
    canopy
        Height of the canopy above ground that LiDAR or a split surface shows [m], NaN where none.
    water
        Cells of water returns.
    density
        LiDAR returns in each cell [1/m²].
    ground_from, surface_from
        In words.
    """

    dem: F32
    dsm: F32
    built: Bool
    canopy: F32 | None = None
    water: Bool | None = None
    density: F32 | None = None
    ground_from: str = ""
    surface_from: str = ""


def build_terrain(
    plan: Plan, rules: BuildRules, scratch: Scratch, report: Report, stages: Stages
) -> Terrain:
    """Ground and surface of all sources of a plan.

    Raises
    ------
    InvalidSurfaceData
        A source that holds nothing usable.
    """
    dem = None
    if plan.dem:
        dem = read_all(plan.dem, plan, scratch, report, stages.next("Reading the ground", 5))
    if plan.clouds:
        return _of_lidar(plan, rules, dem, scratch, report, stages)
    if plan.dsm:
        return _of_surface(plan, rules, dem, scratch, report, stages)
    return _of_footprints(plan, rules, dem, scratch, report, stages)


def read_all(
    maps: Sequence[HeightMap],
    plan: Plan,
    scratch: Scratch,
    report: Report,
    feedback: Feedback,
    *,
    relative: bool = False,
) -> F32:
    """Rasters of one role, the first that knows a cell counting."""
    layer: F32 | None = None
    for item in maps:
        own = read_heights(item, plan.grid, plan.crs, scratch, report, feedback, relative=relative)
        if layer is None:
            layer = own
            continue
        for rows in row_bands(plan.grid.shape[0]):
            layer[rows] = np.where(np.isnan(layer[rows]), own[rows], layer[rows])
    assert layer is not None
    return layer


# ------------------------------------------------------------------ the three ways


def _of_lidar(
    plan: Plan, rules: BuildRules, dem: F32 | None, scratch: Scratch, report: Report, stages: Stages
) -> Terrain:
    size = plan.grid.pixel_size
    returns = _gather(plan, rules, scratch, report, stages.next("Reading LiDAR", 45))
    ground_from = "LiDAR ground returns"
    found = relief.ground_of(
        returns, size, rules.max_building, scratch, report, stages.next("Finding the ground", 5)
    )
    if returns.ground_sum is None:
        ground_from = "lowest LiDAR returns, by shape"
    if dem is not None:
        _compare_ground(found, dem, "lidar", report)
        found, ground_from = dem, _names(plan.dem)
    _fill(found, plan, rules, scratch, report, stages.next("Filling the ground", 10))
    buildings, labels = _areas(plan, rules, scratch, report, stages)
    least = rules.min_object_height
    roof = relief.roofs_of(returns, found, size, least, labels, scratch, report)
    canopy = relief.canopy_of(returns, found, roof, size, least, scratch, report)
    source = "LiDAR"
    if buildings is not None and labels is not None:
        seen = relief.seen_cells(returns, scratch)
        _join(roof, found, buildings, labels, rules, report, seen)
        source = "LiDAR and footprints"
        if returns.roof is not None:
            _count_outside(roof, labels, report)
    terrain = _raise(found, roof, scratch)
    terrain.canopy, terrain.water = canopy, relief.water_of(returns, scratch)
    terrain.density = _density(returns, size, scratch, report)
    terrain.ground_from, terrain.surface_from = ground_from, source
    return terrain


def _of_surface(
    plan: Plan, rules: BuildRules, dem: F32 | None, scratch: Scratch, report: Report, stages: Stages
) -> Terrain:
    """From a surface raster, split into ground and buildings where footprints tell them."""
    surface = read_all(plan.dsm, plan, scratch, report, stages.next("Reading the surface", 5),
                       relative=rules.dsm_relative)  # fmt: skip
    ground_from = _names(plan.dem)
    if rules.dsm_relative:
        if dem is None:
            dem, ground_from = _flat(scratch, report), "flat"
        else:
            _fill(dem, plan, rules, scratch, report, stages.next("Filling the ground", 10))
        for rows in row_bands(len(surface)):
            surface[rows] += dem[rows]
        report.done("dsm", "heights above ground added to the ground")
    elif dem is None:
        dem = _ground_by_shape(surface, plan, rules, scratch, report, stages)
        ground_from = "the DSM, by shape"
    else:
        _compare_ground(surface, dem, "dsm", report, lowest_part=True)
        _fill(dem, plan, rules, scratch, report, stages.next("Filling the ground", 10))
    buildings, labels = _areas(plan, rules, scratch, report, stages)
    if buildings is None or labels is None:
        built: Bool = scratch.full(np.bool_, False)
        for rows in row_bands(len(surface)):
            with np.errstate(invalid="ignore"):
                built[rows] = surface[rows] - dem[rows] >= rules.min_object_height
        return Terrain(dem, surface, built, ground_from=ground_from, surface_from=_names(plan.dsm))
    roof, canopy = _split(surface, dem, labels, plan, rules, scratch, report)
    _join(roof, dem, buildings, labels, rules, report, None)
    terrain = _raise(dem, roof, scratch)
    for rows in row_bands(len(surface)):  # what the surface does not know stays unknown
        unknown = np.isnan(surface[rows]) & (labels[rows] == 0)
        terrain.dsm[rows][unknown] = np.nan
    terrain.canopy, terrain.ground_from = canopy, ground_from
    terrain.surface_from = f"{_names(plan.dsm)} inside footprints"
    return terrain


def _of_footprints(
    plan: Plan, rules: BuildRules, dem: F32 | None, scratch: Scratch, report: Report, stages: Stages
) -> Terrain:
    ground_from = _names(plan.dem)
    if dem is None:
        dem, ground_from = _flat(scratch, report), "flat"
    else:
        _fill(dem, plan, rules, scratch, report, stages.next("Filling the ground", 10))
    buildings, labels = _areas(plan, rules, scratch, report, stages, all_heights=True)
    roof: F32 = scratch.full(np.float32, np.nan)
    source = "the ground: no buildings are given"
    if buildings is not None and labels is not None:
        _burn(roof, dem, buildings, labels, np.ones(len(buildings), np.bool_), rules, report)
        source = "footprints on the ground"
    terrain = _raise(dem, roof, scratch)
    terrain.ground_from, terrain.surface_from = ground_from, source
    return terrain


# ------------------------------------------------------------------ ground


def _gather(
    plan: Plan, rules: BuildRules, scratch: Scratch, report: Report, feedback: Feedback
) -> Returns:
    returns = Returns(scratch)
    total = sum(cloud.points for cloud in plan.clouds)
    for cloud in plan.clouds:
        for chunk in chunks(cloud, plan.grid, plan.crs, rules.roles):
            returns.add(chunk)
            feedback(min(returns.read, total), total)
    report.points = returns.named_classes()
    noise, left = int(returns.by_role[-1]), int(returns.by_role[0])
    inside = int(returns.by_role.sum()) + returns.withheld
    report.done("lidar", "points of noise classes dropped", noise, inside)
    report.done(
        "lidar",
        "points of classes that are neither ground, trees, buildings nor water left out",
        left,
        inside,
    )
    report.done("lidar", "points are marked as withheld, dropped", returns.withheld, inside)
    return returns


def _ground_by_shape(
    surface: F32, plan: Plan, rules: BuildRules, scratch: Scratch, report: Report, stages: Stages
) -> F32:
    bare = bare_ground(
        surface, plan.grid.pixel_size, rules.max_building, scratch,
        stages.next("Finding the ground", 10),
    )  # fmt: skip
    dem: F32 = scratch.full(np.float32, np.nan)
    kept = 0
    for rows in row_bands(len(dem)):
        dem[rows] = np.where(bare[rows], surface[rows], np.float32(np.nan))
        kept += int(np.count_nonzero(bare[rows]))
    report.fallback(
        "dem", f"cells of the DSM are ground by shape alone (morphological filter, buildings up to "
        f"{rules.max_building:g} m wide); give a DEM to know", kept, dem.size,
    )  # fmt: skip
    _fill(dem, plan, rules, scratch, report, stages.next("Filling the ground", 10))
    return dem


def _fill(
    dem: F32, plan: Plan, rules: BuildRules, scratch: Scratch, report: Report, feedback: Feedback
) -> None:
    reach = math.ceil(rules.max_gap / plan.grid.pixel_size)
    filled, left = fill_gaps(dem, reach, scratch, feedback)
    report.gap(
        "dem", "cells without ground filled from around (smoothest surface)", filled, dem.size
    )
    report.gap(
        "dem",
        f"cells have no ground within {rules.max_gap:g} m and stay without data",
        left,
        dem.size,
    )
    if filled > 0.7 * dem.size:
        report.doubt("dem", "cells of ground are filled, more than known", filled, dem.size)


def _flat(scratch: Scratch, report: Report) -> F32:
    report.fallback("dem", "no ground is given: flat at 0 m")
    report.doubt("dem", "slopes are left out, because no ground is given (dem, lidar)")
    return scratch.full(np.float32, 0)


def _compare_ground(
    other: F32, dem: F32, role: str, report: Report, *, lowest_part: bool = False
) -> None:
    """Say so where two sources put the same ground at different heights."""
    step = max(int(math.sqrt(dem.size / 1_000_000)), 1)
    with np.errstate(invalid="ignore"):
        apart = np.asarray(other[::step, ::step]) - np.asarray(dem[::step, ::step])
    apart = apart[np.isfinite(apart)]
    if apart.size < 20:
        return
    # Of a surface most may be roofs; its lowest part is ground.
    shift = float(np.percentile(apart, 10 if lowest_part else 50))
    if abs(shift) > _SAME_GROUND_M:
        report.doubt(
            role, f"its ground lies {abs(shift):.1f} m {'above' if shift > 0 else 'below'} that of "
            "the DEM; do both count from the same zero, in metres?",
        )  # fmt: skip


# ------------------------------------------------------------------ buildings


def _areas(
    plan: Plan, rules: BuildRules, scratch: Scratch, report: Report, stages: Stages, *,
    all_heights: bool = False,
) -> tuple[Buildings | None, NDArray[np.int32] | None]:  # fmt: skip
    """Footprints, the highest last, and the number (from 1) of the last in each cell."""
    if not plan.footprints:
        return None, None
    feedback = stages.next("Burning footprints", 10)
    buildings = read_buildings(
        plan.footprints, plan.grid, plan.crs, report, column=rules.footprint_height,
        floor_height=rules.floor_height,
    )  # fmt: skip
    if len(buildings) == 0:
        report.doubt("footprints", "no building lies in the grid")
        return None, None
    if all_heights:
        buildings = with_all_heights(buildings, report, rules.default_height)
    buildings = buildings.lowest_first()
    labels = labels_of(buildings.geometry, plan.grid, scratch, feedback)
    several = count_overlaps(buildings.geometry, plan.grid)
    report.doubt(
        "footprints", "cells lie in several footprints; the highest counts", several, labels.size
    )
    return buildings, labels


def _split(
    surface: F32, dem: F32, labels: NDArray[np.int32], plan: Plan, rules: BuildRules,
    scratch: Scratch, report: Report,
) -> tuple[F32, F32 | None]:  # fmt: skip
    """What rises over the ground near footprints is roof; the rest is canopy, or left out."""
    trees_known = bool(plan.trees or plan.canopy)
    roof: F32 = scratch.full(np.float32, np.nan)
    canopy: F32 | None = None if trees_known else scratch.full(np.float32, np.nan)
    eaves = math.ceil(_EAVES_M / plan.grid.pixel_size)
    outside = 0
    for tile in tiles(surface.shape, _TILE, eaves):
        near = dilate(np.asarray(labels[tile.around]) > 0, eaves)[tile.inner]
        with np.errstate(invalid="ignore"):
            above = surface[tile.core] - dem[tile.core]
            high = above >= rules.min_object_height
        roof[tile.core] = np.where(high & near, surface[tile.core], np.float32(np.nan))
        outside += int(np.count_nonzero(high & ~near))
        if canopy is not None:
            canopy[tile.core] = np.where(high & ~near, above, np.float32(np.nan))
    what = f"cells of the DSM rise {rules.min_object_height:g} m or more outside footprints"
    if trees_known:
        report.doubt(
            "dsm", f"{what}, taken as ground because trees are given", outside, surface.size
        )
    else:
        report.fallback(
            "cdsm", f"{what}, taken as trees because none are given", outside, surface.size
        )
    return roof, canopy


def _join(
    roof: F32, dem: F32, buildings: Buildings, labels: NDArray[np.int32], rules: BuildRules,
    report: Report, seen: Bool | None,
) -> None:  # fmt: skip
    """Roofs that a survey shows, completed by footprints, in place.

    Where ``seen`` is given, cells of a footprint without a return take its mean roof.
    """
    count = len(buildings)
    cells, _, _ = sums_by_label(labels, labels, count)
    with_roof, total, _ = sums_by_label(labels, roof, count)
    share = with_roof[1:] / np.maximum(cells[1:], 1)
    standing = share >= _STANDING
    there = cells[1:] > 0
    absent = there & ~standing
    known = np.isfinite(buildings.height)
    report.doubt(
        "footprints", "buildings do not stand in the survey; burned at the height of their "
        "attributes", int((absent & known).sum()), count,
    )  # fmt: skip
    report.doubt(
        "footprints", "buildings do not stand in the survey and have no height, left out",
        int((absent & ~known).sum()), count,
    )  # fmt: skip
    if seen is not None:
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.concatenate([[np.nan], np.where(standing, total[1:] / with_roof[1:], np.nan)])
        filled = 0
        for rows in row_bands(len(roof)):
            empty = (labels[rows] > 0) & np.isnan(roof[rows]) & ~seen[rows]
            new = np.where(empty, mean[labels[rows]], roof[rows])
            filled += int(np.count_nonzero(np.isfinite(new) & np.isnan(roof[rows])))
            roof[rows] = new
        report.gap(
            "dsm", "cells of footprints without a return take the mean roof", filled, roof.size
        )
    _burn(roof, dem, buildings, labels, absent & known, rules, report)


def _burn(
    roof: F32, dem: F32, buildings: Buildings, labels: NDArray[np.int32], which: Bool,
    rules: BuildRules, report: Report,
) -> None:  # fmt: skip
    """Flat roofs over the ground of each building, in place, where they are higher."""
    count = len(buildings)
    number, total, least = sums_by_label(labels, dem, count)
    group = buildings.group
    of_group = np.zeros(int(group.max()) + 1, np.int64)
    sums, lowest = np.zeros(len(of_group)), np.full(len(of_group), np.inf)
    np.add.at(of_group, group, number[1:])
    np.add.at(sums, group, total[1:])
    np.minimum.at(lowest, group, least[1:])
    with np.errstate(invalid="ignore", divide="ignore"):
        ground = sums / of_group if rules.building_ground == "mean" else lowest
    ground = np.where(of_group > 0, ground, np.nan)
    top = np.full(count + 1, np.nan, np.float32)
    top[1:] = np.where(which, ground[group] + buildings.height, np.nan)
    for rows in row_bands(len(roof)):
        roof[rows] = np.fmax(roof[rows], top[labels[rows]])
    cells = np.bincount(group[number[1:] > 0], minlength=len(of_group))
    invisible = int(np.count_nonzero((cells == 0) & (np.bincount(group, minlength=len(cells)) > 0)))
    report.doubt(
        "footprints",
        "buildings cover no centre of a cell with ground or are hidden by higher ones",
        invisible,
        len(np.unique(group)),
    )


def _count_outside(roof: F32, labels: NDArray[np.int32], report: Report) -> None:
    outside = roofs = 0
    for rows in row_bands(len(roof)):
        known = np.isfinite(roof[rows])
        roofs += int(np.count_nonzero(known))
        outside += int(np.count_nonzero(known & (labels[rows] == 0)))
    report.done("dsm", "cells of roofs lie outside footprints, kept", outside, roofs)


def _raise(dem: F32, roof: F32, scratch: Scratch) -> Terrain:
    """The surface: roofs where there are, else the ground."""
    dsm: F32 = scratch.full(np.float32, np.nan)
    built: Bool = scratch.full(np.bool_, False)
    for rows in row_bands(len(dem)):
        built[rows] = np.isfinite(roof[rows]) & np.isfinite(dem[rows])
        dsm[rows] = np.where(built[rows], np.fmax(roof[rows], dem[rows]), dem[rows])
    return Terrain(dem, dsm, built)


def _density(returns: Returns, size: float, scratch: Scratch, report: Report) -> F32:
    density: F32 = scratch.full(np.float32, 0)
    empty = 0
    for rows in row_bands(len(density)):
        density[rows] = returns.count[rows] / np.float32(size**2)
        empty += int(np.count_nonzero(returns.count[rows] == 0))
    mean = float(returns.by_role.sum() - returns.by_role[-1] - returns.by_role[0])
    mean /= density.size * size**2
    report.done("lidar", f"{mean:.2f} returns per m² on average")
    report.gap("lidar", "cells have no return", empty, density.size)
    if mean * size**2 < 1.0:
        report.doubt(
            "lidar", "less than one return a cell on average; cells of "
            f"{math.sqrt(2.0 / max(mean, 1e-6)):.1f} m would hold two",
        )  # fmt: skip
    return density


def _names(maps: Sequence[HeightMap]) -> str:
    return ", ".join(item.source.name for item in maps)

"""Canopy and land cover of a plan, put together and fitted to the terrain."""

from __future__ import annotations

import numpy as np

from solweig.errors import InvalidSurfaceData
from solweig.inputs.grid import row_bands
from solweig.inputs.heightmaps import read_canopy, read_raster
from solweig.inputs.land_cover import (
    CLASSES,
    TREES,
    UNKNOWN,
    read_areas,
    read_codes,
    replace_by_nearest,
)
from solweig.inputs.plan import Plan
from solweig.inputs.report import Report
from solweig.inputs.rules import BuildRules
from solweig.inputs.scratch import Scratch
from solweig.inputs.stages import Stages
from solweig.inputs.terrain import Terrain
from solweig.inputs.trees import Canopy, add_trees, empty_canopy
from solweig.leaf_area import USUAL
from solweig.typing import F32, U8

__all__ = ["build_canopy", "build_cover", "build_fractions"]

_GROUND = tuple(CLASSES[name] for name in ("cobble", "asphalt", "grass", "bare_soil"))
# Between a canopy and the roof it is over: less is the same thing seen twice.
_OVER_ROOF_M = 0.5


def build_canopy(
    plan: Plan,
    terrain: Terrain,
    rules: BuildRules,
    scratch: Scratch,
    report: Report,
    stages: Stages,
) -> Canopy | None:
    """Canopy of all sources, merged by maximum; None where no source knows trees.

    Raises
    ------
    InvalidSurfaceData
        A source that holds nothing usable.
    """
    if terrain.canopy is None and not plan.canopy and not plan.trees:
        return None
    canopy = empty_canopy(scratch)
    ratio = np.float32(rules.trunk_ratio)
    if terrain.canopy is not None:
        for rows in row_bands(plan.grid.shape[0]):
            top = np.nan_to_num(terrain.canopy[rows], nan=0.0)
            canopy.take(rows, top, top * ratio)
    for item in plan.canopy:
        tops = read_canopy(
            item, plan.grid, plan.crs, rules.min_object_height, scratch, report,
            stages.next("Reading the canopy", 3),
        )  # fmt: skip
        on_roofs = 0
        for rows in row_bands(plan.grid.shape[0]):
            # Seen from far above a roof and a tree look alike.
            wrong = terrain.built[rows] & (tops[rows] > 0)
            on_roofs += int(np.count_nonzero(wrong))
            top = np.where(wrong, np.float32(0.0), tops[rows])
            canopy.take(rows, top, top * ratio)
        report.done("canopy", f"cells of {item.source.name} lie on buildings, left out", on_roofs)
    for source in plan.trees:
        add_trees(
            source, canopy, plan.grid, plan.crs, rules.trees, scratch, report,
            stages.next("Burning crowns", 10),
        )  # fmt: skip
    _fit(canopy, terrain, report)
    return canopy


def _fit(canopy: Canopy, terrain: Terrain, report: Report) -> None:
    """No canopy inside buildings, and undersides that are there and below the top, in place."""
    inside = 0
    for rows in row_bands(len(canopy.top)):
        top, under = canopy.top[rows], canopy.underside[rows]
        with np.errstate(invalid="ignore"):
            roof = terrain.dsm[rows] - terrain.dem[rows]
            hidden = terrain.built[rows] & (top > 0) & (top <= roof + np.float32(_OVER_ROOF_M))
        inside += int(np.count_nonzero(hidden))
        top = np.where(hidden, np.float32(0.0), top)
        canopy.top[rows] = top
        canopy.underside[rows] = np.where(top > 0, np.minimum(under, top), np.float32(0.0))
    report.done("cdsm", "cells of canopy lie inside buildings, left out", inside)
    if canopy.through is not None:
        _settle_foliage(canopy, canopy.through, report)


def _settle_foliage(canopy: Canopy, through: F32, report: Report) -> None:
    """What each canopy lets through, and nothing where none stands, in place."""
    unknown = total = 0
    for rows in row_bands(len(through)):
        there, own = canopy.top[rows] > 0, through[rows]
        without = there & np.isinf(own)
        unknown += int(np.count_nonzero(without))
        total += int(np.count_nonzero(there))
        own = np.where(without, np.float32(USUAL), own)
        through[rows] = np.where(there, own, np.float32(np.nan))
    report.fallback(
        "transmissivity", f"cells of canopy of which no source knows it let {USUAL:g} through",
        unknown, total,
    )  # fmt: skip


def build_cover(
    plan: Plan, terrain: Terrain, canopy: Canopy | None, rules: BuildRules, scratch: Scratch,
    report: Report, stages: Stages,
) -> U8 | None:  # fmt: skip
    """Land cover in the codes of a run; None where no source knows any.

    Raises
    ------
    InvalidSurfaceData
        Codes or tags that no table knows.
    """
    if not (plan.cover_cells or plan.cover_areas) and terrain.water is None:
        return None
    feedback = stages.next("Land cover", 5)
    cover: U8 = scratch.full(np.uint8, UNKNOWN)
    gaps = "nearest"
    for item in plan.cover_cells:
        own = read_codes(
            item, rules.land_cover_table, plan.grid, plan.crs, scratch, report, feedback
        )
        _complete(cover, own)
    for source in plan.cover_areas:
        own, table = read_areas(
            source, rules.land_cover_table, plan.grid, plan.crs, scratch, report, feedback
        )
        _complete(cover, own)
        if table.name == "osm":  # what nobody drew is mostly paved
            gaps = "asphalt"
    if not (plan.cover_cells or plan.cover_areas):
        gaps = "cobble"
        report.fallback("land_cover", "no land cover is given: cobble, but for buildings and water")
    _take_buildings(cover, terrain, report)
    _take_water(cover, terrain, report)
    _look_at_trees(cover, canopy, report)
    _settle_trees(cover, rules, scratch, report)
    _settle_gaps(cover, gaps, scratch, report)
    return cover


def _complete(cover: U8, own: U8) -> None:
    """Codes of another source where none is known yet, in place."""
    for rows in row_bands(len(cover)):
        cover[rows] = np.where(cover[rows] == UNKNOWN, own[rows], cover[rows])


def _take_buildings(cover: U8, terrain: Terrain, report: Report) -> None:
    """Buildings where the surface has some; what is called one elsewhere is not known."""
    building = CLASSES["building"]
    added = gone = 0
    for rows in row_bands(len(cover)):
        built, band = terrain.built[rows], cover[rows]
        called = band == building
        added += int(np.count_nonzero(built & ~called))
        gone += int(np.count_nonzero(called & ~built))
        cover[rows] = np.where(built, np.uint8(building), np.where(called, np.uint8(UNKNOWN), band))
    report.done("land_cover", "cells became buildings, as the surface has them", added, cover.size)
    report.gap(
        "land_cover", "cells are called buildings where the surface has none; taken as the ground "
        "around", gone, cover.size,
    )  # fmt: skip


def _take_water(cover: U8, terrain: Terrain, report: Report) -> None:
    if terrain.water is None:
        return
    new = 0
    for rows in row_bands(len(cover)):
        wet = terrain.water[rows] & ~terrain.built[rows] & (cover[rows] != CLASSES["water"])
        new += int(np.count_nonzero(wet))
        cover[rows][wet] = CLASSES["water"]
    report.done("land_cover", "cells became water, as LiDAR classes 9 has them", new, cover.size)


def _look_at_trees(cover: U8, canopy: Canopy | None, report: Report) -> None:
    """Trees that the land cover knows and the canopy does not."""
    bare = trees = 0
    for rows in row_bands(len(cover)):
        there = cover[rows] == TREES
        trees += int(np.count_nonzero(there))
        bare += int(np.count_nonzero(there if canopy is None else there & ~(canopy.top[rows] > 0)))
    report.doubt("cdsm", "cells that the land cover calls trees have no canopy", bare, trees)


def _settle_trees(cover: U8, rules: BuildRules, scratch: Scratch, report: Report) -> None:
    """The ground below trees, by the rule that was told."""
    total = cover.size
    if rules.below_trees is not None:
        count = 0
        for rows in row_bands(len(cover)):
            there = cover[rows] == TREES
            count += int(np.count_nonzero(there))
            cover[rows][there] = rules.below_trees
        report.fallback(
            "land_cover",
            f"cells below trees are taken as {rules.ground_below_trees}, as told",
            count,
            total,
        )
        return
    near, without = replace_by_nearest(cover, TREES, _GROUND, scratch, CLASSES["bare_soil"])
    report.fallback("land_cover", "cells below trees are taken as the nearest ground", near, total)
    report.fallback(
        "land_cover", "cells below trees have no other ground near and are taken as bare soil",
        without, total,
    )  # fmt: skip


def _settle_gaps(cover: U8, gaps: str, scratch: Scratch, report: Report) -> None:
    """Cells of which nothing is known."""
    if gaps == "nearest":
        near, without = replace_by_nearest(cover, UNKNOWN, _GROUND, scratch, CLASSES["asphalt"])
        report.gap(
            "land_cover", "cells of unknown ground are taken as the nearest", near, cover.size
        )
        report.gap(
            "land_cover",
            "cells of unknown ground have none near, taken as asphalt",
            without,
            cover.size,
        )
        return
    count = 0
    for rows in row_bands(len(cover)):
        unknown = cover[rows] == UNKNOWN
        count += int(np.count_nonzero(unknown))
        cover[rows][unknown] = CLASSES[gaps]
    report.gap("land_cover", f"cells that no source covers are taken as {gaps}", count, cover.size)


def build_fractions(plan: Plan, scratch: Scratch, report: Report, stages: Stages) -> dict[str, F32]:
    """Albedo and emissivity, 0 to 1, where rasters of them are given.

    Raises
    ------
    InvalidSurfaceData
        Values that are no fractions.
    """
    found = {}
    for role, maps in plan.fractions.items():
        layer: F32 = scratch.full(np.float32, np.nan)
        for item in maps:
            own = read_raster(item, plan.grid, plan.crs, scratch, report, stages.next(role, 1))
            for rows in row_bands(len(layer)):
                layer[rows] = np.where(np.isnan(layer[rows]), own[rows], layer[rows])
        low, high = float(np.nanmin(layer)), float(np.nanmax(layer))
        if not (low >= 0.0 and high <= 1.0):
            raise InvalidSurfaceData(
                role, "values from 0 to 1", f"{low:g} to {high:g}",
                "Reflectances are often stored times 10000: declare that scale in the file.",
            )  # fmt: skip
        missing = int(np.count_nonzero(np.isnan(layer)))
        report.doubt(role, "cells have no value and stay without; a run refuses that", missing,
                     layer.size)  # fmt: skip
        found[role] = layer
    return found

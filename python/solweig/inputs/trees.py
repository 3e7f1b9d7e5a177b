"""Trees: points with a crown each, areas with a height, canopy height models; merged by maximum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from solweig.errors import ConfigurationError, InvalidSurfaceData
from solweig.inputs.attributes import column_of, lengths, texts, with_tags
from solweig.inputs.burning import burn_last
from solweig.inputs.crowns import SHAPES, Crowns, stamp
from solweig.inputs.grid import row_bands
from solweig.inputs.report import Report
from solweig.inputs.scratch import Scratch
from solweig.inputs.sources import Source
from solweig.inputs.tree_foliage import knows_transmissivity, transmissivities
from solweig.inputs.vectors import AREAS, POINTS, read_features
from solweig.rasters.grids import Grid
from solweig.typing import F32, F64, Advance

__all__ = ["Canopy", "TreeRules", "add_trees", "crowns_of", "empty_canopy"]

HEIGHT = (
    "height", "tree_height", "height_m", "est_height", "hoehe", "hauteur", "altezza", "altura",
    "hoogte",
)  # fmt: skip
DIAMETER = ("crown_diameter", "diameter_crown", "crown_width", "crown_diam", "crown_m", "crown")
RADIUS = ("crown_radius", "radius_crown")
TRUNK = ("trunk_height", "crown_base_height", "crown_base", "trunk")
SPECIES = ("species", "taxon", "scientific_name", "latin_name", "botanical_name", "genus")
_TAGS = ("height", "diameter_crown", "leaf_type", "genus", "species", "taxon", "crown_diameter")

_CONIFERS = (
    "abies", "araucaria", "calocedrus", "cedrus", "chamaecyparis", "cryptomeria",
    "cupressocyparis", "cupressus", "juniperus", "larix", "metasequoia", "picea", "pinus",
    "pseudotsuga", "sequoia", "sequoiadendron", "taxodium", "taxus", "thuja", "tsuga",
)  # fmt: skip
_UMBRELLAS = ("pinus pinea", "acacia tortilis", "vachellia tortilis", "albizia julibrissin")

TALLEST_TREE_M = 120.0
_WIDEST_CROWN_M = 60.0
# Diameter over height of a crown of unknown width.
_WIDTH_OF = {"ellipsoid": 0.5, "cone": 0.3, "umbrella": 0.8}


@dataclass(frozen=True)
class TreeRules:
    """What is assumed where a tree's attributes do not tell.

    Attributes
    ----------
    trunk_ratio
        Underside of a crown over its height.
    shape
        Of every crown; None = by species.
    default_height
        Of trees of unknown height [m]; None = the median of the others.
    """

    trunk_ratio: float = 0.25
    shape: str | None = None
    default_height: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.trunk_ratio < 1.0:
            raise ConfigurationError("trunk_ratio", "a number from 0 to below 1", self.trunk_ratio)
        if self.shape is not None and self.shape not in SHAPES:
            raise ConfigurationError("tree_shape", "one of " + ", ".join(SHAPES), repr(self.shape))
        if self.default_height is not None and not 0.0 < self.default_height <= TALLEST_TREE_M:
            raise ConfigurationError(
                "default_tree_height", f"above 0 to {TALLEST_TREE_M:g} m", self.default_height
            )


@dataclass
class Canopy:
    """Canopy of all sources so far, above the ground [m].

    Attributes
    ----------
    top
        0 where there is none.
    underside
        Infinite where there is none.
    through
        Lowest transmissivity of the crowns over each cell [0-1], infinite where none is known; None
        where no source knows any.
    """

    top: F32
    underside: F32
    through: F32 | None = None

    def take(self, rows: slice, top: F32, underside: F32) -> None:
        """Merge some rows of another canopy: the highest top, the lowest underside."""
        there = top > 0.0
        self.top[rows] = np.where(there, np.maximum(self.top[rows], top), self.top[rows])
        self.underside[rows] = np.where(
            there, np.minimum(self.underside[rows], underside), self.underside[rows]
        )


def empty_canopy(scratch: Scratch) -> Canopy:
    """A canopy without trees."""
    return Canopy(scratch.full(np.float32, 0), scratch.full(np.float32, np.inf))


def add_trees(
    source: Source,
    canopy: Canopy,
    grid: Grid,
    crs: CRS,
    rules: TreeRules,
    scratch: Scratch,
    report: Report,
    advance: Advance | None = None,
) -> None:
    """Add the trees of a vector source: points as crowns, areas at their height.

    Raises
    ------
    InvalidSurfaceData
        No point or area, no height known, or the source lies elsewhere.
    """
    table = with_tags(read_features(source, grid, crs, (*POINTS, *AREAS), report), _TAGS)
    points = np.asarray(table.geometry.geom_type.isin(POINTS))
    if canopy.through is None and knows_transmissivity(table):
        canopy.through = scratch.full(np.float32, np.inf)
    report.done("trees", "trees given as points", int(points.sum()))
    report.done("trees", "crowns given as areas", int((~points).sum()))
    if points.any():
        crowns = crowns_of(table[points], rules, report)
        small = stamp(crowns, grid, canopy.top, canopy.underside, advance, canopy.through)
        report.doubt("trees", "crowns are smaller than a cell and cover that of their stem", small,
                     len(crowns))  # fmt: skip
    if not points.all():
        _add_areas(table[~points], canopy, grid, rules, scratch, report, advance)


# ------------------------------------------------------------------ points


def crowns_of(table: Any, rules: TreeRules, report: Report) -> Crowns:
    """Crowns of trees given as points.

    Raises
    ------
    InvalidSurfaceData
        No height is known.
    """
    import shapely

    table = table.explode(index_parts=False)
    columns = [str(name) for name in table.columns if name != table.geometry.name]
    xy = shapely.get_coordinates(np.asarray(table.geometry.values))
    shape = _shapes(table, columns, rules, report)
    height = _heights(table, columns, rules, report)
    radius = _radii(table, columns, height, shape, report)
    trunk = _trunks(table, columns, height, rules, report)
    through = transmissivities(table, report)
    return Crowns(xy[:, 0], xy[:, 1], height, trunk, radius, shape, through)


def _shapes(table: Any, columns: list[str], rules: TreeRules, report: Report) -> NDArray[np.uint8]:
    count = len(table)
    if rules.shape is not None:
        return np.full(count, SHAPES.index(rules.shape), np.uint8)
    said = column_of(columns, ("crown_shape", "shape"))
    leaf = column_of(columns, ("leaf_type",))
    kinds = [name for name in columns if column_of([name], SPECIES) is not None]
    species = [
        " ".join(parts).strip() for parts in zip(*(texts(table[n]) for n in kinds), strict=True)
    ]
    species = species or [""] * count
    leaves = texts(table[leaf]) if leaf else [""] * count
    wished = texts(table[said]) if said else [""] * count
    found = [_shape(*each) for each in zip(wished, leaves, species, strict=True)]
    conifers = sum(name == "cone" for name in found)
    report.done("trees", "trees are conifers, given cones; conifer=True in a run keeps all leaves",
                conifers, count)  # fmt: skip
    known = sum(bool(any(each)) for each in zip(wished, leaves, species, strict=True))
    report.fallback("trees", "trees of unknown species are given ellipsoids", count - known, count)
    return np.array([SHAPES.index(name) for name in found], np.uint8)


def _shape(wished: str, leaf: str, species: str) -> str:
    if wished in SHAPES:
        return wished
    if any(name in species for name in _UMBRELLAS):
        return "umbrella"
    conifer = leaf == "needleleaved" or any(word in _CONIFERS for word in species.split())
    return "cone" if conifer else "ellipsoid"


def _heights(table: Any, columns: list[str], rules: TreeRules, report: Report) -> F64:
    named = column_of(columns, HEIGHT)
    count = len(table)
    height = np.full(count, np.nan)
    if named is not None:
        found = lengths(table[named])
        height = found.metres.copy()
        report.doubt(
            "trees", f"heights in {named} cannot be read, not used", found.unreadable, count
        )
        report.done("trees", f"heights in {named} are in feet, converted", found.feet, count)
        with np.errstate(invalid="ignore"):
            low, high = height <= 0.0, height > TALLEST_TREE_M
        report.doubt(
            "trees", f"heights in {named} are 0 or negative, not used", int(low.sum()), count
        )
        report.doubt(
            "trees", f"heights in {named} are above {TALLEST_TREE_M:g} m, not used; are they in "
            "feet?", int(high.sum()), count,
        )  # fmt: skip
        height[low | high] = np.nan
    unknown = np.isnan(height)
    if not unknown.any():
        return height
    if unknown.all() and rules.default_height is None:
        raise InvalidSurfaceData(
            "trees", "a column of heights, such as " + ", ".join(HEIGHT[:3]),
            f"none known for {count} trees", "Or say default_tree_height.",
        )  # fmt: skip
    middle = rules.default_height or float(np.median(height[~unknown]))
    how = "as told" if rules.default_height else "the median of the others"
    report.fallback("trees", f"trees of unknown height are taken as {middle:.1f} m high, {how}",
                    int(unknown.sum()), count)  # fmt: skip
    return np.where(unknown, middle, height)


def _radii(
    table: Any, columns: list[str], height: F64, shape: NDArray[np.uint8], report: Report
) -> F64:
    radius = np.full(len(table), np.nan)
    named = column_of(columns, DIAMETER)
    if named is not None:
        radius = lengths(table[named]).metres / 2.0
    else:
        named = column_of(columns, RADIUS)
        if named is not None:
            radius = lengths(table[named]).metres
    with np.errstate(invalid="ignore"):
        absurd = (radius <= 0.0) | (radius > _WIDEST_CROWN_M / 2.0)
    report.doubt(
        "trees", f"crowns in {named} are not between 0 and {_WIDEST_CROWN_M:g} m wide, not used",
        int(absurd.sum()), len(table),
    )  # fmt: skip
    unknown = np.isnan(radius) | absurd
    ratios = np.array([_WIDTH_OF[name] for name in SHAPES])[shape]
    said = ", ".join(f"{name} {ratio:g}" for name, ratio in _WIDTH_OF.items())
    report.fallback("trees", f"crowns of unknown width are as wide as their height times: {said}",
                    int(unknown.sum()), len(table))  # fmt: skip
    return np.where(unknown, height * ratios / 2.0, radius)


def _trunks(table: Any, columns: list[str], height: F64, rules: TreeRules, report: Report) -> F64:
    named = column_of(columns, TRUNK)
    trunk = np.full(len(table), np.nan) if named is None else lengths(table[named]).metres
    with np.errstate(invalid="ignore"):
        wrong = (trunk < 0.0) | (trunk >= height)
    report.doubt("trees", f"trunks in {named} are not between 0 and the height, not used",
                 int(wrong.sum()), len(table))  # fmt: skip
    unknown = np.isnan(trunk) | wrong
    report.fallback(
        "trees", f"crowns of unknown underside begin at {rules.trunk_ratio:g} of their height",
        int(unknown.sum()), len(table),
    )  # fmt: skip
    return np.where(unknown, height * rules.trunk_ratio, trunk)


# ------------------------------------------------------------------ areas


def _add_areas(
    table: Any,
    canopy: Canopy,
    grid: Grid,
    rules: TreeRules,
    scratch: Scratch,
    report: Report,
    advance: Advance | None,
) -> None:
    columns = [str(name) for name in table.columns if name != table.geometry.name]
    height = _heights(table, columns, rules, report)
    trunk = _trunks(table, columns, height, rules, report)
    geometry = np.asarray(table.geometry.values)
    top: F32 = scratch.full(np.float32, 0)
    underside: F32 = scratch.full(np.float32, np.inf)
    lowest_first = np.argsort(height, kind="stable")
    burn_last(geometry[lowest_first], height[lowest_first], grid, top, advance)
    highest_first = np.argsort(-trunk, kind="stable")
    burn_last(geometry[highest_first], trunk[highest_first], grid, underside)
    for rows in row_bands(grid.shape[0]):
        canopy.take(rows, top[rows], underside[rows])
    through = transmissivities(table, report)
    if through is None or canopy.through is None:
        return
    known = np.flatnonzero(~np.isnan(through))
    lightest_first = known[np.argsort(-through[known], kind="stable")]
    own: F32 = scratch.full(np.float32, np.inf)
    burn_last(geometry[lightest_first], through[lightest_first], grid, own)
    for rows in row_bands(grid.shape[0]):
        canopy.through[rows] = np.minimum(canopy.through[rows], own[rows])

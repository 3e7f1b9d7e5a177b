"""Buildings: how high they are, from what their attributes say, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from solweig.errors import InvalidSurfaceData
from solweig.inputs.attributes import column_of, lengths, numbers, texts, with_tags
from solweig.inputs.citymodel import is_city_model, read_city_model
from solweig.inputs.relief import TALLEST_M
from solweig.inputs.report import Report
from solweig.inputs.sources import Source
from solweig.inputs.vectors import AREAS, read_features
from solweig.rasters.grids import Grid
from solweig.typing import F64, Bool

__all__ = ["Buildings", "heights_known", "read_buildings", "with_all_heights"]

HEIGHT = (
    "height", "building:height", "measuredHeight", "height_m", "building_height", "bldg_height",
    "render_height", "est_height", "hoehe", "hauteur", "altezza", "altura", "hoogte",
)  # fmt: skip
LEVELS = (
    "building:levels", "num_floors", "levels", "floors", "storeys", "stories",
    "storeysAboveGround", "nb_etages",
)  # fmt: skip
ROOF_HEIGHT = ("roof:height", "roof_height")
ROOF_LEVELS = ("roof:levels", "roof_levels")
MIN_HEIGHT = ("min_height", "building:min_height")
MIN_LEVEL = ("building:min_level", "min_floor")
_TAGS = (
    "height", "building:height", "building:levels", "roof:height", "roof:levels", "min_height",
    "building:min_level", "location", "layer", "building", "est_height",
)  # fmt: skip
# A floor this high on average speaks for heights in feet: 3 m are 9.8 ft.
_FEET_PER_FLOOR = 6.5
_ENOUGH_TO_JUDGE = 5


@dataclass
class Buildings:
    """Areas of buildings, one part of a roof each.

    Attributes
    ----------
    geometry
        Areas in the grid's system.
    height
        Above the ground of the building [m]; NaN where unknown.
    group
        Number of the building each area belongs to.
    """

    geometry: NDArray[Any]
    height: F64
    group: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.geometry)

    def subset(self, which: Any) -> Buildings:
        """Some of them, in the order given."""
        return Buildings(self.geometry[which], self.height[which], self.group[which])

    def lowest_first(self) -> Buildings:
        """In the order in which they are burned: the highest last, the unknown first."""
        return self.subset(
            np.argsort(np.where(np.isnan(self.height), -1.0, self.height), kind="stable")
        )


def read_buildings(
    sources: Sequence[Source],
    grid: Grid,
    crs: CRS,
    report: Report,
    *,
    column: str | None = None,
    floor_height: float = 3.0,
) -> Buildings:
    """Buildings of footprints and city models.

    Parameters
    ----------
    sources
        Vector files, tables, CityJSON or CityGML.
    grid, crs
        Where to.
    report
        Hears what was left out, assumed and doubted.
    column
        Name of the column of heights; None = one of the usual names.
    floor_height
        Of a floor where only floors are known [m].

    Raises
    ------
    InvalidSurfaceData
        A source without areas, one that lies elsewhere, or without the column asked for.
    """
    parts = []
    for source in sources:
        if is_city_model(source):
            geometry, height, group = read_city_model(source, grid, crs, report)
            parts.append(Buildings(geometry, height, group))
        else:
            parts.append(_of_table(source, grid, crs, report, column, floor_height))
    first, groups = 0, []
    for part in parts:
        groups.append(part.group + first)
        first += int(part.group.max(initial=-1)) + 1
    return Buildings(
        np.concatenate([part.geometry for part in parts]),
        np.concatenate([part.height for part in parts]),
        np.concatenate(groups),
    )


def _of_table(
    source: Source, grid: Grid, crs: CRS, report: Report, column: str | None, floor_height: float
) -> Buildings:
    table = with_tags(read_features(source, grid, crs, AREAS, report), _TAGS)
    below = _below_ground(table)
    report.done(
        source.role, "areas are below the ground or no building, left out", int(below.sum())
    )
    table = table[~below].reset_index(drop=True)
    height = heights_known(table, report, source.role, column=column, floor_height=floor_height)
    return Buildings(np.asarray(table.geometry.values), height, np.arange(len(table)))


def _below_ground(table: Any) -> Bool:
    gone = np.zeros(len(table), np.bool_)
    if "is_underground" in table.columns:
        gone |= np.array(
            [value is True or value == 1 for value in table["is_underground"].tolist()]
        )
    if "location" in table.columns:
        gone |= np.array([text == "underground" for text in texts(table["location"])], np.bool_)
    if "layer" in table.columns:
        with np.errstate(invalid="ignore"):
            gone |= numbers(table["layer"]) < 0
    if "building" in table.columns:
        gone |= np.array([text == "no" for text in texts(table["building"])], np.bool_)
    return gone


def heights_known(
    table: Any,
    report: Report,
    role: str,
    *,
    column: str | None = None,
    floor_height: float = 3.0,
) -> F64:
    """Height of each building that its attributes tell [m], NaN where they do not.

    A height, else floors times ``floor_height``, with the height of the roof, or else its floors,
    on top.

    Raises
    ------
    InvalidSurfaceData
        There is no column of the name asked for.
    """
    columns = [str(name) for name in table.columns if name != table.geometry.name]
    if column is not None and column not in columns:
        raise InvalidSurfaceData(role, f"a column {column!r}", ", ".join(columns) or "no columns")
    of_height = column or column_of(columns, HEIGHT)
    of_levels = column_of(columns, LEVELS)
    total = len(table)
    height = np.full(total, np.nan)
    if of_height is not None:
        found = lengths(table[of_height])
        height = found.metres.copy()
        report.doubt(
            role, f"heights in {of_height} cannot be read, not used", found.unreadable, total
        )
        report.done(role, f"heights in {of_height} are in feet, converted", found.feet, total)
        _drop_absurd(height, report, role, of_height)
    levels = np.full(total, np.nan) if of_levels is None else numbers(table[of_levels])
    with np.errstate(invalid="ignore"):
        levels[(levels <= 0) | (levels > 200)] = np.nan
    _doubt_feet(height, levels, report, role)
    by_floors = levels * floor_height + _roofs(table, columns, floor_height)
    use = np.isnan(height) & np.isfinite(by_floors)
    height[use] = by_floors[use]
    report.fallback(
        role, f"buildings have no height but floors, taken as {floor_height:g} m each",
        int(use.sum()), total,
    )  # fmt: skip
    _doubt_raised(table, columns, report, role, floor_height)
    return height


def _drop_absurd(height: F64, report: Report, role: str, column: str) -> None:
    with np.errstate(invalid="ignore"):
        negative, absurd = height < 0, height > TALLEST_M
    report.doubt(
        role, f"heights in {column} are negative, not used", int(negative.sum()), len(height)
    )
    report.doubt(
        role,
        f"heights in {column} are above {TALLEST_M:g} m, not used",
        int(absurd.sum()),
        len(height),
    )
    # Many tables write 0 for "not known".
    report.doubt(
        role,
        f"heights in {column} are 0, taken as not known",
        int((height == 0).sum()),
        len(height),
    )
    height[negative | absurd | (height == 0)] = np.nan


def _doubt_feet(height: F64, levels: F64, report: Report, role: str) -> None:
    both = np.isfinite(height) & (levels >= 3)
    if int(both.sum()) < _ENOUGH_TO_JUDGE:
        return
    a_floor = float(np.median(height[both] / levels[both]))
    if a_floor > _FEET_PER_FLOOR:
        report.doubt(
            role, f"heights may be in feet: a floor would be {a_floor:.1f} m high in the middle of "
            "those whose floors are known", int(both.sum()), len(height),
        )  # fmt: skip


def _roofs(table: Any, columns: list[str], floor_height: float) -> F64:
    """Height of roofs above the last floor [m], 0 where nothing is said."""
    roof = np.full(len(table), np.nan)
    of_height, of_levels = column_of(columns, ROOF_HEIGHT), column_of(columns, ROOF_LEVELS)
    if of_height is not None:
        roof = lengths(table[of_height]).metres
    if of_levels is not None:
        roof = np.where(np.isnan(roof), numbers(table[of_levels]) * floor_height, roof)
    with np.errstate(invalid="ignore"):
        sane = (roof >= 0) & (roof < TALLEST_M)
    return np.where(sane, roof, 0.0)


def _doubt_raised(
    table: Any, columns: list[str], report: Report, role: str, floor_height: float
) -> None:
    raised = np.zeros(len(table), np.bool_)
    of_height, of_level = column_of(columns, MIN_HEIGHT), column_of(columns, MIN_LEVEL)
    with np.errstate(invalid="ignore"):
        if of_height is not None:
            raised |= lengths(table[of_height]).metres > 0
        if of_level is not None:
            raised |= numbers(table[of_level]) * floor_height > 0
    report.doubt(
        role, "parts of buildings begin above the ground (min_height); they are burned down to it",
        int(raised.sum()), len(table),
    )  # fmt: skip


def with_all_heights(buildings: Buildings, report: Report, default: float | None) -> Buildings:
    """Buildings of which all have a height: the unknown take the default, else the median.

    Raises
    ------
    InvalidSurfaceData
        No height is known, and there is no default.
    """
    unknown = np.isnan(buildings.height)
    if not unknown.any():
        return buildings
    if default is None and unknown.all():
        raise InvalidSurfaceData(
            "footprints",
            "a column of heights or floors, such as " + ", ".join((*HEIGHT[:3], *LEVELS[:2])),
            f"none for {len(buildings)} buildings",
            "Name the column (footprint_height), give a default (default_height), or give LiDAR or "
            "a DSM to take heights from.",
        )  # fmt: skip
    middle = float(np.median(buildings.height[~unknown])) if default is None else default
    how = "the median of the others" if default is None else "as told"
    report.fallback(
        "footprints", f"buildings of unknown height are taken as {middle:.1f} m high, {how}",
        int(unknown.sum()), len(buildings),
    )  # fmt: skip
    if default is None and unknown.mean() > 0.5:
        report.doubt(
            "footprints", "buildings have the median height of the fewer that have one",
            int(unknown.sum()), len(buildings),
        )  # fmt: skip
    return Buildings(
        buildings.geometry, np.where(unknown, middle, buildings.height), buildings.group
    )

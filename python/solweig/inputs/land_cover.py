"""Land cover of any coding, by a table that says what each code or tag is."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import CRS

from solweig.digits import whole_number
from solweig.errors import ConfigurationError, InvalidSurfaceData
from solweig.inputs.attributes import column_of, texts, with_tags
from solweig.inputs.burning import burn_last
from solweig.inputs.grid import row_bands, tiles
from solweig.inputs.heightmaps import HeightMap, read_raster
from solweig.inputs.report import Report
from solweig.inputs.scratch import Scratch
from solweig.inputs.sources import Source
from solweig.inputs.vectors import AREAS, read_features
from solweig.rasters.grids import Grid
from solweig.typing import U8, Advance, Bool

__all__ = [
    "CLASSES",
    "TABLES",
    "TREES",
    "UNKNOWN",
    "Table",
    "class_code",
    "read_areas",
    "read_codes",
    "read_table",
    "replace_by_nearest",
]

CLASSES = {"cobble": 0, "asphalt": 1, "building": 2, "grass": 5, "bare_soil": 6, "water": 7}
"""Codes of the ground a run knows."""
TREES, UNKNOWN = 254, 255
"""Codes on the way there: below trees is some ground; nothing is said of the ground."""
TABLES = ("worldcover", "osm", "urban_atlas", "solweig")
"""Tables that come with the package."""

_TILE = 1024
_LOOK_CELLS = 256


@dataclass(frozen=True)
class Table:
    """What codes or tags mean.

    Attributes
    ----------
    name
        As it was named, or its file.
    rows
        Column (empty: the value of a raster's cell), value (``*``: any), code. The first that fits
        holds.
    """

    name: str
    rows: tuple[tuple[str, str, int], ...]

    @property
    def columns(self) -> list[str]:
        """Columns it looks at."""
        return list(dict.fromkeys(column for column, _, _ in self.rows if column))

    def codes(self) -> dict[int, int]:
        """Value of a raster -> code."""
        found: dict[int, int] = {}
        for column, value, code in self.rows:
            if not column or "|" in column:
                found.setdefault(int(value), code)
        return found


def class_code(field: str, value: Any) -> int:
    """Code of a class given by name or number.

    Raises
    ------
    ConfigurationError
        Neither.
    """
    text = str(value).strip().lower()
    if text in CLASSES:
        return CLASSES[text]
    code = whole_number(text)
    if code is not None and code in CLASSES.values():
        return code
    known = ", ".join(f"{name} ({code})" for name, code in CLASSES.items())
    raise ConfigurationError(field, f"one of {known}", repr(value))


def read_table(named: str | Path) -> Table:
    """A table that comes with the package, or a CSV file ``column,value,class``.

    Raises
    ------
    ConfigurationError
        No such file or table, or a row that is not understood.
    """
    if str(named) in TABLES:
        text = files("solweig.inputs").joinpath(f"data/{named}.csv").read_text("utf-8")
    else:
        path = Path(named)
        if not path.is_file():
            raise ConfigurationError(
                "land_cover_table", "a CSV file, or one of " + ", ".join(TABLES), str(named)
            )
        text = path.read_text("utf-8-sig")
    rows = []
    for number, row in enumerate(csv.DictReader(text.splitlines()), start=2):
        value, kind = (row.get("value") or "").strip(), (row.get("class") or "").strip().lower()
        if not value or not kind:
            raise ConfigurationError(
                "land_cover_table", "columns column, value and class",
                f"row {number} of {named}: {dict(row)}",
            )  # fmt: skip
        column = (row.get("column") or "").strip()
        if not column and whole_number(value.removeprefix("-")) is None:
            raise ConfigurationError(
                "land_cover_table", "a whole number where no column is named",
                f"{value!r} in row {number} of {named}",
            )  # fmt: skip
        code = TREES if kind in ("trees", "tree") else class_code("land_cover_table", kind)
        rows.append((column, value.lower(), code))
    if not rows:
        raise ConfigurationError("land_cover_table", "rows", f"none in {named}")
    return Table(Path(named).stem, tuple(rows))


# ------------------------------------------------------------------ rasters


def read_codes(
    source: HeightMap, named: str | Path | None, grid: Grid, crs: CRS, scratch: Scratch,
    report: Report, advance: Advance | None = None,
) -> U8:  # fmt: skip
    """Codes on the grid from a raster of any coding; the nearest cell counts.

    Raises
    ------
    InvalidSurfaceData
        Codes the table does not know, or that fit no table that comes with the package.
    """
    layer = read_raster(source, grid, crs, scratch, report, advance)
    counts: dict[int, int] = {}
    for rows in row_bands(grid.shape[0]):
        band = layer[rows]
        values, numbers = np.unique(band[np.isfinite(band)], return_counts=True)
        for value, number in zip(values.tolist(), numbers.tolist(), strict=True):
            if value != round(value):
                raise InvalidSurfaceData(
                    "land_cover", "whole numbers", f"{value:g} in {source.source.name}",
                    "Was the raster resampled with averaging?",
                )  # fmt: skip
            counts[int(value)] = counts.get(int(value), 0) + int(number)
    table = read_table(named) if named is not None else _fitting(counts, source.source)
    meaning = table.codes()
    strange = {code: number for code, number in counts.items() if code not in meaning}
    if strange:
        listed = ", ".join(f"{code} ({number} cells)" for code, number in sorted(strange.items()))
        raise InvalidSurfaceData(
            "land_cover", f"codes of the table {table.name}: "
            + ", ".join(str(code) for code in sorted(meaning)), listed,
            "Give a table that knows them (land_cover_table), or declare the no-data value.",
        )  # fmt: skip
    result: U8 = scratch.full(np.uint8, UNKNOWN)
    for rows in row_bands(grid.shape[0]):
        for value, code in meaning.items():
            result[rows][layer[rows] == value] = code
    report.done("land_cover", f"codes of {source.source.name} by the table {table.name}")
    return result


def _fitting(counts: Mapping[int, int], source: Source) -> Table:
    """The table whose codes hold all that occur; the own one first, for 0 to 7 are few."""
    for name in ("solweig", "worldcover", "urban_atlas"):
        table = read_table(name)
        if counts and set(counts) <= set(table.codes()):
            return table
    listed = ", ".join(f"{code} ({number} cells)" for code, number in sorted(counts.items())[:20])
    raise InvalidSurfaceData(
        "land_cover", "codes of ESA WorldCover, Urban Atlas or this package",
        f"{listed or 'no cell with data'} in {source.name}",
        "Give a table of your codes (land_cover_table): a CSV file with column,value,class.",
    )  # fmt: skip


# ------------------------------------------------------------------ areas


def read_areas(
    source: Source, named: str | Path | None, grid: Grid, crs: CRS, scratch: Scratch,
    report: Report, advance: Advance | None = None,
) -> tuple[U8, Table]:  # fmt: skip
    """Codes on the grid from areas with tags or codes; the smaller area lies on the larger.

    Raises
    ------
    InvalidSurfaceData
        No area, no column of the table, or the source lies elsewhere.
    """
    import shapely

    features = read_features(source, grid, crs, AREAS, report)
    table = read_table(named) if named is not None else _table_for(features, source)
    wanted = [name for column in table.columns for name in column.split("|")]
    features = with_tags(features, wanted)
    if column_of([c for c in features.columns if c != features.geometry.name], wanted) is None:
        raise InvalidSurfaceData(
            "land_cover", f"a column of the table {table.name}: {', '.join(wanted)}",
            ", ".join(c for c in features.columns if c != features.geometry.name) or "no columns",
        )  # fmt: skip
    code = _codes_of(features, table)
    named_nothing = int(np.count_nonzero(code == UNKNOWN))
    report.doubt("land_cover", f"areas are not in the table {table.name}, left out", named_nothing,
                 len(code))  # fmt: skip
    geometry = np.asarray(features.geometry.values)
    order = np.argsort(-shapely.area(geometry), kind="stable")
    order = order[code[order] != UNKNOWN]
    result: U8 = scratch.full(np.uint8, UNKNOWN)
    burn_last(geometry[order], code[order], grid, result, advance)
    report.done("land_cover", f"areas of {source.name} by the table {table.name}", len(order))
    return result, table


def _table_for(features: Any, source: Source) -> Table:
    columns = [str(c) for c in features.columns if c != features.geometry.name]
    urban = read_table("urban_atlas")
    if column_of(columns, urban.columns[0].split("|")) is not None:
        return urban
    osm = read_table("osm")
    tagged = with_tags(features, osm.columns)
    if column_of([str(c) for c in tagged.columns], osm.columns) is not None:
        return osm
    raise InvalidSurfaceData(
        "land_cover", "columns of OSM (natural, landuse, surface, ...) or Urban Atlas (code_2018)",
        f"{', '.join(columns) or 'no columns'} in {source.name}",
        "Give a table of your columns (land_cover_table): a CSV file with column,value,class.",
    )  # fmt: skip


def _codes_of(features: Any, table: Table) -> U8:
    columns = [str(c) for c in features.columns if c != features.geometry.name]
    code = np.full(len(features), UNKNOWN, np.uint8)
    values: dict[str, Sequence[str]] = {}
    for column in table.columns:
        own = column_of(columns, column.split("|"))
        if own is not None:
            values[column] = [text.removesuffix(".0") for text in texts(features[own])]
    for column, value, meaning in reversed(table.rows):  # so the first that fits is written last
        if column in values:
            held = values[column]
            fits = [bool(t) and t != "no" if value == "*" else t == value for t in held]
            code[np.array(fits, np.bool_)] = meaning
    return code


# ------------------------------------------------------------------ below trees and in gaps


def replace_by_nearest(
    cover: U8, which: int, sources: Sequence[int], scratch: Scratch, otherwise: int
) -> tuple[int, int]:
    """Give cells of one code the code of the nearest cell that has one of some, in place.

    Parameters
    ----------
    cover
        Codes.
    which
        The code to replace.
    sources
        Codes that may take its place.
    scratch
        Makes the arrays needed.
    otherwise
        Code of cells with none of them within 256 cells.

    Returns
    -------
    replaced : int
        Cells that took a neighbour's.
    without : int
        Cells that had none near.
    """
    from scipy import ndimage

    may: Bool = scratch.full(np.bool_, False)
    for rows in row_bands(cover.shape[0]):
        may[rows] = np.isin(cover[rows], sources)
    replaced = without = 0
    # Only cells of the given codes are looked at, and none is made one before all are done.
    pending: Bool = scratch.full(np.bool_, False)
    for rows in row_bands(cover.shape[0]):
        pending[rows] = cover[rows] == which
    for tile in tiles(cover.shape, _TILE, _LOOK_CELLS):
        gone = np.asarray(pending[tile.core])
        if not gone.any():
            continue
        around = np.asarray(may[tile.around])
        near = np.zeros(gone.shape, np.bool_)
        new = np.full(gone.shape, otherwise, np.uint8)
        if around.any():
            distance, (row, col) = ndimage.distance_transform_edt(~around, return_indices=True)
            near = distance[tile.inner] <= _LOOK_CELLS
            codes = np.asarray(cover[tile.around])[row[tile.inner], col[tile.inner]]
            new = np.where(near, codes, np.uint8(otherwise))
        cover[tile.core] = np.where(gone, new, cover[tile.core])
        replaced += int(np.count_nonzero(gone & near))
        without += int(np.count_nonzero(gone & ~near))
    return replaced, without

"""Heights and counts as attributes hold them: numbers, text with units, OSM tags."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from solweig.inputs.crs import FEET
from solweig.typing import F64

__all__ = ["Lengths", "column_of", "lengths", "numbers", "plain_name", "texts", "with_tags"]

_NUMBER = r"[~≈]?\s*([+-]?\d+(?:[.,]\d+)?)"
_METRES = re.compile(_NUMBER + r"\s*(?:m|metres?|meters?)?\.?", re.IGNORECASE)
_FEET = re.compile(_NUMBER + r"\s*(?:ft|feet|foot)\.?", re.IGNORECASE)
_FEET_INCHES = re.compile(r"(\d+(?:\.\d+)?)\s*'\s*(?:(\d+(?:\.\d+)?)\s*\"?)?")
_TAG = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=>\s*"((?:[^"\\]|\\.)*)"')
_SHAPEFILE_NAME = 10
# Columns in which OSM extracts keep the tags that have none of their own.
_TAG_COLUMNS = ("other_tags", "tags", "all_tags")


class Lengths:
    """Lengths read from a column.

    Attributes
    ----------
    metres
        NaN where there is none or it cannot be read.
    unreadable
        How many hold something that is no length.
    feet
        How many were in feet.
    """

    def __init__(self, metres: F64, unreadable: int = 0, feet: int = 0) -> None:
        self.metres, self.unreadable, self.feet = metres, unreadable, feet


def plain_name(name: str) -> str:
    """A column's name without case and separators."""
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def column_of(columns: Iterable[str], names: Sequence[str]) -> str | None:
    """The column that has one of the names, the first of them that any has.

    Shapefiles keep ten characters of a name, so these do too.
    """
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(plain_name(column), column)
    wanted = [plain_name(n) for n in names] + [plain_name(n[:_SHAPEFILE_NAME]) for n in names]
    return next((by_name[name] for name in wanted if name in by_name), None)


def lengths(values: Any) -> Lengths:
    """Lengths in metres of a column of numbers or text.

    ``12``, ``"12 m"``, ``"12,5"``, ``"~12"``, ``"40 ft"`` and feet with inches are understood.
    """
    column = pd.Series(values)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return Lengths(_finite(column.to_numpy(np.float64, na_value=np.nan)))
    metres = np.full(len(column), np.nan)
    unreadable = feet = 0
    known: dict[Any, tuple[float, bool]] = {}
    for i, value in enumerate(column.tolist()):
        if value is None or value != value or (isinstance(value, str) and not value.strip()):
            continue
        if value not in known:
            known[value] = _length(value)
        metres[i], in_feet = known[value]
        feet += in_feet
        unreadable += bool(np.isnan(metres[i]))
    return Lengths(metres, unreadable, feet)


def _finite(metres: F64) -> F64:
    return np.where(np.isfinite(metres), metres, np.nan)


def _length(value: Any) -> tuple[float, bool]:
    """Metres, and whether they were feet."""
    if isinstance(value, int | float | np.number):
        return float(value), False
    text = str(value).strip()
    found = _METRES.fullmatch(text)
    if found:
        return float(found[1].replace(",", ".")), False
    found = _FEET.fullmatch(text)
    if found:
        return float(found[1].replace(",", ".")) * FEET["ft"], True
    found = _FEET_INCHES.fullmatch(text)
    if found:
        return (float(found[1]) + float(found[2] or 0.0) / 12.0) * FEET["ft"], True
    return np.nan, False


def numbers(values: Any) -> F64:
    """A column as numbers, NaN where it holds none; of ``"3;4"`` the last."""
    column = pd.Series(values)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        column = column.astype("string").str.rsplit(";").str[-1].str.replace(",", ".", regex=False)
        column = pd.to_numeric(column, errors="coerce")
    return _finite(np.asarray(column.to_numpy(np.float64, na_value=np.nan)))


def texts(values: Any) -> list[str]:
    """A column as lower-case text, empty where it holds nothing."""
    return [
        "" if v is None or v != v else str(v).strip().lower() for v in pd.Series(values).tolist()
    ]


def with_tags(table: Any, wanted: Sequence[str]) -> Any:
    """A table with the wanted OSM tags as columns, where they lie in one column of all tags."""
    holder = next((c for c in _TAG_COLUMNS if c in table.columns), None)
    if holder is None:
        return table
    rows = [_tags(value) for value in table[holder].tolist()]
    new = {
        name: [row.get(name) for row in rows]
        for name in wanted
        if name not in table.columns and any(name in row for row in rows)
    }
    return table.assign(
        **{name: pd.Series(v, dtype=object, index=table.index) for name, v in new.items()}
    )


def _tags(value: Any) -> Mapping[str, Any]:
    """Tags as a mapping, from JSON, hstore text or a list of pairs."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, str):
        if value.lstrip().startswith("{"):
            try:
                found = json.loads(value)
            except ValueError:
                return {}
            return found if isinstance(found, dict) else {}
        return dict(_TAG.findall(value))
    if isinstance(value, list | tuple | np.ndarray):  # as GeoParquet keeps a map
        return {str(pair[0]): pair[1] for pair in value if len(pair) == 2}
    return {}

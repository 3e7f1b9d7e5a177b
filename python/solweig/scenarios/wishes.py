"""Scenarios as plain data, and their checks that need no surface."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from solweig.errors import ConfigurationError
from solweig.inputs.crowns import SHAPES
from solweig.inputs.trees import TALLEST_TREE_M

__all__ = [
    "COVERS", "KINDS", "TREE", "Edit", "Number", "Polygon", "Scenario", "Text", "check_names",
    "checked_keys", "did_you_mean", "folder_name",
]  # fmt: skip

COVERS = {
    "cobble": 0, "asphalt": 1, "grass": 5, "soil": 6, "water": 7,
}  # fmt: skip
"""Classes of the ground by name; codes of the parameter file do as well."""

COOL_ALBEDO, COOL_EMISSIVITY = 0.65, 0.9
"""Of a cool roof, white membrane or paint after some years of dirt."""
SAIL_TRANSMISSIVITY = 0.1
_PLACES = ("polygon", "file")


@dataclass(frozen=True)
class Number:
    """A number between two bounds; the lower one may be left out."""

    low: float
    high: float
    unit: str = ""
    open_low: bool = False

    def check(self, key: str, value: Any) -> float:
        """The value; ConfigurationError where it cannot be."""
        number = math.nan
        if isinstance(value, int | float) and not isinstance(value, bool):
            number = float(value)
        if not (self.low <= number <= self.high) or (self.open_low and number == self.low):
            words = f"above {self.low:g}" if self.open_low else f"{self.low:g}"
            expected = f"a number from {words} to {self.high:g} {self.unit}".rstrip()
            raise ConfigurationError(key, expected, repr(value))
        return number


@dataclass(frozen=True)
class Word:
    """One of some words."""

    known: tuple[str, ...]

    def check(self, key: str, value: Any) -> str:
        """The value; ConfigurationError where it cannot be."""
        if value not in self.known:
            raise ConfigurationError(
                key, f"one of {', '.join(self.known)}", repr(value), did_you_mean(value, self.known)
            )
        return str(value)


class Cover:
    """A class of the ground, by name or code."""

    def check(self, key: str, value: Any) -> int:
        """The value; ConfigurationError where it cannot be."""
        if isinstance(value, int) and not isinstance(value, bool) and value in COVERS.values():
            return value
        if isinstance(value, str) and value in COVERS:
            return COVERS[value]
        known = ", ".join(f"{name} ({code})" for name, code in COVERS.items())
        raise ConfigurationError(
            key, f"a class of the ground: {known}", repr(value), did_you_mean(value, COVERS)
        )


class Points:
    """Points as ``[[x, y], ...]``."""

    def check(self, key: str, value: Any) -> tuple[tuple[float, float], ...]:
        """The value; ConfigurationError where it cannot be."""
        if isinstance(value, Sequence) and not isinstance(value, str):
            if len(value) == 2 and all(_is_number(v) for v in value):
                value = [value]
            found = tuple(_pair(point) for point in value)
            if found and None not in found:
                return found  # type: ignore[return-value]
        raise ConfigurationError(key, "points, such as [[x, y], [x, y]]", repr(value)[:80])


class Polygon:
    """One polygon as ``[[x, y], ...]``, or several."""

    def check(self, key: str, value: Any) -> tuple[tuple[tuple[float, float], ...], ...]:
        """The value; ConfigurationError where it cannot be."""
        expected = "a polygon, such as [[x, y], [x, y], [x, y]], or several"
        try:
            rings = [value] if _pair(value[0]) is not None else list(value)
            found = tuple(tuple(_pair(point) for point in ring) for ring in rings)
        except (TypeError, IndexError, KeyError):
            raise ConfigurationError(key, expected, repr(value)[:80]) from None
        if not found or any(len(ring) < 3 or None in ring for ring in found):
            raise ConfigurationError(key, expected, repr(value)[:80])
        return found  # type: ignore[return-value]


class Text:
    """Any text, such as a file."""

    def check(self, key: str, value: Any) -> Any:
        """The value; ConfigurationError where it cannot be."""
        if isinstance(value, str | Path) and str(value):
            return str(value)
        if hasattr(value, "geometry"):
            return value
        raise ConfigurationError(key, "a text", repr(value)[:80])


_PLACE = {"polygon": Polygon(), "file": Text()}
TREE = {
    "height": Number(0.0, TALLEST_TREE_M, "m", open_low=True),
    "crown_diameter": Number(0.0, 60.0, "m", open_low=True),
    "trunk_height": Number(0.0, TALLEST_TREE_M, "m"),
    "shape": Word(SHAPES),
    "transmissivity": Number(0.0, 1.0),
}
"""What a tree may be told."""

KINDS: dict[str, dict[str, Any]] = {
    "plant": {"points": Points(), "file": Text(), **TREE},
    "remove_trees": {**_PLACE, "points": Points(), "radius": Number(0.0, 1000.0, "m", True)},
    "remove_buildings": {**_PLACE, "cover": Cover()},
    "green_roof": _PLACE,
    "cool_roof": {**_PLACE, "albedo": Number(0.0, 1.0), "emissivity": Number(0.0, 1.0)},
    "cover": {**_PLACE, "cover": Cover()},
    "albedo": {**_PLACE, "albedo": Number(0.0, 1.0), "emissivity": Number(0.0, 1.0)},
    "sail": {
        **_PLACE, "height": Number(2.0, 60.0, "m"), "transmissivity": Number(0.0, 1.0),
    },
    "building": {
        **_PLACE, "height": Number(2.0, 1000.0, "m"), "height_column": Text(),
    },
}  # fmt: skip
"""Kinds of edits, and the keys each may have."""

_NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "plant": (("points", "file"),),
    "remove_trees": (("polygon", "file", "points"),),
    "remove_buildings": (_PLACES,),
    "cover": (_PLACES, ("cover",)),
    "albedo": (_PLACES, ("albedo",)),
    "sail": (_PLACES, ("height",)),
    "building": (_PLACES,),
}
_AT_MOST = {"green_roof": _PLACES, "cool_roof": _PLACES}


@dataclass(frozen=True)
class Edit:
    """One edit of a place.

    Parameters
    ----------
    kind
        ``plant``, ``remove_trees``, ``remove_buildings``, ``green_roof``, ``cool_roof``, ``cover``,
        ``albedo``, ``sail`` or ``building``.
    values
        Where and what, see ``docs/scenarios.md``: ``{"points": [[x, y]], "height": 8.0}``.
    key
        What messages call it.

    Raises
    ------
    ConfigurationError
        An unknown kind or key, a value out of range, or one that is missing.
    """

    kind: str
    values: Mapping[str, Any]
    key: str = "edit"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigurationError(
                f"{self.key}.kind", f"one of {', '.join(KINDS)}", repr(self.kind),
                did_you_mean(self.kind, KINDS),
            )  # fmt: skip
        checked_keys(self.values, KINDS[self.kind], self.key)
        values = {
            name: KINDS[self.kind][name].check(self.name(name), value)
            for name, value in self.values.items()
        }
        for names in _NEEDED.get(self.kind, ()):
            _exactly_one(values, names, self.key)
        names = _AT_MOST.get(self.kind, ())
        if sum(name in values for name in names) > 1:
            raise ConfigurationError(self.key, f"one of {', '.join(names)}", "both")
        _check_together(self.kind, values, self.key)
        object.__setattr__(self, "values", values)

    def name(self, key: str) -> str:
        """What messages call a key of the edit.

        Parameters
        ----------
        key
            Such as ``height``.

        Returns
        -------
        str
            With the name of the edit before it.
        """
        return f"{self.key}.{key}"

    def get(self, key: str, otherwise: Any = None) -> Any:
        """A value, or what holds without it.

        Parameters
        ----------
        key
            Such as ``height``.
        otherwise
            Where the edit does not say it.

        Returns
        -------
        Any
            As checked.
        """
        return self.values.get(key, otherwise)


@dataclass(frozen=True)
class Scenario:
    """A name and the edits that go with it.

    Parameters
    ----------
    name
        No two alike; also that of its folder.
    edits
        In the order in which they are carried out.
    cost
        In any currency; None is not known.
    key
        What messages call it.

    Raises
    ------
    ConfigurationError
        No name, no edits, or a cost that is no number.
    """

    name: str
    edits: tuple[Edit, ...]
    cost: float | None = None
    key: str = field(default="scenario", repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not folder_name(self.name):
            raise ConfigurationError(
                f"{self.key}.name", "a name with letters or digits", repr(self.name)
            )
        if not self.edits:
            raise ConfigurationError(f"{self.key}.edit", "at least one edit", "none")
        if self.cost is not None:
            Number(0.0, 1e15).check(f"{self.key}.cost", self.cost)
        object.__setattr__(self, "edits", tuple(self.edits))


def folder_name(name: str) -> str:
    """A name as a folder can have it."""
    return re.sub(r"[^\w.-]+", "_", name.strip()).strip("._")


def check_names(scenarios: Iterable[Scenario]) -> None:
    """Refuse scenarios whose results would lie in one folder."""
    seen: dict[str, str] = {}
    for scenario in scenarios:
        folder = folder_name(scenario.name).lower()
        if folder in seen:
            raise ConfigurationError(
                f"{scenario.key}.name", f"another name than {seen[folder]!r}", repr(scenario.name)
            )
        seen[folder] = scenario.name


def checked_keys(found: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Refuse a key that is not known, with the nearest that is.

    Raises
    ------
    ConfigurationError
        There is one.
    """
    names = list(known)
    for key in found:
        if key not in names:
            raise ConfigurationError(
                _under(where, key),
                f"keys among {', '.join(names)}", repr(key), did_you_mean(key, names),
            )  # fmt: skip


def _under(where: str, key: Any) -> str:
    """A key as messages call it: ``file.toml: key``, or ``file.toml: table.key``."""
    if not where:
        return str(key)
    return f"{where} {key}" if where.endswith(":") else f"{where}.{key}"


def did_you_mean(word: Any, known: Iterable[str]) -> str | None:
    """A hint at the nearest known word."""
    near = difflib.get_close_matches(str(word), list(known), n=1)
    return f"Did you mean {near[0]}?" if near else None


def _exactly_one(values: Mapping[str, Any], names: Sequence[str], key: str) -> None:
    said = [name for name in names if name in values]
    if len(said) != 1:
        where = f"{key}.{names[0]}" if len(names) == 1 else key
        expected = f"one of {', '.join(names)}" if len(names) > 1 else f"a value of {names[0]}"
        raise ConfigurationError(where, expected, " and ".join(said) or "none")


def _check_together(kind: str, values: Mapping[str, Any], key: str) -> None:
    if kind == "plant" and "points" in values and "height" not in values:
        raise ConfigurationError(f"{key}.height", "the height of the trees [m]", "none")
    if {"height", "trunk_height"} <= values.keys() and values["trunk_height"] >= values["height"]:
        raise ConfigurationError(
            f"{key}.trunk_height", f"below the height, {values['height']:g} m",
            f"{values['trunk_height']:g}",
        )  # fmt: skip
    if kind == "remove_trees" and ("points" in values) != ("radius" in values):
        raise ConfigurationError(key, "points with a radius, or a polygon", "one of both")
    if kind == "building" and "polygon" in values and "height" not in values:
        raise ConfigurationError(f"{key}.height", "the height of the building [m]", "none")
    if kind == "building" and "height_column" in values and "file" not in values:
        raise ConfigurationError(f"{key}.height_column", "a file that has it", "none")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _pair(value: Any) -> tuple[float, float] | None:
    if isinstance(value, Sequence) and len(value) == 2 and all(_is_number(v) for v in value):
        return float(value[0]), float(value[1])
    return None

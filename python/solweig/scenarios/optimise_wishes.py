"""What trees are to be placed, and where they may stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solweig.allowed import THRESHOLDS_C
from solweig.errors import ConfigurationError
from solweig.scenarios.wishes import TREE, Number, Polygon, Text, checked_keys

__all__ = ["TreeWishes"]

_RULES: dict[str, Any] = {
    **TREE,
    "polygon": Polygon(),
    "file": Text(),
    "population": Text(),
    "wall_distance": Number(0.0, 1000.0, "m"),
    "spacing": Number(0.0, 1000.0, "m", open_low=True),
    "every": Number(0.0, 1000.0, "m", open_low=True),
    "best": Number(1, 100),
    "threshold": Number(*THRESHOLDS_C, "deg C"),
    "cooled_by": Number(0.0, 100.0, "K", open_low=True),
}


@dataclass(frozen=True)
class TreeWishes:
    """Trees to be placed one by one, all alike, and where they may stand.

    Parameters
    ----------
    height, crown_diameter, trunk_height
        Of each tree [m].
    shape
        Of its crown: ``ellipsoid``, ``cone`` or ``umbrella``.
    transmissivity
        Of its crown [0-1]; None as the others.
    polygon, file
        Where they may stand; None is anywhere.
    population
        Raster of people by cell, or any weight; None weighs all ground alike.
    wall_distance
        Least distance of a stem from buildings [m].
    spacing
        Least distance between stems [m]; None is the crown's diameter.
    every
        Distance of the places that are looked at [m]; None is half the crown's radius.
    best
        How many of them the model computes for each tree.
    threshold
        UTCI above which it counts as hot [deg C].
    cooled_by
        Fall of UTCI that counts as cooled [K].
    key
        What messages call it.

    Raises
    ------
    ConfigurationError
        A value out of range.
    """

    height: float = 8.0
    crown_diameter: float = 6.0
    trunk_height: float = 2.5
    shape: str = "ellipsoid"
    transmissivity: float | None = None
    polygon: Any = None
    file: Any = None
    population: Any = None
    wall_distance: float = 3.0
    spacing: float | None = None
    every: float | None = None
    best: int = 4
    threshold: float = 26.0
    cooled_by: float = 1.0
    key: str = "optimise"

    def __post_init__(self) -> None:
        for name, rule in _RULES.items():
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, rule.check(f"{self.key}.{name}", value))
        if self.trunk_height >= self.height:
            raise ConfigurationError(
                f"{self.key}.trunk_height", f"below the height, {self.height:g} m",
                f"{self.trunk_height:g}",
            )  # fmt: skip
        if self.best != int(self.best):
            raise ConfigurationError(f"{self.key}.best", "a whole number", repr(self.best))
        object.__setattr__(self, "best", int(self.best))
        if self.polygon is not None and self.file is not None:
            raise ConfigurationError(self.key, "a polygon or a file", "both")

    @classmethod
    def of_table(cls, table: Mapping[str, Any], key: str, folder: Path) -> TreeWishes:
        """From a table of a file.

        Parameters
        ----------
        table
            Keys and values.
        key
            What messages call it.
        folder
            Where files lie that it names.

        Returns
        -------
        TreeWishes
            Checked.

        Raises
        ------
        ConfigurationError
            An unknown key or a value out of range.
        FileNotFoundError
            A file that is not there.
        """
        from solweig.scenarios.places import file_beside

        checked_keys(table, _RULES, key)
        values = dict(table)
        for name in ("file", "population"):
            if isinstance(values.get(name), str):
                values[name] = file_beside(values[name], folder, f"{key}.{name}")
        return cls(**values, key=key)

    @property
    def between(self) -> float:
        """Least distance between stems [m]."""
        return self.crown_diameter if self.spacing is None else self.spacing

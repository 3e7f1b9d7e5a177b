"""What a build is told about how to read its sources, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError
from solweig.inputs.crs import FEET
from solweig.inputs.land_cover import class_code, read_table
from solweig.inputs.lidar import roles
from solweig.inputs.relief import TALLEST_M
from solweig.inputs.trees import TreeRules

__all__ = ["BUILDING_GROUNDS", "NEAREST", "BuildRules"]

BUILDING_GROUNDS = ("mean", "lowest")
"""Ground that the height of a building counts from."""
NEAREST = "nearest"


@dataclass(frozen=True)
class BuildRules:
    """Every choice of :func:`solweig.build_surface` that is not a source or the grid.

    The fields are its parameters of the same names.
    """

    dsm_relative: bool = False
    lidar_unit: str | None = None
    lidar_classes: Mapping[Any, str] | None = None
    footprint_height: str | None = None
    default_height: float | None = None
    floor_height: float = 3.0
    building_ground: str = "mean"
    trunk_ratio: float = 0.25
    tree_shape: str | None = None
    default_tree_height: float | None = None
    land_cover_table: str | Path | None = None
    ground_below_trees: str = NEAREST
    min_object_height: float = 2.0
    max_gap: float = 100.0
    max_building: float = 100.0
    roles: NDArray[np.uint8] = field(init=False, repr=False)
    trees: TreeRules = field(init=False, repr=False)
    below_trees: int | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.lidar_unit is not None and self.lidar_unit not in FEET:
            raise ConfigurationError("lidar_unit", " or ".join(FEET), repr(self.lidar_unit))
        if self.building_ground not in BUILDING_GROUNDS:
            raise ConfigurationError(
                "building_ground", " or ".join(BUILDING_GROUNDS), repr(self.building_ground)
            )
        for name, low, high in (
            ("floor_height", 1.0, 20.0),
            ("min_object_height", 0.0, 50.0),
            ("max_gap", 0.0, 10_000.0),
            ("max_building", 1.0, 2000.0),
        ):
            _check(name, getattr(self, name), low, high)
        if self.default_height is not None:
            _check("default_height", self.default_height, 0.1, TALLEST_M)
        if self.land_cover_table is not None:
            read_table(self.land_cover_table)
        below = self.ground_below_trees
        code = None if below == NEAREST else class_code("ground_below_trees", below)
        object.__setattr__(self, "below_trees", code)
        object.__setattr__(self, "roles", roles(self.lidar_classes))
        trees = TreeRules(self.trunk_ratio, self.tree_shape, self.default_tree_height)
        object.__setattr__(self, "trees", trees)


def _check(name: str, value: Any, low: float, high: float) -> None:
    number = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
    if not low <= number <= high:
        raise ConfigurationError(name, f"{low:g} to {high:g} m", repr(value))

"""Parameters of walls and of land cover, as scripts look them up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import GridShapeMismatch
from solweig.params import (
    land_cover_table,
    load_materials,
    load_params,
    load_physics,
    namespace_from_dict,
    namespace_to_dict,
    wall_class_name,
    wall_row,
)

__all__ = [
    "WALL_MATERIAL_MAP",
    "dict_to_namespace",
    "get_lc_properties_from_params",
    "load_materials",
    "load_params",
    "load_physics",
    "namespace_to_dict",
    "resolve_wall_params",
]

WALL_MATERIAL_MAP = {
    "brick": "Brick_wall",
    "concrete": "Concrete_wall",
    "wood": "Wood_wall",
    "cobblestone": "Walls",
}
"""Classes of the shipped parameters that ``wall_material`` may name."""

_QUANTITIES = ("albedo", "emissivity", "ts_deg", "tstart", "tmaxlst")


def dict_to_namespace(d: Any) -> Any:
    """Nested dictionaries and lists as nested namespaces.

    Parameters
    ----------
    d
        What was read from JSON.

    Returns
    -------
    Any
        Namespaces where there were dictionaries; other values as they are.
    """
    return namespace_from_dict(d)


def resolve_wall_params(
    wall_material: str, materials: SimpleNamespace | None = None
) -> tuple[float, float, float]:
    """The temperature wave of a wall.

    Parameters
    ----------
    wall_material
        ``"brick"``, ``"concrete"``, ``"wood"``, ``"cobblestone"``, or a class named in
        ``materials``; upper and lower case are alike.
    materials
        Land cover and walls; ``None`` = the shipped ones.

    Returns
    -------
    tuple of float
        Amplitude [K per degree of the day's highest sun altitude], start [K] and hour of the
        highest temperature [h].

    Raises
    ------
    ConfigurationError
        No such class, or one without these values; a ``ValueError`` too.

    Examples
    --------
    >>> from solweig.loaders import resolve_wall_params
    >>> resolve_wall_params("brick")
    (0.4, -4.0, 15.0)
    """
    params = load_params() if materials is None else materials
    row = wall_row(params, wall_class_name(wall_material, params))
    assert row is not None, "wall_class_name names classes with a row"
    return row["ts_deg"], row["tstart"], row["tmaxlst"]


def get_lc_properties_from_params(
    land_cover: NDArray[Any], params: SimpleNamespace, shape: tuple[int, int]
) -> tuple[NDArray[np.float32], ...]:
    """Properties of every cell by its land cover.

    Parameters
    ----------
    land_cover
        Codes, ``[row, col]``.
    params
        Of :func:`solweig.load_params` or :func:`solweig.load_materials`.
    shape
        Rows and columns, those of ``land_cover``.

    Returns
    -------
    tuple of NDArray[np.float32]
        Albedo, emissivity, amplitude, start and hour of the temperature wave, ``[row, col]`` each.
        Codes without a class have those of cobble stone (0).

    Raises
    ------
    GridShapeMismatch
        Another shape.
    ConfigurationError
        ``params`` without classes.
    """
    codes = np.asarray(land_cover)
    if codes.shape != tuple(shape):
        raise GridShapeMismatch("land_cover", tuple(shape), codes.shape)
    table = land_cover_table(params)
    found = []
    for quantity in _QUANTITIES:
        grid = np.full(codes.shape, table[0][quantity], np.float32)
        for code, row in table.items():
            grid[codes == code] = row[quantity]
        found.append(grid)
    return tuple(found)

"""An old path."""

from __future__ import annotations

from solweig.compat.loaders import (
    WALL_MATERIAL_MAP,
    dict_to_namespace,
    get_lc_properties_from_params,
    load_materials,
    load_params,
    load_physics,
    resolve_wall_params,
)

__all__ = [
    "WALL_MATERIAL_MAP",
    "dict_to_namespace",
    "get_lc_properties_from_params",
    "load_materials",
    "load_params",
    "load_physics",
    "resolve_wall_params",
]

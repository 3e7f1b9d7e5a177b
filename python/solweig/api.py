"""The public interface in one module, for scripts that import from ``solweig.api``."""

from __future__ import annotations

from typing import Any

import solweig
from solweig.compat.loaders import resolve_wall_params
from solweig.compat.models import ShadowArrays, SvfArrays
from solweig.compat.tiling import validate_tile_size
from solweig.compat.utils import (
    dict_to_namespace,
    extract_bounds,
    intersect_bounds,
    namespace_to_dict,
    resample_to_grid,
)

__all__ = [
    *solweig.__all__,
    "ShadowArrays",
    "SvfArrays",
    "dict_to_namespace",
    "extract_bounds",
    "intersect_bounds",
    "namespace_to_dict",
    "resample_to_grid",
    "resolve_wall_params",
    "validate_tile_size",
]


def __getattr__(name: str) -> Any:
    return getattr(solweig, name)

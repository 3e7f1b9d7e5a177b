"""An old path."""

from __future__ import annotations

from solweig.compat.utils import (
    dict_to_namespace,
    extract_bounds,
    intersect_bounds,
    namespace_to_dict,
    resample_to_grid,
)

__all__ = [
    "dict_to_namespace",
    "extract_bounds",
    "intersect_bounds",
    "namespace_to_dict",
    "resample_to_grid",
]

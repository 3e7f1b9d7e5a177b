"""Small helpers of scripts."""

from __future__ import annotations

from solweig.compat.loaders import dict_to_namespace, namespace_to_dict
from solweig.rasters.resample import extract_bounds, intersect_bounds, resample_to_grid

__all__ = [
    "dict_to_namespace",
    "extract_bounds",
    "intersect_bounds",
    "namespace_to_dict",
    "resample_to_grid",
]

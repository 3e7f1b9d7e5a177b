"""Small helpers for scripts that handle rasters themselves.

Bounds are ``(min_x, min_y, max_x, max_y)``; transforms are the six numbers of GDAL or an
``Affine``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from solweig.lazy import on_first_use

if TYPE_CHECKING:
    from solweig.compat import wallalgorithms as wallalgorithms
    from solweig.params import namespace_to_dict as namespace_to_dict
    from solweig.rasters.resample import extract_bounds as extract_bounds
    from solweig.rasters.resample import intersect_bounds as intersect_bounds
    from solweig.rasters.resample import resample_to_grid as resample_to_grid
    from solweig.surface.cache import pixel_size_tag as pixel_size_tag
    from solweig.surface.checks import looks_like_relative as looks_like_relative
    from solweig.tiles.plan import compute_max_tile_pixels as compute_max_tile_pixels

__all__ = [
    "compute_max_tile_pixels",
    "extract_bounds",
    "intersect_bounds",
    "looks_like_relative",
    "namespace_to_dict",
    "pixel_size_tag",
    "resample_to_grid",
    "wallalgorithms",
]

__getattr__, __dir__ = on_first_use(
    __name__,
    {
        "compute_max_tile_pixels": "solweig.tiles.plan",
        "extract_bounds": "solweig.rasters.resample",
        "intersect_bounds": "solweig.rasters.resample",
        "looks_like_relative": "solweig.surface.checks",
        "namespace_to_dict": "solweig.params",
        "pixel_size_tag": "solweig.surface.cache",
        "resample_to_grid": "solweig.rasters.resample",
        "wallalgorithms": "solweig.physics",
    },
)

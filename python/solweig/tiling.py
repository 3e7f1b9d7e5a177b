"""An old path."""

from __future__ import annotations

from solweig.compat.tiling import (
    MAX_BUFFER_M,
    MAX_TILE_SIZE,
    MIN_SUN_ELEVATION_DEG,
    MIN_TILE_SIZE,
    TileSpec,
    calculate_buffer_distance,
    compute_max_tile_pixels,
    compute_max_tile_side,
    generate_tiles,
    validate_tile_size,
)

__all__ = [
    "MAX_BUFFER_M",
    "MAX_TILE_SIZE",
    "MIN_SUN_ELEVATION_DEG",
    "MIN_TILE_SIZE",
    "TileSpec",
    "calculate_buffer_distance",
    "compute_max_tile_pixels",
    "compute_max_tile_side",
    "generate_tiles",
    "validate_tile_size",
]

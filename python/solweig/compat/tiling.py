"""Sizes of tiles, as scripts ask for them."""

from __future__ import annotations

import math

from solweig.compat.constants import MIN_SUN_ELEVATION_DEG
from solweig.errors import ConfigurationError
from solweig.tiles.grid import TileSpec, calculate_buffer_distance, generate_tiles
from solweig.tiles.plan import compute_max_tile_pixels

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

MIN_TILE_SIZE = 256
"""Least side of a core that :func:`solweig.tiling.validate_tile_size` gives [px]."""
MAX_TILE_SIZE = 2500
"""A side that suits most machines [px]; :func:`solweig.tiling.compute_max_tile_side` says what this
one holds."""
MAX_BUFFER_M = 1000.0
"""Shadows are followed no farther by default [m]."""


def compute_max_tile_side(*, context: str = "solweig") -> int:
    """Side of the largest square tile that fits the share of memory a run may plan for.

    Parameters
    ----------
    context
        Not looked at: what a run needs at its peak counts.

    Returns
    -------
    int
        Pixels, at least 1.
    """
    return math.isqrt(compute_max_tile_pixels())


def validate_tile_size(
    tile_size: int, buffer_pixels: int, pixel_size: float, context: str = "solweig"
) -> tuple[int, str | None]:
    """Side of a core that fits the memory with its margin.

    Parameters
    ----------
    tile_size
        Wanted side of a core [px].
    buffer_pixels
        Margin on each side [px].
    pixel_size
        Cell size [m].
    context
        Not looked at.

    Returns
    -------
    tuple[int, str | None]
        The side to use, and why it is another one than wanted.

    Raises
    ------
    ConfigurationError
        A margin below 0, cells of no size, or a margin that leaves no room for a core.
    """
    if buffer_pixels < 0 or not pixel_size > 0:
        raise ConfigurationError(
            "buffer_pixels, pixel_size", "a margin of 0 or more and a size above 0",
            f"{buffer_pixels}, {pixel_size}",
        )  # fmt: skip
    most = compute_max_tile_side() - 2 * buffer_pixels
    if most < 1:
        raise ConfigurationError(
            "buffer_pixels", "a margin that leaves room for a core in memory", buffer_pixels
        )
    if tile_size < min(MIN_TILE_SIZE, most):
        least = min(MIN_TILE_SIZE, most)
        return least, f"a core of {tile_size} px is below the least one; {least} is used"
    if tile_size > most:
        margin = f"{buffer_pixels} px ({buffer_pixels * pixel_size:g} m)"
        return most, (
            f"a core of {tile_size} px with a margin of {margin} does not fit the memory; {most} "
            "is used"
        )
    return tile_size, None

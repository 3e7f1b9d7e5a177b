"""Whether a raster is cut into tiles, and how."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from .errors import ConfigurationError
from .tiling import TileSpec, fitting_core, generate_tiles

__all__ = ["TilePlan", "cut_or_leave_device", "device_window", "plan_tiles"]

log = logging.getLogger("solweig")


@dataclass(frozen=True)
class TilePlan:
    """How a raster is cut, and why."""

    shape: tuple[int, int]
    #: Side of a core and margin around it [px].
    core: int
    halo: int
    reason: str

    def tiles(self) -> list[TileSpec]:
        """The tiles, row by row from the north-west."""
        return generate_tiles(*self.shape, self.core, self.halo)

    def describe(self) -> dict[str, Any]:
        """As it is recorded."""
        return {
            "core": self.core,
            "halo": self.halo,
            "tiles": len(self.tiles()),
            "reason": self.reason,
        }


def plan_tiles(
    shape: tuple[int, int],
    halo: int,
    *,
    tile_size: int | None,
    longest: int | None = None,
    largest_window: int | None = None,
) -> TilePlan | None:
    """Whether and how to cut a raster.

    Args:
        shape: of the raster.
        halo: margin around a core [px].
        tile_size: side of a core asked for [px]; None = one piece where that is possible.
        longest: longest side of a core allowed by SOLWEIG_MAX_TILE_SIDE [px]; an explicit
            ``tile_size`` goes before it.
        largest_window: pixels the device can hold, halo included; None = no limit.

    Returns:
        None for one piece.

    Raises:
        ConfigurationError: the device holds less than the smallest sensible tile.
    """
    rows, cols = shape
    core, reason = tile_size, "tile_size"
    if core is None and longest is not None:
        core, reason = longest, "SOLWEIG_MAX_TILE_SIDE"
    if core is not None and core >= max(shape):
        core = None
    if largest_window is not None:
        side = max(shape) if core is None else core + 2 * halo
        if min(rows, side) * min(cols, side) > largest_window:
            fitting = fitting_core(largest_window, halo)
            if fitting is None:
                raise ConfigurationError(
                    "tile_size",
                    f"a device that holds more than a halo of {halo} px",
                    f"{largest_window} px in all",
                    "Shorten max_shadow_distance_m or run on the CPU.",
                )
            core = fitting if core is None else min(core, fitting)
            reason = f"the device holds {largest_window} px"
    return None if core is None else TilePlan(shape, core, halo, reason)


def cut_or_leave_device(
    shape: tuple[int, int],
    halo: int,
    engine: Any,
    *,
    tile_size: int | None,
    longest: int | None,
    largest_window: int | None,
) -> tuple[Any, TilePlan | None]:
    """:func:`plan_tiles`, leaving a device that holds no sensible tile for the CPU.

    Returns:
        The engine to use, None being the CPU, and the tiles.

    Raises:
        ConfigurationError: the device is too small and its engine is strict.
    """
    try:
        tiles = plan_tiles(
            shape, halo, tile_size=tile_size, longest=longest, largest_window=largest_window
        )
    except ConfigurationError as error:
        if engine is None or engine.policy == "gpu":
            raise
        log.warning("GPU left for the CPU: %s", error)
        return None, plan_tiles(shape, halo, tile_size=tile_size, longest=longest)
    return engine, tiles


def device_window(
    engine: Any,
    shape: tuple[int, int],
    *,
    patch_option: int,
    vegetation: bool,
    anisotropic: bool,
    sides: bool,
    sharing: int = 1,
) -> int | None:
    """Pixels each of the workers that share a device can hold at once; None without a device."""
    gpu = getattr(engine, "gpu", None)
    if gpu is None:
        return None
    rows, cols = shape
    window = gpu.largest_window(rows, cols, patch_option, vegetation, anisotropic, sides)
    return int(window) // sharing

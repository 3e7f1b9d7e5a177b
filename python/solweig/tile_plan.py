"""Whether a raster is cut into tiles, and how: pure arithmetic on sizes and limits."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .errors import ConfigurationError
from .tiling import TileSpec, generate_tiles

__all__ = [
    "MIN_CORE",
    "Backend",
    "Footprint",
    "Margin",
    "TilePlan",
    "cut_or_leave_device",
    "device_of",
    "estimate_memory",
    "plan_tiles",
    "prepare_footprint",
    "steps_footprint",
]

log = logging.getLogger("solweig")

MIN_CORE = 128
"""Cores are at least this wide [px]: narrower ones would compute little but what surrounds them."""
_GRAIN = 64
"""Cores that are chosen are a multiple of this, so that they hold whole chunks and blocks."""
_COARSE_GRAIN = 256
_LONGEST = 4096
"""Longer cores save nothing more: what surrounds them is a few per cent by then [px]."""


@dataclass(frozen=True)
class Margin:
    """What surrounds a core [px]: heights as far as light comes from, all else as far as the ground
    is seen from the core."""

    shadow: int
    view: int

    @property
    def halo(self) -> int:
        """How far heights are read around a core."""
        return self.shadow + self.view


@dataclass(frozen=True)
class Footprint:
    """Memory of a run, in bytes a cell."""

    #: Held for the whole raster, whatever the tiles.
    raster: float
    #: Of a tile's heights and of its other rasters, as they are read.
    read_heights: float
    read_cells: float
    #: Of the tile that is computed, besides.
    work_heights: float
    work_cells: float
    #: Of one step on its way to the store, a cell of the core.
    step: float = 0.0


@dataclass(frozen=True)
class Backend:
    """What a device takes, in bytes a cell, and what it has, in bytes.

    wgpu reports no memory: ``budget`` is our own, and every buffer counts against it. A single
    buffer has limits of its own, often far below (128 MiB on many integrated GPUs).
    """

    name: str
    budget: int
    largest_buffer: int
    largest_binding: int
    heights: int
    largest_heights: int
    cells: int
    largest_cells: int
    readback: int

    def why_not(self, heights: int, cells: int) -> str | None:
        """Why a tile of so many cells, heights and all else, does not fit; None if it does."""
        total = heights * self.heights + cells * self.cells
        for what, needed, limit in (
            ("a buffer of heights", heights * self.largest_heights, self.largest_binding),
            ("a buffer", cells * self.largest_cells, self.largest_binding),
            ("reading back", cells * self.readback, self.largest_buffer),
            ("all buffers", total, self.budget),
        ):
            if needed > limit:
                return f"{what} would take {_mib(needed)} of {_mib(limit)}"
        return None

    def shared(self, workers: int) -> Backend:
        """What each of several workers on the device has."""
        return replace(self, budget=self.budget // workers)


@dataclass(frozen=True)
class TilePlan:
    """How a raster is cut, and why."""

    shape: tuple[int, int]
    #: Side of a core and margin of heights around it [px].
    core: int
    halo: int
    reason: str
    #: Margin of everything else around it [px].
    view: int = 0
    #: Estimate for all tiles under way and what is held for the whole raster [bytes].
    memory: int = 0

    def tiles(self) -> list[TileSpec]:
        """The tiles, row by row from the north-west."""
        return generate_tiles(*self.shape, self.core, self.halo)

    def overlap_cost(self) -> float:
        """Cells computed over cells kept, 1 where nothing is computed twice."""
        return _area(self.shape, self.core, self.view) / (self.shape[0] * self.shape[1])

    def read_cost(self) -> float:
        """Heights read over cells kept."""
        return _area(self.shape, self.core, self.halo) / (self.shape[0] * self.shape[1])

    def describe(self) -> dict[str, Any]:
        """As it is recorded."""
        return {
            "core": self.core,
            "halo": self.halo,
            "view": self.view,
            "tiles": math.prod(math.ceil(n / self.core) for n in self.shape),
            "overlap_cost": self.overlap_cost(),
            "memory": self.memory,
            "reason": self.reason,
        }


def plan_tiles(
    shape: tuple[int, int],
    margin: Margin,
    *,
    tile_size: int | None = None,
    longest: int | None = None,
    footprint: Footprint | None = None,
    memory: int | None = None,
    backend: Backend | None = None,
    workers: int = 1,
    abreast: int = 2,
    inflight: int = 2,
    least: int = MIN_CORE,
) -> TilePlan | None:
    """Whether and how to cut a raster.

    Args:
        shape: of the raster.
        margin: around a core.
        tile_size: side of a core asked for [px]; None = as large as fits.
        longest: longest side of a core by SOLWEIG_MAX_TILE_SIDE [px]; an explicit ``tile_size``
            goes before it.
        footprint: memory of the run; None = not counted.
        memory: what it may take [bytes]; None = not limited.
        backend: the device; None = the CPU.
        workers: processes, each with its own tiles.
        abreast: tiles a process has under way: one computed, the others read or written.
        inflight: steps a process has on their way to the store.
        least: shortest core [px].

    Returns:
        None for one piece: nothing asked for, and all of it fits.

    Raises:
        ConfigurationError: a core below ``least`` was asked for; the device ("device") or the
            memory ("memory") hold less than the smallest tile.
    """
    if tile_size is not None and tile_size < least and tile_size < max(shape):
        raise ConfigurationError("tile_size", f"at least {least} pixels", tile_size)
    side = max(shape)

    def needs(core: int) -> int:
        return estimate_memory(shape, core, margin, footprint, workers, abreast, inflight)

    def why_not(core: int) -> tuple[str, str] | None:
        heights, cells = (_largest(shape, core, m) for m in (margin.halo, margin.view))
        device = None if backend is None else backend.why_not(heights, cells)
        if device is not None:
            return "device", device
        if memory is not None and needs(core) > memory:
            return "memory", f"{_mib(needs(core))} of {_mib(memory)}"
        return None

    wanted, reason = tile_size, "tile_size"
    if wanted is None and longest is not None:
        wanted, reason = max(longest, least), "SOLWEIG_MAX_TILE_SIDE"
    asked = wanted if wanted is not None and wanted < side else None
    first = why_not(side if asked is None else asked)
    if first is None:
        if asked is None:
            return None
        return TilePlan(shape, asked, margin.halo, reason, margin.view, needs(asked))
    why = first
    for core in _cores(min(side, _LONGEST) if asked is None else asked, least):
        found = why_not(core)
        if found is None:
            return TilePlan(
                shape, core, margin.halo, f"{first[0]}: {first[1]} otherwise", margin.view,
                needs(core),
            )  # fmt: skip
        why = found
    what, numbers = why
    raise ConfigurationError(
        what,
        f"room for a tile of {least} px with a halo of {margin.halo} px",
        f"too little: {numbers}",
        "Shorten max_shadow_distance_m" + (" or run on the CPU." if what == "device" else "."),
    )


def _cores(longest: int, least: int) -> Iterator[int]:
    """Sides to try, from the longest down to the shortest."""
    core = longest + 1
    while core > least:
        grain = _COARSE_GRAIN if core > 4 * _COARSE_GRAIN else _GRAIN
        core = max((core - 1) // grain * grain, least)
        yield core
    if longest <= least:
        yield least


def cut_or_leave_device(
    shape: tuple[int, int], margin: Margin, engine: Any, *, memory: int | None, **limits: Any
) -> tuple[Any, TilePlan | None]:
    """:func:`plan_tiles`, leaving a device that holds no sensible tile for the CPU.

    A machine whose memory holds no sensible tile gets the smallest ones, with a warning: the
    estimate may be too high, and it is the only way left.

    Returns:
        The engine to use, None being the CPU, and the tiles.

    Raises:
        ConfigurationError: a core too small was asked for; the device is too small and its engine
            is strict.
    """
    try:
        return engine, plan_tiles(shape, margin, memory=memory, **limits)
    except ConfigurationError as error:
        if error.field == "device" and engine is not None and engine.policy != "gpu":
            log.warning("GPU left for the CPU: %s", error)
            return cut_or_leave_device(
                shape, margin, None, memory=memory, **{**limits, "backend": None}
            )
        if error.field != "memory":
            raise
        log.warning("memory may not suffice: %s", error)
        least = limits["least"]
        asked = {**limits, "tile_size": min(limits.get("tile_size") or least, least)}
        return engine, plan_tiles(shape, margin, memory=None, **asked)


def device_of(
    engine: Any, *, patch_option: int, vegetation: bool, anisotropic: bool, sides: bool
) -> Backend | None:
    """The device of an engine, as a plan takes it; None without one."""
    gpu = getattr(engine, "gpu", None)
    if gpu is None:
        return None
    found: Mapping[str, int] = gpu.footprint(patch_option, vegetation, anisotropic, sides)
    return Backend(name=str(gpu.backend), **found)


# ------------------------------------------------------------------ memory


def prepare_footprint(words: int, vegetation: bool, *, in_memory: bool) -> Footprint:
    """Of the preparation: walls, sky view factors, visibility.

    Args:
        words: of a mask per cell, :func:`solweig._core.patch_table` patches over 32.
        vegetation: whether anything grows.
        in_memory: the result is kept in memory, not in mapped files.
    """
    sky = _sky(words, vegetation)
    layers = 16.0 if vegetation else 8.0
    # Layers, walls, buildings, valid cells.
    raster = layers + 8.0 + 2.0 + (sky if in_memory else 0.0)
    # The engine's heights: padded copies, maxima, flags.
    return Footprint(raster, layers, 0.0, _terrain(vegetation), sky)


def steps_footprint(
    words: int,
    vegetation: bool,
    *,
    outputs: int,
    sides: bool,
    layers: int,
    sky_in_memory: bool,
    steps_in_memory: int,
    results_in_memory: bool,
) -> Footprint:
    """Of the steps of a run.

    Args:
        words: of a mask per cell, 0 under the isotropic sky.
        vegetation: whether anything grows.
        outputs: rasters a step gives.
        sides: fluxes of the box's sides, or points of interest, are asked for.
        layers: optional rasters (land cover, albedo, emissivity).
        sky_in_memory: sky view factors and visibility are in memory, not in mapped files.
        steps_in_memory: steps kept in memory.
        results_in_memory: statistics and thermal state are in memory, not in mapped files.
    """
    sky = _sky(words, vegetation)
    heights = 16.0 if vegetation else 8.0
    raster = heights + 8.0 + 2.0 + 4.0 * layers + (sky if sky_in_memory else 0.0)
    raster += 4.0 * outputs * steps_in_memory + (4.0 * 21 if results_in_memory else 0.0)
    # Ground view geometry (5 fields and its steps), patch sums (4), shadow flags and ground view of
    # a step (11 fields), statistics (14), thermal state (6), fields of the step and their cores.
    work = 4.0 * (5 + 5 + 4 + 11 + 14 + 6 + 2 * (outputs + 3)) + (24.0 * 4.0 if sides else 0.0)
    read = sky + 9.0 + 4.0 * layers
    return Footprint(raster, heights, read, _terrain(vegetation), work, 4.0 * outputs)


def _sky(words: int, vegetation: bool) -> float:
    """Fifteen view factors, ten of them shared where nothing grows, and the masks."""
    families = 3 if vegetation else 1
    return 4.0 * (15 if vegetation else 6) + 4.0 * words * families


def _terrain(vegetation: bool) -> float:
    return 21.0 if vegetation else 6.0


def estimate_memory(
    shape: tuple[int, int],
    core: int,
    margin: Margin,
    footprint: Footprint | None,
    workers: int,
    abreast: int,
    inflight: int,
) -> int:
    """Memory of a run with cores of a size, which may be all of the raster [bytes]."""
    if footprint is None:
        return 0
    f = footprint
    heights, cells, own = (_largest(shape, core, m) for m in (margin.halo, margin.view, 0))
    read = heights * f.read_heights + cells * f.read_cells
    work = heights * f.work_heights + cells * f.work_cells
    whole = f.raster * shape[0] * shape[1]
    if core >= max(shape):
        # In one piece the rasters are read where they are.
        return int(whole + work + inflight * own * f.step)
    return int(whole + workers * (abreast * read + work + inflight * own * f.step))


def _largest(shape: tuple[int, int], core: int, margin: int) -> int:
    """Cells of the largest window of a cut."""
    return math.prod(min(n, core + 2 * margin) for n in shape)


def _area(shape: tuple[int, int], core: int, margin: int) -> int:
    """Cells of all windows of a cut."""

    def length(n: int) -> int:
        starts = range(0, n, core)
        return sum(min(s + core + margin, n) - max(s - margin, 0) for s in starts)

    return length(shape[0]) * length(shape[1])


def _mib(size: float) -> str:
    return f"{size / 2**20:.0f} MiB"

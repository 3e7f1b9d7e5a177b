"""Whether a raster is cut into tiles, and how: pure arithmetic on sizes and limits."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from solweig import _core, switches
from solweig.config import check_tile_size
from solweig.errors import ConfigurationError
from solweig.memory_limits import memory_budget
from solweig.renamed import also_takes
from solweig.tiles.grid import TileSpec, generate_tiles

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
_WIDE = 8192
"""Rows of a core in a file are then stretches of 32 KiB: of shorter ones a disk that manages some
ten thousand requests a second gives a fraction of what it could [px]."""
_LOW = 384
"""Wide cores are at least this high, or what surrounds them would cost more than the disk [px]."""
_LONGEST = 4096
"""Longer cores save nothing more: what surrounds them is a few per cent by then [px]."""


@dataclass(frozen=True)
class Margin:
    """What surrounds a core [px].

    Heights as far as light comes from, all else as far as the ground is seen from the core.
    """

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
    #: Side of a core, or its rows, and margin of heights around it [px].
    core: int
    halo: int
    reason: str
    #: Margin of everything else around it [px].
    view: int = 0
    #: Estimate for all tiles under way and what is held for the whole raster [bytes].
    memory: int = 0
    #: Columns of a core; None where it is a square.
    cols: int | None = None

    @classmethod
    def of_one(cls, shape: tuple[int, int], grain: int = 1) -> TilePlan:
        """The whole raster as one tile, its sides rounded up to whole ``grain``."""
        side = -(-max(shape) // grain) * grain
        return cls(shape, side, 0, "the raster in one piece")

    @property
    def sides(self) -> tuple[int, int]:
        """Rows and columns of a core."""
        return self.core, self.core if self.cols is None else self.cols

    def tiles(self) -> list[TileSpec]:
        """The tiles, row by row from the north-west."""
        return generate_tiles(*self.shape, self.core, self.halo, tile_cols=self.cols)

    def count(self) -> int:
        """How many tiles."""
        return math.prod(math.ceil(n / s) for n, s in zip(self.shape, self.sides, strict=True))

    def largest(self) -> tuple[int, int]:
        """Cells of the largest tile: heights that are read, and cells that are computed."""
        heights, cells = (_largest(self.shape, self.sides, m) for m in (self.halo, self.view))
        return heights, cells

    def overlap_cost(self) -> float:
        """Cells computed over cells kept, 1 where nothing is computed twice."""
        return _area(self.shape, self.sides, self.view) / (self.shape[0] * self.shape[1])

    def read_cost(self) -> float:
        """Heights read over cells kept."""
        return _area(self.shape, self.sides, self.halo) / (self.shape[0] * self.shape[1])

    def describe(self) -> dict[str, Any]:
        """As it is recorded."""
        return {
            "core": self.core,
            "core_cols": self.sides[1],
            "halo": self.halo,
            "view": self.view,
            "tiles": self.count(),
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
    wide: bool = False,
) -> TilePlan | None:
    """Whether and how to cut a raster.

    Parameters
    ----------
    shape
        Of the raster.
    margin
        Around a core.
    tile_size
        Side of a core asked for [px]; None = as large as fits.
    longest
        Longest side of a core by SOLWEIG_MAX_TILE_SIDE [px]; an explicit ``tile_size`` goes before
        it.
    footprint
        Memory of the run; None = not counted.
    memory
        What it may take [bytes]; None = not limited.
    backend
        The device; None = the CPU.
    workers
        Processes, each with its own tiles.
    abreast
        Tiles a process has under way: one computed, the others read or written.
    inflight
        Steps a process has on their way to the store.
    least
        Shortest core [px].
    wide
        The tiles are read from and written to files, row by row: cores that are chosen are wider
        than high, because a disk is slow in short stretches.

    Returns
    -------
    TilePlan | None
        None for one piece: nothing asked for, and all of it fits.

    Raises
    ------
    ConfigurationError
        A core below ``least`` was asked for; the device ("device") or the memory ("memory") hold
        less than the smallest tile.
    """
    check_tile_size(tile_size, shape, least)
    side = max(shape)

    def plan(core: tuple[int, int], reason: str) -> TilePlan:
        memory = estimate_memory(shape, core, margin, footprint, workers, abreast, inflight)
        cols = None if core[0] == core[1] else core[1]
        return TilePlan(shape, core[0], margin.halo, reason, margin.view, memory, cols)

    def why_not(found: TilePlan) -> tuple[str, str] | None:
        device = None if backend is None else backend.why_not(*found.largest())
        if device is not None:
            return "device", device
        if memory is not None and found.memory > memory:
            return "memory", f"{_mib(found.memory)} of {_mib(memory)}"
        return None

    wanted, reason = tile_size, "tile_size"
    if wanted is None and longest is not None:
        wanted, reason = max(longest, least), "SOLWEIG_MAX_TILE_SIDE"
    asked = wanted if wanted is not None and wanted < side else None
    whole = side if asked is None else asked
    tried = plan((whole, whole), reason)
    first = why_not(tried)
    if first is None:
        return None if asked is None else tried
    why = first
    for core in _cores(min(side, _LONGEST) if asked is None else asked, least):
        sides = _widened(core, shape, least) if wide and asked is None else (core, core)
        tried = plan(sides, f"{first[0]}: {first[1]} otherwise")
        found = why_not(tried)
        if found is None:
            return tried
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


def _widened(core: int, shape: tuple[int, int], least: int) -> tuple[int, int]:
    """Rows and columns of a core of about as many cells, wide enough for a disk.

    The columns of the raster are shared out evenly.
    """
    area = core * core
    width = min(max(core, _WIDE), area // max(least, min(core, _LOW)), shape[1])
    parts = math.ceil(shape[1] / max(width, 1))
    cols = math.ceil(shape[1] / parts / _GRAIN) * _GRAIN
    rows = area // cols // _GRAIN * _GRAIN
    if cols <= core or rows < least:
        return core, core
    return rows, cols


def cut_or_leave_device(
    shape: tuple[int, int],
    margin: Margin,
    engine: _core.Engine | None,
    *,
    memory: int | None,
    **limits: Any,
) -> tuple[_core.Engine | None, TilePlan | None]:
    """:func:`plan_tiles`, leaving a device that holds no sensible tile for the CPU.

    A machine whose memory holds no sensible tile gets the smallest ones, with a warning: the
    estimate may be too high, and it is the only way left.

    Returns
    -------
    tuple[_core.Engine | None, TilePlan | None]
        The engine to use, None being the CPU, and the tiles.

    Raises
    ------
    ConfigurationError
        A core too small was asked for; the device is too small and its engine is strict.
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
    engine: _core.Engine | None,
    *,
    patch_option: int,
    vegetation: bool,
    anisotropic: bool,
    sides: bool,
    attribution: bool = False,
    heated: bool = False,
    air: bool = False,
) -> Backend | None:
    """The device of an engine, as a plan takes it; None without one."""
    gpu = None if engine is None else engine.gpu
    if gpu is None:
        return None
    found: Mapping[str, int] = gpu.footprint(
        patch_option, vegetation, anisotropic, sides, attribution, heated, air
    )
    return Backend(name=str(gpu.backend), **found)


# ------------------------------------------------------------------ memory


def prepare_footprint(words: int, vegetation: bool, *, in_memory: bool) -> Footprint:
    """Of the preparation: walls, sky view factors, visibility.

    Parameters
    ----------
    words
        Of a mask per cell, :func:`solweig._core.patch_table` patches over 32.
    vegetation
        Whether anything grows.
    in_memory
        The result is kept in memory, not in mapped files.
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

    Parameters
    ----------
    words
        Of a mask per cell, 0 under the isotropic sky.
    vegetation
        Whether anything grows.
    outputs
        Rasters a step gives.
    sides
        Fluxes of the box's sides, or points of interest, are asked for.
    layers
        Optional rasters (land cover, albedo, emissivity).
    sky_in_memory
        Sky view factors and visibility are in memory, not in mapped files.
    steps_in_memory
        Steps kept in memory.
    results_in_memory
        Statistics and thermal state are in memory, not in mapped files.
    """
    sky = _sky(words, vegetation)
    heights = 16.0 if vegetation else 8.0
    raster = heights + 8.0 + 2.0 + 4.0 * layers + (sky if sky_in_memory else 0.0)
    raster += 4.0 * outputs * steps_in_memory + (4.0 * 21 if results_in_memory else 0.0)
    # Ground view geometry (5 fields and its steps), patch sums (4), shadow flags and ground view of
    # a step (11 fields), statistics (16), thermal state (6), fields of the step and their cores.
    work = 4.0 * (5 + 5 + 4 + 11 + 16 + 6 + 2 * (outputs + 3)) + (24.0 * 4.0 if sides else 0.0)
    # Under the patch sky the twelve factors of directions are not read.
    read = sky - (4.0 * 12 if words and vegetation else 4.0 * 4 if words else 0.0)
    read += 9.0 + 4.0 * layers
    return Footprint(raster, heights, read, _terrain(vegetation), work, 4.0 * outputs)


def _sky(words: int, vegetation: bool) -> float:
    """Fifteen view factors, ten of them shared where nothing grows, and the masks."""
    families = 3 if vegetation else 1
    return 4.0 * (15 if vegetation else 6) + 4.0 * words * families


def _terrain(vegetation: bool) -> float:
    return 21.0 if vegetation else 6.0


def estimate_memory(
    shape: tuple[int, int],
    core: tuple[int, int],
    margin: Margin,
    footprint: Footprint | None,
    workers: int,
    abreast: int,
    inflight: int,
) -> int:
    """Memory of a run with cores of so many rows and columns [bytes].

    A core may hold all of the raster.
    """
    if footprint is None:
        return 0
    f = footprint
    heights, cells, own = (_largest(shape, core, m) for m in (margin.halo, margin.view, 0))
    read = heights * f.read_heights + cells * f.read_cells
    work = heights * f.work_heights + cells * f.work_cells
    whole = f.raster * shape[0] * shape[1]
    if min(core) >= max(shape):
        # In one piece the rasters are read where they are.
        return int(whole + work + inflight * own * f.step)
    return int(whole + workers * (abreast * read + work + inflight * own * f.step))


def _largest(shape: tuple[int, int], core: tuple[int, int], margin: int) -> int:
    """Cells of the largest window of a cut."""
    return math.prod(min(n, s + 2 * margin) for n, s in zip(shape, core, strict=True))


def _area(shape: tuple[int, int], core: tuple[int, int], margin: int) -> int:
    """Cells of all windows of a cut."""

    def length(n: int, side: int) -> int:
        starts = range(0, n, side)
        return sum(min(s + side + margin, n) - max(s - margin, 0) for s in starts)

    return length(shape[0], core[0]) * length(shape[1], core[1])


def _mib(size: float) -> str:
    return f"{size / 2**20:.0f} MiB"


_BYTES_PER_PIXEL = 400
_ASSUMED_MEMORY = 8 * 2**30


@also_takes("context")
def compute_max_tile_pixels() -> int:
    """Pixels of the largest tile that fits the share of memory a run may plan for.

    Counts 400 bytes a pixel, what a run with trees and the anisotropic sky needs at its peak, and
    keeps ``SOLWEIG_RAM_FRACTION`` and ``SOLWEIG_MAX_TILE_SIDE``. Where the operating system does
    not tell its memory, 8 GiB are assumed.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ConfigurationError
        A variable of the environment holds no number in its range.
    """
    planned, budget = switches.read(), memory_budget()
    if budget is None:
        budget = int(_ASSUMED_MEMORY * planned.ram_fraction)
    pixels = budget // _BYTES_PER_PIXEL
    if planned.max_tile_side is not None:
        pixels = min(pixels, planned.max_tile_side**2)
    return max(pixels, 1)

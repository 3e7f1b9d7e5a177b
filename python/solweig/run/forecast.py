"""What a run over a raster will take, before it is begun: tiles, memory, disk, time."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from solweig import _core, switches
from solweig.errors import ConfigurationError, InvalidSurfaceData
from solweig.execution.strategy import DEFAULT_ABREAST
from solweig.memory_limits import available_memory, memory_budget, stay_on_disk
from solweig.rasters.sources import RasterSource, open_source
from solweig.rasters.target import target_grid
from solweig.rasters.units import check_clear, check_height_unit
from solweig.run.store import is_large
from solweig.tiles.grid import ground_view_reach, shadow_reach
from solweig.tiles.plan import (
    Backend,
    Footprint,
    Margin,
    TilePlan,
    estimate_memory,
    plan_tiles,
    prepare_footprint,
    steps_footprint,
)

__all__ = ["RunForecast", "SurfaceSize", "forecast", "measure_surface"]

PREPARE_S_PER_MPX = 1.8
"""Walls and sky view factors of a dense city, 153 patches, two cores (docs/performance.md)."""
STEP_S_PER_MPX = 0.21
"""An anisotropic day step with UTCI of a dense city, two cores (docs/performance.md)."""
NIGHT_STEP_S_PER_MPX = 0.05
RUN_S_PER_MPX = 1.0
"""Of a run besides its steps: reading sky view, geometry, writing summaries (docs/scaling.md)."""
READ_S_PER_MPX = 0.03
"""Reading heights and building the engine's layers, two cores."""
_MEASURED_CORES = 2
_COMPRESSED = 0.6
"""What compression leaves of a step, from the sites in ``reference/``."""


@dataclass(frozen=True)
class SurfaceSize:
    """What a plan needs to know of a raster."""

    shape: tuple[int, int]
    #: Side of a cell [m].
    pixel_size: float
    #: Between the lowest ground and the highest roof or crown [m].
    relief_m: float
    vegetation: bool


@dataclass(frozen=True)
class RunForecast:
    """What a run will take; times are estimates from measured rates."""

    place: SurfaceSize
    #: None for one piece.
    preparation: TilePlan | None
    steps: TilePlan | None
    #: Bytes for each, and what there is.
    preparation_memory: int
    steps_memory: int
    budget: int | None
    #: Bytes of the prepared surface, of working files, and of the results.
    cache_disk: int
    working_disk: int
    result_disk: int
    preparation_s: float
    steps_s: float
    #: Why a device that was given is left for the CPU.
    device_left: str | None = None

    def lines(self) -> list[tuple[str, str]]:
        """For people."""
        rows, cols = self.place.shape
        vegetation = "with vegetation" if self.place.vegetation else "without vegetation"
        megapixels = rows * cols / 1e6
        budget = "unknown" if self.budget is None else _size(self.budget)
        return [
            ("raster", f"{rows} x {cols} cells of {self.place.pixel_size:g} m, "
             f"{megapixels:.4g} Mpx, relief {self.place.relief_m:.0f} m, {vegetation}"),
            ("preparation", _cut(self.preparation)),
            ("", f"memory {_size(self.preparation_memory)}, "
             f"about {_duration(self.preparation_s)}"),
            ("steps", _cut(self.steps)),
            ("", f"memory {_size(self.steps_memory)}, about {_duration(self.steps_s)}"),
            ("memory", f"{budget} to plan for"),
            ("disk", f"{_size(self.cache_disk)} for the prepared surface, "
             f"{_size(self.working_disk)} while running, "
             f"about {_size(self.result_disk)} of results"),
        ]  # fmt: skip


def measure_surface(
    dsm: Path, cdsm: Path | None, *, reproject: Any = None, height_unit: Any = None
) -> SurfaceSize:
    """Read a raster by blocks for what a plan needs.

    Parameters
    ----------
    dsm, cdsm
        Surface model and canopy.
    reproject, height_unit
        As in :meth:`solweig.SurfaceData.prepare`.

    Raises
    ------
    InvalidSurfaceData
        A file is missing or no raster, has no data, or a projection that is refused.
    ConfigurationError
        An unknown projection or unit.
    """
    units = check_height_unit(height_unit)
    source = open_source("dsm", dsm, units.get("dsm"))
    grid = target_grid(source, [], reproject=reproject)
    low, high = _range(source)
    if not math.isfinite(low):
        raise InvalidSurfaceData("dsm", "cells with data", f"none in {dsm}")
    canopy = 0.0
    if cdsm is not None:
        canopy = max(_range(open_source("cdsm", cdsm, units.get("cdsm")))[1], 0.0)
    return SurfaceSize(grid.shape, grid.pixel_size, high - low + canopy, canopy > 0.0)


def _range(source: RasterSource) -> tuple[float, float]:
    """Least and greatest value [m] of a file."""
    import rasterio
    from rasterio.errors import RasterioIOError

    check_clear(source.name, source.unit)
    try:
        with rasterio.open(source.path) as dataset:
            low, high = math.inf, -math.inf
            for _, window in dataset.block_windows(1):
                numbers = dataset.read(1, window=window, masked=True).astype(np.float64)
                known = source.stored.values(numbers.compressed())
                known = known[np.isfinite(known)]
                if known.size:
                    low, high = min(low, float(known.min())), max(high, float(known.max()))
            return low, high
    except (RasterioIOError, UnicodeDecodeError) as error:
        raise InvalidSurfaceData(source.name, "a raster file", f"{source.path} ({error})") from (
            error
        )


def forecast(
    place: SurfaceSize,
    *,
    steps: int = 24,
    outputs: int = 1,
    patch_option: int = 2,
    anisotropic: bool = True,
    max_shadow_distance_m: float = 1000.0,
    lowest_sun_deg: float = 3.0,
    tile_size: int | None = None,
    memory: int | None = None,
    workers: int = 1,
    backend: Backend | None = None,
    cores: int | None = None,
) -> RunForecast:
    """What preparing a surface and running over it will take; computes nothing of either.

    Parameters
    ----------
    place
        The raster.
    steps, outputs
        Of the run, and rasters a step.
    patch_option
        1-4.
    anisotropic
        The Perez sky.
    max_shadow_distance_m
        Reach of shadows [m].
    lowest_sun_deg
        Lowest sun of the run [degrees], at least 1.
    tile_size
        Side of a core asked for [px].
    memory
        What may be used [bytes]; None = this machine's share.
    workers
        Processes.
    backend
        A device; None = the CPU.
    cores
        To compute with; None = this machine's.

    Raises
    ------
    ConfigurationError
        A number out of range; no tile fits the memory or the device.
    """
    _check(place, steps, outputs, max_shadow_distance_m, lowest_sun_deg)
    budget = memory_budget() if memory is None else memory
    least, longest = switches.read().min_tile_side, switches.read().max_tile_side
    altitudes = _core.patch_table(patch_option)["altitude"]
    words = -(-len(altitudes) // 32)
    cells = place.shape[0] * place.shape[1]
    in_memory = prepare_footprint(words, place.vegetation, in_memory=True)
    mapped = stay_on_disk(cells, in_memory.raster, budget)

    def reach(altitude: float) -> int:
        size = place.pixel_size
        return shadow_reach(place.relief_m, max(altitude, 1.0), size, max_shadow_distance_m)

    common: dict[str, Any] = {
        "tile_size": tile_size, "longest": longest, "least": least, "memory": budget,
        "workers": workers,
    }  # fmt: skip
    sky = prepare_footprint(words, place.vegetation, in_memory=False) if mapped else in_memory
    sky_margin = Margin(reach(float(altitudes.min())), 0)
    run = steps_footprint(
        words if anisotropic else 0, place.vegetation, outputs=outputs, sides=False, layers=1,
        sky_in_memory=not mapped, steps_in_memory=0,
        results_in_memory=not is_large(place.shape, budget),
    )  # fmt: skip
    run_margin = Margin(reach(lowest_sun_deg), ground_view_reach(place.pixel_size))
    left = []

    def cut(margin: Margin, footprint: Footprint, wide: bool) -> TilePlan | None:
        chosen = {**common, "footprint": footprint, "wide": wide}
        try:
            return plan_tiles(place.shape, margin, backend=backend, **chosen)
        except ConfigurationError as error:
            if error.field != "device":
                raise
            left.append(str(error))  # as a run would, unless it is strict
            return plan_tiles(place.shape, margin, **chosen)

    preparation, stepping = cut(sky_margin, sky, False), cut(run_margin, run, mapped)

    def memory_of(plan: TilePlan | None, margin: Margin, footprint: Footprint) -> int:
        whole = max(place.shape)
        core = (whole, whole) if plan is None else plan.sides
        return estimate_memory(place.shape, core, margin, footprint, workers, DEFAULT_ABREAST, 2)

    machine = os.cpu_count() or 1 if cores is None else cores
    speed = _MEASURED_CORES / machine / 1e6
    families = 3 if place.vegetation else 1
    return RunForecast(
        place=place,
        preparation=preparation,
        steps=stepping,
        preparation_memory=memory_of(preparation, sky_margin, sky),
        steps_memory=memory_of(stepping, run_margin, run),
        budget=budget,
        cache_disk=cells * (60 + 4 * words * families + 27),
        working_disk=0 if stepping is None else cells * 4 * (steps * outputs + 21),
        result_disk=int(cells * 4 * _COMPRESSED * (steps * outputs + 15)),
        preparation_s=speed * cells
        * (PREPARE_S_PER_MPX + READ_S_PER_MPX * (preparation.read_cost() if preparation else 1.0)),
        steps_s=speed * cells
        * (
            _steps_s_per_mpx(steps) * (stepping.overlap_cost() if stepping else 1.0)
            + READ_S_PER_MPX * (stepping.read_cost() if stepping else 1.0)
        ),
        device_left=next(iter(left), None),
    )  # fmt: skip


def _steps_s_per_mpx(steps: int) -> float:
    """Of all steps and of what a run takes whatever their number; a day or more is half night."""
    step = STEP_S_PER_MPX if steps < 24 else 0.5 * (STEP_S_PER_MPX + NIGHT_STEP_S_PER_MPX)
    return RUN_S_PER_MPX + steps * step


def _check(
    place: SurfaceSize,
    steps: int,
    outputs: int,
    max_shadow_distance_m: float,
    lowest_sun_deg: float,
) -> None:
    for name, value, least in (
        ("rows", place.shape[0], 1),
        ("columns", place.shape[1], 1),
        ("steps", steps, 1),
        ("outputs", outputs, 1),
    ):
        if value < least:
            raise ConfigurationError(name, f"at least {least}", value)
    for name, number in (
        ("pixel_size", place.pixel_size),
        ("max_shadow_distance_m", max_shadow_distance_m),
    ):
        if not 0.0 < number < math.inf:
            raise ConfigurationError(name, "a positive number", number)
    if not 0.0 <= place.relief_m < math.inf:
        raise ConfigurationError("relief_m", "0 or more", place.relief_m)
    if not 0.0 < lowest_sun_deg <= 90.0:
        raise ConfigurationError("lowest_sun_deg", "0 < value <= 90", lowest_sun_deg)


def _cut(plan: TilePlan | None) -> str:
    if plan is None:
        return "in one piece"
    rows, cols = plan.sides
    side = f"{rows}" if rows == cols else f"{rows} x {cols}"
    return (
        f"{plan.count()} tiles of {side} px with a halo of {plan.halo} px ({plan.reason}); "
        f"{plan.overlap_cost():.2f} cells computed and {plan.read_cost():.2f} heights read a cell"
    )


def _size(size: float) -> str:
    return f"{size / 2**30:.2f} GiB" if size >= 2**29 else f"{size / 2**20:.0f} MiB"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def machine_memory() -> str:
    """What this machine has, and who limits it."""
    found = available_memory()
    return "unknown" if found is None else f"{_size(found[0])} ({found[1]})"

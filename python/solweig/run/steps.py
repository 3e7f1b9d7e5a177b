"""Carrying out the steps of a run: how its raster is cut, and who does the tiles."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig import _core, switches
from solweig.config import ATTRIBUTION
from solweig.execution.opening import engine_of, here_alone, strategy_of
from solweig.execution.overlap import may_overlap
from solweig.execution.strategy import DEFAULT_ABREAST
from solweig.execution.telemetry import Telemetry
from solweig.execution.threads import use_threads
from solweig.memory_limits import memory_budget
from solweig.run.outcome import Outcome
from solweig.run.plan import RunPlan
from solweig.run.store import RunStore, is_large, open_cube, recorded_tiles
from solweig.run.tiled import journal_head, run_margin, run_tiled
from solweig.run.writing import step_writer
from solweig.tiles.plan import Backend, TilePlan, cut_or_leave_device, device_of, steps_footprint
from solweig.tiles.store import TileStore
from solweig.typing import Advance

__all__ = ["carry_out", "write_steps"]

log = logging.getLogger("solweig")

_CUBE_CORE = 512
"""Chunks of a cube whose raster runs in one piece have this side at the most [px]."""


def carry_out(plan: RunPlan, telemetry: Telemetry, progress: Advance | None) -> Outcome:
    """Run every step; rasters go to the output folder, or stay in memory without one."""
    engine = engine_of(plan.execution)
    engine, tiles = _tiles(plan, engine)
    overlap = _wants_overlap(engine)
    execution = plan.execution
    if tiles is None:
        tiles = TilePlan.of_one(plan.georef.shape, _CUBE_CORE)
        if execution.strategy != "dask":
            if execution.workers is not None:
                use_threads(execution.workers)
            execution = here_alone(execution)
    strategy = strategy_of(execution, engine)
    return run_tiled(plan, tiles, strategy, telemetry, progress=progress, overlap=overlap)


def _tiles(
    plan: RunPlan, engine: _core.Engine | None
) -> tuple[_core.Engine | None, TilePlan | None]:
    """The engine, the CPU's if the device is too small; and how the raster is cut, if it is.

    Raises
    ------
    ConfigurationError
        A strict run whose device holds no sensible tile.
    """
    margin, chosen = run_margin(plan), switches.read()
    if plan.settings.output_dir is not None and plan.settings.resume:
        # The cut of the interrupted run, whatever this machine would choose.
        blank = TilePlan(plan.georef.shape, 1, margin.halo, "")
        found = recorded_tiles(plan, journal_head(plan, blank))
        if found is not None:
            core, cols, halo = found
            reason = "as the run was begun"
            tiles = TilePlan(plan.georef.shape, core, halo, reason, margin.view, cols=cols)
            fits = _backend(plan, engine)
            if fits is not None and fits.why_not(*tiles.largest()) is not None:
                engine = None  # the run was begun on the CPU for the same reason
            return engine, tiles
    shape, arrays = plan.georef.shape, plan.arrays()
    vegetation, sides = plan.surface.facts().has_vegetation, _wants_sides(plan)
    masks = arrays.masks or {}
    words = next((mask.shape[2] for mask in masks.values()), 0)
    mapped = isinstance(arrays.svf["svf"], np.memmap)
    footprint = steps_footprint(
        words,
        vegetation,
        outputs=len(plan.outputs),
        sides=sides,
        layers=sum(
            x is not None
            for x in (
                arrays.land_cover,
                arrays.albedo,
                arrays.emissivity,
                plan.surface.transmissivity,
            )
        ),
        sky_in_memory=not mapped,
        steps_in_memory=0 if plan.settings.output_dir is not None else len(plan.series),
        results_in_memory=plan.settings.output_dir is None or not is_large(shape),
    )
    period = plan.period
    if period is not None:
        own = period.request.bytes_per_cell(len(period.names), period.ranges)
        footprint = replace(footprint, work_cells=footprint.work_cells + own)
    return cut_or_leave_device(
        shape,
        margin,
        engine,
        tile_size=plan.settings.model.tile_size,
        longest=chosen.max_tile_side,
        least=chosen.min_tile_side,
        footprint=footprint,
        memory=memory_budget(),
        backend=_backend(plan, engine),
        workers=plan.execution.workers or 1 if engine is None else _sharing(plan.execution),
        abreast=plan.execution.tile_workers or DEFAULT_ABREAST,
        inflight=plan.execution.inflight_limit,
        wide=mapped and plan.execution.strategy != "dask",
    )


def _backend(plan: RunPlan, engine: _core.Engine | None) -> Backend | None:
    """What each worker on the engine's device has; None without one."""
    arrays = plan.arrays()
    found = device_of(
        engine,
        patch_option=arrays.patch_option,
        vegetation=plan.surface.facts().has_vegetation,
        anisotropic=arrays.masks is not None,
        sides=_wants_sides(plan),
        attribution=any(name in ATTRIBUTION for name in plan.outputs),
        heated=plan.settings.model.walls == "heated",
        # Several skies take no more than that.
        air=bool(plan.fields) or plan.sky is not None,
    )
    return None if found is None else found.shared(_sharing(plan.execution))


def _wants_sides(plan: RunPlan) -> bool:
    """Whether the fluxes of the box's sides are asked for."""
    return plan.params["body"] == "box" or plan.points is not None


def _sharing(execution: Any) -> int:
    return int(getattr(execution, "workers_per_gpu", 1))


def _wants_overlap(engine: _core.Engine | None) -> bool:
    """Whether a step may run while the one before is delivered; says why where it may not."""
    if not switches.read().aniso_gpu_overlap:
        return False
    why_not = may_overlap(engine)
    if why_not is not None:
        log.warning("SOLWEIG_ANISO_GPU_OVERLAP: off, because %s", why_not)
    return why_not is None


def write_steps(
    plan: RunPlan, steps: Mapping[str, NDArray[np.float32]], telemetry: Telemetry
) -> RunStore | None:
    """Write steps that are in memory to the output folder, if there is one.

    Returns
    -------
    RunStore | None
        Where the steps are, if a cube or a NetCDF file is wanted.
    """
    if plan.settings.output_dir is None:
        return None
    if "geotiff" in plan.settings.formats:
        with step_writer(plan, telemetry) as writer:
            for i, stamp in enumerate(plan.series.stamps):
                writer.submit(stamp, {name: grid[i] for name, grid in steps.items()})
    if "zarr" not in plan.settings.formats:
        if "netcdf" not in plan.settings.formats:
            return None
        memory = TileStore()
        memory.put_all("step", steps)
        return RunStore(memory, None, {}, None, passing=False, folder=None)
    cube = open_cube(plan, TilePlan.of_one(plan.georef.shape, _CUBE_CORE), keep=False)
    rows, cols = plan.georef.shape
    for name, grid in steps.items():
        cube.create(f"step/{name}", (len(plan.series), rows, cols))
        for i in range(len(plan.series)):
            cube.write(f"step/{name}", (slice(0, rows), slice(0, cols)), grid[i], i)
    return RunStore(cube, None, {}, cube, passing=False, folder=None)

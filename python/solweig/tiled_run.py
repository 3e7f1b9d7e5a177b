"""A run over tiles: tile outer, time inner, cores stitched into whole-raster results.

On the CPU every grid and every mean is that of the raster in one piece, bit for bit.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .execution import tally as tallies
from .execution.strategy import GPUStrategy
from .execution.telemetry import Telemetry
from .execution.worker import Done
from .progress import parts_of
from .run_outcome import Collected, Outcome
from .state import ThermalState
from .tile_plan import TilePlan
from .tile_steps import Sums, TileSteps, TileStepsJob
from .tile_store import TileStore
from .tiled_svf import scene_arguments
from .tiling import TileSpec, ground_view_reach, shadow_reach

if TYPE_CHECKING:
    from .run_plan import RunPlan

__all__ = ["run_halo", "run_tiled"]

log = logging.getLogger("solweig")

STATE_NAMES = ("lup", "lup_e", "lup_s", "lup_w", "lup_n", "tg")
_STATISTICS = ("mean", "max", "min", "day_mean", "night_mean")
_STATISTIC_NAMES = (
    *(f"{quantity}_{s}" for quantity in ("tmrt", "utci") for s in _STATISTICS),
    "sun_hours",
    "shade_hours",
)

Deliver = Callable[[datetime, dict[str, NDArray[np.float32]]], None]


def run_halo(plan: RunPlan) -> int:
    """Margin around a core that holds everything that can matter to its steps [px].

    A core sees ground as far as the ground view goes, and that ground is shaded from as far as
    shadows reach.
    """
    scene, params = plan.surface.scene(), plan.params
    altitude = np.asarray(plan.series.columns["altitude"], dtype=np.float64)
    by_day = altitude[altitude >= 0.0]
    reach = 0
    if by_day.size:
        bound = params.get("height_bound_m")
        reach = shadow_reach(
            min(scene.relief_m, np.inf if bound is None else float(bound)),
            max(float(by_day.min()), 1.0),  # the model's low-sun rule
            plan.surface.pixel_size,
            float(params["max_shadow_distance_m"]),
        )
    return reach + ground_view_reach(plan.surface.pixel_size)


def run_tiled(
    plan: RunPlan,
    tiles: TilePlan,
    strategy: GPUStrategy,
    telemetry: Telemetry,
    *,
    deliver: Deliver | None,
    progress: Callable[[int, int], Any] | None,
    overlap: bool = False,
) -> Outcome:
    """Carry out a run tile by tile.

    Args:
        plan: the run.
        tiles: how its raster is cut.
        strategy: who does the tiles; initialised here.
        telemetry: takes the measurements.
        deliver: receives every step's whole grids in order, after the last tile; None keeps them in
            memory.
        progress: called with (tile steps done, tile steps in all).
        overlap: run a step of a tile while the one before is stitched.

    Raises:
        Exception: what went wrong in a worker; the other workers are stopped.
    """
    specs = tiles.tiles()
    log.info(
        "tiles: %d of %d px with a halo of %d px (%s), %d worker(s)",
        len(specs), tiles.core, tiles.halo, tiles.reason, strategy.num_workers,
    )  # fmt: skip
    on_disk = strategy.num_workers > 1
    folder: Path | None = plan.output_dir
    collected = Collected(plan.series.stamps, plan.points, telemetry)
    with (
        TileStore(on_disk=on_disk, folder=folder) as inputs,
        # Steps that will be written wait on the disk, where the written ones will be.
        TileStore(on_disk=on_disk or deliver is not None, folder=folder) as results,
        strategy,
    ):
        job = _job(plan, inputs, results, overlap)
        built = time.perf_counter()
        stitcher = _Stitcher(plan, specs, collected, telemetry)
        report = parts_of(progress, len(specs))
        for done in strategy.run(job, stitcher.items(), report):
            stitcher.take(done)
        telemetry.record("queue_depth_peak", strategy.queue_depth_peak)
        stitcher.finish()
        outcome = Outcome(
            collected=collected,
            grids=results.take_all("statistic"),
            hours_above={float(t): grid for t, grid in results.take_all("hours").items()},
            counts=stitcher.last.counts,
            state=stitcher.state(results),
            tally=tallies.merge(stitcher.tallies),
            steps=None if deliver is not None else results.take_all("step"),
            built=built,
            workers=stitcher.workers(),
            tile_plan=tiles.describe(),
        )
        if deliver is not None:
            for i, stamp in enumerate(plan.series.stamps):
                deliver(stamp, {n: np.array(results[f"step/{n}"][i]) for n in plan.outputs})
    return outcome


def _job(plan: RunPlan, inputs: TileStore, results: TileStore, overlap: bool) -> TileStepsJob:
    """The whole raster's arrays in the stores, and what to do with them."""
    surface, arrays = plan.surface, plan.arrays()
    scene = surface.scene()
    inputs.put("dsm", surface.dsm)
    inputs.put("dem", surface.dem)
    if scene.has_vegetation:
        inputs.put("canopy", surface.cdsm)
        inputs.put("trunk", surface.tdsm)
    inputs.put_all("svf", arrays.svf)
    inputs.put_all("masks", arrays.masks or {})
    for name, grid in arrays.layers().items():
        inputs.put(name, grid)
    state = plan.state
    if state is not None:
        inputs.put_all("state", state.fields)
    rows, cols = plan.georef.shape
    for name in plan.outputs:
        results.create(f"step/{name}", (len(plan.series), rows, cols))
    for name in _STATISTIC_NAMES:
        results.create(f"statistic/{name}", (rows, cols))
    for threshold in dict.fromkeys((*plan.thresholds_day, *plan.thresholds_night)):
        results.create(f"hours/{threshold!r}", (rows, cols))
    for name in STATE_NAMES:
        results.create(f"state/{name}", (rows, cols))
    return TileStepsJob(
        inputs=inputs,
        results=results,
        scene=scene_arguments(surface),
        patch_option=arrays.patch_option,
        params=plan.params,
        weather=[plan.series.step(i) for i in range(len(plan.series))],
        outputs=plan.outputs,
        thresholds_day=plan.thresholds_day,
        thresholds_night=plan.thresholds_night,
        clock=None if state is None else (state.first, state.accumulated_days),
        view=ground_view_reach(surface.pixel_size),
        overlap=overlap,
    )


class _Stitcher:
    """Puts together what the tiles send back."""

    def __init__(
        self,
        plan: RunPlan,
        specs: Sequence[TileSpec],
        collected: Collected,
        telemetry: Telemetry,
    ) -> None:
        self._plan, self._specs = plan, specs
        self._collected, self._telemetry = collected, telemetry
        self._own = [_own_points(plan, spec) for spec in specs]
        self._sums = [Sums() for _ in range(len(plan.series))]
        self._points: list[dict[str, NDArray[np.float64]]] = [{} for _ in self._sums]
        self._workers: dict[int, dict[str, Any]] = {}
        self.tallies: list[tallies.Tally] = []
        self.last: TileSteps

    def items(self) -> list[tuple[TileSpec, NDArray[np.int64] | None]]:
        """Tiles with the points in their cores, as cells of their windows."""
        return [
            (spec, None if own is None else _in_window(self._plan, spec, own))
            for spec, own in zip(self._specs, self._own, strict=True)
        ]

    def take(self, done: Done) -> None:
        """Add the scalars, points and times of a finished tile."""
        found: TileSteps = done.value
        self.last = found
        self.tallies.append(done.tally)
        self._sums = [a + b for a, b in zip(self._sums, found.sums, strict=True)]
        own = self._own[done.number]
        if own is not None:
            for known, values in zip(self._points, found.points, strict=True):
                for name, column in values.items():
                    known.setdefault(name, np.full(len(self._plan_cells()), np.nan))[own] = column
        self._collected.add_seconds({**found.stage_seconds, "stitch": found.stitch_seconds})
        self._measure(done, found)
        entry = self._workers.setdefault(
            done.origin.worker_id, {**vars(done.origin), "tiles": 0, "seconds": 0.0}
        )
        entry["tiles"] += 1
        entry["seconds"] += done.seconds

    def _measure(self, done: Done, found: TileSteps) -> None:
        record = self._telemetry.record
        for seconds in found.step_seconds:
            record("timestep_wall_time_s", seconds)
        record("tile_turnaround_ms", 1e3 * done.turnaround)
        if found.overlap_seconds:
            record("aniso_gpu_overlap_s", found.overlap_seconds)
        self._telemetry.gpu_stages(done.device_seconds, done.device_timing)
        self._telemetry.stages(f"tile {done.number + 1}/{len(self._specs)}", found.stage_seconds)

    def _plan_cells(self) -> NDArray[np.int64]:
        assert self._plan.points is not None
        return self._plan.points.cells

    def finish(self) -> None:
        """Book the steps, whose means are now known."""
        rest = zip(self.last.scalars, self._sums, self._points, strict=True)
        for i, (scalars, sums, points) in enumerate(rest):
            self._collected.add(i, {**scalars, **sums.means()}, points, {})

    def state(self, results: TileStore) -> ThermalState:
        """The thermal state of the whole raster; its clock is the same in every tile."""
        fields = results.take_all("state") if self.last.has_memory else {}
        return ThermalState(self.last.first, self.last.accumulated_days, fields)

    def workers(self) -> list[dict[str, Any]]:
        """Who did how many tiles, by worker number."""
        return [self._workers[i] for i in sorted(self._workers)]


def _own_points(plan: RunPlan, spec: TileSpec) -> NDArray[np.intp] | None:
    """Numbers of the points in a core; None without any."""
    if plan.points is None:
        return None
    row, col = plan.points.cells.T
    rows, cols = spec.write_slice
    inside = (rows.start <= row) & (row < rows.stop) & (cols.start <= col) & (col < cols.stop)
    return np.flatnonzero(inside) if inside.any() else None


def _in_window(plan: RunPlan, spec: TileSpec, own: NDArray[np.intp]) -> NDArray[np.int64]:
    assert plan.points is not None
    rows, cols = spec.around(ground_view_reach(plan.surface.pixel_size))
    corner = np.array([rows.start, cols.start], dtype=np.int64)
    return np.ascontiguousarray(plan.points.cells[own] - corner)

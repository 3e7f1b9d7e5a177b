"""A run over tiles: tile outer, time inner, cores stitched into whole-raster results.

On the CPU every grid and every mean is that of the raster in one piece, bit for bit.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig import switches
from solweig.bars import parts_of
from solweig.execution import tally as tallies
from solweig.execution.strategy import GPUStrategy
from solweig.execution.telemetry import Telemetry
from solweig.execution.worker import Done
from solweig.results.outputs import WORK_FOLDER
from solweig.results.state import ThermalState
from solweig.results.sums import StepSums
from solweig.run.local_air import LocalAir
from solweig.run.outcome import Collected, Outcome
from solweig.run.plan import ModelArrays, RunPlan
from solweig.run.store import RunStore, inputs_place, is_large, open_store
from solweig.run.tile_steps import TileSteps, TileStepsJob
from solweig.run.writing import step_writer
from solweig.tiles.grid import TileSpec, ground_view_reach, shadow_reach
from solweig.tiles.plan import Margin, TilePlan
from solweig.tiles.shared_store import PublishedInputs
from solweig.tiles.store import Results, TileInputs, TileStore

__all__ = ["LOW_SUN_DEG", "journal_head", "run_margin", "run_tiled", "steps_job", "sun_reach"]

log = logging.getLogger("solweig")

LOW_SUN_DEG = 1.0
"""The model's low-sun rule: no sun that is up stands lower [degrees]."""


def run_margin(plan: RunPlan, least_relief_m: float = 0.0, lowest_deg: float = 90.0) -> Margin:
    """What surrounds a core and can matter to its steps.

    A core sees ground as far as the ground view goes, and that ground is shaded from as far as
    shadows reach; from that far light comes from ``lowest_deg``, too, by day or night.
    """
    altitude = plan.series.sun_altitudes()
    by_day = altitude[altitude >= 0.0]
    reach, lowest = 0, min([lowest_deg, *by_day.tolist()])
    if lowest < 90.0 or by_day.size:
        relief = max(plan.surface.facts().relief_m, least_relief_m)
        reach = sun_reach(plan, relief, lowest)
    return Margin(reach, ground_view_reach(plan.surface.pixel_size))


def sun_reach(plan: RunPlan, relief_m: float, altitude_deg: float) -> int:
    """How far shadows of a run reach that are cast by a height difference [px]."""
    bound = plan.params.get("height_bound_m")
    return shadow_reach(
        min(relief_m, np.inf if bound is None else float(bound)),
        max(altitude_deg, LOW_SUN_DEG),
        plan.surface.pixel_size,
        float(plan.params["max_shadow_distance_m"]),
    )


def run_tiled(
    plan: RunPlan,
    tiles: TilePlan,
    strategy: GPUStrategy,
    telemetry: Telemetry,
    *,
    progress: Callable[[int, int], Any] | None,
    overlap: bool = False,
) -> Outcome:
    """Carry out a run tile by tile; a raster in one piece is one tile.

    Parameters
    ----------
    plan
        The run. Without an output folder every step is kept in memory; with one the files are
        written after the last tile, or at once where there is only one.
    tiles
        How its raster is cut.
    strategy
        Who does the tiles; initialised here.
    telemetry
        Takes the measurements.
    progress
        Called with (tile steps done, tile steps in all).
    overlap
        Run a step of a tile while the one before is handed on.

    Raises
    ------
    Exception
        What went wrong in a worker; the other workers are stopped. What is finished by then can be
        resumed.
    """
    specs, steps = tiles.tiles(), len(plan.series)
    log.info(
        "tiles: %d of %d x %d px with a halo of %d px (%s), %d worker(s)",
        len(specs), *tiles.sides, tiles.halo, tiles.reason, strategy.num_workers,
    )  # fmt: skip
    shared = strategy.num_workers > 1
    alone = len(specs) == 1 and not shared and not strategy.shared_storage
    large = is_large(plan.georef.shape)
    collected = Collected(plan.series.stamps, plan.points, telemetry)
    head = journal_head(plan, tiles)
    storage = _storage(plan) if strategy.shared_storage else None
    with (
        _inputs(plan, shared, storage) as inputs,
        open_store(plan, tiles, shared=shared, alone=alone, head=head, storage=storage) as store,
    ):
        stitcher = _Stitcher(plan, specs, collected, telemetry, alone=alone)
        report = parts_of(progress, len(specs))
        for number, found in store.finished.items():
            stitcher.keep(number, found)
            report(number, steps, steps)
        todo = _with_data(plan, specs, store)
        for number in set(range(len(specs))) - set(todo) - set(store.finished):
            store.blank(specs[number], steps)
            report(number, steps, steps)
        built = time.perf_counter()
        if todo:
            digests = store.journal is not None
            job = steps_job(
                plan, inputs, store.results, digests=digests, overlap=overlap, alone=alone
            )
            if alone:
                job = replace(job, heard=stitcher.hear)
            built = time.perf_counter()
            items = [stitcher.item(number) for number in todo]
            with strategy:
                for done in strategy.run(job, items, lambda i, d, t: report(todo[i], d, t)):
                    number = todo[done.number]
                    if store.journal is not None:
                        store.journal.finish(number, done.value.record())
                    stitcher.take(number, done)
                telemetry.record("queue_depth_peak", strategy.queue_depth_peak)
        stitcher.finish()
        outcome = Outcome(
            collected=collected,
            grids=store.grids("statistic", large=large),
            hours_above={float(t): g for t, g in store.grids("hours", large=large).items()},
            period=store.grids("period", large=large),
            counts=stitcher.last.counts,
            state=stitcher.state(store, large=large),
            tally=tallies.merge(stitcher.tallies),
            steps=None
            if plan.settings.output_dir is not None
            else store.grids("step", large=False),
            built=built,
            workers=[] if alone else stitcher.workers(),
            tile_plan=None if alone else tiles.describe(),
            store=store,
        )
        if store.files is not None:
            outcome.write_seconds = store.files.seconds
        elif plan.settings.output_dir is not None and "geotiff" in plan.settings.formats:
            with step_writer(plan, telemetry) as writer:
                for i, stamp in enumerate(plan.series.stamps):
                    names = plan.outputs
                    writer.submit(
                        stamp, {n: np.array(store.results.read(f"step/{n}", step=i)) for n in names}
                    )
            outcome.write_seconds = writer.seconds
    return outcome


def _storage(plan: RunPlan) -> str:
    """Where a run on a cluster keeps what its workers read and write."""
    if plan.execution.storage is not None:
        return plan.execution.storage
    assert plan.settings.output_dir is not None, "checked before the run"
    return str((plan.settings.output_dir / WORK_FOLDER).absolute())


def _inputs(plan: RunPlan, shared: bool, storage: str | None) -> Any:
    if storage is None:
        return TileStore(on_disk=shared, folder=plan.settings.output_dir)
    return PublishedInputs(inputs_place(plan, storage), plan.metadata["run_id"])


def journal_head(plan: RunPlan, tiles: TilePlan) -> dict[str, Any]:
    """Whose tiles a journal holds."""
    device = plan.execution.describe()
    adapters = sorted(a["adapter"] for a in device["adapters"])
    return {
        "run_id": plan.metadata["run_id"],
        "version": plan.metadata["versions"]["solweig"],
        "engine": ", ".join([device["accelerator"], *adapters]),
        "formats": list(plan.settings.formats),
        "core": tiles.core,
        "core_cols": tiles.sides[1],
        "halo": tiles.halo,
    }


def _with_data(plan: RunPlan, specs: Sequence[TileSpec], store: RunStore) -> list[int]:
    """Numbers of the tiles to compute; one at the least, for it tells of the sky."""
    left = [n for n in range(len(specs)) if n not in store.finished]
    valid = plan.surface.valid_mask
    todo = [n for n in left if valid[specs[n].write_slice].any()]
    return todo if todo or store.finished else left[:1]


def steps_job(
    plan: RunPlan,
    inputs: TileInputs,
    results: Results,
    *,
    digests: bool,
    overlap: bool,
    alone: bool = False,
) -> TileStepsJob:
    """The whole raster's arrays, and what to do with them; ``alone``: in one tile, here."""
    surface, arrays = plan.surface, plan.arrays()
    if not alone:
        inputs.put("dsm", surface.dsm)
        inputs.put("dem", surface.dem)
        if surface.facts().has_vegetation:
            inputs.put("canopy", surface.cdsm)
            inputs.put("trunk", surface.tdsm)
            inputs.put("transmissivity", surface.transmissivity)
    # What lies in files is read, not kept.
    kept = alone and not isinstance(arrays.svf["svf"], np.memmap)
    if not kept:
        inputs.put_all("svf", _svf_of_a_step(arrays))
        inputs.put_all("masks", arrays.masks or {})
        for name, grid in arrays.layers().items():
            inputs.put(name, grid)
    state = plan.settings.state
    if state is not None:
        inputs.put_all("state", state.fields)
    air = LocalAir.published(plan.fields, plan.sky, inputs)
    inputs.published()
    return TileStepsJob(
        inputs=inputs,
        results=results,
        scene=surface.scene() if alone else surface.facts().arguments(surface),
        patch_option=arrays.patch_option,
        params=plan.params,
        weather=[plan.series.step(i) for i in range(len(plan.series))],
        outputs=plan.outputs,
        thresholds_day=plan.thresholds_day,
        thresholds_night=plan.thresholds_night,
        clock=None if state is None else (state.first, state.accumulated_days),
        view=ground_view_reach(surface.pixel_size),
        overlap=overlap,
        inflight_limit=plan.execution.inflight_limit,
        background=switches.read().async_output,
        digests=digests,
        model=partial(plan.model, arrays) if kept else None,
        period=plan.period,
        air=air,
    )


def _svf_of_a_step(arrays: ModelArrays) -> dict[str, Any]:
    """The sky view factors that steps read.

    Under the patch sky the visibility says what lies in which direction: those of E, S, W and N are
    not looked at, and need not be read from a disk.
    """
    if arrays.masks is None:
        return arrays.svf
    families = ("svf_aveg", "svf_veg", "svf")
    return {n: arrays.svf[next((f for f in families if n.startswith(f)), n)] for n in arrays.svf}


class _Stitcher:
    """Puts together what the tiles send back."""

    def __init__(
        self,
        plan: RunPlan,
        specs: Sequence[TileSpec],
        collected: Collected,
        telemetry: Telemetry,
        *,
        alone: bool,
    ) -> None:
        self._plan, self._specs = plan, specs
        self._collected, self._telemetry, self._alone = collected, telemetry, alone
        self._own = [_own_points(plan, spec) for spec in specs]
        self._sums = [StepSums() for _ in range(len(plan.series))]
        self._points: list[dict[str, NDArray[np.float64]]] = [{} for _ in self._sums]
        self._workers: dict[int, dict[str, Any]] = {}
        self.tallies: list[tallies.Tally] = []
        self.last: TileSteps

    def item(self, number: int) -> tuple[TileSpec, NDArray[np.int64] | None]:
        """A tile with the points in its core, as cells of its window."""
        spec, own = self._specs[number], self._own[number]
        return spec, None if own is None else _in_window(self._plan, spec, own)

    def keep(self, number: int, found: TileSteps) -> None:
        """Add the scalars and points of a tile."""
        self.last = found
        self._sums = [a + b for a, b in zip(self._sums, found.sums, strict=True)]
        own = self._own[number]
        if own is not None:
            for known, values in zip(self._points, found.points, strict=True):
                for name, column in values.items():
                    known.setdefault(name, np.full(len(self._plan_cells()), np.nan))[own] = column

    def take(self, number: int, done: Done) -> None:
        """:meth:`keep` what a worker sent back, and how long it took."""
        found: TileSteps = done.value
        self.keep(number, found)
        self.tallies.append(done.tally)
        self._collected.add_seconds({**found.stage_seconds, "stitch": found.stitch_seconds})
        self._measure(number, done, found)
        entry = self._workers.setdefault(
            done.origin.worker_id, {**vars(done.origin), "tiles": 0, "seconds": 0.0}
        )
        entry["tiles"] += 1
        entry["seconds"] += done.seconds

    def _measure(self, number: int, done: Done, found: TileSteps) -> None:
        record = self._telemetry.record
        for seconds in found.step_seconds:
            record("timestep_wall_time_s", seconds)
        record("queue_depth_peak", found.depth_peak, stage="write")
        if found.overlap_seconds:
            record("aniso_gpu_overlap_s", found.overlap_seconds)
        self._telemetry.gpu_stages(done.device_seconds, done.device_timing)
        if not self._alone:
            record("tile_turnaround_ms", 1e3 * done.turnaround)
            self._telemetry.stages(f"tile {number + 1}/{len(self._specs)}", found.stage_seconds)

    def hear(self, i: int, seconds: Mapping[str, float]) -> None:
        """Tell of a step of the raster in one piece."""
        self._telemetry.stages(f"step {i + 1}/{len(self._sums)}", seconds)

    def _plan_cells(self) -> NDArray[np.int64]:
        assert self._plan.points is not None
        return self._plan.points.cells

    def finish(self) -> None:
        """Book the steps, whose means are now known."""
        rest = zip(self.last.scalars, self._sums, self._points, strict=True)
        for i, (scalars, sums, points) in enumerate(rest):
            self._collected.add(i, scalars, sums, points, {})

    def state(self, store: RunStore, *, large: bool) -> ThermalState:
        """The thermal state of the whole raster; its clock is the same in every tile."""
        fields = store.grids("state", large=large) if self.last.has_memory else {}
        state = ThermalState(self.last.first, self.last.accumulated_days)
        state.fields = fields  # nobody else has them: no copy
        return state

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

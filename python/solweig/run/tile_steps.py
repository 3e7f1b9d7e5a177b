"""All steps of one tile: what a worker does in a run over tiles."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig import _core
from solweig.background import BackgroundWriter
from solweig.execution.overlap import may_overlap, run_steps
from solweig.execution.worker import Phases
from solweig.results.period import place_of_grid
from solweig.results.sums import StepSums
from solweig.run.local_air import LocalAir
from solweig.run.plan import PeriodPlan
from solweig.tiles.grid import TileSpec, corners, within
from solweig.tiles.journal import Digest
from solweig.tiles.store import Results, TileInputs

__all__ = ["TileSteps", "TileStepsJob"]

log = logging.getLogger("solweig")

Report = Callable[[int, int], None]


@dataclass
class TileSteps:
    """What a tile sends back besides the rasters it wrote into the store."""

    #: Of each step over the cells of the core.
    sums: list[StepSums] = field(default_factory=list)
    scalars: list[dict[str, float]] = field(default_factory=list)
    #: Values at the tile's own points, by step.
    points: list[dict[str, NDArray[np.float64]]] = field(default_factory=list)
    #: Time of each step, and of the stages of all of them [s].
    step_seconds: list[float] = field(default_factory=list)
    stage_seconds: dict[str, float] = field(default_factory=dict)
    #: Waiting for, and writing, what was computed [s].
    stitch_seconds: float = 0.0
    overlap_seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    #: Clock of the thermal state; its rasters are in the store.
    first: bool = True
    accumulated_days: float = 0.0
    has_memory: bool = False
    #: Most steps that waited to be written at one time.
    depth_peak: int = 0
    #: Of every array the tile wrote, where digests were wanted.
    digests: dict[str, str] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """As JSON, without the times."""
        return {
            "sums": [s.as_dict() for s in self.sums],
            "scalars": self.scalars,
            "points": [{n: v.tolist() for n, v in p.items()} for p in self.points],
            "counts": self.counts,
            "first": self.first,
            "accumulated_days": self.accumulated_days,
            "has_memory": self.has_memory,
            "digests": self.digests,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> TileSteps:
        """What :meth:`record` gave.

        Raises
        ------
        KeyError, TypeError
            Something else.
        """
        return cls(
            sums=[StepSums.from_dict(s) for s in record["sums"]],
            scalars=list(record["scalars"]),
            points=[{n: np.array(v, np.float64) for n, v in p.items()} for p in record["points"]],
            counts=dict(record["counts"]),
            first=bool(record["first"]),
            accumulated_days=float(record["accumulated_days"]),
            has_memory=bool(record["has_memory"]),
            digests=dict(record["digests"]),
        )


@dataclass(frozen=True)
class TileStepsJob:
    """Runs every step of a tile and writes its core into the results.

    A raster in one piece is one tile, for which ``scene`` is the engine's, built already.

    ``inputs`` holds dsm, dem, canopy, trunk, transmissivity, buildings, wall_height, wall_aspect,
    land_cover, albedo, emissivity, ``svf/...``, ``masks/...`` and ``state/...``; ``results`` takes
    ``step/<output>`` ``[time, row, col]``, ``statistic/...``, ``hours/<threshold>`` and
    ``state/...``.

    Reading a tile, computing it and writing it may each run beside the others; what is computed and
    not written yet is at most ``inflight_limit`` steps in each process.
    """

    inputs: TileInputs
    results: Results
    scene: dict[str, Any] | _core.Scene
    patch_option: int
    params: dict[str, Any]
    weather: list[dict[str, float | bool]]
    outputs: tuple[str, ...]
    thresholds_day: tuple[float, ...]
    thresholds_night: tuple[float, ...]
    clock: tuple[bool, float] | None
    #: How far the ground view of a person reaches [px].
    view: int
    overlap: bool
    inflight_limit: int = 2
    #: Write beside the computation.
    background: bool = True
    #: Take a digest of everything written.
    digests: bool = False
    #: Gives the model of the raster in one piece, where ``inputs`` hold no more than a state; in
    #: this process only.
    model: Callable[[_core.Engine | None], _core.Model] | None = None
    #: Hears how long the stages of each step took, as soon as it is known; in this process only.
    heard: Callable[[int, Mapping[str, float]], None] | None = None
    #: Statistics of a period instead of what every run counts.
    period: PeriodPlan | None = None
    #: Weather given cell by cell.
    air: LocalAir = field(default_factory=LocalAir)

    @property
    def parts(self) -> int:
        """What a tile counts in the progress."""
        return len(self.weather)

    def begin(self, engine: _core.Engine | None) -> _Stepping:
        """See :class:`solweig.execution.worker.Job`."""
        return _Stepping(self, engine)


@dataclass(frozen=True)
class _Loaded:
    """The rasters of a tile, read: heights of all of it, the rest around its core."""

    heights: dict[str, Any]
    layers: dict[str, Any]
    svf: dict[str, Any]
    masks: dict[str, Any]
    state: dict[str, Any]


class _Stepping(Phases):
    """The three phases of a tile."""

    def __init__(self, job: TileStepsJob, engine: _core.Engine | None) -> None:
        self._job, self._engine = job, engine
        self._writer = BackgroundWriter(job.inflight_limit, here=not job.background)

    def read(self, item: Any) -> _Loaded:
        tile, _ = item
        inputs, inner = self._job.inputs, tile.around(self._job.view)

        def cut(names: tuple[str, ...], where: tuple[slice, slice]) -> dict[str, Any]:
            return {n: inputs.part(n, where) if n in inputs else None for n in names}

        heights = () if isinstance(self._job.scene, _core.Scene) else _HEIGHTS
        loaded = _Loaded(
            heights=cut(heights, tile.read_slice),
            layers=cut(_LAYERS, inner),
            svf=inputs.parts("svf", inner),
            masks=inputs.parts("masks", inner),
            state={} if self._job.clock is None else inputs.parts("state", inner),
        )
        inputs.release()
        return loaded

    def compute(self, item: Any, loaded: _Loaded, report: Report) -> _Tile:
        tile, points = item
        one = _Tile(self._job, self._engine, self._writer, tile, points, report)
        one.run(loaded)
        return one

    def finish(self, item: Any, computed: _Tile) -> TileSteps:
        return computed.finish()

    def close(self) -> None:
        self._writer.close(drop=True)


_HEIGHTS = ("dsm", "dem", "canopy", "trunk", "transmissivity")
_LAYERS = ("buildings", "wall_height", "wall_aspect", "land_cover", "albedo", "emissivity")


class _Tile:
    """One tile under way."""

    def __init__(
        self,
        job: TileStepsJob,
        engine: _core.Engine | None,
        writer: BackgroundWriter,
        tile: TileSpec,
        points: NDArray[np.int64] | None,
        report: Report,
    ) -> None:
        self._job, self._engine, self._writer = job, engine, writer
        self._tile, self._points, self._report = tile, points, report
        self._inner = tile.around(job.view)
        self._air = job.air.window(job.inputs, self._inner)
        self._core = within(tile.write_slice, self._inner)
        self._found = TileSteps()
        self._digests: dict[str, Digest] = {}
        self._pending: list[Future[Any]] = []
        self._last: dict[str, NDArray[Any]] = {}

    def run(self, loaded: _Loaded) -> None:
        """Compute every step; they are on their way to the store afterwards.

        What follows from all of them waits for :meth:`finish`, so that another tile can be computed
        while it is written.
        """
        found = self._found
        # What only the steps need is gone, and makes room for what comes of them.
        if self._job.period is not None:
            self._run_period(loaded, self._job.period)
            return
        state, statistics = self._advance(loaded)
        found.counts = dict(statistics.counts)
        found.first, found.accumulated_days = state.first, state.accumulated_days
        core = corners(self._core)
        fields = state.take(core)
        found.has_memory = bool(fields)
        means, hours = statistics.take(core)
        for prefix, grids in (
            ("statistic", means),
            ("hours", {repr(t): grid for t, grid in hours.items()}),
            ("state", fields),
        ):
            self._last.update({f"{prefix}/{name}": grid for name, grid in grids.items()})
        self._pending.append(self._writer.submit(self._job.results.release))

    def _run_period(self, loaded: _Loaded, period: PeriodPlan) -> None:
        """Count every step; the grids that come of it are on their way afterwards."""
        found, core = self._found, corners(self._core)
        model = self._build(loaded)
        state = self._start(model, loaded)
        shape = (core[1] - core[0], core[3] - core[2])
        counted = period.request.statistics(shape, period.names, period.heat, period.ranges)
        if not self._together(model, state, counted, period):
            self._one_by_one(model, state, counted, period)
        found.counts = dict(counted.counts)
        found.first, found.accumulated_days = state.first, state.accumulated_days
        fields = state.take(core)
        found.has_memory = bool(fields)
        self._last.update({f"state/{name}": grid for name, grid in fields.items()})
        self._last.update({place_of_grid(n): grid for n, grid in counted.take().items()})
        self._pending.append(self._writer.submit(self._job.results.release))

    def _together(
        self,
        model: _core.Model,
        state: _core.State,
        counted: _core.PeriodStatistics,
        period: PeriodPlan,
    ) -> bool:
        """Take all steps together, where the CPU does them and they allow it."""
        if self._engine is not None or period.points:
            return False
        if self._air is not None:
            log.info("period: step by step, because of weather given cell by cell")
            return False
        started = time.perf_counter()
        results, why_not = model.period(
            state, self._job.weather, period.stamps, counted, period.codes, self._report
        )
        if why_not is not None:
            log.info("period: step by step, because %s", why_not)
            return False
        seconds = (time.perf_counter() - started) / max(len(results), 1)
        for i, result in enumerate(results):
            self._note(i, result, seconds)
        return True

    def _one_by_one(
        self,
        model: _core.Model,
        state: _core.State,
        counted: _core.PeriodStatistics,
        period: PeriodPlan,
    ) -> None:
        job, names = self._job, (*period.request.quantities, "shadow")
        for i, weather in enumerate(job.weather):
            started = time.perf_counter()
            air = self._air_of(i)
            result = model.step(state, weather, outputs=names, points=self._points, air=air)
            fields = {n: np.ascontiguousarray(result.fields[n][self._core]) for n in names}
            _, groups = period.stamps[i]
            counted.add(period.hours[i], period.daytime[i], groups, fields)
            self._note(i, result, time.perf_counter() - started)
            self._report(i + 1, len(job.weather))

    def _advance(self, loaded: _Loaded) -> tuple[_core.State, _core.Statistics]:
        """Compute every step and deliver what comes of each."""
        job, found = self._job, self._found
        model = self._build(loaded)
        state = self._start(model, loaded)
        statistics = model.new_statistics(job.thresholds_day, job.thresholds_night)

        def step(i: int) -> _core.StepResult:
            return model.step(
                state,
                job.weather[i],
                outputs=job.outputs,
                points=self._points,
                statistics=statistics,
                air=self._air_of(i),
            )

        overlap = job.overlap and may_overlap(self._engine) is None
        found.overlap_seconds = run_steps(len(job.weather), step, self._deliver, overlap=overlap)
        return state, statistics

    def _air_of(self, i: int) -> dict[str, Any] | None:
        """Weather of a step that is given cell by cell."""
        return None if self._air is None else self._air.of_step(i)

    def finish(self) -> TileSteps:
        """Write what follows from all steps, and wait until everything is written."""
        started = time.perf_counter()
        while self._last:
            name, grid = self._last.popitem()
            self._write({name: grid}, None)
        self._job.results.release()
        for write in self._pending:
            write.result()
        found = self._found
        found.stitch_seconds += time.perf_counter() - started
        found.depth_peak = self._writer.depth_peak
        found.digests = {name: digest.text() for name, digest in self._digests.items()}
        return found

    def _build(self, loaded: _Loaded) -> _core.Model:
        job, heights = self._job, loaded.heights
        if job.model is not None:
            return job.model(self._engine)
        window = core = None
        if isinstance(job.scene, _core.Scene):
            scene = job.scene
        else:
            scene = _core.Scene(heights.pop("dsm"), **heights, **job.scene)
            window = corners(within(self._inner, self._tile.read_slice))
            core = corners(self._core)
        return _core.Model(
            scene,
            svf=loaded.svf,
            masks=loaded.masks or None,
            patch_option=job.patch_option,
            **loaded.layers,
            params=job.params,
            window=window,
            core=core,
            engine=self._engine,
        )

    def _start(self, model: _core.Model, loaded: _Loaded) -> _core.State:
        if self._job.clock is None:
            return model.new_state()
        first, days = self._job.clock
        return _core.State.restore(first, days, loaded.state)

    def _deliver(self, i: int, result: _core.StepResult, seconds: float) -> None:
        found = self._found
        cores = {name: grid[self._core] for name, grid in result.fields.items()}
        self._note(i, result, seconds)
        started = time.perf_counter()
        self._put({f"step/{name}": cores[name] for name in self._job.outputs}, i)
        found.stitch_seconds += time.perf_counter() - started
        self._report(i + 1, len(self._job.weather))

    def _note(self, i: int, result: _core.StepResult, seconds: float) -> None:
        """Keep what a step gives besides its grids."""
        found = self._found
        found.sums.append(StepSums.from_dict(result.sums))
        found.scalars.append(result.scalars)
        found.points.append(result.points if self._points is not None else {})
        found.step_seconds.append(seconds)
        for stage, time_s in result.seconds.items():
            found.stage_seconds[stage] = found.stage_seconds.get(stage, 0.0) + time_s
        if self._job.heard is not None:
            self._job.heard(i, result.seconds)

    def _put(self, grids: dict[str, Any], step: int) -> None:
        self._pending = [p for p in self._pending if not p.done() or p.exception() is not None]
        self._pending.append(self._writer.submit(partial(self._write, grids, step)))

    def _write(self, grids: dict[str, Any], step: int | None) -> None:
        for name, grid in grids.items():
            values = np.ascontiguousarray(grid)
            self._job.results.write(name, self._tile.write_slice, values, step)
            if self._job.digests:
                self._digests.setdefault(name, Digest()).add(values)

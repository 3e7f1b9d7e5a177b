"""All steps of one tile: what a worker does in a run over tiles."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _core
from .execution.overlap import may_overlap, run_steps
from .tile_store import TileStore
from .tiling import TileSpec, corners, within

__all__ = ["Sums", "TileSteps", "TileStepsJob"]

_MEANS = ("tmrt", "utci", "shadow")
"""Fields whose means over the raster a run reports."""

_UNIT = 2.0**-18
"""Values are summed in whole numbers of this unit, as the engine does: such sums are exact, and
tiles add up to the same mean as the whole raster."""


@dataclass
class Sums:
    """Sums of a step over the cells of some cores, in units, and the numbers of cells counted."""

    tmrt: float = 0.0
    utci: float = 0.0
    sun: float = 0.0
    tmrt_count: int = 0
    utci_count: int = 0

    @classmethod
    def of(
        cls, tmrt: NDArray[np.float32], utci: NDArray[np.float32], shadow: NDArray[np.float32]
    ) -> Sums:
        """Sums over the cells with a value."""
        known, known_utci = ~np.isnan(tmrt), ~np.isnan(utci)
        return cls(
            tmrt=_units(tmrt[known]),
            utci=_units(utci[known_utci]),
            sun=_units(shadow[known]),
            tmrt_count=int(np.count_nonzero(known)),
            utci_count=int(np.count_nonzero(known_utci)),
        )

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.tmrt + other.tmrt,
            self.utci + other.utci,
            self.sun + other.sun,
            self.tmrt_count + other.tmrt_count,
            self.utci_count + other.utci_count,
        )

    def means(self) -> dict[str, float]:
        """The scalars of a step that are means over the raster; NaN without a cell."""
        return {
            "tmrt_mean": _ratio(self.tmrt, self.tmrt_count),
            "utci_mean": _ratio(self.utci, self.utci_count),
            "sun_fraction": _ratio(self.sun, self.tmrt_count),
        }


def _units(values: NDArray[np.float32]) -> float:
    return float(np.rint(values.astype(np.float64) / _UNIT).sum())


def _ratio(units: float, count: int) -> float:
    return units * _UNIT / count if count else float("nan")


@dataclass
class TileSteps:
    """What a tile sends back besides the rasters it wrote into the store."""

    sums: list[Sums] = field(default_factory=list)
    scalars: list[dict[str, float]] = field(default_factory=list)
    #: Values at the tile's own points, by step.
    points: list[dict[str, NDArray[np.float64]]] = field(default_factory=list)
    #: Time of each step, and of the stages of all of them [s].
    step_seconds: list[float] = field(default_factory=list)
    stage_seconds: dict[str, float] = field(default_factory=dict)
    stitch_seconds: float = 0.0
    overlap_seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    #: Clock of the thermal state; its rasters are in the store.
    first: bool = True
    accumulated_days: float = 0.0
    has_memory: bool = False


@dataclass(frozen=True)
class TileStepsJob:
    """Runs every step of a tile and writes its core into the results.

    ``inputs`` holds dsm, dem, canopy, trunk, buildings, wall_height, wall_aspect, land_cover,
    albedo, emissivity, ``svf/...``, ``masks/...`` and ``state/...``; ``results`` takes
    ``step/<output>`` ``[time, row, col]``, ``statistic/...``, ``hours/<threshold>`` and
    ``state/...``.
    """

    inputs: TileStore
    results: TileStore
    scene: dict[str, Any]
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

    def begin(self, engine: Any) -> Callable[[Any, Callable[[int, int], None]], TileSteps]:
        def work(item: Any, report: Callable[[int, int], None]) -> TileSteps:
            tile, points = item
            return _Tile(self, engine, tile, points, report).run()

        return work


class _Tile:
    """One tile under way."""

    def __init__(
        self,
        job: TileStepsJob,
        engine: Any,
        tile: TileSpec,
        points: NDArray[np.int64] | None,
        report: Callable[[int, int], None],
    ) -> None:
        self._job, self._tile, self._report = job, tile, report
        self._points = points
        self._inner = tile.around(job.view)
        self._core = within(tile.write_slice, self._inner)
        self._wanted = (*job.outputs, *(n for n in _MEANS if n not in job.outputs))
        self._overlap = job.overlap and may_overlap(engine) is None
        self._model = self._build(engine)
        self._state = self._start()
        self._statistics = self._model.new_statistics(job.thresholds_day, job.thresholds_night)
        self._found = TileSteps()

    def run(self) -> TileSteps:
        found = self._found
        found.overlap_seconds = run_steps(
            len(self._job.weather), self._step, self._deliver, overlap=self._overlap
        )
        started = time.perf_counter()
        self._keep_statistics()
        self._keep_state()
        found.stitch_seconds += time.perf_counter() - started
        return found

    def _build(self, engine: Any) -> _core.Model:
        job, inputs = self._job, self._job.inputs
        around, inner = self._tile.read_slice, self._inner

        def cut(name: str, where: tuple[slice, slice] = inner) -> Any:
            return inputs.part(name, where) if name in inputs else None

        dem, canopy, trunk = (cut(name, around) for name in ("dem", "canopy", "trunk"))
        scene = _core.Scene(cut("dsm", around), dem=dem, canopy=canopy, trunk=trunk, **job.scene)
        chosen = {} if engine is None else {"engine": engine}
        return _core.Model(
            scene,
            svf=inputs.parts("svf", inner),
            masks=inputs.parts("masks", inner) or None,
            patch_option=job.patch_option,
            buildings=cut("buildings"),
            wall_height=cut("wall_height"),
            wall_aspect=cut("wall_aspect"),
            land_cover=cut("land_cover"),
            albedo=cut("albedo"),
            emissivity=cut("emissivity"),
            params=job.params,
            window=corners(within(inner, around)),
            **chosen,
        )

    def _start(self) -> _core.State:
        job = self._job
        if job.clock is None:
            return self._model.new_state()
        first, days = job.clock
        return _core.State.restore(first, days, job.inputs.parts("state", self._inner))

    def _step(self, i: int) -> _core.StepResult:
        return self._model.step(
            self._state,
            self._job.weather[i],
            outputs=self._wanted,
            points=self._points,
            statistics=self._statistics,
        )

    def _deliver(self, i: int, result: _core.StepResult, seconds: float) -> None:
        found, core = self._found, self._core
        started = time.perf_counter()
        cores = {name: grid[core] for name, grid in result.fields.items()}
        for name in self._job.outputs:
            self._job.results[f"step/{name}"][i][self._tile.write_slice] = cores[name]
        found.stitch_seconds += time.perf_counter() - started
        found.sums.append(Sums.of(*(cores[name] for name in _MEANS)))
        found.scalars.append(result.scalars)
        found.points.append(result.points if self._points is not None else {})
        found.step_seconds.append(seconds)
        for stage, time_s in result.seconds.items():
            found.stage_seconds[stage] = found.stage_seconds.get(stage, 0.0) + time_s
        self._report(i + 1, len(self._job.weather))

    def _keep_statistics(self) -> None:
        self._found.counts = dict(self._statistics.counts)
        self._write("statistic", self._statistics.grids())
        hours = {repr(t): grid for t, grid in self._statistics.hours_above().items()}
        self._write("hours", hours)

    def _keep_state(self) -> None:
        found = self._found
        found.first = self._state.first
        found.accumulated_days = self._state.accumulated_days
        fields = self._state.fields()
        found.has_memory = bool(fields)
        self._write("state", fields)

    def _write(self, prefix: str, grids: dict[str, Any]) -> None:
        for name, grid in grids.items():
            target = self._job.results[f"{prefix}/{name}"]
            target[self._tile.write_slice] = grid[self._core]

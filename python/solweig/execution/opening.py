"""The engine and the strategy of a run, from what was settled about its hardware."""

from __future__ import annotations

from dataclasses import dataclass, replace

from solweig import _core
from solweig.execution.config import ExecutionConfig
from solweig.execution.resolve import ResolvedExecution, open_engine, resolve_execution
from solweig.execution.strategy import GPUStrategy, auto_select_strategy
from solweig.execution.worker import Opener

__all__ = ["Here", "RunOpener", "WorkerOpener", "engine_of", "here_alone", "strategy_of"]


@dataclass(frozen=True)
class RunOpener:
    """Opens the engines of a run's devices; travels to worker processes."""

    resolved: ResolvedExecution

    def __call__(self, device_index: int) -> _core.Engine | None:
        """The engine of that device; on a failure the CPU's, unless the run is strict."""
        return open_engine(self.resolved, device_index)


@dataclass(frozen=True)
class WorkerOpener:
    """Settles a run's wishes on the machine of a cluster's worker; travels there.

    Workers of a machine take its adapters in turn.
    """

    wanted: ExecutionConfig

    def __call__(self, device_index: int) -> _core.Engine | None:
        """The engine of this machine's adapter whose turn it is; None without one."""
        own = replace(self.wanted, strategy="auto", cluster=None, storage=None, workers=None)
        resolved = resolve_execution(own)
        if resolved.accelerator == "cpu":
            return None
        return open_engine(resolved, device_index % len(resolved.devices))


@dataclass(frozen=True)
class Here:
    """Hands out an engine that is open already; for work in this process."""

    engine: _core.Engine | None

    def __call__(self, device_index: int) -> _core.Engine | None:
        """The open engine, whatever device is asked for."""
        return self.engine


def engine_of(resolved: ResolvedExecution) -> _core.Engine | None:
    """The engine of a run's first device, opened now; None is the CPU."""
    here = resolved.accelerator == "gpu" and resolved.on_workers is None
    return open_engine(resolved, 0) if here else None


def here_alone(resolved: ResolvedExecution) -> ResolvedExecution:
    """What was settled, for one tile: in this process, on the first device."""
    return replace(
        resolved, workers=None, workers_per_gpu=1, tile_workers=1, devices=resolved.devices[:1]
    )


def strategy_of(resolved: ResolvedExecution, engine: _core.Engine | None) -> GPUStrategy:
    """Who does the tiles of a run.

    Parameters
    ----------
    resolved
        What was settled.
    engine
        Open in this process; used where the strategy works here, None is the CPU.
    """
    on_gpu = engine is not None and engine.gpu is not None
    config = ExecutionConfig(
        strategy=resolved.strategy if on_gpu or resolved.strategy == "dask" else "cpu",
        workers=resolved.workers,
        workers_per_gpu=resolved.workers_per_gpu,
        tile_workers=resolved.tile_workers,
        cluster=resolved.cluster,
        storage=resolved.storage,
    )
    devices = resolved.devices if on_gpu else ()

    def made(opener: Opener | None) -> GPUStrategy:
        return auto_select_strategy(config, devices=devices, opener=opener)

    if resolved.on_workers is not None:
        return made(WorkerOpener(resolved.on_workers))
    if not on_gpu:
        return made(None)
    far = made(RunOpener(resolved))
    return made(Here(engine)) if far.num_workers == 1 else far

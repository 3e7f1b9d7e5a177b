"""What the caller wants of the machine, and what the run will use of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from solweig.digits import whole_number
from solweig.errors import ConfigurationError
from solweig.execution.registry import strategy_names

__all__ = ["ExecutionConfig"]

Accelerator = Literal["auto", "cpu", "gpu"]
LogFormat = Literal["csv", "json", "none"]


@dataclass(frozen=True)
class ExecutionConfig:
    """Wishes about hardware and parallelism.

    They change speed and memory, never a result beyond the tolerances of ``docs/gpu-execution.md``.

    Parameters
    ----------
    accelerator
        "auto": a GPU where there is one, otherwise the CPU with one warning. "cpu": the CPU,
        nothing is looked for. "gpu": a GPU must be there; a stage that fails on it falls back to
        the CPU unless ``strict``.
    strategy
        How tiles are shared out: "auto" or a registered name, such as "cpu", "single_gpu",
        "multi_gpu".
    devices
        Adapters to use, as "gpu:N" or N in the list ``solweig info`` prints; None = the best ones.
        Named, a software adapter is used too; one that is not there is an error.
    workers
        Threads of the engine, at least 1; None = all cores. Takes effect only before the engine's
        first parallel work in this process. Of a run in tiles on the CPU: worker processes that
        share the cores out; None = this one.
    workers_per_gpu
        Worker processes that share one GPU in a run in tiles, at least 1.
    tile_workers
        Tiles each worker has under way at once in a run in tiles, at least 1: one is computed while
        others are read and written; None = 2. Each takes its memory.
    inflight_limit
        Finished steps that may wait for the disk, in each worker, at least 1; None = 2.
    cluster
        Address of a Dask scheduler, "tcp://host:8786"; with strategy "dask".
    storage
        Folder or fsspec URL that every worker of the cluster reaches; None = the output folder.
    strict
        A stage that fails on the GPU is an error instead of a fallback; demands a GPU.
    deterministic
        Results do not depend on scheduling. Always so; False is refused.
    memory_budget
        Most bytes a device may hold, at least 1; None = a share of what NVML says is free, or
        SOLWEIG_GPU_BUDGET_BYTES, 3 GiB.
    log
        Format of the telemetry table, "csv", "json" or "none".

    Raises
    ------
    ConfigurationError
        A value outside these, or two that exclude each other.

    Examples
    --------
    >>> solweig.ExecutionConfig(accelerator="cpu").accelerator
    'cpu'
    """

    accelerator: Accelerator = "auto"
    strategy: str = "auto"
    devices: tuple[int | str, ...] | None = None
    workers: int | None = None
    workers_per_gpu: int = 1
    tile_workers: int | None = None
    inflight_limit: int | None = None
    cluster: str | None = None
    storage: str | None = None
    strict: bool = False
    deterministic: bool = True
    memory_budget: int | None = None
    log: LogFormat = "csv"

    def __post_init__(self) -> None:
        _one_of("accelerator", self.accelerator, get_args(Accelerator))
        _one_of("strategy", self.strategy, ("auto", *strategy_names()))
        _one_of("log", self.log, get_args(LogFormat))
        if self.devices is not None:
            if isinstance(self.devices, str | int) or not self.devices:
                raise ConfigurationError(
                    "execution.devices", "a list of adapters, or None", repr(self.devices)
                )
            object.__setattr__(self, "devices", tuple(_device(d) for d in self.devices))
            if "cpu" in (self.accelerator, self.strategy):
                raise ConfigurationError(
                    "execution.devices", "None where the CPU is asked for", repr(self.devices),
                    "Leave out --device, or --accelerator cpu.",
                )  # fmt: skip
        if not self.deterministic:
            raise ConfigurationError(
                "execution.deterministic", "True", "False", "There is no other way to run."
            )
        if self.strategy == "cpu" and (self.strict or self.accelerator == "gpu"):
            raise ConfigurationError(
                "execution.strategy", "one that uses a GPU", "'cpu'", "A GPU is demanded."
            )
        if self.cluster is not None and self.strategy != "dask":
            raise ConfigurationError(
                "execution.strategy", "'dask', because a cluster is named", repr(self.strategy)
            )
        if self.strict and self.accelerator == "cpu":
            raise ConfigurationError(
                "execution.strict", "False with accelerator='cpu'", "True", "Strict is about GPUs."
            )
        for name in (
            "workers",
            "workers_per_gpu",
            "tile_workers",
            "inflight_limit",
            "memory_budget",
        ):
            value = getattr(self, name)
            whole = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and (not whole or value < 1):
                raise ConfigurationError(
                    f"execution.{name}", "a whole number, at least 1", repr(value)
                )


def _device(value: object) -> int | str:
    """An adapter's number or name, checked."""
    number = value.removeprefix("gpu:") if isinstance(value, str) else value
    if isinstance(number, str):
        number = whole_number(number)
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ConfigurationError(
            "execution.devices", "numbers or names like 'gpu:0' (--device)", repr(value)
        )
    return f"gpu:{number}"


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigurationError(f"execution.{name}", f"one of {', '.join(allowed)}", repr(value))

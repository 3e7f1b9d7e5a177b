"""What the caller wants of the machine, and what the run will use of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from ..errors import ConfigurationError

__all__ = ["ExecutionConfig", "ResolvedExecution", "resolve_execution"]

Accelerator = Literal["auto", "cpu", "gpu"]
LogFormat = Literal["csv", "json", "none"]

DEFAULT_INFLIGHT = 2
"""Steps that may wait to be written; bounds memory when the disk is slower than the model."""


@dataclass(frozen=True)
class ExecutionConfig:
    """Wishes about hardware and parallelism. They change speed and memory, never a result.

    This release runs on the CPU in one process, and only ``accelerator``, ``workers`` and
    ``inflight_limit`` have an effect. The others are checked and otherwise ignored; they are there
    so that scripts keep working when a GPU engine comes.

    Attributes:
        accelerator: "auto", "cpu" or "gpu". "gpu" is strict: without a GPU engine it is an error.
        workers: threads of the engine; None = all cores. Takes effect only before the engine's
            first parallel work in this process. Of a run in tiles on the CPU: worker processes
            that share the cores out; None = this one.
        inflight_limit: finished steps that may wait for the disk; None = 2.
        strategy: how tiles are shared out: "auto" or a registered name, such as "cpu",
            "single_gpu", "multi_gpu".
        devices: GPU indices to use; None = any. No effect yet.
        workers_per_gpu: worker processes that share one GPU. No effect yet.
        strict: never fall back to another engine. No effect yet: there is one engine.
        deterministic: results do not depend on scheduling. No effect: on the CPU they never do.
        memory_budget: upper bound in bytes for working memory; None = no bound. No effect yet.
        log: format of the telemetry table, "csv", "json" or "none". No effect yet.

    Raises:
        ConfigurationError: a value outside these.
    """

    accelerator: Accelerator = "auto"
    strategy: str = "auto"
    devices: tuple[int, ...] | None = None
    workers: int | None = None
    workers_per_gpu: int = 1
    inflight_limit: int | None = None
    strict: bool = False
    deterministic: bool = True
    memory_budget: int | None = None
    log: LogFormat = "csv"

    def __post_init__(self) -> None:
        _one_of("accelerator", self.accelerator, get_args(Accelerator))
        from .strategy import strategy_names  # strategies register themselves, and read this

        _one_of("strategy", self.strategy, ("auto", *strategy_names()))
        _one_of("log", self.log, get_args(LogFormat))
        for name in ("workers", "workers_per_gpu", "inflight_limit", "memory_budget"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigurationError(f"execution.{name}", "at least 1", value)


@dataclass(frozen=True)
class ResolvedExecution:
    """What a run uses, as it is logged and recorded."""

    accelerator: Literal["cpu"]
    reason: str
    inflight_limit: int
    workers: int | None


def resolve_execution(config: ExecutionConfig | None) -> ResolvedExecution:
    """Settle the wishes against this build, whose only engine is the CPU one.

    Raises:
        ConfigurationError: a GPU was demanded.
    """
    wanted = config or ExecutionConfig()
    if wanted.accelerator == "gpu":
        raise ConfigurationError(
            "execution.accelerator",
            "'auto' or 'cpu'",
            "'gpu'",
            "This release has no GPU engine.",
        )
    reason = "requested" if wanted.accelerator == "cpu" else "the only engine of this release"
    return ResolvedExecution(
        accelerator="cpu",
        reason=reason,
        inflight_limit=wanted.inflight_limit or DEFAULT_INFLIGHT,
        workers=wanted.workers,
    )


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigurationError(f"execution.{name}", f"one of {', '.join(allowed)}", repr(value))

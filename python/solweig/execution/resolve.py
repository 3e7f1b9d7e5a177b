"""From wishes to what a run uses: GPU first, said once where there is none."""

from __future__ import annotations

import logging
import platform
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from solweig import _core, switches
from solweig.errors import ConfigurationError
from solweig.execution.cluster import check_cluster
from solweig.execution.config import ExecutionConfig, LogFormat
from solweig.execution.devices import free_memory
from solweig.execution.runtime import (
    GpuHandle,
    Probe,
    Ready,
    Rejected,
    decide_gpu_runtime,
    note_rejection,
    open_gpu,
    probe_gpu,
    usable_adapters,
)

__all__ = [
    "DEFAULT_INFLIGHT",
    "GpuUnavailable",
    "GpuUnavailableWarning",
    "ResolvedExecution",
    "open_engine",
    "resolve_execution",
]

log = logging.getLogger("solweig")

DEFAULT_INFLIGHT = 2
"""Steps that may wait to be written; bounds memory when the disk is slower than the model."""

DOCUMENTATION = "docs/gpu-execution.md"

HINTS = {
    "Linux": "Install a Vulkan driver (Debian: libvulkan1 and nvidia-driver or "
    "mesa-vulkan-drivers; in containers pass the driver in).",
    "Windows": "Install a graphics driver with Vulkan 1.1 or DirectX 12.",
    "Darwin": "Metal is part of macOS; check that the session may use the GPU.",
}

_warned: set[str] = set()


class GpuUnavailableWarning(UserWarning):
    """No usable GPU was found, and nothing said the CPU was wanted."""


class GpuUnavailable(ConfigurationError):
    """A GPU was demanded and there is none to use."""


@dataclass(frozen=True)
class ResolvedExecution:
    """What a run uses, as it is logged and recorded.

    Parameters
    ----------
    accelerator
        "gpu", or "cpu" where no device is used.
    reason
        Why, in words.
    inflight_limit
        Finished steps that may wait for the disk.
    workers
        Threads or worker processes on the CPU; None = all cores, in this process.
    policy
        The engine's: "cpu"; "auto", a failing stage falls back; "gpu", it is an error.
    strategy
        How tiles are shared out.
    devices
        Adapters found usable, best first.
    workers_per_gpu, tile_workers, cluster, storage
        As in :class:`ExecutionConfig`.
    on_workers
        The wishes as they were, for workers of a cluster to settle; None without one.
    memory_budget
        Most bytes a device may hold; None = the engine's default.
    log
        Format of the telemetry table.
    """

    accelerator: Literal["cpu", "gpu"]
    reason: str
    inflight_limit: int = DEFAULT_INFLIGHT
    workers: int | None = None
    policy: Literal["auto", "cpu", "gpu"] = "cpu"
    strategy: str = "auto"
    devices: tuple[Ready, ...] = ()
    workers_per_gpu: int = 1
    tile_workers: int | None = None
    cluster: str | None = None
    storage: str | None = None
    on_workers: ExecutionConfig | None = None
    memory_budget: int | None = None
    log: LogFormat = "csv"

    def describe(self) -> dict[str, Any]:
        """What the run's metadata say of it.

        Returns
        -------
        dict[str, Any]
            ``accelerator``, ``policy``, ``reason``, ``adapters``.
        """
        adapters = [
            {
                "adapter": ready.adapter.name,
                "backend": ready.backend,
                "device_type": ready.adapter.device_type,
                "driver": ready.driver,
            }
            for ready in self.devices
        ]
        return {
            "accelerator": self.accelerator,
            "policy": self.policy,
            "reason": self.reason,
            "adapters": adapters,
        }


def resolve_execution(
    config: ExecutionConfig | None = None, *, probe: Probe | None = None
) -> ResolvedExecution:
    """Settle the wishes against this machine.

    ``accelerator="cpu"`` and a GPU that was switched off look for nothing and warn about nothing.
    "auto" takes the best GPU, and the CPU where there is none. "gpu" and ``strict`` demand one.

    Parameters
    ----------
    config
        The wishes; None = "auto".
    probe
        What was found on this machine; None looks when it matters.

    Returns
    -------
    ResolvedExecution
        Nothing of it is opened yet.

    Raises
    ------
    GpuUnavailable
        A GPU was demanded and there is none.
    ConfigurationError
        No scheduler of a cluster answers.

    Warns
    -----
    GpuUnavailableWarning
        Once: a GPU was wanted where there is one, and there is none.
    """
    wanted = config or ExecutionConfig()
    demanded = wanted.accelerator == "gpu" or wanted.strict
    if wanted.strategy == "dask":
        check_cluster(wanted.cluster)
        return _on_cluster(wanted)
    if wanted.accelerator == "cpu":
        return _on_cpu(wanted, "requested")
    if wanted.strategy == "cpu":
        return _on_cpu(wanted, "strategy 'cpu' was requested")
    if not demanded and wanted.devices is None and not switches.read().gpu:
        return _on_cpu(wanted, "the GPU is switched off (SOLWEIG_NO_GPU or disable_gpu)")
    found = probe_gpu() if probe is None else probe
    devices = _devices(wanted, found)
    if isinstance(devices, Rejected):
        note_rejection(devices.reason)
        if demanded:
            raise GpuUnavailable(
                "execution.accelerator", "a usable GPU", f"none: {devices.reason}", _hint()
            )
        if wanted.devices is None:
            _warn(devices.reason)
        else:
            log.warning("%s; the CPU is used", devices.reason)
        return _on_cpu(wanted, f"no GPU is used: {devices.reason}")
    asked = "requested" if demanded or wanted.devices is not None else "the first usable GPU"
    return ResolvedExecution(
        accelerator="gpu",
        reason=asked,
        inflight_limit=wanted.inflight_limit or DEFAULT_INFLIGHT,
        workers=wanted.workers,
        policy="gpu" if wanted.strict else "auto",
        strategy=wanted.strategy,
        devices=devices,
        workers_per_gpu=wanted.workers_per_gpu,
        tile_workers=wanted.tile_workers,
        cluster=wanted.cluster,
        storage=wanted.storage,
        memory_budget=wanted.memory_budget or _budget(devices),
        log=wanted.log,
    )


def settled(wishes: ExecutionConfig | ResolvedExecution | None) -> ResolvedExecution:
    """Wishes settled, if they are not yet."""
    return wishes if isinstance(wishes, ResolvedExecution) else resolve_execution(wishes)


def _on_cluster(wanted: ExecutionConfig) -> ResolvedExecution:
    """What is left to this machine: it hands out tiles, each worker looks for its own device."""
    return replace(
        _on_cpu(wanted, "on the workers of a cluster"),
        accelerator="cpu" if wanted.accelerator == "cpu" else "gpu",
        policy="gpu" if wanted.strict else "auto",
        on_workers=wanted,
    )


def _on_cpu(wanted: ExecutionConfig, reason: str) -> ResolvedExecution:
    return ResolvedExecution(
        accelerator="cpu",
        reason=reason,
        inflight_limit=wanted.inflight_limit or DEFAULT_INFLIGHT,
        workers=wanted.workers,
        strategy=wanted.strategy,
        workers_per_gpu=wanted.workers_per_gpu,
        tile_workers=wanted.tile_workers,
        cluster=wanted.cluster,
        storage=wanted.storage,
        memory_budget=wanted.memory_budget,
        log=wanted.log,
    )


def _devices(wanted: ExecutionConfig, probe: Probe) -> tuple[Ready, ...] | Rejected:
    """The devices of a run, best first, or why there are none."""
    now = switches.read()
    visible = now.visible_devices
    if wanted.devices is not None:
        named = [decide_gpu_runtime(probe, device=d, visible=visible) for d in wanted.devices]
        for one in named:
            if isinstance(one, Rejected):
                return one
        return tuple(one for one in named if isinstance(one, Ready))
    software = now.software_gpu
    best = decide_gpu_runtime(probe, allow_software=software, visible=visible)
    if isinstance(best, Rejected):
        return best
    others = usable_adapters(probe, allow_software=software, visible=visible)
    return _ready_all(probe, [adapter.position for adapter in others])


def _budget(devices: Sequence[Ready]) -> int:
    """Bytes each device may hold.

    A share of what NVML says is free on the fullest card, or the budget of the environment where a
    card cannot be asked.
    """
    now = switches.read()
    free = [free_memory(ready.adapter.name) for ready in devices]
    known = [one for one in free if one is not None]
    if len(known) < len(free) or not known:
        return now.gpu_budget_bytes
    return int(min(known) * now.gpu_headroom)


def _ready_all(probe: Probe, positions: Sequence[int]) -> tuple[Ready, ...]:
    decided = (decide_gpu_runtime(probe, device=position) for position in positions)
    return tuple(one for one in decided if isinstance(one, Ready))


def _hint() -> str:
    hint = HINTS.get(platform.system(), "Install a driver with Vulkan, Metal or DirectX 12.")
    return f"{hint} See {DOCUMENTATION}."


def _warn(reason: str) -> None:
    """Once per process and reason."""
    if reason in _warned:
        return
    _warned.add(reason)
    warnings.warn(
        f"no GPU is used: {reason}. The CPU computes the same maps. {_hint()} "
        'execution=ExecutionConfig(accelerator="cpu") says that the CPU is wanted.',
        GpuUnavailableWarning,
        stacklevel=5,
    )


def open_engine(resolved: ResolvedExecution, device_index: int = 0) -> _core.Engine:
    """The engine of one of a run's devices, opened now.

    A device that cannot be opened or answers wrong leaves the engine on the CPU, logged and counted
    like any other fallback under the stage "open"; under the strict policy it is an error.

    Parameters
    ----------
    resolved
        What was settled.
    device_index
        Which of its devices, from 0.

    Returns
    -------
    solweig._core.Engine
        The CPU's where no device is used.

    Raises
    ------
    GpuError
        Strict, and the device cannot be opened.
    """
    if resolved.accelerator == "cpu":
        return _core.Engine("cpu")
    try:
        handle = open_device(resolved, device_index)
    except _core.GpuError as error:
        note_rejection(f"{resolved.devices[device_index].adapter}: {error.reason}")
        if resolved.policy == "gpu":
            raise
        return _core.Engine("auto", None, failure=error.reason)
    return _core.Engine(resolved.policy, handle.core)


def open_device(resolved: ResolvedExecution, device_index: int = 0) -> GpuHandle:
    """One of a run's devices, opened now.

    Raises
    ------
    GpuError
        It cannot be opened, or answers wrong.
    """
    ready = resolved.devices[device_index]
    handle = open_gpu(ready, memory_budget=resolved.memory_budget)
    log.info("GPU: %s, driver %s", ready.adapter, ready.driver or "unknown")
    return handle

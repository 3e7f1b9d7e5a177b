"""What the engine can run on and what it has run on.

These answer from the device and from the engine's own tally, never from a flag: a switched-off GPU
is still available, and a switched-on one that is not there is not. Counts include worker processes.
"""

from __future__ import annotations

from typing import Any

from solweig import _core, switches
from solweig.execution import runtime
from solweig.execution.tally import reset, whole_tally

RELEASE_BUILD: bool = _core.RELEASE_BUILD
"""``True`` when the engine was compiled with optimisation (a debug build is ~50 times slower)."""


def get_gpu_limits() -> dict[str, Any] | None:
    """Limits of the device a run would open. Looks at the adapters; opens nothing.

    Returns
    -------
    dict[str, Any] or None
        Bytes and counts by WebGPU name, with ``adapter`` and ``backend``; ``None`` without a
        device.
    """
    now = switches.read()
    found = runtime.decide_gpu_runtime(
        runtime.probe_gpu(), allow_software=now.software_gpu, visible=now.visible_devices
    )
    if isinstance(found, runtime.Rejected):
        return None
    return {**found.limits, "adapter": found.adapter.name, "backend": found.backend}


def is_gpu_available() -> bool:
    """Whether a device can be opened, regardless of :data:`solweig.GPU_ENABLED`.

    Returns
    -------
    bool
        Looks at the adapters; opens nothing.
    """
    return get_gpu_limits() is not None


def get_compute_backend() -> str:
    """Where a run without ``execution=`` would go now.

    Returns
    -------
    str
        ``"gpu"`` or ``"cpu"``.
    """
    return "gpu" if switches.GPU_ENABLED and is_gpu_available() else "cpu"


def gpu_dispatch_count() -> int:
    """How often a GPU was used since the start or the last :func:`reset_gpu_metrics`.

    Returns
    -------
    int
        Stages that ran on one, workers included.
    """
    return sum(int(entry["gpu_runs"]) for entry in whole_tally().values())


def gpu_fallback_count(stage: str | None = None) -> int:
    """Stages that were meant for a GPU and ran on the CPU after a failure.

    Parameters
    ----------
    stage
        Name of one stage; ``None`` counts all.

    Returns
    -------
    int
        How often, workers included; 0 for a stage that never ran.
    """
    tally = whole_tally()
    if stage is not None:
        return int(tally.get(stage, {}).get("fallbacks", 0))
    return sum(int(entry["fallbacks"]) for entry in tally.values())


def reset_gpu_metrics() -> None:
    """Set the counts of :func:`gpu_dispatch_count` and :func:`gpu_fallback_count` back to zero."""
    reset()

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
    """Limits of the device a run would open, or ``None`` where there is none. Bytes and counts by
    WebGPU name, with ``adapter`` and ``backend``. Looks at the adapters; opens nothing.
    """
    now = switches.read()
    found = runtime.decide_gpu_runtime(
        runtime.probe_gpu(), allow_software=now.software_gpu, visible=now.visible_devices
    )
    if isinstance(found, runtime.Rejected):
        return None
    return {**found.limits, "adapter": found.adapter.name, "backend": found.backend}


def is_gpu_available() -> bool:
    """Whether a device can be opened, regardless of :data:`solweig.GPU_ENABLED`."""
    return get_gpu_limits() is not None


def get_compute_backend() -> str:
    """``"gpu"`` or ``"cpu"``: where a run without ``execution=`` would go now."""
    return "gpu" if switches.GPU_ENABLED and is_gpu_available() else "cpu"


def gpu_dispatch_count() -> int:
    """Stages that ran on a GPU since the start or the last :func:`reset_gpu_metrics`."""
    return sum(int(entry["gpu_runs"]) for entry in whole_tally().values())


def gpu_fallback_count(stage: str | None = None) -> int:
    """Stages that were meant for a GPU and ran on the CPU after a failure.

    Parameters
    ----------
    stage
        Name of one stage; ``None`` counts all. A stage that never ran counts 0.
    """
    tally = whole_tally()
    if stage is not None:
        return int(tally.get(stage, {}).get("fallbacks", 0))
    return sum(int(entry["fallbacks"]) for entry in tally.values())


def reset_gpu_metrics() -> None:
    """Set both counts back to zero."""
    reset()

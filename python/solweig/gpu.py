"""What the engine can run on and what it has run on.

These answer from the device and from the engine's own tally, never from a flag: a switched-off GPU
is still available, and a switched-on one that is not there is not. Counts include worker processes.
"""

from __future__ import annotations

from solweig.execution.availability import (
    RELEASE_BUILD,
    get_compute_backend,
    get_gpu_limits,
    gpu_dispatch_count,
    gpu_fallback_count,
    is_gpu_available,
    reset_gpu_metrics,
)

__all__ = [
    "RELEASE_BUILD",
    "get_compute_backend",
    "get_gpu_limits",
    "gpu_dispatch_count",
    "gpu_fallback_count",
    "is_gpu_available",
    "reset_gpu_metrics",
]

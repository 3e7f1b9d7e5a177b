"""Adapters and devices that are not there."""

from __future__ import annotations

from typing import Any

from solweig.execution.runtime import NEEDED, AdapterInfo, Affinity, Probe

LIMITS = {
    **NEEDED,
    "max_buffer_size": 2**31,
    "max_storage_buffer_binding_size": 2**31,
}


def adapter(position: int = 0, **changes: Any) -> AdapterInfo:
    """A discrete card on Vulkan."""
    return AdapterInfo(
        **{
            "position": position,
            "index": position,
            "name": f"Card {position}",
            "backend": "vulkan",
            "device_type": "discrete",
            "driver": "driver",
            "driver_info": "1.2",
            "limits": LIMITS,
            **changes,
        }
    )


def software(position: int = 0, backend: str = "vulkan") -> AdapterInfo:
    """A rasteriser on the CPU."""
    affinity = Affinity.REQUIRES_MAIN_THREAD if backend == "gl" else Affinity.WORKER_SAFE
    return adapter(
        position, name="llvmpipe", backend=backend, device_type="cpu", index=0, affinity=affinity
    )


def probe(*adapters: AdapterInfo) -> Probe:
    return Probe(True, adapters)


class FakeCore:
    """An open device as ``_core.open_gpu`` gives it."""

    def __init__(self, **changes: Any) -> None:
        self.backend = "vulkan"
        self.name = "Card 0"
        self.affinity = "worker_safe"
        self.limits = dict(LIMITS)
        self.memory_budget = 4 * 2**30
        self.freed = 0
        for name, value in changes.items():
            setattr(self, name, value)

    def counters(self) -> dict[str, int]:
        return {"allocated": 2**30, "pooled": 2**29}

    def free_pooled(self) -> int:
        self.freed += 1
        return 2**29

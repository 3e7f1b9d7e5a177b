"""Devices by name, and what they hold: works, with zeros, where a GPU or psutil is absent."""

from __future__ import annotations

import gc
import importlib
import logging
import warnings
from collections.abc import Callable
from typing import Any

from solweig import switches
from solweig.digits import whole_number
from solweig.execution.runtime import (
    GpuHandle,
    Probe,
    Ready,
    decide_gpu_runtime,
    probe_gpu,
    usable_adapters,
)

__all__ = ["DeviceManager", "free_memory"]

log = logging.getLogger("solweig")

GIB = 2.0**30


class DeviceManager:
    """Names adapters, books memory, tidies up between tiles.

    Parameters
    ----------
    probe
        How adapters are looked for; looked for once.
    """

    def __init__(self, probe: Callable[[], Probe] = probe_gpu) -> None:
        self._look = probe
        self._found: Probe | None = None
        self._handles: dict[int, GpuHandle] = {}

    @property
    def probe(self) -> Probe:
        """What was found on this machine; looked for once."""
        if self._found is None:
            self._found = self._look()
        return self._found

    def _allowed(self) -> dict[str, Any]:
        now = switches.read()
        return {"allow_software": now.software_gpu, "visible": now.visible_devices}

    def get_available_devices(self) -> dict[str, Any]:
        """The adapters a run may choose, software ones only where SOLWEIG_SOFTWARE_GPU says so.

        Returns
        -------
        dict[str, Any]
            ``gpu_available``, ``gpu_count``, ``gpu_devices`` (of each ``device``, ``name``,
            ``backend``, ``device_type``, ``driver``) and ``recommended_device``, "gpu:N" or "cpu".
        """
        usable = usable_adapters(self.probe, **self._allowed()) if self.probe.adapters else []
        devices = [
            {
                "device": f"gpu:{adapter.position}",
                "name": adapter.name,
                "backend": adapter.backend,
                "device_type": adapter.device_type,
                "driver": f"{adapter.driver} {adapter.driver_info}".strip(),
            }
            for adapter in usable
        ]
        return {
            "gpu_available": bool(devices),
            "gpu_count": len(devices),
            "gpu_devices": devices,
            "recommended_device": devices[0]["device"] if devices else "cpu",
        }

    def resolve_device(self, name: str = "auto") -> str:
        """The device that a name means here.

        Parameters
        ----------
        name
            "auto", "cpu" or "gpu:N".

        Returns
        -------
        str
            "cpu" or "gpu:N".

        Raises
        ------
        ValueError
            Any other name.

        Warns
        -----
        UserWarning
            The adapter cannot be used and the CPU takes its place.
        """
        if name == "auto":
            if not switches.read().gpu:
                return "cpu"
            return str(self.get_available_devices()["recommended_device"])
        if name == "cpu":
            return name
        if not (name.startswith("gpu:") and whole_number(name[4:]) is not None):
            raise ValueError(f"device: expected 'auto', 'cpu' or 'gpu:N', got {name!r}")
        decided = decide_gpu_runtime(self.probe, device=name, visible=self._allowed()["visible"])
        if isinstance(decided, Ready):
            return f"gpu:{decided.adapter.position}"
        warnings.warn(f"{decided.reason}; the CPU is used", UserWarning, stacklevel=2)
        return "cpu"

    def register(self, handle: GpuHandle) -> None:
        """Book the memory of an open device.

        Parameters
        ----------
        handle
            As ``solweig.execution.runtime.open_gpu`` gives it.
        """
        self._handles[handle.ready.adapter.position] = handle

    def release(self) -> None:
        """Forget the open devices."""
        self._handles.clear()

    def get_memory_info(self) -> dict[str, float]:
        """What memory is in use: our own accounting, or what NVML says is free where that is less.

        Returns
        -------
        dict[str, float]
            ``cpu_ram_gb``, available, 0 without psutil; per open device N ``gpu_N_allocated_gb``,
            ``gpu_N_reserved_gb`` (with what waits for reuse) and ``gpu_N_free_gb``, of its budget
            [GiB]. Without psutil the devices are left out.
        """
        psutil = _optional("psutil")
        if psutil is None:
            return {"cpu_ram_gb": 0.0}
        info = {"cpu_ram_gb": psutil.virtual_memory().available / GIB}
        for position, handle in self._handles.items():
            counters = handle.core.counters()
            reserved = counters["allocated"] + counters["pooled"]
            free: float = max(handle.core.memory_budget - reserved, 0)
            reported = free_memory(handle.ready.adapter.name)
            info[f"gpu_{position}_allocated_gb"] = counters["allocated"] / GIB
            info[f"gpu_{position}_reserved_gb"] = reserved / GIB
            info[f"gpu_{position}_free_gb"] = (
                free if reported is None else min(free, reported)
            ) / GIB
        return info

    def maybe_gc(self, process_count: int, gc_interval: int, is_cpu: bool) -> bool:
        """Collect garbage, and on a GPU free pooled buffers, every ``gc_interval`` items.

        Parameters
        ----------
        process_count
            Items done so far.
        gc_interval
            Items between two collections; 0 or less = never.
        is_cpu
            Leave the devices alone.

        Returns
        -------
        bool
            Whether it was time.
        """
        if gc_interval <= 0 or process_count <= 0 or process_count % gc_interval:
            return False
        gc.collect()
        if not is_cpu:
            for handle in self._handles.values():
                handle.core.free_pooled()
        return True


def _optional(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def free_memory(adapter: str) -> float | None:
    """Free bytes of the NVIDIA card of a name, if NVML is there and knows it."""
    nvml = _optional("pynvml")
    if nvml is None:
        return None
    try:
        nvml.nvmlInit()
        for i in range(nvml.nvmlDeviceGetCount()):
            card = nvml.nvmlDeviceGetHandleByIndex(i)
            name = nvml.nvmlDeviceGetName(card)
            if (name.decode() if isinstance(name, bytes) else name) in adapter:
                return float(nvml.nvmlDeviceGetMemoryInfo(card).free)
    except Exception as error:  # NVML raises its own kinds; without an answer our books stand
        log.debug("NVML: %s", error)
    return None

"""Tiles on GPUs: all workers on one adapter, or one worker an adapter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from solweig import _core
from solweig.execution import runtime
from solweig.execution.config import ExecutionConfig
from solweig.execution.pool import Crew, HereCrew, ProcessCrew
from solweig.execution.registry import register
from solweig.execution.runtime import Device, Ready
from solweig.execution.strategy import GPUStrategy, abreast
from solweig.execution.worker import Opener

__all__ = ["MultiGPU", "SingleGPUMultiProcess"]


@dataclass(frozen=True)
class DeviceOpener:
    """Opens adapters found usable, strictly: a run that may fall back brings its own opener."""

    devices: tuple[Ready, ...]

    def __call__(self, device_index: int) -> _core.Engine:
        """The engine of one of the run's devices, which never falls back."""
        return _core.Engine("gpu", runtime.open_gpu(self.devices[device_index]).core)


@register("single_gpu")
class SingleGPUMultiProcess(GPUStrategy):
    """One adapter. One worker runs in this process; more are processes that share the adapter.

    Parameters
    ----------
    device
        An adapter found usable (``Ready``), or a name such as "gpu:0".
    workers_per_gpu
        At least 1.
    opener
        How workers come by their engines; None opens ``device``.
    tile_workers
        Tiles each worker has under way at once, at least 1.

    Raises
    ------
    ValueError
        Less than one worker.
    """

    def __init__(
        self,
        device: Device,
        workers_per_gpu: int = 1,
        *,
        opener: Opener | None = None,
        tile_workers: int = 1,
    ) -> None:
        super().__init__()
        if workers_per_gpu < 1:
            raise ValueError(f"workers_per_gpu: expected at least 1, got {workers_per_gpu}")
        self._device = device
        self._workers = int(workers_per_gpu)
        self._opener = opener
        self._abreast = int(tile_workers)

    @classmethod
    def from_config(
        cls, config: ExecutionConfig, devices: Sequence[Device], opener: Opener | None
    ) -> SingleGPUMultiProcess:
        """On the first of ``devices``, with ``config.workers_per_gpu`` workers.

        Raises
        ------
        ValueError
            No device.
        """
        _need_devices(cls.name, devices)
        return cls(devices[0], config.workers_per_gpu, opener=opener, tile_workers=abreast(config))

    @property
    def num_workers(self) -> int:
        """As many as share the adapter."""
        return self._workers

    @property
    def backend(self) -> str:
        """Always "gpu"."""
        return "gpu"

    def get_device_for_worker(self, worker_id: int) -> str:
        """The one adapter, whoever asks."""
        self._check_worker(worker_id)
        return device_name(self._device, 0)

    def _hire(self) -> Crew:
        opener = self._opener or DeviceOpener((usable(self._device),))
        name = device_name(self._device, 0)
        if self._workers == 1:
            return _here(name, opener, self._abreast)
        return ProcessCrew([(name, 0)] * self._workers, opener, self._abreast)


@register("multi_gpu")
class MultiGPU(GPUStrategy):
    """One worker process an adapter.

    Parameters
    ----------
    devices
        Adapters found usable (``Ready``), or names such as "gpu:0"; at least one.
    opener
        How workers come by their engines; None opens ``devices``.
    tile_workers
        Tiles each worker has under way at once, at least 1.

    Raises
    ------
    ValueError
        No device.
    """

    def __init__(
        self, devices: Sequence[Device], *, opener: Opener | None = None, tile_workers: int = 1
    ) -> None:
        super().__init__()
        _need_devices("multi_gpu", devices)
        self._devices = tuple(devices)
        self._opener = opener
        self._abreast = int(tile_workers)

    @classmethod
    def from_config(
        cls, config: ExecutionConfig, devices: Sequence[Device], opener: Opener | None
    ) -> MultiGPU:
        """With a worker for each of ``devices``.

        Raises
        ------
        ValueError
            No device.
        """
        return cls(devices, opener=opener, tile_workers=abreast(config))

    @property
    def num_workers(self) -> int:
        """As many as there are adapters."""
        return len(self._devices)

    @property
    def backend(self) -> str:
        """Always "gpu"."""
        return "gpu"

    def get_device_for_worker(self, worker_id: int) -> str:
        """The adapter that the worker has for itself."""
        self._check_worker(worker_id)
        return device_name(self._devices[worker_id], worker_id)

    def _hire(self) -> Crew:
        opener = self._opener or DeviceOpener(tuple(usable(d) for d in self._devices))
        names = [device_name(device, i) for i, device in enumerate(self._devices)]
        if len(names) == 1:
            return _here(names[0], opener, self._abreast)
        return ProcessCrew([(name, i) for i, name in enumerate(names)], opener, self._abreast)


def device_name(device: Device, position: int) -> str:
    """An adapter as "gpu:N": as given, or by its place among the run's devices."""
    if isinstance(device, str):
        return device
    return f"gpu:{device if isinstance(device, int) else position}"


def usable(device: Device) -> Ready:
    """The adapter behind a name or a number.

    Raises
    ------
    RuntimeError
        There is no such adapter, or it is not usable.
    """
    if not isinstance(device, str | int):
        return device
    found = runtime.decide_gpu_runtime(runtime.probe_gpu(), device=device)
    if isinstance(found, runtime.Rejected):
        raise RuntimeError(f"{device_name(device, 0)} could not be opened: {found.reason}")
    return found


def _here(name: str, opener: Opener, abreast: int) -> Crew:
    try:
        return HereCrew(name, 0, opener, abreast)
    except Exception as error:
        raise RuntimeError(f"{name} could not be opened: {error}") from error


def _need_devices(name: str, devices: Sequence[Device]) -> None:
    if not devices:
        raise ValueError(f"strategy {name}: expected at least one device, got none")

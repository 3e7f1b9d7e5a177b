"""How the tiles of a run are shared out: the interface, the register, the choice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from solweig.errors import ConfigurationError
from solweig.execution.config import ExecutionConfig
from solweig.execution.pool import Crew, ItemReport
from solweig.execution.registry import registered, strategy_names
from solweig.execution.resolve import resolve_execution
from solweig.execution.runtime import Device
from solweig.execution.worker import Done, Job, Opener, Origin

__all__ = [
    "DEFAULT_ABREAST",
    "GPUStrategy",
    "abreast",
    "auto_select_strategy",
]

DEFAULT_ABREAST = 2
"""Tiles a worker has under way at once where nothing is said."""


class GPUStrategy(ABC):
    """Workers, the devices they work on, and a way to run a job's items on them.

    ::

        with CPUOnlyStrategy(workers=2) as strategy:
            for done in strategy.run(job, items):
                ...

    A strategy changes speed and memory, never a result.
    """

    name: ClassVar[str] = ""
    """Under which it is registered."""
    shared_storage: ClassVar[bool] = False
    """Workers reach rasters on shared storage only, not files mapped here."""

    def __init__(self) -> None:
        self._crew: Crew | None = None

    @classmethod
    @abstractmethod
    def from_config(
        cls, config: ExecutionConfig, devices: Sequence[Device], opener: Opener | None
    ) -> GPUStrategy:
        """The strategy a configuration asks for.

        Parameters
        ----------
        config
            The wishes.
        devices
            Adapters found usable, best first.
        opener
            How workers come by their engines; None opens the devices as any run does.

        Returns
        -------
        GPUStrategy
            Of the class that was asked, its workers not yet started.
        """

    @property
    @abstractmethod
    def num_workers(self) -> int:
        """Workers, at least 1."""

    @property
    @abstractmethod
    def backend(self) -> str:
        """Where the workers compute, "cpu" or "gpu"."""

    @abstractmethod
    def get_device_for_worker(self, worker_id: int) -> str:
        """The device a worker computes on.

        Parameters
        ----------
        worker_id
            From 0, below :attr:`num_workers`.

        Returns
        -------
        str
            "cpu" or "gpu:N".

        Raises
        ------
        ValueError
            No such worker.
        """

    @abstractmethod
    def _hire(self) -> Crew:
        """Start the workers."""

    def initialize(self) -> None:
        """Start the workers and open their devices; does nothing the second time.

        Raises
        ------
        RuntimeError
            A device cannot be opened.
        """
        if self._crew is None:
            self._crew = self._hire()

    def cleanup(self) -> None:
        """End the workers and let go of their devices; does nothing without any."""
        crew, self._crew = self._crew, None
        if crew is not None:
            crew.close()

    def run(self, job: Job, items: Sequence[Any], report: ItemReport = None) -> Iterator[Done]:
        """Do all items; results come as they are finished, in any order.

        An error, here or in a worker, leaves workers busy: :meth:`cleanup` then stops them.

        Parameters
        ----------
        job
            What is done to each item; must pickle.
        items
            What it is done to; likewise.
        report
            Called with (item number, done, total) while items are worked on.

        Returns
        -------
        Iterator[Done]
            One an item: its number, what came of it, who did it.

        Raises
        ------
        RuntimeError
            Before :meth:`initialize`, or a worker died.
        Exception
            What the job raised.
        """
        if self._crew is None:
            raise RuntimeError("the strategy is not initialised; call initialize() first")
        return self._crew.run(job, items, report)

    @property
    def origins(self) -> list[Origin]:
        """Worker, process, device and adapter of every worker; empty before :meth:`initialize`."""
        return [] if self._crew is None else list(self._crew.origins)

    @property
    def queue_depth_peak(self) -> int:
        """Most items that were with the workers at one time."""
        return 0 if self._crew is None else self._crew.depth_peak

    def _check_worker(self, worker_id: int) -> None:
        if not 0 <= worker_id < self.num_workers:
            raise ValueError(f"worker_id: expected 0 to {self.num_workers - 1}, got {worker_id}")

    def __enter__(self) -> GPUStrategy:
        self.initialize()
        return self

    def __exit__(self, *_: object) -> None:
        self.cleanup()


def abreast(config: ExecutionConfig) -> int:
    """Tiles a worker has under way at once: as asked for, else two.

    With two, one is read or written while the other is computed.
    """
    return config.tile_workers or DEFAULT_ABREAST


def auto_select_strategy(
    config: ExecutionConfig | None = None,
    *,
    devices: Sequence[Device] | None = None,
    opener: Opener | None = None,
) -> GPUStrategy:
    """The strategy of a configuration: its own by name, else by the number of usable adapters.

    No adapter: "cpu"; one: "single_gpu"; more: "multi_gpu". Software adapters count only where the
    configuration names them.

    Parameters
    ----------
    config
        The wishes; None = "auto".
    devices
        Adapters found usable; None asks the machine.
    opener
        How workers come by their engines; None opens the devices as any run does.

    Returns
    -------
    GPUStrategy
        Its workers are not yet started.

    Raises
    ------
    ConfigurationError
        An unknown name.
    GpuUnavailable
        A GPU was demanded and there is none.
    ValueError
        A strategy that needs an adapter, and none.
    """
    wanted = config or ExecutionConfig()
    if devices is None:
        devices = resolve_execution(wanted).devices
    name = wanted.strategy
    if name == "auto":
        name = ("cpu", "single_gpu", "multi_gpu")[min(len(devices), 2)]
    found = registered(name)
    if found is None:
        raise ConfigurationError(
            "execution.strategy", f"auto, {', '.join(strategy_names())}", repr(wanted.strategy)
        )
    strategy: GPUStrategy = found.from_config(wanted, devices, opener)
    return strategy

"""Tiles on a cluster: one task a tile, on the workers of a Dask scheduler."""

from __future__ import annotations

import contextlib
import os
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from solweig import _core
from solweig.errors import ConfigurationError
from solweig.execution.cluster import check_cluster
from solweig.execution.config import ExecutionConfig
from solweig.execution.pool import Crew, ItemReport
from solweig.execution.registry import register
from solweig.execution.runtime import Device
from solweig.execution.strategy import GPUStrategy, abreast
from solweig.execution.tally import add_worker_tally
from solweig.execution.worker import Done, Job, Opener, Origin, Setup, Worker

__all__ = ["DaskStrategy"]

_CONNECT_S = 10.0

_RETRIES = 3
"""How often a tile is tried again, on another worker where there is one."""


@register("dask")
class DaskStrategy(GPUStrategy):
    """The workers of a Dask scheduler, past one machine.

    Every worker process opens its own engine: the CPU's, with as many threads as the worker has, or
    one adapter, the workers of a machine taking its adapters in turn. A tile whose worker dies or
    fails is tried again. Workers reach inputs and results on shared storage only.

    Parameters
    ----------
    cluster
        Address of the scheduler.
    opener
        How workers come by their engines, given their position on their machine; None is the CPU
        engine.
    tile_workers
        Tiles a worker has under way at once, at least 1.

    Raises
    ------
    ConfigurationError
        Nobody answers there.
    """

    shared_storage = True

    def __init__(
        self,
        cluster: str | None,
        *,
        opener: Opener | None = None,
        tile_workers: int = 2,
    ) -> None:
        super().__init__()
        check_cluster(cluster)
        self._address = str(cluster)
        self._opener = opener
        self._abreast = tile_workers

    @classmethod
    def from_config(
        cls, config: ExecutionConfig, devices: Sequence[Device], opener: Opener | None
    ) -> DaskStrategy:
        """Of ``config.cluster``; its workers look for devices themselves."""
        return cls(config.cluster, opener=opener, tile_workers=abreast(config))

    @property
    def num_workers(self) -> int:
        """As many as the scheduler knew when they were asked for; 1 before."""
        return 1 if self._crew is None else max(len(self._crew.origins), 1)

    @property
    def backend(self) -> str:
        """What the workers open, "cpu" without an opener, else "gpu"."""
        return "cpu" if self._opener is None else "gpu"

    def get_device_for_worker(self, worker_id: int) -> str:
        """Numbered as the worker: which adapter it opens is known on its machine only."""
        self._check_worker(worker_id)
        return "cpu" if self._opener is None else f"gpu:{worker_id}"

    def _hire(self) -> Crew:
        return DaskCrew(self._address, self._opener, self._abreast)


class DaskCrew:
    """A client of a scheduler, and its workers."""

    def __init__(self, address: str, opener: Opener | None, tiles: int) -> None:
        from distributed import Client

        try:
            self._client = Client(address, timeout=_CONNECT_S, set_as_default=False)
            self._client.wait_for_workers(1, timeout=_CONNECT_S)
        except (OSError, TimeoutError) as error:
            raise ConfigurationError(
                "execution.cluster", "a scheduler with workers", f"{address} ({error})"
            ) from error
        self._opener, self._tiles = opener, tiles
        self._futures: list[Any] = []
        self.depth_peak = 0
        told = self._client.scheduler_info(n_workers=-1)["workers"]
        known = sorted(told)
        self._places = places_of(told)
        device = "cpu" if opener is None else "its own"
        self.origins = [Origin(i, 0, device, name, "dask") for i, name in enumerate(known)]

    def run(self, job: Job, items: Sequence[Any], report: ItemReport = None) -> Iterator[Done]:
        from distributed import as_completed

        token = uuid.uuid4().hex
        setup = (self._opener, self._tiles, self._places)
        # The scheduler expects of a task what others of its kind took, and takes the first word of
        # a key for the kind. Tiles of this run are a kind of their own: were they thought to be as
        # quick as the job's task, or as those of a smaller run, one worker would be given all.
        # The job is a task and not scattered data, which would be lost with its workers.
        shared = self._client.submit(_same, job, key=f"solweig_job-{token}", pure=False)
        numbers = {
            self._client.submit(
                _do, shared, token, setup, number, item, key=f"solweig_tile_{token}-{number}",
                pure=False, retries=_RETRIES,
            ): number
            for number, item in enumerate(items)
        }  # fmt: skip
        self._futures = list(numbers)
        total = int(getattr(job, "parts", 1))
        self.depth_peak = max(self.depth_peak, len(numbers))
        for future in as_completed(self._futures, loop=self._client.loop):
            try:
                done: Done = future.result()
            except Exception as error:
                raise _told(error) from error
            if report is not None:
                report(numbers[future], total, total)
            add_worker_tally(done.tally)
            yield replace(done, turnaround=done.seconds)
        self._futures = []

    def close(self) -> None:
        with contextlib.suppress(Exception):  # the scheduler may be gone
            self._client.cancel(self._futures, force=True)
        self._client.close(timeout=_CONNECT_S)


def _told(error: Exception) -> Exception:
    """The error of a tile; a worker that kept dying is named."""
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        return RuntimeError(
            f"a worker of the cluster died {_RETRIES + 1} times over a tile; was it killed for its "
            f"memory? ({error})"
        )
    return error


# ------------------------------------------------------------------ on the workers

_lock = threading.Lock()
_ready: dict[str, tuple[Worker, threading.BoundedSemaphore]] = {}


def _same(job: Job) -> Job:
    return job


def _do(job: Job, token: str, setup: Any, number: int, item: Any) -> Done:
    """Do one item in this process of the cluster."""
    worker, slots = _worker_of(job, token, setup)
    with slots:
        return worker.do(number, item, _listen)


def _listen(done: int, total: int) -> None:
    """Nobody hears of parts of a tile."""


def _worker_of(job: Job, token: str, setup: Any) -> tuple[Worker, threading.BoundedSemaphore]:
    """The engine of this process, with a run's job taken up; that of an earlier run is let go."""
    from distributed import get_worker

    opener, tiles, places = setup
    with _lock:
        if token not in _ready:
            for earlier, _ in _ready.values():
                earlier.end()
            _ready.clear()
            own = get_worker()
            with contextlib.suppress(RuntimeError):  # its threads run already
                _core.set_threads(own.state.nthreads)
            position = _position(own, places)
            setup = Setup(os.getpid(), own.address, position, opener, abreast=tiles)
            worker = Worker(setup)
            worker.begin(job)
            _ready[token] = (worker, threading.BoundedSemaphore(worker.abreast))
        return _ready[token]


def places_of(workers: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Position of each worker among those of its machine, by name; addresses are names too.

    Parameters
    ----------
    workers
        By address, with ``host`` and ``name``, as the scheduler tells them.
    """
    places: dict[str, int] = {}
    taken: dict[str, int] = {}
    for address, told in sorted(workers.items(), key=lambda item: _in_order(item[1], item[0])):
        host = str(told.get("host") or urlsplit(address).hostname)
        places[address] = places[str(told.get("name", address))] = taken.get(host, 0)
        taken[host] = taken.get(host, 0) + 1
    return places


def _in_order(told: Mapping[str, Any], address: str) -> tuple[int, str]:
    name = str(told.get("name", address))
    return (int(name), "") if name.isdigit() else (0, name)


def _position(worker: Any, places: Mapping[str, int]) -> int:
    """Of a worker among those of its machine.

    One that came later, or was started again under another name, takes any.
    """
    for name in (worker.address, str(worker.name)):
        if name in places:
            return places[name]
    return os.getpid()

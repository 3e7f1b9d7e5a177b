"""The workers of a strategy: one in this process, or several in processes of their own."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import wait
from types import ModuleType
from typing import Any, Protocol

from solweig import switches
from solweig.execution.tally import add_worker_tally
from solweig.execution.worker import Done, Job, Opener, Origin, Report, Setup, Worker, serve

__all__ = ["Crew", "HereCrew", "ProcessCrew", "WorkerTrace", "share_cores"]

_PATIENCE_S = 5.0
"""How long a worker may take to end before it is made to."""

ItemReport = Callable[[int, int, int], Any] | None
"""A listener ``(item number, done, total)``."""


class WorkerTrace(Exception):
    """The traceback of an error in a worker process, as the cause of the error raised here."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class Crew(Protocol):
    """Workers ready for jobs."""

    origins: list[Origin]
    #: Most items handed over and not finished at one time.
    depth_peak: int

    def run(self, job: Job, items: Sequence[Any], report: ItemReport = None) -> Iterator[Done]:
        """Do all items; results come as they are finished, in any order."""
        ...

    def close(self) -> None:
        """End the workers, at once if they are busy."""
        ...


def share_cores(workers: int, cores: int | None = None) -> list[int]:
    """Threads of each worker: the cores shared out evenly, at least one each.

    Parameters
    ----------
    workers
        How many, at least 1.
    cores
        None = RAYON_NUM_THREADS, or the cores this process may run on.
    """
    if cores is None:
        cores = switches.read().threads or usable_cores()
    each, left = divmod(cores, workers)
    return [max(each + (i < left), 1) for i in range(workers)]


def usable_cores() -> int:
    """Cores this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


class HereCrew:
    """One worker, in this process.

    With several items abreast, one is computed while others are read and written, each in a thread;
    progress is told in the caller's thread all the same.
    """

    def __init__(
        self,
        device: str,
        device_index: int = 0,
        opener: Opener | None = None,
        abreast: int = 1,
    ) -> None:
        self._worker = Worker(Setup(0, device, device_index, opener, abreast=abreast))
        self.origins = [self._worker.origin]
        self.depth_peak = 0
        self._stop = threading.Event()
        self._threads: ThreadPoolExecutor | None = None

    def run(self, job: Job, items: Sequence[Any], report: ItemReport = None) -> Iterator[Done]:
        """One item after the other, or several abreast; an error ends the rest."""
        self._worker.begin(job)
        if self._worker.abreast > 1:
            yield from self._abreast(items, report)
            return
        for number, item in enumerate(items):
            self.depth_peak = 1
            handed = time.perf_counter()
            done = self._worker.do(number, item, _listener(report, number))
            yield replace(done, turnaround=time.perf_counter() - handed)

    def _abreast(self, items: Sequence[Any], report: ItemReport) -> Iterator[Done]:
        said: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        stop = self._stop = threading.Event()
        waiting = deque(enumerate(items))
        under_way: dict[int, float] = {}

        def listener(number: int) -> Report:
            def listen(done: int, total: int) -> None:
                if stop.is_set():
                    raise _Stopped
                said.put(("progress", number, done, total))

            return listen

        def work(number: int, item: Any) -> None:
            try:
                if not stop.is_set():
                    said.put(("done", number, self._worker.do(number, item, listener(number))))
            except BaseException as error:  # raised again in the caller's thread
                said.put(("error", number, error))

        threads = ThreadPoolExecutor(self._worker.abreast, thread_name_prefix="solweig-tile")
        self._threads = threads
        try:
            while waiting or under_way:
                while waiting and len(under_way) < self._worker.abreast:
                    number, item = waiting.popleft()
                    under_way[number] = time.perf_counter()
                    threads.submit(work, number, item)
                self.depth_peak = max(self.depth_peak, len(under_way))
                kind, number, *rest = _next(said)
                if kind == "progress":
                    _listener(report, number)(*rest)
                elif kind == "error":
                    raise rest[0]
                else:
                    handed = under_way.pop(number)
                    yield replace(rest[0], turnaround=time.perf_counter() - handed)
        finally:
            self._end_threads()

    def _end_threads(self) -> None:
        threads, self._threads = self._threads, None
        self._stop.set()
        if threads is not None:
            threads.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """Wait for what is under way, then let go of the engine."""
        self._end_threads()
        self._worker.end()


class _Stopped(Exception):
    """Nobody wants the item any more."""


def _next(said: queue.SimpleQueue[tuple[Any, ...]]) -> tuple[Any, ...]:
    """The next message; Ctrl-C is heard while waiting, on every system."""
    while True:
        try:
            return said.get(timeout=0.5)
        except queue.Empty:
            continue


def _listener(report: ItemReport, number: int) -> Report:
    def listen(done: int, total: int) -> None:
        if report is not None:
            report(number, done, total)

    return listen


class ProcessCrew:
    """Workers in processes of their own, one device each.

    Every worker gets its next item when it has finished one.

    Parameters
    ----------
    devices
        Of each worker, its name and its position among the run's devices.
    opener
        How they come by their engines.
    abreast
        Items a worker has under way at once.

    Raises
    ------
    RuntimeError
        A worker cannot open its engine, or dies; the others are ended.
    """

    def __init__(
        self, devices: Sequence[tuple[str, int]], opener: Opener | None, abreast: int = 1
    ) -> None:
        threads = share_cores(len(devices))
        level = logging.getLogger("solweig").getEffectiveLevel()
        self._members: list[_Member] = []
        self._busy: dict[int, tuple[Any, float]] = {}
        self.origins: list[Origin] = []
        self.depth_peak = 0
        self._abreast = abreast
        try:
            for i, (device, index) in enumerate(devices):
                setup = Setup(i, device, index, opener, threads[i], level, abreast)
                self._members.append(_Member(setup))
            for member in self._members:
                self.origins.append(member.ready())
        except BaseException:
            self._end(at_once=True)
            raise

    def run(self, job: Job, items: Sequence[Any], report: ItemReport = None) -> Iterator[Done]:
        """Give items to whoever is idle; counts of the workers' engines come with the results."""
        waiting = deque(enumerate(items))
        for member in self._members:
            member.send(("job", job))
        # A worker that may have several items abreast takes as many at once.
        idle = deque(m for turn in range(self._abreast) for m in self._members if turn < m.abreast)
        by_pipe = {member.pipe: member for member in self._members}
        while waiting or self._busy:
            while waiting and idle:
                number, item = waiting.popleft()
                member = idle.popleft()
                # Before it is sent: a worker may begin while this process waits for a core.
                handed = time.perf_counter()
                member.send(("item", number, item))
                self._busy[number] = (member.pipe, handed)
            self.depth_peak = max(self.depth_peak, len(self._busy))
            spoke: list[Any] = wait({pipe for pipe, _ in self._busy.values()})
            for pipe in spoke:
                member = by_pipe[pipe]
                kind, number, *rest = member.receive(self._items_of(pipe))
                if kind == "progress":
                    _listener(report, number)(*rest)
                if kind != "done":
                    continue
                handed = self._busy.pop(number)[1]
                idle.append(member)
                done: Done = rest[0]
                add_worker_tally(done.tally)
                yield replace(done, turnaround=time.perf_counter() - handed)

    def _items_of(self, pipe: Any) -> str:
        return ", ".join(str(n) for n, (own, _) in self._busy.items() if own is pipe)

    def close(self) -> None:
        """Let idle workers end by themselves; busy ones are terminated."""
        self._end(at_once=bool(self._busy))

    def _end(self, *, at_once: bool) -> None:
        for member in self._members:
            member.tell_to_end(at_once)
        for member in self._members:
            member.join()
        self._members, self._busy = [], {}


class _Member:
    """The near end of a worker process."""

    def __init__(self, setup: Setup) -> None:
        context = multiprocessing.get_context("spawn")
        self.setup = setup
        self.abreast = 1
        self.pipe, far = context.Pipe()
        self._process = context.Process(
            target=serve, args=(far, setup), name=f"solweig-worker-{setup.worker_id}", daemon=True
        )
        with _main_stays_here():
            self._process.start()
        far.close()  # so that a dead worker reads as an end of file

    def ready(self) -> Origin:
        """Wait until the worker has its engine."""
        while (message := self._receive("while starting"))[0] == "log":
            pass
        if message[0] == "failed":
            _, error, trace = message
            raise RuntimeError(
                f"worker {self.setup.worker_id}: {self.setup.device} could not be opened: {error}"
            ) from WorkerTrace(trace)
        origin: Origin = message[1]
        self.abreast = int(message[2])
        return origin

    def send(self, order: tuple[Any, ...]) -> None:
        try:
            self.pipe.send(order)
        except OSError as error:
            raise self._died("before it was given work") from error

    def receive(self, items: str) -> tuple[Any, ...]:
        """The next message while the worker does an item; a log line has gone to the log.

        Raises
        ------
        Exception
            What the worker raised, with its traceback as the cause.
        RuntimeError
            The worker died.
        """
        message = self._receive(f"during item {items}")
        if message[0] == "error":
            _, _, error, trace = message
            raise error from WorkerTrace(trace)
        return message

    def _receive(self, when: str) -> tuple[Any, ...]:
        try:
            message: tuple[Any, ...] = self.pipe.recv()
        except (EOFError, OSError) as error:
            raise self._died(when) from error
        if message[0] == "log":
            _, level, name, text = message
            logging.getLogger(name).log(level, "%s", text)
        return message

    def _died(self, when: str) -> RuntimeError:
        self._process.join(_PATIENCE_S)
        return RuntimeError(
            f"worker {self.setup.worker_id} (process {self._process.pid}, {self.setup.device}) "
            f"ended {when}, exit code {self._process.exitcode}; was it killed for its memory?"
        )

    def tell_to_end(self, at_once: bool) -> None:
        if at_once:
            self._process.terminate()
            return
        with contextlib.suppress(OSError):
            self.pipe.send(("stop",))

    def join(self) -> None:
        self._process.join(_PATIENCE_S)
        for force in (self._process.terminate, self._process.kill):
            if self._process.is_alive():
                force()
                self._process.join(_PATIENCE_S)
        self.pipe.close()
        self._process.close()


_starting = threading.Lock()


@contextlib.contextmanager
def _main_stays_here() -> Iterator[None]:
    """Start processes that do not import the caller's script.

    A spawned process imports the main module again, and a script that calls ``calculate`` without
    an ``if __name__ == "__main__"`` would start itself over and over. A worker needs nothing of it.
    """
    with _starting:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main

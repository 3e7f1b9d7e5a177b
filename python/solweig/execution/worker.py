"""A worker: what does the tiles, in this process or in one of its own.

A worker process is started by spawning a fresh interpreter, never by forking: the engine's threads
would not survive a fork. It opens its own engine, ignores Ctrl-C (its parent decides when to stop)
and ends when its parent does. The two talk through a pipe, in tuples that begin with a word:

* to the worker: ``("job", job)``, ``("item", number, item)``, ``("stop",)``;
* from it: ``("ready", origin, items abreast)`` or ``("failed", error, trace)`` once, then
  ``("log", level, name, text)``, ``("progress", number, done, total)``, and one
  ``("done", number, done)`` or ``("error", number, error, trace)`` an item.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from solweig import _core
from solweig.execution.overlap import may_overlap
from solweig.execution.tally import Tally, process_tally, signed, since

__all__ = [
    "Done",
    "Job",
    "Origin",
    "Phases",
    "Setup",
    "Worker",
    "adapter_name",
    "device_seconds",
    "serve",
]

Report = Callable[[int, int], None]


class Phases:
    """What is done to an item: read, compute, finish.

    One item is computed at a time in a process; reading and finishing others may run beside it, in
    other threads.
    """

    def read(self, item: Any) -> Any:
        """What the computation needs; none by default."""
        return None

    def compute(self, item: Any, loaded: Any, report: Report) -> Any:
        """The work; ``report(done, total)`` listens."""
        raise NotImplementedError

    def finish(self, item: Any, computed: Any) -> Any:
        """Write what was computed; returns what is sent back, by default what was computed."""
        return computed

    def close(self) -> None:
        """Let go of everything."""


class _OneFunction(Phases):
    """Work that is one function of the item and a listener."""

    def __init__(self, function: Callable[[Any, Report], Any]) -> None:
        self._function = function

    def compute(self, item: Any, loaded: Any, report: Report) -> Any:
        return self._function(item, report)


Work = Phases | Callable[[Any, Report], Any]


class Job(Protocol):
    """What is done to every item; travels to worker processes, so it must pickle small."""

    def begin(self, engine: _core.Engine | None) -> Work:
        """Get ready to work with an engine (None = the CPU).

        Returns
        -------
        Work
            The phases of the work, or a function of an item and of a listener for its progress,
            ``(done, total)``.
        """
        ...


class Opener(Protocol):
    """How a worker comes by its engine; travels to worker processes."""

    def __call__(self, device_index: int) -> _core.Engine | None:
        """The engine of one of the run's devices, None for the CPU without ceremony."""
        ...


@dataclass(frozen=True)
class Origin:
    """Who did something: worker, process, device, adapter."""

    worker_id: int
    pid: int
    device: str
    adapter: str
    backend: str


@dataclass(frozen=True)
class Done:
    """A finished item."""

    number: int
    value: Any
    origin: Origin
    tally: Tally
    #: Time of the work itself [s].
    seconds: float
    #: From handing over to having the result [s]; filled in by whoever handed over.
    turnaround: float = 0.0
    #: Time of stages on the device [s], and how it was measured ("timestamp" or "fence").
    device_seconds: dict[str, float] = field(default_factory=dict)
    device_timing: str = ""


@dataclass(frozen=True)
class Setup:
    """What a worker is told when it starts."""

    worker_id: int
    device: str
    device_index: int
    opener: Opener | None
    #: Threads of the engine; None leaves them alone (in-process).
    threads: int | None = None
    log_level: int = logging.WARNING
    #: Items under way at once.
    abreast: int = 1


def adapter_name(engine: _core.Engine | None) -> str:
    """What an engine's device is called in tallies: name and backend, or "cpu".

    One card can be an adapter of several backends.
    """
    gpu = None if engine is None else engine.gpu
    return "cpu" if gpu is None else f"{gpu.name} [{gpu.backend}]"


def device_seconds(
    engine: _core.Engine | None, before: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Time of each stage on an engine's device since an earlier look [s]; none without a device."""
    gpu = None if engine is None else engine.gpu
    if gpu is None:
        return {}
    old = before or {}
    grown = {stage: now - old.get(stage, 0.0) for stage, now in gpu.stage_times().items()}
    return {stage: seconds for stage, seconds in grown.items() if seconds > 0.0}


class Worker:
    """Opens its engine once, then does items; several threads may each do one.

    Computing takes turns: one item has all the threads of the engine, or its device.
    """

    def __init__(self, setup: Setup) -> None:
        if setup.threads is not None:
            _core.set_threads(setup.threads)
        self.engine = None if setup.opener is None else setup.opener(setup.device_index)
        gpu = None if self.engine is None else self.engine.gpu
        self.origin = Origin(
            worker_id=setup.worker_id,
            pid=os.getpid(),
            device=setup.device,
            adapter=adapter_name(self.engine),
            backend="cpu" if gpu is None else str(gpu.backend),
        )
        self.abreast = setup.abreast if may_overlap(self.engine) is None else 1
        self._gpu = gpu
        self._turn = threading.Lock()
        self._phases: Phases | None = None

    def begin(self, job: Job) -> None:
        """Take a job; its items follow."""
        self.end()
        work = job.begin(self.engine)
        self._phases = work if isinstance(work, Phases) else _OneFunction(work)

    def end(self) -> None:
        """Let go of what the last job held."""
        phases, self._phases = self._phases, None
        if phases is not None:
            phases.close()

    def do(self, number: int, item: Any, report: Report) -> Done:
        """Do one item."""
        phases = self._phases
        assert phases is not None, "an item before its job"
        started = time.perf_counter()
        loaded = phases.read(item)
        waited = time.perf_counter()
        with self._turn:
            waited = time.perf_counter() - waited
            before, device_before = process_tally(self.engine), device_seconds(self.engine)
            computed = phases.compute(item, loaded, report)
            tally = since(before, process_tally(self.engine))
            device = device_seconds(self.engine, device_before)
        del loaded
        value = phases.finish(item, computed)
        return Done(
            number=number,
            value=value,
            origin=self.origin,
            tally=signed(tally, self.origin.pid, self.origin.adapter),
            seconds=time.perf_counter() - started - waited,
            device_seconds=device,
            device_timing="" if self._gpu is None else str(self._gpu.timing),
        )


class _ToParent(logging.Handler):
    """Sends log lines to the parent, whose handlers they are meant for."""

    def __init__(self, pipe: Any) -> None:
        super().__init__()
        self._pipe = pipe

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._pipe.send(("log", record.levelno, record.name, record.getMessage()))
        except OSError:
            self.handleError(record)


def serve(pipe: Any, setup: Setup) -> None:
    """Life of a worker process: get ready, do what comes, end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    far = _Sender(pipe)
    logger = logging.getLogger("solweig")
    logger.addHandler(_ToParent(far))
    logger.setLevel(setup.log_level)
    logger.propagate = False
    try:
        worker = Worker(setup)
    except Exception as error:
        far.send(("failed", *_portable(error)))
        return
    far.send(("ready", worker.origin, worker.abreast))
    # An end of file or a broken pipe: the parent is gone, and so is the reason to go on.
    try:
        with ThreadPoolExecutor(worker.abreast) as threads:
            while _obey(worker, far, threads, pipe.recv()):
                pass
    except (EOFError, OSError):
        return


class _Sender:
    """Lets several threads use the near end of a pipe."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def send(self, message: tuple[Any, ...]) -> None:
        with self._lock:
            self._pipe.send(message)


def _obey(
    worker: Worker, far: _Sender, threads: ThreadPoolExecutor, order: tuple[Any, ...]
) -> bool:
    """Carry out one order; False ends the worker."""
    if order[0] == "stop":
        return False
    if order[0] == "item":
        if worker.abreast == 1:
            _item(worker, far, *order[1:])
        else:
            threads.submit(_item, worker, far, *order[1:])
        return True
    try:
        worker.begin(order[1])
    except Exception as error:
        far.send(("error", -1, *_portable(error)))
    return True


def _item(worker: Worker, far: _Sender, number: int, item: Any) -> None:
    def report(done: int, total: int) -> None:
        far.send(("progress", number, done, total))

    try:
        far.send(("done", number, worker.do(number, item, report)))
    except Exception as error:
        with contextlib.suppress(OSError):
            far.send(("error", number, *_portable(error)))


def _portable(error: Exception) -> tuple[Exception, str]:
    """The error in a form that pickles, and its trace."""
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    return error, trace

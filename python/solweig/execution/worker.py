"""A worker: what does the tiles, in this process or in one of its own.

A worker process is started by spawning a fresh interpreter, never by forking: the engine's threads
would not survive a fork. It opens its own engine, ignores Ctrl-C (its parent decides when to stop)
and ends when its parent does. The two talk through a pipe, in tuples that begin with a word:

* to the worker: ``("job", job)``, ``("item", number, item)``, ``("stop",)``;
* from it: ``("ready", origin)`` or ``("failed", error, trace)`` once, then ``("log", level, name,
  text)``, ``("progress", number, done, total)``, and one ``("done", number, done)`` or
  ``("error", number, error, trace)`` an item.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from .. import _core
from .tally import Tally, process_tally, signed, since

__all__ = ["Done", "Job", "Origin", "Setup", "Worker", "adapter_name", "device_seconds", "serve"]

Report = Callable[[int, int], None]
Work = Callable[[Any, Report], Any]


class Job(Protocol):
    """What is done to every item; travels to worker processes, so it must pickle small."""

    def begin(self, engine: Any) -> Work:
        """Get ready to work with an engine (None = the CPU).

        Returns:
            A function of an item and of a listener for its progress, ``(done, total)``.
        """
        ...


class Opener(Protocol):
    """How a worker comes by its engine; travels to worker processes."""

    def __call__(self, device_index: int) -> Any:
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


def adapter_name(engine: Any) -> str:
    """What an engine's device is called in tallies: name and backend, or "cpu".

    One card can be an adapter of several backends.
    """
    gpu = getattr(engine, "gpu", None)
    return "cpu" if gpu is None else f"{gpu.name} [{gpu.backend}]"


def device_seconds(engine: Any, before: Mapping[str, float] | None = None) -> dict[str, float]:
    """Time of each stage on an engine's device since an earlier look [s]; none without a device."""
    gpu = getattr(engine, "gpu", None)
    if gpu is None:
        return {}
    old = before or {}
    grown = {stage: now - old.get(stage, 0.0) for stage, now in gpu.stage_times().items()}
    return {stage: seconds for stage, seconds in grown.items() if seconds > 0.0}


class Worker:
    """Opens its engine once, then does items one by one."""

    def __init__(self, setup: Setup) -> None:
        if setup.threads is not None:
            _core.set_threads(setup.threads)
        self.engine = None if setup.opener is None else setup.opener(setup.device_index)
        gpu = getattr(self.engine, "gpu", None)
        self.origin = Origin(
            worker_id=setup.worker_id,
            pid=os.getpid(),
            device=setup.device,
            adapter=adapter_name(self.engine),
            backend="cpu" if gpu is None else str(gpu.backend),
        )
        self._gpu = gpu
        self._work: Work | None = None

    def begin(self, job: Job) -> None:
        """Take a job; its items follow."""
        self._work = job.begin(self.engine)

    def do(self, number: int, item: Any, report: Report) -> Done:
        """Do one item."""
        assert self._work is not None, "an item before its job"
        before, device_before = process_tally(self.engine), device_seconds(self.engine)
        started = time.perf_counter()
        value = self._work(item, report)
        seconds = time.perf_counter() - started
        tally = since(before, process_tally(self.engine))
        return Done(
            number=number,
            value=value,
            origin=self.origin,
            tally=signed(tally, self.origin.pid, self.origin.adapter),
            seconds=seconds,
            device_seconds=device_seconds(self.engine, device_before),
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
    logger = logging.getLogger("solweig")
    logger.addHandler(_ToParent(pipe))
    logger.setLevel(setup.log_level)
    logger.propagate = False
    try:
        worker = Worker(setup)
    except Exception as error:
        pipe.send(("failed", *_portable(error)))
        return
    pipe.send(("ready", worker.origin))
    # An end of file or a broken pipe: the parent is gone, and so is the reason to go on.
    try:
        while _obey(worker, pipe, pipe.recv()):
            pass
    except (EOFError, OSError):
        return


def _obey(worker: Worker, pipe: Any, order: tuple[Any, ...]) -> bool:
    """Carry out one order; False ends the worker."""
    if order[0] == "stop":
        return False
    number = order[1] if order[0] == "item" else -1
    try:
        if order[0] == "job":
            worker.begin(order[1])
            return True

        def report(done: int, total: int) -> None:
            pipe.send(("progress", number, done, total))

        pipe.send(("done", number, worker.do(number, order[2], report)))
    except Exception as error:
        pipe.send(("error", number, *_portable(error)))
    return True


def _portable(error: Exception) -> tuple[Exception, str]:
    """The error in a form that pickles, and its trace."""
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    return error, trace

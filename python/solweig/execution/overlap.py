"""Steps one after the other, with what follows a step done while the next one runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from solweig import _core

__all__ = ["may_overlap", "run_steps"]

T = TypeVar("T")


def may_overlap(engine: _core.Engine | None) -> str | None:
    """Why steps of this engine cannot run in another thread; None if they can."""
    gpu = None if engine is None else engine.gpu
    if gpu is not None and gpu.affinity != "worker_safe":
        return f"{gpu.name} ({gpu.backend}) works on the main thread only"
    return None


def run_steps(
    count: int, step: Callable[[int], T], deliver: Callable[[int, T, float], None], *, overlap: bool
) -> float:
    """Carry out ``step(i)`` and ``deliver(i, result, seconds)`` for every i in order.

    Parameters
    ----------
    count
        Steps.
    step
        Computes one; never runs twice at a time, and always in order.
    deliver
        Receives its result in the calling thread.
    overlap
        Run step i + 1 in a thread while result i is delivered.

    Returns
    -------
    float
        Time in which a step and a delivery ran together [s].
    """
    if not overlap:
        for i in range(count):
            result, start, end = _timed(step, i)
            deliver(i, result, end - start)
        return 0.0
    together = 0.0
    with ThreadPoolExecutor(1, thread_name_prefix="solweig-step") as thread:
        ahead = _Ahead(thread, step, 0) if count else None
        for i in range(count):
            assert ahead is not None
            result, start, end = ahead.result()
            seconds = end - start
            ahead = _Ahead(thread, step, i + 1) if i + 1 < count else None
            began = time.perf_counter()
            deliver(i, result, seconds)
            ended = time.perf_counter()
            if ahead is not None:
                _, start, end = ahead.result()
                together += max(min(end, ended) - max(start, began), 0.0)
    return together


class _Ahead:
    """A step that runs in the thread; it has begun when this exists.

    A delivery that holds the interpreter's lock would otherwise keep the step from starting.
    """

    def __init__(self, thread: ThreadPoolExecutor, step: Callable[[int], Any], i: int) -> None:
        begun = threading.Event()

        def run() -> tuple[Any, float, float]:
            begun.set()
            return _timed(step, i)

        self._future = thread.submit(run)
        begun.wait()

    def result(self) -> tuple[Any, float, float]:
        return self._future.result()


def _timed(step: Callable[[int], T], i: int) -> tuple[T, float, float]:
    start = time.perf_counter()
    result = step(i)
    return result, start, time.perf_counter()

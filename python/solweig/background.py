"""Work done in the background, with a bound on how much of it may be under way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

__all__ = ["BackgroundWriter"]


class BackgroundWriter:
    """Does tasks one after the other in a thread of its own.

    At most ``limit`` tasks are handed over and not finished: a slow disk slows the model instead of
    filling the memory. An error is raised by the next :meth:`submit` or by :meth:`wait`; tasks that
    still wait are then dropped.

    Parameters
    ----------
    limit
        At least 1.
    name
        Of the thread.
    here
        Do every task at once, in the caller's thread.
    """

    def __init__(self, limit: int, *, name: str = "solweig-writer", here: bool = False) -> None:
        self.depth_peak = 0
        """Most tasks that were handed over and not finished at one time."""
        self._slots = threading.BoundedSemaphore(limit)
        self._lock = threading.Lock()
        self._depth = 0
        self._error: BaseException | None = None
        self._pool = None if here else ThreadPoolExecutor(1, thread_name_prefix=name)

    def submit(self, task: Callable[[], Any]) -> Future[Any]:
        """Hand a task over; waits while ``limit`` of them are under way."""
        if self._pool is None:
            self.depth_peak = 1
            done: Future[Any] = Future()
            done.set_result(task())
            return done
        self._slots.acquire()
        if self._error is not None:
            self._slots.release()
            self._raise()
        with self._lock:
            self._depth += 1
            self.depth_peak = max(self.depth_peak, self._depth)
        try:
            return self._pool.submit(self._do, task)
        except BaseException:
            self._leave()
            raise

    def close(self, *, drop: bool = False) -> None:
        """End the thread when everything is done, or with ``drop`` after the task under way.

        Raises
        ------
        BaseException
            What a task raised, unless ``drop``.
        """
        if self._pool is None:
            return
        if drop and self._error is None:
            self._error = _Dropped()
        self._pool.shutdown(wait=True)
        if not drop and self._error is not None:
            self._raise()

    def _do(self, task: Callable[[], Any]) -> Any:
        try:
            if self._error is not None:
                raise self._error
            return task()
        except BaseException as error:  # handed to the caller's thread, whatever it is
            if self._error is None:
                self._error = error
            raise
        finally:
            self._leave()

    def _leave(self) -> None:
        with self._lock:
            self._depth -= 1
        self._slots.release()

    def _raise(self) -> None:
        assert self._error is not None
        raise self._error


class _Dropped(Exception):
    """The rest is not wanted any more."""

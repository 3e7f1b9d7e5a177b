"""Independent jobs side by side: writing, compressing and hashing release the interpreter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["in_parallel"]

T = TypeVar("T")


def in_parallel(jobs: Iterable[Callable[[], T]], *, most: int | None = None) -> list[T]:
    """Results of the jobs in their order; the first failure is raised after all have ended.

    Parameters
    ----------
    jobs
        What to do.
    most
        How many at once, at least 1; None = as many as there are cores.
    """
    waiting = list(jobs)
    threads = min(len(waiting), os.cpu_count() or 1)
    if most is not None:
        threads = min(threads, max(most, 1))
    if threads < 2:
        return [job() for job in waiting]
    with ThreadPoolExecutor(max_workers=threads) as pool:
        futures = [pool.submit(job) for job in waiting]
    return [future.result() for future in futures]

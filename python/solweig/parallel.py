"""Independent jobs side by side: writing, compressing and hashing release the interpreter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["in_parallel"]

T = TypeVar("T")


def in_parallel(jobs: Iterable[Callable[[], T]]) -> list[T]:
    """Results of the jobs in their order; the first failure is raised after all have ended."""
    waiting = list(jobs)
    if len(waiting) < 2:
        return [job() for job in waiting]
    with ThreadPoolExecutor(max_workers=min(len(waiting), os.cpu_count() or 1)) as pool:
        futures = [pool.submit(job) for job in waiting]
    return [future.result() for future in futures]

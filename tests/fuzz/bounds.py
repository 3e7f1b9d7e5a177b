"""Bounds on what a reader may take: a hang or a flood of memory is a failure, not an end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

__all__ = ["TooLong", "bounded"]

PROCESSOR_SECONDS = 20
"""Of this process, whatever runs beside it; a tiny file takes a few thousandths."""
MEMORY = 2**30
"""Beyond what is mapped already; the files are a few kilobytes."""


class TooLong(BaseException):
    """A reader does not come to an end. No reader may catch it as an error of the file."""


@contextmanager
def bounded() -> Iterator[None]:
    """Raise TooLong or MemoryError where a bound is crossed; nothing where the system has none."""
    if not sys.platform.startswith("linux"):
        yield
        return
    import resource

    def stop(_: int, __: FrameType | None) -> None:
        raise TooLong

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    before = signal.signal(signal.SIGPROF, stop)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, hard))
    signal.setitimer(signal.ITIMER_PROF, PROCESSOR_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGPROF, before)

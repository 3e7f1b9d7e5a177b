"""Threads of the engine in this process: sized once, before its first work."""

from __future__ import annotations

import logging

from solweig import _core

__all__ = ["use_threads"]

log = logging.getLogger("solweig")

# The engine sizes its threads once a process and does not tell how many there are.
_sized_to: int | None = None


def use_threads(count: int) -> None:
    """Give the engine so many threads; later than its first work it keeps those it has."""
    global _sized_to
    try:
        _core.set_threads(count)
    except RuntimeError:
        if count != _sized_to:
            log.info("execution.workers=%d: the engine's threads are already running", count)
        return
    _sized_to = count

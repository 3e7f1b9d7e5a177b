"""Counts of who did the work: of this process, of its workers, of one run.

A tally is ``stage -> {"gpu_runs", "cpu_runs", "fallbacks", "last_reason", "seconds"}``. That of a
run also says in which processes and on which adapters a stage ran: ``"pids"`` and ``"adapters"``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from solweig import _core

__all__ = ["Tally", "add_worker_tally", "merge", "process_tally", "reset", "since", "whole_tally"]

Tally = dict[str, dict[str, Any]]

_COUNTS = ("gpu_runs", "cpu_runs", "fallbacks", "seconds")
_LISTS = ("pids", "adapters")

# What worker processes reported back. The engine keeps the counts of its own process; these have no
# other home, and the public counters are of everything this session caused.
_lock = threading.Lock()
_from_workers: Tally = {}


def process_tally(engine: _core.Engine | None = None) -> Tally:
    """The counts of one engine, or with ``None`` of every engine in this process."""
    counts: Tally = _core.tally() if engine is None else engine.tally()
    return counts


def since(before: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]) -> Tally:
    """What was counted between two looks at a tally; stages that did nothing are left out."""
    grown: Tally = {}
    for stage, entry in now.items():
        old = before.get(stage, {})
        new = {**entry, **{n: entry.get(n, 0) - old.get(n, 0) for n in _COUNTS}}
        if new["cpu_runs"] or new["gpu_runs"] or new["fallbacks"]:
            if not new["fallbacks"]:
                new["last_reason"] = None
            grown[stage] = new
    return grown


def signed(tally: Mapping[str, Mapping[str, Any]], pid: int, adapter: str) -> Tally:
    """The tally with the process and the adapter that did the work."""
    return {s: {**entry, "pids": [pid], "adapters": [adapter]} for s, entry in tally.items()}


def merge(tallies: Iterable[Mapping[str, Mapping[str, Any]]]) -> Tally:
    """The sum of tallies; the last reason given wins, processes and adapters are listed once."""
    total: Tally = {}
    for tally in tallies:
        for stage, entry in tally.items():
            sums = total.setdefault(stage, {**dict.fromkeys(_COUNTS, 0), "last_reason": None})
            for name in _COUNTS:
                sums[name] += entry.get(name, 0)
            if entry.get("last_reason") is not None:
                sums["last_reason"] = entry["last_reason"]
            for name in _LISTS:
                if name in entry:
                    known = sums.setdefault(name, [])
                    known += [x for x in entry[name] if x not in known]
    return total


def add_worker_tally(tally: Mapping[str, Mapping[str, Any]]) -> None:
    """Count what a worker process did as done by this session."""
    global _from_workers
    with _lock:
        _from_workers = merge([_from_workers, tally])


def whole_tally() -> Tally:
    """Counts of this process and of all its workers since the start or the last reset."""
    with _lock:
        return merge([_core.tally(), _from_workers])


def reset() -> None:
    """Set every count back to zero."""
    global _from_workers
    with _lock:
        _core.reset_tally()
        _from_workers = {}

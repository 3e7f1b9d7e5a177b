"""Runs the prepared city in a process of its own, which may come to harm on the way.

``python -m tests.support.resume_script SURFACE OUT '{"harm": ..., "at": N, "options": {...}}'``
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any

import solweig
from solweig.execution import ExecutionConfig
from tests.support.tile_cases import run


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def fill_the_disk() -> None:
    """From here on no file can be written beyond its first bytes, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, resource.RLIM_INFINITY))


def kill_a_worker() -> None:
    multiprocessing.active_children()[0].kill()


HARM: dict[str, Callable[[], None]] = {
    "kill": kill,
    "interrupt": interrupt,
    "disk": fill_the_disk,
    "worker": kill_a_worker,
}


def main(surface: str, out: str, told: str) -> None:
    # What is started in the background of a shell would not hear it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    what: dict[str, Any] = json.loads(told)
    done: list[int] = []

    def progress(now: int, total: int) -> None:
        if what["harm"] and now >= what["at"] and not done:
            done.append(now)
            HARM[what["harm"]]()

    options = {**what["options"]}
    workers = options.pop("workers", None)
    run(
        solweig.SurfaceData.load(surface),
        output_dir=out,
        progress_callback=progress,
        execution=ExecutionConfig(accelerator="cpu", workers=workers),
        **options,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])

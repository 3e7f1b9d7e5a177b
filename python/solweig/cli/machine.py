"""For a program that started the command: lines of JSON, and a stop by closing its input."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Annotated, Any

import typer

from solweig.bars import Progress, bounded
from solweig.cli.options import HARDWARE
from solweig.cli.support import Options
from solweig.rasters.digests import plain

__all__ = ["FORMS", "JsonProgress", "ProgressForm", "StopWithInput", "emit", "progress_bars"]


FORMS = ("bars", "json")
"""How progress may be shown."""


def _form(value: str) -> str:
    if value not in FORMS:
        raise typer.BadParameter(f"{value!r} is neither {' nor '.join(FORMS)}")
    Options.json = value == "json"
    return value


def _stop(value: bool) -> bool:
    if value:
        _stop_with_input()
    return value


ProgressForm = Annotated[
    str,
    typer.Option(
        "--progress",
        help="bars on a terminal, or json: an object a line on standard output, results last.",
        callback=_form,
        rich_help_panel=HARDWARE,
    ),
]
StopWithInput = Annotated[
    bool,
    typer.Option(
        "--stop-with-input",
        help="Stop, as with Ctrl-C, when standard input ends: for a program that started this.",
        callback=_stop,
        rich_help_panel=HARDWARE,
    ),
]


def emit(**entry: Any) -> None:
    """Write an object as a line of standard output, if lines of JSON were asked for."""
    if Options.json:
        sys.stdout.write(json.dumps(plain(entry), allow_nan=False) + "\n")
        sys.stdout.flush()


class JsonProgress(Progress):
    """Phases as lines of JSON: phase, its number, how many there are, done, total.

    Parameters
    ----------
    phases
        How many there will be.
    """

    def __init__(self, phases: int) -> None:
        super().__init__(enabled=False)
        self._phases, self._number = phases, 0

    def __enter__(self) -> JsonProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is open."""

    def phase(self, name: str, total: int | None = None) -> Callable[[int, int], None]:
        """See :meth:`solweig.bars.Progress.phase`."""
        self._number += 1
        number, last = self._number, (-1, 0)

        def say(done: int, total: int) -> None:
            nonlocal last
            # A line a per cent and phase is enough for anyone.
            if (100 * done // total, total) != last:
                last = (100 * done // total, total)
                emit(phase=name, part=number, parts=self._phases, done=done, total=total)

        say(0, total or 1)
        return bounded(say)


def progress_bars(phases: int = 1) -> Progress:
    """Bars on standard error, none where it is no terminal or ``--quiet`` was given; or JSON."""
    if Options.json:
        return JsonProgress(phases)
    return Progress(enabled=False if Options.quiet else None)


def _stop_with_input() -> None:
    """Interrupt this process when its standard input ends."""
    threading.Thread(target=_watch, name="solweig-input", daemon=True).start()


def _watch() -> None:
    # Of the file itself: a buffered reader would hold its lock while Python ends.
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass  # closed, or never open
    if hasattr(signal, "pthread_kill"):
        # Wakes a main thread that waits, which interrupt_main() does not.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        import _thread

        _thread.interrupt_main()

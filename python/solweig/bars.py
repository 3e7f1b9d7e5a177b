"""Progress bars that show phase, rate and remaining time, and vanish when not on a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sized
from types import TracebackType
from typing import IO, Any, TypeVar

T = TypeVar("T")


class Progress:
    """Bars for the phases of a run, drawn on stderr.

    ::

        with Progress() as progress:
            advance = progress.phase("sky view", total=153)
            scene.svf(progress=advance)

    Parameters
    ----------
    enabled
        ``True`` or ``False`` forces; ``None`` draws only on a terminal.
    stream
        Where to draw; ``None`` is stderr.
    """

    def __init__(self, enabled: bool | None = None, stream: IO[str] | None = None) -> None:
        self.stream = sys.stderr if stream is None else stream
        self.enabled = _is_terminal(self.stream) if enabled is None else enabled
        self._bars: Any = None

    def __enter__(self) -> Progress:
        if self.enabled:
            self._bars = _rich_bars(self.stream)
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def phase(self, name: str, total: int | None = None) -> Callable[[int, int], None]:
        """Start a bar in place of the last.

        Parameters
        ----------
        name
            What is said beside it.
        total
            Parts of the whole; ``None`` where they come with the first report.

        Returns
        -------
        Callable
            Moves the bar, ``(done, total)``, from any thread; without a terminal it does nothing. A
            bar stays between empty and full and never goes back, whatever it is told.
        """
        if self._bars is None:
            return _ignore
        bars = self._bars
        for earlier in bars.task_ids:
            bars.update(earlier, visible=False)
        task = bars.add_task(name, total=total)

        def draw(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total)

        return bounded(draw)


def bounded(advance: Callable[[int, int], Any]) -> Callable[[int, int], None]:
    """A listener that hears of progress between 0 and 1 that never goes back.

    Parameters
    ----------
    advance
        Who hears, ``(done, total)``.

    Returns
    -------
    Callable
        Takes ``(done, total)`` in any order, from any thread.
    """
    lock, furthest = threading.Lock(), 0.0

    def listen(done: int, total: int) -> None:
        nonlocal furthest
        total = max(total, 1)
        done = min(max(done, 0), total)
        with lock:
            if done / total < furthest:
                return
            furthest = done / total
            advance(done, total)

    return listen


def parts_of(
    advance: Callable[[int, int], Any] | None, parts: int
) -> Callable[[int, int, int], None]:
    """A listener that tells of the whole, all parts alike.

    Parts may run at the same time and report in any order; the whole stays in its bounds.

    Parameters
    ----------
    advance
        Who hears of the whole, ``(done, total)``; ``None`` = nobody.
    parts
        How many.

    Returns
    -------
    Callable
        Takes ``(part, done, total)``, parts from 0.
    """
    if advance is None:
        return _ignore_part
    lock = threading.Lock()
    whole = bounded(advance)
    done_by_part = [0] * parts

    def listen(part: int, done: int, total: int) -> None:
        with lock:
            done_by_part[part] = max(done_by_part[part], min(max(done, 0), total))
            now = sum(done_by_part)
        whole(now, total * parts)

    return listen


def track(
    items: Iterable[T], name: str, total: int | None = None, enabled: bool | None = None
) -> Iterator[T]:
    """Pass items on while a bar follows.

    Parameters
    ----------
    items
        What is gone through.
    name
        What is said beside the bar.
    total
        How many; ``None`` = as many as ``items`` has, where it knows.
    enabled
        As in :class:`Progress`.

    Yields
    ------
    T
        The items, one by one.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    with Progress(enabled) as progress:
        advance = progress.phase(name, total)
        for done, item in enumerate(items, start=1):
            yield item
            advance(done, total if total is not None else done)


def _ignore(done: int, total: int) -> None:
    """Stands in for a bar where there is no terminal."""


def _ignore_part(part: int, done: int, total: int) -> None:
    """Stands in where nobody listens."""


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def _rich_bars(stream: IO[str]) -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    return Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _rate_column(),
        TimeRemainingColumn(),
        console=Console(file=stream),
        transient=True,
    )


def _rate_column() -> Any:
    from rich.progress import ProgressColumn, Task
    from rich.text import Text

    class RateColumn(ProgressColumn):
        """Units per second, or seconds per unit where that reads better."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            if not speed:
                return Text("", style="progress.data.speed")
            text = f"{speed:.1f}/s" if speed >= 1 else f"{1 / speed:.1f} s each"
            return Text(text, style="progress.data.speed")

    return RateColumn()

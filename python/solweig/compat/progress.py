"""Progress of loops of one's own, in a terminal or to a QGIS feedback."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import Any, TypeVar

from solweig.bars import Progress, bounded, parts_of, track

__all__ = [
    "Progress",
    "ProgressReporter",
    "bounded",
    "get_progress_iterator",
    "parts_of",
    "progress",
    "track",
]

T = TypeVar("T")


class ProgressReporter:
    """Counts steps, for a bar in a terminal or a QGIS feedback.

    Parameters
    ----------
    total
        Steps in all.
    desc
        What is said beside the bar.
    feedback
        A QGIS feedback, with ``setProgress``, ``setProgressText`` and ``isCanceled``; ``None`` = a
        bar, in a terminal only.
    disable
        Say nothing.
    progress_range
        Part of 0-100 that these steps cover for the feedback.

    Attributes
    ----------
    current
        Steps done.
    """

    def __init__(
        self,
        total: int,
        desc: str = "",
        feedback: Any = None,
        disable: bool = False,
        progress_range: tuple[float, float] | None = None,
    ) -> None:
        self.total, self.desc, self.disable = total, desc, disable
        self.current = 0
        self._feedback = None if disable else feedback
        self._span = progress_range or (0.0, 100.0)
        self._bars = Progress(enabled=False if disable or feedback is not None else None)
        self._bars.__enter__()
        self._advance = self._bars.phase(desc, total)
        self._closed = False

    def __enter__(self) -> ProgressReporter:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def update(self, n: int = 1) -> None:
        """Some steps are done.

        Parameters
        ----------
        n
            How many; nothing happens after :meth:`close`.
        """
        if self._closed:
            return
        self.current += n
        self._advance(self.current, self.total)
        set_progress = getattr(self._feedback, "setProgress", None)
        if callable(set_progress):
            low, high = self._span
            share = min(max(self.current / self.total, 0.0), 1.0) if self.total > 0 else 0.0
            set_progress(int(low + (high - low) * share))

    def set_description(self, desc: str) -> None:
        """Say something else beside the bar.

        Parameters
        ----------
        desc
            What.
        """
        self.desc = desc
        self._advance = self._bars.phase(desc, self.total)
        self._advance(self.current, self.total)

    def set_text(self, text: str) -> None:
        """Say something to the feedback, or beside the bar without one.

        Parameters
        ----------
        text
            What.
        """
        show = getattr(self._feedback, "setProgressText", None)
        if callable(show):
            show(text)
        elif self._feedback is None:
            self.set_description(text)

    def is_cancelled(self) -> bool:
        """Whether the user of the feedback cancelled.

        Returns
        -------
        bool
            ``False`` without a feedback.
        """
        asked = getattr(self._feedback, "isCanceled", None)
        return bool(asked()) if callable(asked) else False

    def close(self) -> None:
        """Take the bar away; may be called again."""
        if not self._closed:
            self._closed = True
            self._bars.__exit__(None, None, None)


def get_progress_iterator(
    iterable: Iterable[T],
    desc: str = "",
    total: int | None = None,
    feedback: Any = None,
    disable: bool = False,
) -> Iterator[T]:
    """Pass items on while a bar or a feedback follows.

    Parameters
    ----------
    iterable
        What is gone through.
    desc
        What is said beside the bar.
    total
        How many; ``None`` = as many as there are, where that is known.
    feedback, disable
        As in :class:`ProgressReporter`.

    Yields
    ------
    T
        The items, one by one.
    """
    if total is None:
        total = len(iterable) if isinstance(iterable, Sized) else 0
    with ProgressReporter(total, desc, feedback, disable) as reporter:
        for item in iterable:
            yield item
            reporter.update()


def progress(
    iterable: Iterable[T], desc: str = "", total: int | None = None, **kwargs: Any
) -> Iterator[T]:
    """Pass items on while a bar follows.

    Parameters
    ----------
    iterable, desc, total
        As in :func:`get_progress_iterator`.
    **kwargs
        ``feedback`` and ``disable`` as there; what else tqdm knows is not looked at.

    Returns
    -------
    Iterator[T]
        The items, one by one.
    """
    known = {name: kwargs[name] for name in ("feedback", "disable") if name in kwargs}
    return get_progress_iterator(iterable, desc, total, **known)

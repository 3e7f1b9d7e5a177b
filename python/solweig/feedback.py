"""Progress and cancellation for whoever waits: QGIS feedback objects or plain callables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from solweig.errors import ComputationCancelled


class Feedback:
    """One face for the objects callers pass as ``feedback``.

    Understood: ``None``; a callable ``(current, total)``; an object with any of ``setProgress``
    (percent), ``setProgressText``, ``pushInfo`` and ``isCanceled`` (QGIS).

    Parameters
    ----------
    stage
        Named in the error when the user cancels.
    span
        Part of the 0-100 progress range that this stage covers.
    """

    def __init__(self, target: Any, stage: str, span: tuple[float, float] = (0.0, 100.0)) -> None:
        self._target = target
        self._stage = stage
        self._span = span

    def text(self, message: str) -> None:
        """Show what is being done."""
        for name in ("setProgressText", "pushInfo"):
            show = getattr(self._target, name, None)
            if callable(show):
                show(message)
                return

    def check(self) -> None:
        """Stop where the user cancelled.

        Raises
        ------
        ComputationCancelled
            The user did.
        """
        cancelled = getattr(self._target, "isCanceled", None)
        if callable(cancelled) and cancelled():
            raise ComputationCancelled(self._stage)

    def __call__(self, current: int, total: int) -> None:
        """Report progress.

        Raises
        ------
        ComputationCancelled
            The user cancelled.
        """
        set_progress = getattr(self._target, "setProgress", None)
        if callable(set_progress):
            low, high = self._span
            set_progress(low + (high - low) * min(max(current / max(total, 1), 0.0), 1.0))
        elif callable(self._target):
            self._target(current, total)
        self.check()

    def callback(self) -> Callable[[int, int], None] | None:
        """The form the engine takes: ``None`` where nobody listens."""
        return None if self._target is None else self

"""Progress of a build over its stages, as one."""

from __future__ import annotations

from typing import Any

from solweig.feedback import Feedback

__all__ = ["Stages"]

_PARTS = 1000


class Stages:
    """Hands out the feedback of one stage after another.

    Parameters
    ----------
    target
        As ``feedback`` is taken elsewhere: None, a callable ``(done, total)``, or a QGIS object.
    """

    def __init__(self, target: Any) -> None:
        self._target = target
        self._done = 0.0

    def next(self, name: str, share: float) -> Feedback:
        """Begin a stage.

        Parameters
        ----------
        name
            Shown, and named where the user cancels.
        share
            Per cent of the whole.
        """
        low, high = self._done, min(self._done + share, 100.0)
        self._done = high
        listener = self._target
        if callable(listener) and not hasattr(listener, "setProgress"):

            def whole(done: int, total: int, tell: Any = listener) -> None:
                tell(round((low + (high - low) * done / max(total, 1)) / 100.0 * _PARTS), _PARTS)

            listener = whole
        feedback = Feedback(listener, name, (low, high))
        feedback.text(name)
        feedback.check()
        return feedback

    def finish(self) -> None:
        """Say that everything is done, which can no longer be cancelled."""
        set_progress = getattr(self._target, "setProgress", None)
        if callable(set_progress):
            set_progress(100.0)
        elif callable(self._target):
            self._target(_PARTS, _PARTS)

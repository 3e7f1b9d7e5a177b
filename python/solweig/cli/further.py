"""Commands that go on where ``solweig run`` has its surface, weather and place.

They take every option of a run, read and checked as a run does it, and do something else with the
surface than its steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from solweig.surface.data import SurfaceData
from solweig.typing import Advance
from solweig.weather.location import Location
from solweig.weather.step import Weather

__all__ = ["Further", "further_work", "instead_of_steps"]


class Further(Protocol):
    """What is done instead of the steps of a run."""

    #: For the progress bar.
    doing: str

    def check(
        self, surface: SurfaceData, steps: list[Weather], where: Location, options: dict[str, Any]
    ) -> None:
        """Refuse what cannot be, with the layers read and no sky view yet.

        Parameters
        ----------
        surface
            In the model's frame.
        steps, where
            Weather and place.
        options
            Of :func:`solweig.calculate`.
        """

    def surface(self, progress: Advance, **options: Any) -> SurfaceData:
        """The prepared surface.

        Parameters
        ----------
        progress
            Hears of it.
        options
            Of :func:`solweig.cli.options.prepared_surface`.
        """

    def run(
        self,
        surface: SurfaceData,
        steps: list[Weather],
        where: Location,
        options: dict[str, Any],
        progress: Advance,
    ) -> None:
        """Do it, with the sky view there.

        Parameters
        ----------
        surface, steps, where, options
            As for :meth:`check`.
        progress
            Hears of it.
        """


_FURTHER: ContextVar[Further | None] = ContextVar("further", default=None)


def further_work() -> Further | None:
    """What the command that called a run does instead of its steps; None for a run itself."""
    return _FURTHER.get()


@contextmanager
def instead_of_steps(further: Further) -> Iterator[None]:
    """Within it, a run hands its surface over instead of running steps."""
    token = _FURTHER.set(further)
    try:
        yield
    finally:
        _FURTHER.reset(token)

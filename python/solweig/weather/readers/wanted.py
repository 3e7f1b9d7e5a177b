"""What of a source of weather is wanted: where, when, and what to do about gaps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from solweig.messages import argument
from solweig.weather.values import Fill

TAKEN_WHOLE = (
    "Of UMEP text every row of the period is taken, as it is dated: cut the period with "
    f"{argument('start')} and {argument('end')}."
)
"""What to do where hours or another year of such a file are asked for."""


@dataclass(frozen=True)
class Site:
    """Where weather is wanted, and on which clock.

    Attributes
    ----------
    latitude, longitude
        Degrees north and east.
    altitude
        Above sea level [m].
    utc_offset
        Hours the clock of the stamps is ahead of UTC.
    """

    latitude: float
    longitude: float
    altitude: float = 0.0
    utc_offset: float = 0.0


@dataclass(frozen=True)
class Wanted:
    """What of a source is wanted.

    Attributes
    ----------
    start, end, hours
        As :func:`solweig.weather.readers.period.select` takes them.
    fill
        What to do about missing values.
    """

    start: Any = None
    end: Any = None
    hours: Iterable[int] | None = None
    fill: Fill = None

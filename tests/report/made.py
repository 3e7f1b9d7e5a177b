"""Small runs that tests report on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import solweig
from tests.exposure.made import real_run
from tests.support.run_cases import weather, xy

HOURS = (3, 6, 9, 12, 15, 18, 21, 24)
OUTPUTS = ["tmrt", "utci", "pet", "shadow", "kdown"]


def day(hours: tuple[int, ...] = HOURS, **changes: Any) -> list[solweig.Weather]:
    """A summer day; hour 24 is midnight of the next."""
    return weather(hours, **changes)


def day_run(folder: Path, **options: Any) -> solweig.TimeseriesSummary:
    """Eight hours of a day, with two points."""
    points = {"Mast & <tree>": xy(3, 3), "Yard": xy(18, 21)}
    chosen: dict[str, Any] = {"outputs": OUTPUTS, "weather": day(), "pois": points, **options}
    return real_run(folder, **chosen)

"""Small runs that tests report on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import solweig
from tests.exposure.made import real_run
from tests.support.run_cases import weather, xy

HOURS = tuple(range(1, 25, 3))
OUTPUTS = ["tmrt", "utci", "pet", "shadow", "kdown"]


def day(hours: tuple[int, ...] = HOURS, **changes: Any) -> list[solweig.Weather]:
    """A summer day; hour 24 is midnight of the next."""
    return weather(hours, timestep_minutes=180, **changes)


def day_run(folder: Path, **options: Any) -> solweig.TimeseriesSummary:
    """A day in eight steps of three hours with two points."""
    points = {"Mast & <tree>": xy(3, 3), "Yard": xy(18, 21)}
    chosen: dict[str, Any] = {"outputs": OUTPUTS, "weather": day(), "pois": points, **options}
    return real_run(folder, **chosen)

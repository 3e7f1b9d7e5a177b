"""A clear June day in Gothenburg, for tests of weather."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from solweig.weather.location import Location
from solweig.weather.step import Weather

GOTHENBURG = Location(57.7, 12.0, 10.0, 1)
NOON = dt.datetime(2020, 6, 21, 12)


def step(when: Any = NOON, **changes: Any) -> Weather:
    values: dict[str, Any] = {"ta": 20.0, "rh": 50.0, "global_rad": 500.0, "datetime": when}
    return Weather.from_values(**{**values, **changes})


def day(date: str = "2020-06-21", minutes: float = 60, **changes: Any) -> list[Weather]:
    stamps = pd.date_range(date, periods=int(1440 / minutes), freq=f"{minutes}min")
    return [step(stamp, timestep_minutes=minutes, **changes) for stamp in stamps]

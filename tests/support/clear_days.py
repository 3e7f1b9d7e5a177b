"""Clear days anywhere, as tables and as EPW files, with radiation that fits the sun."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from solweig.weather.sun import sun_position

Row = list[Any]


def clear_day(
    latitude: float,
    longitude: float,
    utc: pd.DatetimeIndex,
    minutes: float = 60.0,
) -> pd.DataFrame:
    """Rows of intervals that end at instants of UTC, all three components measured.

    The global closes to the last digit with the sun of the middle of each interval; it is bright
    enough for a clear sky.
    """
    middle = utc - pd.Timedelta(minutes=minutes / 2)
    altitude, _ = sun_position(middle.to_numpy(), latitude, longitude)
    sine = np.maximum(np.sin(np.radians(altitude)), 0.0)
    direct = np.where(sine > 0, 950.0 * np.exp(-0.12 / np.maximum(sine, 0.02)), 0.0)
    diffuse = 110.0 * sine**0.5
    return pd.DataFrame(
        {
            "ta": 24.0 + 6.0 * sine,
            "rh": 50.0,
            "global_rad": direct * sine + diffuse,
            "ws": 2.0,
            "pressure": 1010.0,
            "direct_rad": direct,
            "diffuse_rad": diffuse,
        },
        index=utc,
    )


HEADER_LINES = (
    "DESIGN CONDITIONS,0",
    "TYPICAL/EXTREME PERIODS,0",
    "GROUND TEMPERATURES,0",
    "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0",
    "COMMENTS 1,own",
    "COMMENTS 2,own",
    "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31",
)


def write_epw(
    path: Path,
    *,
    latitude: float = 57.7,
    longitude: float = 12.0,
    zone: float = 1.0,
    first: str = "2019-06-20",
    days: int = 2,
    rows_an_hour: int = 1,
    hours: str = "1-24",
    minute: Callable[[int], int] = lambda k: 60,
    place: str | None = None,
    edit: Callable[[Row], Row | None] = lambda row: row,
    encoding: str = "utf-8",
    newline: str = "\n",
) -> Path:
    """A file of clear days on the file's own clock.

    ``hours`` is ``"1-24"`` or ``"0-23"``; ``minute`` gives the minute column of the k-th row of an
    hour; ``edit`` changes or drops rows, columns as the format has them.
    """
    step = 60 // rows_an_hour
    ends = pd.date_range(first, periods=days * 24 * rows_an_hour + 1, freq=f"{step}min")[1:]
    table = clear_day(latitude, longitude, ends - pd.Timedelta(hours=zone), step)
    place = place or f"Testby,-,SWE,own,999999,{latitude},{longitude},{zone},20.0"
    lines = [f"LOCATION,{place}", *HEADER_LINES]
    for end, values in zip(ends, table.to_dict("records"), strict=True):
        begin = end - pd.Timedelta(minutes=step)
        k = begin.minute // step
        hour = begin.hour + (1 if hours == "1-24" else 0)
        row: Row = [begin.year, begin.month, begin.day, hour, minute(k), "?9?9"]
        row += [round(values["ta"], 2), 10.0, values["rh"], values["pressure"] * 100.0, 0, 0, 330]
        row += [round(values[name], 2) for name in ("global_rad", "direct_rad", "diffuse_rad")]
        row += [0, 0, 0, 0, 180, values["ws"], 2, 2, 20, 77777, 9, 999999999, 20, 0.1, 0, 88, 0.2]
        kept = edit([*row, 0, 1])
        if kept is not None:
            lines.append(",".join(map(str, kept)))
    path.write_bytes((newline.join(lines) + newline).encode(encoding))
    return path

"""Masts made from the model, whose interval and axes are known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import solweig
from solweig.typing import F64
from solweig.validation import Mast
from solweig.validation.modelled import Modelled, model_at
from solweig.validation.quantities import QUANTITIES
from tests.support.run_cases import LOCATION, small_surface, weather, xy

#: North of the house, in its shadow at noon and in the sun by morning and evening.
POINT = xy(4, 13)
DAY = "2006-08-01"


def clear_day() -> list[solweig.Weather]:
    """24 hours, each named by its end."""
    return weather(tuple(range(24)), DAY, stamp="end")


def model(minutes: float = 10.0) -> Modelled:
    return model_at(small_surface(), clear_day(), LOCATION, POINT, minutes=minutes)


def mast(
    source: Modelled,
    stamp: str,
    turn: float = 0.0,
    *,
    minutes: float = 60.0,
    noise: float = 5.0,
    names: Sequence[str] = tuple(QUANTITIES),
) -> Mast:
    """A mast that would log from 5 to 20 h, with noise [W m-2; a tenth of that in K]."""
    count = int(15 * 60 / minutes)
    times = np.datetime64(f"{DAY}T05:00", "ns") + np.arange(count) * np.timedelta64(
        round(minutes * 60), "s"
    )
    empty = Mast("made", times, minutes, {}, None)
    means = source.at(empty.bounds(stamp), turn)
    generator = np.random.default_rng(5)

    def measured(name: str) -> F64:
        size = noise / 10.0 if name == "Tmrt" else noise
        return means[name] + generator.normal(0.0, size, count)

    return Mast("made", times, minutes, {name: measured(name) for name in names}, None)


def write_csv(made: Mast, path: Path) -> Path:
    """The mast as a file of a logger."""
    lines = ["time," + ",".join(made.columns)]
    for i, time in enumerate(made.times):
        values = ",".join(f"{values[i]:.3f}" for values in made.columns.values())
        lines.append(f"{str(time)[:16].replace('T', ' ')},{values}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path

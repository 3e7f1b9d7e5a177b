"""Steps missing from a series."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solweig.typing import F64

_GAP_FACTOR = 1.5


@dataclass(frozen=True)
class Gap:
    """Steps missing from a series: the stamps on both sides and the time without weather."""

    before: dt.datetime
    after: dt.datetime
    hours: float


def find_gaps(
    stamps: Sequence[dt.datetime], mean_solar: NDArray[np.datetime64], spacing: F64, lengths: F64
) -> list[Gap]:
    """Interruptions longer than half a step.

    Parameters
    ----------
    stamps
        As they were given.
    mean_solar
        The same in mean solar time, which no label of the clock changes.
    spacing
        Time to the stamp before [min].
    lengths
        What each step says it stands for [min].
    """
    if len(stamps) < 3:
        return []
    usual = float(np.median(spacing[1:]))
    expected = np.maximum(usual, lengths)
    after = np.flatnonzero(spacing > _GAP_FACTOR * expected)
    after = after[after > 0]
    if after.size == 0 or _same_hours_every_day(mean_solar):
        return []
    return [
        Gap(stamps[i - 1], stamps[i], float(spacing[i] - usual) / 60.0) for i in map(int, after)
    ]


def describe(gaps: Sequence[Gap]) -> str:
    """The first of them in words."""
    listed = "; ".join(f"{gap.before} to {gap.after}" for gap in gaps[:3])
    return f"{len(gaps)} gap(s): {listed}" + ("; ..." if len(gaps) > 3 else "")


def _same_hours_every_day(mean_solar: NDArray[np.datetime64]) -> bool:
    """Whether consecutive days hold the same clock times, as when a user keeps some hours only.

    The first day may start late and the last one end early, but a choice shows in two days at
    least: one day with a hole is no choice, nor is it with the midnight that ends it.
    """
    days = mean_solar.astype("datetime64[D]")
    clock = mean_solar - days
    every_day = np.unique(days)
    if every_day.size < 2 or np.any(np.diff(every_day) != np.timedelta64(1, "D")):
        return False
    held = [set(clock[days == d]) for d in every_day]
    first, last = held[0], held[-1]
    usual = held[1] if len(held) > 2 else first | last
    if len(held) == 2 and len(first & last) < 2:
        return False
    return (
        all(times == usual for times in held[1:-1])
        and first == {time for time in usual if time >= min(first)}
        and last == {time for time in usual if time <= max(last)}
    )

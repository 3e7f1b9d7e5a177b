"""Longwave of the sky that was measured, and whether a run takes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from solweig.errors import WeatherDataError
from solweig.messages import argument
from solweig.typing import F64

__all__ = ["chosen_longwave"]


def chosen_longwave(given: F64, stamps: Sequence[dt.datetime], wanted: str) -> F64:
    """What the engine takes: the measured longwave, or NaN for its own formula.

    Parameters
    ----------
    given
        Of each step [W m-2], NaN where there is none.
    stamps
        Of each step.
    wanted
        One of :data:`solweig.config.LONGWAVES`.

    Raises
    ------
    WeatherDataError
        Steps without, where measured longwave is wanted.
    """
    if wanted == "modelled":
        return np.full(len(given), np.nan)
    missing = np.flatnonzero(np.isnan(given))
    if missing.size:
        shown = ", ".join(f"{stamps[i]:%Y-%m-%d %H:%M}" for i in missing[:3])
        raise WeatherDataError(
            "longwave_down",
            f"a value in every step with {argument('longwave', 'measured')}",
            f"{missing.size} of {len(given)} missing, at {shown}"
            + (", ..." if missing.size > 3 else ""),
            f"{argument('fill', 'interpolate')} fills gaps, {argument('longwave', 'modelled')} "
            "computes all of it.",
        )
    return given

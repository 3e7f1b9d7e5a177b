"""Does radiation by weather cells mean what it says? Looked at once, before any step needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from solweig.errors import WeatherDataError
from solweig.messages import argument
from solweig.typing import F64
from solweig.weather.checks import (
    NIGHT_LIGHT,
    Finding,
    check_closure,
    dark_steps,
    odd_longwave,
    shift_counts,
    shown_minutes,
    unit_guess,
)
from solweig.weather.clock_check import Heights, find_shift
from solweig.weather.field_quantities import RADIATION, SHORTWAVE
from solweig.weather.field_values import Looked, check_values
from solweig.weather.radiation import SOLAR_CONSTANT, Radiation
from solweig.weather.series import WeatherSeries

__all__ = ["check_cells", "check_lengths", "check_sun", "findings_of_cells"]

_MOST_OF_SUN, _LOW_LIGHT = 1.25, 50.0
"""No mean over a weather cell and a step is above this share of the light outside the atmosphere at
the highest sun of the step, and W m-2 beside."""
_SHORTER = 0.75
"""Layers that follow each other within this part of a step are of parts of steps."""
_APART = 2.0
"""Light of the weather cells and of the steps is that of one place and time up to this factor."""
_TIMES = "Are its times UTC (utc=True, ,utc at the end), and do they mark what the stamps mark?"


def check_cells(name: str, field: str, values: F64, series: WeatherSeries) -> None:
    """Refuse gaps and values out of range.

    Parameters
    ----------
    name
        Of the quantity.
    field
        Of the field, in messages.
    values
        ``[step, row, col]``.
    series
        The steps.

    Raises
    ------
    WeatherDataError
        Either.
    """
    known = np.isfinite(values)
    low = np.min(values, axis=(1, 2), where=known, initial=np.inf)
    high = np.max(values, axis=(1, 2), where=known, initial=-np.inf)
    missing = np.count_nonzero(~known, axis=(1, 2))
    # A satellite may see nothing where the sun is low.
    sun = [
        f", with the sun at {height:.0f} degrees" if name in SHORTWAVE else ""
        for height in series.track.elevation
    ]
    looked = {
        f"At {t:%Y-%m-%d %H:%M}{sun[i]}": Looked(
            float(low[i]), float(high[i]), int(missing[i]), b""
        )
        for i, t in enumerate(series.stamps)
    }
    check_values(field, RADIATION[name], looked, cells="weather cell around the surface")


def check_sun(name: str, field: str, values: F64, series: WeatherSeries, beam: str) -> None:
    """Refuse light by night, more than the sun can give, and another unit.

    Parameters
    ----------
    name, field, values, series
        As :func:`check_cells` takes them.
    beam
        Whether direct radiation is on the beam's ``"normal"`` or ``"horizontal"``.

    Raises
    ------
    WeatherDataError
        One of these.
    """
    words, heights = RADIATION[name].words, Heights.of(series)
    altitude = series.columns["altitude"]
    highest = np.maximum(heights.highest(series.columns["hours"]), altitude)
    brightest = values.max(axis=(1, 2))
    dark = dark_steps(series, heights)
    outside = SOLAR_CONSTANT * np.maximum(np.sin(np.radians(highest)), 0.0)
    most = np.where(dark, NIGHT_LIGHT, _LOW_LIGHT + _MOST_OF_SUN * outside)
    if name == "direct_rad" and beam == "normal":
        most = np.where(dark, NIGHT_LIGHT, np.inf)
    over = brightest - most
    if (over > 0.0).any():
        worst = int(np.argmax(over))
        raise WeatherDataError(
            field, f"{words} of at most {most[worst]:.0f} W/m2, as the sun of the step can give",
            f"{brightest[worst]:.0f}",
            f"At {series.stamps[worst]:%Y-%m-%d %H:%M}, with the sun at "
            f"{series.track.elevation[worst]:.0f} degrees. {_TIMES}{_beam(name, beam)}",
        )  # fmt: skip
    guess = unit_guess(float(brightest.max()), float(altitude.max()))
    if name == "global_rad" and guess is not None:
        raise WeatherDataError(
            field, f"{words} in W/m2", f"{brightest.max():g} at most",
            f"With the sun up to {altitude.max():.0f} degrees high it looks like {guess}.",
        )  # fmt: skip


def check_lengths(every: Mapping[str, float], series: WeatherSeries) -> list[Finding]:
    """Say of radiation that comes more often than the steps that it is no mean over them.

    Parameters
    ----------
    every
        By quantity, from one of its layers to the next [min].
    series
        The steps.
    """
    step = 60.0 * float(series.columns["hours"].min())
    found = [
        f"fields[{name}] has a layer every {minutes:g} min"
        for name, minutes in every.items()
        if minutes < _SHORTER * step
    ]
    if not found:
        return []
    text = (
        f"{', '.join(found)}, and a step is {step:g} min long: the layer at its stamp is taken for "
        "its mean. Average them over the steps first."
    )
    return [Finding("radiation by cells", text)]


def _beam(name: str, beam: str) -> str:
    """What else a direct radiation that is too strong may be."""
    if name != "direct_rad" or beam == "normal":
        return ""
    return f" Or is it normal to the sun, {argument('beam', 'normal')}?"


def findings_of_cells(
    given: Mapping[str, F64], settled: Radiation | None, series: WeatherSeries, beam: str
) -> list[Finding]:
    """What is said of radiation by weather cells and not refused.

    Parameters
    ----------
    given
        By quantity, ``[step, row, col]``.
    settled
        Components of all steps and cells, ``[step * cell]``; None without shortwave.
    series
        The steps.
    beam
        As in :func:`check_sun`.
    """
    found = []
    if settled is not None:
        found += _shortwave(given, settled, series, beam)
    if "longwave_down" in given:
        text = odd_longwave(given["longwave_down"], series)
        if text is not None:
            found.append(Finding("sky longwave", f"of the weather cells, {text}"))
    return found


def _shortwave(
    given: Mapping[str, F64], settled: Radiation, series: WeatherSeries, beam: str
) -> list[Finding]:
    steps, found = len(series), []
    alone = "direct_rad" not in given
    if alone and not np.isnan(series.radiation.direct[series.daytime]).all():
        text = (
            "direct and diffuse radiation of the steps are not used: the global of the weather "
            "cells is split in each. fields with direct_rad and diffuse_rad give them too."
        )
        found.append(Finding("radiation by cells", text))
    mean = _mean_of_cells(settled, series)
    found += _beside_the_steps(mean, series)
    shift = find_shift(mean, Heights.of(series), beam)
    clock = shift is not None and shift_counts(shift)
    if shift is not None and clock:
        later = "later" if shift.minutes > 0 else "earlier"
        text = (
            f"the radiation of the weather cells fits a sun {shown_minutes(shift.minutes)} {later} "
            f"than its times say. {_TIMES}"
        )
        found.append(Finding("weather clock", text))
    # A wrong clock opens the closure too; it is said once.
    if not (shift is not None and clock and shift.closure):
        found += [
            Finding(each.check, f"in the mean of the weather cells {each.text}")
            for each in check_closure(mean, beam)
        ]
    zero = settled.zero_parts.reshape(steps, -1).any(axis=1)
    if zero.any():
        first = series.stamps[int(np.flatnonzero(zero)[0])]
        text = (
            f"in {int(zero.sum())} step(s), first {first:%Y-%m-%d %H:%M}, direct and diffuse of "
            "weather cells are 0 under a shining global: taken as missing, the global is split by "
            "the model."
        )
        found.append(Finding("zero radiation", text))
    return found


def _beside_the_steps(mean: WeatherSeries, series: WeatherSeries) -> list[Finding]:
    """Say where the light of the weather cells is much more or less than that of the steps."""
    theirs, own = (
        float(np.nansum(each.radiation.total[series.daytime])) for each in (mean, series)
    )
    if own <= 0.0 or own / _APART <= theirs <= own * _APART:
        return []
    text = (
        f"the global radiation of the weather cells is {theirs / own:.2g} times that of the steps "
        "in all. Is it that place and those times, in W/m2 as means of the steps?"
    )
    return [Finding("radiation by cells", text)]


def _mean_of_cells(settled: Radiation, series: WeatherSeries) -> WeatherSeries:
    """The steps with the mean of their weather cells for radiation."""
    steps = len(series)

    def mean(values: F64) -> F64:
        return np.asarray(values.reshape(steps, -1).mean(axis=1), np.float64)

    radiation = replace(
        settled,
        total=mean(settled.total), direct=mean(settled.direct), diffuse=mean(settled.diffuse),
        measured=np.asarray(settled.measured.reshape(steps, -1).all(axis=1), bool),
        zero_parts=np.zeros(steps, bool), zero_total=np.zeros(steps, bool),
        derived=np.zeros(steps, bool), excess=np.zeros(steps),
    )  # fmt: skip
    columns = {**series.columns, "global_rad": radiation.total}
    return replace(series, columns=columns, radiation=radiation)

"""Statistics of a long period, such as a summer, without its maps."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from solweig.errors import ConfigurationError
from solweig.results.period import PeriodRequest
from solweig.results.summary import TimeseriesSummary
from solweig.run.calculation import calculate_settings
from solweig.run.settings import RunSettings
from solweig.surface.data import SurfaceData
from solweig.typing import Advance
from solweig.weather.location import Location
from solweig.weather.step import Weather

__all__ = ["calculate_period", "check_period_options"]

log = logging.getLogger("solweig")

_OF_STEPS = ("outputs", "output_format", "baseline")
"""What :func:`calculate` is told about rasters of steps, which there are none of."""


def calculate_period(
    surface: SurfaceData,
    weather: Weather | Sequence[Weather],
    location: Location | None = None,
    *,
    percentiles: Sequence[float] = (5.0, 50.0, 95.0),
    groups: Sequence[str] = (),
    tmrt_thresholds: Sequence[float] = (),
    pet_thresholds: Sequence[float] = (),
    pet: bool = False,
    indices: Sequence[str] = (),
    index_thresholds: Mapping[str, Sequence[float]] | str | None = None,
    progress_callback: Advance | None = None,
    **options: Any,
) -> TimeseriesSummary:
    """Statistics of every cell over a long period, without maps of its steps.

    The statistics are those of the steps one by one. On the CPU the steps of an hour are taken
    together where they allow it: cylinder and patch sky, one sun a step, no raster of albedo or
    emissivity, an hour that is night every day, four days or more. Else, and on a GPU, they are
    taken one by one; the log says why.

    Parameters
    ----------
    surface, weather, location
        As in :func:`calculate`.
    percentiles
        Of Tmrt, UTCI, PET and indices over all steps [%], 0-100, exact to 0.1 K.
    groups
        Among hour, month, day_night: mean, maximum and minimum of each, by the middle of a step's
        interval.
    tmrt_thresholds, pet_thresholds
        Hours above these are counted [deg C]; those of UTCI are ``heat_thresholds_day`` and
        ``heat_thresholds_night``.
    pet
        PET too; so do ``pet_thresholds``.
    indices
        Other heat indices too, among wbgt, tnw, globe150, globe38, at and set; so do
        ``index_thresholds``. The steps are then taken one by one.
    index_thresholds
        By index, hours above these are counted [deg C]: ``{"wbgt": (28, 30)}``.
    progress_callback
        Called with (steps done, steps in all).
    **options
        As in :func:`calculate`, without ``outputs``, ``output_format`` and ``baseline``.

    Returns
    -------
    TimeseriesSummary
        As of :func:`calculate`, without steps; what is more is in ``summary.period`` and in
        ``summary.grids()``: ``tmrt_p95``, ``utci_mean_hour_13``, ``tmrt_hours_above_55``.

    Raises
    ------
    ConfigurationError
        A percentile, group or threshold that makes no sense, an option of steps, and what
        :func:`calculate` raises.
    WeatherDataError
        More than 65535 steps, and what :func:`calculate` raises.
    """
    check_period_options(options)
    # The request brings text and lists to their type.
    limits: Any = {} if index_thresholds is None else index_thresholds
    request = PeriodRequest(
        percentiles=tuple_of("percentiles", percentiles),
        groups=tuple_of("groups", groups),
        tmrt_thresholds=tuple_of("tmrt_thresholds", tmrt_thresholds),
        pet_thresholds=tuple_of("pet_thresholds", pet_thresholds),
        pet=pet,
        indices=tuple_of("indices", indices),
        index_thresholds=limits,
    )
    settings = RunSettings.resolve(**options, period=request)
    summary = calculate_settings(surface, weather, location, settings, progress_callback)
    _tell_untold(summary)
    return summary


def check_period_options(options: dict[str, Any]) -> None:
    """Refuse what would make rasters of steps.

    Raises
    ------
    ConfigurationError
        Such an option was given.
    """
    for name in _OF_STEPS:
        if options.get(name) is not None:
            raise ConfigurationError(
                name, "nothing: of a period only statistics are kept", repr(options[name]),
                "calculate() gives the steps.",
            )  # fmt: skip


def tuple_of(name: str, values: Any) -> Any:
    """Several values, or one."""
    if isinstance(values, str | int | float):
        return (values,)
    try:
        return tuple(values)
    except TypeError:
        raise ConfigurationError(name, "a list", repr(values)) from None


def _tell_untold(summary: TimeseriesSummary) -> None:
    """Say which percentiles lie outside the values that are told apart."""
    for name, grid in summary.period.items():
        quantity, _, statistic = name.partition("_")
        if statistic[:1] != "p" or not statistic[1:].replace(".", "").isdigit():
            continue
        mean = summary.grids()[f"{quantity}_mean"]
        untold = int(np.count_nonzero(np.isnan(grid) & ~np.isnan(mean)))
        if untold:
            log.warning("%s: outside the values counted in %d cells, which have none", name, untold)

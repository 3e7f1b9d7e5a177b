"""Weather given cell by cell in the plan of a run."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from solweig import _core
from solweig.config import ATTRIBUTION, INDICES, SENSOR_LOADS
from solweig.errors import ConfigurationError
from solweig.execution.config import ExecutionConfig
from solweig.messages import argument
from solweig.run.settings import RunSettings
from solweig.surface.data import SurfaceData
from solweig.weather.checks import report
from solweig.weather.field_quantities import QUANTITIES
from solweig.weather.given_fields import GivenField, given_fields
from solweig.weather.given_sky import GivenSky, given_sky
from solweig.weather.radiation_fields import RadiationField
from solweig.weather.series import WeatherSeries

__all__ = ["check_outputs", "extremes", "fields_of_run", "hardware", "sky_of_run"]

BY_CELL = (
    "tmrt", "utci", "pet", "shadow", "kdown", "kup", "ldown", "lup", *INDICES,
    *SENSOR_LOADS, *ATTRIBUTION,
)  # fmt: skip
"""Outputs that are known to take the air of each cell, or not to depend on it."""

log = logging.getLogger("solweig")


def extremes(
    series: WeatherSeries, fields: tuple[GivenField, ...], params: dict[str, Any]
) -> tuple[dict[str, Any], float]:
    """Weather of the steps with the outermost of their fields, for what lies between all of it.

    Parameters
    ----------
    series
        The steps.
    fields
        Weather given cell by cell.
    params
        Of the engine.

    Returns
    -------
    tuple
        Columns by quantity, and wind at 10 m for each of it in them.
    """
    own = {name: np.asarray(series.columns[name], np.float64) for name in ("ta", "rh", "ws")}
    height = float(params["wind_height_m"])
    profile = _profile(params)
    columns = [own]
    for low_or_high in itertools.product((0, 1), repeat=len(fields)):
        other = dict(own)
        for given, which in zip(fields, low_or_high, strict=True):
            spans = np.array([span[which] for span in given.spans])
            if given.name == "ws":
                spans *= _core.wind_ratio(height, float(given.height_m or height), **profile)
            other[given.name] = spans
        columns.append(other)
    joined = {name: np.concatenate([each[name] for each in columns]) for name in own}
    return joined, _core.wind_ratio(10.0, height, **profile)


def check_outputs(outputs: Sequence[str]) -> None:
    """Refuse outputs that would take the air of the step in every cell.

    Raises
    ------
    ConfigurationError
        One that is not among :data:`BY_CELL`.
    """
    others = [name for name in outputs if name not in BY_CELL]
    if others:
        raise ConfigurationError(
            "outputs", f"with fields, outputs among {', '.join(BY_CELL)}", ", ".join(others)
        )


def fields_of_run(
    surface: SurfaceData, settings: RunSettings, series: WeatherSeries, params: dict[str, Any]
) -> tuple[GivenField, ...]:
    """Air given cell by cell, read once and checked.

    Parameters
    ----------
    surface, settings, series
        Of the run.
    params
        Of the engine.

    Raises
    ------
    SolweigError
        As :func:`solweig.weather.given_fields.given_fields`.
    """
    if not settings.fields:
        return ()
    period = settings.period
    check_outputs(settings.model.outputs if period is None else period.quantities)
    height, profile = float(params["wind_height_m"]), _profile(params)
    ratio = partial(_core.wind_ratio, **profile)
    air = {n: f for n, f in settings.fields.items() if not isinstance(f, RadiationField)}
    return given_fields(air, surface.georef, surface.valid_mask, series, ratio, height, surface.dem)


def sky_of_run(
    surface: SurfaceData, settings: RunSettings, series: WeatherSeries
) -> GivenSky | None:
    """Radiation given by weather cells, read once and checked; None where there is none.

    Parameters
    ----------
    surface, settings, series
        Of the run.

    Raises
    ------
    SolweigError
        As :func:`solweig.weather.given_sky.given_sky`; longwave for a run that models it.
    """
    sky = {n: f for n, f in settings.fields.items() if isinstance(f, RadiationField)}
    if not sky:
        return None
    model = settings.model
    if "longwave_down" in sky and model.longwave != "measured":
        raise ConfigurationError(
            "fields[longwave_down]", f"a run with {argument('longwave', 'measured')}",
            repr(model.longwave),
        )  # fmt: skip
    found, findings = given_sky(sky, surface.georef, series, split=model.split, beam=model.beam)
    report(findings)
    return found


def _profile(params: dict[str, Any]) -> dict[str, Any]:
    return {name: params[name] for name in ("wind_profile", "roughness_m")}


def hardware(settings: RunSettings) -> ExecutionConfig | None:
    """The wishes of a run; what devices do not take of fields is for the CPU.

    Raises
    ------
    ConfigurationError
        A device is demanded for that.
    """
    wanted = settings.execution
    air = any(name in QUANTITIES for name in settings.fields)
    counted = air and settings.model.utci_range == "nan"
    if not counted or (wanted is not None and wanted.accelerator == "cpu"):
        return wanted
    wanted = wanted or ExecutionConfig()
    if wanted.accelerator == "gpu" or wanted.strict or wanted.devices is not None:
        raise ConfigurationError(
            "execution.accelerator", "'cpu' or 'auto' with fields and utci_range='nan'",
            "a run that demands a GPU",
        )  # fmt: skip
    log.info("execution: on the CPU, because of fields of the weather with utci_range='nan'")
    return replace(wanted, accelerator="cpu")

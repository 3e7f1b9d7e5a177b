"""The model at a mast: every flux a mast can measure, for axes turned any way."""

from __future__ import annotations

import datetime as dt
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.config import ModelConfig
from solweig.errors import MastDataError, WeatherWarning
from solweig.execution.config import ExecutionConfig
from solweig.run.calculation import calculate
from solweig.surface.data import SurfaceData
from solweig.typing import F64
from solweig.validation.pairing import overlap_means
from solweig.validation.quantities import K_SIDES, L_SIDES, QUANTITIES, SIDES
from solweig.weather.location import Location
from solweig.weather.series import WeatherSeries, weather_series
from solweig.weather.step import Weather
from solweig.weather.sun import sun_position

__all__ = ["ABSORBED", "Modelled", "finer_weather", "model_at"]

ABSORBED = "K on sides"
"""Shortwave that a person's sides receive, weighted as the body does it [W m-2]."""
_FLAT = ("tmrt", "kdown", "kup", "ldown", "lup", "shadow")
_CYLINDER, _SIDE = 0.28, 0.22


@dataclass(frozen=True, eq=False)
class Modelled:
    """What the model gives at the mast, step by step.

    Attributes
    ----------
    bounds
        Beginning and end of each step on the weather's clock, ``[m, 2]``.
    azimuth
        Of the sun in each step, clockwise from north [degrees], ``[m]``.
    fields
        Tmrt, the horizontal fluxes, the share of the beam, and :data:`ABSORBED`, ``[m]`` each.
    beam
        What an upright plane that faces the sun receives of the beam [W m-2], ``[m]``.
    rest
        Shortwave of sky and ground on planes that face east, south, west and north, ``[4, m]``.
    longwave
        Longwave of the same, ``[4, m]``.
    global_rad
        Of the weather [W m-2], ``[m]``.
    """

    bounds: NDArray[np.datetime64]
    azimuth: F64
    fields: dict[str, F64]
    beam: F64
    rest: F64
    longwave: F64
    global_rad: F64

    def shortwave_sides(self, turn: float) -> F64:
        """Shortwave on the sides of a mast, ``[4, m]`` in the order of :data:`K_SIDES`.

        The beam is projected onto each side. What comes from sky and ground, which varies slowly
        with direction, is taken between the two nearest of the four directions the model gives.

        Parameters
        ----------
        turn
            Of the mast's axes, clockwise [degrees].
        """
        facing = np.array(list(SIDES.values()))[:, None] + turn
        projected = np.maximum(np.cos(np.radians(self.azimuth[None, :] - facing)), 0.0)
        return self.beam * projected + _turned(self.rest, turn)

    def longwave_sides(self, turn: float) -> F64:
        """Longwave on the sides, ``[4, m]``; between directions as in :meth:`shortwave_sides`."""
        return _turned(self.longwave, turn)

    def at(self, intervals: NDArray[np.datetime64], turn: float = 0.0) -> dict[str, F64]:
        """Means over intervals by the names of ``QUANTITIES``, and of the other fields.

        Parameters
        ----------
        intervals
            Beginning and end, ``[n, 2]``.
        turn
            Of the mast's axes, clockwise [degrees].
        """
        names = list(self.fields)
        rows = [*self.fields.values(), self.global_rad, *self.shortwave_sides(turn)]
        rows += [*self.longwave_sides(turn)]
        means = overlap_means(self.bounds, np.array(rows), intervals)
        found = dict(zip([*names, "global_rad", *K_SIDES, *L_SIDES], means, strict=True))
        return {**found, **{q: found[QUANTITIES[q].field] for q in list(QUANTITIES)[:5]}}


def _turned(sides: F64, turn: float) -> F64:
    """Values of directions a turn away, ``[4, m]``, linear in angle between the four given."""
    quarter, share = divmod(turn / 90.0, 1.0)
    first = np.roll(sides, -int(quarter), axis=0)
    return np.asarray((1.0 - share) * first + share * np.roll(first, -1, axis=0), np.float64)


def finer_weather(
    rows: Sequence[Weather], location: Location, *, stamp: str | None = None, minutes: float
) -> list[Weather]:
    """Steps no longer than asked for, so that the sun moves within a row of the weather.

    Each part has the row's means; radiation is given to the parts with the sun up, so that its mean
    over the row stays.

    Parameters
    ----------
    rows
        The weather.
    location
        Place and clock.
    stamp
        What its stamps mark, where it does not say so itself.
    minutes
        Longest step.
    """
    series = weather_series(rows, location, stamp=stamp, gaps="allow")
    return [
        part
        for i, row in enumerate(rows)
        for part in _parts(row, series, i, location, minutes)
    ]  # fmt: skip


def _parts(
    row: Weather, series: WeatherSeries, i: int, location: Location, minutes: float
) -> list[Weather]:
    length = float(series.columns["hours"][i]) * 60.0
    count = max(1, math.ceil(length / minutes - 1e-9))
    step = np.timedelta64(round(length * 60e9 / count), "ns")
    first = series.bounds[i, 0] + np.arange(count) * step
    to_utc = series.utc[i] - (series.utc if row.datetime.tzinfo is not None else series.local)[i]
    height, _ = sun_position(
        first + step // 2 + to_utc, location.latitude, location.longitude, location.altitude
    )
    up = height > 0.0
    share = np.where(up, count / up.sum(), 0.0) if up.any() else np.ones(count)
    zone = None if row.datetime.tzinfo is None else dt.UTC
    return [
        Weather(
            datetime=first[k].astype("datetime64[us]").item().replace(tzinfo=zone),
            ta=row.ta, rh=row.rh, ws=row.ws, pressure=row.pressure,
            global_rad=_times(row.global_rad, share[k]),
            measured_direct_rad=_part(row.measured_direct_rad, share[k]),
            measured_diffuse_rad=_part(row.measured_diffuse_rad, share[k]),
            timestep_minutes=length / count, stamp="start",
            measured_longwave_down=row.measured_longwave_down,
        )
        for k in range(count)
    ]  # fmt: skip


def _times(value: float, share: float) -> float:
    return min(value * float(share), 1500.0)


def _part(value: float | None, share: float) -> float | None:
    return None if value is None else _times(value, share)


def model_at(
    surface: SurfaceData,
    weather: Sequence[Weather],
    location: Location,
    point: tuple[float, float],
    *,
    config: ModelConfig | None = None,
    minutes: float = 10.0,
    execution: ExecutionConfig | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Modelled:
    """Run the model and read it off at a point.

    It runs twice: Tmrt is that of the body of ``config``, the sides are those of a box, whose faces
    look where a mast's radiometers do.

    Parameters
    ----------
    surface
        With sky view.
    weather
        Steps in order.
    location
        Place and clock.
    point
        Of the mast, in the coordinates of the surface.
    config
        Of the run.
    minutes
        Longest step; rows of the weather that stand for longer are divided.
    execution
        Wishes about hardware.
    progress
        Called with steps done and steps in all.

    Returns
    -------
    Modelled
        One value a step.

    Raises
    ------
    ConfigurationError
        The point is off the map, and whatever a run refuses.
    MastDataError
        There is no ground at the point.
    """
    chosen = config or ModelConfig()
    finer = finer_weather(weather, location, stamp=chosen.stamp, minutes=minutes)
    chosen = replace(chosen, stamp=None)
    series = weather_series(finer, location, gaps="allow", ground_clock=chosen.ground_clock)

    def run(body: str, done: int) -> tuple[Any, Any]:
        def tell(step: int, _total: int) -> None:
            if progress is not None:
                progress(done + step, 2 * len(finer))

        with warnings.catch_warnings():
            # The weather was looked at as it came; its parts say nothing new.
            warnings.simplefilter("ignore", WeatherWarning)
            summary = calculate(
                surface, finer, location, config=replace(chosen, body=body), pois={"mast": point},
                execution=execution, progress_callback=tell,
            )  # fmt: skip
        return summary.pois, summary.timeseries

    own, direct = run(chosen.body, 0)
    box = own if chosen.body == "box" else run("box", len(finer))[0]
    fields = {name: own[name].to_numpy(np.float64) for name in _FLAT}
    if not np.isfinite(fields["tmrt"]).any():
        raise MastDataError("point", "a cell with ground in the surface", f"none at {point}")
    beam = direct.direct_rad * np.cos(np.radians(direct.sun_altitude)) * fields["shadow"]
    beam = np.where(direct.sun_altitude > 0.0, beam, 0.0)
    azimuth = np.asarray(series.columns["azimuth"], np.float64)
    faces = [QUANTITIES[name].field for name in K_SIDES]
    on_box = np.array([box[name].to_numpy(np.float64) for name in faces])
    facing = np.array(list(SIDES.values()))[:, None]
    projected = beam * np.maximum(np.cos(np.radians(azimuth[None, :] - facing)), 0.0)
    fields[ABSORBED] = _on_body(own, chosen)
    return Modelled(
        bounds=series.bounds,
        azimuth=azimuth,
        fields=fields,
        beam=beam,
        rest=on_box - projected,
        longwave=np.array(
            [box[QUANTITIES[name].field].to_numpy(np.float64) for name in L_SIDES]
        ),
        global_rad=np.asarray(direct.global_rad, np.float64),
    )  # fmt: skip


def _on_body(table: Any, config: ModelConfig) -> F64:
    """Shortwave on the sides as the body takes it, weighted."""
    sides = sum(table[QUANTITIES[name].field].to_numpy(np.float64) for name in K_SIDES)
    if config.body == "box":
        return np.asarray(_SIDE * sides, np.float64)
    beam = table["kside" if config.use_anisotropic_sky else "kside_i"].to_numpy(np.float64)
    return np.asarray(_CYLINDER * beam + _SIDE * sides, np.float64)

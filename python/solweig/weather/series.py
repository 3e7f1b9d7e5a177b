"""The weather of a run as one array per quantity, in the terms of the engine's step."""

from __future__ import annotations

import datetime as dt
import logging
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solweig import _core
from solweig.errors import ConfigurationError, WeatherDataError
from solweig.typing import F64
from solweig.weather import sun
from solweig.weather.location import Location
from solweig.weather.values import WeatherValues

log = logging.getLogger("solweig")

LEAF_DAYS = (97, 300)
_HALF_YEAR = 183
_GAP_FACTOR = 1.5


@dataclass(frozen=True)
class Gap:
    """Steps missing from a series: the stamps on both sides and the time without weather."""

    before: dt.datetime
    after: dt.datetime
    hours: float


@dataclass(frozen=True)
class WeatherSeries:
    """The weather of a run.

    Attributes
    ----------
    stamps
        The stamps as they were given.
    local
        The same in local standard time, ``datetime64[ns]``, shape ``[n]``.
    utc
        The same in UTC.
    columns
        One array of shape ``[n]`` per key of ``weather=`` in ``_core.Model.step``.
    clearness
        Clearness index by day, capped at 1; NaN at night.
    gaps
        Interruptions longer than half a step.
    """

    stamps: list[dt.datetime]
    local: NDArray[np.datetime64]
    utc: NDArray[np.datetime64]
    columns: dict[str, NDArray[Any]]
    clearness: F64
    gaps: list[Gap]

    def __len__(self) -> int:
        return len(self.stamps)

    @property
    def daytime(self) -> NDArray[np.bool_]:
        """Steps with the sun up, shape ``[n]``."""
        return np.asarray(self.columns["altitude"] > 0)

    def step(self, i: int) -> dict[str, float | bool]:
        """Weather of step ``i`` as ``_core.Model.step`` wants it."""
        return {name: values[i].item() for name, values in self.columns.items()}


def weather_series(
    weathers: WeatherValues | Iterable[WeatherValues],
    location: Location,
    *,
    stamp: str = "end",
    conifer: bool = False,
    leaf_days: tuple[int, int] = LEAF_DAYS,
    night_clearness: ArrayLike | None = None,
    formulation: str = "reference",
    gaps: str = "warn",
) -> WeatherSeries:
    """Validate the weather of a run and derive what does not depend on the place in the raster.

    Steps may be of any and of differing length. The length of a step is its distance to the stamp
    before (the first: to the one after; with ``stamp="start"`` the other way round), or
    ``timestep_minutes`` where that is shorter.

    Parameters
    ----------
    weathers
        One step or several, stamps strictly increasing.
    location
        Place and clock.
    stamp
        What a stamp marks: the ``"end"``, ``"centre"`` or ``"start"`` of its step.
    conifer
        Leaves all year.
    leaf_days
        Leaves are on between these days of year (both excluded). The default pair is moved by half
        a year south of the equator; another pair is used as given.
    night_clearness
        Clearness index for the nights, scalar or ``[n]``; ``None`` derives it from the morning
        after and the evening before (Offerle et al. 2003).
    formulation
        ``"reference"`` or ``"improved"`` clear-sky radiation.
    gaps
        ``"warn"``, ``"error"`` or ``"allow"`` interruptions. The same hours of every day are a
        choice, not a gap.

    Raises
    ------
    WeatherDataError
        No steps, stamps out of order or repeated, or mixed with and without a time zone; with
        ``gaps="error"`` a gap.
    ConfigurationError
        An unknown ``stamp`` or ``gaps``.
    """
    if gaps not in ("warn", "error", "allow"):
        raise ConfigurationError("gaps", "warn, error or allow", repr(gaps))
    rows = [weathers] if isinstance(weathers, WeatherValues) else list(weathers)
    utc = _utc_stamps(rows, location)
    local = utc + np.timedelta64(round(location.utc_offset * 3600), "s")
    _check_order(rows, utc)
    spacing = _spacing_minutes(utc)
    found = _find_gaps(rows, local, spacing)
    _report(found, gaps)
    interval = np.minimum(_own_minutes(spacing, stamp), _column(rows, "timestep_minutes"))

    columns: dict[str, NDArray[Any]] = {
        "ta": _column(rows, "ta"),
        "rh": _column(rows, "rh"),
        "ws": _column(rows, "ws"),
        "global_rad": _column(rows, "global_rad"),
        "pressure_kpa": _column(rows, "pressure") / 10.0,
        "day_of_year": _day_of_year(local),
        "clock_fraction": (local - local.astype("datetime64[D]")) / np.timedelta64(1, "D"),
        "latitude": np.full(len(rows), location.latitude),
        "hours": interval / 60.0,
    }
    columns["direct_rad"], columns["diffuse_rad"] = _measured_split(rows)
    columns.update(_sun(rows, local, location, interval, stamp))
    columns["step_days"] = _step_days(utc)
    columns["leaf_on"] = _leaves(columns["day_of_year"], location.latitude, conifer, leaf_days)
    columns["water_temperature"] = _daily_mean(local, columns["ta"])
    index = _clearness(columns, location.latitude, formulation)
    day = columns["altitude"] > 0
    if night_clearness is None:
        days = local.astype("datetime64[D]").astype(np.int64)
        columns["night_clearness"] = _core.night_clearness(days, columns["altitude"], index["ci"])
    else:
        columns["night_clearness"] = np.broadcast_to(
            np.asarray(night_clearness, np.float64), len(rows)
        ).copy()
    clearness = np.where(day, np.minimum(index["ci"], 1.0), np.nan)
    return WeatherSeries([w.datetime for w in rows], local, utc, columns, clearness, found)


def derive(weathers: Sequence[WeatherValues], location: Location, stamp: str = "end") -> None:
    """Set the derived fields of every step, each by itself, with its own ``timestep_minutes``."""
    rows = list(weathers)
    utc = _utc_stamps(rows, location)
    local = utc + np.timedelta64(round(location.utc_offset * 3600), "s")
    columns: dict[str, NDArray[Any]] = {
        name: _column(rows, name) for name in ("ta", "rh", "global_rad", "timestep_minutes")
    }
    columns["pressure_kpa"] = _column(rows, "pressure") / 10.0
    columns["day_of_year"] = _day_of_year(local)
    columns.update(_sun(rows, local, location, columns["timestep_minutes"], stamp))
    index = _clearness(columns, location.latitude, "reference")
    beam, diffuse = _core.split_global(
        columns["global_rad"], columns["altitude"], index["kt"], columns["ta"], columns["rh"]
    )
    measured_beam, measured_diffuse = _measured_split(rows)
    measured = ~np.isnan(measured_beam)
    beam = np.where(measured, measured_beam, beam)
    diffuse = np.where(measured, measured_diffuse, diffuse)
    for i, row in enumerate(rows):
        day = bool(columns["altitude"][i] > 0)
        row.sun_altitude = float(columns["altitude"][i])
        row.sun_azimuth = float(columns["azimuth"][i])
        row.sun_zenith = 90.0 - row.sun_altitude
        row.altmax = float(columns["altitude_max"][i])
        row.direct_rad = float(beam[i]) if day else 0.0
        row.diffuse_rad = float(diffuse[i]) if day else 0.0
        row.clearness_index = float(min(index["ci"][i], 1.0)) if day else 1.0


def _utc_stamps(rows: list[WeatherValues], location: Location) -> NDArray[np.datetime64]:
    if not rows:
        raise WeatherDataError("weather", "at least one step", "none")
    for row in rows:
        if not isinstance(row, WeatherValues):
            raise WeatherDataError("weather", "Weather objects", type(row).__name__)
    aware = [row.datetime.tzinfo is not None for row in rows]
    if any(aware) != all(aware):
        raise WeatherDataError(
            "datetime", "all stamps with a time zone or none", "a mixture", "Use one kind."
        )
    if aware[0]:
        stamps = [row.datetime.astimezone(dt.UTC).replace(tzinfo=None) for row in rows]
        return np.array(stamps, "datetime64[ns]")
    return sun.to_utc(
        np.array([row.datetime for row in rows], "datetime64[ns]"), location.utc_offset
    )


def _check_order(rows: list[WeatherValues], utc: NDArray[np.datetime64]) -> None:
    wrong = np.flatnonzero(np.diff(utc) <= np.timedelta64(0, "ns"))
    if wrong.size:
        i = int(wrong[0])
        before, after = rows[i].datetime, rows[i + 1].datetime
        fault = "repeated" if utc[i] == utc[i + 1] else "out of order"
        raise WeatherDataError(
            "datetime",
            "strictly increasing stamps",
            f"{fault}: step {i + 1} at {after} follows {before}",
            f"{wrong.size} such place(s); sort the steps and drop repeats.",
        )


def _spacing_minutes(utc: NDArray[np.datetime64]) -> F64:
    if utc.size == 1:
        return np.array([np.inf])
    minutes = np.diff(utc) / np.timedelta64(1, "m")
    return np.concatenate([minutes[:1], minutes])


def _own_minutes(spacing: F64, stamp: str) -> F64:
    """Length of each step from the distance to its neighbours; ``spacing`` looks backward."""
    forward = np.concatenate([spacing[1:], spacing[-1:]])
    if stamp == "start":
        return forward
    return (spacing + forward) / 2.0 if stamp == "centre" else spacing


def _step_days(utc: NDArray[np.datetime64]) -> F64:
    """Time from each step to the next [days]; 0 for a single step (R 6.5).

    The engine adds a step's length after using the accumulated time, so the time that has passed
    at step i is what step i-1 handed over: the distance forward. Equal steps see no difference;
    after a pause the ground has forgotten the temperature of before, as it should.
    """
    if utc.size == 1:
        return np.zeros(1)
    forward = np.diff(utc) / np.timedelta64(1, "D")
    return np.concatenate([forward, forward[-1:]])


def _find_gaps(rows: list[WeatherValues], local: NDArray[np.datetime64], spacing: F64) -> list[Gap]:
    if len(rows) < 3:
        return []
    usual = float(np.median(spacing[1:]))
    expected = np.maximum(usual, _column(rows, "timestep_minutes"))
    after = np.flatnonzero(spacing > _GAP_FACTOR * expected)
    after = after[after > 0]
    if after.size == 0 or _same_hours_every_day(local):
        return []
    return [
        Gap(rows[i - 1].datetime, rows[i].datetime, float(spacing[i] - usual) / 60.0)
        for i in map(int, after)
    ]


def _same_hours_every_day(local: NDArray[np.datetime64]) -> bool:
    """Whether consecutive days hold the same clock times, as when a user keeps some hours only.

    The first day may start late and the last one end early.
    """
    days = local.astype("datetime64[D]")
    clock = local - days
    every_day = np.unique(days)
    if every_day.size < 2 or np.any(np.diff(every_day) != np.timedelta64(1, "D")):
        return False
    held = [set(clock[days == d]) for d in every_day]
    usual = held[1] if len(held) > 2 else held[0] | held[1]
    first, last = held[0], held[-1]
    return (
        all(times == usual for times in held[1:-1])
        and first == {time for time in usual if time >= min(first)}
        and last == {time for time in usual if time <= max(last)}
    )


def _report(gaps: list[Gap], policy: str) -> None:
    if not gaps or policy == "allow":
        return
    listed = "; ".join(f"{gap.before} to {gap.after}" for gap in gaps[:3])
    text = f"{len(gaps)} gap(s): {listed}" + ("; ..." if len(gaps) > 3 else "")
    hint = "Hour counts leave that time out and the ground starts afresh after it."
    if policy == "error":
        raise WeatherDataError("datetime", "no steps missing", text, hint)
    warnings.warn(f"weather: {text}. {hint}", UserWarning, stacklevel=4)


def _column(rows: list[WeatherValues], name: str) -> F64:
    return np.array([getattr(row, name) for row in rows], np.float64)


def _optional(rows: list[WeatherValues], name: str) -> F64:
    values = (getattr(row, name) for row in rows)
    return np.array([np.nan if v is None else v for v in values], np.float64)


def _measured_split(rows: list[WeatherValues]) -> tuple[F64, F64]:
    beam = _optional(rows, "measured_direct_rad")
    diffuse = _optional(rows, "measured_diffuse_rad")
    half = int(np.sum(np.isnan(beam) != np.isnan(diffuse)))
    if half:
        log.warning("%d step(s) have only direct or only diffuse radiation; it is not used", half)
    both = ~(np.isnan(beam) | np.isnan(diffuse))
    return np.where(both, beam, np.nan), np.where(both, diffuse, np.nan)


def _sun(
    rows: list[WeatherValues],
    local: NDArray[np.datetime64],
    location: Location,
    interval: F64,
    stamp: str,
) -> dict[str, F64]:
    place = (location.latitude, location.longitude)
    middle = sun.middle_of_step(local, np.where(np.isinf(interval), 0.0, interval), stamp)
    altitude, azimuth = sun.sun_position(
        sun.to_utc(middle, location.utc_offset), *place, location.altitude
    )
    highest = sun.highest_altitude(local, *place, location.utc_offset, location.altitude)
    given = _optional(rows, "precomputed_sun_altitude")
    given_azimuth = _optional(rows, "precomputed_sun_azimuth") % 360.0
    given_highest = _optional(rows, "precomputed_altmax")
    return {
        "altitude": sun.raise_low_sun(np.where(np.isnan(given), altitude, given)),
        "azimuth": np.where(np.isnan(given_azimuth), azimuth, given_azimuth),
        "altitude_max": np.where(np.isnan(given_highest), highest, given_highest),
    }


def _clearness(
    columns: dict[str, NDArray[Any]], latitude: float, formulation: str
) -> dict[str, F64]:
    return _core.clearness_index(
        columns["altitude"],
        columns["day_of_year"],
        columns["ta"],
        columns["rh"],
        columns["global_rad"],
        latitude,
        columns["pressure_kpa"],
        formulation,
    )


def _day_of_year(local: NDArray[np.datetime64]) -> F64:
    days = local.astype("datetime64[D]") - local.astype("datetime64[Y]").astype("datetime64[D]")
    return np.asarray(days.astype(np.float64) + 1.0, np.float64)


def _leaves(
    day_of_year: F64, latitude: float, conifer: bool, leaf_days: tuple[int, int]
) -> NDArray[np.bool_]:
    if conifer:
        return np.ones(day_of_year.size, np.bool_)
    first, last = (int(day) for day in leaf_days)
    if latitude < 0 and (first, last) == LEAF_DAYS:
        first, last = first + _HALF_YEAR, last - _HALF_YEAR
    return np.array([_core.leaf_on(int(day), first, last) for day in day_of_year], np.bool_)


def _daily_mean(local: NDArray[np.datetime64], values: F64) -> F64:
    _, day = np.unique(local.astype("datetime64[D]"), return_inverse=True)
    day = day.ravel()
    return np.asarray((np.bincount(day, values) / np.bincount(day))[day], np.float64)

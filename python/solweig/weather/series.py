"""The weather of a run as one array per quantity, in the terms of the engine's step."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig import _core
from solweig.config import LONGWAVES, SPLITS, check_sun_substeps, night_rule
from solweig.errors import ConfigurationError, WeatherDataError, WeatherWarning
from solweig.messages import argument, warn_user
from solweig.typing import F64
from solweig.weather import gaps as gap_search
from solweig.weather import sun
from solweig.weather.gaps import Gap
from solweig.weather.leaves import LEAF_DAYS, Date, season_at
from solweig.weather.location import Location
from solweig.weather.longwave import chosen_longwave
from solweig.weather.radiation import Radiation, settle
from solweig.weather.split import split_alone
from solweig.weather.values import WeatherValues

log = logging.getLogger("solweig")

GROUND_CLOCKS = ("solar", "legal")


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
        One array of shape ``[n]`` per key of ``weather=`` in ``_core.Model.step``, among them
        ``longwave_down`` [W m-2], NaN where the engine has its own formula.
    clearness
        Clearness index by day, capped at 1; NaN at night.
    gaps
        Interruptions longer than half a step.
    stamp
        What the stamps mark.
    solar
        Apparent solar time of the middle of each step, ``datetime64[ns]``.
    track
        The sun at these instants, as it is: no low-sun rule, no angles that were given.
    radiation
        Its components, and which of them were measured.
    notes
        What was assumed, for the log.
    wind_direction
        Where the wind comes from [degrees], NaN where a step does not say.
    suns
        The suns of each step where it has several; the altitude in ``columns`` is then their mean.
    walls
        Temperatures of standard walls in the sun and in the shade [deg C], ``[n, aspect]`` each,
        where the longwave of walls follows from them.
    """

    stamps: list[dt.datetime]
    local: NDArray[np.datetime64]
    utc: NDArray[np.datetime64]
    columns: dict[str, NDArray[Any]]
    clearness: F64
    gaps: list[Gap]
    stamp: str
    solar: NDArray[np.datetime64]
    track: sun.SunTrack
    radiation: Radiation
    notes: list[str] = field(default_factory=list)
    suns: sun.StepSuns | None = None
    walls: tuple[F64, F64] | None = None
    wind_direction: F64 = field(default_factory=lambda: np.zeros(0))

    def __len__(self) -> int:
        return len(self.stamps)

    @property
    def bounds(self) -> NDArray[np.datetime64]:
        """Beginning and end of the interval each step stands for, shape ``[n, 2]``.

        On the clock of the stamps; UTC where they carry a time zone.
        """
        clock = self.utc if self.stamps[0].tzinfo is not None else self.local
        return sun.bounds_of_steps(clock, self.columns["hours"] * 60.0, self.stamp)

    @property
    def daytime(self) -> NDArray[np.bool_]:
        """Steps with the sun up, shape ``[n]``."""
        return np.asarray(self.columns["altitude"] > 0)

    def step(self, i: int) -> dict[str, Any]:
        """Weather of step ``i`` as ``_core.Model.step`` wants it."""
        step = {name: values[i].item() for name, values in self.columns.items()}
        if self.suns is not None:
            pairs = zip(self.suns.altitude[i].tolist(), self.suns.azimuth[i].tolist(), strict=True)
            step["suns"] = list(pairs)
        if self.walls is not None:
            lit, shaded = self.walls
            step["walls"] = lit[i].tolist(), shaded[i].tolist()
        return step

    def sun_altitudes(self) -> F64:
        """Altitudes of all suns of all steps [degrees]."""
        if self.suns is not None:
            return self.suns.altitude.ravel()
        return np.asarray(self.columns["altitude"], np.float64)

    def suns_of(self, i: int) -> F64:
        """Altitude and azimuth of the suns of step ``i`` that are up, ``[n, 2]`` [degrees]."""
        if self.suns is None:
            both = np.array([[self.columns["altitude"][i], self.columns["azimuth"][i]]])
        else:
            both = np.stack([self.suns.altitude[i], self.suns.azimuth[i]], axis=1)
        return np.asarray(both[both[:, 0] >= 0.0], np.float64)


def weather_series(
    weathers: WeatherValues | Iterable[WeatherValues],
    location: Location,
    *,
    stamp: str | None = None,
    conifer: bool = False,
    leaf_days: tuple[int, int] = LEAF_DAYS,
    leaf_on: Date | None = None,
    leaf_off: Date | None = None,
    night_clearness: str | float = "offerle",
    formulation: str = "reference",
    beam: str = "normal",
    ground_clock: str = "solar",
    gaps: str = "warn",
    sun_substeps: int = 1,
    longwave: str = "modelled",
    split: str = "reindl",
    published_air_mass: bool | None = None,
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
        What a stamp marks: the ``"end"``, ``"centre"`` or ``"start"`` of its step. ``None``: what
        the steps say themselves, else the end.
    conifer
        Leaves all year.
    leaf_days, leaf_on, leaf_off
        See :func:`solweig.weather.leaves.season_at`.
    night_clearness
        Clearness index of the nights, 0 to 1, or a rule for it: ``"offerle"`` derives it from the
        morning after and the evening before (Offerle et al. 2003), ``"clear"`` and ``"evening"``
        are those of the reference (Q-05), see :class:`solweig.ModelConfig`.
    formulation
        ``"reference"`` or ``"improved"``: whether the ground's wave stands where it is at the end
        of a step or in its middle (Q-10).
    beam
        Whether measured direct radiation is on the beam's ``"normal"`` or ``"horizontal"``.
    ground_clock
        ``"solar"``: days and the clock of the ground's wave are those of the sun. ``"legal"``: of
        the stamps, as in the reference (Q-11).
    gaps
        ``"warn"``, ``"error"`` or ``"allow"`` interruptions. The same hours of every day are a
        choice, not a gap.
    sun_substeps
        Suns of a step, each for an equal part of its interval.
    longwave
        Whether the longwave of the sky is ``"modelled"`` or the ``"measured"`` one of the steps.
    split
        How a global radiation given alone is split: one of :data:`solweig.config.SPLITS`.
    published_air_mass
        In the clear sky (Q-39); ``None``: with ``formulation="improved"``.

    Raises
    ------
    WeatherDataError
        No steps, stamps out of order or repeated, or mixed with and without a time zone; with
        ``gaps="error"`` a gap; with ``longwave="measured"`` steps without.
    ConfigurationError
        An unknown ``stamp``, ``ground_clock``, ``gaps``, ``longwave`` or ``split``;
        a ``stamp`` that is not the steps' own; several suns a step where steps say themselves where
        the sun is.
    """
    check_sun_substeps(sun_substeps)
    _check_choice("gaps", gaps, ("warn", "error", "allow"))
    _check_choice("ground_clock", ground_clock, GROUND_CLOCKS)
    _check_choice("longwave", longwave, LONGWAVES)
    _check_choice("split", split, SPLITS)
    rows = [weathers] if isinstance(weathers, WeatherValues) else list(weathers)
    utc = _utc_stamps(rows, location)
    local = utc + np.timedelta64(round(location.utc_offset * 3600), "s")
    marks = _stamp_of(rows, stamp)
    _check_order(rows, utc)
    spacing = spacing_minutes(utc)
    lengths = _column(rows, "timestep_minutes")
    found = gap_search.find_gaps(
        [row.datetime for row in rows],
        sun.solar_time(utc, location.longitude, np.zeros(1)),
        spacing,
        lengths,
    )
    _report(found, gaps)
    own = _own_minutes(spacing, marks)
    interval = np.minimum(own, lengths)
    season = season_at(
        location.latitude, conifer=conifer, leaf_days=leaf_days, leaf_on=leaf_on, leaf_off=leaf_off
    )

    track, solar, angles = _sun(rows, utc, location, interval, marks)
    middle = sun.middle_of_step(utc, interval, marks)
    suns = _suns(rows, middle, interval, location, sun_substeps)
    share_up = np.ones(len(rows))
    if suns is not None:
        angles["altitude"] = suns.mean_altitude
        share_up = np.where(suns.share_up > 0.0, suns.share_up, 1.0)
    if ground_clock == "legal":
        clock = local
        highest = sun.highest_altitude(
            local, location.latitude, location.longitude, location.utc_offset, location.altitude
        )
        days = local.astype("datetime64[D]")
    else:
        clock = solar if formulation == "improved" else solar + _half(interval)
        highest = sun.highest_of_solar_day(solar, *_spot(location))
        days = solar.astype("datetime64[D]")
    parts = _radiation(rows, angles["altitude"], beam)
    columns: dict[str, NDArray[Any]] = {
        "ta": _column(rows, "ta"),
        "rh": _column(rows, "rh"),
        "ws": _column(rows, "ws"),
        "global_rad": parts.total,
        "direct_rad": parts.direct,
        "diffuse_rad": parts.diffuse,
        "pressure_kpa": _column(rows, "pressure") / 10.0,
        "day_of_year": _day_of_year(days),
        "clock_fraction": (clock - days) / np.timedelta64(1, "D"),
        "latitude": np.full(len(rows), location.latitude),
        "hours": interval / 60.0,
        **angles,
        "altitude_max": _unless_given(rows, "precomputed_altmax", highest),
        "step_days": _step_days(utc),
        "leaf_on": season.on(days),
    }
    columns["longwave_down"] = chosen_longwave(
        _optional(rows, "measured_longwave_down"), [row.datetime for row in rows], longwave
    )
    columns["water_temperature"] = _daily_mean(days, columns["ta"])
    while_up = {"global_rad": columns["global_rad"] / share_up}
    if published_air_mass is None:
        published_air_mass = formulation == "improved"
    sky = "improved" if published_air_mass else "reference"
    index = _clearness(columns | while_up, location.latitude, sky)
    day = columns["altitude"] > 0
    if split != "reindl":
        columns |= split_alone(split, columns, share_up, middle, spacing, beam)
    rule = night_rule(night_clearness)
    if isinstance(rule, str):
        columns["night_clearness"] = _core.night_clearness(
            days.astype(np.int64), columns["altitude"], index["ci"], rule
        )
    else:
        columns["night_clearness"] = np.full(len(rows), rule)
    return WeatherSeries(
        stamps=[row.datetime for row in rows],
        local=local,
        utc=utc,
        columns=columns,
        clearness=np.where(day, np.minimum(index["ci"], 1.0), np.nan),
        gaps=found,
        stamp=marks,
        solar=solar,
        track=track,
        radiation=parts,
        notes=[str(season), *_note_lengths(rows, own, lengths)],
        suns=suns,
        wind_direction=_optional(rows, "wind_direction"),
    )


def _check_choice(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise ConfigurationError(name, " or ".join(known), repr(value))


def derive(weathers: Sequence[WeatherValues], location: Location) -> None:
    """Set the derived fields of every step, each by itself, with its own ``timestep_minutes``."""
    rows = list(weathers)
    utc = _utc_stamps(rows, location)
    stamp = _stamp_of(rows, None)
    columns: dict[str, NDArray[Any]] = {
        name: _column(rows, name) for name in ("ta", "rh", "timestep_minutes")
    }
    columns["pressure_kpa"] = _column(rows, "pressure") / 10.0
    _, solar, angles = _sun(rows, utc, location, columns["timestep_minutes"], stamp)
    highest = sun.highest_of_solar_day(solar, *_spot(location))
    columns |= angles | {"altitude_max": _unless_given(rows, "precomputed_altmax", highest)}
    columns["day_of_year"] = _day_of_year(solar.astype("datetime64[D]"))
    parts = _radiation(rows, columns["altitude"], "normal")
    columns["global_rad"] = parts.total
    index = _clearness(columns, location.latitude, "reference")
    beam, diffuse = _core.split_global(
        columns["global_rad"], columns["altitude"], index["kt"], columns["ta"], columns["rh"]
    )
    measured = ~np.isnan(parts.direct)
    beam = np.where(measured, parts.direct, beam)
    diffuse = np.where(measured, parts.diffuse, diffuse)
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


def spacing_minutes(utc: NDArray[np.datetime64]) -> F64:
    """Distance of each stamp to the one before, of the first to the one after [min]."""
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


def _report(gaps: list[Gap], policy: str) -> None:
    if not gaps or policy == "allow":
        return
    text = gap_search.describe(gaps)
    hint = "Hour counts leave that time out and the ground starts afresh after it."
    if policy == "error":
        raise WeatherDataError("datetime", "no steps missing", text, hint)
    warn_user(f"weather: {text}. {hint}", WeatherWarning)


def _note_lengths(rows: list[WeatherValues], own: F64, lengths: F64) -> list[str]:
    """Say for how long steps stand that are farther apart than they say."""
    known = np.array([row.length_known for row in rows])
    shorter = (lengths < own) & np.isfinite(own) & ~known
    if not shorter.any():
        return []
    minutes = np.unique(lengths[shorter])
    shown = f"{minutes[0]:g}" if minutes.size == 1 else f"{minutes[0]:g} to {minutes[-1]:g}"
    return [
        f"weather: {int(shorter.sum())} step(s) are up to {own[shorter].max():g} min apart and "
        f"stand for {shown} min each; {argument('timestep_minutes')} says otherwise"
    ]


def _column(rows: list[WeatherValues], name: str) -> F64:
    return np.array([getattr(row, name) for row in rows], np.float64)


def _optional(rows: list[WeatherValues], name: str) -> F64:
    values = (getattr(row, name) for row in rows)
    return np.array([np.nan if v is None else v for v in values], np.float64)


def _radiation(rows: list[WeatherValues], altitude: F64, beam: str) -> Radiation:
    total = _column(rows, "global_rad")
    direct, diffuse = (_optional(rows, f"measured_{name}_rad") for name in ("direct", "diffuse"))
    return settle(total, direct, diffuse, altitude, beam)


def _stamp_of(rows: list[WeatherValues], said: str | None) -> str:
    """What the stamps mark: what the steps say, else what the run says, else the end."""
    by_rows = {row.stamp for row in rows}
    if len(by_rows) > 1:
        shown = ", ".join(sorted(map(repr, by_rows)))
        raise WeatherDataError("stamp", "the same in all steps", shown)
    (own,) = by_rows
    if own is not None and said is not None and own != said:
        raise ConfigurationError(
            "stamp", f"{own!r}, which the weather says of itself, or None", repr(said),
            "What the rows stand for belongs to them: say it to their reader only.",
        )  # fmt: skip
    return own or said or "end"


def _half(interval: F64) -> NDArray[np.timedelta64]:
    return np.round(interval * 30e9).astype("timedelta64[ns]")


def _sun(
    rows: list[WeatherValues],
    utc: NDArray[np.datetime64],
    location: Location,
    interval: F64,
    stamp: str,
) -> tuple[sun.SunTrack, NDArray[np.datetime64], dict[str, F64]]:
    """The sun amid each step, its time there, and its angles as the model takes them."""
    middle = sun.middle_of_step(utc, interval, stamp)
    track = sun.sun_track(middle, *_spot(location))
    solar = sun.solar_time(middle, location.longitude, track.equation_of_time)
    given_azimuth = _optional(rows, "precomputed_sun_azimuth") % 360.0
    return (
        track,
        solar,
        {
            "altitude": sun.raise_low_sun(
                _unless_given(rows, "precomputed_sun_altitude", track.altitude)
            ),
            "azimuth": np.where(np.isnan(given_azimuth), track.azimuth, given_azimuth),
        },
    )


def _suns(
    rows: list[WeatherValues],
    middles: NDArray[np.datetime64],
    interval: F64,
    location: Location,
    number: int,
) -> sun.StepSuns | None:
    if number == 1:
        return None
    names = ("precomputed_sun_altitude", "precomputed_sun_azimuth")
    given = [name for name in names if not np.isnan(_optional(rows, name)).all()]
    if given:
        raise ConfigurationError(
            "sun_substeps",
            f"1 where the weather says where the sun is ({', '.join(given)})",
            repr(number),
        )
    return sun.step_suns(middles, interval, number, *_spot(location))


def _spot(location: Location) -> tuple[float, float, float]:
    return location.latitude, location.longitude, location.altitude


def _unless_given(rows: list[WeatherValues], name: str, computed: F64) -> F64:
    given = _optional(rows, name)
    return np.where(np.isnan(given), computed, given)


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


def _day_of_year(days: NDArray[np.datetime64]) -> F64:
    since = days - days.astype("datetime64[Y]").astype("datetime64[D]")
    return np.asarray(since.astype(np.float64) + 1.0, np.float64)


def _daily_mean(days: NDArray[np.datetime64], values: F64) -> F64:
    _, day = np.unique(days, return_inverse=True)
    day = day.ravel()
    return np.asarray((np.bincount(day, values) / np.bincount(day))[day], np.float64)

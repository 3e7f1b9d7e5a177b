"""Does the weather of a run mean what it says? Checked once, whatever reader it came from.

Each check looks at arrays and gives findings; :func:`report` is the one place that warns. The table
of all checks, their thresholds and how to silence them: ``docs/checks.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solweig.errors import WeatherWarning
from solweig.messages import argument, warn_user
from solweig.typing import F64, Bool
from solweig.weather.clock_check import Heights, Shift, find_shift
from solweig.weather.distance import distance_km
from solweig.weather.location import Location
from solweig.weather.radiation import horizontal_share
from solweig.weather.series import WeatherSeries
from solweig.weather.values import Origin

MOST_MINUTES = 15.0
"""Shift of the sun that radiation may ask for [min]."""
MOST_KM = 100.0
"""Distance of the place from the raster or from the weather's [km]."""
NIGHT_SUN = -4.0
"""Below this altitude all through a step there is no daylight [degrees]."""
NIGHT_LIGHT = 10.0
"""Radiation that is light and not the offset of a sensor [W m-2]."""
CLOSURE = (50.0, 0.10)
"""What the components of a day may miss in the mean: W m-2, or share of the mean global."""
SKY_EMISSIVITY = (0.5, 1.15)
"""What a sky may send as a share of a black body at air temperature: dry cold air to low cloud."""
_SIGMA = 5.67051e-8
_KILOWATT, _MEGAJOULE = 1.5, 5.0
_HIGH_SUN = 10.0
"""Above this there is light under any sky [degrees]."""
_SILENCE = " (To silence: docs/checks.md.)"
_OF_STAMP = {"end": -0.5, "centre": 0.0, "start": 0.5}


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes
    ----------
    check
        Its name, with which the message begins.
    text
        What was found, what it may mean and which argument mends it.
    """

    check: str
    text: str

    def __str__(self) -> str:
        return f"{self.check}: {self.text}{_SILENCE}"


def check_weather(
    series: WeatherSeries,
    location: Location,
    *,
    beam: str = "normal",
    origin: Origin | None = None,
    raster: tuple[float, float] | None = None,
) -> list[Finding]:
    """Everything that the weather of a run is checked for.

    Parameters
    ----------
    series
        The weather.
    location
        Place and clock it was made with.
    beam
        Whether direct radiation is on the beam's ``"normal"`` or ``"horizontal"``.
    origin
        Where the weather's file says it is from.
    raster
        Latitude and longitude of the surface, where it knows them.
    """
    units = check_units(series) + check_longwave(series)
    if any(f.check == "radiation units" for f in units):
        return units + check_place(location, origin, raster)
    heights = Heights.of(series)
    shift = find_shift(series, heights, beam)
    clock = check_clock(series, location, shift, origin)
    found = units + clock + check_night(series, heights) + check_zeros(series)
    # A wrong clock opens the closure too; it is said once.
    explained = clock and shift is not None and shift.closure
    if not explained:
        found += check_closure(series, beam)
    return found + check_place(location, origin, raster)


def report(findings: Sequence[Finding]) -> None:
    """Warn of each finding."""
    for finding in findings:
        warn_user(str(finding), WeatherWarning)


# ------------------------------------------------------------------ clock


def check_clock(
    series: WeatherSeries, location: Location, shift: Shift | None, origin: Origin | None = None
) -> list[Finding]:
    """Radiation against the sun of the stamps, clock and place given."""
    if shift is None:
        return _check_offset(location, origin, series)
    if not shift_counts(shift):
        return []
    later = "later" if shift.minutes > 0 else "earlier"
    rows = f"{shift.rows} {'rows' if shift.closure else 'clear day(s)'}"
    how = (
        f"what global, direct and diffuse leave falls from {shift.rms_here:.1f} to "
        f"{shift.rms:.1f} W/m2 rms over {rows}"
        if shift.closure
        else f"{rows} are symmetric about it"
    )
    text = (
        f"the radiation fits a sun {shown_minutes(shift.minutes)} {later} than stamps, clock and "
        f"place say: {how}. {_meanings(series, location, shift)}"
    )
    return [Finding("weather clock", text)]


def shift_counts(shift: Shift) -> bool:
    """Whether a shift of the sun is more than a matter of stamps and its own uncertainty."""
    sure = 3.0 * shift.error if shift.closure else shift.error + MOST_MINUTES
    return abs(shift.minutes) > max(MOST_MINUTES, sure)


def shown_minutes(minutes: float) -> str:
    """A length of time in words, without its sign."""
    size = abs(minutes)
    return f"{size:.0f} min" if size < 120 else f"{size / 60:.1f} h"


def _meanings(series: WeatherSeries, location: Location, shift: Shift) -> str:
    """What a shift can come from, with the argument that mends it; the likeliest first."""
    said = []
    length = float(np.median(series.columns["hours"])) * 60.0
    now = _OF_STAMP[series.stamp]
    for stamp, share in _OF_STAMP.items():
        moves = (share - now) * length
        if stamp != series.stamp and abs(moves - shift.minutes) <= max(10.0, 0.2 * length):
            marks = {"centre": "middle"}.get(stamp, stamp)
            said.append(f"the stamps mark the {marks} of each step: {argument('stamp', stamp)}")
    half_hours = round(-shift.minutes / 30.0) / 2.0
    if half_hours and abs(shift.minutes + 60.0 * half_hours) <= 10.0:
        if series.stamps[0].tzinfo is not None:
            said.append(f"the stamps' time zone is off by {half_hours:+g} h")
        else:
            offset = location.utc_offset + half_hours
            said.append(f"the clock is another: {argument('utc_offset', offset)}")
    east = shift.minutes / 4.0
    meridian = (location.longitude + east + 180.0) % 360.0 - 180.0
    said.append(
        f"the place is {abs(east):.1f} degrees farther {'east' if east > 0 else 'west'}: "
        f"{argument('longitude', round(meridian, 1))}"
    )
    if len(said) == 1:
        return f"Perhaps {said[0]}."
    return "Either " + ", or ".join(said) + "."


def _check_offset(
    location: Location, origin: Origin | None, series: WeatherSeries
) -> list[Finding]:
    """Where radiation does not tell: the clock of the file against that of the location."""
    if origin is None or series.stamps[0].tzinfo is not None:
        return []
    if abs(origin.utc_offset - location.utc_offset) * 60.0 <= MOST_MINUTES:
        return []
    text = (
        f"{origin.name} says its clock is UTC{origin.utc_offset:+g}, the location UTC"
        f"{location.utc_offset:+g}, and its radiation does not tell which is right: "
        f"{argument('utc_offset', float(origin.utc_offset))}."
    )
    return [Finding("weather clock", text)]


# ------------------------------------------------------------------ radiation


def check_night(series: WeatherSeries, heights: Heights) -> list[Finding]:
    """Light in steps that lie in the night as a whole."""
    total, hours = series.columns["global_rad"], series.columns["hours"]
    dark = dark_steps(series, heights) & (total > NIGHT_LIGHT)
    if not dark.any():
        return []
    lost = np.where(series.daytime, 0.0, total * hours).sum() / (total * hours).sum()
    most = int(np.argmax(np.where(dark, total, -1.0)))
    text = (
        f"{int(dark.sum())} step(s) have light with the sun well below the horizon, most "
        f"{total[most]:.0f} W/m2 at {series.stamps[most]:%Y-%m-%d %H:%M} with the sun at "
        f"{series.track.elevation[most]:.0f} degrees; by night radiation does not count, and "
        f"{_percent(lost)} of it is lost. Check {argument('utc_offset')}, {argument('stamp')}, "
        f"{argument('latitude')} and {argument('longitude')}."
    )
    return [Finding("night light", text)]


def dark_steps(series: WeatherSeries, heights: Heights) -> Bool:
    """Steps that lie in the night as a whole."""
    low = heights.highest(series.columns["hours"]) < NIGHT_SUN
    return np.asarray(low & ~series.daytime, bool)


def check_closure(series: WeatherSeries, beam: str) -> list[Finding]:
    """Global against the sum of direct and diffuse, by solar day."""
    parts, altitude = series.radiation, series.columns["altitude"]
    rows = np.flatnonzero(series.daytime & (parts.measured | (parts.excess > 0)))
    if not rows.size:
        return []
    total = parts.total[rows]
    with np.errstate(invalid="ignore"):
        parts_sum = parts.direct[rows] * horizontal_share(altitude[rows], beam)
    miss = np.where(
        parts.measured[rows], np.abs(total - parts_sum - parts.diffuse[rows]), parts.excess[rows]
    )
    _, day = np.unique(series.solar[rows].astype("datetime64[D]"), return_inverse=True)
    day = day.ravel()
    counts = np.bincount(day)
    mean_miss, mean_total = np.bincount(day, miss) / counts, np.bincount(day, total) / counts
    bad = mean_miss > np.maximum(CLOSURE[0], CLOSURE[1] * mean_total)
    if not bad.any():
        return []
    worst = int(rows[np.argmax(np.where(bad[day], miss, -1.0))])
    sine = " times the sine of the sun's altitude" if beam == "normal" else ""
    day_of_worst = int(day[int(np.flatnonzero(rows == worst)[0])])
    text = (
        f"global radiation is not direct{sine} plus diffuse on "
        f"{int(bad.sum())} day(s): they differ by {mean_miss[day_of_worst]:.0f} W/m2 in the mean, "
        f"most at {series.stamps[worst]:%Y-%m-%d %H:%M}: global {parts.total[worst]:.0f}, direct "
        f"{parts.direct[worst]:.0f}, diffuse {parts.diffuse[worst]:.0f} W/m2, sun at "
        f"{altitude[worst]:.0f} degrees. {_beam(beam)}; wrong columns, units or clock look like "
        "this."
    )
    return [Finding("radiation closure", text)]


def _beam(beam: str) -> str:
    """How direct radiation is read, and how it would be read otherwise."""
    if beam == "normal":
        return f"Direct is taken as normal to the beam, unless {argument('beam', 'horizontal')}"
    return f"Direct is taken as on the horizontal, unless {argument('beam', 'normal')}"


def check_zeros(series: WeatherSeries) -> list[Finding]:
    """Zeros that can only mean "missing"."""
    parts = series.radiation
    found = []
    for where, what, then in (
        (parts.zero_parts, "the parts, direct and diffuse, are 0 under a shining global",
         "the global is split by the model"),
        (parts.zero_total, "the global is 0 under shining direct and diffuse", "it is their sum"),
    ):  # fmt: skip
        if where.any():
            first = series.stamps[int(np.flatnonzero(where)[0])]
            found.append(
                Finding(
                    "zero radiation",
                    f"in {int(where.sum())} step(s), first {first:%Y-%m-%d %H:%M}, {what}: taken "
                    f"as missing, {then}.",
                )
            )
    high = series.columns["altitude"] > _HIGH_SUN
    if high.any() and not parts.total[high].any():
        found.append(
            Finding(
                "zero radiation",
                f"all radiation is 0 in each of {int(high.sum())} step(s) with the sun above "
                f"{_HIGH_SUN:g} degrees, which no day is: a column without data?",
            )
        )
    return found


# ------------------------------------------------------------------ units


def check_units(series: WeatherSeries) -> list[Finding]:
    """Values in range that look like another unit."""
    found = []
    total, altitude = series.columns["global_rad"], series.columns["altitude"]
    brightest, highest = float(total.max()), float(altitude.max())
    guess = unit_guess(brightest, highest)
    if guess is not None:
        text = (
            f"global radiation is at most {brightest:g} W/m2 with the sun up to {highest:.0f} "
            f"degrees high. It looks like {guess}."
        )
        found.append(Finding("radiation units", text))
    wettest = float(series.columns["rh"].max())
    if 0.0 < wettest <= 1.0:
        text = f"rh is at most {wettest:g} %. It looks like a fraction of 1: multiply by 100."
        found.append(Finding("humidity units", text))
    return found


def unit_guess(brightest: float, highest: float) -> str | None:
    """What unit the brightest global radiation of a run looks like, where that is not W m-2.

    Parameters
    ----------
    brightest
        As given.
    highest
        Altitude of the highest sun of the run [degrees].
    """
    if 0.0 < brightest <= _KILOWATT and highest > _HIGH_SUN:
        return "kW/m2: multiply by 1000"
    if _KILOWATT < brightest <= _MEGAJOULE and highest > 30.0:
        return "MJ/m2 in an hour: multiply by 277.8"
    return None


def check_longwave(series: WeatherSeries) -> list[Finding]:
    """Longwave that is measured, against that of a black body at air temperature."""
    text = odd_longwave(series.columns["longwave_down"], series)
    return [] if text is None else [Finding("sky longwave", text)]


def odd_longwave(given: F64, series: WeatherSeries) -> str | None:
    """What there is to be said of a longwave that no sky above the steps' air sends.

    Parameters
    ----------
    given
        ``[step, ...]`` [W m-2], NaN where there is none.
    series
        The steps.
    """
    body = _SIGMA * (series.columns["ta"] + 273.15) ** 4
    share = given / body.reshape(-1, *(1,) * (given.ndim - 1))
    low, high = SKY_EMISSIVITY
    with np.errstate(invalid="ignore"):
        odd = (share < low) | (share > high)
    if not odd.any():
        return None
    worst = int(np.argmax(np.where(odd, np.abs(share - 1.0), -1.0)))
    steps, step = odd.reshape(len(given), -1).any(axis=1), worst * len(given) // given.size
    return (
        f"in {int(steps.sum())} step(s) the measured longwave of the sky is not {low:g} to "
        f"{high:g} of a black body's at air temperature, most at "
        f"{series.stamps[step]:%Y-%m-%d %H:%M}: {given.flat[worst]:.0f} W/m2, "
        f"which is {share.flat[worst]:.2f} of it. Net radiation, another unit or a sensor that "
        "sees walls look like this; "
        f"{argument('longwave', 'modelled')} goes without."
    )


# ------------------------------------------------------------------ place


def check_place(
    location: Location, origin: Origin | None, raster: tuple[float, float] | None
) -> list[Finding]:
    """The run's place against the raster's, and the weather's against both."""
    here = (location.latitude, location.longitude)
    found = []
    if raster is not None:
        found += _far("the location", here, raster, "the raster", "it is kept")
    if origin is not None:
        there = (origin.latitude, origin.longitude)
        if there != here or raster is None:
            reference, name = (here, "the location") if raster is None else (raster, "the raster")
            found += _far(f"the weather of {origin.name}", there, reference, name, "it is used")
    return found


def _far(
    what: str, place: tuple[float, float], other: tuple[float, float], name: str, then: str
) -> list[Finding]:
    distance = distance_km(place, other)
    if distance <= MOST_KM:
        return []
    swapped = (place[1], place[0])
    if abs(swapped[0]) <= 90 and distance_km(swapped, other) <= MOST_KM:
        why = "Latitude and longitude look swapped."
    else:
        why = "Is it meant?"
    text = (
        f"{what} ({_degrees(place)}) is {distance:.0f} km from {name} ({_degrees(other)}); {then}. "
        f"{why} See {argument('latitude')}, {argument('longitude')}."
    )
    return [Finding("place", text)]


def _degrees(place: tuple[float, float]) -> str:
    return f"{place[0]:.3f} N, {place[1]:.3f} E"


def _percent(share: float | F64) -> str:
    return f"{100.0 * float(share):.3g} %"

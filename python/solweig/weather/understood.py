"""What a weather file was read as: kind, place, clock, intervals, quantities, checks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from solweig.typing import F64
from solweig.weather.checks import Finding, check_weather
from solweig.weather.gaps import Gap
from solweig.weather.location import Location
from solweig.weather.readers.detect import Options, read_any
from solweig.weather.readers.frames import Rows
from solweig.weather.readers.sources import Files
from solweig.weather.readers.wanted import Site, Wanted
from solweig.weather.series import WeatherSeries, weather_series
from solweig.weather.step import Weather

QUANTITIES = {
    "ta": ("air temperature", "°C"), "rh": ("relative humidity", "%"),
    "global_rad": ("global radiation", "W/m²"), "direct_rad": ("direct, normal", "W/m²"),
    "diffuse_rad": ("diffuse", "W/m²"), "longwave_down": ("longwave from the sky", "W/m²"),
    "ws": ("wind", "m/s"), "wind_direction": ("wind from", "°"), "pressure": ("pressure", "hPa"),
}  # fmt: skip
"""Columns of :class:`Rows` in the order they are shown, with name and unit."""
_MARKS = {"end": "end", "centre": "middle", "start": "beginning", None: "end (unless said)"}
_BARS = " ▁▂▃▄▅▆▇█"
_PLAIN_BARS = " .:-=+*#%"


@dataclass(frozen=True)
class Understood:
    """A weather file as it was understood.

    Attributes
    ----------
    rows
        As the reader gave them.
    location
        Place and clock of the check; ``None`` where neither file nor caller names one.
    series
        The rows with their sun; ``None`` without a place.
    findings
        What the checks of a run say.
    """

    rows: Rows
    location: Location | None
    series: WeatherSeries | None
    findings: list[Finding]

    def values(self, name: str) -> F64:
        """A column of the rows; NaN where there is none. Direct radiation is the series'."""
        if name in ("direct_rad", "diffuse_rad", "global_rad") and self.series is not None:
            values = np.asarray(self.series.columns[name], np.float64)
            # Where the model splits the global there is nothing to show, by night nothing to split.
            dark = ~self.series.daytime & np.isfinite(values[self.series.daytime]).any()
            return np.where(dark & np.isnan(values), 0.0, values)
        if name not in self.rows.frame:
            return np.full(len(self.rows.frame), np.nan)
        return self.rows.frame[name].to_numpy(dtype=np.float64)


def understand(
    paths: Files,
    location: Location | None,
    wanted: Wanted,
    options: Options,
    *,
    beam: str = "normal",
) -> Understood:
    """Read a file as :meth:`solweig.Weather.from_file` does, and check it as a run does.

    Parameters
    ----------
    paths, location, wanted, options
        As :func:`read_any` takes them, ``location`` also where the sun is looked at from.
    beam
        As the configuration of a run has it.

    Raises
    ------
    WeatherDataError, ConfigurationError, FileNotFoundError
        What reading raises.
    """
    site = None
    if location is not None:
        site = Site(
            location.latitude, location.longitude, location.altitude, location.utc_offset
        )  # fmt: skip
    rows = read_any(paths, site, wanted, options)
    if location is None and rows.origin is not None:
        origin = rows.origin
        location = Location(origin.latitude, origin.longitude, origin.altitude, origin.utc_offset)
    if location is None:
        return Understood(rows, None, None, [])
    series = weather_series(Weather._of(rows), location, beam=beam, gaps="allow")
    return Understood(
        rows, location, series, check_weather(series, location, beam=beam, origin=rows.origin)
    )


def lines_of(found: Understood, *, unicode: bool = True) -> list[str]:
    """What was understood, for people, a line each; with ``unicode`` bars may be blocks."""
    rows, frame = found.rows, found.rows.frame
    told = [("read as", rows.kind), ("place", _place(found)), ("clock", _clock(found))]
    told += [("rows", f"{len(frame)}, {frame.index[0]} to {frame.index[-1]}")]
    minutes = np.unique(rows.minutes)
    length = f"{minutes[0]:g}" if minutes.size == 1 else f"{minutes[0]:g} to {minutes[-1]:g}"
    told += [("a row", f"{length} min; its stamp marks their {_MARKS[rows.stamp]}")]
    told += [("gap", f"{gap.before} to {gap.after}") for gap in _gaps(found)[:3]]
    told += [("note", note) for note in rows.notes]
    lines = [f"{name:<9}{text}" for name, text in told if text]
    lines += ["", f"{'':<30}{'least':>8}{'mean':>8}{'most':>8}{'missing':>9}"]
    lines += [_line(found, name) for name in QUANTITIES if name in ("ta", "rh", "global_rad")
              or np.isfinite(found.values(name)).any()]  # fmt: skip
    lines += ["", *_pictures(found, unicode), "", *_verdict(found)]
    return lines


def _place(found: Understood) -> str:
    origin = found.rows.origin
    if origin is not None:
        return f"{origin.latitude:.3f} N, {origin.longitude:.3f} E, of {origin.name}"
    if found.location is None:
        return "not in the file"
    return f"{found.location.latitude:.3f} N, {found.location.longitude:.3f} E, as was said"


def _clock(found: Understood) -> str:
    zone = pd.DatetimeIndex(found.rows.frame.index).tz
    if zone is not None:
        return f"stamps carry their time zone, {zone}"
    if found.location is None:
        return "local, its distance from UTC not in the file"
    return f"local standard time, UTC{found.location.utc_offset:+g}"


def _gaps(found: Understood) -> list[Gap]:
    return [] if found.series is None else found.series.gaps


def _line(found: Understood, name: str) -> str:
    values = found.values(name)
    label = "{} [{}]".format(*QUANTITIES[name])
    missing = int(np.isnan(values).sum())
    if missing == values.size:
        return f"{label:<30}{'':>24}{missing:>9}"
    least, mean, most = np.nanmin(values), np.nanmean(values), np.nanmax(values)
    middle = f"{'':>8}" if name == "wind_direction" else f"{mean:>8.1f}"
    return f"{label:<30}{least:>8.1f}{middle}{most:>8.1f}{missing:>9}"


def _pictures(found: Understood, unicode: bool) -> list[str]:
    """Bars of the brightest day and those beside it: temperature, radiation, sun."""
    day = _brightest(found)
    names = [("ta", "air"), ("global_rad", "global"), ("direct_rad", "direct")]
    curves = [(label, found.values(name)[day]) for name, label in names]
    if found.series is not None:
        curves.append(("sun", np.maximum(found.series.columns["altitude"][day], 0.0)))
    first = found.rows.frame.index[day][0]
    shown = [f"{label:<9}{bars(values, unicode)}" for label, values in curves
             if np.isfinite(values).any()]  # fmt: skip
    return [f"{'':<9}from {first:%Y-%m-%d %H:%M}, the brightest day", *shown]


def _brightest(found: Understood) -> slice:
    """Rows of the day with most global radiation, not more than fit a line."""
    light = np.nan_to_num(found.values("global_rad"))
    days = pd.DatetimeIndex(found.rows.frame.index).normalize()
    totals = {day: float(light[days == day].sum()) for day in days.unique()}
    rows = np.flatnonzero(days == max(totals, key=lambda day: totals[day]))
    return slice(int(rows[0]), int(rows[-1]) + 1, max(1, math.ceil(rows.size / 72)))


def bars(values: F64, unicode: bool = True) -> str:
    """Values as a line of bars, a character each, from the least to the most; ``?`` is missing."""
    signs = _BARS if unicode else _PLAIN_BARS
    least, most = np.nanmin(values), np.nanmax(values)
    span = most - least or 1.0
    return "".join(
        "?" if math.isnan(value) else signs[round((len(signs) - 1) * (value - least) / span)]
        for value in values.tolist()
    )


def _verdict(found: Understood) -> list[str]:
    if found.series is None:
        return ["No place: the sun was not looked at. Give --latitude, --longitude, --utc-offset."]
    if found.findings:
        return [f"warning: {finding}" for finding in found.findings]
    if not found.values("global_rad").any():
        return ["No light in these rows: nothing to check the clock by."]
    return ["Radiation, sun and clock fit."]

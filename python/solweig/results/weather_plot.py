"""A picture of a weather file as it was understood."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from solweig.results.plotting import draw_lines, finish_time_axis, open_figure, require_matplotlib
from solweig.weather.understood import Understood

__all__ = ["plot_weather"]

_MOST_DAYS = 7
_FLUXES = {
    "global_rad": ("Global", "#e8a200"), "direct_rad": ("Direct (normal)", "#d8572a"),
    "diffuse_rad": ("Diffuse", "#3b6fb5"), "longwave_down": ("Longwave from the sky", "#7b5ea7"),
}  # fmt: skip


def plot_weather(found: Understood, save_path: str | Path) -> None:
    """Draw the brightest week of a weather file: air, radiation with the sun, wind and humidity.

    Parameters
    ----------
    found
        The file.
    save_path
        PNG to write.

    Raises
    ------
    ConfigurationError
        Matplotlib is not installed.
    """
    require_matplotlib()
    table = _table(found)
    with open_figure(11, 8.5, save_path) as figure:
        air, light, wind = figure.subplots(
            3, 1, sharex=True, gridspec_kw={"height_ratios": [2, 3, 2], "hspace": 0.08}
        )
        draw_lines(air, table, {"ta": ("Air temperature", "#1f6fb2")})
        air.margins(y=0.2)  # room for the legend
        air.set_ylabel("Temperature [°C]")
        if "sun" in table:
            # As high as the brightest light, so that a clock that is off is seen.
            top = float(np.nanmax(table["global_rad"])) / max(float(table["sun"].max()), 1e-6)
            light.fill_between(
                table.index,
                table["sun"] * top,
                color="#f5e6b8",
                lw=0,
                label="Sine of the sun's altitude",
            )
        draw_lines(light, table, _FLUXES)
        light.legend(loc="upper center", ncols=5, fontsize=9, framealpha=0.9)
        light.set_ylim(0, 1.25 * max(float(table[list(_FLUXES)].max().max()), 1.0))
        light.set_ylabel("Irradiance [W m⁻²]")
        draw_lines(wind, table, {"ws": ("Wind [m/s]", "#2a8f6f")})
        wind.set_ylim(bottom=0)
        wind.set_ylabel("Wind [m/s]")
        beside = wind.twinx()
        beside.plot(table.index, table["rh"], color="#9a9a9a", lw=1.2)
        beside.set_ylabel("Relative humidity [%]", color="#777777")
        beside.set_ylim(0, 105)
        finish_time_axis(wind, table.index.to_numpy(), _clock(found))
        origin = found.rows.origin
        title = found.rows.kind if origin is None else f"{found.rows.kind} ({origin.name})"
        air.set_title(title, loc="left", fontsize=13, weight="bold")
        figure.subplots_adjust(left=0.08, right=0.93, top=0.94, bottom=0.08)


def _table(found: Understood) -> pd.DataFrame:
    """Rows of up to a week around the brightest day, stamps moved to the middle of each step."""
    names = ("ta", "rh", "ws", "global_rad", "direct_rad", "diffuse_rad", "longwave_down")
    stamps = pd.DatetimeIndex(found.rows.frame.index).tz_localize(None)
    share = {"start": 0.5, "centre": 0.0}.get(found.rows.stamp or "end", -0.5)
    middle = stamps + pd.to_timedelta(share * found.rows.minutes, unit="min")
    table = pd.DataFrame({name: found.values(name) for name in names}, index=middle)
    if found.series is not None:
        altitude = found.series.track.altitude
        table["sun"] = np.maximum(np.sin(np.radians(altitude)), 0.0)
    days = pd.DatetimeIndex(table.index).normalize()
    light = table["global_rad"].fillna(0.0).groupby(days).sum()
    brightest = light.index[int(np.argmax(light.to_numpy()))]
    apart = np.abs(days - brightest)
    return table[np.asarray(apart <= pd.Timedelta(days=_MOST_DAYS // 2))]


def _clock(found: Understood) -> str:
    zone = pd.DatetimeIndex(found.rows.frame.index).tz
    return f"{zone or 'local standard time'}; values at the middle of what they stand for"

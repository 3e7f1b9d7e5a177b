"""``solweig weather``: what a weather file is read as, before a run uses it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from solweig.cli import weather as wx
from solweig.cli.support import clean_errors, out_console
from solweig.errors import ConfigurationError
from solweig.results.plotting import require_matplotlib
from solweig.weather.readers.detect import Options
from solweig.weather.readers.wanted import Wanted
from solweig.weather.understood import lines_of, understand

__all__ = ["weather"]

weather = typer.Typer(
    help="Look at weather files before a run uses them.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
weather.__doc__ = "Look at weather files before a run uses them."


@weather.callback()
def _group() -> None:
    """Look at weather files before a run uses them."""


@weather.command("check")
def check(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Files of one kind, a pattern, or a URL."),
    ],
    start: wx.Start = None,
    end: wx.End = None,
    hours: wx.Hours = None,
    year: wx.Year = None,
    timestep_minutes: wx.StepMinutes = None,
    stamp: wx.Stamp = None,
    fill: wx.FillWith = None,
    latitude: wx.Latitude = None,
    longitude: wx.Longitude = None,
    altitude: wx.Altitude = None,
    utc_offset: wx.UtcOffset = None,
    weather_layout: wx.Layout = None,
    weather_columns: wx.Columns = None,
    weather_units: wx.Units = None,
    weather_time_format: wx.TimeFormat = None,
    weather_method: wx.Method = None,
    weather_product: wx.Product = None,
    beam: Annotated[
        str, typer.Option("--beam", help="As solweig run has it.", rich_help_panel=wx.WEATHER)
    ] = "normal",
    plot: Annotated[
        Path | None, typer.Option("--plot", help="PNG of the brightest week to write.")
    ] = None,
) -> None:
    """Say what weather files are read as.

    Prints kind, place, clock, the interval each row stands for, every quantity with its range, the
    brightest day as bars, and whether radiation, sun and clock fit. The flags are those of
    solweig run, which reads the same from --weather.

    Examples
    --------
    solweig weather check era5.zip --latitude 57.7 --longitude 12.0 --plot era5.png

    solweig weather check station.csv --weather-columns ta=T_air --utc-offset 1
    """
    with clean_errors():
        if plot is not None:
            require_matplotlib()
        if beam not in ("normal", "horizontal"):
            raise ConfigurationError("--beam", "normal or horizontal", repr(beam))
        place = wx.Place(latitude, longitude, altitude, utc_offset)
        if (latitude is None) != (longitude is None):
            raise ConfigurationError("--latitude, --longitude", "both or neither", "one of them")
        mapping = wx.mapping_of(
            weather_layout, weather_columns, weather_units, weather_time_format, weather_method,
            weather_product,
        )  # fmt: skip
        wanted = Wanted(start, end, wx.parse_hours(hours), wx.parse_fill(fill))
        options = Options(
            year=year, minutes=timestep_minutes, stamp=stamp, altitude=altitude, **mapping
        )
        # The log of the readers is a part of what was understood.
        logging.getLogger("solweig").setLevel(logging.INFO)
        found = understand(files, place.before_reading(None), wanted, options, beam=beam)
        console = out_console()
        unicode = "utf" in (console.encoding or "").lower()
        console.print("\n".join(lines_of(found, unicode=unicode)), markup=False)
        if plot is not None:
            from solweig.results.weather_plot import plot_weather

            plot_weather(found, plot)
            console.print(f"picture  {plot}", markup=False)

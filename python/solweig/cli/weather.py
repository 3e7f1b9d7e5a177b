"""Where the weather of ``solweig run`` comes from, and where and when it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from solweig.cli import options as opt
from solweig.errors import ConfigurationError
from solweig.surface.data import SurfaceData
from solweig.weather.location import Location
from solweig.weather.readers.epw import read_place
from solweig.weather.step import Weather
from solweig.weather.values import Fill

__all__ = [
    "Altitude", "End", "Epw", "FillWith", "Hours", "Latitude", "Longitude", "Met", "Place", "Stamp",
    "Start", "StepMinutes", "UtcOffset", "WeatherSource", "Year", "parse_fill",
]  # fmt: skip

WEATHER = "Weather and place"

Epw = Annotated[
    Path | None, typer.Option("--epw", help="EPW weather file.", rich_help_panel=WEATHER)
]
Met = Annotated[
    list[Path] | None,
    typer.Option("--met", help="UMEP weather text file; repeatable.", rich_help_panel=WEATHER),
]
Start = Annotated[
    str | None,
    typer.Option(
        "--start",
        help="First day or time, 2025-07-01; a month, 2025-07, is the whole of it; 07-01 is that "
        "day of the file's year.",
        rich_help_panel=WEATHER,
    ),
]
End = Annotated[
    str | None,
    typer.Option("--end", help="Last day or time, included.", rich_help_panel=WEATHER),
]
Hours = Annotated[
    str | None,
    typer.Option(
        "--hours", help="Keep stamps at these hours only: 9,12,15.", rich_help_panel=WEATHER
    ),
]
Year = Annotated[
    int | None,
    typer.Option("--year", help="Date the rows of an EPW file in this year.",
                 rich_help_panel=WEATHER),
]  # fmt: skip
StepMinutes = Annotated[
    float | None,
    typer.Option(
        "--timestep-minutes",
        help="What each row stands for; default: their spacing, 60 where they are farther apart.",
        rich_help_panel=WEATHER,
    ),
]
Stamp = Annotated[
    str | None,
    typer.Option(
        "--stamp",
        help="What time stamps mark: end, centre or start of the interval each row stands for.",
        show_default="end",
        rich_help_panel=WEATHER,
    ),
]
FillWith = Annotated[
    list[str] | None,
    typer.Option(
        "--fill",
        help="Value for missing weather, ws=1.5; repeatable; or interpolate. Without it gaps are "
        "errors.",
        rich_help_panel=WEATHER,
    ),
]
Latitude = Annotated[
    float | None,
    typer.Option(
        "--latitude", help="Degrees north; default: the raster's.", rich_help_panel=WEATHER
    ),
]
Longitude = Annotated[
    float | None,
    typer.Option(
        "--longitude", help="Degrees east; default: the raster's.", rich_help_panel=WEATHER
    ),
]
Altitude = Annotated[
    float | None,
    typer.Option(
        "--altitude",
        help="Above sea level (m); default: the EPW file's, else 0.",
        rich_help_panel=WEATHER,
    ),
]
UtcOffset = Annotated[
    float | None,
    typer.Option(
        "--utc-offset",
        help="Hours the weather's clock is ahead of UTC (EPW files say it themselves; those of "
        "PVGIS are in UTC).",
        rich_help_panel=WEATHER,
    ),
]


@dataclass(frozen=True)
class WeatherSource:
    """Where the weather comes from, and what of it is wanted."""

    epw: Path | None
    met: list[Path]
    start: str | None = None
    end: str | None = None
    hours: str | None = None
    year: int | None = None
    minutes: float | None = None
    stamp: str | None = None
    fill: Fill = None

    def read(self) -> list[Weather]:
        """The steps of the one source that is named.

        Raises
        ------
        ConfigurationError
            None is, or both; hours or a year that do not fit the source.
        """
        if (self.epw is None) == (not self.met):
            raise ConfigurationError(
                "weather", "either --epw or --met", "both" if self.met else "none"
            )
        common: dict[str, Any] = {
            "start": self.start, "end": self.end, "timestep_minutes": self.minutes,
            "stamp": self.stamp, "fill": self.fill,
        }  # fmt: skip
        if self.epw is not None:
            hours = parse_hours(self.hours)
            return Weather.from_epw(self.epw, hours=hours, year=self.year, **common)
        for flag, value in (("--hours", self.hours), ("--year", self.year)):
            if value is not None:
                raise ConfigurationError(flag, "an EPW file (--epw)", "--met")
        return Weather.from_umep_met(self.met, **common)


@dataclass(frozen=True)
class Place:
    """Where the site lies and which clock the weather keeps, as far as flags say it."""

    latitude: float | None
    longitude: float | None
    altitude: float | None
    utc_offset: float | None

    def check(self, source: WeatherSource) -> None:
        """Check that :meth:`location` can answer.

        Raises
        ------
        ConfigurationError
            It cannot: half a position, or no clock.
        """
        if (self.latitude is None) != (self.longitude is None):
            raise ConfigurationError("--latitude, --longitude", "both or neither", "one of them")
        if self.utc_offset is None and source.epw is None:
            raise ConfigurationError(
                "--utc-offset", "hours ahead of UTC of the weather's clock", "nothing"
            )
        if self.latitude is not None and self.longitude is not None:
            Location(
                self.latitude, self.longitude, self.altitude or 0.0, self.clock(source)
            )  # fmt: skip

    def location(self, source: WeatherSource, surface: SurfaceData) -> Location:
        """Explicit coordinates, else the centre of the surface, else those of the EPW file.

        Clock and altitude are the flags', else the file's.
        """
        altitude, clock = self.altitude, self.clock(source)
        if altitude is None:
            altitude = 0.0 if source.epw is None else read_place(source.epw)["altitude"]
        if self.latitude is not None and self.longitude is not None:
            return Location(self.latitude, self.longitude, altitude, clock)
        if surface.crs or source.epw is None:
            return Location.from_surface(surface, utc_offset=clock, altitude=altitude)
        place = read_place(source.epw)
        return Location(place["latitude"], place["longitude"], altitude, clock)

    def clock(self, source: WeatherSource) -> float:
        """Hours the weather's clock is ahead of UTC, as said, else of the EPW file."""
        if self.utc_offset is not None:
            return self.utc_offset
        assert source.epw is not None
        return float(read_place(source.epw)["TZ"])


def parse_hours(text: str | None) -> list[int] | None:
    """Whole numbers from ``9,12,15``.

    Raises
    ------
    ConfigurationError
        Anything else.
    """
    if text is None:
        return None
    try:
        return [int(part) for part in opt.comma_list(text)]
    except ValueError:
        raise ConfigurationError("--hours", "hours such as 9,12,15", repr(text)) from None


def parse_fill(values: list[str] | None) -> Fill:
    """A mapping from ``["ws=1.5"]``, or ``"interpolate"``.

    Raises
    ------
    ConfigurationError
        Anything else.
    """
    if not values:
        return None
    entries = opt.comma_list(values)
    if entries == ["interpolate"]:
        return "interpolate"
    found = {}
    for entry in entries:
        name, _, number = entry.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            expected = "name=number, such as ws=1.5, or interpolate"
            raise ConfigurationError("--fill", expected, repr(entry)) from None
    return found

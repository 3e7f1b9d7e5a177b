"""Where the weather of ``solweig run`` comes from, and where and when it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import typer

from solweig.cli import options as opt
from solweig.errors import ConfigurationError, InvalidSurfaceData
from solweig.surface.data import SurfaceData
from solweig.weather.location import Location
from solweig.weather.readers.epw import read_place
from solweig.weather.readers.wanted import TAKEN_WHOLE
from solweig.weather.step import Weather
from solweig.weather.values import Fill, Origin

__all__ = [
    "Altitude", "Columns", "End", "Epw", "Fields", "Files", "FillWith", "Hours", "Latitude",
    "Layout", "Longitude", "Met", "Method", "Place", "Product", "Roughness", "Stamp", "Start",
    "StepMinutes", "TimeFormat", "Units", "UtcOffset", "WeatherSource", "WindProfile", "Year",
    "mapping_of", "parse_fields", "parse_fill", "parse_hours",
]  # fmt: skip

WEATHER = "Weather and place"

Epw = Annotated[
    Path | None, typer.Option("--epw", help="EPW weather file.", rich_help_panel=WEATHER)
]
Met = Annotated[
    list[Path] | None,
    typer.Option("--met", help="UMEP weather text file; repeatable.", rich_help_panel=WEATHER),
]
Files = Annotated[
    list[str] | None,
    typer.Option(
        "--weather",
        help="Weather file of any kind that is known (ERA5, WRF, PVGIS, CSV, ...), pattern or URL; "
        "repeatable.",
        rich_help_panel=WEATHER,
    ),
]
Layout = Annotated[
    str | None,
    typer.Option(
        "--weather-layout",
        help="Layout of a table: meteostat, dwd-10min, dwd-hourly.",
        rich_help_panel=WEATHER,
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--weather-columns",
        help="Columns of a table: ta=T_air,datetime=When; repeatable.",
        rich_help_panel=WEATHER,
    ),
]
Units = Annotated[
    list[str] | None,
    typer.Option(
        "--weather-units", help="Units of a table: ta=K,ws=km/h.", rich_help_panel=WEATHER
    ),
]
TimeFormat = Annotated[
    str | None,
    typer.Option(
        "--weather-time-format",
        help="Of stamps that are not ISO 8601: '%d.%m.%Y %H:%M'.",
        rich_help_panel=WEATHER,
    ),
]
Method = Annotated[
    str | None,
    typer.Option(
        "--weather-method",
        help="Cells of ERA5 or WRF: nearest, or linear between four.",
        show_default="nearest",
        rich_help_panel=WEATHER,
    ),
]
Product = Annotated[
    str | None,
    typer.Option(
        "--weather-product",
        help="era5 or era5-land, where a file leaves it open.",
        rich_help_panel=WEATHER,
    ),
]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        help="Weather cell by cell, QUANTITY=FILE@HEIGHT: ta=ta.tif@2m, rh=rh.nc@2m, "
        "ws=wind.tif@10m (,utc and ,variable=NAME may follow); "
        "coefficient='coef_{direction}.tif@1.5m' of the wind (,of=10m ,linear), "
        "ta=lapse:-0.0065,station=120m by the ground's height; radiation by coarse weather cells "
        "without a height: global_rad=ghi.nc, direct_rad=, diffuse_rad=, longwave_down=; "
        "repeatable.",
        rich_help_panel=WEATHER,
    ),
]
WindProfile = Annotated[
    str | None,
    typer.Option(
        "--wind-profile",
        help="How wind grows with height: power, or log with --roughness-m.",
        show_default="power",
        rich_help_panel=WEATHER,
    ),
]
Roughness = Annotated[
    float | None,
    typer.Option(
        "--roughness-m", help="Roughness length of the log profile (m).", rich_help_panel=WEATHER
    ),
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
        "--hours",
        help="Keep stamps at these hours only: 9,12,15; not with --met.",
        rich_help_panel=WEATHER,
    ),
]
Year = Annotated[
    int | None,
    typer.Option("--year", help="Date the rows of an EPW file in this year; not with --met.",
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
    files: list[str] = field(default_factory=list)
    mapping: Mapping[str, Any] = field(default_factory=dict)
    place: Location | None = None
    altitude: float | None = None

    def check(self) -> None:
        """Check that one source is named, and only what it takes.

        Raises
        ------
        ConfigurationError
            None is, or several; hours, a year or a mapping that do not fit the source.
        """
        named = [flag for flag, value in (("--epw", self.epw), ("--met", self.met),
                 ("--weather", self.files)) if value]  # fmt: skip
        if len(named) != 1:
            raise ConfigurationError(
                "weather", "one of --epw, --met and --weather", " and ".join(named) or "none"
            )
        if self.met:
            for flag, value in (("--hours", self.hours), ("--year", self.year)):
                if value is not None:
                    raise ConfigurationError(flag, "none with --met", repr(value), TAKEN_WHOLE)
        if not self.files and any(value is not None for value in self.mapping.values()):
            name = next(name for name, value in self.mapping.items() if value is not None)
            raise ConfigurationError(f"--weather-{name.replace('_', '-')}", "--weather", named[0])

    def read(self) -> list[Weather]:
        """The steps of the one source that is named; read once.

        Raises
        ------
        ConfigurationError
            As :meth:`check`.
        """
        return self._steps

    @cached_property
    def _steps(self) -> list[Weather]:
        self.check()
        common: dict[str, Any] = {
            "start": self.start, "end": self.end, "timestep_minutes": self.minutes,
            "stamp": self.stamp, "fill": self.fill,
        }  # fmt: skip
        if self.epw is not None:
            hours = parse_hours(self.hours)
            return Weather.from_epw(self.epw, hours=hours, year=self.year, **common)
        if self.met:
            return Weather.from_umep_met(self.met, **common)
        return Weather.from_file(
            self.files, self.place, hours=parse_hours(self.hours), year=self.year, **common,
            altitude=self.altitude, **self.mapping,
        )  # fmt: skip

    @property
    def origin(self) -> Origin | None:
        """Place and clock that the weather says itself: of EPW its first line, else its steps'."""
        if self.epw is not None:
            place = read_place(self.epw)
            return Origin(
                self.epw.name, place["latitude"], place["longitude"], place["altitude"], place["TZ"]
            )
        return self._steps[0].origin if self.files else None


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
        if self.utc_offset is None and source.met:
            raise ConfigurationError(
                "--utc-offset", "hours ahead of UTC of the weather's clock", "nothing"
            )
        if self.latitude is not None and self.longitude is not None and not source.files:
            Location(
                self.latitude, self.longitude, self.altitude or 0.0, self.clock(source)
            )  # fmt: skip

    def location(self, source: WeatherSource, surface: SurfaceData) -> Location:
        """Explicit coordinates, else the centre of the surface, else those of the weather file.

        Clock and altitude are the flags', else the file's.
        """
        altitude, clock, origin = self.altitude, self.clock(source), source.origin
        if altitude is None:
            altitude = 0.0 if origin is None else origin.altitude
        if self.latitude is not None and self.longitude is not None:
            return Location(self.latitude, self.longitude, altitude, clock)
        if surface.crs or origin is None:
            return Location.from_surface(surface, utc_offset=clock, altitude=altitude)
        return Location(origin.latitude, origin.longitude, altitude, clock)

    def before_reading(self, dsm: Path | None) -> Location | None:
        """Where weather of a grid is read: explicit coordinates, else the centre of a raster."""
        clock, altitude = self.utc_offset or 0.0, self.altitude or 0.0
        if self.latitude is not None and self.longitude is not None:
            return Location(self.latitude, self.longitude, altitude, clock)
        if dsm is None:
            return None
        try:
            return Location.from_dsm_crs(dsm, utc_offset=clock, altitude=altitude)
        except (InvalidSurfaceData, FileNotFoundError):
            return None  # a raster without a CRS; what else is wrong is told when it is prepared

    def clock(self, source: WeatherSource) -> float:
        """Hours the weather's clock is ahead of UTC, as said, else of the file.

        Raises
        ------
        ConfigurationError
            Stamps of a table without a time zone, and nothing says their clock.
        """
        if self.utc_offset is not None:
            return self.utc_offset
        origin = source.origin
        if origin is not None:
            return float(origin.utc_offset)
        zone = source.read()[0].datetime.utcoffset()
        if zone is None:
            raise ConfigurationError(
                "--utc-offset", "hours ahead of UTC of the weather's clock", "nothing"
            )
        return zone.total_seconds() / 3600.0


def mapping_of(
    layout: str | None, columns: list[str] | None, units: list[str] | None,
    time_format: str | None, method: str | None, product: str | None,
) -> dict[str, Any]:  # fmt: skip
    """What flags say of a weather file, as :meth:`Weather.from_file` takes it.

    Raises
    ------
    ConfigurationError
        An entry that is not ``name=text``.
    """
    return {
        "layout": layout, "columns": _pairs("--weather-columns", columns),
        "units": _pairs("--weather-units", units), "time_format": time_format,
        "method": method, "product": product,
    }  # fmt: skip


def _pairs(flag: str, values: list[str] | None) -> dict[str, str] | None:
    entries = [entry.partition("=") for entry in opt.comma_list(values)]
    for name, equals, text in entries:
        if not (name and equals and text):
            raise ConfigurationError(flag, "name=text, such as ta=T_air", repr(name))
    return {name.strip(): text.strip() for name, _, text in entries} or None


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


def parse_fields(entries: list[str] | None) -> dict[str, str] | None:
    """Fields by quantity from ``["ta=ta.tif@2m", "global_rad=ghi.nc"]``.

    Raises
    ------
    ConfigurationError
        An entry without a quantity, or two of one.
    """
    found: dict[str, str] = {}
    for entry in entries or []:
        name, equals, text = (part.strip() for part in entry.partition("="))
        if not equals or not name or not text:
            expected = "QUANTITY=FILE@HEIGHT, of radiation QUANTITY=FILE"
            raise ConfigurationError("--field", expected, repr(entry))
        if name in found:
            raise ConfigurationError("--field", f"{name} once", "twice")
        found[name] = text
    return found or None


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

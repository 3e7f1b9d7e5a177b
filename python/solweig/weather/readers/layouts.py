"""Which column of a table is which quantity: names in common use, and layouts of services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from solweig.errors import ConfigurationError
from solweig.weather.readers.units import KNOWN

TIMES = ("datetime", "date", "time", "year", "month", "day", "day_of_year", "hour", "minute")
"""What the time of a row may be in: one column, a date and a time, or numbers."""
QUANTITIES = tuple(KNOWN)


@dataclass(frozen=True)
class Layout:
    """How a service writes its tables.

    Attributes
    ----------
    columns
        Our name of a quantity or part of the time: names the column may have.
    units
        Of columns whose unit the file does not say.
    time_format
        Of stamps that are not ISO 8601, as ``strptime`` has it; several are tried in turn.
    utc_offset
        Hours the clock is ahead of UTC; ``None`` where it is the place's.
    stamp
        What the stamps mark; ``None`` leaves it to the run.
    minutes
        Length of a row's step [min], where it is known.
    """

    columns: Mapping[str, tuple[str, ...]]
    units: Mapping[str, str] = field(default_factory=dict)
    time_format: tuple[str, ...] = ()
    utc_offset: float | None = None
    stamp: str | None = None
    minutes: float | None = None


COMMON = Layout({
    "datetime": ("datetime", "date_time", "timestamp", "time", "stamp", "valid_time"),
    "date": ("date",),
    "year": ("year", "yyyy", "iy"), "month": ("month", "mm", "m"), "day": ("day", "dd", "dm"),
    "day_of_year": ("day_of_year", "doy"), "hour": ("hour", "hh", "h"), "minute": ("minute", "min"),
    "ta": ("ta", "tair", "temp_air", "air_temperature", "temperature_2m", "t2m", "temp",
           "temperature"),
    "td": ("td", "temp_dew", "dew_point", "dewpoint", "dew_point_2m", "dewpoint_2m", "d2m",
           "dew_point_temperature", "dwpt"),
    "rh": ("rh", "relative_humidity", "relative_humidity_2m", "relativehumidity_2m", "rhum",
           "humidity"),
    "global_rad": ("global_rad", "ghi", "kdown", "kdn", "g(h)", "gh", "shortwave_radiation",
                   "global_radiation", "swdown", "rsds", "global_horizontal_irradiance"),
    "direct_rad": ("direct_rad", "dni", "gb(n)", "bn", "direct_normal_irradiance"),
    "direct_horizontal_rad": ("direct_horizontal_rad", "bhi", "direct_radiation", "bh",
                              "direct_horizontal_irradiance"),
    "diffuse_rad": ("diffuse_rad", "dhi", "gd(h)", "dh", "kdiff", "diffuse_radiation",
                    "diffuse_horizontal_irradiance"),
    "longwave_down": ("longwave_down", "ldown", "glw", "rlds", "ir(h)", "lwdown"),
    "ws": ("ws", "wind_speed", "wind", "wind_speed_10m", "windspeed_10m", "ws10m", "ff", "wspd"),
    "wind_east": ("wind_east", "u10", "u10m"), "wind_north": ("wind_north", "v10", "v10m"),
    "wind_direction": ("wind_direction", "wd", "wdir", "wind_direction_10m", "winddirection_10m",
                       "wd10m"),
    "pressure": ("pressure", "surface_pressure", "press", "sp", "atmospheric_pressure", "pa"),
    "pressure_sea": ("pressure_sea", "pressure_msl", "msl", "slp"),
})  # fmt: skip
"""Names in common use, ours first; in small letters, blanks as underscores."""

LAYOUTS: dict[str, Layout] = {
    # https://dev.meteostat.net/formats: reports at the full hour; pressure at sea level.
    "meteostat": Layout(
        {
            "datetime": ("time",), "date": ("date",), "year": ("year",), "month": ("month",),
            "day": ("day",), "hour": ("hour",), "ta": ("temp",), "td": ("dwpt",), "rh": ("rhum",),
            "ws": ("wspd",), "wind_direction": ("wdir",), "pressure_sea": ("pres",),
        },
        {"ta": "degC", "td": "degC", "rh": "%", "ws": "km/h", "pressure_sea": "hPa"},
        utc_offset=0.0, stamp="centre", minutes=60.0,
    ),
    # Climate Data Center of DWD: ten-minute values, sums of the interval that ends at the stamp.
    "dwd-10min": Layout(
        {
            "datetime": ("mess_datum",), "ta": ("tt_10",), "rh": ("rf_10",), "ws": ("ff_10",),
            "wind_direction": ("dd_10",), "pressure": ("pp_10",), "global_rad": ("gs_10",),
            "diffuse_rad": ("ds_10",), "longwave_down": ("ls_10",),
        },
        {
            "ta": "degC", "rh": "%", "ws": "m/s", "pressure": "hPa", "global_rad": "J/cm2",
            "diffuse_rad": "J/cm2", "longwave_down": "J/cm2",
        },
        time_format=("%Y%m%d%H%M",), utc_offset=0.0, stamp="end", minutes=10.0,
    ),
    # The same, hourly; radiation (FG, FD, ATMO) has stamps of true solar hours.
    "dwd-hourly": Layout(
        {
            "datetime": ("mess_datum",), "ta": ("tt_tu",), "rh": ("rf_tu",), "ws": ("f",),
            "wind_direction": ("d",), "pressure": ("p0",), "global_rad": ("fg_lberg",),
            "diffuse_rad": ("fd_lberg",), "longwave_down": ("atmo_lberg",),
        },
        {
            "ta": "degC", "rh": "%", "ws": "m/s", "pressure": "hPa", "global_rad": "J/cm2",
            "diffuse_rad": "J/cm2", "longwave_down": "J/cm2",
        },
        time_format=("%Y%m%d%H", "%Y%m%d%H:%M"), utc_offset=0.0, stamp="end", minutes=60.0,
    ),
}  # fmt: skip
"""Layouts by the name that ``layout=`` takes."""


def layout_named(name: str | None) -> Layout:
    """A layout; without a name the one of names in common use.

    Raises
    ------
    ConfigurationError
        An unknown name.
    """
    if name is None:
        return COMMON
    if name not in LAYOUTS:
        raise ConfigurationError("layout", " or ".join(LAYOUTS), repr(name))
    return LAYOUTS[name]


def check_names(field_name: str, said: Mapping[str, str] | None, allowed: tuple[str, ...]) -> None:
    """Check the keys of a mapping that a caller gave.

    Raises
    ------
    ConfigurationError
        One that names nothing known.
    """
    for name in said or {}:
        if name not in allowed:
            raise ConfigurationError(field_name, "keys among " + ", ".join(allowed), repr(name))

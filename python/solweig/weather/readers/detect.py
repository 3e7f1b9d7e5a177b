"""Which reader a file is for, told by what is in it and not by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from solweig.errors import ConfigurationError, WeatherDataError
from solweig.weather.readers.epw import read_epw_weather
from solweig.weather.readers.frames import Rows
from solweig.weather.readers.meteonorm import is_meteonorm, read_meteonorm
from solweig.weather.readers.netcdf import is_netcdf
from solweig.weather.readers.pvgis import is_pvgis, read_pvgis
from solweig.weather.readers.sources import Files, local_files
from solweig.weather.readers.station import read_csv
from solweig.weather.readers.text import read_text
from solweig.weather.readers.tmy3 import is_tmy3, read_tmy3
from solweig.weather.readers.umep import read_umep_met
from solweig.weather.readers.wanted import TAKEN_WHOLE, Site, Wanted

KINDS = {
    "epw": "an EPW file", "umep": "UMEP text", "era5": "ERA5 (GRIB or NetCDF)",
    "wrf": "output of WRF", "pvgis": "a table of PVGIS", "meteonorm": "an answer of Meteonorm",
    "tmy3": "a TMY3 file", "csv": "a table of named columns",
}  # fmt: skip
_MAPPING = ("layout", "columns", "units", "time_format", "utc_offset")
_OF_ANY = ("altitude",)
_TAKES = {
    "epw": ("year", "minutes", "stamp"),
    "umep": ("minutes", "stamp"),
    "era5": ("method", "product"),
    "wrf": ("method", "minutes"),
    "pvgis": ("year",),
    "meteonorm": ("year",),
    "tmy3": ("year",),
    "csv": ("year", "minutes", "stamp", *_MAPPING),
}
_ARGUMENTS = {"minutes": "timestep_minutes"}


@dataclass(frozen=True)
class Options:
    """What a caller may say of files of some kinds; ``None`` where nothing is said.

    Attributes
    ----------
    year, minutes, stamp, method, product, layout, columns, units, time_format, altitude, utc_offset
        As :meth:`solweig.Weather.from_file` takes them.
    """

    year: int | None = None
    minutes: float | None = None
    stamp: str | None = None
    method: str | None = None
    product: str | None = None
    layout: str | None = None
    columns: Mapping[str, str] | None = None
    units: Mapping[str, str] | None = None
    time_format: str | None = None
    altitude: float | None = None
    utc_offset: float | None = None

    def check(self, kind: str) -> None:
        """Check that a kind of file takes all that was said.

        Raises
        ------
        ConfigurationError
            It does not.
        """
        for one in fields(self):
            if getattr(self, one.name) is not None and one.name not in _TAKES[kind] + _OF_ANY:
                takers = " or ".join(KINDS[k] for k, names in _TAKES.items() if one.name in names)
                name = _ARGUMENTS.get(one.name, one.name)
                raise ConfigurationError(name, takers, KINDS[kind])


def kind_of(path: Path) -> str:
    """Which of :data:`KINDS` a file is.

    Raises
    ------
    WeatherDataError
        An empty file.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"GRIB"):
        return "era5"
    if is_netcdf(head):
        from solweig.weather.readers.netcdf import opened
        from solweig.weather.readers.wrf import is_wrf

        with opened(path) as dataset:
            return "wrf" if is_wrf(dataset) else "era5"
    text = read_text(path)
    if not text.strip():
        raise WeatherDataError(path.name, "weather", "an empty file")
    if text.lstrip()[:9].upper() == "LOCATION,":
        return "epw"
    tests = {"pvgis": is_pvgis, "meteonorm": is_meteonorm, "tmy3": is_tmy3, "umep": _is_umep}
    return next((kind for kind, fits in tests.items() if fits(text)), "csv")


def _is_umep(text: str) -> bool:
    """Whether rows are 24 numbers between blanks."""
    rows = [line.split() for line in text.splitlines()[:3] if line.strip()]
    if not rows or len(rows[-1]) != 24:
        return False
    try:
        return all(float(word) == float(word) for word in rows[-1])
    except ValueError:
        return False


def read_any(paths: Files, site: Site | None, wanted: Wanted, options: Options) -> Rows:
    """See :meth:`solweig.Weather.from_file`."""
    with local_files(paths) as files:
        kind = kind_of(files[0])
        others = {kind_of(file) for file in files[1:]} - {kind}
        if others:
            raise WeatherDataError(
                "weather", f"files of one kind, {KINDS[kind]}", KINDS[others.pop()]
            )
        options.check(kind)
        rows = _read(kind, files, site, wanted, options)
    return replace(rows, kind=rows.kind or KINDS[kind].removeprefix("an ").removeprefix("a "))


def _read(
    kind: str, files: Sequence[Path], site: Site | None, wanted: Wanted, options: Options
) -> Rows:
    if kind in ("era5", "wrf"):
        if site is None:
            raise ConfigurationError(
                "location", f"a place, because {KINDS[kind]} covers many", "none",
                "Give a Location, or --latitude and --longitude.",
            )  # fmt: skip
        return _of_grid(kind, files, site, wanted, options)
    if kind == "umep":
        if wanted.hours is not None:
            raise ConfigurationError("hours", "another kind of file", KINDS[kind], TAKEN_WHOLE)
        return read_umep_met(
            files, start=wanted.start, end=wanted.end, minutes=options.minutes,
            stamp=options.stamp, fill=wanted.fill,
        )  # fmt: skip
    if kind == "csv":
        return read_csv(
            files, wanted, layout=options.layout, columns=options.columns, units=options.units,
            time_format=options.time_format, year=options.year, utc_offset=options.utc_offset,
            altitude=options.altitude, minutes=options.minutes, stamp=options.stamp,
        )  # fmt: skip
    if len(files) > 1:
        raise WeatherDataError("weather", f"one file of this kind, {KINDS[kind]}", f"{len(files)}")
    (file,) = files
    if kind == "epw":
        return read_epw_weather(
            file, start=wanted.start, end=wanted.end, hours=wanted.hours, year=options.year,
            minutes=options.minutes, stamp=options.stamp, fill=wanted.fill,
        )  # fmt: skip
    if kind == "tmy3":
        return read_tmy3(file, wanted, year=options.year)
    read = read_pvgis if kind == "pvgis" else read_meteonorm
    offset = 0.0 if site is None else site.utc_offset
    return read(file, wanted, year=options.year, utc_offset=offset)


def _of_grid(
    kind: str, files: Sequence[Path], site: Site, wanted: Wanted, options: Options
) -> Rows:
    method = options.method or "nearest"
    if kind == "wrf":
        from solweig.weather.readers.wrf import read_wrf  # xarray takes its time

        return read_wrf(files, site, wanted, method=method, minutes=options.minutes)
    from solweig.weather.readers.era5 import read_era5  # xarray takes its time

    return read_era5(files, site, wanted, product=options.product, method=method)

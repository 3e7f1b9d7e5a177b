"""Weather that differs from cell to cell, as a caller gives it in place of a step's one value."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from solweig.errors import ConfigurationError
from solweig.messages import argument
from solweig.weather.field_quantities import COEFFICIENT, QUANTITIES, RADIATION
from solweig.weather.radiation_fields import (
    FORM,
    RadiationField,
    check_together,
    layer_options,
    parse_radiation,
)

__all__ = [
    "GivenAir", "GivenAs", "LapseRate", "WeatherField", "WindCoefficients", "fields_of",
    "parse_field",
]  # fmt: skip

_OTHER_NAMES = {
    "wind": "ws", "coefficient": "ws", "air_temperature": "ta", "relative_humidity": "rh",
}  # fmt: skip
_KNOWN = (*QUANTITIES, *RADIATION)
_LOWEST_M, _HIGHEST_M = 0.1, 200.0
_FORM = "FILE@HEIGHT, such as ta.tif@2m"
_REFERENCE_M = 10.0
_STEEPEST = 0.05
_LAPSE = "lapse:"


@dataclass(frozen=True)
class WeatherField:
    """A quantity of the weather as a raster, or one of each time.

    Parameters
    ----------
    source
        A raster file (one band for all steps, one a step in their order, or bands named by their
        time), a NetCDF file, a DataArray with dimensions y and x or time, y and x, or an array
        ``[row, col]`` or ``[time, row, col]``; always on the grid of the surface. In deg C, %, m/s.
    height_m
        Height above the ground it holds for [m], 0.1-200.
    times
        Of the layers of an array without times of its own; None: one layer a step, in their order.
    utc
        Times without a zone are UTC; else they are on the clock of the weather's stamps, and UTC
        where these have a zone.
    variable
        Name in a NetCDF file that holds several.

    Raises
    ------
    ConfigurationError
        A height out of its range.
    """

    source: Any
    height_m: float
    times: Sequence[dt.datetime] | None = None
    utc: bool = False
    variable: str | None = None

    def __post_init__(self) -> None:
        check_height("height_m", self.height_m)


@dataclass(frozen=True)
class WindCoefficients:
    """Wind of every cell for each of the undisturbed wind, by the direction it comes from.

    Parameters
    ----------
    source
        Rasters by direction, ``{0: "north.tif", 90: "east.tif"}`` [degrees clockwise from north];
        a name with the direction in it, ``"coefficient_{direction}.tif"``; or a raster file, whose
        bands are named by their direction, or stand for equal sectors from north on clockwise.
    height_m
        Height above the ground of the wind they give [m], 0.1-200.
    reference_m
        Height of the undisturbed wind they are multiplied with [m].
    between
        Of a step the ``"nearest"`` direction is taken, of two equally near the one clockwise, or
        ``"linear"`` what lies between the two on either side.

    Raises
    ------
    ConfigurationError
        A height out of its range, or an unknown ``between``.
    """

    source: Any
    height_m: float
    reference_m: float = _REFERENCE_M
    between: str = "nearest"

    def __post_init__(self) -> None:
        check_height("height_m", self.height_m)
        check_height("reference_m", self.reference_m)
        if self.between not in ("nearest", "linear"):
            raise ConfigurationError("between", "nearest or linear", repr(self.between))


@dataclass(frozen=True)
class LapseRate:
    """Air temperature that changes with the height of the ground.

    Parameters
    ----------
    rate
        Change for each metre upwards [K/m], -0.05 to 0.05: -0.0065 where it is colder higher up.
    station_m
        Elevation of the station that the steps' air temperature is of, on the datum of the ground
        model [m], -500 to 9000.

    Raises
    ------
    ConfigurationError
        Either out of its range.
    """

    rate: float
    station_m: float

    def __post_init__(self) -> None:
        for name, low, high, unit in (
            ("rate", -_STEEPEST, _STEEPEST, "K/m"), ("station_m", -500.0, 9000.0, "m"),
        ):  # fmt: skip
            value = getattr(self, name)
            known = isinstance(value, Real) and not isinstance(value, bool)
            if not (known and low <= value <= high):
                raise ConfigurationError(name, f"{low:g} to {high:g} {unit}", repr(value))


GivenAir = WeatherField | WindCoefficients | LapseRate
"""What a quantity of the air may be given as."""
GivenAs = GivenAir | RadiationField
"""What a quantity may be given as."""


def check_height(name: str, height: Any) -> None:
    """Refuse what is no height above the ground.

    Raises
    ------
    ConfigurationError
        Not a number, or out of range.
    """
    number = math.nan
    if isinstance(height, Real) and not isinstance(height, bool):
        number = float(height)
    if not _LOWEST_M <= number <= _HIGHEST_M:
        expected = f"a height above the ground, {_LOWEST_M:g} to {_HIGHEST_M:g} m"
        raise ConfigurationError(name, expected, repr(height))


def parse_field(name: str, text: str) -> WeatherField:
    """A field of ``FILE@HEIGHT``, with ``,utc`` and ``,variable=NAME`` behind it.

    Raises
    ------
    ConfigurationError
        Another form; no height.
    """
    path, height, options = _parts(name, text)
    return WeatherField(path, height, **layer_options(name, options))


def _parse_coefficients(text: str) -> WindCoefficients:
    """Coefficients of ``FILE@HEIGHT``, with ``,of=HEIGHT`` and ``,linear`` behind it."""
    path, height, options = _parts("coefficient", text)
    reference, between = _REFERENCE_M, "nearest"
    for option in options:
        found = re.fullmatch(r"of=([0-9.]+) ?m?", option)
        try:
            if found is None and option != "linear":
                raise ValueError
            reference = reference if found is None else float(found[1])
        except ValueError:
            expected = "of=HEIGHT of the undisturbed wind, or linear"
            raise ConfigurationError("fields[coefficient]", expected, repr(option)) from None
        between = "linear" if option == "linear" else between
    return WindCoefficients(path, height, reference, between)


def _parse_lapse(text: str) -> LapseRate:
    """A lapse rate of ``lapse:-0.0065,station=120m``."""
    found = re.fullmatch(r"lapse:([-+0-9.e]+),station=([-+0-9.]+) ?m?", text)
    try:
        if found is None:
            raise ValueError
        rate, station = float(found[1]), float(found[2])
    except ValueError:
        expected = "lapse:RATE,station=ELEVATION such as lapse:-0.0065,station=120m"
        raise ConfigurationError("fields[ta]", expected, repr(text)) from None
    return LapseRate(rate, station)


def _parts(name: str, text: str) -> tuple[str, float, list[str]]:
    """File, height and further options of a field in one text."""
    found = re.fullmatch(r"(?P<path>.+)@(?P<height>[0-9.]+) ?m?(?P<rest>(?:,[^,@]+)*)", text)
    try:
        if found is None:
            raise ValueError
        height = float(found["height"])
    except ValueError:
        raise ConfigurationError(
            f"fields[{name}]", _FORM, repr(text), "Every field names its height above the ground."
        ) from None
    return found["path"], height, [o.strip() for o in found["rest"].split(",") if o.strip()]


def fields_of(given: Mapping[str, Any] | None) -> dict[str, GivenAs]:
    """Fields by quantity, in one order.

    Parameters
    ----------
    given
        By name of the quantity: a :class:`WeatherField`, for the wind also
        :class:`WindCoefficients`, for the air temperature :class:`LapseRate`, or a text as
        :func:`parse_field` takes it; ``coefficient`` is another name of the wind. Of radiation a
        :class:`RadiationField`, or a text as
        :func:`solweig.weather.radiation_fields.parse_radiation` takes it.

    Raises
    ------
    ConfigurationError
        An unknown quantity, one twice, direct radiation without the others, or something else than
        a field.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigurationError("fields", "fields by quantity", type(given).__name__)
    found: dict[str, GivenAs] = {}
    for key, value in given.items():
        name = _OTHER_NAMES.get(str(key), str(key))
        if name not in _KNOWN:
            known = ", ".join((*QUANTITIES, COEFFICIENT.name, *RADIATION))
            raise ConfigurationError(
                "fields", f"quantities among {known}", repr(key),
                "All else is the same for all cells in this release.",
            )  # fmt: skip
        if name in found:
            raise ConfigurationError("fields", f"{name} once", "twice")
        found[name] = _field_of(str(key), name, value)
    check_together(found)
    return {name: found[name] for name in _KNOWN if name in found}


def _read(key: str, name: str, text: str) -> GivenAs:
    """A text of any form, told by the quantity where a part of it is wrong."""
    try:
        if name == "ta" and text.startswith(_LAPSE):
            return _parse_lapse(text)
        if name in RADIATION:
            return parse_radiation(name, text)
        return _parse_coefficients(text) if key == COEFFICIENT.name else parse_field(name, text)
    except ConfigurationError as error:
        if (error.field or "").startswith("fields"):
            raise
        raise ConfigurationError(
            f"fields[{key}].{error.field}", error.expected, error.got
        ) from None


def _field_of(key: str, name: str, value: Any) -> GivenAs:
    """What was given for a quantity."""
    scales = key == COEFFICIENT.name
    if isinstance(value, str):
        value = _read(key, name, value)
    if name in RADIATION:
        if not isinstance(value, RadiationField):
            raise ConfigurationError(
                f"fields[{key}]", f"a RadiationField, or {FORM}", type(value).__name__,
                "Radiation is that of the sky: it has no height above the ground.",
            )  # fmt: skip
        return value
    own: dict[str, tuple[type[GivenAs], ...]] = {
        "ws": (WeatherField, WindCoefficients), "ta": (WeatherField, LapseRate),
    }  # fmt: skip
    wanted = (WindCoefficients,) if scales else own.get(name, (WeatherField,))
    if not isinstance(value, wanted):
        raise ConfigurationError(
            f"fields[{key}]", f"a {wanted[0].__name__}, or {_FORM}", type(value).__name__,
            f"Every field names its height above the ground ({argument('fields')}).",
        )  # fmt: skip
    return value

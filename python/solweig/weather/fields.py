"""Weather that differs from cell to cell, as a caller gives it in place of a step's one value."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from solweig.errors import ConfigurationError
from solweig.messages import argument
from solweig.weather.values import range_of

__all__ = ["QUANTITIES", "Quantity", "WeatherField", "fields_of", "parse_field"]


@dataclass(frozen=True)
class Quantity:
    """What a field may hold.

    Attributes
    ----------
    name
        As among the weather of a step.
    words
        For people.
    unit
        Of its values.
    low, high
        Their range.
    """

    name: str
    words: str
    unit: str
    low: float
    high: float


def _quantity(name: str, words: str) -> Quantity:
    low, high, unit = range_of(name)
    return Quantity(name, words, unit, low, high)


QUANTITIES = {
    quantity.name: quantity
    for quantity in (
        _quantity("ta", "air temperature"),
        _quantity("rh", "relative humidity"),
        _quantity("ws", "wind speed"),
    )
}
_OTHER_NAMES = {"wind": "ws", "air_temperature": "ta", "relative_humidity": "rh"}
_LOWEST_M, _HIGHEST_M = 0.1, 200.0
_FORM = "FILE@HEIGHT such as ta.tif@2m"


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
        Times without a zone are UTC; else they are on the clock of the weather's stamps.
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


def check_height(name: str, height: Any) -> None:
    """Refuse what is no height above the ground.

    Raises
    ------
    ConfigurationError
        Not a number, or out of range.
    """
    number = math.nan
    if isinstance(height, int | float) and not isinstance(height, bool):
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
    known: dict[str, Any] = {}
    for option in options:
        key, _, value = option.partition("=")
        if (key, bool(value)) not in (("utc", False), ("variable", True)):
            raise ConfigurationError(f"fields[{name}]", "utc or variable=NAME", repr(option))
        known[key] = value or True
    return WeatherField(path, height, **known)


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


def fields_of(given: Mapping[str, Any] | None) -> dict[str, WeatherField]:
    """Fields by quantity, in one order.

    Parameters
    ----------
    given
        By name of the quantity: a :class:`WeatherField`, or a text as :func:`parse_field` takes it.

    Raises
    ------
    ConfigurationError
        An unknown quantity, one twice, or neither.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigurationError("fields", "fields by quantity", type(given).__name__)
    found: dict[str, WeatherField] = {}
    for key, value in given.items():
        name = _OTHER_NAMES.get(str(key), str(key))
        if name not in QUANTITIES:
            raise ConfigurationError(
                "fields", f"quantities among {', '.join(QUANTITIES)}", repr(key),
                "All else is the same for all cells in this release.",
            )  # fmt: skip
        if name in found:
            raise ConfigurationError("fields", f"{name} once", "twice")
        if isinstance(value, str):
            value = parse_field(name, value)
        if not isinstance(value, WeatherField):
            raise ConfigurationError(
                f"fields[{name}]", f"a WeatherField, or {_FORM}", type(value).__name__,
                f"Every field names its height: {argument('fields')}.",
            )  # fmt: skip
        found[name] = value
    return {name: found[name] for name in QUANTITIES if name in found}

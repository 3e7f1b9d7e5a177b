"""Units as tables write them, to those of a step."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from solweig.errors import WeatherDataError
from solweig.typing import F64


@dataclass(frozen=True)
class Unit:
    """What makes our unit of another.

    Attributes
    ----------
    factor, plus
        Ours is ``factor * theirs + plus``.
    energy
        Theirs is a sum over the interval of a row, ours its mean: what follows is in J m-2.
    """

    factor: float = 1.0
    plus: float = 0.0
    energy: bool = False


_TEMPERATURE = {
    "degc": Unit(), "c": Unit(), "celsius": Unit(), "k": Unit(1.0, -273.15),
    "kelvin": Unit(1.0, -273.15), "degk": Unit(1.0, -273.15),
    "degf": Unit(5 / 9, -160 / 9), "f": Unit(5 / 9, -160 / 9), "fahrenheit": Unit(5 / 9, -160 / 9),
}  # fmt: skip
_SHARE = {"%": Unit(), "percent": Unit(), "pct": Unit(), "1": Unit(100.0), "-": Unit(100.0),
          "fraction": Unit(100.0)}  # fmt: skip
_FLUX = {
    "wm-2": Unit(), "kwm-2": Unit(1e3),
    "jm-2": Unit(1.0, energy=True), "wsm-2": Unit(1.0, energy=True),
    "kjm-2": Unit(1e3, energy=True), "mjm-2": Unit(1e6, energy=True),
    "jcm-2": Unit(1e4, energy=True), "whm-2": Unit(3.6e3, energy=True),
    "kwhm-2": Unit(3.6e6, energy=True),
}  # fmt: skip
_SPEED = {
    "ms-1": Unit(), "kmh-1": Unit(1 / 3.6), "kmph": Unit(1 / 3.6), "kph": Unit(1 / 3.6),
    "kn": Unit(1852 / 3600), "kt": Unit(1852 / 3600), "kts": Unit(1852 / 3600),
    "knots": Unit(1852 / 3600), "mph": Unit(0.44704),
}  # fmt: skip
_PRESSURE = {
    "hpa": Unit(), "mbar": Unit(), "mb": Unit(), "kpa": Unit(10.0), "pa": Unit(0.01),
    "bar": Unit(1e3), "mmhg": Unit(1.333224), "torr": Unit(1.333224), "inhg": Unit(33.86389),
}  # fmt: skip
_ANGLE = {"deg": Unit(), "degrees": Unit(), "degree": Unit()}

KNOWN: dict[str, dict[str, Unit]] = {
    "ta": _TEMPERATURE, "td": _TEMPERATURE, "rh": _SHARE,
    "global_rad": _FLUX, "direct_rad": _FLUX, "direct_horizontal_rad": _FLUX,
    "diffuse_rad": _FLUX, "longwave_down": _FLUX,
    "ws": _SPEED, "wind_east": _SPEED, "wind_north": _SPEED, "wind_direction": _ANGLE,
    "pressure": _PRESSURE, "pressure_sea": _PRESSURE,
}  # fmt: skip
"""Units of each quantity that a table may hold."""


def unit_of(quantity: str, text: str, source: str) -> Unit:
    """The unit that a table names.

    Raises
    ------
    WeatherDataError
        One that this quantity is not measured in.
    """
    known = KNOWN[quantity]
    found = known.get(plain(text))
    if found is None:
        raise WeatherDataError(
            quantity, f"a unit among {', '.join(known)}", repr(text), f"In {source}."
        )
    return found


def plain(text: str) -> str:
    """A unit without brackets, blanks and ways to write a power: ``W/m²`` is ``wm-2``."""
    short = text.strip().strip("[]()").strip().lower().replace("²", "2").replace("⁻", "-")
    short = short.replace("¹", "1").replace("°", "deg").replace("º", "deg")
    short = re.sub(r"[\s*^·.]", "", short)
    short = re.sub(r"(/|per)(cm2|m2|h|s|hr|sec)\b", r"\2-", short)
    for written, ours in (("cm2-", "cm-2"), ("m2-", "m-2"), ("hr-", "h-1"), ("sec-", "s-1")):
        short = short.replace(written, ours)
    return re.sub(r"(?<=[a-z])-$", "-1", short)


def converted(values: F64, unit: Unit, minutes: F64) -> F64:
    """Values in our unit.

    Parameters
    ----------
    values
        In theirs.
    unit
        Theirs.
    minutes
        Length of each row's step, over which sums are spread [min].
    """
    ours = values * unit.factor + unit.plus
    return np.asarray(ours / (minutes * 60.0) if unit.energy else ours, np.float64)

"""What the settings of a run may be: names of outputs, words, ranges, and their checks."""

from __future__ import annotations

import datetime as dt
import math
import numbers
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from solweig import _core
from solweig.digits import whole_number
from solweig.errors import ConfigurationError

__all__ = [
    "ATTRIBUTION", "CHOICES", "INDICES", "LONGWAVES", "MOST_SUNS", "NIGHT_RULES", "OUTPUT_NAMES",
    "SENSOR_LOADS", "SPLITS", "THRESHOLDS_C", "VALID_OUTPUTS", "WALL_TEMPERATURE", "check_number",
    "check_sun_substeps", "check_tile_size", "checked_alternatives", "checked_thresholds",
    "leaf_date", "night_rule", "refuse_absent_schemes", "validate_outputs",
]  # fmt: skip

ATTRIBUTION = (
    "attribution_beam", "attribution_diffuse", "attribution_reflected", "attribution_sky",
    "attribution_walls", "attribution_ground", "attribution_vegetation", "attribution_offset",
)  # fmt: skip
"""Rasters that the output ``attribution`` stands for."""
INDICES = ("wbgt", "tnw", "globe150", "globe38", "at", "set")
"""Heat indices besides UTCI and PET."""
SENSOR_LOADS = ("globe_load", "wick_load")
"""What globe and wick absorb: WBGT of other weather follows from them."""
VALID_OUTPUTS = (
    "tmrt", "utci", "pet", "shadow", "kdown", "kup", "ldown", "lup",
    *INDICES,
    *SENSOR_LOADS,
    *ATTRIBUTION,
)  # fmt: skip
"""Rasters a step can give."""
WALL_TEMPERATURE = "wall_temperature"
"""The output that is no raster: over walls, height and time."""
OUTPUT_NAMES = (*VALID_OUTPUTS, WALL_TEMPERATURE, "attribution")
"""Whatever may be asked for; the last is all of :data:`ATTRIBUTION`."""

MOST_SUNS = 5
"""What the engines take in a step."""
THRESHOLDS_C = (-60.0, 120.0)
"""Thresholds of heat that make sense, of every quantity [deg C]."""
LONGWAVES = ("modelled", "measured")
"""Longwave of the sky: by the engine's formula, or what the steps hold."""
SPLITS = ("reindl", "disc", "dirint")
"""Reindl et al. (1990) is the engine's own, Maxwell (1987) and Perez et al. (1992) are pvlib's."""
CHOICES: dict[str, tuple[Any, ...]] = {
    "formulation": ("reference", "improved"),
    "body": ("cylinder", "box"),
    "beam": ("normal", "horizontal"),
    "pet_wind": ("10m", "1.1m"),
    "wind_profile": ("power", "log"),
    "stamp": (None, "end", "centre", "start"),
    "utci_range": (None, "clip", "flag", "nan"),
    "pet_variant": ("1999", "2018", "reference"),
    "ground_clock": ("solar", "legal"),
    "sky_emissivity": (None, "prata", "brunt", "dilley"),
    "longwave": LONGWAVES,
    "split": SPLITS,
    "walls": ("wave", "heated"),
}
"""Words that fields of :class:`solweig.ModelConfig` take."""
NIGHT_RULES = ("offerle", "clear", "evening")
"""Rules for the clearness of the night."""


def validate_outputs(outputs: Sequence[str]) -> list[str]:
    """The outputs in the order given, without repeats; ``attribution`` is all of its rasters.

    Raises
    ------
    ConfigurationError
        A name that is neither that nor in :data:`VALID_OUTPUTS`.
    """
    plain = [name for name in VALID_OUTPUTS if name not in ATTRIBUTION]
    plain += [WALL_TEMPERATURE, "attribution"]
    expected = f"names among {', '.join(plain)}, {', '.join(ATTRIBUTION)}"
    if not isinstance(outputs, Iterable):
        raise ConfigurationError("outputs", expected, repr(outputs))
    names = [outputs] if isinstance(outputs, str) else list(outputs)
    for name in names:
        if name not in OUTPUT_NAMES:
            raise ConfigurationError("outputs", expected, repr(name))
    found = (ATTRIBUTION if name == "attribution" else (name,) for name in names)
    return list(dict.fromkeys(name for group in found for name in group))


def check_tile_size(
    tile_size: Any, shape: tuple[int, int] | None = None, least: int = 1
) -> int | None:
    """The side of a tile that was asked for [pixels]; None = not asked for.

    Parameters
    ----------
    tile_size
        As it was given.
    shape
        Of the raster, which is one tile if it is no larger; None where it is not known yet.
    least
        Shortest side of a tile that is smaller than the raster.

    Raises
    ------
    ConfigurationError
        Not a whole number, or too small.
    """
    if tile_size is None:
        return None
    if not isinstance(tile_size, numbers.Integral) or isinstance(tile_size, bool) or tile_size < 1:
        raise ConfigurationError(
            "tile_size", "a whole number of pixels, 1 or more", repr(tile_size)
        )
    if shape is not None and tile_size < least and tile_size < max(shape):
        raise ConfigurationError("tile_size", f"at least {least} pixels", int(tile_size))
    return int(tile_size)


def checked_alternatives(value: Any) -> dict[str, bool] | None:
    """Alternatives by name; None where there are none.

    Raises
    ------
    ConfigurationError
        An unknown name, or neither true nor false.
    """
    if value is None:
        return None
    known = _core.alternatives()
    for name, on in dict(value).items() if isinstance(value, Mapping) else [(value, None)]:
        if name not in known or not isinstance(on, bool):
            got = f"{name!r}: {on!r}" if isinstance(value, Mapping) else repr(value)
            raise ConfigurationError("alternatives", f"true or false for {', '.join(known)}", got)
    return dict(value) or None


def leaf_date(name: str, value: Any) -> int | str | None:
    """A day of year, or month and day as ``"04-15"``; None stays None.

    Raises
    ------
    ConfigurationError
        Neither.
    """
    if value is None:
        return None
    text = str(value).strip()
    day = whole_number(text)
    if day is not None and 1 <= day <= 366:
        return day
    found = re.fullmatch(r"(?:--)?(\d{2})-(\d{2})", text)
    try:
        if found is None:
            raise ValueError
        return f"{dt.date(2000, int(found[1]), int(found[2])):%m-%d}"
    except ValueError:
        expected = "a day of year, 1 to 366, or month and day such as 04-15"
        raise ConfigurationError(name, expected, repr(value)) from None


def refuse_absent_schemes(ground: bool | None, outgoing: bool | None) -> None:
    """Refuse schemes of the reference that are not in this release.

    Raises
    ------
    ConfigurationError
        One is asked for.
    """
    for name, value in (("use_ground_scheme", ground), ("use_outgoing_longwave", outgoing)):
        if value:
            raise ConfigurationError(
                name,
                "False or None",
                repr(value),
                "This scheme is not in this release; the ground follows the 2025a temperature "
                "wave by land cover.",
            )


def check_sun_substeps(number: Any) -> None:
    """Refuse a number of suns that a step cannot have; None is none said.

    Raises
    ------
    ConfigurationError
        Not a whole number from 1 to :data:`MOST_SUNS`.
    """
    whole = isinstance(number, int) and not isinstance(number, bool)
    if number is not None and not (whole and 1 <= number <= MOST_SUNS):
        raise ConfigurationError("sun_substeps", f"a whole number, 1 to {MOST_SUNS}", repr(number))


def night_rule(value: Any) -> str | float:
    """A rule for the clearness of the night, or that clearness itself; numbers may be text.

    Raises
    ------
    ConfigurationError
        Neither.
    """
    if isinstance(value, str) and value in NIGHT_RULES:
        return value
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0.0 <= number <= 1.0:
        expected = f"{', '.join(NIGHT_RULES)}, or a number from 0 to 1"
        raise ConfigurationError("night_clearness", expected, repr(value))
    return number


def check_number(name: str, value: Any, low: float, high: float, unit: str) -> None:
    """Refuse what is no number from ``low`` to ``high``.

    Raises
    ------
    ConfigurationError
        It is not.
    """
    number = math.nan
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value)
    if not low <= number <= high:
        raise ConfigurationError(name, f"{low:g} to {high:g} {unit}".rstrip(), repr(value))


def checked_thresholds(name: str, values: Sequence[float]) -> list[float]:
    """UTCI thresholds [deg C], each once.

    Raises
    ------
    ConfigurationError
        No list of numbers, or one outside :data:`THRESHOLDS_C`.
    """
    hint = "For example [32, 38] (--heat-thresholds-day 32,38, --heat-thresholds-night 26)."
    try:
        if isinstance(values, (str, bytes, Mapping)):
            raise TypeError  # of "32" the digits are numbers, too
        found = [float(v) for v in values]
    except (TypeError, ValueError):
        raise ConfigurationError(name, "a list of temperatures [deg C]", repr(values), hint) from (
            None
        )
    low, high = THRESHOLDS_C
    if not all(low <= v <= high for v in found):
        raise ConfigurationError(
            name, f"UTCI temperatures from {low:g} to {high:g} deg C", repr(values), hint
        )
    # One named twice would be counted twice.
    return list(dict.fromkeys(found))

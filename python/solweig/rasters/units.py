"""Units of heights: what a file or a call says, as metres.

No reprojection touches heights, and a canopy in feet under a surface in metres is a number like any
other. So the unit is looked for wherever a file may keep it: with the band, in the vertical part of
the projection. What the call says goes before both.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from solweig.errors import ConfigurationError, InvalidSurfaceData

__all__ = [
    "HEIGHT_LAYERS",
    "HeightUnit",
    "VerticalUnit",
    "check_clear",
    "check_height_unit",
    "height_unit",
    "length_unit",
    "metres_of",
]

log = logging.getLogger(__name__)

#: Layers whose values are heights [m].
HEIGHT_LAYERS = ("dsm", "dem", "cdsm", "tdsm", "wall_height")

_FOOT, _SURVEY_FOOT = 0.3048, 1200.0 / 3937.0
_METRES: dict[str, float] = {
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters", "mtr"), 1.0),
    **dict.fromkeys(("cm", "centimetre", "centimetres", "centimeter", "centimeters"), 0.01),
    **dict.fromkeys(("dm", "decimetre", "decimetres", "decimeter", "decimeters"), 0.1),
    **dict.fromkeys(("mm", "millimetre", "millimetres", "millimeter", "millimeters"), 0.001),
    **dict.fromkeys(("km", "kilometre", "kilometres", "kilometer", "kilometers"), 1000.0),
    **dict.fromkeys(
        ("ft", "foot", "feet", "international foot", "international feet", "foot international",
         "feet international", "ft international", "ift", "ft int", "'"),
        _FOOT,
    ),
    **dict.fromkeys(
        ("us ft", "us foot", "us feet", "us survey foot", "us survey feet", "survey foot",
         "survey feet", "foot us", "feet us", "ft us", "ftus", "usft", "foot us survey",
         "feet us survey", "u.s. survey foot", "u.s. survey feet", "u.s. foot", "sft"),
        _SURVEY_FOOT,
    ),
    **dict.fromkeys(("in", "inch", "inches"), 0.0254),
    **dict.fromkeys(("yd", "yard", "yards"), 0.9144),
}  # fmt: skip
_SAYS_NOTHING = ("", "unknown", "unnamed", "none", "n/a", "na", "-", "1", "undefined")
_CALL = "height_unit"
# International and survey foot differ by two millionths: no two units of a length are nearer.
_SAME = 1e-5


@dataclass(frozen=True)
class HeightUnit:
    """The unit of a layer's heights."""

    name: str
    metres: float
    #: Who says so, in words; empty where nobody does.
    source: str

    @property
    def from_file(self) -> bool:
        """Whether the file says so."""
        return self.source not in ("", _CALL)


_METRE = HeightUnit("m", 1.0, "")

VerticalUnit = tuple[str, float]
"""Name and metres."""


def metres_of(text: str) -> float | None:
    """Metres in a unit of length; ``None`` for a name that is not known."""
    name = text.strip().casefold()
    if name in _METRES:
        return _METRES[name]
    for sign in "_-()":
        name = name.replace(sign, " ")
    return _METRES.get(" ".join(name.split()))


def check_height_unit(said: Any) -> dict[str, HeightUnit]:
    """What a call says of units, by layer.

    Parameters
    ----------
    said
        Nothing, one unit for all layers of heights, or units by the name of the layer.

    Raises
    ------
    ConfigurationError
        An unknown unit or layer.
    """
    if said is None:
        return {}
    named = said if isinstance(said, Mapping) else dict.fromkeys(HEIGHT_LAYERS, said)
    found = {}
    for layer, unit in named.items():
        metres = metres_of(unit) if isinstance(unit, str) else None
        if layer not in HEIGHT_LAYERS or metres is None:
            raise ConfigurationError(
                "height_unit",
                f"m, ft, us-ft, cm, or units by layer ({', '.join(HEIGHT_LAYERS)})",
                repr(said),
                "For example height_unit='ft' or {'cdsm': 'ft'} (--height-unit ft or cdsm=ft).",
            )
        found[layer] = HeightUnit(unit, metres, _CALL)
    return found


def height_unit(
    layer: str,
    *,
    band: str | None,
    vertical: VerticalUnit | None,
    horizontal: tuple[str, float] | None,
    said: HeightUnit | None = None,
) -> HeightUnit | None:
    """The unit of a layer; ``None`` for one that holds no heights.

    Parameters
    ----------
    layer
        Its name, for what is said.
    band
        Unit that the file keeps with the band.
    vertical
        Unit of the vertical part of its projection.
    horizontal
        Name and metres of the unit of its coordinates; ``None`` where they have none in metres.
        Where these are feet and nothing says whether heights are, the result is not clear, see
        :func:`check_clear`.
    said
        What the call says.

    Raises
    ------
    InvalidSurfaceData
        Band and projection contradict each other.
    """
    if layer not in HEIGHT_LAYERS:
        return None
    return length_unit(layer, band=band, vertical=vertical, horizontal=horizontal, said=said)


def length_unit(
    layer: str,
    *,
    band: str | None,
    vertical: VerticalUnit | None,
    horizontal: tuple[str, float] | None,
    said: HeightUnit | None = None,
) -> HeightUnit:
    """:func:`height_unit` of what is known to hold heights, under any name."""
    unit = said or _declared(layer, band, vertical) or _undeclared(horizontal)
    if unit.metres != 1.0 and unit.source:
        log.warning(
            "%s: heights in %s, as %s says: taken times %.9g, in metres",
            layer, unit.name, unit.source, unit.metres,
        )  # fmt: skip
    return unit


def _declared(layer: str, band: str | None, vertical: VerticalUnit | None) -> HeightUnit | None:
    """What the file says, if anything that is a length."""
    of_crs = None if vertical is None else HeightUnit(*vertical, "its vertical CRS")
    text = (band or "").strip()
    if text.casefold() in _SAYS_NOTHING:
        return of_crs
    metres = metres_of(text)
    if metres is None:
        if of_crs is None:
            log.warning(
                "%s: its band has the unit %r, which is no known length; heights are taken as "
                "metres. height_unit=... (--height-unit) says otherwise",
                layer, text,
            )  # fmt: skip
            return _METRE
        return of_crs
    of_band = HeightUnit(text, metres, "its band")
    if of_crs is not None and not math.isclose(metres, of_crs.metres, rel_tol=_SAME):
        raise InvalidSurfaceData(
            layer,
            "one unit of heights",
            f"{of_band.name} from its band and {of_crs.name} from its vertical CRS",
            f"Say which: height_unit='{of_band.name}' (--height-unit {of_band.name}), or mend the "
            "file (gdal_edit.py -units).",
        )
    return of_band


def _undeclared(horizontal: tuple[str, float] | None) -> HeightUnit:
    if horizontal is not None and not math.isclose(horizontal[1], 1.0, rel_tol=_SAME):
        return HeightUnit(horizontal[0], math.nan, "")
    return _METRE


def check_clear(layer: str, unit: HeightUnit | None) -> None:
    """Refuse heights of which nobody knows the unit.

    Raises
    ------
    InvalidSurfaceData
        Coordinates are in feet, and nothing says whether heights are.
    """
    if unit is not None and math.isnan(unit.metres):
        raise InvalidSurfaceData(
            layer,
            f"a unit of heights, because its coordinates are in {unit.name}",
            "none in the file",
            "Say it: height_unit='us-ft' or 'm' (--height-unit us-ft or m), or declare it in the "
            "file (gdal_edit.py -units).",
        )

"""Styles that QGIS picks up: ``name.qml`` beside every ``name.tif`` of a run.

Ranges are fixed, so that colours mean the same in every step and every run; what lies beyond takes
the colour of the end. Hours and differences have the range of their own map. UTCI, PET and WBGT are
drawn by class. Every palette stays readable with the common kinds of colour blindness.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from solweig.atomic import write_text
from solweig.rasters.variables import attributes
from solweig.results.map_style import CLASSES, PET_CLASSES, STRESS_CLASSES
from solweig.results.outputs import step_path, summary_path
from solweig.typing import F32

__all__ = [
    "PET_CLASSES",
    "Interval",
    "amid",
    "class_colour",
    "palette",
    "qml",
    "ranges",
    "write_run_styles",
    "write_style",
]

Interval = tuple[dt.datetime, dt.datetime]
"""Beginning and end of what a raster stands for."""

_MARK = "<!-- solweig: written beside the raster; a style saved from QGIS is left as it is -->"

# Nine even stops each, as matplotlib and ColorBrewer have them.
_INFERNO = "000004 210c4a 57106e 8a226a bc3754 e45a31 f98e09 f9cb35 fcffa4"
_VIRIDIS = "440154 472d7b 3b528b 2c728e 21918c 28ae80 5ec962 addc30 fde725"
_CIVIDIS = "00224e 1a386f 434e6c 61656f 7d7c78 9b9476 bcae6c dec958 fee838"
_WARM = "ffffcc ffeda0 fed976 feb24c fd8c3c fc4d2a e2191c bb0026 800026"
_COOL = "ffffd9 edf8b1 c6e9b4 7ecdbb 40b5c4 1d90c0 225da8 243392 081d58"
_APART = "053061 2a71b2 6bacd1 c2ddec f7f6f6 fbccb4 e48066 ba2832 67001f"

# name: palette, lowest, highest; None is the map's own.
_RAMPS: dict[str, tuple[str, float, float | None]] = {
    "tmrt": (_INFERNO, 0.0, 70.0),
    "tnw": (_INFERNO, 0.0, 40.0),
    "globe150": (_INFERNO, 0.0, 70.0),
    "globe38": (_INFERNO, 0.0, 70.0),
    "at": (_INFERNO, -10.0, 50.0),
    "set": (_INFERNO, 0.0, 50.0),
    "globe_load": (_VIRIDIS, 200.0, 1000.0),
    "wick_load": (_VIRIDIS, 200.0, 900.0),
    "shadow": (_CIVIDIS, 0.0, 1.0),
    "kdown": (_VIRIDIS, 0.0, 1000.0),
    "kup": (_VIRIDIS, 0.0, 300.0),
    "ldown": (_VIRIDIS, 250.0, 500.0),
    "lup": (_VIRIDIS, 300.0, 700.0),
    "sun_hours": (_WARM, 0.0, None),
    "shade_hours": (_COOL, 0.0, None),
    "hours_above": (_WARM, 0.0, None),
    "attribution": (_APART, -40.0, 40.0),
}
_UNITS = {"degC": "°C", "W m-2": "W m⁻²", "1": ""}


@dataclass(frozen=True)
class _Item:
    """A colour of a legend: up to this value in classes, at this value in a ramp."""

    value: str
    colour: str
    label: str


def class_colour(number: int) -> str:
    """Of a UTCI class, from 0 on: amid the shades that pictures give it.

    Parameters
    ----------
    number
        In :data:`solweig.results.map_style.STRESS_CLASSES`.
    """
    return amid(*STRESS_CLASSES[number][2:])


def amid(light: str, dark: str) -> str:
    """The colour half-way between the shades of a class."""
    pairs = ((int(light[i : i + 2], 16), int(dark[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{(one + two) // 2:02x}" for one, two in pairs)


def qml(name: str, top: float = 1.0, interval: Interval | None = None) -> str:
    """The style of one raster.

    Parameters
    ----------
    name
        Of the variable or statistic, such as ``tmrt``, ``utci_mean`` or ``sun_hours``;
        ``difference`` is that of two runs.
    top
        Largest value of the map: the end of the legend of hours and, with both signs, differences.
    interval
        What the map stands for; QGIS shows it then alone.

    Returns
    -------
    str
        QML, readable from QGIS 3.18 on.
    """
    base = name.partition("_")[0]
    unit = "" if name == "difference" else _unit(name)
    if base in CLASSES and "hours" not in name:
        kind, items, low, high = "DISCRETE", *_classes(base, unit)
    else:
        kind, items, low, high = "INTERPOLATED", *_ramp(name, top)
    entries = "".join(
        f'<item value="{i.value}" color="{i.colour}" alpha="255" label={quoteattr(i.label)}/>\n'
        for i in items
    )
    suffix = quoteattr(f" {unit}" if unit else "")
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        '<qgis version="3.22.0" styleCategories="Symbology|Temporal">\n'
        f"{_MARK}\n{_temporal(interval)}"
        "<pipe>\n"
        '<rasterrenderer type="singlebandpseudocolor" band="1" opacity="1" alphaBand="-1" '
        f'classificationMin="{low:g}" classificationMax="{high:g}">\n'
        "<rastershader>\n"
        f'<colorrampshader colorRampType="{kind}" classificationMode="1" clip="0" '
        f'minimumValue="{low:g}" maximumValue="{high:g}" labelPrecision="1">\n'
        f"{entries}"
        f'<rampLegendSettings useContinuousLegend="1" orientation="2" direction="0" prefix="" '
        f'suffix={suffix} minimumLabel="" maximumLabel=""/>\n'
        "</colorrampshader>\n</rastershader>\n</rasterrenderer>\n</pipe>\n</qgis>\n"
    )


def ranges(name: str) -> list[dict[str, Any]]:
    """What lines and areas are coloured by, where a raster has :func:`qml`.

    Parameters
    ----------
    name
        Of a quantity with a legend of its own: tmrt, utci, pet.

    Returns
    -------
    list[dict[str, Any]]
        ``low``, ``high`` (None: without an end), ``colour``, ``label``, from the lowest on.
    """
    base, unit = name.partition("_")[0], _unit(name)
    if base in CLASSES:
        items, _, _ = _classes(base, unit)
        ends = [None, *(round(float(i.value), 3) for i in items[:-1]), None]
        labels = [i.label for i in items]
    else:
        items, _, _ = _ramp(name, 1.0)
        stops = [float(i.value) for i in items]
        # The middle of a stretch has the colour of the stop that it lies around.
        ends = [None, *((a + b) / 2 for a, b in itertools.pairwise(stops)), None]
        labels = [f"{i.label} {unit}" for i in items]
    return [
        {"low": low, "high": high, "colour": item.colour, "label": label}
        for (low, high), item, label in zip(itertools.pairwise(ends), items, labels, strict=True)
    ]


def write_style(
    raster: Path, name: str, top: float = 1.0, interval: Interval | None = None
) -> Path:
    """Write the style of one raster beside it; one that was saved from QGIS stays.

    Parameters
    ----------
    raster
        The GeoTIFF.
    name, top, interval
        As for :func:`qml`.

    Returns
    -------
    Path
        The style.

    Raises
    ------
    DiskFull
        There was no room.
    """
    path = raster.with_suffix(".qml")
    text = qml(name, top, interval)
    before = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None
    if before is None or (_MARK in before and before != text):
        write_text(path, text)
    return path


def write_run_styles(
    folder: Path,
    *,
    outputs: Sequence[str],
    stamps: Sequence[dt.datetime],
    bounds: NDArray[np.datetime64],
    grids: Mapping[str, F32],
) -> None:
    """Write a style beside every GeoTIFF that a run left in its folder.

    Parameters
    ----------
    folder
        Of the run.
    outputs
        Rasters per step.
    stamps
        Of the steps.
    bounds
        Beginning and end of each step, ``[n, 2]``, on the clock of the stamps.
    grids
        Summaries by name.

    Raises
    ------
    DiskFull
        There was no room.
    """
    for stamp, interval in zip(stamps, intervals(bounds), strict=True):
        for path, name in ((step_path(folder, name, stamp), name) for name in outputs):
            if path.is_file():
                write_style(path, name, interval=interval)
    for name, grid in grids.items():
        path = summary_path(folder, name)
        if path.is_file():
            write_style(path, name, _largest(name, grid))


def intervals(bounds: NDArray[np.datetime64]) -> Iterable[Interval]:
    """Beginnings and ends, to the second.

    Parameters
    ----------
    bounds
        ``[n, 2]``.

    Returns
    -------
    Iterable[Interval]
        One a row.
    """
    return [(start, end) for start, end in bounds.astype("datetime64[s]").tolist()]


def _largest(name: str, grid: F32) -> float:
    """Of the maps whose legend ends with them."""
    if "hours" not in name:
        return 1.0
    # Row by row: the grid may be mapped and larger than memory.
    tops = [float(np.nanmax(row)) for row in grid if np.isfinite(row).any()]
    return max([*tops, 1.0])


def _unit(name: str) -> str:
    unit = attributes(name)["units"]
    return _UNITS.get(unit, unit)


def _classes(base: str, unit: str) -> tuple[list[_Item], float, float]:
    # Nothing is colder than the first class.
    table = [(-math.inf if i == 0 else c[0], c[1]) for i, c in enumerate(CLASSES[base])]
    colours = [amid(*c[2:]) for c in CLASSES[base]]
    ends = [low for low, _ in table[1:]]
    items = []
    for i, (low, text) in enumerate(table):
        if i == len(ends):
            items.append(_Item("inf", colours[i], f"{text}, from {low:g} {unit}"))
            continue
        extent = f"below {ends[i]:g}" if math.isinf(low) else f"{low:g} to {ends[i]:g}"
        # QGIS counts the bound to the class below; it belongs to the one above.
        items.append(_Item(f"{ends[i] - 1e-6:.6f}", colours[i], f"{text}, {extent} {unit}"))
    return items, ends[0], ends[-1]


def _ramp(name: str, top: float) -> tuple[list[_Item], float, float]:
    if name == "difference":
        high = _round_up(top)
        stops, low = _APART, -high
    else:
        stops, low, fixed = _ramp_of(name)
        high = math.ceil(max(top, 1.0)) if fixed is None else fixed
    colours = [f"#{colour}" for colour in stops.split()]
    values = np.linspace(low, high, len(colours)).tolist()
    items = [_Item(f"{v:.10g}", c, f"{v:.4g}") for v, c in zip(values, colours, strict=True)]
    return items, low, high


def _ramp_of(name: str) -> tuple[str, float, float | None]:
    known = "hours_above" if "_hours_above" in name else name
    return _RAMPS[known if known in _RAMPS else name.partition("_")[0]]


def palette(name: str) -> tuple[str, ...]:
    """Colours of a variable or statistic that is not told by class, from low to high, even stops.

    Parameters
    ----------
    name
        As for :func:`qml`.

    Returns
    -------
    tuple[str, ...]
        Such as ``"#fcffa4"``.
    """
    return tuple(f"#{colour}" for colour in _ramp_of(name)[0].split())


def _round_up(value: float) -> float:
    """To one of 1, 2, 5 times a power of ten; 1 where there is nothing to show."""
    if not (math.isfinite(value) and value > 0.0):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= value * 0.999)


def _temporal(interval: Interval | None) -> str:
    """A fixed range.

    A second less at either end, because QGIS shows a map also in the frame that only touches its
    end; and its clock is UTC, so that of the run is told as if it were.
    """
    if interval is None:
        return ""
    second = dt.timedelta(seconds=1)
    start, end = interval[0] + second, interval[1] - second
    return (
        '<temporal enabled="1" mode="0" fetchMode="0"><fixedRange>'
        f"<start>{start.isoformat()}Z</start><end>{end.isoformat()}Z</end>"
        "</fixedRange></temporal>\n"
    )

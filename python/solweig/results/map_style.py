"""Colours of the maps, and what they stand for. No matplotlib is imported until asked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solweig.rasters.variables import label_of

if TYPE_CHECKING:
    from matplotlib.colors import Colormap, Normalize

__all__ = [
    "CLASSES", "PET_CLASSES", "STRESS_CLASSES", "WBGT_CLASSES", "ColourScale", "HeatClasses",
    "class_shade", "hillshade", "scale_for", "stress_class",
]  # fmt: skip

HeatClasses = tuple[tuple[float, str, str, str], ...]
"""Lower bound [deg C], name, colours of its lower and upper end."""

# UTCI stress categories (Bröde et al. 2012, table 2).
STRESS_CLASSES: HeatClasses = (
    (-60.0, "extreme cold", "#08153f", "#0a1a54"),
    (-40.0, "very strong cold", "#10257a", "#16349c"),
    (-27.0, "strong cold", "#1f4fb5", "#2f6cc9"),
    (-13.0, "moderate cold", "#4a8fd6", "#6aabde"),
    (0.0, "slight cold", "#8cc6e6", "#b3dfe9"),
    (9.0, "no thermal stress", "#edf7ea", "#86c681"),
    (26.0, "moderate heat", "#fff0a8", "#fdc65a"),
    (32.0, "strong heat", "#fba75a", "#ee6a3a"),
    (38.0, "very strong heat", "#e04a3d", "#a8152f"),
    (46.0, "extreme heat", "#8a0f3c", "#3d0729"),
)

PET_CLASSES: tuple[tuple[float, str], ...] = (
    (-math.inf, "very cold"), (4.0, "cold"), (8.0, "cool"), (13.0, "slightly cool"),
    (18.0, "comfortable"), (23.0, "slightly warm"), (29.0, "warm"), (35.0, "hot"),
    (41.0, "very hot"),
)  # fmt: skip
"""Lower bound [deg C] and name (Matzarakis & Mayer 1996)."""

WBGT_CLASSES: tuple[tuple[float, str], ...] = (
    (-math.inf, "below every limit"), (25.0, "no very heavy work"), (26.0, "no heavy work"),
    (28.0, "no moderate work"), (30.0, "no light work"), (33.0, "not even rest"),
)  # fmt: skip
"""Lower bound [deg C] and what is over its limit then, for people used to heat, by ISO 7243:2017,
table A.1, metabolic classes 4 (above 468 W) to 0 (at most 117 W)."""


def _shaded(table: tuple[tuple[float, str], ...]) -> HeatClasses:
    """In the colours of UTCI: the hottest classes are alike."""
    shades = STRESS_CLASSES[len(STRESS_CLASSES) - len(table) :]
    return tuple((low, name, *shade[2:]) for (low, name), shade in zip(table, shades, strict=True))


CLASSES: dict[str, HeatClasses] = {
    "utci": STRESS_CLASSES,
    "pet": _shaded(PET_CLASSES),
    "wbgt": _shaded(WBGT_CLASSES),
}
"""Of the quantities that are told by class."""

_COLDEST, _HOTTEST = -60.0, 60.0
_GENTLE = 6.0  # deg C over which the shades of a class go at the least, beside another class
_STEP = 0.25  # deg C per colour; class bounds are whole degrees, so they fall between colours


@dataclass(frozen=True)
class ColourScale:
    """How values become colours, and how the colour bar reads.

    ``ticks`` with ``tick_labels`` None are labelled by their value; ``classes`` are
    (centre, name) pairs written beside the bar.
    """

    cmap: Colormap
    norm: Normalize
    label: str
    ticks: NDArray[np.float64] | None = None
    classes: tuple[tuple[float, str], ...] = ()


def stress_class(utci: float) -> str:
    """Name of the UTCI stress category."""
    name = STRESS_CLASSES[0][1]
    for low, each, _, _ in STRESS_CLASSES:
        if utci >= low:
            name = each
    return name


def scale_for(
    kind: str, grid: NDArray[Any], limits: tuple[float, float] | None = None
) -> ColourScale:
    """Colour scale of a quantity: UTCI and PET by class, hours, anything else by its range.

    Terms of the attribution are white at 0.

    Parameters
    ----------
    kind
        Name of the variable, such as ``tmrt``, ``utci_max`` or ``shade_hours``.
    grid
        Values, for the range.
    limits
        Lowest and highest value shown, instead of the range of ``grid``.
    """
    base = kind.partition("_")[0]
    if "hours" in kind:
        return _hours_scale(kind, grid, limits)
    if base in CLASSES:
        return _class_scale(base, grid, limits)
    if base in _TEMPERATURES and not kind.endswith("_load"):
        label = f"{_TEMPERATURES[base]} [°C]"
        return _continuous("inferno", label, limits or _range(grid, 1.0))
    if base == "attribution":
        return _signed_scale(grid, limits)
    if base == "shadow":
        return _continuous("cividis", "Sunlit fraction of the beam [-]", (0.0, 1.0))
    return _continuous("viridis", f"{kind} [W m⁻²]", limits or _range(grid, 10.0))


_TEMPERATURES = {
    "tmrt": "Mean radiant temperature", "pet": "PET", "tnw": "Natural wet bulb",
    "globe150": "Globe of 150 mm", "globe38": "Globe of 38 mm", "at": "Apparent temperature",
    "set": "SET*",
}  # fmt: skip


def _continuous(name: str, label: str, limits: tuple[float, float]) -> ColourScale:
    import matplotlib as mpl
    from matplotlib.colors import Normalize

    return ColourScale(mpl.colormaps[name], Normalize(*limits), label)


def _signed_scale(grid: NDArray[Any], limits: tuple[float, float] | None) -> ColourScale:
    """Even to 2 K and logarithmic beyond, so that small terms show beside the beam."""
    import matplotlib as mpl
    from matplotlib.colors import SymLogNorm

    known = np.abs(np.asarray(grid)[np.isfinite(grid)])
    top = float(np.percentile(known, 99.5)) if known.size else 0.0
    if limits is not None:
        top = max(abs(limit) for limit in limits)
    top = max(float(np.ceil(top / 5.0)) * 5.0, 5.0)
    norm = SymLogNorm(linthresh=2.0, linscale=1.0, vmin=-top, vmax=top, base=10)
    whole = [1.0, 2.0, *(t for t in (5.0, 10.0, 20.0, 40.0) if t <= top)]
    ticks = np.array([*(-t for t in reversed(whole)), 0.0, *whole])
    label = "Kelvin of Tmrt above the air"
    return ColourScale(mpl.colormaps["RdBu_r"], norm, label, ticks=ticks)


def _hours_scale(kind: str, grid: NDArray[Any], limits: tuple[float, float] | None) -> ColourScale:
    name = {"shade_hours": "YlGnBu", "sun_hours": "YlOrRd"}.get(kind, "OrRd")
    known = {"shade_hours": "Shade [h]", "sun_hours": "Direct sun [h]"}
    label = known[kind] if kind in known else _hours_label(kind)
    top = float(np.nanmax(grid)) if np.isfinite(grid).any() else 1.0
    return _continuous(name, label, limits or (0.0, max(np.ceil(top), 1.0)))


def _hours_label(kind: str) -> str:
    base, _, threshold = kind.partition("_hours_above_")
    number, _, time = threshold.partition("_")
    name = label_of(base)
    return f"{name} above {number} °C{f' by {time}' if time else ''} [h]"


def _class_scale(base: str, grid: NDArray[Any], limits: tuple[float, float] | None) -> ColourScale:
    from matplotlib.colors import BoundaryNorm, ListedColormap

    low, high = limits or _range(grid, 1.0)
    # A map without a class bound in view says its class by its name alone.
    low = float(np.clip(np.floor(low), _COLDEST, _HOTTEST - 1.0))
    high = float(np.clip(np.ceil(high), low + 1.0, _HOTTEST))
    edges = np.arange(low, high + _STEP / 2, _STEP)
    colours = [class_shade(base, v, (low, high)) for v in edges[:-1] + _STEP / 2]
    cmap = ListedColormap(colours, name=f"{base}_classes")
    cmap.set_under(colours[0])
    cmap.set_over(colours[-1])
    bounds = [c[0] for c in CLASSES[base]] + [np.inf]
    names = [c[1] for c in CLASSES[base]]
    classes = []
    for name, start, end in zip(names, bounds, bounds[1:], strict=False):
        seen = max(start, low), min(end, high)
        if seen[1] - seen[0] > 0.06 * (high - low):
            classes.append(((seen[0] + seen[1]) / 2, name))
    inner = [b for b in bounds if low < b < high]
    spacing = 1.0 if high - low <= 14 else 5.0
    regular = np.arange(np.ceil(low / spacing) * spacing, high + 1e-9, spacing)
    ticks = np.array(sorted({*inner, *regular.tolist()}))
    label = f"{label_of(base)} [°C]"
    return ColourScale(
        cmap, BoundaryNorm(edges, cmap.N), label, ticks=ticks, classes=tuple(classes)
    )


def class_shade(base: str, value: float, limits: tuple[float, float]) -> tuple[float, float, float]:
    """Colour of a value: a class keeps its hue, and its shades go over the part that is in view.

    So a map that lies in one class still shows where it is warmer.

    Parameters
    ----------
    base
        A quantity of :data:`CLASSES`.
    value
        [deg C].
    limits
        Lowest and highest value in view [deg C].

    Returns
    -------
    tuple[float, float, float]
        Red, green and blue, 0-1.
    """
    table = CLASSES[base]
    bounds = [c[0] for c in table] + [math.inf]
    i = int(np.clip(np.searchsorted(bounds, value, side="right") - 1, 0, len(table) - 1))
    first, last = max(bounds[i], limits[0]), min(bounds[i + 1], limits[1])
    below, above = bounds[i] >= limits[0], bounds[i + 1] <= limits[1]
    # Beside a bound steeper shades would hide it.
    gentle = min(_GENTLE, bounds[i + 1] - bounds[i]) if below or above else 0.0
    over = max(last - first, gentle, 1e-9)
    # A bound in view has the shade that it always has.
    part = (value - (first if below else last - over)) / over
    part = float(np.clip(part, 0.0, 1.0))
    start, end = (np.array(_rgb(c)) for c in table[i][2:])
    red, green, blue = ((1 - part) * start + part * end).tolist()
    return red, green, blue


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))


def _range(grid: NDArray[Any], step: float) -> tuple[float, float]:
    """Range without the last half per cent at either end, on whole steps."""
    values = np.asarray(grid)[np.isfinite(grid)]
    if values.size == 0:
        return 0.0, step
    low, high = np.percentile(values, [0.5, 99.5])
    low, high = np.floor(low / step) * step, np.ceil(high / step) * step
    return float(low), float(max(high, low + step))


def hillshade(heights: NDArray[Any], pixel_size: float) -> NDArray[np.float32]:
    """Relief 0-1, lit from the north-west at 45 degrees, as maps have it (display only)."""
    filled = np.where(np.isfinite(heights), heights, np.nanmin(heights))
    rows, cols = np.gradient(filled.astype(np.float64), pixel_size)
    normal = np.stack([-cols, rows, np.ones_like(filled, dtype=np.float64)])
    normal /= np.linalg.norm(normal, axis=0)
    light = np.array([-1.0, 1.0, np.sqrt(2.0)]) / 2.0
    return np.clip(np.tensordot(light, normal, axes=1), 0.0, 1.0).astype(np.float32)

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
    "STRESS_CLASSES",
    "WBGT_CLASSES",
    "ColourScale",
    "hillshade",
    "scale_for",
    "stress_class",
]

# UTCI stress categories (Bröde et al. 2012, table 2): lower bound [deg C], name, light and dark
# end of the colours inside the class.
STRESS_CLASSES: tuple[tuple[float, str, str, str], ...] = (
    (-60.0, "extreme cold", "#08153f", "#0a1a54"),
    (-40.0, "very strong cold", "#10257a", "#16349c"),
    (-27.0, "strong cold", "#1f4fb5", "#2f6cc9"),
    (-13.0, "moderate cold", "#4a8fd6", "#6aabde"),
    (0.0, "slight cold", "#8cc6e6", "#b3dfe9"),
    (9.0, "no thermal stress", "#d2ead0", "#8fc98a"),
    (26.0, "moderate heat", "#fff0a8", "#fdc65a"),
    (32.0, "strong heat", "#fba75a", "#ee6a3a"),
    (38.0, "very strong heat", "#e04a3d", "#a8152f"),
    (46.0, "extreme heat", "#8a0f3c", "#3d0729"),
)
WBGT_CLASSES: tuple[tuple[float, str], ...] = (
    (-math.inf, "below every limit"), (25.0, "no very heavy work"), (26.0, "no heavy work"),
    (28.0, "no moderate work"), (30.0, "no light work"), (33.0, "not even rest"),
)  # fmt: skip
"""Lower bound [deg C] and what is over its limit then, for people used to heat, by ISO 7243:2017,
table A.1, metabolic classes 4 (above 468 W) to 0 (at most 117 W)."""
_HOTTEST = 60.0
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
    """Colour scale of a quantity: ``utci`` by stress class, hours, anything else by its range.

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
    if base == "utci" and "hours" not in kind:
        return _utci_scale(grid, limits)
    if "hours" in kind:
        return _hours_scale(kind, grid, limits)
    if base == "wbgt":
        return _wbgt_scale(grid, limits)
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


def _wbgt_scale(grid: NDArray[Any], limits: tuple[float, float] | None) -> ColourScale:
    """By the limits of work: a colour a class, lighter and darker inside."""
    from matplotlib.colors import BoundaryNorm, ListedColormap

    low, high = limits or _range(grid, 0.5)
    edges = np.arange(low, high + _WBGT_STEP / 2, _WBGT_STEP)
    bounds = [bound for bound, _ in WBGT_CLASSES]
    own = [int(np.searchsorted(bounds, v, side="right")) - 1 for v in edges[:-1] + _WBGT_STEP / 2]
    shades = STRESS_CLASSES[-len(WBGT_CLASSES) :]
    colours = [_mixed(*shades[i][2:4], _inside(i, v)) for i, v in zip(own, edges, strict=False)]
    cmap = ListedColormap(colours, name="wbgt_limits")
    classes = []
    for i, (start, name) in enumerate(WBGT_CLASSES):
        end = WBGT_CLASSES[i + 1][0] if i + 1 < len(WBGT_CLASSES) else math.inf
        seen = max(start, low), min(end, high)
        if seen[1] - seen[0] > 0.06 * (high - low):
            classes.append(((seen[0] + seen[1]) / 2, name))
    spacing = 1.0 if high - low <= 14 else 5.0
    regular = np.arange(np.ceil(low / spacing) * spacing, high + 1e-9, spacing)
    ticks = np.array(sorted({*(b for b in bounds if low < b < high), *regular.tolist()}))
    norm = BoundaryNorm(edges, cmap.N)
    return ColourScale(cmap, norm, "WBGT [°C]", ticks=ticks, classes=tuple(classes))


_WBGT_STEP = 0.1


def _inside(number: int, value: float) -> float:
    """Where in a class a value lies [0-1]; those without an end have ten kelvins."""
    start = WBGT_CLASSES[number][0] if number else WBGT_CLASSES[1][0] - 10.0
    last = number + 1 == len(WBGT_CLASSES)
    end = start + 10.0 if last else WBGT_CLASSES[number + 1][0]
    return float(np.clip((value - start) / (end - start), 0.0, 1.0))


def _mixed(light: str, dark: str, part: float) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    start, end = np.array(to_rgb(light)), np.array(to_rgb(dark))
    red, green, blue = ((1 - part) * start + part * end).tolist()
    return red, green, blue


def _utci_scale(grid: NDArray[Any], limits: tuple[float, float] | None) -> ColourScale:
    from matplotlib.colors import BoundaryNorm, ListedColormap

    low, high = limits or _range(grid, 1.0)
    # At least one class bound in view: a map of a single class says so by its name alone.
    low, high = max(np.floor(low), -60.0), min(np.ceil(high), _HOTTEST)
    edges = np.arange(low, high + _STEP / 2, _STEP)
    colours = [_utci_colour(v) for v in edges[:-1] + _STEP / 2]
    cmap = ListedColormap(colours, name="utci_stress")
    cmap.set_under(_utci_colour(low))
    cmap.set_over(_utci_colour(high))
    bounds = [c[0] for c in STRESS_CLASSES] + [_HOTTEST]
    names = [c[1] for c in STRESS_CLASSES]
    classes = []
    for name, start, end in zip(names, bounds, bounds[1:], strict=False):
        seen = max(start, low), min(end, high)
        if seen[1] - seen[0] > 0.06 * (high - low):
            classes.append(((seen[0] + seen[1]) / 2, name))
    inner = [b for b in bounds if low < b < high]
    spacing = 1.0 if high - low <= 14 else 5.0
    regular = np.arange(np.ceil(low / spacing) * spacing, high + 1e-9, spacing)
    ticks = np.array(sorted({*inner, *regular.tolist()}))
    return ColourScale(
        cmap, BoundaryNorm(edges, cmap.N), "UTCI [°C]", ticks=ticks, classes=tuple(classes)
    )


def _utci_colour(value: float) -> tuple[float, float, float]:
    bounds = [c[0] for c in STRESS_CLASSES] + [_HOTTEST]
    i = int(np.clip(np.searchsorted(bounds, value, side="right") - 1, 0, len(STRESS_CLASSES) - 1))
    part = np.clip((value - bounds[i]) / (bounds[i + 1] - bounds[i]), 0.0, 1.0)
    return _mixed(*STRESS_CLASSES[i][2:4], float(part))


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

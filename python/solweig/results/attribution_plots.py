"""Pictures of where Tmrt comes from: a point's day, and maps of the terms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solweig.results.map_style import scale_for
from solweig.results.plotting import (
    Underlay,
    draw_ground,
    draw_outlines,
    finish_time_axis,
    open_figure,
    require_matplotlib,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["plot_attribution_curve", "plot_attribution_maps"]

_LABELS = {
    "attribution_beam": ("beam", "#f2b705"),
    "attribution_diffuse": ("diffuse light", "#f7dc8a"),
    "attribution_reflected": ("reflected light", "#d07c2e"),
    "attribution_walls": ("walls, longwave", "#a5294f"),
    "attribution_ground": ("ground, longwave", "#7a4b33"),
    "attribution_vegetation": ("vegetation, longwave", "#4f9a45"),
    "attribution_sky": ("sky, longwave", "#3b6fb5"),
    "attribution_offset": ("offset (Q-01)", "#9a9a9a"),
}
_COLUMNS = 4
"""Maps side by side."""


def plot_attribution_curve(
    table: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    intervals: str = "",
    save_path: str | Path | None = None,
) -> Figure:
    """Draw a point's day as bars: kelvin of Tmrt above the air by source, and their sum.

    Parameters
    ----------
    table
        Rows of one point from ``summary.pois`` of a run with the output ``attribution``.
    title, subtitle
        Heading.
    intervals
        What the time stamps stand for, written below the axis.
    save_path
        File to write; None leaves the figure open.

    Raises
    ------
    ConfigurationError
        Matplotlib is not installed.
    """
    require_matplotlib()
    time = table["time"].to_numpy()
    step = time[1] - time[0] if len(time) > 1 else np.timedelta64(1, "h")
    with open_figure(9.5, 5.6, save_path) as figure:
        axes = figure.subplots()
        above, below = np.zeros(len(table)), np.zeros(len(table))
        for name, (label, colour) in _LABELS.items():
            values = np.nan_to_num(table[name].to_numpy(np.float64))
            if not np.abs(values).max(initial=0.0) > 0.005:
                continue
            base = np.where(values >= 0, above, below)
            axes.bar(time, values, step * 0.86, bottom=base, color=colour, label=label, lw=0)
            above += np.maximum(values, 0.0)
            below += np.minimum(values, 0.0)
        total = table[list(_LABELS)].sum(axis=1, skipna=False)
        axes.plot(time, total, color="#111111", lw=1.6, marker="o", ms=4, label="Tmrt - air")
        axes.axhline(0.0, color="#444444", lw=0.8)
        axes.set_ylabel("Kelvin of Tmrt above the air")
        finish_time_axis(axes, time, intervals)
        axes.set_xlim(time[0] - step / 2, time[-1] + step / 2)
        axes.grid(color="#dddddd", lw=0.7, axis="y")
        axes.set_axisbelow(True)
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=10)
        figure.subplots_adjust(left=0.085, right=0.78, top=0.86, bottom=0.1)
        figure.text(0.085, 0.935, title, fontsize=15, weight="bold")
        figure.text(0.085, 0.885, subtitle, fontsize=10.5, color="#444444")
    return figure


def plot_attribution_maps(
    terms: Mapping[str, NDArray[Any]],
    underlay: Underlay,
    *,
    title: str,
    subtitle: str = "",
    save_path: str | Path | None = None,
) -> Figure:
    """Draw the terms of one step as small maps of one scale, and their sum.

    Parameters
    ----------
    terms
        All grids of the output ``attribution`` by name [K], shape (rows, cols); NaN = not drawn.
    underlay
        Houses and trees of the same raster.
    title, subtitle
        Heading.
    save_path
        File to write; None leaves the figure open.

    Raises
    ------
    ConfigurationError
        Matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.cm import ScalarMappable

    shown = {label: terms[name] for name, (label, _) in _LABELS.items() if "offset" not in name}
    shown["all: Tmrt - air"] = np.sum([terms[name] for name in _LABELS], axis=0)
    open_ground = {
        label: np.where(underlay.buildings, np.nan, grid) for label, grid in shown.items()
    }
    scale = scale_for("attribution", np.stack(list(open_ground.values())))
    rows, cols = underlay.georef.shape
    # In inches: the maps, their headings, what stands above and below them all.
    side, gap, heading, head, foot = 2.85, 0.12, 0.28, 0.75, 0.85
    lines = -(-len(shown) // _COLUMNS)
    width = _COLUMNS * (side + gap) + gap
    line = side * rows / cols + heading
    height = head + lines * line + foot
    with open_figure(width, height, save_path) as figure:
        for i, (label, grid) in enumerate(open_ground.items()):
            left = gap + i % _COLUMNS * (side + gap)
            bottom = height - head - (i // _COLUMNS + 1) * line
            axes = figure.add_axes(
                (left / width, bottom / height, side / width, (line - heading) / height)
            )
            draw_ground(axes, grid, scale, underlay)
            draw_outlines(axes, underlay)
            axes.set_xticks([])
            axes.set_yticks([])
            mean = float(np.nanmean(grid)) if np.isfinite(grid).any() else float("nan")
            axes.set_title(f"{label}: {mean:+.1f} K", fontsize=10.5, loc="left", pad=4)
        bar_axes = figure.add_axes((0.25, 0.55 / height, 0.5, 0.16 / height))
        mappable = ScalarMappable(scale.norm, scale.cmap)
        bar = figure.colorbar(mappable, bar_axes, orientation="horizontal", extend="both")
        ticks = [] if scale.ticks is None else scale.ticks.tolist()
        bar.set_ticks(ticks, labels=[f"{tick:+g}" if tick else "0" for tick in ticks])
        bar.ax.minorticks_off()
        bar_axes.set_xlabel(scale.label + "; means of open ground in the headings", fontsize=9)
        left = gap / width
        figure.text(left, 1 - 0.26 / height, title, fontsize=15, weight="bold")
        figure.text(left, 1 - 0.48 / height, subtitle, fontsize=10.5, color="#444444")
    return figure

"""Picture of the temperatures of walls: over height and hour, by the way they look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from solweig.results.plotting import finish_time_axis, open_figure, require_matplotlib
from solweig.typing import F64

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = ["plot_walls"]

_SIDES = {"north": 0.0, "east": 90.0, "south": 180.0, "west": 270.0}
_NEAR_DEG = 45.0
"""Walls that look within this of a side count to it."""
_LEAST = 0.02
"""Heights that fewer of a side's walls reach are not drawn."""


def plot_walls(
    walls: xr.Dataset,
    *,
    title: str,
    subtitle: str = "",
    intervals: str = "",
    save_path: str | Path | None = None,
) -> Figure:
    """Draw the mean temperature of the walls that look to each side, over hour and height.

    Parameters
    ----------
    walls
        ``summary.walls`` of a run.
    title, subtitle
        Heading.
    intervals
        What the time stamps stand for, written below the axis.
    save_path
        File to write; None leaves the figure open.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ConfigurationError
        Matplotlib is not installed.
    """
    require_matplotlib()
    fields = {side: _mean_of_side(walls, aspect) for side, aspect in _SIDES.items()}
    known = np.concatenate([field[np.isfinite(field)] for field in fields.values()])
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    time = walls.time.values
    intervals_of = walls.time_bnds.values
    edges = np.append(intervals_of[:, 0], intervals_of[-1, 1])
    bounds = walls.height_bnds.values
    heights = np.append(bounds[:, 0], bounds[-1, 1])
    top = max(
        (heights[np.flatnonzero(np.isfinite(f[:, 0]))[-1] + 1] for f in fields.values()
         if np.isfinite(f[:, 0]).any()), default=heights[-1],
    )  # fmt: skip
    with open_figure(9.5, 6.4, save_path) as figure:
        grid = figure.subplots(2, 2, sharex=True, sharey=True)
        for axes, (side, field) in zip(grid.ravel(), fields.items(), strict=True):
            mesh = axes.pcolormesh(edges, heights, field, cmap="inferno", vmin=low, vmax=high)
            axes.set_title(f"looking {side}", fontsize=10.5, loc="left", pad=4)
            axes.set_ylim(0.0, top)
            finish_time_axis(axes, time, intervals if axes in grid[1] else "")
            axes.set_xlim(edges[0], edges[-1])
            axes.tick_params(axis="x", labelsize=8.5)
        for axes in grid[:, 0]:
            axes.set_ylabel("Height above the foot [m]")
        figure.subplots_adjust(left=0.075, right=0.86, top=0.84, bottom=0.1, hspace=0.2)
        bar = figure.colorbar(mesh, figure.add_axes((0.885, 0.1, 0.02, 0.74)))
        bar.set_label("Surface temperature [°C]")
        figure.text(0.075, 0.94, title, fontsize=15, weight="bold")
        figure.text(0.075, 0.895, subtitle, fontsize=10.5, color="#444444")
    return figure


def _mean_of_side(walls: xr.Dataset, aspect: float) -> F64:
    """Mean over the walls that look to a side, ``[height, time]``; NaN where there are few."""
    turn = np.abs((walls.aspect.values - aspect + 180.0) % 360.0 - 180.0)
    own = walls.wall_temperature.values[turn <= _NEAR_DEG]
    there = np.isfinite(own)
    count = there.sum(axis=0)
    total = np.where(there, own, 0.0).sum(axis=0, dtype=np.float64)
    few = count < max(_LEAST * len(own), 1.0)
    return np.where(few, np.nan, total / np.maximum(count, 1))

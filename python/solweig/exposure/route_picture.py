"""A way as a picture: on the map of its hottest departure, and by departure."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from solweig.exposure.finished import FinishedRun
from solweig.rasters.georef import GeoReference
from solweig.rasters.variables import label_of
from solweig.rasters.windows import Where
from solweig.results.map_style import scale_for
from solweig.results.outputs import ground_path
from solweig.results.plotting import (
    Underlay,
    draw_bar,
    draw_ground,
    draw_outlines,
    furnish,
    open_figure,
    require_matplotlib,
)

__all__ = ["draw_route"]

_MARGIN = 0.15
_LEAST_MARGIN_M = 25.0
_LONGEST = 1200
"""Cells of the map at the most on its longer side; larger ones are thinned."""
# Okabe and Ito's colours, which people with any colour vision tell apart.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def draw_route(
    run: FinishedRun,
    departures: Any,
    pieces: Any,
    best_by: str,
    thresholds: dict[str, float],
    save_path: str | Path | None = None,
) -> Any:
    """Draw the ways on the map of the hottest departure, and dose and mean by departure.

    Raises
    ------
    ConfigurationError
        Matplotlib is not installed.
    """
    require_matplotlib()
    quantity = best_by.partition("_")[0]
    label = label_of(quantity)
    ranked = departures.dropna(subset=[best_by])
    # The hottest walk shows where the heat is met; at the best one there is often little to see.
    shown = departures.iloc[0] if ranked.empty else ranked.loc[ranked[best_by].round(9).idxmax()]
    time = shown["depart"].to_datetime64()
    step = int(np.clip(np.searchsorted(run.bounds[:, 0], time, "right") - 1, 0, len(run) - 1))
    grid, underlay = _map(run, quantity, step, pieces.total_bounds)
    with open_figure(12.0, 6.6, save_path) as figure:
        axes = figure.add_axes((0.02, 0.05, 0.5, 0.84))
        scale = scale_for(quantity, np.where(underlay.buildings, np.nan, grid))
        draw_ground(axes, np.where(underlay.buildings, np.nan, grid), scale, underlay)
        draw_outlines(axes, underlay)
        furnish(axes, underlay)
        _draw_ways(axes, pieces)
        figure.canvas.draw()
        box = axes.get_position()
        bar_axes = figure.add_axes((box.x1 + 0.015, box.y0, 0.018, box.height))
        draw_bar(figure, bar_axes, scale)
        begin, end = (str(t.astype("datetime64[m]")).replace("T", " ") for t in run.bounds[step])
        figure.text(box.x0, box.y1 + 0.055, "Heat along the way", fontsize=15, weight="bold")
        figure.text(
            box.x0, box.y1 + 0.02, fontsize=10.5, color="#444444",
            s=f"{label} at the departure with most {_in_words(best_by)}, {begin} to {end[11:]}",
        )  # fmt: skip
        upper = figure.add_axes((0.73, 0.52, 0.25, 0.37))
        lower = figure.add_axes((0.73, 0.09, 0.25, 0.37), sharex=upper)
        _draw_departures(upper, lower, departures, quantity, best_by)
        upper.set_ylabel(f"Dose of {label} above {thresholds[quantity]:g} °C [K h]")
        lower.set_ylabel(f"Mean {label} [°C]")
    return figure


def _map(run: FinishedRun, quantity: str, step: int, bounds: Any) -> tuple[Any, Underlay]:
    where, thin = _around(run.georef, bounds)
    (grid,) = run.read_step(quantity, step, [where])
    # Of a run that kept no map of its buildings none are drawn.
    kept = ground_path(run.folder).is_file()
    ground = run.read_ground([where])[0] if kept else np.ones(grid.shape, np.uint8)
    grid, ground = grid[::thin, ::thin], ground[::thin, ::thin]
    x0, a, b, y0, d, e = run.georef.gdal
    part = GeoReference(
        (x0 + where[1].start * a, a * thin, b, y0 + where[0].start * e, d, e * thin),
        run.georef.crs_wkt, (grid.shape[0], grid.shape[1]),
    )  # fmt: skip
    flat = np.full(grid.shape, 0.6, np.float32)
    return grid, Underlay(flat, ground == 0, None, part)


def _around(georef: GeoReference, bounds: Any) -> tuple[Where, int]:
    """A window around the ways, as square as the map allows, and each how many cells are drawn."""
    west, south, east, north = (float(v) for v in bounds)
    side = max(east - west, north - south)
    half = side / 2 + max(_MARGIN * side, _LEAST_MARGIN_M)
    x, y = (west + east) / 2, (south + north) / 2
    top, left = georef.row_col(x - half, y + half)
    bottom, right = georef.row_col(x + half, y - half)
    rows, cols = georef.shape
    where = (
        slice(min(max(top, 0), rows - 1), min(max(bottom + 1, 1), rows)),
        slice(min(max(left, 0), cols - 1), min(max(right + 1, 1), cols)),
    )
    longest = max(where[0].stop - where[0].start, where[1].stop - where[1].start)
    return where, math.ceil(longest / _LONGEST)


def _draw_ways(axes: Any, pieces: Any) -> None:
    """Every way in a colour of its own with a white edge, dashed where it has no value."""
    import matplotlib.patheffects as effects
    import shapely

    halo = [effects.withStroke(linewidth=5.0, foreground="white")]
    for k, (name, rows) in enumerate(pieces.groupby("way", sort=False)):
        colour = _COLOURS[k % len(_COLOURS)]
        open_ground = (rows["state"] == "open ground").to_numpy()
        change = np.flatnonzero(np.diff(open_ground)) + 1
        for part in np.split(np.arange(len(rows)), change):
            ends = shapely.get_coordinates(rows.geometry.to_numpy()[part]).reshape(-1, 2, 2)
            line = np.concatenate([ends[:, 0], ends[-1:, 1]])
            axes.plot(
                *line.T, color=colour, lw=2.6, ls="-" if open_ground[part[0]] else (0, (1.2, 1.2)),
                path_effects=halo, zorder=8, solid_capstyle="round", scalex=False, scaley=False,
            )  # fmt: skip
        seen = (rows["state"] != "off the map").to_numpy()
        first = shapely.get_coordinates(rows.geometry.iloc[int(np.argmax(seen))])[0]
        axes.plot(*first, "o", ms=9, mfc="white", mec=colour, mew=2.4, zorder=9)
        axes.annotate(
            str(name), first, xytext=(9, 7), textcoords="offset points", fontsize=10, zorder=10,
            path_effects=[effects.withStroke(linewidth=3, foreground="white")],
        )  # fmt: skip


def _draw_departures(upper: Any, lower: Any, departures: Any, quantity: str, best_by: str) -> None:
    import matplotlib.dates as dates

    for k, (name, rows) in enumerate(departures.groupby("way", sort=False)):
        colour = _COLOURS[k % len(_COLOURS)]
        for axes, column in ((upper, f"{quantity}_dose_Kh"), (lower, f"{quantity}_mean")):
            axes.plot(
                rows["depart"], rows[column], color=colour, lw=1.7, marker=".", ms=6,
                label=str(name),
            )  # fmt: skip
            best = rows[rows["best"]]
            axes.plot(best["depart"], best[column], "*", color=colour, ms=15, mec="white", mew=0.8)
    for axes in (upper, lower):
        axes.grid(color="#dddddd", lw=0.7)
        axes.set_axisbelow(True)
    upper.plot([], [], "*", color="#555555", ms=12, label=f"least {_in_words(best_by)}", ls="")
    upper.legend(fontsize=8.5, framealpha=0.9)
    upper.tick_params(labelbottom=False)
    times = departures["depart"]
    locator = dates.AutoDateLocator(minticks=3, maxticks=6)
    lower.xaxis.set_major_locator(locator)
    short = (times.max() - times.min()).total_seconds() <= 26 * 3600
    lower.xaxis.set_major_formatter(
        dates.DateFormatter("%H:%M") if short else dates.ConciseDateFormatter(locator)
    )
    lower.set_xlabel("Departure, on the clock of the weather", fontsize=9, color="#444444")


def _in_words(measure: str) -> str:
    """Of a column such as ``utci_dose_Kh``."""
    quantity, _, what = measure.partition("_")
    label = label_of(quantity)
    words = {
        "dose_Kh": f"dose of {label}", "mean": f"mean {label}", "max": f"highest {label}",
        "minutes_above": f"minutes of {label} above its threshold",
    }  # fmt: skip
    return words[what]

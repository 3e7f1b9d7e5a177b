"""The pictures of a finished run, from what it holds or wrote."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from solweig.config import INDICES
from solweig.rasters.variables import TERMS
from solweig.results.attribution_plots import plot_attribution_curve, plot_attribution_maps
from solweig.results.captions import axis_text, clock_of, period_text
from solweig.results.outputs import step_path
from solweig.results.plotting import Underlay, plot_map, plot_point_curve, require_matplotlib
from solweig.results.summary import TimeseriesSummary
from solweig.results.wall_plots import plot_walls
from solweig.surface.data import SurfaceData

__all__ = ["draw_curves", "draw_run", "hottest_step"]

_TITLES = {
    "tmrt": "Mean radiant temperature",
    "utci": "Heat stress (UTCI)",
    "pet": "PET",
    "wbgt": "Wet bulb globe temperature",
    "tnw": "Natural wet bulb temperature",
    "globe150": "Globe of 150 mm",
    "globe38": "Globe of 38 mm",
    "at": "Apparent temperature",
    "set": "Standard effective temperature (SET*)",
}
_NEED_WIND = ("utci", "pet", *INDICES)


def hottest_step(summary: TimeseriesSummary) -> int:
    """The step with the highest mean Tmrt."""
    return int(np.nanargmax(summary.timeseries.tmrt_mean))


def draw_run(
    summary: TimeseriesSummary,
    surface: SurfaceData,
    folder: Path,
    *,
    place: str,
    wind_note: str = "",
    point: tuple[float, float, str] | None = None,
) -> list[Path]:
    """Draw the hottest step of each comfort quantity, hours of shade and the series.

    Of a run with the output ``attribution`` also where the heat of that step comes from, and with
    ``wall_temperature`` how warm walls are.

    Parameters
    ----------
    summary
        A run with a dataset or an output folder.
    surface
        Of that run.
    folder
        For the PNG files; created.
    place
        Name in the headings.
    wind_note
        Added to the subtitle of what depends on wind.
    point
        X, y and name of a place to mark.

    Returns
    -------
    list[Path]
        The files written.

    Raises
    ------
    ConfigurationError
        Matplotlib is not installed.
    """
    require_matplotlib()
    folder.mkdir(parents=True, exist_ok=True)
    underlay = Underlay.of_surface(surface)
    step = hottest_step(summary)
    stamp = summary.timeseries.datetime[step]
    when = _with_clock(f"{stamp.day} {stamp:%B %Y, %H:%M}", summary)
    files = []
    for name, title in _TITLES.items():
        ending = f" · {wind_note}" if wind_note and name in _NEED_WIND else ""
        grid = step_grid(summary, name, step, stamp)
        if grid is None or not np.isfinite(grid).any():
            continue
        path = folder / f"{name}_{stamp:%Y%m%d_%H%M}.png"
        plot_map(
            grid, name, underlay, title=title, point=point, save_path=path,
            subtitle=f"{place} · {when}{ending}",
        )  # fmt: skip
        files.append(path)
    terms = {name: step_grid(summary, name, step, stamp) for name in TERMS}
    known = {name: grid for name, grid in terms.items() if grid is not None}
    if len(known) == len(TERMS):
        path = folder / f"attribution_{stamp:%Y%m%d_%H%M}.png"
        plot_attribution_maps(
            known, underlay, title="Where the radiant heat comes from", save_path=path,
            subtitle=f"{place} · {when} · kelvin of Tmrt above the air",
        )  # fmt: skip
        files.append(path)
    if summary.shadow_available and summary.n_daytime:
        path = folder / "shade_hours.png"
        plot_map(
            summary.shade_hours, "shade_hours", underlay, title="Hours of shade", point=point,
            subtitle=f"{place} · {_period(summary)}, sun above the horizon", save_path=path,
        )  # fmt: skip
        files.append(path)
    if summary.walls is not None:
        path = folder / "wall_temperature.png"
        plot_walls(
            summary.walls, title="Temperature of walls", save_path=path,
            subtitle=f"{place} · {_period(summary)} · means of the walls that look to a side",
            intervals=summary.interval_text(),
        )  # fmt: skip
        files.append(path)
    path = folder / "series.png"
    summary.plot(save_path=path, place=place)
    return [*files, path]


def draw_curves(
    summary: TimeseriesSummary,
    folder: Path,
    *,
    place: str,
    measured: pd.DataFrame | None = None,
    wind_note: str = "",
) -> list[Path]:
    """Draw the curve of each point of interest, with measurements as dots where given.

    Of a run with the output ``attribution`` also where the heat comes from, by hour.
    """
    files: list[Path] = []
    if summary.pois is None:
        return files
    series = summary.timeseries
    air = pd.Series(series.ta, index=pd.DatetimeIndex(series.datetime))
    for i, (name, table) in enumerate(summary.pois.groupby("poi", sort=False)):
        path = folder / f"curve_{i + 1}.png" if i else folder / "day_curve.png"
        ending = f" · {wind_note}" if wind_note else ""
        plot_point_curve(
            table, title=str(name), air_temperature=air, measured=measured, save_path=path,
            intervals=axis_text(summary),
            subtitle=f"{place} · {_period(summary)}{ending}",
        )  # fmt: skip
        files.append(path)
        if not all(term in table for term in TERMS):
            continue
        path = path.with_name(f"attribution_{path.stem.removesuffix('_curve')}.png")
        plot_attribution_curve(
            table, title=f"{name}: where the radiant heat comes from", save_path=path,
            intervals=axis_text(summary), subtitle=f"{place} · {_period(summary)}",
        )  # fmt: skip
        files.append(path)
    return files


def step_grid(
    summary: TimeseriesSummary, name: str, step: int, stamp: datetime
) -> NDArray[np.float32] | None:
    """A grid of one step, from memory or from the run's files; None where it was not asked for."""
    if summary.dataset is not None:
        if name not in summary.dataset:
            return None
        return np.asarray(summary.dataset[name].isel(time=step))
    if summary.output_dir is None:
        return None
    path = step_path(summary.output_dir, name, stamp)
    if not path.exists():
        return None
    import rasterio

    with rasterio.open(path) as source:
        grid: NDArray[np.float32] = source.read(1, masked=True).filled(np.nan)
    return grid


def _period(summary: TimeseriesSummary) -> str:
    return _with_clock(period_text(summary.timeseries.datetime), summary)


def _with_clock(text: str, summary: TimeseriesSummary) -> str:
    clock = clock_of(summary)
    return f"{text} ({clock})" if clock else text

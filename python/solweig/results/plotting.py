"""Maps and curves as pictures. Needs matplotlib: ``pip install solweig[plot]``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solweig.atomic import atomic_path
from solweig.errors import MissingPackage
from solweig.rasters.georef import GeoReference
from solweig.results.captions import axis_text, period_text, place_of
from solweig.results.map_style import ColourScale, hillshade, scale_for
from solweig.results.statistics import RunStatistics
from solweig.surface.data import SurfaceData

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "Underlay", "draw_bar", "draw_ground", "draw_lines", "draw_outlines", "finish_time_axis",
    "furnish", "open_figure", "plot_map", "plot_point_curve", "plot_series", "require_matplotlib",
]  # fmt: skip

BUILDING_HEIGHT = 2.0  # m above the ground, for drawing only
TREE_HEIGHT = 2.0
OUTLINE = "#20242b"
TREE = "#1d7a3d"


def require_matplotlib() -> None:
    """Refuse to draw where matplotlib is not installed.

    Raises
    ------
    MissingPackage
        It is not; the message says how to install it.
    """
    try:
        import matplotlib  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise MissingPackage(
            "plot", "matplotlib", "no matplotlib", "Run: pip install 'solweig[plot]'"
        ) from error


@dataclass(frozen=True)
class Underlay:
    """What makes people recognise the place: relief of roofs, outlines of houses and trees."""

    shade: NDArray[np.float32]
    buildings: NDArray[np.bool_]
    trees: NDArray[np.bool_] | None
    georef: GeoReference

    @classmethod
    def of_surface(cls, surface: SurfaceData) -> Underlay:
        """The underlay of a surface: houses from land cover and heights, whichever are there."""
        dsm = np.asarray(surface.dsm, dtype=np.float64)
        canopy = None if surface.cdsm is None else np.asarray(surface.cdsm, dtype=np.float64)
        trees = None if canopy is None else np.nan_to_num(canopy) > TREE_HEIGHT
        return cls(
            hillshade(dsm, float(surface.pixel_size)),
            _buildings(surface, dsm),
            trees if trees is not None and trees.any() else None,
            surface.georef,
        )


def _buildings(surface: SurfaceData, dsm: NDArray[np.float64]) -> NDArray[np.bool_]:
    found = np.zeros(dsm.shape, dtype=bool)
    if surface.land_cover is not None:
        found |= np.asarray(surface.land_cover) == 2
    if surface.dem is not None:
        # Land cover is often a cell short of the walls that the surface model has.
        found |= dsm - np.asarray(surface.dem, dtype=np.float64) > BUILDING_HEIGHT
    return found


# ------------------------------------------------------------------ maps


def plot_map(
    grid: NDArray[Any],
    kind: str,
    underlay: Underlay,
    *,
    title: str,
    subtitle: str = "",
    save_path: str | Path | None = None,
    limits: tuple[float, float] | None = None,
    point: tuple[float, float, str] | None = None,
    scale: ColourScale | None = None,
    roofs: bool = False,
) -> Figure:
    """Draw one grid over houses and trees, with colour bar, scale and north arrow.

    Parameters
    ----------
    grid
        Values, shape (rows, cols), NaN = not drawn.
    kind
        Name of the variable (``tmrt``, ``utci``, ``shade_hours``...), picks the colours.
    underlay
        Houses and trees of the same raster.
    title, subtitle
        Heading; say the place, the quantity, the date and time.
    save_path
        File to write; None leaves the figure open.
    limits
        Range of the colours.
    point
        X, y and name of a place to mark.
    scale
        Colours, instead of those of ``kind``.
    roofs
        Draw the values of roofs, too.

    Raises
    ------
    ConfigurationError
        Matplotlib is not installed.
    """
    require_matplotlib()
    open_ground = grid if roofs else np.where(underlay.buildings, np.nan, grid)
    scale = scale or scale_for(kind, open_ground, limits)
    rows, cols = underlay.georef.shape
    height = 6.4
    width = float(np.clip(height * cols / rows, 4.5, 11.0)) + 2.4
    with open_figure(width, height + 0.9, save_path) as figure:
        axes = figure.add_axes((0.03, 0.03, 1 - 2.4 / width, 6.4 / (height + 0.9)))
        draw_ground(axes, open_ground, scale, underlay)
        draw_outlines(axes, underlay)
        furnish(axes, underlay)
        if point is not None:
            _mark(axes, point)
        figure.canvas.draw()  # places the map, so that bar and title can follow its edges
        box = axes.get_position()
        bar_axes = figure.add_axes((box.x1 + 0.2 / width, box.y0, 0.24 / width, box.height))
        draw_bar(figure, bar_axes, scale)
        gap = 1 / (height + 0.9)
        figure.text(box.x0, box.y1 + 0.36 * gap, title, fontsize=15, weight="bold", va="bottom")
        figure.text(box.x0, box.y1 + 0.10 * gap, subtitle, fontsize=10.5, color="#444444")
        _legend(axes, underlay)
    return figure


def draw_ground(
    axes: Axes, open_ground: NDArray[Any], scale: ColourScale, underlay: Underlay
) -> None:
    """Values of the ground under a colour scale, roofs in grey."""
    extent = _extent(underlay.georef)
    # Roofs between white and mid grey: lighter than any colour of the ground beside them.
    roofs = np.where(underlay.buildings, 0.7 + 0.3 * underlay.shade, np.nan)
    axes.set_facecolor("#c9ccd1")
    axes.imshow(roofs, cmap="gray", vmin=0, vmax=1, extent=extent, interpolation="nearest")
    axes.imshow(
        open_ground, cmap=scale.cmap, norm=scale.norm, extent=extent, interpolation="nearest"
    )


def draw_outlines(axes: Axes, underlay: Underlay) -> None:
    """Edges of buildings and of tree crowns."""
    _outline(axes, underlay.buildings, underlay.georef, OUTLINE, 0.9)
    if underlay.trees is not None:
        _outline(axes, underlay.trees & ~underlay.buildings, underlay.georef, TREE, 0.9)


def _outline(
    axes: Axes, mask: NDArray[np.bool_], georef: GeoReference, colour: str, width: float
) -> None:
    """Edges between cells inside and outside, along the cell borders."""
    from matplotlib.collections import LineCollection

    west, east, south, north = _extent(georef)
    rows, cols = mask.shape
    dx, dy = (east - west) / cols, (north - south) / rows
    padded = np.pad(mask, 1)
    r, c = np.nonzero(padded[1:-1, 1:] != padded[1:-1, :-1])
    x, y = west + c * dx, north - r * dy
    upright = np.stack([np.column_stack([x, y]), np.column_stack([x, y - dy])], axis=1)
    r, c = np.nonzero(padded[1:, 1:-1] != padded[:-1, 1:-1])
    x, y = west + c * dx, north - r * dy
    level = np.stack([np.column_stack([x, y]), np.column_stack([x + dx, y])], axis=1)
    lines = LineCollection(
        list(np.concatenate([upright, level])), colors=colour, linewidths=width, capstyle="round"
    )
    axes.add_collection(lines)


def draw_bar(figure: Figure, bar_axes: Axes, scale: ColourScale) -> None:
    """A colour bar, with the names of classes where the scale has some."""
    from matplotlib.cm import ScalarMappable

    bar = figure.colorbar(
        ScalarMappable(norm=scale.norm, cmap=scale.cmap), cax=bar_axes, spacing="proportional"
    )
    if scale.ticks is not None:
        bar.set_ticks(scale.ticks.tolist(), labels=[f"{t:g}" for t in scale.ticks])
    bar.ax.minorticks_off()
    bar.ax.tick_params(labelsize=9.5)
    bar.set_label(scale.label, fontsize=11)
    for centre, name in scale.classes:
        # Inside the axes of the bar, beyond the label: one name per stress class.
        bar.ax.annotate(
            name, (4.2, centre), xycoords=("axes fraction", "data"), rotation=90,
            va="center", ha="left", fontsize=9.5, color="#333333", annotation_clip=False,
        )  # fmt: skip


def furnish(axes: Axes, underlay: Underlay) -> None:
    """Scale bar bottom left, north arrow top right; no ticks."""
    import matplotlib.patheffects as effects
    from matplotlib.patches import Rectangle

    west, east, south, north = _extent(underlay.georef)
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_xticks([])
    axes.set_yticks([])
    halo = [effects.withStroke(linewidth=3, foreground="white")]
    width, height = east - west, north - south
    length = _nice_length(width / 4)
    x0, y0 = west + 0.04 * width, south + 0.045 * height
    for i, colour in enumerate(("#111111", "white")):
        axes.add_patch(
            Rectangle(
                (x0 + i * length / 2, y0), length / 2, 0.012 * height,
                facecolor=colour, edgecolor="#111111", linewidth=1.0, zorder=6,
            )
        )  # fmt: skip
    text = f"{length:g} m" if length < 1000 else f"{length / 1000:g} km"
    axes.text(
        x0 + length / 2, y0 + 0.02 * height, text, ha="center", va="bottom",
        fontsize=10, path_effects=halo, zorder=7,
    )  # fmt: skip
    axes.annotate(
        "N", xy=(0.955, 0.975), xytext=(0.955, 0.885), xycoords="axes fraction",
        ha="center", va="center", fontsize=12, weight="bold", zorder=7, path_effects=halo,
        arrowprops={"facecolor": "#111111", "edgecolor": "white", "width": 4, "headwidth": 12},
    )  # fmt: skip


def _legend(axes: Axes, underlay: Underlay) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[Any] = []
    if underlay.buildings.any():
        entries.append(Patch(facecolor="#dddddd", edgecolor=OUTLINE, label="Buildings"))
    if underlay.trees is not None:
        entries.append(Line2D([], [], color=TREE, linewidth=1.6, label="Tree crowns"))
    if entries:
        axes.legend(handles=entries, loc="lower right", fontsize=9, framealpha=0.9)


def _mark(axes: Axes, point: tuple[float, float, str]) -> None:
    import matplotlib.patheffects as effects

    x, y, name = point
    axes.plot(x, y, "o", ms=9, mfc="white", mec="#111111", mew=1.8, zorder=8)
    axes.annotate(
        name, (x, y), xytext=(9, 7), textcoords="offset points", fontsize=10, zorder=8,
        path_effects=[effects.withStroke(linewidth=3, foreground="white")],
    )  # fmt: skip


def _extent(georef: GeoReference) -> tuple[float, float, float, float]:
    west, south, east, north = georef.bounds()
    return west, east, south, north


def _nice_length(length: float) -> float:
    scale = 10.0 ** np.floor(np.log10(length))
    return float(max(n for n in (1, 2, 5) if n * scale <= length) * scale)


# ------------------------------------------------------------------ curves


def plot_point_curve(
    table: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    air_temperature: pd.Series | None = None,
    measured: pd.DataFrame | None = None,
    intervals: str = "",
    save_path: str | Path | None = None,
) -> Figure:
    """Draw a point's day: Tmrt, UTCI and air above, radiation below, measurements as dots.

    Parameters
    ----------
    table
        Rows of one point from ``summary.pois``.
    title, subtitle
        Heading.
    air_temperature
        [deg C], indexed by time.
    measured
        Indexed by time, any of ``Tmrt``, ``Kdown``, ``Kup``, ``Ldown``, ``Lup``.
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
    with open_figure(9.5, 7.2, save_path) as figure:
        upper, lower = figure.subplots(
            2, 1, sharex=True, gridspec_kw={"height_ratios": [3, 2], "hspace": 0.08}
        )
        time = table["time"].to_numpy()
        for name, label, colour in (
            ("tmrt", "Tmrt", "#c2185b"),
            ("utci", "UTCI", "#ef8a17"),
            ("pet", "PET", "#7b5ea7"),
            ("wbgt", "WBGT", "#2e7d32"),
            ("set", "SET*", "#5d4037"),
        ):
            if name in table and table[name].notna().any():
                upper.plot(time, table[name], color=colour, lw=2.2, label=label)
        if air_temperature is not None:
            upper.plot(air_temperature.index, air_temperature, color="#1f6fb2", lw=1.6, label="Air")
        for name, colour in (
            ("kdown", "#e8a200"),
            ("kup", "#8d6e3f"),
            ("ldown", "#3b6fb5"),
            ("lup", "#b03a5b"),
        ):
            if name in table:
                lower.plot(time, table[name], color=colour, lw=1.8, label=_FLUX_LABELS[name])
            if measured is not None and name.capitalize() in measured:
                dots = measured[name.capitalize()]
                lower.plot(dots.index, dots, "o", ms=4.5, mfc="white", mec=colour, mew=1.4)
        if measured is not None and "Tmrt" in measured:
            upper.plot(
                measured.index, measured["Tmrt"], "o", ms=6, mfc="white", mec="#c2185b", mew=1.6,
                label="Tmrt, measured",
            )  # fmt: skip
            lower.plot([], [], "o", ms=4.5, mfc="white", mec="#555555", label="measured")
        _shade_nights(upper, lower, table)
        upper.set_ylabel("Temperature [°C]")
        lower.set_ylabel("Radiation [W m⁻²]")
        finish_time_axis(lower, time, intervals)
        for axes in (upper, lower):
            axes.grid(color="#dddddd", lw=0.7)
            axes.set_axisbelow(True)
            axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=10)
        figure.subplots_adjust(left=0.085, right=0.82, top=0.875, bottom=0.08)
        figure.text(0.085, 0.945, title, fontsize=15, weight="bold")
        figure.text(0.085, 0.905, subtitle, fontsize=10.5, color="#444444")
    return figure


_FLUX_LABELS = {
    "kdown": "shortwave down",
    "kup": "shortwave up",
    "ldown": "longwave down",
    "lup": "longwave up",
}


def _shade_nights(upper: Axes, lower: Axes, table: pd.DataFrame) -> None:
    time = table["time"].to_numpy()
    if "kdown" not in table or len(time) < 2:
        return
    half = (time[1] - time[0]) / 2
    for t, k in zip(time, table["kdown"], strict=True):
        if k <= 0:
            for axes in (upper, lower):
                axes.axvspan(t - half, t + half, color="#e9edf3", lw=0, zorder=0)


def finish_time_axis(axes: Axes, time: NDArray[Any], intervals: str) -> None:
    """Ticks for hours or days, and below them what the intervals are."""
    import matplotlib.dates as dates

    axes.set_xlabel(intervals, fontsize=9, color="#444444")

    hours = (time[-1] - time[0]) / np.timedelta64(1, "h") if len(time) > 1 else 1.0
    locator = dates.AutoDateLocator(minticks=5, maxticks=10)
    axes.xaxis.set_major_locator(locator)
    if hours <= 26:
        axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))
    else:
        axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    if len(time) > 1:
        axes.set_xlim(time[0], time[-1])


def plot_series(
    summary: RunStatistics,
    *,
    save_path: str | Path | None = None,
    figsize: tuple[float, float] = (14, 10),
    max_days: int = 5,
    where: str = "ground",
    place: str | None = None,
) -> Figure:
    """Draw a run's series: temperatures, radiation, sunlit fraction and wind.

    See :meth:`RunStatistics.plot`.
    """
    require_matplotlib()
    table = summary.timeseries.to_dataframe(where)
    area, sunlit = ("open ground", "ground") if where == "ground" else ("the map", "map")
    stamps = summary.timeseries.datetime
    if len(table):
        table = table[table.index < table.index[0] + np.timedelta64(max_days, "D")]
    heading = f"Heat stress, {period_text(stamps[: len(table)])}" if stamps else "Heat stress"
    if len(table) < len(stamps):
        heading = f"{heading}, the first {max_days} days of {period_text(stamps)}"
    if stamps and stamps[0].tzinfo is not None:
        table = table.tz_localize(None)
    with open_figure(*figsize, save_path) as figure:
        heat, radiation, sun = figure.subplots(
            3, 1, sharex=True, gridspec_kw={"height_ratios": [3, 2, 1.4], "hspace": 0.08}
        )
        draw_lines(heat, table, {
            "tmrt_mean": (f"Tmrt, mean of {area}", "#c2185b"),
            "utci_mean": (f"UTCI, mean of {area}", "#ef8a17"),
            "ta": ("Air", "#1f6fb2"),
        })  # fmt: skip
        heat.set_ylabel("Temperature [°C]")
        draw_lines(radiation, table, {
            "global_rad": ("Global", "#e8a200"),
            "direct_rad": ("Beam (normal)", "#d8572a"),
            "diffuse_rad": ("Diffuse", "#3b6fb5"),
        })  # fmt: skip
        radiation.set_ylabel("Irradiance [W m⁻²]")
        draw_lines(sun, table, {
            "sun_fraction": (f"Sunlit {sunlit} [-]", "#e8a200"),
            "clearness_index": ("Clearness index [-]", "#3b6fb5"),
        })  # fmt: skip
        sun.set_ylim(0, 1.05)
        sun.set_ylabel("Fraction [-]")
        finish_time_axis(sun, table.index.to_numpy(), axis_text(summary))
        # Points between baseline and axes, whatever the size of the figure.
        heat.annotate(
            heading, (0, 1), (0, 28), xycoords="axes fraction", textcoords="offset points",
            fontsize=14, weight="bold",
        )  # fmt: skip
        heat.annotate(
            place_of(summary) if place is None else place, (0, 1), (0, 10),
            xycoords="axes fraction", textcoords="offset points", fontsize=10.5, color="#444444",
        )  # fmt: skip
        figure.subplots_adjust(left=0.07, right=0.97, top=0.92, bottom=0.06)
    return figure


def draw_lines(axes: Axes, table: pd.DataFrame, columns: dict[str, tuple[str, str]]) -> None:
    """Columns of a table over time, each with its label and colour; empty ones are left out."""
    for name, (label, colour) in columns.items():
        values = table[name].to_numpy(dtype=np.float64)
        if np.isfinite(values).any():
            axes.plot(table.index, values, label=label, color=colour, lw=1.8, marker=".", ms=5)
    axes.grid(color="#dddddd", lw=0.7)
    axes.set_axisbelow(True)
    axes.legend(loc="upper right", fontsize=10, framealpha=0.9)


@contextmanager
def open_figure(width: float, height: float, save_path: str | Path | None) -> Iterator[Figure]:
    """A figure that is written and closed when a path is given, else left to the caller."""
    if save_path is None:
        from matplotlib import pyplot

        yield pyplot.figure(figsize=(width, height))
        return
    # Without pyplot no display is needed and no global state is left behind.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=130)
    FigureCanvasAgg(figure)
    yield figure
    target = Path(save_path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target) as partial:
        figure.savefig(partial, dpi=130, facecolor="white", bbox_inches="tight", pad_inches=0.15)

"""Pictures of a validation. Needs matplotlib: ``pip install solweig[plot]``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solweig.results.plotting import require_matplotlib
from solweig.typing import F64
from solweig.validation.assess import Validation
from solweig.validation.budget import REST
from solweig.validation.quantities import K_SIDES, L_SIDES, QUANTITIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["budget_picture", "day_picture", "interval_picture", "scatter_picture"]

MODEL, MAST = "#0072b2", "#111111"
_TERMS = {
    "Kdown": "#e8a200", "Kup": "#8d6e3f", "K sides": "#d8572a", "Ldown": "#3b6fb5",
    "Lup": "#b03a5b", "L sides": "#7b5ea7", REST: "#9a9a9a",
}  # fmt: skip


def day_picture(found: Validation, day: np.datetime64) -> bytes:
    """One day: a panel each quantity, PNG.

    Bars are the mast's means over the intervals its rows stand for, the line is the model step by
    step, dots are its means over the same intervals.
    """
    bounds = found.mast.bounds(found.fit.interval.stamp)
    first = day.astype("datetime64[ns]")
    last = first + np.timedelta64(1, "D")
    middle = bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) // 2
    rows = (middle >= first) & (middle < last)
    names = [name for name in QUANTITIES if name in found.mast.columns]
    columns = min(4, len(names))
    lines = -(-len(names) // columns)
    fine = _fine(found)
    steps = (found.model.bounds[:, 0] < last) & (found.model.bounds[:, 1] > first)
    with _picture(3.1 * columns + 0.6, 2.2 * lines + 0.9) as (figure, buffer):
        grid = figure.subplots(lines, columns, squeeze=False, sharex=True)
        for axes, name in zip(grid.flat, names, strict=False):
            axes.stairs(
                fine[name][steps],
                _edges(found.model.bounds[steps], first),
                baseline=None, color=MODEL, lw=1.2, alpha=0.8, label="model, step by step",
            )  # fmt: skip
            axes.plot(_hours(middle[rows], first), found.paired[name][rows], "o", ms=3.6,
                      color=MODEL, label="model, mean of the row")  # fmt: skip
            _bars(axes, bounds[rows], first, found.mast.columns[name][rows])
            axes.set_title(f"{name} [{QUANTITIES[name].unit}]", fontsize=10, loc="left")
            axes.grid(color="#dddddd", lw=0.7)
            axes.set_axisbelow(True)
        for axes in list(grid.flat)[len(names) :]:
            axes.set_visible(False)
        _limit(grid.flat[0], bounds[rows], first)
        for axes in list(grid.flat)[max(0, len(names) - columns) : len(names)]:
            axes.xaxis.set_tick_params(labelbottom=True)
            axes.set_xlabel("hour of the weather's clock", fontsize=9)
        handles, labels = grid.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
        figure.suptitle(f"{found.mast.name}, {day}", fontsize=12, x=0.01, ha="left", weight="bold")
    return buffer.getvalue()


def budget_picture(found: Validation) -> bytes:
    """Error of Tmrt row by row, by term, stacked: the dots are the whole error; PNG."""
    assert found.budget is not None
    rows = np.flatnonzero(np.isfinite(found.budget[REST]))
    with _picture(9.5, 3.8) as (figure, buffer):
        axes = figure.subplots()
        above, below = np.zeros(rows.size), np.zeros(rows.size)
        place = np.arange(rows.size)
        for name, values in found.budget.items():
            part = np.nan_to_num(values[rows])
            base = np.where(part >= 0, above, below)
            axes.bar(place, part, bottom=base, color=_TERMS[name], label=name, width=0.85)
            above, below = above + np.maximum(part, 0.0), below + np.minimum(part, 0.0)
        whole = (found.paired["Tmrt"] - found.mast.columns["Tmrt"])[rows]
        axes.plot(place, whole, "o", color="white", mec=MAST, ms=4.5, label="whole error")
        axes.axhline(0.0, color=MAST, lw=0.8)
        _label_rows(axes, found.mast.times[rows])
        axes.set_ylabel("model less mast [K]")
        axes.set_xlabel("stamp of the mast's row", fontsize=9)
        axes.grid(axis="y", color="#dddddd", lw=0.7)
        axes.set_axisbelow(True)
        figure.legend(loc="outside right upper", frameon=False, fontsize=9)
    return buffer.getvalue()


def interval_picture(found: Validation) -> bytes:
    """What model and mast differ by if rows began earlier or later; PNG."""
    interval = found.fit.interval
    with _picture(6.6, 3.0) as (figure, buffer):
        axes = figure.subplots()
        axes.plot(interval.shifts, interval.shift_rms, color=MODEL, lw=1.8)
        for name, share in (("end", -1.0), ("centre", -0.5), ("start", 0.0)):
            taken = name == interval.stamp
            axes.axvline(share * found.mast.minutes, color=MAST, lw=1.6 if taken else 0.8,
                         ls="-" if taken else ":")  # fmt: skip
            axes.annotate(
                f"stamp = {name}" + (", taken" if taken else ""),
                (share * found.mast.minutes, 0.98), xycoords=("data", "axes fraction"),
                rotation=90, va="top", ha="right", fontsize=9,
            )  # fmt: skip
        axes.set_ylim(bottom=0.0)
        axes.set_xlabel("rows begin so long after their stamp [min]", fontsize=9)
        axes.set_ylabel("difference, rms [W m⁻²]", fontsize=9)
        axes.grid(color="#dddddd", lw=0.7)
    return buffer.getvalue()


def scatter_picture(found: Validation) -> bytes:
    """Modelled against measured, Tmrt, shortwave and longwave; PNG."""
    groups = {
        "Tmrt [°C]": ("Tmrt",),
        "Shortwave [W m⁻²]": ("Kdown", "Kup", *K_SIDES),
        "Longwave [W m⁻²]": ("Ldown", "Lup", *L_SIDES),
    }
    shown = {
        title: [n for n in names if n in found.mast.columns] for title, names in groups.items()
    }
    shown = {title: names for title, names in shown.items() if names}
    with _picture(3.5 * len(shown) + 0.4, 3.7) as (figure, buffer):
        grid = figure.subplots(1, len(shown), squeeze=False)
        for axes, (title, names) in zip(grid.flat, shown.items(), strict=True):
            for i, name in enumerate(names):
                axes.plot(found.mast.columns[name], found.paired[name], "o", ms=3.5, alpha=0.8,
                          color=f"C{i}", label=name)  # fmt: skip
            both = np.concatenate([axes.get_xlim(), axes.get_ylim()])
            axes.plot([both.min(), both.max()], [both.min(), both.max()], color=MAST, lw=0.8)
            axes.set_aspect("equal", adjustable="datalim")
            axes.set_title(title, fontsize=10, loc="left")
            axes.set_xlabel("measured", fontsize=9)
            axes.set_ylabel("modelled", fontsize=9)
            axes.grid(color="#dddddd", lw=0.7)
            axes.set_axisbelow(True)
            if len(names) > 1:
                axes.legend(fontsize=8, frameon=False, handletextpad=0.1)
    return buffer.getvalue()


def _fine(found: Validation) -> dict[str, F64]:
    """Every quantity step by step."""
    turn = 0.0 if found.fit.turn is None else found.fit.turn.degrees
    model = found.model
    sides = dict(zip(K_SIDES, model.shortwave_sides(turn), strict=True))
    sides |= dict(zip(L_SIDES, model.longwave_sides(turn), strict=True))
    flat = {n: model.fields[q.field] for n, q in QUANTITIES.items() if q.field in model.fields}
    return {**flat, **sides}


def _hours(times: NDArray[np.datetime64], first: np.datetime64) -> F64:
    return np.asarray((times - first) / np.timedelta64(1, "h"), np.float64)


def _edges(bounds: NDArray[np.datetime64], first: np.datetime64) -> F64:
    return _hours(np.concatenate([bounds[:, 0], bounds[-1:, 1]]), first)


def _bars(axes: Axes, bounds: NDArray[np.datetime64], first: np.datetime64, values: F64) -> None:
    axes.hlines(
        values, _hours(bounds[:, 0], first), _hours(bounds[:, 1], first), color=MAST, lw=2.2,
        label="mast, over the row's interval",
    )  # fmt: skip


def _limit(axes: Axes, bounds: NDArray[np.datetime64], first: np.datetime64) -> None:
    hours = _hours(bounds.ravel(), first)
    axes.set_xlim(max(-1.0, hours.min() - 1.0), min(25.0, hours.max() + 1.0))


def _label_rows(axes: Axes, times: NDArray[np.datetime64]) -> None:
    every = max(1, times.size // 16)
    place = np.arange(0, times.size, every)
    one_day = np.unique(times.astype("datetime64[D]")).size == 1
    texts = [str(t.astype("datetime64[m]")) for t in times[place]]
    axes.set_xticks(place, [t[11:] if one_day else f"{t[5:10]} {t[11:]}" for t in texts],
                    rotation=0 if one_day else 60, fontsize=8)  # fmt: skip


@contextmanager
def _picture(width: float, height: float) -> Iterator[tuple[Figure, BytesIO]]:
    """A figure without a display, and where its PNG goes."""
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Drawn

    figure = Drawn(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    buffer = BytesIO()
    yield figure, buffer
    options: dict[str, Any] = {"format": "png", "dpi": 110, "metadata": {"Software": None}}
    figure.savefig(buffer, **options)

"""What a page shows of a run's rasters: which steps, which quantities, which summaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.config import VALID_OUTPUTS
from solweig.errors import ConfigurationError
from solweig.exposure.finished import read_map
from solweig.rasters.variables import COMFORT, attributes
from solweig.rasters.windows import Where
from solweig.report.maps import DrawnMap, Ground, LayerMaps, Reading, draw, factor_for, read_layers
from solweig.report.source import ToldRun
from solweig.report.words import interval_text
from solweig.results.outputs import ground_path, summary_path
from solweig.typing import Advance

__all__ = ["MOST_STEPS", "Frame", "PageMaps", "all_drawn", "collect"]

MOST_STEPS = 72
"""Steps a slider goes over; of a longer run it is one day."""
_SUMMARY_BLOCK = 512
_IN_HOURS, _PLAIN = "h", ("degC", "1")
_DRAWN_ALONE = ("mean", "max", "min")


@dataclass(frozen=True)
class Frame:
    """A place of the slider.

    Attributes
    ----------
    label
        The interval it stands for.
    begin, end
        The same; None for an hour of the day over a whole period.
    """

    label: str
    begin: np.datetime64 | None = None
    end: np.datetime64 | None = None


@dataclass(frozen=True)
class PageMaps:
    """Everything drawn and counted of a run's rasters.

    Attributes
    ----------
    frames
        Places of the slider.
    by_frame
        Of every quantity, a map a frame.
    summaries
        Maps of the whole period by name.
    numbers
        Of all summaries of the period, drawn or not.
    factor
        Cells along the side of a pixel.
    first
        The frame that is shown first, the hottest.
    notes
        What was left out.
    """

    frames: tuple[Frame, ...]
    by_frame: dict[str, list[DrawnMap]]
    summaries: dict[str, DrawnMap]
    numbers: dict[str, LayerMaps]
    factor: int
    first: int
    notes: tuple[str, ...]

    @property
    def bytes(self) -> int:
        """Of the maps as PNG files."""
        by_frame = sum(len(one.png) for maps in self.by_frame.values() for one in maps)
        return by_frame + sum(len(one.png) for one in self.summaries.values())


def collect(
    told: ToldRun,
    *,
    quantities: Sequence[str] | None = None,
    day: str | None = None,
    progress: Advance | None = None,
) -> PageMaps:
    """Read and draw what a page shows.

    Parameters
    ----------
    told
        The run.
    quantities
        Rasters of steps that are drawn; None are temperatures and shadow.
    day
        The day whose steps are drawn, where there are more than :data:`MOST_STEPS`; None is the
        hottest.
    progress
        Called with (done, total).

    Raises
    ------
    ConfigurationError
        A quantity or day the run does not have, a raster that is damaged or gone.
    """
    notes: list[str] = []
    frames, readings = _of_frames(told, quantities, day, notes)
    names, drawn_names = _summaries(told)
    of_period = [_of_summary(told, name, name) for name in names]
    ground = _ground(told, notes)
    factor = factor_for(ground.shape, len(readings) + len(drawn_names))
    layers, roofs = read_layers(ground, [*readings, *of_period], factor, progress)
    by_step, by_period = layers[: len(readings)], layers[len(readings) :]
    shown = [layer for layer in by_period if layer.reading.name in drawn_names]
    drawn, factor = draw([*by_step, *shown], roofs, factor)
    by_frame: dict[str, list[DrawnMap]] = {}
    for one in drawn[: len(by_step)]:
        by_frame.setdefault(one.layer.reading.quantity, []).append(one)
    return PageMaps(
        frames=tuple(frames),
        by_frame=by_frame,
        summaries={one.layer.reading.name: one for one in drawn[len(by_step) :]},
        numbers={layer.reading.name: layer for layer in by_period},
        factor=factor,
        first=_hottest(by_frame),
        notes=tuple(notes),
    )


def _hottest(by_frame: dict[str, list[DrawnMap]]) -> int:
    if not by_frame:
        return 0
    maps = by_frame.get("tmrt") or next(iter(by_frame.values()))
    means = np.array([one.layer.mean for one in maps])
    return 0 if np.isnan(means).all() else int(np.nanargmax(means))


def _ground(told: ToldRun, notes: list[str]) -> Ground:
    path, shape = ground_path(told.folder), told.georef.shape
    rows = _SUMMARY_BLOCK if told.steps is None else told.steps.block[0]
    if path.is_file():
        return Ground(shape, rows, partial(read_map, path))
    notes.append(
        "The run does not say where its buildings are: roofs are drawn, and count in all areas and "
        "means."
    )
    return Ground(shape, rows, _all_open)


def _all_open(windows: Sequence[Where]) -> list[NDArray[Any]]:
    return [np.ones((w[0].stop - w[0].start, w[1].stop - w[1].start), np.uint8) for w in windows]


# ------------------------------------------------------------------ the slider


def _of_frames(
    told: ToldRun, quantities: Sequence[str] | None, day: str | None, notes: list[str]
) -> tuple[list[Frame], list[Reading]]:
    run = told.steps
    if run is None:
        if quantities is not None or day is not None:
            raise ConfigurationError(
                "day" if quantities is None else "quantities", "nothing, for a run without steps",
                repr(day if quantities is None else quantities),
            )  # fmt: skip
        return _of_hours(told)
    names = _quantities(run.quantities, quantities)
    left = [name for name in run.quantities if name not in names]
    if left:
        notes.append(f"Also kept by the run and not drawn here: {', '.join(left)}.")
    steps = _steps(told, day, notes)
    frames = [Frame(interval_text(*run.bounds[i]), *run.bounds[i]) for i in steps]
    readings = [Reading(n, n, partial(run.read_step, n, int(i))) for n in names for i in steps]
    return frames, readings


def _quantities(kept: Sequence[str], wanted: Sequence[str] | None) -> list[str]:
    in_order = [name for name in (*COMFORT, *VALID_OUTPUTS, *kept) if name in kept]
    if wanted is None:
        plain = [n for n in in_order if attributes(n)["units"] in _PLAIN]
        return list(dict.fromkeys(plain or in_order))
    unknown = [name for name in wanted if name not in kept]
    if unknown or not wanted:
        raise ConfigurationError(
            "quantities", f"names among {', '.join(kept)}, which the run kept",
            ", ".join(unknown) or "none",
        )  # fmt: skip
    return list(dict.fromkeys(wanted))


def all_drawn(told: ToldRun, frames: Sequence[Frame]) -> bool:
    """Whether maps by hour are of all steps of a run, or of hours of the day over all of them."""
    if not frames or frames[0].begin is None or told.bounds is None:
        return True
    return len(frames) == len(told.bounds)


def _steps(told: ToldRun, day: str | None, notes: list[str]) -> list[int]:
    """Numbers of the steps that are drawn."""
    assert told.steps is not None
    bounds = told.steps.bounds
    middle = bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) // 2
    days = middle.astype("datetime64[D]")
    chosen, why = _day(told, day, days)
    if chosen is None:
        return list(range(len(bounds)))
    steps = np.flatnonzero(days == chosen)
    apart = -(-len(steps) // MOST_STEPS)
    notes.append(
        f"The run has {len(bounds)} steps. Maps and areas by hour are those of {chosen}, {why}"
        + (f"; of its {len(steps)} steps every {apart}." if apart > 1 else ".")
    )
    return [int(i) for i in steps[::apart]]


def _day(
    told: ToldRun, said: str | None, days: NDArray[np.datetime64]
) -> tuple[np.datetime64 | None, str]:
    """The day that is drawn, and why; None: all of them."""
    known = np.unique(days)
    if said is not None:
        named = [one for one in known if str(one) == str(said)]
        if not named:
            raise ConfigurationError(
                "day", f"a day of the run, {known[0]} to {known[-1]}", repr(said)
            )
        return named[0], "as asked for"
    if len(days) <= MOST_STEPS:
        return None, ""
    if told.series is None or len(told.series) != len(days):
        return known[len(known) // 2], "the middle of the period"
    means = told.series["tmrt_mean"].to_numpy(np.float64)
    by_day = np.array([_mean(means[days == one]) for one in known])
    if np.isnan(by_day).all():
        return known[len(known) // 2], "the middle of the period"
    return known[int(np.nanargmax(by_day))], "the day with the highest mean Tmrt"


def _mean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def _of_hours(told: ToldRun) -> tuple[list[Frame], list[Reading]]:
    """Of a run that kept statistics alone: means by hour of the day, if it was asked for them."""
    readings = []
    hours = range(24)
    files = {path.stem for path in (told.folder / "summary").glob("*.tif")}
    there = [h for h in hours if any(f"{q}_mean_hour_{h:02d}" in files for q in COMFORT)]
    for base in COMFORT:
        names = [f"{base}_mean_hour_{h:02d}" for h in there]
        if names and all(name in files for name in names):
            quantity = f"{base}_mean"
            readings += [_of_summary(told, name, quantity) for name in names]
    frames = [Frame(f"{h:02d}:00–{h + 1:02d}:00, mean of the period") for h in there]
    return (frames, readings) if readings else ([], [])


# ------------------------------------------------------------------ summaries


def _of_summary(told: ToldRun, name: str, quantity: str) -> Reading:
    return Reading(name, quantity, partial(read_map, summary_path(told.folder, name)))


def _summaries(told: ToldRun) -> tuple[list[str], list[str]]:
    """Summaries of the whole period, and those of them that are drawn."""
    files = sorted(path.stem for path in (told.folder / "summary").glob("*.tif"))
    names = [name for name in files if _is_known(name) and not _is_group(name)]
    drawn = [name for name in names if attributes(name)["units"] == _IN_HOURS]
    if told.steps is None:
        drawn += [n for n in names if n not in drawn and n.partition("_")[2] in _DRAWN_ALONE]
    return names, drawn


def _is_known(name: str) -> bool:
    """Whether a file is one that runs write."""
    try:
        attributes(name)
    except KeyError:
        return False
    return True


def _is_group(name: str) -> bool:
    statistic = name.partition("_")[2]
    return "_hour_" in statistic or "_month_" in statistic

"""Heat along a way: what a walker meets, by time of departure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError
from solweig.exposure.departures import Departures, Period, find_departures
from solweig.exposure.files import write_csv, write_geopackage
from solweig.exposure.finished import FinishedRun
from solweig.exposure.shapes import need_packages, read_lines
from solweig.exposure.thresholds import one_each
from solweig.exposure.walk import Walk, walked
from solweig.exposure.way import Way, blocks_of, cut_way
from solweig.rasters.variables import COMFORT
from solweig.results.outputs import prepare_folder
from solweig.results.plotting import require_matplotlib
from solweig.results.sums import check_where
from solweig.typing import F32

__all__ = ["RouteExposure", "route_exposure"]

WALKING_SPEED = 1.3
DEFAULT_THRESHOLD = 32.0
_MEASURES = ("dose_Kh", "mean", "max", "minutes_above")
_FILES = ("departures.csv", "route.gpkg", "route.png")
STATES = ("open ground", "building", "off the map", "no value")


@dataclass(frozen=True)
class RouteExposure:
    """Heat along ways, by departure.

    Parameters
    ----------
    departures
        DataFrame, one row a way and departure: ``way``, ``depart``, ``arrive`` (on the weather's
        clock), ``minutes``, and of each quantity ``NAME_mean``, ``NAME_max`` [deg C],
        ``NAME_dose_Kh`` (above its threshold), ``NAME_minutes_above``, ``NAME_minutes`` (with a
        value); ``best`` marks the departure to choose.
    ways
        GeoDataFrame, one row a line: ``way``, ``length_m``, of it ``off_map_m``, ``buildings_m``,
        ``no_value_m``, ``gaps_m`` (between its parts, not walked), ``best_depart``.
    pieces
        GeoDataFrame, one row a piece of a way within one cell: ``way``, ``piece``, ``begin_m``,
        ``length_m``, ``state``, and of the best departure ``time`` and the mean of each quantity.
    thresholds
        By quantity [deg C].
    best_by
        What the best departure has least of.
    notes
        What is to be said.
    utc_offset
        What the clock of the times is ahead of UTC [h].
    """

    departures: Any
    ways: Any
    pieces: Any
    thresholds: dict[str, float]
    best_by: str
    notes: list[str]
    utc_offset: float
    _run: FinishedRun = field(repr=False)

    def report(self) -> str:
        """Every way with its best and its worst departure, and what is to be said.

        Returns
        -------
        str
            Plain text.
        """
        lines = [f"note         {note}" for note in self.notes]
        shown = [c for c in self.departures.columns if c.endswith(("_mean", "_max", "_dose_Kh"))]
        widths = {c: max(14, len(c) + 2) for c in shown}
        lines.append(f"best by      least {self.best_by}")
        head = f"{'way':<20}{'depart':<24}{'':<7}" + "".join(f"{c:>{w}}" for c, w in widths.items())
        lines.append(head)
        for name, rows in self.departures.groupby("way", sort=False):
            ranked = rows.dropna(subset=[self.best_by]).sort_values(self.best_by, kind="stable")
            if ranked.empty:
                lines.append(f"{name!s:<20}no value on the way")
                continue
            best = rows[rows["best"]]
            for what, row in (("best", best.iloc[0]), ("worst", ranked.iloc[-1])):
                at = self._run.stamp(row["depart"].to_datetime64())
                numbers = "".join(f"{row[c]:{w}.2f}" for c, w in widths.items())
                lines.append(f"{name!s:<20}{at[:16]:<24}{what:<7}{numbers}")
        return "\n".join(lines)

    def write(self, folder: str | Path, *, overwrite: bool = False) -> list[Path]:
        """Write the table, the pieces and the map.

        Parameters
        ----------
        folder
            Made if need be: ``departures.csv``, ``route.gpkg`` (layers ``ways``, ``pieces``,
            ``departures``) and ``route.png``.
        overwrite
            Replace what is there.

        Returns
        -------
        list[Path]
            The files written.

        Raises
        ------
        ConfigurationError
            The folder cannot be written or holds such files; matplotlib is not installed.
        DiskFull
            No room.
        """
        target = Path(folder)
        _check_out(target, overwrite=overwrite)
        prepare_folder(target)
        table = self.departures.copy()
        for name in ("depart", "arrive"):
            table[name] = self._stamps(table[name])
        ways, pieces = self.ways.copy(), self.pieces.copy()
        ways["best_depart"] = self._stamps(ways["best_depart"])
        pieces["time"] = self._stamps(pieces["time"])
        files = [target / name for name in _FILES]
        write_csv(files[0], table)
        write_geopackage(files[1], {"ways": ways, "pieces": pieces, "departures": table})
        self.plot(files[2])
        return files

    def _stamps(self, times: Any) -> list[str | None]:
        values = times.to_numpy().astype("datetime64[ms]")
        return [None if np.isnat(t) else self._run.stamp(t) for t in values]

    def plot(self, save_path: str | Path | None = None) -> Any:
        """Draw the ways on the map of the hottest departure, and dose and mean by departure.

        Parameters
        ----------
        save_path
            PNG, PDF or SVG to write; None leaves the figure open.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ConfigurationError
            Matplotlib is not installed.
        """
        from solweig.exposure.route_picture import draw_route  # matplotlib is an extra

        return draw_route(
            self._run, self.departures, self.pieces, self.best_by, self.thresholds, save_path
        )


def route_exposure(
    run: str | Path,
    line: Any,
    *,
    speed: float = WALKING_SPEED,
    depart: Any = None,
    every_minutes: float = 60.0,
    threshold: Any = None,
    best_by: str | None = None,
    where: str = "ground",
    out: str | Path | None = None,
    overwrite: bool = False,
    format: str | None = None,
) -> RouteExposure:
    """Heat that a walker meets along a line, from each time of departure.

    The line is cut at the borders of cells. At any time the value of a cell is that of the step
    whose interval holds the time; nothing is interpolated. Time passes off the map and in buildings
    too, but has no value there: how long these stretches are is said.

    Parameters
    ----------
    run
        Output folder of a complete run.
    line
        A GPX file (its tracks, else its routes), any other vector file of lines, a URL or a
        GeoDataFrame, in any CRS; every line is a way of its own.
    speed
        Of walking [m/s], 0.1 to 15.
    depart
        On the weather's clock unless a zone is said: a datetime, a time of day (every day of the
        run), text with either, ``"08:00..20:00"``, several of these; None is the whole run. Walks
        that leave the run are left out and counted; it is an error if none stays within it.
    every_minutes
        Distance of the departures of a range [min].
    threshold
        That the dose counts from [deg C]: a number, ``"utci=32,tmrt=55"`` or a mapping; None is 32,
        of WBGT 28.
    best_by
        What the best departure has least of, such as ``utci_dose_Kh`` or ``tmrt_mean``; None is the
        dose of UTCI (PET, Tmrt where the run kept no other). Equal ones go by the mean, then by
        time.
    where
        ``"ground"`` gives no value inside buildings, ``"all"`` takes that of their roofs.
    out
        Folder to write to, see :meth:`RouteExposure.write`.
    overwrite
        Replace what is there.
    format
        Of the run's files: "geotiff", "zarr" or "netcdf"; None takes what is there.

    Returns
    -------
    RouteExposure
        Tables by departure, way and piece.

    Raises
    ------
    FileNotFoundError
        No run, or no file of lines.
    InvalidSurfaceData
        A file that cannot be read as vectors.
    ConfigurationError
        A run that is not complete, no line on the map or on open ground, a departure from which no
        walk stays within the run, arguments out of range, packages that are not installed, a folder
        that holds such files.
    """
    need_packages("line")
    check_where(where)
    pace = _checked_speed(speed)
    if out is not None:
        _check_out(Path(out), overwrite=overwrite)
    source = FinishedRun.open(run, format=format)
    limits = one_each("threshold", threshold, source.quantities, DEFAULT_THRESHOLD)
    measure = _checked_measure(best_by, source.quantities)
    notes: list[str] = []
    table = read_lines(line, source.georef, notes)
    names = _names(table)
    ways = [
        cut_way(name, geometry, source.georef)
        for name, geometry in zip(names, table.geometry.values, strict=True)
    ]
    _check_on_map(ways, source)
    period = Period(source.bounds, source.utc_offset)
    leaving = [_leaving(way, pace, depart, every_minutes, period) for way in ways]
    walks = [
        _walks(source, way, found.times, pace, limits, where)
        for way, found in zip(ways, leaving, strict=True)
    ]
    departures = _departures(walks, limits, measure)
    notes += _said(walks, leaving, departures, source, measure)
    result = RouteExposure(
        departures,
        _way_table(table, walks, departures),
        _piece_table(table, walks, departures, source),
        limits, measure, notes, source.utc_offset, source,
    )  # fmt: skip
    if out is not None:
        result.write(out, overwrite=overwrite)
    return result


# ------------------------------------------------------------------ checks


def _check_out(folder: Path, *, overwrite: bool) -> None:
    require_matplotlib()
    there = [name for name in _FILES if (folder / name).exists()]
    if there and not overwrite:
        raise ConfigurationError(
            "out", "a folder without a route", f"{folder}, which holds {', '.join(there)}",
            "Pass overwrite=True (--overwrite).",
        )  # fmt: skip


def _checked_speed(speed: Any) -> float:
    number = math.nan
    if isinstance(speed, int | float) and not isinstance(speed, bool):
        number = float(speed)
    if not 0.1 <= number <= 15.0:
        raise ConfigurationError("speed", "0.1 to 15 m/s", repr(speed))
    return number


def _checked_measure(best_by: str | None, quantities: Sequence[str]) -> str:
    known = [f"{name}_{measure}" for name in quantities for measure in _MEASURES]
    if best_by is None:
        return next(f"{n}_dose_Kh" for n in ("utci", "pet", "wbgt", *COMFORT) if n in quantities)
    if best_by not in known:
        raise ConfigurationError("best_by", ", ".join(known), repr(best_by))
    return best_by


def _names(table: Any) -> list[str]:
    """By the column ``name``, else by number; no two alike."""
    given: list[Any] = list(table["name"]) if "name" in table.columns else [None] * len(table)
    names: list[str] = []
    for number, one in enumerate(given, 1):
        text = one.strip() if isinstance(one, str) and one.strip() else f"way {number}"
        names.append(text if text not in names else f"{text} ({number})")
    return names


def _check_on_map(ways: Sequence[Way], source: FinishedRun) -> None:
    if not any(way.on_map.any() for way in ways):
        west, south, east, north = source.georef.bounds()
        corners = np.concatenate([np.concatenate([way.start, way.end]) for way in ways])
        low, high = corners.min(axis=0), corners.max(axis=0)
        raise ConfigurationError(
            "line",
            f"a line on the map ({west:.10g}, {south:.10g}, {east:.10g}, {north:.10g})",
            f"one off it, within ({low[0]:.10g}, {low[1]:.10g}, {high[0]:.10g}, {high[1]:.10g})",
        )


def _leaving(
    way: Way, speed: float, depart: Any, every_minutes: float, period: Period
) -> Departures:
    length = np.timedelta64(math.ceil(way.total / speed * 1000.0), "ms")
    return find_departures(depart, every_minutes, period, length)


# ------------------------------------------------------------------ reading


@dataclass(frozen=True)
class _Walks:
    """A way with what it is walked through, and the walks on it."""

    way: Way
    state: NDArray[np.int8]
    times: NDArray[np.datetime64]
    walks: list[dict[str, Walk]]


def _walks(
    source: FinishedRun,
    way: Way,
    times: NDArray[np.datetime64],
    speed: float,
    limits: dict[str, float],
    where: str,
) -> _Walks:
    """Read the values along the way once, and walk it from every departure."""
    cells, piece_cell = np.unique(way.cells[way.on_map], axis=0, return_inverse=True)
    index = np.full(len(way.length), -1, np.int64)
    index[way.on_map] = piece_cell.ravel()
    blocks = blocks_of(cells, source.block)
    windows = [window for window, _ in blocks]
    ground = np.ones(len(cells), np.bool_)
    if where == "ground" and blocks:
        for (window, members), open_ground in zip(blocks, source.read_ground(windows), strict=True):
            ground[members] = _at(open_ground, window, cells[members]) != 0
    state = np.where(way.on_map, 0, 2).astype(np.int8)
    state[way.on_map] = np.where(ground[index[way.on_map]], 0, 1)
    index[state != 0] = -1
    seconds = (source.bounds - source.bounds[0, 0]) / np.timedelta64(1, "s")
    starts = (times - source.bounds[0, 0]) / np.timedelta64(1, "s")
    needed = _needed(seconds, starts, way.total / speed)
    values: dict[str, F32] = {}
    for name in source.quantities:
        along = np.full((len(seconds), len(cells)), np.nan, np.float32)
        for step in needed:
            for (window, members), grid in zip(
                blocks, source.read_step(name, step, windows), strict=True
            ):
                along[step, members] = _at(grid, window, cells[members])
        values[name] = along
    walks = [
        {
            name: walked(way, index, along, seconds, float(start), speed, limits[name])
            for name, along in values.items()
        }
        for start in starts
    ]
    return _Walks(way, state, times, walks)


def _at(grid: NDArray[Any], window: tuple[slice, slice], cells: NDArray[np.int64]) -> Any:
    return grid[cells[:, 0] - window[0].start, cells[:, 1] - window[1].start]


def _needed(seconds: Any, starts: Any, length: float) -> list[int]:
    """Steps that some walk meets."""
    begin, end = seconds[:, 0][:, None], seconds[:, 1][:, None]
    met = (begin < starts[None, :] + length) & (end > starts[None, :])
    return [int(k) for k in np.flatnonzero(met.any(axis=1))]


# ------------------------------------------------------------------ tables


def _departures(walks: Sequence[_Walks], limits: dict[str, float], measure: str) -> Any:
    import pandas as pd

    rows = []
    for one in walks:
        for time, found in zip(one.times, one.walks, strict=True):
            any_walk = next(iter(found.values()))
            row: dict[str, Any] = {
                "way": one.way.name, "depart": time,
                "arrive": time + np.timedelta64(round(any_walk.seconds * 1000), "ms"),
                "minutes": any_walk.seconds / 60.0, "best": False,
            }  # fmt: skip
            for name, walk in found.items():
                row |= {
                    f"{name}_mean": walk.mean, f"{name}_max": walk.max,
                    f"{name}_dose_Kh": walk.dose, f"{name}_minutes_above": walk.above / 60.0,
                    f"{name}_minutes": walk.known / 60.0,
                }  # fmt: skip
            rows.append(row)
    table = pd.DataFrame(rows)
    for _, group in table.groupby("way", sort=False):
        chosen = _best(group, measure)
        if chosen is not None:
            table.loc[chosen, "best"] = True
    return table


def _best(rows: Any, measure: str) -> Any:
    """Label of the row with least of a measure among those that have values for as long as any."""
    name = measure.partition("_")[0]
    minutes = rows[f"{name}_minutes"]
    rows = rows[(minutes > 0) & (minutes >= minutes.max() - 1e-6)]
    if rows.empty:
        return None
    # Sums of the same pieces differ in the last digits from one departure to another.
    order = list(dict.fromkeys((measure, f"{name}_mean")))
    return (
        rows[order].round(9).assign(depart=rows["depart"]).sort_values([*order, "depart"]).index[0]
    )


def _way_table(table: Any, walks: Sequence[_Walks], departures: Any) -> Any:
    import geopandas

    best = departures[departures["best"]].set_index("way")["depart"]
    rows = []
    for one in walks:
        length, state = one.way.length, one.state
        rows.append(
            {
                "way": one.way.name, "length_m": one.way.total,
                "off_map_m": float(length[state == 2].sum()),
                "buildings_m": float(length[state == 1].sum()),
                "no_value_m": float(length[_without_value(one)].sum()),
                "gaps_m": float(one.way.gaps.sum()), "departures": len(one.times),
                "best_depart": best.get(one.way.name),
            }
        )  # fmt: skip
    found = geopandas.GeoDataFrame(rows, geometry=list(table.geometry.values), crs=table.crs)
    found["best_depart"] = found["best_depart"].astype("datetime64[ms]")
    return found


def _without_value(one: _Walks) -> NDArray[np.bool_]:
    """Pieces of open ground on which some walk had no value of some quantity."""
    missing = np.zeros(len(one.state), np.bool_)
    for walks in one.walks:
        for walk in walks.values():
            missing |= ~walk.complete
    found: NDArray[np.bool_] = missing & (one.state == 0)
    return found


def _piece_table(table: Any, walks: Sequence[_Walks], departures: Any, source: FinishedRun) -> Any:
    import geopandas
    import pandas as pd
    import shapely

    frames, shapes = [], []
    for one in walks:
        way = one.way
        rows = departures[departures["way"] == way.name].reset_index(drop=True)
        chosen = int(np.argmax(rows["best"].to_numpy())) if rows["best"].any() else None
        state = np.where(_without_value(one), 3, one.state)
        frame: dict[str, Any] = {
            "way": way.name, "piece": np.arange(1, len(state) + 1), "begin_m": way.begin,
            "length_m": way.length, "state": np.array(STATES, dtype=object)[state],
        }  # fmt: skip
        frame["time"] = np.full(len(state), np.datetime64("NaT", "ms"))
        for name in source.quantities:
            frame[name] = np.full(len(state), np.nan)
        if chosen is not None:
            speed = way.total / (60.0 * float(rows["minutes"].iloc[chosen]))
            later = np.round(way.begin / speed * 1000.0).astype("timedelta64[ms]")
            frame["time"] = one.times[chosen] + later
            for name, walk in one.walks[chosen].items():
                frame[name] = walk.values
        frames.append(pd.DataFrame(frame))
        shapes.append(shapely.linestrings(np.stack([way.start, way.end], axis=1)))
    return geopandas.GeoDataFrame(
        pd.concat(frames, ignore_index=True), geometry=np.concatenate(shapes), crs=table.crs
    )


def _said(
    walks: Sequence[_Walks],
    leaving: Sequence[Departures],
    departures: Any,
    source: FinishedRun,
    measure: str,
) -> list[str]:
    notes = [
        "a time has the value of the step whose interval holds it; nothing is interpolated",
    ]
    if "utci" not in source.quantities:
        notes.append("the run kept no UTCI (solweig run --outputs tmrt,utci keeps it)")
    name = measure.partition("_")[0]
    for one, left in zip(walks, leaving, strict=True):
        way = one.way
        for text, length in (
            ("off the map", way.length[one.state == 2].sum()),
            ("inside buildings", way.length[one.state == 1].sum()),
            ("on ground without a value at some time", way.length[_without_value(one)].sum()),
        ):
            if length > 0:
                notes.append(
                    f"{way.name}: {length:.1f} of {way.total:.1f} m {text}, in no mean or dose"
                )
        if len(way.gaps):
            notes.append(
                f"{way.name}: {len(way.gaps)} gaps between its parts, together "
                f"{way.gaps.sum():.1f} m, are not walked"
            )
        if left.left_out:
            notes.append(
                f"{way.name}: {left.left_out} departures left out, their walks leave the run"
            )
        rows = departures[departures["way"] == way.name]
        minutes = rows[f"{name}_minutes"]
        fewer = int((minutes < minutes.max() - 1e-6).sum())
        if fewer:
            notes.append(f"{way.name}: {fewer} departures lack values of {name}, not ranked")
    columns = [f"{n}_minutes" for n in source.quantities]
    if not (departures[columns] > 0).to_numpy().any():
        raise ConfigurationError(
            "line", "a line on open ground with values", "none: " + "; ".join(notes[1:])
        )
    return notes

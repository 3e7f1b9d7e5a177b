"""The files of a finished run, with what each stands for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from solweig.config import WALL_TEMPERATURE
from solweig.rasters.variables import attributes
from solweig.results.metadata import FILE_NAME
from solweig.results.netcdf import NETCDF_NAME
from solweig.results.outputs import (
    REPORT_NAME,
    SERIES_NAME,
    WALL_CUBE,
    WALL_NETCDF,
    WALL_POINTS,
    ground_path,
    step_path,
    summary_path,
)
from solweig.results.styles import Interval, intervals
from solweig.results.summary import TimeseriesSummary

__all__ = ["run_files"]


def run_files(
    summary: TimeseriesSummary,
    folder: Path,
    *,
    outputs: Sequence[str],
    formats: Sequence[str] = ("geotiff",),
    cube: str | None = None,
) -> list[dict[str, Any]]:
    """What a run left in its folder, in the order of time; files that are not there are left out.

    Parameters
    ----------
    summary
        Of the run.
    folder
        Its output folder.
    outputs
        Rasters per step.
    formats
        What they were written as.
    cube
        Where the Zarr cube is; None = in the folder.

    Returns
    -------
    list[dict[str, Any]]
        Each with ``path``, ``kind`` (step, summary, mask, cube, netcdf, table, report or metadata)
        and ``name``; what stands for a time also with ``begin`` and ``end``, ISO 8601 on the clock
        of the weather, with Z where that is known to be UTC; rasters also with ``units``.
    """
    stamps = summary.timeseries.datetime
    zone = "Z" if stamps and stamps[0].tzinfo is not None else ""
    spans = list(intervals(summary.bounds)) if summary.bounds is not None else []

    def entry(path: Path, kind: str, name: str, span: Interval | None, units: str | None) -> Any:
        found: dict[str, Any] = {"path": str(path.absolute()), "kind": kind, "name": name}
        if span is not None:
            begin, end = (f"{time.isoformat()}{zone}" for time in span)
            found |= {"begin": begin, "end": end}
        return found if units is None else {**found, "units": units}

    period = (spans[0][0], spans[-1][1]) if spans else None
    found = [
        entry(summary_path(folder, name), "summary", name, period, attributes(name)["units"])
        for name in summary.grids()
    ]
    if "geotiff" in formats:
        found += [
            entry(step_path(folder, name, stamp), "step", name, span, attributes(name)["units"])
            for name in outputs
            if name != WALL_TEMPERATURE
            for stamp, span in zip(stamps, spans, strict=False)
        ]
    found.append(entry(ground_path(folder), "mask", "open_ground", None, None))
    if "netcdf" in formats:
        found.append(entry(folder / NETCDF_NAME, "netcdf", "solweig", period, None))
    found.append(entry(folder / SERIES_NAME, "table", "timeseries", period, None))
    found.append(entry(folder / REPORT_NAME, "report", "report", period, None))
    if summary.pois is not None:
        found.append(entry(folder / "pois.csv", "table", "pois", period, None))
    if summary.walls is not None:
        found += [
            entry(folder / WALL_NETCDF, "netcdf", WALL_TEMPERATURE, period, "degC"),
            entry(folder / WALL_CUBE, "cube", WALL_TEMPERATURE, period, "degC"),
            entry(folder / WALL_POINTS, "table", "wall_points", period, None),
        ]
    found.append(entry(folder / FILE_NAME, "metadata", "run_metadata", None, None))
    there = [each for each in found if Path(each["path"]).exists()]
    if "zarr" in formats:
        place = entry(folder / "solweig.zarr", "cube", "solweig", period, None)
        there.append(place if cube is None else {**place, "path": cube})
    return there

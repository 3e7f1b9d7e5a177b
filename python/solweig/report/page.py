"""A finished run as one HTML page that needs nothing else: no network, no fonts, no other file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from solweig import _core
from solweig.atomic import write_text
from solweig.errors import ConfigurationError
from solweig.report.collect import PageMaps, collect
from solweig.report.map_sections import by_class, by_hour, over_period
from solweig.report.sections import (
    checks,
    header,
    points,
    provenance,
    weather,
    what_ran,
    where_and_when,
)
from solweig.report.source import ToldRun, choose_run, tell
from solweig.report.words import escaped
from solweig.results.captions import period_text, place_text
from solweig.results.outputs import REPORT_NAME, check_folder
from solweig.typing import Advance

__all__ = ["check_place", "write_report"]

_MARK = re.compile(r'<meta name="solweig-report" content="([^"]*)">')
_HEAD_BYTES = 2000
"""Within which the mark of a page of ours is."""


def write_report(
    run: str | Path,
    out: str | Path | None = None,
    *,
    which: str | None = None,
    place: str | None = None,
    attribution: str | Sequence[str] = (),
    day: str | None = None,
    quantities: str | Sequence[str] | None = None,
    overwrite: bool = False,
    progress: Advance | None = None,
) -> Path:
    """Write a finished run as one page that needs nothing else, for a browser or a printer.

    Where, when, weather, what ran, maps by hour with a slider, hours above thresholds, area by
    class and hour, points, warnings of the checks, provenance. Rasters are read in bands of rows,
    whatever their size; the page stays below 5 MB and says at what resolution its maps are.

    Parameters
    ----------
    run
        Output folder of a complete run, GeoTIFFs, Zarr or NetCDF.
    out
        File to write; None is ``solweig_report.html`` in the folder of the run.
    which
        Of a folder with several runs: ``"latest"``, that of the last call, or the name of an
        earlier one, ``"<start>_<end>"`` below ``runs/``.
    place
        Name in the title; None is its coordinates.
    attribution
        Whose data went in, as their licences want it said; one line or several.
    day
        The day whose steps are on the maps, as ``"2025-07-01"``, of a run of more than 72 steps;
        None is the hottest.
    quantities
        Rasters of steps that are on the maps; None are temperatures and shadow.
    overwrite
        Replace a file that is not a report of this folder.
    progress
        Called with (done, total).

    Returns
    -------
    Path
        The page.

    Raises
    ------
    FileNotFoundError
        No run in the folder.
    ConfigurationError
        A run that is not complete, several runs and nothing said of which, a day or quantity the
        run does not have, rasters that are damaged, or a file in the way.
    DiskFull
        No room for the page.
    """
    folder = choose_run(run, which)
    told = tell(folder)
    target = folder / REPORT_NAME if out is None else Path(out)
    _check_target(target, told, overwrite=overwrite)
    wanted = [quantities] if isinstance(quantities, str) else quantities
    maps = collect(told, quantities=wanted, day=day, progress=progress)
    owed = [attribution] if isinstance(attribution, str) else list(attribution)
    write_text(target, _page(told, maps, place, owed))
    return target


def _check_target(target: Path, told: ToldRun, *, overwrite: bool) -> None:
    """Refuse to write over what is not a report of the same folder.

    Raises
    ------
    ConfigurationError
        Something is in the way, or the place cannot be written.
    """
    if target.is_dir():
        raise ConfigurationError("out", "a file to write", f"{target}, a folder")
    if not target.parent.is_dir():
        raise ConfigurationError("out", "a file in a folder that is there", str(target))
    check_folder(target.parent)
    if overwrite or not target.exists():
        return
    mark = _mark_of(target)
    own = target.resolve().parent == told.folder.resolve()
    if mark is not None and (own or mark == told.metadata["run_id"]):
        return
    what = "no report of solweig" if mark is None else "the report of another run"
    raise ConfigurationError(
        "out", "a new file, or the report of this run", f"{target}, {what}",
        "Choose another file, or pass overwrite=True (--overwrite).",
    )  # fmt: skip


def check_place(folder: Path) -> None:
    """Refuse a folder whose ``solweig_report.html`` is no report, before a run that will write one.

    Parameters
    ----------
    folder
        Output folder of the run.

    Raises
    ------
    ConfigurationError
        Something else is in the way.
    """
    target = folder / REPORT_NAME
    if target.exists() and (target.is_dir() or _mark_of(target) is None):
        raise ConfigurationError(
            "report", f"no {REPORT_NAME}, or a report", f"{target}, which is something else",
            "Move it away, or write the report elsewhere: solweig report --out.",
        )  # fmt: skip


def _mark_of(path: Path) -> str | None:
    """The run a report is of; None: no report."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return None
    found = _MARK.search(head)
    return None if found is None else found.group(1)


def _page(told: ToldRun, maps: PageMaps, place: str | None, attribution: Sequence[str]) -> str:
    about = told.metadata["inputs"]["location"]
    where = place or place_text(float(about["latitude"]), float(about["longitude"]))
    period = _period(told)
    cell = abs(told.georef.gdal[1] * told.georef.gdal[5])
    style, script = (
        resources.files("solweig.report").joinpath(name).read_text(encoding="utf-8")
        for name in ("page.css", "page.js")
    )
    body = [
        header(told, maps, where, period),
        where_and_when(told),
        by_hour(told, maps),
        over_period(told, maps),
        by_class(maps, cell),
        points(told),
        weather(told),
        what_ran(told),
        checks(told, maps.notes),
        provenance(told, attribution, _resolution(told, maps)),
    ]
    title = escaped(f"Heat stress: {where}, {period}")
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta name="solweig-report" content="{escaped(told.metadata["run_id"])}">',
            f'<meta name="generator" content="solweig {escaped(_core.__version__)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            # Nothing is fetched, whatever text came in.
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
            "img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">",
            f'<title>{title}</title><link rel="icon" href="data:,"><style>',
            style,
            '</style></head><body><a class="skip" href="#main">To the report</a><main id="main">',
            *(part for part in body if part),
            f"</main><script>\n{script}</script></body></html>",
            "",
        ]
    )


def _period(told: ToldRun) -> str:
    about = told.metadata["intervals"]
    if told.bounds is None:
        ends: Any = [np.datetime64(about[name]) for name in ("start", "end")]
    else:
        ends = [told.bounds[0, 0], told.bounds[-1, 1]]
    return period_text([end.astype("datetime64[s]").item() for end in ends])


def _resolution(told: ToldRun, maps: PageMaps) -> str:
    side = abs(told.georef.gdal[1]) * maps.factor
    rows, cols = told.georef.shape
    count = sum(len(drawn) for drawn in maps.by_frame.values()) + len(maps.summaries)
    return (
        f"This page holds {count} maps of {-(-cols // maps.factor)} × {-(-rows // maps.factor)} "
        f"pixels of {side:g} m, {maps.bytes / 1e6:.2f} MB; the rasters of the run have cells of "
        f"{abs(told.georef.gdal[1]):g} m. It was written by solweig {_core.__version__}."
    )

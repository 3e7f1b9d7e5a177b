"""``solweig report``: a finished run as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from solweig.cli.machine import progress_bars
from solweig.cli.options import comma_list
from solweig.cli.support import clean_errors, say
from solweig.report.page import write_report

__all__ = ["report"]


def report(
    run: Annotated[Path, typer.Argument(help="Output folder of a run.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="File to write.", show_default="solweig_report.html in the folder"
        ),
    ] = None,
    which: Annotated[
        str | None,
        typer.Option(
            "--which",
            help="Of a folder with several runs: latest, or the name of one below runs/.",
            show_default="the only one",
        ),
    ] = None,
    place: Annotated[
        str | None,
        typer.Option("--place", help="Name in the title.", show_default="coordinates"),
    ] = None,
    attribution: Annotated[
        list[str] | None,
        typer.Option(
            "--attribution", help="Whose data went in, as licences want it said; repeatable."
        ),
    ] = None,
    day: Annotated[
        str | None,
        typer.Option(
            "--day",
            help="Day on the maps, 2025-07-01, of a run of more than 72 steps.",
            show_default="the hottest",
        ),
    ] = None,
    quantities: Annotated[
        str | None,
        typer.Option(
            "--quantities",
            help="Rasters of steps on the maps: tmrt,kdown.",
            show_default="temperatures and shadow",
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace a file that is no report of this folder."),
    ] = False,
) -> None:
    """Write a finished run as one page: maps with a slider, areas by class, weather.

    The page needs no network and no other file: it can be mailed, printed and kept.

    Examples
    --------
    solweig report out/ --place "Gustav Adolfs torg"

    solweig report out/ --which 20250601T0000_20250630T2300 --out june.html
    """
    with clean_errors():
        with progress_bars() as progress:
            page = write_report(
                run, out, which=which, place=place, attribution=attribution or (), day=day,
                quantities=None if quantities is None else comma_list([quantities]),
                overwrite=overwrite, progress=progress.phase("maps"),
            )  # fmt: skip
        say([("written", str(page))])

"""``solweig zones``: statistics of a finished run by polygon."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from solweig.cli.machine import progress_bars
from solweig.cli.support import clean_errors, out_console, say
from solweig.exposure.zones import zonal_statistics

__all__ = ["zones"]


def zones(
    run: Annotated[Path, typer.Argument(help="Output folder of a run.")],
    polygons: Annotated[
        str,
        typer.Option(
            "--polygons", help="Vector file of districts, in any CRS; file.gpkg|layername=NAME."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="File to write: .gpkg, or .csv.")],
    id_column: Annotated[
        str | None,
        typer.Option("--id", help="Column that names the districts; default: by number."),
    ] = None,
    thresholds: Annotated[
        str | None,
        typer.Option(
            "--thresholds",
            help="Share of area and hours above these (degC): 32,38, or utci=32,tmrt=55.",
            show_default="32,38",
        ),
    ] = None,
    where: Annotated[
        str, typer.Option("--where", help="ground leaves buildings out; all counts roofs too.")
    ] = "ground",
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Picture to draw as well: PNG, PDF or SVG.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
) -> None:
    """Heat by polygon: statistics of a finished run by district.

    Examples
    --------
    solweig zones july/ --polygons districts.gpkg --id name --out zones.gpkg
    """
    with clean_errors():
        if plot is not None:
            from solweig.results.plotting import require_matplotlib  # only for a picture

            require_matplotlib()
        with progress_bars() as progress:
            found = zonal_statistics(
                run, polygons, id_column=id_column, thresholds=thresholds, where=where, out=out,
                overwrite=overwrite, progress=progress.phase("maps"),
            )  # fmt: skip
        if plot is not None:
            found.plot(plot)
        out_console().print(found.report(), markup=False)
        say([("written", str(path)) for path in (out, plot) if path is not None])

"""``solweig route``: heat along a way, from a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from solweig.cli.machine import ProgressForm, StopWithInput, emit
from solweig.cli.support import clean_errors, out_console, say
from solweig.exposure.route import WALKING_SPEED, route_exposure
from solweig.results.styles import ranges

__all__ = ["route"]


def route(
    run: Annotated[Path, typer.Argument(help="Output folder of a run.")],
    line: Annotated[
        str, typer.Option("--line", help="GPX file, or any vector file of lines, in any CRS.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for table, pieces and map.")],
    speed: Annotated[float, typer.Option("--speed", help="Of walking (m/s).")] = WALKING_SPEED,
    depart: Annotated[
        str | None,
        typer.Option(
            "--depart",
            help="When to leave: 08:00..20:00, or a list, 08:00,2025-07-01T12:30; on the weather's "
            "clock, or with a zone (+02:00).",
            show_default="the whole run",
        ),
    ] = None,
    every_minutes: Annotated[
        float, typer.Option("--every", help="Minutes between the departures of a range.")
    ] = 60.0,
    threshold: Annotated[
        str | None,
        typer.Option(
            "--threshold",
            help="That the dose counts from (degC): 32, or utci=32,tmrt=55.",
            show_default="32",
        ),
    ] = None,
    best_by: Annotated[
        str | None,
        typer.Option(
            "--best-by",
            help="What the best departure has least of, such as utci_mean.",
            show_default="utci_dose_Kh",
        ),
    ] = None,
    where: Annotated[
        str, typer.Option("--where", help="ground: no value inside buildings; all: that of roofs.")
    ] = "ground",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    progress: ProgressForm = "bars",
    stop_with_input: StopWithInput = False,
) -> None:
    """Heat along a way, by time of departure, from a finished run.

    Examples
    --------
    solweig route july/ --line way.gpx --depart 08:00..20:00 --out way/
    """
    with clean_errors():
        found = route_exposure(
            run, line, speed=speed, depart=depart, every_minutes=every_minutes, threshold=threshold,
            best_by=best_by, where=where, out=out, overwrite=overwrite,
        )  # fmt: skip
        out_console().print(found.report(), markup=False)
        say([("written", str(out))])
        quantity = found.best_by.partition("_")[0]
        table = found.departures
        emit(
            command="route", folder=str(out.absolute()), quantity=quantity, notes=found.notes,
            files=[
                {"path": str((out / name).absolute()), "kind": kind}
                for name, kind in (
                    ("departures.csv", "table"), ("route.gpkg", "ways"), ("route.png", "picture")
                )
            ],
            legend=ranges(quantity),
            best=[
                {"way": row["way"], "depart": row["depart"].isoformat(),
                 found.best_by: row[found.best_by]}
                for _, row in table[table["best"]].iterrows()
            ],
        )  # fmt: skip

"""``solweig compare``: what one run has more than another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from solweig.cli import options as opt
from solweig.cli.machine import ProgressForm, StopWithInput, emit, progress_bars
from solweig.cli.support import clean_errors, out_console, print_json
from solweig.results.comparison import compare_runs

__all__ = ["compare"]


def compare(
    a: Annotated[Path, typer.Argument(help="Output folder of a run.")],
    b: Annotated[Path, typer.Argument(help="Output folder of another; b less a is shown.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for difference maps and tables.")
    ] = None,
    steps: Annotated[bool, typer.Option("--steps", help="Also the rasters of every step.")] = False,
    threshold: Annotated[
        float,
        typer.Option(
            "--threshold", help="Count the area that differs by more, in the raster's unit."
        ),
    ] = 0.5,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier comparison in --out.")
    ] = False,
    styles: Annotated[
        bool,
        typer.Option("--styles/--no-styles", help="Styles for QGIS beside the difference maps."),
    ] = True,
    progress: ProgressForm = "bars",
    stop_with_input: StopWithInput = False,
    as_json: opt.Json = False,
) -> None:
    """Compare two runs: numbers, and with --out difference maps as GeoTIFF.

    Examples
    --------
    solweig compare today/ with_trees/

    solweig compare today/ with_trees/ --out difference/ --steps --threshold 1
    """
    with clean_errors():
        with progress_bars() as bars:
            found = compare_runs(
                a, b, out=out, steps=steps, threshold=threshold, overwrite=overwrite,
                progress_callback=bars.phase("Comparing"), styles=styles,
            )  # fmt: skip
        if as_json:
            print_json(found)
            return
        out_console().print(found.report(), markup=False, soft_wrap=True)
        emit(
            command="compare", folder=None if out is None else str(out.absolute()),
            files=[] if out is None else [
                {"path": str((out / "difference" / f"{d.name}.tif").absolute()),
                 "kind": "difference", "name": d.name} for d in found.differences
            ],
            differences=found.differences,
        )  # fmt: skip

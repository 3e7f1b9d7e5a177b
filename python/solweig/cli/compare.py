"""``solweig compare``: what one run has more than another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from solweig.cli import options as opt
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
    as_json: opt.Json = False,
) -> None:
    """Compare two runs: numbers, and with --out difference maps as GeoTIFF.

    Examples
    --------
    solweig compare today/ with_trees/

    solweig compare today/ with_trees/ --out difference/ --steps --threshold 1
    """
    with clean_errors():
        found = compare_runs(a, b, out=out, steps=steps, threshold=threshold, overwrite=overwrite)
        if as_json:
            print_json(found)
            return
        out_console().print(found.report(), markup=False, soft_wrap=True)

"""``solweig demo``: the bundled site, from rasters to pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from solweig.cli import options as opt
from solweig.cli.machine import progress_bars
from solweig.cli.support import clean_errors, err_console, out_console

__all__ = ["demo"]


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")] = Path("demo_out"),
    report: Annotated[
        bool,
        typer.Option("--report", help="Also write the day as one page, solweig_report.html."),
    ] = False,
    accelerator: opt.Accelerator = "auto",
    device: opt.Device = None,
    strict_gpu: opt.StrictGpu = False,
) -> None:
    """Map heat stress on the bundled site: a square in Gothenburg on 1 August 2006.

    Writes a GeoTIFF per hour and quantity, summaries, and PNG maps of Tmrt, UTCI, hours of shade
    and the day's curve at the measurement station.

    Example:

    solweig demo --out demo_out
    """
    with clean_errors():
        from solweig.report.page import check_place, write_report
        from solweig.report.source import LATEST
        from solweig.run.demo import ATTRIBUTION, PLACE, run_demo

        execution = opt.execution(accelerator, device, strict_gpu)
        pictures = _can_draw()
        if report:
            check_place(out)
        with progress_bars() as bars:
            done = run_demo(out, bars.phase, pictures=pictures, execution=execution)
            page = None
            if report:
                page = write_report(
                    out, which=LATEST, place=PLACE, attribution=ATTRIBUTION,
                    progress=bars.phase("Writing the report"),
                )  # fmt: skip
        console = out_console()
        console.print(done.summary.report(), markup=False)
        console.print(f"GeoTIFFs  {out.resolve()}", markup=False)
        for path in done.pictures:
            console.print(f"Picture   {path.resolve()}", markup=False)
        if page is not None:
            console.print(f"Report    {page.resolve()}", markup=False)
        else:
            err_console().print(f"One page of it: solweig report {out}", markup=False)
        if not pictures:
            err_console().print("No pictures: pip install 'solweig[plot]' adds them.", markup=False)


def _can_draw() -> bool:
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None

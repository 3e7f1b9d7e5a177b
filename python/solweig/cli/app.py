"""The ``solweig`` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from solweig import _core
from solweig.cli.lazy_group import CommandHome, lazy_group
from solweig.cli.support import Options, clean_errors, keep_log, out_console, show_log

__all__ = ["COMMANDS", "app", "main"]

_HELP = {"help_option_names": ["-h", "--help"]}
COMMANDS = {
    "run": CommandHome("solweig.cli.run", "Map heat stress from rasters and weather."),
    "build": CommandHome(
        "solweig.cli.build",
        "Build the rasters of a surface from LiDAR, footprints, trees and land cover.",
    ),
    "prepare": CommandHome(
        "solweig.cli.prepare", "Compute walls and sky view factors once, for many runs."
    ),
    "plan": CommandHome(
        "solweig.cli.plan",
        "Show how a raster would be cut, and what memory, disk and time a run would take.",
    ),
    "compare": CommandHome(
        "solweig.cli.compare",
        "Compare two runs: numbers, and with --out difference maps as GeoTIFF.",
    ),
    "zones": CommandHome(
        "solweig.cli.zones", "Heat by polygon: statistics of a finished run by district."
    ),
    "route": CommandHome(
        "solweig.cli.route", "Heat along a way, by time of departure, from a finished run."
    ),
    "scenario": CommandHome(
        "solweig.cli.scenario", "Compare edits of a place, or place trees where they cool most."
    ),
    "report": CommandHome(
        "solweig.cli.report",
        "Write a finished run as one page: maps with a slider, areas by class, weather.",
    ),
    "validate": CommandHome(
        "solweig.cli.validate",
        "Compare the model with a mast that measured radiation or Tmrt.",
    ),
    "weather": CommandHome(
        "solweig.cli.weather_check", "Look at weather files before a run uses them."
    ),
    "demo": CommandHome(
        "solweig.cli.demo",
        "Map heat stress on the bundled site: a square in Gothenburg on 1 August 2006.",
    ),
    "config": CommandHome(
        "solweig.cli.config",
        "Write a configuration file to fill in, or the schema editors check it with.",
    ),
    "info": CommandHome("solweig.cli.info", "Show versions, engines and what this machine offers."),
}

app = typer.Typer(
    name="solweig",
    cls=lazy_group(COMMANDS, _HELP),
    help="City-scale heat-stress maps: shadows, sky view, mean radiant temperature, UTCI and PET.",
    epilog='Start with "solweig demo". Exit codes: 0 done, 1 failed, 2 bad input, 130 interrupted.',
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings=_HELP,
)


def _version(wanted: bool) -> None:
    if wanted:
        out_console().print(f"solweig {_core.__version__}")
        raise typer.Exit


@app.callback()
def _common(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say more.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress bars.")] = False,
    silence: Annotated[
        list[str] | None,
        typer.Option("--silence", help="Do not show warnings that begin so, as place; repeatable."),
    ] = None,
    log_file: Annotated[
        Path | None,
        typer.Option("--log-file", help="Also write what is said, with times, to this file."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    Options.debug, Options.quiet, Options.json = debug, quiet, False
    Options.silenced = tuple(silence or ())
    Options.flags = _flags(context)
    show_log(verbose)
    if log_file is not None:
        with clean_errors():
            keep_log(log_file)


def _flags(context: typer.Context) -> dict[str, str]:
    """Flags of the command that is about to run, by the argument they set."""
    commands: Any = context.command
    chosen = commands.get_command(context, context.invoked_subcommand or "")
    # Of a group the flags of all its commands: it is not known yet which one is meant.
    inner = getattr(chosen, "commands", {}).values()
    options = [] if chosen is None else [*chosen.params, *(p for c in inner for p in c.params)]
    return {option.name: option.opts[0] for option in options if option.opts}


def main() -> None:
    """Entry point of the console script."""
    app()

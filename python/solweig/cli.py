"""The ``solweig`` command."""

from __future__ import annotations

from typing import Annotated

import typer

from . import _core
from .cli_compare import compare
from .cli_demo import demo
from .cli_info import info
from .cli_plan import plan
from .cli_prepare import prepare
from .cli_run import run
from .cli_support import Options, out_console, show_log

__all__ = ["app", "main"]

app = typer.Typer(
    name="solweig",
    help="City-scale heat-stress maps: shadows, sky view, mean radiant temperature, UTCI and PET.",
    epilog='Start with "solweig demo". Exit codes: 0 done, 1 failed, 2 bad input, 130 interrupted.',
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        out_console().print(f"solweig {_core.__version__}")
        raise typer.Exit


@app.callback()
def _common(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say more.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress bars.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    Options.debug, Options.quiet = debug, quiet
    show_log(verbose)


for command in (run, prepare, plan, compare, demo, info):
    app.command()(command)


def main() -> None:
    """Entry point of the console script."""
    app()

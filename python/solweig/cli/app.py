"""The ``solweig`` command."""

from __future__ import annotations

from typing import Annotated

import typer

from solweig import _core
from solweig.cli.build import build
from solweig.cli.compare import compare
from solweig.cli.demo import demo
from solweig.cli.info import info
from solweig.cli.plan import plan
from solweig.cli.prepare import prepare
from solweig.cli.run import run
from solweig.cli.support import Options, out_console, show_log

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


for command in (run, build, prepare, plan, compare, demo, info):
    app.command()(command)


def main() -> None:
    """Entry point of the console script."""
    app()

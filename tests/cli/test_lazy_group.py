"""Commands are imported when they are called; the list of commands says what they say."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from solweig.cli.app import COMMANDS, app

runner = CliRunner()


@pytest.mark.parametrize("name", COMMANDS)
def test_summary_is_the_first_line_of_the_command(name: str) -> None:
    home = COMMANDS[name]
    command = getattr(importlib.import_module(home.module), name)
    assert (inspect.getdoc(command) or "").splitlines()[0] == home.summary


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_listed_and_has_help(name: str) -> None:
    assert f" {name} " in runner.invoke(app, ["--help"]).output
    shown = runner.invoke(app, [name, "-h"])
    assert shown.exit_code == 0
    assert f"solweig {name}" in shown.output or f"{name} [OPTIONS]" in shown.output


def test_mistyped_command_is_told_the_right_one() -> None:
    refused = runner.invoke(app, ["comparr"])
    assert refused.exit_code == 2
    assert "Did you mean 'compare'?" in refused.output


def test_help_imports_nothing_slow() -> None:
    code = (
        "import sys\nfrom solweig.cli.app import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "print('slow:', *({'numpy', 'pandas', 'rasterio', 'xarray'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "slow:"

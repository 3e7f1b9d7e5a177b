"""The runs that reports tell of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.made import day_run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day in all three formats."""
    folder = tmp_path_factory.mktemp("report") / "run"
    day_run(folder)
    return folder

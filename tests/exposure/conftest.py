"""The runs that tests of exposure read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.exposure.made import known_run, real_run


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("exposure") / "run"
    return folder, real_run(folder)


@pytest.fixture(scope="session")
def run(made: tuple[Path, Any]) -> Path:
    return made[0]


@pytest.fixture(scope="session")
def constant(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """35 degrees everywhere at any time."""
    return known_run(run, tmp_path_factory.mktemp("constant") / "run", lambda name, step: 35.0)


@pytest.fixture(scope="session")
def varied(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Values that differ from cell to cell and grow by a degree an hour."""
    noise = np.random.default_rng(1).uniform(20.0, 50.0, (24, 30))
    return known_run(
        run, tmp_path_factory.mktemp("varied") / "run", lambda name, step: noise + step
    )

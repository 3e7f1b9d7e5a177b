"""Fixtures shared by all tests."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Tests that do not concern the choice of hardware run alike on every machine: no adapter is chosen
# automatically. Those that do concern it say what is visible.
os.environ.setdefault("SOLWEIG_VISIBLE_DEVICES", "")
# Small cities in many small tiles show as much as large ones. Those that concern the least side
# of a tile unset this.
os.environ.setdefault("SOLWEIG_MIN_TILE_SIDE", "8")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with reference outputs, site data and the specification; tests skip without it.

    It lies beside the repository; ``SOLWEIG_SHARED`` names another place.
    """
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("SOLWEIG_SHARED", root.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("no shared reference data")
    return folder


@pytest.fixture(scope="session")
def square_reference() -> Path:
    """Reference outputs of Gustav Adolfs torg, the part that the project holds; never skips.

    Files and keys as in ``shared / "reference/gustav_adolfs"``, one day (2006-07-26).
    """
    return Path(__file__).resolve().parent / "data" / "reference" / "gustav_adolfs"


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """The command line sets up logging for a whole process; a test must not hand that on."""
    logger = logging.getLogger("solweig")
    level, propagate, handlers = logger.level, logger.propagate, list(logger.handlers)
    yield
    logger.setLevel(level)
    logger.propagate = propagate
    logger.handlers[:] = handlers

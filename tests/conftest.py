"""Fixtures shared by all tests."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from solweig import _core
from tests.support.stored import stored_data, unpacked, whole

# Tests that do not concern the choice of hardware run alike on every machine: no adapter is chosen
# automatically. Those that do concern it say what is visible.
os.environ.setdefault("SOLWEIG_VISIBLE_DEVICES", "")
# Small cities in many small tiles show as much as large ones. Those that concern the least side
# of a tile unset this.
os.environ.setdefault("SOLWEIG_MIN_TILE_SIDE", "8")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Tests whose outcome may depend on whether the GPU engine was built are marked ``engine``.

    In a build without it only those run again, so no other may open an adapter or look for one
    where one is visible. Here, and not in a fixture, because fixtures of a module come before.
    """
    if item.get_closest_marker("engine"):
        return (yield)

    def refuse(*args: Any, **options: Any) -> NoReturn:
        pytest.fail("reaches the GPU engine: give this test pytest.mark.engine")

    look = _core.gpu_adapters

    def look_where_none_is_visible(*args: Any, **options: Any) -> Any:
        return (
            refuse() if os.environ.get("SOLWEIG_VISIBLE_DEVICES") != "" else look(*args, **options)
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_core, "open_gpu", refuse)
        patch.setattr(_core, "gpu_adapters", look_where_none_is_visible)
        return (yield)


def pytest_report_header() -> str:
    """Say which data are compared with."""
    return f"stored data: {whole() or 'tests/data, a part of the whole'}"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with reference outputs and site data: the whole, or the part in ``tests/data``."""
    return stored_data()


@pytest.fixture(scope="session")
def athens(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year of weather as an EPW file."""
    return unpacked(shared / "data/weather/athens_2023.epw", tmp_path_factory.mktemp("weather"))


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """The command line sets up logging for a whole process; a test must not hand that on."""
    logger = logging.getLogger("solweig")
    level, propagate, handlers = logger.level, logger.propagate, list(logger.handlers)
    yield
    logger.setLevel(level)
    logger.propagate = propagate
    logger.handlers[:] = handlers

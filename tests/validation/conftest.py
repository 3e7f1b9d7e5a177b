"""Fixtures of the field validation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.validation.sites import find_shared


@pytest.fixture(scope="session")
def field_data() -> Path:
    """Folder with field data and the reference's series; tests skip without it."""
    shared = find_shared()
    if shared is None or not (shared / "reference").is_dir():
        pytest.skip("needs the shared field data and reference series")
    return shared

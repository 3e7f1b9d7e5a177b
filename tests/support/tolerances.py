"""Tolerances of all comparisons, in one file: ``tolerances.toml``."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text())


def tolerance(section: str, name: str) -> float:
    """A tolerance of the file."""
    return float(_table()[section][name])

"""Files by pattern, and copies of files elsewhere."""

from __future__ import annotations

import glob
import shutil
from pathlib import Path
from typing import Any

__all__ = ["copy_from", "matching"]


def matching(pattern: Path) -> list[Path]:
    """Files that match, by name; the part before the first magic one is the folder to look in."""
    parts = pattern.parts
    first = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    return sorted(Path(*parts[:first]).glob(str(Path(*parts[first:]))))


def copy_from(system: Any, name: str, target: Path) -> None:
    """Copy a file of an fsspec file system, whole, in pieces."""
    with system.open(name, "rb") as source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink, 1 << 22)

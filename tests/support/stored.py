"""Where the reference's outputs and the field data lie: the whole, or the part held here."""

from __future__ import annotations

import lzma
import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
#: The part, laid out as the whole; its README says what it leaves out.
PART = REPOSITORY / "tests" / "data"


def whole() -> Path | None:
    """``$SOLWEIG_SHARED``, or ``shared`` beside the repository; ``None`` if it is not there."""
    folder = Path(os.environ.get("SOLWEIG_SHARED", REPOSITORY.parent / "shared"))
    complete = all((folder / name).is_dir() for name in ("data", "reference"))
    return folder if complete else None


def stored_data() -> Path:
    """The whole where it is at hand, else the part."""
    return whole() or PART


def unpacked(path: Path, folder: Path) -> Path:
    """``path``, or in ``folder`` the text that the part holds as ``path`` with ``.xz``."""
    if path.exists():
        return path
    text = folder / path.name
    text.write_bytes(lzma.decompress(path.with_name(f"{path.name}.xz").read_bytes()))
    return text

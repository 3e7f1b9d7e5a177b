"""Text files as they come: with a byte order mark or not, in UTF-8, UTF-16 or Latin-1."""

from __future__ import annotations

import codecs
from pathlib import Path


def read_text(file: Path) -> str:
    """The text of a file; what is not Unicode is read as Latin-1, which any bytes are."""
    content = file.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")

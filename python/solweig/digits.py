"""Whole numbers that stand in text."""

from __future__ import annotations

import re

__all__ = ["whole_number"]

# Longer ones are no number of ours, and Python refuses to read those of thousands of digits.
_DIGITS = re.compile(r"[0-9]{1,9}")


def whole_number(text: str) -> int | None:
    """The number, of at most nine digits and without a sign; ``None`` for any other text."""
    found = text.strip()
    return int(found) if _DIGITS.fullmatch(found) else None

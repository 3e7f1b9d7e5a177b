"""What a reader of files is to the tests that damage these, and the usual ways to do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fuzz.mutations import (
    Mutation,
    archived,
    array_changed,
    bytes_changed,
    json_changed,
    text_changed,
)

__all__ = ["ARRAYS", "JSON", "TEXT", "Reader"]

TEXT = (text_changed, text_changed, bytes_changed)
JSON = (json_changed, json_changed, text_changed, bytes_changed)

ARRAYS = (bytes_changed, archived(bytes_changed), archived(array_changed))


@dataclass(frozen=True)
class Reader:
    """A kind of file.

    Attributes
    ----------
    name
        Of the kind.
    write
        Makes valid files in a folder and gives those to damage, one at a time.
    read
        Reads one of them as the package does.
    kinds
        How they are damaged.
    """

    name: str
    write: Callable[[Path], list[Path]]
    read: Callable[[Path], Any]
    kinds: tuple[Mutation, ...]

"""A record of the tiles a run has finished, so that an interrupted one can go on.

``<folder>/journal.json`` says whose tiles they are; ``<folder>/tiles/<number>.json`` appears, at
once and complete, when everything of a tile has been written. It holds what the tile sent back and
the digest of each raster it wrote: a tile counts as done only if its record and its rasters still
have their digests.
"""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.atomic import write_text
from solweig.rasters.digests import plain, read_sealed, sealed

__all__ = ["Digest", "Journal"]

_HEAD = "journal.json"


class Digest:
    """Digest of the values of several arrays, in the order they come.

    CRC-32, which tells damage, four times as fast as what would tell forgery: every raster of every
    step goes through it.
    """

    def __init__(self) -> None:
        self._sum = 0

    def add(self, values: NDArray[Any]) -> None:
        """Take every value; the shape does not matter."""
        content = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
        self._sum = zlib.crc32(content.data, self._sum)

    def text(self) -> str:
        """The digest so far, in eight hexadecimal digits."""
        return f"{self._sum:08x}"


class Journal:
    """The tiles of one run that are finished.

    Parameters
    ----------
    folder
        Where the records are; made by :meth:`begin`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def head(self) -> dict[str, Any] | None:
        """Whose tiles these are; None where nothing, or nothing whole, is there."""
        return read_sealed(self.folder / _HEAD)

    def begin(self, head: Mapping[str, Any]) -> None:
        """Start anew: forget every tile."""
        self.remove()
        (self.folder / "tiles").mkdir(parents=True, exist_ok=True)
        write_text(self.folder / _HEAD, json.dumps(sealed(plain(head)), indent=1) + "\n")

    def finish(self, number: int, record: Mapping[str, Any]) -> None:
        """Note that a tile is finished; ``record`` must be JSON."""
        write_text(self._tile(number), json.dumps(sealed(record), separators=(",", ":")) + "\n")

    def records(self, numbers: Iterable[int]) -> dict[int, dict[str, Any]]:
        """What is noted of tiles; those without a whole record are left out."""
        found = {n: read_sealed(self._tile(n)) for n in numbers}
        return {n: record for n, record in found.items() if record is not None}

    def remove(self) -> None:
        """Forget everything."""
        shutil.rmtree(self.folder / "tiles", ignore_errors=True)
        (self.folder / _HEAD).unlink(missing_ok=True)

    def _tile(self, number: int) -> Path:
        return self.folder / "tiles" / f"{number:06d}.json"

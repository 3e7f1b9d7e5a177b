"""Files that are whole or absent, and content digests.

A file is written under a temporary name in its own folder and renamed into place: whoever reads
the final name sees the old content or the new one, never half of either, also after a crash.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_CHUNK = 1 << 22


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it to ``path`` on success, else remove it."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays at the end: raster drivers choose the format by it.
    handle, name = tempfile.mkstemp(
        prefix=f".{target.stem}.", suffix=f".tmp{target.suffix}", dir=target.parent
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        os.replace(temporary, target)  # noqa: PTH105 - Path.replace hides that this is atomic
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_json(path: str | Path, content: Any) -> None:
    """Write ``content`` as JSON, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", "utf-8")


def save_array(path: str | Path, array: NDArray[Any]) -> str:
    """Write a ``.npy`` file atomically; return the digest of its content (see file_digest)."""
    contiguous = np.ascontiguousarray(array)
    with atomic_path(path) as temporary:
        with temporary.open("wb") as stream:
            np.save(stream, contiguous, allow_pickle=False)
        return file_digest(temporary)


def file_digest(path: str | Path) -> str:
    """BLAKE2b digest of all bytes of a file."""
    digest = hashlib.blake2b(digest_size=20)
    with Path(path).open("rb") as stream:
        while block := stream.read(_CHUNK):
            digest.update(block)
    return digest.hexdigest()


def array_digest(array: NDArray[Any] | None) -> str:
    """BLAKE2b digest of an array: type, shape and every value; ``"none"`` for ``None``."""
    if array is None:
        return "none"
    contiguous = np.ascontiguousarray(array)
    digest = hashlib.blake2b(digest_size=20)
    digest.update(f"{contiguous.dtype.str}{contiguous.shape}".encode())
    digest.update(contiguous.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def fingerprint(parts: dict[str, Any]) -> str:
    """Digest of a JSON-able dictionary, independent of key order."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()

"""Content digests of arrays and files, and atomic writing of arrays and JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.atomic import atomic_path, write_text
from solweig.json_text import parse_json
from solweig.parallel import in_parallel

_CHUNK = 1 << 22


def write_json(path: str | Path, content: Any) -> None:
    """Write ``content`` as JSON, atomically; the folder is made if need be."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(content, indent=2, sort_keys=True) + "\n")


def save_array(path: str | Path, array: NDArray[Any]) -> str:
    """Write a ``.npy`` file atomically; return the digest of its content (see file_digest)."""
    contiguous = np.ascontiguousarray(array)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        with temporary.open("wb") as stream:
            np.save(stream, contiguous, allow_pickle=False)
        return file_digest(temporary)


def save_arrays(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> dict[str, str]:
    """Write each array as ``<name>.npy``; return the files' digests by file name."""
    files = {f"{name}.npy": array for name, array in arrays.items()}
    digests = in_parallel(partial(save_array, folder / name, a) for name, a in files.items())
    return dict(zip(files, digests, strict=True))


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


class LayerDigests:
    """Digests of the layers of a surface, each computed once, when it is asked for.

    The layers must not change while this is in use.

    Parameters
    ----------
    surface
        Whatever has the layers as attributes.
    """

    def __init__(self, surface: Any) -> None:
        self._surface = surface
        self._known: dict[str, str] = {}

    def of(self, *names: str) -> dict[str, str]:
        """Digest of each layer by name; see :func:`array_digest`."""
        new = [name for name in names if name not in self._known]
        jobs = (partial(array_digest, getattr(self._surface, name)) for name in new)
        self._known.update(zip(new, in_parallel(jobs), strict=True))
        return {name: self._known[name] for name in names}


def content_hash(value: Any) -> str:
    """Digest of an array's dtype, shape and bytes, or of a plain value's JSON."""
    digest = hashlib.blake2b(digest_size=16)
    if isinstance(value, np.ndarray):
        array = np.ascontiguousarray(value)
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.data.cast("B") if array.size else b"")
    else:
        digest.update(json.dumps(plain(value), sort_keys=True).encode())
    return digest.hexdigest()


_SEAL = "digest"


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be written as JSON, with a digest of itself."""
    return {**content, _SEAL: content_hash(content)}


def unsealed(content: Any) -> dict[str, Any] | None:
    """What was :func:`sealed`; ``None`` if it is not as it was written, or has no digest."""
    if not isinstance(content, Mapping):
        return None
    rest = {name: value for name, value in content.items() if name != _SEAL}
    return rest if content.get(_SEAL) == content_hash(rest) else None


def read_sealed(path: Path) -> dict[str, Any] | None:
    """What a JSON file of :func:`sealed` content holds; ``None`` if it is absent or damaged."""
    try:
        return unsealed(parse_json(path.read_text("utf-8")))
    except (OSError, ValueError):
        return None


def content_of(arrays: Mapping[str, NDArray[Any] | None]) -> dict[str, str]:
    """:func:`content_hash` of every array that is there, by name."""
    known = {name: np.asarray(grid) for name, grid in arrays.items() if grid is not None}
    digests = in_parallel(partial(content_hash, grid) for grid in known.values())
    return dict(zip(known, digests, strict=True))


def plain(value: Any) -> Any:
    """The value in types JSON knows; NaN becomes null."""
    if isinstance(value, SimpleNamespace):
        value = vars(value)
    if hasattr(value, "__dataclass_fields__"):
        value = {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        return {"content": content_hash(value), "shape": list(value.shape)}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(v) for v in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def fingerprint(parts: dict[str, Any]) -> str:
    """Digest of a JSON-able dictionary, independent of key order."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()

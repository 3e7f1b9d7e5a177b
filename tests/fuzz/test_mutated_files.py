"""A damaged file gives a result or an error of the package that says what is wrong with it.

SOLWEIG_FUZZ_COUNT: how many damaged files a reader is given (``poe fuzz``: 10000).
"""

from __future__ import annotations

import os
import random
import re
import traceback
import warnings
from pathlib import Path

import pytest

from solweig.errors import ComputationCancelled, DiskFull, SolweigError
from tests.fuzz.bounds import TooLong, bounded
from tests.fuzz.mutations import mutated
from tests.fuzz.readers import READERS, Reader

COUNT = int(os.environ.get("SOLWEIG_FUZZ_COUNT", "300"))


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_valid_files_are_read(reader: Reader, tmp_path: Path) -> None:
    for path in reader.write(tmp_path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader.read(path)


# rasterio logs what GDAL says as UTF-8, and GDAL quotes bytes of the file, which is refused.
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. 'rasterio._env.log_error':pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_damaged_files_are_read_or_refused(reader: Reader, tmp_path: Path) -> None:
    paths = reader.write(tmp_path)
    whole = {path: path.read_bytes() for path in paths}
    failures: dict[str, tuple[str, list[int]]] = {}
    refused = 0
    for number in range(COUNT):
        rng = random.Random(f"{reader.name} {number}")
        path = rng.choice(paths)
        path.write_bytes(mutated(whole[path], rng, reader.kinds))
        failure, typed = outcome(reader, path)
        refused += typed
        if failure is not None:
            # Told once each, by what was raised and where.
            key = re.sub(r"(?m)^(?!\s*File|\w+:).*$|\d{3,}", "", failure)
            failures.setdefault(key, (f"{path.name}\n{failure}", []))[1].append(number)
        path.write_bytes(whole[path])
    told = "\n".join(f"--- files {n}, such as {text}" for text, n in failures.values())
    assert not failures, f"{len(failures)} kinds of failure\n{told}"
    assert refused > COUNT // 20, "hardly a file was refused: the damage does no harm"


def outcome(reader: Reader, path: Path) -> tuple[str | None, bool]:
    """What went wrong, and whether the file was refused by a typed error."""
    try:
        with warnings.catch_warnings(), bounded():
            warnings.simplefilter("ignore")
            reader.read(path)
    except (DiskFull, ComputationCancelled):  # the command line takes them for no bad input
        return traceback.format_exc(), False
    except SolweigError as error:
        said = str(error).strip()
        return (None, True) if said else ("an error without a word", False)
    except (Exception, TooLong):
        return traceback.format_exc(limit=-4), False
    return None, False

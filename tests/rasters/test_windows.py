"""Windows of mapped files are read and written as those of arrays in memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from solweig import _core
from solweig.rasters.windows import is_its_file, map_array, read_window, whole_file, write_window
from solweig.tiles.store import TileStore

WINDOWS = [
    (slice(0, 300), slice(0, 41)),
    (slice(7, 290), slice(3, 20)),
    (slice(7, 290), slice(None)),
    (slice(299, 300), slice(40, 41)),
    (slice(4, 4), slice(0, 3)),
    (slice(9, 2), slice(0, 41)),
]
words = pytest.mark.parametrize("words", [(), (5,)])


def stored(path: Path, shape: tuple[int, ...]) -> Any:
    whole = np.random.default_rng(1).integers(0, 2**32, shape, dtype=np.uint32)
    np.save(path, whole)
    return whole


@words
def test_reading(tmp_path: Path, words: tuple[int, ...]) -> None:
    whole = stored(tmp_path / "a.npy", (300, 41, *words))
    mapped = map_array(tmp_path / "a.npy")
    for where in WINDOWS:
        for array, expected in ((mapped, whole), (mapped[10:200], whole[10:200]), (whole, whole)):
            found = read_window(array, where)
            assert np.array_equal(found, expected[where])
            assert found.flags.c_contiguous
            assert not isinstance(found, np.memmap)
    cut = mapped[:, 2:]
    assert np.array_equal(read_window(cut, (slice(1, 5), slice(0, 7))), whole[1:5, 2:9])


@words
def test_writing(tmp_path: Path, words: tuple[int, ...]) -> None:
    whole = stored(tmp_path / "a.npy", (300, 41, *words))
    mapped = map_array(tmp_path / "a.npy", "r+")
    for number, where in enumerate(WINDOWS):
        values = np.random.default_rng(number).integers(0, 2**32, whole[where].shape, np.uint32)
        for array, expected in ((mapped, whole), (mapped[10:200], whole[10:200])):
            part = values[: expected[where].shape[0]]
            write_window(array, where, part)
            expected[where] = part
            assert np.array_equal(mapped, whole)
            write_window(array, where, 7)
            expected[where] = 7
            assert np.array_equal(mapped, whole)
    del mapped
    assert np.array_equal(np.load(tmp_path / "a.npy"), whole)


def test_files_and_not_maps_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the tests above would compare a map with itself."""
    stored(tmp_path / "a.npy", (300, 41))
    mapped = map_array(tmp_path / "a.npy", "r+")
    called: list[str] = []
    for name in ("read_stretches", "write_stretches"):
        real = getattr(_core, name)
        monkeypatch.setattr(
            _core, name, lambda *a, name=name, real=real: called.append(name) or real(*a)
        )
    read_window(mapped, WINDOWS[1])
    write_window(mapped, WINDOWS[1], np.zeros((283, 17)))
    assert called == ["read_stretches", "write_stretches"]
    assert not mapped[7:290, 3:20].any()
    assert mapped[:7].all()


def test_a_copy_on_write_keeps_what_was_changed(tmp_path: Path) -> None:
    stored(tmp_path / "a.npy", (300, 41))
    private = map_array(tmp_path / "a.npy", "c")
    private[20, 20] = 5
    assert read_window(private, WINDOWS[0])[20, 20] == 5


def test_a_file_cut_short_is_an_error(tmp_path: Path) -> None:
    stored(tmp_path / "a.npy", (300, 41))
    mapped = map_array(tmp_path / "a.npy")
    os.truncate(tmp_path / "a.npy", 4000)
    with pytest.raises(OSError, match="before its last row"):
        read_window(mapped, (slice(250, 300), slice(0, 41)))


def test_a_file_replaced_by_another_is_not_mistaken(tmp_path: Path) -> None:
    """A surface prepared anew in the same folder; the map is of the old file still."""
    whole = stored(tmp_path / "a.npy", (300, 41))
    mapped = map_array(tmp_path / "a.npy")
    assert is_its_file(mapped)
    assert is_its_file(mapped[3:, 2:])
    np.save(tmp_path / "b.npy", np.zeros_like(whole))
    (tmp_path / "b.npy").replace(tmp_path / "a.npy")
    assert not is_its_file(mapped)
    assert np.array_equal(read_window(mapped, WINDOWS[1]), whole[WINDOWS[1]])
    (tmp_path / "a.npy").unlink()
    assert np.array_equal(read_window(mapped, WINDOWS[1]), whole[WINDOWS[1]])
    # What others mapped is not known.
    np.save(tmp_path / "a.npy", whole)
    assert not is_its_file(np.load(tmp_path / "a.npy", mmap_mode="r"))
    with TileStore(on_disk=True, folder=tmp_path) as store:
        store.put("old", mapped)
        assert np.array_equal(store.part("old", WINDOWS[1]), whole[WINDOWS[1]])


def test_bad_calls_are_told(tmp_path: Path) -> None:
    nothing = np.zeros(20, np.uint8)
    with pytest.raises(ValueError, match="divisor"):
        _core.read_stretches("x", 0, 10, 7, nothing)
    for call in (_core.read_stretches, _core.write_stretches):
        with pytest.raises(FileNotFoundError, match=r"gone\.npy"):
            call(str(tmp_path / "gone.npy"), 0, 10, 10, nothing)


def test_another_shape_is_refused(tmp_path: Path) -> None:
    stored(tmp_path / "a.npy", (300, 41))
    mapped = map_array(tmp_path / "a.npy", "r+")
    with pytest.raises(ValueError, match="shape"):
        write_window(mapped, WINDOWS[1], np.zeros((2, 17)))


def test_a_disk_that_is_full_is_an_error(tmp_path: Path) -> None:
    """And not the end of the process, as it is through a map."""
    script = (
        "import resource, sys, numpy as np\n"
        "from solweig.rasters.windows import map_array, write_window\n"
        "array = map_array(sys.argv[1], 'r+')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, resource.RLIM_INFINITY))\n"
        "write_window(array, (slice(0, 300), slice(1, 41)), np.zeros((300, 40)))\n"
    )
    stored(tmp_path / "a.npy", (300, 41))
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "a.npy")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "OSError: [Errno" in done.stderr
    assert "a.npy" in done.stderr


def test_a_plain_view_of_a_map_knows_its_file(tmp_path: Path) -> None:
    """What numpy's functions make of a mapped array is read from its file, too."""
    path = tmp_path / "a.npy"
    np.save(path, np.arange(48, dtype=np.float32).reshape(6, 8))
    mapped = map_array(path)
    plain = np.asarray(mapped)
    assert type(plain) is np.ndarray
    assert is_its_file(plain)
    assert whole_file(mapped) == whole_file(plain) == path
    where = (slice(1, 5), slice(2, 7))
    assert np.array_equal(read_window(plain[1:], where), mapped[1:][where])
    for part in (plain[1:], plain[::-1], plain.T, np.array(plain), plain + 1.0):
        assert whole_file(part) is None

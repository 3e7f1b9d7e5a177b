"""What an archive says of itself is held against its length before memory is taken for it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from solweig.errors import InvalidSurfaceData
from solweig.rasters.archives import DamagedFile, open_archive
from solweig.rasters.windows import map_array

GRID = np.arange(12, dtype=np.float32).reshape(3, 4)


def npy(array: np.ndarray, shape: str | None = None) -> bytes:
    """A ``.npy`` file, whose header may say another shape; headers have room for some digits."""
    target = io.BytesIO()
    np.save(target, array)
    content = target.getvalue()
    if shape is None:
        return content
    said = str(array.shape).encode()
    grown = len(shape) - len(said)
    return content.replace(said + b", }" + b" " * grown, shape.encode() + b", }")


def archive(path: Path, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as sink:
        sink.writestr("grid.npy", content)
    return path


def test_arrays_come_back(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        with open_archive(archive(tmp_path / "a.npz", npy(GRID), method)) as found:
            assert found.names == ("grid.npy",)
            assert np.array_equal(found.array("grid"), GRID)
            assert found.content("grid.npy") == npy(GRID)


@pytest.mark.parametrize("shape", ["(100000, 100000)", "(3, 5)", "(3, 3)", "(-3, -4)"])
def test_another_shape_than_there_are_bytes(tmp_path: Path, shape: str) -> None:
    damaged = npy(GRID, shape)
    assert shape.encode() in damaged
    with open_archive(archive(tmp_path / "a.npz", damaged)) as found, pytest.raises(DamagedFile):
        found.array("grid")
    (tmp_path / "grid.npy").write_bytes(damaged)
    if shape != "(3, 3)":  # a mapped file may be longer
        with pytest.raises(DamagedFile):
            map_array(tmp_path / "grid.npy")


@pytest.mark.parametrize("kind", ["O", "U4", "M8[s]", "c8"])
def test_arrays_of_other_things_than_numbers(tmp_path: Path, kind: str) -> None:
    array = np.zeros(3, kind)
    with (
        open_archive(archive(tmp_path / "a.npz", npy(array))) as found,
        pytest.raises(DamagedFile, match="numbers"),
    ):
        found.array("grid")


def test_a_member_that_says_to_be_larger_than_it_can_be(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.npz", npy(GRID))
    content = path.read_bytes()
    size = len(npy(GRID)).to_bytes(4, "little")
    assert content.count(size) == 2, "in the header of the member, and in the directory"
    path.write_bytes(content.replace(size, (2**31 - 1).to_bytes(4, "little")))
    with pytest.raises(DamagedFile, match="says to hold"), open_archive(path):
        pass


def test_a_compression_that_nothing_bounds(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.npz", npy(GRID), zipfile.ZIP_BZIP2)
    with pytest.raises(DamagedFile, match="deflate"), open_archive(path):
        pass


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with pytest.raises(FileNotFoundError), open_archive(path):
        pass
    path.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(DamagedFile), open_archive(path):
        pass


def test_errors_of_the_package_pass(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.npz", npy(GRID))
    with pytest.raises(InvalidSurfaceData, match="mine"), open_archive(path):
        raise InvalidSurfaceData("mine")

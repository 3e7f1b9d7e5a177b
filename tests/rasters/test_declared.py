"""A raster that says to be larger than its file can hold is refused before memory is taken."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from solweig import InvalidSurfaceData, SurfaceData, io
from solweig.rasters.files import create_empty_raster
from tests.support.rasters import NORTH, UTM33, WEST, write_tif

WIDTH, HEIGHT, ROWS_OF_A_STRIP = 256, 257, 278


def grown(path: Path, side: int) -> Path:
    """A GeoTIFF whose header says another width and height."""
    content = bytearray(path.read_bytes())
    assert content[:4] == b"II*\0"
    (count,) = struct.unpack_from("<H", content, 8)
    for place in range(10, 10 + 12 * count, 12):
        (tag,) = struct.unpack_from("<H", content, place)
        if tag in (WIDTH, HEIGHT, ROWS_OF_A_STRIP):
            struct.pack_into("<HHII", content, place, tag, 4, 1, side)
    path.write_bytes(content)
    return path


def test_a_header_that_says_too_much(tmp_path: Path) -> None:
    path = grown(write_tif(tmp_path / "dsm.tif", np.ones((6, 8), np.float32)), 60_000)
    for read in (SurfaceData.prepare, io.load_raster, io.get_raster_metadata):
        with pytest.raises(InvalidSurfaceData, match="60000 x 60000 cells"):
            read(path)


def test_rasters_without_data_yet_are_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "empty.tif"
    place = [WEST, 1.0, 0.0, NORTH, 0.0, -1.0]
    create_empty_raster(path, 40_000, 40_000, place, UTM33)
    assert path.stat().st_size < 1_000_000
    assert np.isnan(io.read_raster_window(path, (slice(0, 4), slice(0, 4)))).all()

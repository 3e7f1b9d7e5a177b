"""Boxes snap to the pixels as they did: the same numbers of cells."""

from __future__ import annotations

from pathlib import Path

import pytest

import solweig
from tests.support.rasters import NORTH, WEST, scene, write_tif

PIXEL = 2.0


def test_whole_pixels_of_a_box() -> None:
    shrink = solweig.io.shrink_bbox_to_pixel_grid
    box = (10.3, 20.3, 40.3, 50.3)
    assert shrink(box, 0.0, 100.0, 1.0, 1.0) == (11.0, 21.0, 40.0, 50.0)
    assert shrink(box, 0.0, 100.0, 2.0, -2.0) == (12.0, 22.0, 40.0, 50.0)
    assert shrink((10.0 - 1e-11, 20, 40, 50), 0.0, 100.0, 1.0, 1.0) == (10.0, 20.0, 40.0, 50.0)
    for wrong in ((10.2, 20, 10.4, 50), (40, 20, 10, 50)):
        with pytest.raises(ValueError, match="bbox"):
            shrink(wrong, 0.0, 100.0, 1.0, 1.0)


@pytest.mark.parametrize(
    # Edges as cells from the north-west: west, north, east, south. Then rows and columns.
    ("box", "read", "prepared"),
    [
        ((10, 10, 40, 30), (20, 30), (20, 30)),
        ((10.3, 10.3, 40.3, 30.3), (19, 29), (20, 30)),
        ((10.6, 10.6, 40.6, 30.6), (19, 29), (20, 30)),
        ((10, 10, 40.7, 30.4), (20, 30), (20, 31)),
        ((10.3, 10, 40.9, 30.9), (20, 29), (21, 31)),
    ],
)
def test_cells_of_a_box(
    tmp_path: Path, box: tuple[float, ...], read: tuple[int, int], prepared: tuple[int, int]
) -> None:
    path = write_tif(tmp_path / "dsm.tif", scene()["dsm"])
    west, north, east, south = (v * PIXEL for v in box)
    bbox = (WEST + west, NORTH - south, WEST + east, NORTH - north)
    values, transform, *_ = solweig.io.load_raster(path, bbox=bbox)
    assert values.shape == read
    assert WEST + west <= transform[0] < WEST + west + PIXEL
    surface = solweig.SurfaceData.prepare(path, tmp_path / "cache", bbox=bbox, patch_option=1)
    assert surface.shape == prepared
    assert abs(surface.geotransform[0] - bbox[0]) <= PIXEL / 2

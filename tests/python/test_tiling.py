"""Tiles cover a raster once, and margins are as long as shadows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import solweig

sizes = st.integers(1, 60)


@given(rows=sizes, cols=sizes, tile=sizes, overlap=st.integers(0, 20))
def test_cores_cover_every_cell_once(rows: int, cols: int, tile: int, overlap: int) -> None:
    hits = np.zeros((rows, cols), int)
    whole = np.arange(rows * cols).reshape(rows, cols)
    for spec in solweig.generate_tiles(rows, cols, tile, overlap):
        hits[spec.write_slice] += 1
        read = whole[spec.read_slice]
        assert read.shape == spec.full_shape
        assert np.array_equal(read[spec.core_slice], whole[spec.write_slice])
        assert max(spec.overlap_top, spec.overlap_left) <= overlap
        assert spec.core_shape == whole[spec.write_slice].shape
    assert (hits == 1).all()


def test_margin_is_full_inside_and_cut_at_the_edge() -> None:
    specs = solweig.generate_tiles(100, 100, 40, 10)
    assert len(specs) == 9
    first, middle = specs[0], specs[4]
    assert (first.overlap_top, first.overlap_left) == (0, 0)
    assert (first.overlap_bottom, first.overlap_right) == (10, 10)
    assert (middle.overlap_top, middle.overlap_bottom) == (10, 10)
    assert (middle.overlap_left, middle.overlap_right) == (10, 10)


@pytest.mark.parametrize("bad", [(0, 5, 2, 0), (5, 0, 2, 0), (5, 5, 0, 0), (5, 5, 2, -1)])
def test_sizes_are_checked(bad: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="expected at least"):
        solweig.generate_tiles(*bad)


def test_buffer_is_the_longest_shadow_up_to_the_cap() -> None:
    assert solweig.calculate_buffer_distance(10.0, 45.0) == pytest.approx(10.0)
    assert solweig.calculate_buffer_distance(20.0) == pytest.approx(
        20.0 / math.tan(math.radians(3.0))
    )
    assert solweig.calculate_buffer_distance(100.0) == 1000.0
    assert solweig.calculate_buffer_distance(100.0, max_shadow_distance_m=200.0) == 200.0
    assert solweig.calculate_buffer_distance(0.0) == 0.0
    with pytest.raises(ValueError, match="min_sun_elev_deg"):
        solweig.calculate_buffer_distance(10.0, 0.0)

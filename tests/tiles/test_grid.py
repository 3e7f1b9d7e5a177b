"""Tiles cover a raster once, and margins are as long as shadows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import solweig
from solweig import _core
from solweig.tiles.grid import ground_view_reach, shadow_reach

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


@given(
    relief=st.floats(0.0, 300.0),
    altitude=st.floats(1.0, 90.0),
    azimuth=st.floats(0.0, 359.9),
    pixel=st.sampled_from([0.5, 1.0, 2.0, 5.0]),
    cap=st.sampled_from([10.0, 250.0, 1000.0]),
)
def test_reach_covers_every_useful_step(
    relief: float, altitude: float, azimuth: float, pixel: float, cap: float
) -> None:
    reach = shadow_reach(relief, altitude, pixel, cap)
    offsets, distance, height = _core.ray_offsets(azimuth, altitude, pixel, 2500)
    # A step is useful while the height gained before it is below the relief (spec G 2.2).
    useful = (distance <= cap) & (np.concatenate([[0.0], height[:-1]]) <= relief)
    steps = np.abs(offsets[: np.flatnonzero(useful)[-1] + 1])
    assert steps.max(initial=0) <= reach
    # Not wastefully far: along the axis a useful step is nearly as far as the reach.
    assert reach <= max(min(cap, relief / math.tan(math.radians(altitude))) / pixel + 2.0, 1.0)


@pytest.mark.parametrize("pixel", [0.5, 1.0, 2.0, 10.0, 50.0])
def test_ground_view_reach_covers_the_engines(pixel: float) -> None:
    """A difference farther away than the reach changes nothing; that near it does."""
    reach = ground_view_reach(pixel)
    size = 2 * reach + 5
    zeros = np.zeros((size, size), np.float32)
    view = _core.GroundView(
        np.ones((size, size), np.uint8), pixel_size=pixel, albedo=zeros, wall_height=zeros,
        wall_aspect=zeros, person_height=1.1,
    )  # fmt: skip

    def lup(col: int) -> float:
        excess = zeros.copy()
        excess[:, :col] = 30.0
        seen = view.evaluate(
            wall_sun=zeros, shadow=zeros + 1, ground_excess=excess, wall_excess=0.0, ta=20.0,
            emissivity=zeros + 1, albedo=zeros,
        )  # fmt: skip
        return float(seen["gvfLup"][size // 2, size // 2])

    centre = size // 2
    assert lup(centre - reach) == lup(0)
    assert lup(centre + 1) != lup(0)

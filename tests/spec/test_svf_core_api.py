"""A core window gives the slice of the full tile, on every engine."""

from __future__ import annotations

import numpy as np
import pytest

from solweig import _core
from tests.support.gpu_cities import random_city
from tests.support.gpu_harness import BACKENDS, open_device

pytestmark = pytest.mark.engine

WINDOWS = ((0, 7, 0, 5), (3, 19, 2, 17), (9, 10, 4, 18))


def engine_of(name: str) -> _core.Engine:
    return _core.Engine() if name == "cpu" else _core.Engine("gpu", open_device(name))


@pytest.mark.parametrize("name", ["cpu", *BACKENDS])
@pytest.mark.parametrize("seed", [2, 4])
def test_a_window_equals_the_slice_of_the_whole(name: str, seed: int) -> None:
    engine = engine_of(name)
    scene = random_city(seed).scene
    whole = scene.svf(2, engine=engine)
    rows, cols = scene.shape
    for window in (*WINDOWS, (0, rows, 0, cols), (rows - 3, rows, cols - 2, cols)):
        top, bottom, left, right = window
        part = scene.svf(2, engine=engine, window=window)
        for name_, field in whole.fields().items():
            want = np.ascontiguousarray(field[top:bottom, left:right])
            assert part.fields()[name_].tobytes() == want.tobytes(), (name_, window)
        for name_, mask in whole.masks().items():
            np.testing.assert_array_equal(part.masks()[name_], mask[top:bottom, left:right])


def test_one_readback_a_call_and_only_the_window() -> None:
    device = open_device("vulkan")
    engine = _core.Engine("gpu", device)
    scene = random_city(2).scene
    device.reset_counters()
    scene.svf(2, engine=engine, window=(0, 10, 0, 10))
    counters = device.counters()
    assert counters["readbacks"] == 1
    # Fifteen view factors and three masks of five words, four bytes each, of a hundred cells.
    assert counters["bytes_down"] == 100 * 4 * (15 + 3 * 5)


@pytest.mark.parametrize("window", [(0, 0, 0, 5), (5, 4, 0, 5), (0, 5, 0, 10_000)])
def test_a_window_off_the_raster_is_an_error(window: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="window: expected"):
        random_city(2).scene.svf(2, window=window)

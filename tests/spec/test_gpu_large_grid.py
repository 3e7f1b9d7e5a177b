"""Dispatch is bounded by rows and columns: rasters whose workgroups do not fit one dimension."""

from __future__ import annotations

import numpy as np
import pytest

from solweig import _core
from tests.support.gpu_cities import City, run_day, weather
from tests.support.gpu_harness import (
    assert_on_device,
    compare_fields,
    compare_shadows,
    compare_sky,
    open_device,
)

pytestmark = pytest.mark.engine

GROUP_ROWS, GROUP_COLS = 4, 16
ONE_DIMENSION = 65_535


def sparse_city(shape: tuple[int, int]) -> City:
    """Flat ground with a few blocks and trees, at the corners too, so that rays end early."""
    rows, cols = shape
    dsm = np.zeros(shape, np.float32)
    canopy = np.zeros(shape, np.float32)
    land_cover = np.full(shape, 5, np.uint8)
    for r in (0, rows // 2, rows - 6):
        for c in (0, cols // 2, cols - 6):
            r0, c0 = max(r, 0), max(c, 0)
            dsm[r0 : r0 + 4, c0 : c0 + 4] = 3.0
            land_cover[r0 : r0 + 4, c0 : c0 + 4] = 2
            canopy[r0 + 4 : r0 + 6, c0 : c0 + 6] = 4.0
    dsm[rows // 3, cols // 3] = np.nan
    return City(dsm, None, canopy, None, land_cover, 6.0)


def compare_everything(city: City, engine: _core.Engine) -> None:
    compare_sky(city.sky, city.scene.svf(2, engine=engine))
    height, aspect = city.walls
    walls = {"wall_height": height, "wall_aspect": aspect}
    cpu = city.scene.shadows(200.0, 8.0, **walls)
    compare_shadows(cpu, city.scene.shadows(200.0, 8.0, engine=engine, **walls))
    outputs = ["tmrt", "utci", "pet", "shadow"]
    cpu_day = run_day(city, None, (9.0, 22.0), outputs=outputs)
    gpu_day = run_day(city, engine, (9.0, 22.0), outputs=outputs)
    for a, b in zip(cpu_day.steps, gpu_day.steps, strict=True):
        compare_fields(a, b)
    compare_fields(cpu_day.grids, gpu_day.grids)
    stages = ("svf", "shadow", "gvf", "anisotropic", "radiation", "utci", "pet", "statistics")
    assert_on_device(engine, *stages)


@pytest.mark.slow
def test_more_workgroups_than_one_dimension_holds() -> None:
    """Narrow, so that most of a workgroup idles: what matters is how many there are."""
    shape = (4 * ONE_DIMENSION + 8, 5)
    rows, cols = shape
    assert -(-rows // GROUP_ROWS) * -(-cols // GROUP_COLS) > ONE_DIMENSION
    # Words of the visibility of 153 patches: beyond what a float can count.
    assert rows * cols * 3 * -(-153 // 32) > 2**24
    device = open_device("vulkan")
    compare_everything(sparse_city(shape), _core.Engine("gpu", device))
    # No dispatch may keep an adapter busy for long; a submission holds several.
    assert device.counters()["readbacks"] > 0


def test_a_small_limit_of_a_dimension_is_kept_in_rows_and_columns() -> None:
    """An adapter that takes eight workgroups a dimension refuses a dispatch of more."""
    limit, shape = 8, (90, 100)
    rows, cols = shape
    assert cols <= limit * GROUP_COLS
    assert rows > 2 * limit * GROUP_ROWS
    city = sparse_city(shape)
    dispatches = []
    for limits in ({}, {"max_compute_workgroups_per_dimension": limit}):
        device = open_device("vulkan", limits=limits)
        compare_everything(city, _core.Engine("gpu", device))
        dispatches.append(device.counters()["dispatches"])
    # Three bands of rows in place of one, for every kernel whose grid is the raster.
    assert dispatches[1] > 2 * dispatches[0]
    wide = sparse_city((20, limit * GROUP_COLS + 1))
    with pytest.raises(_core.GpuError, match="in one dimension: needs 9, the limit is 8"):
        wide.scene.svf(2, engine=_core.Engine("gpu", device))


@pytest.mark.parametrize("shape", [(300_000, 7), (6, 80_000), (1, 3_000), (3_000, 1)])
def test_long_and_narrow(shape: tuple[int, int]) -> None:
    """More rows than workgroups of four fit one dimension, and rasters of one row or column."""
    rows, cols = shape
    dsm = np.zeros(shape, np.float32)
    dsm[rows // 2, cols // 2] = 5.0
    dsm[rows - 1, cols - 1] = 2.5
    dsm[0, 0] = np.nan
    scene = _core.Scene(dsm, pixel_size=1.0)
    engine = _core.Engine("gpu", open_device("vulkan"))
    compare_shadows(scene.shadows(200.0, 8.0), scene.shadows(200.0, 8.0, engine=engine))
    if rows * cols < 10_000:
        compare_sky(scene.svf(2), scene.svf(2, engine=engine))


def test_sides_of_a_box_fit_smaller_rasters_only() -> None:
    """The box sides need 28 planes in one buffer: less fits, and what does not goes to the CPU."""
    device = open_device("vulkan", limits={"max_storage_buffer_binding_size": 2**20})
    plain = device.largest_window(2, True, True, False)
    sides = device.largest_window(2, True, True, True)
    assert sides < plain
    side = int(np.sqrt(sides)) + 8
    city = sparse_city((side, side))
    city.params = {"body": "box"}
    engine = _core.Engine("auto", device)
    cpu, gpu = city.model(), city.model(engine)
    states = cpu.new_state(), gpu.new_state()
    want = cpu.step(states[0], weather(9.0)).fields
    compare_fields(want, gpu.step(states[1], weather(9.0)).fields)
    assert sum(entry["fallbacks"] for entry in engine.tally().values()) == 1

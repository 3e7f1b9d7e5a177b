"""Sky view and shadows: a device sees what the CPU sees, on every bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from solweig import _core
from tests.support.gpu_cities import random_city
from tests.support.gpu_harness import (
    BACKENDS,
    assert_on_device,
    compare_shadows,
    compare_sky,
    gap,
    open_device,
    record,
    worst,
)
from tests.support.site_rasters import FILES, site_rasters

pytestmark = pytest.mark.engine

SUNS = ((143.0, 3.1), (271.0, 18.0), (45.0, 61.0))
CITIES = 200
GROUPS = 10


@pytest.fixture(scope="module", params=BACKENDS)
def device(request: pytest.FixtureRequest) -> _core.Gpu:
    return open_device(request.param)


@pytest.mark.parametrize("group", range(GROUPS))
def test_random_cities(device: _core.Gpu, group: int) -> None:
    engine = _core.Engine("gpu", device)
    gaps = []
    for seed in range(group, CITIES, GROUPS):
        city = random_city(seed)
        gaps.append(compare_sky(city.sky, city.scene.svf(2, engine=engine)))
        height, aspect = city.walls
        assert height.max() > 2.0
        for azimuth, altitude in SUNS:
            walls = {"wall_height": height, "wall_aspect": aspect}
            cpu = city.scene.shadows(azimuth, altitude, **walls)
            compare_shadows(cpu, city.scene.shadows(azimuth, altitude, engine=engine, **walls))
    assert_on_device(engine, "svf", "shadow")
    record(f"random cities {group}", device.backend, worst(gaps))


@pytest.mark.parametrize("option", [1, 3, 4])
def test_every_sky_division(device: _core.Gpu, option: int) -> None:
    engine = _core.Engine("gpu", device)
    scene = random_city(11).scene
    for switches in ({}, {"normalised_sectors": True, "zenith_canopy": "overhead"}):
        compare_sky(scene.svf(option, **switches), scene.svf(option, engine=engine, **switches))


@pytest.mark.slow
@pytest.mark.parametrize("site", list(FILES))
def test_reference_sites(device: _core.Gpu, shared: Path, site: str) -> None:
    engine = _core.Engine("gpu", device)
    rasters = site_rasters(shared, site)
    scene = rasters.scene()
    device.reset_counters()
    gpu = scene.svf(2, engine=engine)
    assert device.counters()["readbacks"] == 1
    record(site, device.backend, compare_sky(scene.svf(2), gpu))
    height = _core.wall_height(rasters.dsm, 1.0)
    aspect = _core.wall_aspect(rasters.dsm, height, 2.0)
    for azimuth, altitude in (*SUNS, (200.0, 1.0)):
        walls = {"wall_height": height, "wall_aspect": aspect}
        cpu = scene.shadows(azimuth, altitude, **walls)
        compare_shadows(cpu, scene.shadows(azimuth, altitude, engine=engine, **walls))
    assert_on_device(engine, "svf", "shadow")


def test_repeated_runs_are_bitwise_equal(device: _core.Gpu) -> None:
    engine = _core.Engine("gpu", device)
    scene = random_city(3).scene
    first, second = scene.svf(2, engine=engine), scene.svf(2, engine=engine)
    for name, field in first.fields().items():
        assert field.tobytes() == second.fields()[name].tobytes(), name
    for name, mask in first.masks().items():
        np.testing.assert_array_equal(mask, second.masks()[name])


def test_the_harness_finds_a_wrong_device(device: _core.Gpu) -> None:
    engine = _core.Engine("gpu", device)
    city = random_city(5)
    device.inject_fault("svf", "wrong_answer")
    with pytest.raises(AssertionError):
        compare_sky(city.sky, city.scene.svf(2, engine=engine))
    device.inject_fault("shadow", "wrong_answer")
    with pytest.raises(AssertionError):
        compare_shadows(
            city.scene.shadows(143.0, 20.0), city.scene.shadows(143.0, 20.0, engine=engine)
        )
    assert_on_device(engine, "svf", "shadow")
    # And it passes the right one again.
    compare_sky(city.sky, city.scene.svf(2, engine=engine))


def test_missing_cells_are_told_apart() -> None:
    with pytest.raises(AssertionError, match="finite cells differ"):
        gap(np.array([1.0, np.nan]), np.array([1.0, 2.0]))

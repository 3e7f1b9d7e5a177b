"""Radiation by weather cells: a device computes what the CPU computes, whatever the cut."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

import solweig
from solweig import RadiationField, _core
from solweig.execution import ExecutionConfig
from tests.support.gpu_cities import City, own_air, random_city, run_day, weather
from tests.support.gpu_harness import (
    assert_on_device,
    compare_fields,
    open_device,
    record,
    worst,
)
from tests.support.run_cases import LOCATION
from tests.support.run_cases import weather as clear_day
from tests.support.sky_cases import cells_of, labelled
from tests.support.tile_cases import REACH_M, prepared

pytestmark = pytest.mark.engine

POINTS = np.array([[1, 1], [7, 12], [0, 0]])
SEEDS = (1, 2, 7)
"""Box, improved, isotropic sky of a box."""


@pytest.fixture(scope="module")
def device() -> _core.Gpu:
    return open_device("vulkan")


def air_under_clouds(city: City, hour: float) -> dict[str, Any]:
    """Air of every cell, and a different sky of each of six weather cells, one of them split."""
    rng = np.random.default_rng(int(hour))
    total = weather(hour)["global_rad"] * rng.uniform(0.3, 1.0, (2, 3))
    diffuse = total * rng.uniform(0.2, 0.6, (2, 3))
    diffuse[0, 1] = np.nan
    rows, cols = city.dsm.shape
    return {
        **own_air(city, hour),
        "sky": {
            "first": (3, 5), "origin": (6.0, 4.5), "pitch": (rows / 3.0, cols / 4.0),
            "global_rad": total, "direct_rad": total - diffuse, "diffuse_rad": diffuse,
        },
    }  # fmt: skip


def test_random_cities(device: _core.Gpu) -> None:
    engine = _core.Engine("gpu", device)
    gaps = []
    for seed in SEEDS:
        city = random_city(seed)
        air = partial(air_under_clouds, city)
        cpu, gpu = (run_day(city, e, points=POINTS, air=air) for e in (None, engine))
        gaps += [compare_fields(a, b) for a, b in zip(cpu.steps, gpu.steps, strict=True)]
        gaps += [compare_fields(a, b) for a, b in zip(cpu.points, gpu.points, strict=True)]
        gaps += [compare_fields(cpu.grids, gpu.grids), compare_fields(cpu.memory, gpu.memory)]
    assert_on_device(engine, "shadow", "gvf", "radiation", "utci", "statistics")
    record("weather cells", device.backend, worst(gaps))


@pytest.mark.usefixtures("device")  # where the build has any
def test_tiles_are_the_raster_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOLWEIG_VISIBLE_DEVICES")
    monkeypatch.setenv("SOLWEIG_MIN_TILE_SIDE", "32")
    surface, rows = prepared(), clear_day((12,))
    light = cells_of(rows, [[0.5, 0.9, 0.7], [1.0, 0.4, 0.8]])
    # Of these, single precision counted otherwise from a tile than from the whole.
    field = labelled(light, -14.611495, 192.0 + 33.326732, 160.991875, crs=None)
    options: dict[str, Any] = {
        "fields": {"global_rad": RadiationField(field)}, "outputs": ["tmrt", "kdown", "ldown"],
        "max_shadow_distance_m": REACH_M, "execution": ExecutionConfig(devices=("gpu:0",)),
    }  # fmt: skip
    whole = solweig.calculate(surface, rows, LOCATION, **options)
    tiled = solweig.calculate(surface, rows, LOCATION, tile_size=48, **options)
    assert tiled.metadata["tile_plan"]["tiles"] > 3
    for run in (whole, tiled):
        assert run.metadata["engine"]["radiation"]["cpu_runs"] == 0
    for name in options["outputs"]:
        maps = [run.dataset[name].values for run in (whole, tiled) if run.dataset is not None]
        np.testing.assert_array_equal(*maps, err_msg=name)

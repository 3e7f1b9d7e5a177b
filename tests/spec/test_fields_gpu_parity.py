"""Weather given cell by cell: a device computes what the CPU computes."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from solweig import _core
from solweig.config import ATTRIBUTION
from tests.support.gpu_cities import (
    FIELDS,
    HOURS,
    Day,
    air_of_the_hour,
    own_air,
    random_city,
    run_day,
    weather,
)
from tests.support.gpu_harness import (
    BACKENDS,
    assert_on_device,
    compare_fields,
    open_device,
    record,
    worst,
)

pytestmark = pytest.mark.engine

POINTS = np.array([[1, 1], [7, 12], [0, 0]])
STAGES = ("shadow", "gvf", "radiation", "utci", "statistics")
SEEDS = (1, 2, 3, 6, 7)
"""Box, improved, isotropic sky, rasters of albedo and emissivity, isotropic sky of a box."""


@pytest.fixture(scope="module", params=BACKENDS)
def device(request: pytest.FixtureRequest) -> _core.Gpu:
    return open_device(request.param)


def compared(cpu: Day, gpu: Day) -> Any:
    gaps = [compare_fields(a, b) for a, b in zip(cpu.steps, gpu.steps, strict=True)]
    gaps += [compare_fields(a, b) for a, b in zip(cpu.points, gpu.points, strict=True)]
    gaps += [compare_fields(cpu.grids, gpu.grids), compare_fields(cpu.memory, gpu.memory)]
    return worst(gaps)


@pytest.mark.parametrize("rule", [None, "clip", "flag"])
def test_random_cities(device: _core.Gpu, rule: str | None) -> None:
    engine = _core.Engine("gpu", device)
    gaps = []
    for seed in SEEDS:
        city = random_city(seed)
        city.params["utci_range"] = rule
        attributed = seed % 2 == 1
        days = [
            run_day(city, e, points=POINTS, attributed=attributed, air=partial(own_air, city))
            for e in (None, engine)
        ]
        gaps.append(compared(*days))
        if attributed:
            for hour, step in zip(HOURS, days[1].steps, strict=True):
                total = np.sum([step[name] for name in ATTRIBUTION], axis=0, dtype=np.float64)
                own = step["tmrt"] - own_air(city, hour)["ta"]
                np.testing.assert_allclose(total, own, atol=2e-3)
    assert_on_device(engine, *STAGES)
    record(f"fields, {rule}", device.backend, worst(gaps))


def test_air_of_the_hour_changes_no_bit(device: _core.Gpu) -> None:
    engine = _core.Engine("gpu", device)
    for seed in (1, 3):
        city = random_city(seed)
        plain = run_day(city, engine, points=POINTS)
        given = run_day(city, engine, points=POINTS, air=partial(air_of_the_hour, city))
        for one, two in zip(
            (*plain.steps, *plain.points, plain.grids, plain.memory),
            (*given.steps, *given.points, given.grids, given.memory),
            strict=True,
        ):
            for name, grid in one.items():
                np.testing.assert_array_equal(grid, two[name], err_msg=name)


def test_cells_outside_the_range_are_counted_by_their_own_air(device: _core.Gpu) -> None:
    city = random_city(9)
    step = weather(13.0)
    air = own_air(city, 13.0)
    air["ta"] -= np.float32(55.0) * (np.arange(city.dsm.shape[0])[:, None] % 2)
    sums = []
    for engine in (None, _core.Engine("gpu", device)):
        model = city.model(engine)
        counted = model.new_statistics([26.0], [20.0])
        found = model.step(model.new_state(), step, statistics=counted, air=air)
        sums.append(found.sums)
    assert sums[0]["ground"]["above"] > 0
    for area in ("ground", "roofs"):
        for name in ("tmrt_count", "utci_count", "below", "above"):
            assert abs(sums[0][area][name] - sums[1][area][name]) <= 1, (area, name)


@pytest.mark.parametrize("kind", ["destroy", "validation"])
def test_a_device_that_is_lost_leaves_no_step_without_its_air(kind: str) -> None:
    city = random_city(12)
    device = open_device("vulkan")
    engine = _core.Engine("auto", device)
    air = partial(own_air, city)
    want = run_day(city, None, air=air)
    model = city.model(engine)
    state = model.new_state()
    statistics = model.new_statistics((26.0, 32.0), (20.0,))
    for i, hour in enumerate(HOURS):
        if i == 2:
            device.inject_fault("radiation", kind)
        found = model.step(
            state, weather(hour), outputs=FIELDS, statistics=statistics, air=air(hour)
        )
        compare_fields(want.steps[i], found.fields)
    compare_fields(want.grids, statistics.grids())
    compare_fields(want.memory, state.fields())
    assert engine.tally()["radiation"]["fallbacks"] == 1


def test_what_cannot_be_counted_on_a_device_is_declined(device: _core.Gpu) -> None:
    city = random_city(1)
    city.params["utci_range"] = "nan"
    model = city.model(_core.Engine("gpu", device))
    air = own_air(city, 13.0)
    with pytest.raises(_core.GpuError, match="utci_range"):
        model.step(model.new_state(), weather(13.0), outputs=["tmrt", "utci"], air=air)


@pytest.mark.parametrize(
    ("air", "words"),
    [
        ({"global_rad": np.zeros((4, 4), np.float32)}, "global_rad"),
        ({"ta": np.zeros((4, 4), np.float32)}, "shape"),
        ({"ws": np.zeros((4, 4), np.float32)}, "ws_height_m"),
    ],
)
def test_air_that_does_not_fit(air: dict[str, Any], words: str) -> None:
    model = random_city(1).model()
    with pytest.raises(ValueError, match=words):
        model.step(model.new_state(), weather(13.0), air=air)

"""Whole steps: a device computes what the CPU computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from solweig import _core
from solweig.config import ATTRIBUTION
from tests.support.gpu_cities import (
    HOURS,
    City,
    Day,
    random_city,
    run_day,
    weather,
    with_own_canopies,
)
from tests.support.gpu_harness import (
    BACKENDS,
    Gap,
    assert_on_device,
    compare_fields,
    compare_sky,
    open_device,
    record,
    worst,
)
from tests.support.site_rasters import FILES, site_rasters
from tests.support.tolerances import tolerance

pytestmark = pytest.mark.engine

CITIES = 200
# Hard sun in hard frost: Tmrt of open ground is more than 70 K above the air.
COLD_SUN = {"ta": -45.0, "rh": 60.0, "global_rad": 1450.0, "direct_rad": 1400.0,
            "diffuse_rad": 500.0}  # fmt: skip
GROUPS = 10
STAGES = ("shadow", "gvf", "radiation", "utci", "pet", "heat", "statistics")


@pytest.fixture(scope="module", params=BACKENDS)
def device(request: pytest.FixtureRequest) -> _core.Gpu:
    return open_device(request.param)


def assert_hours(cpu: Day, gpu: Day) -> None:
    """Hour counts differ only where UTCI is within tolerance of the threshold at some hour."""
    for threshold, hours in cpu.hours_above.items():
        other = gpu.hours_above[threshold]
        differ = (hours != other) & ~(np.isnan(hours) & np.isnan(other))
        close = np.zeros(hours.shape, bool)
        for step in cpu.steps:
            most = tolerance("gpu", "temperature_most_k")
            close |= np.abs(step["utci"] - threshold) <= most
        assert not (differ & ~close).any(), threshold


def compare_days(cpu: Day, gpu: Day) -> dict[str, Gap]:
    gaps = [compare_fields(a, b) for a, b in zip(cpu.steps, gpu.steps, strict=True)]
    gaps += [compare_fields(a, b) for a, b in zip(cpu.points, gpu.points, strict=True)]
    gaps.append(compare_fields(cpu.grids, gpu.grids))
    for a, b in zip(cpu.scalars, gpu.scalars, strict=True):
        for name, value in a.items():
            np.testing.assert_allclose(b[name], value, atol=2e-3, rtol=0, err_msg=name)
    assert_hours(cpu, gpu)
    return worst(gaps)


def assert_attribution(day: Day, hours: tuple[float, ...] = HOURS) -> None:
    """Its terms sum to Tmrt above the air."""
    for hour, step in zip(hours, day.steps, strict=True):
        total = np.sum([step[name] for name in ATTRIBUTION], axis=0, dtype=np.float64)
        np.testing.assert_allclose(total, step["tmrt"] - weather(hour)["ta"], atol=2e-3)


@pytest.mark.parametrize("group", range(GROUPS))
def test_random_cities(device: _core.Gpu, group: int) -> None:
    engine = _core.Engine("gpu", device)
    gaps = []
    for seed in range(group, CITIES, GROUPS):
        city = random_city(seed)
        points = np.array([[1, 1], [7, 12], [0, 0]]) if seed % 3 == 0 else None
        # Every form of the city with it and without.
        attributed = seed // 12 % 2 == 1
        cpu, gpu = (
            run_day(city, one, points=points, attributed=attributed) for one in (None, engine)
        )
        gaps.append(compare_days(cpu, gpu))
        if attributed:
            assert_attribution(gpu)
    assert_on_device(engine, *STAGES, "anisotropic")
    record(f"random cities {group}", device.backend, worst(gaps))


@pytest.mark.parametrize("suns", [1, 3])
def test_canopies_with_their_own_transmissivity(device: _core.Gpu, suns: int) -> None:
    """Shadows, sky view and whole days, in leaf and bare, forms of body and sky in turn."""
    engine = _core.Engine("gpu", device)
    gaps = []
    for seed in range(8):
        city = with_own_canopies(random_city(seed), seed)
        compare_sky(city.sky, city.scene.svf(city.patch_option, engine=engine))
        points = np.array([[1, 1], [7, 12], [0, 0]]) if seed % 3 == 0 else None
        days = [
            run_day(
                city, e, points=points, suns=suns, leaf_on=seed % 2 == 0, attributed=seed % 3 == 1
            )
            for e in (None, engine)
        ]
        gaps.append(compare_days(*days))
        if seed % 3 == 1:
            assert_attribution(days[0])
            assert_attribution(days[1])
    assert_on_device(engine, "svf", *STAGES, "anisotropic")
    record(f"canopies of their own, {suns} suns", device.backend, worst(gaps))


@pytest.mark.parametrize("suns", [1, 3])
def test_walls_with_temperatures_of_their_own(device: _core.Gpu, suns: int) -> None:
    """Forms of body and formulation in turn, with the attribution and without, points in some."""
    engine = _core.Engine("gpu", device)
    gaps, moved = [], 0.0
    for seed in (0, 1, 2, 4, 8, 10):
        city = random_city(seed)
        points = np.array([[1, 1], [7, 12], [0, 0]]) if seed % 4 == 0 else None
        attributed = seed % 4 == 2
        cpu, gpu = (
            run_day(city, e, points=points, suns=suns, attributed=attributed, heated=True)
            for e in (None, engine)
        )
        gaps.append(compare_days(cpu, gpu))
        if attributed:
            assert_attribution(cpu)
            assert_attribution(gpu)
        plain = run_day(city, None, suns=suns)
        moved = max(moved, np.nanmax(np.abs(plain.steps[2]["tmrt"] - cpu.steps[2]["tmrt"])))
    assert moved > 1.0
    assert_on_device(engine, *STAGES, "anisotropic")
    record(f"heated walls, {suns} suns", device.backend, worst(gaps))


@pytest.mark.parametrize("rule", [None, "clip", "flag", "nan"])
def test_utci_outside_its_range(device: _core.Gpu, rule: str | None) -> None:
    """Storms, calm, damp and dry air, and sun in which some cells lie outside: the same rule."""
    city = random_city(9)
    city.params["utci_range"] = rule
    models = [city.model(), city.model(_core.Engine("gpu", device))]
    states = [model.new_state() for model in models]
    statistics = [model.new_statistics([26.0], [20.0]) for model in models]
    some = 0
    for changes in ({"ws": 30.0}, {"ws": 0.1}, {"ta": 42.0, "rh": 90.0}, {"rh": 2.0}, COLD_SUN):
        step = weather(13.0, **changes)
        cpu, gpu = (
            model.step(state, step, outputs=["tmrt", "utci"], statistics=running)
            for model, state, running in zip(models, states, statistics, strict=True)
        )
        assert cpu.scalars == gpu.scalars
        tmrt, utci, other = cpu.fields["tmrt"], cpu.fields["utci"], gpu.fields["utci"]
        low, high = cpu.scalars["utci_tmrt_low"], cpu.scalars["utci_tmrt_high"]
        most = tolerance("gpu", "temperature_most_k")
        near = (np.abs(tmrt - low) <= most) | (np.abs(tmrt - high) <= most)
        assert np.array_equal(np.isnan(utci)[~near], np.isnan(other)[~near])
        # Where the polynomial runs away it is steep: compared under the Tmrt of the device.
        own = _core.utci_grid(gpu.fields["tmrt"], step["ta"], step["rh"], step["ws"], rule)
        both = ~np.isnan(own) & ~np.isnan(other)
        assert np.abs(own - other)[both].max(initial=0.0) <= most
        for area in ("ground", "roofs"):
            for name in ("tmrt_count", "utci_count", "below", "above"):
                apart = abs(cpu.sums[area][name] - gpu.sums[area][name])
                assert apart <= np.count_nonzero(near), (area, name)
            some += cpu.sums[area]["above"]
            known = int(np.count_nonzero(~np.isnan(utci)))
        assert sum(cpu.sums[a]["utci_count"] for a in ("ground", "roofs")) == known
    assert some > 0
    for name, grid in statistics[0].grids().items():
        other = statistics[1].grids()[name]
        assert np.isnan(grid).sum() == np.isnan(other).sum(), name


@pytest.mark.parametrize("option", [1, 3, 4])
def test_every_sky_division(device: _core.Gpu, option: int) -> None:
    engine = _core.Engine("gpu", device)
    for body in ("cylinder", "box"):
        city = random_city(8)
        city.patch_option = option
        city.params["body"] = body
        compare_days(run_day(city, None), run_day(city, engine))


@pytest.mark.parametrize("suns", [2, 3, 5])
def test_several_suns(device: _core.Gpu, suns: int) -> None:
    engine = _core.Engine("gpu", device)
    gaps = []
    for seed in range(12):
        city = random_city(seed)
        points = np.array([[1, 1], [7, 12], [0, 0]]) if seed % 3 == 0 else None
        cpu = run_day(city, None, points=points, suns=suns)
        assert np.unique(cpu.steps[1]["shadow"]).size > 2
        gaps.append(compare_days(cpu, run_day(city, engine, points=points, suns=suns)))
    cpu, gpu = (run_day(city, one, suns=suns, attributed=True) for one in (None, engine))
    compare_days(cpu, gpu)
    assert_attribution(gpu)
    assert_on_device(engine, *STAGES)
    record(f"{suns} suns", device.backend, worst(gaps))


@pytest.mark.parametrize("body", ["cylinder", "box"])
@pytest.mark.parametrize("anisotropic", [True, False])
def test_facets_reflection_and_memory(device: _core.Gpu, anisotropic: bool, body: str) -> None:
    """Alone, on top of the reference, through an evening."""
    engine = _core.Engine("gpu", device)
    names = ("facet_radiance", "single_reflection", "night_memory")
    gaps = []
    for seed in (1, 4, 8):
        city = random_city(seed)
        city.params |= {
            "anisotropic": anisotropic, "body": body, "formulation": "reference",
            "alternatives": dict.fromkeys(names, True),
        }  # fmt: skip
        hours = (13.5, 21.5, 22.0, 8.0)
        days = [run_day(city, e, hours, suns=2, attributed=seed == 4) for e in (None, engine)]
        gaps.append(compare_days(*days))
    assert_on_device(engine, *STAGES)
    record(f"alternatives {anisotropic} {body}", device.backend, worst(gaps))


def site_city(shared: Path, site: str) -> City:
    rasters = site_rasters(shared, site)
    return City(
        dsm=rasters.dsm,
        dem=rasters.dem,
        canopy=rasters.canopy,
        trunk=None,
        land_cover=rasters.land_cover,
        pixel_size=2.0,
    )


@pytest.mark.slow
@pytest.mark.parametrize("site", list(FILES))
def test_reference_sites(device: _core.Gpu, shared: Path, site: str) -> None:
    engine = _core.Engine("gpu", device)
    city = site_city(shared, site)
    outputs = ["tmrt", "utci", "pet", "wbgt", "set", "shadow", "kdown", "kup", "ldown", "lup"]
    cpu = run_day(city, None, outputs=outputs)
    gpu = run_day(city, engine, outputs=outputs)
    record(site, device.backend, compare_days(cpu, gpu))
    assert_on_device(engine, *STAGES, "anisotropic")


def test_repeated_runs_are_bitwise_equal(device: _core.Gpu) -> None:
    engine = _core.Engine("gpu", device)
    city = random_city(8)
    first, second = run_day(city, engine), run_day(city, engine)
    for a, b in zip(first.steps, second.steps, strict=True):
        for name, field in a.items():
            assert field.tobytes() == b[name].tobytes(), name
    for name, grid in first.grids.items():
        assert grid.tobytes() == second.grids[name].tobytes(), name


def test_a_surface_prepared_on_one_engine_runs_on_the_other(device: _core.Gpu) -> None:
    engine = _core.Engine("gpu", device)
    prepared_here, prepared_there = random_city(14), random_city(14)
    prepared_there.sky = prepared_there.scene.svf(2, engine=engine)
    cpu = run_day(prepared_here, None)
    compare_days(cpu, run_day(prepared_there, None))
    compare_days(cpu, run_day(prepared_there, engine))
    compare_days(cpu, run_day(prepared_here, engine))


def test_a_run_may_change_engines_half_way(device: _core.Gpu) -> None:
    city = random_city(9)
    models = [city.model(), city.model(_core.Engine("gpu", device))]
    hours = (7.0, 9.0, 10.0, 12.0)
    runs = []
    for order in ((0, 0, 0, 0), (1, 0, 1, 1)):
        state = models[0].new_state()
        statistics = models[0].new_statistics([26.0], [20.0])
        for hour, which in zip(hours, order, strict=True):
            last = models[which].step(
                state, weather(hour), outputs=["tmrt", "lup"], statistics=statistics
            )
        runs.append((last.fields, statistics.grids(), state.fields()))
    for cpu, mixed in zip(*runs, strict=True):
        compare_fields(cpu, mixed)


def test_only_what_is_asked_for_moves(device: _core.Gpu) -> None:
    """Static rasters stay on the device: a step moves tables in and the fields asked for out."""
    engine = _core.Engine("gpu", device)
    city = random_city(12)
    model = city.model(engine)
    state = model.new_state()
    statistics = model.new_statistics([26.0], [20.0])
    model.step(state, weather(9.0), outputs=["tmrt"], statistics=statistics)
    device.reset_counters()
    model.step(state, weather(10.0), outputs=["tmrt"], statistics=statistics)
    rows, cols = city.scene.shape
    counters = device.counters()
    # One field, and twelve sums a row for the means: of open ground, of roofs, of what has no UTCI.
    assert counters["bytes_down"] == 4 * rows * cols + 48 * rows
    assert counters["readbacks"] == counters["submissions"] == 1
    moved = counters["bytes_up"]
    device.reset_counters()
    model.step(state, weather(11.0), outputs=[], statistics=statistics)
    counters = device.counters()
    assert counters["bytes_down"] == 48 * rows
    # Tables and a ray, whatever the size of the raster.
    assert moved < 60_000
    assert counters["bytes_up"] < 60_000


def test_the_harness_finds_a_wrong_device(device: _core.Gpu) -> None:
    engine = _core.Engine("gpu", device)
    city = random_city(1)
    cpu = run_day(city, None)
    for stage in ("gvf", "radiation", "utci", "pet", "heat"):
        device.inject_fault(stage, "wrong_answer")
        with pytest.raises(AssertionError):
            compare_days(cpu, run_day(city, engine))
    compare_days(cpu, run_day(city, engine))

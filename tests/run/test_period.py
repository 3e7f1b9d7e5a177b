"""Statistics of a long period are those of its steps one by one."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig import _core
from solweig.errors import ConfigurationError, WeatherDataError
from solweig.execution import ExecutionConfig
from solweig.results.period import PeriodRequest
from tests.support.run_cases import LOCATION, small_surface
from tests.support.tile_cases import REACH_M, city

CPU = ExecutionConfig(accelerator="cpu")
DAYS = 5
KELVIN = 1e-3
"""Between means, and between a value and a threshold it may be counted on either side of."""
PERCENTILE_K = 0.1
ENGINES_K = 0.02
"""Between the CPU and a device."""


def season(days: int = DAYS, seed: int = 3, start: datetime = datetime(2006, 5, 29)) -> Any:
    """Hours of some days across a month's end, of changing clouds and leaves."""
    rng = np.random.default_rng(seed)
    steps = []
    for i in range(24 * days):
        stamp = start + timedelta(hours=i)
        up = (stamp.hour - 3.5) / 17.5
        sun = float(np.sin(up * np.pi)) if 0 < up < 1 else 0.0
        cloud = float(rng.uniform(0.2, 1.0))
        steps.append(
            solweig.Weather(
                stamp, ta=12.0 + 14.0 * sun, rh=float(rng.uniform(30, 80)),
                ws=float(rng.uniform(0.5, 4.0)), global_rad=850.0 * sun * cloud,
            )
        )  # fmt: skip
    return steps


WATER, SOIL = 7, 6


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return part_of_the_city()


def part_of_the_city(*, water: bool = True) -> solweig.SurfaceData:
    """Walls, crowns, edges and cells without data."""
    whole = city()
    part = (slice(10, 58), slice(18, 80))
    layers = {n: getattr(whole, n)[part].copy() for n in ("cdsm", "tdsm", "dem", "land_cover")}
    if not water:
        layers["land_cover"][layers["land_cover"] == WATER] = SOIL
    found = solweig.SurfaceData(
        whole.dsm[part].copy(), **layers, pixel_size=2.0, smooth_quantized_dem=False
    )
    found.compute_svf(max_shadow_distance_m=REACH_M, execution=CPU)
    return found


def period(surface: solweig.SurfaceData, weather: Any, **options: Any) -> solweig.TimeseriesSummary:
    chosen: dict[str, Any] = {
        "max_shadow_distance_m": REACH_M, "execution": CPU, "percentiles": (0, 5, 50, 97.5),
        "groups": ("hour", "month", "day_night"), "tmrt_thresholds": (30.0, 55.0),
        "heat_thresholds_day": [26.0, 32.0], "heat_thresholds_night": [8.0],
    }  # fmt: skip
    return solweig.calculate_period(surface, weather, LOCATION, **{**chosen, **options})


def steps(surface: solweig.SurfaceData, weather: Any, **options: Any) -> solweig.TimeseriesSummary:
    chosen: dict[str, Any] = {
        "max_shadow_distance_m": REACH_M, "execution": CPU, "outputs": ["tmrt", "utci", "pet"],
        "heat_thresholds_day": [26.0, 32.0], "heat_thresholds_night": [8.0],
    }  # fmt: skip
    return solweig.calculate(surface, weather, LOCATION, **{**chosen, **options})


def taken_together(summary: solweig.TimeseriesSummary) -> bool:
    return "period" in summary.tally


def assert_hours(got: Any, values: Any, threshold: float, hours: Any = 1.0) -> None:
    """Hours above a threshold, but where a value lies next to it."""
    sure = (np.where(values > threshold + KELVIN, hours, 0.0)).sum(axis=0)
    most = (np.where(values > threshold - KELVIN, hours, 0.0)).sum(axis=0)
    known = ~np.isnan(values).all(axis=0)
    assert np.array_equal(np.isnan(got), ~known)
    assert (got[known] >= sure[known] - 1e-4).all()
    assert (got[known] <= most[known] + 1e-4).all()


def assert_statistics(
    found: solweig.TimeseriesSummary, one: solweig.TimeseriesSummary, quantities: Any
) -> None:
    """Every grid of a period against the rasters of its steps."""
    assert one.dataset is not None
    assert one.bounds is not None
    grids, day = found.grids(), one.timeseries.is_daytime
    middle = one.bounds[:, 0] + (one.bounds[:, 1] - one.bounds[:, 0]) / 2
    hour = (middle - middle.astype("datetime64[D]")) // np.timedelta64(1, "h")
    month = middle.astype("datetime64[M]").astype(int) % 12 + 1
    chosen = {
        **{f"_hour_{h:02d}": hour == h for h in set(hour.astype(int))},
        **{f"_month_{m:02d}": month == m for m in set(month)},
        "_day": day, "_night": ~day, "": np.ones(day.size, bool),
    }  # fmt: skip
    for quantity in quantities:
        values = np.asarray(one.dataset[quantity].values, np.float64)
        for end, own in chosen.items():
            for name, of in (("mean", np.mean), ("max", np.max), ("min", np.min)):
                got, want = grids[f"{quantity}_{name}{end}"], of(values[own], axis=0)
                np.testing.assert_allclose(got, want, atol=KELVIN, rtol=0, err_msg=name + end)
        for p in (0, 5, 50, 97.5):
            want = np.percentile(values, p, axis=0)
            got = grids[f"{quantity}_p{p:g}"]
            np.testing.assert_allclose(got, want, atol=PERCENTILE_K, rtol=0, err_msg=f"p{p}")
    tmrt, utci = (np.asarray(one.dataset[n].values) for n in ("tmrt", "utci"))
    for threshold in (30, 55):
        assert_hours(grids[f"tmrt_hours_above_{threshold}"], tmrt, threshold)
    for threshold in (26.0, 32.0):
        assert_hours(
            found.utci_hours_above[threshold],
            np.where(day[:, None, None], utci, utci * 0 - 99),
            threshold,
        )
    assert_hours(
        found.utci_hours_above[8.0], np.where(day[:, None, None], utci * 0 - 99, utci), 8.0
    )
    for name in ("sun_hours", "shade_hours", "tmrt_day_mean", "utci_night_mean"):
        np.testing.assert_allclose(grids[name], one.grids()[name], atol=KELVIN, rtol=0)
    for name in ("tmrt_mean", "utci_mean", "sun_fraction", "diffuse_rad"):
        got, want = (getattr(s.timeseries, name) for s in (found, one))
        np.testing.assert_allclose(got, want, atol=1e-4, rtol=0, err_msg=name)
    assert (found.n_timesteps, found.n_daytime, found.n_nighttime) == (
        one.n_timesteps, one.n_daytime, one.n_nighttime,
    )  # fmt: skip
    assert found.state is not None
    assert one.state is not None
    assert (found.state.first, found.state.accumulated_days) == (
        one.state.first,
        one.state.accumulated_days,
    )
    assert sorted(found.state.fields) == sorted(one.state.fields)
    for name, grid in one.state.fields.items():
        assert np.array_equal(found.state.fields[name], grid, equal_nan=True), name


@pytest.mark.parametrize(
    ("options", "water"),
    [
        ({"leaf_on": 152, "leaf_off": 300}, True),
        (
            {
                "formulation": "improved",
                "sun_substeps": 1,
                "alternatives": {"facet_radiance": False, "night_memory": False},
            },
            False,
        ),
    ],
    ids=["reference", "improved"],
)
def test_steps_taken_together_give_the_statistics_of_the_steps(
    options: dict[str, Any], water: bool
) -> None:
    surface, weather = part_of_the_city(water=water), season()
    found = period(surface, weather, pet=True, pet_thresholds=(20.0,), **options)
    assert taken_together(found)
    one = steps(surface, weather, **options)
    assert_statistics(found, one, ("tmrt", "utci", "pet"))
    assert one.dataset is not None
    assert_hours(found.period["pet_hours_above_20"], np.asarray(one.dataset["pet"].values), 20.0)


def test_steps_one_by_one_give_them_too(
    surface: solweig.SurfaceData, caplog: pytest.LogCaptureFixture
) -> None:
    weather = season(4)
    with caplog.at_level(logging.INFO, logger="solweig"):
        found = period(surface, weather, sun_substeps=2)
    assert not taken_together(found)
    assert "step by step, because steps have several suns" in caplog.text
    assert_statistics(found, steps(surface, weather, sun_substeps=2), ("tmrt", "utci"))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("facet_radiance", "walls shine by their facets"),
        ("night_memory", "the ground remembers at night"),
    ],
)
def test_what_the_period_does_not_know_is_taken_one_by_one(
    surface: solweig.SurfaceData, caplog: pytest.LogCaptureFixture, name: str, why: str
) -> None:
    options: dict[str, Any] = {"alternatives": {name: True}}
    weather = season(4)
    with caplog.at_level(logging.INFO, logger="solweig"):
        found = period(surface, weather, **options)
    assert not taken_together(found)
    assert f"step by step, because {why}" in caplog.text
    assert_statistics(found, steps(surface, weather, **options), ("tmrt", "utci"))


@pytest.mark.filterwarnings("ignore:.*gap.s.:solweig.errors.WeatherWarning")
def test_gaps_a_late_start_and_a_state_are_those_of_the_steps(
    surface: solweig.SurfaceData,
) -> None:
    weather = season(6)
    before = steps(surface, weather[:11]).state
    rest = [w for i, w in enumerate(weather[11:]) if i not in (3, 40, 41, 77)]
    found = period(surface, rest, state=before)
    assert taken_together(found)
    assert_statistics(found, steps(surface, rest, state=before), ("tmrt", "utci"))


def assert_same(
    tiled: solweig.TimeseriesSummary, whole: solweig.TimeseriesSummary, *, together: bool = True
) -> None:
    """The same bytes, maps and means."""
    assert tiled.metadata["tile_plan"] is not None
    assert taken_together(tiled) == taken_together(whole) == together
    for name, grid in whole.grids().items():
        np.testing.assert_array_equal(tiled.grids()[name], grid, err_msg=name)
    for name in ("tmrt_mean", "utci_mean", "sun_fraction"):
        want, got = getattr(whole.timeseries, name), getattr(tiled.timeseries, name)
        np.testing.assert_array_equal(got, want, err_msg=name)


def test_tiles_threads_and_one_piece_agree(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    weather = season()
    whole = period(surface, weather)
    tiled = period(surface, weather, tile_size=32, output_dir=tmp_path)
    assert_same(tiled, whole)
    for name, grid in whole.grids().items():
        assert np.isfinite(grid).any(), name
        assert (tmp_path / "summary" / f"{name}.tif").exists()
    assert not (tmp_path / "tmrt").exists()


def test_what_one_tile_has_decides_for_all(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    weather = season(4)
    # Water lies in some tiles only; so does a point.
    wet = {"alternatives": {"water_temperature": True}}
    for name, options in {"water": wet, "point": {"pois": {"a": (7.0, 89.0)}}}.items():
        whole = period(surface, weather, **options)
        tiled = period(surface, weather, tile_size=24, output_dir=tmp_path / name, **options)
        assert_same(tiled, whole, together=False)


def test_classes_add_up_in_the_same_order_in_every_tile(tmp_path: Path) -> None:
    surface = part_of_the_city()
    assert surface.land_cover is not None
    ground = surface.land_cover != 2
    # Soil is what asphalt is, and asphalt lies in the first tiles only.
    paved, grass, soil = 1, 5, SOIL
    rng = np.random.default_rng(1)
    surface.land_cover[ground] = rng.choice([grass, soil], ground.sum())
    surface.land_cover[:, :20][ground[:, :20]] = paved
    materials = solweig.load_materials()
    names = materials.Names.Value.__dict__
    names[str(soil)] = names[str(paved)]
    weather = season(4)
    whole = period(surface, weather, materials=materials)
    tiled = period(surface, weather, materials=materials, tile_size=24, output_dir=tmp_path)
    assert_same(tiled, whole)


def test_a_period_stopped_in_tiles_goes_on(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    weather = season()
    total = [0]

    def stop(done: int, of: int) -> None:
        total[0] = of
        if done > of // 2:
            raise solweig.ComputationCancelled

    with pytest.raises(solweig.ComputationCancelled):
        period(surface, weather, tile_size=32, output_dir=tmp_path, progress_callback=stop)
    done: list[int] = []
    resumed = period(
        surface, weather, tile_size=32, output_dir=tmp_path, resume=True,
        progress_callback=lambda d, _: done.append(d),
    )  # fmt: skip
    assert done[0] > 0
    assert done[-1] == total[0]
    whole = period(surface, weather, tile_size=32)
    for name, grid in whole.grids().items():
        assert np.array_equal(resumed.grids()[name], grid, equal_nan=True), name


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"percentiles": (101,)}, "percentiles"),
        ({"percentiles": "most"}, "percentiles"),
        ({"groups": ("week",)}, "groups"),
        ({"tmrt_thresholds": (float("nan"),)}, "tmrt_thresholds"),
        ({"pet_thresholds": ["hot"]}, "pet_thresholds"),
        ({"tmrt_thresholds": (121.0,)}, "tmrt_thresholds"),
        ({"pet_thresholds": (-61.0,)}, "pet_thresholds"),
        ({"outputs": ["tmrt"]}, "outputs"),
        ({"output_format": "zarr"}, "output_format"),
        ({"groups": 3}, "groups"),
    ],
)
def test_bad_requests_are_refused_before_any_work(options: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        period(small_surface(svf=False), season(1), **options)
    assert error.value.field == field


def test_too_many_steps_are_refused() -> None:
    bounds = np.zeros((65_536, 2), "datetime64[s]")
    with pytest.raises(WeatherDataError, match="65535"):
        PeriodRequest().of_steps(bounds, np.zeros(65_536, bool))


@pytest.mark.engine
@pytest.mark.skipif(not _core.gpu_compiled(), reason="built without the GPU engine")
def test_a_device_gives_the_same_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOLWEIG_VISIBLE_DEVICES")
    monkeypatch.setenv("SOLWEIG_SOFTWARE_GPU", "1")
    surface, weather = small_surface(), season(1)
    device = ExecutionConfig(accelerator="gpu")
    found = period(surface, weather, execution=device, pet=True)
    assert found.tally["radiation"]["gpu_runs"] == len(weather)
    here = period(surface, weather, pet=True)
    assert found.grids().keys() == here.grids().keys()
    for name, grid in here.grids().items():
        if "hours" not in name:
            bound = PERCENTILE_K if "_p" in name[4:] else ENGINES_K
            np.testing.assert_allclose(found.grids()[name], grid, atol=bound, err_msg=name)
    for name in ("sun_hours", "shade_hours"):
        assert np.array_equal(found.grids()[name], here.grids()[name])

"""A raster in tiles gives what it gives in one piece: bit for bit on the CPU."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig import _core
from solweig.config import ModelConfig
from solweig.demo import demo_folder
from solweig.errors import ComputationCancelled
from solweig.execution import CPUOnlyStrategy, ExecutionConfig, resolve_execution
from solweig.execution.opening import Here
from solweig.execution.telemetry import Telemetry
from solweig.results.sums import AreaSums, StepSums
from solweig.run import steps as run_steps
from solweig.surface import sky_view
from solweig.surface.tiled_svf import tiled_sky_view
from solweig.tiles.plan import TilePlan
from solweig.tiles.store import TileStore
from tests.support.run_cases import LOCATION, weather
from tests.support.scenes import blocks, relief
from tests.support.site_rasters import site_rasters
from tests.support.tile_cases import (
    OUTPUTS,
    REACH_M,
    assert_same_run,
    assert_same_sky,
    city,
    prepared,
    run,
)


@pytest.fixture(scope="module")
def whole() -> solweig.SurfaceData:
    return prepared()


@pytest.fixture(scope="module")
def whole_run(whole: solweig.SurfaceData) -> solweig.TimeseriesSummary:
    return run(whole)


@pytest.mark.parametrize("tile_size", [17, 25])
def test_multitile_vs_nontiled_comparison(
    whole: solweig.SurfaceData, whole_run: solweig.TimeseriesSummary, tile_size: int
) -> None:
    """Preparation and run with every output."""
    tiled = prepared(tile_size)
    assert_same_sky(whole, tiled)
    summary = run(tiled, tile_size=tile_size)
    plan = summary.metadata["tile_plan"]
    assert plan["tiles"] > 4
    # Otherwise every tile would be the whole raster and the comparison would prove nothing.
    assert plan["core"] + 2 * plan["halo"] < 96
    assert_same_run(whole_run, summary)


def test_anisotropic_tiled_vs_nontiled(whole: solweig.SurfaceData) -> None:
    """Both skies, and sub-hourly weather whose thermal state matters."""
    for anisotropic in (True, False):
        one = run(whole, use_anisotropic_sky=anisotropic)
        two = run(whole, use_anisotropic_sky=anisotropic, tile_size=23)
        assert_same_run(one, two)


@pytest.mark.parametrize(
    ("layers", "options"),
    [
        ({"cdsm": None, "tdsm": None}, {}),
        ({"tdsm": None, "dem": None, "land_cover": None}, {}),
        ({"formulation": "improved"}, {"formulation": "improved"}),
    ],
    ids=["no vegetation", "surface alone", "improved"],
)
def test_other_surfaces(layers: dict[str, Any], options: dict[str, Any]) -> None:
    one, two = prepared(**layers), prepared(30, **layers)
    assert_same_sky(one, two)
    assert_same_run(run(one, **options), run(two, tile_size=30, **options))


def test_a_halo_by_relief_is_enough(whole: solweig.SurfaceData) -> None:
    """Flat land with low houses: shadows, and the halo, end long before the distance cap."""
    rng = np.random.default_rng(5)
    dsm = np.full((150, 160), 20.0, np.float32)
    dsm[rng.random(dsm.shape) < 0.02] += 4.0
    steps = weather((8, 9, 10, 11))
    surfaces = []
    for tile_size in (None, 40):
        surface = solweig.SurfaceData(dsm, dem=np.full_like(dsm, 20.0), pixel_size=2.0)
        surface.compute_svf(tile_size=tile_size)
        surfaces.append(surface)
    assert_same_sky(*surfaces)
    one = solweig.calculate(surfaces[0], steps, LOCATION)
    two = solweig.calculate(surfaces[1], steps, LOCATION, tile_size=40)
    assert two.metadata["tile_plan"]["halo"] < 30
    assert_same_run(one, two)


def test_state_goes_on_across_runs_in_tiles(whole: solweig.SurfaceData) -> None:
    steps = weather((6, 7, 8, 9))
    options: dict[str, Any] = {"max_shadow_distance_m": REACH_M, "outputs": ["tmrt"]}
    first = solweig.calculate(whole, steps[:2], LOCATION, **options)
    one = solweig.calculate(whole, steps[2:], LOCATION, state=first.state, **options)
    two = solweig.calculate(whole, steps[2:], LOCATION, state=first.state, tile_size=32, **options)
    assert_same_run(one, two)


def test_files_are_those_of_one_piece(whole: solweig.SurfaceData, tmp_path: Path) -> None:
    steps = weather((5, 6))
    options: dict[str, Any] = {"max_shadow_distance_m": REACH_M, "outputs": ["tmrt", "shadow"]}
    for name, size in (("one", None), ("two", 32)):
        solweig.calculate(
            whole, steps, LOCATION, output_dir=tmp_path / name, tile_size=size, **options
        )
    rasters = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*.tif"))
    assert len(rasters) > 15
    for path in rasters:
        one, two = (
            solweig.io.load_raster(tmp_path / n / path, allow_empty=True)[0] for n in ("one", "two")
        )
        assert np.array_equal(one, two, equal_nan=True), path
    left = {p.name for p in (tmp_path / "two").iterdir()}
    assert left == {
        "tmrt", "shadow", "summary", "open_ground.tif", "run_metadata.json", "telemetry.csv",
            "timeseries.csv",
    }  # fmt: skip
    recorded = json.loads((tmp_path / "two" / "run_metadata.json").read_text("utf-8"))
    assert recorded["tile_plan"]["core"] == 32
    assert recorded["workers"][0]["tiles"] == recorded["tile_plan"]["tiles"]


@pytest.mark.slow
def test_every_strategy_gives_the_same_bytes(
    whole: solweig.SurfaceData, whole_run: solweig.TimeseriesSummary
) -> None:
    two = run(whole, tile_size=32, execution=ExecutionConfig(workers=2))
    assert_same_run(whole_run, two)
    pids = {worker["pid"] for worker in two.metadata["workers"]}
    assert len(pids) == 2
    for stage in ("shadow", "gvf", "radiation"):
        assert set(two.tally[stage]["pids"]) == pids
    runs = sum(worker["tiles"] for worker in two.metadata["workers"])
    assert two.tally["radiation"]["cpu_runs"] == 5 * runs


def test_sky_view_in_worker_processes(whole: solweig.SurfaceData) -> None:
    surface = city()
    telemetry = Telemetry()
    options = {
        "patch_option": 2,
        "max_shadow_distance_m": REACH_M,
        "height_bound_m": None,
        "normalised_sectors": False,
        "zenith_canopy": "reference",
    }
    surface.preprocess()
    fields, masks = tiled_sky_view(
        surface, tiles=TilePlan(surface.shape, 48, 21, ""), options=options,
        strategy=CPUOnlyStrategy(2), telemetry=telemetry, progress=None,
    )  # fmt: skip
    assert whole.svf is not None
    assert whole.shadow_matrices is not None
    for name, grid in whole.svf.as_dict().items():
        assert np.array_equal(grid, fields[name], equal_nan=True), name
    for name, words in whole.shadow_matrices.words().items():
        assert np.array_equal(words, masks[name]), name
    assert telemetry.value("queue_depth_peak") == 2


def test_a_halo_too_small_is_seen(whole: solweig.SurfaceData) -> None:
    """The comparison above can fail: without its halo a tile misses what stands outside it."""
    surface = city()
    surface.preprocess()
    options = {
        "patch_option": 2,
        "max_shadow_distance_m": REACH_M,
        "height_bound_m": None,
        "normalised_sectors": False,
        "zenith_canopy": "reference",
    }
    fields, _ = tiled_sky_view(
        surface, tiles=TilePlan(surface.shape, 48, 3, ""), options=options,
        strategy=CPUOnlyStrategy(), telemetry=Telemetry(), progress=None,
    )  # fmt: skip
    assert whole.svf is not None
    assert not np.array_equal(whole.svf.svf, fields["svf"], equal_nan=True)


# ------------------------------------------------------------------ choice


def test_the_environment_limits_tiles(
    whole: solweig.SurfaceData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOLWEIG_MAX_TILE_SIDE", "64")
    summary = solweig.calculate(whole, weather((12,)), LOCATION, max_shadow_distance_m=REACH_M)
    assert summary.metadata["tile_plan"]["core"] == 64


def test_a_configuration_sets_tiles(whole: solweig.SurfaceData) -> None:
    config = ModelConfig(tile_size=50, max_shadow_distance_m=REACH_M)
    summary = solweig.calculate(whole, weather((12,)), LOCATION, config=config)
    assert summary.metadata["tile_plan"]["core"] == 50


# ------------------------------------------------------------------ progress, stopping, leaving


@pytest.mark.parametrize("tile_size", [None, 40])
def test_progress_stays_in_its_bounds(whole: solweig.SurfaceData, tile_size: int | None) -> None:
    seen: list[float] = []
    run(whole, tile_size=tile_size, progress_callback=lambda i, n: seen.append(i / n))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert seen[0] > 0.0


def test_cancelling_leaves_nothing(whole: solweig.SurfaceData, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done > 2:
            raise ComputationCancelled("the run")

    with pytest.raises(ComputationCancelled):
        run(whole, tile_size=40, progress_callback=stop, output_dir=tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.tif"))
    assert not list((tmp_path / "out").rglob(".solweig_tiles_*"))


@pytest.mark.slow
def test_cancelling_stops_workers(whole: solweig.SurfaceData) -> None:
    import multiprocessing

    def stop(done: int, total: int) -> None:
        raise ComputationCancelled("the run")

    with pytest.raises(ComputationCancelled):
        run(whole, tile_size=16, progress_callback=stop, execution=ExecutionConfig(workers=2))
    assert not multiprocessing.active_children()


def test_stored_arrays_are_removed(tmp_path: Path) -> None:
    grid = np.arange(12, dtype=np.float32).reshape(3, 4)
    with TileStore(on_disk=True, folder=tmp_path) as store:
        store.put("a/x", grid)
        store.put("a/y", grid)
        store.create("b", (3, 4))
        store["b"][1:, 2:] = 7.0
        assert store.parts("a", (slice(0, 2), slice(1, 3)))["y"].tolist() == [[1, 2], [5, 6]]
        assert store.read("b")[2, 3] == 7.0
        files = list(tmp_path.rglob("*.npy"))
        assert len(files) == 2  # the same array under two names is one file
    assert not list(tmp_path.iterdir())


def test_arrays_in_memory_do_not_travel() -> None:
    import pickle

    with pytest.raises(TypeError, match="another process"):
        pickle.dumps(TileStore())


def test_outputs_of_these_tests_are_all_there_are() -> None:
    from solweig.config import VALID_OUTPUTS

    assert set(OUTPUTS) == set(VALID_OUTPUTS)


def test_sums_of_any_size_are_exact() -> None:
    """Of ten gigapixels, in any order, to the last unit."""
    tile = AreaSums(tmrt=3 * 2**51 + 1, utci=-(2**52) - 1, sun=2**40, tmrt_count=9, utci_count=8)
    total = AreaSums()
    for _ in range(1000):
        total += tile
    assert total.tmrt == 1000 * tile.tmrt
    assert total.means()["tmrt_mean"] == pytest.approx((3 * 2**51 + 1) / 2**18 / 9, rel=1e-15)
    grid = np.full((4, 5), 41.25, np.float32)
    open_ground = np.ones(grid.shape, np.uint8)
    open_ground[0] = 0
    step = StepSums.of(grid, grid, grid, open_ground, (50.0, 60.0))
    assert step.ground.tmrt_count == 15
    assert step.roofs.below == 5
    assert step.over("all").means() == dict.fromkeys(
        ("tmrt_mean", "utci_mean", "sun_fraction"), 41.25
    )
    assert StepSums.from_dict(json.loads(json.dumps(step.as_dict()))) == step
    assert (step + step) - step == step


# ------------------------------------------------------------------ on a device

on_gpu = pytest.mark.skipif(not _core.gpu_compiled(), reason="built without the GPU engine")


def engine(policy: str = "auto", **options: Any) -> _core.Engine:
    return _core.Engine(policy, _core.open_gpu("vulkan", 0, **options))


def small_limits(pixels: int) -> dict[str, int]:
    """Limits under which a device holds about so many pixels: 120 bytes each in one buffer."""
    return {"max_storage_buffer_binding_size": 120 * pixels, "max_buffer_size": 120 * pixels}


@pytest.mark.engine
@on_gpu
def test_tiled_on_a_device(
    whole: solweig.SurfaceData,
    whole_run: solweig.TimeseriesSummary,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Within the tolerances between engines, of the CPU and of the device in one piece."""
    device = engine("gpu")
    monkeypatch.setattr(run_steps, "engine_of", lambda resolved: device)
    monkeypatch.setattr(
        run_steps, "strategy_of", lambda resolved, engine: CPUOnlyStrategy(opener=Here(engine))
    )
    one, two = run(whole), run(whole, tile_size=25)
    assert two.metadata["tile_plan"]["tiles"] == 20
    for stage, entry in two.tally.items():
        assert (entry["cpu_runs"], entry["fallbacks"]) == (0, 0), stage
        assert entry["adapters"][0].endswith("[vulkan]"), stage
    assert two.tally["shadow"]["gpu_runs"] == 20 * 4
    assert whole_run.dataset is not None
    for other in (one, two):
        assert other.dataset is not None
        for name in ("tmrt", "utci", "pet"):
            a, b = whole_run.dataset[name].values, other.dataset[name].values
            assert np.array_equal(np.isnan(a), np.isnan(b)), name
            difference = np.abs(a - b)
            assert np.nanmax(difference) <= 0.05, name
            assert np.nanmean(difference) <= 0.001, name
        a, b = whole_run.timeseries.tmrt_mean, other.timeseries.tmrt_mean
        assert np.abs(a - b).max() <= 0.001


@pytest.mark.engine
@on_gpu
def test_a_small_device_cuts_by_itself(
    whole: solweig.SurfaceData, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Limits lowered on a real adapter: tiles, and the sky view of one piece."""
    device = engine("gpu", limits=small_limits(8_000))
    surface = city()
    monkeypatch.setattr(sky_view, "engine_of", lambda resolved: device)
    monkeypatch.setattr(
        sky_view, "strategy_of", lambda resolved, engine: CPUOnlyStrategy(opener=Here(engine))
    )
    resolved = resolve_execution(ExecutionConfig(accelerator="cpu"))
    surface.svf, surface.shadow_matrices = sky_view.compute_sky_view(
        surface, 2, REACH_M, None, execution=resolved
    )
    assert surface.telemetry is not None
    assert surface.telemetry.tiles()["max_queue"] == 1  # it was cut
    assert device.tally()["svf"]["gpu_runs"] > 1
    assert whole.svf is not None
    for name, grid in whole.svf.as_dict().items():
        assert np.nanmax(np.abs(grid - getattr(surface.svf, name))) <= 1e-6, name


# ------------------------------------------------------------------ cores of a size people use


def large_city(pixel_size: float, seed: int = 3) -> solweig.SurfaceData:
    """310 x 330 cells with relief, houses, trees and a border without data on two sides."""
    rng = np.random.default_rng(seed)
    shape = (310, 330)
    ground = 80.0 + relief(rng, shape, 9.0)
    dsm = (ground + blocks(rng, shape, 150, 3.0, 30.0)).astype(np.float32)
    crowns = blocks(rng, shape, 90, 3.0, 12.0).astype(np.float32)
    dsm[:9], dsm[:, -14:] = np.nan, np.nan
    cover = rng.choice(np.array([1, 2, 5, 6, 7], np.uint8), shape)
    return solweig.SurfaceData(
        dsm, cdsm=crowns, dem=ground.astype(np.float32), land_cover=cover, pixel_size=pixel_size,
        smooth_quantized_dem=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pixel_size", "core", "reach_m"), [(0.5, 128, 20.0), (1.0, 200, 45.0), (2.5, 129, 100.0)]
)
def test_multitile_vs_nontiled_of_every_pixel_size(
    monkeypatch: pytest.MonkeyPatch, pixel_size: float, core: int, reach_m: float
) -> None:
    monkeypatch.delenv("SOLWEIG_MIN_TILE_SIDE")
    surfaces, summaries = [], []
    for tile_size in (None, core):
        surface = large_city(pixel_size)
        surface.compute_svf(tile_size=tile_size, max_shadow_distance_m=reach_m)
        summary = solweig.calculate(
            surface, weather((5, 6, 7)), LOCATION, tile_size=tile_size, outputs=list(OUTPUTS),
            max_shadow_distance_m=reach_m,
        )  # fmt: skip
        surfaces.append(surface)
        summaries.append(summary)
    assert_same_sky(*surfaces)
    assert summaries[1].metadata["tile_plan"]["tiles"] > 3
    assert_same_run(*summaries)


def test_multitile_vs_nontiled_of_the_bundled_site() -> None:
    """A square in Gothenburg, as ``solweig demo`` maps it."""
    names = ("dsm", "cdsm", "dem", "land_cover")
    layers = {n: solweig.io.load_raster(str(demo_folder() / f"{n}.tif"))[0] for n in names}
    assert_tiled_is_untiled(layers, core=48)


@pytest.mark.slow
def test_multitile_vs_nontiled_of_a_larger_site(shared: Path) -> None:
    site = site_rasters(shared, "gvc")
    layers = {
        "dsm": site.dsm, "cdsm": site.canopy, "dem": site.dem, "land_cover": site.land_cover,
    }  # fmt: skip
    assert_tiled_is_untiled(layers, core=128)


def assert_tiled_is_untiled(layers: dict[str, Any], core: int) -> None:
    surfaces, summaries = [], []
    for tile_size in (None, core):
        surface = solweig.SurfaceData(**layers, pixel_size=2.0)
        surface.compute_svf(tile_size=tile_size, max_shadow_distance_m=60.0)
        summary = solweig.calculate(
            surface, weather((5, 6, 7)), LOCATION, tile_size=tile_size, outputs=list(OUTPUTS),
            max_shadow_distance_m=60.0,
        )  # fmt: skip
        surfaces.append(surface)
        summaries.append(summary)
    assert_same_sky(*surfaces)
    assert summaries[1].metadata["tile_plan"]["tiles"] > 1
    assert_same_run(*summaries)


def test_any_order_and_any_number_abreast(
    whole: solweig.SurfaceData,
    whole_run: solweig.TimeseriesSummary,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tiles from the last to the first, three at a time."""
    run_here = CPUOnlyStrategy.run

    def backwards(self: Any, job: Any, items: Any, report: Any = None) -> Any:
        last = len(items) - 1
        listen = None if report is None else lambda i, done, total: report(last - i, done, total)
        for done in run_here(self, job, items[::-1], listen):
            yield replace(done, number=last - done.number)

    monkeypatch.setattr(CPUOnlyStrategy, "run", backwards)
    execution = ExecutionConfig(accelerator="cpu", tile_workers=3)
    assert_same_run(whole_run, run(whole, tile_size=32, execution=execution))


def test_tiles_without_data_are_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    surface = city()
    surface.dsm[:40, :60] = np.nan
    one, two = (solweig.SurfaceData(surface.dsm, pixel_size=2.0) for _ in range(2))
    one.compute_svf(max_shadow_distance_m=REACH_M)
    two.compute_svf(max_shadow_distance_m=REACH_M, tile_size=20)
    assert_same_sky(one, two)
    whole_one = run(one)
    cut = run(two, tile_size=20)
    assert_same_run(whole_one, cut)
    (worker,) = cut.metadata["workers"]
    assert worker["tiles"] == cut.metadata["tile_plan"]["tiles"] - 6


def test_a_raster_without_any_data(whole: solweig.SurfaceData) -> None:
    """Every tile is without data; one is computed, for what it tells of the sky."""
    dsm = np.full((60, 70), np.nan, np.float32)
    dsm[5, 5] = 3.0
    surface = solweig.SurfaceData(dsm, pixel_size=2.0)
    surface.compute_svf(max_shadow_distance_m=REACH_M)
    steps = weather((12, 13))
    one = solweig.calculate(surface, steps, LOCATION)
    two = solweig.calculate(surface, steps, LOCATION, tile_size=32)
    assert_same_run(one, two)

"""Strategies on real adapters: Mesa's Vulkan and GL ones stand for two GPUs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig import _core
from solweig.execution import GPUStrategy, MultiGPU, SingleGPUMultiProcess, Telemetry
from solweig.execution import tally as tallies
from solweig.execution.opening import Here
from solweig.run import steps as run_steps
from solweig.surface.tiled_svf import tiled_sky_view
from solweig.tiles.plan import TilePlan
from tests.support.jobs import Adapters
from tests.support.tile_cases import REACH_M, assert_same_run, city, prepared, run

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not _core.gpu_compiled(), reason="built without the GPU engine"),
]

VULKAN, GL = ("vulkan", 0), ("gl", 0)
OPTIONS: dict[str, Any] = {
    "patch_option": 2,
    "max_shadow_distance_m": REACH_M,
    "height_bound_m": None,
    "normalised_sectors": False,
    "zenith_canopy": "reference",
}


@pytest.fixture(scope="module")
def whole() -> solweig.SurfaceData:
    """On the CPU, in one piece."""
    return prepared()


STRATEGIES = {
    "one": lambda: SingleGPUMultiProcess("gpu:0", opener=Adapters((VULKAN,))),
    "shared": lambda: SingleGPUMultiProcess("gpu:0", 2, opener=Adapters((VULKAN,))),
    "two": lambda: MultiGPU(["gpu:0", "gpu:1"], opener=Adapters((VULKAN, GL))),
}


@pytest.mark.parametrize("name", STRATEGIES)
def test_sky_view_on_adapters(whole: solweig.SurfaceData, name: str) -> None:
    strategy: GPUStrategy = STRATEGIES[name]()
    surface = city()
    surface.preprocess()
    telemetry = Telemetry()
    before = tallies.whole_tally()
    fields, masks = tiled_sky_view(
        surface, tiles=TilePlan(surface.shape, 48, 21, ""), options=OPTIONS, strategy=strategy,
        telemetry=telemetry, progress=None,
    )  # fmt: skip
    assert whole.svf is not None
    assert whole.shadow_matrices is not None
    for field, grid in whole.svf.as_dict().items():
        assert np.array_equal(np.isnan(grid), np.isnan(fields[field])), field
        assert np.nanmax(np.abs(grid - fields[field])) <= 1e-6, field
    for mask, words in whole.shadow_matrices.words().items():
        assert np.array_equal(words, masks[mask]), mask
    grown = tallies.since(before, tallies.whole_tally())
    assert (grown["svf"]["gpu_runs"], grown["svf"]["cpu_runs"]) == (6, 0)
    assert telemetry.value("gpu_stage_time_ms", "svf") > 0.0
    assert telemetry.value("svf_gpu_fallback_count") == 0


def test_two_adapters_both_work() -> None:
    with MultiGPU(["gpu:0", "gpu:1"], opener=Adapters((VULKAN, GL))) as strategy:
        origins = strategy.origins
    assert [origin.backend for origin in origins] == ["vulkan", "gl"]
    assert all("llvmpipe" in origin.adapter for origin in origins)
    assert len({origin.adapter for origin in origins}) == 2
    assert len({origin.pid for origin in origins} | {os.getpid()}) == 3


def test_an_adapter_that_is_not_there() -> None:
    strategy = MultiGPU(["gpu:0", "gpu:7"], opener=Adapters((VULKAN, ("vulkan", 7))))
    with pytest.raises(RuntimeError, match="gpu:7 could not be opened"):
        strategy.initialize()


# ------------------------------------------------------------------ the steps of a run


@pytest.fixture(scope="module")
def cpu_run(whole: solweig.SurfaceData) -> solweig.TimeseriesSummary:
    """The run on the CPU, in one piece."""
    return run(whole)


def on(monkeypatch: pytest.MonkeyPatch, engine: Any, strategy: GPUStrategy | None = None) -> None:
    """Let runs use this engine and strategy, as if they had been settled on; one tile is done here
    on the engine itself.
    """
    if strategy is None:
        strategy = SingleGPUMultiProcess("gpu:0", opener=Here(engine))
    monkeypatch.setattr(run_steps, "engine_of", lambda resolved: engine)
    monkeypatch.setattr(run_steps, "strategy_of", lambda resolved, engine: strategy)


def assert_close(one: solweig.TimeseriesSummary, two: solweig.TimeseriesSummary) -> None:
    """Within the tolerances between engines."""
    assert one.dataset is not None
    assert two.dataset is not None
    for name in ("tmrt", "utci", "pet"):
        difference = np.abs(one.dataset[name].values - two.dataset[name].values)
        assert np.nanmax(difference) <= 0.05, name
        assert np.nanmean(difference) <= 0.001, name


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_run_on_adapters(
    whole: solweig.SurfaceData,
    cpu_run: solweig.TimeseriesSummary,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tiles of a real run; processes and adapters in its tally say who did them."""
    on(monkeypatch, None, STRATEGIES[name]())
    summary = run(whole, tile_size=40)
    assert_close(cpu_run, summary)
    workers = summary.metadata["workers"]
    assert sum(worker["tiles"] for worker in workers) == 9
    pids = {worker["pid"] for worker in workers}
    assert pids == ({os.getpid()} if name == "one" else pids - {os.getpid()})
    assert len(pids) == (1 if name == "one" else 2)
    for stage, entry in summary.tally.items():
        assert (entry["cpu_runs"], entry["fallbacks"]) == (0, 0), stage
        assert set(entry["pids"]) == pids, stage
        backends = {adapter.split("[")[1] for adapter in entry["adapters"]}
        assert backends == ({"vulkan]", "gl]"} if name == "two" else {"vulkan]"}), stage
    assert summary.telemetry is not None
    assert summary.telemetry.value("gpu_stage_time_ms") > 0.0
    text = summary.report()
    assert "on GPU" in text
    assert "[vulkan]" in text


def test_fallbacks_of_workers_are_counted_here(
    whole: solweig.SurfaceData,
    cpu_run: solweig.TimeseriesSummary,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    opener = Adapters((VULKAN,), policy="auto", fault=("gvf", "validation"))
    on(monkeypatch, None, SingleGPUMultiProcess("gpu:0", 2, opener=opener))
    before = solweig.gpu_fallback_count()
    with caplog.at_level("WARNING", logger="solweig"):
        run(whole, tile_size=40, output_dir=tmp_path, outputs=["tmrt"])
    recorded = json.loads((tmp_path / "run_metadata.json").read_text("utf-8"))
    fallbacks = sum(entry["fallbacks"] for entry in recorded["engine"].values())
    assert fallbacks >= 2  # one fault planted in each worker
    assert solweig.gpu_fallback_count() - before == fallbacks
    lines = [r.getMessage() for r in caplog.records if "CPU fallback." in r.getMessage()]
    assert len(lines) == fallbacks
    assert all(line.startswith("[GPU] ") for line in lines)
    mean = solweig.io.load_raster(tmp_path / "summary" / "tmrt_mean.tif")[0]
    assert np.nanmax(np.abs(mean - cpu_run.tmrt_mean)) <= 0.05


def test_a_strict_worker_raises_its_error(
    whole: solweig.SurfaceData, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener = Adapters((VULKAN,), policy="gpu", fault=("gvf", "validation"))
    on(monkeypatch, None, SingleGPUMultiProcess("gpu:0", 2, opener=opener))
    with pytest.raises(_core.GpuError) as caught:
        run(whole, tile_size=40)
    assert caught.value.kind == "validation"


def test_overlap_on_a_device(
    whole: solweig.SurfaceData, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Identical bytes; on a device of the main thread it stays off and says so."""
    on(monkeypatch, _core.Engine("gpu", _core.open_gpu(*VULKAN)))
    one = run(whole)
    monkeypatch.setenv("SOLWEIG_ANISO_GPU_OVERLAP", "1")
    two = run(whole)
    assert_same_run(one, two)
    assert two.telemetry is not None
    assert two.telemetry.value("aniso_gpu_overlap_s") > 0.0
    on(monkeypatch, _core.Engine("gpu", _core.open_gpu(*GL)))
    with caplog.at_level("WARNING", logger="solweig"):
        three = run(whole)
    assert "SOLWEIG_ANISO_GPU_OVERLAP: off" in caplog.text
    assert three.telemetry is not None
    assert np.isnan(three.telemetry.value("aniso_gpu_overlap_s"))
    assert_close(one, three)

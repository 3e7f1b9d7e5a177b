"""Tiles: what overlaps, what waits, and what more workers bring, as ratios within one run.

Storage is made slow on purpose, so that what overlaps shows whatever machine this is.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

import solweig
from solweig.execution import ExecutionConfig
from solweig.tiles.store import TileStore
from tests.support.tile_cases import assert_same_run, prepared, run

SLOW_S = 0.03


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return prepared()


@pytest.fixture
def slow_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    parts, write = TileStore.parts, TileStore.write

    def slow_parts(self: TileStore, *args: Any) -> Any:
        time.sleep(SLOW_S)
        return parts(self, *args)

    def slow_write(self: TileStore, *args: Any) -> None:
        time.sleep(SLOW_S / 10)
        write(self, *args)

    monkeypatch.setattr(TileStore, "parts", slow_parts)
    monkeypatch.setattr(TileStore, "write", slow_write)


def timed(surface: solweig.SurfaceData, **execution: Any) -> tuple[float, Any]:
    config = ExecutionConfig(accelerator="cpu", **execution)
    started = time.perf_counter()
    summary = run(surface, tile_size=32, outputs=["tmrt"], execution=config)
    return time.perf_counter() - started, summary


def test_worker_scaling(surface: solweig.SurfaceData, slow_storage: None) -> None:
    """Reading and writing overlap the computation; nothing changes but the time."""
    times: dict[int, float] = {}
    runs = {}
    for tile_workers in (1, 2, 4):
        times[tile_workers], runs[tile_workers] = timed(surface, tile_workers=tile_workers)
    for tile_workers, summary in runs.items():
        assert_same_run(runs[1], summary)
        tiles = summary.telemetry.tiles()
        print(
            f"tile_workers={tile_workers}: {times[tile_workers] / times[1]:.2f} of the time of 1, "
            f"turnaround {tiles['mean_turnaround']:.0f} ms mean, {tiles['p95']:.0f} ms p95, "
            f"at most {tiles['max_queue']:.0f} waiting"
        )
        assert tiles["max_queue"] >= tile_workers
    # Most of a tile here is waiting for storage, which others fill: that must show.
    assert times[4] / times[1] < 0.8


def test_bounded_in_flight(surface: solweig.SurfaceData, slow_storage: None) -> None:
    for limit in (1, 3):
        _, summary = timed(surface, inflight_limit=limit)
        rows = {(r.metric, r.stage): r for r in summary.telemetry.rows()}
        assert rows["queue_depth_peak", "write"].max <= limit


def test_anisotropic_tiled_smoke(surface: solweig.SurfaceData) -> None:
    config = ExecutionConfig(accelerator="cpu")
    summary = run(surface, tile_size=32, execution=config, use_anisotropic_sky=True)
    assert summary.metadata["tile_plan"]["tiles"] == 12
    assert summary.telemetry is not None
    assert summary.telemetry.tiles()["mean_turnaround"] > 0.0
    stages = summary.metadata["timings"]["stages_s"]
    assert stages["radiation"] > 0.0

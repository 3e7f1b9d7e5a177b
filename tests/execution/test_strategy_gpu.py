"""Strategies on real adapters: Mesa's Vulkan and GL ones stand for two GPUs."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

import solweig
from solweig import _core
from solweig.execution import GPUStrategy, MultiGPU, SingleGPUMultiProcess, Telemetry
from solweig.execution import tally as tallies
from solweig.tiled_svf import tiled_sky_view
from tests.tile_cases import REACH_M, city, prepared

from .jobs import Adapters

pytestmark = pytest.mark.skipif(not _core.gpu_compiled(), reason="built without the GPU engine")

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
        surface, core=48, halo=21, options=OPTIONS, strategy=strategy, telemetry=telemetry,
        progress=None,
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

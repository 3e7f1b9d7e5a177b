"""How a raster is cut: a table of machines and rasters, and what holds for all of them."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import solweig
from solweig import memory_limits
from solweig.errors import ConfigurationError
from solweig.tiles.plan import (
    MIN_CORE,
    Backend,
    Footprint,
    Margin,
    TilePlan,
    cut_or_leave_device,
    device_of,
    plan_tiles,
    prepare_footprint,
    steps_footprint,
)
from tests.support.run_cases import LOCATION, weather

MIB, GIB = 2**20, 2**30
STEPS = steps_footprint(
    5, True, outputs=2, sides=False, layers=1, sky_in_memory=False, steps_in_memory=0,
    results_in_memory=False,
)  # fmt: skip
PREPARE = prepare_footprint(5, True, in_memory=False)
# A run with vegetation and 153 patches, as the engine counts it.
CELLS: dict[str, int] = {
    "heights": 16, "largest_heights": 8, "cells": 348, "largest_cells": 32, "readback": 120,
}  # fmt: skip


def backend(name: str, budget: int, buffer: int, binding: int) -> Backend:
    return Backend(name, budget, buffer, binding, **CELLS)


INTEGRATED = backend("Vulkan", 1 * GIB, 134_217_728, 134_217_728)
OLD_GL = backend("Gl", 512 * MIB, 2 * GIB, 128 * MIB)
METAL = backend("Metal", 10 * GIB, 9 * GIB, 4 * GIB)
DX12 = backend("Dx12", 6 * GIB, 2 * GIB, 2 * GIB)
H200 = backend("Vulkan", 110 * GIB, 128 * GIB, 4 * GIB)
TINY = backend("Gl", 64 * MIB, 16 * MIB, 8 * MIB)
LARGE = (16210, 14410)
KM = Margin(1001, 24)
NEAR = Margin(200, 24)


@pytest.mark.parametrize(
    ("shape", "margin", "options", "core"),
    [
        # One piece where it fits.
        ((400, 400), KM, {"memory": 8 * GIB, "footprint": STEPS}, None),
        ((400, 400), KM, {"backend": INTEGRATED}, None),
        ((1, 1), KM, {"memory": 8 * GIB, "footprint": STEPS}, None),
        # A raster of one row or one column is long, not large.
        ((1, 200_000), NEAR, {"memory": 1 * GIB, "footprint": STEPS}, None),
        ((200_000, 1), NEAR, {"backend": METAL}, None),
        ((1, 200_000), NEAR, {"tile_size": 4096}, 4096),
        # Asked for.
        ((1000, 2000), NEAR, {"tile_size": 128}, 128),
        ((1000, 2000), NEAR, {"tile_size": 2000}, None),
        ((100, 90), NEAR, {"tile_size": 100}, None),
        ((1000, 2000), NEAR, {"longest": 512}, 512),
        ((1000, 2000), NEAR, {"longest": 16}, 128),
        ((1000, 2000), NEAR, {"tile_size": 1000, "longest": 256}, 1000),
        # 20 GiB, two cores: the raster's own layers leave room for long cores.
        (LARGE, KM, {"memory": 20 * GIB, "footprint": STEPS}, 4096),
        (LARGE, KM, {"memory": 10 * GIB, "footprint": STEPS}, 2304),
        (LARGE, KM, {"memory": 20 * GIB, "footprint": PREPARE}, 4096),
        # 134 MB in a buffer: 1.1 million cells of 120 bytes are read back, whatever the total.
        ((4000, 4000), NEAR, {"backend": INTEGRATED}, 960),
        ((4000, 4000), KM, {"backend": INTEGRATED}, 960),
        ((4000, 4000), NEAR, {"backend": OLD_GL}, 1024),
        (LARGE, KM, {"backend": METAL}, 4096),
        (LARGE, KM, {"backend": DX12}, 3840),
        (LARGE, KM, {"backend": H200}, 4096),
        ((8000, 8000), KM, {"backend": H200}, None),
        # The smaller of device and memory decides.
        (LARGE, KM, {"backend": METAL, "memory": 10 * GIB, "footprint": STEPS}, 2304),
        # A tile asked for is made smaller where it does not fit.
        ((4000, 4000), NEAR, {"backend": INTEGRATED, "tile_size": 3000}, 960),
    ],
)  # fmt: skip
def test_cores(
    shape: tuple[int, int], margin: Margin, options: dict[str, Any], core: int | None
) -> None:
    plan = plan_tiles(shape, margin, **options)
    assert (None if plan is None else plan.core) == core
    if plan is not None and plan.reason.startswith("device"):
        assert "MiB" in plan.reason


@pytest.mark.parametrize(
    ("shape", "options", "sides"),
    [
        # Two across, and as high as the memory allows.
        (LARGE, {"memory": 20 * GIB, "footprint": STEPS}, (2304, 7232)),
        (LARGE, {"memory": 10 * GIB, "footprint": STEPS}, (896, 7232)),
        ((60_000, 3000), {"memory": 8 * GIB, "footprint": STEPS}, (2176, 3008)),
        ((3000, 60_000), {"memory": 8 * GIB, "footprint": STEPS}, (640, 7552)),
        # Where little fits, a core is not made lower for the sake of the disk.
        ((4000, 4000), {"memory": 1 * GIB, "footprint": STEPS, "workers": 8}, (256, 256)),
        ((4000, 4000), {"backend": INTEGRATED}, (448, 2048)),
        # What is asked for is a square.
        (LARGE, {"tile_size": 1024}, (1024, 1024)),
    ],
)
def test_cores_in_files_are_wide(
    shape: tuple[int, int], options: dict[str, Any], sides: tuple[int, int]
) -> None:
    plan = plan_tiles(shape, NEAR, wide=True, **options)
    assert plan is not None
    assert plan.sides == sides


@pytest.mark.parametrize(
    ("shape", "margin", "options", "field"),
    [
        ((1000, 1000), NEAR, {"tile_size": 127}, "tile_size"),
        ((1000, 1000), NEAR, {"tile_size": 1}, "tile_size"),
        ((9000, 9000), KM, {"backend": TINY}, "device"),
        ((9000, 9000), Margin(9000, 24), {"backend": OLD_GL}, "device"),
        (LARGE, KM, {"memory": 2 * GIB, "footprint": STEPS}, "memory"),
    ],
)
def test_what_cannot_be(
    shape: tuple[int, int], margin: Margin, options: dict[str, Any], field: str
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        plan_tiles(shape, margin, **options)
    assert refusal.value.field == field
    if field != "tile_size":
        assert "MiB" in str(refusal.value)
        assert f"halo of {margin.halo} px" in str(refusal.value)


def test_a_device_too_small_is_left_unless_strict(caplog: pytest.LogCaptureFixture) -> None:
    options: dict[str, Any] = {"memory": None, "backend": TINY, "least": MIN_CORE}
    strict = SimpleNamespace(policy="gpu", gpu=object())
    with pytest.raises(ConfigurationError, match="halo of 1025 px"):
        cut_or_leave_device((9000, 9000), KM, strict, **options)
    lenient = SimpleNamespace(policy="auto", gpu=object())
    with caplog.at_level("WARNING", logger="solweig"):
        assert cut_or_leave_device((9000, 9000), KM, lenient, **options) == (None, None)
    assert "GPU left for the CPU" in caplog.text
    assert "max_shadow_distance_m" in caplog.text
    # A shorter reach fits.
    engine, plan = cut_or_leave_device((9000, 9000), Margin(50, 24), lenient, **options)
    assert engine is lenient
    assert plan is not None
    assert plan.core >= MIN_CORE


def test_a_memory_too_small_gets_the_smallest_tiles(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING", logger="solweig"):
        _, plan = cut_or_leave_device(LARGE, KM, None, memory=GIB, footprint=STEPS, least=MIN_CORE)
    assert plan is not None
    assert plan.core == MIN_CORE
    assert "memory may not suffice" in caplog.text


def test_no_device_without_one() -> None:
    chosen: dict[str, Any] = {"patch_option": 2, "vegetation": True, "anisotropic": True}
    assert device_of(None, sides=False, **chosen) is None
    assert device_of(SimpleNamespace(gpu=None), sides=False, **chosen) is None


sizes = st.integers(1, 40_000)


@given(sizes, sizes, st.integers(0, 3000), st.integers(0, 60), st.integers(64, 60_000),
       st.sampled_from([None, INTEGRATED, OLD_GL, METAL]), st.integers(1, 4),
       st.booleans())  # fmt: skip
def test_what_holds_for_every_plan(
    rows: int, cols: int, shadow: int, view: int, mib: int, device: Backend | None, workers: int,
    wide: bool,
) -> None:  # fmt: skip
    shape, margin = (rows, cols), Margin(shadow, view)
    chosen: dict[str, Any] = {
        "footprint": STEPS, "backend": device, "workers": workers, "wide": wide,
    }  # fmt: skip
    try:
        plan = plan_tiles(shape, margin, memory=mib * MIB, **chosen)
    except ConfigurationError as error:
        found = error.field
    else:
        found = None
    if found is not None:
        assert found in ("device", "memory")
        return
    if plan is None:
        return
    assert min(plan.sides) >= MIN_CORE
    assert plan.core < max(shape) or max(shape) <= MIN_CORE
    assert wide or plan.cols is None
    assert plan.memory <= mib * MIB
    assert 1.0 <= plan.overlap_cost() <= plan.read_cost()
    if device is not None:
        heights, cells = (
            math.prod(min(n, s + 2 * m) for n, s in zip(shape, plan.sides, strict=True))
            for m in (margin.halo, margin.view)
        )
        assert heights * device.largest_heights <= device.largest_binding
        assert cells * device.largest_cells <= device.largest_binding
        assert heights * device.heights + cells * device.cells <= device.budget
    more = plan_tiles(shape, margin, memory=2 * mib * MIB, **chosen)
    assert more is None or math.prod(more.sides) >= 0.7 * math.prod(plan.sides)
    assert wide or more is None or more.core >= plan.core


@given(st.integers(1, 700), st.integers(1, 700), st.integers(128, 300), st.integers(0, 90),
       st.none() | st.integers(128, 800))  # fmt: skip
def test_cores_cover_the_raster_once(
    rows: int, cols: int, core: int, halo: int, across: int | None
) -> None:
    plan = TilePlan((rows, cols), core, halo, "test", view=halo // 2, cols=across)
    count = np.zeros((rows, cols), np.uint8)
    read = computed = 0
    for tile in plan.tiles():
        count[tile.write_slice] += 1
        read += math.prod(tile.full_shape)
        around = tile.around(halo // 2)
        computed += math.prod(s.stop - s.start for s in around)
    assert (count == 1).all()
    assert plan.read_cost() == read / (rows * cols)
    assert plan.overlap_cost() == computed / (rows * cols)
    assert plan.describe()["tiles"] == len(plan.tiles())


def test_the_footprint_in_one_piece_counts_nothing_twice() -> None:
    plain = Footprint(
        raster=10.0, read_heights=5.0, read_cells=7.0, work_heights=1.0, work_cells=2.0
    )
    assert plan_tiles((4000, 4000), NEAR, footprint=plain, memory=13 * 16_000_000) is None
    assert plan_tiles((4000, 4000), NEAR, footprint=plain, memory=13 * 16_000_000 - 1) is not None


# ------------------------------------------------------------------ what the machine offers


def machine(root: Path, *, total_kib: int | None, cgroup: str = "", limits: Any = ()) -> Path:
    (root / "proc" / "self").mkdir(parents=True)
    if total_kib is not None:
        (root / "proc" / "meminfo").write_text(f"MemFree: 1 kB\nMemTotal: {total_kib} kB\n")
    if cgroup:
        (root / "proc" / "self" / "cgroup").write_text(cgroup)
    for path, text in limits:
        file = root / "sys" / "fs" / "cgroup" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


@pytest.mark.parametrize(
    ("cgroup", "limits", "expected"),
    [
        ("", (), (8 * GIB, "physical memory")),
        ("0::/\n", [("memory.max", "max\n")], (8 * GIB, "physical memory")),
        ("0::/a/b\n", [("a/b/memory.max", "max"), ("a/memory.max", f"{3 * GIB}\n")],
         (3 * GIB, "control group")),
        ("0::/a/b\n", [("a/b/memory.max", f"{2 * GIB}"), ("a/memory.max", f"{3 * GIB}")],
         (2 * GIB, "control group")),
        # A container sees its own group as the topmost.
        ("0::/../x\n", [("memory.max", f"{4 * GIB}")], (4 * GIB, "control group")),
        ("5:memory:/docker/abc\n", [("memory/memory.limit_in_bytes", f"{GIB}")],
         (1 * GIB, "control group")),
        ("5:cpu,memory:/a\n", [("memory/a/memory.limit_in_bytes", "9223372036854771712")],
         (8 * GIB, "physical memory")),
    ],
)  # fmt: skip
def test_the_least_limit_counts(
    tmp_path: Path, cgroup: str, limits: Any, expected: tuple[int, str]
) -> None:
    root = machine(tmp_path, total_kib=8 * 2**20, cgroup=cgroup, limits=limits)
    assert memory_limits.available_memory(root) == expected


def test_the_budget_is_a_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = machine(tmp_path, total_kib=8 * 2**20)
    assert memory_limits.memory_budget(root) == 4 * GIB
    monkeypatch.setenv("SOLWEIG_RAM_FRACTION", "0.25")
    assert memory_limits.memory_budget(root) == 2 * GIB
    assert memory_limits.available_memory() is not None


@pytest.mark.parametrize(
    ("cells", "each", "budget", "there"),
    [
        (50_000_000, 1.0, 8 * GIB, False),
        (50_000_001, 1.0, 8 * GIB, True),
        # 40 Mpx with trees on a laptop of 8 GiB, and on one of 32.
        (40_000_000, 155.0, 4 * GIB, True),
        (40_000_000, 155.0, 16 * GIB, False),
        (1000, 155.0, 100_000, True),
    ],
)
def test_what_is_kept_on_disk(cells: int, each: float, budget: int, there: bool) -> None:
    assert memory_limits.stay_on_disk(cells, each, budget) is there


def test_a_sky_view_that_no_memory_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    surface = solweig.SurfaceData(np.full((30, 40), 3.0, np.float32))
    found = (60_000, "control group")
    monkeypatch.setattr("solweig.surface.sky_view.available_memory", lambda: found)
    with pytest.raises(ConfigurationError, match=r"working_dir: .*a folder.*control group") as told:
        surface.compute_svf()
    assert "--cache" in str(told.value)


# ------------------------------------------------------------------ in a run


def test_a_core_below_the_least_is_refused_before_anything(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SOLWEIG_MIN_TILE_SIDE")
    surface = solweig.SurfaceData(np.full((200, 150), 3.0, np.float32))
    surface.dsm[50:60, 50:60] = 12.0
    with pytest.raises(ConfigurationError, match=r"tile_size: .*at least 128 pixels, got 127"):
        surface.compute_svf(tile_size=127)
    surface.compute_svf(tile_size=128, max_shadow_distance_m=100.0)
    out = tmp_path / "out"
    with pytest.raises(ConfigurationError, match=r"tile_size: .*at least 128 pixels, got 64"):
        solweig.calculate(surface, weather((12,)), LOCATION, tile_size=64, output_dir=out)
    assert not out.exists()
    with pytest.raises(ConfigurationError, match="tile_size"):
        solweig.SurfaceData.prepare(surface.dsm, tile_size=100)
    whole = solweig.calculate(surface, weather((12,)), LOCATION, tile_size=200)
    assert whole.metadata["tile_plan"] is None


def test_a_machine_with_little_memory_cuts_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    surface = solweig.SurfaceData(np.full((300, 260), 3.0, np.float32))
    surface.dsm[50:60, 50:60] = 12.0
    surface.compute_svf(max_shadow_distance_m=50.0)
    whole = solweig.calculate(surface, weather((12,)), LOCATION, max_shadow_distance_m=50.0)
    monkeypatch.setattr("solweig.run.steps.memory_budget", lambda: 27 * 2**20)
    cut = solweig.calculate(surface, weather((12,)), LOCATION, max_shadow_distance_m=50.0)
    plan = cut.metadata["tile_plan"]
    assert plan["core"] < 260
    assert plan["reason"].startswith("memory")
    assert plan["memory"] <= 27 * 2**20
    assert np.array_equal(whole.tmrt_mean, cut.tmrt_mean, equal_nan=True)

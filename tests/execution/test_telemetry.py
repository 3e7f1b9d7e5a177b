"""What a run measures about itself, and where it says so."""

from __future__ import annotations

import copy
import csv
import io
import json
import math
import pickle
import re
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import solweig
from solweig.bars import Progress, bounded, parts_of
from solweig.execution import ExecutionConfig, Telemetry
from solweig.execution.overlap import may_overlap, run_steps
from solweig.execution.telemetry import METRICS, percentile
from tests.support.run_cases import LOCATION, small_surface, weather

# The names of the design; scripts and dashboards read them.
NAMES = (
    "svf_tile_wall_time_s", "svf_patch_progress_rate", "svf_stitch_copy_time_ms",
    "timestep_wall_time_s", "tile_turnaround_ms", "gpu_stage_time_ms", "queue_depth_peak",
    "gpu_fallback_count", "svf_gpu_fallback_count",
)  # fmt: skip


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface(seed=2)


def measured() -> Telemetry:
    telemetry = Telemetry()
    for value in (1.0, 2.0, 3.0, 10.0):
        telemetry.record("tile_turnaround_ms", value)
    telemetry.record("queue_depth_peak", 3)
    telemetry.record("queue_depth_peak", 2)
    telemetry.gpu_stages({"shadow": 0.004, "gvf": 0.002}, "timestamp")
    telemetry.fallbacks({"svf": {"fallbacks": 2}, "gvf": {"fallbacks": 0}})
    return telemetry


def test_the_names_are_the_designs() -> None:
    assert set(NAMES) <= set(METRICS)
    with pytest.raises(ValueError, match="metric: expected one of"):
        Telemetry().record("speed", 1.0)


def test_figures() -> None:
    rows = {(r.metric, r.stage): r for r in measured().rows()}
    turnaround = rows["tile_turnaround_ms", ""]
    assert (turnaround.count, turnaround.mean, turnaround.p95) == (4, 4.0, 10.0)
    assert (turnaround.max, turnaround.total) == (10.0, 16.0)
    assert rows["queue_depth_peak", ""].max == 3
    assert rows["gpu_stage_time_ms", "shadow"].source == "timestamp"
    assert rows["gpu_stage_time_ms", "shadow"].mean == pytest.approx(4.0)
    assert rows["gpu_fallback_count", "svf"].total == 2
    assert rows["gpu_fallback_count", "gvf"].total == 0
    assert rows["svf_gpu_fallback_count", ""].total == 2
    assert [r.metric for r in measured().rows()] == sorted(
        (r.metric for r in measured().rows()), key=list(METRICS).index
    )


def test_one_value_of_a_metric() -> None:
    telemetry = measured()
    assert telemetry.value("tile_turnaround_ms") == 4.0
    assert telemetry.value("queue_depth_peak") == 3
    assert telemetry.value("gpu_fallback_count") == 2
    assert telemetry.value("gpu_stage_time_ms", "gvf") == pytest.approx(2.0)
    assert math.isnan(telemetry.value("timestep_wall_time_s"))


@pytest.mark.parametrize(("share", "expected"), [(0.95, 95), (0.5, 50), (1.0, 100), (0.0, 1)])
def test_percentile_is_the_nearest_rank(share: float, expected: float) -> None:
    values = list(range(1, 101))
    assert percentile(reversed(values), share) == expected
    assert percentile([7.0], share) == 7.0


def test_files(tmp_path: Path) -> None:
    telemetry = measured()
    assert telemetry.write(tmp_path, "none") is None
    assert not list(tmp_path.iterdir())
    path = telemetry.write(tmp_path, "csv")
    assert path == tmp_path / "telemetry.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["metric"] == "tile_turnaround_ms"
    assert (rows[0]["unit"], float(rows[0]["mean"]), rows[0]["count"]) == ("ms", 4.0, "4")
    path = telemetry.write(tmp_path, "json")
    assert path == tmp_path / "telemetry.json"
    stored = json.loads(path.read_text("utf-8"))
    assert stored["tile_turnaround_ms"][0]["p95"] == 10.0
    assert {r["stage"] for r in stored["gpu_stage_time_ms"]} == {"shadow", "gvf"}


def test_it_is_pickled_and_copied_with_what_holds_it(surface: solweig.SurfaceData) -> None:
    twin = pickle.loads(pickle.dumps(measured()))
    assert twin.rows() == measured().rows()
    twin.record("queue_depth_peak", 9)
    summary = solweig.calculate(surface, weather((12,)), LOCATION)
    again = copy.deepcopy(summary)
    assert summary.telemetry is not None
    assert again.telemetry.rows() == summary.telemetry.rows()


def test_live_lines() -> None:
    stream = io.StringIO()
    Telemetry(live=False, stream=stream).stages("step 1/2", {"shadow": 0.5})
    assert stream.getvalue() == ""
    Telemetry(live=True, stream=stream).stages("step 1/2", {"shadow": 0.5, "gvf": 0.001})
    assert stream.getvalue() == "[timing] step 1/2: shadow 500.0 ms, gvf 1.0 ms\n"


# ------------------------------------------------------------------ of a run


def test_a_run_reports_itself(surface: solweig.SurfaceData) -> None:
    summary = solweig.calculate(surface, weather(), LOCATION, tile_size=12)
    assert summary.telemetry is not None
    rows = {(r.metric, r.stage): r for r in summary.telemetry.rows()}
    metrics = {metric for metric, _ in rows}
    assert metrics >= set(NAMES) - {"gpu_stage_time_ms", "svf_stitch_copy_time_ms"}
    assert rows["timestep_wall_time_s", ""].count == 4 * 6
    assert rows["tile_turnaround_ms", ""].count == 6
    # One tile is computed while another is read or written. Whether steps wait for their store
    # depends on who is faster; that their number is bounded is shown with a slow store elsewhere.
    assert rows["queue_depth_peak", ""].max == 2
    assert rows["queue_depth_peak", "write"].max >= 1
    text = summary.report()
    for name in ("Telemetry", "tile_turnaround_ms", "timestep_wall_time_s", "p95 of 24"):
        assert name in text
    assert summary.metadata["telemetry"]["timestep_wall_time_s"][0]["count"] == 24


@pytest.mark.parametrize("tile_size", [None, 12])
def test_timing_is_printed_live(
    surface: solweig.SurfaceData,
    tile_size: int | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SOLWEIG_TIMING", "1")
    solweig.calculate(surface, weather((12,)), LOCATION, tile_size=tile_size)
    lines = [x for x in capsys.readouterr().err.splitlines() if x.startswith("[timing]")]
    what = "step 1/1" if tile_size is None else "tile 1/6"
    assert any(re.match(rf"\[timing\] {what}: .*radiation [\d.]+ ms", x) for x in lines), lines


def test_the_surface_measures_its_preparation() -> None:
    surface = small_surface(svf=False)
    surface.compute_svf(tile_size=10)
    assert surface.telemetry is not None
    rows = {r.metric: r for r in surface.telemetry.rows()}
    for name in ("svf_tile_wall_time_s", "svf_patch_progress_rate", "svf_stitch_copy_time_ms"):
        assert rows[name].count == 9
    rate = 153 / rows["svf_tile_wall_time_s"].mean
    assert rows["svf_patch_progress_rate"].mean >= 0.99 * rate  # the mean of inverses is larger


# ------------------------------------------------------------------ overlap


@pytest.mark.parametrize("overlap", [False, True])
def test_steps_come_in_order(overlap: bool) -> None:
    log: list[str] = []
    state = [0]

    def step(i: int) -> int:
        state[0] += i
        return state[0]

    def deliver(i: int, result: int, seconds: float) -> None:
        log.append(f"{i}:{result}")

    run_steps(5, step, deliver, overlap=overlap)
    assert log == ["0:0", "1:1", "2:3", "3:6", "4:10"]
    assert run_steps(0, step, deliver, overlap=overlap) == 0.0


def test_overlap_is_time_spent_together() -> None:
    def nothing(*_: object) -> None:
        return None

    assert run_steps(4, nothing, nothing, overlap=False) == 0.0

    # Every step but the first waits for the delivery of the one before, and the other way about:
    # they get past each other only where both are under way.
    meet = threading.Barrier(2, timeout=30.0)

    def step(i: int) -> None:
        if i > 0:
            meet.wait()
            time.sleep(0.01)
            meet.wait()

    def deliver(i: int, result: None, seconds: float) -> None:
        if i < 3:
            meet.wait()
            meet.wait()

    started = time.perf_counter()
    together = run_steps(4, step, deliver, overlap=True)
    assert 0.03 <= together <= time.perf_counter() - started


def test_an_error_of_either_side_arrives() -> None:
    def bad_step(i: int) -> None:
        if i == 2:
            raise ValueError("step 2")

    def bad_delivery(i: int, result: None, seconds: float) -> None:
        if i == 1:
            raise KeyError("delivery 1")

    def nothing(*_: object) -> None:
        return None

    with pytest.raises(ValueError, match="step 2"):
        run_steps(4, bad_step, nothing, overlap=True)
    with pytest.raises(KeyError, match="delivery 1"):
        run_steps(4, nothing, bad_delivery, overlap=True)


@pytest.mark.parametrize("tile_size", [None, 12])
def test_overlap_changes_no_result(
    surface: solweig.SurfaceData, tile_size: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = weather((8, 9, 10, 11, 12, 13))
    one = solweig.calculate(surface, steps, LOCATION, tile_size=tile_size)
    assert one.telemetry is not None
    assert math.isnan(one.telemetry.value("aniso_gpu_overlap_s"))
    monkeypatch.setenv("SOLWEIG_ANISO_GPU_OVERLAP", "1")
    two = solweig.calculate(surface, steps, LOCATION, tile_size=tile_size)
    assert two.telemetry is not None
    assert two.telemetry.value("aniso_gpu_overlap_s") > 0.0
    assert one.dataset is not None
    assert two.dataset is not None
    assert np.array_equal(one.dataset["tmrt"], two.dataset["tmrt"])
    for name, grid in one.grids().items():
        assert np.array_equal(grid, two.grids()[name], equal_nan=True), name


def test_a_device_of_the_main_thread_does_not_overlap() -> None:
    gpu = SimpleNamespace(name="llvmpipe", backend="gl", affinity="requires_main_thread")
    why = may_overlap(SimpleNamespace(gpu=gpu))
    assert why is not None
    assert "llvmpipe" in why
    gpu.affinity = "worker_safe"
    assert may_overlap(SimpleNamespace(gpu=gpu)) is None
    assert may_overlap(None) is None


# ------------------------------------------------------------------ bars


def test_a_bar_never_leaves_its_bounds() -> None:
    heard: list[tuple[int, int]] = []
    advance = bounded(lambda done, total: heard.append((done, total)))
    for done, total in ((1, 4), (-3, 4), (0, 4), (9, 4), (2, 4), (4, 0)):
        advance(done, total)
    assert heard == [(1, 4), (4, 4), (1, 1)]


def test_parts_make_one_bar() -> None:
    heard: list[float] = []
    listen = parts_of(lambda done, total: heard.append(done / total), 3)
    for part, done in ((0, 1), (2, 5), (0, 2), (2, 2), (1, 2), (0, 1), (2, 2)):
        listen(part, done, 2)
    assert heard == sorted(heard)
    assert heard[0] == pytest.approx(1 / 6)
    assert heard[-1] == 1.0
    parts_of(None, 3)(0, 1, 2)


def test_bars_of_phases_stay_in_bounds() -> None:
    stream = io.StringIO()
    with Progress(True, stream) as progress:
        for name in ("sky view", "time steps"):
            listen = parts_of(progress.phase(name, total=10), 4)
            for part in range(4):
                for done in (-1, 2, 1, 9, 5):
                    listen(part, done, 5)
            tasks = progress._bars.tasks
            assert [t.visible for t in tasks] == [False] * (len(tasks) - 1) + [True]
            for task in tasks:
                assert 0 <= task.completed <= task.total
            assert tasks[-1].completed == tasks[-1].total


def test_log_format_arrives(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    solweig.calculate(
        surface, weather((12,)), LOCATION, output_dir=tmp_path, execution=ExecutionConfig(log="csv")
    )
    assert (tmp_path / "telemetry.csv").is_file()

"""Work in the background is bounded, in order, and its errors come to light."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

import solweig
from solweig.background import BackgroundWriter
from solweig.execution import ExecutionConfig
from solweig.run import tile_steps
from tests.support.tile_cases import assert_same_run, prepared, run


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_no_more_than_the_limit_is_under_way(limit: int) -> None:
    open_gate = threading.Event()
    begun, done = [], []

    def task(i: int) -> None:
        open_gate.wait()
        done.append(i)

    writer = BackgroundWriter(limit)

    def hand_over() -> None:
        for i in range(12):
            writer.submit(lambda i=i: task(i))
            begun.append(i)

    thread = threading.Thread(target=hand_over)
    thread.start()
    deadline = time.monotonic() + 10.0
    while len(begun) < limit and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(0.05)  # were there no bound, the others would be handed over now
    assert len(begun) == limit
    open_gate.set()
    thread.join(10.0)
    writer.close()
    assert done == list(range(12))
    assert writer.depth_peak == limit


def test_an_error_is_raised_and_what_waits_is_dropped() -> None:
    writer = BackgroundWriter(2)
    done = []

    def fail() -> None:
        raise OSError("no space left")

    def fill() -> None:
        writer.submit(fail)
        for i in range(50):
            writer.submit(lambda i=i: done.append(i))

    with pytest.raises(OSError, match="no space left"):
        fill()
    with pytest.raises(OSError, match="no space left"):
        writer.close()
    assert done == []


def test_dropping_raises_nothing() -> None:
    writer = BackgroundWriter(1)
    writer.submit(lambda: time.sleep(0.01))
    writer.close(drop=True)


def test_here_means_now() -> None:
    writer, done = BackgroundWriter(1, here=True), []
    writer.submit(lambda: done.append(threading.current_thread()))
    assert done == [threading.current_thread()]


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return prepared()


@pytest.mark.parametrize(("limit", "tile_workers"), [(1, 1), (2, 3), (4, 2)])
def test_a_slow_disk_holds_the_model_up(
    surface: solweig.SurfaceData, monkeypatch: pytest.MonkeyPatch, limit: int, tile_workers: int
) -> None:
    """Steps waiting for the disk and tiles in memory stay within their bounds, and reach them."""
    finish = tile_steps._Stepping.finish
    read, submit = tile_steps._Stepping.read, BackgroundWriter.submit
    lock = threading.Lock()
    now = {"tiles": 0, "begun": 0, "most": 0}
    # The first tiles wait for each other: as many as may be are under way.
    together = threading.Barrier(tile_workers, timeout=30.0)

    def slow_until_full(self: BackgroundWriter, task: Any) -> Any:
        """The first task of every writer lasts until as many wait as may."""
        if self.depth_peak:
            return submit(self, task)

        def wait_and_do() -> Any:
            deadline = time.monotonic() + 30.0
            while self.depth_peak < limit and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(0.02)  # were there no bound, more would be handed over now
            return task()

        return submit(self, wait_and_do)

    def count_in(self: Any, item: Any) -> Any:
        with lock:
            now["tiles"] += 1
            now["begun"] += 1
            now["most"] = max(now["most"], now["tiles"])
            first = now["begun"] <= tile_workers
        if first:
            together.wait()
        return read(self, item)

    def count_out(self: Any, item: Any, computed: Any) -> Any:
        found = finish(self, item, computed)
        with lock:
            now["tiles"] -= 1
        return found

    monkeypatch.setattr(BackgroundWriter, "submit", slow_until_full)
    monkeypatch.setattr(tile_steps._Stepping, "read", count_in)
    monkeypatch.setattr(tile_steps._Stepping, "finish", count_out)
    execution = ExecutionConfig(accelerator="cpu", inflight_limit=limit, tile_workers=tile_workers)
    summary = run(surface, tile_size=40, execution=execution)
    assert summary.telemetry is not None
    rows = {(r.metric, r.stage): r for r in summary.telemetry.rows()}
    assert rows["queue_depth_peak", "write"].max == limit
    assert now["most"] == tile_workers
    assert rows["queue_depth_peak", ""].max == tile_workers
    tiles = summary.telemetry.tiles()
    assert tiles["max_queue"] == max(limit, tile_workers)
    assert 0.0 < tiles["mean_turnaround"] <= tiles["p95"]
    monkeypatch.undo()
    assert_same_run(run(surface, execution=ExecutionConfig(accelerator="cpu")), summary)

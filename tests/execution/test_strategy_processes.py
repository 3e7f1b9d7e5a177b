"""Worker processes: real work, real failures, nothing left behind."""

from __future__ import annotations

import logging
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig import _core
from solweig.errors import ConfigurationError
from solweig.execution import CPUOnlyStrategy, MultiGPU, SingleGPUMultiProcess, pool
from solweig.execution import tally as tallies
from solweig.execution.pool import WorkerTrace
from tests.support.jobs import Double, Fail, Named, Shadows

SUNS = [10.0, 80.0, 150.0, 222.0, 290.0]


@pytest.fixture(autouse=True)
def _nobody_left() -> Iterator[None]:
    yield
    assert not multiprocessing.active_children()


def test_work_is_shared_and_complete() -> None:
    with CPUOnlyStrategy(2) as strategy:
        results = list(strategy.run(Double(0.05), list(range(8))))
        again = list(strategy.run(Double(), [5]))
    assert sorted((d.number, d.value) for d in results) == [(i, 2 * i) for i in range(8)]
    assert again[0].value == 10
    pids = {d.origin.pid for d in results}
    assert len(pids) == 2
    assert os.getpid() not in pids
    assert all(d.turnaround >= d.seconds >= 0.05 for d in results)
    assert strategy.queue_depth_peak == 0  # its workers are gone


def test_the_clock_of_an_item_runs_before_its_worker_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send = pool._Member.send

    def send_and_lose_the_core(self: pool._Member, message: tuple[Any, ...]) -> None:
        send(self, message)
        if message[0] == "item":
            time.sleep(0.2)

    monkeypatch.setattr(pool._Member, "send", send_and_lose_the_core)
    with CPUOnlyStrategy(2) as strategy:
        results = list(strategy.run(Double(0.1), [1, 2]))
    assert all(d.turnaround >= d.seconds >= 0.1 for d in results)


def test_same_bytes_and_the_tally_says_who() -> None:
    with CPUOnlyStrategy() as here:
        expected = {d.number: d.value for d in here.run(Shadows(), SUNS)}
    before = tallies.whole_tally()
    with CPUOnlyStrategy(2) as strategy:
        results = list(strategy.run(Shadows(), SUNS))
        assert strategy.queue_depth_peak == 2
    for done in results:
        assert np.array_equal(done.value, expected[done.number])
        assert done.tally["shadow"]["cpu_runs"] == 1
        assert done.tally["shadow"]["pids"] == [done.origin.pid]
        assert done.tally["shadow"]["adapters"] == ["cpu"]
    total = tallies.merge(d.tally for d in results)
    assert total["shadow"]["cpu_runs"] == len(SUNS)
    assert set(total["shadow"]["pids"]) <= {d.origin.pid for d in results}
    # The counters of this session know of it, those of this process's engine do not.
    grown = tallies.since(before, tallies.whole_tally())
    assert grown["shadow"]["cpu_runs"] == len(SUNS)


def test_resetting_forgets_workers_too() -> None:
    tallies.add_worker_tally({"svf": {"gpu_runs": 3, "cpu_runs": 1, "fallbacks": 1, "seconds": 1}})
    assert tallies.whole_tally()["svf"]["gpu_runs"] >= 3
    tallies.reset()
    assert tallies.whole_tally() == {}
    assert _core.tally() == {}


def test_every_worker_has_its_adapter() -> None:
    with MultiGPU(["gpu:0", "gpu:1"], opener=Named(("left", "right"))) as strategy:
        results = list(strategy.run(Double(0.05), list(range(6))))
        origins = strategy.origins
    assert [(o.device, o.adapter) for o in origins] == [
        ("gpu:0", "left [vulkan]"),
        ("gpu:1", "right [vulkan]"),
    ]
    assert {d.origin.adapter for d in results} == {"left [vulkan]", "right [vulkan]"}
    assert len({d.origin.pid for d in results}) == 2


def test_workers_share_one_adapter() -> None:
    with SingleGPUMultiProcess("gpu:0", 2, opener=Named(("card",))) as strategy:
        assert [o.adapter for o in strategy.origins] == ["card [vulkan]"] * 2
        assert len({o.pid for o in strategy.origins}) == 2


def test_one_adapter_that_does_not_open_ends_all() -> None:
    strategy = MultiGPU(["gpu:0", "gpu:1"], opener=Named(("left", "right"), broken=1))
    with pytest.raises(RuntimeError, match="worker 1: gpu:1 could not be opened: no such adapter"):
        strategy.initialize()


def test_an_error_arrives_as_it_was_raised() -> None:
    with pytest.raises(ConfigurationError, match="another number, got 3") as caught:  # noqa: SIM117
        with CPUOnlyStrategy(2) as strategy:
            list(strategy.run(Fail(at=3), list(range(6))))
    assert caught.value.got == 3
    assert isinstance(caught.value.__cause__, WorkerTrace)
    assert "jobs.py" in str(caught.value.__cause__)


def test_an_error_that_cannot_be_sent_is_told() -> None:
    with pytest.raises(RuntimeError, match="Unpicklable"), CPUOnlyStrategy(2) as strategy:
        list(strategy.run(Fail(at=0, how="unpicklable"), [0]))


def test_a_dead_worker_is_an_error() -> None:
    with (
        pytest.raises(RuntimeError, match=r"ended during item 1, exit code 7"),
        CPUOnlyStrategy(2) as strategy,
    ):
        list(strategy.run(Fail(at=1, how="die"), [0, 1, 2, 3]))


def test_leaving_stops_a_busy_worker() -> None:
    started = time.perf_counter()

    def stop(number: int, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), CPUOnlyStrategy(2) as strategy:
        list(strategy.run(Fail(at=0, how="hang"), [0, 1], stop))
    assert time.perf_counter() - started < 30


def test_log_lines_come_home(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="solweig"), CPUOnlyStrategy(2) as strategy:
        list(strategy.run(Fail(at=1, how="log"), [0, 1]))
    lines = [r for r in caplog.records if "CPU fallback" in r.getMessage()]
    assert [(r.levelno, r.getMessage()) for r in lines] == [
        (logging.WARNING, "[GPU] svf failed: told so. CPU fallback.")
    ]


@pytest.mark.slow
def test_a_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    """Spawning would import the script again; the workers do not."""
    script = tmp_path / "script.py"
    script.write_text(
        "import solweig\n"
        "from solweig.execution import CPUOnlyStrategy\n"
        "from tests.support.jobs import Double\n"
        "print('once', flush=True)\n"
        "with CPUOnlyStrategy(2) as strategy:\n"
        "    print(sorted(d.value for d in strategy.run(Double(), [1, 2, 3])))\n",
        "utf-8",
    )
    root = Path(__file__).resolve().parents[2]
    package = Path(solweig.__file__).parents[1]
    paths = os.pathsep.join([str(root), str(package), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(script)], env={**os.environ, "PYTHONPATH": paths},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.split("\n")[:2] == ["once", "[2, 4, 6]"], done.stderr

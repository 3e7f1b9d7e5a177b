"""From what was settled about the hardware to engine and strategy."""

from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import Any

import pytest

from solweig.execution import (
    CPUOnlyStrategy,
    ExecutionConfig,
    MultiGPU,
    SingleGPUMultiProcess,
    opening,
    resolve_execution,
)
from solweig.execution.opening import Here, RunOpener, engine_of, strategy_of


def settled(**fields: Any) -> Any:
    """What a run settled on, as far as these functions look."""
    return SimpleNamespace(
        **{
            "accelerator": "gpu",
            "strategy": "auto",
            "workers": None,
            "workers_per_gpu": 1,
            "tile_workers": None,
            "cluster": None,
            "storage": None,
            "on_workers": None,
            "devices": ("a",),
            **fields,
        }
    )


ENGINE = SimpleNamespace(gpu=object(), policy="auto")


def test_the_cpu_needs_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "open_engine", lambda *_: pytest.fail("opened"))
    assert engine_of(settled(accelerator="cpu")) is None


def test_a_gpu_is_opened_once_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []

    def fake(resolved: Any, index: int) -> Any:
        opened.append(index)
        return ENGINE

    monkeypatch.setattr(opening, "open_engine", fake)
    engine = engine_of(settled())
    strategy = strategy_of(settled(), engine)
    assert type(strategy) is SingleGPUMultiProcess
    assert strategy._opener is not None
    assert strategy._opener(0) is ENGINE
    assert opened == [0]


@pytest.mark.parametrize(
    ("fields", "kind", "workers"),
    [
        ({}, SingleGPUMultiProcess, 1),
        ({"workers_per_gpu": 2}, SingleGPUMultiProcess, 2),
        ({"devices": ("a", "b")}, MultiGPU, 2),
        ({"devices": ("a", "b"), "strategy": "single_gpu"}, SingleGPUMultiProcess, 1),
    ],
)
def test_devices_choose(fields: dict[str, Any], kind: type, workers: int) -> None:
    strategy = strategy_of(settled(**fields), ENGINE)
    assert type(strategy) is kind
    assert strategy.num_workers == workers


@pytest.mark.parametrize("workers", [None, 3])
def test_a_run_that_left_its_device_goes_to_the_cpu(workers: int | None) -> None:
    for engine in (None, SimpleNamespace(gpu=None)):
        strategy = strategy_of(settled(workers=workers, devices=("a", "b")), engine)
        assert type(strategy) is CPUOnlyStrategy
        assert strategy.num_workers == (workers or 1)


def test_openers_travel_unless_they_are_here() -> None:
    resolved = resolve_execution(ExecutionConfig(accelerator="cpu"))
    assert pickle.loads(pickle.dumps(RunOpener(resolved))) == RunOpener(resolved)
    assert Here(ENGINE)(5) is ENGINE

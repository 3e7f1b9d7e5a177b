"""Strategies: the interface, the register, the choice."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest

from solweig.execution import (
    CPUOnlyStrategy,
    ExecutionConfig,
    GPUStrategy,
    MultiGPU,
    SingleGPUMultiProcess,
    auto_select_strategy,
    register,
    registry,
    strategy_names,
)
from solweig.execution.pool import share_cores
from tests.support.jobs import Double, Named


@pytest.mark.parametrize(
    ("strategy", "workers", "backend", "devices"),
    [
        (CPUOnlyStrategy(), 1, "cpu", ["cpu"]),
        (CPUOnlyStrategy(3), 3, "cpu", ["cpu", "cpu", "cpu"]),
        (SingleGPUMultiProcess("gpu:1", 2), 2, "gpu", ["gpu:1", "gpu:1"]),
        (MultiGPU(["gpu:0", "gpu:2"]), 2, "gpu", ["gpu:0", "gpu:2"]),
        (MultiGPU([object(), object()]), 2, "gpu", ["gpu:0", "gpu:1"]),
    ],
)
def test_every_worker_has_a_device(
    strategy: GPUStrategy, workers: int, backend: str, devices: list[str]
) -> None:
    assert (strategy.num_workers, strategy.backend) == (workers, backend)
    assert [strategy.get_device_for_worker(i) for i in range(workers)] == devices
    for worker_id in (-1, workers):
        with pytest.raises(ValueError, match=f"worker_id: expected 0 to {workers - 1}"):
            strategy.get_device_for_worker(worker_id)


def test_a_strategy_is_abstract() -> None:
    with pytest.raises(TypeError, match="abstract"):
        GPUStrategy()  # type: ignore[abstract]


@pytest.mark.parametrize(
    "make",
    [
        lambda: CPUOnlyStrategy(0),
        lambda: SingleGPUMultiProcess("gpu:0", 0),
        lambda: MultiGPU([]),
        lambda: auto_select_strategy(ExecutionConfig(), devices=()).get_device_for_worker(1),
    ],
)
def test_impossible_numbers(make: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        make()


@pytest.mark.parametrize(
    ("devices", "kind", "workers"),
    [
        ((), CPUOnlyStrategy, 1),
        (("gpu:0",), SingleGPUMultiProcess, 1),
        (("gpu:0", "gpu:1"), MultiGPU, 2),
        (("gpu:0", "gpu:1", "gpu:2"), MultiGPU, 3),
    ],
)
def test_adapters_choose(devices: Sequence[str], kind: type[GPUStrategy], workers: int) -> None:
    chosen = auto_select_strategy(ExecutionConfig(), devices=devices)
    assert type(chosen) is kind
    assert chosen.num_workers == workers


def test_a_name_goes_before_the_adapters() -> None:
    chosen = auto_select_strategy(
        ExecutionConfig(strategy="cpu", workers=2), devices=("gpu:0", "gpu:1")
    )
    assert type(chosen) is CPUOnlyStrategy
    assert chosen.num_workers == 2


def test_the_machine_is_asked() -> None:
    """Software adapters count only when asked for, and this host has no other."""
    assert auto_select_strategy(ExecutionConfig(accelerator="cpu")).backend == "cpu"


def test_workers_per_gpu_arrives() -> None:
    chosen = auto_select_strategy(ExecutionConfig(workers_per_gpu=3), devices=("gpu:0",))
    assert [chosen.get_device_for_worker(i) for i in range(3)] == ["gpu:0"] * 3


def test_an_unknown_name() -> None:
    with pytest.raises(ValueError, match=r"execution\.strategy.*multi_gpu.*cluster"):
        ExecutionConfig(strategy="cluster")
    config = ExecutionConfig()  # and where a name was taken away later
    object.__setattr__(config, "strategy", "cluster")
    with pytest.raises(ValueError, match=r"execution\.strategy.*cpu.*cluster"):
        auto_select_strategy(config, devices=())


def test_a_new_strategy_registers_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    before = strategy_names()

    @register("cluster")
    class Cluster(CPUOnlyStrategy):
        pass

    assert strategy_names() == (*before, "cluster")
    chosen = auto_select_strategy(ExecutionConfig(strategy="cluster"), devices=())
    assert type(chosen) is Cluster


def test_one_worker_stays_here() -> None:
    heard: list[tuple[int, int, int]] = []
    with CPUOnlyStrategy() as strategy:
        results = list(strategy.run(Double(), [1, 2, 3], lambda *x: heard.append(x)))
    assert [(d.number, d.value) for d in results] == [(0, 2), (1, 4), (2, 6)]
    assert {d.origin.pid for d in results} == {os.getpid()}
    assert heard == [(n, k, 2) for n in range(3) for k in (0, 2)]


def test_one_gpu_worker_stays_here_and_says_its_adapter() -> None:
    with SingleGPUMultiProcess("gpu:0", opener=Named(("card",))) as strategy:
        assert [(o.adapter, o.pid) for o in strategy.origins] == [("card [vulkan]", os.getpid())]


def test_an_adapter_that_does_not_open() -> None:
    for strategy in (
        SingleGPUMultiProcess("gpu:0", opener=Named(("card",), broken=0)),
        MultiGPU(["gpu:0"], opener=Named(("card",), broken=0)),
    ):
        with pytest.raises(RuntimeError, match="gpu:0 could not be opened: no such adapter"):
            strategy.initialize()


def test_work_needs_workers() -> None:
    strategy = CPUOnlyStrategy()
    with pytest.raises(RuntimeError, match="initialize"):
        strategy.run(Double(), [1])
    strategy.initialize()
    strategy.initialize()
    strategy.cleanup()
    strategy.cleanup()
    with pytest.raises(RuntimeError, match="initialize"):
        strategy.run(Double(), [1])


@pytest.mark.parametrize(
    ("workers", "cores", "shares"),
    [(1, 8, [8]), (3, 8, [3, 3, 2]), (2, 1, [1, 1]), (4, 4, [1, 1, 1, 1])],
)
def test_cores_are_shared_out(workers: int, cores: int, shares: list[int]) -> None:
    assert share_cores(workers, cores) == shares


def test_threads_of_the_environment_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYON_NUM_THREADS", "6")
    assert share_cores(2) == [3, 3]

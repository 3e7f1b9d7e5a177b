"""Devices by name and what they hold, with and without a GPU and psutil."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from solweig.execution import DeviceManager
from solweig.execution import devices as module
from solweig.execution.runtime import GpuHandle, Probe, Ready, decide_gpu_runtime
from tests.support.adapters import FakeCore, adapter, probe, software

pytestmark = pytest.mark.engine

KEYS = {"gpu_available", "gpu_count", "gpu_devices", "recommended_device"}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SOLWEIG_VISIBLE_DEVICES", "SOLWEIG_SOFTWARE_GPU"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module.switches, "GPU_ENABLED", True)


def manager(found: Probe) -> DeviceManager:
    return DeviceManager(lambda: found)


def test_two_cards() -> None:
    got = manager(probe(adapter(0, device_type="integrated"), adapter(1))).get_available_devices()
    assert got.keys() == KEYS
    assert (got["gpu_available"], got["gpu_count"]) == (True, 2)
    assert got["recommended_device"] == "gpu:1"
    assert [device["name"] for device in got["gpu_devices"]] == ["Card 1", "Card 0"]


@pytest.mark.parametrize("found", [Probe(False), probe(), probe(software(0))])
def test_none(found: Probe) -> None:
    got = manager(found).get_available_devices()
    assert got == {
        "gpu_available": False,
        "gpu_count": 0,
        "gpu_devices": [],
        "recommended_device": "cpu",
    }


def test_resolve_device() -> None:
    two = manager(probe(adapter(0), adapter(1)))
    assert two.resolve_device() == two.resolve_device("auto") == "gpu:0"
    assert two.resolve_device("gpu:1") == "gpu:1"
    assert two.resolve_device("cpu") == "cpu"
    assert manager(probe()).resolve_device("auto") == "cpu"
    with pytest.warns(UserWarning, match="gpu:5"):
        assert two.resolve_device("gpu:5") == "cpu"
    for name in ("cuda", "gpu", "gpu:x", ""):
        with pytest.raises(ValueError, match="device: expected"):
            two.resolve_device(name)


def test_a_gpu_that_was_switched_off_is_not_recommended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.switches, "GPU_ENABLED", False)
    assert manager(probe(adapter(0))).resolve_device("auto") == "cpu"


def held(**changes: Any) -> tuple[DeviceManager, FakeCore]:
    found = probe(adapter(0))
    ready = decide_gpu_runtime(found)
    assert isinstance(ready, Ready)
    core = FakeCore(**changes)
    own = manager(found)
    own.register(GpuHandle(core, ready))  # type: ignore[arg-type]
    return own, core


def test_memory_from_our_own_books(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "free_memory", lambda name: None)
    info = held()[0].get_memory_info()
    assert info["cpu_ram_gb"] > 0
    assert info["gpu_0_allocated_gb"] == 1.0
    assert info["gpu_0_reserved_gb"] == 1.5
    assert info["gpu_0_free_gb"] == 2.5


def test_nvml_says_less_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "free_memory", lambda name: 2.0**30)
    assert held()[0].get_memory_info()["gpu_0_free_gb"] == 1.0


def test_without_psutil(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert held()[0].get_memory_info() == {"cpu_ram_gb": 0.0}


def test_without_a_gpu() -> None:
    assert manager(probe()).get_memory_info().keys() == {"cpu_ram_gb"}


def test_collecting_every_interval() -> None:
    own, core = held()
    due = [own.maybe_gc(done, 3, is_cpu=False) for done in range(7)]
    assert due == [False, False, False, True, False, False, True]
    assert core.freed == 2
    assert own.maybe_gc(3, 3, is_cpu=True)
    assert core.freed == 2
    assert not own.maybe_gc(3, 0, is_cpu=False)

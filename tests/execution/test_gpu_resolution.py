"""From wishes to what a run uses: GPU first, said once where there is none."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import pytest

from solweig import _core, switches
from solweig.errors import ConfigurationError
from solweig.execution import (
    ExecutionConfig,
    GpuUnavailable,
    GpuUnavailableWarning,
    open_engine,
    resolve,
    resolve_execution,
    runtime,
)
from solweig.execution.runtime import Probe
from tests.support.adapters import FakeCore, adapter, probe, software

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switches, "GPU_ENABLED", True)
    monkeypatch.setattr(resolve, "_warned", set())
    for name in ("SOLWEIG_VISIBLE_DEVICES", "SOLWEIG_SOFTWARE_GPU"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def no_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for adapters is a failure."""
    monkeypatch.setattr(resolve, "probe_gpu", lambda: pytest.fail("looked for adapters"))


ONE = probe(adapter(0))
TWO = probe(adapter(0), adapter(1), software(2))
NONE = probe(software(0), software(1, "gl"))


def test_gpu_first() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = resolve_execution(None, probe=ONE)
    assert (found.accelerator, found.policy) == ("gpu", "auto")
    assert [ready.adapter.name for ready in found.devices] == ["Card 0"]
    assert found.describe()["adapters"][0]["driver"] == "driver 1.2"


def test_every_card_is_used() -> None:
    found = resolve_execution(probe=TWO)
    assert [ready.adapter.position for ready in found.devices] == [0, 1]


def test_the_cpu_with_one_warning_that_helps() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = resolve_execution(probe=NONE)
        resolve_execution(probe=NONE)
    assert [one.category for one in caught] == [GpuUnavailableWarning]
    text = str(caught[0].message)
    assert "llvmpipe" in text
    assert "docs/gpu-execution.md" in text
    assert "driver" in text.lower() or "Metal" in text
    assert issubclass(GpuUnavailableWarning, UserWarning)
    assert (found.accelerator, found.policy, found.devices) == ("cpu", "cpu", ())


def test_each_reason_warns_once() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for found in (NONE, Probe(False), NONE, Probe(False)):
            resolve_execution(probe=found)
    assert [one.category for one in caught] == [GpuUnavailableWarning] * 2


@pytest.mark.usefixtures("no_probe")
def test_the_cpu_on_request_looks_for_nothing_and_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = resolve_execution(ExecutionConfig(accelerator="cpu"))
    assert (found.accelerator, found.reason) == ("cpu", "requested")


@pytest.mark.usefixtures("no_probe")
def test_a_gpu_that_was_switched_off_is_not_looked_for() -> None:
    switches.disable_gpu()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = resolve_execution()
    assert found.accelerator == "cpu"
    assert "switched off" in found.reason


def test_an_explicit_choice_beats_the_switch() -> None:
    switches.disable_gpu()
    assert resolve_execution(ExecutionConfig(accelerator="gpu"), probe=ONE).accelerator == "gpu"


@pytest.mark.parametrize("wishes", [{"accelerator": "gpu"}, {"strict": True}])
def test_a_demanded_gpu_must_be_there(wishes: dict[str, Any]) -> None:
    before = runtime.rejection_count()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(GpuUnavailable, match="llvmpipe") as caught:
            resolve_execution(ExecutionConfig(**wishes), probe=NONE)
    assert isinstance(caught.value, ConfigurationError)
    assert runtime.rejection_count() == before + 1


@pytest.mark.usefixtures("no_probe")
def test_the_cpu_strategy_needs_no_gpu() -> None:
    assert resolve_execution(ExecutionConfig(strategy="cpu")).accelerator == "cpu"


def test_strict_is_the_policy() -> None:
    assert resolve_execution(ExecutionConfig(strict=True), probe=ONE).policy == "gpu"
    assert resolve_execution(ExecutionConfig(accelerator="gpu"), probe=ONE).policy == "auto"


def test_a_rejection_is_logged_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    before = runtime.rejection_count()
    with caplog.at_level(logging.INFO, "solweig"), pytest.warns(GpuUnavailableWarning):
        resolve_execution(probe=NONE)
    assert runtime.rejection_count() == before + 1
    assert any("no GPU is used" in message for message in caplog.messages)


def test_devices_by_name() -> None:
    found = resolve_execution(ExecutionConfig(devices=("gpu:1", 0)), probe=TWO)
    assert [ready.adapter.position for ready in found.devices] == [1, 0]
    named = resolve_execution(ExecutionConfig(devices=("gpu:2",)), probe=TWO)
    assert named.devices[0].adapter.software


def test_a_named_device_that_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = resolve_execution(ExecutionConfig(devices=("gpu:9",)), probe=ONE)
    assert found.accelerator == "cpu"
    assert any("gpu:9" in message for message in caplog.messages)
    with pytest.raises(GpuUnavailable, match="gpu:9"):
        resolve_execution(ExecutionConfig("gpu", devices=("gpu:9",)), probe=ONE)


def test_the_environment_limits_and_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLWEIG_VISIBLE_DEVICES", "1")
    assert [r.adapter.position for r in resolve_execution(probe=TWO).devices] == [1]
    monkeypatch.setenv("SOLWEIG_VISIBLE_DEVICES", "")
    with pytest.warns(GpuUnavailableWarning, match="hides all 3"):
        assert resolve_execution(probe=TWO).accelerator == "cpu"
    monkeypatch.setenv("SOLWEIG_VISIBLE_DEVICES", "first")
    with pytest.raises(ConfigurationError, match="SOLWEIG_VISIBLE_DEVICES"):
        resolve_execution(probe=TWO)
    monkeypatch.delenv("SOLWEIG_VISIBLE_DEVICES")
    monkeypatch.setenv("SOLWEIG_SOFTWARE_GPU", "1")
    assert resolve_execution(probe=NONE).devices[0].adapter.name == "llvmpipe"


def test_the_budget_follows_argument_then_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLWEIG_GPU_BUDGET_BYTES", "1000000")
    assert resolve_execution(probe=ONE).memory_budget == 1_000_000
    given = ExecutionConfig(memory_budget=7)
    assert resolve_execution(given, probe=ONE).memory_budget == 7


def test_the_budget_is_a_share_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    free = {"Card 0": 1000.0, "Card 1": 800.0}
    monkeypatch.setattr(resolve, "free_memory", lambda name: free.get(name))
    monkeypatch.setenv("SOLWEIG_GPU_HEADROOM", "0.5")
    monkeypatch.setenv("SOLWEIG_GPU_BUDGET_BYTES", "77")
    assert resolve_execution(probe=TWO).memory_budget == 400
    del free["Card 0"]
    assert resolve_execution(probe=TWO).memory_budget == 77


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"accelerator": "tpu"}, "accelerator"),
        ({"strategy": "magic"}, "strategy"),
        ({"devices": ("one",)}, "devices"),
        ({"devices": ()}, "devices"),
        ({"devices": "gpu:0"}, "devices"),
        ({"devices": (-1,)}, "devices"),
        ({"workers": 0}, "workers"),
        ({"workers": 1.5}, "workers"),
        ({"workers": True}, "workers"),
        ({"strategy": "cpu", "strict": True}, "strategy"),
        ({"strategy": "cpu", "accelerator": "gpu"}, "strategy"),
        ({"workers_per_gpu": 0}, "workers_per_gpu"),
        ({"inflight_limit": 0}, "inflight_limit"),
        ({"memory_budget": 0}, "memory_budget"),
        ({"deterministic": False}, "deterministic"),
        ({"accelerator": "cpu", "strict": True}, "strict"),
        ({"log": "xml"}, "log"),
    ],
)
def test_wishes_that_make_no_sense(wishes: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigurationError, match=f"execution.{field}"):
        ExecutionConfig(**wishes)


def failing(kind: str) -> Any:
    def fake(*_: Any, **__: Any) -> Any:
        error = _core.GpuError("[GPU] it broke")
        error.stage, error.kind, error.reason = None, kind, "it broke"
        raise error

    return fake


@pytest.mark.parametrize("kind", ["no_adapter", "out_of_memory", "self_test"])
def test_a_device_that_does_not_open_is_a_fallback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    monkeypatch.setattr(_core, "open_gpu", failing(kind))
    engine = open_engine(resolve_execution(probe=ONE))
    assert engine.gpu is None
    assert "[GPU] open failed: it broke. CPU fallback." in caplog.messages
    assert engine.tally()["open"]["fallbacks"] == 1


def test_strict_does_not_fall_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_core, "open_gpu", failing("self_test"))
    with pytest.raises(_core.GpuError) as caught:
        open_engine(resolve_execution(ExecutionConfig(strict=True), probe=ONE))
    assert caught.value.kind == "self_test"


def test_the_cpu_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_core, "open_gpu", lambda *_, **__: pytest.fail("opened"))
    engine = open_engine(resolve_execution(ExecutionConfig(accelerator="cpu")))
    assert (engine.policy, engine.gpu) == ("cpu", None)


def test_a_poisoned_runtime_is_a_fallback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It opens, but is not the device that was decided on."""
    monkeypatch.setattr(_core, "open_gpu", lambda *_, **__: FakeCore(name="impostor"))
    engine = open_engine(resolve_execution(probe=ONE))
    assert engine.gpu is None
    assert any("impostor" in message for message in caplog.messages)

"""The GPU runtime as data: decided from what was found, opened in one place, verified."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import pytest

from solweig import _core
from solweig.execution import runtime
from solweig.execution.runtime import (
    Affinity,
    Probe,
    Ready,
    Rejected,
    decide_gpu_runtime,
    open_gpu,
    probe_gpu,
    usable_adapters,
)
from tests.support.adapters import LIMITS, FakeCore, adapter, probe, software

pytestmark = pytest.mark.engine


def test_a_build_without_engine_is_rejected() -> None:
    assert decide_gpu_runtime(Probe(False)) == Rejected("this build carries no GPU engine")


def test_no_adapter_is_rejected() -> None:
    assert decide_gpu_runtime(probe()) == Rejected("no adapter was found")


def test_a_failing_driver_is_rejected() -> None:
    found = decide_gpu_runtime(Probe(True, error="ICD crashed"))
    assert isinstance(found, Rejected)
    assert "ICD crashed" in found.reason


def test_the_best_adapter_is_taken() -> None:
    weak, strong = adapter(0, device_type="integrated"), adapter(1)
    found = decide_gpu_runtime(probe(weak, strong, software(2)))
    assert isinstance(found, Ready)
    assert found.adapter is strong
    assert (found.backend, found.driver, found.affinity) == (
        "vulkan",
        "driver 1.2",
        Affinity.WORKER_SAFE,
    )
    assert found.limits == LIMITS


def test_the_same_findings_give_the_same_answer() -> None:
    found = probe(adapter(0), adapter(1))
    assert decide_gpu_runtime(found) == decide_gpu_runtime(found)


def test_a_card_of_several_backends_counts_once() -> None:
    again = adapter(1, backend="gl", index=0)
    assert [a.position for a in usable_adapters(probe(adapter(0), again))] == [0]


def test_software_only_when_asked_for() -> None:
    found = probe(software(0), software(1, "gl"))
    refused = decide_gpu_runtime(found)
    assert isinstance(refused, Rejected)
    assert "llvmpipe" in refused.reason
    assert isinstance(decide_gpu_runtime(found, allow_software=True), Ready)
    named = decide_gpu_runtime(found, device="gpu:1")
    assert isinstance(named, Ready)
    assert named.affinity is Affinity.REQUIRES_MAIN_THREAD


@pytest.mark.parametrize("device", ["gpu:7", 7, -1, "card"])
def test_an_adapter_that_is_not_there(device: str | int) -> None:
    found = decide_gpu_runtime(probe(adapter(0)), device=device)
    assert isinstance(found, Rejected)
    assert str(device).removeprefix("gpu:") in found.reason


def test_visible_devices_limit_the_choice() -> None:
    found = probe(adapter(0), adapter(1))
    second = decide_gpu_runtime(found, visible=(1,))
    assert isinstance(second, Ready)
    assert second.adapter.position == 1
    none = decide_gpu_runtime(found, visible=())
    assert none == Rejected("SOLWEIG_VISIBLE_DEVICES hides all 2 adapters")
    hidden = decide_gpu_runtime(found, device="gpu:0", visible=(1,))
    assert isinstance(hidden, Rejected)
    assert "hidden" in hidden.reason


@pytest.mark.parametrize("name", list(runtime.NEEDED))
def test_limits_below_what_kernels_need(name: str) -> None:
    poor = adapter(0, limits={**LIMITS, name: runtime.NEEDED[name] - 1})
    silent = adapter(0, limits={k: v for k, v in LIMITS.items() if k != name})
    for one in (poor, silent):
        for device in (None, "gpu:0"):
            found = decide_gpu_runtime(probe(one), device=device)
            assert isinstance(found, Rejected)
            assert name in found.reason
            assert str(runtime.NEEDED[name]) in found.reason


def test_a_better_card_of_a_later_backend_wins() -> None:
    found = decide_gpu_runtime(
        probe(adapter(0, device_type="integrated"), adapter(1, backend="dx12", index=0))
    )
    assert isinstance(found, Ready)
    assert found.backend == "dx12"


def test_probing_survives_a_broken_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("the loader\nfell over")

    monkeypatch.setattr(_core, "gpu_compiled", lambda: True)
    monkeypatch.setattr(_core, "gpu_adapters", broken)
    assert probe_gpu() == Probe(True, error="the loader fell over")


def ready(**changes: Any) -> Ready:
    found = decide_gpu_runtime(probe(adapter(0, **changes)), device=0)
    assert isinstance(found, Ready)
    return found


def opened(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> list[tuple[Any, ...]]:
    calls: list[tuple[Any, ...]] = []

    def fake(backend: str, index: int, **options: Any) -> FakeCore:
        calls.append((backend, index, options))
        return FakeCore(**changes)

    monkeypatch.setattr(_core, "open_gpu", fake)
    return calls


def test_opening_passes_what_was_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = opened(monkeypatch)
    handle = open_gpu(ready(), memory_budget=123)
    assert calls == [("vulkan", 0, {"limits": None, "memory_budget": 123, "faults": None})]
    assert handle.core.name == "Card 0"
    handle.check_thread()


@pytest.mark.parametrize(
    "poison",
    [
        {"backend": "gl"},
        {"name": "another card"},
        {"affinity": "requires_main_thread"},
        {"limits": {**LIMITS, "max_buffer_size": 17}},
        {"limits": {}},
    ],
)
def test_a_runtime_that_is_not_what_was_decided_is_refused(
    monkeypatch: pytest.MonkeyPatch, poison: dict[str, Any]
) -> None:
    opened(monkeypatch, **poison)
    with pytest.raises(_core.GpuError) as caught:
        open_gpu(ready())
    assert caught.value.kind == "validation"


def test_there_is_only_the_deterministic_way(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = opened(monkeypatch)
    with pytest.raises(ValueError, match="deterministic"):
        open_gpu(ready(), deterministic=False)
    assert not calls


def test_a_gl_handle_is_checked_on_use(monkeypatch: pytest.MonkeyPatch) -> None:
    gl = {"backend": "gl", "affinity": "requires_main_thread"}
    opened(monkeypatch, **gl)
    handle = open_gpu(ready(backend="gl", affinity=Affinity.REQUIRES_MAIN_THREAD))
    handle.check_thread()
    caught: list[BaseException] = []

    def elsewhere() -> None:
        try:
            handle.check_thread()
        except _core.GpuError as error:
            caught.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert len(caught) == 1
    assert "thread that opened it" in str(caught[0])
    assert caught[0].kind == "wrong_thread"  # type: ignore[attr-defined]


def test_importing_opens_nothing() -> None:
    code = (
        "import sys\n"
        "from solweig import _core\n"
        "for name in ('open_gpu', 'gpu_adapters'):\n"
        "    setattr(_core, name, lambda *a, **k: sys.exit('a device function was called'))\n"
        "import solweig, solweig.execution, solweig.cli, solweig.gpu, solweig.run.calculation\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not _core.gpu_compiled(), reason="built without the GPU engine")
@pytest.mark.parametrize("backend", ["vulkan", "gl"])
def test_a_real_adapter_is_decided_and_opened(backend: str) -> None:
    found = probe_gpu()
    position = next(a.position for a in found.adapters if a.backend == backend)
    decided = decide_gpu_runtime(found, device=position)
    assert isinstance(decided, Ready)
    handle = open_gpu(decided)
    assert handle.core.backend == backend
    assert handle.core.limits["max_buffer_size"] == decided.limits["max_buffer_size"]
    first, second = handle.core.self_test(), handle.core.self_test()
    assert first == second

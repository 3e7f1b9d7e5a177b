"""What the GPU queries answer: from the device and the tally, not from the switch."""

from __future__ import annotations

import numpy as np
import pytest

from solweig import _core, gpu, switches
from solweig.execution import availability

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def _switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switches, "GPU_ENABLED", True)


def test_release_build_is_what_the_engine_says() -> None:
    assert gpu.RELEASE_BUILD is _core.RELEASE_BUILD


def test_availability_does_not_follow_the_switch() -> None:
    before = gpu.is_gpu_available()
    switches.disable_gpu()
    assert gpu.is_gpu_available() is before
    switches.enable_gpu()
    assert gpu.is_gpu_available() is before
    assert before is (gpu.get_gpu_limits() is not None)


def test_backend_needs_both_switch_and_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "get_gpu_limits", lambda: None)
    assert gpu.get_compute_backend() == "cpu"
    monkeypatch.setattr(availability, "get_gpu_limits", lambda: {"max_buffer_size": 1})
    assert gpu.get_compute_backend() == "gpu"
    switches.disable_gpu()
    assert gpu.get_compute_backend() == "cpu"


def test_counts_come_from_the_tally(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = {
        "svf": {"gpu_runs": 2, "cpu_runs": 1, "fallbacks": 1},
        "shadow": {"gpu_runs": 3, "cpu_runs": 0, "fallbacks": 4},
    }
    gpu.reset_gpu_metrics()  # workers of other tests
    monkeypatch.setattr(_core, "tally", lambda: tally)
    assert gpu.gpu_dispatch_count() == 5
    assert gpu.gpu_fallback_count() == 5
    assert gpu.gpu_fallback_count("svf") == 1
    assert gpu.gpu_fallback_count("never ran") == 0


def test_reset() -> None:
    dsm = np.zeros((8, 8), np.float32)
    _core.Scene(dsm, pixel_size=1.0).shadows(180.0, 45.0)
    assert sum(entry["cpu_runs"] for entry in _core.tally().values()) > 0
    gpu.reset_gpu_metrics()
    assert gpu.gpu_dispatch_count() == 0
    assert sum(entry["cpu_runs"] for entry in _core.tally().values()) == 0

"""Whatever goes wrong on a device, the run ends with the CPU's result and says so, once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from solweig import _core
from tests.support.gpu_cities import FIELDS, City, random_city, run_day, weather
from tests.support.gpu_harness import BACKENDS, compare_fields, open_device

pytestmark = pytest.mark.engine

REAL = ("destroy", "limits", "shader", "validation")
KINDS = (*REAL, "map", "panic", "out_of_memory")
KIND_OF_ERROR = {
    "destroy": "device_lost",
    "limits": "limit_exceeded",
    "shader": "shader",
    "validation": "validation",
    "map": "readback",
    "panic": "panic",
    "out_of_memory": "out_of_memory",
}
STEP_STAGES = ("shadow", "gvf", "anisotropic", "radiation", "utci", "pet", "statistics")
CITY = 12


@pytest.fixture(scope="module")
def city() -> City:
    return random_city(CITY)


@pytest.fixture(scope="module")
def cpu_day(city: City) -> Any:
    return run_day(city, None)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        r.getMessage()
        for r in caplog.records
        if r.name == "solweig" and r.levelno == logging.WARNING and "[GPU]" in r.getMessage()
    ]


def single(stage: str, city: City, engine: _core.Engine) -> Callable[[], Any]:
    """A call of one stage on its own."""
    if stage == "svf":
        return lambda: city.scene.svf(2, engine=engine).fields()
    if stage == "shadow":
        return lambda: city.scene.shadows(140.0, 30.0, engine=engine)
    raise AssertionError(stage)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stage", ["svf", "shadow"])
def test_a_failing_stage_falls_back(
    stage: str, kind: str, city: City, caplog: pytest.LogCaptureFixture
) -> None:
    device = open_device("vulkan")
    engine = _core.Engine("auto", device)
    want = single(stage, city, _core.Engine())()
    device.inject_fault(stage, kind)
    got = single(stage, city, engine)()
    for name, field in want.items():
        np.testing.assert_array_equal(field, got[name], err_msg=name)
    tally = engine.tally()[stage]
    assert (tally["gpu_runs"], tally["cpu_runs"], tally["fallbacks"]) == (0, 1, 1)
    reason = tally["last_reason"]
    assert lines(caplog) == [f"[GPU] {stage} failed: {reason}. CPU fallback."]
    # The next call is on the device again, reopened where it was lost.
    single(stage, city, engine)()
    assert engine.tally()[stage]["gpu_runs"] == 1
    assert device.counters()["reopened"] == (1 if kind == "destroy" else 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stage", STEP_STAGES)
def test_a_failing_part_of_a_step_falls_back(
    stage: str, kind: str, city: City, cpu_day: Any, caplog: pytest.LogCaptureFixture
) -> None:
    device = open_device("vulkan")
    engine = _core.Engine("auto", device)
    model = city.model(engine)
    state = model.new_state()
    statistics = model.new_statistics((26.0, 32.0), (20.0,))
    hours = (4.3, 9.0, 13.5, 22.0, 8.0)
    for i, hour in enumerate(hours):
        if i == 2:
            device.inject_fault(stage, kind)
        result = model.step(state, weather(hour), outputs=FIELDS, statistics=statistics)
        compare_fields(cpu_day.steps[i], result.fields)
    compare_fields(cpu_day.grids, statistics.grids())
    compare_fields(cpu_day.memory, state.fields())
    said = lines(caplog)
    assert len(said) == 1, said
    assert said[0].startswith(f"[GPU] {stage} failed: ")
    assert said[0].endswith(". CPU fallback.")
    tally = engine.tally()
    assert tally[stage]["fallbacks"] == 1
    assert sum(entry["fallbacks"] for entry in tally.values()) == 1
    assert tally["radiation"]["cpu_runs"] == 1
    assert tally["radiation"]["gpu_runs"] == len(hours) - 1


@pytest.mark.parametrize("kind", KINDS)
def test_strict_raises_the_typed_error(kind: str, city: City) -> None:
    device = open_device("vulkan")
    engine = _core.Engine("gpu", device)
    device.inject_fault("svf", kind)
    with pytest.raises(_core.GpuError) as caught:
        city.scene.svf(2, engine=engine)
    assert caught.value.kind == KIND_OF_ERROR[kind]
    assert caught.value.stage == "svf"
    assert caught.value.reason
    device = open_device("vulkan")
    model = city.model(_core.Engine("gpu", device))
    state = model.new_state()
    model.step(state, weather(9.0))
    device.inject_fault("radiation", kind)
    with pytest.raises(_core.GpuError) as caught:
        model.step(state, weather(10.0))
    assert caught.value.stage == "radiation"
    # The failed step has not happened: repeating it gives what an undisturbed run gives.
    again = model.step(state, weather(10.0)).fields
    other = city.model().new_state()
    city.model().step(other, weather(9.0))
    compare_fields(city.model().step(other, weather(10.0)).fields, again)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_device_lost_twice_is_given_up(
    backend: str, city: City, cpu_day: Any, caplog: pytest.LogCaptureFixture
) -> None:
    device = open_device(backend)
    engine = _core.Engine("auto", device)
    model = city.model(engine)
    state = model.new_state()
    statistics = model.new_statistics((26.0, 32.0), (20.0,))
    for i, hour in enumerate((4.3, 9.0, 13.5, 22.0, 8.0)):
        if i in (1, 3):
            device.inject_fault("radiation", "destroy")
        result = model.step(state, weather(hour), outputs=FIELDS, statistics=statistics)
        compare_fields(cpu_day.steps[i], result.fields)
    compare_fields(cpu_day.grids, statistics.grids())
    said = lines(caplog)
    assert len(said) == 2, said
    assert "reopened once before, staying on the CPU" in said[1]
    tally = engine.tally()
    assert tally["radiation"]["fallbacks"] == 2
    assert tally["radiation"]["gpu_runs"] == 2  # the first step, and the one after reopening
    counters = device.counters()
    assert counters["reopened"] == counters["lost"] == 1


def test_a_device_destroyed_between_steps(city: City, cpu_day: Any) -> None:
    """The rasters of the run are gone with it; the steps are repeated on the CPU."""
    device = open_device("vulkan")
    model = city.model(_core.Engine("auto", device))
    state = model.new_state()
    statistics = model.new_statistics((26.0, 32.0), (20.0,))
    hours = (4.3, 9.0, 13.5, 22.0, 8.0)
    for i, hour in enumerate(hours):
        if i == 3:
            device.destroy()
        result = model.step(state, weather(hour), outputs=FIELDS, statistics=statistics)
        compare_fields(cpu_day.steps[i], result.fields)
    device.destroy()
    compare_fields(cpu_day.grids, statistics.grids())
    compare_fields(cpu_day.memory, state.fields())


def test_long_runs_survive_a_loss_after_a_checkpoint(city: City) -> None:
    device = open_device("vulkan")
    runs = []
    for engine in (None, _core.Engine("auto", device)):
        model = city.model(engine)
        state = model.new_state()
        statistics = model.new_statistics((26.0,), (20.0,))
        for step in range(53):
            model.step(state, weather(step % 24 + 0.5), outputs=[], statistics=statistics)
            if engine is not None and step == 50:
                device.destroy()
        runs.append((statistics.grids(), state.fields()))
    for cpu, gpu in zip(*runs, strict=True):
        compare_fields(cpu, gpu)


def test_a_gl_device_stays_on_its_thread(city: City) -> None:
    device = open_device("gl")
    assert device.affinity == "requires_main_thread"
    caught: list[BaseException] = []

    def work() -> None:
        try:
            city.scene.shadows(140.0, 30.0, engine=_core.Engine("gpu", device))
        except _core.GpuError as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(caught) == 1
    assert caught[0].kind == "wrong_thread"  # type: ignore[attr-defined]


def test_a_vulkan_device_works_from_any_thread(city: City) -> None:
    engine = _core.Engine("gpu", open_device("vulkan"))
    want = city.scene.shadows(140.0, 30.0)
    got: dict[str, Any] = {}
    thread = threading.Thread(
        target=lambda: got.update(city.scene.shadows(140.0, 30.0, engine=engine))
    )
    thread.start()
    thread.join()
    for name, field in want.items():
        np.testing.assert_array_equal(field, got[name])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("stage", ["svf", "gvf", "radiation", "utci", "pet", "self_test"])
def test_a_device_that_answers_wrong_is_not_opened(backend: str, stage: str) -> None:
    with pytest.raises(_core.GpuError) as caught:
        open_device(backend, faults={stage: "wrong_answer"})
    assert caught.value.kind == "self_test"


@pytest.mark.parametrize(
    ("backend", "index", "message"),
    [("vulkan", 99, "99"), ("glide", 0, "glide")],
)
def test_no_such_adapter(backend: str, index: int, message: str) -> None:
    with pytest.raises(_core.GpuError, match=message) as caught:
        _core.open_gpu(backend, index)
    assert caught.value.kind == "no_adapter"


def test_memory_is_booked_against_a_budget() -> None:
    device = open_device("vulkan", memory_budget=3_000_000)
    assert device.memory_budget == 3_000_000
    engine = _core.Engine("auto", device)
    large = _core.Scene(np.zeros((400, 400), np.float32), pixel_size=1.0)
    large.svf(2, engine=engine)
    tally = engine.tally()["svf"]
    assert tally["fallbacks"] == 1
    assert "budget" in tally["last_reason"]
    counters = device.counters()
    assert counters["peak_allocated"] <= 3_000_000
    assert device.free_pooled() >= 0
    assert device.counters()["pooled"] == 0


def test_a_raster_beyond_the_limits_is_never_a_wrong_answer() -> None:
    limit = 2**19
    device = open_device("vulkan", limits={"max_storage_buffer_binding_size": limit})
    assert device.limits["max_storage_buffer_binding_size"] == limit
    largest = device.largest_window(2, True, True, False)
    assert largest * 20 <= limit
    wide = _core.Scene(np.zeros((200, 200), np.float32), pixel_size=1.0)
    assert largest < 200 * 200
    with pytest.raises(_core.GpuError) as caught:
        wide.svf(2, engine=_core.Engine("gpu", device))
    assert caught.value.kind == "limit_exceeded"
    engine = _core.Engine("auto", device)
    np.testing.assert_array_equal(
        wide.svf(2, engine=engine).fields()["svf"], wide.svf(2).fields()["svf"]
    )
    assert engine.tally()["svf"]["fallbacks"] == 1
    # A window that fits is computed on the device.
    strict = _core.Engine("gpu", device)
    np.testing.assert_array_equal(
        wide.svf(2, engine=strict, window=(0, 90, 0, 90)).fields()["svf"],
        wide.svf(2, window=(0, 90, 0, 90)).fields()["svf"],
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_adapter_without_timestamps_is_timed_by_fences(
    backend: str, city: City, cpu_day: Any
) -> None:
    device = open_device(backend, limits={"timestamp_query": 0})
    assert device.timing == "fence"
    assert open_device(backend).timing == "timestamp"
    day = run_day(city, _core.Engine("gpu", device))
    for cpu, gpu in zip(cpu_day.steps, day.steps, strict=True):
        compare_fields(cpu, gpu)
    times = device.stage_times()
    assert times["timestep"] > 0.0
    assert device.counters()["longest_dispatch_us"] == 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_counters_may_be_read_while_a_stage_runs(backend: str, city: City) -> None:
    """From the progress of the stage itself, and from another thread meanwhile."""
    device = open_device(backend)
    engine = _core.Engine("gpu", device)
    seen: list[int] = []

    def progress(done: int, total: int) -> None:
        seen.append(device.counters()["dispatches"])
        thread = threading.Thread(target=lambda: seen.append(device.counters()["submissions"]))
        thread.start()
        thread.join(timeout=30)
        assert not thread.is_alive()
        assert device.name

    city.scene.svf(2, engine=engine, progress=progress)
    assert len(seen) >= 4
    assert seen[-2] > seen[0]
    device.release()


def test_a_long_run_does_not_pile_up_buffers(city: City) -> None:
    """Ray tables have another length in every step."""
    device = open_device("vulkan")
    model = city.model(_core.Engine("gpu", device))
    state = model.new_state()

    def day() -> int:
        for i in range(48):
            model.step(state, weather(i / 2.0 + 0.13), outputs=["tmrt"])
        counters = device.counters()
        return counters["allocated"] + counters["pooled"]

    day()
    before = day()
    assert day() == before
    assert before < 64 * 2**20

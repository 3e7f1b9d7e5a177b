"""A run on a Dask cluster of several processes gives the bytes of a run in one."""

from __future__ import annotations

import os
import pickle
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig import _core
from solweig.errors import ConfigurationError
from solweig.execution import ExecutionConfig
from solweig.execution.dask_strategy import DaskStrategy, places_of
from solweig.tiles.shared_store import PublishedInputs
from tests.support.jobs import Double
from tests.support.tile_cases import REACH_M, assert_same_run, assert_same_sky, city, prepared, run

distributed = pytest.importorskip("distributed")

pytestmark = [
    pytest.mark.slow,
    # A scheduler and its workers leave sockets and loops to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*:UserWarning:distributed"),
]

OPTIONS: dict[str, Any] = {"tile_size": 32, "outputs": ["tmrt", "shadow"]}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as made:
        yield made


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return prepared()


@pytest.fixture(scope="module")
def whole(surface: solweig.SurfaceData) -> solweig.TimeseriesSummary:
    return run(surface, outputs=OPTIONS["outputs"], execution=ExecutionConfig(accelerator="cpu"))


def on(cluster: Any, **changes: Any) -> ExecutionConfig:
    return ExecutionConfig(
        accelerator="cpu", strategy="dask", cluster=cluster.scheduler_address, **changes
    )


def files(out: Path) -> dict[str, bytes]:
    told = {"run_metadata.json", "telemetry.csv"}
    return {
        str(p.relative_to(out)): p.read_bytes()
        for p in sorted(out.rglob("*"))
        if p.is_file() and p.name not in told
    }


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_in_memory(
    cluster: Any, surface: solweig.SurfaceData, whole: solweig.TimeseriesSummary, tmp_path: Path,
    scheme: str,
) -> None:  # fmt: skip
    """Results go through shared storage, a folder or a URL, and leave nothing there."""
    told: list[float] = []
    summary = run(
        surface, execution=on(cluster, storage=f"{scheme}{tmp_path}"),
        progress_callback=lambda done, total: told.append(done / total), **OPTIONS,
    )  # fmt: skip
    assert_same_run(whole, summary)
    assert told == sorted(told)
    assert told[-1] == 1.0
    pids = {worker["pid"] for worker in summary.metadata["workers"]}
    assert os.getpid() not in pids
    assert 1 <= len(pids) <= 2
    assert summary.tally["radiation"]["cpu_runs"] == 12 * 5
    assert not list(tmp_path.glob("work_*"))


def test_all_workers_get_tiles(cluster: Any) -> None:
    """Long tiles after quick ones: nobody may be thought to be done in no time."""
    with DaskStrategy(cluster.scheduler_address) as strategy:
        for seconds, items in ((0.0, 30), (0.3, 9)):
            done = list(strategy.run(Double(seconds), list(range(items))))
            assert sorted(d.value for d in done) == [2 * i for i in range(items)]
        shares = Counter(d.origin.pid for d in done)
    assert len(shares) == 2
    assert min(shares.values()) >= 3


def test_files_are_those_of_one_process(
    cluster: Any, surface: solweig.SurfaceData, tmp_path: Path
) -> None:
    chosen: dict[str, Any] = {**OPTIONS, "output_format": ["geotiff", "zarr"]}
    one, two = tmp_path / "one", tmp_path / "two"
    run(surface, output_dir=one, execution=ExecutionConfig(accelerator="cpu"), **chosen)
    run(surface, output_dir=two, execution=on(cluster), **chosen)
    first, second = files(one), files(two)
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_preparation(cluster: Any, surface: solweig.SurfaceData, tmp_path: Path) -> None:
    made = city()
    made.compute_svf(
        tile_size=40, max_shadow_distance_m=REACH_M, execution=on(cluster, storage=str(tmp_path))
    )
    assert_same_sky(surface, made)
    assert not list(tmp_path.iterdir())


def test_a_worker_killed_mid_run(
    surface: solweig.SurfaceData, whole: solweig.TimeseriesSummary, tmp_path: Path
) -> None:
    """Its tiles are done by others; the run ends as if nothing had happened."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as own:
        victims = [worker.pid for worker in own.workers.values()]
        killed: list[int] = []

        def kill(done: int, total: int) -> None:
            if not killed and done >= 0.2 * total:
                killed.append(victims[0])
                os.kill(victims[0], signal.SIGKILL)

        summary = run(
            surface, execution=on(own, storage=str(tmp_path)), progress_callback=kill, **OPTIONS
        )
    assert killed
    assert_same_run(whole, summary)


def test_an_interrupted_run_is_resumed(
    cluster: Any, surface: solweig.SurfaceData, tmp_path: Path
) -> None:
    class Enough(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done >= 0.4 * total:
            raise Enough

    chosen: dict[str, Any] = {**OPTIONS, "output_format": ["geotiff", "zarr"]}
    one, two = tmp_path / "one", tmp_path / "two"
    with pytest.raises(Enough):
        run(surface, output_dir=one, execution=on(cluster), progress_callback=stop, **chosen)
    finished = len(list((one / ".solweig" / "tiles").glob("*.json")))
    assert 3 <= finished < 12
    summary = run(surface, output_dir=one, execution=on(cluster), resume=True, **chosen)
    assert sum(worker["tiles"] for worker in summary.metadata["workers"]) == 12 - finished
    run(surface, output_dir=two, execution=ExecutionConfig(accelerator="cpu"), **chosen)
    first, second = files(one), files(two)
    assert [name for name in second if first.get(name) != second[name]] == []


def test_workers_of_a_machine_take_its_adapters_in_turn() -> None:
    """Whatever their names: numbers, none, or the host's with a number."""
    told = {
        "tcp://10.0.0.1:5001": {"host": "10.0.0.1", "name": 1},
        "tcp://10.0.0.1:5002": {"host": "10.0.0.1", "name": 0},
        "tcp://10.0.0.1:5003": {"host": "10.0.0.1", "name": 10},
        "tcp://10.0.0.2:5001": {"host": "10.0.0.2", "name": "tcp://10.0.0.2:5001"},
        "tcp://10.0.0.2:5002": {"name": "tcp://10.0.0.2:5002"},
        "tcp://10.0.0.3:5009": {"host": "10.0.0.3", "name": "c-0"},
        "tcp://10.0.0.3:5001": {"host": "10.0.0.3", "name": "c-1"},
    }
    places = places_of(told)
    assert [places[address] for address in told] == [1, 0, 2, 0, 1, 0, 1]
    assert (places["0"], places["c-1"]) == (0, 1)


@pytest.mark.engine
@pytest.mark.skipif(not _core.gpu_compiled(), reason="built without the GPU engine")
def test_workers_open_devices_of_their_own(
    surface: solweig.SurfaceData, whole: solweig.TimeseriesSummary, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """One adapter a worker, whatever the machine that hands out the tiles has."""
    monkeypatch.delenv("SOLWEIG_VISIBLE_DEVICES")
    monkeypatch.setenv("SOLWEIG_SOFTWARE_GPU", "1")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as own:
        monkeypatch.setenv("SOLWEIG_VISIBLE_DEVICES", "")
        execution = ExecutionConfig(
            accelerator="gpu", strict=True, strategy="dask", cluster=own.scheduler_address,
            storage=str(tmp_path),
        )  # fmt: skip
        summary = run(surface, execution=execution, **{**OPTIONS, "tile_size": 64})
    tally = summary.tally["radiation"]
    assert (tally["gpu_runs"], tally["cpu_runs"], tally["fallbacks"]) == (4 * 5, 0, 0)
    assert os.getpid() not in tally["pids"]
    assert all(name != "cpu" for name in tally["adapters"])
    assert whole.dataset is not None
    assert summary.dataset is not None
    apart = np.nanmax(np.abs(whole.dataset.tmrt.values - summary.dataset.tmrt.values))
    assert apart < 1e-3


def test_an_error_in_a_tile_is_raised_here(
    cluster: Any, surface: solweig.SurfaceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from solweig.run import tiled as tiled_run

    job = tiled_run.steps_job

    def broken(*args: Any, **options: Any) -> Any:
        made = job(*args, **options)
        return type(made)(**{**made.__dict__, "outputs": ("fog",)})

    monkeypatch.setattr(tiled_run, "steps_job", broken)
    with pytest.raises(ValueError, match="fog"):
        run(surface, execution=on(cluster, storage=str(tmp_path)), **OPTIONS)


# ------------------------------------------------------------------ what is not there


@pytest.mark.parametrize(
    ("cluster_address", "said"),
    [
        (None, "address of a Dask scheduler"),
        ("tcp://127.0.0.1:9", "answers"),
        ("nowhere", "answers"),
        ("tcp://no.such.host.invalid:8786", "answers"),
    ],
)
def test_a_cluster_that_is_not_there(
    surface: solweig.SurfaceData, tmp_path: Path, cluster_address: str | None, said: str
) -> None:
    execution = ExecutionConfig(accelerator="cpu", strategy="dask", cluster=cluster_address)
    with pytest.raises(ConfigurationError, match=said) as refusal:
        run(surface, execution=execution, output_dir=tmp_path / "out", **OPTIONS)
    assert refusal.value.field == "execution.cluster"
    assert not (tmp_path / "out").exists()


def test_storage_that_cannot_be_written(
    cluster: Any, surface: solweig.SurfaceData, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    for storage in (f"{blocked}/x", f"file://{blocked}/x", "nofs://bucket/x"):
        with pytest.raises(ConfigurationError, match=r"execution\.storage"):
            run(surface, execution=on(cluster, storage=storage), **OPTIONS)
    with pytest.raises(ConfigurationError, match=r"execution\.storage"):
        run(surface, execution=on(cluster), **OPTIONS)
    with pytest.raises(ConfigurationError, match=r"execution\.storage"):
        city().compute_svf(execution=on(cluster), tile_size=40)


def test_a_cluster_needs_its_strategy() -> None:
    with pytest.raises(ConfigurationError, match="'dask'"):
        ExecutionConfig(cluster="tcp://127.0.0.1:8786")


def test_published_inputs_are_published_once(tmp_path: Path) -> None:
    grid = np.arange(1200, dtype=np.float32).reshape(30, 40)
    masks = np.arange(30 * 40 * 5, dtype=np.uint32).reshape(30, 40, 5)
    where = (slice(3, 20), slice(7, 33))
    for key, there in (("one", False), ("one", True), ("two", False)):
        with PublishedInputs(str(tmp_path / "inputs.zarr"), key) as inputs:
            assert inputs._there is there
            inputs.put("svf/a", grid)
            inputs.put("svf/b", grid)
            inputs.put("mask", masks)
            inputs.put("none", None)
            inputs.published()
            parts = inputs.parts("svf", where)
            assert parts["a"] is parts["b"]
            assert np.array_equal(parts["a"], grid[where])
            assert np.array_equal(inputs.part("mask", where), masks[where])
            assert "none" not in inputs
    assert len([p for p in (tmp_path / "inputs.zarr").iterdir() if p.is_dir()]) == 2


def test_any_file_system_will_do() -> None:
    """What workers read and write, on storage that is no folder."""
    from solweig.tiles.shared_store import check_storage, location, remove_group
    from solweig.tiles.zarr_store import ZarrStore

    storage = "memory://bucket/run"
    check_storage(storage)
    grid = np.arange(6400, dtype=np.float32).reshape(80, 80)
    url = location(storage, "inputs.zarr")
    with PublishedInputs(url, "key") as inputs:
        inputs.put("dsm", grid)
        inputs.published()
    far = pickle.loads(pickle.dumps(inputs))
    where = (slice(10, 42), slice(64, 80))
    assert np.array_equal(far.part("dsm", where), grid[where])
    store = ZarrStore(location(storage, "work.zarr"), {"step/tmrt": "step__tmrt"}, (32, 32))
    store.begin_plain(keep=False)
    store.create("step/tmrt", (2, 80, 80))
    worker = pickle.loads(pickle.dumps(store))
    worker.write("step/tmrt", (slice(32, 64), slice(0, 32)), grid[32:64, :32], 1)
    found = store.read("step/tmrt", step=1)
    assert np.array_equal(found[32:64, :32], grid[32:64, :32])
    assert np.isnan(found[:32]).all()
    for name in (url, store.path):
        remove_group(name)
        remove_group(name)
    with PublishedInputs(url, "key") as inputs:
        assert not inputs._there

"""The performance matrix: engine x stage x size, and the direct API beside the command line.

Prints ratios measured in one run; judges none of them. Software adapters show that the matrix
works, not how fast a GPU is.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from benchmarks.city import synthetic_city

import solweig
from solweig import _core
from solweig.run.demo import WIND, demo_folder
from tests.support.gpu_cities import City, weather
from tests.support.gpu_harness import assert_on_device, open_device

pytestmark = pytest.mark.engine

SIZES = (64, 128)
STAGES = ("svf", "shadow", "day step", "night step")
_MEDIANS: dict[tuple[str, str, int], float] = {}


def a_city(side: int) -> City:
    city = synthetic_city(side)
    return City(city.dsm, city.dem, city.canopy, None, city.land_cover, 1.0)


@pytest.fixture(scope="module", params=SIZES)
def city(request: pytest.FixtureRequest) -> City:
    return a_city(request.param)


@pytest.fixture(scope="module", params=["cpu", "vulkan"])
def engine(request: pytest.FixtureRequest) -> _core.Engine:
    return _core.Engine() if request.param == "cpu" else _core.Engine("gpu", open_device("vulkan"))


def work(stage: str, city: City, engine: _core.Engine) -> Callable[[], Any]:
    """One stage, warm, ready to be repeated."""
    if stage == "svf":
        return lambda: city.scene.svf(2, engine=engine)
    if stage == "shadow":
        return lambda: city.scene.shadows(140.0, 25.0, engine=engine)
    model = city.model(engine)
    state = model.new_state()
    run = model.new_statistics((32.0,), (26.0,))
    hour = 13.0 if stage == "day step" else 23.0
    return lambda: model.step(state, weather(hour), outputs=["tmrt", "utci"], statistics=run)


@pytest.mark.parametrize("stage", STAGES)
def test_stage(benchmark: Any, stage: str, city: City, engine: _core.Engine) -> None:
    benchmark.group = f"{stage}, {city.dsm.shape[0]} px"
    do = work(stage, city, engine)
    do()
    benchmark.pedantic(do, rounds=3, iterations=1)
    name = "cpu" if engine.gpu is None else engine.gpu.backend
    if benchmark.stats is not None:
        _MEDIANS[stage, name, city.dsm.shape[0]] = benchmark.stats.stats.median
    if engine.gpu is not None:
        part = stage if stage in ("svf", "shadow") else "radiation"
        assert_on_device(engine, part)


def test_print_the_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    if not _MEDIANS:
        pytest.skip("run with the benchmarks, not without them")
    engines = sorted({name for _, name, _ in _MEDIANS})
    with capsys.disabled():
        print(f"\n{'stage':12} {'side':>5} " + "".join(f"{name:>14}" for name in engines))
        for stage in STAGES:
            for side in SIZES:
                times = [_MEDIANS.get((stage, name, side), float("nan")) for name in engines]
                cells = "".join(f"{1e3 * seconds:11.2f} ms" for seconds in times)
                ratio = times[engines.index("cpu")] / times[-1]
                print(f"{stage:12} {side:5d} {cells}   cpu/gpu {ratio:.2f}")
    assert all(seconds > 0 for seconds in _MEDIANS.values())


def direct(folder: Path) -> float:
    """Seconds of the demo day through the Python functions."""
    started = time.perf_counter()
    data = demo_folder()
    surface = solweig.SurfaceData.prepare(
        dsm=data / "dsm.tif",
        dem=data / "dem.tif",
        cdsm=data / "cdsm.tif",
        land_cover=data / "land_cover.tif",
        working_dir=folder / "work",
    )
    location = solweig.Location.from_surface(surface, utc_offset=1.0)
    steps = solweig.Weather.from_umep_met(
        data / "weather.txt", stamp="start", fill={"ws": WIND, "pressure": 1013.0}
    )
    solweig.calculate(surface, steps, location, output_dir=folder / "out", outputs=["tmrt"])
    return time.perf_counter() - started


def command_line(folder: Path) -> float:
    """Seconds of the same through the command line, a new process each time."""
    data = demo_folder()
    command = [sys.executable, "-m", "solweig", "run", "--met", str(data / "weather.txt")]
    for name in ("dsm", "dem", "cdsm", "land_cover"):
        command += [f"--{name.replace('_', '-')}", str(data / f"{name}.tif")]
    command += [
        "--fill",
        f"ws={WIND}",
        "--fill",
        "pressure=1013",
        "--utc-offset",
        "1",
        "--stamp",
        "start",
        "--accelerator",
        "cpu",
    ]
    command += ["--out", str(folder / "out")]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return time.perf_counter() - started


@pytest.mark.slow
def test_direct_api_beside_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api = [direct(tmp_path / f"api{i}") for i in range(2)]
    shell = [command_line(tmp_path / f"cli{i}") for i in range(2)]
    ratio = statistics.median(shell) / statistics.median(api)
    with capsys.disabled():
        print(
            f"\ndirect API {min(api):.2f} s, command line {min(shell):.2f} s "
            f"with the start of Python, ratio {ratio:.2f}"
        )

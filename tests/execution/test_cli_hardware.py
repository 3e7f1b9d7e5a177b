"""The command line on the bundled site, both ways; pictures and logs are kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio

from solweig import _core
from solweig.run.demo import WIND, demo_folder
from tests.support.gpu_harness import gap
from tests.support.tolerances import tolerance

LAYERS = ("dsm", "dem", "cdsm", "land_cover")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures and logs stay: SOLWEIG_TEST_OUTPUT, or pytest's own folder."""
    folder = os.environ.get("SOLWEIG_TEST_OUTPUT")
    if not folder:
        return tmp_path_factory.mktemp("command_line")
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    return path


def solweig(log: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "solweig", "-v", *arguments]
    variables = {**os.environ, "MPLBACKEND": "Agg", **environment}
    if "SOLWEIG_VISIBLE_DEVICES" not in environment:
        variables.pop("SOLWEIG_VISIBLE_DEVICES", None)
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    log.write_text(f"$ {' '.join(arguments)}\n{done.stdout}\n{done.stderr}", encoding="utf-8")
    return done


def rasters() -> list[str]:
    data = demo_folder()
    return [word for name in LAYERS for word in (_option(name), str(data / f"{name}.tif"))]


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def weather() -> list[str]:
    met = str(demo_folder() / "weather.txt")
    fills = ["--fill", f"ws={WIND}", "--fill", "pressure=1013"]
    return ["--met", met, *fills, "--utc-offset", "1"]


WAYS = {
    "cpu": ["--accelerator", "cpu"],
    "gpu": ["--accelerator", "gpu", "--device", "gpu:0", "--strict-gpu"],
}
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not _core.gpu_compiled(), reason="built without the GPU engine"),
]


@pytest.fixture(scope="module")
def runs(kept: Path) -> dict[str, Path]:
    """Prepared and run, each on its engine."""
    outs = {}
    for name, options in WAYS.items():
        cache, out = kept / f"cache_{name}", kept / f"out_{name}"
        done = solweig(
            kept / f"prepare_{name}.log", "prepare", *rasters(), "--cache", str(cache), *options
        )
        assert done.returncode == 0, done.stderr
        done = solweig(
            kept / f"run_{name}.log", "run", *rasters(), *weather(), "--cache", str(cache),
            "--out", str(out), "--outputs", "tmrt,utci", "--plots", "--overwrite", *options,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert list((out / "plots").glob("*.png"))
        outs[name] = out
    return outs


def test_each_ran_where_it_was_told(runs: dict[str, Path]) -> None:
    for name, out in runs.items():
        device = json.loads((out / "run_metadata.json").read_text(encoding="utf-8"))
        tally = device["engine"]
        assert device["device"]["accelerator"] == name
        assert tally["radiation"][f"{name}_runs"] == 24
        assert sum(entry["fallbacks"] for entry in tally.values()) == 0
    adapters = json.loads((runs["gpu"] / "run_metadata.json").read_text())["device"]["adapters"]
    assert adapters[0]["adapter"]
    assert adapters[0]["driver"]


def test_the_maps_are_the_same(runs: dict[str, Path]) -> None:
    files = sorted(runs["cpu"].rglob("*.tif"))
    assert len(files) > 48
    for path in files:
        if path.name.startswith("utci_hours"):
            continue
        with (
            rasterio.open(path) as cpu,
            rasterio.open(runs["gpu"] / path.relative_to(runs["cpu"])) as gpu,
        ):
            apart = gap(cpu.read(1).astype(np.float64), gpu.read(1).astype(np.float64))
        assert apart.max_abs_diff <= tolerance("gpu", "temperature_most_k"), path.name


def test_omitted_means_gpu_first(kept: Path) -> None:
    done = solweig(
        kept / "prepare_auto.log", "prepare", *rasters(), "--cache", str(kept / "cache_auto"),
        SOLWEIG_SOFTWARE_GPU="1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "GPU: gpu:0" in done.stderr


def test_without_a_gpu_it_says_so_and_goes_on(kept: Path) -> None:
    done = solweig(
        kept / "prepare_none.log", "prepare", *rasters(), "--cache", str(kept / "cache_none"),
        SOLWEIG_VISIBLE_DEVICES="",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no GPU is used" in done.stderr
    assert "docs/gpu-execution.md" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--accelerator", "tpu"], "execution.accelerator"),
        (["--device", "card"], "execution.devices"),
        (["--accelerator", "gpu", "--device", "gpu:99"], "gpu:99"),
        (["--accelerator", "cpu", "--strict-gpu"], "execution.strict"),
    ],
)
def test_bad_choices_come_back_at_once(kept: Path, options: list[str], message: str) -> None:
    done = solweig(
        kept / "bad.log", "prepare", *rasters(), "--cache", str(kept / "cache_bad"), *options
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert not (kept / "cache_bad").exists()


def test_info_lists_what_there_is(kept: Path) -> None:
    done = solweig(kept / "info.log", "info")
    assert done.returncode == 0, done.stderr
    for word in ("gpu:0", "vulkan", "gl", "self-test passed", "binding", "chosen"):
        assert word in done.stdout, done.stdout


def test_help_documents_the_override(kept: Path) -> None:
    for command in ("run", "prepare"):
        done = solweig(kept / "help.log", command, "--help", COLUMNS="200", TERM="dumb")
        for option in ("--accelerator", "--device", "--strict-gpu", "--accelerator cpu keeps"):
            assert option in done.stdout, (command, option)

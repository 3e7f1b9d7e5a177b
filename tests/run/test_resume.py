"""A run that comes to harm and is resumed leaves the bytes of an undisturbed one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig.errors import ConfigurationError
from solweig.execution import ExecutionConfig
from solweig.results.metadata import load_run_metadata
from tests.support.run_cases import LOCATION, weather
from tests.support.tile_cases import assert_same_run, prepared, run

TILE = 32
EVERY = ["geotiff", "zarr", "netcdf"]
OPTIONS: dict[str, Any] = {
    "tile_size": TILE,
    "outputs": ["tmrt", "shadow"],
    "output_format": EVERY,
}
# 12 tiles of 5 steps.
PART = 23

zarr = pytest.importorskip("zarr")
pytest.importorskip("h5netcdf")


@pytest.fixture(scope="module")
def surface_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("surface")
    prepared().save_cleaned(folder)
    return folder


@pytest.fixture(scope="module")
def undisturbed(surface_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("undisturbed")
    finished = attempt(surface_dir, out)
    assert finished.returncode == 0, finished.stderr
    return out


def attempt(
    surface: Path, out: Path, harm: str | None = None, at: int = PART, **options: Any
) -> subprocess.CompletedProcess[str]:
    """A run in a process of its own."""
    told = json.dumps({"harm": harm, "at": at, "options": {**OPTIONS, **options}})
    return subprocess.run(
        [sys.executable, "-m", "tests.support.resume_script", str(surface), str(out), told],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "SOLWEIG_NO_GPU": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def files(out: Path) -> dict[str, bytes]:
    """Every result; what tells of times and machines is not one."""
    told = {"run_metadata.json", "telemetry.csv"}
    return {
        str(p.relative_to(out)): p.read_bytes()
        for p in sorted(out.rglob("*"))
        if p.is_file() and p.name not in told
    }


def assert_same_files(one: Path, two: Path) -> None:
    first, second = files(one), files(two)
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []


def finished_tiles(out: Path) -> list[Path]:
    return sorted((out / ".solweig" / "tiles").glob("*.json"))


def resumed(surface: Path, out: Path, undisturbed: Path, **options: Any) -> str:
    """Resume, compare, and return what the process said."""
    again = attempt(surface, out, resume=True, **options)
    assert again.returncode == 0, again.stderr
    assert_same_files(undisturbed, out)
    assert load_run_metadata(out)["status"] == "complete"
    return again.stderr


@pytest.mark.parametrize(
    ("harm", "status", "said"),
    [
        ("kill", "running", ""),
        ("interrupt", "interrupted", "KeyboardInterrupt"),
        ("disk", "failed", "OSError"),
        ("worker", "failed", "was it killed"),
    ],
)
def test_harm_then_resume(
    surface_dir: Path, undisturbed: Path, tmp_path: Path, harm: str, status: str, said: str
) -> None:
    workers = 2 if harm == "worker" else None
    broken = attempt(surface_dir, tmp_path, harm, workers=workers)
    assert broken.returncode != 0
    assert said in broken.stderr
    kept = finished_tiles(tmp_path)
    assert kept, "nothing was finished: the test would prove nothing"
    assert len(kept) < 12
    if harm != "disk":  # on a full disk the last word cannot be written either
        assert load_run_metadata(tmp_path)["status"] == status
    before = {p: p.stat().st_mtime_ns for p in kept}
    with_journal = attempt(surface_dir, tmp_path, "kill", at=len(kept) * 5, resume=True)
    assert with_journal.returncode != 0
    # What was finished is kept, not computed again.
    assert {p: p.stat().st_mtime_ns for p in kept} == before
    resumed(surface_dir, tmp_path, undisturbed)


def test_several_suns_are_resumed(surface_dir: Path, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert attempt(surface_dir, whole, sun_substeps=3).returncode == 0
    assert attempt(surface_dir, broken, "kill", sun_substeps=3).returncode != 0
    resumed(surface_dir, broken, whole, sun_substeps=3)


@pytest.mark.parametrize("target", ["chunk", "statistic", "record", "lost chunk", "begun chunk"])
def test_damaged_results_are_computed_again(
    surface_dir: Path, undisturbed: Path, tmp_path: Path, target: str
) -> None:
    assert attempt(surface_dir, tmp_path, "kill").returncode != 0
    number = int(finished_tiles(tmp_path)[0].stem)
    if target == "record":
        path = finished_tiles(tmp_path)[0]
        path.write_bytes(path.read_bytes()[:40])
    elif target == "statistic":
        path = tmp_path / ".solweig" / "arrays" / "statistic__tmrt_mean.npy"
        grid = np.load(path, mmap_mode="r+")
        grid[(number // 4) * TILE + 5, (number % 4) * TILE + 5] += 1.0
        grid.flush()
    else:
        path = tmp_path / "solweig.zarr" / "tmrt" / "c" / "2" / f"{number // 4}" / f"{number % 4}"
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        if target == "chunk":
            path.write_bytes(bytes(content))
        elif target == "begun chunk":
            path.with_name(f"{path.name}.{'0' * 32}.partial").write_bytes(content[:20])
        else:
            path.unlink()
    resumed(surface_dir, tmp_path, undisturbed)


def test_other_inputs_and_parameters_are_refused(
    surface_dir: Path, undisturbed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert attempt(surface_dir, out, "kill").returncode != 0
    before = files(out)
    surface = solweig.SurfaceData.load(surface_dir)
    cpu = ExecutionConfig(accelerator="cpu")
    changed = prepared(seed=2)
    with pytest.raises(ConfigurationError, match=r"inputs\.surface\.content\.dsm") as refusal:
        run(changed, output_dir=out, resume=True, execution=cpu, **OPTIONS)
    assert "resume" in str(refusal.value)
    other = {**OPTIONS, "max_shadow_distance_m": 30.0}
    with pytest.raises(ConfigurationError, match="max_shadow_distance"):
        run(surface, output_dir=out, resume=True, execution=cpu, **other)
    with pytest.raises(ConfigurationError, match="formats"):
        run(
            surface,
            output_dir=out,
            resume=True,
            execution=cpu,
            **{**OPTIONS, "output_format": "zarr"},
        )
    assert files(out) == before
    resumed(surface_dir, out, undisturbed)


def test_nothing_to_resume_is_a_run(surface_dir: Path, undisturbed: Path, tmp_path: Path) -> None:
    resumed(surface_dir, tmp_path / "new", undisturbed)
    # And once more: the same run over itself.
    resumed(surface_dir, tmp_path / "new", undisturbed)


def test_without_resume_an_interrupted_run_starts_anew(
    surface_dir: Path, undisturbed: Path, tmp_path: Path
) -> None:
    assert attempt(surface_dir, tmp_path, "kill").returncode != 0
    assert attempt(surface_dir, tmp_path).returncode == 0
    assert_same_files(undisturbed, tmp_path)


def test_tiles_are_those_it_was_begun_with(
    surface_dir: Path, undisturbed: Path, tmp_path: Path
) -> None:
    assert attempt(surface_dir, tmp_path, "kill").returncode != 0
    resumed(surface_dir, tmp_path, undisturbed, tile_size=48)


def test_killed_while_files_are_written(
    surface_dir: Path, undisturbed: Path, tmp_path: Path
) -> None:
    """Every tile is finished, the GeoTIFFs are not."""
    assert attempt(surface_dir, tmp_path, "kill", at=60).returncode != 0
    assert len(finished_tiles(tmp_path)) >= 11
    resumed(surface_dir, tmp_path, undisturbed)


def test_a_store_of_another_run_is_not_touched(surface_dir: Path, tmp_path: Path) -> None:
    surface = solweig.SurfaceData.load(surface_dir)
    cpu = ExecutionConfig(accelerator="cpu")
    zarr.open_group(str(tmp_path / "a" / "solweig.zarr"), mode="w").attrs["mine"] = 1
    with pytest.raises(ConfigurationError, match="not ours"):
        run(surface, output_dir=tmp_path / "a", execution=cpu, **OPTIONS)
    assert zarr.open_group(str(tmp_path / "a" / "solweig.zarr")).attrs["mine"] == 1
    run(surface, output_dir=tmp_path / "b", execution=cpu, **OPTIONS)
    before = files(tmp_path / "b")
    (tmp_path / "b" / "run_metadata.json").unlink()
    other = {**OPTIONS, "max_shadow_distance_m": 30.0}
    with pytest.raises(ConfigurationError, match="another run"):
        run(surface, output_dir=tmp_path / "b", execution=cpu, **other)
    assert files(tmp_path / "b") == before


def test_resume_needs_a_folder() -> None:
    with pytest.raises(ConfigurationError, match="resume"):
        run(prepared(), resume=True, execution=ExecutionConfig(accelerator="cpu"))


@pytest.mark.parametrize("tile_size", [None, TILE])
def test_a_period_in_two_parts_is_one_period(tmp_path: Path, tile_size: int | None) -> None:
    """The thermal state is saved, and continued from in another run."""
    surface, cpu = prepared(), ExecutionConfig(accelerator="cpu")

    def part(hours: tuple[int, ...], **options: Any) -> solweig.TimeseriesSummary:
        return solweig.calculate(
            surface, weather(hours), LOCATION, max_shadow_distance_m=40.0, tile_size=tile_size,
            execution=cpu, **options,
        )  # fmt: skip

    whole = part((4, 5, 6, 7, 8, 9))
    first = part((4, 5, 6))
    assert first.state is not None
    saved = first.state.save(tmp_path / "state")
    second = part((7, 8, 9), state=solweig.ThermalState.load(saved))
    assert whole.dataset is not None
    assert first.dataset is not None
    assert second.dataset is not None
    both = np.concatenate([first.dataset.tmrt.values, second.dataset.tmrt.values])
    assert np.array_equal(both, whole.dataset.tmrt.values, equal_nan=True)
    assert whole.state is not None
    assert second.state is not None
    for name, grid in whole.state.fields.items():
        assert np.array_equal(grid, second.state.fields[name], equal_nan=True), name


def test_a_resumed_summary_is_the_undisturbed_one(surface_dir: Path, tmp_path: Path) -> None:
    """What Python is given back: statistics, series, points, state."""
    cpu = ExecutionConfig(accelerator="cpu")
    surface = solweig.SurfaceData.load(surface_dir)
    assert attempt(surface_dir, tmp_path / "a", "kill").returncode != 0
    again = run(surface, output_dir=tmp_path / "a", resume=True, execution=cpu, **OPTIONS)
    whole = run(surface, output_dir=tmp_path / "b", execution=cpu, **OPTIONS)
    assert_same_run(whole, again)
    shutil.rmtree(tmp_path / "a")

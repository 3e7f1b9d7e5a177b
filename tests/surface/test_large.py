"""Surfaces too large for the memory: the sky view is built in files, tile by tile, and kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig.execution import ExecutionConfig
from solweig.rasters.windows import is_its_file
from solweig.tiles import plan as tile_plan
from tests.support.tile_cases import REACH_M, assert_same_run, assert_same_sky, city, prepared, run

CPU = ExecutionConfig(accelerator="cpu")
SCRIPT = """
import os, signal, sys
from tests.surface.test_large import prepare_city

def feedback(done, total):
    if done >= float(sys.argv[2]) * total:
        os.kill(os.getpid(), signal.SIGKILL)

prepare_city(sys.argv[1], feedback=feedback)
"""


def prepare_city(working_dir: Any, **options: Any) -> solweig.SurfaceData:
    """The city of these tests, from arrays into a folder."""
    made = city()
    layers = {n: getattr(made, n) for n in ("dsm", "cdsm", "tdsm", "dem", "land_cover")}
    chosen: dict[str, Any] = {"execution": CPU, "tile_size": 32, **options}
    return solweig.SurfaceData.prepare(
        layers.pop("dsm"), working_dir, **layers, pixel_size=2.0, smooth_quantized_dem=False,
        max_shadow_distance_m=REACH_M, **chosen,
    )  # fmt: skip


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLWEIG_MEMMAP_THRESHOLD", "1000")


@pytest.fixture(scope="module")
def whole() -> solweig.SurfaceData:
    return prepared()


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.usefixtures("large")
def test_built_in_files_is_built_in_memory(whole: solweig.SurfaceData, tmp_path: Path) -> None:
    surface = prepare_city(tmp_path)
    assert surface.svf is not None
    assert isinstance(surface.svf.svf, np.memmap)
    assert_same_sky(whole, surface)
    left = [p.name for p in (tmp_path / "svf").rglob("*")]
    assert "partial" not in left
    assert "tiles" not in left
    # It is found again, and by its folder alone.
    again = prepare_city(tmp_path, feedback=lambda done, total: None)
    assert_same_sky(whole, again)
    assert_same_sky(whole, solweig.SurfaceData.load(tmp_path))


@pytest.mark.usefixtures("large")
def test_every_layer_of_the_sky_is_its_file(tmp_path: Path) -> None:
    """Made or found: what has lost its file is read through the map, with the interpreter held."""
    for _ in range(2):
        surface = prepare_city(tmp_path)
        assert surface.svf is not None
        assert surface.shadow_matrices is not None
        layers = {**surface.svf.as_dict(), **surface.shadow_matrices.words()}
        assert [name for name, layer in layers.items() if not is_its_file(layer)] == []
        assert len(layers) == 18


@pytest.mark.usefixtures("large")
def test_without_vegetation(tmp_path: Path) -> None:
    dsm = np.full((150, 140), 5.0, np.float32)
    dsm[60:80, 50:70] = 17.0
    dsm[:40, :40] = np.nan
    one = solweig.SurfaceData(dsm)
    one.compute_svf(max_shadow_distance_m=30.0, execution=CPU)
    two = solweig.SurfaceData.prepare(
        dsm, tmp_path, max_shadow_distance_m=30.0, tile_size=32, execution=CPU
    )
    assert_same_sky(one, two)


@pytest.mark.usefixtures("large")
def test_a_run_over_mapped_files_is_a_run(whole: solweig.SurfaceData, tmp_path: Path) -> None:
    surface = prepare_city(tmp_path / "cache")
    one = run(whole, execution=CPU, outputs=["tmrt"])
    for workers in (None, 2):
        execution = ExecutionConfig(accelerator="cpu", workers=workers)
        out = tmp_path / f"out{workers}"
        two = run(surface, execution=execution, outputs=["tmrt"], output_dir=out, tile_size=40)
        assert isinstance(two.tmrt_mean, np.memmap)
        one_kept, one.dataset = one.dataset, None
        assert_same_run(one, two)
        one.dataset = one_kept
        assert not (out / ".solweig").exists()
        stored, *_ = solweig.io.load_raster(str(out / "summary" / "tmrt_mean.tif"))
        assert np.array_equal(stored, one.tmrt_mean, equal_nan=True)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("output_format", ["geotiff", ["geotiff", "zarr"]])
def test_tiles_of_files_are_wide(
    whole: solweig.SurfaceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output_format: Any
) -> None:
    """Where memory decides, not the user; and an interrupted run keeps its cut."""
    if "zarr" in output_format:
        pytest.importorskip("zarr")
    for name, value in (("_WIDE", 60), ("_LOW", 8), ("_GRAIN", 4), ("_COARSE_GRAIN", 8)):
        monkeypatch.setattr(tile_plan, name, value)
    monkeypatch.setattr("solweig.run.steps.memory_budget", lambda: 2_400_000)
    surface = prepare_city(tmp_path / "cache")
    options: dict[str, Any] = {
        "execution": CPU, "outputs": ["tmrt"], "output_format": output_format,
        "output_dir": tmp_path / "out",
    }  # fmt: skip

    class Enough(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done > 0.6 * total:
            raise Enough

    with pytest.raises(Enough):
        run(surface, progress_callback=stop, **options)
    monkeypatch.setattr("solweig.run.steps.memory_budget", lambda: 2**30)
    cut = run(surface, resume=True, **options)
    plan = cut.metadata["tile_plan"]
    assert plan["core"] < 40 < plan["core_cols"]
    assert plan["tiles"] > 3
    assert plan["reason"] == "as the run was begun"
    one = run(whole, execution=CPU, outputs=["tmrt"])
    steps, one.dataset = one.dataset, None
    assert_same_run(one, cut)
    assert steps is not None
    if "zarr" in output_format:
        import xarray

        with xarray.open_zarr(tmp_path / "out" / "solweig.zarr") as cube:
            assert np.array_equal(cube.tmrt.values, steps.tmrt.values, equal_nan=True)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("damage", [None, "values", "record"])
def test_killed_and_prepared_again(
    whole: solweig.SurfaceData, tmp_path: Path, damage: str | None, caplog: Any
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), "0.6"],
        cwd=Path(__file__).parents[2], env=os.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -9, killed.stderr
    (partial,) = (tmp_path / "svf").rglob("partial")
    finished = sorted((partial / "tiles").glob("*.json"))
    assert 2 <= len(finished) < 12
    if damage == "record":
        finished[0].write_text("{")
    elif damage == "values":
        grid = np.load(partial / "field__svf.npy", mmap_mode="r+")
        number = int(finished[0].stem)
        grid[(number // 4) * 32 + 3, (number % 4) * 32 + 3] -= 0.25
        grid.flush()
    kept = {p.name: p.stat().st_mtime_ns for p in finished}
    computed: list[int] = []
    with caplog.at_level("INFO", logger="solweig"):
        surface = prepare_city(tmp_path, feedback=lambda done, total: computed.append(done))
    said = f"{len(kept) - (damage is not None)} of 12 tiles are finished"
    assert said in caplog.text
    assert ("damaged" in caplog.text) == (damage == "values")
    assert_same_sky(whole, surface)


@pytest.mark.usefixtures("large")
def test_other_inputs_do_not_go_on_with_it(tmp_path: Path, caplog: Any) -> None:
    subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), "0.6"],
        cwd=Path(__file__).parents[2], env=os.environ, capture_output=True, check=False,
    )  # fmt: skip
    with caplog.at_level("INFO", logger="solweig"):
        surface = prepare_city(tmp_path, patch_option=2, trunk_ratio=0.3)
    assert "tiles are finished" not in caplog.text
    assert surface.svf is not None


@pytest.mark.usefixtures("large")
def test_facts_are_those_of_the_scene() -> None:
    for surface in (city(), city(cdsm=None, tdsm=None), city(dem=None, land_cover=None)):
        scene, facts = surface.scene(), surface.facts()
        assert facts.shape == scene.shape
        assert facts.datum == scene.datum
        assert facts.has_vegetation == scene.has_vegetation
        assert scene.relief_m <= facts.relief_m <= scene.relief_m + 0.01


def test_small_surfaces_stay_in_memory(tmp_path: Path) -> None:
    surface = prepare_city(tmp_path)
    assert surface.svf is not None
    assert not isinstance(surface.svf.svf, np.memmap)
    meta = json.loads((tmp_path / "metadata.json").read_text("utf-8"))
    assert meta["svf"]["patch_option"] == 2

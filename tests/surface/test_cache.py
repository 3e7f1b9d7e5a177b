"""The working folder: hits, misses, damage, runs killed half-way."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from solweig import (
    ComputationCancelled,
    GridShapeMismatch,
    InvalidSurfaceData,
    MissingPrecomputedData,
    PrecomputedData,
    StalePrecomputedData,
    SurfaceData,
    _core,
)
from tests.support.rasters import scene, write_scene, write_tif


class Engine:
    """Counts what the engine is asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.svf = self.walls = 0
        real_scene, real_walls = _core.Scene, _core.wall_height
        counter = self

        class CountingScene:
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                self._scene = real_scene(*args, **kwargs)

            def __getattr__(self, name: str) -> Any:
                return getattr(self._scene, name)

            def svf(self, *args: Any, **kwargs: Any) -> Any:
                counter.svf += 1
                return self._scene.svf(*args, **kwargs)

        def counting_walls(*args: Any) -> Any:
            counter.walls += 1
            return real_walls(*args)

        monkeypatch.setattr(_core, "Scene", CountingScene)
        monkeypatch.setattr(_core, "wall_height", counting_walls)

    def take(self) -> tuple[int, int]:
        """Sky view and wall computations since the last call."""
        counts = (self.svf, self.walls)
        self.svf = self.walls = 0
        return counts


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    return Engine(monkeypatch)


def same(a: SurfaceData, b: SurfaceData) -> None:
    for name in ("dsm", "dem", "cdsm", "tdsm", "land_cover", "wall_height", "wall_aspect"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
    assert a.svf is not None
    assert b.svf is not None
    for name, grid in a.svf.as_dict().items():
        np.testing.assert_array_equal(grid, getattr(b.svf, name), err_msg=name)
    assert a.shadow_matrices is not None
    assert b.shadow_matrices is not None
    assert a.shadow_matrices.patch_option == b.shadow_matrices.patch_option
    for name, words in a.shadow_matrices.words().items():
        np.testing.assert_array_equal(words, b.shadow_matrices.words()[name], err_msg=name)
    assert (a.shape, a.pixel_size, a.geotransform) == (b.shape, b.pixel_size, b.geotransform)


# ------------------------------------------------------------------ layout, hits, misses


def test_layout(tmp_path: Path) -> None:
    work = tmp_path / "work"
    SurfaceData.prepare(**write_scene(tmp_path), working_dir=work)
    for name in ("dsm", "cdsm", "dem", "land_cover", "wall_height", "wall_aspect", "valid_mask"):
        assert (work / "cleaned" / f"{name}.tif").is_file()
        assert (work / "cleaned" / f"{name}.npy").is_file()
    assert (work / "walls/px2.000/wall_hts.tif").is_file()
    assert (work / "walls/px2.000/wall_aspects.tif").is_file()
    assert (work / "svf/px2.000/memmap/svf_aveg_west.npy").is_file()
    assert (work / "svf/px2.000/memmap/cache_meta.json").is_file()
    assert (work / "svf/px2.000/svfs.zip").is_file()
    assert (work / "svf/px2.000/shadowmats.npz").is_file()
    meta = json.loads((work / "metadata.json").read_text())
    assert meta["grid"]["rows"] == 40
    assert meta["grid"]["geotransform"][0] == 400_000.0
    assert len(meta["fingerprint"]) == 40
    leftovers = [p for p in work.rglob("*") if p.name.startswith(".")]
    assert leftovers == []


def test_second_time_nothing_is_computed(tmp_path: Path, engine: Engine) -> None:
    files = write_scene(tmp_path)
    first = SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    assert engine.take() == (1, 1)
    stamps = {p: p.stat().st_mtime_ns for p in (tmp_path / "work").rglob("*.*")}
    second = SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    assert engine.take() == (0, 0)
    same(first, second)
    changed = {p.name for p, t in stamps.items() if p.stat().st_mtime_ns != t}
    assert changed <= {"metadata.json"}


def test_force_recompute(tmp_path: Path, engine: Engine) -> None:
    files = write_scene(tmp_path)
    first = SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    engine.take()
    second = SurfaceData.prepare(**files, working_dir=tmp_path / "work", force_recompute=True)
    assert engine.take() == (1, 1)
    same(first, second)


def test_one_changed_cell_is_noticed(
    tmp_path: Path, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    files = write_scene(tmp_path)
    SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    engine.take()
    dsm = scene()["dsm"]
    dsm[33, 44] += 3.0
    write_tif(files["dsm"], dsm)
    with caplog.at_level(logging.INFO):
        changed = SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    assert engine.take() == (1, 1)
    assert "sky view factors: computed anew (inputs or parameters changed)" in caplog.text
    same(changed, SurfaceData.prepare(**files))


def test_changed_canopy_leaves_the_walls(tmp_path: Path, engine: Engine) -> None:
    files = write_scene(tmp_path)
    SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    engine.take()
    canopy = scene()["cdsm"]
    canopy[26, 31] = 9.0
    write_tif(files["cdsm"], canopy)
    SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    assert engine.take() == (1, 0)


def test_changed_land_cover_leaves_the_geometry(tmp_path: Path, engine: Engine) -> None:
    files = write_scene(tmp_path)
    SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    engine.take()
    cover = scene()["land_cover"]
    cover[0, 0] = 7
    write_tif(files["land_cover"], cover)
    again = SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    assert engine.take() == (0, 0)
    assert again.land_cover is not None
    assert again.land_cover[0, 0] == 7
    loaded = SurfaceData.load(tmp_path / "work")
    assert loaded.land_cover is not None
    assert loaded.land_cover[0, 0] == 7


@pytest.mark.parametrize(
    ("change", "computed"),
    [
        ({"trunk_ratio": 0.4}, (1, 0)),
        ({"patch_option": 1}, (1, 0)),
        ({"max_shadow_distance_m": 30.0}, (1, 0)),
        ({"min_object_height": 0.0}, (0, 0)),  # the scene has no small objects
        ({"wall_limit": 20.0}, (0, 1)),
        ({"formulation": "improved"}, (1, 1)),
        ({"cdsm_relative": False, "cdsm": "absolute"}, (0, 0)),  # same heights, said otherwise
        ({"pixel_size": 4.0}, (1, 1)),
    ],
    ids=str,
)
def test_parameters_that_matter(
    tmp_path: Path, engine: Engine, change: dict[str, Any], computed: tuple[int, int]
) -> None:
    files: dict[str, Any] = dict(write_scene(tmp_path))
    if change.get("cdsm") == "absolute":
        # Whole numbers, so that adding and taking off the ground is exact.
        flat = np.full((40, 50), 16.0, np.float32)
        files["dem"] = write_tif(tmp_path / "flat.tif", flat)
        absolute = write_tif(tmp_path / "abs.tif", flat + scene()["cdsm"])
        change = {**change, "cdsm": absolute}
    SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    engine.take()
    SurfaceData.prepare(**{**files, **change}, working_dir=tmp_path / "work")
    assert engine.take() == computed


def test_patch_options_live_side_by_side(tmp_path: Path, engine: Engine) -> None:
    files = write_scene(tmp_path)
    for option in (1, 2, 3, 4):
        made = SurfaceData.prepare(**files, working_dir=tmp_path / "work", patch_option=option)
        assert engine.take()[0] == 1
        assert made.patch_option == option
    for option in (1, 2, 3, 4):
        again = SurfaceData.prepare(**files, working_dir=tmp_path / "work", patch_option=option)
        assert engine.take()[0] == 0
        assert again.patch_option == option
        loaded = SurfaceData.load(tmp_path / "work")
        same(again, loaded)


# ------------------------------------------------------------------ damage


def each_file(work: Path) -> list[Path]:
    return sorted(p for p in (*work.glob("svf/*/*/*"), *work.glob("walls/*/*.npy")) if p.is_file())


@pytest.mark.parametrize("how", ["cut", "flipped", "removed", "emptied"])
def test_any_damaged_file_is_noticed(
    tmp_path: Path, engine: Engine, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    files = write_scene(tmp_path)
    work = tmp_path / "work"
    first = SurfaceData.prepare(**files, working_dir=work)
    engine.take()
    names = [p.relative_to(work) for p in each_file(work)]
    # All kinds, without going through all fifteen grids.
    chosen = [
        n
        for n in names
        if n.stem in {"svf", "svf_aveg", "cache_meta", "vegshmat", "shadow_meta", "wall_hts"}
    ]
    assert len(chosen) == 6
    for name in chosen:
        path = work / name
        content = bytearray(path.read_bytes())
        if how == "removed":
            path.unlink()
        elif how == "emptied":
            path.write_bytes(b"")
        elif how == "cut":
            path.write_bytes(content[: len(content) // 2])
        else:
            content[-3] ^= 1
            path.write_bytes(content)
        caplog.clear()
        with caplog.at_level(logging.INFO):
            again = SurfaceData.prepare(**files, working_dir=work)
        assert engine.take() == ((0, 1) if "walls" in name.parts else (1, 0)), name
        assert "computed anew" in caplog.text
        same(first, again)
        SurfaceData.prepare(**files, working_dir=work)
        assert engine.take() == (0, 0), name


def test_damaged_layer_is_written_again_and_refused_by_load(tmp_path: Path, engine: Engine) -> None:
    files = write_scene(tmp_path)
    work = tmp_path / "work"
    first = SurfaceData.prepare(**files, working_dir=work)
    path = work / "cleaned" / "dsm.npy"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InvalidSurfaceData, match=r"dsm\.npy"):
        SurfaceData.load(work)
    engine.take()
    SurfaceData.prepare(**files, working_dir=work)
    assert engine.take() == (0, 0)
    same(first, SurfaceData.load(work))


@pytest.mark.parametrize("stop_at", range(1, 40, 4))
def test_stopping_while_writing_never_leaves_a_wrong_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int
) -> None:
    files = write_scene(tmp_path)
    work = tmp_path / "work"
    SurfaceData.prepare(**files, working_dir=work)
    dsm = scene()["dsm"]
    dsm[20:24, 40:44] += 9.0
    write_tif(files["dsm"], dsm)
    calls = 0
    real = Path.replace

    def failing(self: Path, target: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == stop_at:
            raise KeyboardInterrupt
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", failing)
        try:
            SurfaceData.prepare(**files, working_dir=work)
        except KeyboardInterrupt:
            interrupted = True
        else:
            interrupted = False
    assert interrupted == (calls >= stop_at)
    assert not [p for p in work.rglob("*") if "partial" in p.name]
    expected = SurfaceData.prepare(**files)
    same(expected, SurfaceData.prepare(**files, working_dir=work))
    same(expected, SurfaceData.load(work))


def test_killed_process(tmp_path: Path) -> None:
    files = write_scene(tmp_path)
    work = tmp_path / "work"
    code = textwrap.dedent(
        f"""
        import sys
        from tests.support.rasters import write_scene
        from pathlib import Path
        from solweig import SurfaceData
        while True:
            for option in (1, 2):
                SurfaceData.prepare(
                    **write_scene(Path({str(tmp_path)!r})), working_dir={str(work)!r},
                    patch_option=option, force_recompute=True,
                )
        """
    )
    root = Path(__file__).resolve().parents[2]
    paths = [str(root), str(Path(_core.__file__ or "").parents[1])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    for pause in (0.0, 0.11, 0.23):
        child = subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=root)
        try:
            deadline = time.monotonic() + 60
            while not (work / "svf").exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(pause)
        finally:
            child.kill()
            child.wait()
        write_scene(tmp_path)
        same(SurfaceData.prepare(**files), SurfaceData.prepare(**files, working_dir=work))


def test_cancelling(tmp_path: Path) -> None:
    class Impatient:
        seen: list[float]

        def __init__(self) -> None:
            self.seen = []

        def setProgress(self, value: float) -> None:
            self.seen.append(value)

        def isCanceled(self) -> bool:
            return bool(self.seen)

    files = write_scene(tmp_path)
    with pytest.raises(ComputationCancelled) as info:
        SurfaceData.prepare(**files, working_dir=tmp_path / "work", feedback=Impatient())
    assert info.value.stage == "sky view factors"
    assert not list((tmp_path / "work").rglob("svf.npy"))


# ------------------------------------------------------------------ given sky view


def test_svf_dir_of_the_same_surface_is_used(tmp_path: Path, engine: Engine) -> None:
    files = write_scene(tmp_path)
    first = SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    engine.take()
    again = SurfaceData.prepare(**files, svf_dir=tmp_path / "work/svf/px2.000")
    assert engine.take() == (0, 1)
    same(first, again)


def test_svf_dir_of_another_surface_is_refused(tmp_path: Path) -> None:
    files = write_scene(tmp_path)
    SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    dsm = scene()["dsm"]
    dsm[0, 0] += 0.001
    write_tif(files["dsm"], dsm)
    with pytest.raises(StalePrecomputedData) as info:
        SurfaceData.prepare(**files, svf_dir=tmp_path / "work/svf/px2.000", min_object_height=0.0)
    assert info.value.field == "svf_dir"


def test_umep_files_are_used_as_they_are(tmp_path: Path, engine: Engine) -> None:
    files = write_scene(tmp_path)
    first = SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    (tmp_path / "umep").mkdir()
    for name in ("svfs.zip", "shadowmats.npz"):
        (tmp_path / "work/svf/px2.000" / name).rename(tmp_path / "umep" / name)
    engine.take()
    again = SurfaceData.prepare(**files, svf_dir=tmp_path / "umep")
    assert engine.take()[0] == 0
    same(first, again)


def test_svf_dir_of_another_shape(tmp_path: Path) -> None:
    files = write_scene(tmp_path)
    SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    with pytest.raises(GridShapeMismatch) as info:
        SurfaceData.prepare(**files, svf_dir=tmp_path / "work/svf/px2.000", pixel_size=4.0)
    assert (info.value.field, info.value.expected) == ("svf_dir", (20, 25))


def test_working_folder_reads_as_precomputed_data(tmp_path: Path) -> None:
    made = SurfaceData.prepare(**write_scene(tmp_path), working_dir=tmp_path / "work")
    data = PrecomputedData.prepare(
        tmp_path / "work/walls/px2.000", tmp_path / "work/svf/px2.000", expected_shape=(40, 50)
    )
    np.testing.assert_array_equal(data.wall_height, made.wall_height)
    np.testing.assert_array_equal(data.wall_aspect, made.wall_aspect)
    assert data.svf is not None
    assert made.svf is not None
    np.testing.assert_array_equal(data.svf.svf_veg, made.svf.svf_veg)


def test_large_rasters_do_without_umep_visibility(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOLWEIG_SHADOW_NPZ_MAX_PIXELS", "1999")
    files = write_scene(tmp_path)
    SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    assert not list((tmp_path / "work").rglob("shadowmats.npz"))
    assert list((tmp_path / "work").rglob("svfs.zip"))
    monkeypatch.setenv("SOLWEIG_FORCE_SHADOW_NPZ", "1")
    SurfaceData.prepare(**files, working_dir=tmp_path / "work", force_recompute=True)
    assert list((tmp_path / "work").rglob("shadowmats.npz"))


def test_cached_arrays_are_mapped_above_the_threshold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write_scene(tmp_path)
    first = SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    monkeypatch.setenv("SOLWEIG_MEMMAP_THRESHOLD", "1999")
    mapped = SurfaceData.prepare(**files, working_dir=tmp_path / "work")
    assert mapped.svf is not None
    assert isinstance(mapped.svf.svf, np.memmap)
    same(first, mapped)


# ------------------------------------------------------------------ save and load


def test_save_and_load(tmp_path: Path) -> None:
    layers = scene()
    surface = SurfaceData(**layers, pixel_size=2.0, trunk_ratio=0.3)
    surface.compute_svf(patch_option=3)
    surface.save_cleaned(tmp_path / "saved", prepare_fingerprint="mine")
    loaded = SurfaceData.load(tmp_path / "saved")
    same(surface, loaded)
    assert loaded.trunk_ratio == 0.3
    assert (
        json.loads((tmp_path / "saved/metadata.json").read_text())["prepare_fingerprint"] == "mine"
    )
    assert SurfaceData.load(tmp_path / "saved", load_svf=False).svf is None
    same(surface, SurfaceData.load(tmp_path / "saved" / "cleaned"))


def test_loaded_surface_computes_the_same(tmp_path: Path) -> None:
    made = SurfaceData.prepare(**write_scene(tmp_path), working_dir=tmp_path / "work")
    loaded = SurfaceData.load(tmp_path / "work", load_svf=False)
    loaded.compute_svf()
    same(made, loaded)


def test_load_from_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingPrecomputedData, match=r"metadata\.json"):
        SurfaceData.load(tmp_path)

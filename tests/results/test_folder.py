"""An output folder takes further periods and outputs, and never two versions of a step."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig.errors import ComputationCancelled, ConfigurationError
from solweig.execution import ExecutionConfig
from solweig.results.metadata import load_run_metadata
from tests.support.run_cases import LOCATION, small_surface, weather

CPU = ExecutionConfig(accelerator="cpu")
PERIOD = "20060801T{:02d}00_20060801T{:02d}00"


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


def run(
    surface: solweig.SurfaceData, out: Path, hours: tuple[int, ...], **options: Any
) -> solweig.TimeseriesSummary:
    changes = options.pop("changes", {})
    options = {"outputs": ["tmrt"], **options}
    return solweig.calculate(
        surface, weather(hours, **changes), LOCATION, output_dir=out, execution=CPU, **options
    )


def archived(out: Path) -> list[str]:
    return sorted(p.name for p in (out / "runs").glob("*"))


def stamps(out: Path, name: str = "tmrt") -> list[str]:
    return sorted(p.stem[-4:] for p in (out / name).glob("*.tif"))


def test_another_period_adds(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    first = run(surface, tmp_path, (9, 10), pois={"a": (319_001.0, 6_399_999.0)})
    kept = {p.name: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    run(surface, tmp_path, (11,))
    last = run(surface, tmp_path, (12, 13))
    assert stamps(tmp_path) == ["0900", "1000", "1100", "1200", "1300"]
    assert load_run_metadata(tmp_path)["run_id"] == last.metadata["run_id"]
    assert not (tmp_path / "pois.csv").exists()
    assert archived(tmp_path) == [PERIOD.format(9, 10), PERIOD.format(11, 11)]
    earlier = tmp_path / "runs" / PERIOD.format(9, 10)
    assert load_run_metadata(earlier)["run_id"] == first.metadata["run_id"]
    # What describes the first run is where it can be read, byte for byte.
    moved = {p.name: p.read_bytes() for p in earlier.rglob("*") if p.is_file()}
    assert moved == {n: b for n, b in kept.items() if not n.startswith("tmrt_2006")}
    mean, *_ = solweig.io.load_raster(str(tmp_path / "summary" / "tmrt_mean.tif"))
    assert np.array_equal(mean, last.tmrt_mean, equal_nan=True)


def test_other_outputs_add(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    run(surface, tmp_path, (12, 13), outputs=["tmrt"])
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in (tmp_path / "tmrt").glob("*")}
    run(surface, tmp_path, (12, 13), outputs=["tmrt", "utci"], heat_thresholds_day=[30.0])
    assert stamps(tmp_path, "utci") == ["1200", "1300"]
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in before} == before
    run(surface, tmp_path, (12, 13), outputs=["pet"])
    assert archived(tmp_path) == [PERIOD.format(12, 13), PERIOD.format(12, 13) + "_2"]


def test_shared_steps_stay(
    surface: solweig.SurfaceData, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(surface, tmp_path, (6, 9, 12))
    shared = tmp_path / "tmrt" / "tmrt_20060801_1200.tif"
    lost = tmp_path / "tmrt" / "tmrt_20060801_0900.tif"
    before = shared.read_bytes(), shared.stat().st_mtime_ns
    lost.unlink()
    run(surface, tmp_path, (9, 12, 15))
    assert "2 step(s) are there already" in caplog.text
    assert (shared.read_bytes(), shared.stat().st_mtime_ns) == before
    assert stamps(tmp_path) == ["0600", "0900", "1200", "1500"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"changes": {"rh": 41.0}}, "weather"),
        ({"max_shadow_distance_m": 30.0}, "max_shadow_distance_m"),
        ({"human": solweig.HumanParams(abs_l=0.95)}, "abs_l"),
    ],
)
def test_other_versions_of_a_step_are_refused(
    surface: solweig.SurfaceData, tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    run(surface, tmp_path, (9, 12))
    run(surface, tmp_path, (15,))
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(ConfigurationError, match="another run") as refusal:
        run(surface, tmp_path, (12, 13), **options)
    assert said in str(refusal.value)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    # Steps that no run has may have been made otherwise, which is said.
    run(surface, tmp_path, (17,), **options)
    run(surface, tmp_path, (12, 13), overwrite=True, **options)
    assert stamps(tmp_path) == ["1200", "1300"]
    assert archived(tmp_path) == []


def test_other_parameters_of_another_period_are_said(
    surface: solweig.SurfaceData, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = run(surface, tmp_path, (9, 10))
    run(surface, tmp_path, (11,), state=first.state)
    assert "has other" not in caplog.text
    run(surface, tmp_path, (12,), conifer=True)
    assert "has other parameters.settings.conifer" in caplog.text


def test_another_grid_is_refused(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    run(surface, tmp_path, (9,))
    other = solweig.SurfaceData(surface.dsm[:-1], dem=surface.dem[:-1], pixel_size=2.0)
    with pytest.raises(ConfigurationError, match=r"another grid .*shape"):
        run(other, tmp_path, (10,), use_anisotropic_sky=False, precomputed=_flat(other))


def _flat(surface: solweig.SurfaceData) -> solweig.PrecomputedData:
    surface.compute_svf(patch_option=1)
    return solweig.PrecomputedData(svf=surface.svf)


def test_a_run_of_the_archive_is_repeated(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    first = run(surface, tmp_path, (9,))
    tifs = {p.name: p.read_bytes() for p in (tmp_path / "tmrt").glob("*")}
    run(surface, tmp_path, (10,))
    run(surface, tmp_path, (9,))
    assert archived(tmp_path) == [PERIOD.format(10, 10)]
    assert load_run_metadata(tmp_path)["run_id"] == first.metadata["run_id"]
    assert stamps(tmp_path) == ["0900", "1000"]
    name, content = next(iter(tifs.items()))
    assert (tmp_path / "tmrt" / name).read_bytes() == content


def test_folders_of_earlier_versions(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    """They tell no steps: periods that meet are refused, others add."""
    run(surface, tmp_path, (9, 11))
    path = tmp_path / "run_metadata.json"
    known = json.loads(path.read_text())
    path.write_text(json.dumps({k: known[k] for k in ("solweig_version", "timeseries")}))
    with pytest.raises(ConfigurationError, match="another run"):
        run(surface, tmp_path, (10,))
    run(surface, tmp_path, (12,))
    assert archived(tmp_path) == [PERIOD.format(9, 11)]


def test_one_call_at_a_time(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    run(surface, tmp_path, (9,))
    path = tmp_path / "run_metadata.json"
    known = {**json.loads(path.read_text()), "status": "running"}
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        path.write_text(json.dumps({**known, "process": {**known["process"], "pid": other.pid}}))
        with pytest.raises(ConfigurationError, match=f"in use by process {other.pid}"):
            run(surface, tmp_path, (10,))
        other.communicate(b"\n")
    # It has come to its end without saying so.
    run(surface, tmp_path, (10,))
    assert stamps(tmp_path) == ["0900", "1000"]


def test_a_move_cut_short_is_taken_up(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    first = run(surface, tmp_path, (9,))
    half = tmp_path / "runs" / PERIOD.format(9, 9)
    half.mkdir(parents=True)
    shutil.move(tmp_path / "summary", half / "summary")
    (tmp_path / "summary").mkdir()
    run(surface, tmp_path, (10,))
    assert archived(tmp_path) == [half.name]
    assert load_run_metadata(half)["run_id"] == first.metadata["run_id"]
    assert (half / "summary" / "tmrt_mean.tif").exists()


# ------------------------------------------------------------------------ cubes


def test_a_cube_appends_in_time(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    xr = pytest.importorskip("xarray")
    pytest.importorskip("zarr")
    form = {"output_format": "zarr"}
    whole = tmp_path / "whole"
    run(surface, whole, (9, 10, 11), outputs=["tmrt", "utci"], **form)
    out = tmp_path / "out"
    first = run(surface, out, (9, 10), outputs=["tmrt"], heat_thresholds_day=[30.0], **form)
    last = run(surface, out, (10, 11), outputs=["tmrt", "utci"], **form)
    with xr.open_zarr(out / "solweig.zarr") as cube, xr.open_zarr(whole / "solweig.zarr") as one:
        assert np.array_equal(cube.time, one.time)
        assert np.array_equal(cube.time_bnds, one.time_bnds)
        for name in ("ta", "rh", "ws", "global_rad", "sun_altitude"):
            assert np.array_equal(cube[name], one[name]), name
        assert np.array_equal(cube.tmrt[:2], one.tmrt[:2], equal_nan=True)
        assert np.isfinite(cube.tmrt[2]).all()
        assert np.isnan(cube.utci[0]).all()
        assert np.isfinite(cube.utci[1:]).all()
        assert np.array_equal(cube.tmrt_mean, last.tmrt_mean, equal_nan=True)
        assert "utci_hours_above_30_day" not in cube
        assert sorted(cube.data_vars) == sorted(one.data_vars)
    # The first run once more: nothing is lost.
    run(surface, out, (9, 10), outputs=["tmrt"], heat_thresholds_day=[30.0], **form)
    with xr.open_zarr(out / "solweig.zarr") as cube:
        assert cube.sizes["time"] == 3
        assert np.isfinite(cube.utci[2]).all()
        assert np.array_equal(cube.tmrt_mean, first.tmrt_mean, equal_nan=True)
    with pytest.raises(ConfigurationError, match="after 2006-08-01T11:00:00"):
        run(surface, out, (8,), outputs=["tmrt"], **form)
    with pytest.raises(ConfigurationError, match="whole chunks"):
        run(surface, out, (13,), outputs=["tmrt"], tile_size=16, **form)


def test_resume_belongs_to_a_period(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    options: dict[str, Any] = {"tile_size": 16, "output_format": ["geotiff", "zarr"]}
    calm = tmp_path / "calm"
    run(surface, calm, (9, 12), **options)
    run(surface, calm, (13, 14), **options)

    def stop(done: int, total: int) -> None:
        if done >= total - 1:
            raise ComputationCancelled("a test")

    out = tmp_path / "out"
    with pytest.raises(ComputationCancelled):
        run(surface, out, (9, 12), progress_callback=stop, **options)
    assert list((out / ".solweig" / "tiles").glob("*.json"))
    run(surface, out, (13, 14), resume=True, **options)
    place = out / "runs" / PERIOD.format(9, 12)
    assert load_run_metadata(place)["status"] == "interrupted"
    tiles = {p.name: p.read_bytes() for p in (place / ".solweig" / "tiles").glob("*.json")}
    assert tiles
    assert not (out / ".solweig").exists()
    with pytest.raises(ConfigurationError, match="resume"):
        run(surface, out, (9, 12), resume=True, conifer=True, **options)
    heard: list[int] = []
    run(
        surface,
        out,
        (9, 12),
        resume=True,
        progress_callback=lambda d, _: heard.append(d),
        **options,
    )
    # Finished tiles are not computed again: they are told of first, both steps at once.
    assert heard[: len(tiles)] == [2 * (i + 1) for i in range(len(tiles))]
    assert load_run_metadata(out)["status"] == "complete"
    assert archived(out) == [PERIOD.format(13, 14)]
    for path in (calm / "tmrt").glob("*.tif"):
        assert (out / "tmrt" / path.name).read_bytes() == path.read_bytes()
    for path in (calm / "solweig.zarr" / "tmrt" / "c").rglob("*"):
        if path.is_file():
            same = out / "solweig.zarr" / "tmrt" / "c" / path.relative_to(path.parents[2])
            assert same.read_bytes() == path.read_bytes()

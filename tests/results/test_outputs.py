"""What lands on disk, and that nothing lands half-written."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import rasterio

import solweig
from solweig.rasters import geotiff
from solweig.rasters.georef import GeoReference
from solweig.results import outputs
from tests.support.run_cases import (
    COLS,
    LOCATION,
    NORTH,
    PIXEL,
    ROWS,
    WEST,
    crs_wkt,
    small_surface,
    weather,
)

GEOREF = GeoReference((WEST, PIXEL, 0.0, NORTH, 0.0, -PIXEL), crs_wkt(), (ROWS, COLS))
NOON = datetime(2006, 8, 1, 12, 0)


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


def grid(value: float = 1.5) -> np.ndarray:
    values = np.full((ROWS, COLS), value, np.float32)
    values[0, 0] = np.nan
    return values


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_names_follow_the_layout() -> None:
    folder = Path("out")
    assert outputs.step_path(folder, "tmrt", NOON) == folder / "tmrt" / "tmrt_20060801_1200.tif"
    with_seconds = outputs.step_path(folder, "tmrt", NOON + timedelta(seconds=30))
    assert with_seconds.name == "tmrt_20060801_120030.tif"


def test_a_grid_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "tmrt.tif"
    outputs.write_geotiff(path, grid(), GEOREF, name="tmrt")
    with rasterio.open(path) as source:
        back = source.read(1)
        assert source.nodata == geotiff.NODATA
        assert source.crs.to_epsg() == 3006
        assert source.transform.to_gdal() == GEOREF.gdal
        assert source.descriptions == ("mean radiant temperature",)
        assert source.tags(1)["units"] == "degC"
    assert back[0, 0] == geotiff.NODATA
    assert (back.ravel()[1:] == 1.5).all()
    assert files(tmp_path) == ["tmrt.tif"]


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("missing", ["nothing", "some", "everything"])
@pytest.mark.parametrize("shape", [(1, 3), (512, 512), (700, 1500)])
def test_cloud_optimised_files(
    tmp_path: Path, shape: tuple[int, int], missing: str, mapped: bool
) -> None:
    values = np.random.default_rng(2).normal(30.0, 8.0, shape).astype(np.float32)
    if missing == "some":
        values[: shape[0] // 2, 1:5] = np.nan
        values[-1, -1] = np.inf
    elif missing == "everything":
        values[:] = np.nan
    given = values
    if mapped:
        np.save(tmp_path / "values.npy", values)
        given = np.load(tmp_path / "values.npy", mmap_mode="r")
    path = tmp_path / "utci_max.tif"
    geotiff.write_geotiff(path, given, GEOREF, name="utci_max", cloud_optimised=True)
    with rasterio.open(path) as source:
        assert source.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert source.overviews(1) == ([] if max(shape) <= 512 else [2, 4])
        assert source.nodata == geotiff.NODATA
        assert source.transform == GEOREF.affine
        assert source.descriptions[0].endswith("max")
        assert source.tags(1)["units"] == "degC"
        stored = source.read(1)
    known = np.isfinite(values)
    assert np.array_equal(stored[known], values[known])
    assert (stored[~known] == geotiff.NODATA).all()
    if max(shape) > 512:
        # Means of the cells that have a value.
        blocks = np.ma.masked_where(~known, values).reshape(350, 2, 750, 2)
        expected = blocks.mean(axis=(1, 3)).filled(geotiff.NODATA)
        with rasterio.open(path, overview_level=0) as source:
            assert source.nodata == geotiff.NODATA
            assert np.allclose(source.read(1), expected, atol=1e-4)
    assert files(tmp_path) == sorted(["utci_max.tif", *(["values.npy"] if mapped else [])])


def test_a_run_writes_steps_summaries_and_metadata(
    surface: solweig.SurfaceData, tmp_path: Path
) -> None:
    steps = weather()
    summary = solweig.calculate(
        surface, steps, LOCATION, output_dir=tmp_path, outputs=["tmrt", "shadow"]
    )
    written = files(tmp_path)
    for step in steps:
        for name in ("tmrt", "shadow"):
            assert f"{name}/{name}_{step.datetime:%Y%m%d_%H%M}.tif" in written
    for name in ("tmrt_mean", "utci_max", "sun_hours", "shade_hours", "utci_hours_above_32_day"):
        assert f"summary/{name}.tif" in written
    assert "run_metadata.json" in written
    assert not [name for name in written if "partial" in name or name.startswith(".")]
    assert summary.dataset is None
    with rasterio.open(tmp_path / "summary" / "tmrt_mean.tif") as source:
        assert source.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        back = source.read(1, masked=True).filled(np.nan)
    assert np.array_equal(back, summary.tmrt_mean, equal_nan=True)


def test_files_hold_what_memory_holds(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    steps = weather()
    solweig.calculate(surface, steps, LOCATION, output_dir=tmp_path, outputs=["tmrt"])
    data = solweig.calculate(surface, steps, LOCATION, outputs=["tmrt"]).dataset
    assert data is not None
    for i, step in enumerate(steps):
        with rasterio.open(outputs.step_path(tmp_path, "tmrt", step.datetime)) as source:
            back = source.read(1, masked=True).filled(np.nan)
        assert np.array_equal(back, data["tmrt"].values[i], equal_nan=True)


@pytest.mark.parametrize("switch", ["0", "1"])
def test_background_writing_changes_nothing(
    surface: solweig.SurfaceData,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    switch: str,
) -> None:
    names: list[str] = []
    original = outputs.write_geotiff

    def note(path: Path, *args: object, **kw: object) -> None:
        if path.parent.name == "tmrt":
            names.append(threading.current_thread().name)
        original(path, *args, **kw)  # type: ignore[arg-type]

    monkeypatch.setattr(outputs, "write_geotiff", note)
    monkeypatch.setenv("SOLWEIG_ASYNC_OUTPUT", switch)
    solweig.calculate(surface, weather(), LOCATION, output_dir=tmp_path, outputs=["tmrt"])
    assert len(names) == 4
    assert all(name.startswith("solweig-writer") == (switch == "1") for name in names)


def test_an_error_of_the_writer_surfaces(tmp_path: Path) -> None:
    def run() -> None:
        with outputs.StepWriter(tmp_path, GEOREF) as writer:
            writer.submit(NOON, {"tmrt": grid()})  # the folder tmrt does not exist

    with pytest.raises(rasterio.errors.RasterioIOError):
        run()


def test_a_full_disk_ends_the_run_and_is_recorded(
    surface: solweig.SurfaceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = outputs.write_geotiff

    def full(path: Path, *args: object, **kw: object) -> None:
        if path.name == "tmrt_20060801_1200.tif":
            raise OSError(28, "No space left on device")
        original(path, *args, **kw)  # type: ignore[arg-type]

    monkeypatch.setattr(outputs, "write_geotiff", full)
    with pytest.raises(OSError, match="No space left"):
        solweig.calculate(surface, weather(), LOCATION, output_dir=tmp_path, outputs=["tmrt"])
    assert solweig.load_run_metadata(tmp_path)["status"] == "failed"


def test_the_queue_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    written: list[Path] = []

    def slow(path: Path, *_: object, **__: object) -> None:
        gate.wait(10)
        written.append(path)

    monkeypatch.setattr(outputs, "write_geotiff", slow)
    submitted: list[int] = []
    with outputs.StepWriter(tmp_path, GEOREF, inflight_limit=2) as writer:

        def feed() -> None:
            for i in range(6):
                writer.submit(NOON + timedelta(hours=i), {"tmrt": grid()})
                submitted.append(i)

        feeder = threading.Thread(target=feed)
        feeder.start()
        time.sleep(0.3)
        held = len(submitted)
        gate.set()
        feeder.join(10)
    assert held <= 3, "two waiting and one being written"
    assert len(written) == 6


@pytest.mark.parametrize("error", [KeyboardInterrupt, solweig.ComputationCancelled])
def test_stopping_leaves_only_whole_files(
    surface: solweig.SurfaceData, tmp_path: Path, error: type[BaseException]
) -> None:
    def stop(current: int, _total: int) -> None:
        if current == 2:
            raise error

    with pytest.raises(error):
        solweig.calculate(
            surface,
            weather(),
            LOCATION,
            output_dir=tmp_path,
            outputs=["tmrt"],
            progress_callback=stop,
        )
    written = files(tmp_path)
    assert not [name for name in written if "partial" in name]
    assert "summary/tmrt_mean.tif" not in written
    for name in written:
        if name.endswith(".tif"):
            with rasterio.open(tmp_path / name) as source:
                assert np.isfinite(source.read(1)).all()
    assert solweig.load_run_metadata(tmp_path)["status"] == "interrupted"
    # The same run may be repeated without being asked to overwrite.
    solweig.calculate(surface, weather(), LOCATION, output_dir=tmp_path, outputs=["tmrt"])
    assert solweig.load_run_metadata(tmp_path)["status"] == "complete"


def test_the_folder_is_checked_before_any_work(
    surface: solweig.SurfaceData, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(solweig.ConfigurationError, match="can be written"):
        solweig.calculate(surface, weather(), LOCATION, output_dir=blocked)
    assert blocked.read_text() == "in the way"


def test_a_read_only_folder_is_refused(
    surface: solweig.SurfaceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    # Permissions do not bind root, under whom tests often run; the refusal is what matters.
    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(solweig.ConfigurationError, match="Permission denied"):
        solweig.calculate(surface, weather(), LOCATION, output_dir=tmp_path / "out")


def test_a_result_writes_its_own_files(tmp_path: Path) -> None:
    result = solweig.SolweigResult(tmrt=grid(50.0))
    assert result.compute_utci(30.0, rh=40.0, wind=2.0).shape == (ROWS, COLS)
    assert result.compute_pet(weather()[3])[1, 1] > 30.0
    result.to_geotiff(
        tmp_path, NOON, ["tmrt", "utci"], transform=GEOREF.gdal, crs_wkt=GEOREF.crs_wkt
    )
    assert files(tmp_path) == ["tmrt/tmrt_20060801_1200.tif", "utci/utci_20060801_1200.tif"]
    with pytest.raises(solweig.ConfigurationError, match="this result holds"):
        result.to_geotiff(tmp_path, NOON, ["kdown"])

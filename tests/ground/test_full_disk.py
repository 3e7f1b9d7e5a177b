"""A disk that is full is one error of one kind, wherever it shows."""

from __future__ import annotations

import errno
import pickle
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

import solweig
from solweig import DiskFull
from solweig.atomic import atomic_path, free_bytes, full_disk_told
from solweig.rasters.geotiff import write_geotiff
from solweig.rasters.room import raster_target
from solweig.results.comparison import compare_runs
from tests.support.rasters import scene
from tests.support.run_cases import LOCATION, small_surface, weather

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def nothing_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9, 4096))


def no_space(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def raised(error: Exception, cause: Exception | None = None) -> Callable[[], None]:
    def do() -> None:
        raise error from cause

    return do


@pytest.mark.parametrize(
    "fails",
    [
        raised(OSError(errno.ENOSPC, "No space left on device")),
        raised(OSError(errno.EDQUOT, "Disk quota exceeded")),
        raised(RuntimeError("zarr"), OSError(errno.ENOSPC, "No space left on device")),
        raised(OSError("2880 requested and 2016 written")),
        raised(rasterio.errors.RasterioError("TIFFWriteDirectoryTagData:IO error")),
    ],
)
@pytest.mark.usefixtures("nothing_free")
def test_whatever_libraries_say_of_it(tmp_path: Path, fails: Callable[[], None]) -> None:
    with pytest.raises(DiskFull) as info, full_disk_told(tmp_path / "a.tif"):
        fails()
    error = info.value
    assert isinstance(error, OSError)
    assert error.errno == errno.ENOSPC
    said = f"{tmp_path / 'a.tif'}: No space left on the disk (4 KiB free). Make room"
    assert str(error).startswith(said)
    assert "--out" in str(error)
    assert "--cache" in str(error)


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied"),
        OSError("2880 requested and 2016 written"),
        rasterio.errors.RasterioError("not recognized"),
        ValueError("no"),
    ],
)
def test_other_errors_stay_what_they_are(tmp_path: Path, error: Exception) -> None:
    """A short write on a disk with room has another reason."""
    with pytest.raises(type(error)) as info, full_disk_told(tmp_path):
        raise error
    assert not isinstance(info.value, DiskFull)


def test_the_error_survives_a_worker_process() -> None:
    error = pickle.loads(pickle.dumps(DiskFull("out", 3, 5 * 2**20)))
    assert str(error) == str(DiskFull("out", 3, 5 * 2**20))
    assert "3 B free, 5 MiB needed" in str(error)
    assert error.errno == errno.ENOSPC


def test_free_room_is_told_of_folders_that_are_not_there_yet(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "a" / "b") == pytest.approx(free_bytes(tmp_path), rel=0.1)


@pytest.mark.usefixtures("nothing_free")
def test_a_short_write_on_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_text("before")
    with pytest.raises(DiskFull, match=r"x\.npy"), atomic_path(tmp_path / "x.npy"):
        raise OSError("2880 requested and 2016 written")
    assert [p.name for p in tmp_path.iterdir()] == ["x.npy"]


# ------------------------------------------------------------------ rasters


@pytest.mark.parametrize("cog", [False, True])
def test_where_there_is_little_room_rasters_are_made_in_memory_and_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cog: bool
) -> None:
    grid, georef = scene()["dsm"], small_surface(svf=False).georef
    one, two = tmp_path / "one.tif", tmp_path / "two.tif"
    write_geotiff(one, grid, georef, name="tmrt", cloud_optimised=cog)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 0, 4 * grid.nbytes - 1))
    with raster_target(tmp_path / "three.tif", grid.nbytes, told=tmp_path / "three.tif") as place:
        assert place.startswith("/vsimem/")
        with rasterio.open(one) as source, rasterio.open(place, "w", **source.profile) as sink:
            sink.write(source.read())
    write_geotiff(two, grid, georef, name="tmrt", cloud_optimised=cog)
    assert one.read_bytes() == two.read_bytes()
    with rasterio.open(tmp_path / "three.tif") as source:
        np.testing.assert_array_equal(source.read(1), grid)


@pytest.mark.usefixtures("nothing_free")
def test_a_raster_for_which_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Path, "write_bytes", no_space)
    georef = small_surface(svf=False).georef
    with pytest.raises(DiskFull, match=r"tmrt\.tif: No space left"):
        write_geotiff(tmp_path / "tmrt.tif", scene()["dsm"], georef, name="tmrt")
    with pytest.raises(DiskFull, match=r"walls\.tif: No space left"):
        solweig.io.save_raster(tmp_path / "walls.tif", scene()["dsm"], georef.affine, None)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr().err == ""


# ------------------------------------------------------------------ runs and preparation


@pytest.fixture
def without_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np.lib.format, "open_memmap", no_space)
    monkeypatch.setattr(np, "save", no_space)


@pytest.mark.usefixtures("without_room")
@pytest.mark.parametrize("options", [{"tile_size": 16}, {"output_format": "zarr"}])
def test_a_run_whose_results_find_no_room(tmp_path: Path, options: dict[str, Any]) -> None:
    pytest.importorskip("zarr")
    surface = small_surface()
    with pytest.raises(DiskFull, match=r"out: No space left .* free, .* needed"):
        solweig.calculate(surface, weather(), LOCATION, output_dir=tmp_path / "out", **options)
    assert solweig.load_run_metadata(tmp_path / "out")["status"] == "failed"
    assert not (tmp_path / "out" / ".solweig").exists()


@pytest.mark.usefixtures("without_room")
def test_a_preparation_that_finds_no_room(tmp_path: Path) -> None:
    with pytest.raises(DiskFull, match="No space left on the disk"):
        solweig.SurfaceData.prepare(**scene(), pixel_size=2.0, working_dir=tmp_path / "cache")


def test_folders_that_cannot_be_made_for_want_of_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "touch", no_space)
    with pytest.raises(DiskFull):
        solweig.calculate(small_surface(), weather(), LOCATION, output_dir=tmp_path / "out")
    with pytest.raises(DiskFull):
        solweig.SurfaceData.prepare(**scene(), pixel_size=2.0, working_dir=tmp_path / "cache")


def test_a_comparison_and_a_picture_for_which_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    surface = small_surface()
    for name in "ab":
        done = solweig.calculate(surface, weather(), LOCATION, output_dir=tmp_path / name)
    capfd.readouterr()
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9, 4096))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", no_space)
        with pytest.raises(DiskFull, match=r"\.tif: No space left"):
            compare_runs(tmp_path / "a", tmp_path / "b", out=tmp_path / "c")
    assert not [p for p in (tmp_path / "c").rglob("*") if p.is_file()]
    assert capfd.readouterr().err == ""
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", no_space)
    with pytest.raises(DiskFull, match=r"day\.png: No space left"):
        done.plot(tmp_path / "day.png")
    assert not list(tmp_path.glob("*.png"))

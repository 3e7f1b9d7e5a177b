"""A run as one NetCDF file: the same numbers, at the same place, for every reader, or no file."""

from __future__ import annotations

import errno
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import xarray as xr
from rasterio.crs import CRS

import solweig
from solweig.errors import ConfigurationError, DiskFull
from solweig.rasters.georef import GeoReference
from solweig.results import netcdf
from solweig.results.metadata import load_run_metadata
from solweig.results.netcdf import NETCDF_NAME, refuse_other_netcdf, write_netcdf
from solweig.results.outputs import step_path, summary_path
from solweig.tiles.store import TileStore
from tests.support.run_cases import COLS, LOCATION, NORTH, PIXEL, ROWS, WEST, small_surface, weather

h5netcdf = pytest.importorskip("h5netcdf")
h5py = pytest.importorskip("h5py")

OUTPUTS = ["tmrt", "kdown", "shadow"]


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


def run(surface: solweig.SurfaceData, out: Path | None, **options: Any) -> Any:
    chosen: dict[str, Any] = {"outputs": OUTPUTS, "output_format": "netcdf", **options}
    if out is None:
        del chosen["output_format"]
    return solweig.calculate(surface, weather(), LOCATION, output_dir=out, **chosen)


@pytest.fixture(scope="module")
def written(surface: solweig.SurfaceData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("written")
    run(surface, out, output_format=["geotiff", "netcdf"])
    return out


@pytest.fixture
def opened(written: Path) -> Iterator[xr.Dataset]:
    with xr.open_dataset(written / NETCDF_NAME, engine="h5netcdf") as dataset:
        yield dataset


def test_it_holds_what_a_run_in_memory_gives(
    surface: solweig.SurfaceData, opened: xr.Dataset
) -> None:
    summary = run(surface, None)
    for name in summary.dataset.variables:
        assert np.array_equal(opened[name], summary.dataset[name], equal_nan=True), name
    for name, grid in summary.grids().items():
        assert opened[name].dims == ("y", "x")
        assert np.array_equal(opened[name], grid, equal_nan=True), name
    assert not {"tmrt_mean", "sun_hours", "utci_hours_above_32_day"} - set(opened.data_vars)
    for name in OUTPUTS:
        assert opened[name].dims == ("time", "y", "x")
        assert opened[name].dtype == np.float32
        assert opened[name].attrs == summary.dataset[name].attrs


def test_units_names_and_compression_by_chunk(opened: xr.Dataset) -> None:
    assert opened.attrs["Conventions"] == "CF-1.8"
    assert opened.kdown.attrs["standard_name"] == "surface_downwelling_shortwave_flux_in_air"
    assert opened.tmrt.attrs["units"] == "degC"
    assert opened.x.attrs["standard_name"] == "projection_x_coordinate"
    assert opened.time.attrs["standard_name"] == "time"
    stamps = [np.datetime64(step.datetime, "ns") for step in weather()]
    assert list(opened.time.values) == stamps
    assert opened.time.attrs["bounds"] == "time_bnds"
    assert opened.time_bnds.dims == ("time", "nv")
    assert opened.tmrt_max.attrs["cell_methods"] == "time: maximum"
    kept = opened.tmrt.encoding
    assert kept["chunksizes"] == (1, ROWS, COLS)
    assert (kept["zlib"], kept["shuffle"]) == (True, True)
    assert np.isnan(kept["_FillValue"])


def test_it_is_where_it_is_for_gdal(written: Path, opened: xr.Dataset) -> None:
    for name, count in (("kdown", 4), ("tmrt_mean", 1)):
        with rasterio.open(f"netcdf:{written / NETCDF_NAME}:{name}") as dataset:
            assert dataset.crs == CRS.from_epsg(3006)
            assert dataset.transform == rasterio.Affine(PIXEL, 0, WEST, 0, -PIXEL, NORTH)
            assert (dataset.count, *dataset.shape) == (count, ROWS, COLS)
            assert np.isnan(dataset.nodata)
            stack = opened[name].values.reshape(count, ROWS, COLS)
            assert np.array_equal(dataset.read(), stack, equal_nan=True)
    # North is up: the same cells as in the files of the steps.
    with rasterio.open(step_path(written, "kdown", weather()[3].datetime)) as tif:
        assert np.array_equal(tif.read(1, masked=True).filled(np.nan), opened.kdown.values[3])
    with rasterio.open(summary_path(written, "tmrt_mean")) as tif:
        own = tif.read(1, masked=True).filled(np.nan)
        assert np.array_equal(own, opened.tmrt_mean, equal_nan=True)


def test_other_readers(written: Path) -> None:
    path = written / NETCDF_NAME
    rioxarray = pytest.importorskip("rioxarray")
    with rioxarray.open_rasterio(f"netcdf:{path}:tmrt") as raster:
        assert raster.rio.crs == CRS.from_epsg(3006)
        assert raster.rio.bounds() == small_surface(svf=False).georef.bounds()
    with xr.open_dataset(path, engine="h5netcdf") as dataset:
        assert dataset.tmrt.rio.crs == CRS.from_epsg(3006)
        assert dataset.tmrt.rio.bounds() == small_surface(svf=False).georef.bounds()


def test_a_layer_goes_round(surface: solweig.SurfaceData, opened: xr.Dataset) -> None:
    """What was written is taken as a layer, on its own cells."""
    again = solweig.SurfaceData.prepare(opened.tmrt.isel(time=3) - 10.0)
    assert again.georef.gdal == surface.georef.gdal
    assert CRS.from_wkt(again.crs) == CRS.from_epsg(3006)


def test_stamps_of_a_zone_are_utc(tmp_path: Path) -> None:
    east = [datetime(2020, 7, 1, h, tzinfo=UTC) + timedelta(minutes=30) for h in (4, 5)]
    write(tmp_path, np.zeros((2, 3, 4), np.float32), times=east)
    with xr.open_dataset(tmp_path / NETCDF_NAME) as dataset:
        assert list(dataset.time.dt.hour) == [4, 5]
        assert "UTC" in dataset.time.attrs["long_name"]


def hours(count: int) -> np.ndarray[Any, Any]:
    ends = np.datetime64("2020-07-01") + np.arange(count) * np.timedelta64(1, "h")
    return np.stack([ends - np.timedelta64(1, "h"), ends], axis=1)


def write(folder: Path, steps: np.ndarray[Any, Any], **changes: Any) -> None:
    memory = TileStore()
    memory.put("step/tmrt", steps)
    options: dict[str, Any] = {
        "georef": GeoReference.of_grid(steps.shape[1:], 2.0, None, None),
        "times": [datetime(2020, 7, 1, h) for h in range(len(steps))],
        "bounds": hours(len(steps)), "version": "1", "grids": {"tmrt_mean": steps[0]},
        "series": {}, "run_id": "a", "request_id": "b", **changes,
    }  # fmt: skip
    write_netcdf(folder / NETCDF_NAME, memory, **options)


def test_windows_join(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any shape, whatever is in memory at one time."""
    monkeypatch.setattr(netcdf, "_CHUNK", 16)
    monkeypatch.setattr(netcdf, "_WINDOW", 32)
    steps = np.random.default_rng(1).random((2, 70, 33), dtype=np.float32)
    write(tmp_path, steps)
    with xr.open_dataset(tmp_path / NETCDF_NAME) as dataset:
        assert np.array_equal(dataset.tmrt, steps)
        assert np.array_equal(dataset.tmrt_mean, steps[0])
        assert dataset.tmrt.encoding["chunksizes"] == (1, 16, 16)


def test_memory_is_that_of_a_window(tmp_path: Path) -> None:
    steps = np.zeros((2, 4096, 2048), np.float32)
    mean = steps[0]
    tracemalloc.start()
    try:
        write(tmp_path, steps, grids={"tmrt_mean": mean})
        assert tracemalloc.get_traced_memory()[1] < mean.nbytes / 2
    finally:
        tracemalloc.stop()
    assert (tmp_path / NETCDF_NAME).stat().st_size < mean.nbytes / 20


# ------------------------------------------------------------------ harm


class Broken:
    """The disk of a sink that gives an error from some byte on, whichever write comes there."""

    def __init__(self, file: Any, error: BaseException, limit: int) -> None:
        self._file, self._error, self._limit = file, error, limit

    def write(self, data: Any) -> int:
        if self._file.tell() + len(data) > self._limit:
            raise self._error
        return int(self._file.write(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


NO_ROOM = OSError(errno.ENOSPC, "No space left on device")


def open_files() -> int:
    return int(h5py.h5f.get_obj_count(types=h5py.h5f.OBJ_FILE))


@pytest.fixture
def harm(monkeypatch: pytest.MonkeyPatch) -> Any:
    def prepare(error: BaseException, limit: int) -> None:
        begin = netcdf._Sink.__init__

        def broken(sink: Any, path: Path) -> None:
            begin(sink, path)
            sink._file = Broken(sink._file, error, limit)

        monkeypatch.setattr(netcdf._Sink, "__init__", broken)

    return prepare


@pytest.mark.parametrize("limit", [0, 5_000, 100_000, 1_000_000])
@pytest.mark.parametrize(
    ("error", "raised"), [(NO_ROOM, DiskFull), (KeyboardInterrupt(), KeyboardInterrupt)]
)
def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, harm: Any, error: BaseException, raised: type[BaseException], limit: int
) -> None:
    """HDF5 hears of nothing: it would end the process later."""
    (tmp_path / NETCDF_NAME).write_text("before")
    harm(error, limit)
    before = open_files()
    steps = np.random.default_rng(1).random((3, 600, 600), dtype=np.float32)
    with pytest.raises(raised):
        write(tmp_path, steps)
    assert [p.name for p in tmp_path.iterdir()] == [NETCDF_NAME]
    assert (tmp_path / NETCDF_NAME).read_text() == "before"
    assert open_files() == before


def test_a_run_that_finds_no_room_is_resumed(
    surface: solweig.SurfaceData, written: Path, tmp_path: Path, harm: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    out = tmp_path / "out"
    harm(NO_ROOM, 5_000)
    with pytest.raises(DiskFull, match=NETCDF_NAME):
        run(surface, out, output_format=["geotiff", "netcdf"])
    assert load_run_metadata(out)["status"] == "failed"
    assert not (out / NETCDF_NAME).exists()
    assert (out / ".solweig").exists()
    (out / f".{Path(NETCDF_NAME).stem}.123.partial.nc").write_text("of a run that was killed")
    monkeypatch.undo()
    run(surface, out, output_format=["geotiff", "netcdf"], resume=True)
    assert (out / NETCDF_NAME).read_bytes() == (written / NETCDF_NAME).read_bytes()
    assert not list(out.glob(".*"))


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize("package", ["h5netcdf", "h5py"])
def test_a_missing_package_is_named_before_any_work(
    surface: solweig.SurfaceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigurationError, match=r"pip install 'solweig\[netcdf\]'"):
        run(surface, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_old_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h5netcdf, "__version__", "0.9.0")
    with pytest.raises(ConfigurationError, match=r"h5netcdf 1 or newer, got 0\.9\.0"):
        netcdf.need_netcdf()


def test_it_needs_a_folder(surface: solweig.SurfaceData) -> None:
    with pytest.raises(ConfigurationError, match="a folder for netcdf"):
        solweig.calculate(surface, weather(), LOCATION, output_format="netcdf")


@pytest.mark.parametrize("content", [b"", b"mine", b"\x89HDF\r\n\x1a\n" + bytes(40)])
def test_a_file_that_is_not_ours_is_not_touched(
    surface: solweig.SurfaceData, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / NETCDF_NAME
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="not ours"):
        run(surface, tmp_path)
    assert path.read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == [NETCDF_NAME]


def test_another_run_is_refused_and_makes_room_when_told(
    surface: solweig.SurfaceData, written: Path, tmp_path: Path
) -> None:
    path = tmp_path / NETCDF_NAME
    path.write_bytes((written / NETCDF_NAME).read_bytes())
    run_id = load_run_metadata(written)["run_id"]
    refuse_other_netcdf(path, run_id=run_id)
    with pytest.raises(ConfigurationError, match="another run"):
        run(surface, tmp_path, max_shadow_distance_m=30.0)
    assert path.read_bytes() == (written / NETCDF_NAME).read_bytes()
    run(surface, tmp_path)  # the same run may be repeated
    run(surface, tmp_path, output_format="geotiff", overwrite=True, max_shadow_distance_m=30.0)
    assert not path.exists()

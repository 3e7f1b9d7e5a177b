"""Arrays that are not in memory give the same surface, and only what is needed of them is read."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray
from rasterio.crs import CRS

from solweig import InvalidSurfaceData, SurfaceData
from solweig.rasters import lazy_cells
from solweig.rasters.align import read_on_grid
from solweig.rasters.grids import Grid
from solweig.rasters.labelled import labelled_source
from solweig.surface.reading import read_layers
from tests.rasters.test_labelled import PIXEL, cases, degrees, labelled, spatial_ref
from tests.support.rasters import NORTH, WEST, scene

dask_array = pytest.importorskip("dask.array")

SIDE = 300


class Blocks:
    """A large array that is made block by block, and remembers which blocks were asked for."""

    def __init__(self, shape: tuple[int, int] = (900, 1200), chunk: int = SIDE) -> None:
        self.asked: list[tuple[int, int]] = []
        rows, cols = shape
        self.values = (
            20.0 + np.random.default_rng(3).random(shape) + np.arange(cols) / 50.0
        ).astype(np.float32)
        made = dask_array.map_blocks(
            self._block, chunks=(chunks(rows, chunk), chunks(cols, chunk)), dtype=np.float32,
            meta=np.zeros((0, 0), np.float32),
        )  # fmt: skip
        self.array = self.labelled(made)

    def _block(self, block_info: Any = None) -> NDArray[np.float32]:
        where = block_info[None]
        self.asked.append(tuple(where["chunk-location"]))
        (r0, r1), (c0, c1) = where["array-location"]
        return self.values[r0:r1, c0:c1]

    def labelled(self, values: Any) -> xr.DataArray:
        rows, cols = self.values.shape
        x = WEST + PIXEL * (np.arange(cols) + 0.5)
        y = NORTH - PIXEL * (np.arange(rows) + 0.5)
        return labelled(values, x=x, y=y, spatial_ref=spatial_ref(None))


def chunks(count: int, side: int) -> tuple[int, ...]:
    return tuple(min(side, count - first) for first in range(0, count, side))


@pytest.mark.parametrize("name", cases())
@pytest.mark.parametrize("chunk", [7, {"x": 50}, -1])
def test_every_spelling_of_a_grid(name: str, chunk: Any) -> None:
    array = cases()[name]
    sizes = chunk if isinstance(chunk, int) else {array.dims[-1]: 13}
    known, lazy = labelled_source("dsm", array), labelled_source("dsm", array.chunk(sizes))
    assert known is not None
    assert lazy is not None
    assert lazy.values is None
    assert lazy.grid == known.grid
    assert np.array_equal(lazy.cells(), known.cells(), equal_nan=True)
    assert lazy.cells().dtype == np.float32


def test_stored_numbers_and_marks() -> None:
    stored = np.round(scene()["dsm"] * 10).astype(np.int16)
    stored[3, 4] = -999
    attrs = {"scale_factor": 0.1, "_FillValue": -999, "units": "ft"}
    array = labelled(stored, spatial_ref=spatial_ref(), attrs=attrs)
    known, lazy = (labelled_source("dsm", a) for a in (array, array.chunk(9)))
    assert known is not None
    assert lazy is not None
    assert np.isnan(lazy.cells()[3, 4])
    assert np.array_equal(lazy.cells(), known.cells(), equal_nan=True)


@pytest.mark.parametrize("most", [1, 2 * SIDE * SIDE, 1 << 22])
def test_a_box_reads_its_blocks_once(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(lazy_cells, "_MOST_CELLS", most)
    blocks = Blocks()
    # Rows 100 to 350, columns 650 to 950.
    west, north = WEST + PIXEL * 650, NORTH - PIXEL * 100
    bbox = (west, north - PIXEL * 250, west + PIXEL * 300, north)
    source = labelled_source("dsm", blocks.array)
    assert source is not None
    assert blocks.asked == [], "read before anything was asked for"
    arrays, grid = read_layers({"dsm": blocks.array}, bbox=bbox)
    assert grid.shape == (250, 300)
    assert np.array_equal(arrays["dsm"], blocks.values[100:350, 650:950])
    assert sorted(blocks.asked) == [(0, 2), (0, 3), (1, 2), (1, 3)]


def test_outside_is_no_data() -> None:
    blocks = Blocks((40, 50), 20)
    source = labelled_source("dsm", blocks.array)
    assert source is not None
    own = source.grid
    shift = type(own.transform).translation(-3, -2)
    out = read_on_grid(source, Grid((10, 60), own.transform * shift, own.crs))
    assert np.array_equal(out[2:, 3:53], blocks.values[:8])
    assert np.isnan(out[:2]).all()
    assert np.isnan(out[:, :3]).all()
    assert np.isnan(out[:, 53:]).all()


@pytest.mark.parametrize("layer", ["dsm", "cdsm"])
@pytest.mark.parametrize("size", [0.7, 2.0, 5.0])
def test_other_cells_are_made_from_what_is_below_them(layer: str, size: float) -> None:
    blocks = Blocks()
    own = blocks.labelled(blocks.values)
    transform = [size, 0.0, WEST + 1000.3, 0.0, -size, NORTH - 500.7]
    known, lazy = labelled_source(layer, own), labelled_source(layer, blocks.array)
    assert known is not None
    assert lazy is not None
    grid = Grid((60, 80), type(known.grid.transform)(*transform), known.grid.crs)
    assert np.array_equal(read_on_grid(lazy, grid), read_on_grid(known, grid), equal_nan=True)
    assert len(set(blocks.asked)) == len(blocks.asked) <= 4


def test_degrees_are_reprojected_from_a_part() -> None:
    array = degrees()
    known, lazy = (SurfaceData.prepare(each, reproject="utm") for each in (array, array.chunk(11)))
    assert np.array_equal(known.dsm, lazy.dsm, equal_nan=True)


def test_memory_is_the_box_and_a_chunk() -> None:
    blocks = dask_array.ones((20_000, 20_000), chunks=(500, 500), dtype=np.float64)
    x = WEST + PIXEL * (np.arange(20_000) + 0.5)
    y = NORTH - PIXEL * (np.arange(20_000) + 0.5)
    array = labelled(blocks, x=x, y=y, spatial_ref=spatial_ref(None))
    source = labelled_source("dsm", array)
    assert source is not None
    assert source.lazy is not None
    tracemalloc.start()
    try:
        part = source.lazy.read(slice(3000, 5000), slice(7000, 15_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < part.nbytes + 150e6  # all of it would be 3 200 MB, the box as it is stored 128
    assert part.shape == (2000, 8000)


def test_a_file_that_is_open_is_read_by_window(tmp_path: Path) -> None:
    """Without dask: xarray reads what is asked for."""
    pytest.importorskip("h5netcdf")
    blocks = Blocks((1500, 1500), 500)
    own = blocks.labelled(blocks.values)
    own.to_dataset(name="dsm").to_netcdf(tmp_path / "dsm.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "dsm.nc", engine="h5netcdf") as dataset:
        source = labelled_source("dsm", dataset.assign_coords(spatial_ref=dataset.spatial_ref).dsm)
        assert source is not None
        assert source.lazy is not None
        assert np.array_equal(source.lazy.read(slice(3, 1400), slice(9, 700)),
                              blocks.values[3:1400, 9:700])  # fmt: skip
        assert lazy_cells.is_lazy(dataset.dsm), "it was read as a whole"


def test_what_a_graph_raises_is_told() -> None:
    def fail(block: Any) -> Any:
        raise OSError("bucket not found")

    values = dask_array.ones((40, 50), chunks=20).map_blocks(fail, dtype=np.float64)
    with pytest.raises(InvalidSurfaceData, match=r"dsm: .*OSError: bucket not found"):
        SurfaceData.prepare(labelled(values, spatial_ref=spatial_ref()))


def test_lazy_layers_are_prepared_run_and_edited(tmp_path: Path) -> None:
    """In memory, kept in files, in tiles: the surface of arrays that are in memory."""
    arrays = {n: labelled(layer, spatial_ref=spatial_ref()) for n, layer in scene().items()}
    lazy = {n: array.chunk({"y": 9, "x": 17}) for n, array in arrays.items()}
    known = SurfaceData.prepare(**arrays)
    kept = {"working_dir": tmp_path / "cache"}
    for options in ({}, {"tile_size": 16}, kept, kept):
        surface = SurfaceData.prepare(**lazy, **options)
        for name in scene():
            assert np.array_equal(getattr(surface, name), getattr(known, name), equal_nan=True)
        assert surface.svf is not None
        assert known.svf is not None
        assert np.array_equal(surface.svf.svf, known.svf.svf, equal_nan=True)
    higher = lazy["cdsm"] + 1.0
    edited, same = (known.with_changes(cdsm=each) for each in (higher, higher.compute()))
    assert np.array_equal(edited.cdsm, same.cdsm, equal_nan=True)
    plain = SurfaceData(lazy["dsm"], pixel_size=PIXEL)
    assert isinstance(plain.dsm, np.ndarray)


# ------------------------------------------------------------------ datasets


def dataset(**changes: Any) -> xr.Dataset:
    """The scene as one Dataset."""
    layers = {**scene(), **changes}
    return xr.Dataset(
        {n: labelled(v, spatial_ref=spatial_ref()) for n, v in layers.items() if v is not None}
    )


def test_a_dataset_is_its_layers() -> None:
    known = SurfaceData.prepare(
        **{n: labelled(v, spatial_ref=spatial_ref()) for n, v in scene().items()}
    )
    given = {
        "as it is": dataset(),
        "upper case": dataset().rename({n: n.upper() for n in scene()}),
        "lazy": dataset().chunk(16),
        "mapping beside": dataset().reset_coords("spatial_ref").map(
            lambda v: v.assign_attrs(grid_mapping="spatial_ref") if v.ndim else v, keep_attrs=True
        ),
        "crs of the whole": dataset().drop_vars("spatial_ref").assign_attrs(crs="EPSG:32633"),
    }  # fmt: skip
    for name, each in given.items():
        surface = SurfaceData.prepare(each)
        assert surface.georef.gdal == known.georef.gdal, name
        assert CRS.from_user_input(surface.crs) == CRS.from_epsg(32633), name
        for layer in scene():
            own = getattr(surface, layer)
            assert np.array_equal(own, getattr(known, layer), equal_nan=True), (name, layer)


def test_layers_beside_a_dataset() -> None:
    trees = labelled(scene()["cdsm"], spatial_ref=spatial_ref())
    surface = SurfaceData.prepare(dataset(cdsm=None), cdsm=trees)
    assert np.array_equal(surface.cdsm, SurfaceData.prepare(dataset()).cdsm)
    with pytest.raises(InvalidSurfaceData, match=r"cdsm: .*a variable of the Dataset and an arg"):
        SurfaceData.prepare(dataset(), cdsm=trees)


def test_datasets_that_are_not_clear(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(InvalidSurfaceData, match=r"dsm in the Dataset, got heights.*rename"):
        SurfaceData.prepare(dataset().rename(dsm="heights"))
    with pytest.raises(InvalidSurfaceData, match="two, dsm and DSM"):
        SurfaceData.prepare(dataset().assign(DSM=dataset().dsm))
    SurfaceData.prepare(dataset().assign(canopy=dataset().cdsm, station=3.0))
    assert "dataset: canopy not used; layers are dsm, " in caplog.text
    with pytest.raises(InvalidSurfaceData, match="Take one variable"):
        SurfaceData.prepare(dataset().dsm, cdsm=dataset())

"""DataArrays bring grid, projection and no-data value, whoever wrote them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import xarray as xr
from numpy.typing import NDArray

from solweig import InvalidSurfaceData, SurfaceData
from solweig.errors import GridShapeMismatch
from solweig.rasters.labelled import labelled_source
from tests.support.rasters import NORTH, WEST, scene, write_scene, write_tif

ROWS, COLS, PIXEL = 40, 50, 2.0
X = WEST + PIXEL * (np.arange(COLS) + 0.5)
Y = NORTH - PIXEL * (np.arange(ROWS) + 0.5)
GEOTRANSFORM = [WEST, PIXEL, 0.0, NORTH, 0.0, -PIXEL]
WKT = pyproj.CRS.from_epsg(32633).to_wkt()
#: West of GDAL's transform, as rioxarray and odc-geo write it.
TRANSFORM = f"{WEST} {PIXEL} 0.0 {NORTH} 0.0 {-PIXEL}"


def labelled(
    values: Any = None,
    x: NDArray[Any] | None = X,
    y: NDArray[Any] | None = Y,
    dims: tuple[str, str] = ("y", "x"),
    attrs: dict[str, Any] | None = None,
    **coords: Any,
) -> xr.DataArray:
    """An array with cell centres on the grid of the scene."""
    values = scene()["dsm"] if values is None else values
    own = {dim: each for dim, each in zip(dims, (y, x), strict=True) if each is not None}
    return xr.DataArray(values, dims=dims, coords={**own, **coords}, attrs=attrs or {})


def spatial_ref(transform: str | None = TRANSFORM, **attrs: Any) -> Any:
    """The scalar coordinate that rioxarray and odc-geo add."""
    own = {"crs_wkt": WKT, "spatial_ref": WKT, "grid_mapping_name": "transverse_mercator", **attrs}
    if transform is not None:
        own["GeoTransform"] = transform
    return xr.DataArray(0, attrs=own)


def cf_mapping(*, wkt: bool) -> Any:
    attrs = pyproj.CRS.from_epsg(32633).to_cf()
    if not wkt:
        attrs.pop("crs_wkt")
    return xr.DataArray(0, attrs=attrs)


def cases() -> dict[str, xr.DataArray]:
    """The same surface in every way in which it may be written."""
    dsm = scene()["dsm"]
    edges = {"x": X - PIXEL / 2, "y": Y + PIXEL / 2}
    return {
        "rioxarray": labelled(dsm[None][0], spatial_ref=spatial_ref()).expand_dims(band=[1]),
        "rioxarray without coordinates": labelled(x=None, y=None, spatial_ref=spatial_ref()),
        "odc-geo": labelled(spatial_ref=spatial_ref(), attrs={"grid_mapping": "spatial_ref"}),
        "cf without wkt": labelled(attrs={"grid_mapping": "utm"}, utm=cf_mapping(wkt=False)),
        "cf with wkt": labelled(attrs={"grid_mapping": "crs: x y"}, crs=cf_mapping(wkt=True)),
        "rasterio of old": labelled(
            attrs={"crs": "+init=epsg:32633", "transform": (2.0, 0.0, WEST, 0.0, -2.0, NORTH)}
        ),
        "attribute": labelled(attrs={"crs": "EPSG:32633"}),
        "a CRS object": labelled(attrs={"crs": pyproj.CRS.from_epsg(32633)}),
        "an epsg coordinate": labelled(epsg=32633),
        "corners, as stackstac has them": labelled(
            **edges, attrs={"crs": "epsg:32633", "transform": (2.0, 0.0, WEST, 0.0, -2.0, NORTH)}
        ),
        "transposed": labelled(dsm.T, x=Y, y=X, dims=("x", "y"), spatial_ref=spatial_ref()),
        "south first": labelled(dsm[::-1], y=Y[::-1], spatial_ref=spatial_ref(None)),
        "east first": labelled(dsm[:, ::-1], x=X[::-1], spatial_ref=spatial_ref(None)),
        "easting and northing": labelled(
            dims=("northing", "easting"), spatial_ref=spatial_ref(None)
        ),
        "axes by their attributes": labelled(
            dims=("b", "a"), spatial_ref=spatial_ref(None)
        ).assign_coords(
            a=("a", X, {"standard_name": "projection_x_coordinate"}), b=("b", Y, {"axis": "Y"})
        ),
        "kilometres": labelled(spatial_ref=spatial_ref(None)).assign_coords(
            x=("x", X / 1000.0, {"units": "km"}), y=("y", Y / 1000.0, {"units": "km"})
        ),
        "single precision": labelled(
            x=X.astype(np.float32), y=Y.astype(np.float32), spatial_ref=spatial_ref()
        ),
    }


@pytest.mark.parametrize("name", cases())
def test_every_way_to_write_a_grid(name: str) -> None:
    source = labelled_source("dsm", cases()[name])
    assert source is not None
    assert source.grid.shape == (ROWS, COLS)
    np.testing.assert_allclose(source.grid.geotransform, GEOTRANSFORM, atol=1e-6)
    assert source.grid.crs is not None
    assert source.grid.crs.to_epsg() == 32633
    np.testing.assert_array_equal(source.values, scene()["dsm"])


def test_prepare_takes_the_grid_of_a_data_array(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        surface = SurfaceData.prepare(labelled(scene()["dsm"][::-1], y=Y[::-1]))
    assert surface.pixel_size == PIXEL
    assert surface.geotransform == GEOTRANSFORM
    assert surface.crs is None
    np.testing.assert_array_equal(surface.dsm, scene()["dsm"])
    assert "dsm: rows run from south to north; turned" in caplog.text
    assert "dsm: no CRS" in caplog.text


def test_a_data_array_is_the_file_it_was_read_from(tmp_path: Path) -> None:
    files = write_scene(tmp_path)
    expected = SurfaceData.prepare(**files)
    arrays = {n: labelled(layer, spatial_ref=spatial_ref()) for n, layer in scene().items()}
    for given in (arrays, {**files, "dsm": arrays["dsm"]}, {**files, "cdsm": arrays["cdsm"]}):
        surface = SurfaceData.prepare(**given)
        for name in ("dsm", "dem", "cdsm", "land_cover", "wall_height"):
            np.testing.assert_array_equal(getattr(surface, name), getattr(expected, name))
        assert surface.geotransform == expected.geotransform
        np.testing.assert_array_equal(surface.require_svf().svf, expected.require_svf().svf)


def test_other_layers_are_aligned_as_files_are(tmp_path: Path) -> None:
    """Shifted by whole cells, of other cells, in another projection: as from a file."""
    files = write_scene(tmp_path)
    fine = np.repeat(np.repeat(scene()["cdsm"], 4, axis=0), 4, axis=1)
    x = WEST + 4.0 + 0.5 * (np.arange(fine.shape[1]) + 0.5)
    y = NORTH - 6.0 - 0.5 * (np.arange(fine.shape[0]) + 0.5)
    written = write_tif(tmp_path / "fine.tif", fine, pixel=0.5, west=WEST + 4.0, north=NORTH - 6.0)
    array = labelled(fine, x=x, y=y, spatial_ref=spatial_ref(None))
    with pytest.warns(UserWarning, match="cdsm: covers"):
        expected = SurfaceData.prepare(**{**files, "cdsm": written})
    with pytest.warns(UserWarning, match="cdsm: covers"):
        surface = SurfaceData.prepare(**{**files, "cdsm": array})
    np.testing.assert_array_equal(surface.cdsm, expected.cdsm)
    dsm = labelled(spatial_ref=spatial_ref())
    by_file = SurfaceData.prepare(files["dsm"], pixel_size=3.0)
    by_array = SurfaceData.prepare(dsm, pixel_size=3.0)
    np.testing.assert_allclose(by_array.dsm, by_file.dsm, atol=1e-5)
    assert by_array.geotransform == by_file.geotransform


def test_a_data_array_is_reprojected_as_a_file_is(tmp_path: Path) -> None:
    sphere = pyproj.CRS.from_epsg(3857).to_wkt()
    x, y = (8e5 + np.arange(COLS) + 0.5, 8e6 - np.arange(ROWS) - 0.5)
    array = labelled(x=x, y=y, attrs={"crs": sphere})
    path = write_tif(
        tmp_path / "m.tif", scene()["dsm"], crs="EPSG:3857", west=8e5, north=8e6, pixel=1.0
    )
    with pytest.raises(InvalidSurfaceData, match="--reproject utm"):
        SurfaceData.prepare(array)
    by_array, by_file = (SurfaceData.prepare(v, reproject="utm") for v in (array, path))
    assert by_array.geotransform == by_file.geotransform
    np.testing.assert_allclose(by_array.dsm, by_file.dsm, atol=1e-5)


def test_a_part_of_an_array_lies_where_it_lay() -> None:
    """Slices keep the transform of the whole among their attributes: coordinates hold."""
    whole = labelled(spatial_ref=spatial_ref())
    part = SurfaceData.prepare(whole.isel(y=slice(5, 25), x=slice(3, 33)))
    assert part.geotransform == [WEST + 6.0, PIXEL, 0.0, NORTH - 10.0, 0.0, -PIXEL]
    coarse = whole.coarsen(x=2, y=2).mean()
    assert SurfaceData.prepare(coarse).geotransform == [WEST, 4.0, 0.0, NORTH, 0.0, -4.0]
    row = labelled_source("dsm", whole.isel(y=slice(5, 6)))
    assert row is not None
    assert row.grid.geotransform == [WEST, PIXEL, 0.0, NORTH - 10.0, 0.0, -PIXEL]


@pytest.mark.parametrize(
    "kept", ["_FillValue", "missing_value", "nodata", "nodatavals", "encoding", "masked"]
)
def test_no_data_values(kept: str) -> None:
    integer = kept == "encoding"
    values = np.rint(scene()["dsm"]).astype(np.int16 if integer else np.float32)
    values[3, 4] = -9999
    array = labelled(values, spatial_ref=spatial_ref())
    if kept == "encoding":
        array.encoding["_FillValue"] = -9999
    elif kept == "masked":
        array = array.where(array != -9999)
    else:
        array.attrs[kept] = (-9999.0,) if kept == "nodatavals" else -9999.0
    surface = SurfaceData.prepare(array)
    assert np.isnan(surface.dsm[3, 4])
    assert np.isnan(surface.dsm).sum() == 1


def test_scale_offset_and_unit_of_an_array() -> None:
    stored = np.rint((scene()["dsm"] - 10.0) / 0.01).astype(np.int16)
    attrs = {"scale_factor": 0.01, "add_offset": 10.0}
    metres = SurfaceData.prepare(labelled(stored, spatial_ref=spatial_ref(), attrs=attrs))
    np.testing.assert_allclose(metres.dsm, scene()["dsm"], atol=0.00501)
    feet = labelled(scene()["dsm"] / 0.3048, spatial_ref=spatial_ref(), attrs={"units": "ft"})
    np.testing.assert_allclose(SurfaceData.prepare(feet).dsm, scene()["dsm"], rtol=3e-7)


# ------------------------------------------------------------------ what is refused


def degrees(**coords: Any) -> xr.DataArray:
    lon, lat = 14.0 + 2e-5 * np.arange(COLS), 50.0 - 1e-5 * np.arange(ROWS)
    return labelled(x=lon, y=lat, dims=("lat", "lon"), **coords)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (labelled(x=np.r_[X[:-1], X[-1] + 1.0]), "coordinates x in equal steps"),
        (labelled(y=(NORTH - 0.3 * np.arange(ROWS)).astype(np.float32)), "double precision"),
        (labelled(x=np.r_[X[:-1], np.nan]), "finite coordinates x"),
        (labelled(x=np.arange(COLS), y=np.arange(ROWS)), "counters of cells, 0 to 49"),
        (degrees(), r"geographic CRS in degrees.*--reproject utm"),
        (degrees(spatial_ref=spatial_ref(None)), "coordinates in degrees"),
        (labelled(y=None), "coordinates of y, got none"),
        (labelled(attrs={"grid_mapping": "crs"}), r"the coordinate 'crs', .*decode_coords='all'"),
        (labelled(attrs={"crs": "EPSG:999999"}), "a CRS that is known"),
        (labelled().expand_dims(time=3), r"also time \(3\)"),
        (labelled().to_dataset(name="surface"), "a variable dsm in the Dataset, got surface"),
        (labelled(dims=("b", "a")), "dimensions y and x"),
        (labelled(scene()["dsm"].astype(str)), "dtype <U"),
        (
            labelled(x=None, y=None, lon=(("y", "x"), scene()["dsm"])),
            "coordinates in two dimensions: lon",
        ),
        (
            labelled(x=None, y=None, spatial_ref=spatial_ref("0 1 0.5 0 0.5 -1")),
            "expected a north-up grid",
        ),
        (
            labelled(x=np.arange(COLS) + 0.5, y=np.arange(ROWS) + 0.5,
                     spatial_ref=xr.DataArray(0, attrs={"GeoTransform": "0 1 0 0 0 1"})),
            "counters of cells",
        ),
        (labelled().assign_coords(x=("x", X, {"units": "rods"})), "the unit 'rods'"),
        (labelled(attrs={"crs": 'LOCAL_CS["site",UNIT["metre",1]]'}), "Engineering CRS"),
        (labelled(x=X * 1.5), "square pixels"),
        (labelled(x=None, y=None), "pixel_size: expected the side of a cell"),
    ],
)  # fmt: skip
def test_arrays_that_say_no_grid(array: Any, said: str) -> None:
    with pytest.raises(InvalidSurfaceData, match=said):
        SurfaceData.prepare(array)


def test_degrees_can_be_reprojected() -> None:
    surface = SurfaceData.prepare(degrees(), reproject="utm")
    assert surface.pixel_size == 1.3  # 1.43 m by 1.11 m
    assert surface.crs is not None
    assert "zone 33N" in surface.crs


def test_an_array_of_another_shape_beside_a_plain_one() -> None:
    with pytest.raises(GridShapeMismatch, match="cdsm"):
        SurfaceData.prepare(scene()["dsm"], cdsm=labelled()[:, :20], pixel_size=PIXEL)
    with pytest.raises(InvalidSurfaceData, match="pixel_size: expected 2 m, as cdsm has it"):
        SurfaceData.prepare(scene()["dsm"], cdsm=labelled(scene()["cdsm"]), pixel_size=1.0)


def test_an_array_beside_a_plain_one_is_turned_north_up() -> None:
    south_first = labelled(scene()["cdsm"][::-1], y=Y[::-1])
    surface = SurfaceData.prepare(scene()["dsm"], cdsm=south_first, pixel_size=PIXEL)
    np.testing.assert_array_equal(surface.cdsm, scene()["cdsm"])


def test_an_edit_from_a_data_array(tmp_path: Path) -> None:
    """Where the array lies it counts, and nowhere else."""
    base = SurfaceData.prepare(**write_scene(tmp_path))
    trees = np.full((4, 6), 7.0, np.float32)
    trees[0, 0] = 5.0
    x, y = X[10:16], Y[30:34]
    array = labelled(trees[::-1], x=x, y=y[::-1], spatial_ref=spatial_ref(None))
    edited = base.with_changes(cdsm=array)
    expected = scene()["cdsm"]
    expected[30:34, 10:16] = trees
    np.testing.assert_array_equal(edited.cdsm, expected)
    bare = labelled(trees, x=None, y=None)
    by_window = base.with_changes(cdsm=bare, window=(30, 34, 10, 16))
    np.testing.assert_array_equal(by_window.cdsm, expected)

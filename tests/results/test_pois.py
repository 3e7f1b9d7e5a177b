"""Points of interest: every way to give them, and where they may not lie."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import solweig
from solweig.rasters.georef import GeoReference
from solweig.results.pois import read_points
from tests.support.run_cases import LOCATION, ROWS, small_surface, weather, xy


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


@pytest.fixture(scope="module")
def grid(surface: solweig.SurfaceData) -> GeoReference:
    return surface.georef


def feature(x: float, y: float, **properties: object) -> dict[str, object]:
    point = {"type": "Point", "coordinates": [x, y]}
    return {"type": "Feature", "geometry": point, "properties": properties}


def test_cells_of_coordinates(grid: GeoReference) -> None:
    points = read_points({"a": xy(0, 0), "b": xy(5, 7)}, grid)
    assert points.names == ("a", "b")
    assert points.cells.tolist() == [[0, 0], [5, 7]]
    unnamed = read_points([xy(2, 3)], grid)
    assert unnamed.names == ("point 1",)
    assert unnamed.cells.dtype == np.int64


def test_edges_belong_to_the_cell_east_and_south(grid: GeoReference) -> None:
    west, _, _, north = grid.bounds()
    assert read_points([(west, north)], grid).cells.tolist() == [[0, 0]]
    with pytest.raises(solweig.ConfigurationError):
        read_points([(west, grid.bounds()[1])], grid)


def test_geojson_in_the_raster_crs(tmp_path: Path, grid: GeoReference) -> None:
    file = tmp_path / "p.geojson"
    file.write_text(json.dumps(feature(*xy(4, 6), name="mast", crs="EPSG:3006")))
    points = read_points(file, grid)
    assert points.names == ("mast",)
    assert points.cells.tolist() == [[4, 6]]


def test_geojson_is_wgs84_unless_it_says_otherwise(tmp_path: Path, grid: GeoReference) -> None:
    from pyproj import Transformer

    to_degrees = Transformer.from_crs(3006, 4326, always_xy=True)
    collection = {
        "type": "FeatureCollection",
        "features": [feature(*to_degrees.transform(*xy(r, c))) for r, c in ((4, 6), (9, 20))],
    }
    file = tmp_path / "p.geojson"
    file.write_text(json.dumps(collection))
    assert read_points(file, grid).cells.tolist() == [[4, 6], [9, 20]]


def test_equal_names_are_told_apart(tmp_path: Path, grid: GeoReference) -> None:
    file = tmp_path / "p.json"
    both = [feature(*xy(1, c), name="x", crs="EPSG:3006") for c in (1, 2)]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": both}))
    assert read_points(file, grid).names == ("x", "x (2)")


def test_geopackage(tmp_path: Path, grid: GeoReference) -> None:
    geopandas = pytest.importorskip("geopandas")
    cells = [(4, 6), (20, 1)]
    x, y = zip(*(xy(*c) for c in cells), strict=True)
    frame = geopandas.GeoDataFrame(
        {"name": ["mast", "bench"]}, geometry=geopandas.points_from_xy(x, y), crs="EPSG:3006"
    )
    file = tmp_path / "p.gpkg"
    frame.to_crs(4326).to_file(file, driver="GPKG")
    points = read_points(file, grid)
    assert points.names == ("mast", "bench")
    assert points.cells.tolist() == [list(c) for c in cells]


def test_outside_the_raster_names_the_point(grid: GeoReference) -> None:
    with pytest.raises(solweig.ConfigurationError, match=r"'far'.*inside the raster") as caught:
        read_points({"near": xy(1, 1), "far": (0.0, 0.0)}, grid)
    assert caught.value.field == "pois 'far'"


@pytest.mark.parametrize("source", [[], {}, [(1.0,)], {"a": "xy"}, [(float("nan"), 1.0)]])
def test_not_points(source: object, grid: GeoReference) -> None:
    with pytest.raises(solweig.ConfigurationError):
        read_points(source, grid)  # type: ignore[arg-type]


def test_bad_files(tmp_path: Path, grid: GeoReference) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.geojson"):
        read_points(tmp_path / "none.geojson", grid)
    for name, text in (
        ("a.geojson", "not json"),
        ("b.geojson", '{"type": "Polygon", "coordinates": []}'),
        ("c.shp", ""),
        ("d.gpkg", "not a database, though long enough to be read as one " * 20),
    ):
        file = tmp_path / name
        file.write_text(text)
        with pytest.raises(solweig.ConfigurationError):
            read_points(file, grid)


def test_the_table_holds_every_flux_at_the_cell(surface: solweig.SurfaceData) -> None:
    steps = weather()
    cells = {"house side": (15, 12), "lawn": (3, 27)}
    summary = solweig.calculate(
        surface, steps, LOCATION, pois={n: xy(*c) for n, c in cells.items()},
        outputs=["tmrt", "utci", "pet", "shadow", "kdown", "kup", "ldown", "lup"],
    )  # fmt: skip
    table, data = summary.pois, summary.dataset
    assert table is not None
    assert data is not None
    assert len(table) == len(cells) * len(steps)
    assert set(table["poi"]) == set(cells)
    for name in ("kside", "lside", "keast", "lnorth", "tg", "f_sh", "drad"):
        assert np.isfinite(table[name]).all(), name
    for name, (row, col) in cells.items():
        rows = table[table["poi"] == name]
        assert (rows["row"] == row).all()
        assert (rows["col"] == col).all()
        assert list(rows["time"]) == [s.datetime for s in steps]
        for variable in ("tmrt", "utci", "pet", "shadow", "kdown", "kup", "ldown", "lup"):
            series = data[variable].values[:, row, col]
            # The table keeps double precision, the grids single.
            assert np.allclose(rows[variable], series, rtol=2e-6, atol=1e-4), variable


def test_without_a_crs_coordinates_are_the_raster_s_own(grid: GeoReference) -> None:
    plain = GeoReference(grid.gdal, "", grid.shape)
    assert read_points([xy(ROWS - 1, 0)], plain).cells.tolist() == [[ROWS - 1, 0]]

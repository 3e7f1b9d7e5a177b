"""Points of interest: every way to give them, and where they may not lie."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
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


# ------------------------------------------------------------------ names, layers, formats

CELLS = [(4, 6), (20, 1)]


def frame(geometry: list[object] | None = None, crs: object = 3006, **columns: object) -> Any:
    geopandas = pytest.importorskip("geopandas")
    import shapely

    shapes = geometry or [shapely.Point(*xy(*cell)) for cell in CELLS]
    return geopandas.GeoDataFrame(columns, geometry=shapes, crs=crs)


@pytest.mark.parametrize("column", ["name", "Name", "NAME", " nAmE "])
@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "csv"])
def test_names_in_any_case(tmp_path: Path, grid: GeoReference, column: str, suffix: str) -> None:
    file = tmp_path / f"p.{suffix}"
    names = ["mast", "bench"]
    pairs = list(zip(CELLS, names, strict=True))
    if suffix == "csv":
        rows = ["{};{};{}".format(n, *xy(*c)) for n, c in zip(names, CELLS, strict=True)]
        file.write_text("\n".join([f"{column};x;y", *rows]))
    elif suffix == "gpkg":
        frame(**{column: names}).to_file(file, driver="GPKG")
    else:
        both = [feature(*xy(*c), crs="EPSG:3006", **{column: n}) for c, n in pairs]
        file.write_text(json.dumps({"type": "FeatureCollection", "features": both}))
    points = read_points(file, grid)
    assert points.names == ("mast", "bench")
    assert points.cells.tolist() == [list(cell) for cell in CELLS]


@pytest.mark.parametrize("dimensions", [2, 3])
def test_multipoints_of_a_geopackage(tmp_path: Path, grid: GeoReference, dimensions: int) -> None:
    import shapely

    height = (7.0,) * (dimensions - 2)
    cells = [[(4, 6), (5, 6)], [(20, 1)]]
    shapes = [shapely.MultiPoint([(*xy(*c), *height) for c in group]) for group in cells]
    file = tmp_path / "m.gpkg"
    frame(shapes, name=["row", "bench"]).to_file(file, driver="GPKG")
    points = read_points(file, grid)
    assert points.names == ("row", "row (2)", "bench")
    assert points.cells.tolist() == [[4, 6], [5, 6], [20, 1]]


def test_a_layer_of_a_geopackage_is_named(tmp_path: Path, grid: GeoReference) -> None:
    file = tmp_path / "p.gpkg"
    import shapely

    other = [shapely.Point(*xy(1, 1)), shapely.Point(*xy(2, 2))]
    polygons = [shape.buffer(1.0) for shape in other]
    frame(polygons, name=["a", "b"]).to_file(file, layer="roofs", driver="GPKG")
    frame(other, name=["a", "b"]).to_file(file, layer="old", driver="GPKG")
    assert read_points(file, grid).cells.tolist() == [[1, 1], [2, 2]]
    frame(name=["mast", "bench"]).to_file(file, layer="stations", driver="GPKG")
    with pytest.raises(solweig.ConfigurationError, match=r"2 layers of points, old, sta.*\|la"):
        read_points(file, grid)
    for source in (f"{file}|layername=stations", Path(f"{file}|layername=Stations")):
        assert read_points(source, grid).names == ("mast", "bench")
    for layer in ("roofs", "nowhere"):
        with pytest.raises(solweig.ConfigurationError, match="layer of points among old, stations"):
            read_points(f"{file}|layername={layer}", grid)


def test_a_geopackage_without_a_system_holds_the_rasters_coordinates(
    tmp_path: Path, grid: GeoReference
) -> None:
    import sqlite3

    file = tmp_path / "p.gpkg"
    frame(name=["mast", "bench"]).to_file(file, driver="GPKG")
    with sqlite3.connect(file) as db:
        db.execute("UPDATE gpkg_geometry_columns SET srs_id = -1")
    assert read_points(file, grid).cells.tolist() == [list(cell) for cell in CELLS]


@pytest.mark.parametrize("crs", [3006, 4326, None])
def test_shapefiles(tmp_path: Path, grid: GeoReference, crs: int | None) -> None:
    file = tmp_path / "p.shp"
    points = frame(NAME=["mast", "bench"], crs=3006)
    if crs == 4326:
        points = points.to_crs(4326)
    points.to_file(file)
    if crs is None:
        file.with_suffix(".prj").unlink()
    found = read_points(file, grid)
    assert found.names == ("mast", "bench")
    assert found.cells.tolist() == [list(cell) for cell in CELLS]


def test_shapefiles_without_the_extra(
    tmp_path: Path, grid: GeoReference, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "geopandas", None)
    file = tmp_path / "p.shp"
    file.write_bytes(b"")
    with pytest.raises(solweig.ConfigurationError, match=r"solweig\[geo\]"):
        read_points(file, grid)


@pytest.mark.parametrize(
    ("header", "row", "separator"),
    [
        ("name,x,y", "{name},{x},{y}", "."),
        ("Name,Easting,Northing", "{name},{x},{y}", "."),
        ("X\tY\tNAME", "{x}\t{y}\t{name}", "."),
        ("name;x;y", "{name};{x};{y}", ","),
        ("station,name,lon,lat", "7,{name},{lon},{lat}", "."),
        ("Longitude;Latitude;Name", "{lon};{lat};{name}", ","),
        ("name,x,y,crs", "{name},{lon},{lat},EPSG:4326", "."),
        ("\ufeffname,x,y", '"{name}",{x},{y}', "."),
    ],
)
def test_tables(tmp_path: Path, grid: GeoReference, header: str, row: str, separator: str) -> None:
    from pyproj import Transformer

    to_degrees = Transformer.from_crs(3006, 4326, always_xy=True)
    lines = [header]
    for name, cell in zip(("mast", "bänk"), CELLS, strict=True):
        x, y = xy(*cell)
        lon, lat = to_degrees.transform(x, y)
        numbers = {k: repr(float(v)).replace(".", separator) for k, v in
                   {"x": x, "y": y, "lon": lon, "lat": lat}.items()}  # fmt: skip
        lines.append(row.format(name=name, **numbers))
    file = tmp_path / "p.csv"
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    points = read_points(file, grid)
    assert points.names == ("mast", "bänk")
    assert points.cells.tolist() == [list(cell) for cell in CELLS]
    file.write_text("\n".join(lines), encoding="latin-1", errors="ignore")
    assert read_points(file, grid).names == ("mast", "bänk")


def test_a_table_of_an_earlier_run_is_a_table_of_points(tmp_path: Path, grid: GeoReference) -> None:
    (x, y), file = xy(4, 6), tmp_path / "pois.csv"
    file.write_text(f"poi,time,x,y,row,col\nmast,2006-08-01,{x},{y},4,6\n")
    assert read_points(file, grid).names == ("mast",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "an empty file"),
        ("name,row,col\na,1,2\n", r"columns x and y .*got name, row, col.*--pois"),
        ("name,x,y\na,1\n", "two numbers"),
        ("name,x,y\na,east,north\n", "two numbers"),
        ("name,x,y\na,12.0,57.7\n", r"inside the raster.*DSM's CRS"),
        ("name,x,y\n", "at least one point"),
        ("name,x,y,crs\na,1,2,EPSG:0\n", "a known CRS"),
    ],
)
def test_tables_that_cannot_be_used(
    tmp_path: Path, grid: GeoReference, text: str, said: str
) -> None:
    file = tmp_path / "p.csv"
    file.write_text(text)
    with pytest.raises(solweig.ConfigurationError, match=said):
        read_points(file, grid)


def test_a_table_in_memory_is_refused_by_its_kind(grid: GeoReference) -> None:
    with pytest.raises(
        solweig.ConfigurationError, match=r"got DataFrame.*Write the table to a file"
    ):
        read_points(pd.DataFrame({"x": [1.0], "y": [2.0]}), grid)  # type: ignore[arg-type]


def test_degrees_on_a_raster_that_does_not_say_where_it_lies(
    tmp_path: Path, grid: GeoReference
) -> None:
    file = tmp_path / "p.csv"
    file.write_text("lon,lat\n12.0,57.7\n")
    plain = GeoReference(grid.gdal, "", grid.shape)
    with pytest.raises(solweig.ConfigurationError, match="which has no CRS, got degrees"):
        read_points(file, plain)


def test_other_geometries_are_refused(tmp_path: Path, grid: GeoReference) -> None:
    import shapely

    lines = [shapely.LineString([xy(1, 1), xy(2, 2)])]
    for name, driver in (("l.gpkg", "GPKG"), ("l.shp", "ESRI Shapefile")):
        frame(lines, name=["road"]).to_file(tmp_path / name, driver=driver)
        with pytest.raises(solweig.ConfigurationError, match="pois: expected"):
            read_points(tmp_path / name, grid)

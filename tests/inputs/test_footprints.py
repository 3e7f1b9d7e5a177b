"""Footprints of every format, with the attributes people have, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

import solweig
from tests.support.town import SOUTH, UTM32, WEST, Town
from tests.support.town_checks import TOWN, build, read, texts, tif

HEIGHTS = [house.height for house in TOWN.houses]


@pytest.fixture(scope="module")
def dem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tif(tmp_path_factory.mktemp("dem") / "dem.tif", TOWN.dem())


def stands(built: solweig.BuiltSurface, heights: list[float] | None = None) -> bool:
    """Every house at its height over the mean ground under it, cell by cell."""
    x, y = TOWN.centres()
    expected = TOWN.dem()
    for house, height in zip(TOWN.houses, heights or HEIGHTS, strict=True):
        inside = (x > house.west) & (x < house.east) & (y > house.south) & (y < house.north)
        expected = np.where(inside, TOWN.base(house) + height, expected)
    np.testing.assert_allclose(read(built.dsm), expected, atol=0.02)
    return True


# ------------------------------------------------------------------ formats


@pytest.mark.parametrize(
    "name", ["b.gpkg", "b.shp", "b.fgb", "b.geojson", "b.parquet", "b.geoparquet"]
)
def test_every_format(tmp_path: Path, dem: Path, name: str) -> None:
    table = TOWN.footprints()
    if name.endswith("parquet"):
        table.to_parquet(tmp_path / name, write_covering_bbox=True)
    elif name.endswith("json"):
        table.to_crs("EPSG:4326").to_file(tmp_path / name, COORDINATE_PRECISION=9)
    else:
        table.to_file(tmp_path / name)
    built = build(tmp_path / "out", dem=dem, footprints=tmp_path / name)
    assert stands(built)
    assert built.report.sources[-1]["name"] == name
    assert len(built.report.sources[-1]["blake2b"]) >= 32


def test_a_table_in_memory_and_several_files(tmp_path: Path, dem: Path) -> None:
    table = TOWN.footprints()
    table[2:].to_file(tmp_path / "more.fgb")
    assert stands(build(tmp_path / "out", dem=dem, footprints=[table[:2], tmp_path / "more.fgb"]))


def test_parquet_without_boxes(tmp_path: Path, dem: Path) -> None:
    TOWN.footprints().to_parquet(tmp_path / "b.parquet")
    assert stands(build(tmp_path / "out", dem=dem, footprints=tmp_path / "b.parquet"))


def test_a_layer_is_named_or_asked_for(tmp_path: Path, dem: Path) -> None:
    path = tmp_path / "city.gpkg"
    TOWN.footprints().to_file(path, layer="buildings")
    TOWN.tree_points().to_file(path, layer="trees")
    assert stands(build(tmp_path / "out", dem=dem, footprints=f"{path}|layername=buildings"))
    with pytest.raises(solweig.InvalidSurfaceData, match=r"buildings, trees.*layername=buildings"):
        build(tmp_path / "none", dem=dem, footprints=path)


def test_another_crs(tmp_path: Path, dem: Path) -> None:
    TOWN.footprints().to_crs("EPSG:4258").to_file(tmp_path / "b.gpkg")
    assert stands(build(tmp_path / "out", dem=dem, footprints=tmp_path / "b.gpkg"))


def test_only_what_touches_the_grid_is_read(tmp_path: Path, dem: Path) -> None:
    far = geopandas.GeoDataFrame(
        {"height": [99.0]}, geometry=[box(WEST + 900, SOUTH, WEST + 950, SOUTH + 50)], crs=UTM32
    )
    import pandas as pd

    pd.concat([TOWN.footprints(), far]).to_file(tmp_path / "b.fgb")
    built = build(tmp_path / "out", dem=dem, footprints=tmp_path / "b.fgb")
    assert stands(built)
    assert built.doubts == []


# ------------------------------------------------------------------ heights


@pytest.mark.parametrize(
    "columns",
    [
        {"height": HEIGHTS},
        {"height": [f"{h} m" for h in HEIGHTS]},
        {"building:height": [f"{h:.2f}".replace(".", ",") for h in HEIGHTS]},
        {"Height_m": HEIGHTS},
        {"measuredHeight": HEIGHTS},
        {"other_tags": [f'"height"=>"{h}"' for h in HEIGHTS]},
        {"height": [f"{h / 0.3048:.4f} ft" for h in HEIGHTS]},
    ],
    ids=lambda c: next(iter(c)),
)
def test_heights_by_many_names(tmp_path: Path, dem: Path, columns: Any) -> None:
    assert stands(build(tmp_path / "out", dem=dem, footprints=TOWN.footprints(**columns)))


@pytest.mark.parametrize("name", ["num_floors", "building:levels", "levels"])
def test_floors_of_three_metres(tmp_path: Path, dem: Path, name: str) -> None:
    table = TOWN.footprints(**{name: [2, 5, 7, 2, 1]})
    built = build(tmp_path / "out", dem=dem, footprints=table)
    assert stands(built, [6.0, 15.0, 21.0, 6.0, 3.0])
    assert "5 of 5 (100.0%) buildings have no height but floors, taken as 3 m each" in texts(
        built, "fallback"
    )
    low = build(tmp_path / "low", dem=dem, footprints=table, floor_height=2.5)
    assert stands(low, [5.0, 12.5, 17.5, 5.0, 2.5])


def test_roofs_stand_on_floors_and_are_part_of_heights(tmp_path: Path, dem: Path) -> None:
    table = TOWN.footprints(
        **{
            "height": [8.0, None, None, None, None],
            "building:levels": [9, 4, 6, 1, 1],
            "roof:height": [2.0, 3.0, None, None, "x"],
            "roof:levels": [None, 5, 1, None, None],
        }
    )
    built = build(tmp_path / "out", dem=dem, footprints=table)
    assert stands(built, [8.0, 15.0, 21.0, 3.0, 3.0])


def test_a_column_of_another_name(tmp_path: Path, dem: Path) -> None:
    table = TOWN.footprints(first=[1.0] * 5, roofs=HEIGHTS)
    assert stands(build(tmp_path / "out", dem=dem, footprints=table, footprint_height="roofs"))
    with pytest.raises(solweig.InvalidSurfaceData, match=r"'roof'.*first, roofs"):
        build(tmp_path / "none", dem=dem, footprints=table, footprint_height="roof")


def test_unknown_heights_take_the_median_or_what_is_told(tmp_path: Path, dem: Path) -> None:
    table = TOWN.footprints(height=[8.0, 15.0, 21.0, None, None])
    built = build(tmp_path / "out", dem=dem, footprints=table)
    assert stands(built, [8.0, 15.0, 21.0, 15.0, 15.0])
    assert "2 of 5 (40.0%) buildings of unknown height are taken as 15.0 m" in texts(
        built, "fallback"
    )
    told = build(tmp_path / "told", dem=dem, footprints=table, default_height=4.0)
    assert stands(told, [8.0, 15.0, 21.0, 4.0, 4.0])


def test_heights_that_cannot_be(tmp_path: Path, dem: Path) -> None:
    """Negative, zero, absurd and unreadable ones are counted, and are unknown."""
    table = TOWN.footprints(height=["-4", "0", "5000", "tall", "12"])
    built = build(tmp_path / "out", dem=dem, footprints=table)
    assert stands(built, [12.0] * 5)
    said = "\n".join(built.doubts)
    for what in ("are negative", "are 0", "are above 1000 m", "cannot be read"):
        assert f"1 of 5 (20.0%) heights in height {what}" in said
    assert "buildings have the median height of the fewer that have one" in said


def test_heights_that_look_like_feet_are_a_doubt(tmp_path: Path, dem: Path) -> None:
    floors = [3, 5, 7, 3, 4]
    table = TOWN.footprints(height=[f * 10.2 for f in floors], num_floors=floors)
    built = build(tmp_path / "out", dem=dem, footprints=table)
    assert any("heights may be in feet" in doubt for doubt in built.doubts)
    fine = TOWN.footprints(height=[f * 3.1 for f in floors], num_floors=floors)
    assert build(tmp_path / "fine", dem=dem, footprints=fine).doubts == []


def test_raised_parts_are_said(tmp_path: Path, dem: Path) -> None:
    table = TOWN.footprints(height=HEIGHTS, min_height=[0, 6.0, None, 0, 0])
    built = build(tmp_path / "out", dem=dem, footprints=table)
    assert stands(built)
    assert any("1 of 5 (20.0%) parts of buildings begin above" in doubt for doubt in built.doubts)


def test_what_is_below_the_ground_is_left_out(tmp_path: Path, dem: Path) -> None:
    flags = {
        "is_underground": [True, False, False, False, False],
        "location": [None, "underground", None, None, None],
        "layer": [None, None, "-1", "1", None],
        "building": ["yes", "yes", "yes", "no", "yes"],
    }
    built = build(tmp_path / "out", dem=dem, footprints=TOWN.footprints(height=HEIGHTS, **flags))
    only = Town(houses=TOWN.houses[4:])
    np.testing.assert_allclose(read(built.dsm), only.dsm(), atol=0.02)
    assert "4 areas are below the ground or no building" in texts(built, "done")


def test_no_height_at_all(tmp_path: Path, dem: Path) -> None:
    with pytest.raises(solweig.InvalidSurfaceData, match=r"height.*default_height") as told:
        build(tmp_path / "out", dem=dem, footprints=TOWN.footprints(name=list("abcde")))
    assert told.value.field == "footprints"
    assert not (tmp_path / "out").exists()


# ------------------------------------------------------------------ shapes


def test_invalid_polygons_are_repaired_and_counted(tmp_path: Path, dem: Path) -> None:
    table = TOWN.footprints()
    house = TOWN.houses[0]
    w, s, e, n = WEST + house.west, SOUTH + house.south, WEST + house.east, SOUTH + house.north
    # Twice around, and a spike that encloses nothing.
    table.loc[0, "geometry"] = Polygon(
        [(w, s), (e, s), (e, n), (w, n), (w, s), (e, s), (e, n), (e + 3, n), (e, n), (w, n)]
    )
    assert not table.geometry.is_valid[0]
    built = build(tmp_path / "out", dem=dem, footprints=table)
    assert stands(built)
    assert any("1 of 5 (20.0%) invalid polygons, repaired" in doubt for doubt in built.doubts)


def test_bow_ties_keep_both_wings(tmp_path: Path, dem: Path) -> None:
    wings = Polygon([(0, 0), (20, 20), (20, 0), (0, 20)])
    table = geopandas.GeoDataFrame({"height": [9.0]}, geometry=[wings], crs=UTM32)
    table.geometry = table.translate(WEST + 40, SOUTH + 40)
    built = build(tmp_path / "out", dem=dem, footprints=table)
    raised = read(built.dsm) - TOWN.dem() > 5
    assert 180 < raised.sum() < 220


def test_the_highest_of_overlapping_areas_counts_and_is_said(tmp_path: Path, dem: Path) -> None:
    areas = [box(WEST + a, SOUTH + 20, WEST + b, SOUTH + 60) for a, b in ((20, 60), (40, 80))]
    table = geopandas.GeoDataFrame({"height": [30.0, 10.0]}, geometry=areas, crs=UTM32)
    for name, order in (("one", table), ("other", table[::-1])):
        built = build(tmp_path / name, dem=dem, footprints=order)
        above = read(built.dsm) - TOWN.dem()
        assert (above[65:95, 42:58] > 28).all()
        assert (np.abs(above[65:95, 62:78] - 10) < 2).all()
        assert any("800 of 14,400 (5.6%) cells lie in several" in d for d in built.doubts)


def test_courtyards_and_parts(tmp_path: Path, dem: Path) -> None:
    ring = box(WEST + 20, SOUTH + 20, WEST + 60, SOUTH + 60).difference(
        box(WEST + 30, SOUTH + 30, WEST + 50, SOUTH + 50)
    )
    away = box(WEST + 80, SOUTH + 80, WEST + 90, SOUTH + 90)
    table = geopandas.GeoDataFrame(
        {"height": [12.0]}, geometry=[MultiPolygon([ring, away])], crs=UTM32
    )
    built = build(tmp_path / "out", dem=dem, footprints=table)
    assert (read(built.dsm) - TOWN.dem() > 5).sum() == 40 * 40 - 20 * 20 + 100
    assert read(built.dsm)[80, 40] == TOWN.dem()[80, 40]


def test_what_is_no_area_is_left_out_and_counted(tmp_path: Path, dem: Path) -> None:
    table = TOWN.footprints()
    table.loc[5] = [3.0, Point(WEST + 50, SOUTH + 50)]
    table.loc[6] = [3.0, LineString([(WEST, SOUTH), (WEST + 50, SOUTH + 50)])]
    table.loc[7] = [3.0, None]
    table.loc[8] = [3.0, Polygon()]
    built = build(tmp_path / "out", dem=dem, footprints=table)
    assert stands(built)
    said = "\n".join(built.doubts)
    assert "2 of 9 (22.2%) features have no geometry" in said
    assert "2 of 9 (22.2%) features are not of type Polygon" in said


def test_no_area_at_all(tmp_path: Path, dem: Path) -> None:
    with pytest.raises(solweig.InvalidSurfaceData, match=r"Polygon.*Point"):
        build(tmp_path / "out", dem=dem, footprints=TOWN.tree_points())
    empty = TOWN.footprints()[:0]
    with pytest.raises(solweig.InvalidSurfaceData, match="at least one feature"):
        build(tmp_path / "out", dem=dem, footprints=empty)


def test_footprints_smaller_than_a_cell_are_said(tmp_path: Path, dem: Path) -> None:
    small = box(WEST + 50.6, SOUTH + 50.6, WEST + 50.9, SOUTH + 50.9)
    table = geopandas.GeoDataFrame({"height": [5.0]}, geometry=[small], crs=UTM32)
    built = build(tmp_path / "out", dem=dem, footprints=table)
    assert any("cover no centre of a cell" in doubt for doubt in built.doubts)


def test_axes_exchanged(tmp_path: Path, dem: Path) -> None:
    import shapely

    table = TOWN.footprints()
    table.geometry = shapely.transform(table.geometry.values, lambda xy: xy[:, ::-1])
    with pytest.raises(solweig.InvalidSurfaceData, match="x and y exchanged") as told:
        build(tmp_path / "out", dem=dem, footprints=table.set_crs(UTM32, allow_override=True))
    assert told.value.field == "footprints"


def test_a_wrong_crs(tmp_path: Path, dem: Path) -> None:
    table = TOWN.footprints().set_crs("EPSG:32633", allow_override=True)
    with pytest.raises(solweig.InvalidSurfaceData, match="overlaps"):
        build(tmp_path / "out", dem=dem, footprints=table)
    lonlat = TOWN.footprints().set_crs("EPSG:4326", allow_override=True)
    with pytest.raises(solweig.InvalidSurfaceData):
        build(tmp_path / "out", dem=dem, footprints=lonlat)


def test_no_crs_is_a_doubt(tmp_path: Path, dem: Path) -> None:
    table = TOWN.footprints().set_crs(None, allow_override=True)
    built = build(tmp_path / "out", dem=dem, footprints=table)
    assert stands(built)
    assert any("says no CRS; taken as EPSG:25832" in doubt for doubt in built.doubts)


@pytest.mark.parametrize("name", ["b.gpkg", "b.shp", "b.parquet", "b.geojson", "b.fgb"])
def test_not_a_vector_file(tmp_path: Path, dem: Path, name: str) -> None:
    (tmp_path / name).write_text("nothing of the kind")
    with pytest.raises(solweig.InvalidSurfaceData) as told:
        build(tmp_path / "out", dem=dem, footprints=tmp_path / name)
    assert told.value.field == "footprints"
    assert name in str(told.value)


def test_footprints_alone_stand_on_flat_ground(tmp_path: Path) -> None:
    built = solweig.build_surface(tmp_path / "out", footprints=TOWN.footprints(), picture=False)
    assert read(built.dem).max() == 0.0
    assert sorted(set(np.unique(read(built.dsm)))) == [0.0, 3.5, 6.0, 8.0, 15.0, 21.0]
    assert any("slopes are left out" in doubt for doubt in built.doubts)

"""Land cover of any coding becomes the codes of a run; trees become some ground."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from shapely.geometry import box

import solweig
from solweig.inputs import land_cover
from solweig.inputs.scratch import Scratch
from tests.support.town import SOUTH, UTM32, WEST
from tests.support.town_checks import TOWN, build, read, texts, tif


@pytest.fixture(scope="module")
def dem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tif(tmp_path_factory.mktemp("dem") / "dem.tif", TOWN.dem())


def strips(*codes: int, dtype: Any = np.uint8) -> Any:
    """Codes side by side, from west to east."""
    edges = np.linspace(0, 120, len(codes) + 1).astype(int)
    values = np.zeros((120, 120), dtype)
    for code, first, end in zip(codes, edges, edges[1:], strict=False):
        values[:, first:end] = code
    return values


def areas(width: float = 40.0, **columns: Any) -> Any:
    count = len(next(iter(columns.values())))
    shapes = [
        box(WEST + i * width, SOUTH, WEST + (i + 1) * width, SOUTH + 120) for i in range(count)
    ]
    return geopandas.GeoDataFrame(columns, geometry=shapes, crs=UTM32)


def seen(built: solweig.BuiltSurface, *cols: int) -> list[int]:
    cover = read(built.land_cover)
    assert cover.dtype == np.uint8
    return [int(cover[60, col]) for col in cols]


# ------------------------------------------------------------------ rasters


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_worldcover(tmp_path: Path, dem: Path, dtype: Any) -> None:
    """Tree cover (10) beside grass (30) and bare (60); built-up (50) is paved; water (80)."""
    cover = tif(tmp_path / "wc.tif", strips(30, 50, 60, 80, dtype=dtype))
    built = build(tmp_path / "out", dem=dem, land_cover=cover)
    assert seen(built, 10, 50, 80, 110) == [5, 1, 6, 7]
    assert "by the table worldcover" in texts(built, "done")


def test_trees_become_the_nearest_ground_and_never_a_building_or_water(
    tmp_path: Path, dem: Path
) -> None:
    cover = tif(tmp_path / "wc.tif", strips(50, 10, 10, 80, 60, 30))
    built = build(tmp_path / "out", dem=dem, land_cover=cover)
    # Trees from 20 to 60: asphalt in the west, 20 m on; water in the east does not count.
    assert seen(built, 10, 30, 39, 70, 90, 110) == [1, 1, 1, 7, 6, 5]
    assert set(np.unique(read(built.land_cover))) == {1, 5, 6, 7}
    assert "4,800 of 14,400 (33.3%) cells below trees are taken as the nearest ground" in texts(
        built, "fallback"
    )
    assert any("that the land cover calls trees have no canopy" in d for d in built.doubts)


@pytest.mark.parametrize(("rule", "code"), [("grass", 5), ("bare_soil", 6), ("0", 0)])
def test_ground_below_trees_as_told(tmp_path: Path, dem: Path, rule: str, code: int) -> None:
    cover = tif(tmp_path / "wc.tif", strips(50, 10, 80))
    built = build(tmp_path / "out", dem=dem, land_cover=cover, ground_below_trees=rule)
    assert seen(built, 20, 60, 100) == [1, code, 7]


def test_only_trees_become_bare_soil_and_that_is_said(tmp_path: Path, dem: Path) -> None:
    cover = tif(tmp_path / "wc.tif", strips(10))
    built = build(tmp_path / "out", dem=dem, land_cover=cover)
    assert set(np.unique(read(built.land_cover))) == {6}
    assert "no other ground near and are taken as bare soil" in texts(built, "fallback")


@pytest.mark.parametrize("trees", [3, 4])
def test_codes_of_trees_of_this_package(tmp_path: Path, dem: Path, trees: int) -> None:
    cover = tif(tmp_path / "own.tif", strips(1, trees, 6))
    built = build(tmp_path / "out", dem=dem, land_cover=cover)
    assert seen(built, 20, 45, 75, 100) == [1, 1, 6, 6]
    built = solweig.SurfaceData.prepare(**built.layers(), patch_option=1)
    assert built.land_cover is not None


def test_a_raster_of_urban_atlas(tmp_path: Path, dem: Path) -> None:
    cover = tif(tmp_path / "ua.tif", strips(11100, 12220, 14100, 50000, dtype=np.int32))
    built = build(tmp_path / "out", dem=dem, land_cover=cover)
    assert "by the table urban_atlas" in texts(built, "done")
    assert seen(built, 45, 75, 110) == [1, 5, 7]


def test_a_table_of_ones_own(tmp_path: Path, dem: Path) -> None:
    table = tmp_path / "national.csv"
    table.write_text("column,value,class\n,101,asphalt\n,102,water\n,103,trees\n,104,0\n")
    cover = tif(tmp_path / "n.tif", strips(101, 102, 103, 104, dtype=np.int16))
    built = build(tmp_path / "out", dem=dem, land_cover=cover, land_cover_table=table)
    assert seen(built, 15, 45, 85, 110) == [1, 7, 0, 0]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (strips(1, 2, 99), r"99 \(4800 cells\)"),
        (strips(10, 20, 33), r"33 \(4800 cells\)"),
        (strips(1.5, 2, dtype=np.float32), "whole numbers.*1.5"),
    ],
)
def test_unknown_codes_are_refused(tmp_path: Path, dem: Path, values: Any, said: str) -> None:
    cover = tif(tmp_path / "c.tif", values)
    with pytest.raises(solweig.InvalidSurfaceData, match=said) as told:
        build(tmp_path / "out", dem=dem, land_cover=cover)
    assert told.value.field == "land_cover"
    assert not (tmp_path / "out").exists()


def test_codes_the_named_table_does_not_know(tmp_path: Path, dem: Path) -> None:
    cover = tif(tmp_path / "c.tif", strips(10, 20, 33))
    with pytest.raises(solweig.InvalidSurfaceData, match=r"worldcover.*33 \(4800 cells\)"):
        build(tmp_path / "out", dem=dem, land_cover=cover, land_cover_table="worldcover")


def test_no_data_takes_the_nearest_ground(tmp_path: Path, dem: Path) -> None:
    cover = tif(tmp_path / "wc.tif", strips(30, 0, 60), nodata=0)
    built = build(tmp_path / "out", dem=dem, land_cover=cover)
    assert seen(built, 20, 50, 75, 100) == [5, 5, 6, 6]
    assert "4,800 of 14,400 (33.3%) cells of unknown ground" in texts(built, "gap")


@pytest.mark.parametrize(
    "text",
    [
        "value,class\n10\n",
        "column,value,class\n,ten,grass\n",
        "column,value,class\n,10,lawn\n",
        "column,value,class\n",
        "code;klass\n1;2\n",
    ],
)
def test_tables_that_are_not_understood(tmp_path: Path, dem: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(solweig.ConfigurationError) as told:
        build(tmp_path / "out", dem=dem, land_cover_table=tmp_path / "t.csv")
    assert told.value.field == "land_cover_table"


def test_no_such_table_or_class(tmp_path: Path, dem: Path) -> None:
    with pytest.raises(solweig.ConfigurationError, match="worldcover, osm"):
        build(tmp_path / "out", dem=dem, land_cover_table="corine")
    with pytest.raises(solweig.ConfigurationError, match="ground_below_trees"):
        build(tmp_path / "out", dem=dem, ground_below_trees="trees")


@pytest.mark.parametrize("name", land_cover.TABLES)
def test_tables_that_come_with_the_package(name: str) -> None:
    table = land_cover.read_table(name)
    known = {*land_cover.CLASSES.values(), land_cover.TREES}
    assert {code for _, _, code in table.rows} <= known
    assert len({(column, value) for column, value, _ in table.rows}) == len(table.rows)


# ------------------------------------------------------------------ areas


def test_areas_of_osm(tmp_path: Path, dem: Path) -> None:
    table = areas(landuse=["grass", None, None], natural=[None, "water", None],
                  highway=[None, None, "pedestrian"])  # fmt: skip
    built = build(tmp_path / "out", dem=dem, land_cover=table)
    assert seen(built, 20, 60)[:2] == [5, 7]
    assert seen(built, 100)[0] in (0, 1)
    assert "by the table osm" in texts(built, "done")


def test_what_nobody_drew_in_osm_is_paved_and_counted(tmp_path: Path, dem: Path) -> None:
    built = build(tmp_path / "out", dem=dem, land_cover=areas(landuse=["grass"]))
    assert seen(built, 20, 60) == [5, 1]
    assert "9,600 of 14,400 (66.7%) cells that no source covers are taken as asphalt" in texts(
        built, "gap"
    )


def test_the_smaller_area_lies_on_the_larger(tmp_path: Path, dem: Path) -> None:
    table = areas(120.0, landuse=["grass"])
    pond = geopandas.GeoDataFrame(
        {"natural": ["water"]}, geometry=[box(WEST + 50, SOUTH + 50, WEST + 70, SOUTH + 70)],
        crs=UTM32,
    )  # fmt: skip
    import pandas as pd

    for name, order in (("one", [table, pond]), ("other", [pond, table])):
        built = build(tmp_path / name, dem=dem, land_cover=pd.concat(order, ignore_index=True))
        assert seen(built, 20, 60) == [5, 7]


def test_areas_of_urban_atlas(tmp_path: Path, dem: Path) -> None:
    table = areas(code_2018=["12220", "14100", "50000"])
    built = build(tmp_path / "out", dem=dem, land_cover=table)
    assert seen(built, 20, 60, 100) == [1, 5, 7]


def test_areas_that_no_table_knows_are_counted(tmp_path: Path, dem: Path) -> None:
    table = areas(landuse=["grass", "moon_base", "grass"])
    built = build(tmp_path / "out", dem=dem, land_cover=table)
    assert any("1 of 3 (33.3%) areas are not in the table osm" in d for d in built.doubts)


def test_columns_that_no_table_knows(tmp_path: Path, dem: Path) -> None:
    with pytest.raises(solweig.InvalidSurfaceData, match="kind") as told:
        build(tmp_path / "out", dem=dem, land_cover=areas(kind=["a", "b"]))
    assert told.value.field == "land_cover"


def test_a_table_of_ones_own_for_areas(tmp_path: Path, dem: Path) -> None:
    (tmp_path / "t.csv").write_text("column,value,class\nkind,a,water\nkind,*,bare_soil\n")
    built = build(
        tmp_path / "out", dem=dem, land_cover=areas(kind=["A", "b", "c"]),
        land_cover_table=tmp_path / "t.csv",
    )  # fmt: skip
    assert seen(built, 20, 60, 100) == [7, 6, 6]


# ------------------------------------------------------------------ buildings, order


def test_buildings_are_where_the_surface_has_them(tmp_path: Path, dem: Path) -> None:
    own = strips(1, 2, 5)  # the middle is called a building; none stands there
    cover = tif(tmp_path / "own.tif", own)
    built = build(tmp_path / "out", dem=dem, land_cover=cover, footprints=TOWN.footprints())
    x, y = TOWN.centres()
    houses = np.isfinite(TOWN.roof(x, y))
    found = read(built.land_cover)
    assert np.array_equal(found == 2, houses)
    assert set(np.unique(found)) == {1, 2, 5}
    assert "cells are called buildings where the surface has none" in texts(built, "gap")


def test_the_first_source_that_knows_a_cell_counts(tmp_path: Path, dem: Path) -> None:
    fine = strips(1, 255, 255)
    first = tif(tmp_path / "first.tif", fine, nodata=255)
    second = tif(tmp_path / "second.tif", strips(5, 5, 6))
    built = build(tmp_path / "out", dem=dem, land_cover=[first, second])
    assert seen(built, 20, 60, 100) == [1, 5, 6]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_nearest_ground_is_the_nearest_whatever_the_tiles(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cover = rng.choice(
        np.array([land_cover.TREES, 1, 5, 7], np.uint8), (60, 70), p=[0.9, 0.04, 0.03, 0.03]
    )
    may = np.isin(cover, (1, 5))
    if not may.any():
        return
    whole, parts = cover.copy(), cover.copy()
    scratch = Scratch(Path("none"), cover.shape, on_disk=False)
    land_cover.replace_by_nearest(whole, land_cover.TREES, (1, 5), scratch, 6)
    before = land_cover._TILE
    try:
        land_cover._TILE = 16
        land_cover.replace_by_nearest(parts, land_cover.TREES, (1, 5), scratch, 6)
    finally:
        land_cover._TILE = before
    distance = ndimage.distance_transform_edt(~may)
    for found in (whole, parts):
        assert np.array_equal(found[cover != land_cover.TREES], cover[cover != land_cover.TREES])
        for code in (1, 5):
            mine = (found == code) & (cover == land_cover.TREES)
            own = ndimage.distance_transform_edt(cover != code)
            np.testing.assert_allclose(own[mine], distance[mine])
        assert not (found == land_cover.TREES).any()


# ------------------------------------------------------------------ fractions


def test_albedo_and_emissivity(tmp_path: Path, dem: Path) -> None:
    fine = np.full((240, 240), 0.2, np.float32)
    fine[:, 120:] = 0.4
    albedo = tif(tmp_path / "albedo.tif", fine, pixel=0.5)
    emissivity = tif(tmp_path / "e.tif", np.full((120, 120), 0.95, np.float32))
    built = build(tmp_path / "out", dem=dem, albedo=albedo, emissivity=emissivity)
    found = read(built.files["albedo"])
    assert found[60, 20] == pytest.approx(0.2)
    assert found[60, 100] == pytest.approx(0.4)
    surface = solweig.SurfaceData.prepare(**built.layers(), patch_option=1)
    assert surface.albedo is not None


@pytest.mark.parametrize("role", ["albedo", "emissivity"])
def test_what_is_no_fraction(tmp_path: Path, dem: Path, role: str) -> None:
    layer = tif(tmp_path / "x.tif", np.full((120, 120), 2500.0, np.float32))
    with pytest.raises(solweig.InvalidSurfaceData, match="10000") as told:
        build(tmp_path / "out", dem=dem, **{role: layer})
    assert told.value.field == role

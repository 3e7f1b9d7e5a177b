"""Trees as points and areas, and canopy height models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio
from rasterio.warp import Resampling, calculate_default_transform, reproject

import solweig
from tests.support.town import SOUTH, UTM32, WEST
from tests.support.town_checks import TOWN, build, read, texts, tif


@pytest.fixture(scope="module")
def dem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tif(tmp_path_factory.mktemp("dem") / "dem.tif", TOWN.dem())


def grove(**columns: Any) -> Any:
    """Three trees 30 m apart, on centres of cells."""
    points = geopandas.points_from_xy([WEST + x for x in (20.5, 50.5, 80.5)], [SOUTH + 60.5] * 3)
    return geopandas.GeoDataFrame(columns, geometry=points, crs=UTM32)


def at_stems(layer: Any) -> list[float]:
    return [float(layer[59, col]) for col in (20, 50, 80)]


def widths(layer: Any) -> list[int]:
    """Cells of each crown along a row through the stems."""
    return [int((layer[59, a : a + 30] > 0).sum()) for a in (5, 35, 65)]


# ------------------------------------------------------------------ points


def test_species_decide_shapes(tmp_path: Path, dem: Path) -> None:
    table = grove(
        height=[12.0] * 3, crown_diameter=[8.0] * 3, trunk_height=[4.0] * 3,
        species=["Tilia cordata", "Picea abies", "Pinus pinea"],
    )  # fmt: skip
    built = build(tmp_path / "out", dem=dem, trees=table)
    top, under = read(built.cdsm), read(built.tdsm)
    half = [float(top[59, col + 2]) for col in (20, 50, 80)]  # halfway out
    arc = np.sqrt(0.75)
    assert half == pytest.approx([8 + 4 * arc, 8.0, 4 + 8 * arc], abs=1e-4)
    low = [float(under[59, col + 2]) for col in (20, 50, 80)]
    assert low == pytest.approx([8 - 4 * arc, 4.0, 4.0], abs=1e-4)
    assert "1 of 3 (33.3%) trees are conifers" in texts(built, "done")
    same = build(tmp_path / "same", dem=dem, trees=table, tree_shape="cone")
    top = read(same.cdsm)
    assert [float(top[59, col + 2]) for col in (20, 50, 80)] == pytest.approx([8.0] * 3, abs=1e-4)


@pytest.mark.parametrize(
    "columns",
    [
        {"leaf_type": ["needleleaved", "broadleaved", None]},
        {"genus": ["Pinus", "Acer", None]},
        {"taxon": ["Larix decidua 'Pendula'", "Platanus x hispanica", ""]},
        {"other_tags": ['"leaf_type"=>"needleleaved"', '"genus"=>"Acer"', None]},
    ],
    ids=lambda c: next(iter(c)),
)
def test_conifers_by_what_is_said(tmp_path: Path, dem: Path, columns: Any) -> None:
    table = grove(height=[10.0] * 3, crown_diameter=[6.0] * 3, **columns)
    built = build(tmp_path / "out", dem=dem, trees=table)
    assert "1 of 3 (33.3%) trees are conifers" in texts(built, "done")
    assert "1 of 3 (33.3%) trees of unknown species are given ellipsoids" in texts(
        built, "fallback"
    )


def test_what_is_not_known_is_assumed_and_counted(tmp_path: Path, dem: Path) -> None:
    table = grove(height=[10.0, 20.0, None], crown_diameter=[6.0, None, 8.0])
    built = build(tmp_path / "out", dem=dem, trees=table)
    assert at_stems(read(built.cdsm)) == pytest.approx([10, 20, 15])
    assert at_stems(read(built.tdsm)) == pytest.approx([2.5, 5.0, 3.75])
    assert widths(read(built.cdsm)) == [5, 9, 7]
    said = texts(built, "fallback")
    assert "1 of 3 (33.3%) trees of unknown height are taken as 15.0 m high" in said
    assert "1 of 3 (33.3%) crowns of unknown width" in said
    assert "3 of 3 (100.0%) crowns of unknown underside begin at 0.25" in said
    told = build(tmp_path / "told", dem=dem, trees=table, default_tree_height=7.0, trunk_ratio=0.4)
    assert at_stems(read(told.cdsm)) == pytest.approx([10, 20, 7])
    assert at_stems(read(told.tdsm)) == pytest.approx([4.0, 8.0, 2.8])


def test_radii_and_feet(tmp_path: Path, dem: Path) -> None:
    table = grove(height=["40 ft", "12 m", "12,5"], crown_radius=[3.0, 4.0, 5.0])
    built = build(tmp_path / "out", dem=dem, trees=table)
    assert at_stems(read(built.cdsm)) == pytest.approx([12.192, 12.0, 12.5], abs=1e-3)
    assert widths(read(built.cdsm)) == [5, 7, 9]
    assert "1 of 3 (33.3%) heights in height are in feet, converted" in texts(built, "done")


def test_what_cannot_be_is_counted(tmp_path: Path, dem: Path) -> None:
    table = grove(
        height=["-3", "400", "10"], crown_diameter=[6.0, 900.0, 6.0], trunk_height=[1.0, 1.0, 12.0]
    )
    built = build(tmp_path / "out", dem=dem, trees=table)
    assert at_stems(read(built.cdsm)) == pytest.approx([10, 10, 10])
    said = "\n".join(built.doubts)
    assert "1 of 3 (33.3%) heights in height are 0 or negative" in said
    assert "1 of 3 (33.3%) heights in height are above 120 m" in said
    assert "1 of 3 (33.3%) crowns in crown_diameter are not between" in said
    assert "1 of 3 (33.3%) trunks in trunk_height are not between" in said


def test_what_crowns_let_through(tmp_path: Path, dem: Path) -> None:
    table = grove(height=[10.0] * 3, crown_diameter=[8.0] * 3, transmissivity=[0.2, np.nan, 0.05],
                  lai=[1.0, 4.0, np.nan])  # fmt: skip
    built = build(tmp_path / "out", dem=dem, trees=table)
    layer, top = read(built.files["transmissivity"]), read(built.cdsm)
    assert at_stems(layer) == pytest.approx([0.2, np.exp(-2.0), 0.05])
    assert np.array_equal(np.isnan(layer), top == 0.0)
    assert "transmissivity" in built.layers()
    assert "--transmissivity" in built.run_line()
    assert "1 of 3 (33.3%) transmissivities are made from leaf area" in texts(built, "done")
    # Not known, impossible, per cent; and trees of another source that says nothing.
    odd = grove(height=[10.0] * 3, crown_diameter=[8.0] * 3, transmissivity=[20.0, -7.0, 5.0])
    quiet = grove(height=[14.0] * 3, crown_diameter=[16.0] * 3)
    both = build(tmp_path / "both", dem=dem, trees=[odd, quiet])
    layer = read(both.files["transmissivity"])
    assert at_stems(layer) == pytest.approx([0.2, 0.03, 0.05])
    assert float(layer[59, 26]) == pytest.approx(0.03)
    assert "3 transmissivities in transmissivity are percent" in texts(both, "done")
    assert "1 of 3 (33.3%) transmissivities in transmissivity are not from 0 to 1" in "\n".join(
        both.doubts
    )
    said = texts(both, "fallback")
    assert "crowns of unknown transmissivity let 0.03 through" in said
    assert "cells of canopy of which no source knows it let 0.03 through" in said


def test_areas_that_overlap_let_through_what_the_densest_does(tmp_path: Path, dem: Path) -> None:
    from shapely.geometry import box

    areas = [box(WEST + a, SOUTH + 20, WEST + b, SOUTH + 60) for a, b in ((20, 60), (40, 80))]
    for values in ([0.1, 0.3], [0.3, 0.1]):
        table = geopandas.GeoDataFrame(
            {"height": [9.0, 12.0], "transmissivity": values}, geometry=areas, crs=UTM32
        )
        built = build(tmp_path / str(values[0]), dem=dem, trees=table)
        row = read(built.files["transmissivity"])[70]
        assert [float(row[c]) for c in (30, 50, 70)] == pytest.approx([values[0], 0.1, values[1]])


def test_no_height_at_all(tmp_path: Path, dem: Path) -> None:
    with pytest.raises(solweig.InvalidSurfaceData, match="none known for 3 trees") as told:
        build(tmp_path / "out", dem=dem, trees=grove(name=list("abc")))
    assert told.value.field == "trees"
    built = build(tmp_path / "told", dem=dem, trees=grove(id=[1, 2, 3]), default_tree_height=9.0)
    assert at_stems(read(built.cdsm)) == pytest.approx([9.0] * 3)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("trunk_ratio", 1.0),
        ("trunk_ratio", -0.1),
        ("tree_shape", "cube"),
        ("default_tree_height", 0.0),
    ],
)
def test_options_out_of_range(tmp_path: Path, dem: Path, option: str, value: Any) -> None:
    with pytest.raises(solweig.ConfigurationError) as told:
        build(tmp_path / "out", dem=dem, trees=TOWN.tree_points(), **{option: value})
    assert told.value.field == option


def test_crowns_over_a_roof_stay_and_those_inside_go(tmp_path: Path, dem: Path) -> None:
    house = TOWN.houses[1]  # 15 m
    x, y = (house.west + house.east) // 2 + 0.5, (house.south + house.north) // 2 + 0.5
    for height, left in ((10.0, False), (22.0, True)):
        table = geopandas.GeoDataFrame(
            {"height": [height], "crown_diameter": [7.0]},
            geometry=geopandas.points_from_xy([WEST + x], [SOUTH + y]), crs=UTM32,
        )  # fmt: skip
        built = build(tmp_path / f"{height:g}", dem=dem, footprints=TOWN.footprints(), trees=table)
        assert bool((read(built.cdsm) > 0).any()) is left
        assert ("inside buildings, left out" in texts(built, "done")) is (not left)


# ------------------------------------------------------------------ areas


def test_areas_with_trunks_and_overlaps(tmp_path: Path, dem: Path) -> None:
    from shapely.geometry import box

    areas = [box(WEST + a, SOUTH + 20, WEST + b, SOUTH + 60) for a, b in ((20, 60), (40, 80))]
    table = geopandas.GeoDataFrame(
        {"height": [8.0, 15.0], "trunk_height": [1.0, 6.0]}, geometry=areas, crs=UTM32
    )
    for name, order in (("one", table), ("other", table[::-1])):
        built = build(tmp_path / name, dem=dem, trees=order)
        top, under = read(built.cdsm), read(built.tdsm)
        assert [float(top[80, c]) for c in (10, 30, 50, 70)] == [0, 8, 15, 15]
        assert [float(under[80, c]) for c in (10, 30, 50, 70)] == [0, 1, 1, 6]


def test_points_and_areas_in_one_table(tmp_path: Path, dem: Path) -> None:
    import pandas as pd

    both = pd.concat([TOWN.tree_points()[["height", "geometry"]][:2], TOWN.crown_areas()[2:]])
    built = build(tmp_path / "out", dem=dem, trees=both)
    assert "2 trees given as points" in texts(built, "done")
    assert "3 crowns given as areas" in texts(built, "done")
    tree = TOWN.trees[4]
    assert read(built.cdsm)[round(120 - tree.y - 0.5), round(tree.x - 0.5)] == tree.height


# ------------------------------------------------------------------ canopy height models


def model(nodata: int | None = 255) -> Any:
    """Metres in bytes, as Meta/WRI and ETH publish; a corner is not known."""
    values = np.rint(TOWN.canopy()).astype(np.uint8)
    values[:20, :20] = 255
    return values, nodata


@pytest.mark.parametrize("declared", [True, False])
def test_no_data_of_a_model_is_no_tree(tmp_path: Path, dem: Path, declared: bool) -> None:
    values, nodata = model(255 if declared else None)
    chm = tif(tmp_path / "chm.tif", values, nodata=nodata)
    built = build(tmp_path / "out", dem=dem, canopy=chm)
    top = read(built.cdsm)
    assert not top[:20, :20].any()
    expected = np.rint(TOWN.canopy())
    expected[:20, :20] = 0
    np.testing.assert_allclose(top, expected)
    assert "400 of 14,400 (2.8%) cells have no data in chm.tif, taken as no trees" in texts(
        built, "gap"
    )
    assert any("hold 255" in doubt for doubt in built.doubts) is (not declared)


def test_low_canopy_is_left_out_and_counted(tmp_path: Path, dem: Path) -> None:
    values = np.zeros((120, 120), np.float32)
    values[10:20, 10:20], values[30:40, 30:40] = 1.0, 6.0
    chm = tif(tmp_path / "chm.tif", values)
    built = build(tmp_path / "out", dem=dem, canopy=chm)
    assert np.array_equal(read(built.cdsm), np.where(values > 2, values, 0))
    assert "100 of 14,400 (0.7%) cells of canopy below 2 m left out" in texts(built, "done")
    low = build(tmp_path / "low", dem=dem, canopy=chm, min_object_height=0.5)
    assert np.array_equal(read(low.cdsm), values)


def test_a_model_in_degrees_is_read_by_the_nearest_cell(tmp_path: Path, dem: Path) -> None:
    values = np.zeros((120, 120), np.float32)
    values[40:80, 40:80] = 12.0
    source = tif(tmp_path / "utm.tif", values)
    with rasterio.open(source) as from_:
        place, cols, rows = calculate_default_transform(UTM32, "EPSG:4326", 120, 120, *from_.bounds)
        there = np.zeros((rows, cols), np.float32)
        reproject(
            from_.read(1), there, src_transform=from_.transform, src_crs=UTM32,
            dst_transform=place, dst_crs="EPSG:4326", resampling=Resampling.nearest,
        )  # fmt: skip
    chm = tif(tmp_path / "degrees.tif", there, transform=place, crs="EPSG:4326")
    built = build(tmp_path / "out", dem=dem, canopy=chm)
    top = read(built.cdsm)
    assert set(np.unique(top)) == {0.0, 12.0}  # no mean of tree and street
    assert (top[42:78, 42:78] == 12).all()
    assert (top > 0).sum() == pytest.approx(1600, rel=0.08)


def test_a_model_does_not_make_trees_of_roofs(tmp_path: Path, dem: Path) -> None:
    above = np.maximum(TOWN.dsm() - TOWN.dem(), TOWN.canopy())
    chm = tif(tmp_path / "chm.tif", above)
    built = build(tmp_path / "out", dem=dem, canopy=chm, footprints=TOWN.footprints())
    np.testing.assert_allclose(read(built.cdsm), TOWN.canopy(), atol=1e-5)
    assert "lie on buildings, left out" in texts(built, "done")


def test_a_model_in_feet_is_converted_once(tmp_path: Path, dem: Path) -> None:
    chm = tif(tmp_path / "chm.tif", (TOWN.canopy() / np.float32(0.3048)).astype(np.float32))
    with rasterio.open(chm, "r+") as sink:
        sink.units = ("ft",)
    built = build(tmp_path / "out", dem=dem, canopy=chm)
    np.testing.assert_allclose(read(built.cdsm), TOWN.canopy(), atol=1e-3)
    assert "heights of chm.tif in ft (0.3048 m), converted" in texts(built, "done")


def test_elevations_are_no_canopy(tmp_path: Path, dem: Path) -> None:
    chm = tif(tmp_path / "chm.tif", TOWN.canopy() + 400.0)
    with pytest.raises(solweig.InvalidSurfaceData, match="does it hold elevations") as told:
        build(tmp_path / "out", dem=dem, canopy=chm)
    assert told.value.field == "canopy"


def test_trees_elsewhere(tmp_path: Path, dem: Path) -> None:
    table = grove(height=[9.0] * 3)
    table.geometry = table.translate(50_000, 0)
    with pytest.raises(solweig.InvalidSurfaceData) as told:
        build(tmp_path / "out", dem=dem, trees=table)
    assert told.value.field == "trees"

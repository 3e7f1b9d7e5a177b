"""A made town comes back from every kind of source: heights within a cell and 0.05 m."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import solweig
from tests.support.town import SOUTH, WEST
from tests.support.town_checks import TOWN, build, off_by, read, shows, texts, tif


@pytest.mark.parametrize("ending", ["las", "laz"])
@pytest.mark.parametrize("pixel", [1.0, 2.0])
def test_classified_lidar(tmp_path: Path, ending: str, pixel: float) -> None:
    cloud = TOWN.write_lidar(tmp_path / f"town.{ending}", density=20)
    built = build(tmp_path / "out", lidar=cloud, pixel_size=pixel)
    for what in ("dem", "dsm", "cdsm"):
        assert shows(TOWN, what, read(built.files[what]), pixel)
    assert built.doubts == []
    assert built.report.points["2 ground"] > 1000
    assert "noise" in texts(built, "done")
    density = read(built.files["density"])
    assert density.mean() == pytest.approx(20, rel=0.01)


def test_older_point_formats(tmp_path: Path) -> None:
    cloud = TOWN.write_lidar(tmp_path / "town.las", density=20, point_format=1)
    built = build(tmp_path / "out", lidar=cloud)
    assert shows(TOWN, "dsm", read(built.dsm))
    assert shows(TOWN, "cdsm", read(built.cdsm))


def test_water_returns_become_water(tmp_path: Path) -> None:
    built = build(tmp_path / "out", lidar=TOWN.write_lidar(tmp_path / "town.laz", density=20))
    cover = read(built.land_cover)
    x, y = TOWN.centres()
    west, south, east, north = TOWN.water
    deep = (x > west + 1) & (x < east - 1) & (y > south + 1) & (y < north - 1)
    assert (cover[deep] == 7).all()
    away = (x < west - 1) | (x > east + 1) | (y < south - 1) | (y > north + 1)
    assert not (cover[away] == 7).any()
    roofs = np.isfinite(TOWN.roof(x, y))
    assert (cover[roofs] == 2).mean() > 0.98


def test_lidar_without_vegetation_class(tmp_path: Path) -> None:
    """As in countries that call everything else unclassified."""
    cloud = TOWN.write_lidar(tmp_path / "town.laz", density=20, classes={5: 1})
    built = build(tmp_path / "out", lidar=cloud)
    assert shows(TOWN, "dsm", read(built.dsm))
    assert shows(TOWN, "cdsm", read(built.cdsm))
    assert "no point is classed as vegetation" in texts(built, "fallback")


def test_lidar_with_ground_only_and_footprints(tmp_path: Path) -> None:
    cloud = TOWN.write_lidar(tmp_path / "town.laz", density=20, classes={5: 1, 6: 1, 9: 2})
    built = build(tmp_path / "out", lidar=cloud, footprints=TOWN.footprints(name=list("abcde")))
    assert shows(TOWN, "dsm", read(built.dsm))
    assert shows(TOWN, "cdsm", read(built.cdsm))
    assert "inside footprints" in texts(built, "fallback")


def test_lidar_with_ground_only(tmp_path: Path) -> None:
    """Roofs and trees are told apart by the pulses that came back in parts."""
    cloud = TOWN.write_lidar(tmp_path / "town.laz", density=20, classes={5: 1, 6: 1, 9: 2})
    built = build(tmp_path / "out", lidar=cloud)
    assert shows(TOWN, "dsm", read(built.dsm))
    assert shows(TOWN, "cdsm", read(built.cdsm))
    assert "give footprints to know" in texts(built, "fallback")


def test_lidar_without_any_class(tmp_path: Path) -> None:
    classes = dict.fromkeys((2, 5, 6, 9), 0)
    cloud = TOWN.write_lidar(tmp_path / "town.laz", density=20, classes=classes)
    built = build(tmp_path / "out", lidar=cloud)
    assert shows(TOWN, "dem", read(built.dem))
    assert shows(TOWN, "dsm", read(built.dsm))
    assert "no point is classed as ground" in texts(built, "fallback")
    assert built.land_cover is None


def test_footprints_on_a_ground_model(tmp_path: Path) -> None:
    dem = tif(tmp_path / "dem.tif", TOWN.dem())
    built = build(tmp_path / "out", dem=dem, footprints=TOWN.footprints())
    assert shows(TOWN, "dem", read(built.dem))
    assert shows(TOWN, "dsm", read(built.dsm))
    # The rule of the cell's centre holds exactly, not only within a cell.
    np.testing.assert_allclose(read(built.dsm), TOWN.dsm(), atol=0.05)
    assert built.cdsm is None
    assert built.doubts == []


def test_heights_count_from_the_lowest_ground_when_told(tmp_path: Path) -> None:
    dem = tif(tmp_path / "dem.tif", TOWN.dem())
    built = build(tmp_path / "out", dem=dem, footprints=TOWN.footprints(), building_ground="lowest")
    x, y = TOWN.centres()
    house = TOWN.houses[2]
    inside = (x > house.west) & (x < house.east) & (y > house.south) & (y < house.north)
    expected = TOWN.dem()[inside].min() + house.height
    np.testing.assert_allclose(read(built.dsm)[inside], expected, atol=1e-3)


def test_split_of_a_bare_surface(tmp_path: Path) -> None:
    """DSM and footprints only: the ground is found by shape, and that is said."""
    dsm = tif(tmp_path / "dsm.tif", TOWN.dsm())
    built = build(tmp_path / "out", dsm=dsm, footprints=TOWN.footprints(id=[1, 2, 3, 4, 5]))
    assert shows(TOWN, "dem", read(built.dem))
    assert shows(TOWN, "dsm", read(built.dsm))
    assert "by shape alone" in texts(built, "fallback")


def test_what_rises_outside_footprints_is_trees(tmp_path: Path) -> None:
    everything = np.maximum(TOWN.dsm(), TOWN.dem() + TOWN.canopy())
    dsm, dem = tif(tmp_path / "dsm.tif", everything), tif(tmp_path / "dem.tif", TOWN.dem())
    built = build(tmp_path / "out", dsm=dsm, dem=dem, footprints=TOWN.footprints(id=list("abcde")))
    assert shows(TOWN, "dsm", read(built.dsm))
    np.testing.assert_allclose(read(built.cdsm), TOWN.canopy(), atol=0.05)
    assert "outside footprints, taken as trees" in texts(built, "fallback")
    areas = TOWN.footprints(id=list("abcde"))
    known = build(tmp_path / "known", dsm=dsm, dem=dem, footprints=areas, trees=TOWN.tree_points())
    assert shows(TOWN, "dsm", read(known.dsm))
    assert "taken as ground because trees are given" in "\n".join(known.doubts)


def test_a_surface_above_ground(tmp_path: Path) -> None:
    above = tif(tmp_path / "above.tif", TOWN.dsm() - TOWN.dem())
    dem = tif(tmp_path / "dem.tif", TOWN.dem())
    built = build(tmp_path / "out", dsm=above, dem=dem, dsm_relative=True)
    np.testing.assert_allclose(read(built.dsm), TOWN.dsm(), atol=1e-3)
    flat = build(tmp_path / "flat", dsm=above, dsm_relative=True)
    assert read(flat.dem).max() == 0.0
    assert any("no ground is given" in doubt for doubt in flat.doubts)


def test_a_given_surface_passes_through(tmp_path: Path) -> None:
    dsm, dem = tif(tmp_path / "dsm.tif", TOWN.dsm()), tif(tmp_path / "dem.tif", TOWN.dem())
    built = solweig.build_surface(tmp_path / "out", dsm=dsm, dem=dem, picture=False)
    assert np.array_equal(read(built.dsm), TOWN.dsm())
    assert np.array_equal(read(built.dem), TOWN.dem())


def test_trees_as_points(tmp_path: Path) -> None:
    dem = tif(tmp_path / "dem.tif", TOWN.dem())
    built = build(tmp_path / "out", dem=dem, trees=TOWN.tree_points())
    np.testing.assert_allclose(read(built.cdsm), TOWN.canopy(), atol=1e-4)
    under = read(built.tdsm)
    covered = TOWN.canopy() > 0
    assert (under[~covered] == 0).all()
    assert (under[covered] > 0).all()
    assert (under <= read(built.cdsm)).all()


def test_crown_areas_beside_a_surface(tmp_path: Path) -> None:
    """Crowns as polygons with ``height`` beside DSM and DEM, as for Athens, in one call."""
    dsm, dem = tif(tmp_path / "dsm.tif", TOWN.dsm()), tif(tmp_path / "dem.tif", TOWN.dem())
    crowns = tmp_path / "trees.gpkg"
    TOWN.crown_areas().to_crs("EPSG:4326").to_file(crowns, engine="pyogrio")
    built = solweig.build_surface(tmp_path / "out", dsm=dsm, dem=dem, trees=crowns, picture=False)
    x, y = TOWN.centres()
    expected = np.zeros_like(x)
    for tree in TOWN.trees:
        inside = np.hypot(x - tree.x, y - tree.y) < tree.radius
        expected = np.where(inside, np.maximum(expected, tree.height), expected)
    found = read(built.cdsm)
    edge = np.abs(
        np.min([np.abs(np.hypot(x - t.x, y - t.y) - t.radius) for t in TOWN.trees], axis=0)
    )
    np.testing.assert_allclose(found[edge > 0.1], expected[edge > 0.1], atol=1e-4)
    assert np.array_equal(read(built.dsm), TOWN.dsm())
    np.testing.assert_allclose(read(built.tdsm)[found > 0] / found[found > 0], 0.25, rtol=1e-5)


def test_sources_of_trees_merge_by_maximum(tmp_path: Path) -> None:
    dem = tif(tmp_path / "dem.tif", TOWN.dem())
    model = np.zeros((120, 120), np.float32)
    model[60:75, 45:60] = 6.0
    chm = tif(tmp_path / "chm.tif", model)
    built = build(tmp_path / "out", dem=dem, trees=TOWN.tree_points(), canopy=chm)
    np.testing.assert_allclose(read(built.cdsm), np.maximum(TOWN.canopy(), model), atol=1e-4)


def test_lidar_and_footprints(tmp_path: Path) -> None:
    """A thin survey: footprints fill what it missed, and add the house it did not see."""
    survey = TOWN.points(2.0)
    x, y = survey["x"], survey["y"]
    house = TOWN.houses[3]
    new = (x > house.west) & (x < house.east) & (y > house.south) & (y < house.north)
    survey["z"] = np.where(new, TOWN.ground(x, y), survey["z"])
    survey["class"] = np.where(new, 2, survey["class"]).astype(np.uint8)
    cloud = TOWN.write_lidar(tmp_path / "town.laz", points=survey)
    built = build(tmp_path / "out", lidar=cloud, footprints=TOWN.footprints())
    assert shows(TOWN, "dsm", read(built.dsm))
    assert "cells of footprints without a return" in texts(built, "gap")
    assert any("1 of 5 (20.0%) buildings do not stand in the survey" in d for d in built.doubts)


@pytest.mark.parametrize("pixel", [0.5, 1.0])
def test_a_thin_survey_says_so(tmp_path: Path, pixel: float) -> None:
    cloud = TOWN.write_lidar(tmp_path / "town.laz", density=1.5)
    built = build(tmp_path / "out", lidar=cloud, pixel_size=pixel)
    roofs = off_by(TOWN, "dsm", read(built.dsm), pixel, cells=round(2 / pixel))
    assert (roofs > 0.05).mean() < 0.002
    assert any("less than one return a cell" in d for d in built.doubts) == (pixel == 0.5)


def test_the_surface_runs(tmp_path: Path) -> None:
    """What is built can be prepared without a warning."""
    cloud = TOWN.write_lidar(tmp_path / "town.laz")
    built = build(
        tmp_path / "out", lidar=cloud, bbox=(WEST + 30, SOUTH + 50, WEST + 80, SOUTH + 120)
    )
    surface = solweig.SurfaceData.prepare(**built.layers(), patch_option=1)
    assert surface.shape == (70, 50)
    assert set(built.layers()) == {"dsm", "dem", "cdsm", "tdsm", "land_cover"}
    assert surface.svf is not None

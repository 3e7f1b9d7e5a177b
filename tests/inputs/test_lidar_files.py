"""LiDAR files of every kind, whole, in part, damaged, and empty."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import laspy
import numpy as np
import pytest
from pyproj import CRS

import solweig
from solweig.inputs import lidar, terrain
from solweig.inputs.scratch import Scratch
from tests.support.copc import write_copc
from tests.support.town import SOUTH, UTM32, WEST
from tests.support.town_checks import TOWN, build, read, shows, texts, tif

CORNER = (WEST + 60, SOUTH + 50, WEST + 110, SOUTH + 95)


def same(a: solweig.BuiltSurface, b: solweig.BuiltSurface) -> bool:
    """Equal but for the rounding of sums in another order."""
    assert a.files.keys() == b.files.keys()
    for name in a.files:
        np.testing.assert_allclose(read(a.files[name]), read(b.files[name]), atol=1e-4)
    return True


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return TOWN.write_lidar(tmp_path_factory.mktemp("cloud") / "town.laz", density=12)


def split(path: Path, folder: Path, parts: int) -> list[Path]:
    """The points of a file in several, by turns."""
    las = laspy.read(path)
    found = []
    for part in range(parts):
        one = laspy.LasData(las.header)
        one.points = las.points[part::parts].copy()
        one.write(folder / f"part{part}.laz")
        found.append(folder / f"part{part}.laz")
    return found


@pytest.mark.parametrize("bbox", [TOWN.bounds, CORNER])
def test_cloud_optimised_files_give_the_same(tmp_path: Path, cloud: Path, bbox: Any) -> None:
    """Read whole, and through the index where a part is enough."""
    copc = write_copc(laspy.read(cloud), tmp_path / "town.copc.laz")
    assert lidar.open_cloud(lidar.Source("lidar", "town", copc)).copc
    assert same(
        build(tmp_path / "copc", lidar=copc, bbox=bbox),
        build(tmp_path / "laz", lidar=cloud, bbox=bbox),
    )


def test_a_part_of_a_cloud_optimised_file_is_read_through_its_index(
    tmp_path: Path, cloud: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copc = write_copc(laspy.read(cloud), tmp_path / "town.copc.laz")
    monkeypatch.setattr(lidar, "_streamed", lambda *_: pytest.fail("read whole"))
    built = build(tmp_path / "out", lidar=copc, bbox=(WEST, SOUTH, WEST + 30, SOUTH + 30))
    assert read(built.files["density"]).mean() == pytest.approx(12, rel=0.05)


def test_tiles_and_chunks_do_not_show(
    tmp_path: Path, cloud: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = build(tmp_path / "whole", lidar=cloud)
    split(cloud, tmp_path, 3)
    small = lidar.chunks.__defaults__
    assert small == (lidar.CHUNK_POINTS,)
    monkeypatch.setattr(lidar.chunks, "__defaults__", (7000,))
    assert same(whole, build(tmp_path / "tiled", lidar=str(tmp_path / "part*.laz")))
    assert whole.report.points["2 ground"] > 0


def test_mapped_files_give_the_same(
    tmp_path: Path, cloud: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = build(tmp_path / "quick", lidar=cloud)
    made: list[Scratch] = []

    def on_disk(folder: Path, shape: tuple[int, int]) -> Scratch:
        made.append(Scratch(folder, shape, on_disk=True))
        return made[-1]

    monkeypatch.setattr("solweig.inputs.build.Scratch", on_disk)
    mapped = build(tmp_path / "mapped", lidar=cloud)
    assert made[0].on_disk
    for name in quick.files:
        assert np.array_equal(read(quick.files[name]), read(mapped.files[name]), equal_nan=True)
    assert not list((tmp_path / "mapped").glob(".building*"))


def test_files_away_from_the_grid_are_not_read(tmp_path: Path, cloud: Path) -> None:
    far = TOWN.write_lidar(tmp_path / "far.laz", density=1)
    las = laspy.read(far)
    las.x = las.x + 5000.0
    las.write(far)
    las = laspy.read(far)
    built = build(tmp_path / "out", lidar=[cloud, far])
    assert "1 of 2 (50.0%) files do not touch the grid" in texts(built, "done")
    assert [s["name"] for s in built.report.sources] == ["town.laz"]


@pytest.mark.parametrize(("unit", "metres"), [("ft", 0.3048), ("us-ft", 1200 / 3937), ("m", 1.0)])
def test_heights_in_feet_as_told(tmp_path: Path, unit: str, metres: float) -> None:
    cloud = TOWN.write_lidar(tmp_path / "town.laz", density=12, scale_z=1 / metres)
    built = build(tmp_path / "out", lidar=cloud, lidar_unit=unit)
    assert shows(TOWN, "dsm", read(built.dsm))


def test_heights_in_feet_as_the_file_says(tmp_path: Path) -> None:
    crs = CRS.from_user_input(f"{UTM32}+6360")  # NAVD88 height (ftUS)
    cloud = TOWN.write_lidar(tmp_path / "town.laz", density=12, scale_z=3937 / 1200, crs=crs)
    built = build(tmp_path / "out", lidar=cloud)
    assert shows(TOWN, "dsm", read(built.dsm))
    assert "as the file says" in texts(built, "done")


def test_heights_taken_to_be_in_the_feet_of_the_crs_are_a_doubt(tmp_path: Path) -> None:
    """A state plane in feet that says nothing of heights."""
    import pyproj

    state = CRS.from_epsg(2263)  # New York, US survey feet
    to_state = pyproj.Transformer.from_crs("EPSG:32618", state, always_xy=True)
    x, y = to_state.transform(WEST + 80_000 + np.arange(400) % 20, 4_510_000 + np.arange(400) // 20)
    header = laspy.LasHeader(version="1.4", point_format=6)
    header.scales, header.offsets = [0.001] * 3, [float(x.min()), float(y.min()), 0.0]
    header.add_crs(state)
    las = laspy.LasData(header)
    las.x, las.y, las.z = x, y, np.full(400, 100.0)
    las.classification = np.full(400, 2, np.uint8)
    las.write(tmp_path / "state.laz")
    built = solweig.build_surface(
        tmp_path / "out", lidar=tmp_path / "state.laz", crs="EPSG:32618", picture=False,
        bbox=(WEST + 80_000, 4_510_000, WEST + 80_018, 4_510_018),
    )  # fmt: skip
    assert read(built.dem).mean() == pytest.approx(30.48, abs=0.01)
    assert any("lidar_unit tells it" in doubt for doubt in built.doubts)


def test_another_crs_is_brought_to_the_grid(tmp_path: Path) -> None:
    import pyproj

    there = pyproj.Transformer.from_crs(UTM32, "EPSG:25833", always_xy=True)
    survey = TOWN.points(12)
    x, y = there.transform(WEST + survey["x"], SOUTH + survey["y"])
    moved = {**survey, "x": x - WEST, "y": y - SOUTH}
    cloud = TOWN.write_lidar(tmp_path / "town.laz", points=moved, crs="EPSG:25833", noise=0)
    built = build(tmp_path / "out", lidar=cloud, crs=UTM32)
    assert shows(TOWN, "dsm", read(built.dsm))


def test_no_crs_is_a_doubt(tmp_path: Path) -> None:
    cloud = TOWN.write_lidar(tmp_path / "town.laz", density=8, crs=None)
    built = build(tmp_path / "out", lidar=cloud, crs=UTM32)
    assert any("town.laz says no CRS" in doubt for doubt in built.doubts)
    with pytest.raises(solweig.ConfigurationError) as told:
        build(tmp_path / "none", lidar=cloud)
    assert told.value.field == "crs"


def test_classes_by_other_rules(tmp_path: Path) -> None:
    """AHN's 26 and a country's own number for trees."""
    cloud = TOWN.write_lidar(tmp_path / "town.laz", density=20, classes={6: 26, 5: 200})
    lost = build(tmp_path / "lost", lidar=cloud)
    assert "neither ground, trees, buildings nor water left out" in texts(lost, "done")
    built = build(tmp_path / "out", lidar=cloud, lidar_classes={26: "building", "200": "tree"})
    assert shows(TOWN, "dsm", read(built.dsm))
    assert shows(TOWN, "cdsm", read(built.cdsm))
    assert built.report.points["26 civil structure"] > 0
    assert built.report.points["200 reserved or user-defined"] > 0


def test_withheld_points_and_noise_are_dropped_and_counted(tmp_path: Path) -> None:
    cloud = TOWN.write_lidar(tmp_path / "town.laz", density=20, noise=50)
    las = laspy.read(cloud)
    wrong = np.arange(len(las.points)) % 97 == 0
    las.z[wrong] = las.z[wrong] + 60.0
    las.withheld = wrong
    las.write(cloud)
    built = build(tmp_path / "out", lidar=cloud)
    assert shows(TOWN, "dsm", read(built.dsm))
    assert built.report.points["withheld"] == wrong.sum()
    assert built.report.points["7 low noise"] == 50
    assert "points are marked as withheld" in texts(built, "done")


def test_absurd_returns_are_left_out_and_counted(tmp_path: Path) -> None:
    survey = TOWN.points(20)
    high = np.flatnonzero(survey["class"] == 6)[:3]
    survey["z"][high] += 5000.0
    built = build(tmp_path / "out", lidar=TOWN.write_lidar(tmp_path / "town.laz", points=survey))
    assert read(built.dsm).max() < 100.0
    assert any("cells have returns more than 1000 m above" in doubt for doubt in built.doubts)


def test_a_look_through_a_crown_is_no_hole_in_it(tmp_path: Path) -> None:
    survey = TOWN.points(20)
    tree = TOWN.trees[4]
    ground = TOWN.ground(survey["x"], survey["y"])
    through = (np.floor(survey["x"]) == tree.x - 0.5) & (np.floor(survey["y"]) == tree.y - 0.5)
    survey["z"] = np.where(through, ground, survey["z"])
    survey["class"][through] = 2
    assert through.sum() > 5
    built = build(tmp_path / "out", lidar=TOWN.write_lidar(tmp_path / "town.laz", points=survey))
    row, col = round(TOWN.side - tree.y - 0.5), round(tree.x - 0.5)
    assert read(built.cdsm)[row, col] == pytest.approx(tree.height, abs=0.5)
    assert "cells amid crowns without a vegetation return" in texts(built, "gap")


def test_holes_are_counted_and_the_far_ones_stay(tmp_path: Path) -> None:
    survey = TOWN.points(8)
    keep = survey["x"] < 60
    survey = {name: values[keep] for name, values in survey.items()}
    built = build(
        tmp_path / "out", lidar=TOWN.write_lidar(tmp_path / "town.laz", points=survey, noise=0),
        max_gap=20.0,
    )  # fmt: skip
    assert "cells without ground filled" in texts(built, "gap")
    assert "have no ground within 20 m and stay without data" in texts(built, "gap")
    assert np.isnan(read(built.dem)[:, 85:]).all()
    assert np.isnan(read(built.dsm)[:, 85:]).all()
    assert not np.isnan(read(built.dem)[:, :78]).any()
    assert built.report.layers["dsm"]["coverage"] == pytest.approx(80 / 120, abs=0.02)


def test_lidar_on_a_ground_of_another_zero_is_a_doubt(tmp_path: Path, cloud: Path) -> None:
    dem = tif(tmp_path / "dem.tif", TOWN.dem() + 45.0)
    built = build(tmp_path / "out", lidar=cloud, dem=dem)
    assert any("below that of the DEM" in doubt for doubt in built.doubts)


# ------------------------------------------------------------------ what cannot be used


def refused(error: type[Exception], out: Path, **sources: Any) -> Any:
    """The error; nothing is left behind."""
    with pytest.raises(error) as told:
        build(out, **sources)
    assert not out.exists()
    return told.value


def test_no_lidar_file(tmp_path: Path) -> None:
    path = tmp_path / "text.laz"
    path.write_text("nothing of the kind")
    told = refused(solweig.InvalidSurfaceData, tmp_path / "out", lidar=path)
    assert told.field == "lidar"
    assert "text.laz" in str(told)


def test_an_empty_file(tmp_path: Path) -> None:
    none = {n: v[:0] for n, v in TOWN.points(1).items()}
    path = TOWN.write_lidar(tmp_path / "empty.laz", points=none, noise=0)
    told = refused(solweig.InvalidSurfaceData, tmp_path / "out", lidar=path)
    assert told.field == "lidar"
    assert "at least one point" in str(told)


def test_only_noise(tmp_path: Path) -> None:
    none = {n: v[:0] for n, v in TOWN.points(1).items()}
    path = TOWN.write_lidar(tmp_path / "noise.laz", points=none, noise=100)
    told = refused(solweig.InvalidSurfaceData, tmp_path / "out", lidar=path)
    assert "only noise or left out" in str(told)


@pytest.mark.parametrize("ending", ["las", "laz"])
def test_a_file_cut_short(tmp_path: Path, ending: str) -> None:
    whole = TOWN.write_lidar(tmp_path / f"town.{ending}", density=8)
    content = whole.read_bytes()
    whole.write_bytes(content[: len(content) * 2 // 3])
    told = refused(solweig.InvalidSurfaceData, tmp_path / "out", lidar=whole)
    assert told.field == "lidar"


def test_a_file_cut_between_two_points(tmp_path: Path) -> None:
    """Nothing in it is damaged; it only ends too soon."""
    whole = TOWN.write_lidar(tmp_path / "town.las", density=8)
    with laspy.open(whole) as reader:
        start, each = reader.header.offset_to_point_data, reader.header.point_format.size
    whole.write_bytes(whole.read_bytes()[: start + 1000 * each])
    told = refused(solweig.InvalidSurfaceData, tmp_path / "out", lidar=whole)
    assert "as the header of town.las says" in str(told)
    assert "about 1,000" in str(told)


def test_lidar_elsewhere(tmp_path: Path, cloud: Path) -> None:
    told = refused(
        solweig.InvalidSurfaceData, tmp_path / "out", lidar=cloud,
        bbox=(WEST + 9000, SOUTH, WEST + 9100, SOUTH + 100),
    )  # fmt: skip
    assert told.field == "lidar"
    assert "overlaps the grid" in str(told)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("lidar_classes", {6: "house"}),
        ("lidar_classes", {300: "tree"}),
        ("lidar_classes", {"six": "tree"}),
        ("lidar_unit", "yards"),
        ("max_gap", -1.0),
        ("min_object_height", float("nan")),
        ("max_building", "wide"),
    ],
)
def test_options_out_of_range(tmp_path: Path, cloud: Path, option: str, value: Any) -> None:
    told = refused(solweig.ConfigurationError, tmp_path / "out", lidar=cloud, **{option: value})
    assert told.field == option


def test_a_survey_and_a_surface_contradict(tmp_path: Path, cloud: Path) -> None:
    dsm = tif(tmp_path / "dsm.tif", TOWN.dsm())
    told = refused(solweig.ConfigurationError, tmp_path / "out", lidar=cloud, dsm=dsm)
    assert told.field == "dsm"


def test_memory_does_not_grow_with_the_points(
    tmp_path: Path, cloud: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file ten times as long no more points are in memory at once."""
    held: list[int] = []
    take = terrain.Returns.add

    def add(self: Any, chunk: Any) -> None:
        held.append(chunk.read)
        take(self, chunk)

    monkeypatch.setattr(terrain.Returns, "add", add)
    monkeypatch.setattr(lidar.chunks, "__defaults__", (5000,))
    copies = [shutil.copy(cloud, tmp_path / f"copy{i}.laz") for i in range(4)]
    build(tmp_path / "out", lidar=copies)
    assert max(held) == 5000
    assert sum(held) == 4 * (12 * 120 * 120 + 20)

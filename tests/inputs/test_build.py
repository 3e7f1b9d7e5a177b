"""A build as a whole: sources, files, report, faults on the way."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import rasterio

import solweig
from solweig import packages
from solweig.errors import MissingRaster
from solweig.inputs.report import Report
from tests.support.town import SOUTH, WEST
from tests.support.town_checks import TOWN, build, read, shows, texts, tif


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every kind of source, as files."""
    folder = tmp_path_factory.mktemp("sources")
    TOWN.footprints().to_file(folder / "b.gpkg")
    TOWN.tree_points().to_file(folder / "t.gpkg")
    return {
        "dem": tif(folder / "dem.tif", TOWN.dem()),
        "footprints": folder / "b.gpkg",
        "trees": folder / "t.gpkg",
        "land_cover": tif(folder / "wc.tif", np.full((120, 120), 30, np.uint8)),
    }


# ------------------------------------------------------------------ what is written


def test_everything_is_written_with_its_origin(tmp_path: Path, sources: Any) -> None:
    out = tmp_path / "deep" / "out"
    built = solweig.build_surface(out, **sources, bbox=TOWN.bounds)
    names = {"dsm", "dem", "cdsm", "tdsm", "land_cover"}
    assert set(built.files) == set(built.layers()) == names
    files = {f"{name}.tif" for name in names} | {"report.json", "report.txt", "picture.png"}
    assert {path.name for path in out.iterdir()} == files
    for name, path in built.files.items():
        with rasterio.open(path) as source:
            assert source.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            tags = source.tags()
            assert source.nodata == (None if name == "land_cover" else -9999.0)
        assert tags["SOLWEIG_VERSION"]
        told = {entry["name"]: entry for entry in json.loads(tags["SOLWEIG_SOURCES"])}
        assert set(told) == {"dem.tif", "b.gpkg", "t.gpkg", "wc.tif"}
        assert all(len(entry["blake2b"]) >= 32 for entry in told.values())
    content = json.loads((out / "report.json").read_text())
    assert content["grid"]["rows"] == 120
    assert set(content["layers"]) == names
    assert {entry["kind"] for entry in content["entries"]} <= {"done", "gap", "fallback", "doubt"}
    text = (out / "report.txt").read_text()
    assert text == built.report.text()
    assert "120 x 120 cells of 1 m, EPSG:25832" in text
    assert built.picture == out / "picture.png"
    assert built.picture.read_bytes()[:4] == b"\x89PNG"
    assert str(tmp_path) not in text + (out / "report.json").read_text()


def test_the_line_that_goes_on(tmp_path: Path, sources: Any) -> None:
    built = build(tmp_path / "o u t", dem=sources["dem"], trees=sources["trees"])
    line = built.run_line()
    assert line.startswith("solweig run --dsm '")
    assert "--tdsm" in line
    assert "--land-cover" not in line
    assert built.land_cover is None


def test_the_same_sources_give_the_same_bytes(tmp_path: Path, sources: Any) -> None:
    one, two = (solweig.build_surface(tmp_path / n, **sources, bbox=TOWN.bounds) for n in "ab")
    for path in sorted(one.folder.iterdir()):
        assert path.read_bytes() == (two.folder / path.name).read_bytes(), path.name


def test_rasters_that_a_run_takes_as_they_are(tmp_path: Path, sources: Any) -> None:
    built = build(tmp_path / "out", **sources)
    surface = solweig.SurfaceData.prepare(**built.layers(), patch_option=1)
    np.testing.assert_allclose(surface.dsm, TOWN.dsm(), atol=0.05)


def test_an_earlier_surface_is_kept_unless_told(tmp_path: Path, sources: Any) -> None:
    out = tmp_path / "out"
    build(out, **sources)
    (out / "mine.txt").write_text("kept")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(solweig.ConfigurationError, match="overwrite") as told:
        build(out, dem=sources["dem"])
    assert told.value.field == "out"
    assert before == {path.name: path.read_bytes() for path in out.iterdir()}
    build(out, dem=sources["dem"], overwrite=True)
    assert {p.name for p in out.iterdir()} == {
        "dsm.tif", "dem.tif", "report.json", "report.txt", "mine.txt"
    }  # fmt: skip


def test_a_file_in_place_of_the_folder(tmp_path: Path, sources: Any) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(solweig.ConfigurationError, match="a folder"):
        build(tmp_path / "out", dem=sources["dem"])


# ------------------------------------------------------------------ nothing half-written


def test_cancelled_anywhere_nothing_is_left(tmp_path: Path, sources: Any) -> None:
    cloud = TOWN.write_lidar(tmp_path / "town.laz", density=8)
    heard: list[tuple[int, int]] = []

    class Feedback:
        def __init__(self, stop: int) -> None:
            self.left = stop

        def isCanceled(self) -> bool:
            self.left -= 1
            return self.left <= 0

        def setProgress(self, value: float) -> None:
            heard.append((round(value), 100))

        def setProgressText(self, text: str) -> None:
            pass

        def pushInfo(self, text: str) -> None:
            pass

    given = {**sources, "lidar": cloud}
    for stop in (1, 3, 6, 10, 14):
        with pytest.raises(solweig.ComputationCancelled):
            build(tmp_path / "out", **given, feedback=Feedback(stop))
        assert not (tmp_path / "out").exists()
    heard.clear()
    build(tmp_path / "out", **given, feedback=Feedback(10_000))
    values = [value for value, _ in heard]
    assert values == sorted(values)
    assert values[-1] == 100


def test_progress_goes_up_to_the_end(tmp_path: Path, sources: Any) -> None:
    heard: list[tuple[int, int]] = []
    build(tmp_path / "out", **sources, feedback=lambda done, total: heard.append((done, total)))
    shares = [done / total for done, total in heard]
    assert shares == sorted(shares)
    assert len(shares) > 5
    assert shares[-1] == 1.0


@pytest.mark.parametrize("keep", [False, True])
def test_a_full_disk_leaves_nothing(
    tmp_path: Path, sources: Any, monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:
    from solweig.inputs import write

    out = tmp_path / "out"
    before = {}
    if keep:
        build(out, **sources)
        before = {path.name: path.read_bytes() for path in out.iterdir()}
    count = iter(range(10))
    whole = write.write_geotiff

    def full(*args: Any, **kwargs: Any) -> None:
        if next(count) == 2:
            raise OSError(28, "No space left on device")
        whole(*args, **kwargs)

    monkeypatch.setattr(write, "write_geotiff", full)
    with pytest.raises(OSError, match="No space left"):
        build(out, **sources, overwrite=True)
    if keep:
        assert before == {path.name: path.read_bytes() for path in out.iterdir()}
    else:
        assert not out.exists()


@pytest.mark.parametrize("role", ["dem", "footprints", "trees", "canopy", "dsm", "land_cover"])
def test_a_missing_file(tmp_path: Path, sources: Any, role: str) -> None:
    given = {**sources, role: tmp_path / "not_there.tif"}
    with pytest.raises(MissingRaster) as told:
        build(tmp_path / "out", **given)
    assert told.value.field == role
    assert not (tmp_path / "out").exists()


def test_patterns_folders_and_things(tmp_path: Path, sources: Any) -> None:
    with pytest.raises(MissingRaster, match="match the pattern"):
        build(tmp_path / "out", lidar=str(tmp_path / "*.laz"))
    with pytest.raises(solweig.InvalidSurfaceData, match="a folder"):
        build(tmp_path / "out", lidar=tmp_path)
    with pytest.raises(solweig.InvalidSurfaceData, match="a path, a URL or a GeoDataFrame"):
        build(tmp_path / "out", dem=3.0)


def test_nothing_to_build_from(tmp_path: Path, sources: Any) -> None:
    for given in ({}, {"land_cover": sources["land_cover"]}):
        with pytest.raises(solweig.ConfigurationError) as told:
            build(tmp_path / "out", **given)
        assert told.value.field == "sources"
    with pytest.raises(solweig.ConfigurationError, match="dsm_relative"):
        build(tmp_path / "out", dem=sources["dem"], dsm_relative=True)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("building_ground", "highest"),
        ("floor_height", 0.0),
        ("floor_height", True),
        ("default_height", -3.0),
        ("default_height", "tall"),
    ],
)
def test_options_out_of_range(tmp_path: Path, sources: Any, option: str, value: Any) -> None:
    with pytest.raises(solweig.ConfigurationError) as told:
        build(tmp_path / "out", dem=sources["dem"], **{option: value})
    assert told.value.field == option


@pytest.mark.parametrize("gone", ["laspy", "lazrs", "scipy", "geopandas", "pyogrio", "shapely"])
def test_a_missing_package_is_named_with_its_line(
    tmp_path: Path, sources: Any, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    cloud = TOWN.write_lidar(tmp_path / "town.laz", density=1)
    found = packages.find_spec
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == gone else found(name))
    with pytest.raises(
        solweig.ConfigurationError, match=r"pip install 'solweig\[inputs\]'"
    ) as told:
        build(tmp_path / "out", lidar=cloud)
    assert gone in str(told.value.got)
    assert not (tmp_path / "out").exists()


WITHOUT = """
import sys
from importlib.machinery import PathFinder
from typer.testing import CliRunner

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        gone = "scipy laspy lazrs geopandas shapely pyogrio pyarrow fsspec".split()
        return None if name.split(".")[0] in gone else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
import solweig
try:
    solweig.build_surface("out", dem="dem.tif")
except solweig.ConfigurationError as told:
    assert "pip install 'solweig[inputs]'" in str(told), told
else:
    raise SystemExit("built without packages")
from solweig.cli.app import app
done = CliRunner().invoke(app, ["build", "--dem", "dem.tif", "--out", "out"])
assert done.exit_code == 2, done.output
assert "solweig[inputs]" in done.output
"""


def test_without_any_of_the_packages(tmp_path: Path) -> None:
    """Nothing is imported before the packages are asked for."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------ URLs


def test_urls(tmp_path: Path, sources: Any) -> None:
    """Any fsspec URL: one file, a pattern, and the files beside a shapefile."""
    memory = fsspec.filesystem("memory")
    TOWN.footprints().to_file(tmp_path / "b.shp")
    cloud = TOWN.write_lidar(tmp_path / "town.laz", density=12)
    for path in (*tmp_path.glob("b.*"), cloud, sources["dem"]):
        memory.pipe(f"/town/{path.name}", path.read_bytes())
    built = build(
        tmp_path / "out", dem="memory://town/dem.tif", footprints="memory://town/b.shp",
        lidar="memory://town/*.laz",
    )  # fmt: skip
    assert shows(TOWN, "dsm", read(built.dsm))
    assert [s["name"] for s in built.report.sources] == ["town.laz", "dem.tif", "b.shp"]
    assert not list((tmp_path / "out").glob(".building*"))
    with pytest.raises(MissingRaster, match="nothing at memory://town/none"):
        build(tmp_path / "none", dem="memory://town/none.tif")
    memory.rm("/town", recursive=True)


# ------------------------------------------------------------------ report


def test_a_report_counts_and_does_not_repeat() -> None:
    report = Report()
    report.doubt("a", "things are odd", 0, 10)
    report.gap("a", "things are gone", 3, 12)
    report.gap("a", "things are gone", 3, 12)
    report.fallback("b", "said once")
    assert [str(entry) for entry in report.entries] == [
        "a: 3 of 12 (25.0%) things are gone",
        "b: said once",
    ]
    assert report.entries[0].to_dict() == {
        "kind": "gap", "layer": "a", "text": "things are gone", "count": 3, "of": 12, "share": 0.25
    }  # fmt: skip


def test_doubts_are_logged_as_warnings(
    tmp_path: Path, sources: Any, caplog: pytest.LogCaptureFixture
) -> None:
    built = build(tmp_path / "out", footprints=sources["footprints"])
    assert built.doubts
    warned = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert set(built.doubts) <= set(warned)


def test_two_boxes_side_by_side_fit(tmp_path: Path, sources: Any) -> None:
    """Parts of a town built apart are those of the whole."""
    whole = build(tmp_path / "whole", **sources)
    left = build(tmp_path / "left", **sources, bbox=(WEST, SOUTH, WEST + 65, SOUTH + TOWN.side))
    for name in ("dem", "cdsm", "tdsm", "land_cover"):
        assert np.array_equal(read(left.files[name]), read(whole.files[name])[:, :65]), name


def test_sources_stay_as_they_are(tmp_path: Path, sources: Any) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    given = {role: Path(shutil.copy(path, copies)) for role, path in sources.items()}
    before = {path: path.read_bytes() for path in copies.iterdir()}
    build(tmp_path / "out", **given)
    assert before == {path: path.read_bytes() for path in copies.iterdir()}
    assert texts(build(tmp_path / "again", **given), "doubt") == ""

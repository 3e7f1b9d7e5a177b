"""``solweig build``: one command from files to a surface, and on to a map."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from solweig.cli.app import app
from tests.support.town_checks import TOWN, read, shows, tif

runner = CliRunner()
NOON = (
    "%iy id it imin Q* QH QE Qs Qf Wind RH Td press rain Kdn snow ldown fcld wuh xsmd lai_hr "
    "Kdiff Kdir Wd\n"
    "2006 213 12 0 -999 -999 -999 -999 -999 2.0 60 22.0 101.3 -999 750 -999 -999 -999 -999 -999 "
    "-999 -999 -999 -999\n"
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A surface, its ground, and crowns as areas with ``height`` in degrees, as for Athens."""
    tif(tmp_path / "dsm.tif", TOWN.dsm())
    tif(tmp_path / "dem.tif", TOWN.dem())
    TOWN.crown_areas().to_crs("EPSG:4326").to_file(tmp_path / "trees.gpkg")
    return tmp_path


def invoke(*arguments: Any) -> Any:
    return runner.invoke(app, ["build", *(str(a) for a in arguments)])


def test_surface_ground_and_crowns_in_one_command_and_on_to_a_map(files: Path) -> None:
    done = invoke(
        "--dsm", files / "dsm.tif", "--dem", files / "dem.tif", "--trees", files / "trees.gpkg",
        "--out", files / "built", "--no-picture",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    found = read(files / "built" / "cdsm.tif")
    x, y = TOWN.centres()
    for tree in TOWN.trees:
        inside = np.hypot(x - tree.x, y - tree.y) < tree.radius - 0.1
        assert (found[inside] >= np.float32(tree.height)).all()
    assert (found > 0).mean() == pytest.approx((TOWN.canopy() > 0).mean(), rel=0.05)
    line = next(text for text in done.stdout.splitlines() if text.startswith("solweig run"))
    words = shlex.split(line)[1:]
    (files / "met.txt").write_text(NOON)
    words = words[: words.index("--epw")]
    run = [*words, "--met", str(files / "met.txt"), "--utc-offset", "1", "--out",
           str(files / "map"), "--outputs", "tmrt"]  # fmt: skip
    mapped = runner.invoke(app, run)
    assert mapped.exit_code == 0, mapped.output
    assert list((files / "map").rglob("tmrt*.tif"))


def test_what_a_shell_makes_of_a_pattern(files: Path) -> None:
    for part in (0, 1):
        TOWN.write_lidar(files / f"tile{part}.laz", density=10)
    done = invoke(
        "--out", files / "built", "--no-picture", "--bbox", ",".join(map(str, TOWN.bounds)),
        "--lidar", files / "tile0.laz", files / "tile1.laz",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert shows(TOWN, "dsm", read(files / "built" / "dsm.tif"))
    assert "LiDAR points" in done.stdout
    strange = invoke("--out", files / "b", "--dem", files / "dem.tif", files / "dsm.tif")
    assert strange.exit_code != 0
    assert not (files / "b").exists()


def test_options_reach_the_build(files: Path) -> None:
    cloud = TOWN.write_lidar(files / "town.laz", density=20, classes={6: 26})
    done = invoke(
        "--lidar", cloud, "--lidar-class", "26=building", "--out", files / "built",
        "--no-picture", "--bbox", ",".join(map(str, TOWN.bounds)), "--pixel-size", "2",
        "--ground-below-trees", "grass", "--trunk-ratio", "0.5",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert shows(TOWN, "dsm", read(files / "built" / "dsm.tif"), 2.0)
    top, under = read(files / "built" / "cdsm.tif"), read(files / "built" / "tdsm.tif")
    np.testing.assert_allclose(under[top > 0] / top[top > 0], 0.5, rtol=1e-5)


def test_a_configuration_file(files: Path) -> None:
    (files / "build.toml").write_text(
        f'dem = ["{files / "dem.tif"}"]\ndsm = ["{files / "dsm.tif"}"]\n'
        f'out = "{files / "built"}"\npicture = false\n'
    )
    done = invoke("--config", files / "build.toml", "--out", files / "built")
    assert done.exit_code == 0, done.output
    assert (files / "built" / "report.json").exists()


@pytest.mark.parametrize(
    "more",
    [
        ["--dem", "not_there.tif"],
        ["--dem", "dem.tif", "--crs", "EPSG:4326"],
        ["--dem", "dem.tif", "--lidar-class", "26"],
        ["--dem", "dem.tif", "--bbox", "1,2,3"],
        [],
    ],
)
def test_faults_are_said_without_a_traceback(
    files: Path, more: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(files)
    done = invoke("--out", "built", *more)
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert not (files / "built").exists()

"""The tutorial does what it says, on the sample files, which are those of their maker."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import laspy
import numpy as np
import pytest
import rasterio
from typer.testing import CliRunner

import solweig
from solweig.cli.app import app
from tests.support import samples
from tests.support.town_checks import read

TUTORIAL = samples.ROOT / "docs" / "inputs-tutorial.md"
runner = CliRunner()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TUTORIAL.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like the root of the repository."""
    for name in ("docs", "python"):
        (tmp_path / name).symlink_to(samples.ROOT / name, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def error(folder: Path) -> np.ndarray:
    """Of the surface, against the raster that the samples were made from."""
    return np.asarray(read(folder / "dsm.tif") - read(samples.SITE / "dsm.tif"))


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def test_every_command_and_every_number(root: Path) -> None:
    for block in blocks("sh"):
        for line in block.splitlines():
            words = shlex.split(line)
            assert words[0] == "solweig"
            done = runner.invoke(app, ["-q", *words[1:]])
            assert done.exit_code == 0, done.output
    cloud = json.loads((root / "built" / "report.json").read_text())
    said = {entry["text"]: entry for entry in cloud["entries"]}
    assert said["points of noise classes dropped"]["count"] == 25
    share = said["cells without ground filled from around (smoothest surface)"]["share"]
    assert share == pytest.approx(0.40, abs=0.005)
    share = said["cells below trees are taken as the nearest ground"]["share"]
    assert share == pytest.approx(0.04, abs=0.005)
    doubts = [entry for entry in cloud["entries"] if entry["kind"] == "doubt"]
    assert [round(entry["share"], 1) for entry in doubts] == [0.3]
    assert rms(error(root / "built")) == pytest.approx(0.5, abs=0.05)
    assert np.mean(np.abs(error(root / "built")) < 0.2) > 0.9
    assert rms(error(root / "drawn")) == pytest.approx(2.6, abs=0.05)
    drawn = json.loads((root / "drawn" / "report.json").read_text())
    floors = next(e for e in drawn["entries"] if "no height but floors" in e["text"])
    assert (floors["count"], floors["of"]) == (8, 12)
    apart = read(root / "drawn_map" / "summary" / "tmrt_day_mean.tif") - read(
        root / "map" / "summary" / "tmrt_day_mean.tif"
    )
    assert np.nanmean(apart) == pytest.approx(1.1, abs=0.1)
    assert np.nanmax(apart) > 20
    assert list((root / "map" / "plots").glob("tmrt_20060801_14*.png"))


def test_the_lines_of_python(root: Path) -> None:
    (code,) = blocks("python")
    names: dict[str, object] = {}
    exec(compile(code, str(TUTORIAL), "exec"), names)
    surface = names["surface"]
    assert isinstance(surface, solweig.SurfaceData)
    assert surface.shape == (104, 116)


@pytest.mark.parametrize("name", sorted(samples.WRITERS))
def test_samples_are_those_of_their_maker(tmp_path: Path, name: str) -> None:
    made, kept = samples.WRITERS[name](tmp_path / name), samples.TARGET / name
    if name.endswith(".laz"):
        one, two = laspy.read(made), laspy.read(kept)
        for part in ("X", "Y", "Z", "classification"):
            assert np.array_equal(np.asarray(one[part]), np.asarray(two[part]))
    elif name.endswith(".tif"):
        with rasterio.open(made) as one, rasterio.open(kept) as two:
            assert np.array_equal(one.read(1), two.read(1))
            assert one.transform == two.transform
    else:
        assert json.loads(made.read_text())["features"] == json.loads(kept.read_text())["features"]

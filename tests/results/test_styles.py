"""Styles for QGIS: beside every map, classes where they belong, colours everyone tells apart."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import solweig
from solweig.config import VALID_OUTPUTS
from solweig.results import map_style, styles
from solweig.results.statistics import SUMMARY_GRIDS
from tests.support.run_cases import LOCATION, small_surface, weather

# What people with a kind of colour blindness see of linear RGB (Machado et al. 2009, severity 1).
SIGHT = {
    "usual": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
APART = 10.0  # CIE76 distance; about 2 is just noticed, legends ask for five times as much
HOURS = ("utci_hours_above_32_day", "utci_hours_above_26_night")
SHORT = {"wbgt": 6}
"""Legends of fewer classes than nine: five limits of work."""
NAMES = (*VALID_OUTPUTS, *SUMMARY_GRIDS, *HOURS, "difference")


def seen(colour: str, sight: np.ndarray) -> np.ndarray:
    """CIELAB of a colour as somebody sees it."""
    coded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(sight @ linear, 0.0, 1.0) / np.array([0.9505, 1.0, 1.089])
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16.0 / 116.0)
    return np.array([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)])


def items(name: str, top: float = 1.0) -> list[dict[str, str]]:
    root = ElementTree.fromstring(styles.qml(name, top).partition("\n")[2])
    return [dict(item.attrib) for item in root.iter("item")]


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("name", ["utci", "pet", "wbgt"])
def test_no_two_classes_look_alike(name: str, sight: str) -> None:
    colours = [seen(item["color"], SIGHT[sight]) for item in items(name)]
    near = min(np.linalg.norm(a - b) for i, a in enumerate(colours) for b in colours[:i])
    assert near > APART, (name, sight, near)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("name", ["utci", "pet"])
def test_no_shade_of_comfort_looks_like_heat(name: str, sight: str) -> None:
    """Pictures and reports shade classes, up to the two colours at their ends."""
    table = map_style.CLASSES[name]
    fine = next(i for i, row in enumerate(table) if row[1] in ("no thermal stress", "comfortable"))

    def shades(row: tuple[float, str, str, str]) -> list[np.ndarray]:
        ends = [np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) for c in row[2:]]
        mixed = (ends[0] + (ends[1] - ends[0]) * part for part in np.linspace(0, 1, 9))
        named = ("#" + "".join(f"{round(v):02x}" for v in rgb.tolist()) for rgb in mixed)
        return [seen(colour, SIGHT[sight]) for colour in named]

    heat = [shade for row in table[fine + 1 :] for shade in shades(row)]
    near = min(np.linalg.norm(a - b) for a in shades(table[fine]) for b in heat)
    assert near > APART, (name, sight, near)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("name", ["tmrt", "shadow", "kdown", "sun_hours", "shade_hours"])
def test_more_is_always_lighter_or_always_darker(name: str, sight: str) -> None:
    steps = np.diff([seen(item["color"], SIGHT[sight])[0] for item in items(name)])
    assert (steps > 1.0).all() or (steps < -1.0).all(), (name, sight, steps)


@pytest.mark.parametrize("sight", SIGHT)
def test_differences_darken_on_either_side(sight: str) -> None:
    colours = [seen(item["color"], SIGHT[sight]) for item in items("difference")]
    steps = np.diff([colour[0] for colour in colours])
    assert (steps[:4] > 1.0).all()
    assert (steps[4:] < -1.0).all()
    assert min(np.linalg.norm(colours[i] - colours[8 - i]) for i in range(3)) > 2 * APART


def test_utci_classes_are_those_of_the_pictures() -> None:
    legend = items("utci")
    for value in np.arange(-60.0, 60.0, 0.25):
        item = next(i for i in legend if value <= float(i["value"]))
        assert item["label"].startswith(map_style.stress_class(value) + ","), value


def test_a_bound_of_pet_belongs_to_the_class_above() -> None:
    legend = items("pet")
    assert len(legend) == len(styles.PET_CLASSES) == 9
    for low, name in styles.PET_CLASSES[1:]:
        assert next(i for i in legend if low <= float(i["value"]))["label"].startswith(f"{name},")
    assert math.isinf(float(legend[-1]["value"]))


@pytest.mark.parametrize("name", NAMES)
def test_every_legend_rises(name: str) -> None:
    values = [float(item["value"]) for item in items(name, top=7.3)]
    assert len(values) >= SHORT.get(name, 9)
    assert (np.diff(values) > 0).all()


def test_differences_have_no_colour_at_zero() -> None:
    legend = items("difference", top=3.2)
    values = [float(item["value"]) for item in legend]
    assert values == [-v for v in reversed(values)]
    assert values[-1] == 5.0
    assert legend[4]["color"] == "#f7f6f6"
    assert float(items("difference", top=math.nan)[-1]["value"]) == 1.0


def test_a_style_that_somebody_saved_stays(tmp_path: Path) -> None:
    raster = tmp_path / "tmrt.tif"
    path = styles.write_style(raster, "tmrt")
    assert path == tmp_path / "tmrt.qml"
    styles.write_style(raster, "utci")
    assert path.read_text() == styles.qml("utci")
    path.write_text("<qgis>mine</qgis>")
    styles.write_style(raster, "tmrt")
    assert path.read_text() == "<qgis>mine</qgis>"


def test_a_run_leaves_a_style_beside_every_map(tmp_path: Path) -> None:
    surface, steps = small_surface(), weather((11, 12))
    out = tmp_path / "out"
    run = {"outputs": ["tmrt", "utci"], "output_dir": out}
    solweig.calculate(surface, steps, LOCATION, **run)
    maps = {path.with_suffix("") for path in out.rglob("*.tif")}
    assert maps - {out / "open_ground"} == {path.with_suffix("") for path in out.rglob("*.qml")}
    assert len(maps) > 12
    stamp = steps[1].datetime
    text = (out / "tmrt" / f"tmrt_{stamp:%Y%m%d_%H%M}.qml").read_text()
    # The hour that ends with the stamp, a second less at either end.
    begin, end = stamp - dt.timedelta(minutes=59, seconds=59), stamp - dt.timedelta(seconds=1)
    assert f"<start>{begin.isoformat()}Z</start><end>{end.isoformat()}Z</end>" in text
    assert "<temporal" not in (out / "summary" / "tmrt_mean.qml").read_text()
    solweig.calculate(surface, weather((13,)), LOCATION, overwrite=True, styles=False, **run)
    assert not list(out.rglob("*.qml")), "those of the run before go, and there are no new ones"


@pytest.mark.parametrize(("form", "package"), [("zarr", "zarr"), ("netcdf", "h5netcdf")])
def test_a_run_without_geotiffs_of_steps_has_none(tmp_path: Path, form: str, package: str) -> None:
    pytest.importorskip(package)
    run = {"output_dir": tmp_path, "output_format": form}
    solweig.calculate(small_surface(), weather((12,)), LOCATION, **run)
    assert list(tmp_path.rglob("*.tif"))
    assert not list(tmp_path.rglob("*.qml"))


@pytest.mark.parametrize("name", ["tmrt", "utci", "pet"])
def test_ranges_of_lines_have_the_colours_of_the_map(name: str) -> None:
    parts = styles.ranges(name)
    assert parts[0]["low"] is None
    assert parts[-1]["high"] is None
    assert all(a["high"] == b["low"] for a, b in itertools.pairwise(parts))
    colours = re.findall(r'<item value="[^"]*" color="(#[0-9a-f]{6})"', styles.qml(name))
    assert [part["colour"] for part in parts] == colours


def test_a_bound_of_lines_is_that_of_the_class() -> None:
    assert 26.0 in [part["low"] for part in styles.ranges("utci")]
    assert 41.0 in [part["low"] for part in styles.ranges("pet")]

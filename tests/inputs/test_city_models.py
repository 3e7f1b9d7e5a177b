"""CityJSON and CityGML, LoD1."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest

import solweig
from tests.support.town import SOUTH, WEST, House
from tests.support.town_checks import TOWN, build, read, shows, texts, tif


@pytest.fixture(scope="module")
def dem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tif(tmp_path_factory.mktemp("dem") / "dem.tif", TOWN.dem())


def faces(house: House) -> list[list[tuple[float, float, float]]]:
    """The six sides of a block, in the coordinates of the town's system."""
    base = TOWN.base(house)
    top = base + house.height
    corners = [
        (WEST + house.west, SOUTH + house.south), (WEST + house.east, SOUTH + house.south),
        (WEST + house.east, SOUTH + house.north), (WEST + house.west, SOUTH + house.north),
    ]  # fmt: skip
    sides = [
        [(*corners[i - 1], base), (*corners[i], base), (*corners[i], top), (*corners[i - 1], top)]
        for i in range(4)
    ]
    return [[(*c, base) for c in corners[::-1]], [(*c, top) for c in corners], *sides]


def city_json(path: Path, *, transform: bool = True, parts: bool = False, crs: Any = 25832) -> Path:
    vertices: list[Any] = []
    objects: dict[str, Any] = {}
    for number, house in enumerate(TOWN.houses):
        shell = []
        for face in faces(house):
            shell.append([list(range(len(vertices), len(vertices) + len(face)))])
            vertices += face
        solid = {"type": "Solid", "lod": "1.2", "boundaries": [shell]}
        low = {"type": "MultiSurface", "lod": "0", "boundaries": [shell[0]]}
        name = f"b{number}"
        if parts:
            objects[name] = {"type": "Building", "children": [name + "p"]}
            objects[name + "p"] = {
                "type": "BuildingPart", "parents": [name], "geometry": [low, solid]
            }  # fmt: skip
        else:
            objects[name] = {"type": "Building", "geometry": [low, solid]}
    objects["road"] = {"type": "Road", "geometry": [low]}
    model: dict[str, Any] = {
        "type": "CityJSON", "version": "1.1", "CityObjects": objects,
        "metadata": {"referenceSystem": f"https://www.opengis.net/def/crs/EPSG/0/{crs}"},
    }  # fmt: skip
    if crs is None:
        del model["metadata"]
    if transform:
        move = np.array([WEST, SOUTH, 0.0])
        whole = np.rint((np.array(vertices) - move) / 0.001).astype(int)
        model["transform"] = {"scale": [0.001] * 3, "translate": move.tolist()}
        model["vertices"] = whole.tolist()
    else:
        model["vertices"] = vertices
    path.write_text(json.dumps(model))
    return path


GML = """<?xml version="1.0" encoding="UTF-8"?>
<core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0"
  xmlns:bldg="http://www.opengis.net/citygml/building/2.0" xmlns:gml="http://www.opengis.net/gml">
 <gml:boundedBy><gml:Envelope srsName="{crs}" srsDimension="3"/></gml:boundedBy>
 {members}
</core:CityModel>
"""


def city_gml(path: Path, crs: str) -> Path:
    members = []
    for house in TOWN.houses:
        polygons = ""
        for face in faces(house):
            ring = [*face, face[0]]
            numbers = " ".join(f"{a} {b} {z}" for a, b, z in ring)
            polygons += (
                "<gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing>"
                f"<gml:posList>{numbers}</gml:posList></gml:LinearRing></gml:exterior>"
                "</gml:Polygon></gml:surfaceMember>"
            )
        members.append(
            "<core:cityObjectMember><bldg:Building><bldg:lod1Solid><gml:Solid><gml:exterior>"
            f"<gml:CompositeSurface>{polygons}</gml:CompositeSurface></gml:exterior></gml:Solid>"
            "</bldg:lod1Solid></bldg:Building></core:cityObjectMember>"
        )
    path.write_text(GML.format(crs=crs, members="\n".join(members)))
    return path


@pytest.mark.parametrize("transform", [True, False])
@pytest.mark.parametrize("parts", [True, False])
def test_city_json(tmp_path: Path, dem: Path, transform: bool, parts: bool) -> None:
    model = city_json(tmp_path / "town.city.json", transform=transform, parts=parts)
    built = build(tmp_path / "out", dem=dem, footprints=model)
    assert shows(TOWN, "dsm", read(built.dsm))
    np.testing.assert_allclose(read(built.dsm), TOWN.dsm(), atol=0.02)
    assert built.doubts == []
    assert "of 5 buildings of a city model" in texts(built, "done")


@pytest.mark.parametrize(
    "crs",
    [
        "EPSG:25832",
        "urn:ogc:def:crs:EPSG::25832",
        "http://www.opengis.net/def/crs/EPSG/0/5972",
        "urn:ogc:def:crs,crs:EPSG::25832,crs:EPSG::5783",
    ],
)
def test_city_gml(tmp_path: Path, dem: Path, crs: str) -> None:
    built = build(tmp_path / "out", dem=dem, footprints=city_gml(tmp_path / "town.gml", crs))
    np.testing.assert_allclose(read(built.dsm), TOWN.dsm(), atol=0.02)


def test_a_model_elsewhere(tmp_path: Path, dem: Path) -> None:
    model = city_gml(tmp_path / "town.gml", "EPSG:25833")
    with pytest.raises(solweig.InvalidSurfaceData, match="overlaps") as told:
        build(tmp_path / "out", dem=dem, footprints=model)
    assert told.value.field == "footprints"


def test_axes_in_the_order_of_the_system(tmp_path: Path, dem: Path) -> None:
    """EPSG:31468 counts north first, and names of that form keep the order."""
    there = pyproj.Transformer.from_crs("EPSG:25832", "EPSG:31468", always_xy=True)
    path = city_gml(tmp_path / "town.gml", "urn:ogc:def:crs:EPSG::31468")
    text = path.read_text()

    def moved(found: re.Match[str]) -> str:
        numbers = np.array(found[1].split(), np.float64).reshape(-1, 3)
        x, y = there.transform(numbers[:, 0], numbers[:, 1])
        rows = [f"{n} {e} {z}" for n, e, z in zip(y, x, numbers[:, 2], strict=True)]
        return f"<gml:posList>{' '.join(rows)}</gml:posList>"

    path.write_text(re.sub(r"<gml:posList>(.*?)</gml:posList>", moved, text))
    built = build(tmp_path / "out", dem=dem, footprints=path)
    assert shows(TOWN, "dsm", read(built.dsm))


def test_models_beside_footprints(tmp_path: Path, dem: Path) -> None:
    """A house in two sources at once stands once."""
    model = city_json(tmp_path / "town.city.json")
    built = build(tmp_path / "out", dem=dem, footprints=[model, TOWN.footprints()[:2]])
    np.testing.assert_allclose(read(built.dsm), TOWN.dsm(), atol=0.02)


def test_no_crs_is_a_doubt(tmp_path: Path, dem: Path) -> None:
    built = build(tmp_path / "out", dem=dem, footprints=city_json(tmp_path / "t.json", crs=None))
    assert any("says no CRS" in doubt for doubt in built.doubts)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '{"type": "CityJSON", "CityObjects": {}, "vertices": []}'),
        ("b.json", '{"type": "CityJSON", "CityObjects": {"a": {"type": "Building", "geometry": '
                   '[{"type": "MultiSurface", "boundaries": [[[0, 1, 9]]]}]}}, "vertices": []}'),
        ("c.json", '{"type": "CityJSON", "CityObjects": {'),
        ("d.gml", '<core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0"/>'),
        ("e.gml", '<core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0"><a>'),
    ],
)  # fmt: skip
def test_damaged_models(tmp_path: Path, dem: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(solweig.InvalidSurfaceData) as told:
        build(tmp_path / "out", dem=dem, footprints=tmp_path / name)
    assert told.value.field == "footprints"
    assert name in str(told.value)
    assert not (tmp_path / "out").exists()

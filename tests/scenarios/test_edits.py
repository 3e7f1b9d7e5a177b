"""What each kind of edit does to rasters, and what is refused before anything is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

import solweig
from solweig.errors import ConfigurationError, MissingRaster
from solweig.scenarios.layers import SAIL_THICKNESS_M, Edited, edited
from solweig.scenarios.site import base_surface, green_roof_code
from solweig.scenarios.study import Study
from solweig.scenarios.tables import read_scenarios
from solweig.scenarios.thresholds import Thresholds
from tests.scenarios.made import (
    LOCATION,
    OPTIONS,
    PLANT,
    STEPS,
    box,
    scenario,
    square,
    write_file,
    xy,
)
from tests.support.run_cases import weather


def carried_out(*edits: dict[str, Any], **changes: Any) -> tuple[Edited, solweig.SurfaceData]:
    surface = square(svf=False, **changes)
    wanted = scenario("one", *edits)
    base = base_surface(surface, [wanted], None)
    return edited(base, wanted, green_roof=green_roof_code(base, None)), base


def test_trees_have_the_crowns_that_a_build_gives_them() -> None:
    found, base = carried_out({**PLANT, "points": [xy(30, 30), xy(30, 31)]})
    crown = found.layers["cdsm"] != base.cdsm
    assert crown[29:32, 29:33].all()
    assert crown.sum() < 20
    assert found.layers["cdsm"][30, 30] == 6.0
    assert found.layers["tdsm"][30, 30] == 2.0
    assert (found.layers["tdsm"][crown] < found.layers["cdsm"][crown]).all()
    assert found.layers["transmissivity"] is None
    # The surface is as it was.
    assert base.cdsm[30, 30] == 0.0
    assert "2 trees" in found.notes[0]


def test_a_tree_beside_another_keeps_the_higher_top_and_the_lower_underside() -> None:
    found, _base = carried_out(
        {**PLANT, "points": [xy(18, 21)], "height": 9.0, "trunk_height": 5.0}
    )
    assert found.layers["cdsm"][18, 21] == 9.0
    assert found.layers["tdsm"][18, 21] == 0.25 * 6.0


def test_trees_of_a_file_know_their_own_heights(tmp_path: Path) -> None:
    place = [shapely.Point(xy(30, 30)), shapely.Point(xy(30, 50))]
    table = gpd.GeoDataFrame(
        {"height": [7.0, 4.0], "crown_diameter": [4.0, 4.0]}, geometry=place, crs=3006
    )
    table.to_crs(4326).to_file(tmp_path / "trees.gpkg", layer="a")
    found, _ = carried_out({"kind": "plant", "file": str(tmp_path / "trees.gpkg")})
    assert found.layers["cdsm"][30, 30] == pytest.approx(7.0, abs=1e-3)
    assert found.layers["cdsm"][30, 50] == pytest.approx(4.0, abs=1e-3)


def test_a_crown_with_its_own_transmissivity_leaves_that_of_others() -> None:
    found, _base = carried_out({**PLANT, "transmissivity": 0.2})
    through = found.layers["transmissivity"]
    assert through is not None
    assert through[30, 30] == np.float32(0.2)
    assert through[18, 21] == np.float32(0.03)


def test_a_sail_is_a_thin_canopy_of_its_own_transmissivity() -> None:
    sail = {"kind": "sail", "polygon": box(28, 32, 28, 33), "height": 4.0, "transmissivity": 0.15}
    found, _ = carried_out(sail)
    cells = (slice(28, 32), slice(28, 33))
    assert (found.layers["cdsm"][cells] == 4.0).all()
    assert np.allclose(found.layers["tdsm"][cells], 4.0 - SAIL_THICKNESS_M)
    assert (found.layers["transmissivity"][cells] == np.float32(0.15)).all()
    assert found.layers["transmissivity"][18, 21] == np.float32(0.03)


def test_the_sun_below_a_sail_is_what_comes_through_it() -> None:
    """The shadow is that of the cloth, moved away from the sun, and of its transmissivity."""
    sail = {"kind": "sail", "polygon": box(24, 34, 24, 36), "height": 4.0, "transmissivity": 0.4}
    study = Study.of(
        square(), weather((12,)), LOCATION, [scenario("sail", sail)], thresholds=Thresholds(),
        **OPTIONS,
    )  # fmt: skip
    surface = study.surface.with_changes(
        window=(24, 34, 24, 36),
        **{n: study.edits[0].layers[n][24:34, 24:36] for n in ("cdsm", "tdsm", "transmissivity")},
    )
    shadow = study.run(surface).dataset["shadow"].values[0]
    before = study.run(study.surface).dataset["shadow"].values[0]
    shaded = shadow != before
    assert np.allclose(shadow[shaded], 0.4, atol=1e-3)
    # 4 m at the height of the sun at noon are a cell or two; the cloth is 10 x 12 cells.
    assert 0.8 < shaded.sum() / 120.0 < 1.25
    rows = np.flatnonzero(shaded.any(axis=1))
    assert rows[0] in (22, 23)
    assert rows[-1] in (31, 32)


def test_buildings_rise_over_the_ground_and_take_trees_with_them() -> None:
    found, _base = carried_out(
        {"kind": "building", "polygon": box(16, 22, 18, 26), "height": 7.0},
    )
    cells = (slice(16, 22), slice(18, 26))
    assert (found.layers["dsm"][cells] == 10.0).all()
    assert (found.layers["land_cover"][cells] == 2).all()
    assert (found.layers["cdsm"][cells] == 0.0).all()
    assert not found.open_ground[cells].any()


def test_buildings_of_a_file_have_their_heights_or_floors(tmp_path: Path) -> None:
    shapes = [shapely.Polygon(box(28, 32, 28, 33)), shapely.Polygon(box(20, 24, 40, 44))]
    table = gpd.GeoDataFrame({"floors": [2, 4]}, geometry=shapes, crs=3006)
    table.to_file(tmp_path / "new.geojson")
    found, _ = carried_out({"kind": "building", "file": str(tmp_path / "new.geojson")})
    assert found.layers["dsm"][30, 30] == 9.0
    assert found.layers["dsm"][21, 41] == 15.0


def test_what_is_taken_away() -> None:
    found, _base = carried_out(
        {"kind": "remove_buildings", "polygon": box(0, 20, 0, 30), "cover": "grass"},
        {"kind": "remove_trees", "polygon": box(0, 30, 0, 40)},
        {"kind": "remove_trees", "points": [xy(51, 11)], "radius": 2.5},
    )
    house = (slice(6, 14), slice(8, 18))
    assert (found.layers["dsm"][house] == 3.0).all()
    assert (found.layers["land_cover"][house] == 5).all()
    assert found.open_ground[house].all()
    assert (found.layers["cdsm"][17:20, 20:23] == 0.0).all()
    # A radius of 2.5 m takes the cell in the middle and its four neighbours of 2 m.
    assert (found.layers["cdsm"][50:53, 10:13] > 0.0).sum() == 4


def test_a_cover_brings_its_albedo_where_that_is_a_layer() -> None:
    found, _base = carried_out(
        {"kind": "albedo", "polygon": box(25, 30, 5, 12), "albedo": 0.5},
        {"kind": "cover", "polygon": box(25, 27, 5, 12), "cover": 5},
    )
    assert (found.layers["albedo"][25:27, 5:12] == np.float32(0.16)).all()
    assert (found.layers["albedo"][27:30, 5:12] == np.float32(0.5)).all()
    assert (found.layers["land_cover"][25:27, 5:12] == 5).all()


def test_ground_edits_leave_buildings() -> None:
    found, _base = carried_out(
        {"kind": "cover", "polygon": box(0, 20, 0, 30), "cover": "grass"},
        {"kind": "albedo", "polygon": box(0, 20, 0, 30), "albedo": 0.5},
        {"kind": "cool_roof", "polygon": box(0, 20, 0, 30)},
    )
    house = (slice(6, 14), slice(8, 18))
    assert (found.layers["land_cover"][house] == 2).all()
    assert (found.layers["albedo"][house] == np.float32(0.65)).all()
    assert (found.layers["emissivity"][house] == np.float32(0.9)).all()
    assert found.layers["albedo"][2, 2] == np.float32(0.5)
    assert any("80 cells of buildings" in note for note in found.notes)


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"kind": "plan", "points": [xy(1, 1)]}, "edit.kind", "Did you mean plant"),
    ({**PLANT, "heigth": 3.0}, "edit.heigth", "Did you mean height"),
    ({**PLANT, "height": "tall"}, "edit.height", "a number from above 0 to 120 m"),
    ({**PLANT, "height": True}, "edit.height", "number"),
    ({**PLANT, "height": 1.0}, "edit.trunk_height", "below the height"),
    ({**PLANT, "shape": "elipsoid"}, "edit.shape", "Did you mean ellipsoid"),
    ({**PLANT, "points": [[1.0]]}, "edit.points", r"\[\[x, y\]"),
    ({**PLANT, "points": [(1.0, 2.0)]}, "edit.points", "on the map"),
    ({**PLANT, "points": [xy(10, 10)]}, "edit.points", "on a roof"),
    ({"kind": "plant", "points": [xy(1, 1)]}, "edit.height", "height of the trees"),
    ({"kind": "plant", "height": 3.0}, "edit", "one of points, file"),
    ({**PLANT, "file": "a.gpkg"}, "edit", "points and file"),
    ({"kind": "cover", "polygon": box(1, 4, 1, 4), "cover": "gras"}, "edit.cover",
     "Did you mean grass"),
    ({"kind": "cover", "polygon": box(1, 4, 1, 4), "cover": 2}, "edit.cover",
     "class of the ground"),
    ({"kind": "cover", "polygon": box(1, 4, 1, 4)}, "edit.cover", "a value of cover"),
    ({"kind": "cover", "polygon": box(7, 9, 9, 11), "cover": 5}, "edit", "open ground"),
    ({"kind": "cover", "polygon": box(-9, -4, 1, 4), "cover": 5}, "edit.polygon", "on the map"),
    ({"kind": "cover", "polygon": [[1, 2], [3, 4]], "cover": 5}, "edit.polygon", "a polygon"),
    ({"kind": "albedo", "polygon": box(1, 4, 1, 4), "albedo": 1.5}, "edit.albedo", "0 to 1"),
    ({"kind": "sail", "polygon": box(1, 4, 1, 4), "height": 1.0}, "edit.height", "2 to 60"),
    ({"kind": "sail", "polygon": box(5, 9, 5, 9), "height": 4.0}, "edit", "without buildings"),
    ({"kind": "sail", "polygon": box(16, 19, 19, 22), "height": 4.0}, "edit", "without trees"),
    ({"kind": "remove_trees", "polygon": box(1, 3, 1, 3)}, "edit", "with trees"),
    ({"kind": "remove_trees", "points": [xy(18, 21)]}, "edit", "with a radius"),
    ({"kind": "remove_buildings", "polygon": box(1, 3, 1, 3)}, "edit", "with buildings"),
    ({"kind": "green_roof", "polygon": box(1, 3, 1, 3)}, "edit", "with buildings"),
    ({"kind": "building", "polygon": box(1, 3, 1, 3)}, "edit.height", "height of the building"),
    ({"kind": "building", "polygon": box(1, 3, 1, 3), "height": 3.0, "height_column": "h"},
     "edit.height_column", "a file"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "field", "said"), BAD)
def test_edits_that_cannot_be(edit: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        carried_out(edit)
    assert caught.value.field == field


def test_layers_that_an_edit_needs() -> None:
    for edit, changes, said in (
        ({"kind": "cover", "polygon": box(1, 4, 1, 4), "cover": 5}, {"land_cover": None},
         "land-cover"),
        ({"kind": "green_roof"}, {"land_cover": None}, "land-cover"),
        ({"kind": "remove_buildings", "polygon": box(5, 9, 5, 20)}, {"dem": None}, "dem"),
    ):  # fmt: skip
        with pytest.raises(ConfigurationError, match=f"a baseline with {said}"):
            carried_out(edit, **changes)


def test_a_sail_in_winter_is_refused() -> None:
    sail = scenario("s", {"kind": "sail", "polygon": box(28, 32, 28, 33), "height": 4.0})
    winter = weather((12,), day="2006-01-10")
    surface = square(svf=False)
    with pytest.raises(ConfigurationError, match="with leaves"):
        Study.of(surface, winter, LOCATION, [sail], thresholds=Thresholds(), **OPTIONS)
    evergreen = solweig.ModelConfig(conifer=True)
    Study.of(
        surface, winter, LOCATION, [sail], thresholds=Thresholds(), config=evergreen, **OPTIONS
    )


BASELINE = {"dsm": "dsm.tif", "epw": "city.epw"}


@pytest.mark.parametrize(
    ("edits", "more", "said"),
    [
        ([PLANT], {"scenario": {"name": "a", "cost": "much"}},
         r"plan.toml: scenario\[1\] 'a'.cost"),
        ([PLANT], {"scenario": {"name": "a", "cost": -1}}, r"scenario\[1\] 'a'.cost: expected"),
        ([PLANT], {"scenario": {"nam": "a"}}, r"scenario\[1\].nam: .*Did you mean name"),
        ([PLANT], {"scenario": {"name": "//"}}, r"scenario\[1\] '//'.name"),
        ([], {}, r"scenario\[1\] 'One'.edit: expected at least one edit"),
        ([{"knd": "plant"}], {}, r"'One'.edit\[1\].kind: .*Did you mean kind"),
        ([PLANT, {**PLANT, "height": 0}], {}, r"'One'.edit\[2\].height: expected a number"),
        ([PLANT], {"results": {"thresholds": ["hot"]}}, r"results.thresholds.utci"),
        ([PLANT], {"results": {"thresholds": {"utc": [3]}}}, r"results.thresholds.utc: .*utci"),
        ([PLANT], {"results": {"thresholds": [121]}}, r"utci: expected .*from -60 to 120 deg C"),
        ([PLANT], {"results": {"thresholds": {"tmrt": -61}}}, r"results.thresholds.tmrt: expected"),
        ([PLANT], {"optimise": {"threshold": 121}}, r"optimise.threshold: expected a number"),
        ([PLANT], {"results": {"treshold": [3]}}, r"results.treshold: .*thresholds"),
        ([PLANT], {"optimise": {"hight": 3}}, r"optimise.hight: .*Did you mean height"),
        ([PLANT], {"optimise": {"best": 1.5}}, r"optimise.best: expected a whole number"),
        ([PLANT], {"top": ["titel = 'x'"]}, r"plan.toml:.titel: .*title"),
        ([PLANT], {"top": ["title = 3"]}, r"plan.toml: title: expected a text"),
        ([PLANT], {"top": ["title = "]}, "a TOML file"),
    ],
)  # fmt: skip
def test_files_that_cannot_be(
    tmp_path: Path, edits: list[dict[str, Any]], more: dict[str, Any], said: str
) -> None:
    path = write_file(tmp_path, edits, **more)
    with pytest.raises(ConfigurationError, match=said):
        read_scenarios(path)


def test_two_scenarios_need_two_folders(tmp_path: Path) -> None:
    path = write_file(tmp_path, [PLANT])
    text = path.read_text()
    path.write_text(text + text.replace('"One"', '"one "'))
    with pytest.raises(ConfigurationError, match="another name than 'One'"):
        read_scenarios(path)


def test_files_of_a_file_lie_beside_it(tmp_path: Path) -> None:
    path = write_file(tmp_path, [{"kind": "plant", "file": "trees.gpkg"}])
    with pytest.raises(FileNotFoundError, match=r"edit\[1\].file: no file .*trees.gpkg"):
        read_scenarios(path)
    (tmp_path / "trees.gpkg").touch()
    (only,) = read_scenarios(path).scenarios
    assert only.edits[0].values["file"] == str(tmp_path / "trees.gpkg")
    with pytest.raises(FileNotFoundError, match="no file"):
        read_scenarios(tmp_path / "none.toml")


def test_a_file_that_is_not_there_is_told_of_an_edit_made_in_python() -> None:
    with pytest.raises(MissingRaster, match=r"trees\.gpkg"):
        carried_out({"kind": "plant", "file": "trees.gpkg"})


def test_steps_that_do_not_fit_the_memory_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from solweig.scenarios import study

    monkeypatch.setattr(study, "memory_budget", lambda: 100_000)
    with pytest.raises(ConfigurationError, match=r"scenarios: .*60 x 70 cells"):
        Study.of(
            square(svf=False), STEPS, LOCATION, [scenario("one", PLANT)], thresholds=Thresholds(),
            **OPTIONS,
        )  # fmt: skip


def test_the_baseline_knows_what_canopies_let_through_where_a_file_does(tmp_path: Path) -> None:
    table = gpd.GeoDataFrame(
        {"height": [7.0], "transmissivity": [0.1]}, geometry=[shapely.Point(xy(30, 30))], crs=3006
    )
    table.to_file(tmp_path / "trees.gpkg")
    wanted = scenario("one", {"kind": "plant", "file": str(tmp_path / "trees.gpkg")})
    study = Study.of(
        square(svf=False), STEPS, LOCATION, [wanted], thresholds=Thresholds(), **OPTIONS
    )
    assert study.surface.transmissivity is not None
    assert study.surface.transmissivity[18, 21] == np.float32(0.03)
    through = study.edits[0].layers["transmissivity"]
    assert through is not None
    assert through[30, 30] == np.float32(0.1)

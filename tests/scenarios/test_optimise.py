"""Trees are placed where the model says they cool most, among places that a guess ranks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest

import solweig
from solweig.errors import ConfigurationError
from solweig.scenarios import candidates as places
from solweig.scenarios.optimise import optimise_trees
from solweig.scenarios.places import grid_of
from solweig.scenarios.tables import read_scenarios
from tests.scenarios.made import CPU, LOCATION, box, square, write_file
from tests.support.rasters import write_tif
from tests.support.run_cases import weather

STEPS = weather((11, 13))
WISHES: dict[str, Any] = {
    "height": 6.0, "crown_diameter": 6.0, "trunk_height": 2.0, "best": 3, "threshold": 15.0,
}  # fmt: skip
OPTIONS: dict[str, Any] = {"execution": CPU, "max_shadow_distance_m": 200.0}


@pytest.fixture(scope="module")
def base() -> solweig.SurfaceData:
    return square()


def placed(base: solweig.SurfaceData, trees: int = 2, **changes: Any) -> solweig.PlacedTrees:
    wishes = solweig.TreeWishes(**{**WISHES, **changes})
    return optimise_trees(base, STEPS, LOCATION, trees, wishes, **OPTIONS)


@pytest.fixture(scope="module")
def found(base: solweig.SurfaceData) -> solweig.PlacedTrees:
    return placed(base)


def test_the_model_decides_and_the_same_again(
    base: solweig.SurfaceData, found: solweig.PlacedTrees
) -> None:
    assert len(found.trees) == 2
    assert len(found.candidates) == 6
    for number in (1, 2):
        mine = [c for c in found.candidates if c.tree == number]
        assert [c.rank for c in mine] == [1, 2, 3]
        assert [c.guess for c in mine] == sorted((c.guess for c in mine), reverse=True)
        assert max(c.cooled for c in mine) == next(c.cooled for c in mine if c.chosen)
    again = placed(base)
    assert again.candidates == found.candidates
    one, two = found.trees
    assert np.hypot(one.x - two.x, one.y - two.y) >= 6.0
    first, rank = found.guess_agrees()
    assert 0.0 <= first <= 1.0
    assert not rank < -1.0


def test_what_is_told_of_a_tree_is_what_the_model_says(
    base: solweig.SurfaceData, found: solweig.PlacedTrees
) -> None:
    """The first tree beside the baseline, from two runs of their own."""
    tree = found.trees[0]
    edit = solweig.Edit(
        "plant",
        {"points": [(tree.x, tree.y)], "height": 6.0, "crown_diameter": 6.0, "trunk_height": 2.0,
         "shape": "ellipsoid"},
    )  # fmt: skip
    alone = solweig.run_scenarios(
        base, STEPS, LOCATION, [solweig.Scenario("One", (edit,))], **OPTIONS
    )
    assert alone.scenarios[0].differences["utci_day_mean"].min() < -0.5
    both = found.results.scenarios[0].differences["utci_day_mean"]
    fewer = alone.scenarios[0].differences["utci_day_mean"]
    near = np.zeros(both.shape, bool)
    row, col = base.georef.row_col(tree.x, tree.y)
    near[row - 1 : row + 2, col - 1 : col + 2] = True
    assert (np.abs(both - fewer)[near] < 0.5).all()
    changed = (fewer < -0.5).sum() * 4.0
    assert tree.cooled >= 0.5 * changed


def test_places_are_open_off_walls_off_trees_and_in_the_area(base: solweig.SurfaceData) -> None:
    wishes = solweig.TreeWishes(
        **WISHES, wall_distance=5.0, every=2.0, polygon=(box(0, 40, 0, 40),)
    )
    allowed = places.allowed(base, wishes)
    rows, cols = np.nonzero(allowed)
    house_r, house_c = np.nonzero(base.buildings() == 0)
    # From the middle of a cell to the near edge of a building's cell.
    gap = np.maximum(np.hypot(rows[:, None] - house_r, cols[:, None] - house_c) * 2.0 - 1.0, 0.0)
    assert gap.min() >= 5.0
    assert rows.max() < 40
    assert cols.max() < 40
    assert not allowed[17:20, 20:23].any()
    # Nothing else is left out.
    others = np.zeros_like(allowed)
    others[:40, :40] = True
    others &= (base.buildings() == 1) & (base.cdsm == 0.0)
    r, c = np.nonzero(others)
    far = (np.hypot(r[:, None] - house_r, c[:, None] - house_c) * 2.0 - 1.0).min(axis=1) >= 5.0
    assert allowed.sum() == far.sum()


def test_the_guess_is_the_shade_on_hot_sunlit_ground(base: solweig.SurfaceData) -> None:
    """By sums over the cells that a crown shades, one by one."""
    run = solweig.calculate(base, STEPS, LOCATION, outputs=["tmrt", "utci", "shadow"], **OPTIONS)
    wishes = solweig.TreeWishes(**WISHES)
    crown = places.crown_of(wishes, 2.0)
    suns = np.array([[50.0, 170.0], [30.0, 250.0]])
    ground = base.buildings() == 1
    weight = np.arange(ground.size, dtype=float).reshape(ground.shape)
    guess = places.score(run, suns, ground, weight, crown, wishes, 2.0)
    for row, col in ((30, 30), (3, 66), (0, 0)):
        total = 0.0
        for i, (altitude, azimuth) in enumerate(suns):
            rows, cols, share = places._shade(crown, altitude, azimuth, 2.0, ground.shape)
            for r, c in zip(rows + row, cols + col, strict=True):
                if 0 <= r < ground.shape[0] and 0 <= c < ground.shape[1] and ground[r, c]:
                    above = max(float(run.dataset["utci"].values[i, r, c]) - 15.0, 0.0)
                    lit = float(run.dataset["shadow"].values[i, r, c])
                    hours = np.diff(run.bounds[i])[0] / np.timedelta64(1, "h")
                    total += share * hours * lit * above * weight[r, c] * 4.0
        assert guess[row, col] == pytest.approx(total, rel=1e-6, abs=1e-6 * guess.max())


def test_people_draw_trees_to_them(base: solweig.SurfaceData, tmp_path: Path) -> None:
    people = np.zeros(base.shape, np.float32)
    people[50:58, 28:40] = 3.0
    path = write_tif(tmp_path / "people.tif", people, west=319_000.0, north=6_400_000.0, pixel=2.0,
                     crs="EPSG:3006")  # fmt: skip
    found = placed(base, trees=1, population=str(path), best=1)
    row, col = base.georef.row_col(found.trees[0].x, found.trees[0].y)
    assert 48 <= row < 60
    assert 26 <= col < 42
    empty = write_tif(tmp_path / "none.tif", 0.0 * people, west=319_000.0, north=6_400_000.0,
                      pixel=2.0, crs="EPSG:3006")  # fmt: skip
    with pytest.raises(ConfigurationError, match=r"optimise.population: expected weights"):
        placed(base, population=str(empty))


def test_fewer_trees_where_no_place_is_left(base: solweig.SurfaceData) -> None:
    found = placed(base, trees=3, polygon=(box(28, 31, 28, 31),), best=1)
    assert len(found.trees) < 3
    assert "no place is left" in found.notes[0]
    assert found.notes[0] in found.report()


@pytest.mark.parametrize(
    ("trees", "change", "said"),
    [
        (0, {}, "trees: expected a whole number"),
        (1, {"polygon": (box(7, 9, 9, 12),)}, "a place for a tree"),
        (1, {"threshold": 80.0}, "optimise.threshold"),
        (1, {"height": 2.0}, "optimise.trunk_height"),
        (1, {"polygon": (box(1, 3, 1, 3),), "file": "a.gpkg"}, "a polygon or a file"),
    ],
)
def test_wishes_that_cannot_be(
    base: solweig.SurfaceData, trees: int, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        placed(base, trees=trees, **change)


def test_trees_are_written_as_a_file_that_plants_them(
    base: solweig.SurfaceData, found: solweig.PlacedTrees, tmp_path: Path
) -> None:
    found.write(tmp_path, plots=False)
    table = gpd.read_file(tmp_path / "trees.gpkg")
    assert len(table) == 2
    assert "Cooled by the model" in (tmp_path / "index.html").read_text()
    path = write_file(tmp_path, [{"kind": "plant", "file": "trees.gpkg"}])
    (scenario,) = read_scenarios(path).scenarios
    again = solweig.run_scenarios(base, STEPS, LOCATION, [scenario], **OPTIONS)
    ours = found.results.scenarios[0].differences
    for name, grid in again.scenarios[0].differences.items():
        assert np.array_equal(grid, ours[name], equal_nan=True), name
    with pytest.raises(ConfigurationError, match="--overwrite"):
        found.write(tmp_path)
    assert grid_of(base).shape == base.shape

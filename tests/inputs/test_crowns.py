"""Crowns of single trees in rasters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine

from solweig.inputs.crowns import SHAPES, Crowns, stamp
from solweig.rasters.grids import Grid

SIDE = 40
GRID = Grid((SIDE, SIDE), Affine(1.0, 0.0, 0.0, 0.0, -1.0, float(SIDE)), None)


def crowns(trees: list[tuple[float, float, float, float, float, int]]) -> Crowns:
    x, y, height, underside, radius, shape = (
        np.array(v, np.float64) for v in zip(*trees, strict=True)
    )
    return Crowns(x, y, height, underside, radius, shape.astype(np.uint8))


def empty(grid: Grid = GRID) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(grid.shape, np.float32), np.full(grid.shape, np.inf, np.float32)


def one_by_one(trees: Crowns, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """The table of docs/inputs.md, cell by cell."""
    top, under = empty(grid)
    for i in range(len(trees)):
        height, base, radius = trees.height[i], trees.underside[i], trees.radius[i]
        for row in range(grid.shape[0]):
            for col in range(grid.shape[1]):
                x, y = grid.transform * (col + 0.5, row + 0.5)
                d = np.hypot(x - trees.x[i], y - trees.y[i]) / radius
                if d >= 1.0:
                    continue
                arc = np.sqrt(1 - d * d)
                high, low = {
                    "ellipsoid": ((height + base) / 2 + (height - base) / 2 * arc,
                                  (height + base) / 2 - (height - base) / 2 * arc),
                    "cone": (base + (height - base) * (1 - d), base),
                    "umbrella": (base + (height - base) * arc, base),
                }[SHAPES[trees.shape[i]]]  # fmt: skip
                top[row, col] = max(top[row, col], high)
                under[row, col] = min(under[row, col], low)
    return top, under


tree = st.tuples(
    st.floats(-5, 45), st.floats(-5, 45), st.floats(4, 30), st.floats(0, 3), st.floats(1.5, 8),
    st.integers(0, 2),
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(trees=st.lists(tree, min_size=1, max_size=4))
def test_shapes_are_those_of_the_table(
    trees: list[tuple[float, float, float, float, float, int]],
) -> None:
    forest = crowns(trees)
    top, under = empty()
    stamp(forest, GRID, top, under)
    expected_top, expected_under = one_by_one(forest, GRID)
    np.testing.assert_allclose(top, expected_top, atol=1e-3)
    np.testing.assert_allclose(under, expected_under, atol=1e-3)


@settings(max_examples=25, deadline=None)
@given(trees=st.lists(tree, min_size=2, max_size=6), seed=st.integers(0, 100))
def test_the_order_of_trees_does_not_matter(
    trees: list[tuple[float, float, float, float, float, int]], seed: int
) -> None:
    first, second = empty(), empty()
    stamp(crowns(trees), GRID, *first)
    shuffled = [trees[i] for i in np.random.default_rng(seed).permutation(len(trees))]
    stamp(crowns(shuffled), GRID, *second)
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])


@pytest.mark.parametrize("shape", range(3))
def test_a_crown_smaller_than_a_cell_covers_that_of_its_stem(shape: int) -> None:
    top, under = empty()
    small = stamp(crowns([(10.9, 20.9, 6.0, 1.5, 0.2, shape)]), GRID, top, under)
    assert small == 1
    assert (top > 0).sum() == 1
    assert top[SIDE - 21, 10] == pytest.approx(6.0)
    assert under[SIDE - 21, 10] == pytest.approx(1.5)


def test_trees_outside_leave_no_trace() -> None:
    top, under = empty()
    stamp(
        crowns([(-30.0, 10.0, 9.0, 2.0, 4.0, 0), (200.0, 300.0, 9.0, 2.0, 4.0, 1)]),
        GRID,
        top,
        under,
    )
    assert not top.any()
    assert np.isinf(under).all()


def test_many_trees_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    count = 300
    forest = Crowns(
        rng.uniform(0, SIDE, count), rng.uniform(0, SIDE, count), rng.uniform(5, 20, count),
        rng.uniform(0, 3, count), rng.uniform(0.3, 6, count),
        rng.integers(0, 3, count).astype(np.uint8),
    )  # fmt: skip
    whole, parts = empty(), empty()
    heard: list[tuple[int, int]] = []
    stamp(forest, GRID, *whole)
    monkeypatch.setattr("solweig.inputs.crowns._BATCH", 500)
    stamp(forest, GRID, *parts, advance=lambda done, total: heard.append((done, total)))
    assert np.array_equal(whole[0], parts[0])
    assert np.array_equal(whole[1], parts[1])
    assert heard[-1] == (count, count)

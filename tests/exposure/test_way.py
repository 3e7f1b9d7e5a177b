"""Lines cut at the borders of cells."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from solweig.exposure.way import blocks_of, cut_way
from tests.exposure.test_coverage import GEOREF
from tests.support.run_cases import COLS, NORTH, PIXEL, ROWS, WEST

places = st.tuples(
    st.floats(-10.0, 70.0) | st.integers(-5, 35).map(lambda k: k * PIXEL),
    st.floats(-10.0, 58.0) | st.integers(-5, 29).map(lambda k: k * PIXEL),
)


@settings(deadline=None, max_examples=60)
@given(points=st.lists(places, min_size=2, max_size=6))
def test_pieces_are_the_line_and_lie_in_one_cell_each(points: list[tuple[float, float]]) -> None:
    shape = shapely.LineString([(WEST + x, NORTH - y) for x, y in points])
    if shape.length < 0.01:
        return
    way = cut_way("way", shape, GEOREF)
    assert way.total == pytest.approx(shape.length, rel=1e-6)
    assert way.begin == pytest.approx(np.cumsum(way.length) - way.length)
    row, col = way.cells.T
    for end in (way.start, way.end):
        x, y = (end[:, 0] - WEST) / PIXEL, (NORTH - end[:, 1]) / PIXEL
        assert (x >= col - 1e-6).all()
        assert (x <= col + 1 + 1e-6).all()
        assert (y >= row - 1e-6).all()
        assert (y <= row + 1 + 1e-6).all()
    inside = (row >= 0) & (row < ROWS) & (col >= 0) & (col < COLS)
    np.testing.assert_array_equal(way.on_map, inside)
    assert way.start[1:] == pytest.approx(way.end[:-1], abs=1e-4)


def test_gaps_between_parts_are_told_and_not_walked() -> None:
    shape = shapely.MultiLineString(
        [[(WEST, NORTH - 1), (WEST + 5, NORTH - 1)], [(WEST + 8, NORTH - 5), (WEST + 9, NORTH - 5)]]
    )
    way = cut_way("way", shape, GEOREF)
    assert way.total == pytest.approx(6.0)
    assert way.gaps.tolist() == [5.0]


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), unique=True, max_size=40))
def test_blocks_hold_every_cell_once(cells: list[tuple[int, int]]) -> None:
    given_cells = np.array(cells, np.int64).reshape(-1, 2)
    members = []
    for (rows, cols), own in blocks_of(given_cells, (64, 100)):
        assert (rows.start // 64, cols.start // 100) == (
            (rows.stop - 1) // 64,
            (cols.stop - 1) // 100,
        )
        for row, col in given_cells[own]:
            assert rows.start <= row < rows.stop
            assert cols.start <= col < cols.stop
        members += own.tolist()
    assert sorted(members) == list(range(len(cells)))

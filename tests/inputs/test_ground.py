"""Ground told from what stands on it by shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solweig.inputs import ground
from solweig.inputs.scratch import Scratch


def hilly(rows: int = 160, cols: int = 140, slope: float = 0.05) -> np.ndarray:
    r, c = np.mgrid[:rows, :cols]
    return (80 + slope * r + 2 * np.sin(c / 25)).astype(np.float32)


def stands_alone(
    surface: np.ndarray, row: int, col: int, tall: int, wide: int, height: float
) -> None:
    house = np.s_[row : row + tall, col : col + wide]
    surface[house] = surface[house].max() + np.float32(height)
    found = ground.is_ground(surface, 1.0, 60.0)
    assert not found[house].any()
    outside = np.ones(surface.shape, np.bool_)
    outside[house] = False
    assert found[outside].mean() > 0.995


@settings(max_examples=25, deadline=None)
@given(
    row=st.integers(31, 100), col=st.integers(31, 90), tall=st.integers(3, 40),
    wide=st.integers(3, 40), height=st.floats(3.0, 60.0), slope=st.floats(-0.1, 0.1),
)  # fmt: skip
def test_a_building_is_no_ground_and_ground_is(
    row: int, col: int, tall: int, wide: int, height: float, slope: float
) -> None:
    # Half the widest building away from the edges, where ground behind a house may be lost.
    stands_alone(hilly(172, 162, slope=slope), row, col, tall, wide, height)


@settings(max_examples=25, deadline=None)
@given(
    row=st.integers(0, 120), col=st.integers(0, 100), tall=st.integers(3, 30),
    wide=st.integers(3, 30), height=st.floats(3.0, 60.0), slope=st.floats(-0.05, 0.05),
)  # fmt: skip
def test_at_the_edge_of_the_raster_too_where_it_is_less_steep(
    row: int, col: int, tall: int, wide: int, height: float, slope: float
) -> None:
    # No wider than half the widest: the edge may cut off as much again.
    r = np.arange(160)[:, np.newaxis]
    surface = np.broadcast_to(80 + slope * r, (160, 140)).astype(np.float32)
    stands_alone(surface, row, col, tall, wide, height)


def test_wider_than_said_is_ground() -> None:
    surface = hilly()
    surface[40:100, 40:100] += 20.0
    assert not ground.is_ground(surface, 1.0, 70.0)[45:95, 45:95].any()
    assert ground.is_ground(surface, 1.0, 20.0)[60:80, 60:80].all()


def test_a_point_below_the_ground_is_none() -> None:
    surface = hilly()
    surface[50, 60] -= 30.0
    found = ground.is_ground(surface, 1.0, 60.0)
    assert not found[50, 60]
    assert found[45:56, 55:66].sum() == 11 * 11 - 1


def test_cells_without_data_are_no_ground() -> None:
    surface = hilly()
    surface[10:20, 10:20] = np.nan
    assert not ground.is_ground(surface, 1.0, 60.0)[10:20, 10:20].any()
    assert not ground.is_ground(np.full((5, 5), np.nan, np.float32), 1.0, 60.0).any()


def test_the_cut_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    surface = hilly()
    rng = np.random.default_rng(0)
    for _ in range(25):
        row, col = rng.integers(0, 130, 2)
        surface[row : row + rng.integers(3, 25), col : col + rng.integers(3, 25)] += rng.uniform(
            3, 30
        )
    surface[rng.random(surface.shape) < 0.1] = np.nan
    monkeypatch.setattr(ground, "_TILE", 48)
    scratch = Scratch(tmp_path, surface.shape, on_disk=False)
    found = ground.bare_ground(surface, 1.0, 30.0, scratch)
    assert np.array_equal(found, ground.is_ground(surface, 1.0, 30.0))

"""Gaps are filled with the smoothest surface, whatever the tiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from solweig.inputs import fill
from solweig.inputs.scratch import Scratch

slopes = st.floats(-0.5, 0.5)


def holes(shape: tuple[int, int], seed: int, count: int, largest: int) -> NDArray[np.bool_]:
    rng = np.random.default_rng(seed)
    known = np.ones(shape, np.bool_)
    for _ in range(count):
        row, col = rng.integers(0, shape[0]), rng.integers(0, shape[1])
        tall, wide = rng.integers(1, largest, 2)
        known[row : row + tall, col : col + wide] = False
    return known


def scratch(folder: Path, layer: NDArray[Any]) -> Scratch:
    return Scratch(folder, layer.shape, on_disk=False)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000), down=slopes, across=slopes, rows=st.integers(2, 70),
    cols=st.integers(2, 70),
)  # fmt: skip
def test_a_plane_comes_back_through_any_hole(
    seed: int, down: float, across: float, rows: int, cols: int
) -> None:
    known = holes((rows, cols), seed, 4, 30)
    known[0, 0] = known[0, -1] = known[-1, 0] = True  # three corners tell a plane
    r, c = np.mgrid[:rows, :cols]
    plane = (200.0 + down * r + across * c).astype(np.float32)
    found = fill.smoothest(np.where(known, plane, np.float32(np.nan)), known)
    np.testing.assert_allclose(found, plane, atol=0.01)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_known_cells_stay_and_the_rest_is_level_with_its_neighbours(seed: int) -> None:
    known = holes((48, 64), seed, 8, 20)
    rng = np.random.default_rng(seed)
    truth = np.cumsum(rng.normal(0, 0.3, (48, 64)), axis=1).astype(np.float32)
    if known.sum() < 3:
        return
    found = fill.smoothest(np.where(known, truth, np.float32(np.nan)), known)
    assert np.array_equal(found[known], truth[known])
    inner = ~known[1:-1, 1:-1]
    around = (found[:-2, 1:-1] + found[2:, 1:-1] + found[1:-1, :-2] + found[1:-1, 2:]) / 4
    assert np.abs(around - found[1:-1, 1:-1])[inner].max(initial=0.0) < 0.005


def test_a_hill_is_met_smoothly() -> None:
    r, c = np.mgrid[:200, :200]
    hill = (50 + 10 * np.sin(r / 40) * np.cos(c / 50)).astype(np.float32)
    known = np.ones(hill.shape, np.bool_)
    known[60:80, 90:120] = False
    found = fill.smoothest(np.where(known, hill, np.float32(np.nan)), known)
    assert np.abs(found - hill).max() < 0.6
    assert hill[~known].min() - 0.6 < found[~known].min()


def test_only_so_far_from_what_is_known(tmp_path: Path) -> None:
    layer = np.full((50, 60), np.nan, np.float32)
    layer[:, :10] = 7.0
    filled, left = fill.fill_gaps(layer, 15, scratch(tmp_path, layer))
    assert filled == 50 * 15
    assert left == 50 * 35
    assert (layer[:, :25] == 7.0).all()
    assert np.isnan(layer[:, 25:]).all()


def test_nothing_known_stays_unknown(tmp_path: Path) -> None:
    layer = np.full((20, 20), np.nan, np.float32)
    assert fill.fill_gaps(layer, 5, scratch(tmp_path, layer)) == (0, 400)
    assert np.isnan(layer).all()


def test_tiles_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = holes((150, 170), 4, 60, 14)
    r, c = np.mgrid[:150, :170]
    truth = (30 + 2 * np.sin(r / 9) + np.cos(c / 11)).astype(np.float32)
    whole = np.where(known, truth, np.float32(np.nan))
    parts = whole.copy()
    fill.fill_gaps(whole, 40, scratch(tmp_path, whole))
    monkeypatch.setattr(fill, "_TILE", 64)
    fill.fill_gaps(parts, 40, scratch(tmp_path, parts))
    # What is beyond the halo is told apart by less than a survey measures.
    assert np.abs(parts - whole).max() < 0.01


def test_mapped_files_give_the_same(tmp_path: Path) -> None:
    known = holes((90, 80), 2, 20, 14)
    layer = np.where(known, np.float32(3.0), np.float32(np.nan))
    layer[10, 10] = 8.0
    there = Scratch(tmp_path / "maps", layer.shape, on_disk=True)
    mapped = there.full(np.float32, np.nan)
    mapped[:] = layer
    assert isinstance(mapped, np.memmap)
    assert fill.fill_gaps(mapped, 30, there) == fill.fill_gaps(layer, 30, scratch(tmp_path, layer))
    assert np.array_equal(mapped, layer, equal_nan=True)


@given(seed=st.integers(0, 1000), reach=st.integers(0, 6))
@settings(max_examples=30, deadline=None)
def test_dilation_reaches_as_far_as_said(seed: int, reach: int) -> None:
    mask = np.random.default_rng(seed).random((20, 25)) < 0.02
    expected = np.zeros_like(mask)
    for row, col in np.argwhere(mask):
        expected[max(row - reach, 0) : row + reach + 1, max(col - reach, 0) : col + reach + 1] = (
            True
        )
    assert np.array_equal(fill.dilate(mask, reach), expected)

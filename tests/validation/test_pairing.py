"""Means over intervals that do not fall on steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solweig.validation.pairing import overlap_means

ORIGIN = np.datetime64("2025-07-01T00:00", "ns")
MINUTE = np.timedelta64(1, "m")


def spans(edges: list[tuple[int, int]]) -> np.ndarray:
    return ORIGIN + np.array(edges) * MINUTE


def test_a_step_counts_by_its_overlap() -> None:
    steps = spans([(0, 60), (60, 120)])
    found = overlap_means(steps, np.array([10.0, 40.0]), spans([(0, 60), (30, 90), (45, 105)]))
    assert found == pytest.approx([10.0, 25.0, 32.5])


def test_intervals_that_are_not_covered_have_no_value() -> None:
    steps = spans([(0, 60), (60, 120), (180, 240)])
    values = np.array([1.0, np.nan, 3.0])
    wanted = spans([(0, 60), (30, 90), (90, 150), (180, 240), (230, 250), (-10, 10)])
    assert np.isnan(overlap_means(steps, values, wanted)).tolist() == [
        False, True, True, False, True, True,
    ]  # fmt: skip


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 30)), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(-5, 150), st.integers(1, 60)), min_size=1, max_size=8),
    st.integers(0, 2**31),
)
def test_as_minute_by_minute(
    steps: list[tuple[int, int]], wanted: list[tuple[int, int]], seed: int
) -> None:
    edges, at = [], 0
    for gap, length in steps:
        edges.append((at + gap, at + gap + length))
        at += gap + length
    values = np.random.default_rng(seed).normal(0.0, 100.0, (2, len(edges)))
    fine = np.full((2, 600), np.nan)
    for i, (first, last) in enumerate(edges):
        fine[:, 100 + first : 100 + last] = values[:, [i]]
    ends = [(first, first + length) for first, length in wanted]
    found = overlap_means(spans(edges), values, spans(ends))
    expected = np.array([fine[:, 100 + a : 100 + b].mean(axis=1) for a, b in ends]).T
    np.testing.assert_allclose(found, expected, atol=1e-9)

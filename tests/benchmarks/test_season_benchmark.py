"""The benchmark of seasons still runs, and what it compares agrees."""

from __future__ import annotations

import numpy as np
from benchmarks.season import Ways, settled, worst


def test_both_ways_give_the_same_statistics() -> None:
    ways = Ways(settled(60, 4))
    together, one = ways.together(), ways.one_by_one()
    apart = worst(together, one)
    assert apart["mean"] < 1e-3
    assert apart["percentile"] <= 0.125
    again = ways.together()
    assert all(np.array_equal(g, again[n], equal_nan=True) for n, g in together.items())

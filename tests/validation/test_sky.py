"""How sure a ranking by days is."""

from __future__ import annotations

import numpy as np
import pytest

from tests.validation.sky import gain_by_day, rmse


def test_every_resample_of_days_counts() -> None:
    base = [np.array([2.0, -2.0]), np.array([1.0]), np.array([3.0, 3.0, 3.0])]
    better = [0.5 * day for day in base]
    low, high, share = gain_by_day(better, base)
    assert share == 1.0
    assert -1.5 <= low < high <= -0.5
    assert rmse(base) == pytest.approx(np.sqrt((8 + 1 + 27) / 6))
    # Better on one day, worse on two: which it is depends on the days drawn.
    mixed = [base[0] * 0.5, base[1] * 2.0, base[2] * 1.1]
    low, high, share = gain_by_day(mixed, base)
    assert low < 0.0 < high
    assert 0.0 < share < 1.0
    assert gain_by_day(base, base) == (0.0, 0.0, 0.0)

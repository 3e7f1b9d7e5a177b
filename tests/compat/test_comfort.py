"""Comfort of finished grids asks for the humidity."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import solweig
from solweig.errors import WeatherDataError
from solweig.postprocess import compute_pet_grid, compute_utci_grid

TMRT = np.full((3, 4), 40.0, np.float32)


@pytest.mark.parametrize("compute", [compute_utci_grid, compute_pet_grid])
@pytest.mark.parametrize("rh", [None, -5.0, 150.0])
def test_grids_without_humidity(compute: Callable[..., Any], rh: float | None) -> None:
    with pytest.raises(WeatherDataError, match="rh"):
        compute(TMRT, 30.0, rh, 2.0)
    with pytest.raises(TypeError):
        compute(TMRT, 30.0)
    assert np.isnan(compute(TMRT, 30.0, np.nan, 2.0)).all()
    assert np.array_equal(compute(TMRT, 30.0, 103.0, 2.0), compute(TMRT, 30.0, 100.0, 2.0))


@pytest.mark.parametrize("name", ["compute_utci", "compute_pet"])
def test_a_result_without_humidity(name: str) -> None:
    compute = getattr(solweig.SolweigResult(tmrt=TMRT), name)
    with pytest.raises(ValueError, match="rh"):
        compute(30.0)
    with pytest.raises(ValueError, match="rh"):
        compute(30.0, wind=2.0)
    step = solweig.Weather(dt.datetime(2023, 7, 1, 12), 30.0, 50.0, 800.0)
    assert np.array_equal(compute(step), compute(30.0, 50.0))
    assert np.array_equal(compute(30, rh=50), compute(30.0, 50.0, 1.0))

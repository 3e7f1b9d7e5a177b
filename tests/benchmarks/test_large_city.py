"""The large synthetic city: any window is the cut of the whole."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import rasterio
from benchmarks.large_city import LAYERS, LargeCity, write_rasters
from hypothesis import given, settings


@cache
def city() -> LargeCity:
    return LargeCity.build(seed=7, side=200)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 150), st.integers(1, 150))
def test_windows_are_cuts(row: int, col: int, rows: int, cols: int) -> None:
    whole = city().window(0, 0, 650, 650)
    part = city().window(row, col, rows, cols)
    for name in LAYERS:
        assert np.array_equal(part[name], whole[name][row : row + rows, col : col + cols]), name


def test_it_has_relief_houses_and_trees() -> None:
    whole = city().window(0, 0, 650, 650)
    assert np.ptp(whole["dem"]) > 10.0
    assert (whole["dsm"] - whole["dem"]).max() > 8.0
    assert 0.05 < (whole["cdsm"] > 0).mean() < 0.5
    assert not np.array_equal(whole["dem"][:200, :200], whole["dem"][400:600, 400:600])


def test_rasters_are_streamed_as_they_are(tmp_path: Path) -> None:
    paths = write_rasters(tmp_path, 600, 40, seed=7)
    made = LargeCity.build(seed=7).window(0, 0, 600, 40)
    for name in LAYERS:
        with rasterio.open(paths[name]) as source:
            assert np.array_equal(source.read(1), made[name]), name
            assert source.crs.to_epsg() == 32633

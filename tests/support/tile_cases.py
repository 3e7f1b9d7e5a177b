"""A city large enough that a tile and its halo are a part of it, and comparisons of two runs."""

from __future__ import annotations

from typing import Any

import numpy as np

import solweig
from solweig.config import ATTRIBUTION, INDICES, SENSOR_LOADS
from tests.support.run_cases import LOCATION, weather
from tests.support.scenes import blocks, relief

OUTPUTS = (
    "tmrt", "utci", "pet", "shadow", "kdown", "kup", "ldown", "lup",
    *INDICES,
    *SENSOR_LOADS,
    *ATTRIBUTION,
)  # fmt: skip
REACH_M = 40.0
"""Shadows end here: with cells of 2 m a halo is about 34 cells, and the city 96 x 110."""


def city(seed: int = 1, **changes: Any) -> solweig.SurfaceData:
    """Relief, houses, crowns and bushes in one half only, cells without data; 96 x 110 of 2 m.

    The lowest point is in one corner, so that most tiles would have another datum of their own.
    """
    rng = np.random.default_rng(seed)
    shape = (96, 110)
    ground = 113.7 + relief(rng, shape, 6.0)
    ground[:4, :4] -= 20.0
    dsm = (ground + blocks(rng, shape, 40, 2.5, 25.0)).astype(np.float32)
    crowns = blocks(rng, shape, 30, 3.0, 14.0)
    crowns[:, 50:] = 0.0
    trunk = 0.4 * crowns
    trunk[::7] = 0.0
    cover = rng.choice(np.array([1, 2, 5, 6, 7], np.uint8), shape)
    dsm[rng.random(shape) < 0.01] = np.nan
    layers: dict[str, Any] = {
        "cdsm": crowns.astype(np.float32),
        "tdsm": trunk.astype(np.float32),
        "dem": ground.astype(np.float32),
        "land_cover": cover,
        "pixel_size": 2.0,
        "smooth_quantized_dem": False,
        **changes,
    }
    return solweig.SurfaceData(dsm, **layers)


def prepared(tile_size: int | None = None, **changes: Any) -> solweig.SurfaceData:
    """The city with its sky view, in tiles or in one piece."""
    surface = city(**changes)
    surface.compute_svf(tile_size=tile_size, max_shadow_distance_m=REACH_M)
    return surface


def run(surface: solweig.SurfaceData, **options: Any) -> solweig.TimeseriesSummary:
    """A night step, a low sun, a high one, with every output, and points in several tiles."""
    chosen: dict[str, Any] = {
        "outputs": list(OUTPUTS),
        "max_shadow_distance_m": REACH_M,
        "pois": [(5.0, 5.0), (60.0, 80.0), (151.0, 133.0), (215.0, 3.0)],
        **options,
    }
    return solweig.calculate(surface, weather((4, 5, 6, 7, 8)), LOCATION, **chosen)


def assert_same_sky(one: solweig.SurfaceData, two: solweig.SurfaceData) -> None:
    """Fields and masks, bit for bit."""
    assert one.svf is not None
    assert two.svf is not None
    for name, grid in one.svf.as_dict().items():
        assert np.array_equal(grid, getattr(two.svf, name), equal_nan=True), name
    assert one.shadow_matrices is not None
    assert two.shadow_matrices is not None
    masks, others = one.shadow_matrices.words(), two.shadow_matrices.words()
    assert sorted(masks) == sorted(others)
    for name, words in masks.items():
        assert np.array_equal(words, others[name]), name


def assert_same_run(one: solweig.TimeseriesSummary, two: solweig.TimeseriesSummary) -> None:
    """Steps, statistics, points, series and thermal state, bit for bit."""
    if one.dataset is not None:
        assert two.dataset is not None
        assert sorted(one.dataset.data_vars) == sorted(two.dataset.data_vars)
        for name in one.dataset.data_vars:
            assert np.array_equal(one.dataset[name], two.dataset[name], equal_nan=True), name
    grids = two.grids()
    for name, grid in one.grids().items():
        assert np.array_equal(grid, grids[name], equal_nan=True), name
    if one.pois is not None:
        assert two.pois is not None
        assert one.pois.equals(two.pois)
    for where in ("ground", "all"):
        ours, theirs = (s.timeseries.to_dataframe(where) for s in (one, two))
        assert ours.equals(theirs), where
    assert one.sums == two.sums
    assert one.metadata["comfort"] == two.metadata["comfort"]
    assert one.state is not None
    assert two.state is not None
    assert (one.state.first, one.state.accumulated_days) == (
        two.state.first,
        two.state.accumulated_days,
    )
    assert sorted(one.state.fields) == sorted(two.state.fields)
    for name, grid in one.state.fields.items():
        assert np.array_equal(grid, two.state.fields[name], equal_nan=True), name

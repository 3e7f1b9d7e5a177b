"""Parts of cells that polygons cover, and statistics weighted by them."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import rasterize
from rasterio.transform import Affine

from solweig.exposure.coverage import cover
from solweig.rasters.georef import GeoReference
from tests.exposure.made import MAP
from tests.support.run_cases import COLS, NORTH, PIXEL, ROWS, WEST

GEOREF = GeoReference((WEST, PIXEL, 0.0, NORTH, 0.0, -PIXEL), "", (ROWS, COLS))
FINER = 25

places = st.tuples(st.floats(-10.0, 70.0), st.floats(-10.0, 58.0))
polygons = (
    st.lists(places, min_size=3, max_size=7)
    .map(lambda points: shapely.MultiPoint([(WEST + x, NORTH - y) for x, y in points]).convex_hull)
    .filter(lambda hull: hull.geom_type == "Polygon" and hull.area > 1.0)
)


@settings(deadline=None, max_examples=40)
@given(shape=polygons, hole=st.floats(0.1, 0.9))
def test_weights_add_up_to_the_area_on_the_map(shape: shapely.Polygon, hole: float) -> None:
    inner = shapely.affinity.scale(shape, hole, hole)
    for one in (shape, shape.difference(inner)):
        (zone,) = cover([one], GEOREF)
        area = one.intersection(MAP).area
        if zone is None:
            assert area < 1e-6
        else:
            assert zone.cells * PIXEL**2 == pytest.approx(area, rel=1e-6, abs=1e-5)
            assert (zone.weight > 0).all()
            assert (zone.weight < 1).all()


def literally(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The lowest value such that it and those below hold that share of the weight."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, share * reached[-1] - 1e-9)])


@settings(deadline=None, max_examples=40)
@given(shape=polygons, seed=st.integers(0, 1000), gaps=st.floats(0.0, 0.6), few=st.booleans())
def test_statistics_are_those_of_weighted_cells(
    shape: shapely.Polygon, seed: int, gaps: float, few: bool
) -> None:
    (zone,) = cover([shape], GEOREF)
    if zone is None:
        return
    rng = np.random.default_rng(seed)
    grid = rng.uniform(20, 50, (ROWS, COLS)).astype(np.float32)
    grid = np.round(grid / 8) * 8 if few else grid
    grid[rng.uniform(size=grid.shape) < gaps] = np.nan
    weights = np.zeros_like(grid[zone.where], np.float64)
    weights[zone.whole] = 1.0
    weights.ravel()[zone.edge] = zone.weight
    known = np.isfinite(grid[zone.where]) & (weights > 0)
    values, weights = grid[zone.where][known].astype(np.float64), weights[known]
    found = zone.statistics(grid[zone.where], (32.0, 40.0))
    assert found.cells == pytest.approx(weights.sum(), abs=1e-9)
    if values.size == 0:
        assert np.isnan([found.mean, found.p50, found.max, *found.above]).all()
        return
    assert found.mean == pytest.approx(np.average(values, weights=weights), rel=1e-6)
    assert found.max == values.max()
    for share, got in ((0.05, found.p05), (0.5, found.p50), (0.95, found.p95)):
        assert got == literally(values, weights, share)
    for threshold, part in zip((32.0, 40.0), found.above, strict=True):
        assert part == pytest.approx(np.average(values > threshold, weights=weights), abs=1e-9)


@settings(deadline=None, max_examples=8)
@given(shape=polygons, seed=st.integers(0, 1000))
def test_brute_force_by_finer_cells_gives_the_same(shape: shapely.Polygon, seed: int) -> None:
    (zone,) = cover([shape], GEOREF)
    if zone is None or zone.cells < 30:
        return
    grid = np.random.default_rng(seed).uniform(20, 50, (ROWS, COLS)).astype(np.float32)
    finer = Affine(PIXEL / FINER, 0.0, WEST, 0.0, -PIXEL / FINER, NORTH)
    inside = rasterize([shape], (ROWS * FINER, COLS * FINER), transform=finer)
    values = np.repeat(np.repeat(grid, FINER, 0), FINER, 1)[inside == 1]
    found = zone.statistics(grid[zone.where], (32.0,))
    assert found.cells == pytest.approx(values.size / FINER**2, rel=2e-3)
    assert found.mean == pytest.approx(values.mean(dtype=np.float64), abs=0.05)
    assert found.above[0] == pytest.approx((values > 32.0).mean(), abs=3e-3)


def test_ground_leaves_out_whole_and_edge_cells() -> None:
    (zone,) = cover([shapely.box(WEST + 1.0, NORTH - 9.0, WEST + 9.0, NORTH - 1.0)], GEOREF)
    assert zone is not None
    ground = np.ones((5, 5), np.uint8)
    ground[0, 0] = ground[2, 2] = 0
    assert (zone.cells, zone.only(ground).cells) == (16.0, 16.0 - 0.25 - 1.0)

"""Invariants of the ground view factors (I18–I21 of G 10)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from solweig import _core
from tests.support.scenes import RandomScene, random_scenes

F32 = NDArray[np.float32]
Outputs = dict[str, F32]

quick = settings(max_examples=40, deadline=None)
SIGMA = 5.67051e-8
SIDES = ("", "E", "S", "W", "N")
EMISSIVITY = 0.95


def emitted(temperature: float) -> float:
    """Grey-body emission [W m-2] at a temperature [deg C]."""
    return EMISSIVITY * SIGMA * (temperature + 273.15) ** 4


def uniform(shape: tuple[int, int], value: float) -> F32:
    return np.full(shape, value, np.float32)


def ground_view(
    buildings: NDArray[np.uint8],
    *,
    albedo: float = 0.2,
    wall_albedo: float = 0.2,
    excess: float = 0.0,
    wall_excess: float = 0.0,
    ta: float = 20.0,
    shadow: float = 1.0,
    pixel_size: float = 1.0,
    walls: tuple[F32, F32] | None = None,
) -> Outputs:
    """Ground view of a uniform ground; walls, where given, fully sunlit."""
    shape = buildings.shape
    height, aspect = walls or (uniform(shape, 0), uniform(shape, 0))
    view = _core.GroundView(
        buildings,
        pixel_size=pixel_size,
        albedo=uniform(shape, albedo),
        wall_height=height,
        wall_aspect=aspect,
        wall_albedo=wall_albedo,
    )
    step: dict[str, Any] = view.evaluate(
        wall_sun=height,
        shadow=uniform(shape, shadow),
        ground_excess=uniform(shape, excess),
        wall_excess=wall_excess,
        ta=ta,
        emissivity=uniform(shape, EMISSIVITY),
        albedo=uniform(shape, albedo),
        sums=True,
    )
    return view.albnosh() | step


@quick
@given(
    rows=st.integers(5, 40),
    cols=st.integers(5, 70),
    albedo=st.floats(0.05, 0.5),
    excess=st.floats(-3, 25),
    ta=st.floats(-10, 40),
    pixel_size=st.sampled_from([0.5, 1.0, 2.0, 3.0]),
)
def test_i18_open_uniform_ground(
    rows: int, cols: int, albedo: float, excess: float, ta: float, pixel_size: float
) -> None:
    """Every side sees the ground's own emission and albedo, up to the raster's edge."""
    out = ground_view(
        np.ones((rows, cols), np.uint8), albedo=albedo, excess=excess, ta=ta, pixel_size=pixel_size
    )
    for side in SIDES:
        np.testing.assert_allclose(out[f"gvfLup{side}"], emitted(ta + excess), rtol=2e-6)
        np.testing.assert_allclose(out[f"gvfalb{side}"], albedo, rtol=2e-6)
        np.testing.assert_allclose(out[f"gvfalbnosh{side}"], albedo, rtol=2e-6)


@pytest.mark.parametrize("distance", [1, 5, 12, 21])
def test_i19_a_building_of_the_same_albedo_changes_nothing_far_away(distance: int) -> None:
    """Towards a building at or beyond the near ground the albedo is the common one."""
    buildings = np.ones((60, 60), np.uint8)
    buildings[:, 30 + distance :] = 0
    out = ground_view(buildings, albedo=0.23, wall_albedo=0.23)
    for side in SIDES:
        assert out[f"gvfalbnosh{side}"][30, 30] == pytest.approx(0.23, rel=1e-6)


@quick
@given(
    scene=random_scenes(largest=40, no_data=False, with_dem=True),
    excess=st.floats(-3, 25),
    shadow=st.floats(0, 1),
)
def test_i20_on_a_building_only_the_roof_counts(
    scene: RandomScene, excess: float, shadow: float
) -> None:
    buildings = _core.buildings_mask(scene.dsm, dem=scene.dem)
    height = _core.wall_height(scene.dsm)
    walls = (height, _core.wall_aspect(scene.dsm, height, scene.pixel_size))
    out = ground_view(
        buildings, excess=excess, shadow=shadow, wall_excess=9.0, walls=walls, albedo=0.31
    )
    roof = buildings == 0
    own = emitted(20 + excess * np.float32(shadow))
    for side in SIDES:
        np.testing.assert_allclose(out[f"gvfalbnosh{side}"][roof], 0.31, rtol=2e-6)
        np.testing.assert_allclose(out[f"gvfalb{side}"][roof], 0.31 * shadow, atol=1e-6)
        np.testing.assert_allclose(out[f"gvfLup{side}"][roof], own, rtol=2e-6)
    assert (out["gvfNorm"][roof] == 1).all()


@quick
@given(
    scene=random_scenes(largest=40, no_data=False, with_dem=True),
    ta=st.floats(-20, 40),
    shadow=st.floats(0, 1),
)
def test_i21_without_excess_everything_emits_at_air_temperature(
    scene: RandomScene, ta: float, shadow: float
) -> None:
    buildings = _core.buildings_mask(scene.dsm, dem=scene.dem)
    height = _core.wall_height(scene.dsm)
    walls = (height, _core.wall_aspect(scene.dsm, height, scene.pixel_size))
    out = ground_view(buildings, ta=ta, shadow=shadow, walls=walls)
    for side in SIDES:
        np.testing.assert_allclose(out[f"gvfLup{side}"], emitted(ta), rtol=2e-6)


@quick
@given(
    scene=random_scenes(largest=40, no_data=False, with_dem=True),
    warm=st.floats(1, 20),
    shadow=st.floats(0.2, 1),
)
def test_warmer_ground_and_walls_send_more_up(
    scene: RandomScene, warm: float, shadow: float
) -> None:
    buildings = _core.buildings_mask(scene.dsm, dem=scene.dem)
    height = _core.wall_height(scene.dsm)
    walls = (height, _core.wall_aspect(scene.dsm, height, scene.pixel_size))
    cold = ground_view(buildings, walls=walls, shadow=shadow)
    ground = ground_view(buildings, walls=walls, shadow=shadow, excess=warm)
    both = ground_view(buildings, walls=walls, shadow=shadow, excess=warm, wall_excess=warm)
    for side in SIDES:
        name = f"gvfLup{side}"
        assert (ground[name] >= cold[name] - 1e-3).all()
        assert (both[name] >= ground[name] - 1e-3).all()

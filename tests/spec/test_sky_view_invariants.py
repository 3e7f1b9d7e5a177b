"""Invariants of the sky view factors, with analytic oracles (I1, I4–I7, I13, I22–I24 of G 10)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from solweig import _core
from tests.support.scenes import RandomScene, random_scenes

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

few = settings(max_examples=10, deadline=None)
SECTORS = ("east", "south", "west", "north")
COARSE_EDGES = np.radians([0, 12, 24, 36, 48, 60, 72, 84, 90])

# Flat ground, sectors E S W N of the reference (G 5.3).
FLAT_SECTORS = {
    1: (1.0, 0.989378390, 0.989378390, 1.0),
    2: (1.0, 0.947532171, 0.923689141, 0.976156970),
    3: (1.0, 0.989378390, 0.989378390, 1.0),
}


def flat(rows: int, cols: int) -> F32:
    return np.full((rows, cols), 20, np.float32)


def svf_of(dsm: F32, pixel_size: float = 1.0) -> F32:
    return _core.Scene(dsm, pixel_size=pixel_size).svf(2).fields()["svf"]


def patch_shares(option: int) -> F64:
    """Cosine-weighted share of the hemisphere of every patch, options 1–3 (G 5.2)."""
    band = _core.patch_table(option)["band"].astype(int)
    return (np.diff(np.sin(COARSE_EDGES) ** 2) / np.bincount(band))[band]


@pytest.mark.parametrize("option", [1, 2, 3, 4])
def test_i1_flat_ground_sees_the_whole_sky(option: int) -> None:
    scene = _core.Scene(flat(9, 35), pixel_size=1.0)
    fields = scene.svf(option).fields()
    np.testing.assert_allclose(fields["svf"], 1.0, atol=1e-6)
    if option in FLAT_SECTORS:
        for sector, want in zip(SECTORS, FLAT_SECTORS[option], strict=True):
            np.testing.assert_allclose(fields[f"svf_{sector}"], want, atol=1e-6)
    normalised = scene.svf(option, normalised_sectors=True).fields()
    for name, field in normalised.items():
        np.testing.assert_allclose(field, 1.0, atol=1e-6, err_msg=name)


# ---------------------------------------------------------------- I4–I6: analytic sky view


def canyon(width: int, height: float) -> F32:
    """Two endless walls along a north–south street; rows enough for ten heights either way."""
    dsm = np.zeros((2 * int(10 * height) + 1, width + 6), np.float32)
    dsm[:, :3] = dsm[:, -3:] = height
    return dsm


def canyon_patches(height: float, distance: float) -> float:
    """Sky view between two endless walls, patch by patch, at equal distances."""
    table = _core.patch_table(2)
    across = np.abs(np.sin(np.radians(table["azimuth"])))
    free = np.tan(np.radians(table["altitude"])) >= height * across / distance
    return float((patch_shares(2) * free).sum())


@pytest.mark.parametrize(
    ("ratio", "quantised"),
    [(0.25, 0.89857), (0.5, 0.67852), (1.0, 0.46886), (2.0, 0.25341), (4.0, 0.13513)],
)
def test_i4_canyon(ratio: float, quantised: float) -> None:
    """Centre of a street 21 m wide, walls ``ratio`` times 20 m high.

    The nearest cell to the ideal line meets the wall up to one cell early.
    """
    height, width = 20 * ratio, 21
    assert canyon_patches(height, 10) == pytest.approx(quantised, abs=1e-5)
    dsm = canyon(width, height)
    got = float(svf_of(dsm)[dsm.shape[0] // 2, dsm.shape[1] // 2])
    first_wall_cell = width // 2 + 1
    assert got >= canyon_patches(height, first_wall_cell - 1) - 1e-6
    assert got <= canyon_patches(height, first_wall_cell) + 1e-6
    analytic = np.cos(np.arctan(height / (first_wall_cell - 0.5)))
    assert got == pytest.approx(analytic, abs=0.04)


@pytest.mark.parametrize("height", [3.0, 12.0, 30.0])
def test_i5_wall_on_one_side(height: float) -> None:
    distance = 8
    dsm = np.zeros((2 * int(10 * height) + 1, 60), np.float32)
    dsm[:, 40:] = height
    got = float(svf_of(dsm)[dsm.shape[0] // 2, 40 - distance])
    analytic = 0.5 * (1 + np.cos(np.arctan(height / (distance - 0.5))))
    assert got == pytest.approx(analytic, abs=0.03)


@pytest.mark.parametrize(
    ("beta", "want"),
    [(4, 1.0), (12, 0.95677), (24, 0.83457), (45, 0.44774), (60, 0.25), (80, 0.01093)],
)
def test_i6_basin(beta: float, want: float) -> None:
    """A rim all round at elevation β: cos² of the highest blocked band edge."""
    row, col = np.mgrid[-40:41, -40:41]
    away = np.hypot(row, col)
    dsm = np.where(away >= 25, away * np.tan(np.radians(beta)), 0.0).astype(np.float32)
    assert float(svf_of(dsm)[40, 40]) == pytest.approx(want, abs=6e-6)


# ---------------------------------------------------------------- bounds and monotony


@few
@given(
    scene=random_scenes(largest=16, vegetation=False, no_data=False),
    seed=st.integers(0, 2**32 - 1),
)
def test_i7_raising_a_cell_opens_no_sky(scene: RandomScene, seed: int) -> None:
    rng = np.random.default_rng(seed)
    at = tuple(rng.integers(0, n) for n in scene.dsm.shape)
    raised = scene.dsm.copy()
    raised[at] += np.float32(15)
    before, after = (svf_of(z, pixel_size=scene.pixel_size) for z in (scene.dsm, raised))
    others = np.ones(before.shape, bool)
    others[at] = False
    assert (after <= before)[others].all()


@few
@given(scene=random_scenes(largest=16))
def test_i13_view_factors_are_fractions(scene: RandomScene) -> None:
    fields = scene.engine().svf(2).fields()
    s, sv, sa = (fields[name][scene.valid] for name in ("svf", "svf_veg", "svf_aveg"))
    for name, field in fields.items():
        inside = field[scene.valid]
        assert ((inside >= 0) & (inside <= 1)).all(), name
    assert (sa >= s - 1e-6).all()
    both, through = s + sv - 1, s - (1 - sv) * 0.97
    assert (both >= -1e-6).all()
    assert (both <= through + 1e-6).all()
    assert (through <= s + 1e-6).all()
    if not scene.engine().has_vegetation:
        assert (sv == 1).all()
        assert (sa == 1).all()


# ---------------------------------------------------------------- I22–I24: patches


@few
@given(scene=random_scenes(largest=16), option=st.sampled_from([1, 2, 3, 4]))
def test_i22_masks_give_the_view_factors(scene: RandomScene, option: int) -> None:
    engine = scene.engine()
    sky = engine.svf(option)
    masks = sky.masks()
    absent = np.isnan(engine.trunk_top()) if engine.has_vegetation else None
    again = _core.svf_from_masks(
        option, masks["shmat"], masks.get("vegshmat"), masks.get("vbshmat"), absent
    )
    for name, field in sky.fields().items():
        np.testing.assert_allclose(
            again[name][scene.valid], field[scene.valid], atol=1e-6, err_msg=name
        )


@pytest.mark.parametrize("option", [1, 2, 3])
def test_i23_solid_angles(option: int) -> None:
    table = _core.patch_table(option)
    omega, beta = table["solid_angle"], np.radians(table["altitude"])
    assert omega.sum() == pytest.approx(2 * np.pi, abs=1e-9)
    assert (omega * np.sin(beta)).sum() == pytest.approx(np.pi, rel=6e-3)
    below = table["altitude"] < 90
    form_factor = (omega * np.sin(beta) / np.pi)[below]
    want = patch_shares(option)[below] / np.cos(np.radians(6))
    np.testing.assert_allclose(form_factor, want, rtol=1e-9)


@few
@given(scene=random_scenes(largest=20, vegetation=True, no_data=False))
def test_i24_the_zenith_patch(scene: RandomScene) -> None:
    """Buildings never; foliage is the canopy one row south, and bushes (quirk Q12)."""
    engine = scene.engine()
    masks = engine.svf(2).masks()
    word, bit = divmod(152, 32)
    assert (masks["shmat"][..., word] >> bit & 1 == 1).all()
    if not engine.has_vegetation:
        return
    canopy, trunk = np.nan_to_num(engine.canopy_top(), nan=-1e9), engine.trunk_top()
    above = np.full(canopy.shape, -1e9)
    above[1:] = canopy[:-1]
    crown_on_ground = (canopy > scene.dsm) & ~(np.nan_to_num(trunk, nan=-1e9) > scene.dsm)
    shaded = (above > scene.dsm) | engine.bush() | crown_on_ground
    assert np.array_equal(masks["vegshmat"][..., word] >> bit & 1 == 0, shaded)

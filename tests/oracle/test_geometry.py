"""The engine's geometry against the literal numpy model on random small scenes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from solweig import _core
from tests.reference_model import geometry, gvf, skyview
from tests.support.scenes import TIE_M, RandomScene, random_scenes, suns
from tests.support.tolerances import tolerance

F64 = NDArray[np.float64]

many = settings(max_examples=150, deadline=None)
quick = settings(max_examples=60, deadline=None)
few = settings(max_examples=12, deadline=None)
wide = random_scenes(largest=75)
"""Scenes that reach over several of the engine's tiles."""


def assert_bits(
    got: NDArray[np.uint8], want: F64, margin: F64, valid: NDArray[np.bool_], name: str
) -> None:
    """Equal on every cell with data, but where a margin below rounding decides (G 2.4)."""
    wrong = (got != want) & valid
    event(f"ties: {int(wrong.sum())}")
    assert (margin[wrong] < TIE_M).all(), f"{name}: {int(wrong.sum())} cells differ"
    assert wrong.sum() <= 2 + 1e-3 * wrong.size, f"{name}: too many ties"


@quick
@given(
    azimuth=st.floats(0.0, 359.99),
    altitude=st.floats(1.0, 89.0),
    pixel_size=st.sampled_from([0.5, 1.0, 2.0, 2.5]),
)
def test_ray_tables(azimuth: float, altitude: float, pixel_size: float) -> None:
    offsets, distance, height = _core.ray_offsets(azimuth, altitude, pixel_size, 60)
    want = [geometry.ray_offset(azimuth, k) for k in range(60)]
    assert offsets.tolist() == [list(o) for o in want]
    length = geometry.step_length(azimuth)
    np.testing.assert_allclose(distance, length * np.arange(60) * pixel_size, rtol=1e-14)
    heights = [geometry.ray_height(azimuth, altitude, pixel_size, k) for k in range(60)]
    np.testing.assert_allclose(height, heights, rtol=1e-13)


@pytest.mark.parametrize("option", [1, 2, 3, 4])
def test_patch_tables(option: int) -> None:
    table, want = _core.patch_table(option), skyview.make_patches(option)
    assert np.array_equal(table["altitude"], want.altitude)
    np.testing.assert_allclose(table["azimuth"], want.azimuth, atol=1e-12)
    np.testing.assert_allclose(table["solid_angle"], want.solid_angle, atol=1e-15)
    assert np.array_equal(table["band"], want.band)


@quick
@given(scene=random_scenes())
def test_scene_layers(scene: RandomScene) -> None:
    engine, oracle = scene.engine(), scene.oracle()
    assert engine.has_vegetation == oracle.has_vegetation
    assert np.array_equal(engine.valid_mask(), scene.valid)
    assert np.array_equal(engine.bush(), oracle.bush)
    np.testing.assert_allclose(engine.canopy_top(), oracle.canopy, atol=1e-5)
    np.testing.assert_allclose(engine.trunk_top(), oracle.trunk, atol=1e-5)


@many
@given(scene=wide, sun=suns())
def test_sun_shadows(scene: RandomScene, sun: tuple[float, float]) -> None:
    got = scene.engine().shadows(*sun)
    want = geometry.cast_shadow(scene.oracle(), *sun)
    for name in ("sh", "vegsh", "vbshvegsh"):
        assert_bits(got[name], getattr(want, name), want.margin, scene.valid, name)


@many
@given(scene=wide, sun=suns(), bound=st.floats(1.0, 25.0))
def test_truncated_shadows(scene: RandomScene, sun: tuple[float, float], bound: float) -> None:
    got = scene.engine().shadows(*sun, height_bound_m=bound)
    want = geometry.cast_shadow(scene.oracle(), *sun, bound)
    for name in ("sh", "vegsh", "vbshvegsh"):
        assert_bits(got[name], getattr(want, name), want.margin, scene.valid, name)


@quick
@given(scene=random_scenes(largest=75, no_data=False), sun=suns())
def test_wall_shadows(scene: RandomScene, sun: tuple[float, float]) -> None:
    oracle = scene.oracle()
    height = geometry.wall_height(scene.dsm).astype(np.float32)
    aspect = geometry.wall_aspect(scene.dsm, height, scene.pixel_size).astype(np.float32)
    got = scene.engine().shadows(*sun, wall_height=height, wall_aspect=aspect)
    cast = geometry.cast_shadow(oracle, *sun)
    want = geometry.wall_shadow(oracle, cast, sun[0], height, aspect)
    decided = (cast.margin > TIE_M) & scene.valid
    for name, field in want.items():
        error = np.abs(got[name] - field)[decided]
        assert error.max(initial=0.0) < tolerance("geometry", "oracle_wall_shade_m"), name
    total = got["wallsh"] + got["wallsun"] + got["wallshve"]
    np.testing.assert_allclose(total, height, atol=1e-5)


@quick
@given(scene=random_scenes(smallest=3), limit=st.sampled_from([1.0, 3.0]))
def test_wall_heights(scene: RandomScene, limit: float) -> None:
    got = _core.wall_height(scene.dsm, limit)
    assert np.array_equal(got, geometry.wall_height(scene.dsm, limit).astype(np.float32))


@few
@given(scene=random_scenes(smallest=12, largest=30, no_data=False))
def test_wall_aspects(scene: RandomScene) -> None:
    height = geometry.wall_height(scene.dsm).astype(np.float32)
    got = _core.wall_aspect(scene.dsm, height, scene.pixel_size)
    want = geometry.wall_aspect(scene.dsm, height, scene.pixel_size)
    np.testing.assert_allclose(got, want, atol=1e-4)


@few
@given(scene=random_scenes(no_data=True, with_dem=True), codes=st.integers(0, 2**32 - 1))
def test_building_masks(scene: RandomScene, codes: int) -> None:
    got = _core.buildings_mask(scene.dsm, dem=scene.dem)
    assert np.array_equal(got, geometry.open_ground(scene.dsm, ground=scene.dem))
    rng = np.random.default_rng(codes)
    cover = rng.choice(np.array([0, 1, 2, 5, 6, 7, 100, 101], np.uint8), scene.dsm.shape)
    got = _core.buildings_mask(scene.dsm, dem=scene.dem, land_cover=cover)
    assert np.array_equal(got, geometry.open_ground(scene.dsm, land_cover=cover))


def unpack(mask: NDArray[np.uint32], patches: int) -> NDArray[np.uint8]:
    """Bits ``[row, col, patch]`` of a packed mask."""
    octets = mask.astype("<u4").view(np.uint8)
    return np.unpackbits(octets, axis=2, bitorder="little")[:, :, :patches]


@pytest.mark.slow
@pytest.mark.parametrize("option", [1, 2, 3, 4])
@settings(max_examples=5, deadline=None)
@given(scene=random_scenes(smallest=6, largest=18))
def test_sky_view(scene: RandomScene, option: int) -> None:
    """Every patch bit, and the fifteen view factors of the same bits to 1e-6."""
    sky = scene.engine().svf(option)
    patches, oracle = skyview.make_patches(option), scene.oracle()
    want = skyview.patch_visibility(oracle, patches)
    masks, valid = sky.masks(), scene.valid
    layers = {"shmat": "sh", "vegshmat": "vegsh", "vbshmat": "vbshvegsh"}
    differs = np.zeros(valid.shape, bool)
    for name, layer in layers.items():
        if name in masks:
            bits, truth = unpack(masks[name], len(patches)), getattr(want, layer)
            assert_bits(bits, truth, want.margin, valid[..., None], name)
            differs |= ((bits != truth) & valid[..., None]).any(axis=2)
        else:
            assert (getattr(want, layer)[valid] == 1).all()
    trunk_absent = np.isnan(oracle.trunk) if oracle.has_vegetation else None
    fields = skyview.sky_view_factors(want, patches, trunk_absent)
    for name, got in sky.fields().items():
        error = np.abs(got - fields[name])[valid & ~differs]
        assert error.max(initial=0.0) < tolerance("geometry", "svf"), name
        assert np.isnan(got[~valid]).all(), name


@quick
@given(
    scene=random_scenes(smallest=6, largest=75, no_data=False, with_dem=True),
    seed=st.integers(0, 2**32 - 1),
    person_height=st.sampled_from([1.1, 0.75]),
)
def test_ground_view(scene: RandomScene, seed: int, person_height: float) -> None:
    """All outputs to a relative 1e-5; walls lit fully, in part and not at all."""
    rng = np.random.default_rng(seed)
    shape = scene.dsm.shape
    height = geometry.wall_height(scene.dsm).astype(np.float32)
    aspect = rng.choice(np.arange(0, 360, 5), shape).astype(np.float32) * (height > 0)
    lit_share = rng.choice(np.array([0.0, 0.6, 1.0], np.float32), shape)
    buildings = _core.buildings_mask(scene.dsm, dem=scene.dem)
    albedo, emissivity, shadow, excess = (
        rng.uniform(low, high, shape).astype(np.float32)
        for low, high in ((0.05, 0.3), (0.9, 0.98), (0.0, 1.0), (-2.0, 25.0))
    )
    ta, wall_excess = float(rng.uniform(-10, 35)), float(rng.uniform(0, 15))
    view = _core.GroundView(
        buildings,
        pixel_size=scene.pixel_size,
        albedo=albedo,
        wall_height=height,
        wall_aspect=aspect,
        person_height=person_height,
    )
    got = view.albnosh() | view.evaluate(
        wall_sun=height * lit_share,
        shadow=shadow,
        ground_excess=excess,
        wall_excess=wall_excess,
        ta=ta,
        emissivity=emissivity,
        albedo=albedo,
        sums=True,
    )
    rasters = (height, aspect, height * lit_share, shadow, excess)
    want = gvf.ground_view(
        gvf.Ground(
            buildings.astype(float),
            scene.pixel_size,
            *(field.astype(float) for field in rasters),
            wall_excess,
            ta,
            emissivity.astype(float),
            albedo.astype(float),
            person_height=person_height,
        )
    )
    assert set(got) == set(want)
    relative = tolerance("geometry", "gvf_relative")
    for name, field in want.items():
        np.testing.assert_allclose(got[name], field, rtol=relative, atol=1e-7, err_msg=name)

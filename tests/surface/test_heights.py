"""Heights on their way to the model: frames, no data, small objects, stepped ground models."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from solweig import SurfaceData
from solweig.surface.heights import estimate_ground, quantisation_step, smooth_quantized
from tests.support.rasters import scene

F32 = NDArray[np.float32]


def plain(**changes: Any) -> SurfaceData:
    """The scene without the two changes that preprocessing makes to heights by default."""
    options = {"min_object_height": 0.0, "smooth_quantized_dem": False, "pixel_size": 2.0}
    return SurfaceData(**{**scene(), **options, **changes})


# ------------------------------------------------------------------ relative and absolute


def test_absolute_and_relative_layers_give_the_same_surface() -> None:
    layers = scene()
    ground = np.full((40, 50), 32.0, np.float32)  # adding to it and taking off is exact
    ready = {"dsm": ground + layers["cdsm"], "dem": ground, "cdsm": layers["cdsm"]}
    trunk = 0.5 * layers["cdsm"]
    relative = plain(**{**ready, "dsm": layers["cdsm"], "tdsm": trunk}, dsm_relative=True)
    absolute = plain(
        **{**ready, "cdsm": ground + layers["cdsm"], "tdsm": ground + trunk},
        cdsm_relative=False,
        tdsm_relative=False,
    )
    for surface in (relative, absolute):
        surface.preprocess()
        np.testing.assert_array_equal(surface.dsm, ready["dsm"])
        np.testing.assert_array_equal(surface.cdsm, layers["cdsm"])
        np.testing.assert_array_equal(surface.tdsm, trunk)
        assert (surface.dsm_relative, surface.cdsm_relative, surface.tdsm_relative) == (
            False,
            True,
            True,
        )


def test_without_a_ground_model_canopies_stand_on_the_surface() -> None:
    layers = scene()
    surface = plain(dem=None, cdsm=layers["dsm"] + layers["cdsm"], cdsm_relative=False)
    surface.preprocess()
    np.testing.assert_allclose(surface.cdsm, layers["cdsm"], atol=1e-5)


def test_preprocessing_twice_changes_nothing() -> None:
    surface = plain(dsm=scene()["cdsm"], dsm_relative=True)
    surface.preprocess()
    once = surface.dsm.copy()
    surface.preprocess()
    np.testing.assert_array_equal(surface.dsm, once)


def test_given_arrays_are_not_modified() -> None:
    layers = scene()
    layers["dsm"][5, 5] = np.nan
    layers["cdsm"][0, 0] = -0.2
    kept = {name: layer.copy() for name, layer in layers.items()}
    surface = SurfaceData(**layers)
    surface.preprocess()
    surface.fill_nan()
    surface.apply_valid_mask()
    for name, layer in kept.items():
        np.testing.assert_array_equal(layers[name], layer, err_msg=name)


def test_negative_canopy_noise_is_set_to_zero(caplog: pytest.LogCaptureFixture) -> None:
    canopy = scene()["cdsm"]
    canopy[0, :3] = -0.4
    with caplog.at_level(logging.INFO):
        surface = plain(cdsm=canopy)
    np.testing.assert_array_equal(surface.cdsm, scene()["cdsm"])
    assert "3 cells slightly below zero" in caplog.text


def test_trunk_zone_above_the_canopy_is_lowered(caplog: pytest.LogCaptureFixture) -> None:
    surface = plain(tdsm=np.full((40, 50), 9.0, np.float32))
    surface.preprocess()
    np.testing.assert_array_equal(surface.tdsm, scene()["cdsm"])
    assert "lowered" in caplog.text


def test_trunk_ratio_is_what_an_explicit_trunk_layer_would_be() -> None:
    by_ratio, by_layer = plain(trunk_ratio=0.5), plain(tdsm=0.5 * scene()["cdsm"])
    np.testing.assert_array_equal(by_ratio.scene().trunk_top(), by_layer.scene().trunk_top())


# ------------------------------------------------------------------ no data


def test_no_data_in_the_surface_stays_no_data() -> None:
    dsm = scene()["dsm"]
    dsm[20:22, 20:22] = np.nan
    surface = plain(dsm=dsm)
    surface.compute_svf()
    assert surface.svf is not None
    np.testing.assert_array_equal(np.isnan(surface.svf.svf), np.isnan(dsm))
    np.testing.assert_array_equal(surface.valid_mask, ~np.isnan(dsm))


def test_unknown_ground_takes_the_surface_height() -> None:
    dem = scene()["dem"]
    dem[3:5, 40:45] = np.nan
    surface = plain(dem=dem)
    surface.preprocess()
    np.testing.assert_array_equal(surface.dem, scene()["dem"])


def test_unknown_canopy_is_no_canopy() -> None:
    canopy = np.where(scene()["cdsm"] > 0, scene()["cdsm"], np.nan)
    surface = plain(cdsm=canopy)
    surface.preprocess()
    np.testing.assert_array_equal(surface.cdsm, scene()["cdsm"])


def test_masked_arrays_have_no_data_where_masked() -> None:
    dsm = np.ma.masked_greater(scene()["dsm"], 30.0)
    surface = SurfaceData(dsm)
    np.testing.assert_array_equal(np.isnan(surface.dsm), scene()["dsm"] > 30.0)


def test_fill_nan() -> None:
    layers = scene()
    dsm, dem, canopy = layers["dsm"].copy(), layers["dem"].copy(), layers["cdsm"].copy()
    dsm[0, 0] = np.nan  # open ground: known from the ground model
    dsm[1, 1] = dem[1, 1] = np.nan  # known to nobody
    canopy[25, 30], canopy[26, 30], canopy[27, 30] = 0.05, 0.1, np.nan
    surface = plain(dsm=dsm, dem=dem, cdsm=canopy)
    surface.compute_svf()
    surface.fill_nan(tolerance=0.1)
    assert surface.dsm[0, 0] == layers["dem"][0, 0]
    assert math.isnan(surface.dsm[1, 1])
    assert surface.cdsm is not None
    assert surface.cdsm[25:28, 30].tolist() == [0.0, np.float32(0.1), 0.0]
    assert surface.valid_mask.sum() == 40 * 50 - 1
    # What was computed from the former heights is gone.
    assert surface.svf is None
    assert surface.shadow_matrices is None
    assert surface.wall_height is None


def test_apply_valid_mask() -> None:
    dsm = scene()["dsm"]
    dsm[:, :5] = np.nan
    surface = plain(dsm=dsm)
    surface.apply_valid_mask()
    assert surface.dem is not None
    assert surface.land_cover is not None
    assert np.isnan(surface.dem[:, :5]).all()
    assert not np.isnan(surface.dem[:, 5:]).any()
    assert (surface.land_cover[:, :5] == 0).all()


def test_crop_to_valid_box() -> None:
    dsm = scene()["dsm"]
    dsm[:3], dsm[38:], dsm[:, :7] = np.nan, np.nan, np.nan
    surface = plain(dsm=dsm)
    surface.geotransform = [1000.0, 2.0, 0.0, 500.0, 0.0, -2.0]
    surface.compute_svf()
    assert surface.svf is not None
    whole = surface.svf.svf.copy()
    assert surface.crop_to_valid_bbox() == (3, 38, 7, 50)
    assert surface.shape == (35, 43)
    assert surface.geotransform == [1014.0, 2.0, 0.0, 494.0, 0.0, -2.0]
    assert surface.valid_mask.all()
    np.testing.assert_array_equal(surface.svf.svf, whole[3:38, 7:50])
    assert surface.shadow_matrices is not None
    assert surface.shadow_matrices.shape == (35, 43)
    np.testing.assert_array_equal(surface.land_cover, scene()["land_cover"][3:38, 7:50])
    assert surface.crop_to_valid_bbox() == (0, 35, 0, 43)


# ------------------------------------------------------------------ small objects


def test_small_objects_are_levelled_and_larger_ones_kept() -> None:
    layers = scene()
    dsm = layers["dsm"].copy()
    dsm[30, 5] += 0.9
    dsm[31, 5] += 1.1
    dsm[32, 5] -= 0.9
    dsm[33, 5] -= 3.0
    surface = plain(dsm=dsm, min_object_height=1.0)
    surface.preprocess()
    difference = surface.dsm[30:34, 5] - layers["dem"][30:34, 5]
    np.testing.assert_allclose(difference, [0.0, 1.1, 0.0, -3.0], atol=1e-5)
    np.testing.assert_array_equal(surface.dsm[10:18, 12:22], layers["dsm"][10:18, 12:22])


def test_zero_switches_levelling_off() -> None:
    dsm = scene()["dsm"]
    dsm[30, 5] += 0.9
    surface = plain(dsm=dsm, min_object_height=0.0)
    surface.preprocess()
    np.testing.assert_array_equal(surface.dsm, dsm)


# ------------------------------------------------------------------ stepped ground


def slope(rows: int = 60, cols: int = 80) -> F32:
    r, c = np.mgrid[0:rows, 0:cols]
    return (10.0 + 0.07 * r + 0.05 * c).astype(np.float32)


@pytest.mark.parametrize(("step", "found"), [(1.0, 1.0), (0.5, 0.5), (0.01, None)])
def test_steps_are_recognised(step: float, found: float | None) -> None:
    dem = (np.round(slope() / step) * step).astype(np.float32)
    assert quantisation_step(dem) == found


def test_flat_ground_is_not_stepped() -> None:
    dem = np.full((5, 5), 12.0, np.float32)
    assert quantisation_step(dem) is None
    assert smooth_quantized(dem, 3.0) is dem


def test_smoothing_brings_back_the_slope() -> None:
    true = slope()
    dem = np.round(true)
    smooth = smooth_quantized(dem, 3.0)
    inner = (slice(12, -12), slice(12, -12))
    before = np.sqrt(np.mean((dem - true)[inner] ** 2))
    after = np.sqrt(np.mean((smooth - true)[inner] ** 2))
    assert before > 0.25
    assert after < 0.4 * before
    assert np.abs(smooth - dem).max() <= 0.5 + 1e-6


def test_smoothing_matches_the_weighted_mean_it_says_it_is() -> None:
    random = np.random.default_rng(5)
    dem = random.integers(10, 12, (20, 25)).astype(np.float32)
    dem[4:7, 8:12] = np.nan
    sigma, radius = 1.0, 4
    smooth = smooth_quantized(dem, sigma)
    for r, c in ((0, 0), (10, 12), (3, 9), (19, 24)):
        total = weight = 0.0
        for dr in range(-radius, radius + 1):
            for dc in range(-radius, radius + 1):
                q = (r + dr, c + dc)
                if 0 <= q[0] < 20 and 0 <= q[1] < 25 and not math.isnan(dem[q]):
                    w = math.exp(-(dr * dr + dc * dc) / 2)
                    total, weight = total + w * dem[q], weight + w
        expected = min(max(total / weight, dem[r, c] - 0.5), dem[r, c] + 0.5)
        assert smooth[r, c] == pytest.approx(expected, abs=1e-5)
    np.testing.assert_array_equal(np.isnan(smooth), np.isnan(dem))


def test_smoothing_can_be_switched_off() -> None:
    dem = np.round(slope())
    options = {"dsm": dem, "dem": dem, "cdsm": None, "land_cover": None}
    kept = plain(**options, smooth_quantized_dem=False)
    kept.preprocess()
    np.testing.assert_array_equal(kept.dem, dem)
    changed = plain(**options, smooth_quantized_dem=True)
    changed.preprocess()
    assert changed.dem is not None
    assert np.abs(changed.dem - dem).max() > 0.2


def test_stepped_ground_makes_no_walls_after_preprocessing() -> None:
    dem = np.round(slope())
    surface = SurfaceData(dem, dem=dem)
    height, _ = surface.walls()
    assert not height.any()
    raw = SurfaceData(dem, dem=dem, smooth_quantized_dem=False)
    assert raw.walls()[0].any()


# ------------------------------------------------------------------ ground estimate, mask


def test_estimated_ground_removes_buildings_and_keeps_slopes() -> None:
    layers = scene(80, 90)
    ground = estimate_ground(layers["dsm"], 2.0)
    assert (ground <= layers["dsm"]).all()
    assert np.abs(ground - layers["dem"]).max() < 1.5
    missing = layers["dsm"].copy()
    missing[40:45, 40:45] = np.nan
    np.testing.assert_array_equal(np.isnan(estimate_ground(missing, 2.0)), np.isnan(missing))


def test_buildings_from_each_source(caplog: pytest.LogCaptureFixture) -> None:
    block = np.zeros((40, 50), bool)
    block[10:18, 12:22] = True
    by_cover = plain(dem=None).buildings()
    by_height = plain(land_cover=None).buildings()
    assert caplog.text == ""
    by_estimate = plain(land_cover=None, dem=None).buildings()
    assert "estimated" in caplog.text
    for mask in (by_cover, by_height, by_estimate):
        assert mask.dtype == np.uint8
        np.testing.assert_array_equal(mask == 0, block)

"""A scenario is, bit for bit, a run of its rasters computed from nothing, whatever its edits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import solweig
from solweig.scenarios.changed import run_edits, windows_of
from solweig.scenarios.layers import LAYERS
from solweig.scenarios.study import Study
from solweig.scenarios.thresholds import Thresholds
from tests.scenarios.made import CPU, LOCATION, OPTIONS, PLANT, STEPS, box, scenario, square, xy
from tests.support.tile_cases import assert_same_run, assert_same_sky

EDITS: dict[str, list[dict[str, Any]]] = {
    "plant": [PLANT],
    "remove trees": [{"kind": "remove_trees", "points": [xy(18, 21)], "radius": 8.0}],
    "remove a building": [{"kind": "remove_buildings", "polygon": box(5, 16, 5, 20)}],
    "green roof": [{"kind": "green_roof", "polygon": box(5, 16, 5, 20)}],
    "cool roofs": [{"kind": "cool_roof"}],
    "cover": [{"kind": "cover", "polygon": box(25, 30, 5, 12), "cover": "grass"}],
    "albedo": [{"kind": "albedo", "polygon": box(25, 30, 5, 12), "albedo": 0.5}],
    "sail": [{"kind": "sail", "polygon": box(28, 32, 28, 33), "height": 4.0}],
    "building": [{"kind": "building", "polygon": box(28, 32, 28, 33), "height": 5.0}],
    "far apart": [
        {**PLANT, "points": [xy(8, 60), xy(54, 4)], "height": 3.0, "crown_diameter": 3.0,
         "trunk_height": 1.0},
        {"kind": "cover", "polygon": box(54, 58, 60, 66), "cover": "asphalt"},
    ],
}  # fmt: skip


def computed_anew(surface: solweig.SurfaceData) -> solweig.SurfaceData:
    layers = {name: getattr(surface, name) for name in LAYERS}
    full = solweig.SurfaceData(
        **layers, pixel_size=surface.pixel_size, min_object_height=0.0, smooth_quantized_dem=False,
        trunk_ratio=surface.trunk_ratio, formulation=surface.formulation,
        geotransform=surface.geotransform, crs=surface.crs,
    )  # fmt: skip
    full.compute_svf(max_shadow_distance_m=400.0, execution=CPU)
    return full


@pytest.fixture(scope="module")
def base() -> solweig.SurfaceData:
    return square()


@pytest.mark.parametrize("name", EDITS)
def test_a_scenario_is_a_full_run(base: solweig.SurfaceData, name: str) -> None:
    study = Study.of(
        base, STEPS, LOCATION, [scenario(name, *EDITS[name])], thresholds=Thresholds(), **OPTIONS
    )
    baseline = study.run(study.surface)
    found = run_edits(study.surface, baseline, study.edits[0].layers, study.run)
    assert found.windows
    assert found.whole is None
    full = computed_anew(found.surface)
    for layer, grid in study.edits[0].layers.items():
        if grid is not None and layer != "transmissivity":  # of which that of canopies is kept
            assert np.array_equal(getattr(found.surface, layer), grid, equal_nan=True), layer
    for one, two in zip(found.surface.walls(), full.walls(), strict=True):
        assert np.array_equal(one, two, equal_nan=True)
    assert_same_sky(full, found.surface)
    assert_same_run(study.run(full), found.summary)
    assert not np.array_equal(found.summary.tmrt_mean, baseline.tmrt_mean, equal_nan=True)
    if name in ("cover", "albedo", "green roof", "cool roofs"):
        assert found.share_of_sky == 0.0
    if name == "far apart":
        assert len(found.windows) > 1
        assert found.share_of_sky < 0.35


@pytest.mark.parametrize("choice", ["heated walls", "fields", "improved"])
def test_a_scenario_is_a_full_run_whatever_the_model(choice: str) -> None:
    formulation = "improved" if choice == "improved" else "reference"
    base = square(formulation=formulation)
    rows = np.indices(base.shape)[0]
    options: dict[str, Any] = dict(OPTIONS)
    if choice == "fields":
        options["fields"] = {
            "ta": solweig.WeatherField((24.0 + 0.1 * rows).astype(np.float32), 2.0)
        }
    else:
        options["config"] = solweig.ModelConfig(
            formulation=formulation, walls="heated" if choice == "heated walls" else "wave"
        )
    study = Study.of(
        base, STEPS[2:5], LOCATION, [scenario("Trees", PLANT)], thresholds=Thresholds(), **options
    )
    baseline = study.run(study.surface)
    found = run_edits(study.surface, baseline, study.edits[0].layers, study.run)
    assert_same_run(study.run(computed_anew(found.surface)), found.summary)
    assert not np.array_equal(found.summary.tmrt_mean, baseline.tmrt_mean, equal_nan=True)
    usual = Study.of(
        square(), STEPS[2:5], LOCATION, [scenario("Trees", PLANT)], thresholds=Thresholds(),
        **OPTIONS,
    )  # fmt: skip
    plainly = usual.run(usual.surface)
    assert not np.array_equal(plainly.utci_mean, baseline.utci_mean, equal_nan=True)


@pytest.mark.parametrize("azimuth_day", ["2006-08-01", "2006-02-10"])
def test_low_trees_on_a_plain_reach_less_than_high_houses_far_off(azimuth_day: str) -> None:
    """The reach is that of the edit, and away from the sun."""
    from tests.support.run_cases import weather

    dsm = np.full((90, 120), 3.0, np.float32)
    dsm[2:6, 2:6] = 43.0
    dem = np.full_like(dsm, 3.0)
    canopy = np.zeros_like(dsm)
    canopy[80, 110] = 4.0
    surface = square(
        dsm=dsm, dem=dem, cdsm=canopy, land_cover=None, svf=False, pixel_size=1.0,
        geotransform=None, crs=None,
    )  # fmt: skip
    surface.compute_svf(max_shadow_distance_m=400.0, execution=CPU)
    steps = weather((9, 12, 15), day=azimuth_day)

    def run(of: solweig.SurfaceData, baseline: Any = None) -> solweig.TimeseriesSummary:
        return solweig.calculate(
            of, steps, LOCATION, outputs=["tmrt", "utci", "shadow"], baseline=baseline, **OPTIONS
        )

    edited = surface.with_changes(window=(55, 57, 60, 62), cdsm=2.0)
    assert edited.change is not None
    assert edited.change.share < 0.3
    part = run(edited, run(surface))
    assert part.metadata["what_if"]["share_of_steps"] < 0.85
    full = computed_anew(edited)
    assert_same_sky(full, edited)
    assert_same_run(run(full), part)


def test_edits_of_a_place_without_trees_or_ground_model() -> None:
    """The first tree, and buildings told by an estimate of the ground."""
    bare = square(cdsm=None, dem=None, land_cover=None)
    study = Study.of(
        bare, STEPS, LOCATION, [scenario("trees", PLANT)], thresholds=Thresholds(), **OPTIONS
    )
    found = run_edits(study.surface, study.run(study.surface), study.edits[0].layers, study.run)
    assert "vegetation" in str(found.whole)
    assert_same_run(study.run(computed_anew(found.surface)), found.summary)


def test_layers_that_stand_for_none_change_nothing(base: solweig.SurfaceData) -> None:
    """Trunks exactly; albedo within the rounding of the ground view (G 7.9)."""
    edits = (PLANT, EDITS["albedo"][0])
    study = Study.of(
        base, STEPS, LOCATION, [scenario("both", *edits)], thresholds=Thresholds(), **OPTIONS
    )
    assert study.surface.tdsm is not None
    assert study.surface.albedo is not None
    assert base.tdsm is None
    plain = solweig.calculate(base, STEPS, LOCATION, outputs=["tmrt", "utci", "shadow"], **OPTIONS)
    with_layers = study.run(study.surface)
    assert np.nanmax(np.abs(plain.dataset["tmrt"].values - with_layers.dataset["tmrt"].values)) < (
        1e-4
    )
    study.surface.albedo = None
    assert_same_run(plain, study.run(study.surface))


def test_a_trunk_ratio_that_rounds_takes_a_new_sky_view() -> None:
    surface = square(trunk_ratio=0.3)
    study = Study.of(
        surface, STEPS, LOCATION, [scenario("tree", PLANT)], thresholds=Thresholds(), **OPTIONS
    )
    assert_same_sky(computed_anew(study.surface), study.surface)


def test_windows_hold_every_cell_and_merge_where_that_is_less() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        mask = np.zeros((200, 300), bool)
        for _ in range(rng.integers(1, 9)):
            r, c = rng.integers(0, 190), rng.integers(0, 290)
            mask[r : r + rng.integers(1, 30), c : c + rng.integers(1, 30)] = True
        windows = windows_of(mask, int(rng.integers(0, 80)))
        left = mask.copy()
        for window in windows:
            left[window] = False
        assert not left.any()
    two = np.zeros((400, 400), bool)
    two[3:6, 3:6] = two[390:393, 390:393] = True
    assert len(windows_of(two, 10)) == 2
    assert len(windows_of(two, 300)) == 1


def test_green_roofs_have_the_properties_of_grass_and_stay_roofs(
    base: solweig.SurfaceData,
) -> None:
    edit = {"kind": "green_roof"}
    study = Study.of(
        base, STEPS, LOCATION, [scenario("green", edit)], thresholds=Thresholds(), **OPTIONS
    )
    edited = study.edits[0]
    cover = edited.layers["land_cover"]
    assert cover is not None
    changed = cover != base.land_cover
    assert np.array_equal(changed, base.buildings() == 0)
    green = replace_cover(base, cover)
    assert np.array_equal(green.buildings(), base.buildings())
    ours = green.get_land_cover_properties(study.materials)
    grass = replace_cover(base, np.full_like(cover, 5)).get_land_cover_properties()
    for one, two in zip(ours, grass, strict=True):
        assert (one[changed] == two[changed]).all()


def replace_cover(base: solweig.SurfaceData, cover: Any) -> solweig.SurfaceData:
    return solweig.SurfaceData(base.dsm, dem=base.dem, land_cover=cover, pixel_size=2.0)


def test_the_class_of_green_roofs_changes_no_run_without_them(base: solweig.SurfaceData) -> None:
    study = Study.of(
        base, STEPS, LOCATION, [scenario("green", {"kind": "green_roof"})],
        thresholds=Thresholds(), **OPTIONS,
    )  # fmt: skip
    plain = replace(study, config=solweig.ModelConfig())
    assert_same_run(plain.run(base), study.run(base))


def test_a_sail_among_trees_with_several_suns_a_step() -> None:
    """Baseline and scenario both know what canopies let through, so that they agree on each bit."""
    base = square()
    study = Study.of(
        base, STEPS, LOCATION, [scenario("sail", *EDITS["sail"])], thresholds=Thresholds(),
        config=solweig.ModelConfig(sun_substeps=3), **OPTIONS,
    )  # fmt: skip
    assert base.transmissivity is None
    found = run_edits(study.surface, study.run(study.surface), study.edits[0].layers, study.run)
    full = computed_anew(found.surface)
    assert_same_sky(full, found.surface)
    assert_same_sky(computed_anew(study.surface), study.surface)
    assert_same_run(study.run(full), found.summary)

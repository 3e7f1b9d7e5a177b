"""Invariants of whole steps: energy, night, flat ground, monotony, what is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from solweig import _core
from solweig.config import ATTRIBUTION
from tests.support.scenes import RandomScene, random_scenes

F32 = NDArray[np.float32]
Weather = dict[str, Any]

few = settings(max_examples=12, deadline=None)
SIGMA = 5.67051e-8
GROUND_EMISSIVITY = 0.95
SIDES = ("east", "south", "west", "north")
ALL = (
    "tmrt", "utci", "pet", "shadow", "kdown", "kup", "ldown", "lup", "kside", "lside", "kside_i",
    "kside_d", "drad", "keast", "ksouth", "kwest", "knorth", "least", "lsouth", "lwest", "lnorth",
    "tg", "tg_out", "f_sh",
)  # fmt: skip


def black_body(ta: float) -> float:
    return SIGMA * (ta + 273.15) ** 4


def make_model(
    scene: RandomScene, rasters: dict[str, F32] | None = None, **params: Any
) -> _core.Model:
    engine = scene.engine()
    sky = engine.svf(2)
    height = _core.wall_height(scene.dsm)
    dem = scene.dsm if scene.dem is None else scene.dem
    return _core.Model(
        engine,
        svf=sky.fields(),
        masks=sky.masks(),
        patch_option=2,
        buildings=_core.buildings_mask(scene.dsm, dem=dem),
        wall_height=height,
        wall_aspect=_core.wall_aspect(scene.dsm, height, scene.pixel_size),
        params=params,
        **(rasters or {}),
    )


def weather(**changes: Any) -> Weather:
    """A clear summer noon."""
    noon: Weather = {
        "ta": 24.0,
        "rh": 50.0,
        "pressure_kpa": np.nan,
        "ws": 1.5,
        "global_rad": 750.0,
        "direct_rad": 700.0,
        "diffuse_rad": 150.0,
        "day_of_year": 180,
        "clock_fraction": 0.5,
        "altitude": 52.0,
        "azimuth": 170.0,
        "altitude_max": 55.0,
        "latitude": 57.7,
        "step_days": 1 / 24,
        "leaf_on": True,
        "night_clearness": 1.0,
        "water_temperature": np.nan,
        "hours": 1.0,
    }
    return noon | changes


def night(**changes: Any) -> Weather:
    dark = {"altitude": -15.0, "azimuth": 10.0, "global_rad": 0.0, "clock_fraction": 0.02}
    return weather(**(dark | {"direct_rad": 0.0, "diffuse_rad": 0.0} | changes))


def run(model: _core.Model, now: Weather) -> dict[str, F32]:
    return model.step(model.new_state(), now, outputs=ALL).fields


def attribution(model: _core.Model, now: Weather) -> dict[str, F32]:
    outputs = ("tmrt", "shadow", *ATTRIBUTION)
    return model.step(model.new_state(), now, outputs=outputs).fields


def flat_scene(rows: int = 12, cols: int = 40) -> RandomScene:
    return RandomScene(np.full((rows, cols), 30, np.float32), None, None, None, 1.0)


built = random_scenes(smallest=6, largest=30, no_data=False, with_dem=True)
models = pytest.mark.parametrize("anisotropic", [False, True])


@models
def test_flat_open_ground(anisotropic: bool) -> None:
    """All of the sun and sky, nothing reflected by walls, the same everywhere."""
    now = weather()
    out = run(make_model(flat_scene(), anisotropic=anisotropic), now)
    sun = now["direct_rad"] * np.sin(np.radians(now["altitude"]))
    np.testing.assert_allclose(out["kdown"], sun + now["diffuse_rad"], rtol=1e-5)
    np.testing.assert_allclose(out["kup"], 0.2 * (sun + now["diffuse_rad"]), rtol=1e-5)
    assert (out["shadow"] == 1).all()
    for name, field in out.items():
        assert np.ptp(field) <= 1e-4 * max(1.0, float(np.abs(field).max())), name
    if not anisotropic:
        sky = _core.sky_emissivity(now["ta"], now["rh"]) * black_body(now["ta"])
        np.testing.assert_allclose(out["ldown"], sky, rtol=1e-5)


@models
@few
@given(scene=built, ta=st.floats(-15, 30), rh=st.floats(20, 95))
def test_night(anisotropic: bool, scene: RandomScene, ta: float, rh: float) -> None:
    """No short-wave; the ground emits at air temperature; nobody is warmer than the air.

    In an isotropic sky a closed cell may pass it by up to 1 K: its walls reflect the sum of what
    falls from above and below, not the mean (R 7.7).
    """
    out = run(make_model(scene, anisotropic=anisotropic), night(ta=ta, rh=rh))
    for name in ("kdown", "kup", "kside", "kside_i", "kside_d", "drad", "shadow"):
        assert (out[name] == 0).all(), name
    for side in SIDES:
        assert (out[f"k{side}"] == 0).all()
    np.testing.assert_allclose(out["lup"], GROUND_EMISSIVITY * black_body(ta), rtol=1e-5)
    np.testing.assert_allclose(out["tg_out"], ta, atol=1e-4)
    assert (out["tmrt"] < ta + (0.0 if anisotropic else 1.0)).all()


@few
@given(scene=built, ta=st.floats(-15, 30), rh=st.floats(20, 95))
def test_overcast_night_is_a_cavity(scene: RandomScene, ta: float, rh: float) -> None:
    """Under a black sky every part of the isotropic hemisphere sends the black-body flux."""
    model = make_model(scene, anisotropic=False)
    out = run(model, night(ta=ta, rh=rh, night_clearness=0.0))
    np.testing.assert_allclose(out["ldown"], black_body(ta), rtol=1e-5)


@models
@few
@given(scene=built, clear=st.floats(0.5, 1.0), cloudier=st.floats(0.05, 0.45))
def test_clouds_warm_the_night(
    anisotropic: bool, scene: RandomScene, clear: float, cloudier: float
) -> None:
    model = make_model(scene, anisotropic=anisotropic)
    starry = run(model, night(night_clearness=clear))
    cloudy = run(model, night(night_clearness=clear - cloudier))
    assert (cloudy["ldown"] >= starry["ldown"] - 1e-3).all()
    assert (cloudy["tmrt"] >= starry["tmrt"] - 1e-3).all()


@models
@few
@given(scene=built, share=st.floats(0.2, 0.9), azimuth=st.floats(0, 359))
def test_more_light_is_never_cooler(
    anisotropic: bool, scene: RandomScene, share: float, azimuth: float
) -> None:
    """Beam and diffuse scaled together, so that the sky keeps its pattern."""
    model = make_model(scene, anisotropic=anisotropic)
    bright = weather(azimuth=azimuth, altitude=35.0)
    dim = bright | {k: bright[k] * share for k in ("direct_rad", "diffuse_rad")}
    more, less = run(model, bright), run(model, dim)
    for name in ("kdown", "kside", "kup"):
        assert (more[name] >= less[name] - 1e-3).all(), name


@models
@few
@given(scene=built, azimuth=st.floats(0, 359), altitude=st.floats(2, 60))
def test_fluxes_are_bounded(
    anisotropic: bool, scene: RandomScene, azimuth: float, altitude: float
) -> None:
    """Nothing negative, and no more from above than beam, sky and its reflection can give."""
    now = weather(azimuth=azimuth, altitude=altitude)
    out = run(make_model(scene, anisotropic=anisotropic), now)
    for name in ALL[3:-3]:
        assert (out[name] >= 0).all(), name
    sun = now["direct_rad"] * np.sin(np.radians(altitude))
    wall = 0.2 * max(now["global_rad"], now["diffuse_rad"])
    assert (out["kdown"] <= sun + now["diffuse_rad"] + wall + 1e-2).all()
    assert (out["drad"] <= now["diffuse_rad"] * (1 + 1e-5)).all()
    assert ((out["f_sh"] >= 0.49) & (out["f_sh"] <= 1.0001)).all()


def test_shade_is_cooler_than_sun() -> None:
    dsm = np.zeros((30, 60), np.float32)
    dsm[:, 28:32] = 12
    scene = RandomScene(dsm, np.zeros_like(dsm), None, None, 1.0)
    for anisotropic in (False, True):
        out = run(make_model(scene, anisotropic=anisotropic), weather(azimuth=90.0, altitude=40.0))
        shaded, lit = out["tmrt"][15, 24], out["tmrt"][15, 36]
        assert out["shadow"][15, 24] == 0
        assert out["shadow"][15, 36] == 1
        assert shaded < lit - 15


@few
@given(scene=random_scenes(smallest=6, largest=30, with_dem=True))
def test_no_data_stays_no_data(scene: RandomScene) -> None:
    for now in (weather(), night()):
        out = run(make_model(scene), now)
        for name, field in out.items():
            assert np.array_equal(np.isfinite(field), scene.valid), name


@models
def test_asking_for_less_changes_nothing(anisotropic: bool) -> None:
    """Each field alone equals itself among all, bit for bit; points read the same values."""
    rng = np.random.default_rng(5)
    dsm = rng.uniform(0, 1, (20, 50)).astype(np.float32)
    dsm[6:12, 20:30] += 14
    scene = RandomScene(dsm, np.minimum(dsm, 1), None, None, 1.0)
    model = make_model(scene, anisotropic=anisotropic)
    for now in (weather(), night()):
        every = run(model, now)
        points = np.array([[3, 4], [10, 35], [19, 49]], np.int64)
        for name in ALL:
            result = model.step(model.new_state(), now, outputs=(name,), points=points)
            assert np.array_equal(result.fields[name], every[name]), name
            at_points = every[name][points[:, 0], points[:, 1]]
            np.testing.assert_allclose(result.points[name], at_points, rtol=1e-6, atol=1e-6)


def test_the_delay_smooths_and_forgets_at_night() -> None:
    """Steady weather keeps the flux; warming lags behind; the first step after night does not."""
    model = make_model(flat_scene())
    state = model.new_state()
    first = model.step(state, weather(), outputs=("lup",)).fields["lup"]
    steady = model.step(state, weather(), outputs=("lup",)).fields["lup"]
    np.testing.assert_allclose(steady, first, rtol=1e-5)
    warmer = weather(ta=30.0)
    lagging = model.step(state, warmer, outputs=("lup",)).fields["lup"]
    fresh = model.step(model.new_state(), warmer, outputs=("lup",)).fields["lup"]
    assert ((steady < lagging) & (lagging < fresh)).all()
    model.step(state, night(), outputs=("lup",))
    assert state.first
    again = model.step(state, warmer, outputs=("lup",)).fields["lup"]
    assert np.array_equal(again, fresh)


def test_a_restored_state_goes_on_identically() -> None:
    model = make_model(flat_scene())
    state = model.new_state()
    model.step(state, weather(), outputs=("tmrt",))
    model.step(state, weather(ta=27.0), outputs=("tmrt",))
    copy = _core.State.restore(state.first, state.accumulated_days, state.fields())
    later = weather(ta=29.0, clock_fraction=0.6)
    a = model.step(state, later, outputs=("tmrt", "lup")).fields
    b = model.step(copy, later, outputs=("tmrt", "lup")).fields
    assert np.array_equal(a["tmrt"], b["tmrt"])
    assert np.array_equal(a["lup"], b["lup"])


@few
@given(
    scene=random_scenes(largest=30),
    ta=st.floats(-10, 40),
    altitude=st.floats(15, 75),
    share=st.floats(0.1, 1.0),
)
def test_the_units_of_the_ground_view_change_nothing_visible(
    scene: RandomScene, ta: float, altitude: float, share: float
) -> None:
    """Ground of a class and ground given as rasters are counted in other units."""
    rasters = {
        "albedo": np.full(scene.dsm.shape, 0.20, np.float32),
        "emissivity": np.full(scene.dsm.shape, GROUND_EMISSIVITY, np.float32),
    }
    hour = weather(
        ta=ta, altitude=altitude, altitude_max=altitude, global_rad=share * 1000,
        direct_rad=share * 900, diffuse_rad=share * 150,
    )  # fmt: skip
    names = ("tmrt", "lup", "kup")
    seen = []
    for given_rasters in (None, rasters):
        model = make_model(scene, given_rasters)
        seen.append(model.step(model.new_state(), hour, outputs=names).fields)
    for name, bound in zip(names, (0.0005, 0.002, 0.002), strict=True):
        a, b = (np.asarray(fields[name], np.float64) for fields in seen)
        assert (np.isnan(a) == np.isnan(b)).all()
        assert np.nanmax(np.abs(a - b), initial=0.0) < bound, name


@pytest.mark.parametrize("name", ["albedo", "emissivity"])
@pytest.mark.parametrize("value", [-0.01, 1.01, np.inf])
@settings(max_examples=2, deadline=None)
@given(scene=random_scenes(largest=12))
def test_fractions_beyond_one_are_refused(scene: RandomScene, name: str, value: float) -> None:
    raster = np.full(scene.dsm.shape, 0.5, np.float32)
    raster[-1, -1] = value
    with pytest.raises(ValueError, match=f"{name}: expected values from 0 to 1"):
        make_model(scene, {name: raster})


WARMED = ("beam", "diffuse", "reflected")


@models
@few
@given(
    scene=random_scenes(smallest=6, largest=24, no_data=False, with_dem=True),
    now=st.sampled_from([weather(), weather(altitude=6.0, azimuth=80.0, ta=3.0), night()]),
    body=st.sampled_from(["cylinder", "box"]),
    posture=st.sampled_from(["standing", "sitting"]),
    formulation=st.sampled_from(["reference", "improved"]),
    suns=st.sampled_from([None, [(40.0, 150.0), (52.0, 170.0), (-1.0, 190.0)]]),
)
def test_attribution(
    anisotropic: bool,
    scene: RandomScene,
    now: Weather,
    body: str,
    posture: str,
    formulation: str,
    suns: list[tuple[float, float]] | None,
) -> None:
    """It sums to Tmrt above the air; what is not there adds nothing; light only warms."""
    if suns is not None and now["altitude"] > 40.0:
        now = now | {"suns": suns}
    choice = {"body": body, "posture": posture, "formulation": formulation}
    out = attribution(make_model(scene, anisotropic=anisotropic, **choice), now)
    terms = {name.removeprefix("attribution_"): out[name] for name in ATTRIBUTION}
    total = np.sum(list(terms.values()), axis=0, dtype=np.float64)
    np.testing.assert_allclose(total, out["tmrt"] - now["ta"], atol=1e-3)
    for name in WARMED:
        assert (terms[name] > -1e-3).all(), name
        assert now["altitude"] > 0 or (terms[name] == 0).all(), name
    assert ((terms["beam"] > 0) == (out["shadow"] > 0)).all()
    offset = -0.05 if formulation == "reference" else 0.0
    np.testing.assert_allclose(terms["offset"], offset, atol=2e-5)
    if scene.canopy is None:
        np.testing.assert_allclose(terms["vegetation"], 0.0, atol=1e-3)


def open_model(anisotropic: bool, **choice: Any) -> _core.Model:
    """Flat ground that emits all it can; every view of the sky is whole."""
    scene = flat_scene()
    sky, nothing = scene.engine().svf(2), np.zeros_like(scene.dsm)
    return _core.Model(
        scene.engine(),
        svf={name: np.ones_like(field) for name, field in sky.fields().items()},
        masks=sky.masks(),
        patch_option=2,
        buildings=np.ones(scene.dsm.shape, np.uint8),
        wall_height=nothing,
        wall_aspect=nothing,
        emissivity=np.ones_like(scene.dsm),
        params={"anisotropic": anisotropic, **choice},
    )


@models
@pytest.mark.parametrize("body", ["cylinder", "box"])
def test_attribution_of_open_ground(anisotropic: bool, body: str) -> None:
    """No walls and no foliage; the sky is colder than the air, the sunlit ground warmer."""
    out = attribution(open_model(anisotropic, body=body), weather())
    for name in ("walls", "vegetation"):
        np.testing.assert_allclose(out[f"attribution_{name}"], 0.0, atol=2e-4)
    assert (out["attribution_sky"] < -2.0).all()
    assert (out["attribution_ground"] > 1.0).all()


@models
@pytest.mark.parametrize("body", ["cylinder", "box"])
def test_attribution_of_an_enclosure(anisotropic: bool, body: str) -> None:
    """Between black ground and a black sky at air temperature nothing adds anything.

    The weights of the patches are those of a whole sky within some 0.1 %.
    """
    out = attribution(open_model(anisotropic, body=body), night(night_clearness=0.0))
    for name in ATTRIBUTION[:-1]:
        atol = 0.06 if anisotropic and name == "attribution_sky" else 2e-4
        np.testing.assert_allclose(out[name], 0.0, atol=atol, err_msg=name)


def test_attribution_at_points_only_where_it_is_asked_for() -> None:
    model, where = make_model(flat_scene()), np.array([[3, 4]])
    plain = model.step(model.new_state(), weather(), outputs=["tmrt"], points=where)
    asked = model.step(
        model.new_state(), weather(), outputs=["tmrt", "attribution_sky"], points=where
    )
    assert not set(ATTRIBUTION) & set(plain.points)
    assert set(asked.points) - set(plain.points) == set(ATTRIBUTION)
    for name, value in plain.points.items():
        np.testing.assert_array_equal(value, asked.points[name], err_msg=name)
    grid = asked.fields["attribution_sky"]
    assert asked.points["attribution_sky"][0] == grid[3, 4]

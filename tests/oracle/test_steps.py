"""Whole steps of the engine against the literal numpy model on random small scenes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from solweig import _core
from solweig.config import ATTRIBUTION
from tests.reference_model import geometry, ground, skyview, timestep, tmrt
from tests.support.scenes import TIE_M, RandomScene, random_scenes
from tests.support.tolerances import tolerance

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

steps = settings(max_examples=45, deadline=None)

TIE_VIEW = 1e-6
"""Sky views that single precision does not tell apart after a sum over patches."""

KINDS = {
    "tmrt": "temperature_k", "tg": "temperature_k", "tg_out": "temperature_k", "shadow": "ratio",
    "f_sh": "ratio", **dict.fromkeys(ATTRIBUTION, "temperature_k"),
}  # fmt: skip
"""Kind of tolerance per field; the others are fluxes."""

FLUXES = (
    "shadow", "tg", "f_sh", "tg_out", "lup", "drad", "kup", "kdown", "ldown", "kside_i", "kside_d",
    "kside", "lside", "keast", "ksouth", "kwest", "knorth", "least", "lsouth", "lwest", "lnorth",
    "tmrt", *ATTRIBUTION,
)  # fmt: skip


@dataclass
class Run:
    """A scene with what a run needs, in the engine's and in the oracle's form."""

    engine: _core.Model
    oracle: timestep.Model


def make_run(
    scene: RandomScene,
    *,
    land_cover: NDArray[np.uint8] | None,
    anisotropic: bool,
    posture: str,
    body: str,
    option: int,
) -> Run:
    """Geometry by the engine; the oracle takes the same visibility, so that ties do not spread."""
    engine_scene, oracle_scene = scene.engine(), scene.oracle()
    sky_view = engine_scene.svf(option)
    masks, fields = sky_view.masks(), sky_view.fields()
    height = _core.wall_height(scene.dsm)
    aspect = _core.wall_aspect(scene.dsm, height, scene.pixel_size)
    buildings = _core.buildings_mask(scene.dsm, dem=scene.dem, land_cover=land_cover)
    params = {"anisotropic": anisotropic, "posture": posture, "body": body}
    model = _core.Model(
        engine_scene,
        svf=fields,
        masks=masks,
        patch_option=option,
        buildings=buildings,
        wall_height=height,
        wall_aspect=aspect,
        land_cover=land_cover,
        params=params,
    )
    patches = skyview.make_patches(option)

    def layer(name: str) -> F64:
        if name not in masks:
            return np.ones((*scene.dsm.shape, len(patches)))
        octets = masks[name].astype("<u4").view(np.uint8)
        bits = np.unpackbits(octets, axis=2, bitorder="little")[:, :, : len(patches)]
        return bits.astype(float)

    bits = skyview.Visibility(
        layer("shmat"), layer("vegshmat"), layer("vbshmat"), np.zeros(scene.dsm.shape)
    )
    trunk_absent = np.isnan(oracle_scene.trunk) if oracle_scene.has_vegetation else None
    oracle = timestep.Model(
        scene=oracle_scene,
        svf=skyview.sky_view_factors(bits, patches, trunk_absent),
        bits=bits,
        patches=patches,
        open_ground=buildings.astype(float),
        wall_height=height.astype(float),
        wall_aspect=aspect.astype(float),
        land_cover=None if land_cover is None else land_cover.astype(int),
        anisotropic=anisotropic,
        body=tmrt.Body(posture=posture, cylinder=body == "cylinder"),
        person_height=1.1 if posture == "standing" else 0.75,
    )
    return Run(model, oracle)


def engine_weather(weather: timestep.Weather) -> dict[str, Any]:
    extra = {"ws": 1.5, "water_temperature": np.nan, "hours": weather.step_days * 24}
    return asdict(weather) | extra


azimuths = st.one_of(
    st.sampled_from([0.0, 85.0, 90.0, 95.0, 175.0, 180.0, 185.0, 265.0, 270.0, 275.0]),
    st.floats(0.0, 359.99),
)
"""With the quadrants' edges, where faces and walls begin or cease to see the sun."""


@st.composite
def day_weather(draw: st.DrawFn, altitude: float, fraction: float) -> timestep.Weather:
    measured = draw(st.booleans())
    global_rad = draw(st.one_of(st.floats(2.0, 25.0), st.floats(20.0, 900.0)))
    diffuse = global_rad * draw(st.floats(0.1, 0.9))
    beam = (global_rad - diffuse) / max(np.sin(np.radians(altitude)), 0.1)
    return timestep.Weather(
        ta=draw(st.floats(-5.0, 38.0)),
        rh=draw(st.floats(20.0, 95.0)),
        global_rad=global_rad,
        direct_rad=beam if measured else np.nan,
        diffuse_rad=diffuse if measured else np.nan,
        pressure_kpa=draw(st.sampled_from([np.nan, 101.3])),
        altitude=altitude,
        azimuth=draw(azimuths),
        altitude_max=max(altitude, draw(st.floats(5.0, 75.0))),
        day_of_year=draw(st.integers(60, 300)),
        clock_fraction=fraction,
        latitude=57.7,
        step_days=draw(st.sampled_from([1 / 24, 1 / 48, 1 / 144])),
        leaf_on=draw(st.booleans()),
    )


@st.composite
def short_series(draw: st.DrawFn) -> list[timestep.Weather]:
    """A night step, then low, high and middling sun, then night again under cloud."""
    night = draw(day_weather(1.0, 0.1))
    night.altitude, night.global_rad = -12.0, 0.0
    night.night_clearness = draw(st.floats(0.3, 1.0))
    day = [
        draw(day_weather(draw(st.floats(low, high)), fraction))
        for low, high, fraction in (
            (1.0, 9.0, draw(st.floats(0.1, 0.35))),
            (30.0, 60.0, 0.5),
            (9.0, 30.0, 0.7),
        )
    ]
    for later in day[1:]:
        later.step_days = day[0].step_days
    return [night, *day, night]


def undecided(run: Run, weather: timestep.Weather) -> NDArray[np.bool_]:
    """Cells whose sky view is that at which some wall patch goes from lit to shaded (R 8.2).

    A sky view of 3/4 is the patches at 30 degrees to the last digit, and the last digit decides.
    """
    if not run.oracle.anisotropic or weather.altitude <= 0:
        return np.zeros(run.oracle.scene.surface.shape, np.bool_)
    patches = run.oracle.patches
    turn = np.cos(np.radians(weather.azimuth - patches.azimuth))
    y = np.minimum(2 * turn * np.tan(np.radians(weather.altitude)), 0.0)
    threshold = 1 / (1 + (np.tan(np.radians(patches.altitude)) - y) ** 2)
    view = np.minimum(run.oracle.svf["svf"], 1.0)
    found: NDArray[np.bool_] = (np.abs(view[..., None] - threshold) < TIE_VIEW).any(axis=-1)
    return found


def compare_step(
    run: Run,
    got: dict[str, F32],
    want: dict[str, F64],
    valid: NDArray[np.bool_],
    label: str,
    tie: NDArray[np.bool_],
) -> None:
    """Every flux on every cell with data but on a tie; no data elsewhere."""
    sure = valid & ~tie
    for name in FLUXES:
        np.testing.assert_allclose(
            got[name][sure],
            want[name][sure],
            rtol=0,
            atol=tolerance("steps", KINDS.get(name, "flux_w_m2")),
            err_msg=f"{label}: {name}",
        )
        assert np.isnan(got[name][~valid]).all(), f"{label}: {name} without data"


@pytest.mark.slow
@steps
@given(
    scene=random_scenes(smallest=6, largest=20, with_dem=True),
    series=short_series(),
    anisotropic=st.booleans(),
    posture=st.sampled_from(["standing", "sitting"]),
    body=st.sampled_from(["cylinder", "box"]),
    option=st.sampled_from([2, 1, 3, 4]),
    cover_seed=st.one_of(st.none(), st.integers(0, 2**32 - 1)),
)
def test_whole_steps(
    scene: RandomScene,
    series: list[timestep.Weather],
    anisotropic: bool,
    posture: str,
    body: str,
    option: int,
    cover_seed: int | None,
) -> None:
    """Night, sunrise, noon, afternoon and a cloudy night, the thermal state carried along."""
    cover = None
    if cover_seed is not None:
        codes = np.array([0, 1, 2, 5, 6, 7], np.uint8)
        cover = np.random.default_rng(cover_seed).choice(codes, scene.dsm.shape)
    run = make_run(
        scene, land_cover=cover, anisotropic=anisotropic, posture=posture, body=body, option=option
    )
    state, delay = run.engine.new_state(), ground.Delay()
    for number, weather in enumerate(series):
        if weather.altitude > 0:
            cast = geometry.cast_shadow(run.oracle.scene, weather.azimuth, weather.altitude)
            assume((cast.margin > TIE_M).all())
        result = run.engine.step(state, engine_weather(weather), outputs=FLUXES)
        want = timestep.step(run.oracle, weather, delay)
        tie = undecided(run, weather)
        assume(tie.mean() < 0.5)
        compare_step(run, result.fields, want, scene.valid, f"step {number}", tie)
    assert state.first == delay.first
    assert state.accumulated_days == pytest.approx(delay.days, abs=1e-12)

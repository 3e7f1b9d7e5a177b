"""The engine's sky, radiation and whole steps against the literal numpy model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from solweig import _core
from tests.reference_model import geometry, ground, sky, skyview, timestep, tmrt
from tests.scenes import TIE_M, RandomScene, random_scenes

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

quick = settings(max_examples=100, deadline=None)
steps = settings(max_examples=25, deadline=None)

altitudes = st.floats(1.0, 89.5)
days = st.integers(1, 366)
temperatures = st.floats(-25.0, 45.0)
humidities = st.floats(5.0, 100.0)


def vector(value: float) -> F64:
    return np.array([float(value)])


# ---------------------------------------------------------------- scalars


@quick
@given(
    altitude=altitudes,
    day=days,
    ta=temperatures,
    rh=humidities,
    global_rad=st.floats(0.0, 1200.0),
    latitude=st.floats(-65.0, 75.0),
    pressure=st.one_of(st.just(np.nan), st.floats(80.0, 105.0)),
)
def test_clearness(
    altitude: float,
    day: int,
    ta: float,
    rh: float,
    global_rad: float,
    latitude: float,
    pressure: float,
) -> None:
    columns = [vector(x) for x in (altitude, day, ta, rh, global_rad)]
    got = _core.clearness_index(*columns, latitude, vector(pressure))
    want = sky.clearness(altitude, day, ta, rh, global_rad, latitude, pressure)
    for name, value in want.items():
        assert got[name][0] == pytest.approx(value, rel=1e-9, abs=1e-9), name


@quick
@given(
    global_rad=st.floats(0.0, 1200.0),
    altitude=altitudes,
    kt=st.floats(0.0, 1.2),
    ta=temperatures,
    rh=humidities,
)
def test_beam_and_diffuse(
    global_rad: float, altitude: float, kt: float, ta: float, rh: float
) -> None:
    got = _core.split_global(*(vector(x) for x in (global_rad, altitude, kt, ta, rh)))
    want = sky.split_global(global_rad, altitude, kt, ta, rh)
    assert [x[0] for x in got] == pytest.approx(want, rel=1e-10, abs=1e-9)


@quick
@given(
    altitude=altitudes,
    azimuth=st.floats(0.0, 359.99),
    diffuse=st.one_of(st.just(0.0), st.floats(0.5, 500.0)),
    beam=st.floats(0.0, 1000.0),
    day=days,
    option=st.sampled_from([1, 2, 3, 4]),
)
def test_luminance(
    altitude: float, azimuth: float, diffuse: float, beam: float, day: int, option: int
) -> None:
    got, epsilon, delta = _core.perez_luminance(
        90 - altitude, azimuth, diffuse, beam, day, patch_option=option
    )
    patches = skyview.make_patches(option)
    want, want_epsilon, want_delta = sky.perez_luminance(
        altitude, azimuth, diffuse, beam, day, patches
    )
    if diffuse > 0:
        edge = np.abs(np.array(sky.PEREZ_EDGES) - want_epsilon).min()
        assume(edge > 1e-9)
        assert (epsilon, delta) == pytest.approx((want_epsilon, want_delta), rel=1e-10)
    np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-13)
    assert got.sum() == pytest.approx(1.0, abs=1e-12)


@quick
@given(ta=temperatures, rh=humidities, day=days, latitude=st.floats(-80.0, 80.0))
def test_emissivity_and_sunrise(ta: float, rh: float, day: int, latitude: float) -> None:
    clear = sky.clear_emissivity(ta, rh)
    assert _core.sky_emissivity(ta, rh) == pytest.approx(clear, rel=1e-12)
    bands = np.arange(3.0, 91.0, 3.0)
    got = _core.band_emissivity(clear, bands)
    np.testing.assert_allclose(got, sky.band_emissivity(clear, bands), rtol=1e-12)
    assert _core.sunrise_hour(day, latitude) == pytest.approx(sky.sunrise_hour(day, latitude))


def test_land_cover_table() -> None:
    names = ("albedo", "emissivity", "ts_deg", "tstart", "tmaxlst")
    table = _core.land_cover_table()
    for code, row in ground.LAND_COVER.items():
        if code in table:
            assert tuple(table[code][name] for name in names) == row
    assert set(table) >= set(ground.LAND_COVER) - {99}


# ---------------------------------------------------------------- whole steps

TOLERANCES = {"tmrt": 0.01, "shadow": 1e-6, "f_sh": 1e-4, "tg": 1e-3, "tg_out": 1e-3}
"""Per field; every flux 0.1 W m-2."""

FLUXES = (
    "tmrt", "shadow", "kdown", "kup", "ldown", "lup", "kside", "lside", "kside_i", "kside_d",
    "drad", "keast", "ksouth", "kwest", "knorth", "least", "lsouth", "lwest", "lnorth", "tg",
    "tg_out", "f_sh",
)  # fmt: skip


@dataclass
class Run:
    """A scene with what a run needs, in the engine's and in the oracle's form."""

    engine: _core.Model
    oracle: timestep.Model
    ties: NDArray[np.bool_]


def make_run(
    scene: RandomScene,
    *,
    land_cover: NDArray[np.uint8] | None,
    anisotropic: bool,
    posture: str,
    body: str,
) -> Run:
    """Geometry by the engine; the oracle takes the same visibility, so that ties do not spread."""
    engine_scene, oracle_scene = scene.engine(), scene.oracle()
    sky_view = engine_scene.svf(2)
    masks, fields = sky_view.masks(), sky_view.fields()
    height = _core.wall_height(scene.dsm)
    aspect = _core.wall_aspect(scene.dsm, height, scene.pixel_size)
    buildings = _core.buildings_mask(scene.dsm, dem=scene.dem, land_cover=land_cover)
    params = {"anisotropic": anisotropic, "posture": posture, "body": body}
    model = _core.Model(
        engine_scene,
        svf=fields,
        masks=masks,
        patch_option=2,
        buildings=buildings,
        wall_height=height,
        wall_aspect=aspect,
        land_cover=land_cover,
        params=params,
    )
    patches = skyview.make_patches(2)

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
    return Run(model, oracle, np.zeros(scene.dsm.shape, bool))


def engine_weather(weather: timestep.Weather) -> dict[str, Any]:
    extra = {"ws": 1.5, "water_temperature": np.nan, "hours": weather.step_days * 24}
    return asdict(weather) | extra


@st.composite
def day_weather(draw: st.DrawFn, altitude: float, fraction: float) -> timestep.Weather:
    measured = draw(st.booleans())
    global_rad = draw(st.floats(20.0, 900.0))
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
        azimuth=draw(st.floats(0.0, 359.99)),
        altitude_max=max(altitude, draw(st.floats(20.0, 75.0))),
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
        for low, high, fraction in ((1.0, 9.0, 0.3), (30.0, 60.0, 0.5), (9.0, 30.0, 0.7))
    ]
    for later in day[1:]:
        later.step_days = day[0].step_days
    return [night, *day, night]


def compare_step(
    run: Run, got: dict[str, F32], want: dict[str, F64], valid: NDArray[np.bool_], label: str
) -> None:
    """Every flux but where the sun's shadow is a tie, or may see one through the ground view."""
    for name in FLUXES:
        error = np.abs(got[name] - want[name])[valid & ~run.ties]
        limit = TOLERANCES.get(name, 0.1)
        assert error.max(initial=0.0) <= limit, f"{label}: {name} off by {error.max()}"
        assert np.isnan(got[name][~valid]).all(), f"{label}: {name} without data"


@pytest.mark.slow
@steps
@given(
    scene=random_scenes(smallest=6, largest=20, with_dem=True),
    series=short_series(),
    anisotropic=st.booleans(),
    posture=st.sampled_from(["standing", "sitting"]),
    body=st.sampled_from(["cylinder", "box"]),
    cover_seed=st.one_of(st.none(), st.integers(0, 2**32 - 1)),
)
def test_whole_steps(
    scene: RandomScene,
    series: list[timestep.Weather],
    anisotropic: bool,
    posture: str,
    body: str,
    cover_seed: int | None,
) -> None:
    """Night, sunrise, noon, afternoon and a cloudy night, the thermal state carried along."""
    cover = None
    if cover_seed is not None:
        codes = np.array([0, 1, 2, 5, 6, 7], np.uint8)
        cover = np.random.default_rng(cover_seed).choice(codes, scene.dsm.shape)
    run = make_run(scene, land_cover=cover, anisotropic=anisotropic, posture=posture, body=body)
    state, delay = run.engine.new_state(), ground.Delay()
    for number, weather in enumerate(series):
        if weather.altitude > 0:
            cast = geometry.cast_shadow(run.oracle.scene, weather.azimuth, weather.altitude)
            assume((cast.margin > TIE_M).all())
        result = run.engine.step(state, engine_weather(weather), outputs=FLUXES)
        want = timestep.step(run.oracle, weather, delay)
        compare_step(run, result.fields, want, scene.valid, f"step {number}")
    assert state.first == delay.first
    assert state.accumulated_days == pytest.approx(delay.days, abs=1e-12)

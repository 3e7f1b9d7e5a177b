"""The engine's sky and weather scalars against the literal numpy model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from solweig import _core
from tests.reference_model import ground, sky, skyview

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

quick = settings(max_examples=100, deadline=None)

altitudes = st.floats(1.0, 89.5)
days = st.integers(1, 366)
temperatures = st.floats(-25.0, 45.0)
humidities = st.floats(5.0, 100.0)


def vector(value: float) -> F64:
    return np.array([float(value)])


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

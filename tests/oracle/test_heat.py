"""WBGT, its parts, apparent temperature and SET* against thermofeel and pythermalcomfort."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from solweig import _core
from solweig.postprocess import (
    compute_apparent_grid,
    compute_globe_grid,
    compute_sensor_loads,
    compute_set_grid,
    compute_wbgt_grid,
    compute_wet_bulb_grid,
)
from tests.support.tolerances import tolerance

thermofeel = pytest.importorskip("thermofeel")
liljegren = pytest.importorskip("thermofeel.liljegren")

F64 = NDArray[np.float64]

SIGMA = 5.6696e-8
"""That of Liljegren's program."""
LILJEGREN_K = tolerance("heat", "liljegren_k")
CURVE_K = tolerance("heat", "curve_k")


def open_field() -> dict[str, F64]:
    """Weather over open ground, by day and night, as Liljegren's program has it around."""
    rng = np.random.default_rng(3)
    n = 400
    ta, rh = rng.uniform(-5.0, 42.0, n), rng.uniform(8.0, 98.0, n)
    height = np.radians(rng.uniform(-10.0, 80.0, n))
    up = height > np.radians(5.0)
    solar = np.where(up, 1050.0 * np.sin(height) * rng.uniform(0.2, 0.95, n), 0.0)
    share = np.where(up, rng.uniform(0.0, 0.85, n), 0.0)
    return {
        "ta": ta, "rh": rh, "pressure": rng.uniform(850.0, 1030.0, n),
        "wind": rng.uniform(0.2, 8.0, n), "solar": solar, "share": share, "height": height,
    }  # fmt: skip


def fluxes(field: dict[str, F64]) -> dict[str, F64]:
    """The six fluxes of that field: a sky and a ground that shine alike from everywhere."""
    kelvin = field["ta"] + 273.15
    emissivity = liljegren.emis_atm(kelvin, field["rh"] / 100.0)
    ldown, lup = emissivity * SIGMA * kelvin**4, 0.999 * SIGMA * kelvin**4
    diffuse, kup = field["solar"] * (1.0 - field["share"]), 0.45 * field["solar"]
    sine = np.maximum(np.sin(field["height"]), 0.05)
    return {
        "kdown": field["solar"], "kup": kup, "kside": 0.5 * (diffuse + kup),
        "ldown": ldown, "lup": lup, "lside": 0.5 * (ldown + lup),
        "beam": field["solar"] * field["share"] / sine,
    }  # fmt: skip


def loads(field: dict[str, F64]) -> tuple[F64, F64]:
    """What globe and wick absorb, a cell at a time because each has its own sun."""
    each = fluxes(field)
    found = [
        compute_sensor_loads(
            *(np.full((1, 1), each[n][i]) for n in list(each)[:6]),
            beam=each["beam"][i],
            altitude=float(np.degrees(field["height"][i])),
        )
        for i in range(field["ta"].size)
    ]
    globe, wick = (np.array([float(pair[k][0, 0]) for pair in found]) for k in (0, 1))
    return globe, wick


def theirs(field: dict[str, F64]) -> tuple[F64, F64]:
    """Globe and natural wet bulb of Liljegren's program."""
    weather = (
        field["ta"] + 273.15, field["rh"] / 100.0, field["pressure"], field["wind"],
        field["solar"], field["share"], np.sin(field["height"]),
    )  # fmt: skip
    return liljegren.solve_globe(*weather), liljegren.solve_wetbulb(*weather, 1.0)


def test_a_globe_in_the_open_is_that_of_liljegren() -> None:
    field = open_field()
    globe, _ = loads(field)
    got = _core.globe(globe, field["ta"], field["wind"], field["pressure"], diameter=0.0508)
    error = np.abs(got - theirs(field)[0])
    assert error.max() < LILJEGREN_K
    assert error.max() > 1e-4  # they are not the same program


def test_a_wick_in_the_open_is_that_of_liljegren_with_half_its_diffuse_light() -> None:
    """His program gives each side the light of a whole sky and ground; it sees half of each."""
    field = open_field()
    _, wick = loads(field)
    weather = [field[n] for n in ("ta", "rh", "wind", "pressure")]
    half = 0.6 * fluxes(field)["kside"]
    _, want = theirs(field)
    as_he_does = _core.natural_wet_bulb(wick + half, *weather)
    assert np.abs(as_he_does - want).max() < LILJEGREN_K
    less = want - _core.natural_wet_bulb(wick, *weather)
    assert less.min() > -LILJEGREN_K
    night = field["solar"] == 0.0
    assert np.abs(less[night]).max() < LILJEGREN_K
    # A wick loses at least what the air takes away: the light warms it by no more than that.
    film = field["ta"] + 273.15
    taken = liljegren.h_cylinder_in_air(film, field["pressure"], field["wind"])
    assert (less < half / (0.95 * taken) + LILJEGREN_K).all()
    assert less[~night].min() > 0.0 - LILJEGREN_K
    assert np.median(less[~night]) > 0.1


def test_wbgt_in_the_open_is_that_of_thermofeel() -> None:
    field = open_field()
    globe, wick = loads(field)
    wind_2m = liljegren.wind_speed_2m(field["wind"], np.sin(field["height"]), field["solar"])
    blown = np.maximum(field["wind"], 0.62) == field["wind"]
    want = thermofeel.calculate_wbgt_liljegren(
        field["ta"] + 273.15, field["rh"], field["pressure"], field["wind"], field["solar"],
        field["share"], np.sin(field["height"]),
    )  # fmt: skip
    as_he_does = wick + 0.6 * fluxes(field)["kside"]
    got = _core.wbgt(globe, as_he_does, field["ta"], field["rh"], wind_2m, field["pressure"])
    error = np.abs(got - (want - 273.15))[blown]
    assert error.max() < 0.9 * LILJEGREN_K


def test_wbgt_is_what_iso_7243_makes_of_its_parts() -> None:
    from pythermalcomfort.models import wbgt

    field = open_field()
    globe, wick = loads(field)
    weather = [field[n] for n in ("ta", "rh", "wind", "pressure")]
    wet = _core.natural_wet_bulb(wick, *weather)
    black = _core.globe(globe, field["ta"], field["wind"], field["pressure"], diameter=0.0508)
    want = wbgt(twb=wet, tg=black, tdb=field["ta"], with_solar_load=True, round_output=False).wbgt
    np.testing.assert_allclose(_core.wbgt(globe, wick, *weather), want, atol=1e-9, rtol=0)


def test_a_globe_among_surfaces_is_near_that_of_iso_7726() -> None:
    """De Dear's convection of 150 mm is not that of spheres: within a fifth of the excess."""
    ta, tmrt, wind = (x.ravel() for x in np.meshgrid([20.0, 35.0], [40.0, 65.0], [0.5, 1.0, 3.0]))
    load = 5.67051e-8 * (tmrt + 273.15) ** 4
    got = _core.globe(load, ta, wind, np.full_like(ta, 1013.0), diameter=0.15)
    at_10m = wind / thermofeel.scale_windspeed(1.0, 1.1)
    want = thermofeel.calculate_bgt(ta + 273.15, tmrt + 273.15, at_10m) - 273.15
    assert (np.abs(got - want) < tolerance("heat", "de_dear_share") * np.abs(tmrt - ta)).all()


def test_apparent_temperature_is_that_of_thermofeel() -> None:
    field = open_field()
    weather = [field[n] for n in ("ta", "rh", "wind")]
    kelvin = field["ta"] + 273.15
    shade = thermofeel.calculate_apparent_temperature(kelvin, field["wind"], field["rh"])
    np.testing.assert_allclose(
        _core.apparent_shade(*weather), shade - 273.15, atol=tolerance("heat", "apparent_k"), rtol=0
    )
    tmrt = field["ta"] + np.linspace(-10.0, 40.0, kelvin.size)
    net = 0.725 * 0.97 * 5.67051e-8 * ((tmrt + 273.15) ** 4 - kelvin**4)
    sun = thermofeel.calculate_apparent_temperature_radiation(
        kelvin, field["wind"], field["rh"], net
    )
    np.testing.assert_allclose(
        _core.apparent(tmrt, *weather), sun - 273.15, atol=tolerance("heat", "apparent_k"), rtol=0
    )


def test_apparent_temperature_is_that_of_pythermalcomfort() -> None:
    """But for its vapour pressure, which is ASHRAE's instead of the Bureau's."""
    from pythermalcomfort.models import at
    from pythermalcomfort.utilities import psy_ta_rh

    field = open_field()
    weather = [field[n] for n in ("ta", "rh", "wind")]
    bureau = thermofeel.calculate_nonsaturation_vapour_pressure(weather[0] + 273.15, weather[1])
    between = bureau - 0.01 * psy_ta_rh(weather[0], weather[1]).p_vap
    warm = weather[0] > 0.0
    assert np.abs(between / bureau)[warm].max() < tolerance("heat", "ashrae_share")
    want = at(tdb=weather[0], rh=weather[1], v=weather[2], round_output=False).at
    bound = tolerance("heat", "apparent_k")
    np.testing.assert_allclose(
        _core.apparent_shade(*weather), want + 0.33 * between, atol=bound, rtol=0
    )


def people_outdoors(seed: int, size: int) -> dict[str, F64]:
    """Weather, Tmrt and persons over all that pythermalcomfort takes, and more."""
    rng = np.random.default_rng(seed)
    ta = rng.uniform(-5.0, 46.0, size)
    return {
        "tmrt": ta + rng.uniform(-15.0, 50.0, size), "ta": ta, "rh": rng.uniform(0.0, 100.0, size),
        "wind": rng.uniform(0.0, 8.0, size) * rng.uniform(0.0, 1.0, size),
        "pressure": rng.uniform(700.0, 1060.0, size),
        "met": rng.uniform(0.8, 4.0, size), "clothing": rng.uniform(0.1, 2.0, size),
    }  # fmt: skip


def gagge(case: dict[str, F64], position: str, surface: float) -> F64:
    """SET* of pythermalcomfort, for a surface of the body [m2]."""
    from pythermalcomfort.models import two_nodes_gagge

    found = two_nodes_gagge(
        tdb=case["ta"], tr=case["tmrt"], v=case["wind"], rh=case["rh"], met=case["met"],
        clo=case["clothing"], p_atm=100.0 * case["pressure"], position=position,
        body_surface_area=surface, round_output=False,
    )  # fmt: skip
    return np.asarray(found.set, np.float64)


def ours(case: dict[str, F64], position: str) -> F64:
    rest = (case[n] for n in ("tmrt", "ta", "rh", "wind", "pressure"))
    worn = 58.2 * case["met"], case["clothing"]
    return _core.standard_effective(*rest, *worn, sitting=position == "sitting")


@pytest.mark.parametrize("position", ["standing", "sitting"])
def test_set_is_that_of_pythermalcomfort(position: str) -> None:
    """Of as long an exposure: it follows 59 minutes of 70 kg, the standard 60 of 69.9 kg.

    A wider body takes the same heat in less time.
    """
    case = people_outdoors(7, 2500)
    got = ours(case, position)
    want = gagge(case, position, 1.8258 * (60.0 / 59.0) * (70.0 / 69.9))
    assert np.isfinite(got).all()
    assert np.abs(got - want).max() < tolerance("heat", "gagge_k")
    # One minute more or less.
    minute = np.abs(got - gagge(case, position, 1.8258))
    assert np.median(minute) < tolerance("heat", "gagge_k")
    felt = np.abs(got - 25.0) < 15.0
    assert minute[felt].max() < tolerance("heat", "gagge_minute_k")


def test_set_of_still_air_is_that_of_pythermalcomfort() -> None:
    """Both take wind below 0.1 m/s as that."""
    case = people_outdoors(8, 300)
    case["wind"] = np.where(case["wind"] < 2.0, 0.0, 0.1)
    surface = 1.8258 * (60.0 / 59.0) * (70.0 / 69.9)
    np.testing.assert_allclose(
        ours(case, "standing"), gagge(case, "standing", surface),
        atol=tolerance("heat", "gagge_k"), rtol=0,
    )  # fmt: skip


def test_grids_are_the_points() -> None:
    globe = np.linspace(250.0, 1400.0, 60, dtype=np.float32).reshape(6, 10)
    wick = np.linspace(280.0, 1200.0, 60, dtype=np.float32).reshape(6, 10)
    ta, rh, wind, pressure = 33.0, 45.0, 0.9, 1002.0
    fields = [np.full(globe.shape, x) for x in (ta, rh, wind, pressure)]
    for one, many in (
        (
            compute_wbgt_grid(globe, wick, ta, rh, wind, pressure=pressure),
            compute_wbgt_grid(globe, wick, *fields[:3], pressure=fields[3]),
        ),
        (
            compute_wet_bulb_grid(wick, ta, rh, wind, pressure=pressure),
            compute_wet_bulb_grid(wick, ta, fields[1], wind, pressure=pressure),
        ),
        (
            compute_globe_grid(globe, ta, wind, diameter=0.038, pressure=pressure),
            compute_globe_grid(globe, fields[0], wind, diameter=0.038, pressure=pressure),
        ),
        (
            compute_apparent_grid(globe - 250.0, ta, rh, wind),
            compute_apparent_grid(globe - 250.0, fields[0], rh, fields[2]),
        ),
        (
            compute_set_grid(globe / 20.0, ta, rh, wind, pressure=pressure),
            compute_set_grid(globe / 20.0, ta, fields[1], wind, pressure=fields[3]),
        ),
    ):
        assert one.dtype == many.dtype == np.float32
        np.testing.assert_allclose(one, many, atol=CURVE_K, rtol=0)


@settings(max_examples=60, deadline=None)
@given(
    ta=st.floats(-30.0, 48.0), rh=st.floats(0.0, 100.0), wind=st.floats(0.0, 15.0),
    excess=st.floats(-120.0, 500.0),
)  # fmt: skip
def test_fields_of_weather_order_the_index(
    ta: float, rh: float, wind: float, excess: float
) -> None:
    """Of two cells that differ in one thing, the warmer, damper or sunnier one is not cooler."""
    room = 5.67051e-8 * (ta + 273.15) ** 4
    globe = np.full((1, 2), max(room + excess, 60.0), np.float32)
    pairs = {
        "ta": np.array([[ta, ta + 1.0]]),
        "rh": np.array([[rh, min(rh + 5.0, 100.0)]]),
        "load": globe + np.array([[0.0, 20.0]], np.float32),
    }
    for name, pair in pairs.items():
        load = pair if name == "load" else globe
        weather = [pair if name == n else x for n, x in (("ta", ta), ("rh", rh))]
        low, high = compute_wbgt_grid(load, 0.95 * load, *weather, wind)[0]
        assert high >= low - CURVE_K, name

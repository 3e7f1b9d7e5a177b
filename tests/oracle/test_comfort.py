"""UTCI and PET against stored reference values, an independent package and themselves."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from solweig import _core
from tests.support.tolerances import tolerance

F64 = NDArray[np.float64]

MAN = {"weight": 75.0, "age": 35.0, "height": 1.80, "activity": 80.0, "clothing": 0.9, "sex": 1}

# (Ta, RH, Tmrt, v, UTCI) and (Ta, RH, Tmrt, v, PET of a man at the exact root), R 10 and R 11.4.
UTCI_CHECKS = [
    (25, 50, 25, 1, 24.612126),
    (30, 40, 60, 2, 36.465417),
    (35, 60, 70, 1, 46.168406),
    (0, 80, 0, 5, -14.021992),
    (-10, 70, -10, 10, -39.680927),
    (20, 50, 15, 0.5, 18.214719),
    (40, 20, 75, 3, 47.795777),
    (22, 65, 45, 0.5, 29.397120),
]
PET_CHECKS = [
    (21, 50, 21, 0.1, 21.0205),
    (30, 40, 60, 1, 42.6248),
    (35, 60, 70, 0.5, 53.7347),
    (20, 50, 20, 1, 17.0709),
    (0, 80, 0, 2, -5.5848),
    (-5, 70, -5, 5, -12.5203),
    (25, 50, 25, 0.5, 23.8380),
    (40, 20, 75, 2, 56.1090),
]


def pet_points(ta: F64, rh: F64, tmrt: F64, wind: F64, body: dict[str, float] | None = None) -> F64:
    """PET of one person at many points."""
    person = MAN | (body or {})
    columns = {k: np.full(ta.shape, float(v)) for k, v in person.items() if k != "sex"}
    return _core.pet(ta, rh, tmrt, wind, **columns, sex=np.full(ta.shape, int(person["sex"])))


def test_utci_check_values() -> None:
    ta, rh, tmrt, wind, want = np.array(UTCI_CHECKS, dtype=float).T.copy()
    np.testing.assert_allclose(_core.utci(ta, rh, tmrt, wind), want, atol=1e-6, rtol=0)


def test_pet_check_values() -> None:
    ta, rh, tmrt, wind, want = np.array(PET_CHECKS, dtype=float).T.copy()
    np.testing.assert_allclose(pet_points(ta, rh, tmrt, wind), want, atol=1e-4, rtol=0)


def test_utci_equals_the_stored_reference(shared: Path) -> None:
    points = np.load(shared / "reference/comfort/utci.npz")
    ta, rh, tmrt, wind = (points[k] for k in ("Ta", "RH", "Tmrt", "va10m"))
    np.testing.assert_allclose(_core.utci(ta, rh, tmrt, wind), points["UTCI"], atol=1e-9, rtol=0)
    cells = [
        _core.utci_grid(np.full((1, 1), r, np.float32), t, h, v)[0, 0]
        for t, h, r, v in zip(ta, rh, tmrt, wind, strict=True)
    ]
    np.testing.assert_allclose(cells, points["UTCI"], atol=tolerance("comfort", "utci_k"), rtol=0)


def test_pet_is_within_the_reference_step_noise(shared: Path) -> None:
    points = np.load(shared / "reference/comfort/pet.npz")
    names = ("Ta", "RH", "Tmrt", "v", "mbody", "age", "height_m", "work", "clo")
    got = _core.pet(*(points[k] for k in names), points["sex"].astype(np.int64))
    error = np.abs(got - points["PET"])
    assert error.max() < tolerance("comfort", "pet_reference_k")
    assert error.mean() < 0.01


@pytest.mark.parametrize(
    ("sex", "key"), [(1, "PET_default_man_1m80"), (2, "PET_default_woman_1m80")]
)
def test_pet_of_both_sexes_against_the_reference(shared: Path, sex: int, key: str) -> None:
    points = np.load(shared / "reference/comfort/pet.npz")
    ta, rh, tmrt, wind = (points[k][:60].copy() for k in ("Ta", "RH", "Tmrt", "v"))
    got = pet_points(ta, rh, tmrt, wind, {"sex": sex})
    np.testing.assert_allclose(
        got, points[key], atol=tolerance("comfort", "pet_reference_k"), rtol=0
    )


@pytest.mark.slow  # the other package compiles itself on first use
def test_utci_equals_pythermalcomfort() -> None:
    from pythermalcomfort.models import utci

    rng = np.random.default_rng(1)
    ta = rng.uniform(-40, 45, 400)
    rh, wind = rng.uniform(5, 95, 400), rng.uniform(0.5, 17, 400)
    tmrt = ta + rng.uniform(-25, 65, 400)
    theirs = utci(tdb=ta, tr=tmrt, v=wind, rh=rh, limit_inputs=False, round_output=False).utci
    np.testing.assert_allclose(_core.utci(ta, rh, tmrt, wind), theirs, atol=1e-6, rtol=0)


def test_pet_resembles_pythermalcomfort() -> None:
    """Loosely: theirs is the 2018 revision (Walther & Goestchel), which changes the vapour
    diffusion, the clothing areas and the sweat response; only gross faults show here."""
    from pythermalcomfort.models import pet_steady

    cases = [(20.0, 50.0, 20.0, 0.5), (30.0, 40.0, 50.0, 1.0), (5.0, 70.0, 10.0, 1.5)]
    for ta, rh, tmrt, wind in cases:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = pet_steady(
                tdb=ta,
                tr=tmrt,
                v=wind,
                rh=rh,
                met=1.37,
                clo=0.9,
                position="standing",
                age=35,
                sex="male",
                weight=75,
                height=1.8,
            ).pet
        ours = pet_points(*(np.array([x]) for x in (ta, rh, tmrt, wind)))[0]
        assert abs(ours - float(theirs)) < 3.0, (ta, rh, tmrt, wind)


def test_utci_grid_equals_points() -> None:
    tmrt = np.linspace(-20, 90, 60 * 70, dtype=np.float32).reshape(60, 70)
    grid = _core.utci_grid(tmrt, 24.0, 55.0, 1.7)
    points = [np.full(tmrt.shape, x) for x in (24.0, 55.0, 1.7)]
    want = _core.utci(points[0], points[1], tmrt.astype(float), points[2])
    assert grid.dtype == np.float32
    assert np.array_equal(grid, want.astype(np.float32))


@pytest.mark.parametrize(
    ("weather", "body"),
    [
        ((33.0, 45.0, 0.8), {}),
        ((20.0, 60.0, 1.5), {"sex": 2, "weight": 60.0, "height": 1.66}),
        ((-3.0, 85.0, 4.0), {"clothing": 1.5, "activity": 140.0}),
    ],
)
def test_pet_grid_equals_points(
    weather: tuple[float, float, float], body: dict[str, float]
) -> None:
    """The table of the grid form stays within 1e-3 K of the solver; the last digit is f32."""
    ta, rh, wind = weather
    tmrt = (ta + np.random.default_rng(3).uniform(-15, 50, (40, 50))).astype(np.float32)
    grid = _core.pet_grid(tmrt, ta, rh, wind, **(MAN | body))
    full = [np.full(tmrt.shape, x) for x in (ta, rh, wind)]
    want = pet_points(full[0], full[1], tmrt.astype(float), full[2], body)
    np.testing.assert_allclose(grid, want, atol=tolerance("comfort", "pet_root_k"), rtol=0)
    again = _core.pet_grid(np.flipud(tmrt).copy(), ta, rh, wind, **(MAN | body))
    assert np.array_equal(np.flipud(again), grid)


def test_both_rise_with_radiant_temperature() -> None:
    tmrt = np.linspace(0, 80, 400, dtype=np.float32)[None, :]
    assert (np.diff(_core.utci_grid(tmrt, 28.0, 50.0, 1.0)) > 0).all()
    assert (np.diff(_core.pet_grid(tmrt, 28.0, 50.0, 1.0, **MAN)) > 0).all()


def test_missing_cells_and_weather_give_nan() -> None:
    tmrt = np.array([[20.0, np.nan, 35.0, -9999.0]], np.float32)
    expected = [True, False, True, False]
    assert np.isfinite(_core.utci_grid(tmrt, 25.0, 50.0, 1.0))[0].tolist() == expected
    assert np.isfinite(_core.pet_grid(tmrt, 25.0, 50.0, 1.0, **MAN))[0].tolist() == expected
    for bad in [(np.nan, 50.0, 1.0), (25.0, -999.0, 1.0), (25.0, 50.0, np.nan)]:
        assert np.isnan(_core.utci_grid(tmrt, *bad)).all()
        assert np.isnan(_core.pet_grid(tmrt, *bad, **MAN)).all()


def test_pet_needs_wind_and_utci_takes_calm() -> None:
    tmrt = np.full((1, 1), 30.0, np.float32)
    assert np.isnan(_core.pet_grid(tmrt, 25.0, 50.0, 0.0, **MAN)).all()
    assert np.isfinite(_core.utci_grid(tmrt, 25.0, 50.0, 0.0)).all()
    assert np.isnan(_core.utci_grid(tmrt, 25.0, 50.0, -1.0)).all()


@pytest.mark.parametrize(
    ("field", "value"),
    [("clothing", 0.0), ("weight", -1.0), ("height", 0.0), ("age", np.nan), ("sex", 3)],
)
def test_impossible_bodies_are_refused(field: str, value: float) -> None:
    tmrt = np.full((1, 1), 30.0, np.float32)
    with pytest.raises(ValueError, match=field):
        _core.pet_grid(tmrt, 25.0, 50.0, 1.0, **(MAN | {field: value}))


def test_shapes_must_agree() -> None:
    three, two = np.full(3, 20.0), np.full(2, 20.0)
    with pytest.raises(ValueError, match="rh"):
        _core.utci(three, two, three, three)
    with pytest.raises(ValueError, match="contiguous"):
        _core.utci_grid(np.zeros((4, 6), np.float32)[:, ::2], 25.0, 50.0, 1.0)

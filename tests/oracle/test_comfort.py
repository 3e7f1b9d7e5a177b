"""UTCI and PET against stored reference values, an independent package and themselves."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

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


def pet_points(
    ta: F64,
    rh: F64,
    tmrt: F64,
    wind: F64,
    body: dict[str, float] | None = None,
    **variant: Any,
) -> F64:
    """PET of one person at many points."""
    person = MAN | (body or {})
    columns = {k: np.full(ta.shape, float(v)) for k, v in person.items() if k != "sex"}
    sex = np.full(ta.shape, int(person["sex"]))
    return _core.pet(ta, rh, tmrt, wind, **columns, sex=sex, **variant)


def test_utci_check_values() -> None:
    ta, rh, tmrt, wind, want = np.array(UTCI_CHECKS, dtype=float).T.copy()
    np.testing.assert_allclose(_core.utci(ta, rh, tmrt, wind), want, atol=1e-6, rtol=0)


def test_pet_check_values() -> None:
    ta, rh, tmrt, wind, want = np.array(PET_CHECKS, dtype=float).T.copy()
    for variant in ("1999", "reference"):
        got = pet_points(ta, rh, tmrt, wind, variant=variant)
        np.testing.assert_allclose(got, want, atol=1e-4, rtol=0)


# Table 1 of Höppe (1999): Ta, Tmrt [deg C], vapour pressure [hPa], wind [m/s], PET [deg C].
PUBLISHED = {
    "typical room": (21, 21, 12, 0.1, 21),
    "winter, sunny": (-5, 40, 2, 0.5, 10),
    "winter, shade": (-5, -5, 2, 5.0, -13),
    "summer, sunny": (30, 60, 21, 1.0, 43),
    "summer, shade": (30, 30, 21, 1.0, 29),
}


@pytest.mark.parametrize("case", PUBLISHED)
def test_pet_of_the_published_cases(case: str) -> None:
    ta, tmrt, vapour, wind, want = PUBLISHED[case]
    saturated = 6.107 * 10 ** (7.5 * ta / (238.0 + ta))
    point = (np.array([float(x)]) for x in (ta, 100.0 * vapour / saturated, tmrt, wind))
    assert abs(pet_points(*point)[0] - want) < 0.5


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
    got = _core.pet(
        *(points[k] for k in names), points["sex"].astype(np.int64), variant="reference"
    )
    error = np.abs(got - points["PET"])
    assert error.max() < tolerance("comfort", "pet_reference_k")
    assert error.mean() < 0.01


@pytest.mark.parametrize(
    ("sex", "key"), [(1, "PET_default_man_1m80"), (2, "PET_default_woman_1m80")]
)
def test_pet_of_both_sexes_against_the_reference(shared: Path, sex: int, key: str) -> None:
    points = np.load(shared / "reference/comfort/pet.npz")
    ta, rh, tmrt, wind = (points[k][:60].copy() for k in ("Ta", "RH", "Tmrt", "v"))
    got = pet_points(ta, rh, tmrt, wind, {"sex": sex}, variant="reference")
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


@pytest.mark.parametrize("position", ["standing", "sitting"])
def test_pet_of_2018_equals_pythermalcomfort(position: str) -> None:
    """Theirs takes another formula of saturated vapour, and rounds to 0.01 K."""
    from pythermalcomfort.models import pet_steady

    rng = np.random.default_rng(5)
    ta = rng.uniform(-15, 45, 60)
    rh, wind = rng.uniform(10, 90, 60), rng.uniform(0.1, 6, 60)
    tmrt = ta + rng.uniform(-10, 40, 60)
    # The summer case of Höppe's table, 40.7 in the revision.
    ta[0], rh[0], tmrt[0], wind[0] = 30.0, 49.5, 60.0, 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pet_steady(
            tdb=ta, tr=tmrt, v=wind, rh=rh, met=80 / 58.2, clo=0.9, position=position, age=35,
            sex="male", weight=75, height=1.8,
        ).pet  # fmt: skip
    ours = pet_points(ta, rh, tmrt, wind, sitting=position == "sitting", variant="2018")
    np.testing.assert_allclose(ours, theirs, atol=0.1, rtol=0)
    if position == "standing":
        assert abs(ours[0] - 40.7) < 0.1


@pytest.mark.parametrize("activity", [80.0, 200.0, 400.0])
@pytest.mark.parametrize("variant", ["1999", "2018"])
def test_pet_never_falls_with_tmrt(variant: str, activity: float) -> None:
    """Of grids too, by however little Tmrt rises; the reference's does, for a walker by kelvins."""
    tmrt = np.linspace(0, 75, 30_000, dtype=np.float32)[None, :]
    body = MAN | {"activity": activity}
    for ta, rh, wind in [(20.0, 50.0, 1.0), (5.0, 80.0, 3.0), (33.0, 40.0, 0.0)]:
        grid = _core.pet_grid(tmrt, ta, rh, wind, **body, variant=variant)
        assert (np.diff(grid) >= 0).all(), (ta, rh, wind)
    theirs = _core.pet_grid(tmrt, 20.0, 50.0, 1.0, **body, variant="reference")
    assert (activity == 200.0) <= bool(np.diff(theirs).min() < -0.5)


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


# Ta, RH, Tmrt, v: one input of each outside the range of UTCI, and what "clip" makes of it.
OUTSIDE = {
    "calm": ((30.0, 40.0, 60.0, 0.1), (30.0, 40.0, 60.0, 0.5)),
    "storm": ((35.0, 40.0, 45.0, 40.0), (35.0, 40.0, 45.0, 17.0)),
    "dry": ((30.0, 1.0, 60.0, 2.0), (30.0, 5.0, 60.0, 2.0)),
    "below": ((30.0, 40.0, -10.0, 2.0), (30.0, 40.0, 0.0, 2.0)),
    "above": ((30.0, 40.0, 120.0, 2.0), (30.0, 40.0, 100.0, 2.0)),
    "damp": ((40.0, 95.0, 60.0, 2.0), None),
    "air": ((-55.0, 60.0, -50.0, 2.0), None),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_utci_outside_its_range(name: str) -> None:
    """Each rule does what it says, in points and in grids, which agree bit for bit."""
    given, clipped = OUTSIDE[name]

    def utci(values: tuple[float, ...], rule: str | None) -> float:
        ta, rh, tmrt, wind = values
        grid = _core.utci_grid(np.full((1, 1), tmrt, np.float32), ta, rh, wind, rule)
        point = _core.utci(*(np.array([v]) for v in values), rule)[0]
        assert np.float32(point) == grid[0, 0] or (np.isnan(point) and np.isnan(grid[0, 0]))
        return float(point)

    as_given = utci(given, "flag")
    assert np.isnan(utci(given, "nan"))
    if clipped is not None:
        assert utci(given, "clip") == utci(clipped, "flag")
    assert utci(given, "clip") != as_given
    # By default only storms, where the polynomial runs away, are held.
    assert utci(given, None) == (utci(given, "clip") if name == "storm" else as_given)
    found = _core.utci_outside(np.full((2, 3), given[2], np.float32), given[0], given[1], given[3])
    expected = dict.fromkeys(OUTSIDE, 0) | {name: 6 if name in ("below", "above") else 1}
    assert found == expected


def test_storms_of_the_default() -> None:
    """25 m/s gave 54.7 deg C at 35 deg C, 40 m/s -1355."""
    tmrt = np.full((1, 1), 45.0, np.float32)
    values = {v: float(_core.utci_grid(tmrt, 35.0, 40.0, v)[0, 0]) for v in (17.0, 25.0, 40.0)}
    assert values[25.0] == values[40.0] == values[17.0]
    assert 30.0 < values[17.0] < 40.0


def test_an_unknown_rule_or_variant_is_refused() -> None:
    tmrt = np.full((1, 1), 45.0, np.float32)
    with pytest.raises(ValueError, match="utci_range"):
        _core.utci_grid(tmrt, 35.0, 40.0, 2.0, "cut")
    with pytest.raises(ValueError, match="variant"):
        _core.pet_grid(tmrt, 35.0, 40.0, 2.0, **MAN, variant="1987")


def test_missing_cells_and_weather_give_nan() -> None:
    tmrt = np.array([[20.0, np.nan, 35.0, -9999.0]], np.float32)
    expected = [True, False, True, False]
    assert np.isfinite(_core.utci_grid(tmrt, 25.0, 50.0, 1.0))[0].tolist() == expected
    assert np.isfinite(_core.pet_grid(tmrt, 25.0, 50.0, 1.0, **MAN))[0].tolist() == expected
    for bad in [(np.nan, 50.0, 1.0), (25.0, -999.0, 1.0), (25.0, 50.0, np.nan)]:
        for rule in (None, "clip", "flag", "nan"):
            assert np.isnan(_core.utci_grid(tmrt, *bad, rule)).all()
        assert np.isnan(_core.pet_grid(tmrt, *bad, **MAN)).all()


def test_calm_air() -> None:
    """PET takes it as that of its room, UTCI as given; negative wind is none."""
    tmrt = np.full((1, 1), 30.0, np.float32)
    still = _core.pet_grid(tmrt, 25.0, 50.0, 0.1, **MAN)
    assert _core.pet_grid(tmrt, 25.0, 50.0, 0.0, **MAN) == still
    assert _core.pet_grid(tmrt, 25.0, 50.0, 0.2, **MAN) < still
    assert np.isnan(_core.pet_grid(tmrt, 25.0, 50.0, -1.0, **MAN)).all()
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

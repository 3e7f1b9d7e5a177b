"""Made masts whose interval and axes are known are found out."""

from __future__ import annotations

from datetime import UTC, timedelta

import numpy as np
import pytest

import solweig
from solweig.validation import Mast, compare
from solweig.validation.finding import find_mast
from solweig.validation.modelled import Modelled, finer_weather
from solweig.validation.quantities import K_SIDES, L_SIDES, QUANTITIES
from solweig.weather.sun import sun_position
from tests.support.run_cases import LOCATION
from tests.validation import made


@pytest.fixture(scope="module")
def model() -> Modelled:
    return made.model()


@pytest.mark.parametrize("turn", [0.0, 17.0, -25.0, 90.0])
@pytest.mark.parametrize("stamp", ["end", "centre", "start"])
def test_interval_and_turn_are_found(model: Modelled, stamp: str, turn: float) -> None:
    fit = find_mast(made.mast(model, stamp, turn), model)
    assert (fit.interval.stamp, fit.interval.verdict) == (stamp, "sure")
    expected = {"end": -60.0, "centre": -30.0, "start": 0.0}[stamp]
    assert fit.interval.best_shift == pytest.approx(expected, abs=6.0)
    assert fit.turn is not None
    assert fit.turn.best == pytest.approx(turn, abs=2.0)
    assert fit.turn.verdict == ("found" if turn else "not told")


@pytest.mark.parametrize("names", [("Tmrt",), ("Kdown",), K_SIDES])
@pytest.mark.parametrize("stamp", ["end", "start"])
def test_a_part_of_the_columns_tells_it(
    model: Modelled, stamp: str, names: tuple[str, ...]
) -> None:
    fit = find_mast(made.mast(model, stamp, names=names), model)
    assert (fit.interval.stamp, fit.interval.verdict) == (stamp, "sure")
    assert (fit.turn is None) == (names != K_SIDES)


@pytest.mark.parametrize("minutes", [30.0, 20.0])
def test_rows_of_other_lengths(model: Modelled, minutes: float) -> None:
    fit = find_mast(made.mast(model, "end", 17.0, minutes=minutes), model)
    assert fit.interval.stamp == "end"
    assert fit.turn is not None
    assert fit.turn.best == pytest.approx(17.0, abs=2.0)


def test_measurements_that_say_nothing_are_not_believed(model: Modelled) -> None:
    real = made.mast(model, "end")
    generator = np.random.default_rng(2)
    noise = {name: generator.uniform(0.0, 500.0, len(real)) for name in ("Kdown", *K_SIDES)}
    fit = find_mast(Mast("noise", real.times, 60.0, noise), model)
    assert fit.interval.verdict != "sure"
    assert fit.turn is not None
    assert (fit.turn.verdict, fit.turn.degrees) == ("not told", 0.0)


def test_longwave_alone_leaves_the_default_and_says_so(model: Modelled) -> None:
    found = compare(made.mast(model, "end", names=L_SIDES), model)
    assert found.fit.interval.evidence == ()
    assert found.fit.interval.stamp == "end"
    assert "not sure" in found.notes()[0]


def test_what_is_said_is_taken(model: Modelled) -> None:
    fit = find_mast(made.mast(model, "end", 17.0), model, stamp="start", turn=-10.0)
    assert (fit.interval.stamp, fit.interval.verdict) == ("start", "said")
    assert fit.interval.confidence < 0.05
    assert fit.turn is not None
    assert (fit.turn.degrees, fit.turn.verdict) == (-10.0, "said")


def test_a_clock_that_is_off_is_said(model: Modelled) -> None:
    right = made.mast(model, "end")
    late = right.times + np.timedelta64(25, "m")
    found = compare(Mast("late", late, 60.0, right.columns), model)
    assert any("its rows fit best" in note for note in found.notes())
    assert not any("its rows fit best" in note for note in compare(right, model).notes())


def test_a_perfect_mast_agrees(model: Modelled) -> None:
    found = compare(made.mast(model, "end", 17.0, noise=0.0), model)
    for name, each in found.agreement.items():
        if name not in (*K_SIDES, *L_SIDES):
            assert each.rmse == pytest.approx(0.0, abs=1e-9), name
    assert max(found.agreement[name].rmse for name in K_SIDES) < 3.0
    assert found.budget is not None
    total = sum(found.budget.values())
    assert total == pytest.approx(found.paired["Tmrt"] - found.mast.columns["Tmrt"], abs=1e-9)


def test_sides_turn_by_quarters_and_the_beam_is_on_one_or_two(model: Modelled) -> None:
    east, south, west, north = model.shortwave_sides(0.0)
    np.testing.assert_allclose(model.shortwave_sides(90.0), [south, west, north, east], atol=1e-9)
    np.testing.assert_allclose(
        model.longwave_sides(-90.0), np.roll(model.longwave, 1, axis=0), atol=1e-9
    )
    only_beam = Modelled(
        model.bounds, model.azimuth, model.fields, np.full_like(model.beam, 500.0),
        np.zeros_like(model.rest), model.longwave, model.global_rad,
    )  # fmt: skip
    for turn in (0.0, 17.0, 140.0):
        sides = only_beam.shortwave_sides(turn)
        np.testing.assert_allclose(np.sqrt((sides**2).sum(axis=0)), 500.0)
    facing_sun = np.abs((model.azimuth - 117.0 + 180.0) % 360.0 - 180.0) < 90.0
    assert ((only_beam.shortwave_sides(27.0)[0] > 0.0) == facing_sun).all()


def test_the_rest_of_the_sides_holds_no_beam(model: Modelled) -> None:
    assert model.rest.min() > -0.5
    lit = model.fields["shadow"] > 0.9
    assert model.beam[lit].max() > 300.0
    assert model.rest.max() < 0.5 * model.beam.max()


def test_finer_steps_keep_the_means_and_the_intervals() -> None:
    rows = made.clear_day()
    parts = finer_weather(rows, LOCATION, minutes=10.0)
    assert len(parts) == 6 * len(rows)
    for name in ("global_rad", "ta"):
        fine = np.array([getattr(part, name) for part in parts]).reshape(-1, 6)
        # The first row stands for the hour before the stamp.
        np.testing.assert_allclose(fine.mean(axis=1), [getattr(row, name) for row in rows])
    assert parts[0].datetime == rows[0].datetime.replace(day=31, month=7, hour=23)
    assert {part.timestep_minutes for part in parts} == {10.0}
    stamps = np.array([part.datetime for part in parts], "datetime64[ns]")
    utc = stamps - np.timedelta64(1, "h") + np.timedelta64(5, "m")
    down = sun_position(utc, LOCATION.latitude, LOCATION.longitude)[0] <= 0.0
    light = np.array([part.global_rad for part in parts])
    mixed = (down.reshape(-1, 6).any(axis=1)) & ~down.reshape(-1, 6).all(axis=1)
    assert mixed.sum() == 2
    assert (light.reshape(-1, 6)[mixed][down.reshape(-1, 6)[mixed]] == 0.0).all()


def test_rows_no_longer_than_asked_for_stay_one() -> None:
    rows = made.clear_day()
    same = finer_weather(rows, LOCATION, minutes=60.0)
    assert [row.global_rad for row in same] == [row.global_rad for row in rows]
    aware = [
        solweig.Weather(row.datetime.replace(tzinfo=UTC), row.ta, row.rh, row.global_rad)
        for row in rows
    ]
    halves = finer_weather(aware, LOCATION, minutes=30.0)
    assert halves[0].datetime == aware[0].datetime - timedelta(hours=1)
    assert halves[1].datetime - halves[0].datetime == timedelta(minutes=30)
    assert len(halves) == 2 * len(rows)


def test_every_quantity_is_paired(model: Modelled) -> None:
    found = compare(made.mast(model, "end"), model)
    assert list(found.agreement) == list(QUANTITIES)
    assert {each.n for each in found.agreement.values()} == {15}
    table = found.table()
    assert list(table.columns[:4]) == ["start", "end", "Tmrt_measured", "Tmrt_modelled"]
    assert len(table) == 15

"""Single alternatives to formulae of the reference: what each is for, and that it may be chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import solweig
from solweig import _core
from solweig.cli.options import parse_switches
from solweig.errors import ConfigurationError
from tests.spec.test_radiation_invariants import (
    ALL,
    SIDES,
    black_body,
    built,
    few,
    make_model,
    night,
    weather,
)
from tests.support.run_cases import LOCATION, small_surface
from tests.support.run_cases import weather as day_of_run
from tests.support.scenes import RandomScene

RATE = 33.27  # of the ground's memory [1/day]


# ------------------------------------------------------------------ energy of the sides


@few
@given(scene=built, ta=st.floats(-15, 30))
def test_a_black_sky_over_black_ground_is_a_cavity(scene: RandomScene, ta: float) -> None:
    """Grey walls in it send what they receive: from every side comes a black body's flux."""
    ones = np.ones(scene.dsm.shape, np.float32)
    model = make_model(scene, {"emissivity": ones}, anisotropic=False, formulation="improved")
    now = night(ta=ta, longwave_down=black_body(ta))
    out = model.step(model.new_state(), now, outputs=ALL).fields
    for name in ("ldown", "lup", *(f"l{side}" for side in SIDES)):
        np.testing.assert_allclose(out[name], black_body(ta), rtol=2e-5, err_msg=name)


def test_two_reflections_are_more_than_a_cavity_has() -> None:
    surface = small_surface()
    steps = day_of_run([3], measured_longwave_down=black_body(17.0))
    found = {}
    for once in (True, False):
        found[once] = solweig.calculate(
            surface, steps, LOCATION, formulation="improved", use_anisotropic_sky=False,
            longwave="measured", alternatives={"single_reflection": once},
        ).dataset["tmrt"]  # fmt: skip
    assert float(found[True].max()) <= 17.0 < float(found[False].max())


# ------------------------------------------------------------------ memory of the ground


def evening(model: _core.Model, hours: int, **changes: Any) -> list[dict[str, np.ndarray]]:
    """A noon, then hours of the night."""
    state = model.new_state()
    steps = [weather(**changes)] + [night(ta=15.0 - h, **changes) for h in range(hours)]
    return [model.step(state, step, outputs=["lup", "tg_out"]).fields for step in steps]


def test_the_ground_cools_through_the_evening() -> None:
    rng = np.random.default_rng(3)
    dsm = np.full((14, 15), 10, np.float32)
    dsm[4:7, 5:9] += rng.uniform(3, 9, (3, 4)).astype(np.float32)
    scene = RandomScene(dsm, None, None, None, 1.0)
    minutes = {"step_days": 20 / 1440}
    keeps = make_model(scene, formulation="improved")
    drops = make_model(scene, formulation="improved", alternatives={"night_memory": False})
    with_memory, without = evening(keeps, 6, **minutes), evening(drops, 6, **minutes)
    assert np.array_equal(with_memory[0]["lup"], without[0]["lup"])
    weight = np.exp(-RATE * minutes["step_days"])
    for name in ("lup", "tg_out"):
        expected = with_memory[0][name].astype(np.float64)
        for later, bare in zip(with_memory[1:], without[1:], strict=True):
            expected = bare[name] + (expected - bare[name]) * weight
            np.testing.assert_allclose(later[name], expected, rtol=1e-5, err_msg=name)
    # Warm ground sends more; after an hour and a half little is left.
    gap = np.nanmax(with_memory[1]["lup"] - without[1]["lup"])
    assert gap > 20.0
    assert np.nanmax(np.abs(with_memory[6]["lup"] - without[6]["lup"])) < 0.4 * gap


@pytest.mark.parametrize("cut", [1, 3, 5])
def test_a_run_cut_by_night_goes_on(cut: int) -> None:
    surface = small_surface()
    steps = day_of_run([18, 19, 20, 21, 22, 23])
    options: dict[str, Any] = {"formulation": "improved", "outputs": ["lup"]}
    whole = solweig.calculate(surface, steps, LOCATION, **options)
    first = solweig.calculate(surface, steps[:cut], LOCATION, **options)
    second = solweig.calculate(surface, steps[cut:], LOCATION, state=first.state, **options)
    lup = np.concatenate([first.dataset["lup"], second.dataset["lup"]])
    assert np.array_equal(lup, whole.dataset["lup"], equal_nan=True)


def test_a_run_that_begins_by_night_remembers_nothing() -> None:
    surface, steps = small_surface(), day_of_run([1, 2])
    found = [
        solweig.calculate(surface, steps, LOCATION, outputs=["lup"], formulation=f).dataset["lup"]
        for f in ("reference", "improved")
    ]
    assert np.array_equal(found[0], found[1], equal_nan=True)


# ------------------------------------------------------------------ choice


def test_one_may_be_left_out_or_taken_alone(tmp_path: Path) -> None:
    surface, steps = small_surface(), day_of_run([9, 12])

    def tmrt(**options: Any) -> Any:
        summary = solweig.calculate(surface, steps, LOCATION, sun_substeps=1, **options)
        return np.asarray(summary.dataset["tmrt"])

    reference, improved = tmrt(), tmrt(formulation="improved")
    # The clock of the ground, canopies and the sky's emissivity are not the engine's alternatives.
    everything = tmrt(alternatives=dict.fromkeys(_core.alternatives(), True))
    nothing = tmrt(formulation="improved", alternatives=dict.fromkeys(_core.alternatives(), False))
    assert not np.array_equal(reference, everything, equal_nan=True)
    assert not np.array_equal(improved, nothing, equal_nan=True)
    assert np.array_equal(tmrt(alternatives={}), reference, equal_nan=True)
    for name in ("facet_radiance", "exact_kelvin"):
        assert not np.array_equal(tmrt(alternatives={name: True}), reference, equal_nan=True), name
        kept = {**dict.fromkeys(_core.alternatives(), True), name: False}
        assert not np.array_equal(tmrt(alternatives=kept), everything, equal_nan=True), name
    config = solweig.ModelConfig(alternatives={"night_memory": True})
    config.save(tmp_path / "config.json")
    assert solweig.ModelConfig.load(tmp_path / "config.json").alternatives == {"night_memory": True}


def test_the_air_mass_reaches_the_clearness_too() -> None:
    surface, steps = small_surface(), day_of_run([8], global_rad=150.0)
    on = solweig.calculate(surface, steps, LOCATION, alternatives={"published_air_mass": True})
    off = solweig.calculate(surface, steps, LOCATION)
    assert on.scalars[0]["i0"] < off.scalars[0]["i0"]
    assert on.timeseries.clearness_index[0] > off.timeseries.clearness_index[0]


@pytest.mark.parametrize(
    "value", [{"no_such": True}, {"night_memory": "yes"}, "night_memory", ["night_memory"]]
)
def test_unknown_alternatives_are_refused(value: Any) -> None:
    with pytest.raises(ConfigurationError, match="alternatives: expected true or false for exact"):
        solweig.ModelConfig(alternatives=value)


def test_the_engine_refuses_them_too() -> None:
    scene = RandomScene(np.full((8, 9), 3, np.float32), None, None, None, 1.0)
    with pytest.raises(ValueError, match="no_such"):
        make_model(scene, alternatives={"no_such": True})


def test_switches_on_the_command_line() -> None:
    assert parse_switches("--alternative", None) is None
    assert parse_switches("--alternative", ["a=on", "b=off"]) == {"a": True, "b": False}
    for wrong in ("a", "a=yes", "=on1"):
        with pytest.raises(ConfigurationError, match="name=on or name=off"):
            parse_switches("--alternative", [wrong])

"""Several suns in one step: shadows become fractions, fluxes means over the suns."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig.errors import ConfigurationError
from solweig.execution import ExecutionConfig
from solweig.typing import F64
from solweig.weather.series import weather_series
from solweig.weather.sun import sun_position
from tests.support.gpu_cities import random_city
from tests.support.gpu_cities import weather as instant
from tests.support.run_cases import LOCATION, small_surface, weather
from tests.support.tile_cases import REACH_M, assert_same_run, prepared, run

CPU = ExecutionConfig(accelerator="cpu")
FLUXES = ["tmrt", "shadow", "kdown", "kup", "ldown", "lup"]
# Between a sum of equal numbers divided by their count and the number, in single precision.
ROUNDING = 2e-5


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return prepared()


def step(city: Any, values: dict[str, Any]) -> dict[str, F64]:
    model = city.model()
    result = model.step(model.new_state(), values, outputs=FLUXES, points=np.array([[5, 5]]))
    return {**result.fields, **{f"at {n}": v for n, v in result.points.items()}}


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("seed", range(6))
def test_equal_suns_are_one_sun(number: int, seed: int) -> None:
    city = random_city(seed)
    values = instant(10.0)
    one = step(city, values)
    several = step(city, {**values, "suns": [(values["altitude"], values["azimuth"])] * number})
    for name, grid in one.items():
        if number == 1:
            assert np.array_equal(several[name], grid, equal_nan=True), name
            continue
        np.testing.assert_allclose(several[name], grid, rtol=ROUNDING, atol=1e-3, err_msg=name)


def test_too_many_suns_are_refused_by_the_engine() -> None:
    values = instant(10.0)
    for suns in ([], [(30.0, 150.0)] * 6):
        with pytest.raises(ValueError, match="suns: expected 1 to 5"):
            step(random_city(0), {**values, "suns": suns})


def rows(minutes: int, number: int, beam: float = 700.0) -> list[solweig.Weather]:
    """One late afternoon hour of constant beam and sky, in steps of some minutes."""
    first = datetime(2006, 8, 1, 16)
    found = []
    for i in range(number):
        end = first + timedelta(minutes=minutes * (i + 1))
        # Of a step the mean over its minutes.
        seconds = (np.arange(60 * minutes) + 0.5 - 60 * minutes) * np.timedelta64(1, "s")
        times = np.datetime64(end - timedelta(hours=1), "ns") + seconds
        altitude, _ = sun_position(times, LOCATION.latitude, LOCATION.longitude, LOCATION.altitude)
        found.append(
            solweig.Weather(
                end, ta=25.0, rh=40.0, ws=2.0, timestep_minutes=minutes,
                global_rad=120.0 + beam * float(np.sin(np.radians(altitude)).mean()),
                measured_direct_rad=beam, measured_diffuse_rad=120.0,
            )
        )  # fmt: skip
    return found


def test_more_suns_come_closer_to_short_steps(surface: solweig.SurfaceData) -> None:
    options: dict[str, Any] = {
        "outputs": ["kdown", "shadow"], "max_shadow_distance_m": REACH_M, "execution": CPU,
    }  # fmt: skip
    short = solweig.calculate(surface, rows(2, 30), LOCATION, **options).dataset
    apart: dict[str, list[float]] = {"kdown": [], "shadow": []}
    for number in (1, 3, 5):
        hour = solweig.calculate(
            surface, rows(60, 1), LOCATION, sun_substeps=number, **options
        ).dataset
        for name, gaps in apart.items():
            gap = np.asarray(hour[name])[0] - np.asarray(short[name]).mean(axis=0)
            gaps.append(float(np.sqrt(np.nanmean(gap**2))))
    for name, gaps in apart.items():
        assert gaps[0] > 1.5 * gaps[1] > 0.0, (name, gaps)
        assert gaps[1] > gaps[2], (name, gaps)


@pytest.mark.parametrize("formulation", ["reference", "improved"])
@pytest.mark.parametrize("anisotropic", [True, False])
def test_tiles_are_the_whole(
    surface: solweig.SurfaceData, anisotropic: bool, formulation: str
) -> None:
    options: dict[str, Any] = {
        "sun_substeps": 3, "use_anisotropic_sky": anisotropic, "execution": CPU,
        "formulation": formulation,
    }  # fmt: skip
    whole = run(surface, **options)
    assert_same_run(whole, run(surface, tile_size=32, **options))
    shadow = np.asarray(whole.dataset["shadow"])
    assert np.unique(np.round(shadow[np.isfinite(shadow)], 3)).size > 4
    assert np.nanmin(shadow) >= 0.0
    assert np.nanmax(shadow) <= 1.0
    # Hours in the sun are fractions of the five steps.
    hours = whole.grids()["sun_hours"]
    assert np.nanmax(hours) > 3.0
    assert ((hours % 1.0 > 0.3) & (hours % 1.0 < 0.4)).any()


def half_past(*hours: int) -> list[solweig.Weather]:
    """Hours that end half past; the sun of that place and day rises a little after 4."""
    steps = weather(hours)
    for one in steps:
        one.datetime += timedelta(minutes=30)
    return steps


def test_a_step_that_the_sun_rises_in() -> None:
    steps = half_past(4, 5, 6)
    steps[0].global_rad = 9.0
    series = weather_series(steps, LOCATION, sun_substeps=3)
    assert series.suns is not None
    up = series.suns.up
    share = series.suns.share_up
    assert 0 < share[0] < 1, series.suns.altitude
    assert share[1:].tolist() == [1.0, 1.0]
    assert series.daytime.all()
    low = series.suns.altitude[0][up[0]]
    assert series.columns["altitude"][0] == pytest.approx(
        np.degrees(np.arcsin(np.sin(np.radians(low)).mean()))
    )
    summary = solweig.calculate(
        small_surface(), steps, LOCATION, sun_substeps=3, outputs=["shadow", "kdown"],
        execution=CPU,
    )  # fmt: skip
    shadow, kdown = (np.asarray(summary.dataset[name]) for name in ("shadow", "kdown"))
    assert np.nanmax(shadow[0]) == pytest.approx(share[0])
    assert np.nanmax(shadow[1]) == 1.0
    # Where everything shines and arrives it is the global, and nowhere more of the beam than that.
    assert np.nanmax(kdown[0]) < 1.1 * 9.0
    scalars = summary.scalars[0]
    sine = np.where(up[0], np.sin(np.radians(series.suns.altitude[0])), 0.0)
    assert scalars["rad_i"] * sine.mean() + scalars["rad_d"] == pytest.approx(9.0)


def test_a_measured_beam_of_a_part_of_a_step_is_stronger() -> None:
    """Its mean over the step has zeros of the time without sun in it."""
    steps = half_past(4)
    steps[0].global_rad, steps[0].measured_diffuse_rad = np.nan, 6.0
    steps[0].measured_direct_rad = 40.0
    series = weather_series(steps, LOCATION, sun_substeps=3)
    assert series.suns is not None
    summary = solweig.calculate(
        small_surface(), steps, LOCATION, sun_substeps=3, outputs=["shadow"], execution=CPU
    )
    assert 0 < series.suns.share_up[0] < 1
    assert summary.scalars[0]["rad_i"] == pytest.approx(40.0 / series.suns.share_up[0])
    assert summary.scalars[0]["rad_d"] == pytest.approx(6.0)


def test_suns_stand_amid_their_parts() -> None:
    steps = weather((9, 10, 11))
    series = weather_series(steps, LOCATION, sun_substeps=3)
    assert series.suns is not None
    for i, end in enumerate((9, 10, 11)):
        for k in range(3):
            at = datetime(2006, 8, 1, end - 2) + timedelta(minutes=20 * k + 10)
            altitude, azimuth = sun_position(
                [np.datetime64(at)], LOCATION.latitude, LOCATION.longitude, LOCATION.altitude
            )
            assert series.suns.altitude[i, k] == altitude[0]
            assert series.suns.azimuth[i, k] == azimuth[0]


@pytest.mark.parametrize("number", [0, 6, -1, 2.0, 2.5, True, "3"])
def test_bad_numbers_are_refused(number: Any) -> None:
    with pytest.raises(ConfigurationError, match="sun_substeps: expected a whole number, 1 to 5"):
        solweig.ModelConfig(sun_substeps=number)
    with pytest.raises(ConfigurationError, match="sun_substeps"):
        solweig.calculate(small_surface(svf=False), weather(), LOCATION, sun_substeps=number)


def test_angles_that_are_given_leave_one_sun() -> None:
    steps = weather((9, 10), precomputed_sun_altitude=30.0)
    with pytest.raises(ConfigurationError, match="sun_substeps: expected 1 where the weather says"):
        weather_series(steps, LOCATION, sun_substeps=2)
    assert weather_series(steps, LOCATION, sun_substeps=1).suns is None


def test_formulations_say_how_many() -> None:
    assert solweig.ModelConfig().suns == 1
    assert solweig.ModelConfig(formulation="improved").suns == 3
    assert solweig.ModelConfig(formulation="improved", sun_substeps=1).suns == 1
    written = solweig.ModelConfig(sun_substeps=4).to_dict()
    assert solweig.ModelConfig.from_dict(written).sun_substeps == 4


def test_what_if_reaches_as_far_as_all_suns_shade(surface: solweig.SurfaceData) -> None:
    options: dict[str, Any] = {
        "outputs": ["tmrt", "utci", "shadow"], "max_shadow_distance_m": REACH_M,
        "execution": CPU, "sun_substeps": 3,
    }  # fmt: skip
    steps = weather((6, 7, 8))
    before = solweig.calculate(surface, steps, LOCATION, **options)
    dsm = surface.dsm.copy()
    dsm[40:44, 50:54] += 15.0
    changed = surface.with_changes(dsm=dsm)
    part = solweig.calculate(changed, steps, LOCATION, baseline=before, **options)
    assert_same_run(part, solweig.calculate(changed, steps, LOCATION, **options))
    with pytest.raises(ConfigurationError, match="sun_substeps"):
        solweig.calculate(
            changed, steps, LOCATION, baseline=before, **{**options, "sun_substeps": 2}
        )


def test_another_number_is_another_run(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    options: dict[str, Any] = {"output_dir": tmp_path, "execution": CPU}
    summary = run(surface, sun_substeps=2, **options)
    assert summary.metadata["parameters"]["settings"]["sun_substeps"] == 2
    with pytest.raises(ConfigurationError, match=r"settings\.sun_substeps"):
        run(surface, sun_substeps=3, resume=True, **options)

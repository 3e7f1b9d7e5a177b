"""Heat indices of a run: from the fluxes of the cell, in every sky and body, and of a period."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig.config import INDICES, SENSOR_LOADS
from solweig.errors import ConfigurationError, WeatherDataError
from solweig.exposure.finished import FinishedRun
from solweig.exposure.thresholds import by_quantity, one_each
from solweig.postprocess import (
    compute_apparent_grid,
    compute_globe_grid,
    compute_sensor_loads,
    compute_set_grid,
    compute_wbgt_grid,
    compute_wet_bulb_grid,
)
from solweig.results.map_style import scale_for
from tests.support.run_cases import LOCATION, small_surface, weather, xy
from tests.support.tolerances import tolerance

CPU = solweig.ExecutionConfig(accelerator="cpu")
CURVE_K = tolerance("heat", "curve_k")
AT_1M1 = (1.1 / 10.0) ** 0.2
HOURS = (2, 9, 13)
HEIGHTS, AZIMUTHS = (-12.0, 38.0, 49.0), (25.0, 112.0, 203.0)
PLACES = [xy(3, 20), xy(18, 21), xy(10, 19), xy(15, 10)]


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


def run(
    surface: solweig.SurfaceData, steps: list[solweig.Weather], **options: Any
) -> solweig.TimeseriesSummary:
    chosen = {"outputs": ["tmrt", *INDICES, *SENSOR_LOADS], "execution": CPU, **options}
    return solweig.calculate(surface, steps, LOCATION, **chosen)


def test_indices_follow_from_what_globe_and_wick_absorb(surface: solweig.SurfaceData) -> None:
    done = run(surface, weather(HOURS))
    assert done.dataset is not None
    for i, step in enumerate(weather(HOURS)):
        grids = {name: done.dataset[name].values[i] for name in done.dataset.data_vars}
        globe, wick = (grids[name] for name in SENSOR_LOADS)
        wind, pressure = step.ws * AT_1M1, step.pressure
        at = {"pressure": pressure}
        want = {
            "wbgt": compute_wbgt_grid(globe, wick, step.ta, step.rh, wind, **at),
            "tnw": compute_wet_bulb_grid(wick, step.ta, step.rh, wind, **at),
            "globe150": compute_globe_grid(globe, step.ta, wind, **at),
            "globe38": compute_globe_grid(globe, step.ta, wind, diameter=0.038, **at),
            "at": compute_apparent_grid(grids["tmrt"], step.ta, step.rh, step.ws),
            "set": compute_set_grid(grids["tmrt"], step.ta, step.rh, wind, **at),
        }
        for name, grid in want.items():
            np.testing.assert_allclose(grids[name], grid, atol=CURVE_K, rtol=0, err_msg=name)
    attributes = done.dataset["wbgt"].attrs
    assert attributes["units"] == "degC"
    assert attributes["long_name"] == "wet bulb globe temperature"
    assert done.dataset["set"].attrs["long_name"] == "standard effective temperature"


@pytest.mark.parametrize(
    ("anisotropic", "body"),
    [(True, "cylinder"), (False, "cylinder"), (True, "box"), (False, "box")],
)
def test_loads_are_those_of_the_six_fluxes(
    surface: solweig.SurfaceData, anisotropic: bool, body: str
) -> None:
    """Points tell the sides: their mean, the beam taken out, gives the same loads."""
    model = solweig.ModelConfig(use_anisotropic_sky=anisotropic, body=body)
    steps = weather(HOURS)
    for step, height, azimuth in zip(steps, HEIGHTS, AZIMUTHS, strict=True):
        step.precomputed_sun_altitude, step.precomputed_sun_azimuth = height, azimuth
    done = run(surface, steps, config=model, pois=PLACES, outputs=["tmrt"])
    table, beams = done.pois, [s["rad_i"] for s in done.scalars]
    assert table is not None
    for i, (_, part) in enumerate(table.groupby("time", sort=True)):
        height = np.radians(HEIGHTS[i])
        beam = (
            beams[i] * part["shadow"].to_numpy() if height > 0 else 0.0 * part["shadow"].to_numpy()
        )
        upright = np.cos(height) * beam
        sides = {w: part[[f"{w}{s}" for s in ("east", "south", "west", "north")]] for w in "kl"}
        kside, lside = (sides[w].to_numpy().mean(axis=1) for w in "kl")
        if body == "box":
            # Two of the faces look towards the sun.
            azimuth = np.radians(AZIMUTHS[i])
            kside = kside - 0.25 * upright * (abs(np.sin(azimuth)) + abs(np.cos(azimuth)))
        elif anisotropic:
            # Of a cylinder the patches are in its own term.
            kside = kside + (part["kside"] - part["kside_i"]).to_numpy() / np.pi
        globe, wick = compute_sensor_loads(
            *(np.atleast_2d(x) for x in (
                part["kdown"], part["kup"], kside, part["ldown"], part["lup"], lside
            )),
            beam=np.atleast_2d(beam), altitude=float(np.degrees(height)),
        )  # fmt: skip
        # The weights of the patches sum to a whole sky within some parts in a thousand.
        bound = 0.01 * float(globe.max()) if anisotropic else 0.05
        np.testing.assert_allclose(part["globe_load"], globe[0], atol=bound, rtol=0)
        np.testing.assert_allclose(part["wick_load"], wick[0], atol=bound, rtol=0)


def test_shade_and_night_are_cooler(surface: solweig.SurfaceData) -> None:
    done = run(surface, weather((13,)), outputs=["wbgt", "globe150", "shadow"])
    assert done.dataset is not None
    lit = done.dataset["shadow"].values[0] > 0.99
    shaded = done.dataset["shadow"].values[0] < 0.01
    for name, least in (("wbgt", 1.0), ("globe150", 5.0)):
        grid = done.dataset[name].values[0]
        assert grid[lit].mean() > grid[shaded].mean() + least, name


def test_without_wind_there_is_no_wbgt_and_calm_is_said(
    surface: solweig.SurfaceData, caplog: pytest.LogCaptureFixture
) -> None:
    steps = weather((10, 11, 12))
    steps[0].ws, steps[1].ws = float("nan"), 0.05
    caplog.set_level(logging.WARNING, "solweig")
    done = run(surface, steps, outputs=["wbgt", "tnw", "globe38", "at", "set"])
    assert done.dataset is not None
    for name in ("wbgt", "tnw", "globe38", "at", "set"):
        missing = np.isnan(done.dataset[name].values).all(axis=(1, 2))
        assert missing.tolist() == [True, False, False], name
    (line,) = [r.getMessage() for r in caplog.records if r.getMessage().startswith("WBGT")]
    assert "1 of 3 steps" in line
    assert done.metadata["comfort"]["sensor_calm_steps"] == 1
    (line,) = [r.getMessage() for r in caplog.records if r.getMessage().startswith("SET*")]
    assert "wind below 0.1 m/s in 1 of 3 steps" in line
    assert done.metadata["comfort"]["body_calm_steps"] == 1


def test_a_period_counts_hours_of_every_index(surface: solweig.SurfaceData) -> None:
    limits = {"wbgt": (18.0, 21.0), "at": (20.0,), "globe150": (25.0,), "set": (22.0,)}
    steps = weather((9, 10, 11, 12))
    found = solweig.calculate_period(
        surface, steps, LOCATION, percentiles=(50,), index_thresholds=limits,
        indices=("globe38", "tnw"), execution=CPU,
    )  # fmt: skip
    each = run(surface, steps)
    assert each.dataset is not None
    grids = found.grids()
    for name in INDICES:
        values = each.dataset[name].values
        np.testing.assert_allclose(grids[f"{name}_mean"], values.mean(0), atol=1e-3, rtol=0)
        np.testing.assert_allclose(grids[f"{name}_max"], values.max(0), atol=1e-5, rtol=0)
        middle = np.percentile(values, 50, axis=0)
        np.testing.assert_allclose(grids[f"{name}_p50"], middle, atol=0.1, rtol=0)
        for limit in limits.get(name, ()):
            sure = (np.abs(values - limit) > 1e-3).all(axis=0)
            step_hours = found.grids()[f"{name}_hours_above_{limit:g}"]
            lengths = np.diff(found.bounds, axis=1)[:, 0] / np.timedelta64(1, "h")
            want = ((values > limit) * lengths[:, None, None]).sum(axis=0)
            np.testing.assert_allclose(step_hours[sure], want[sure], atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"indices": ("wgbt",)}, "indices"),
        ({"index_thresholds": {"utci": (32,)}}, "index_thresholds"),
        ({"index_thresholds": {"wbgt": ("hot",)}}, "index_thresholds[wbgt]"),
        ({"index_thresholds": "28"}, "index_thresholds"),
        ({"index_thresholds": {"wbgt": (301.0,)}}, "index_thresholds[wbgt]"),
        ({"index_thresholds": "wbgt=hot"}, "index_thresholds[wbgt]"),
    ],
)
def test_what_is_no_index_is_refused(
    surface: solweig.SurfaceData, options: dict[str, Any], field: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        solweig.calculate_period(surface, weather(HOURS), LOCATION, execution=CPU, **options)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pressure": 101_300.0}, "pressure"),
        ({"rh": 140.0}, "rh"),
        ({"rh": None}, "rh"),
        ({"ta": 303.15}, "Of kelvin subtract"),
        ({"ta": np.array([[30.0, 303.15], [30.0, 30.0]])}, "ta"),
        ({"wind": -1.0}, "wind"),
    ],
)
def test_weather_that_cannot_be_is_refused(options: dict[str, Any], words: str) -> None:
    loads = np.full((2, 2), 500.0, np.float32)
    chosen: dict[str, Any] = {"ta": 30.0, "rh": 40.0, "wind": 1.0, **options}
    with pytest.raises(WeatherDataError, match=words):
        compute_wbgt_grid(loads, loads, **chosen)
    with pytest.raises(ValueError, match="ta: expected shape"):
        compute_wbgt_grid(loads, loads, np.zeros(3), 40.0, 1.0)
    with pytest.raises(ValueError, match="wick_load: expected shape"):
        compute_wbgt_grid(loads, loads[:1], 30.0, 40.0, 1.0)
    with pytest.raises(ValueError, match="diameter"):
        compute_globe_grid(loads, 30.0, 1.0, diameter=15.0)


def test_zones_and_routes_read_every_index(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    run(surface, weather((12,)), outputs=["wbgt", "at"], output_dir=tmp_path)
    source = FinishedRun.open(tmp_path)
    assert source.quantities == ("wbgt", "at")
    assert by_quantity("thresholds", None, source.quantities, (32.0, 38.0)) == {
        "wbgt": (28.0, 30.0), "at": (32.0, 38.0),
    }  # fmt: skip
    assert by_quantity("thresholds", None, ("set",), (32.0, 38.0)) == {"set": (30.0, 34.5)}
    assert one_each("threshold", None, source.quantities, 32.0) == {"wbgt": 28.0, "at": 32.0}
    assert (tmp_path / "wbgt" / "wbgt_20060801_1200.qml").is_file()


def test_wbgt_is_drawn_by_the_limits_of_work() -> None:
    scale = scale_for("wbgt", np.array([[22.0, 34.0]]), (22.0, 34.0))
    assert scale.label == "WBGT [°C]"
    assert scale.ticks is not None
    assert {25.0, 26.0, 28.0, 30.0, 33.0} <= set(scale.ticks)

    def colour(value: float) -> Any:
        return np.asarray(scale.cmap(scale.norm(value)))[:3]

    for bound in (26.0, 28.0, 30.0, 33.0):
        assert np.abs(colour(bound + 0.05) - colour(bound - 0.05)).sum() > 0.1, bound
    assert scale_for("at", np.array([[20.0, 30.0]])).label == "Apparent temperature [°C]"
    assert scale_for("set", np.array([[20.0, 30.0]])).label == "SET* [°C]"
    hours = scale_for("wbgt_hours_above_28", np.array([[0.0, 3.0]]))
    assert hours.label == "WBGT above 28 °C [h]"


def test_set_is_that_of_the_person(surface: solweig.SurfaceData) -> None:
    (step,) = weather((13,))
    person = solweig.HumanParams(activity=160.0, clothing=0.5, posture="sitting")
    done = run(surface, [step], outputs=["tmrt", "set"], human=person)
    usual = run(surface, [step], outputs=["tmrt", "set"])
    assert done.dataset is not None
    assert usual.dataset is not None
    grids = {name: done.dataset[name].values[0] for name in ("tmrt", "set")}
    wind = step.ws * AT_1M1
    want = compute_set_grid(grids["tmrt"], step.ta, step.rh, wind, person, pressure=step.pressure)
    np.testing.assert_allclose(grids["set"], want, atol=CURVE_K, rtol=0)
    assert np.nanmin(np.abs(grids["set"] - usual.dataset["set"].values[0])) > 0.2


def test_set_of_air_given_cell_by_cell_is_solved_there(surface: solweig.SurfaceData) -> None:
    (step,) = weather((13,))
    warmer = np.linspace(-2.0, 3.0, surface.shape[0] * surface.shape[1]).reshape(surface.shape)
    ta = (step.ta + warmer).astype(np.float32)
    ta[:4] = step.ta  # cells with the air of the step
    field = {"ta": solweig.WeatherField(ta, 2.0)}
    done = run(surface, [step], outputs=["tmrt", "set"], fields=field)
    assert done.dataset is not None
    grids = {name: done.dataset[name].values[0] for name in ("tmrt", "set")}
    want = compute_set_grid(grids["tmrt"], ta, step.rh, step.ws * AT_1M1, pressure=step.pressure)
    assert np.isfinite(want).any()
    np.testing.assert_allclose(grids["set"], want, atol=CURVE_K, rtol=0)


def test_a_person_without_a_standard_room_is_refused(
    surface: solweig.SurfaceData, caplog: pytest.LogCaptureFixture
) -> None:
    runner = solweig.HumanParams(activity=900.0)
    with pytest.raises(ConfigurationError) as caught:
        run(surface, weather((13,)), outputs=["set"], human=runner)
    assert caught.value.field == "activity"
    with pytest.raises(ConfigurationError) as caught:
        solweig.calculate_period(
            surface, weather(HOURS), LOCATION, indices=("set",), human=runner, execution=CPU
        )
    assert caught.value.field == "activity"
    caplog.set_level(logging.WARNING, "solweig")
    done = run(surface, weather((13,)), outputs=["tmrt"], human=runner, pois=PLACES)
    assert done.pois is not None
    assert done.pois["set"].isna().all()
    assert any("pois: without SET*" in r.getMessage() for r in caplog.records)
    caplog.clear()
    run(surface, weather((13,)), outputs=["set"], human=solweig.HumanParams(activity=450.0))
    assert any("SET*: a person of" in r.getMessage() for r in caplog.records)

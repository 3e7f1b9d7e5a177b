"""Comfort of a run: missing weather, the range of UTCI, variants of PET, where means are taken."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig.errors import ConfigurationError, WeatherDataError
from solweig.postprocess import compute_pet_grid, compute_utci_grid
from solweig.results.ranges import ComfortCounts
from tests.support.run_cases import LOCATION, small_surface, weather, xy
from tests.support.tile_cases import REACH_M, assert_same_run, prepared

CPU = solweig.ExecutionConfig(accelerator="cpu")


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


def run(
    surface: solweig.SurfaceData, steps: list[solweig.Weather], **options: Any
) -> solweig.TimeseriesSummary:
    chosen = {"outputs": ["tmrt", "utci", "pet"], "execution": CPU, **options}
    return solweig.calculate(surface, steps, LOCATION, **chosen)


def windy(*winds: float) -> list[solweig.Weather]:
    """Hours from ten o'clock on with these winds."""
    steps = weather(tuple(range(10, 10 + len(winds))))
    for step, wind in zip(steps, winds, strict=True):
        step.ws = wind
    return steps


def said(caplog: pytest.LogCaptureFixture, start: str) -> list[str]:
    found = [r.getMessage() for r in caplog.records if r.getMessage().startswith(start)]
    caplog.clear()
    return found


# ------------------------------------------------------------------ missing weather


def test_steps_without_wind_have_no_utci(surface: solweig.SurfaceData) -> None:
    """And the statistics are of the steps that have it."""
    done = run(surface, windy(2.0, float("nan"), 2.0))
    alone = run(surface, windy(2.0, 2.0, 2.0))
    assert done.dataset is not None
    assert alone.dataset is not None
    utci = done.dataset["utci"].values
    assert np.isnan(utci[1]).all()
    assert np.isnan(done.dataset["pet"].values[1]).all()
    assert np.array_equal(done.dataset["tmrt"], alone.dataset["tmrt"])
    assert np.array_equal(utci[[0, 2]], alone.dataset["utci"].values[[0, 2]])
    assert np.isnan(done.timeseries.utci_mean).tolist() == [False, True, False]
    np.testing.assert_allclose(done.utci_mean, utci[[0, 2]].mean(0), atol=1e-4)
    assert done.metadata["comfort"]["steps_without_utci"] == 1
    assert "in 1 of 3 steps" in done.report()


def test_a_run_without_any_wind_counts_no_hours(surface: solweig.SurfaceData) -> None:
    done = run(surface, windy(float("nan")))
    assert np.isnan(done.utci_mean).all()
    for hours in done.utci_hours_above.values():
        assert np.isnan(hours).all()
    assert "UTCI above 32 degC, day hours" in done.report()
    assert "no UTCI" in done.report()


@pytest.mark.parametrize(
    "changes", [{"ta": -90.0}, {"ta": 64.0}, {"ws": 61.0}, {"ws": 100.0}, {"rh": float("nan")}]
)
def test_implausible_weather_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(WeatherDataError) as caught:
        weather((12,), **changes)
    assert caught.value.field == next(iter(changes))


# ------------------------------------------------------------------ the range of UTCI


def test_storms_and_calm_are_counted_and_said_once(
    surface: solweig.SurfaceData, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.INFO, "solweig")
    done = run(surface, windy(0.2, 17.0, 25.0, 40.0), output_dir=tmp_path)
    lines = said(caplog, "UTCI outside")
    assert len(lines) == 1
    assert "wind below 0.5 m/s in 1 of 4 steps" in lines[0]
    assert "wind above 17 m/s in 2 of 4 steps" in lines[0]
    assert "--utci-range" in lines[0]
    assert "wind above 17 m/s in 2 of 4 steps" in done.report()
    kept = json.loads((tmp_path / "run_metadata.json").read_text("utf-8"))["comfort"]
    assert kept == done.metadata["comfort"]
    assert kept["utci_range"] is None
    assert kept["utci_outside"]["steps"] == 3
    assert kept["utci_outside"]["steps_calm"] == 1
    assert kept["utci_outside"]["steps_storm"] == 2
    assert kept["utci_outside"]["cells"] == 0
    assert kept["utci_outside"]["cells_counted"] == 4 * done.tmrt_mean.size


def test_counts_of_steps_beside_fields_say_whose_weather_they_are_of(
    surface: solweig.SurfaceData, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "solweig")
    steps = windy(0.05, 3.0)
    by = "(steps: weather of the steps, not their fields)"
    calm_only = {"ws": solweig.WeatherField(np.full(surface.shape, 2.0, np.float32), 10.0)}
    done = run(surface, steps, fields=calm_only, outputs=["tmrt", "utci", "pet", "wbgt"])
    for start in ("UTCI outside", "PET: wind", "WBGT and globes: wind"):
        (line,) = (each for each in caplog.messages if each.startswith(start))
        assert "in 1 of 2 steps" in line
        assert by in line
    assert done.metadata["comfort"]["steps_by"] in by
    assert done.report().count(by) == 2
    caplog.clear()
    alone = run(surface, steps)
    assert by not in caplog.text + alone.report()
    assert "steps_by" not in alone.metadata["comfort"]
    # Cells are counted by their own air.
    cells = ComfortCounts.of(done.scalars, done.sums, fields=True)
    only = replace(cells, inputs=dict.fromkeys(cells.inputs, 0), above=3)
    assert "in 3 cells" in str(only.utci_line(None))
    assert by not in str(only.utci_line(None))


def test_nothing_is_said_inside_the_range(
    surface: solweig.SurfaceData, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "solweig")
    done = run(surface, windy(2.0, 3.0))
    assert said(caplog, "UTCI outside") == []
    assert "out of range" not in done.report()
    assert done.metadata["comfort"]["utci_outside"]["steps"] == 0


@pytest.mark.parametrize("rule", [None, "clip", "flag", "nan"])
def test_rules_of_a_run_are_those_of_the_grid(
    surface: solweig.SurfaceData, rule: str | None
) -> None:
    winds = (0.2, 2.0, 25.0)
    steps = windy(*winds)
    done = run(surface, steps, utci_range=rule)
    assert done.dataset is not None
    for i, (step, wind) in enumerate(zip(steps, winds, strict=True)):
        tmrt = done.dataset["tmrt"].values[i]
        want = compute_utci_grid(tmrt, step.ta, step.rh, wind, utci_range=rule)
        assert np.array_equal(done.dataset["utci"].values[i], want, equal_nan=True), wind
    missing = np.isnan(done.dataset["utci"].values).all((1, 2)).tolist()
    assert missing == ([True, False, True] if rule == "nan" else [False] * 3)
    assert done.metadata["comfort"]["utci_range"] == rule
    assert done.metadata["comfort"]["utci_outside"]["steps"] == 2


def test_the_wind_floor_of_before_is_clip(surface: solweig.SurfaceData) -> None:
    steps = windy(0.1)
    floor = run(surface, steps, config=solweig.ModelConfig(utci_wind_floor=True))
    clip, given = run(surface, steps, utci_range="clip"), run(surface, steps)
    assert np.array_equal(floor.utci_mean, clip.utci_mean)
    assert not np.array_equal(floor.utci_mean, given.utci_mean)


def test_another_rule_is_another_run(surface: solweig.SurfaceData) -> None:
    ids = {
        run(surface, windy(2.0), **options).metadata["run_id"]
        for options in ({}, {"utci_range": "clip"}, {"pet_variant": "2018"})
    }
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("options", "field"),
    [({"utci_range": "cut"}, "utci_range"), ({"pet_variant": "1987"}, "pet_variant")],
)
def test_unknown_words_are_refused(
    surface: solweig.SurfaceData, options: dict[str, str], field: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        run(surface, windy(2.0), **options)
    assert caught.value.field == field


@pytest.fixture(scope="module")
def large() -> solweig.SurfaceData:
    return prepared()


# Sun in hard frost: some ground has a Tmrt more than 70 K above the air.
FROST = {"ta": -45.0, "rh": 60.0, "global_rad": 1350.0, "measured_direct_rad": 1200.0,
         "measured_diffuse_rad": 450.0}  # fmt: skip


@pytest.mark.parametrize("rule", [None, "clip", "nan"])
def test_tiles_count_what_the_whole_raster_counts(
    large: solweig.SurfaceData, rule: str | None
) -> None:
    steps = weather((11, 12, 13), **FROST)
    options: dict[str, Any] = {
        "outputs": ["tmrt", "utci", "shadow"], "max_shadow_distance_m": REACH_M,
        "utci_range": rule,
    }  # fmt: skip
    one = run(large, steps, **options)
    two = run(large, steps, tile_size=25, **options)
    assert_same_run(one, two)
    outside = one.metadata["comfort"]["utci_outside"]
    assert one.dataset is not None
    tmrt = one.dataset["tmrt"].values
    above = int(np.count_nonzero(tmrt.astype(np.float64) > -45.0 + 70.0))
    assert 0 < above < np.count_nonzero(~np.isnan(tmrt))
    assert (outside["cells_above"], outside["cells_below"]) == (above, 0)
    assert f"in {above} cells" in one.report()
    gaps = np.isnan(one.dataset["utci"].values) & ~np.isnan(tmrt)
    assert np.count_nonzero(gaps) == (above if rule == "nan" else 0)
    assert two.metadata["tile_plan"]["tiles"] > 1


def test_finished_grids_say_it_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "solweig")
    tmrt = np.array([[30.0, 120.0], [np.nan, 125.0]], np.float32)
    compute_utci_grid(tmrt, 30.0, 40.0, 20.0)
    (line,) = said(caplog, "UTCI outside")
    assert "wind above 17 m/s" in line
    assert "in 2 cells (67 %)" in line
    result = solweig.SolweigResult(tmrt=tmrt)
    assert np.isnan(result.compute_utci(30.0, 40.0, 2.0, utci_range="nan")).sum() == 3
    result.compute_utci(weather((12,), ws=float("nan"))[0])
    assert result.utci is not None
    assert np.isnan(result.utci).all()


# ------------------------------------------------------------------ PET


def test_calm_has_a_pet_and_says_so(
    surface: solweig.SurfaceData, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "solweig")
    done = run(surface, windy(0.0, 2.0))
    (line,) = said(caplog, "PET")
    assert "1 of 2 steps" in line
    assert done.dataset is not None
    assert np.isfinite(done.dataset["pet"]).all()
    assert done.metadata["comfort"]["pet_calm_steps"] == 1
    assert "taken as 0.1 m/s" in done.report()
    run(surface, windy(0.0), outputs=["tmrt"])
    assert said(caplog, "PET") == []
    compute_pet_grid(np.full((1, 1), 40.0, np.float32), 25.0, 50.0, 0.05)
    assert len(said(caplog, "PET")) == 1


def test_the_variant_of_pet_is_named(surface: solweig.SurfaceData) -> None:
    means = {}
    for variant in ("1999", "2018", "reference"):
        done = run(surface, windy(2.0), pet_variant=variant)
        assert done.dataset is not None
        tmrt, step = done.dataset["tmrt"].values[0], windy(2.0)[0]
        wind = 2.0 * (1.1 / 10.0) ** 0.2
        want = compute_pet_grid(tmrt, step.ta, step.rh, wind, pet_variant=variant)
        np.testing.assert_allclose(done.dataset["pet"].values[0], want, atol=1e-4)
        comfort = done.metadata["comfort"]
        assert comfort["pet_variant"] == variant
        assert f"{variant} (" in done.report()
        means[variant] = float(want.mean())
    assert abs(means["1999"] - means["reference"]) < 0.5
    assert abs(means["2018"] - means["1999"]) > 0.3


def test_sitting_matters_to_2018() -> None:
    tmrt = np.full((1, 1), 50.0, np.float32)
    sitting = solweig.HumanParams(posture="sitting")
    for variant, differs in (("1999", False), ("2018", True)):
        one = compute_pet_grid(tmrt, 25.0, 50.0, 1.0, pet_variant=variant)
        two = compute_pet_grid(tmrt, 25.0, 50.0, 1.0, sitting, pet_variant=variant)
        assert bool(one != two) == differs


# ------------------------------------------------------------------ where people stand


def test_the_report_leaves_roofs_out(surface: solweig.SurfaceData) -> None:
    done = run(surface, weather((10, 12, 14)))
    assert done.open_ground is not None
    ground = done.open_ground == 1
    for where, cells in (("ground", ground), ("all", np.ones_like(ground))):
        text = done.report(where=where)
        assert f"{done.tmrt_mean[cells].mean():.1f} degC (from" in text, where
        assert ("without roofs" in text) == (where == "ground")
        assert np.array_equal(done.counted(where), cells)
    assert done.report() == done.report(where="ground") != done.report(where="all")
    assert done.mean("sun_hours") != done.mean("sun_hours", "all")
    frame, whole = done.timeseries.to_dataframe(), done.timeseries.to_dataframe(where="all")
    assert list(frame.columns) == list(whole.columns)
    assert not np.allclose(frame["tmrt_mean"], whole["tmrt_mean"])
    assert frame["ta"].equals(whole["ta"])
    for call in (done.report, done.timeseries.over, done.counted):
        with pytest.raises(ConfigurationError) as caught:
            call("roofs")
        assert caught.value.field == "where"
    with pytest.raises(ConfigurationError):
        done.mean("tmrt")


def test_every_line_of_heat_names_its_hours(surface: solweig.SurfaceData) -> None:
    done = run(
        surface,
        weather(tuple(range(14, 24))),
        heat_thresholds_day=[26, 32],
        heat_thresholds_night=[20, 26],
    )
    text = done.report()
    assert "UTCI above 32 degC, day hours" in text
    assert "UTCI above 20 degC, night hours" in text
    assert "UTCI above 26 degC, day and night" in text
    assert "Sun, shade by day" in text


def test_points_on_roofs_say_so(
    surface: solweig.SurfaceData, caplog: pytest.LogCaptureFixture
) -> None:
    points = {"roof": xy(8, 10), "lawn": xy(2, 2)}
    done = run(surface, weather((12,)), pois=points)
    assert said(caplog, "pois") == ["pois: roof on a roof"]
    assert done.metadata["means"] == {"where": "ground", "points_on_roofs": ["roof"]}
    assert "Points on roofs" in done.report()
    run(surface, weather((12,)), pois={"lawn": xy(2, 2)})
    assert said(caplog, "pois") == []

"""A run from surface and weather to statistics: wiring, consistency, reproducibility."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig.execution import ExecutionConfig
from solweig.results.metadata import content_hash
from solweig.results.state import ThermalState
from tests.support.run_cases import LOCATION, small_surface, weather, xy

DAY = tuple(range(24))


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


@pytest.fixture(scope="module")
def day(surface: solweig.SurfaceData) -> solweig.TimeseriesSummary:
    """A whole day with every output."""
    return solweig.calculate(
        surface, weather(DAY), LOCATION,
        outputs=["tmrt", "utci", "pet", "shadow", "kdown", "kup", "ldown", "lup"],
    )  # fmt: skip


def tmrt(summary: solweig.TimeseriesSummary) -> np.ndarray:
    assert summary.dataset is not None
    values: np.ndarray = summary.dataset["tmrt"].values
    return values


# ------------------------------------------------------------------ the physics arrives


def test_noon_is_plausible(day: solweig.TimeseriesSummary) -> None:
    data = day.dataset
    assert data is not None
    noon = data.sel(time="2006-08-01T12:00")
    lit = noon["shadow"].values == 1
    assert 0.3 < lit.mean() < 0.98
    open_lit, shaded = noon["tmrt"].values[lit], noon["tmrt"].values[~lit]
    assert 45 < np.median(open_lit) < 70
    assert 20 < np.median(shaded) < 45
    assert 600 < noon["kdown"].values.max() < 900
    assert 25 < noon["utci"].values.mean() < 40
    assert 25 < noon["pet"].values.mean() < 50


def test_night_is_dark_and_cooler_than_the_air(day: solweig.TimeseriesSummary) -> None:
    data = day.dataset
    assert data is not None
    night = data.sel(time="2006-08-01T02:00")
    assert (night["kdown"].values == 0).all()
    assert (night["shadow"].values == 0).all()
    assert (night["tmrt"].values < float(night["ta"]) + 0.5).all()


def test_statistics_are_those_of_the_steps(day: solweig.TimeseriesSummary) -> None:
    data = day.dataset
    assert data is not None
    lit = day.timeseries.is_daytime
    assert (len(day), day.n_timesteps) == (24, 24)
    assert day.n_daytime == int(lit.sum())
    assert day.n_daytime + day.n_nighttime == 24
    for name in ("tmrt", "utci"):
        steps = data[name].values.astype(np.float64)
        expected = {
            "mean": steps.mean(0),
            "max": steps.max(0),
            "min": steps.min(0),
            "day_mean": steps[lit].mean(0),
            "night_mean": steps[~lit].mean(0),
        }
        for statistic, grid in expected.items():
            got = getattr(day, f"{name}_{statistic}")
            assert got.dtype == np.float32
            assert np.allclose(got, grid, atol=2e-4), (name, statistic)


def test_hours_add_up(day: solweig.TimeseriesSummary) -> None:
    data = day.dataset
    assert data is not None
    lit = day.timeseries.is_daytime
    shadow = data["shadow"].values[lit].astype(np.float64)
    assert np.allclose(day.sun_hours + day.shade_hours, lit.sum(), atol=1e-4)
    assert np.allclose(day.sun_hours, shadow.sum(0), atol=1e-3)
    utci = data["utci"].values
    assert sorted(day.utci_hours_above) == [26.0, 32.0, 38.0]
    for threshold, period in ((32.0, lit), (38.0, lit), (26.0, ~lit)):
        hours = (utci[period] > threshold).sum(0)
        assert np.array_equal(day.utci_hours_above[threshold], hours.astype(np.float32))


def test_the_series_are_means_of_the_maps(day: solweig.TimeseriesSummary) -> None:
    data, series = day.dataset, day.timeseries
    assert data is not None
    assert len(series) == 24
    assert day.open_ground is not None
    ground, everywhere = day.open_ground == 1, np.ones(day.open_ground.shape, bool)
    assert 0.5 < ground.mean() < 1.0
    for where, cells in (("ground", ground), ("all", everywhere)):
        area = series.over(where)
        for name, mean in (("tmrt", area.tmrt_mean), ("utci", area.utci_mean)):
            assert np.allclose(mean, data[name].values[:, cells].mean(1), atol=1e-3), where
        sunlit = data["shadow"].values[:, cells].mean(1)
        assert np.allclose(area.sun_fraction, sunlit, atol=1e-3)
        assert day.mean("tmrt_mean", where) == pytest.approx(day.tmrt_mean[cells].mean(), abs=1e-3)
    assert np.array_equal(series.tmrt_mean, series.over("ground").tmrt_mean)
    assert not np.allclose(series.tmrt_mean, series.over("all").tmrt_mean, atol=0.05)
    assert (series.is_daytime == (series.sun_altitude > 0)).all()
    sunlit = series.is_daytime
    assert (series.direct_rad[~sunlit] == 0).all()
    assert (series.diffuse_rad[series.global_rad > 0] > 0).all()
    assert (series.diffuse_fraction[series.global_rad > 0] <= 1).all()
    table = series.to_dataframe()
    assert list(table.index) == [w.datetime for w in weather(DAY)]


def test_utci_agrees_with_the_grid_function(day: solweig.TimeseriesSummary) -> None:
    data, step = day.dataset, weather(DAY)[12]
    assert data is not None
    result = solweig.SolweigResult(tmrt=tmrt(day)[12])
    assert np.array_equal(result.compute_utci(step), data["utci"].values[12])


# ------------------------------------------------------------------ arguments arrive


def test_every_choice_changes_tmrt(surface: solweig.SurfaceData) -> None:
    steps = weather((11, 12))
    base = tmrt(solweig.calculate(surface, steps, LOCATION))
    choices: list[dict[str, Any]] = [
        {"use_anisotropic_sky": False},
        {"human": solweig.HumanParams(abs_l=0.95)},
        {"human": solweig.HumanParams(posture="sitting")},
        {"formulation": "improved"},
        {"max_shadow_distance_m": 5.0},
        {"config": solweig.ModelConfig(body="box")},
    ]
    for choice in choices:
        other = tmrt(solweig.calculate(surface, steps, LOCATION, **choice))
        assert not np.array_equal(base, other), choice
        assert np.abs(base - other).max() < 40, choice


def test_leaves_matter_in_winter_only_for_broadleaves(surface: solweig.SurfaceData) -> None:
    steps = weather((11, 12, 13), day="2006-02-01")
    bare = tmrt(solweig.calculate(surface, steps, LOCATION))
    conifer = tmrt(solweig.calculate(surface, steps, LOCATION, conifer=True))
    assert not np.array_equal(bare, conifer)
    summer = weather((12,))
    one = tmrt(solweig.calculate(surface, summer, LOCATION))
    two = tmrt(solweig.calculate(surface, summer, LOCATION, conifer=True))
    assert np.array_equal(one, two)


def test_an_argument_beats_the_configuration(surface: solweig.SurfaceData) -> None:
    config = solweig.ModelConfig(
        use_anisotropic_sky=False, outputs=["utci"], heat_thresholds_day=[30.0]
    )
    steps = weather((12,))
    from_config = solweig.calculate(surface, steps, LOCATION, config=config)
    assert from_config.dataset is not None
    assert "utci" in from_config.dataset
    assert from_config.heat_thresholds_day == [30.0]
    beaten = solweig.calculate(
        surface, steps, LOCATION, config=config, use_anisotropic_sky=True, outputs=["tmrt"],
        heat_thresholds_day=[31.0],
    )  # fmt: skip
    plain = solweig.calculate(surface, steps, LOCATION)
    assert np.array_equal(tmrt(beaten), tmrt(plain))
    assert 31.0 in beaten.utci_hours_above


def test_an_argument_that_reads_like_the_default_beats_the_configuration(
    surface: solweig.SurfaceData,
) -> None:
    steps = weather((12,))
    config = solweig.ModelConfig(formulation="improved", conifer=True)
    plain = tmrt(solweig.calculate(surface, steps, LOCATION))
    said = solweig.calculate(
        surface, steps, LOCATION, config=config, formulation="reference", conifer=False
    )
    np.testing.assert_array_equal(tmrt(said), plain)
    unsaid = tmrt(solweig.calculate(surface, steps, LOCATION, config=config))
    assert not np.array_equal(unsaid, plain)


def test_a_single_weather_is_a_series_of_one(surface: solweig.SurfaceData) -> None:
    step = weather((12,))[0]
    one = solweig.calculate(surface, step, LOCATION)
    assert len(one) == 1
    assert np.array_equal(tmrt(one), tmrt(solweig.calculate(surface, [step], LOCATION)))


def test_precomputed_walls_and_sky_win(surface: solweig.SurfaceData) -> None:
    steps = weather((12,))
    other = small_surface(seed=4)
    given = solweig.PrecomputedData(svf=other.svf, shadow_matrices=other.shadow_matrices)
    base = tmrt(solweig.calculate(surface, steps, LOCATION))
    assert not np.array_equal(
        base, tmrt(solweig.calculate(surface, steps, LOCATION, precomputed=given))
    )
    own = solweig.PrecomputedData(svf=surface.svf, shadow_matrices=surface.shadow_matrices)
    bare = small_surface(svf=False)
    assert np.array_equal(base, tmrt(solweig.calculate(bare, steps, LOCATION, precomputed=own)))


def test_without_a_location_the_crs_gives_one(surface: solweig.SurfaceData) -> None:
    steps = weather((11,))
    utc = solweig.Location.from_surface(surface, utc_offset=0.0)
    with pytest.warns(UserWarning, match="utc_offset"):
        implied = solweig.calculate(surface, steps)
    assert np.array_equal(tmrt(implied), tmrt(solweig.calculate(surface, steps, utc)))


def test_tile_size_changes_nothing(surface: solweig.SurfaceData) -> None:
    steps = weather((12,))
    tiled = solweig.calculate(surface, steps, LOCATION, tile_size=8)
    assert tiled.metadata["tile_plan"]["tiles"] == 12
    assert np.array_equal(tmrt(tiled), tmrt(solweig.calculate(surface, steps, LOCATION)))


def test_a_surface_of_another_formulation_is_named(
    surface: solweig.SurfaceData, caplog: pytest.LogCaptureFixture
) -> None:
    solweig.calculate(surface, weather((12,)), LOCATION)
    assert "formulation" not in caplog.text
    solweig.calculate(surface, weather((12,)), LOCATION, formulation="improved")
    assert "the run is 'improved', its surface was prepared as 'reference'" in caplog.text


def test_progress_counts_every_step(surface: solweig.SurfaceData) -> None:
    seen: list[tuple[int, int]] = []
    solweig.calculate(
        surface, weather(), LOCATION, progress_callback=lambda c, t: seen.append((c, t))
    )
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


# ------------------------------------------------------------------ state and repetition


def test_repeating_a_run_gives_the_same_bits(surface: solweig.SurfaceData) -> None:
    one = solweig.calculate(surface, weather(DAY), LOCATION)
    two = solweig.calculate(small_surface(), weather(DAY), LOCATION)
    assert np.array_equal(tmrt(one), tmrt(two), equal_nan=True)
    assert np.array_equal(one.utci_max, two.utci_max, equal_nan=True)


def test_a_period_cut_in_two_goes_on(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    steps = weather(tuple(range(4, 16)))
    whole = solweig.calculate(surface, steps, LOCATION)
    first = solweig.calculate(surface, steps[:6], LOCATION)
    assert first.state is not None
    state = ThermalState.load(first.state.save(tmp_path / "state"))
    kept = {name: grid.copy() for name, grid in state.fields.items()}
    second = solweig.calculate(surface, steps[6:], LOCATION, state=state)
    assert np.array_equal(tmrt(second), tmrt(whole)[6:], equal_nan=True)
    assert all(np.array_equal(kept[n], state.fields[n]) for n in kept), "the given state is kept"
    fresh = solweig.calculate(surface, steps[6:], LOCATION)
    assert not np.array_equal(tmrt(fresh), tmrt(second)), "the state matters"


def test_a_state_of_another_raster_is_refused(surface: solweig.SurfaceData) -> None:
    state = ThermalState(False, 0.0, {"lup": np.zeros((3, 3), np.float32)})
    with pytest.raises(solweig.GridShapeMismatch, match="state"):
        solweig.calculate(surface, weather(), LOCATION, state=state)


def test_saved_states_are_checked(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ThermalState.load(tmp_path / "none.npz")
    np.savez(tmp_path / "other.npz", a=1)
    with pytest.raises(solweig.ConfigurationError, match="thermal state"):
        ThermalState.load(tmp_path / "other.npz")


@pytest.mark.parametrize("option", [1, 3, 4])
def test_every_sky_division_runs(surface: solweig.SurfaceData, option: int) -> None:
    other = small_surface(svf=False)
    other.compute_svf(patch_option=option)
    steps = weather((9, 12))
    base = tmrt(solweig.calculate(surface, steps, LOCATION))
    got = tmrt(solweig.calculate(other, steps, LOCATION))
    assert not np.array_equal(base, got)
    # Coarser or finer patches shift Tmrt a little, they do not change the picture.
    assert np.abs(got - base).mean() < 1.5


def test_threads_do_not_change_a_bit() -> None:
    """The pool is sized once per process, so each count gets its own."""
    root = Path(__file__).resolve().parents[2]
    code = "from tests.run.test_calculation import digest; import sys; sys.stdout.write(digest())"
    digests = set()
    for threads in (1, 2, 7):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "RAYON_NUM_THREADS": str(threads)},
            cwd=root, capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
        digests.add(done.stdout)
    assert len(digests) == 1
    assert digests == {digest()}


def digest() -> str:
    """Everything a morning gives, in one word."""
    summary = solweig.calculate(
        small_surface(seed=7), weather((5, 8, 11, 14)), LOCATION,
        outputs=["tmrt", "utci", "pet", "shadow", "kdown", "kup", "ldown", "lup"],
    )  # fmt: skip
    assert summary.dataset is not None
    parts = [summary.dataset[name].values for name in summary.dataset.data_vars]
    return content_hash([content_hash(a) for a in (*parts, *summary.grids().values())])


# ------------------------------------------------------------------ engine


def test_the_tally_is_of_this_run_alone(surface: solweig.SurfaceData) -> None:
    one = solweig.calculate(surface, weather(), LOCATION).tally
    two = solweig.calculate(surface, weather(), LOCATION).tally
    assert one
    runs = {stage: entry["cpu_runs"] for stage, entry in one.items()}
    assert runs == {stage: entry["cpu_runs"] for stage, entry in two.items()}
    assert max(runs.values()) == 4
    assert not any(entry["gpu_runs"] or entry["fallbacks"] for entry in one.values())


def test_timing_is_told_on_request(
    surface: solweig.SurfaceData,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    solweig.calculate(surface, weather((12,)), LOCATION)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("SOLWEIG_TIMING", "1")
    solweig.calculate(surface, weather((12,)), LOCATION)
    assert capsys.readouterr().err.startswith("[timing] step 1/1: ")


@pytest.mark.engine
def test_a_gpu_that_is_demanded_is_not_replaced(surface: solweig.SurfaceData) -> None:
    with pytest.raises(solweig.ConfigurationError, match="accelerator"):
        solweig.calculate(
            surface, weather(), LOCATION, execution=ExecutionConfig(accelerator="gpu")
        )
    summary = solweig.calculate(
        surface, weather((12,)), LOCATION, execution=ExecutionConfig(accelerator="auto")
    )
    assert summary.metadata["device"]["accelerator"] == "cpu"


@pytest.mark.parametrize(
    "bad", [{"accelerator": "tpu"}, {"strategy": "magic"}, {"workers": 0}, {"inflight_limit": 0}]
)
def test_execution_wishes_are_checked(bad: dict[str, Any]) -> None:
    with pytest.raises(solweig.ConfigurationError, match=f"execution.{next(iter(bad))}"):
        ExecutionConfig(**bad)


# ------------------------------------------------------------------ what it says


def test_report_tells_the_run(day: solweig.TimeseriesSummary) -> None:
    text = day.report()
    assert text.isascii()
    for part in ("2006-08-01 00:00", "24 (", "Tmrt mean", "UTCI above 32", "Ran on", "on CPU"):
        assert part in text
    assert f"{day.tmrt_mean[day.open_ground == 1].mean():.1f} degC" in text
    page = day._repr_html_()
    assert page.count("<table>") == 4
    assert "Tmrt mean" in page
    assert "24 steps" in repr(day)


def test_plot_draws_every_series(day: solweig.TimeseriesSummary, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "series.png"
    figure = day.plot(save_path=path, figsize=(8, 6))
    labels = {line.get_label() for axes in figure.axes for line in axes.lines}
    assert {"Air", "Global", "Sunlit ground [-]"} <= labels
    assert path.read_bytes().startswith(b"\x89PNG")
    assert not list(tmp_path.glob("*partial*"))


def test_plot_without_matplotlib_says_what_to_install(
    day: solweig.TimeseriesSummary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(solweig.ConfigurationError, match=r"solweig\[plot\]"):
        day.plot()


def test_summary_can_be_written_later(day: solweig.TimeseriesSummary, tmp_path: Path) -> None:
    day.to_geotiff(tmp_path)
    assert (tmp_path / "summary" / "utci_hours_above_26_night.tif").exists()
    assert len(list((tmp_path / "summary").glob("*.tif"))) == len(day.grids())


def test_points_in_a_run_with_files(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    import pandas as pd

    summary = solweig.calculate(
        surface, weather(), LOCATION, output_dir=tmp_path, pois={"mast": xy(18, 4)}
    )
    stored = pd.read_csv(tmp_path / "pois.csv", parse_dates=["time"])
    assert summary.pois is not None
    assert np.allclose(stored["tmrt"], summary.pois["tmrt"])


def test_half_hours_count_half(surface: solweig.SurfaceData) -> None:
    hourly = weather((12,))[0]
    halves = [
        solweig.Weather(
            hourly.datetime + timedelta(minutes=30 * i), 25.0, 45.0, 800.0, 2.0,
            timestep_minutes=30,
        )
        for i in range(4)
    ]  # fmt: skip
    summary = solweig.calculate(surface, halves, LOCATION)
    assert np.allclose(summary.sun_hours + summary.shade_hours, 2.0, atol=1e-5)

"""Longwave of the sky that is measured, and other ways to split a global radiation."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import solweig
from solweig import _core
from solweig.errors import ConfigurationError, WeatherDataError
from solweig.weather.checks import check_weather
from solweig.weather.location import Location
from solweig.weather.radiation import horizontal_share
from solweig.weather.series import weather_series
from solweig.weather.step import Weather
from tests.support.run_cases import LOCATION, small_surface, weather
from tests.support.run_cases import weather as run_weather
from tests.support.weather_cases import GOTHENBURG

SIGMA = 5.67051e-8
UMEP_HEADER = "%iy id it imin Q* QH QE Qs Qf Wind RH Td press rain Kdn snow ldown f w x l Kd Kb W\n"


def day(**changes: object) -> list[Weather]:
    """A clear day of which the global radiation alone is known."""
    rows = []
    for hour in range(1, 25):
        total = max(0.0, 800.0 * np.sin(np.pi * (hour - 4.5) / 16.0))
        values = {"ta": 20.0, "rh": 60.0, "global_rad": total, **changes}
        rows.append(Weather(datetime(2023, 7, 10) + timedelta(hours=hour), **values))  # type: ignore[arg-type]
    return rows


# ------------------------------------------------------------------ measured longwave


def test_a_run_takes_measured_longwave_or_leaves_it() -> None:
    rows = day(measured_longwave_down=345.0)
    left = weather_series(rows, GOTHENBURG).columns["longwave_down"]
    taken = weather_series(rows, GOTHENBURG, longwave="measured").columns["longwave_down"]
    assert np.isnan(left).all()
    assert (taken == 345.0).all()


def test_steps_without_are_refused_by_name() -> None:
    rows = day(measured_longwave_down=345.0)
    rows[3].measured_longwave_down = None
    rows[7].measured_longwave_down = float("nan")
    with pytest.raises(WeatherDataError, match=r"2 of 24 missing, at 2023-07-10 04:00, .* 08:00"):
        weather_series(rows, GOTHENBURG, longwave="measured")
    weather_series(rows, GOTHENBURG)


@pytest.mark.parametrize("value", [-60.0, 0.0, 1.2e6])
def test_longwave_that_no_sky_sends_is_refused(value: float) -> None:
    with pytest.raises(WeatherDataError, match="longwave_down: expected 40 to 700"):
        day(measured_longwave_down=value)


@pytest.mark.parametrize("share", [0.4, 1.25])
def test_longwave_far_from_the_air_is_told(share: float) -> None:
    black = SIGMA * 293.15**4
    series = weather_series(
        day(measured_longwave_down=share * black), GOTHENBURG, longwave="measured"
    )
    found = {f.check for f in check_weather(series, GOTHENBURG)}
    assert "sky longwave" in found
    series = weather_series(
        day(measured_longwave_down=0.8 * black), GOTHENBURG, longwave="measured"
    )
    assert "sky longwave" not in {f.check for f in check_weather(series, GOTHENBURG)}


def umep(path: Path, longwave: float) -> Path:
    row = "2023 191 {h} 0 -999 -999 -999 -999 -999 2 60 -999 101.3 0 0 -999 {l} -999 -999 -999 -999"
    lines = [row.format(h=h, l=longwave if h == 2 else 333.0) + " -999 -999 -999" for h in range(4)]
    path.write_text(UMEP_HEADER + "\n".join(lines).replace("-999 101.3", "18 101.3") + "\n")
    return path


def test_umep_files_hold_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = Weather.from_umep_met(umep(tmp_path / "good.txt", -999.0))
    assert [row.measured_longwave_down for row in rows] == [333.0, 333.0, None, 333.0]
    with caplog.at_level(logging.INFO, "solweig"):
        rows = Weather.from_umep_met(umep(tmp_path / "net.txt", -55.0))
    assert [row.measured_longwave_down for row in rows] == [333.0, 333.0, None, 333.0]
    assert "longwave from the sky is -55 W/m2 in one of 1 row(s)" in caplog.text
    rows = Weather.from_umep_met(tmp_path / "net.txt", fill="interpolate")
    assert [row.measured_longwave_down for row in rows] == [333.0] * 4


def test_the_sky_sends_what_was_measured() -> None:
    surface = small_surface()
    steps = run_weather([3, 12], measured_longwave_down=330.0)
    for sky in (True, False):
        options = {"use_anisotropic_sky": sky, "outputs": ["ldown"], "output_dir": None}
        plain = solweig.calculate(surface, steps, LOCATION, **options)
        taken = solweig.calculate(surface, steps, LOCATION, longwave="measured", **options)
        same = [Weather(**{**vars_of(s), "measured_longwave_down": None}) for s in steps]
        black = [SIGMA * (s.ta + 273.15) ** 4 for s in steps]
        modelled = [_core.sky_emissivity(s.ta, s.rh) * j for s, j in zip(steps, black, strict=True)]
        assert np.array_equal(
            plain.dataset["ldown"],
            solweig.calculate(surface, same, LOCATION, **options).dataset["ldown"],
            equal_nan=True,
        )
        # A cell takes more or less from the sky as the sky sends more or less.
        moved = (taken.dataset["ldown"] - plain.dataset["ldown"]).to_numpy()
        for i, step in enumerate(modelled):
            assert np.sign(np.nanmean(moved[i])) == np.sign(330.0 - step)


def vars_of(step: Weather) -> dict[str, object]:
    names = ("datetime", "ta", "rh", "global_rad", "ws", "pressure", "timestep_minutes", "stamp")
    return {name: getattr(step, name) for name in names}


# ------------------------------------------------------------------ emissivity


def test_formulae_and_offset_reach_the_sky() -> None:
    surface, steps = small_surface(), weather([2])

    def esky(**options: object) -> float:
        summary = solweig.calculate(
            surface, steps, LOCATION, output_dir=None, outputs=["ldown"], **options
        )
        return float(np.nanmax(summary.dataset["ldown"]))

    found = {name: esky(sky_emissivity=name) for name in ("prata", "brunt", "dilley")}
    assert found["prata"] == esky()
    assert len(set(found.values())) == 3
    assert esky(sky_emissivity_offset=-0.04) < found["prata"]
    settings = solweig.run.settings.RunSettings.resolve
    assert settings().model.sky_emissivity == "prata"
    assert settings(formulation="improved").model.sky_emissivity == "dilley"
    assert settings(formulation="improved", sky_emissivity="prata").model.sky_emissivity == "prata"


def test_unknown_choices_are_refused() -> None:
    for name, value in (
        ("sky_emissivity", "swinbank"), ("sky_emissivity_offset", 0.5), ("longwave", "sky"),
        ("split", "erbs"),
    ):  # fmt: skip
        with pytest.raises(ConfigurationError) as caught:
            solweig.ModelConfig(**{name: value})  # type: ignore[arg-type]
        assert caught.value.field == name
    with pytest.raises(ValueError, match="prata"):
        _core.sky_emissivity(20.0, 50.0, "swinbank")


# ------------------------------------------------------------------ split


@pytest.mark.parametrize("split", ["disc", "dirint"])
@pytest.mark.parametrize("beam", ["normal", "horizontal"])
@pytest.mark.parametrize("suns", [1, 3])
def test_parts_give_the_global(split: str, beam: str, suns: int) -> None:
    series = weather_series(day(), GOTHENBURG, split=split, beam=beam, sun_substeps=suns)
    columns, lit = series.columns, series.daytime
    direct, diffuse = columns["direct_rad"][lit], columns["diffuse_rad"][lit]
    share = horizontal_share(columns["altitude"], beam)[lit]
    # The altitude of several suns is that of their mean sine while they are up.
    np.testing.assert_allclose(direct * share + diffuse, columns["global_rad"][lit], atol=1e-9)
    assert (direct >= 0).all()
    assert (diffuse >= 0).all()
    assert direct.max() > 300.0
    assert np.isnan(columns["direct_rad"][~lit]).all()


def test_splits_differ_and_measured_parts_stay() -> None:
    rows = day()
    noon = rows[11]
    noon.measured_direct_rad, noon.measured_diffuse_rad = 812.0, 90.0
    found = {s: weather_series(rows, GOTHENBURG, split=s).columns for s in ("disc", "dirint")}
    assert all(c["direct_rad"][11] == 812.0 for c in found.values())
    assert not np.allclose(found["disc"]["direct_rad"][8], found["dirint"]["direct_rad"][8])
    assert np.isnan(weather_series(rows, GOTHENBURG).columns["direct_rad"][8])


def test_a_single_step_and_a_gap_can_be_split() -> None:
    for rows in (day()[11:12], [*day()[9:11], *day()[14:16]]):
        series = weather_series(rows, GOTHENBURG, split="dirint", gaps="allow")
        assert (series.columns["direct_rad"] > 0).all()


def test_low_sun_has_no_beam_and_southern_winters_have() -> None:
    south = Location(-33.9, 151.2, 10.0, 10)
    rows = [Weather(datetime(2023, 6, 21, 12), ta=15.0, rh=50.0, global_rad=480.0)]
    assert weather_series(rows, south, split="disc").columns["direct_rad"][0] > 400.0
    low = [Weather(datetime(2023, 7, 10, 4, 30), ta=15.0, rh=50.0, global_rad=5.0)]
    assert weather_series(low, GOTHENBURG, split="disc").columns["direct_rad"][0] == 0.0

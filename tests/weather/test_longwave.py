"""Measured longwave from the sky: read where a file has it, carried as a column of the series."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from solweig.errors import WeatherDataError
from solweig.weather.series import weather_series
from solweig.weather.step import Weather
from tests.support.clear_days import write_epw
from tests.support.weather_cases import GOTHENBURG, day, step
from tests.weather.test_readers import met_row, write_met


def test_a_series_takes_it_where_it_is_asked_for() -> None:
    rows = day(measured_longwave_down=333.0)
    assert np.isnan(weather_series(rows, GOTHENBURG).columns["longwave_down"]).all()
    found = weather_series(rows, GOTHENBURG, longwave="measured").columns["longwave_down"]
    assert (found == 333.0).all()


def test_readers_read_it(tmp_path: Path) -> None:
    epw = Weather.from_epw(write_epw(tmp_path / "a.epw"))
    assert {row.measured_longwave_down for row in epw} == {330.0}
    rows = [met_row(173, 10, 0), met_row(173, 11, 0)]
    parts = rows[0].split(" ")
    parts[16] = "345.5"
    umep = Weather.from_umep_met(write_met(tmp_path / "m.txt", [" ".join(parts), rows[1]]))
    assert [row.measured_longwave_down for row in umep] == [345.5, None]
    frame = pd.DataFrame(
        {"ta": 20.0, "rh": 50.0, "global_rad": 0.0, "ldown": [300.0, np.nan]},
        index=pd.date_range("2020-06-21 10:00", periods=2, freq="h"),
    )
    table = Weather.from_dataframe(frame)
    assert [row.measured_longwave_down for row in table] == [300.0, None]


def test_what_no_sky_sends_is_missing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def rows(value: object) -> list[Weather]:
        path = write_epw(tmp_path / "b.epw", edit=lambda row: [*row[:12], value, *row[13:]])
        return Weather.from_epw(path)

    with caplog.at_level(logging.WARNING, "solweig"):
        assert {row.measured_longwave_down for row in rows(0)} == {None}
        assert {row.measured_longwave_down for row in rows(9999)} == {None}
        assert caplog.text == ""
        assert {row.measured_longwave_down for row in rows(1200)} == {None}
    assert "1200 W/m2 in one of 48 row(s)" in caplog.text
    with pytest.raises(WeatherDataError, match="measured_longwave_down: expected 40 to 700"):
        step(measured_longwave_down=0.0)

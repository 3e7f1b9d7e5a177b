"""Periods of EPW files said by month and day."""

from __future__ import annotations

import lzma
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import solweig
from solweig.errors import WeatherDataError

ATHENS = Path(__file__).parents[1] / "data" / "data" / "weather" / "athens_2023.epw.xz"


@pytest.fixture(scope="module")
def epw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weather") / "athens.epw"
    path.write_bytes(lzma.decompress(ATHENS.read_bytes()))
    return path


@pytest.mark.parametrize(
    ("start", "end"),
    [("07-01", "07-02"), ("7-1", "7-2"), ("2023-07-01", "07-02"), ("07-01", "2023-07-02")],
)
def test_month_and_day_are_of_the_files_year(epw: Path, start: str, end: str) -> None:
    steps = solweig.Weather.from_epw(epw, start=start, end=end)
    assert len(steps) == 48
    assert steps[0].datetime == datetime(2023, 7, 1, 0)
    assert steps[-1].datetime == datetime(2023, 7, 2, 23)


@pytest.mark.parametrize(
    "period", [{"start": "12-31", "end": "01-01"}, {"start": "13-01"}, {"start": "July 1"}]
)
def test_what_is_no_period_is_refused(epw: Path, period: dict[str, Any]) -> None:
    with pytest.raises(WeatherDataError):
        solweig.Weather.from_epw(epw, **period)

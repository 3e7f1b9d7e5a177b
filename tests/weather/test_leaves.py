"""When crowns have leaves: by latitude, by dates that are said, and in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solweig.config import ModelConfig, leaf_date
from solweig.errors import ConfigurationError
from solweig.weather.leaves import TROPIC, season_at
from solweig.weather.location import Location
from solweig.weather.series import weather_series
from tests.support.weather_cases import step

YEAR = np.arange("2023-01-01", "2024-01-01", dtype="datetime64[D]")


def on(latitude: float, date: str, **options: Any) -> bool:
    return bool(season_at(latitude, **options).on(np.array([date], "datetime64[D]"))[0])


@given(latitude=st.floats(-TROPIC, TROPIC))
def test_between_the_tropics_there_are_always_leaves(latitude: float) -> None:
    assert season_at(latitude).on(YEAR).all()


def test_singapore_in_january_is_in_leaf() -> None:
    place = Location(1.3, 103.8, 0.0, 8.0)
    series = weather_series(step("2023-01-15 12:00"), place)
    assert series.step(0)["leaf_on"] is True
    assert "leaves: all year (between the tropics)" in series.notes


def test_poleward_the_hemispheres_are_half_a_year_apart() -> None:
    north, south = season_at(40.0).on(YEAR), season_at(-40.0).on(YEAR)
    days = np.arange(1, 366)
    assert days[north].tolist() == list(range(98, 300))
    # 183 days on: from day 281 to day 116 of the year after.
    assert days[south].tolist() == [*range(1, 117), *range(281, 366)]


@pytest.mark.parametrize("latitude", [1.3, 40.0, -40.0])
def test_dates_that_are_said_hold_anywhere(latitude: float) -> None:
    said = {"leaf_on": "04-15", "leaf_off": "11-01"}
    assert not on(latitude, "2023-04-14", **said)
    assert on(latitude, "2023-04-15", **said)
    assert on(latitude, "2023-10-31", **said)
    assert not on(latitude, "2023-11-01", **said)
    over = {"leaf_on": 300, "leaf_off": 60}
    assert on(latitude, "2023-12-31", **over)
    assert on(latitude, "2024-02-28", **over)
    assert not on(latitude, "2024-02-29", **over)
    assert not on(latitude, "2023-10-26", **over)
    assert on(latitude, "2023-10-27", **over)
    assert on(latitude, "2023-01-15", conifer=True)


def test_a_date_is_that_date_in_leap_years_too() -> None:
    said = {"leaf_on": "03-01", "leaf_off": "11-01"}
    for year in (2023, 2024):
        assert not on(50.0, f"{year}-02-28", **said)
        assert on(50.0, f"{year}-03-01", **said)
        assert on(50.0, f"{year}-10-31", **said)
        assert not on(50.0, f"{year}-11-01", **said)
    leap = {"leaf_on": "02-29", "leaf_off": "11-01"}
    assert on(50.0, "2024-02-29", **leap)
    assert not on(50.0, "2023-02-28", **leap)
    assert on(50.0, "2023-03-01", **leap)


def test_what_was_used_is_in_words() -> None:
    assert str(season_at(40)) == (
        "leaves: from day 98 on, none from day 300 on (northern hemisphere)"
    )
    assert "southern hemisphere" in str(season_at(-40))
    assert str(season_at(40, conifer=True)) == "leaves: all year (conifer)"
    assert "(days of the parameters)" in str(season_at(40, leaf_days=(100, 200)))
    assert str(season_at(40, leaf_on="04-15", leaf_off=300)) == (
        "leaves: from 04-15 on, none from day 300 on (leaf_on and leaf_off)"
    )


@pytest.mark.parametrize(
    ("said", "kept"),
    [(None, None), (100, 100), ("100", 100), ("04-15", "04-15"), ("--04-15", "04-15"),
     ("02-29", "02-29")],
)  # fmt: skip
def test_leaf_dates(said: Any, kept: Any) -> None:
    assert leaf_date("leaf_on", said) == kept


@pytest.mark.parametrize(
    "said", [0, 367, True, "13-01", "04-31", "4-15", "April", 1.5, "2023-04-15"]
)
def test_bad_leaf_dates(said: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ModelConfig(leaf_on=said, leaf_off=300)
    assert caught.value.field == "leaf_on"
    assert "04-15" in str(caught.value)


def test_one_leaf_date_is_no_season() -> None:
    for half in ({"leaf_on": 100}, {"leaf_off": 300}):
        with pytest.raises(ConfigurationError, match=r"leaf_on= \(--leaf-on\) and leaf_off="):
            ModelConfig(**half)
    with pytest.raises(ConfigurationError, match="twice 100"):
        ModelConfig(leaf_on=100, leaf_off=100)

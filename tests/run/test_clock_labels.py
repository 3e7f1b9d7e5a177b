"""Tmrt is the same whatever clock labels the instants, and however the intervals are stamped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import solweig
from solweig.typing import F64
from tests.support.clear_days import clear_day

SAME = 1e-3  # K
PLACES = {
    "Delhi": (28.6, 77.2, 5.5, "2023-07-10"),
    "Sydney": (-33.9, 151.2, 10.0, "2023-01-10"),
    "Auckland": (-36.9, 174.8, 12.0, "2023-01-10"),
    "Athens": (38.0, 23.7, 2.0, "2023-07-10"),
    "Madrid": (40.4, -3.7, 1.0, "2023-07-10"),
    "Honolulu": (21.3, -157.9, -10.0, "2023-07-10"),
    "Kathmandu": (27.7, 85.3, 5.75, "2023-07-10"),
}


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    """A house on asphalt, without a place."""
    dsm = np.zeros((12, 12), np.float32)
    dsm[4:7, 4:7] = 8.0
    cover = np.where(dsm > 0, 2, 1).astype(np.uint8)
    made = solweig.SurfaceData(dsm, dem=np.zeros_like(dsm), land_cover=cover, pixel_size=2.0)
    made.compute_svf()
    return made


def tmrt(
    surface: solweig.SurfaceData,
    latitude: float,
    longitude: float,
    ends: pd.DatetimeIndex,
    offset: float,
    *,
    stamp: str = "end",
    aware: bool = False,
    **config: Any,
) -> F64:
    """Maps of intervals that end at instants of UTC, ``[step, row, column]``."""
    table = clear_day(latitude, longitude, ends)
    moved = {"end": 0, "centre": 30, "start": 60}[stamp]
    table.index = ends + pd.Timedelta(hours=offset) - pd.Timedelta(minutes=moved)
    if aware:
        table.index = table.index.tz_localize(f"Etc/GMT{-offset:+.0f}")
    summary = solweig.calculate(
        surface,
        solweig.Weather.from_dataframe(table, stamp=stamp),
        solweig.Location(latitude, longitude, 10.0, 0.0 if aware else offset),
        config=solweig.ModelConfig(outputs=["tmrt"], **config),
    )
    return np.asarray(summary.dataset["tmrt"], np.float64)


def local_day(date: str, offset: float) -> pd.DatetimeIndex:
    return pd.date_range(f"{date} 01:00", periods=24, freq="h") - pd.Timedelta(hours=offset)


@pytest.mark.parametrize("name", list(PLACES))
@pytest.mark.filterwarnings("ignore:utc_offset")
def test_any_label_gives_the_same_heat(surface: solweig.SurfaceData, name: str) -> None:
    latitude, longitude, offset, date = PLACES[name]
    ends = local_day(date, offset)
    local = tmrt(surface, latitude, longitude, ends, offset)
    for label in (0.0, offset + 1.0, -3.25):
        other = tmrt(surface, latitude, longitude, ends, label)
        assert np.nanmax(np.abs(other - local)) < SAME
    aware = tmrt(surface, latitude, longitude, ends, round(offset), aware=True)
    assert np.nanmax(np.abs(aware - local)) < SAME


def test_the_reference_rule_does_depend_on_the_label(surface: solweig.SurfaceData) -> None:
    latitude, longitude, offset, date = PLACES["Delhi"]
    ends = local_day(date, offset)
    local = tmrt(surface, latitude, longitude, ends, offset, ground_clock="legal")
    utc = tmrt(surface, latitude, longitude, ends, 0.0, ground_clock="legal")
    assert np.nanmax(np.abs(utc - local)) > 5.0


@pytest.mark.parametrize("formulation", ["reference", "improved"])
@pytest.mark.parametrize("stamp", ["centre", "start"])
def test_equal_intervals_give_the_same_heat(
    surface: solweig.SurfaceData, formulation: str, stamp: str
) -> None:
    latitude, longitude, offset, date = PLACES["Athens"]
    ends = local_day(date, offset)
    options: dict[str, Any] = {"formulation": formulation}
    end = tmrt(surface, latitude, longitude, ends, offset, **options)
    other = tmrt(surface, latitude, longitude, ends, offset, stamp=stamp, **options)
    assert np.nanmax(np.abs(other - end)) < SAME


def test_the_same_solar_day_is_as_hot_round_the_globe(surface: solweig.SurfaceData) -> None:
    """But for what the sun's declination moves in a day, at the edges of shadows most."""
    longitudes = (0.0, -165.0, -75.0, 90.0, 165.0)
    here, *others = (
        tmrt(surface, 35.0, east, local_day("2023-07-10", east / 15.0), 0.0) for east in longitudes
    )
    for other in others:
        assert np.nanmedian(np.abs(other - here), axis=(1, 2)).max() < 0.2

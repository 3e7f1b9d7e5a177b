"""Where a run takes place: what is said, what the raster knows, what the weather's file says."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig.errors import InvalidSurfaceData
from solweig.run.place import place_of
from solweig.weather.location import Location
from solweig.weather.step import Weather
from tests.support.clear_days import write_epw
from tests.support.run_cases import LOCATION, small_surface, weather

RASTER = (57.70, 11.96)


@pytest.fixture
def weather_of_lund(tmp_path: Path) -> Path:
    return write_epw(tmp_path / "lund.epw", latitude=55.7, longitude=13.2)


@pytest.fixture
def bare() -> solweig.SurfaceData:
    """A surface that does not know where it is."""
    dsm = small_surface(svf=False).dsm
    return solweig.SurfaceData(dsm, dem=dsm * 0, pixel_size=2.0)


def spot(location: Location) -> tuple[float, float]:
    return location.latitude, location.longitude


def test_the_sun_is_the_rasters_and_clock_and_altitude_are_the_files(
    weather_of_lund: Path,
) -> None:
    surface, rows = small_surface(svf=False), Weather.from_epw(weather_of_lund)
    for location in (Location.from_epw(weather_of_lund), None):
        place = place_of(surface, rows, location)
        assert spot(place.location) == pytest.approx(RASTER, abs=0.05)
        assert (place.location.altitude, place.location.utc_offset) == (20.0, 1.0)
        assert place.raster == spot(place.location)
        assert place.origin is not None
        assert (place.origin.latitude, place.origin.name) == (55.7, "lund.epw")


def test_what_was_said_is_kept(weather_of_lund: Path) -> None:
    surface, rows = small_surface(svf=False), Weather.from_epw(weather_of_lund)
    said = Location(55.7, 13.2, 5.0, 2.0)  # equal numbers to the file's, but said
    assert place_of(surface, rows, said).location is said
    changed = Location.from_epw(weather_of_lund)
    changed.latitude = 56.0
    assert place_of(surface, rows, changed).location is changed


def test_a_raster_without_a_place_takes_the_files(
    weather_of_lund: Path, bare: solweig.SurfaceData
) -> None:
    rows = Weather.from_epw(weather_of_lund)
    for location in (Location.from_epw(weather_of_lund), None):
        place = place_of(bare, rows, location)
        assert spot(place.location) == (55.7, 13.2)
        assert place.raster is None
    with pytest.raises(InvalidSurfaceData):
        place_of(bare, weather(), None)


def test_a_run_says_that_its_weather_is_from_elsewhere(weather_of_lund: Path) -> None:
    surface, rows = small_surface(), Weather.from_epw(weather_of_lund)[11:13]
    with pytest.warns(solweig.WeatherWarning, match=r"^place: the weather of lund\.epw") as caught:
        summary = solweig.calculate(surface, rows, Location.from_epw(weather_of_lund))
    assert len(caught) == 1
    raster = Location.from_surface(surface, utc_offset=1.0, altitude=20.0)
    with pytest.warns(solweig.WeatherWarning, match="place"):
        here = solweig.calculate(surface, rows, raster)
    np.testing.assert_array_equal(summary.tmrt_mean, here.tmrt_mean)
    found = solweig.validate_inputs(surface, Location.from_epw(weather_of_lund), rows)
    assert any(text.startswith("place: the weather of lund.epw") for text in found)


def test_a_location_far_from_the_raster_is_said_and_kept() -> None:
    with pytest.warns(solweig.WeatherWarning, match="place: the location .* it is kept"):
        solweig.calculate(small_surface(), weather((12,)), Location(55.7, 13.2, 10.0, 1.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        solweig.calculate(small_surface(), weather((12,)), LOCATION)


def test_crowns_between_the_tropics_are_in_leaf_unless_dates_say_otherwise(
    caplog: pytest.LogCaptureFixture,
) -> None:
    surface, singapore = small_surface(), Location(1.3, 103.8, 0.0, 8.0)
    surface.crs = surface.geotransform = None
    noon = weather((13,), day="2023-01-15", global_rad=850.0)

    def below_the_crown(**options: Any) -> float:
        summary = solweig.calculate(surface, noon, singapore, **options)
        shaded = summary.dataset["tmrt"].to_numpy()[0]
        return float(np.nanmin(shaded[17:22, 19:24]))

    with caplog.at_level(logging.INFO, "solweig"):
        usual = below_the_crown()
    assert "leaves: all year (between the tropics)" in caplog.text
    assert usual == below_the_crown(conifer=True)
    bare = below_the_crown(leaf_on="04-15", leaf_off="11-01")
    assert bare > usual + 8.0
    assert bare == below_the_crown(config=solweig.ModelConfig(leaf_on=105, leaf_off=305))

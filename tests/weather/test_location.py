"""Location: ranges, clock, rasters, EPW header."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from solweig.errors import ConfigurationError, InvalidSurfaceData, WeatherDataError
from solweig.rasters.files import save_raster
from solweig.weather.location import Location


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("latitude", 90.1),
        ("latitude", float("nan")),
        ("latitude", "north"),
        ("longitude", -181),
        ("altitude", 10_000),
        ("altitude", -1000),
        ("utc_offset", 15),
    ],
)
def test_out_of_range(field: str, value: object) -> None:
    values: dict[str, object] = {"latitude": 57.7, "longitude": 12.0, "utc_offset": 1}
    with pytest.raises(ConfigurationError) as caught:
        Location(**{**values, field: value})  # type: ignore[arg-type]
    assert caught.value.field == field


def test_defaults_and_fractions() -> None:
    assert Location(51.5, -0.1).utc_offset == 0.0
    assert Location(51.5, -0.1).altitude == 0.0
    assert Location(27.7, 85.3, 1400, 5.75).utc_offset == 5.75


def test_offset_left_out_where_it_matters() -> None:
    with pytest.warns(UserWarning, match="utc_offset is not given"):
        place = Location(57.7, 12.0)
    assert place.utc_offset == 0.0


def test_implausible_offset() -> None:
    with pytest.warns(UserWarning, match="away from the sun"):
        Location(57.7, 12.0, utc_offset=-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Location(39.5, 76.0, utc_offset=8)  # Kashgar
        Location(-13.8, -172.1, utc_offset=13)  # Apia, across the date line


def test_from_surface_is_the_centre_of_the_raster() -> None:
    surface = SimpleNamespace(
        shape=(100, 200), geotransform=[319_000.0, 2, 0, 6_400_200.0, 0, -2], crs="EPSG:3006"
    )
    place = Location.from_surface(surface, utc_offset=1, altitude=12)  # type: ignore[arg-type]
    from pyproj import Transformer

    to_degrees = Transformer.from_crs(3006, 4326, always_xy=True)
    longitude, latitude = to_degrees.transform(319_200.0, 6_400_100.0)
    assert (place.latitude, place.longitude) == pytest.approx((latitude, longitude), abs=1e-9)
    assert (place.altitude, place.utc_offset) == (12.0, 1.0)


def test_from_dsm_crs(tmp_path: Path) -> None:
    path = tmp_path / "dsm.tif"
    save_raster(path, np.ones((10, 10)), [319_000, 2, 0, 6_400_200, 0, -2], "EPSG:3006")
    place = Location.from_dsm_crs(path, utc_offset=1)
    assert place.latitude == pytest.approx(57.7, abs=0.1)
    assert place.longitude == pytest.approx(12.0, abs=0.1)
    with pytest.raises(FileNotFoundError):
        Location.from_dsm_crs(tmp_path / "absent.tif")


@pytest.mark.parametrize(
    ("crs", "transform", "field"),
    [
        (None, [0, 1, 0, 0, 0, -1], "crs"),
        ("", [0, 1, 0, 0, 0, -1], "crs"),
        ("EPSG:999999", [0, 1, 0, 0, 0, -1], "crs"),
        ("EPSG:3006", None, "geotransform"),
        ("EPSG:3006", [1e30, 1, 0, 1e30, 0, -1], "geotransform"),
    ],
)
def test_surface_without_a_place(crs: object, transform: object, field: str) -> None:
    surface = SimpleNamespace(shape=(2, 2), geotransform=transform, crs=crs)
    with pytest.raises(InvalidSurfaceData) as caught:
        Location.from_surface(surface, utc_offset=0)  # type: ignore[arg-type]
    assert caught.value.field == field


def test_from_epw(tmp_path: Path) -> None:
    path = tmp_path / "a.epw"
    path.write_text("LOCATION,Pune,-,IND,-,1,18.52,73.86,5.5,560\n")
    assert Location.from_epw(path) == Location(18.52, 73.86, 560, 5.5)
    for text in ("", "LOCATION,a,b\n", "LOCATION,Pune,-,IND,-,1,x,73.86,5.5,560\n", "<html>\n"):
        path.write_text(text)
        with pytest.raises(WeatherDataError) as caught:
            Location.from_epw(path)
        assert caught.value.field == "a.epw"
    with pytest.raises(FileNotFoundError):
        Location.from_epw(tmp_path / "absent.epw")


def test_athens(athens: Path) -> None:
    place = Location.from_epw(athens)
    assert place == Location(38.0, 23.75, 175.0, 2.0)

"""Fields that do not fit are told by name, before the sky view is computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import xarray as xr
from rasterio.transform import Affine

import solweig
from solweig import LapseRate, WeatherField, WindCoefficients
from solweig.cli.weather import parse_fields
from solweig.errors import (
    ConfigurationError,
    GridShapeMismatch,
    InvalidSurfaceData,
    SolweigError,
    WeatherDataError,
)
from solweig.run.calculation import check_calculation
from solweig.run.fields import check_outputs
from solweig.weather.fields import fields_of
from tests.support.field_cases import write_bands
from tests.support.run_cases import LOCATION, small_surface, weather

HOURS = (6, 12, 15)
STEPS = len(HOURS)


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    """Without a sky view: nothing here gets that far."""
    return small_surface(svf=False)


def check(surface: solweig.SurfaceData, fields: Any, **changes: Any) -> None:
    check_calculation(surface, weather(HOURS, **changes), LOCATION, fields=fields)


def refused(
    surface: solweig.SurfaceData, fields: Any, kind: type[SolweigError], *words: str, **changes: Any
) -> SolweigError:
    with pytest.raises(kind) as caught:
        check(surface, fields, **changes)
    for word in words:
        assert word in str(caught.value), str(caught.value)
    return caught.value


def layer(surface: solweig.SurfaceData, value: float) -> Any:
    return np.full(surface.shape, value, np.float32)


def test_what_fits_is_taken(surface: solweig.SurfaceData) -> None:
    check(surface, {"ta": WeatherField(layer(surface, 25.0), 2.0)})
    check(surface, {"rh": WeatherField(layer(surface, 103.0), 2.0)})  # a sensor in fog


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ta", 295.0, ("deg C", "295", "kelvin")),
        ("ta", 86.0, ("Fahrenheit",)),
        ("ta", -999.0, ("missing value",)),
        ("rh", 0.55, ("%", "0.55", "fraction")),
        ("rh", 106.0, ("0 to 100 %", "106")),
        ("ws", -1.0, ("-1", "not negative")),
        ("ws", 61.0, ("m/s", "61")),
    ],
)
def test_values_out_of_range(
    surface: solweig.SurfaceData, name: str, value: float, words: tuple[str, ...]
) -> None:
    field = {name: WeatherField(layer(surface, value), 2.0)}
    error = refused(surface, field, WeatherDataError, f"fields[{name}]", *words)
    assert error.field == f"fields[{name}]"


def test_one_cell_of_one_step_is_enough(surface: solweig.SurfaceData) -> None:
    cube = np.full((STEPS, *surface.shape), 20.0, np.float32)
    cube[1, 4, 5] = 70.0
    refused(surface, {"ta": WeatherField(cube, 2.0)}, WeatherDataError, "12:00", "20 to 70")
    cube[1, 4, 5] = np.nan
    refused(surface, {"ta": WeatherField(cube, 2.0)}, WeatherDataError, "12:00", "none in 1 cells")


def test_gaps_outside_the_surface_do_not_matter() -> None:
    surface = small_surface(svf=False)
    surface.dsm[0, 0] = np.nan
    surface.dem[0, 0] = np.nan
    surface.compute_valid_mask()
    values = layer(surface, 20.0)
    values[0, 0] = np.nan
    check(surface, {"ta": WeatherField(values, 2.0)})


def test_hidden_cells_of_a_masked_array_are_gaps(surface: solweig.SurfaceData) -> None:
    values = np.ma.masked_greater(layer(surface, 20.0), 30.0)
    check(surface, {"ta": WeatherField(values, 2.0)})
    values[3, 4] = np.ma.masked
    refused(surface, {"ta": WeatherField(values, 2.0)}, WeatherDataError, "none in 1 cells")


@pytest.mark.parametrize(
    ("name", "unit", "words"),
    [
        ("ws", "km/h", ("wind speed in m/s", "km/h")),
        ("ws", "knots", ("knots",)),
        ("ta", "degF", ("deg C", "degF")),
        ("ws", "m s-1", ()),
        ("ta", "K", ()),  # the label that arithmetic left; kelvin show by their values
        ("ta", "of my own", ()),
    ],
)
def test_units_that_values_do_not_show(
    surface: solweig.SurfaceData, tmp_path: Path, name: str, unit: str, words: tuple[str, ...]
) -> None:
    place = {"y": surface.georef.y(), "x": surface.georef.x()}
    values = xr.DataArray(layer(surface, 18.0), place, attrs={"units": unit}, name=name)
    values.to_netcdf(tmp_path / "field.nc", engine="scipy")
    band = values.expand_dims("band").assign_attrs(units=(unit,))
    for source in (values, tmp_path / "field.nc", band):
        field = {name: WeatherField(source, 10.0)}
        if words:
            refused(surface, field, WeatherDataError, f"fields[{name}]", *words)
        else:
            check(surface, field)


@pytest.mark.parametrize(
    ("name", "band", "words"),
    [
        ("ws", {"unit": "km/h"}, ("wind speed in m/s", "km/h")),
        ("ws", {"tags": {"units": "knots"}}, ("knots",)),
        ("ws", {"tags": {"UNITS": "mph"}}, ("mph",)),
        ("ws", {"description": "wind at 10 m [km/h]"}, ("km/h",)),
        ("ta", {"description": "degF"}, ("deg C", "degF")),
        ("ta", {"unit": "degC", "description": "air (degF)"}, ()),  # the band's own goes first
        ("ta", {"unit": "K"}, ()),
        ("ws", {"unit": "m/s"}, ()),
        ("ws", {"description": "wind (mean)"}, ()),
    ],
)
def test_units_that_bands_name(
    surface: solweig.SurfaceData,
    tmp_path: Path,
    name: str,
    band: dict[str, Any],
    words: tuple[str, ...],
) -> None:
    cube = np.stack([layer(surface, 18.0)] * STEPS)
    path = write_bands(tmp_path / "field.tif", cube, surface)
    with rasterio.open(path, "r+") as sink:  # of several bands one is enough
        sink.set_band_unit(2, band.get("unit", ""))
        sink.update_tags(2, **band.get("tags", {}))
        sink.set_band_description(2, band.get("description", ""))
    field = {name: WeatherField(path, 10.0)}
    if words:
        refused(surface, field, WeatherDataError, f"fields[{name}]", *words)
    else:
        check(surface, field)


def test_units_of_bands_that_are_named_by_their_times(
    surface: solweig.SurfaceData, tmp_path: Path
) -> None:
    names = [f"{step.datetime:%Y-%m-%dT%H:%M}" for step in weather(HOURS)]
    cube = np.stack([layer(surface, 18.0)] * STEPS)
    path = write_bands(tmp_path / "field.tif", cube, surface, names)
    check(surface, {"ws": WeatherField(path, 10.0)})
    with rasterio.open(path, "r+") as sink:
        sink.set_band_unit(1, "km/h")
    refused(surface, {"ws": WeatherField(path, 10.0)}, WeatherDataError, "units of km/h")


def test_numbers_of_numpy_are_numbers(surface: solweig.SurfaceData) -> None:
    shares = {direction: layer(surface, 0.5) for direction in np.arange(0, 360, 90)}
    two: Any = np.int64(2)
    ten: Any = np.float32(10.0)
    rate: Any = np.float32(-0.0065)
    winds = WindCoefficients(shares, two, ten)
    check(surface, {"ws": winds}, wind_direction=90.0)
    check(surface, {"ta": LapseRate(rate, two)})


@pytest.mark.parametrize("change", ["shape", "pixel", "corner", "crs"])
def test_another_grid(surface: solweig.SurfaceData, tmp_path: Path, change: str) -> None:
    values = layer(surface, 20.0)
    west, size, _, north, _, _ = surface.georef.gdal
    moved: dict[str, Any] = {}
    if change == "shape":
        values = values[1:]
    elif change == "pixel":
        moved["transform"] = Affine(1.0, 0, west, 0, -1.0, north)
    elif change == "corner":
        moved["transform"] = Affine(size, 0, west + size, 0, -size, north)
    else:
        moved["crs"] = "EPSG:32633"
    path = write_bands(tmp_path / "ta.tif", values, surface, **moved)
    words = ("EPSG:3006", "EPSG:32633") if change == "crs" else ("cells of", "corner")
    refused(surface, {"ta": f"{path}@2m"}, GridShapeMismatch, "fields[ta]", *words)


def test_an_array_of_another_shape(surface: solweig.SurfaceData) -> None:
    error = refused(surface, {"ta": WeatherField(np.zeros((5, 6)), 2.0)}, GridShapeMismatch)
    assert (error.expected, error.got) == (surface.shape, (5, 6))
    ragged = {"ta": WeatherField([[20.0, 21.0], [20.0]], 2.0)}
    refused(surface, ragged, WeatherDataError, "fields[ta]", "rows of unequal length")


def test_times_that_are_not_the_steps(surface: solweig.SurfaceData) -> None:
    rows = weather(HOURS)
    cube = np.full((STEPS, *surface.shape), 20.0, np.float32)
    place = {"y": surface.georef.y(), "x": surface.georef.x()}

    def labelled(times: Any) -> dict[str, Any]:
        return {"ta": WeatherField(xr.DataArray(cube, {"time": times, **place}), 2.0)}

    own = [np.datetime64(row.datetime) for row in rows]
    check(surface, labelled(own))
    other_day = [t + np.timedelta64(1, "D") for t in own]
    refused(surface, labelled(other_day), WeatherDataError, "2006-08-01T06:00:00", "3 of 3")
    utc = [t - np.timedelta64(1, "h") for t in own]
    refused(surface, labelled(utc), WeatherDataError, "utc=True")
    refused(surface, labelled([own[0], own[1], own[1]]), WeatherDataError, "once")
    few = {"ta": WeatherField(cube[:2], 2.0)}
    refused(surface, few, WeatherDataError, "one layer, or 3", "2")
    two = {"ta": WeatherField(cube[:2], 2.0, times=[r.datetime for r in rows])}
    refused(surface, two, WeatherDataError, "2 times")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ta": "ta.tif"}, ("fields[ta]", "FILE@HEIGHT", "ta.tif")),
        ({"ta": "ta.tif@m"}, ("FILE@HEIGHT",)),
        ({"ta": "ta.tif@2m,nearest"}, ("utc or variable=NAME", "nearest")),
        ({"ta": "ta.tif@0m"}, ("fields[ta].height_m", "0.1 to 200 m")),
        ({"ta": np.zeros((2, 2))}, ("WeatherField", "ndarray")),
        ({"coefficient": "c.tif"}, ("fields[coefficient]", "FILE@HEIGHT")),
        ({"coefficient": "c.tif@1.5m,of=x"}, ("of=HEIGHT",)),
        ({"coefficient": WeatherField("c.tif", 2.0)}, ("WindCoefficients",)),
        ({"ta": WindCoefficients({0: "c.tif"}, 1.5)}, ("WeatherField",)),
        ({"ta": "lapse:-0.0065"}, ("lapse:RATE,station=ELEVATION",)),
        ({"ta": "lapse:-6.5,station=10m"}, ("fields[ta].rate", "-0.05 to 0.05 K/m")),
        ({"rh": LapseRate(-0.0065, 10.0)}, ("fields[rh]", "LapseRate")),
        ({"pressure": "p.tif@2m"}, ("ta, rh, ws, coefficient", "'pressure'")),
        ({"ws": "w.tif@10m", "coefficient": "c.tif@1.5m"}, ("ws once", "twice")),
        ("ta.tif@2m", ("fields by quantity", "str")),
    ],
)
def test_what_is_no_field(given: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        fields_of(given)
    for word in words:
        assert word in str(caught.value), str(caught.value)


def test_missing_and_broken_files(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    refused(surface, {"ta": f"{tmp_path / 'no.tif'}@2m"}, InvalidSurfaceData, "no file")
    refused(surface, {"ta": f"{tmp_path / 'no.nc'}@2m"}, WeatherDataError, "no file")
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"no raster")
    refused(surface, {"ta": f"{broken}@2m"}, InvalidSurfaceData, "fields[ta]")
    half = write_bands(
        tmp_path / "half.tif", [layer(surface, 1.0)] * STEPS, surface, ["2006-08-01T06:00", "noon"]
    )
    refused(surface, {"ta": f"{half}@2m"}, WeatherDataError, "named by its time")


def test_coefficients_that_do_not_fit(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    one = layer(surface, 1.0)

    def coefficients(source: Any, **options: Any) -> dict[str, Any]:
        return {"ws": WindCoefficients(source, 1.5, **options)}

    two = coefficients({0: one, 180: one})
    refused(surface, two, WeatherDataError, "wind_direction", "fields[coefficient]", "06:00")
    check(surface, two, wind_direction=30.0)
    check(surface, coefficients({0: one}))  # of one direction for all
    blown = {"wind_direction": 30.0}
    for source, words in (
        ({0: one, 360: one}, ("0 degrees once",)),
        ({-10: one}, ("0 to 360", "-10")),
        ({0: -one}, ("Of 0 degrees", "not negative")),
        ({0: 20.0 * one}, ("0 to 10", "20", "percentage")),
        ({0: np.stack([one, one])}, ("one layer", "2")),
        (one, ("{direction}",)),
        (str(tmp_path / "none_{direction}.tif"), ("none in",)),
    ):
        refused(surface, coefficients(source), WeatherDataError, *words, **blown)
    refused(surface, coefficients({0: np.zeros((3, 3))}), GridShapeMismatch, "3", **blown)
    with pytest.raises(ConfigurationError, match="nearest or linear"):
        WindCoefficients({0: one}, 1.5, between="cubic")
    with pytest.raises(ConfigurationError, match="reference_m"):
        WindCoefficients({0: one}, 1.5, reference_m=0.0)


def test_profiles_that_do_not_fit(surface: solweig.SurfaceData) -> None:
    for options, word in (
        ({"wind_profile": "log"}, "roughness_m"),
        ({"roughness_m": 0.1}, "wind_profile='log'"),
        ({"wind_profile": "log", "roughness_m": 2.0}, "0.0001 to 0.5"),
        ({"wind_profile": "cubic"}, "wind_profile"),
    ):
        with pytest.raises(ConfigurationError, match=word):
            check_calculation(surface, weather(HOURS), LOCATION, **options)
    field = {"ws": WeatherField(layer(surface, 2.0), 0.6)}
    with pytest.raises(ConfigurationError, match=r"fields\[ws\].*roughness_m"):
        check_calculation(
            surface, weather(HOURS), LOCATION, fields=field, wind_profile="log", roughness_m=0.4
        )


def test_lapse_rates_that_do_not_fit(surface: solweig.SurfaceData) -> None:
    far = {"ta": LapseRate(0.05, 3000.0)}
    refused(surface, far, WeatherDataError, "By the lapse rate", "-70 to 60 deg C")
    flat = solweig.SurfaceData(
        surface.dsm.copy(), land_cover=surface.land_cover, pixel_size=2.0,
        geotransform=surface.geotransform, crs=surface.crs,
    )  # fmt: skip
    if flat.dem is None:
        refused(flat, {"ta": LapseRate(-0.0065, 3.0)}, ConfigurationError, "dem")


def test_outputs_that_do_not_know_fields() -> None:
    check_outputs(["tmrt", "utci", "pet", "attribution_sky"])
    with pytest.raises(ConfigurationError, match=r"outputs.*other_index"):
        check_outputs(["tmrt", "other_index"])


def test_flags_of_the_command_line() -> None:
    assert parse_fields(None) is None
    assert parse_fields(["ta=a=b.tif@2m", "rh = r.nc@2m,utc"]) == {
        "ta": "a=b.tif@2m", "rh": "r.nc@2m,utc",
    }  # fmt: skip
    for entries in (["ta.tif@2m"], ["ta="], ["ta=a.tif@2m", "ta=b.tif@2m"]):
        with pytest.raises(ConfigurationError, match="--field"):
            parse_fields(entries)

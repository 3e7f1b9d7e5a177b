"""The in-memory dataset: CF attributes, coordinates, CRS, time."""

from __future__ import annotations

from datetime import timezone
from pathlib import Path

import numpy as np
import pytest

import solweig
from tests.support.run_cases import LOCATION, NORTH, PIXEL, WEST, small_surface, weather

OUTPUTS = ["tmrt", "utci", "pet", "shadow", "kdown", "kup", "ldown", "lup"]


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


@pytest.fixture(scope="module")
def summary(surface: solweig.SurfaceData) -> solweig.TimeseriesSummary:
    return solweig.calculate(surface, weather(), LOCATION, outputs=OUTPUTS)


def test_variables_have_names_and_units(summary: solweig.TimeseriesSummary) -> None:
    data = summary.dataset
    assert data is not None
    units = {"tmrt": "degC", "utci": "degC", "pet": "degC", "shadow": "1"}
    for name in OUTPUTS:
        variable = data[name]
        assert variable.dims == ("time", "y", "x")
        assert variable.dtype == np.float32
        assert variable.attrs["units"] == units.get(name, "W m-2")
        assert variable.attrs["long_name"]
        assert variable.attrs["grid_mapping"] == "spatial_ref"
    assert data["kdown"].attrs["standard_name"] == "surface_downwelling_shortwave_flux_in_air"
    assert data["ta"].dims == ("time",)
    assert data["ta"].values.tolist() == [w.ta for w in weather()]


def test_coordinates_are_cell_centres(summary: solweig.TimeseriesSummary) -> None:
    data = summary.dataset
    assert data is not None
    assert data["x"].values[0] == WEST + PIXEL / 2
    assert data["y"].values[0] == NORTH - PIXEL / 2
    assert np.allclose(np.diff(data["x"]), PIXEL)
    assert np.allclose(np.diff(data["y"]), -PIXEL)
    assert data["x"].attrs["standard_name"] == "projection_x_coordinate"
    assert data["y"].attrs["units"] == "m"
    stamps = np.array([w.datetime for w in weather()], dtype="datetime64[ns]")
    assert (data["time"].values == stamps).all()


def test_crs_and_global_attributes(summary: solweig.TimeseriesSummary) -> None:
    from pyproj import CRS

    data = summary.dataset
    assert data is not None
    mapping = data["spatial_ref"].attrs
    assert CRS.from_cf(mapping).to_epsg() == 3006
    assert CRS.from_wkt(mapping["crs_wkt"]).to_epsg() == 3006
    assert [float(v) for v in mapping["GeoTransform"].split()] == [
        WEST, PIXEL, 0.0, NORTH, 0.0, -PIXEL,
    ]  # fmt: skip
    assert data.attrs["Conventions"] == "CF-1.8"
    assert solweig.__version__ in data.attrs["source"]


def test_it_survives_a_file(summary: solweig.TimeseriesSummary, tmp_path: Path) -> None:
    import xarray as xr

    assert summary.dataset is not None
    path = tmp_path / "run.nc"
    summary.dataset.to_netcdf(path, engine="scipy")
    with xr.open_dataset(path, engine="scipy") as back:
        xr.testing.assert_identical(back["tmrt"].load(), summary.dataset["tmrt"])


@pytest.mark.parametrize("stamp", ["end", "centre", "start"])
def test_intervals_of_the_steps(surface: solweig.SurfaceData, stamp: str) -> None:
    rows = [
        solweig.Weather(w.datetime, w.ta, w.rh, w.global_rad, w.ws, timestep_minutes=30,
                        stamp=stamp)
        for w in weather()
    ]  # fmt: skip
    summary = solweig.calculate(surface, rows, LOCATION, outputs=["tmrt", "shadow"])
    data = summary.dataset
    assert data is not None
    assert data["time"].attrs["bounds"] == "time_bnds"
    since = {"end": 30, "centre": 15, "start": 0}[stamp]
    apart = (data["time_bnds"] - data["time"]).values / np.timedelta64(1, "m")
    assert (apart == [-since, 30 - since]).all()
    assert data["tmrt"].attrs["cell_methods"] == data["ta"].attrs["cell_methods"] == "time: mean"
    for of_the_sun in ("shadow", "sun_altitude"):
        assert data[of_the_sun].attrs["cell_methods"].startswith("time: mean (comment: over the")
    assert summary.interval_text() == f"stamps mark the {stamp} of steps of 30 min"
    assert summary.metadata["intervals"]["stamp"] == stamp
    assert summary.metadata["intervals"]["timestep_minutes"] == [30.0]


def test_weather_that_says_otherwise_is_refused(surface: solweig.SurfaceData) -> None:
    rows = [
        solweig.Weather(w.datetime, w.ta, w.rh, w.global_rad, w.ws, stamp="start")
        for w in weather()
    ]
    with pytest.raises(solweig.errors.ConfigurationError, match=r"stamp: expected 'start'"):
        solweig.calculate(surface, rows, LOCATION, config=solweig.ModelConfig(stamp="end"))
    said = solweig.calculate(surface, rows, LOCATION, config=solweig.ModelConfig(stamp="start"))
    assert said.metadata["intervals"] == solweig.calculate(
        surface, rows, LOCATION
    ).metadata["intervals"]  # fmt: skip


@pytest.mark.parametrize("cut", [None, 8])
def test_a_cube_holds_the_intervals(
    surface: solweig.SurfaceData, tmp_path: Path, cut: int | None
) -> None:
    import xarray as xr

    summary = solweig.calculate(
        surface, weather(), LOCATION, output_dir=tmp_path, output_format="zarr", tile_size=cut
    )
    with xr.open_zarr(tmp_path / "solweig.zarr") as cube:
        assert cube["time"].attrs["bounds"] == "time_bnds"
        assert (cube["time_bnds"].values == summary.bounds).all()
        assert cube["tmrt_max"].attrs["cell_methods"] == "time: maximum"
        assert cube["tmrt"].attrs["cell_methods"] == "time: mean"


def test_only_what_was_asked_for(surface: solweig.SurfaceData) -> None:
    data = solweig.calculate(surface, weather(hours=(12,)), LOCATION).dataset
    assert data is not None
    assert [n for n in data.data_vars if data[n].ndim == 3] == ["tmrt"]


def test_aware_stamps_become_utc(surface: solweig.SurfaceData) -> None:
    from datetime import timedelta

    naive = weather()
    zone = timezone(timedelta(hours=1))
    aware = [
        solweig.Weather(w.datetime.replace(tzinfo=zone), w.ta, w.rh, w.global_rad, w.ws)
        for w in naive
    ]
    one = solweig.calculate(surface, naive, LOCATION).dataset
    two = solweig.calculate(surface, aware, LOCATION).dataset
    assert one is not None
    assert two is not None
    assert np.array_equal(one["tmrt"], two["tmrt"], equal_nan=True)
    assert (one["time"].values - two["time"].values == np.timedelta64(1, "h")).all()
    assert "UTC" in two["time"].attrs["long_name"]


def test_a_surface_without_a_place_still_has_a_grid() -> None:
    bare = solweig.SurfaceData(np.zeros((6, 8), np.float32) + 2, pixel_size=1.0)
    bare.compute_svf()
    data = solweig.calculate(bare, weather(hours=(12,)), LOCATION).dataset
    assert data is not None
    assert data["x"].values.tolist() == [c + 0.5 for c in range(8)]
    assert "crs_wkt" not in data["spatial_ref"].attrs
    assert np.isfinite(data["tmrt"]).all()

"""Radiation by weather cells in a run: what it changes, and that the cut does not matter."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import solweig
from solweig import RadiationField, WeatherField
from solweig.errors import ConfigurationError, SolweigError, WeatherDataError
from solweig.execution import ExecutionConfig
from solweig.results.metadata import load_run_metadata
from solweig.run.calculation import check_calculation
from solweig.run.fields import hardware
from solweig.run.local_air import LocalAir
from solweig.run.plan import make_plan
from solweig.run.settings import RunSettings
from solweig.tiles.store import TileStore
from tests.support.field_cases import assert_same_maps, patchy
from tests.support.run_cases import LOCATION, NORTH, WEST, small_surface, weather
from tests.support.sky_cases import cells_of, labelled, write_cells
from tests.support.tile_cases import OUTPUTS, REACH_M, city, prepared

CPU = ExecutionConfig(accelerator="cpu")
HOURS = (3, 6, 9, 12, 15)
FACTORS = np.array([[0.5, 0.9, 0.7], [1.0, 0.4, 0.8]])


def run(surface: solweig.SurfaceData, rows: Any, **options: Any) -> Any:
    chosen: dict[str, Any] = {
        "outputs": list(OUTPUTS), "max_shadow_distance_m": REACH_M, "execution": CPU, **options,
    }  # fmt: skip
    return solweig.calculate(surface, rows, LOCATION, **chosen)


def over(surface: solweig.SurfaceData, values: Any, size: float) -> xr.DataArray:
    """Weather cells whose north-west corner is 30 m north and west of that of the surface."""
    west, _, _, north = surface.georef.bounds()
    crs = 3006 if surface.crs else None
    return labelled(values, west - 30.0, north + 30.0, size, crs=crs)


def scaled(row: solweig.Weather, factor: float) -> solweig.Weather:
    return solweig.Weather(
        row.datetime, ta=row.ta, rh=row.rh, ws=row.ws, global_rad=factor * row.global_rad
    )


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return prepared()


@pytest.fixture(scope="module")
def small() -> solweig.SurfaceData:
    return small_surface()


@pytest.fixture(scope="module")
def bare() -> solweig.SurfaceData:
    """Without a sky view: nothing here gets that far."""
    return small_surface(svf=False)


# ------------------------------------------------------------------ the engine's part


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_anisotropic_sky": False},
        {"formulation": "improved"},
        {"config": solweig.ModelConfig(body="box")},
        {"split": "dirint"},
    ],
    ids=["default", "isotropic", "improved", "box", "dirint"],
)
@pytest.mark.filterwarnings("ignore:.*formulation")
def test_equal_weather_cells_are_the_weather_of_the_step(
    small: solweig.SurfaceData, options: dict[str, Any]
) -> None:
    rows = weather(HOURS)
    fields = {"global_rad": RadiationField(over(small, cells_of(rows, np.ones((3, 3))), 50.0))}
    plain, ours = run(small, rows, **options), run(small, rows, fields=fields, **options)
    for name in ("tmrt", "kdown", "kup", "ldown", "lup", "utci"):
        assert np.allclose(plain.dataset[name], ours.dataset[name], atol=1e-3, equal_nan=True), name


def test_beyond_its_centre_a_weather_cell_is_the_run_with_its_radiation(
    small: solweig.SurfaceData,
) -> None:
    rows = weather(HOURS, measured_longwave_down=330.0)
    # Whether a night is clear is the steps' business.
    options: dict[str, Any] = {
        "config": solweig.ModelConfig(night_clearness=0.8), "longwave": "measured",
    }  # fmt: skip
    factors, longwave = (0.5, 1.0), (300.0, 360.0)
    own = []
    for factor, down in zip(factors, longwave, strict=True):
        steps = [scaled(row, factor) for row in rows]
        for step in steps:
            step.measured_longwave_down = down
        own.append(run(small, steps, **options))
    # Two side by side. The centre of either is 20 cells from an edge of the surface, and the ground
    # seen from its outermost 8 columns lies beyond that.
    for i, west in enumerate((WEST + 40.0 - 100.0, WEST + 20.0 - 300.0)):
        place = west, NORTH + 100.0, (300.0, 200.0)
        fields = {
            "global_rad": RadiationField(labelled(cells_of(rows, [factors]), *place)),
            "longwave_down": RadiationField(labelled(np.array([longwave]), *place)),
        }
        ours = run(small, rows, fields=fields, **options)
        where = np.s_[:, :, :8] if i == 0 else np.s_[:, :, -8:]
        for name in ("tmrt", "kdown", "kup", "ldown", "lup", "utci"):
            values = [each.dataset[name].values[where] for each in (ours, own[i])]
            assert np.allclose(*values, atol=1e-3, equal_nan=True), name
        apart = own[0].dataset.tmrt.values[where] - own[1].dataset.tmrt.values[where]
        assert np.abs(apart).mean() > 5.0


def test_tiles_are_the_raster_in_one_piece(
    surface: solweig.SurfaceData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOLWEIG_MIN_TILE_SIDE", "32")
    rows = weather((6, 12, 15))
    fields = {"global_rad": RadiationField(over(surface, cells_of(rows, FACTORS), 130.0))}
    whole = run(surface, rows, fields=fields)
    tiled = run(surface, rows, fields=fields, tile_size=64)
    assert tiled.metadata["tile_plan"]["tiles"] > 3
    assert_same_maps(whole, tiled)
    spread = whole.dataset.kdown.values[1]
    assert np.nanmax(spread) > 1.5 * np.nanpercentile(spread, 40)


def test_an_edit_computes_what_it_reaches_under_the_same_skies() -> None:
    surface = city()
    surface.compute_svf(max_shadow_distance_m=REACH_M, execution=CPU)
    rows = weather((6, 12))
    fields: dict[str, Any] = {
        "global_rad": RadiationField(over(surface, cells_of(rows, FACTORS), 130.0)),
        "ta": WeatherField(patchy(surface, [row.ta for row in rows], 2.0, 1), 2.0),
    }
    options: dict[str, Any] = {"outputs": ["tmrt", "utci", "shadow"], "fields": fields}
    baseline = run(surface, rows, **options)
    dsm = surface.dsm.copy()
    dsm[50:54, 60:66] += 7.0
    edited = surface.with_changes(dsm=dsm)
    part, whole = run(edited, rows, baseline=baseline, **options), run(edited, rows, **options)
    assert part.metadata["what_if"]["share_of_steps"] < 1.0
    assert_same_maps(whole, part)
    other = RadiationField(over(surface, cells_of(rows, 0.9 * FACTORS), 130.0))
    with pytest.raises(ConfigurationError, match=r"parameters.*fields"):
        run(
            edited,
            rows,
            baseline=baseline,
            **{**options, "fields": {**fields, "global_rad": other}},
        )


def test_a_period_counts_the_steps_under_their_skies(small: solweig.SurfaceData) -> None:
    rows = weather(HOURS)
    fields = {"global_rad": RadiationField(over(small, cells_of(rows, FACTORS), 70.0))}
    maps = run(small, rows, fields=fields, outputs=["tmrt", "utci"])
    period = solweig.calculate_period(
        small, rows, LOCATION, fields=fields, execution=CPU, max_shadow_distance_m=REACH_M,
        percentiles=(0, 100),
    )  # fmt: skip
    assert np.allclose(period.utci_mean, maps.utci_mean, atol=1e-3, equal_nan=True)
    highest = maps.dataset.tmrt.values.max(axis=0)
    assert np.allclose(period.grids()["tmrt_p100"], highest, atol=0.1, equal_nan=True)


def test_radiation_belongs_to_the_run(small: solweig.SurfaceData, tmp_path: Path) -> None:
    rows = weather((12, 13))
    array = over(small, cells_of(rows, FACTORS), 70.0)
    path = write_cells(tmp_path / "ghi.tif", array)
    options: dict[str, Any] = {"output_dir": tmp_path / "out", "outputs": ["tmrt"]}
    found = run(small, rows, fields={"global_rad": str(path)}, **options)
    told = load_run_metadata(tmp_path / "out")["fields"]["global_rad"]
    assert (told["cells"], told["layers"], told["unit"]) == ([2, 2], 2, "W/m2")
    assert told["pitch"] == [35.0, 35.0]
    assert f"{told['lowest']:.1f} to {told['highest']:.1f} W/m2" in found.report()
    array[1, 0, 0] += 1.0
    with pytest.raises(ConfigurationError, match="output_dir"):
        run(small, rows, fields={"global_rad": RadiationField(array)}, **options)


# ------------------------------------------------------------------ what the engine is handed


def test_windows_say_where_they_lie_in_the_whole(bare: solweig.SurfaceData) -> None:
    rows = weather(HOURS)
    array = over(bare, cells_of(rows, FACTORS), 70.0)
    settings = RunSettings.resolve(fields={"global_rad": RadiationField(array)})
    bare.compute_svf()
    plan = make_plan(bare, rows, LOCATION, settings)
    assert plan.fields == ()
    assert plan.sky is not None
    with TileStore() as inputs:
        # As workers get it.
        air = pickle.loads(pickle.dumps(LocalAir.published(plan.fields, plan.sky, inputs)))
        window = air.window(inputs, (slice(7, 20), slice(3, 30)))
        assert window is not None
        (name,) = window.of_step(3)
        sky = window.of_step(3)[name]
        assert name == "sky"
        assert sky["first"] == (7, 3)
        assert (sky["origin"], sky["pitch"]) == (plan.sky.origin, plan.sky.pitch)
        assert sky["origin"] == pytest.approx((2.5, 2.5))
        assert sky["global_rad"].dtype == np.float64
        assert np.allclose(sky["global_rad"], cells_of(rows, FACTORS)[3, :, :2], rtol=1e-6)
        # Of air there is none: what is counted of UTCI goes by the step.
        assert window.utci_limits(3, 20.0, (-10.0, 90.0)) == (-10.0, 90.0)
        assert (
            LocalAir.published((), None, inputs).window(inputs, (slice(0, 2), slice(0, 2))) is None
        )


# ------------------------------------------------------------------ what is refused


def refused(
    surface: solweig.SurfaceData, kind: type[SolweigError], *words: str, **options: Any
) -> None:
    rows = weather(HOURS, measured_longwave_down=330.0)
    array = over(surface, cells_of(rows, FACTORS), 70.0)
    chosen: dict[str, Any] = {"fields": {"global_rad": RadiationField(array)}, **options}
    with pytest.raises(kind) as caught:
        check_calculation(surface, rows, LOCATION, **chosen)
    for word in words:
        assert word in str(caught.value), str(caught.value)


def test_what_would_take_the_radiation_of_the_steps(bare: solweig.SurfaceData) -> None:
    refused(bare, ConfigurationError, "walls='heated'", "global_rad", walls="heated")
    outputs = ["tmrt", "wall_temperature"]
    refused(bare, ConfigurationError, "outputs", "wall_temperature", outputs=outputs)
    longwave = {"longwave_down": RadiationField(over(bare, np.full((2, 3), 330.0), 70.0))}
    refused(
        bare, ConfigurationError, "fields[longwave_down]", "longwave='measured'", fields=longwave
    )
    dark = {"global_rad": RadiationField(over(bare, np.full((2, 3), 30.0), 70.0))}
    refused(bare, WeatherDataError, "fields[global_rad]", "03:00", fields=dark)


def test_a_gpu_is_kept_where_the_air_is_the_steps(bare: solweig.SurfaceData) -> None:
    wish = ExecutionConfig(accelerator="gpu")
    array = over(bare, np.zeros((2, 3)), 70.0)
    sky: dict[str, Any] = {"global_rad": RadiationField(array)}
    settings = RunSettings.resolve(fields=sky, utci_range="nan", execution=wish)
    assert hardware(settings) == wish

"""After an edit only what it can reach is computed, and everything is as if all of it were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from pyproj import CRS

import solweig
from solweig.errors import (
    ConfigurationError,
    GridShapeMismatch,
    InvalidSurfaceData,
    MissingPrecomputedData,
)
from solweig.execution import ExecutionConfig
from solweig.results.metadata import load_run_metadata
from tests.support.rasters import NORTH, UTM33, WEST, write_tif
from tests.support.run_cases import LOCATION, weather
from tests.support.tile_cases import assert_same_run, assert_same_sky, city

REACH_M = 16.0
CPU = ExecutionConfig(accelerator="cpu")
NAMES = ("dsm", "dem", "cdsm", "tdsm", "land_cover")
UTM33_WKT = CRS.from_user_input(UTM33).to_wkt()


def prepared(**changes: Any) -> solweig.SurfaceData:
    surface = city(**changes)
    surface.compute_svf(max_shadow_distance_m=REACH_M, execution=CPU)
    return surface


def run(surface: solweig.SurfaceData, **options: Any) -> solweig.TimeseriesSummary:
    chosen: dict[str, Any] = {
        "outputs": ["tmrt", "utci", "shadow"],
        "max_shadow_distance_m": REACH_M,
        "execution": CPU,
        **options,
    }
    return solweig.calculate(surface, weather((4, 5, 6, 7)), LOCATION, **chosen)


def computed_anew(surface: solweig.SurfaceData) -> solweig.SurfaceData:
    """The same layers, walls and sky view computed from nothing."""
    layers = {name: getattr(surface, name) for name in (*NAMES, "albedo", "emissivity")}
    full = solweig.SurfaceData(
        **layers, pixel_size=surface.pixel_size, min_object_height=0.0,
        smooth_quantized_dem=False, trunk_ratio=surface.trunk_ratio,
        formulation=surface.formulation,
    )  # fmt: skip
    full.compute_svf(max_shadow_distance_m=REACH_M, execution=CPU)
    return full


def assert_as_computed_anew(
    edited: solweig.SurfaceData, baseline: solweig.TimeseriesSummary, **options: Any
) -> solweig.TimeseriesSummary:
    full = computed_anew(edited)
    for one, two in zip(edited.walls(), full.walls(), strict=True):
        assert np.array_equal(one, two, equal_nan=True)
    assert_same_sky(full, edited)
    part = run(edited, baseline=baseline, **options)
    assert_same_run(run(full, **options), part)
    return part


@pytest.fixture(scope="module")
def base() -> solweig.SurfaceData:
    return prepared()


@pytest.fixture(scope="module")
def baseline(base: solweig.SurfaceData) -> solweig.TimeseriesSummary:
    return run(base)


WINDOW = (60, 64, 70, 75)


@pytest.mark.parametrize(
    "edit",
    [
        {"cdsm": 9.0},
        {"cdsm": 9.0, "tdsm": 2.0},
        {"dsm": 150.0},
        {"land_cover": 5},
        {"dsm": 118.0, "land_cover": 1},
        {"dsm": np.nan},
        {"dem": 117.0, "dsm": 117.0},
    ],
    ids=["trees", "high crowns", "tower", "grass", "razed", "no data", "ground"],
)
def test_an_edit_is_a_full_computation(
    base: solweig.SurfaceData, baseline: solweig.TimeseriesSummary, edit: dict[str, Any]
) -> None:
    before = {name: getattr(base, name).copy() for name in NAMES}
    edited = base.with_changes(window=WINDOW, **edit)
    assert edited.change is not None
    assert edited.change.whole is None
    # The cover of the ground hides no sky.
    assert (edited.change.share == 0.0) == (set(edit) == {"land_cover"})
    assert edited.change.share < 0.1
    part = assert_as_computed_anew(edited, baseline)
    told = part.metadata["what_if"]
    assert 0.0 < told["share_of_steps"] < 0.35
    assert told["share_of_preparation"] == edited.change.share
    # Something changed, and the base did not.
    assert not np.array_equal(part.tmrt_mean, baseline.tmrt_mean, equal_nan=True)
    for name, layer in before.items():
        assert np.array_equal(layer, getattr(base, name), equal_nan=True), name


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(row=st.integers(0, 92), col=st.integers(0, 105), rows=st.integers(1, 12),
       cols=st.integers(1, 12), rise=st.floats(-30, 40), crown=st.floats(0, 25))  # fmt: skip
def test_any_edit_anywhere(
    base: solweig.SurfaceData, baseline: solweig.TimeseriesSummary, row: int, col: int, rows: int,
    cols: int, rise: float, crown: float,
) -> None:  # fmt: skip
    window = (row, min(row + rows, 96), col, min(col + cols, 110))
    where = (slice(*window[:2]), slice(*window[2:]))
    dsm = np.maximum(base.dem[where], base.dsm[where] + np.float32(rise))
    edited = base.with_changes(window=window, dsm=dsm, cdsm=crown)
    assert_as_computed_anew(edited, baseline)


def test_changed_rasters_are_found(
    base: solweig.SurfaceData, baseline: solweig.TimeseriesSummary
) -> None:
    """Whole layers of which a few cells differ."""
    canopy = base.cdsm.copy()
    canopy[30:33, 80:82] = 7.0
    edited = base.with_changes(cdsm=canopy)
    assert edited.change is not None
    row, row_end, col, col_end = edited.change.window
    assert row <= 30
    assert row_end >= 33
    assert col <= 80
    assert col_end >= 82
    assert edited.change.share < 0.1
    assert_as_computed_anew(edited, baseline)


def test_no_difference_computes_nothing(
    base: solweig.SurfaceData, baseline: solweig.TimeseriesSummary
) -> None:
    same = base.with_changes(cdsm=base.cdsm.copy())
    assert same.change is not None
    assert same.change.empty
    assert same.change.share == 0.0
    part = run(same, baseline=baseline)
    assert_same_run(baseline, part)
    assert part.metadata["what_if"]["share_of_steps"] == 0.0


def test_a_lower_lowest_cell_computes_everything(
    base: solweig.SurfaceData, baseline: solweig.TimeseriesSummary
) -> None:
    edited = base.with_changes(window=(40, 42, 40, 42), dsm=60.0, dem=60.0)
    assert edited.change is not None
    assert edited.change.share == 1.0
    assert "lowest cell" in str(edited.change.whole)
    assert_as_computed_anew(edited, baseline)


def test_the_first_tree_computes_everything() -> None:
    bare = prepared(cdsm=None, tdsm=None)
    edited = bare.with_changes(window=(10, 13, 20, 22), cdsm=8.0)
    assert edited.change is not None
    assert edited.change.share == 1.0
    assert_as_computed_anew(edited, run(bare))


@pytest.mark.parametrize("layers", [{"dem": None, "land_cover": None}, {"formulation": "improved"}])
def test_other_surfaces(layers: dict[str, Any]) -> None:
    surface = prepared(**layers)
    options: dict[str, Any] = {"formulation": layers.get("formulation", "reference")}
    edited = surface.with_changes(window=(60, 64, 20, 24), dsm=150.0)
    assert_as_computed_anew(edited, run(surface, **options), **options)


def test_the_isotropic_sky_and_the_box(base: solweig.SurfaceData) -> None:
    config = solweig.ModelConfig(body="box", use_anisotropic_sky=False)
    edited = base.with_changes(window=WINDOW, cdsm=12.0)
    assert_as_computed_anew(edited, run(base, config=config), config=config)


def test_edits_follow_one_another(
    base: solweig.SurfaceData, baseline: solweig.TimeseriesSummary
) -> None:
    first = base.with_changes(window=WINDOW, cdsm=9.0)
    one = run(first, baseline=baseline)
    second = first.with_changes(window=(20, 25, 30, 33), dsm=140.0)
    assert_as_computed_anew(second, one)
    with pytest.raises(ConfigurationError, match="the surface that was edited"):
        run(second, baseline=baseline)


@pytest.mark.parametrize("output_format", ["geotiff", "netcdf", ["geotiff", "zarr", "netcdf"]])
def test_a_run_on_a_baseline_is_written_as_any_other(
    base: solweig.SurfaceData, baseline: solweig.TimeseriesSummary, tmp_path: Path,
    output_format: Any,
) -> None:  # fmt: skip
    if "zarr" in output_format:
        pytest.importorskip("zarr")
    if "netcdf" in output_format:
        pytest.importorskip("h5netcdf")
    edited = base.with_changes(window=WINDOW, cdsm=9.0)
    for name, before in (("full", None), ("part", baseline)):
        summary = run(
            edited, baseline=before, output_dir=tmp_path / name, output_format=output_format
        )
    full, part = (
        {
            str(p.relative_to(tmp_path / name)): p.read_bytes()
            for p in (tmp_path / name).rglob("*")
            if p.is_file() and p.name not in ("run_metadata.json", "telemetry.csv")
        }
        for name in ("full", "part")
    )
    assert sorted(full) == sorted(part)
    assert [name for name in full if full[name] != part[name]] == []
    assert summary.metadata["what_if"]["share_of_steps"] < 0.35
    assert load_run_metadata(tmp_path / "part")["status"] == "complete"
    # It is in memory as well, for what comes next.
    second = edited.with_changes(window=(20, 25, 30, 33), dsm=140.0)
    assert_as_computed_anew(second, summary)


def placed(**changes: Any) -> solweig.SurfaceData:
    """The city with a place on earth."""
    return prepared(geotransform=[WEST, 2.0, 0.0, NORTH, 0.0, -2.0], crs=UTM33_WKT, **changes)


def test_a_changed_file_is_found(tmp_path: Path) -> None:
    surface = placed()
    canopy = surface.cdsm.copy()
    canopy[60:64, 70:75] = 9.0
    path = write_tif(tmp_path / "trees.tif", canopy)
    edited = surface.with_changes(cdsm=path)
    assert edited.change is not None
    assert edited.change.share < 0.1
    assert_as_computed_anew(edited, run(surface))
    by_array = surface.with_changes(window=(60, 64, 70, 75), cdsm=9.0)
    assert edited.change == by_array.change
    assert_same_sky(edited, by_array)


def test_a_file_of_a_part_changes_that_part(tmp_path: Path) -> None:
    surface = placed()
    part = surface.dsm[60:70, 70:78].copy()
    part[2:5, 2:5] = 150.0
    path = write_tif(tmp_path / "tower.tif", part, west=WEST + 140.0, north=NORTH - 120.0)
    edited = surface.with_changes(dsm=path)
    assert edited.change is not None
    assert edited.change.share < 0.1
    by_array = surface.with_changes(window=(62, 65, 72, 75), dsm=150.0)
    assert np.array_equal(edited.dsm, by_array.dsm, equal_nan=True)
    assert_same_sky(edited, by_array)
    # A window takes of it what lies inside.
    nothing = surface.with_changes(window=(0, 20, 0, 20), dsm=path)
    assert nothing.change is not None
    assert nothing.change.empty
    codes = np.full((4, 5), 5, np.uint8)
    lawn = write_tif(tmp_path / "lawn.tif", codes, west=WEST + 140.0, north=NORTH - 120.0)
    green = surface.with_changes(land_cover=str(lawn))
    expected = surface.land_cover.copy()
    expected[60:64, 70:75] = 5
    assert np.array_equal(green.land_cover, expected)


def test_files_that_cannot_be_used(base: solweig.SurfaceData, tmp_path: Path) -> None:
    path = write_tif(tmp_path / "trees.tif", np.zeros((96, 110), np.float32))
    with pytest.raises(InvalidSurfaceData, match="where it lies"):
        base.with_changes(cdsm=path)
    far = write_tif(tmp_path / "far.tif", np.zeros((9, 9), np.float32), west=WEST + 9000.0)
    with pytest.raises(InvalidSurfaceData, match="overlaps"):
        placed().with_changes(cdsm=far)
    with pytest.raises(InvalidSurfaceData, match="no file"):
        base.with_changes(cdsm=tmp_path / "none.tif")


@pytest.mark.parametrize(
    ("edit", "error", "said"),
    [
        ({"window": (90, 97, 0, 5), "cdsm": 3.0}, ConfigurationError, "window"),
        ({"window": (-1, 5, 0, 5), "cdsm": 3.0}, ConfigurationError, "window"),
        ({"window": (5, 5, 0, 5), "cdsm": 3.0}, ConfigurationError, "window"),
        ({"window": (1, 2), "cdsm": 3.0}, ConfigurationError, "window"),
        ({"window": "park", "cdsm": 3.0}, ConfigurationError, "window"),
        ({"window": WINDOW}, ConfigurationError, "a layer among"),
        ({"window": WINDOW, "cdsm": np.zeros((4, 4))}, GridShapeMismatch, "cdsm"),
        ({"window": WINDOW, "albedo": 0.3}, InvalidSurfaceData, "albedo"),
        ({"window": WINDOW, "land_cover": 99}, InvalidSurfaceData, "land_cover"),
        ({"window": WINDOW, "cdsm": "oak"}, InvalidSurfaceData, "cdsm"),
    ],
)
def test_edits_that_cannot_be(
    base: solweig.SurfaceData, edit: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        base.with_changes(**edit)


def test_a_surface_without_sky_view_is_told() -> None:
    with pytest.raises(MissingPrecomputedData):
        city().with_changes(window=WINDOW, cdsm=3.0)


def test_baselines_that_do_not_belong(
    base: solweig.SurfaceData, baseline: solweig.TimeseriesSummary, tmp_path: Any
) -> None:
    edited = base.with_changes(window=WINDOW, cdsm=9.0)
    with pytest.raises(ConfigurationError, match="with_changes"):
        run(base, baseline=baseline)
    with pytest.raises(ConfigurationError, match="kept in memory"):
        run(edited, baseline=run(base, output_dir=tmp_path / "a"))
    with pytest.raises(ConfigurationError, match="without utci, shadow"):
        run(edited, outputs=["tmrt"], baseline=run(base, outputs=["tmrt"]))
    with pytest.raises(ConfigurationError, match=r"parameters\..*max_shadow_distance"):
        run(edited, baseline=baseline, max_shadow_distance_m=12.0)
    other = solweig.calculate(
        edited, weather((12,)), LOCATION, outputs=["tmrt", "utci", "shadow"], execution=CPU,
        max_shadow_distance_m=REACH_M,
    )  # fmt: skip
    with pytest.raises(ConfigurationError, match="weather"):
        run(edited, baseline=other)


def town(seed: int, **changes: Any) -> solweig.SurfaceData:
    """A sloping town of a few houses with gaps of low sun between them, and some trees."""
    rng = np.random.default_rng(seed)
    r, c = np.mgrid[0:70, 0:90]
    dem = (20.0 + 0.05 * r + 0.02 * c).astype(np.float32)
    dsm, canopy = dem.copy(), np.zeros_like(dem)
    for _ in range(7):
        row, col = rng.integers(0, 60), rng.integers(0, 80)
        rows, cols = slice(row, row + rng.integers(3, 10)), slice(col, col + rng.integers(3, 10))
        dsm[rows, cols] = dem[rows, cols] + np.float32(rng.uniform(4, 14))
    for _ in range(8):
        row, col = rng.integers(0, 67), rng.integers(0, 87)
        canopy[row : row + 3, col : col + 3] = rng.uniform(1, 9)
    layers: dict[str, Any] = {
        "dem": dem, "cdsm": canopy, "pixel_size": 2.0, "smooth_quantized_dem": False,
        "min_object_height": 0.0, **changes,
    }  # fmt: skip
    surface = solweig.SurfaceData(dsm, **layers)
    surface.compute_svf(max_shadow_distance_m=300.0, execution=CPU)
    return surface


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000), row=st.integers(0, 66), col=st.integers(0, 86),
       crown=st.sampled_from([0.0, 2.0, 8.0]),
       kind=st.sampled_from(["reference", "improved", "own"]),
       hours=st.sampled_from([(5, 6, 7), (11, 12, 13), (18, 19, 20)]))  # fmt: skip
def test_foliage_reaches_no_farther_than_its_shadow(
    seed: int, row: int, col: int, crown: float, kind: str, hours: tuple[int, ...]
) -> None:
    """With reaches far beyond the raster, so that only heights and houses bound them."""
    formulation = "improved" if kind == "improved" else "reference"
    base = town(seed, formulation=formulation)
    options: dict[str, Any] = {
        "outputs": ["tmrt", "utci", "shadow", "kdown"], "max_shadow_distance_m": 300.0,
        "execution": CPU, "formulation": formulation,
    }  # fmt: skip
    steps = weather(hours)
    before = solweig.calculate(base, steps, LOCATION, **options)
    edit: dict[str, Any] = {"cdsm": crown} | ({"transmissivity": 0.3} if kind == "own" else {})
    edited = base.with_changes(window=(row, row + 4, col, col + 4), **edit)
    part = solweig.calculate(edited, steps, LOCATION, baseline=before, **options)
    full = solweig.SurfaceData(
        edited.dsm, cdsm=edited.cdsm, dem=edited.dem, transmissivity=edited.transmissivity,
        pixel_size=2.0, smooth_quantized_dem=False, min_object_height=0.0, formulation=formulation,
    )  # fmt: skip
    full.compute_svf(max_shadow_distance_m=300.0, execution=CPU)
    assert_same_sky(full, edited)
    assert_same_run(solweig.calculate(full, steps, LOCATION, **options), part)


def test_a_low_tree_behind_houses_takes_a_small_part_of_a_large_reach() -> None:
    base = town(4)
    options: dict[str, Any] = {
        "outputs": ["tmrt", "utci", "shadow"], "max_shadow_distance_m": 300.0, "execution": CPU,
    }  # fmt: skip
    steps = weather((5, 6, 7))
    edited = base.with_changes(window=(30, 32, 40, 42), cdsm=3.0)
    assert edited.change is not None
    assert edited.change.reach > 60
    assert edited.change.share < 0.6
    before = solweig.calculate(base, steps, LOCATION, **options)
    part = solweig.calculate(edited, steps, LOCATION, baseline=before, **options)
    assert 0.0 < part.metadata["what_if"]["share_of_steps"] < 0.7
    # A cover reaches as far as the ground is seen.
    cover = city()
    cover.compute_svf(max_shadow_distance_m=REACH_M, execution=CPU)
    green = cover.with_changes(window=WINDOW, land_cover=5)
    assert green.change is not None
    assert green.change.share == 0.0


def test_a_tree_that_is_taken_away_leaves_sun_where_its_long_shadow_was() -> None:
    flat = np.full((40, 160), 3.0, np.float32)
    canopy = np.zeros_like(flat)
    canopy[12:15, 150:153], canopy[2, 2] = 9.0, 5.0
    surface = solweig.SurfaceData(flat, dem=flat.copy(), cdsm=canopy, pixel_size=2.0)
    surface.compute_svf(max_shadow_distance_m=300.0, execution=CPU)
    options: dict[str, Any] = {
        "outputs": ["tmrt", "utci", "shadow"], "max_shadow_distance_m": 300.0, "execution": CPU,
    }  # fmt: skip
    steps = weather((5, 6))
    before = solweig.calculate(surface, steps, LOCATION, **options)
    edited = surface.with_changes(window=(12, 15, 150, 153), cdsm=0.0)
    assert edited.change is not None
    part = solweig.calculate(edited, steps, LOCATION, baseline=before, **options)
    full = solweig.SurfaceData(
        flat, dem=flat.copy(), cdsm=edited.cdsm, pixel_size=2.0, min_object_height=0.0
    )
    full.compute_svf(max_shadow_distance_m=300.0, execution=CPU)
    whole = solweig.calculate(full, steps, LOCATION, **options)
    assert_same_run(whole, part)
    lit = np.flatnonzero((whole.dataset["shadow"] > before.dataset["shadow"]).any(["time", "y"]))
    assert lit[0] < 115

"""Temperatures of walls: what is computed, that it goes on, and what is refused."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

import solweig
from solweig import _core
from solweig.errors import ConfigurationError, GridShapeMismatch
from solweig.params import load_materials, wall_heat_row
from solweig.results.outputs import WALL_CUBE, WALL_NETCDF, WALL_POINTS
from solweig.run.plan import make_plan
from solweig.run.settings import RunSettings
from tests.support.run_cases import LOCATION, small_surface, weather, xy
from tests.support.tile_cases import REACH_M, prepared

DAY = tuple(range(24))
WALL = "wall_temperature"


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


@pytest.fixture(scope="module")
def town() -> solweig.SurfaceData:
    return prepared()


def run(surface: solweig.SurfaceData, hours: tuple[int, ...] = (5, 9, 13), **options: Any) -> Any:
    chosen: dict[str, Any] = {"outputs": [WALL], **options}
    return solweig.calculate(surface, weather(hours), LOCATION, **chosen)


@pytest.fixture(scope="module")
def day(surface: solweig.SurfaceData) -> xr.Dataset:
    return run(surface, DAY, wall_material="brick").walls


def test_every_wall_cell_with_its_place_and_material(
    surface: solweig.SurfaceData, day: xr.Dataset
) -> None:
    height, aspect = surface.walls()
    rows, cols = np.nonzero(height)
    assert day[WALL].dims == ("wall", "height", "time")
    assert day.sizes["wall"] == len(rows)
    want = np.array([xy(r, c) for r, c in zip(rows, cols, strict=True)])
    assert np.array_equal(day.x, want[:, 0])
    assert np.array_equal(day.y, want[:, 1])
    assert np.array_equal(day.aspect, aspect[rows, cols])
    assert np.array_equal(day.wall_height, height[rows, cols])
    # 9 m in pieces of a cell's 2 m; the last is the upper half of one.
    assert day.height.values.tolist() == [1.0, 3.0, 5.0, 7.0, 9.0]
    assert day.material.attrs["flag_meanings"] == "brick"
    assert np.isfinite(day[WALL]).all()


def test_the_row_says_what_it_stands_for(day: xr.Dataset) -> None:
    assert day.attrs["Conventions"] == "CF-1.8"
    assert day[WALL].attrs["units"] == "degC"
    assert day[WALL].attrs["cell_methods"] == "time: mean"
    assert day.time.attrs["bounds"] == "time_bnds"
    # Stamps at the end of their hours.
    hours = (day.time_bnds - day.time).values.astype("timedelta64[m]").astype(int)
    assert hours.tolist() == [[-60, 0]] * 24


def test_walls_warm_in_the_sun_and_cool_at_night(day: xr.Dataset) -> None:
    south = day[WALL].where(np.abs(day.aspect - 180) < 30, drop=True).mean(["wall", "height"])
    north = day[WALL].where(np.cos(np.radians(day.aspect)) > 0.9, drop=True)
    north = north.mean(["wall", "height"])
    assert float(south[14]) > float(north[14]) + 4.0
    night = south.values[21:]
    assert (np.diff(night) < 0).all()
    # Heat is kept: after sunset the wall that had the sun is the warmer one.
    assert float(south[22]) > float(north[22]) + 0.3


def test_light_walls_and_wood_differ(surface: solweig.SurfaceData) -> None:
    wood, concrete = (
        run(surface, DAY, wall_material=name).walls[WALL] for name in ("wood", "concrete")
    )
    swing = [float((t.max("time") - t.min("time")).mean()) for t in (wood, concrete)]
    assert swing[0] > swing[1] + 3.0


def test_materials_of_the_land_cover_beside_the_wall() -> None:
    surface = small_surface(svf=False)
    surface.land_cover[6:14, 8:13] = 100
    surface.land_cover[6:14, 13:18] = 102
    surface.compute_svf()
    walls = run(surface).walls
    names = walls.material.attrs["flag_meanings"].split()
    assert set(names) == {"brick", "wood", "concrete"}
    own = [names[k] for k in walls.material.values]
    west = walls.x.values < xy(0, 13)[0]
    assert {n for n, w in zip(own, west, strict=True) if w} == {"brick"}
    assert {n for n, w in zip(own, ~west, strict=True) if w} == {"wood", "brick"} or {
        n for n, w in zip(own, ~west, strict=True) if w
    } == {"wood"}


@pytest.mark.parametrize("tile_size", [32, 64])
def test_tiles_give_the_same_bits(town: solweig.SurfaceData, tile_size: int) -> None:
    options = {"max_shadow_distance_m": REACH_M, "outputs": [WALL, "tmrt"], "walls": "heated"}
    whole, tiled = run(town, **options), run(town, tile_size=tile_size, **options)
    assert tiled.metadata["tile_plan"]["tiles"] > 1
    # Two walls beside cells without data have no aspect.
    assert whole.walls.sizes["wall"] == 485
    assert np.isfinite(whole.walls.aspect).all()
    assert np.array_equal(whole.walls[WALL], tiled.walls[WALL], equal_nan=True)
    assert np.array_equal(whole.dataset.tmrt, tiled.dataset.tmrt, equal_nan=True)
    for name, temperatures in whole.state.walls.items():
        assert np.array_equal(temperatures, tiled.state.walls[name]), name


def test_a_period_cut_in_two_is_the_period(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    options = {"outputs": [WALL, "tmrt"], "walls": "heated"}
    whole = run(surface, (8, 9, 10, 11, 12, 13), **options)
    first = run(surface, (8, 9, 10), **options)
    kept = solweig.ThermalState.load(first.state.save(tmp_path / "state"))
    second = run(surface, (11, 12, 13), state=kept, **options)
    for part, cut in ((first, slice(0, 3)), (second, slice(3, 6))):
        assert np.array_equal(whole.walls[WALL][..., cut], part.walls[WALL])
        assert np.array_equal(whole.dataset.tmrt[cut], part.dataset.tmrt, equal_nan=True)
    for name, temperatures in whole.state.walls.items():
        assert np.array_equal(temperatures, second.state.walls[name]), name


def test_a_state_without_walls_is_told(
    surface: solweig.SurfaceData, caplog: pytest.LogCaptureFixture
) -> None:
    before = run(surface, (8,), outputs=["tmrt"]).state
    run(surface, (9,), state=before)
    assert "no temperatures of walls" in caplog.text


def test_a_state_of_other_walls_is_refused(surface: solweig.SurfaceData) -> None:
    state = run(surface, (8,)).state
    state.walls["pieces"] = state.walls["pieces"][:-1]
    with pytest.raises(GridShapeMismatch, match="state"):
        run(surface, (9,), state=state)


@pytest.mark.parametrize("harm", ["nan", "shape"])
def test_a_damaged_state_is_refused(
    surface: solweig.SurfaceData, tmp_path: Path, harm: str
) -> None:
    state = run(surface, (8,)).state
    if harm == "nan":
        state.walls["pieces"][3, 2] = np.nan
    else:
        state.walls["standard"] = state.walls["standard"].ravel()
    path = state.save(tmp_path / "state")
    with pytest.raises(ConfigurationError, match="thermal state"):
        solweig.ThermalState.load(path)


def test_files_hold_what_memory_has(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    pytest.importorskip("h5netcdf")
    pytest.importorskip("zarr")
    points = {"south": xy(14, 10), "square": xy(20, 3)}
    summary = run(surface, output_dir=tmp_path, output_format=["geotiff", "zarr"], pois=points)
    with (
        xr.open_dataset(tmp_path / WALL_NETCDF, engine="h5netcdf") as netcdf,
        xr.open_zarr(tmp_path / WALL_CUBE, consolidated=False) as cube,
    ):
        for found in (netcdf, cube):
            for name in summary.walls.variables:
                if name != "spatial_ref":
                    assert np.array_equal(found[name], summary.walls[name], equal_nan=True), name
        assert netcdf[WALL].attrs["cell_methods"] == "time: mean"
        assert netcdf[WALL].encoding["zlib"]
    table = (tmp_path / WALL_POINTS).read_text().splitlines()
    assert table[0] == "poi,time,x,y,height,aspect,material,wall_temperature"
    # Five pieces, three steps; the point on the square has no wall.
    assert len(table) == 1 + 15
    assert all(line.startswith("south,") for line in table[1:])
    own = summary.wall_points
    x, y = xy(14, 10)
    [k] = np.flatnonzero((summary.walls.x == x) & (summary.walls.y == y))
    assert np.array_equal(own.wall_temperature, summary.walls[WALL][k].values.ravel())
    # A second run of other steps keeps the first one's.
    run(surface, (15, 16), output_dir=tmp_path, pois=points)
    kept = list((tmp_path / "runs").glob(f"*/{WALL_NETCDF}"))
    assert len(kept) == 1
    run(surface, (15, 16), output_dir=tmp_path, outputs=["tmrt"], overwrite=True)
    assert not (tmp_path / WALL_NETCDF).exists()
    assert not (tmp_path / WALL_CUBE).exists()


def test_the_same_run_gives_the_same_bytes(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    pytest.importorskip("h5netcdf")
    for name in ("one", "two"):
        run(surface, (9,), output_dir=tmp_path / name)
    one, two = ((tmp_path / name / WALL_NETCDF).read_bytes() for name in ("one", "two"))
    assert one == two


def test_heated_walls_change_longwave_alone_and_by_night_too(
    surface: solweig.SurfaceData,
) -> None:
    outputs = ["tmrt", "kdown", "ldown", "attribution"]
    hours = (10, 14, 18, 22)
    plain = run(surface, hours, outputs=outputs)
    heated = run(surface, hours, outputs=outputs, walls="heated", wall_material="brick")
    same = run(surface, hours, outputs=outputs, walls="wave")
    assert np.array_equal(plain.dataset.tmrt, same.dataset.tmrt, equal_nan=True)
    assert np.array_equal(plain.dataset.kdown, heated.dataset.kdown, equal_nan=True)
    for step in range(len(hours)):
        apart = np.abs(plain.dataset.ldown[step] - heated.dataset.ldown[step])
        assert float(apart.max()) > 1.0, step
    terms = [heated.dataset[name] for name in heated.dataset if name.startswith("attribution")]
    air = heated.dataset.ta
    assert float(np.abs(sum(terms) - (heated.dataset.tmrt - air)).max()) < 0.01
    # At night walls are warmer than the air that has cooled.
    night = heated.dataset.attribution_walls[3] - plain.dataset.attribution_walls[3]
    assert float(night.max()) > 0.0


def test_heated_walls_in_a_period(surface: solweig.SurfaceData) -> None:
    steps = weather((10, 16, 22))
    found = solweig.calculate_period(
        surface, steps, LOCATION, config=solweig.ModelConfig(walls="heated")
    )
    by_step = run(surface, (10, 16, 22), outputs=["tmrt"], walls="heated")
    assert np.array_equal(found.tmrt_mean, by_step.tmrt_mean, equal_nan=True)


def test_a_missing_wind_is_told(
    surface: solweig.SurfaceData, caplog: pytest.LogCaptureFixture
) -> None:
    steps = weather((9, 10), ws=float("nan"))
    found = solweig.calculate(surface, steps, LOCATION, outputs=[WALL])
    assert np.isfinite(found.walls[WALL]).all()
    assert "2 step(s) without wind" in caplog.text


def test_the_file_of_parameters_may_lack_heat(surface: solweig.SurfaceData) -> None:
    materials = load_materials()
    del materials.Density
    with pytest.raises(ConfigurationError, match="Density"):
        run(surface, materials=materials, wall_material="brick")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"walls": "hot"}, "walls"),
        ({"walls": "heated", "use_anisotropic_sky": False}, "walls"),
        ({"wall_material": "marble"}, "wall_material"),
        ({"wall_material": "cobblestone"}, "wall_material"),
        ({"outputs": ["wall_temperatures"]}, "outputs"),
    ],
)
def test_what_cannot_be_is_refused_before_the_run(
    surface: solweig.SurfaceData, options: dict[str, Any], field: str
) -> None:
    settings: dict[str, Any] = {"outputs": [WALL], **options}
    with pytest.raises(ConfigurationError) as refused:
        make_plan(surface, weather(), LOCATION, RunSettings.resolve(**settings))
    assert refused.value.field == field


def test_a_surface_without_walls_has_none() -> None:
    flat = solweig.SurfaceData(np.zeros((12, 12), np.float32), pixel_size=1.0)
    flat.compute_svf()
    with pytest.raises(ConfigurationError, match="walls"):
        run(flat)


def test_period_statistics_have_no_walls(surface: solweig.SurfaceData) -> None:
    config = solweig.ModelConfig(outputs=[WALL])
    with pytest.raises(ConfigurationError, match="outputs"):
        solweig.calculate_period(surface, weather((9, 10)), LOCATION, config=config)


def test_the_engine_refuses_what_it_cannot_take() -> None:
    brick = wall_heat_row(load_materials(), "Brick_wall")
    step = make_plan(
        small_surface(), weather((9,)), LOCATION, RunSettings.resolve()
    ).series.step(0)  # fmt: skip
    with pytest.raises(ValueError, match="thickness"):
        _core.standard_walls([step], {**brick, "thickness": 0.0})
    with pytest.raises(KeyError, match="density"):
        _core.standard_walls([step], {k: v for k, v in brick.items() if k != "density"})
    with pytest.raises(ValueError, match="state"):
        _core.standard_walls([step], brick, state=np.zeros((3, 3)))
    with pytest.raises(ValueError, match="steps"):
        _core.standard_walls([], brick)


def test_namespace_of_names() -> None:
    """Classes whose names are no walls' have no heat, and are named in the error."""
    with pytest.raises(ConfigurationError, match="Brick_wall"):
        wall_heat_row(load_materials(), "Water")
    bare = SimpleNamespace(Names=SimpleNamespace(Value=SimpleNamespace(**{"1": "X"})))
    with pytest.raises(ConfigurationError, match="none here"):
        wall_heat_row(bare, "X")

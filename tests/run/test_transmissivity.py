"""Canopies with a transmissivity of their own: light takes that of the canopy it comes through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig import _core
from solweig.errors import (
    ConfigurationError,
    GridShapeMismatch,
    InvalidSurfaceData,
    MissingPrecomputedData,
)
from solweig.execution import ExecutionConfig
from solweig.typing import F32
from tests.support.gpu_cities import FIELDS, City, run_day, with_own_canopies
from tests.support.gpu_cities import random_city as city_of
from tests.support.gpu_cities import weather as instant
from tests.support.run_cases import LOCATION, small_surface, weather
from tests.support.tile_cases import REACH_M, assert_same_run, assert_same_sky, prepared, run

CPU = ExecutionConfig(accelerator="cpu")
# Sums of as many numbers in another order, in single precision; of Tmrt in kelvin.
ROUNDING = 2e-4


def own_of(shape: tuple[int, int], seed: int = 3) -> F32:
    """Blocks of equal transmissivity, as of single trees."""
    rng = np.random.default_rng(seed)
    coarse = rng.choice(np.array([0.03, 0.08, 0.2, 0.45, 0.9], np.float32), (40, 40))
    return np.kron(coarse, np.ones((8, 8), np.float32))[: shape[0], : shape[1]]


# ------------------------------------------------------------------ against one for all


@pytest.mark.parametrize("leaf_on", [True, False])
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5, 8])
def test_equal_canopies_are_as_without(seed: int, leaf_on: bool) -> None:
    """Bodies, skies and formulations in turn: 0.03 everywhere is what holds without a layer."""
    city = city_of(seed)
    alike = City(**{**vars_of(city), "transmissivity": np.full(city.dsm.shape, 0.03, np.float32)})
    assert alike.scene.has_transmissivity
    days = [run_day(c, None, outputs=FIELDS, leaf_on=leaf_on) for c in (city, alike)]
    for one, two in zip(days[0].steps, days[1].steps, strict=True):
        for name, grid in one.items():
            assert np.array_equal(grid, two[name], equal_nan=True), name
    several = [run_day(c, None, suns=3, leaf_on=leaf_on).grids for c in (city, alike)]
    for name, grid in several[0].items():
        np.testing.assert_allclose(grid, several[1][name], rtol=0, atol=ROUNDING, err_msg=name)


def vars_of(city: City) -> dict[str, Any]:
    return {name: getattr(city, name) for name in City.__dataclass_fields__}


def test_the_layer_wins_over_the_parameter() -> None:
    city = with_own_canopies(city_of(0), 0)
    other = City(**{**vars_of(city), "params": {**city.params, "transmissivity": 0.5}})
    one, two = (run_day(c, None, outputs=["shadow", "tmrt"]).steps for c in (city, other))
    for a, b in zip(one, two, strict=True):
        for name in ("shadow", "tmrt"):
            assert np.array_equal(a[name], b[name], equal_nan=True), name


# ------------------------------------------------------------------ whose it is

SIZE = 60


def avenue(near: float, far: float) -> tuple[Any, F32]:
    """Flat ground with two crowns in line with a sun in the south, and a bare cell of 1."""
    canopy = np.zeros((SIZE, SIZE), np.float32)
    canopy[30:33, 20:40] = 8.0
    canopy[36:39, 30:50] = 14.0
    own = np.ones_like(canopy)
    own[canopy == 8.0], own[canopy == 14.0] = near, far
    scene = _core.Scene(np.zeros_like(canopy), pixel_size=1.0, canopy=canopy, transmissivity=own)
    return scene, canopy


def shadow_under(near: float, far: float, **changes: Any) -> F32:
    scene, canopy = avenue(near, far)
    zero = np.zeros_like(canopy)
    sky = scene.svf(1)
    model = _core.Model(
        scene, svf=sky.fields(), masks=sky.masks(), patch_option=1,
        buildings=np.ones(canopy.shape, np.uint8), wall_height=zero, wall_aspect=zero,
        params={},
    )  # fmt: skip
    step = instant(12.0, altitude=45.0, azimuth=180.0, **changes)
    grid: F32 = model.step(model.new_state(), step, outputs=["shadow"]).fields["shadow"]
    return grid


@pytest.mark.parametrize(("near", "far"), [(0.2, 0.5), (0.5, 0.2), (0.0, 1.0)])
def test_a_ray_takes_the_densest_canopy_it_crosses(near: float, far: float) -> None:
    shade = shadow_under(near, far)
    # Shade falls north of the crowns, on cells whose own value is 1: of the low crown alone, of
    # both where their shadows meet, of the high one alone.
    only_near = shade[20:33, 20:28]
    assert np.unique(only_near[only_near < 1.0]) == pytest.approx([near])
    both = shade[26, 32:38]
    assert both == pytest.approx(min(near, far))
    only_far = shade[20:33, 42:48]
    assert np.unique(only_far[only_far < 1.0]).tolist() in ([], pytest.approx([far]))
    assert np.nanmax(shade[50:]) == np.nanmin(shade[50:]) == 1.0


def test_one_more_tree_never_brightens() -> None:
    """The densest decides: with one for all crossed, or the first, this would not hold."""
    for added in (0.0, 0.3, 1.0):
        without, with_tree = shadow_under(0.2, 1.0), shadow_under(0.2, added)
        assert (with_tree <= without).all()


def test_bare_crowns_are_never_denser_than_all_are_taken_for() -> None:
    shade = shadow_under(0.2, 0.8, leaf_on=False)
    assert np.unique(shade).tolist() == pytest.approx([0.5, 0.8, 1.0])


# ------------------------------------------------------------------ diffuse light


def exact_share(city: City, light: F32, dense: F32) -> F32:
    """Share of the diffuse light, patch by patch: behind a canopy of ``dense`` nothing of 0.5."""
    masks = city.sky.masks()
    only = City(**{**vars_of(city), "canopy": city.canopy * dense, "trunk": city.trunk * dense,
                   "transmissivity": None})  # fmt: skip
    denser = only.sky.masks()
    total = np.zeros(city.dsm.shape)
    for patch, share in enumerate(light):
        word, bit = patch // 32, np.uint32(1 << patch % 32)
        seen = {n: (m[:, :, word] & bit) != 0 for n, m in masks.items()}
        behind = seen["shmat"] & ~seen["vegshmat"]
        hidden = (denser["vegshmat"][:, :, word] & bit) == 0
        through = np.where(behind, np.where(hidden, 0.03, 0.5), 0.0)
        open_sky = seen["shmat"] & seen["vegshmat"] & seen["vbshmat"]
        total += share * np.where(open_sky, 1.0, through)
    return total.astype(np.float32)


def test_diffuse_light_comes_close_to_the_sum_over_patches() -> None:
    """Of canopies as unlike as can be: the mean seen against each patch's own."""
    canopy = np.zeros((50, 50), np.float32)
    canopy[10:20, 8:20], canopy[10:20, 30:42], canopy[30:40, 15:30] = 9.0, 9.0, 14.0
    dsm = np.zeros_like(canopy)
    dsm[24:28, 34:44] = 12.0
    dense = np.zeros_like(canopy)
    dense[:, :25] = 1.0
    own = np.where(dense == 1.0, 0.03, 0.5).astype(np.float32)
    city = City(
        dsm, None, canopy, 0.3 * canopy, np.ones(dsm.shape, np.uint8), 2.0, transmissivity=own
    )
    model = city.model()
    diffuse, beam = 150.0, 600.0
    worst, mean, before = 0.0, [], []
    scalar = City(**{**vars_of(city), "transmissivity": None}).model()
    for hour in (8.0, 12.0, 16.0):
        step = instant(hour, diffuse_rad=diffuse, direct_rad=beam)
        got = model.step(model.new_state(), step, outputs=["drad"]).fields["drad"]
        light, _, _ = _core.perez_luminance(
            90.0 - step["altitude"], step["azimuth"], diffuse, beam, 180, 2
        )
        exact = diffuse * exact_share(city, np.asarray(light, np.float32), dense)
        apart = np.abs(got - exact)
        worst, mean = max(worst, float(apart.max())), [*mean, float(apart.mean())]
        alike = scalar.step(scalar.new_state(), step, outputs=["drad"]).fields["drad"]
        before.append(float(np.abs(alike - exact).mean()))
    # As R 2.6 says; shares of the diffuse light.
    assert worst < 0.11 * diffuse, worst
    assert np.mean(mean) < 0.013 * diffuse, mean
    assert np.mean(before) > 3.0 * np.mean(mean), before


# ------------------------------------------------------------------ the same however it is cut


@pytest.fixture(scope="module")
def whole() -> solweig.SurfaceData:
    return prepared(transmissivity=own_of((96, 110)))


@pytest.mark.parametrize("options", [{}, {"sun_substeps": 3}, {"use_anisotropic_sky": False}])
def test_tiles_and_workers_change_no_bit(
    whole: solweig.SurfaceData, options: dict[str, Any]
) -> None:
    tiled = prepared(tile_size=40, transmissivity=own_of((96, 110)))
    assert tiled.svf is not None
    assert tiled.svf.canopy_transmissivity is not None
    assert_same_sky(whole, tiled)
    one = run(whole, execution=ExecutionConfig(accelerator="cpu", workers=1), **options)
    two = run(tiled, execution=CPU, tile_size=40, **options)
    assert_same_run(one, two)
    plain = run(prepared(), execution=CPU, **options)
    assert np.nanmax(one.tmrt_mean - plain.tmrt_mean) > 1.0


def test_built_in_files_and_given_up_again(
    whole: solweig.SurfaceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sky view too large for the memory, and after it one of a surface without the layer."""
    monkeypatch.setenv("SOLWEIG_MEMMAP_THRESHOLD", "1000")
    names = ("dsm", "dem", "cdsm", "tdsm", "land_cover", "transmissivity")
    given = {name: getattr(whole, name) for name in names}

    def made(**changes: Any) -> solweig.SurfaceData:
        return solweig.SurfaceData.prepare(
            **{**given, **changes}, working_dir=tmp_path, pixel_size=2.0, tile_size=32,
            smooth_quantized_dem=False, max_shadow_distance_m=REACH_M, execution=CPU,
        )  # fmt: skip

    surface = made()
    assert surface.svf is not None
    assert isinstance(surface.svf.canopy_transmissivity, np.memmap)
    assert_same_sky(whole, surface)
    plain = made(transmissivity=None)
    assert plain.svf is not None
    assert plain.svf.canopy_transmissivity is None
    assert_same_sky(prepared(), plain)


# ------------------------------------------------------------------ edits


PLANTED = {"cdsm": 9.0, "transmissivity": 0.25}


@pytest.mark.parametrize(
    ("first", "edit"),
    [
        ("own", PLANTED),
        ("own", {"transmissivity": 0.6}),
        ("own", {"cdsm": 0.0}),
        ("alike", PLANTED),
        ("alike", {"transmissivity": 0.6}),
    ],
)
def test_an_edit_is_a_full_computation(
    whole: solweig.SurfaceData, first: str, edit: dict[str, Any]
) -> None:
    base = whole if first == "own" else prepared()
    window = (40, 60, 20, 40)
    edited = base.with_changes(window=window, **edit)
    assert edited.change is not None
    assert edited.change.whole is None
    names = ("dsm", "dem", "cdsm", "tdsm", "land_cover", "transmissivity")
    full = solweig.SurfaceData(
        **{n: getattr(edited, n) for n in names}, pixel_size=2.0, min_object_height=0.0,
        smooth_quantized_dem=False,
    )  # fmt: skip
    full.compute_svf(max_shadow_distance_m=REACH_M)
    assert_same_sky(full, edited)
    options: dict[str, Any] = {"execution": CPU, "pois": None}
    part = run(edited, baseline=run(base, **options), **options)
    assert_same_run(run(full, **options), part)


def test_planted_trees_must_say_theirs(whole: solweig.SurfaceData) -> None:
    with pytest.raises(
        InvalidSurfaceData, match=r"transmissivity: .*none in 16 of 16 cells.*0\.03"
    ):
        whole.with_changes(window=(0, 4, 100, 104), cdsm=9.0)


def test_a_parameter_beside_the_layer_is_told(caplog: pytest.LogCaptureFixture) -> None:
    surface = small_surface()
    options: dict[str, Any] = {"outputs": ["tmrt", "utci", "shadow"], "execution": CPU}
    physics = solweig.load_physics()
    physics.Tree_settings.Value.Transmissivity = 0.1
    baseline = solweig.calculate(surface, weather(), LOCATION, physics=physics, **options)
    edited = surface.with_changes(window=(2, 4, 2, 4), cdsm=5.0, transmissivity=0.2)
    with pytest.raises(ConfigurationError, match=r"transmissivity of other canopies \(0\.1, now"):
        solweig.calculate(
            edited, weather(), LOCATION, physics=physics, baseline=baseline, **options
        )
    with caplog.at_level("WARNING"):
        solweig.calculate(edited, weather((12,)), LOCATION, physics=physics, **options)
    assert "0.1 of the parameters is not used" in caplog.text


# ------------------------------------------------------------------ what is given


def layers() -> dict[str, Any]:
    surface = small_surface(svf=False)
    return {"dsm": surface.dsm, "dem": surface.dem, "cdsm": surface.cdsm, "pixel_size": 2.0}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"transmissivity": 40.0}, r"transmissivity: .*shares of light from 0 to 1.*Percent"),
        ({"transmissivity": -0.1}, r"transmissivity: .*-0\.1.*720 of 720 cells"),
        ({"transmissivity": np.nan}, r"transmissivity: .*at least one cell"),
        ({"lai": -1.0}, r"lai: .*from 0 to 12"),
        ({"lai": 60.0}, r"lai: .*from 0 to 12.*scale"),
        ({"lai": 3.0, "transmissivity": 0.1}, r"lai: expected transmissivity or lai, got both"),
        ({"lai": 3.0, "cdsm": None}, r"cdsm: expected a canopy.*transmissivity"),
    ],
)
def test_bad_layers_are_told(given: dict[str, Any], told: str) -> None:
    grids = {
        name: value if value is None else np.full((24, 30), value, np.float32)
        for name, value in given.items()
    }
    with pytest.raises(InvalidSurfaceData, match=told):
        solweig.SurfaceData.prepare(**{**layers(), **grids})


def test_unknown_under_trees_and_nowhere_else() -> None:
    own = np.full((24, 30), np.nan, np.float32)
    own[17:20, 20:23] = 0.2
    surface = solweig.SurfaceData.prepare(**layers(), transmissivity=own, execution=CPU)
    assert np.nanmax(surface.svf.canopy_transmissivity) == np.float32(0.2)  # type: ignore[union-attr]
    own[18, 21] = np.nan
    with pytest.raises(
        InvalidSurfaceData, match=r"transmissivity: .*none in 1 of 720 cells.*row 18"
    ):
        solweig.SurfaceData.prepare(**layers(), transmissivity=own)
    with pytest.raises(GridShapeMismatch, match="transmissivity"):
        solweig.SurfaceData.prepare(**layers(), transmissivity=own[:5])


def test_bare_canopies_are_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"more than 0\.8 in 9 of 9 canopy cells"):
        solweig.SurfaceData(**layers(), transmissivity=np.ones((24, 30), np.float32)).preprocess()


def test_a_dataset_and_files(tmp_path: Path) -> None:
    xr = pytest.importorskip("xarray")
    surface = small_surface(svf=False)
    georef = surface.georef
    grids = {"dsm": surface.dsm, "dem": surface.dem, "cdsm": surface.cdsm,
             "LAI": np.full(surface.shape, 4.0, np.float32)}  # fmt: skip
    data = xr.Dataset(
        {name: (("y", "x"), grid) for name, grid in grids.items()},
        coords={"y": georef.y(), "x": georef.x()}, attrs={"crs": "EPSG:3006"},
    )  # fmt: skip
    found = solweig.SurfaceData.prepare(data, execution=CPU)
    assert found.transmissivity is not None
    assert found.transmissivity[18, 21] == np.float32(np.exp(-2.0))
    # A coarse raster that ends before the surface does, but not before its trees.
    coarse = data.LAI[14:, 18:28].coarsen(y=2, x=2).mean().rename("lai")
    part = data.drop_vars("LAI")
    again = solweig.SurfaceData.prepare(part, lai=coarse.assign_attrs(data.attrs), execution=CPU)
    assert again.shape == surface.shape
    assert_same_sky(found, again)


def test_leaf_area_is_dimmed_exponentially() -> None:
    lai = np.full((24, 30), 7.0, np.float32)
    for extinction, want in ((0.5, np.exp(-3.5)), (0.7, np.exp(-4.9))):
        found = solweig.SurfaceData.prepare(
            **layers(), lai=lai, lai_extinction=extinction, execution=CPU
        ).transmissivity
        assert found is not None
        assert found[18, 21] == np.float32(want)
        assert np.isnan(found[0, 0])
    with pytest.raises(ConfigurationError, match="lai_extinction"):
        solweig.SurfaceData.prepare(**layers(), lai=lai, lai_extinction=0.0)


def test_sky_views_of_other_canopies_are_refused(tmp_path: Path) -> None:
    surface = small_surface()
    assert surface.svf is not None
    surface.transmissivity = np.full(surface.shape, 0.2, np.float32)
    with pytest.raises(MissingPrecomputedData, match="canopy_transmissivity"):
        solweig.calculate(surface, weather(), LOCATION)
    surface.svf.to_zip(tmp_path / "svfs.zip")
    own = surface.transmissivity
    with pytest.raises(MissingPrecomputedData, match="leave out svf_dir"):
        solweig.SurfaceData.prepare(**layers(), transmissivity=own, svf_dir=tmp_path)
    # And those that know more than is asked are used.
    surface.compute_svf()
    surface.transmissivity = None
    again = solweig.calculate(surface, weather(), LOCATION, execution=CPU)
    plain = solweig.calculate(small_surface(), weather(), LOCATION, execution=CPU)
    assert np.array_equal(again.tmrt_mean, plain.tmrt_mean, equal_nan=True)


def test_the_cache_tells_canopies_apart(tmp_path: Path) -> None:
    def made(value: float | None) -> solweig.SurfaceData:
        more = {} if value is None else {"transmissivity": np.full((24, 30), value, np.float32)}
        return solweig.SurfaceData.prepare(**layers(), **more, working_dir=tmp_path, execution=CPU)

    for value in (0.2, 0.3, None, 0.3):
        surface = made(value)
        loaded = solweig.SurfaceData.load(tmp_path)
        for one in (surface, loaded):
            assert one.svf is not None
            seen = one.svf.canopy_transmissivity
            assert (seen is None) == (value is None)
            assert seen is None or np.nanmax(seen) == np.float32(value)
        assert_same_sky(surface, loaded)

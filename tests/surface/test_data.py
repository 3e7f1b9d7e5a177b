"""SurfaceData: computing from arrays, properties, land-cover grids, the real site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

import solweig
from solweig import MissingPrecomputedData, SurfaceData, walls
from solweig.demo import demo_folder
from solweig.surface.svf_arrays import UMEP_STEMS
from tests.support.rasters import NORTH, WEST, scene, write_scene

AS_THE_REFERENCE: dict[str, Any] = {"min_object_height": 0.0, "smooth_quantized_dem": False}


def test_compute_from_arrays() -> None:
    surface = SurfaceData(**scene(), pixel_size=2.0)
    with pytest.raises(MissingPrecomputedData, match="compute_svf"):
        surface.require_svf()
    progress: list[tuple[int, int]] = []
    surface.compute_svf(feedback=lambda done, total: progress.append((done, total)))
    svf = surface.require_svf()
    assert svf.shape == (40, 50)
    assert svf.svf.dtype == np.float32
    assert 0.2 < float(svf.svf.min()) < 0.8
    assert float(svf.svf.max()) > 0.95
    assert surface.patch_option == 2
    assert surface.wall_height is not None
    assert surface.wall_height.max() == pytest.approx(12.0, abs=0.1)
    assert progress[-1][0] == progress[-1][1]


@pytest.mark.parametrize(("option", "count"), [(1, 145), (2, 153), (3, 305), (4, 609)])
def test_patch_options(option: int, count: int) -> None:
    surface = SurfaceData(**scene(), pixel_size=2.0)
    surface.compute_svf(patch_option=option)
    assert surface.shadow_matrices is not None
    assert surface.shadow_matrices.n_patches == count
    assert surface.patch_option == option
    again = solweig._core.svf_from_masks(
        option, *(surface.shadow_matrices.words()[n] for n in ("shmat", "vegshmat", "vbshmat"))
    )
    np.testing.assert_allclose(surface.require_svf().svf, again["svf"], atol=1e-6)


def test_reach_limits_how_far_obstacles_are_seen() -> None:
    dsm = np.zeros((161, 60), np.float32)
    dsm[:, 50:] = 30.0
    near, far = SurfaceData(dsm), SurfaceData(dsm)
    near.compute_svf(max_shadow_distance_m=20.0)
    far.compute_svf(max_shadow_distance_m=1000.0)
    # 40 m from the wall: out of the short reach, in the long one.
    assert near.require_svf().svf[80, 10] == pytest.approx(1.0, abs=1e-6)
    assert far.require_svf().svf[80, 10] < 0.95


def test_without_vegetation_the_vegetation_grids_are_one_array() -> None:
    layers = scene()
    surface = SurfaceData(layers["dsm"], dem=layers["dem"])
    surface.compute_svf()
    svf = surface.require_svf()
    assert svf.svf_veg is svf.svf_aveg_west
    assert (svf.svf_veg == 1).all()
    assert surface.shadow_matrices is not None
    assert not surface.shadow_matrices.has_vegetation


def test_an_empty_canopy_is_no_canopy() -> None:
    layers = scene()
    surface = SurfaceData(layers["dsm"], dem=layers["dem"], cdsm=np.zeros((40, 50)))
    assert not surface.scene().has_vegetation


def test_what_is_kept_is_dropped_when_its_source_is_set() -> None:
    surface = SurfaceData(**scene())
    first = surface.scene()
    surface.walls()
    assert surface.scene() is first
    surface.trunk_ratio = 0.3
    second = surface.scene()
    assert second is not first
    open_ground = surface.buildings()
    assert surface.buildings() is open_ground
    surface.land_cover = np.full((40, 50), 2, np.uint8)
    assert not surface.buildings().any()
    assert surface.scene() is second
    dsm = surface.dsm.copy()
    dsm[0, 0] = np.nan
    assert surface.valid_mask.all()
    surface.dsm = dsm
    assert not surface.valid_mask[0, 0]
    assert not surface.scene().valid_mask()[0, 0]


def test_given_walls_are_kept() -> None:
    height = np.full((40, 50), 3.0, np.float32)
    surface = SurfaceData(**scene(), wall_height=height, wall_aspect=height * 30)
    surface.compute_svf()
    np.testing.assert_array_equal(surface.wall_height, height)
    np.testing.assert_array_equal(surface.wall_aspect, height * 30)


def test_max_height() -> None:
    layers = scene()
    surface = SurfaceData(**layers, **AS_THE_REFERENCE)
    top = max(layers["dsm"].max(), (layers["dem"] + layers["cdsm"]).max())
    assert surface.max_height == pytest.approx(top - layers["dsm"].min(), abs=1e-5)
    layers["cdsm"][0, 0] = 40.0
    tall = SurfaceData(**layers, **AS_THE_REFERENCE)
    assert tall.max_height == pytest.approx(40.0 + layers["dem"][0, 0] - layers["dsm"].min())


def test_views() -> None:
    surface = SurfaceData(**scene(), albedo=np.full((40, 50), 0.3))
    assert surface.geometry.dsm is surface.dsm
    assert surface.geometry.pixel_size == 1.0
    assert surface.optical.land_cover is surface.land_cover
    assert surface.optical.albedo is surface.albedo
    assert surface.auxiliary.svf is None
    assert surface.auxiliary.valid_mask.all()
    with pytest.raises(AttributeError):
        surface.geometry.dsm = None  # type: ignore[misc]


def test_repr_says_what_is_there() -> None:
    text = repr(SurfaceData(**scene(), pixel_size=2.0))
    assert "40 x 50 cells of 2 m" in text
    assert "cdsm" in text
    assert "svf" not in text


def test_buffers() -> None:
    surface = SurfaceData(**scene())
    pool = surface.get_buffer_pool()
    first = pool.get("work")
    assert first.shape == (40, 50)
    assert pool.get("work") is first
    assert not pool.get_zeros("work").any()
    assert pool.nbytes == first.nbytes
    surface.clear_buffers()
    assert surface.get_buffer_pool() is not pool


# ------------------------------------------------------------------ land cover


def test_land_cover_grids() -> None:
    cover = np.array([[0, 1, 2, 5], [6, 7, 100, 250]], np.uint8)
    dsm = np.zeros((2, 4), np.float32)
    albedo, emissivity, slope, offset, hour = SurfaceData(
        dsm, land_cover=cover
    ).get_land_cover_properties()
    roof = (0.18, 0.95, 0.58, -9.78, 15.0)
    expected = {
        (0, 0): (0.20, 0.95, 0.37, -3.41, 15.0),
        (0, 1): (0.18, 0.95, 0.58, -9.78, 15.0),
        (0, 2): roof,
        (0, 3): (0.16, 0.94, 0.21, -3.38, 14.0),
        (1, 0): (0.25, 0.94, 0.33, -3.01, 14.0),
        (1, 1): (0.05, 0.98, 0.0, 0.0, 12.0),
        (1, 2): roof,
        (1, 3): roof,
    }
    for cell, values in expected.items():
        got = [grid[cell] for grid in (albedo, emissivity, slope, offset, hour)]
        np.testing.assert_allclose(got, values, rtol=1e-6, err_msg=str(cell))
        assert all(grid.dtype == np.float32 for grid in (albedo, hour))


def test_own_albedo_beats_the_class() -> None:
    own = np.full((40, 50), 0.33, np.float32)
    grids = SurfaceData(**scene(), albedo=own, emissivity=own).get_land_cover_properties()
    np.testing.assert_array_equal(grids[0], own)
    np.testing.assert_array_equal(grids[1], own)


def test_parameters_of_ones_own() -> None:
    params = solweig.load_params()
    params.Albedo.Effective.Value.Dark_asphalt = 0.07
    surface = SurfaceData(np.zeros((2, 2)), land_cover=np.ones((2, 2), np.uint8))
    np.testing.assert_allclose(surface.get_land_cover_properties(params)[0], 0.07, rtol=1e-6)
    np.testing.assert_allclose(surface.get_land_cover_properties()[0], 0.18, rtol=1e-6)


# ------------------------------------------------------------------ wall rasters


def test_generate_wall_rasters(tmp_path: Path) -> None:
    files = write_scene(tmp_path)
    box = (WEST + 4, NORTH - 70, WEST + 90, NORTH - 2)
    paths = walls.generate_wall_hts(files["dsm"], box, tmp_path / "walls", wall_limit=2)
    surface = SurfaceData.prepare(
        files["dsm"], bbox=box, wall_limit=2, wall_height=paths[0], wall_aspect=paths[1]
    )
    direct = SurfaceData.prepare(files["dsm"], bbox=box, wall_limit=2)
    np.testing.assert_array_equal(surface.wall_height, direct.wall_height)
    np.testing.assert_array_equal(surface.wall_aspect, direct.wall_aspect)
    assert surface.wall_height is not None
    assert surface.wall_height.any()
    with rasterio.open(paths[0]) as dataset:
        assert dataset.bounds == box
        assert dataset.crs.to_epsg() == 32633


# ------------------------------------------------------------------ the real site


@pytest.fixture(scope="module")
def square() -> SurfaceData:
    folder = demo_folder()
    return SurfaceData.prepare(
        folder / "dsm.tif",
        cdsm=folder / "cdsm.tif",
        dem=folder / "dem.tif",
        land_cover=folder / "land_cover.tif",
        **AS_THE_REFERENCE,
    )


def test_bundled_site_holds_the_values_of_its_source(shared: Path) -> None:
    for ours, source in (
        ("dsm", "DSM_GA"), ("dem", "DEM_GA"), ("cdsm", "CDSM_GA"), ("land_cover", "LC_GA"),
    ):  # fmt: skip
        with (
            rasterio.open(demo_folder() / f"{ours}.tif") as bundled,
            rasterio.open(shared / f"data/gustav_adolfs/{source}.tif") as original,
        ):
            np.testing.assert_array_equal(bundled.read(1), original.read(1))
            assert bundled.transform == original.transform
            assert bundled.crs == original.crs


def test_bundled_site_is_small_and_attributed() -> None:
    files = list(demo_folder().iterdir())
    assert sum(file.stat().st_size for file in files) < 200_000
    text = (demo_folder() / "README.md").read_text("utf-8")
    for word in ("University of Gothenburg", "GPL-3.0", "10.1007/s00484-008-0162-7"):
        assert word in text


def test_walls_and_buildings_of_the_square(square: SurfaceData, shared: Path) -> None:
    inputs = np.load(shared / "reference/gustav_adolfs/inputs.npz")
    height, aspect = square.walls()
    # float32 against the reference's float64
    np.testing.assert_allclose(height, inputs["wall_height"], atol=4e-6)
    np.testing.assert_allclose(aspect, inputs["wall_aspect_deg"], atol=4e-5)
    np.testing.assert_array_equal(square.buildings(), inputs["buildings"])
    albedo, emissivity, slope, offset, hour = square.get_land_cover_properties()
    for grid, name in (
        (albedo, "alb_grid"),
        (emissivity, "emis_grid"),
        (slope, "TgK"),
        (offset, "Tstart"),
        (hour, "TmaxLST"),
    ):
        np.testing.assert_allclose(grid, inputs[name], atol=1e-6, err_msg=name)


def test_sky_view_of_the_square(square: SurfaceData, shared: Path) -> None:
    stored = np.load(shared / "reference/gustav_adolfs/svf.npz")
    packed = np.load(shared / "reference/gustav_adolfs/svf_shadowmats_packed.npz")
    bound = 51.48595472088606  # the reference cuts shadows of higher objects; see its manifest
    square.compute_svf(height_bound_m=bound)
    matrices = square.shadow_matrices
    assert matrices is not None
    for name, key in (
        ("shmat", "shmat"), ("vegshmat", "vegshmat"), ("vbshmat", "vbshvegshmat"),
    ):  # fmt: skip
        expected = np.unpackbits(packed[key], axis=2)[:, :, :153]
        assert int((getattr(matrices, name) != expected).sum()) == 0, name
    for name, stem in UMEP_STEMS.items():
        got = getattr(square.require_svf(), name)
        np.testing.assert_allclose(got, stored[stem], atol=1e-6, err_msg=name)


# ------------------------------------------------------------------ improved geometry


def test_improved_formulation_puts_each_of_its_parts_right() -> None:
    dsm = np.full((40, 40), 5.0, np.float32)
    dsm[15:25, 15:25] = 17.0
    canopy = np.zeros_like(dsm)
    canopy[5, 30] = 9.0
    made = {
        name: SurfaceData(dsm, cdsm=canopy, trunk_ratio=0.5, formulation=name)
        for name in ("reference", "improved")
    }
    for surface in made.values():
        surface.compute_svf()
    reference, improved = made["reference"], made["improved"]
    # Walls of a block that looks along the axes (G 6.2).
    north, south = (14, 20), (25, 20)
    assert [reference.walls()[1][cell] for cell in (north, south)] == [7.0, 187.0]
    assert [improved.walls()[1][cell] % 360 for cell in (north, south)] == [0.0, 180.0]
    # The canopy hides the zenith of the cell south of it, or of its own.
    assert reference.shadow_matrices is not None
    assert improved.shadow_matrices is not None
    zenith = {k: s.shadow_matrices.vegshmat[:, :, -1] for k, s in made.items() if s.shadow_matrices}
    assert (zenith["reference"][6, 30], zenith["reference"][5, 30]) == (0, 1)
    assert (zenith["improved"][6, 30], zenith["improved"][5, 30]) == (1, 0)
    flat = SurfaceData(np.zeros((6, 6)), formulation="improved")
    flat.compute_svf()
    for name, grid in flat.require_svf().as_dict().items():
        np.testing.assert_allclose(grid, 1.0, atol=1e-6, err_msg=name)
    plain = SurfaceData(np.zeros((6, 6)))
    plain.compute_svf()
    assert plain.require_svf().svf_west[3, 3] == pytest.approx(0.923689141, abs=1e-6)

"""Sky view grids and packed visibility: forms, files, damaged files."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from solweig import GridShapeMismatch, InvalidSurfaceData, MissingPrecomputedData, PrecomputedData
from solweig.models import ShadowArrays, SvfArrays
from solweig.surface.svf_arrays import UMEP_STEMS
from tests.support.rasters import write_tif

COUNTS = {1: 145, 2: 153, 3: 305, 4: 609}


def bits(n_patches: int = 153, seed: int = 0) -> dict[str, NDArray[np.uint8]]:
    random = np.random.default_rng(seed)
    shape = (6, 7, n_patches)
    return {
        name: random.integers(0, 2, shape, dtype=np.uint8)
        for name in ("shmat", "vegshmat", "vbshmat")
    }


def check_equal(matrices: ShadowArrays, expected: dict[str, NDArray[np.uint8]]) -> None:
    for name, values in expected.items():
        np.testing.assert_array_equal(getattr(matrices, name), values, err_msg=name)


# ------------------------------------------------------------------ visibility


@pytest.mark.parametrize("option", [1, 2, 3, 4])
@pytest.mark.parametrize("form", ["values", "floats", "packed", "words", "npz", "memmap"])
def test_every_form_of_every_patch_option(option: int, form: str, tmp_path: Path) -> None:
    count = COUNTS[option]
    values = bits(count, option)
    given: dict[str, Any] = values
    if form == "floats":
        given = {k: v.astype(np.float64) for k, v in values.items()}
    elif form == "packed":
        given = {k: np.packbits(v, axis=2) for k, v in values.items()}
    matrices = ShadowArrays(**given, n_patches=count)
    if form == "words":
        matrices = ShadowArrays.from_words(matrices.words(), option)
    elif form == "npz":
        matrices.to_npz(tmp_path / "shadowmats.npz")
        matrices = ShadowArrays.from_npz(tmp_path / "shadowmats.npz")
    elif form == "memmap":
        matrices.to_memmap(tmp_path)
        matrices = ShadowArrays.from_memmap(tmp_path)
    check_equal(matrices, values)
    assert matrices.patch_option == option
    assert matrices.n_patches == count
    assert matrices.shape == (6, 7)


def test_words_hold_patch_i_at_bit_i() -> None:
    values = bits()["shmat"]
    words = ShadowArrays(values).words()["shmat"]
    assert words.dtype == np.uint32
    assert words.shape == (6, 7, 5)
    for patch in (0, 31, 32, 100, 152):
        bit = (words[:, :, patch // 32] >> np.uint32(patch % 32)) & 1
        np.testing.assert_array_equal(bit, values[:, :, patch])
    assert not (words[:, :, 4] >> np.uint32(25)).any()  # bits past patch 152 stay empty


def test_bits_past_the_last_patch_are_cleared() -> None:
    packed = np.packbits(bits()["shmat"], axis=2)
    dirty = packed.copy()
    dirty[:, :, -1] |= 0x7F  # 153 patches fill 19 bytes and one bit
    np.testing.assert_array_equal(
        ShadowArrays(dirty).words()["shmat"], ShadowArrays(packed).words()["shmat"]
    )


def test_memory_is_sixty_bytes_a_cell() -> None:
    assert ShadowArrays(**bits()).nbytes == 6 * 7 * 60


def test_little_bit_order() -> None:
    values = bits()
    packed = {k: np.packbits(v, axis=2, bitorder="little") for k, v in values.items()}
    check_equal(ShadowArrays(**packed, bitorder="little"), values)


def test_without_vegetation_everything_is_visible_through_it() -> None:
    matrices = ShadowArrays(bits()["shmat"])
    assert not matrices.has_vegetation
    assert matrices.vegshmat.all()
    assert matrices.vbshmat.all()
    np.testing.assert_array_equal(matrices.diffsh(), matrices.shmat)


def test_diffuse_share() -> None:
    values = bits()
    values["shmat"] |= 1 - values["vegshmat"]  # blocked by vegetation only means: not by buildings
    share = ShadowArrays(**values).diffsh(0.03)
    assert share.dtype == np.float32
    expected = values["shmat"] - (1 - values["vegshmat"]) * 0.97
    np.testing.assert_allclose(share, expected, atol=1e-6)
    np.testing.assert_allclose(np.unique(share), [0.0, 0.03, 1.0], atol=1e-6)


@pytest.mark.parametrize("option", [1, 2, 3, 4])
def test_solid_angles_fill_the_hemisphere(option: int) -> None:
    count = COUNTS[option]
    angles = ShadowArrays(bits(count)["shmat"], n_patches=count).steradians
    assert angles.shape == (count,)
    np.testing.assert_allclose(angles.sum(dtype=np.float64), 2 * np.pi, rtol=1e-6)


def test_crop_of_visibility() -> None:
    values = bits()
    check_equal(
        ShadowArrays(**values).crop(1, 4, 2, 7), {k: v[1:4, 2:7] for k, v in values.items()}
    )


def test_umep_file_made_without_vegetation(tmp_path: Path) -> None:
    shmat = bits()["shmat"].astype(np.float32)
    nothing = np.zeros_like(shmat)
    np.savez(tmp_path / "s.npz", shadowmat=shmat, vegshadowmat=nothing, vbshmat=nothing)
    matrices = ShadowArrays.from_npz(tmp_path / "s.npz")
    assert not matrices.has_vegetation
    np.testing.assert_array_equal(matrices.shmat, shmat)


@pytest.mark.parametrize("count", [152, 306, 612, 1])
def test_unknown_patch_count(count: int) -> None:
    with pytest.raises(InvalidSurfaceData, match=f"145, 153, 305 or 609.*{count} patches"):
        ShadowArrays(np.ones((2, 2, count), np.uint8), n_patches=count)


def test_masks_of_different_shape() -> None:
    values = bits()
    with pytest.raises(GridShapeMismatch, match="vegshmat"):
        ShadowArrays(values["shmat"], values["vegshmat"][:3], values["vbshmat"][:3])


def test_one_vegetation_mask_alone() -> None:
    values = bits()
    with pytest.raises(InvalidSurfaceData, match="together or neither"):
        ShadowArrays(values["shmat"], values["vegshmat"])


def test_wrong_depth() -> None:
    with pytest.raises(InvalidSurfaceData, match=r"\(6, 7, 19\)"):
        ShadowArrays(np.zeros((6, 7, 19), np.uint8))


@pytest.mark.parametrize("damage", ["cut", "garbage", "key"])
def test_damaged_npz(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "shadowmats.npz"
    ShadowArrays(**bits()).to_npz(path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:500])
    elif damage == "garbage":
        content = bytearray(path.read_bytes())
        content[200:600] = bytes(400)
        path.write_bytes(content)
    else:
        np.savez(path, other=np.zeros(3))
    with pytest.raises((InvalidSurfaceData, MissingPrecomputedData), match=r"shadowmats\.npz"):
        ShadowArrays.from_npz(path)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(MissingPrecomputedData, match="absent"):
        ShadowArrays.from_npz(tmp_path / "absent.npz")
    with pytest.raises(MissingPrecomputedData):
        ShadowArrays.from_memmap(tmp_path)
    with pytest.raises(MissingPrecomputedData, match="absent"):
        SvfArrays.from_zip(tmp_path / "absent.zip")
    with pytest.raises(MissingPrecomputedData):
        SvfArrays.from_memmap(tmp_path)


# ------------------------------------------------------------------ sky view grids


def grids(shape: tuple[int, int] = (6, 7), seed: int = 3) -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(seed)
    return {name: random.random(shape, dtype=np.float32) for name in SvfArrays.names()}


def test_fifteen_grids() -> None:
    assert len(SvfArrays.names()) == 15
    assert UMEP_STEMS["svf_veg_east"] == "svfEveg"
    assert UMEP_STEMS["svf_aveg"] == "svfaveg"


@pytest.mark.parametrize("form", ["zip", "memmap"])
def test_files_of_grids(tmp_path: Path, form: str) -> None:
    values = grids()
    values["svf"][0, 0] = np.nan
    svf = SvfArrays(**values)
    if form == "zip":
        svf.to_zip(tmp_path / "svfs.zip", [10.0, 2.0, 0.0, 20.0, 0.0, -2.0], "EPSG:3006")
        read = SvfArrays.from_zip(tmp_path / "svfs.zip")
    else:
        svf.to_memmap(tmp_path)
        read = SvfArrays.from_memmap(tmp_path)
        assert isinstance(read.svf, np.memmap)
    for name, grid in values.items():
        np.testing.assert_array_equal(getattr(read, name), grid, err_msg=name)


def test_zip_without_vegetation(tmp_path: Path) -> None:
    svf = SvfArrays(**grids())
    svf.to_zip(tmp_path / "full.zip")
    with (
        zipfile.ZipFile(tmp_path / "full.zip") as full,
        zipfile.ZipFile(tmp_path / "bare.zip", "w") as bare,
    ):
        for name in full.namelist():
            if "veg" not in name:
                bare.writestr(f"folder/{name}", full.read(name))
    read = SvfArrays.from_zip(tmp_path / "bare.zip")
    np.testing.assert_array_equal(read.svf_west, svf.svf_west)
    assert (read.svf_veg == 1).all()
    assert (read.svf_aveg_north == 1).all()


def test_zip_with_one_grid_missing(tmp_path: Path) -> None:
    SvfArrays(**grids()).to_zip(tmp_path / "full.zip")
    with (
        zipfile.ZipFile(tmp_path / "full.zip") as full,
        zipfile.ZipFile(tmp_path / "cut.zip", "w") as cut,
    ):
        for name in full.namelist():
            if name != "svfSveg.tif":
                cut.writestr(name, full.read(name))
    with pytest.raises(MissingPrecomputedData, match=r"svfSveg\.tif"):
        SvfArrays.from_zip(tmp_path / "cut.zip")


def test_zip_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "svfs.zip").write_bytes(b"nonsense")
    with pytest.raises(InvalidSurfaceData, match=r"svfs\.zip"):
        SvfArrays.from_zip(tmp_path / "svfs.zip")


def test_values_outside_the_unit_interval(tmp_path: Path) -> None:
    values = grids()
    values["svf_east"][1, 1] = 1.5
    SvfArrays(**values).to_zip(tmp_path / "svfs.zip")
    with pytest.raises(InvalidSurfaceData, match="svf_east"):
        SvfArrays.from_zip(tmp_path / "svfs.zip")


def test_derived_grids() -> None:
    values = grids()
    values["svf"][:], values["svf_veg"][:] = 0.7, 0.9
    svf = SvfArrays(**values)
    np.testing.assert_allclose(svf.svfbuveg, 0.7 - 0.1 * 0.97, atol=1e-6)
    np.testing.assert_allclose(svf.svfalfa, np.arcsin(np.sqrt(0.4)), atol=1e-6)
    np.testing.assert_allclose(svf.total(0.5), 0.65, atol=1e-6)
    open_sky = SvfArrays(**{k: np.ones((2, 2), np.float32) for k in values})
    assert (open_sky.svfalfa == 0).all()


def test_derived_grids_of_the_reference(shared: Path) -> None:
    stored = np.load(shared / "reference/gustav_adolfs/svf.npz")
    inputs = np.load(shared / "reference/gustav_adolfs/inputs.npz")
    svf = SvfArrays(**{name: stored[stem] for name, stem in UMEP_STEMS.items()})
    np.testing.assert_allclose(svf.svfbuveg, inputs["svfbuveg"], atol=1e-6)
    # From float32 the arcsine is good to 2e-4 near the zenith.
    np.testing.assert_allclose(svf.svfalfa, inputs["svfalfa"], atol=2e-4)


def test_crop_of_grids() -> None:
    values = grids()
    part = SvfArrays(**values).crop(1, 3, 2, 5)
    np.testing.assert_array_equal(part.svf_aveg_west, values["svf_aveg_west"][1:3, 2:5])


def test_grids_of_different_shape() -> None:
    values = grids()
    values["svf_north"] = values["svf_north"][:3]
    with pytest.raises(GridShapeMismatch, match="svf_north"):
        SvfArrays(**values)


# ------------------------------------------------------------------ folders


def umep_folder(folder: Path) -> None:
    SvfArrays(**grids()).to_zip(folder / "svfs.zip")
    ShadowArrays(**bits()).to_npz(folder / "shadowmats.npz")
    write_tif(folder / "wall_hts.tif", np.full((6, 7), 4.0, np.float32))
    write_tif(folder / "wall_aspects.tif", np.full((6, 7), 90.0, np.float32))


def test_reading_folders(tmp_path: Path) -> None:
    umep_folder(tmp_path)
    data = PrecomputedData.prepare(tmp_path, tmp_path, expected_shape=(6, 7))
    assert data.svf is not None
    assert data.shadow_matrices is not None
    np.testing.assert_array_equal(data.svf.svf, grids()["svf"])
    check_equal(data.shadow_matrices, bits())
    assert data.wall_height is not None
    assert data.wall_aspect is not None
    assert (data.wall_height == 4).all()
    assert (data.wall_aspect == 90).all()


def test_isotropic_folder_without_matrices(tmp_path: Path) -> None:
    SvfArrays(**grids()).to_zip(tmp_path / "svfs.zip")
    assert PrecomputedData.prepare(svf_dir=tmp_path).shadow_matrices is None


def test_folder_of_another_shape(tmp_path: Path) -> None:
    umep_folder(tmp_path)
    with pytest.raises(GridShapeMismatch) as info:
        PrecomputedData.prepare(tmp_path, tmp_path, expected_shape=(6, 8))
    assert info.value.field == "wall_height"
    assert (info.value.expected, info.value.got) == ((6, 8), (6, 7))


@pytest.mark.parametrize("which", ["walls_dir", "svf_dir"])
def test_empty_folder(tmp_path: Path, which: str) -> None:
    with pytest.raises(MissingPrecomputedData):
        PrecomputedData.prepare(**{which: tmp_path})
    with pytest.raises(MissingPrecomputedData):
        PrecomputedData.prepare(**{which: tmp_path / "absent"})

"""Sky view factors of the sides stay in the cache's files; nobody sees a difference."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import solweig
from solweig.surface import svf_arrays
from tests.support.tile_cases import REACH_M, assert_same_run, assert_same_sky, city, prepared, run

SIDES = ("north", "east", "south", "west")

pytestmark = pytest.mark.skipif(
    os.name != "posix", reason="files that are mapped cannot be removed here: none is"
)


@pytest.fixture(autouse=True)
def _worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svf_arrays, "_WORTH_MAPPING", 0)


def into_files(folder: Path, *, trees: bool = True) -> solweig.SurfaceData:
    """The city of these tests, prepared into a folder or taken from it."""
    made = city()
    names = ("dsm", "cdsm", "tdsm", "dem", "land_cover") if trees else ("dsm", "dem")
    layers = {n: getattr(made, n) for n in names}
    return solweig.SurfaceData.prepare(
        layers.pop("dsm"), folder, **layers, pixel_size=2.0, smooth_quantized_dem=False,
        max_shadow_distance_m=REACH_M,
    )  # fmt: skip


def mapped(surface: solweig.SurfaceData) -> set[str]:
    assert surface.svf is not None
    return {n for n, grid in surface.svf.as_dict().items() if isinstance(grid, np.memmap)}


@pytest.mark.parametrize("anisotropic", [True, False])
def test_runs_are_the_same(tmp_path: Path, anisotropic: bool) -> None:
    whole = prepared()
    wanted = run(whole, use_anisotropic_sky=anisotropic)
    for surface in (into_files(tmp_path), into_files(tmp_path)):  # made, then taken from the cache
        families = ("svf", "svf_veg", "svf_aveg")
        assert mapped(surface) == {f"{family}_{side}" for family in families for side in SIDES}
        assert_same_sky(whole, surface)
        assert_same_run(wanted, run(surface, use_anisotropic_sky=anisotropic))


def test_they_outlive_their_files_and_are_the_surface_s_own(tmp_path: Path) -> None:
    surface = into_files(tmp_path)
    assert surface.svf is not None
    surface.svf.svf_north[3, 4] = 0.125
    again = into_files(tmp_path)
    assert again.svf is not None
    assert again.svf.svf_north[3, 4] != 0.125
    shutil.rmtree(tmp_path)
    assert surface.svf.svf_north[3, 4] == 0.125
    np.testing.assert_array_equal(surface.svf.svf_east, again.svf.svf_east)


def test_without_trees_one_grid_of_ones_serves_all(tmp_path: Path) -> None:
    surface = into_files(tmp_path, trees=False)
    assert surface.svf is not None
    assert mapped(surface) == {f"svf_{side}" for side in SIDES}
    assert surface.svf.svf_aveg_north is surface.svf.svf_veg

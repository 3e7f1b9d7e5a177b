"""Geometry against the stored reference: heights, walls, visibility bits, shadows, ground view.

A visibility bit may differ from the reference only at a tie: some height difference on the ray
equals the height the ray has gained to within rounding. Each mismatch is shown to be one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from solweig import _core
from tests.support.needed import needed
from tests.support.reference_runs import FAMILIES, SECTORS, Site
from tests.support.site_rasters import SiteRasters, site_rasters
from tests.support.tolerances import tolerance

SITES = ("gustav_adolfs", "gvc")
MASKS = {"shmat": "shmat", "vegshmat": "vegshmat", "vbshmat": "vbshvegshmat"}


class Comparison:
    """A site computed from its rasters, beside its stored reference."""

    def __init__(self, shared: Path, name: str) -> None:
        self.site = Site(shared / "reference" / name)
        self.rasters: SiteRasters = site_rasters(shared, name)
        self.bound = float(self.site.manifest["amaxvalue_m"])
        self.scene = self.rasters.scene()
        self.sky = self.scene.svf(2, height_bound_m=self.bound, max_shadow_distance_m=1e6)

    def tie_margin(self, row: int, col: int, azimuth: float, altitude: float) -> float:
        """Smallest distance from a tie anywhere along the ray of a cell [m]."""
        z = self.rasters.dsm.astype(float)
        layers = [
            (z, False),
            (np.nan_to_num(self.scene.canopy_top().astype(float), nan=-1e9), True),
            (np.nan_to_num(self.scene.trunk_top().astype(float), nan=-1e9), False),
        ]
        steps = max(z.shape)
        offsets, _, heights = _core.ray_offsets(azimuth, altitude, self.scene.pixel_size, steps)
        smallest = np.inf
        for k, (drow, dcol) in enumerate(offsets):
            r, c = row + drow, col + dcol
            if not (0 <= r < z.shape[0] and 0 <= c < z.shape[1]):
                break
            for layer, uses_previous in layers:
                rise = layer[r, c] - z[row, col]
                gained = [heights[k], heights[max(k - 1, 0)]] if uses_previous else [heights[k]]
                smallest = min(smallest, *(abs(rise - h) for h in gained))
        return smallest


@pytest.fixture(scope="module", params=SITES)
def case(request: pytest.FixtureRequest, shared: Path) -> Comparison:
    return Comparison(shared, request.param)


def unpacked(words: NDArray[np.uint32], patches: int) -> NDArray[np.uint8]:
    bits = words.view(np.uint8).reshape(*words.shape[:2], -1)
    return np.unpackbits(bits, axis=2, bitorder="little")[:, :, :patches]


def mismatched_bits(case: Comparison) -> dict[str, NDArray[np.intp]]:
    """``[n, (row, col, patch)]`` per mask."""
    found = {}
    with np.load(case.site.folder / "svf_shadowmats_packed.npz") as stored:
        for ours, theirs in MASKS.items():
            want = np.unpackbits(stored[theirs], axis=2)[:, :, :153]
            found[ours] = np.argwhere(unpacked(case.sky.masks()[ours], 153) != want)
    return found


def test_canopy_and_trunk_heights(case: Comparison) -> None:
    inputs = case.site.inputs
    limit = tolerance("geometry", "height_m")
    assert np.abs(np.nan_to_num(case.scene.canopy_top()) - inputs["cdsm_abs"]).max() <= limit
    assert np.abs(np.nan_to_num(case.scene.trunk_top()) - inputs["tdsm_abs"]).max() <= limit
    assert np.array_equal(case.scene.bush(), inputs["bush"] > 1)


def test_walls_are_exact(case: Comparison) -> None:
    dsm, pixel = case.rasters.dsm, case.scene.pixel_size
    for limit, suffix in ((1.0, ""), (3.0, "_limit3")):
        height = _core.wall_height(dsm, limit)
        want = case.site.inputs[f"wall_height{suffix}"].astype(np.float32)
        assert np.array_equal(height, want)
        if not suffix:
            aspect = _core.wall_aspect(dsm, height, pixel)
            # Both are exact; theirs is stored in f64, ours in f32.
            stored = case.site.inputs["wall_aspect_deg"]
            assert np.abs(aspect - stored).max() <= tolerance("geometry", "aspect_deg")


def test_building_mask(case: Comparison) -> None:
    mask = _core.buildings_mask(case.rasters.dsm, land_cover=case.rasters.land_cover)
    assert np.array_equal(mask, case.site.inputs["buildings"])


def test_patch_visibility_differs_only_at_ties(
    case: Comparison, capsys: pytest.CaptureFixture[str]
) -> None:
    table = _core.patch_table(2)
    mismatches = mismatched_bits(case)
    bits = 3 * case.rasters.dsm.size * 153
    total = 0
    for cells in mismatches.values():
        total += len(cells)
        for row, col, patch in cells:
            azimuth, altitude = table["azimuth"][patch], table["altitude"][patch]
            margin = case.tie_margin(row, col, float(azimuth), float(altitude))
            assert margin < tolerance("geometry", "tie_m"), (row, col, patch, margin)
    with capsys.disabled():
        print(f"\n{case.rasters.name}: {total} of {bits} visibility bits differ, all at ties")
    assert total <= bits * tolerance("geometry", "tie_share")


def test_sky_view_factors(case: Comparison) -> None:
    at_tie = np.zeros(case.rasters.dsm.shape, bool)
    for cells in mismatched_bits(case).values():
        at_tie[cells[:, 0], cells[:, 1]] = True
    with np.load(case.site.folder / "svf.npz") as stored:
        for family, f in FAMILIES.items():
            for sector, s in SECTORS.items():
                gap = np.abs(case.sky.fields()[f"svf{family}{sector}"] - stored[f"svf{s}{f}"])
                assert gap[~at_tie].max() <= tolerance("geometry", "svf")


def test_shadows_of_every_sun_position(
    case: Comparison, capsys: pytest.CaptureFixture[str]
) -> None:
    height = case.site.inputs["wall_height"].astype(np.float32)
    aspect = case.site.inputs["wall_aspect_deg"].astype(np.float32)
    ties = 0
    with np.load(needed(case.site.folder / "shadows.npz")) as stored:
        for position in case.site.manifest["shadows"]["positions"]:
            azimuth, altitude = position["azimuth"], position["altitude"]
            got = case.scene.shadows(
                azimuth, altitude, height_bound_m=case.bound, max_shadow_distance_m=1e6,
                wall_height=height, wall_aspect=aspect,
            )  # fmt: skip
            name = position["name"]
            for ours, theirs in {"sh": "bldg", "vegsh": "veg", "vbshvegsh": "vbshvegsh"}.items():
                for row, col in np.argwhere(got[ours] != stored[f"{name}__{theirs}"]):
                    margin = case.tie_margin(row, col, azimuth, altitude)
                    assert margin < tolerance("geometry", "tie_m"), (name, ours, row, col)
                    ties += 1
            compare_walls(got, stored, name, height)
    with capsys.disabled():
        print(f"\n{case.rasters.name}: {ties} shadow cells differ, all at ties")


def compare_walls(got: dict[str, Any], stored: Any, name: str, height: NDArray[Any]) -> None:
    walls = height > 0
    for part in ("wallsh", "wallsun", "wallshve"):
        gap = np.abs(got[part] - stored[f"{name}__{part}"])
        assert gap.max() <= tolerance("geometry", "wall_shade_m"), (name, part)
    assert np.array_equal(got["facesun"][walls], stored[f"{name}__facesun"][walls])
    parts = got["wallsh"] + got["wallsun"] + got["wallshve"]
    assert np.allclose(parts, height, atol=1e-5)


def test_ground_view_factors(case: Comparison) -> None:
    inputs, f32 = case.site.inputs, np.float32
    days = case.site.ground_view_days()
    assert days
    for day in days:
        with np.load(needed(case.site.folder / f"gvf_{day}.npz")) as stored:
            for step in stored["steps"]:
                given = {
                    key.removeprefix(f"step{step:02d}__in_"): stored[key]
                    for key in stored.files
                    if key.startswith(f"step{step:02d}__in_")
                }
                view = _core.GroundView(
                    inputs["buildings"].astype(np.uint8),
                    pixel_size=case.scene.pixel_size,
                    albedo=inputs["alb_grid"].astype(f32),
                    wall_height=inputs["wall_height"].astype(f32),
                    wall_aspect=inputs["wall_aspect_deg"].astype(f32),
                    wall_albedo=float(given["albedo_b"]),
                )
                got = view.evaluate(
                    wall_sun=given["wallsun"].astype(f32),
                    shadow=given["shadow"].astype(f32),
                    ground_excess=given["Tg"].astype(f32),
                    wall_excess=float(given["Tgwall"]),
                    ta=float(given["Ta"]),
                    emissivity=inputs["emis_grid"].astype(f32),
                    albedo=inputs["alb_grid"].astype(f32),
                    wall_emissivity=float(given["ewall"]),
                    sums=True,
                )
                got |= view.albnosh()
                assert len(got) == 17
                for name, field in got.items():
                    want = stored[f"step{step:02d}__{name}"]
                    gap = np.abs(field - want) / np.maximum(np.abs(want), 1e-3)
                    assert gap.max() <= tolerance("geometry", "gvf_relative"), name

"""Invariants of the geometry: shadows and walls (I1–I3 and I7–I17 of G 10)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from solweig import _core
from tests.reference_model import geometry
from tests.support.scenes import TIE_M, RandomScene, random_scenes, suns

F32 = NDArray[np.float32]

quick = settings(max_examples=60, deadline=None)
few = settings(max_examples=10, deadline=None)
LAYERS = ("sh", "vegsh", "vbshvegsh")


def flat(rows: int, cols: int, height: float = 20.0) -> F32:
    return np.full((rows, cols), height, np.float32)


def cast(dsm: F32, azimuth: float, altitude: float, pixel_size: float = 1.0) -> F32:
    """Sunlit cells of a surface without vegetation."""
    return _core.Scene(dsm, pixel_size=pixel_size).shadows(azimuth, altitude)["sh"]


def free_of_ties(scene: RandomScene, azimuth: float, altitude: float) -> bool:
    margin = geometry.cast_shadow(scene.oracle(), azimuth, altitude).margin
    return bool((margin > 3 * TIE_M).all())


# ---------------------------------------------------------------- I1–I3


@quick
@given(sun=suns(), pixel_size=st.sampled_from([0.5, 1.0, 2.5]))
def test_i1_flat_ground_has_no_shade(sun: tuple[float, float], pixel_size: float) -> None:
    assert (cast(flat(12, 40), *sun, pixel_size) == 1).all()
    assert (_core.wall_height(flat(12, 40)) == 0).all()


@pytest.mark.parametrize("azimuth", [0.0, 90.0, 180.0, 270.0])
@settings(max_examples=25, deadline=None)
@given(
    height=st.floats(1.0, 30.0),
    altitude=st.floats(5.0, 85.0),
    pixel_size=st.sampled_from([0.5, 1.0, 2.0]),
)
def test_i2_shadow_length_of_a_tower(
    azimuth: float, height: float, altitude: float, pixel_size: float
) -> None:
    """⌈h / (δ tan α)⌉ − 1 cells away from the light."""
    steps = height / (pixel_size * np.tan(np.radians(altitude)))
    assume(abs(steps - round(steps)) > 1e-4)
    dsm = flat(41, 41, 0.0)
    dsm[20, 20] = height
    shaded = cast(dsm, azimuth, altitude, pixel_size) == 0
    length = min(int(np.ceil(steps)) - 1, 20)
    drow, dcol = geometry.ray_offset(azimuth, 1)
    want = np.zeros_like(shaded)
    for k in range(1, length + 1):
        want[20 - drow * k, 20 - dcol * k] = True
    assert np.array_equal(shaded, want)


@quick
@given(azimuth=st.floats(0.0, 359.99), altitude=st.floats(2.0, 80.0), height=st.floats(1.0, 40.0))
def test_i3_shadow_of_a_tower_at_any_azimuth(
    azimuth: float, altitude: float, height: float
) -> None:
    dsm = flat(51, 51, 0.0)
    dsm[25, 25] = height
    shaded = cast(dsm, azimuth, altitude) == 0
    want = np.zeros_like(shaded)
    for k in range(1, 26):
        rise = geometry.ray_height(azimuth, altitude, 1.0, k)
        assume(abs(rise - height) > 1e-4)
        drow, dcol = geometry.ray_offset(azimuth, k)
        want[25 - drow, 25 - dcol] = rise < height
    assert np.array_equal(shaded, want)


# ---------------------------------------------------------------- I7–I11: monotony and symmetry


@quick
@given(
    scene=random_scenes(vegetation=False),
    azimuth=st.floats(0.0, 359.99),
    low=st.floats(1.0, 60.0),
    rise=st.floats(0.1, 25.0),
)
def test_i7_higher_sun_shades_less(
    scene: RandomScene, azimuth: float, low: float, rise: float
) -> None:
    engine = scene.engine()
    below, above = (engine.shadows(azimuth, a)["sh"] for a in (low, low + rise))
    assert not ((above == 0) & (below == 1)).any()


@quick
@given(
    scene=random_scenes(vegetation=False, no_data=False),
    sun=suns(),
    seed=st.integers(0, 2**32 - 1),
)
def test_i7_raising_a_cell_lights_no_other(
    scene: RandomScene, sun: tuple[float, float], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    at = tuple(rng.integers(0, n) for n in scene.dsm.shape)
    raised = scene.dsm.copy()
    raised[at] += np.float32(rng.uniform(1, 20))
    before, after = (cast(z, *sun, scene.pixel_size) for z in (scene.dsm, raised))
    lit = (before == 0) & (after == 1)
    lit[at] = False
    assert not lit.any()


@quick
@given(scene=random_scenes(), sun=suns(), shift=st.sampled_from([5.0, 64.0, 512.0]))
def test_i8_only_differences_of_height_matter(
    scene: RandomScene, sun: tuple[float, float], shift: float
) -> None:
    """Away from ties, and from bushes, whose threshold is absolute (quirk Q7)."""
    assume(free_of_ties(scene, *sun))
    lift = np.float32(shift)
    dem = None if scene.dem is None else scene.dem + lift
    moved = RandomScene(scene.dsm + lift, dem, scene.canopy, scene.trunk, scene.pixel_size)
    assume(free_of_ties(moved, *sun))
    before, after = scene.engine(), moved.engine()
    assume(np.array_equal(before.bush(), after.bush()))
    first, second = before.shadows(*sun), after.shadows(*sun)
    for name in LAYERS:
        differs = (first[name] != second[name]) & scene.valid
        margin = geometry.cast_shadow(scene.oracle(), *sun).margin
        assert (margin[differs] < 1e-4).all(), name


def padded(field: F32 | None, before: tuple[int, int], shape: tuple[int, int], fill: float) -> F32:
    out = np.full(shape, fill, np.float32)
    if field is not None:
        rows, cols = field.shape
        out[before[0] : before[0] + rows, before[1] : before[1] + cols] = field
    return out


@quick
@given(
    scene=random_scenes(largest=20, no_data=False, with_dem=False),
    sun=suns(),
    first=st.tuples(st.integers(0, 40), st.integers(0, 70)),
    second=st.tuples(st.integers(0, 40), st.integers(0, 70)),
)
def test_i9_results_do_not_depend_on_place(
    scene: RandomScene, sun: tuple[float, float], first: tuple[int, int], second: tuple[int, int]
) -> None:
    """Moved within a raster of nothing, and so across the engine's tiles: the same bits."""
    rows, cols = scene.dsm.shape
    shape = (rows + 40, cols + 70)
    results = []
    for at in (first, second):
        dsm = padded(scene.dsm, at, shape, np.nan)
        canopy, trunk = (padded(f, at, shape, 0.0) for f in (scene.canopy, scene.trunk))
        bits = _core.Scene(dsm, pixel_size=scene.pixel_size, canopy=canopy, trunk=trunk).shadows(
            *sun
        )
        window = (slice(at[0], at[0] + rows), slice(at[1], at[1] + cols))
        results.append([bits[name][window] for name in LAYERS])
    assert np.array_equal(results[0], results[1])


@quick
@given(
    scene=random_scenes(no_data=False, with_dem=False),
    azimuth=st.floats(0.0, 269.99),
    altitude=st.floats(1.0, 80.0),
)
def test_i10_a_quarter_turn(scene: RandomScene, azimuth: float, altitude: float) -> None:
    """Raster and light turned together; the diagonals and exact halves excepted."""
    assume(min(abs(azimuth - d) for d in (45, 135, 225, 315)) > 1e-3)
    turned = RandomScene(
        *(
            None if f is None else np.ascontiguousarray(np.rot90(f, -1))
            for f in (scene.dsm, scene.dem, scene.canopy, scene.trunk)
        ),
        scene.pixel_size,
    )
    offsets = [geometry.ray_offset(azimuth, k) for k in range(30)]
    quarter = [geometry.ray_offset(azimuth + 90, k) for k in range(30)]
    assume(quarter == [(c, -r) for r, c in offsets])
    assume(free_of_ties(scene, azimuth, altitude))
    before = scene.engine().shadows(azimuth, altitude)
    after = turned.engine().shadows(azimuth + 90, altitude)
    for name in LAYERS:
        assert np.array_equal(np.rot90(before[name], -1), after[name]), name


@quick
@given(scene=random_scenes(no_data=False, with_dem=False), sun=suns())
def test_i10_a_mirror(scene: RandomScene, sun: tuple[float, float]) -> None:
    azimuth, altitude = sun
    mirrored = RandomScene(
        *(
            None if f is None else np.ascontiguousarray(np.fliplr(f))
            for f in (scene.dsm, scene.dem, scene.canopy, scene.trunk)
        ),
        scene.pixel_size,
    )
    other = (360 - azimuth) % 360
    offsets = [geometry.ray_offset(azimuth, k) for k in range(30)]
    assume([geometry.ray_offset(other, k) for k in range(30)] == [(r, -c) for r, c in offsets])
    assume(free_of_ties(scene, *sun))
    before = scene.engine().shadows(azimuth, altitude)
    after = mirrored.engine().shadows(other, altitude)
    for name in LAYERS:
        assert np.array_equal(np.fliplr(before[name]), after[name]), name


@quick
@given(
    scene=random_scenes(no_data=False),
    sun=suns(),
    factor=st.sampled_from([0.5, 2.0, 4.0]),
)
def test_i11_scale_of_everything(
    scene: RandomScene, sun: tuple[float, float], factor: float
) -> None:
    """Heights and pixels scaled by a power of two: the same bits."""
    scaled = RandomScene(
        *(
            None if f is None else f * np.float32(factor)
            for f in (scene.dsm, scene.dem, scene.canopy, scene.trunk)
        ),
        scene.pixel_size * factor,
    )
    assume(np.array_equal(scene.engine().bush(), scaled.engine().bush()))
    assume(
        np.array_equal(np.isnan(scene.engine().trunk_top()), np.isnan(scaled.engine().trunk_top()))
    )
    before, after = scene.engine().shadows(*sun), scaled.engine().shadows(*sun)
    for name in LAYERS:
        assert np.array_equal(before[name], after[name]), name


@quick
@given(height=st.floats(3.0, 25.0), altitude=st.floats(10.0, 70.0))
def test_i11_shadow_length_in_metres(height: float, altitude: float) -> None:
    """A wall's shadow is as long at 2 m as at 1 m pixels, within one coarse cell."""
    lengths = []
    for pixel_size in (1.0, 2.0):
        cells = int(240 / pixel_size)
        dsm = np.zeros((3, cells), np.float32)
        dsm[:, -4:] = height
        lengths.append((cast(dsm, 90.0, altitude, pixel_size)[1] == 0).sum() * pixel_size)
    assert abs(lengths[0] - lengths[1]) <= 2.0


# ---------------------------------------------------------------- I12–I15


@quick
@given(scene=random_scenes(), sun=suns())
def test_i12_every_direction_has_one_class(scene: RandomScene, sun: tuple[float, float]) -> None:
    bits = scene.engine().shadows(*sun)
    sh, veg, behind = (bits[name] == 1 for name in LAYERS)
    sky, leaf, building = sh & veg, ~veg | ~behind, ~sh & behind
    assert (sky.astype(int) + leaf + building == 1).all()
    assert sh[~veg].all()
    assert not sh[~behind].any()


@quick
@given(azimuth=st.floats(0.0, 359.99), altitude=st.floats(3.0, 80.0), thickness=st.floats(0.2, 6))
def test_i14_a_slab_of_foliage_leaves_no_gap(
    azimuth: float, altitude: float, thickness: float
) -> None:
    """Under a wide canopy every cell is shaded, however thin the leaves and high the steps."""
    dsm = flat(61, 61, 10.0)
    canopy = np.full(dsm.shape, 4 + thickness, np.float32)
    trunk = np.full(dsm.shape, 4.0, np.float32)
    bits = _core.Scene(dsm, pixel_size=1.0, canopy=canopy, trunk=trunk).shadows(azimuth, altitude)
    reach = int(4 / np.tan(np.radians(altitude))) + 2
    assume(reach < 30)
    middle = slice(30, 31)
    assert (bits["vegsh"][middle, middle] == 0).all()
    inner = slice(reach, 61 - reach)
    assert (bits["vegsh"][inner, inner] == 0).all()


@quick
@given(sun=suns(), height=st.floats(2.0, 20.0), size=st.integers(1, 6))
def test_i15_a_tree_without_trunk_shades_like_a_block(
    sun: tuple[float, float], height: float, size: int
) -> None:
    """At least as much as the block, and at most one step more."""
    ground, block = flat(45, 45, 0.0), flat(45, 45, 0.0)
    canopy = flat(45, 45, 0.0)
    at = slice(20, 20 + size)
    block[at, at] = canopy[at, at] = height
    tree = _core.Scene(ground, pixel_size=1.0, canopy=canopy, trunk=0 * canopy)
    leaf = tree.shadows(*sun)["vegsh"] == 0
    shade = cast(block, *sun) == 0
    outside = np.ones(shade.shape, bool)
    outside[at, at] = False
    assert leaf[shade & outside].all()
    extra = np.argwhere(leaf & ~shade & outside)
    one_step = np.tan(np.radians(sun[1])) * geometry.step_length(sun[0])
    higher = block.copy()
    higher[at, at] += np.float32(one_step * 1.001 + 1e-4)
    longer = cast(higher, *sun) == 0
    assert all(longer[r, c] for r, c in extra)


# ---------------------------------------------------------------- I16–I17: walls


@quick
@given(scene=random_scenes(no_data=False), sun=suns())
def test_i16_parts_of_a_wall(scene: RandomScene, sun: tuple[float, float]) -> None:
    height = _core.wall_height(scene.dsm)
    aspect = _core.wall_aspect(scene.dsm, height, scene.pixel_size)
    bits = scene.engine().shadows(*sun, wall_height=height, wall_aspect=aspect)
    for name in ("wallsh", "wallsun", "wallshve"):
        assert (bits[name] >= 0).all()
        assert (bits[name] <= height).all()
        assert (bits[name][height == 0] == 0).all()
    total = bits["wallsh"] + bits["wallsun"] + bits["wallshve"]
    np.testing.assert_allclose(total, height, atol=1e-5)
    assert (bits["wallsun"][bits["facesun"] == 0] == 0).all()
    if not scene.engine().has_vegetation:
        assert (bits["wallshve"] == 0).all()


@pytest.mark.parametrize(
    ("pixel_size", "north", "south"), [(1.0, 7.0, 187.0), (2.0, 14.0, 194.0), (0.5, 3.5, 183.5)]
)
def test_i17_aspects_of_a_block(pixel_size: float, north: float, south: float) -> None:
    """East and west exact; north and south turned by half the tie interval unless improved."""
    n = 121
    dsm = flat(n, n)
    at = slice(40, 81)
    dsm[at, at] += 15
    height = _core.wall_height(dsm)
    ring = np.zeros(dsm.shape, bool)
    ring[39, at] = ring[81, at] = ring[at, 39] = ring[at, 81] = True
    assert np.array_equal(height > 0, ring)
    np.testing.assert_allclose(height[ring], 15.0)
    sides = {"north": (39, 60), "south": (81, 60), "west": (60, 39), "east": (60, 81)}
    aspect = _core.wall_aspect(dsm, height, pixel_size)
    assert aspect[sides["east"]] == 90
    assert aspect[sides["west"]] == 270
    assert aspect[sides["north"]] == pytest.approx(north, abs=0.6)
    assert aspect[sides["south"]] == pytest.approx(south, abs=0.6)
    improved = _core.wall_aspect(dsm, height, pixel_size, improved=True)
    want = {"north": 0, "east": 90, "south": 180, "west": 270}
    assert {side: float(improved[cell]) % 360 for side, cell in sides.items()} == want


def test_i16_a_free_wall_facing_the_sun_is_all_lit() -> None:
    dsm = flat(60, 60)
    dsm[20:40, 20:40] += 12
    height = _core.wall_height(dsm)
    aspect = _core.wall_aspect(dsm, height, 1.0)
    bits = _core.Scene(dsm, pixel_size=1.0).shadows(
        90.0, 30.0, wall_height=height, wall_aspect=aspect
    )
    assert (bits["wallsun"][21:39, 40] == 12).all()
    assert (bits["wallsun"][21:39, 19] == 0).all()

"""Rays, building and canopy shadows, walls and their shadows (G 1–4 and 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

RADIANS = np.pi / 180.0
NEVER = 10**6
"""Step number that stands for "no hit"."""


# ---------------------------------------------------------------- rays (G 2.1)


def is_column_dominant(azimuth: float) -> bool:
    """Whether a ray advances one column a step (towards east or west) rather than one row."""
    phi = azimuth * RADIANS
    return np.pi / 4 <= phi < 3 * np.pi / 4 or 5 * np.pi / 4 <= phi < 7 * np.pi / 4


def ray_offset(azimuth: float, step: int) -> tuple[int, int]:
    """(rows, columns) from a cell to the source it looks at after ``step`` steps (G 2.1).

    The minor coordinate is the cell nearest to the ideal line, halves rounded to even.
    """
    phi = azimuth * RADIANS
    southward, eastward = -np.sign(np.cos(phi)), np.sign(np.sin(phi))
    if is_column_dominant(azimuth):
        return int(southward * abs(np.rint(step / np.tan(phi)))), int(eastward * step)
    return int(southward * step), int(eastward * abs(np.rint(step * np.tan(phi))))


def step_length(azimuth: float) -> float:
    """Length of one step along the ideal line, in cells (G 2.1)."""
    phi = azimuth * RADIANS
    return 1 / abs(np.sin(phi)) if is_column_dominant(azimuth) else 1 / abs(np.cos(phi))


def ray_height(azimuth: float, altitude: float, pixel_size: float, step: int) -> float:
    """Height h_k [m] a ray gains over ``step`` steps (G 2.1); infinite straight up (G 3.3)."""
    if step == 0:
        return 0.0
    if altitude >= 90:
        return np.inf
    return (step_length(azimuth) * step) * (np.tan(altitude * RADIANS) * pixel_size)


def look(field: F64, offset: tuple[int, int], outside: float = -np.inf) -> F64:
    """``field`` at every cell plus ``offset``; ``outside`` beyond the raster."""
    rows, cols = field.shape
    drow, dcol = offset
    seen = np.full(field.shape, outside)
    for row in range(max(0, -drow), min(rows, rows - drow)):
        low, high = max(0, -dcol), min(cols, cols - dcol)
        if low < high:
            seen[row, low:high] = field[row + drow, low + dcol : high + dcol]
    return seen


# ---------------------------------------------------------------- the scene (G 1.2–1.4)


@dataclass
class Scene:
    """Heights of one raster: surface, and absolute top and underside of the canopy.

    Absent canopy or trunk zone is NaN; no data in the surface is NaN.
    """

    surface: F64
    canopy: F64
    trunk: F64
    bush: Bool
    pixel_size: float

    @property
    def has_vegetation(self) -> bool:
        return bool(np.isfinite(self.canopy).any())


def make_scene(
    surface: ArrayLike,
    pixel_size: float,
    *,
    ground: ArrayLike | None = None,
    canopy: ArrayLike | None = None,
    trunk: ArrayLike | None = None,
    trunk_ratio: float = 0.25,
) -> Scene:
    """Absolute canopy and trunk tops from heights above ground (G 1.3), and bush cells (G 1.4).

    Layers below 0.1 m are absent; foliage starts no higher than its own top. The base is the
    ground model where there is one. A bush is a canopy without trunk zone whose top lies above 1 m
    *absolute* elevation.
    """
    z = np.asarray(surface, float)
    base = z if ground is None else np.where(np.isnan(ground), z, np.asarray(ground, float))
    above = np.zeros(z.shape) if canopy is None else np.nan_to_num(np.asarray(canopy, float))
    below = trunk_ratio * above if trunk is None else np.nan_to_num(np.asarray(trunk, float))
    below = np.minimum(below, above)
    top = np.where((base + above) - base >= 0.1, base + above, np.nan)
    underside = np.where((base + below) - base >= 0.1, base + below, np.nan)
    bush = np.isfinite(top) & np.isnan(underside) & (np.nan_to_num(top) > 1)
    return Scene(z, top, underside, bush, pixel_size)


# ---------------------------------------------------------------- shadows (G 2.2–3.3)


@dataclass
class Shadow:
    """What a light in one direction leaves in sun: 1 = lit, 0 = blocked (G 3.2).

    ``margin`` is the smallest distance [m] of any comparison that could decide a cell from going
    the other way: where it is tiny the cell is a tie (G 2.4). ``building_top`` and ``canopy_top``
    are the shadow surfaces F and Y of G 4.
    """

    sh: F64
    vegsh: F64
    vbshvegsh: F64
    margin: F64
    building_top: F64
    canopy_top: F64


def ray_steps(
    scene: Scene, azimuth: float, altitude: float, height_bound: float
) -> Iterator[tuple[int, tuple[int, int], float, float]]:
    """Steps a caster processes (G 2.2): number, offset, height, and height one step before.

    A step is processed while the *previous* one lies below the bound and inside the raster.
    """
    rows, cols = scene.surface.shape
    offset, height, step = (0, 0), 0.0, 0
    while height_bound >= height and abs(offset[0]) < rows and abs(offset[1]) < cols:
        before = height
        offset = ray_offset(azimuth, step)
        height = ray_height(azimuth, altitude, scene.pixel_size, step)
        yield step, offset, height, before
        step += 1


def cast_shadow(
    scene: Scene, azimuth: float, altitude: float, height_bound: float = np.inf
) -> Shadow:
    """March from every cell towards the light (G 2.3, 3.1, 3.2).

    A building hits at step k when Z(q) − Z(p) > h_k. Foliage hits when the ray's height interval
    over cell q, [Z(p) + h_{k−1}, Z(p) + h_k], meets [U(q), V(q)).
    """
    z = scene.surface
    canopy = np.where(np.isnan(scene.canopy), -np.inf, scene.canopy)
    trunk = np.where(np.isnan(scene.trunk), -np.inf, scene.trunk)
    source = np.where(np.isnan(z), -np.inf, z)
    first_building = np.full(z.shape, NEVER)
    first_foliage = np.where(scene.bush, 0, NEVER)
    margin = np.full(z.shape, np.inf)
    building_top, canopy_top = source.copy(), canopy.copy()
    for step, offset, height, before in ray_steps(scene, azimuth, altitude, height_bound):
        z_q, v_q, u_q = (look(layer, offset) for layer in (source, canopy, trunk))
        building = z_q - z > height
        foliage = (v_q - z > before) & ~(u_q - z > height)
        undecided = first_building == NEVER
        for rise, threshold in ((z_q, height), (v_q, before), (v_q, height), (u_q, height)):
            own_surface = step == 0 and rise is z_q
            if np.isfinite(threshold) and not own_surface:
                gap = np.abs(rise - z - threshold)
                margin = np.where(undecided, np.fmin(margin, gap), margin)
        first_building = np.where(undecided & building, step, first_building)
        first_foliage = np.where((first_foliage == NEVER) & foliage, step, first_foliage)
        if np.isfinite(height):
            building_top = np.maximum(building_top, z_q - height)
            canopy_top = np.maximum(canopy_top, v_q - height)
    blocked = first_building < NEVER
    in_leaf = first_foliage < NEVER
    no_data = np.isnan(z)

    def lit(shaded: Bool) -> F64:
        return np.where(no_data, np.nan, 1.0 - shaded)

    return Shadow(
        sh=lit(blocked),
        vegsh=lit(in_leaf & ~blocked),
        vbshvegsh=lit(blocked & (first_foliage < first_building)),
        margin=margin,
        building_top=building_top,
        canopy_top=canopy_top,
    )


# ---------------------------------------------------------------- walls in sun and shade (G 4)


def wall_faces(aspect: ArrayLike, azimuth: float) -> Bool:
    """Whether a wall of outward normal ``aspect`` faces azimuth ``azimuth`` (G 4).

    The half-open ends differ between sectors, as in the reference (quirk Q13).
    """
    normal = (np.asarray(aspect, float) * np.pi) / 180.0
    phi = azimuth * RADIANS
    low, high = phi - np.pi / 2, phi + np.pi / 2
    if azimuth < 90:
        return (normal > low + 2 * np.pi) | (normal <= high)
    if azimuth >= 270:
        return (normal > low) | (normal <= high - 2 * np.pi)
    return (low <= normal) & (normal < high)


def wall_shadow(
    scene: Scene, shadow: Shadow, azimuth: float, height: ArrayLike, aspect: ArrayLike
) -> dict[str, F64]:
    """Parts of each wall [m] shaded by buildings, shaded by foliage, and lit (G 4).

    A wall turned away from the light is all shade. Foliage shades only where no building does.
    """
    h = np.nan_to_num(np.asarray(height, float))
    wall = h > 0
    facing = wall & wall_faces(aspect, azimuth)
    building_depth = shadow.building_top - scene.surface
    canopy_depth = np.where(shadow.vegsh == 0, shadow.canopy_top - scene.surface, 0.0)
    shaded = np.where(facing, np.minimum(h, building_depth), np.where(wall, h, 0.0))
    foliage = np.where(facing, np.clip(canopy_depth, 0.0, h), 0.0)
    return {
        "wallsh": shaded,
        "wallsun": np.where(wall, h - shaded - foliage, 0.0),
        "wallshve": foliage,
        "facesun": facing.astype(float),
    }


# ---------------------------------------------------------------- wall height and aspect (G 6)


def wall_height(surface: ArrayLike, limit: float = 1.0) -> F64:
    """Height [m] by which the highest edge neighbour rises above each interior cell (G 6.1).

    Neighbours without data are ignored; below ``limit`` there is no wall.
    """
    z = np.asarray(surface, float)
    height = np.zeros(z.shape)
    neighbours = np.stack([z[:-2, 1:-1], z[2:, 1:-1], z[1:-1, :-2], z[1:-1, 2:]])
    highest = np.where(np.isnan(neighbours), -np.inf, neighbours).max(axis=0)
    height[1:-1, 1:-1] = highest - z[1:-1, 1:-1]
    with np.errstate(invalid="ignore"):
        return np.where(height >= limit, height, 0.0)


ROTATION_TIES: dict[int, dict[int, tuple[int, int]]] = {
    9: {120: (0, -1), 150: (-1, 0)},
    5: {60: (0, -1), 120: (0, -1), 150: (-1, 0)},
    3: {60: (0, -1), 120: (0, -1), 150: (-1, 0)},
    19: {60: (0, -1)},
}
"""Extra line cell per window side and angle, decided by rounding in the reference (quirk Q23)."""


def filter_side(pixel_size: float) -> int:
    """Side of the line filter's window in cells: about nine metres, odd (G 6.2)."""
    side = int(np.floor((1 / pixel_size + 1e-10) * 9))
    if side <= 2:
        return 3
    return side + 1 if side % 2 == 0 else side


def cosine_sine(theta: int) -> tuple[float, float]:
    """cos and sin of whole degrees, exact where they are 0, ½, 1 (G 6.2)."""
    exact = {0: 0.0, 30: 0.5, 90: 1.0, 150: 0.5}
    sine = exact.get(theta, np.sin(theta * RADIANS))
    cosine = {0: 1.0, 60: 0.5, 90: 0.0, 120: -0.5}.get(theta, np.cos(theta * RADIANS))
    return float(cosine), float(sine)


def filter_masks(side: int, theta: int) -> tuple[Bool, NDArray[np.int64]]:
    """Line cells, and cells on side 1 or 2 of it (0 = neither), at angle ``theta`` (G 6.2)."""
    q = (side - 1) // 2
    i, j = np.mgrid[-q : q + 1, -q : q + 1].astype(float)
    cosine, sine = cosine_sine(theta)
    u, v = i * cosine + j * sine, -i * sine + j * cosine
    line = np.abs(v) < 0.5 - 1e-9
    tie = ROTATION_TIES.get(side, {}).get(theta)
    if tie is not None:
        line[tie[0] + q, tie[1] + q] = True
    along = np.clip(np.floor(u + 0.5), -q, q)
    across = np.clip(np.floor(v + 0.5), -q, q)
    sides = np.where(across < 0, 1, np.where(across > 0, 2, 0))
    sides = np.where(along == 0, sides, 0)
    if theta in (30, 150):
        sides[:, -1] = 0
    return line, sides


def gradient_aspect(surface: F64, pixel_size: float) -> F64:
    """Downslope direction of the surface gradient [deg], 0–360 (G 6.2, fallback)."""
    by_row, by_col = np.gradient(surface, pixel_size)
    angle = -np.arctan2(by_col, by_row)
    return np.where(angle < 0, angle + 2 * np.pi, angle) / RADIANS


def wall_aspect(surface: ArrayLike, height: ArrayLike, pixel_size: float) -> F64:
    """Outward normal of every wall cell [deg] by the rotating line filter (G 6.2)."""
    z, h = np.asarray(surface, float), np.asarray(height, float)
    rows, cols = z.shape
    side = filter_side(pixel_size)
    q = (side - 1) // 2
    masks = [filter_masks(side, theta) for theta in range(180)]
    wall = h > 0.5
    aspect = np.zeros(z.shape)
    for r, c in np.argwhere(wall):
        if not (q <= r < rows - q - 2 and q <= c < cols - q - 2):
            continue
        window = (slice(r - q, r + q + 1), slice(c - q, c + q + 1))
        counts = [wall[window][line].sum() for line, _ in masks]
        theta = int(np.argmax(counts))
        sides = masks[theta][1]
        west = z[window][sides == 1].sum() > z[window][sides == 2].sum()
        aspect[r, c] = (90 - theta) % 360 if west else 270 - theta
    fallback = wall & (aspect == 0)
    return np.where(fallback, gradient_aspect(z, pixel_size), aspect)


# ---------------------------------------------------------------- building mask (G 1.6)


def open_ground(
    surface: ArrayLike, *, ground: ArrayLike | None = None, land_cover: ArrayLike | None = None
) -> F64:
    """1 on open ground, 0 on building footprints; land cover wins when both are given."""
    if land_cover is not None:
        code = np.asarray(land_cover)
        return np.where((code == 2) | (code >= 100), 0.0, 1.0)
    above = np.nan_to_num(np.asarray(surface, float) - np.asarray(ground, float))
    return np.where(above < 2.0, 1.0, 0.0)

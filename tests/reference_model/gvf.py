"""Ground view factors: what the ground and walls around a person send up (G 7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.reference_model.geometry import NEVER, ray_offset, wall_faces
from tests.reference_model.skyview import in_sector

F64 = NDArray[np.float64]
Int = NDArray[np.int64]

SIGMA = 5.67051e-8
KELVIN = 273.15
DIRECTIONS = range(5, 360, 20)
SIDES = ("", "E", "S", "W", "N")


def step_counts(person_height: float, pixel_size: float) -> tuple[int, int]:
    """Cells of the near and the far ground, N1 and N2 (G 7.1)."""
    near = np.rint(person_height) or 1.0
    far = np.rint(20 * person_height)
    return int(max(1, np.rint(near / pixel_size))), int(np.rint(far / pixel_size))


@dataclass
class Ground:
    """Rasters of one step, and scalars of the walls.

    ``open_ground`` 1 = no building; ``shadow`` 1 = full sun; ``ground_excess`` and ``wall_excess``
    in K above air temperature ``ta`` [deg C].
    """

    open_ground: F64
    pixel_size: float
    wall_height: F64
    wall_aspect: F64
    wall_sun: F64
    shadow: F64
    ground_excess: F64
    wall_excess: float
    ta: float
    emissivity: F64
    albedo: F64
    wall_emissivity: float = 0.9
    wall_albedo: float = 0.2
    person_height: float = 1.1


@dataclass
class Walk:
    """What one cell meets along one direction (G 7.2–7.4).

    ``rows`` and ``cols`` locate the source of every step; ``building`` is the first step on a
    building (b), ``sunlit_wall`` the first on a fully lit wall before it (w).
    """

    rows: Int
    cols: Int
    building: Int
    sunlit_wall: Int


def walk(ground: Ground, azimuth: int, steps: int) -> Walk:
    """Follow one direction from every cell; past the edge the last inside cell repeats (G 7.2)."""
    rows, cols = ground.open_ground.shape
    row, col = np.mgrid[:rows, :cols]
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = ground.wall_sun / ground.wall_height == 1.0
    lit_wall = (ground.wall_height > 0) & whole & (ground.open_ground == 1)
    at_row, at_col = row.copy(), col.copy()
    building, sunlit = np.full((rows, cols), steps), np.full((rows, cols), NEVER)
    visited_rows, visited_cols = [], []
    for step in range(steps):
        drow, dcol = ray_offset(azimuth, step)
        r, c = row + drow, col + dcol
        inside = (r >= 0) & (r < rows) & (c >= 0) & (c < cols)
        at_row, at_col = np.where(inside, r, at_row), np.where(inside, c, at_col)
        visited_rows.append(at_row)
        visited_cols.append(at_col)
        meets = (building == steps) & (ground.open_ground[at_row, at_col] == 0)
        building = np.where(meets, step, building)
        seen = step < building
        sees_wall = seen & (sunlit == NEVER) & lit_wall[at_row, at_col]
        sunlit = np.where(sees_wall, step, sunlit)
    return Walk(np.stack(visited_rows), np.stack(visited_cols), building, sunlit)


def seen_sum(field: F64, path: Walk, steps: int) -> F64:
    """Sum of ``field`` over the first ``steps`` cells seen before a building, S_X (G 7.5)."""
    total = np.zeros(field.shape)
    for step in range(steps):
        seen = step < path.building
        total += np.where(seen, field[path.rows[step], path.cols[step]], 0.0)
    return total


def near_far(
    field: F64, wall_value: float, path: Walk, own_wall: NDArray[np.bool_], n1: int, n2: int
) -> tuple[F64, F64]:
    """Near and far means of ``field`` with the walls seen, g1 and g2 (G 7.5).

    A lit wall, once met, fills the rest of the path. The wall a cell itself stands at does not
    count in the far mean, whose denominator keeps it all the same (quirk Q29).
    """
    wall_near = np.maximum(0, n1 - path.sunlit_wall)
    wall_far = np.maximum(0, n2 - path.sunlit_wall)
    counted_far = np.where(own_wall, 0, wall_far)
    near, far = seen_sum(field, path, n1), seen_sum(field, path, n2)
    g1 = np.where(wall_near > 0, (wall_value * wall_near + near) / (n1 + 1), near / n1)
    g2 = np.where(wall_far > 0, (wall_value * counted_far + far) / (n2 + 1), far / n2)
    return g1, g2


def mix(near: F64, far: F64) -> F64:
    """Near and far ground in one (G 7.5)."""
    return (0.5 * near + 0.4 * far) / 0.9


def unshaded_albedo(ground: Ground, path: Walk, n1: int, n2: int) -> F64:
    """``gvfalbnosh`` of one direction: every building counts as a wall (G 7.5, quirk Q30)."""
    rho, wall = ground.albedo, ground.wall_albedo
    blocked_near = np.maximum(0, n1 - path.building)
    blocked_far = np.maximum(0, n2 - path.building)
    near, far = seen_sum(rho, path, n1), seen_sum(rho, path, n2)
    g1 = np.where(blocked_near > 0, (wall * blocked_near + near) / (n1 + 1), near / n1)
    g2 = (wall * blocked_far + far) / n2
    return mix(g1, g2) * ground.open_ground + rho * (1 - ground.open_ground)


def ground_view(ground: Ground) -> dict[str, F64]:
    """``gvfLup``, ``gvfalb`` and ``gvfalbnosh`` with their E S W N, ``gvfSum``, ``gvfNorm``."""
    n1, n2 = step_counts(ground.person_height, ground.pixel_size)
    shape = ground.open_ground.shape
    at_building = 1 - ground.open_ground
    air4 = (ground.ta + KELVIN) ** 4
    warm4 = (ground.ground_excess * ground.shadow + ground.ta + KELVIN) ** 4
    emission = SIGMA * ground.emissivity * (warm4 - air4)
    wall4 = (ground.wall_excess + ground.ta + KELVIN) ** 4
    wall_emission = SIGMA * ground.wall_emissivity * (wall4 - air4)
    reflecting = ground.albedo * ground.shadow
    quantities = ("Lup", "alb", "albnosh")
    out = {f"gvf{q}{side}": np.zeros(shape) for q in quantities for side in SIDES}
    out["gvfSum"] = np.zeros(shape)
    for azimuth in DIRECTIONS:
        path = walk(ground, azimuth, n2)
        own_wall = (path.sunlit_wall == 0) & wall_faces(ground.wall_aspect, azimuth)
        lup = mix(*near_far(emission, wall_emission, path, own_wall, n1, n2))
        alb = mix(*near_far(reflecting, ground.wall_albedo, path, own_wall, n1, n2))
        values = {
            "Lup": lup + emission * at_building,
            "alb": alb + reflecting * at_building,
            "albnosh": unshaded_albedo(ground, path, n1, n2),
        }
        for quantity, value in values.items():
            out[f"gvf{quantity}"] += value / len(DIRECTIONS)
            for side in SIDES[1:]:
                if in_sector(np.array(float(azimuth)), side):
                    out[f"gvf{quantity}{side}"] += value / 9
        sunlit_far = near_far(ground.shadow, 1.0, path, own_wall, n1, n2)[1]
        out["gvfSum"] += np.minimum(1, sunlit_far)
    ambient = SIGMA * ground.emissivity * air4
    for side in SIDES:
        out[f"gvfLup{side}"] = out[f"gvfLup{side}"] + ambient
    out["gvfNorm"] = np.where(ground.open_ground == 0, 1.0, out["gvfSum"] / len(DIRECTIONS))
    return out

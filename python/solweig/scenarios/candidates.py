"""Where trees may stand, and a cheap guess at which of these places cools most."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError
from solweig.inputs.crowns import SHAPES, Crowns, stamp
from solweig.leaf_area import USUAL
from solweig.rasters.align import read_on_grid
from solweig.rasters.grids import Grid
from solweig.results.statistics import RunStatistics
from solweig.scenarios.gains import step_hours
from solweig.scenarios.optimise_wishes import TreeWishes
from solweig.scenarios.places import areas_of, cells_of, grid_of
from solweig.surface.data import SurfaceData
from solweig.surface.foliage import stands
from solweig.surface.reading import given_source
from solweig.typing import F64, Bool

__all__ = ["Crown", "allowed", "apart", "cooled", "crown_of", "score", "weights"]

_SAMPLES_A_CELL = 2.0
_DIGITS = 9


@dataclass(frozen=True)
class Crown:
    """A tree's crown on cells around its stem.

    Attributes
    ----------
    rows, cols
        Of its cells, from the stem's.
    top, under
        Above the ground [m].
    through
        Share of light that comes through.
    """

    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    top: F64
    under: F64
    through: float


def crown_of(wishes: TreeWishes, pixel_size: float) -> Crown:
    """The crown of a tree in the middle of a cell."""
    side = 2 * math.ceil(wishes.crown_diameter / 2.0 / pixel_size) + 3
    middle = 0.5 * side * pixel_size
    from affine import Affine

    grid = Grid(
        (side, side), Affine(pixel_size, 0.0, 0.0, 0.0, -pixel_size, side * pixel_size), None
    )
    one = np.ones(1)
    crowns = Crowns(
        middle * one, middle * one, wishes.height * one, wishes.trunk_height * one,
        0.5 * wishes.crown_diameter * one,
        np.array([SHAPES.index(wishes.shape)], np.uint8),
    )  # fmt: skip
    top = np.zeros(grid.shape, np.float32)
    under = np.full(grid.shape, np.inf, np.float32)
    stamp(crowns, grid, top, under)
    rows, cols = np.nonzero(top > 0.0)
    through = USUAL if wishes.transmissivity is None else wishes.transmissivity
    return Crown(
        rows - side // 2, cols - side // 2, top[rows, cols].astype(np.float64),
        under[rows, cols].astype(np.float64), through,
    )  # fmt: skip


def allowed(surface: SurfaceData, wishes: TreeWishes) -> Bool:
    """Cells where a stem may stand, thinned to the places that are looked at.

    Open ground with data and without a canopy, far enough from buildings, in the polygon.

    Raises
    ------
    ConfigurationError
        There is none.
    """
    grid, size = grid_of(surface), surface.pixel_size
    open_ground = np.asarray(surface.buildings() != 0)
    found = open_ground & ~np.isnan(surface.dsm) & ~stands(surface.cdsm, surface.shape)
    # From the middle of a cell to the edge of a building, half a cell before the middle of its own.
    found &= ~near(~open_ground, wishes.wall_distance + 0.5 * size, size)
    if wishes.polygon is not None or wishes.file is not None:
        table = areas_of(wishes.polygon, wishes.file, grid, wishes.key)
        found &= cells_of(table, grid, wishes.key)
    every = wishes.crown_diameter / 4.0 if wishes.every is None else wishes.every
    stride = max(round(every / size), 1)
    thinned = np.zeros_like(found)
    thinned[stride // 2 :: stride, stride // 2 :: stride] = True
    found &= thinned
    if not found.any():
        raise ConfigurationError(
            wishes.key,
            "a place for a tree",
            "none on open ground, off walls and trees, in the area",
        )
    return np.asarray(found)


def near(mask: Bool, distance_m: float, size: float) -> Bool:
    """Cells whose middle lies closer than a distance to that of a cell of a mask."""
    reach = math.ceil(distance_m / size)
    found = np.zeros_like(mask)
    rows, cols = mask.shape
    for dr in range(-reach, reach + 1):
        for dc in range(-reach, reach + 1):
            if math.hypot(dr, dc) * size >= distance_m:
                continue
            to, of = _shifted(rows, dr), _shifted(rows, -dr)
            across, from_ = _shifted(cols, dc), _shifted(cols, -dc)
            found[to, across] |= mask[of, from_]
    return found


def _shifted(count: int, by: int) -> slice:
    return slice(max(by, 0), count + min(by, 0))


def apart(mask: Bool, row: int, col: int, distance_m: float, size: float) -> Bool:
    """A mask without the cells closer to one of them than a distance."""
    rows, cols = np.ogrid[: mask.shape[0], : mask.shape[1]]
    far = np.hypot(rows - row, cols - col) * size >= distance_m
    return np.asarray(mask & far)


def weights(given: Any, grid: Grid, key: str) -> F64 | None:
    """People, or any weight, by cell; None weighs all alike.

    Raises
    ------
    ConfigurationError
        A raster of another place, or of weights below 0.
    InvalidSurfaceData
        A file that cannot be read.
    """
    if given is None:
        return None
    source = given_source("population", given, crs=grid.crs)
    if source is None:
        raise ConfigurationError(f"{key}.population", "a raster file", repr(given)[:80])
    found = np.nan_to_num(read_on_grid(source, grid).astype(np.float64), nan=0.0)
    if found.min() < 0.0 or not found.max() > 0.0:
        raise ConfigurationError(
            f"{key}.population", "weights of 0 and more on the map, not all 0",
            f"{found.min():g} to {found.max():g}",
        )  # fmt: skip
    return found


# ------------------------------------------------------------------ guess and truth


def score(
    run: RunStatistics, suns: NDArray[np.float64], ground: Bool, weight: F64 | None, crown: Crown,
    wishes: TreeWishes, size: float,
) -> F64:  # fmt: skip
    """What a tree on each cell would shade: area-hours in the sun, times K above the threshold.

    On level ground, and as if nothing else stood between crown and ground.

    Parameters
    ----------
    run
        The place as it is so far.
    suns
        Altitude and azimuth at each step [degrees].
    ground
        Where people can stand.
    weight
        Of cells.
    crown
        Of the tree.
    wishes
        The threshold.
    size
        Side of a cell [m].

    Returns
    -------
    F64
        ``[row, col]`` of the stem [m2 h K].
    """
    assert run.dataset is not None
    total = np.zeros(ground.shape, np.float64)
    base = (ground if weight is None else ground * weight) * size**2
    for i, length in enumerate(step_hours(run)):
        altitude, azimuth = suns[i]
        if altitude <= 0.0:
            continue
        above = np.nan_to_num(run.dataset["utci"].values[i] - wishes.threshold, nan=0.0)
        lit = np.nan_to_num(run.dataset["shadow"].values[i], nan=0.0)
        heat = length * lit * np.maximum(above, 0.0) * base
        if heat.any():
            total += _correlated(heat, *_shade(crown, altitude, azimuth, size, ground.shape))
    top = total.max()
    # The transform leaves noise in the last digits, which must not decide between equal places.
    return np.round(total / top, _DIGITS) * top if top > 0.0 else total


def _shade(
    crown: Crown, altitude: float, azimuth: float, size: float, shape: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:
    """Cells that a crown shades, from its stem, on level ground; and how much it takes away."""
    slope = math.tan(math.radians(max(altitude, 1.0)))
    south, east = math.cos(math.radians(azimuth)), -math.sin(math.radians(azimuth))
    longest = float((crown.top - crown.under).max()) / slope / size
    samples = min(max(int(_SAMPLES_A_CELL * longest) + 2, 2), 4 * max(shape))
    share = np.linspace(0.0, 1.0, samples)[:, None]
    away = (crown.under + share * (crown.top - crown.under)) / slope / size
    rows = np.rint(crown.rows + away * south).astype(np.int64).ravel()
    cols = np.rint(crown.cols + away * east).astype(np.int64).ravel()
    inside = (np.abs(rows) < shape[0]) & (np.abs(cols) < shape[1])
    cells = np.unique(np.stack([rows[inside], cols[inside]], axis=1), axis=0)
    return cells[:, 0], cells[:, 1], 1.0 - crown.through


def _correlated(heat: F64, rows: NDArray[np.int64], cols: NDArray[np.int64], share: float) -> F64:
    """Sum of a map over cells around each cell."""
    if not rows.size:
        return np.zeros_like(heat)
    low, high = (rows.min(), cols.min()), (rows.max(), cols.max())
    shape = tuple(_even(n + int(b - a)) for n, a, b in zip(heat.shape, low, high, strict=True))
    kernel = np.zeros(shape)
    # Mirrored, so that the product of the transforms is a correlation.
    kernel[-rows % shape[0], -cols % shape[1]] = share
    both = np.fft.rfft2(heat, shape) * np.fft.rfft2(kernel)
    found = np.fft.irfft2(both, shape)[: heat.shape[0], : heat.shape[1]]
    return np.maximum(found, 0.0)


def _even(number: int) -> int:
    """The next number that transforms quickly."""
    while True:
        rest = number
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return number
        number += 1


def cooled(
    before: RunStatistics, after: RunStatistics, ground: Bool, weight: F64 | None,
    wishes: TreeWishes, cell_m2: float,
) -> float:  # fmt: skip
    """Area-hours that were hot and are cooler now, by the model.

    Ground where UTCI was at the threshold or above and has fallen by ``cooled_by`` or more, times
    the hours of the step and the weight of the cell [m2 h].
    """
    assert before.dataset is not None
    assert after.dataset is not None
    total = 0.0
    for i, length in enumerate(step_hours(before)):
        old, new = (run.dataset["utci"].values[i] for run in (before, after))  # type: ignore[index]
        with np.errstate(invalid="ignore"):
            won = ground & (old >= wishes.threshold) & (old - new >= wishes.cooled_by)
        total += length * float(won.sum() if weight is None else weight[won].sum())
    return total * cell_m2

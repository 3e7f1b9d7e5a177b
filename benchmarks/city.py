"""A synthetic city with a fixed seed: blocks, towers, courtyards, relief, parks, street trees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

PAVED, BUILDING, GRASS, BARE_SOIL, WATER = 1, 2, 5, 6, 7

MAX_BUILDING_M = 40.0
CANOPY_FRACTION = 0.20


@dataclass(frozen=True)
class City:
    """Rasters of one synthetic city; heights in metres, canopy above ground."""

    dsm: F32
    dem: F32
    canopy: F32
    land_cover: U8
    pixel_size: float


def synthetic_city(
    side: int = 1000, *, seed: int = 20250701, pixel_size: float = 1.0, trees: bool = True
) -> City:
    """Build a ``side`` x ``side`` city.

    Blocks of 60-110 m between streets of 10-24 m hold perimeter buildings with courtyards, slabs
    or a tower (8-40 m); every ninth block or so is a park. The ground rolls by about 25 m. With
    ``trees``, crowns of 4-18 m cover 20 % of all cells, never a roof.
    """
    rng = np.random.default_rng(seed)
    dem = _relief(side, rng)
    height = np.zeros((side, side), np.float32)
    cover = np.full((side, side), PAVED, np.uint8)
    for top, bottom in _streets(side, rng):
        for left, right in _streets(side, rng):
            _fill_block(height[top:bottom, left:right], cover[top:bottom, left:right], rng)
    _river(cover, height, rng)
    cover[height > 0] = BUILDING
    canopy = _canopy(height, cover, rng) if trees else np.zeros_like(height)
    return City(dem + height, dem, canopy, cover, pixel_size)


def _relief(side: int, rng: np.random.Generator) -> F32:
    y, x = np.mgrid[0:side, 0:side] / 1000.0
    phase = rng.uniform(0, 2 * np.pi, 4)
    ground = 40.0 + 8.0 * np.sin(2 * np.pi * (0.9 * x + 0.3 * y) + phase[0])
    ground += 4.0 * np.sin(2 * np.pi * (1.7 * y - 0.6 * x) + phase[1])
    ground += 0.6 * np.sin(2 * np.pi * 7.3 * x + phase[2]) * np.sin(2 * np.pi * 6.1 * y + phase[3])
    return ground.astype(np.float32)


def _streets(side: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Extents of the blocks along one axis; the gaps are the streets."""
    blocks, start = [], int(rng.integers(5, 15))
    while start < side - 20:
        end = min(start + int(rng.integers(60, 111)), side)
        blocks.append((start, end))
        start = end + int(rng.choice([10, 12, 14, 18, 24]))
    return blocks


def _fill_block(height: F32, cover: U8, rng: np.random.Generator) -> None:
    kind = rng.choice(["perimeter", "slabs", "tower", "park"], p=[0.5, 0.24, 0.14, 0.12])
    rows, cols = height.shape
    storey = np.float32(rng.uniform(8.0, 26.0))
    if kind == "park":
        cover[:] = GRASS
    elif kind == "perimeter":
        depth = int(rng.integers(10, 15))
        height[:] = storey
        height[depth : rows - depth, depth : cols - depth] = 0.0
        cover[depth : rows - depth, depth : cols - depth] = rng.choice([GRASS, PAVED, BARE_SOIL])
        _vary_roofs(height, rng)
    elif kind == "slabs":
        cover[:] = GRASS
        for row in range(4, rows - 12, int(rng.integers(24, 36))):
            height[row : row + 12, 6 : cols - 6] = storey
    else:
        height[4 : rows - 4, 4 : cols - 4] = np.float32(rng.uniform(4.0, 8.0))
        middle, half = (rows // 2, cols // 2), int(rng.integers(8, 14))
        top = np.float32(rng.uniform(28.0, MAX_BUILDING_M))
        height[middle[0] - half : middle[0] + half, middle[1] - half : middle[1] + half] = top


def _vary_roofs(height: F32, rng: np.random.Generator) -> None:
    """Neighbouring houses of one perimeter differ by a storey or two."""
    col = 0
    while col < height.shape[1]:
        width = int(rng.integers(14, 30))
        part = height[:, col : col + width]
        part[part > 0] += np.float32(rng.choice([-3.0, 0.0, 0.0, 3.0]))
        col += width


def _river(cover: U8, height: F32, rng: np.random.Generator) -> None:
    side = cover.shape[0]
    centre = 0.35 * side + 0.05 * side * np.sin(np.arange(side) / side * 7 + rng.uniform(0, 6))
    inside = np.abs(np.arange(side)[:, None] - centre[None, :]) < 12
    cover[inside] = WATER
    height[inside] = 0.0


def _canopy(height: F32, cover: U8, rng: np.random.Generator) -> F32:
    """Round crowns dropped until they cover a fifth of all cells; parks are planted first."""
    side = height.shape[0]
    canopy = np.zeros_like(height)
    free = (height == 0) & (cover != WATER)
    target, covered = int(CANOPY_FRACTION * side * side), 0
    while covered < target:
        row, col = (int(v) for v in rng.integers(0, side, 2))
        if not free[row, col] or (cover[row, col] == PAVED and rng.random() < 0.4):
            continue
        radius, top = float(rng.uniform(2.0, 5.5)), float(rng.uniform(4.0, 18.0))
        reach = int(np.ceil(radius))
        r0, r1 = max(row - reach, 0), min(row + reach + 1, side)
        c0, c1 = max(col - reach, 0), min(col + reach + 1, side)
        y, x = np.mgrid[r0 - row : r1 - row, c0 - col : c1 - col]
        dome = top * np.sqrt(np.clip(1.25 - (x * x + y * y) / radius**2, 0.0, 1.0))
        inside = (x * x + y * y <= radius * radius) & free[r0:r1, c0:c1]
        part = canopy[r0:r1, c0:c1]
        covered += int(np.count_nonzero(inside & (part == 0)))
        np.maximum(part, np.where(inside, dome, 0.0), out=part, casting="same_kind")
    return canopy

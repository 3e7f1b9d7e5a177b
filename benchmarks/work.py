"""The least work a stage must do, per pixel: bytes through memory and f32 lane operations.

Compared with :mod:`benchmarks.roofline` this gives the fraction of the machine's limit that a
stage reaches. Bytes are compulsory traffic only (each input read once, each output written once).
Ray stages count the tests of a perfect first-hit marcher: every pixel marches until a building
blocks it or until the ray is above everything. Skipping by area maxima does fewer, so a fraction
above one is possible there and means that skipping pays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.cases import Case
from solweig import _core

F32_BYTES = 4
MASK_BYTES = 20  # 153 patches in five 32-bit words
PATCHES = 153

#: Load-subtract-compare-select of one source; with a canopy, top and underside as well.
TEST_OPERATIONS = 3
TEST_OPERATIONS_VEGETATION = 8

GROUND_DIRECTIONS, GROUND_REACH_M = 18, 22
#: Two accumulators, each a load and an add.
GROUND_TAP_OPERATIONS = 4

#: Ray window of the sample: the middle of the raster, with real sources all around.
SAMPLE_SIDE = 256


@dataclass(frozen=True)
class Work:
    """Per pixel; ``basis`` says in words what was counted."""

    bytes_moved: float
    lane_operations: float
    basis: str


def shadow(case: Case, azimuth: float, altitude: float) -> Work:
    tests = ray_tests(case, azimuth, altitude)
    layers = 1 if case.canopy is None else 3
    return Work(layers * F32_BYTES + layers, tests * _operations(case), f"{tests:.1f} tests")


def sky_view(case: Case) -> Work:
    table = _core.patch_table(2)
    tests = sum(
        ray_tests(case, float(azimuth), float(altitude))
        for azimuth, altitude in zip(table["azimuth"], table["altitude"], strict=True)
        if altitude < 89.0
    )
    masks = 1 if case.canopy is None else 3
    moved = (1 if masks == 1 else 3) * F32_BYTES + masks * MASK_BYTES + 15 * F32_BYTES
    return Work(moved, tests * _operations(case), f"{tests:.0f} tests in {PATCHES} directions")


def ground_view(case: Case) -> Work:
    taps = GROUND_DIRECTIONS * GROUND_REACH_M / case.pixel_size
    return Work(
        (8 + 10) * F32_BYTES, taps * GROUND_TAP_OPERATIONS, f"{taps:.0f} taps, two accumulators"
    )


def anisotropic_step(case: Case) -> Work:
    """Patch sums from three masks by byte tables, on top of the ground view and one shadow."""
    masks = MASK_BYTES * (1 if case.canopy is None else 3)
    sums = 8  # long- and shortwave, side and down, in sky, vegetation, lit and shaded parts
    operations = masks * sums * 2
    return Work(masks + 25 * F32_BYTES, operations, f"{masks} mask bytes x {sums} table sums")


def streaming(reads: int, writes: int, operations: float, basis: str) -> Work:
    """Point-wise stages."""
    return Work((reads + writes) * F32_BYTES, operations, basis)


def _operations(case: Case) -> int:
    return TEST_OPERATIONS if case.canopy is None else TEST_OPERATIONS_VEGETATION


def ray_tests(case: Case, azimuth: float, altitude: float, reach_m: float = 1000.0) -> float:
    """Mean tests per pixel of a first-hit marcher, over the middle of the raster."""
    surface = case.dsm
    top = float(np.nanmax(_highest(case)))
    steps = int(min(reach_m / case.pixel_size, max(surface.shape))) + 1
    offsets, _, heights = _core.ray_offsets(azimuth, altitude, case.pixel_size, steps)
    rows, cols = (_middle(length) for length in surface.shape)
    target = surface[rows[0] : rows[1], cols[0] : cols[1]].ravel()
    row, col = (
        grid.ravel() for grid in np.meshgrid(np.arange(*rows), np.arange(*cols), indexing="ij")
    )
    tests = 0
    for (drow, dcol), height in zip(offsets[1:], heights[1:], strict=True):
        inside = _inside(row + drow, col + dcol, surface.shape) & (target + height <= top)
        target, row, col = target[inside], row[inside], col[inside]
        if target.size == 0:
            break
        tests += target.size
        open_sky = surface[row + drow, col + dcol] - target <= height
        target, row, col = target[open_sky], row[open_sky], col[open_sky]
    return tests / ((rows[1] - rows[0]) * (cols[1] - cols[0]))


def _highest(case: Case) -> NDArray[np.float32]:
    if case.canopy is None:
        return case.dsm
    ground = case.dsm if case.dem is None else case.dem
    return np.maximum(case.dsm, ground + case.canopy)


def _middle(length: int) -> tuple[int, int]:
    start = max((length - SAMPLE_SIDE) // 2, 0)
    return start, min(start + SAMPLE_SIDE, length)


def _inside(row: NDArray, col: NDArray, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return (row >= 0) & (row < shape[0]) & (col >= 0) & (col < shape[1])

"""Small random scenes for property tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from solweig import _core
from tests.reference_model import geometry
from tests.support.tolerances import tolerance

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

TIE_M = tolerance("geometry", "tie_m")
"""Margins below this decide by rounding alone (G 2.4)."""


@dataclass
class RandomScene:
    """Heights as users give them: absolute surface, relative vegetation; NaN = no data."""

    dsm: F32
    dem: F32 | None
    canopy: F32 | None
    trunk: F32 | None
    pixel_size: float

    def engine(self) -> _core.Scene:
        return _core.Scene(
            self.dsm,
            pixel_size=self.pixel_size,
            dem=self.dem,
            canopy=self.canopy,
            trunk=self.trunk,
        )

    def oracle(self) -> geometry.Scene:
        return geometry.make_scene(
            self.dsm, self.pixel_size, ground=self.dem, canopy=self.canopy, trunk=self.trunk
        )

    @property
    def valid(self) -> NDArray[np.bool_]:
        return np.isfinite(self.dsm)


def relief(rng: np.random.Generator, shape: tuple[int, int], metres: float) -> F64:
    """A tilted, wavy ground."""
    row, col = np.mgrid[: shape[0], : shape[1]]
    slope = rng.uniform(-1, 1, 2)
    waves = np.sin(row / 4.0 + rng.uniform(0, 6)) + np.cos(col / 5.0 + rng.uniform(0, 6))
    tilt = slope[0] * row / shape[0] + slope[1] * col / shape[1]
    return metres * (tilt + 0.3 * waves) + rng.uniform(0, 0.2, shape)


def blocks(
    rng: np.random.Generator, shape: tuple[int, int], count: int, low: float, high: float
) -> F64:
    """Heights of ``count`` rectangles, the taller on top."""
    out = np.zeros(shape)
    for _ in range(count):
        r, c = rng.integers(0, shape[0]), rng.integers(0, shape[1])
        height, width = rng.integers(1, 7, 2)
        patch = out[r : r + height, c : c + width]
        np.maximum(patch, rng.uniform(low, high), out=patch)
    return out


@st.composite
def random_scenes(
    draw: st.DrawFn,
    *,
    smallest: int = 8,
    largest: int = 28,
    vegetation: bool | None = None,
    no_data: bool | None = None,
    with_dem: bool | None = None,
) -> RandomScene:
    """Relief, buildings, crowns that overhang, bushes, holes; three pixel sizes.

    Heights are real-valued, so ties are rare. Flags left at ``None`` are drawn.
    """

    def choose(flag: bool | None) -> bool:
        return draw(st.booleans()) if flag is None else flag

    sides = st.integers(smallest, largest)
    shape = (draw(sides), draw(sides))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    base = draw(st.sampled_from([0.0, 12.0, 87.0]))
    ground = base + relief(rng, shape, draw(st.sampled_from([0.0, 3.0, 15.0])))
    buildings = blocks(rng, shape, draw(st.integers(0, 6)), 2.5, 30.0)
    dsm = (ground + buildings).astype(np.float32)
    canopy = trunk = None
    if choose(vegetation):
        crowns = blocks(rng, shape, draw(st.integers(1, 6)), 3.0, 18.0)
        bushes = blocks(rng, shape, draw(st.integers(0, 3)), 0.6, 3.0)
        canopy = np.maximum(crowns, bushes)
        trunk = np.where(crowns > bushes, rng.uniform(0.2, 0.9) * crowns, 0.0).astype(np.float32)
        canopy = canopy.astype(np.float32)
        if choose(no_data):
            hole = rng.random(shape) < 0.03
            canopy[hole] = trunk[hole] = np.nan
    dem = ground.astype(np.float32) if choose(with_dem) else None
    if choose(no_data):
        dsm[rng.random(shape) < 0.04] = np.nan
        dsm[rng.integers(0, shape[0]), :] = rng.choice(np.array([np.nan, 5.0 + base]))
        dsm[0, 0] = base
    return RandomScene(dsm, dem, canopy, trunk, draw(st.sampled_from([0.5, 1.0, 2.5])))


def suns() -> st.SearchStrategy[tuple[float, float]]:
    """Azimuth and altitude [deg]: cardinal, diagonal and any; low suns favoured."""
    azimuth = st.one_of(
        st.sampled_from([0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0]),
        st.floats(0.0, 359.99),
    )
    altitude = st.one_of(st.floats(1.0, 8.0), st.floats(1.0, 89.0))
    return st.tuples(azimuth, altitude)

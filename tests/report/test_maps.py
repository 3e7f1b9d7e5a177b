"""Maps made small, areas counted from every cell, colours that mean what the legend says."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from solweig.rasters.variables import attributes
from solweig.report import maps
from solweig.report.maps import Ground, Reading, draw, factor_for, read_layers
from solweig.report.scales import ROOF, png, scale_of
from solweig.results.map_style import CLASSES


def reader(grid: np.ndarray) -> Any:
    return lambda windows: [grid[window].copy() for window in windows]


def made_layer(name: str, grid: np.ndarray, open_ground: np.ndarray, factor: int) -> Any:
    ground = Ground(grid.shape, 3, reader(open_ground))  # type: ignore[arg-type]
    (layer,), roofs = read_layers(ground, [Reading(name, name, reader(grid))], factor)
    return layer, roofs


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 23), cols=st.integers(1, 17), factor=st.integers(1, 6),
    band=st.integers(1, 200), seed=st.integers(0, 2**31),
)  # fmt: skip
def test_all_cells_count_whatever_the_bands(
    rows: int, cols: int, factor: int, band: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    grid = random.uniform(-50, 60, (rows, cols)).astype(np.float32)
    # Bounds of classes, too.
    at_bounds = random.random((rows, cols)) < 0.3
    grid[at_bounds] = random.choice([9.0, 26.0, 32.0], at_bounds.sum())
    grid[random.random((rows, cols)) < 0.2] = np.nan
    ground = (random.random((rows, cols)) < 0.7).astype(np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(maps, "BAND_CELLS", band)
        layer, roofs = made_layer("utci", grid, ground, factor)
    counted = np.where(ground != 0, grid, np.nan)
    known = counted[np.isfinite(counted)]
    lows = [-np.inf, *(c[0] for c in CLASSES["utci"][1:]), np.inf]
    expected = [((known >= a) & (known < b)).sum() for a, b in pairwise(lows)]
    assert layer.classes.tolist() == expected
    assert layer.count == known.size
    if known.size:
        assert layer.mean == pytest.approx(known.mean(dtype=np.float64))
        assert (layer.low, layer.high) == (known.min(), known.max())
    assert layer.small.shape == (-(-rows // factor), -(-cols // factor))
    for r in range(layer.small.shape[0]):
        for c in range(layer.small.shape[1]):
            here = np.s_[r * factor : (r + 1) * factor, c * factor : (c + 1) * factor]
            square = counted[here]
            inside = square[np.isfinite(square)]
            if inside.size * 2 >= square.size and inside.size:
                assert layer.small[r, c] == pytest.approx(inside.mean(), rel=1e-5, abs=1e-4)
            else:
                assert np.isnan(layer.small[r, c])
            assert roofs[r, c] == ((ground[here] == 0).sum() * 2 >= square.size)


@given(
    rows=st.integers(1, 50_000), cols=st.integers(1, 50_000), factor=st.integers(1, 64),
    block=st.sampled_from([1, 64, 256, 512, 1000]),
)  # fmt: skip
def test_a_band_is_bounded_whatever_the_raster(
    rows: int, cols: int, factor: int, block: int
) -> None:
    bands = list(maps._bands((rows, cols), factor, block))
    assert bands[0][0] == 0
    assert bands[-1][1] == rows
    assert all(a[1] == b[0] and a[1] % factor == 0 for a, b in pairwise(bands))
    most = max(maps.BAND_CELLS, factor * cols)
    assert all((stop - start) * cols <= most for start, stop in bands)


@given(rows=st.integers(1, 40_000), cols=st.integers(1, 40_000), count=st.integers(1, 400))
def test_a_page_has_so_many_pixels_at_most(rows: int, cols: int, count: int) -> None:
    factor = factor_for((rows, cols), count)
    small = (rows // factor, cols // factor)
    assert max(small) <= maps.LONGEST_SIDE
    assert count * small[0] * small[1] <= maps.PAGE_PIXELS
    if factor > 1:
        before = factor - 1
        assert (
            max(rows, cols) > before * maps.LONGEST_SIDE
            or count * rows * cols > before**2 * maps.PAGE_PIXELS
        )


def noisy(count: int, side: int) -> Sequence[Any]:
    random = np.random.default_rng(1)
    ground = np.ones((side, side), np.uint8)
    found = []
    for i in range(count):
        grid = random.uniform(10, 60, (side, side)).astype(np.float32)
        layer, _ = made_layer("tmrt", grid, ground, 1)
        layer.reading = Reading(f"tmrt_{i}", "tmrt", layer.reading.read)
        found.append(layer)
    return found


def test_maps_get_smaller_until_they_fit() -> None:
    layers, roofs = noisy(3, 64), np.zeros((64, 64), bool)
    whole, factor = draw(layers, roofs, 2)
    assert factor == 2
    assert len({len(one.scale.colours) for one in whole}) == 1, "one scale for all hours"
    small, coarser = draw(layers, roofs, 2, limit=sum(len(one.png) for one in whole) // 3)
    assert coarser > 2
    assert sum(len(one.png) for one in small) <= sum(len(one.png) for one in whole) // 3
    means = [float(np.mean(one.layer.small)) for one in (whole[0], small[0])]
    assert means[0] == pytest.approx(means[1], abs=0.01)
    assert small[0].layer.count == 64 * 64, "what was counted stays"


def decoded(data: bytes) -> np.ndarray:
    """Rows of ``#rrggbbaa``."""
    with warnings.catch_warnings(), MemoryFile(data) as file:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with file.open() as source:
            table, codes = source.colormap(1), source.read(1)
    names = {i: "#" + "".join(f"{part:02x}" for part in rgba) for i, rgba in table.items()}
    return np.vectorize(names.get)(codes)


NAMES = ["tmrt", "utci", "pet", "shadow", "kdown", "kup", "ldown", "lup", "attribution_beam",
         "sun_hours", "utci_hours_above_32_day", "pet_mean", "tmrt_p95"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_pixel_has_the_colour_of_its_value(name: str) -> None:
    grid = np.array([[0.1, 0.9], [23.4, np.nan], [30.0, np.nan]], np.float32)
    if attributes(name)["units"] == "1":
        grid[1:, 0] = 0.5
    roofs = np.array([[False, False], [False, True], [True, False]])
    scale = scale_of(name, 0.1, 30.0)
    found = decoded(png(grid, roofs, scale))
    for at in ((0, 0), (0, 1), (1, 0), (2, 0)):
        assert found[at] == scale.colour(float(grid[at])) + "ff"
    assert found[1, 1] == ROOF + "ff"
    assert found[2, 1] == "#00000000"
    assert len(scale.colours) <= 250


@pytest.mark.parametrize("base", list(CLASSES))
@pytest.mark.parametrize("span", [(12.2, 41.0), (19.1, 21.8), (-20.0, 50.0), (20.0, 20.0)])
def test_colours_change_at_class_bounds(base: str, span: tuple[float, float]) -> None:
    scale = scale_of(base, *span)
    assert scale.low <= span[0]
    assert scale.high >= span[1]
    for low, *_ in CLASSES[base][1:]:
        if scale.low < low < scale.high:
            assert scale.colour(low) != scale.colour(low - 0.01)
            edge = (low - scale.low) / scale.step
            assert edge == pytest.approx(round(edge)), "a colour belongs to one class"


def test_a_scale_without_values() -> None:
    for name in NAMES:
        scale = scale_of(name, float("nan"), float("nan"))
        data = png(np.full((2, 2), np.nan, np.float32), np.zeros((2, 2), bool), scale)
        assert set(decoded(data).ravel()) == {"#00000000"}

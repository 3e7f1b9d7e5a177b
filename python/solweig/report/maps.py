"""Maps of a run made small enough for a page, and how much of its ground is in which class.

Rasters are read in bands of rows, so memory does not grow with them. Areas and means are counted
from every cell; only what is drawn is made smaller, a pixel being the mean of the open ground in a
square of cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.rasters.windows import Where
from solweig.report.scales import MapScale, png, scale_of
from solweig.results.map_style import CLASSES
from solweig.typing import F32, Advance

__all__ = ["DrawnMap", "Ground", "LayerMaps", "Reading", "draw", "factor_for", "read_layers"]

BAND_CELLS = 8_000_000
"""Cells of a raster in memory at one time."""
LONGEST_SIDE = 900
"""Of a map on a page [px]."""
PAGE_PIXELS = 6_000_000
"""Of all maps of a page."""
PAGE_BYTES = 2_600_000
"""Of all maps of a page as PNG files; as text they take a third more."""

Bool2D = NDArray[np.bool_]


@dataclass(frozen=True)
class Reading:
    """One raster that is wanted: its name, the quantity whose scale it has, how to read it."""

    name: str
    quantity: str
    read: Callable[[Sequence[Where]], list[F32]] = field(repr=False)


@dataclass
class LayerMaps:
    """A raster made small, and what was counted of all of its open ground.

    Attributes
    ----------
    small
        Means of squares of cells, NaN where less than half of one is open ground with a value.
    classes
        Cells by class, see :data:`solweig.results.map_style.CLASSES`; empty without classes.
    count, total, low, high
        Of the cells with a value: how many, sum, lowest and highest value.
    """

    reading: Reading
    small: F32
    classes: NDArray[np.int64]
    count: int = 0
    total: float = 0.0
    low: float = math.inf
    high: float = -math.inf

    @property
    def mean(self) -> float:
        """Of the open ground; NaN without a value."""
        return self.total / self.count if self.count else math.nan


@dataclass(frozen=True)
class Ground:
    """The grid of a run and its open ground.

    Attributes
    ----------
    shape
        Rows and columns.
    block_rows
        Rows of a block of its files.
    read
        Windows of the map that is 0 on buildings.
    """

    shape: tuple[int, int]
    block_rows: int
    read: Callable[[Sequence[Where]], Sequence[NDArray[Any]]] = field(repr=False)


@dataclass(frozen=True)
class DrawnMap:
    """A map as it stands on a page."""

    layer: LayerMaps
    scale: MapScale
    png: bytes


def factor_for(shape: tuple[int, int], maps: int) -> int:
    """Cells along the side of a square that becomes one pixel of a page with so many maps."""
    rows, cols = shape
    by_side = max(shape) / LONGEST_SIDE
    by_page = math.sqrt(rows * cols * max(maps, 1) / PAGE_PIXELS)
    return max(1, math.ceil(max(by_side, by_page)))


def read_layers(
    run: Ground,
    readings: Sequence[Reading],
    factor: int,
    progress: Advance | None = None,
) -> tuple[list[LayerMaps], Bool2D]:
    """Read rasters band by band.

    Parameters
    ----------
    run
        Tells the grid and where its open ground is.
    readings
        What is read.
    factor
        Cells along the side of a square that becomes a pixel.
    progress
        Called with (done, total).

    Returns
    -------
    layers : list[LayerMaps]
        One a reading.
    roofs : Bool2D
        Pixels that are mostly roof.

    Raises
    ------
    ConfigurationError
        A raster that is damaged or gone.
    """
    rows, cols = run.shape
    small_rows, small_cols = -(-rows // factor), -(-cols // factor)
    layers = [
        LayerMaps(
            reading,
            np.full((small_rows, small_cols), np.nan, np.float32),
            np.zeros(len(CLASSES.get(reading.quantity.partition("_")[0], ())), np.int64),
        )
        for reading in readings
    ]
    roofs = np.zeros((small_rows, small_cols), np.bool_)
    bands = list(_bands(run.shape, factor, run.block_rows))
    for number, (start, stop) in enumerate(bands):
        window = (slice(start, stop), slice(0, cols))
        ground = np.asarray(run.read([window])[0]) != 0
        target = slice(start // factor, -(-stop // factor))
        roofs[target] = _means((~ground).astype(np.float32), factor)[0] >= 0.5
        for i, layer in enumerate(layers):
            (values,) = layer.reading.read([window])
            values = np.where(ground, values, np.float32(np.nan))
            _count(layer, values)
            means, share = _means(values, factor)
            layer.small[target] = np.where(share >= 0.5, means, np.nan)
            if progress is not None:
                progress(number * len(layers) + i + 1, len(bands) * len(layers))
    return layers, roofs


def _bands(shape: tuple[int, int], factor: int, block_rows: int) -> Iterator[tuple[int, int]]:
    """First and last row of bands of whole squares, and of whole blocks of files if they fit."""
    rows, cols = shape
    for unit in (math.lcm(factor, block_rows), factor):
        height = BAND_CELLS // (cols * unit) * unit
        if height:
            break
    height = max(height, factor)
    for start in range(0, rows, height):
        yield start, min(start + height, rows)


def _means(values: F32, factor: int) -> tuple[F32, F32]:
    """Means of squares, and the share of their cells that has a value; squares at an edge are cut.

    NaN where there is no value.
    """
    known = np.isfinite(values)
    if factor == 1:
        return values, known.astype(np.float32)
    rows, cols = values.shape
    at = np.arange(0, rows, factor), np.arange(0, cols, factor)

    def summed(grid: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.add.reduceat(np.add.reduceat(grid, at[1], axis=1), at[0], axis=0)

    totals = summed(np.where(known, values, 0.0).astype(np.float64))
    counts = summed(known.astype(np.float64))
    heights = np.minimum(at[0] + factor, rows) - at[0]
    widths = np.minimum(at[1] + factor, cols) - at[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (totals / counts).astype(np.float32)
    return means, (counts / np.outer(heights, widths)).astype(np.float32)


def _count(layer: LayerMaps, values: F32) -> None:
    """Add a band to what is counted of a raster."""
    known = values[np.isfinite(values)]
    if not known.size:
        return
    layer.count += known.size
    layer.total += float(known.sum(dtype=np.float64))
    layer.low, layer.high = min(layer.low, float(known.min())), max(layer.high, float(known.max()))
    if layer.classes.size:
        table = CLASSES[layer.reading.quantity.partition("_")[0]]
        # A bound belongs to the class above it; nothing is colder than the first class.
        above = [known.size, *(int(np.count_nonzero(known >= low)) for low, *_ in table[1:]), 0]
        layer.classes += -np.diff(above)


def draw(
    layers: Sequence[LayerMaps], roofs: Bool2D, factor: int, limit: int = PAGE_BYTES
) -> tuple[list[DrawnMap], int]:
    """Colour maps, one scale a quantity, and make them smaller until all fit a page.

    Parameters
    ----------
    layers
        Of :func:`read_layers`.
    roofs
        Pixels that are mostly roof.
    factor
        Cells along the side of a pixel.
    limit
        Bytes of all maps as PNG files.

    Returns
    -------
    maps : list[DrawnMap]
        One a layer.
    factor : int
        Cells along the side of a pixel as drawn.
    """
    scales = _scales(layers)
    while True:
        drawn = [
            DrawnMap(layer, scales[layer.reading.quantity],
                     png(layer.small, roofs, scales[layer.reading.quantity]))
            for layer in layers
        ]  # fmt: skip
        if sum(len(one.png) for one in drawn) <= limit or max(roofs.shape) <= 2:
            return drawn, factor
        factor *= 2
        layers = [replace(layer, small=_coarser(layer.small)) for layer in layers]
        roofs = _means(roofs.astype(np.float32), 2)[0] >= 0.5


def _coarser(grid: F32) -> F32:
    means, share = _means(grid, 2)
    return np.where(share >= 0.5, means, np.float32(np.nan)).astype(np.float32)


def _scales(layers: Sequence[LayerMaps]) -> dict[str, MapScale]:
    """By quantity, over what is drawn of it."""
    found: dict[str, MapScale] = {}
    for quantity in dict.fromkeys(layer.reading.quantity for layer in layers):
        own = [layer.small for layer in layers if layer.reading.quantity == quantity]
        known = [grid[np.isfinite(grid)] for grid in own]
        filled = [grid for grid in known if grid.size]
        low = min((float(grid.min()) for grid in filled), default=math.nan)
        high = max((float(grid.max()) for grid in filled), default=math.nan)
        found[quantity] = scale_of(quantity, low, high)
    return found

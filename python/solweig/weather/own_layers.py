"""Layers of a field on a grid of their own, read by window."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import Affine

from solweig.errors import InvalidSurfaceData, WeatherDataError
from solweig.rasters.datasets import is_dataset
from solweig.rasters.files import read_raster_window
from solweig.rasters.grids import Grid
from solweig.rasters.labelled import WITHOUT, is_labelled
from solweig.rasters.labelled_layers import labelled_layers
from solweig.rasters.sources import open_source
from solweig.typing import F32, Window
from solweig.weather.field_layers import (
    bands_said,
    is_netcdf_file,
    map_of,
    said_times,
    time_of,
    times_of_bands,
    units_of,
)
from solweig.weather.radiation_fields import RadiationField
from solweig.weather.readers.units import KNOWN, plain

__all__ = ["OwnLayers", "opened_layers"]

_LAYER = "_layer"
"""Dimension of layers without times; others may be called ``layer``."""
_WITH = "Give a GeoTIFF, or centres of two cells at least along y or x and their CRS."
_NORTH_UP = "Resample it to a regular grid along the axes of a projection."


@dataclass(frozen=True)
class OwnLayers:
    """Layers of a source that knows where its cells lie."""

    #: Rows from north to south, columns from west to east.
    grid: Grid
    count: int
    times: NDArray[np.datetime64] | None
    #: The times carry a zone, and are UTC here.
    zoned: bool
    #: As the source names them; none where it does not.
    units: tuple[str, ...]
    #: A window of layers in ascending order, ``[layer, row, col]``.
    read: Callable[[Sequence[int], Window], F32]

    def __len__(self) -> int:
        return self.count


@contextmanager
def opened_layers(name: str, field: RadiationField) -> Iterator[OwnLayers]:
    """The layers of a field while its source is open.

    Parameters
    ----------
    name
        In messages.
    field
        What was given.

    Raises
    ------
    InvalidSurfaceData
        A source that is missing, cannot be read, or does not say where its cells lie.
    WeatherDataError
        Not a field, or times that are none.
    """
    source = field.source
    if isinstance(source, str | Path) and is_netcdf_file(Path(source)):
        from solweig.weather.readers.netcdf import opened  # xarray is not needed by other fields

        if not Path(source).is_file():
            raise WeatherDataError(name, "an existing file", f"no file at {source}")
        with opened(Path(source)) as dataset:
            yield _timed(name, field, _of_labelled(name, map_of(name, dataset, field.variable)))
    elif isinstance(source, str | Path):
        yield _timed(name, field, _of_file(name, Path(source)))
    elif is_dataset(source):
        yield _timed(name, field, _of_labelled(name, map_of(name, source, field.variable)))
    elif is_labelled(source):
        yield _timed(name, field, _of_labelled(name, source))
    else:
        raise _placeless(name, type(source).__name__)


def _placeless(name: str, got: str) -> InvalidSurfaceData:
    return InvalidSurfaceData(
        name, "a source that says where its cells lie", got,
        "Give a GeoTIFF, a NetCDF file with coordinates, or a DataArray with coordinates y and x.",
    )  # fmt: skip


def _timed(name: str, field: RadiationField, layers: OwnLayers) -> OwnLayers:
    """The layers, with times that the caller gave for those without."""
    if field.times is None:
        return layers
    times, zoned = said_times(name, len(layers), field.times, known=layers.times is not None)
    return OwnLayers(layers.grid, layers.count, times, zoned, layers.units, layers.read)


def _of_labelled(name: str, array: Any) -> OwnLayers:
    time, times, zoned = time_of(name, array)
    if time is None:
        time = _LAYER
        array = array.expand_dims(time)
    try:
        found = labelled_layers(name, array, time)
    except InvalidSurfaceData as error:
        if error.hint != WITHOUT:
            raise
        # Cells without a place do not help here.
        raise InvalidSurfaceData(name, error.expected, error.got, _WITH) from None
    if found is None:
        raise _placeless(name, "an array without coordinates")
    return OwnLayers(found.grid, array.sizes[time], times, zoned, units_of(array), found.read)


def _of_file(name: str, path: Path) -> OwnLayers:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # it is refused below
        own = open_source(name, path, bands=True).grid
        words, units = bands_said(name, path)
        with rasterio.open(path) as dataset:
            marks = dataset.nodatavals
    if own.transform == Affine.identity():
        raise _placeless(name, f"a raster without a transform, {path}")
    if own.transform.b or own.transform.d:
        raise InvalidSurfaceData(
            name, "a north-up grid", f"the transform {tuple(own.transform)[:6]}", _NORTH_UP
        )
    grid, turned = _north_up(own)
    times, zoned = times_of_bands(name, path, words)

    def read(layers: Sequence[int], where: Window) -> F32:
        ends = zip(where, own.shape, turned, strict=True)
        there = [slice(n - w.stop, n - w.start) if t else w for w, n, t in ends]
        cells = [
            _known(read_raster_window(path, (there[0], there[1]), i + 1), marks[i]) for i in layers
        ]
        ways = (slice(None, None, -1 if t else 1) for t in turned)
        return np.asarray(np.stack(cells)[(slice(None), *ways)], np.float32)

    # Descriptions hold more than units.
    known = KNOWN["global_rad"]
    units = tuple(u for u in units if plain(u) in known or not any(u in text for text in words))
    return OwnLayers(grid, len(words), times, zoned, units, read)


def _known(values: NDArray[Any], mark: float | None) -> F32:
    """Cells of a band, NaN where they have no data; whole numbers come with the mark of these."""
    whole = mark is not None and not np.issubdtype(values.dtype, np.floating)
    found = values.astype(np.float32)
    if whole:
        found[values == mark] = np.nan
    return np.asarray(found, np.float32)


def _north_up(own: Grid) -> tuple[Grid, tuple[bool, bool]]:
    """The same cells with rows from north and columns from west, and which of both were turned."""
    at, (rows, cols) = own.transform, own.shape
    down, right = at.e > 0.0, at.a < 0.0
    north, west = at.f + rows * at.e if down else at.f, at.c + cols * at.a if right else at.c
    turned = Affine(abs(at.a), 0.0, west, 0.0, -abs(at.e), north)
    return Grid(own.shape, turned, own.crs), (down, right)

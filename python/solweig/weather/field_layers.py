"""Layers of a weather field: where they come from, on which grid, and which time each is of."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.errors import RasterioError

from solweig.errors import GridShapeMismatch, InvalidSurfaceData, WeatherDataError
from solweig.rasters.datasets import is_dataset
from solweig.rasters.files import read_raster_window
from solweig.rasters.georef import GeoReference
from solweig.rasters.grids import Grid, same_crs, whole_cell_offset
from solweig.rasters.labelled import is_labelled, labelled_source, north_up_values
from solweig.rasters.projection import describe_crs
from solweig.rasters.sources import open_source
from solweig.typing import F32, Window
from solweig.weather.fields import WeatherField
from solweig.weather.noted_times import REAL_CALENDARS, noted_times

__all__ = [
    "ArrayLayers", "BandLayers", "Layers", "band_names", "bands_said", "grid_of",
    "is_netcdf_file", "map_of", "open_layers", "open_source_layers", "said_times", "time_of",
    "times_of_bands", "units_of",
]  # fmt: skip

_CELLS = "numbers of shape (rows, columns) or (times, rows, columns)"
_TIME_NAMES, _BAND = ("time", "valid_time"), "band"
_NO_UNIT = "[-]"
"""As GRIB has it."""
_TIME = re.compile(
    r"(?<![\d-])\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?(?![\d:])"
)
_CLOCK, _UTC = re.compile(r"\d:\d"), re.compile(r"\s*[\[(]?(UTC|GMT)\b")
_NETCDF = (".nc", ".nc4", ".cdf", ".netcdf")
_HDF5_RASTERS = (".kea", ".bag")
"""HDF5 that is GDAL's."""


@dataclass(frozen=True)
class ArrayLayers:
    """Layers in memory."""

    arrays: list[F32]
    #: Of each layer; None where they have none.
    times: NDArray[np.datetime64] | None
    #: The times carry a zone, and are UTC here.
    zoned: bool = False
    #: As the source names them; none where it does not.
    units: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.arrays)

    def read(self, layer: int, where: Window) -> F32:
        """A window of a layer."""
        return np.asarray(self.arrays[layer][where], np.float32)


@dataclass(frozen=True)
class BandLayers:
    """Bands of raster files, read by window."""

    #: File and band, counted from 1, of each layer.
    bands: tuple[tuple[str, int], ...]
    times: NDArray[np.datetime64] | None = None
    zoned: bool = False
    #: As their bands name them, each once.
    units: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.bands)

    def read(self, layer: int, where: Window) -> F32:
        """A window of a band."""
        path, band = self.bands[layer]
        return np.asarray(read_raster_window(path, where, band), np.float32)


Layers = ArrayLayers | BandLayers


def open_layers(name: str, field: WeatherField, georef: GeoReference) -> Layers:
    """The layers of a field, on the grid of a surface.

    Parameters
    ----------
    name
        In messages.
    field
        What was given.
    georef
        Of the surface.

    Raises
    ------
    InvalidSurfaceData
        A raster that is missing or cannot be read.
    GridShapeMismatch
        Another grid or projection.
    WeatherDataError
        Not a field, or times that are none.
    """
    grid = grid_of(georef)
    found = open_source_layers(name, field.source, grid, variable=field.variable)
    return _with_times(name, found, field)


def grid_of(georef: GeoReference) -> Grid:
    """Grid of a surface."""
    return Grid(georef.shape, georef.affine, _crs_of(georef))


def open_source_layers(
    name: str, source: Any, grid: Grid, *, variable: str | None = None
) -> Layers:
    """The layers of one source, on a grid; as :func:`open_layers`."""
    if isinstance(source, str | Path):
        if is_netcdf_file(Path(source)):
            return _of_netcdf(name, Path(source), variable, grid)
        return _of_file(name, Path(source), grid)
    if is_dataset(source):
        return _of_labelled(name, map_of(name, source, variable), grid)
    if is_labelled(source):
        return _of_labelled(name, source, grid)
    return _of_array(name, source, grid)


def is_netcdf_file(path: Path) -> bool:
    """Whether a file is NetCDF by its name or, as WRF's without a suffix, by how it begins."""
    suffix = path.suffix.lower()
    if suffix in _NETCDF or suffix in _HDF5_RASTERS:
        return suffix in _NETCDF
    try:
        with path.open("rb") as file:
            return file.read(4) in (b"CDF\x01", b"CDF\x02", b"\x89HDF")
    except OSError:
        return False


def _crs_of(georef: GeoReference) -> CRS | None:
    return CRS.from_wkt(georef.crs_wkt) if georef.crs_wkt else None


# ------------------------------------------------------------------ kinds of sources


def _of_file(name: str, path: Path, grid: Grid) -> BandLayers:
    _check_grid(name, open_source(name, path, bands=True).grid, grid)
    words, units = bands_said(name, path)
    bands = tuple((str(path.absolute()), band) for band in range(1, len(words) + 1))
    return BandLayers(bands, *times_of_bands(name, path, words), units)


def times_of_bands(
    name: str, path: Path, words: Sequence[str]
) -> tuple[NDArray[np.datetime64] | None, bool]:
    """Times that bands are named by, or that their format notes, as :class:`ArrayLayers` has them.

    None where there are none.

    Parameters
    ----------
    name
        Of the field, in messages.
    path
        Of the file.
    words
        Names of its bands.

    Raises
    ------
    WeatherDataError
        Some bands have a time, or some a zone.
    """
    named = _times_of_names(name, words)
    if named[0] is not None:
        return named
    noted = noted_times(name, path)
    return (None, False) if noted is None else _as_times(name, noted)


def _times_of_names(name: str, words: Sequence[str]) -> tuple[NDArray[np.datetime64] | None, bool]:
    """Times that all names hold; None where none does."""
    times = [_stamp(text) for text in words]
    if all(time is None for time in times):
        return None, False
    unnamed = [word for word, time in zip(words, times, strict=True) if time is None]
    if unnamed:
        raise WeatherDataError(
            name, "every band named by its time, or none", f"a band named {unnamed[0]!r}"
        )
    return _as_times(name, [time for time in times if time is not None])


def band_names(name: str, path: Path, grid: Grid) -> list[str]:
    """Names of the bands of a file on the grid, empty where they have none."""
    _check_grid(name, open_source(name, path, bands=True).grid, grid)
    return bands_said(name, path)[0]


def bands_said(name: str, path: Path) -> tuple[list[str], tuple[str, ...]]:
    """Names of the bands of a file, and the units they name.

    Raises
    ------
    InvalidSurfaceData
        It cannot be read.
    """
    try:
        with rasterio.open(path) as dataset:
            words = [text or "" for text in dataset.descriptions]
            units = [_unit_of(dataset, band) for band in dataset.indexes]
    except (RasterioError, UnicodeDecodeError) as problem:
        raise InvalidSurfaceData(name, "a raster that GDAL can read", f"{path}: {problem}") from (
            problem
        )
    return words, tuple(dict.fromkeys(unit for unit in units if unit))


def _unit_of(dataset: Any, band: int) -> str:
    """The unit of a band: its own, that of its tags, else what its description ends with."""
    tags = {str(key).casefold(): str(text) for key, text in dataset.tags(band).items()}
    said = dataset.units[band - 1] or tags.get("units") or tags.get("unit") or tags.get("grib_unit")
    if said == _NO_UNIT:
        return ""
    if said:
        return str(said)
    words = dataset.descriptions[band - 1] or ""
    found = re.search(r"[\[(]([^\[\]()]+)[\])]\s*$", words)
    return words if found is None else found[1]


def _of_netcdf(name: str, path: Path, variable: str | None, grid: Grid) -> ArrayLayers:
    from solweig.weather.readers.netcdf import opened  # xarray is not needed by other fields

    if not path.is_file():
        raise WeatherDataError(name, "an existing file", f"no file at {path}")
    with opened(path) as dataset:
        return _of_labelled(name, map_of(name, dataset, variable), grid)


def map_of(name: str, dataset: Any, wanted: str | None) -> Any:
    """The one variable of a dataset with a map, or the one that was named.

    Raises
    ------
    WeatherDataError
        No such variable, or several.
    """
    edges = _edges(dataset)
    maps = [str(v) for v in dataset.data_vars if dataset[v].ndim >= 2 and str(v) not in edges]
    if wanted is None and len(maps) == 1:
        wanted = maps[0]
    if wanted is None or wanted not in dataset.data_vars:
        raise WeatherDataError(
            name, "one variable, or variable= that names one",
            f"{wanted!r} of {', '.join(maps) or 'none'}" if wanted else ", ".join(maps) or "none",
        )  # fmt: skip
    array = dataset[wanted]
    mapping = str(array.attrs.get("grid_mapping") or array.encoding.get("grid_mapping") or "")
    if mapping in dataset.data_vars:
        array = array.assign_coords({mapping: dataset[mapping]})
    return array


def _edges(dataset: Any) -> set[str]:
    """Variables that are edges of cells or of times, by CF's ``bounds``."""
    said = [
        each.get(key)
        for coordinate in dataset.coords.values()
        for each in (coordinate.attrs, coordinate.encoding)
        for key in ("bounds", "climatology")
    ]
    return {str(name) for name in said if name}


def _of_labelled(name: str, array: Any, grid: Grid) -> ArrayLayers:
    """Of a DataArray, loaded."""
    time, times, zoned = time_of(name, array)
    if time is None:
        parts = [array]
    else:
        parts = [array.isel({time: i}, drop=True) for i in range(array.sizes[time])]
    cells = [_placed(name, part, grid) for part in parts]
    return ArrayLayers(cells, times, zoned, units_of(array))


def units_of(array: Any) -> tuple[str, ...]:
    """Units that a DataArray names: rioxarray keeps one of each band."""
    said = array.attrs.get("units") or array.attrs.get("unit") or ()
    return tuple(dict.fromkeys(str(u) for u in np.atleast_1d(np.asarray(said)).ravel() if str(u)))


def time_of(name: str, array: Any) -> tuple[str | None, NDArray[np.datetime64] | None, bool]:
    """The dimension of time of a DataArray, its times, and whether they carry a zone.

    No dimension where it is of one time or none. Bands, as rioxarray has them, are taken for times
    in their order, or for those that they are named by.

    Raises
    ------
    WeatherDataError
        Times that are none, or none at all.
    """
    dims = [str(d) for d in array.dims if array.coords.get(d) is not None]
    time = next((d for d in dims if np.issubdtype(array.coords[d].dtype, np.datetime64)), None)
    time = time or next((str(d) for d in array.dims if str(d).casefold() in _TIME_NAMES), None)
    if time is None and _BAND in array.dims:
        words = array.attrs.get("long_name")
        named = isinstance(words, tuple | list) and len(words) == array.sizes[_BAND]
        return _BAND, *_times_of_names(name, [str(word) for word in words] if named else [])
    if time is None:
        return None, _lone_time(array), False
    if not array.sizes[time]:
        raise WeatherDataError(name, "at least one time", "none")
    if time not in array.coords:
        return time, None, False
    stamps = np.asarray(array.coords[time].values)
    calendar = getattr(stamps.flat[0], "calendar", None)
    if calendar in REAL_CALENDARS:  # rioxarray reads them so
        stamps = np.array([stamp.isoformat() for stamp in stamps], "datetime64[ns]")
    if not np.issubdtype(stamps.dtype, np.datetime64):
        raise WeatherDataError(
            name, "times as dates of the world",
            f"times {time} of {f'the calendar {calendar}' if calendar else f'type {stamps.dtype}'}",
            "Convert them: array.convert_calendar('standard')." if calendar else None,
        )  # fmt: skip
    return time, stamps.astype("datetime64[ns]"), False


def _lone_time(array: Any) -> NDArray[np.datetime64] | None:
    """The time of an array that is of one."""
    for key in reversed(_TIME_NAMES):
        time = array.coords.get(key)
        if time is None or time.ndim or not np.issubdtype(time.dtype, np.datetime64):
            continue
        if time.attrs.get("standard_name") != "forecast_reference_time":
            return np.asarray(time.values)[None].astype("datetime64[ns]")
    return None


def _placed(name: str, array: Any, grid: Grid) -> F32:
    """The cells of a labelled layer, north up, on the grid."""
    source = labelled_source(name, array)
    if source is None:
        return _shaped(name, north_up_values(name, array), grid)
    _check_grid(name, source.grid, grid)
    return source.cells()


def _of_array(name: str, source: Any, grid: Grid) -> ArrayLayers:
    try:
        values = np.asarray(source)
    except ValueError:
        raise WeatherDataError(name, _CELLS, "rows of unequal length") from None
    hidden = np.ma.getmask(source)
    if values.dtype.kind not in "fiu" or values.ndim not in (2, 3) or values.size == 0:
        raise WeatherDataError(
            name, _CELLS, f"{values.dtype} of shape {values.shape}",
        )  # fmt: skip
    if hidden is not np.ma.nomask:
        values = np.where(hidden, np.float32(np.nan), values)
    layers = [values] if values.ndim == 2 else list(values)
    return ArrayLayers([_shaped(name, np.asarray(x, np.float32), grid) for x in layers], None)


# ------------------------------------------------------------------ grid


def _shaped(name: str, values: F32, grid: Grid) -> F32:
    if values.shape != grid.shape:
        raise GridShapeMismatch(name, grid.shape, values.shape, _SAME)
    return values


_SAME = "A field lies on the grid of the surface; resample it first."


def _check_grid(name: str, own: Grid, grid: Grid) -> None:
    if not same_crs(own.crs, grid.crs):
        raise GridShapeMismatch(name, describe_crs(grid.crs), describe_crs(own.crs), _SAME)
    if own.shape != grid.shape or whole_cell_offset(own, grid) != (0, 0):
        raise GridShapeMismatch(name, _described(grid), _described(own), _SAME)


def _described(grid: Grid) -> str:
    rows, cols = grid.shape
    west, _, _, north = grid.bounds
    return (
        f"{rows} x {cols} cells of {grid.pixel_size:g} m "
        f"with the north-west corner at ({west:.10g}, {north:.10g})"
    )


# ------------------------------------------------------------------ times


def _with_times(name: str, layers: Layers, field: WeatherField) -> Layers:
    """The layers, with times that the caller gave for those without."""
    if field.times is None:
        return layers
    times, zoned = said_times(name, len(layers), field.times, known=layers.times is not None)
    if isinstance(layers, ArrayLayers):
        return ArrayLayers(layers.arrays, times, zoned, layers.units)
    return BandLayers(layers.bands, times, zoned, layers.units)


def said_times(
    name: str, layers: int, said: Iterable[Any], *, known: bool
) -> tuple[NDArray[np.datetime64], bool]:
    """Times that a caller gave, as :class:`ArrayLayers` has them.

    Parameters
    ----------
    name
        Of the field, in messages.
    layers
        How many times there should be.
    said
        What was given.
    known
        The layers have times of their own.

    Raises
    ------
    WeatherDataError
        They have, another number of times, or what are none.
    """
    stamps = list(said)
    if known:
        raise WeatherDataError(name, "times once", "times of its own and times=")
    if len(stamps) != layers:
        raise WeatherDataError(name, f"{layers} times, one a layer", len(stamps))
    wrong = [t for t in stamps if not isinstance(t, dt.datetime | np.datetime64)]
    if wrong:
        raise WeatherDataError(name, "times as datetime", repr(wrong[0]))
    return _as_times(name, stamps)


def _stamp(text: str) -> dt.datetime | None:
    """The time a band is named by, alone or beside other words."""
    if len(text) < len("2025-07-01"):
        return None
    found, said = _TIME.search(text), text.strip()
    # Of two clocks nobody knows which is meant.
    if found is not None and not _CLOCK.search(text[: found.start()] + text[found.end() :]):
        said = found[0]
    try:
        time = dt.datetime.fromisoformat(said)
    except ValueError:
        return None
    utc = found is not None and _UTC.match(text, found.end()) is not None
    return time.replace(tzinfo=dt.UTC) if utc and time.tzinfo is None else time


def _as_times(name: str, stamps: Sequence[Any]) -> tuple[NDArray[np.datetime64], bool]:
    """Times as numbers, those with a zone in UTC, and whether they had one."""
    zones = {getattr(t, "tzinfo", None) is not None for t in stamps}
    if len(zones) != 1:
        raise WeatherDataError(name, "all times with a zone, or none", "a mixture")
    zoned = zones.pop()
    plain = [t.astimezone(dt.UTC).replace(tzinfo=None) for t in stamps] if zoned else stamps
    return np.array(plain, "datetime64[ns]"), zoned

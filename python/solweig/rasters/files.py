"""Reading and writing rasters (through rasterio).

Arrays are ``[row, col]``, row 0 north. Transforms are the six numbers of GDAL:
``[x0, dx, row_rotation, y0, col_rotation, -dy]``. Bands count from 0.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.atomic import atomic_path
from solweig.errors import InvalidSurfaceData
from solweig.rasters.declared import check_declared
from solweig.rasters.geotiff import bands
from solweig.rasters.preview import save_preview
from solweig.rasters.room import raster_target
from solweig.rasters.stored import Stored, check_stored
from solweig.rasters.units import check_clear, length_unit, metres_of
from solweig.renamed import also_named

log = logging.getLogger("solweig")

PathLike = str | os.PathLike[str]
Bounds = Sequence[float]
NODATA = -9999.0
_ROUNDING = 1e-6
"""Pixels that two edges may be apart and the same."""


@also_named(path_str="path")
def load_raster(
    path: PathLike,
    bbox: Bounds | None = None,
    band: int = 0,
    ensure_float32: bool = True,
    *,
    allow_empty: bool = False,
    heights: bool = False,
) -> tuple[NDArray[Any], list[float], str | None, float | None]:
    """Read one band, as values: what is stored times the file's scale plus its offset.

    Parameters
    ----------
    path
        Any raster GDAL reads.
    bbox
        ``(min_x, min_y, max_x, max_y)`` in the raster's own coordinates, inside the raster; the
        pixels that lie whole in it are read.
    band
        Counted from 0.
    ensure_float32
        Give ``float32``, with NaN where the file has no data. ``False`` keeps the file's type; of a
        floating type missing cells are NaN, of an integer type they keep the file's nodata value.
        Where the file has a scale or an offset the values are of a floating type in any case.
    allow_empty
        Accept a raster without a single valid cell.
    heights
        The values are heights: give them in metres, whatever the unit that the file says, as
        :meth:`solweig.SurfaceData.prepare` does. ``False`` leaves them in the file's own unit,
        which the log says where it is a length other than the metre.

    Returns
    -------
    array : NDArray[Any]
        ``[row, col]``, row 0 north in a north-up raster.
    transform : list[float]
        Six numbers of GDAL.
    crs : str or None
        WKT.
    nodata : float or None
        Stored number of the file that marks missing cells.

    Raises
    ------
    FileNotFoundError
        No such file.
    InvalidSurfaceData
        Not a raster, no such band, a ``bbox`` that reaches beyond it or holds no whole pixel, no
        valid cell, no usable scale, heights
        whose unit is not clear.
    OSError
        The file cannot be read to its end.
    """
    name = Path(path).name
    with _open(path) as source:
        if not 0 <= band < source.count:
            raise InvalidSurfaceData(
                name, f"band 0 to {source.count - 1}", band, "Bands count from 0."
            )
        window = None if bbox is None else _window_of(source, bbox, name)
        transform = source.transform if window is None else source.window_transform(window)
        values = source.read(band + 1, window=window)
        valid = source.read_masks(band + 1, window=window) != 0
        crs = source.crs.to_wkt() if source.crs else None
        nodata = source.nodatavals[band]
        stored = _stored(source, band, name, heights=heights, dtype=values.dtype)
    if np.issubdtype(values.dtype, np.floating):
        valid &= np.isfinite(values)
    if not allow_empty and not valid.any():
        raise InvalidSurfaceData(
            name, "at least one cell with data", "no data in every cell",
            "load_raster(..., allow_empty=True) reads it all the same.",
        )  # fmt: skip
    values = stored.meant(values)
    if ensure_float32:
        values = values.astype(np.float32)
    if np.issubdtype(values.dtype, np.floating):
        values[~valid] = np.nan
    return values, [float(v) for v in transform.to_gdal()], crs, nodata


@also_named(out_path_str="path", data_arr="arr", trf_arr="trf", crs_wkt="crs")
def save_raster(
    path: PathLike,
    arr: NDArray[Any],
    trf: Sequence[float] | Any,
    crs: Any,
    no_data_val: float | None = NODATA,
    ensure_float32: bool = True,
    use_cog: bool = True,
    generate_preview: bool = True,
) -> None:
    """Write a 2-D array as GeoTIFF; the file appears complete or not at all.

    Parameters
    ----------
    path
        Where to; folders are made.
    arr
        ``[row, col]``. NaN is written as ``no_data_val``.
    trf
        GDAL transform (six numbers) or an ``Affine``.
    crs
        WKT, EPSG code or anything rasterio understands; ``None`` for none.
    no_data_val
        Marks missing cells; ``None`` keeps NaN and marks nothing.
    ensure_float32
        Write ``float32``; ``False`` keeps the array's type.
    use_cog
        Cloud-optimised layout with overviews instead of a plain tiled file.
    generate_preview
        Also ``<name>.preview.png``, where matplotlib is installed.

    Raises
    ------
    InvalidSurfaceData
        The array is not 2-D or has no cell.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> solweig.io.save_raster(
    ...     "height.tif", np.ones((3, 4)), [500.0, 2.0, 0.0, 900.0, 0.0, -2.0], "EPSG:3006",
    ...     generate_preview=False,
    ... )
    >>> values, transform, crs, nodata = solweig.io.load_raster("height.tif")
    >>> values.shape, transform[:2], nodata
    ((3, 4), [500.0, 2.0], -9999.0)
    """
    from rasterio.windows import Window

    values = np.asarray(arr)
    if values.ndim != 2 or values.size == 0:
        raise InvalidSurfaceData(Path(path).name, "a 2-D array with cells", f"shape {values.shape}")
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    dtype = np.dtype(np.float32) if ensure_float32 else values.dtype
    dtype = np.dtype(np.uint8) if dtype == np.bool_ else dtype
    nodata = no_data_val
    if nodata is not None and not np.issubdtype(dtype, np.floating) and not _fits(nodata, dtype):
        nodata = None
    profile = _profile(values.shape, dtype, trf, crs, nodata)
    # The fastest level, as in a run's files.
    profile |= (
        {"driver": "COG", "blocksize": 512, "level": 1}
        if use_cog
        else {**_tiling(values.shape), "zlevel": 1}
    )
    with (
        atomic_path(target) as temporary,
        raster_target(temporary, values.size * dtype.itemsize, told=target) as place_of_file,
        _rasterio_errors(),
        _rasterio().open(place_of_file, "w", **profile) as sink,
    ):
        for row, band in bands(values, no_data_val):
            place = Window(0, row, values.shape[1], band.shape[0])
            sink.write(band.astype(dtype, copy=False), 1, window=place)
    if generate_preview:
        save_preview(target, values)


@also_named(path_str="path")
def get_raster_metadata(path: PathLike) -> dict[str, Any]:
    """What a raster is, without reading it.

    Parameters
    ----------
    path
        Any raster GDAL reads.

    Returns
    -------
    dict[str, Any]
        ``rows``, ``cols``, ``shape``, ``transform`` and ``geotransform`` (both GDAL), ``crs`` (WKT
        or ``None``), ``nodata``, ``dtype``, ``count`` (bands), ``bounds`` (left, bottom, right,
        top), ``res`` (of a column, of a row), ``pixel_size`` (of a column, positive).

    Raises
    ------
    FileNotFoundError
        No such file.
    InvalidSurfaceData
        Not a raster.
    """
    with _open(path) as source:
        return {
            "rows": source.height,
            "cols": source.width,
            "shape": (source.height, source.width),
            "transform": [float(v) for v in source.transform.to_gdal()],
            "geotransform": [float(v) for v in source.transform.to_gdal()],
            "crs": source.crs.to_wkt() if source.crs else None,
            "nodata": source.nodatavals[0],
            "dtype": source.dtypes[0],
            "count": source.count,
            "bounds": source.bounds,
            "res": source.res,
            "pixel_size": abs(float(source.transform.a)),
        }


@also_named(path_str="path")
def read_raster_window(
    path: PathLike, window: tuple[slice, slice], band: int = 1, *, heights: bool = False
) -> NDArray[Any]:
    """Read ``array[window]`` without the rest, as values: stored numbers times scale plus offset.

    Parameters
    ----------
    path
        Any raster GDAL reads.
    window
        Rows and columns, half-open.
    band
        Counted from 1 here, unlike in :func:`load_raster`.
    heights
        Give heights in metres, as in :func:`load_raster`.

    Returns
    -------
    NDArray[Any]
        ``[row, col]`` of the file's type, or where it has a scale or an offset of a floating type;
        floating types have NaN where there is no data.

    Raises
    ------
    FileNotFoundError
        No such file.
    InvalidSurfaceData
        Not a raster, no such band, a window that reaches out of it, no usable scale, heights whose
        unit is not clear.
    """
    with _open(path) as source:
        place = _checked_window(window, source.height, source.width)
        _check_band(source, band, path)
        values = source.read(band, window=place)
        stored = _stored(source, band - 1, Path(path).name, heights=heights, dtype=values.dtype)
        values = stored.meant(values)
        if np.issubdtype(values.dtype, np.floating):
            values[source.read_masks(band, window=place) == 0] = np.nan
        return np.asarray(values)


@also_named(path_str="path", data="arr")
def write_raster_window(
    path: PathLike, arr: NDArray[Any], window: tuple[slice, slice], band: int = 1
) -> None:
    """Write an array into a window of an existing raster.

    Parameters
    ----------
    path
        Of the raster, such as :func:`create_empty_raster` makes.
    arr
        Values, ``[row, col]`` of the window's shape; NaN becomes the raster's nodata value. Where
        the raster has a scale or an offset, the numbers that stand for them are stored.
    window
        Rows and columns, half-open.
    band
        Counted from 1, as in :func:`read_raster_window`.

    Raises
    ------
    FileNotFoundError
        No such file.
    InvalidSurfaceData
        Not a raster, no such band, a window that reaches out of it, another shape, values that its
        scale cannot hold.
    OSError
        The file cannot be written.
    """
    with _open(path, "r+") as sink:
        place = _checked_window(window, sink.height, sink.width)
        values = np.asarray(arr)
        expected = (int(place.height), int(place.width))
        if values.shape != expected:
            raise InvalidSurfaceData(Path(path).name, f"an array of {expected}", values.shape)
        _check_band(sink, band, path)
        nodata, dtype = sink.nodatavals[band - 1], np.dtype(sink.dtypes[band - 1])
        known = np.isfinite(values) if np.issubdtype(values.dtype, np.floating) else None
        name = Path(path).name
        stored = Stored(*check_stored(name, sink.scales[band - 1], sink.offsets[band - 1]))
        numbers = stored.numbers(name, values, dtype)
        if nodata is not None and known is not None:
            numbers = np.where(known, numbers, nodata)
        sink.write(numbers.astype(dtype), band, window=place)


@also_named(path_str="path", crs_wkt="crs")
def create_empty_raster(
    path: PathLike,
    rows: int,
    cols: int,
    transform: Sequence[float] | Any,
    crs: Any,
    dtype: Any = "float32",
    nodata: float | None = NODATA,
    bands: int = 1,
) -> None:
    """Create a tiled GeoTIFF without data, to be filled by :func:`write_raster_window`.

    Parameters
    ----------
    path
        Where to; folders are made. The file appears complete or not at all.
    rows, cols
        Size of the raster [px].
    transform
        GDAL transform (six numbers) or an ``Affine``.
    crs
        WKT, EPSG code or anything rasterio understands; ``None`` for none.
    dtype
        Of the cells, as numpy names it.
    nodata
        Marks missing cells, which at first are all; ``None`` marks nothing.
    bands
        How many.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    profile = _profile((rows, cols), np.dtype(dtype), transform, crs, nodata)
    profile |= {**_tiling((rows, cols)), "count": bands, "sparse_ok": True}
    with atomic_path(target) as temporary, _rasterio_errors():
        _rasterio().open(temporary, "w", **profile).close()


# ---------------------------------------------------------------- helpers


def _rasterio() -> Any:
    import rasterio

    return rasterio


@contextmanager
def _rasterio_errors() -> Iterator[None]:
    """Turn rasterio's own errors into ``OSError`` and keep it quiet about local coordinates."""
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    with warnings.catch_warnings():
        # Arrays in local metres are legitimate; whoever needs a CRS asks for it by name.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        try:
            yield
        except (RasterioError, UnicodeDecodeError) as error:
            raise OSError(f"raster input or output failed: {error}") from error


@contextmanager
def _open(path: PathLike, mode: str = "r") -> Iterator[Any]:
    from rasterio.errors import RasterioIOError

    file = Path(path)
    if not file.exists():
        raise FileNotFoundError(f"raster file not found: {file}")
    with _rasterio_errors():
        try:
            source = _rasterio().open(file, mode)
        except (RasterioIOError, UnicodeDecodeError) as error:
            raise InvalidSurfaceData(
                file.name, "a raster that GDAL reads", str(error), "Give a GeoTIFF, for example."
            ) from error
        with source:
            if source.count == 0 or source.width == 0 or source.height == 0:
                raise InvalidSurfaceData(file.name, "at least one cell", "an empty raster")
            check_declared(file.name, source, file.stat().st_size)
            yield source


def _window_of(source: Any, bbox: Bounds, name: str) -> Any:
    """The pixels that lie whole in ``bbox``, which lies in the raster."""
    from rasterio.windows import Window

    min_x, min_y, max_x, max_y = (float(v) for v in bbox)
    if not (max_x > min_x and max_y > min_y):
        raise InvalidSurfaceData("bbox", "(min_x, min_y, max_x, max_y)", tuple(bbox))
    corners = [~source.transform * (x, y) for x in (min_x, max_x) for y in (min_y, max_y)]
    edges = []
    for axis, count in enumerate((source.width, source.height)):
        low, high = min(c[axis] for c in corners), max(c[axis] for c in corners)
        if low < -_ROUNDING or high > count + _ROUNDING:
            expected = f"an area inside {name}: {tuple(source.bounds)}"
            raise InvalidSurfaceData("bbox", expected, tuple(bbox))
        # A box drawn along pixel edges must not lose a pixel by rounding.
        first, end = int(np.ceil(low - _ROUNDING)), int(np.floor(high + _ROUNDING))
        if end <= first:
            raise InvalidSurfaceData("bbox", f"an area with a whole pixel of {name}", tuple(bbox))
        edges.append((first, end))
    (left, right), (top, bottom) = edges
    return Window(left, top, right - left, bottom - top)


def _check_band(source: Any, band: int, path: PathLike) -> None:
    if not 1 <= band <= source.count:
        raise InvalidSurfaceData(
            Path(path).name, f"band 1 to {source.count}", band, "Bands of windows count from 1."
        )


def _stored(source: Any, band: int, name: str, *, heights: bool, dtype: np.dtype[Any]) -> Stored:
    """How the numbers of a band (counted from 0) become values."""
    from solweig.rasters.projection import horizontal_unit, split_vertical

    scale, shift = check_stored(name, source.scales[band], source.offsets[band])
    if not heights:
        metres = metres_of(source.units[band] or "")
        codes = (scale, shift) == (1.0, 0.0) and not np.issubdtype(dtype, np.floating)
        if metres is not None and metres != 1.0 and not codes:
            log.warning(
                "%s: values are in %s, as the file says; heights=True gives metres",
                name, source.units[band],
            )  # fmt: skip
        return Stored(scale, shift)
    flat, vertical = split_vertical(source.crs)
    unit = length_unit(
        name, band=source.units[band], vertical=vertical, horizontal=horizontal_unit(flat)
    )
    check_clear(name, unit)
    return Stored(scale, shift, unit.metres)


def _checked_window(window: tuple[slice, slice], rows: int, cols: int) -> Any:
    from rasterio.windows import Window

    row, col = window
    top, bottom = row.start or 0, rows if row.stop is None else row.stop
    left, right = col.start or 0, cols if col.stop is None else col.stop
    if not (0 <= top < bottom <= rows and 0 <= left < right <= cols):
        raise InvalidSurfaceData(
            "window",
            f"rows within 0:{rows}, columns within 0:{cols}",
            f"rows {top}:{bottom}, columns {left}:{right}",
        )
    return Window(left, top, right - left, bottom - top)


def _profile(
    shape: tuple[int, ...], dtype: np.dtype[Any], trf: Any, crs: Any, nodata: float | None
) -> dict[str, Any]:
    from rasterio.crs import CRS
    from rasterio.transform import Affine

    transform = trf if isinstance(trf, Affine) else Affine.from_gdal(*(float(v) for v in trf))
    return {
        "height": shape[0],
        "width": shape[1],
        "count": 1,
        "dtype": dtype.name,
        "nodata": nodata,
        "transform": transform,
        "crs": CRS.from_user_input(crs) if crs else None,
        "compress": "DEFLATE",
        "predictor": "3" if np.issubdtype(dtype, np.floating) else "2",
    }


def _tiling(shape: tuple[int, ...]) -> dict[str, Any]:
    options: dict[str, Any] = {"driver": "GTiff"}
    if min(shape) >= 256:
        options |= {"tiled": True, "blockxsize": 256, "blockysize": 256}
    return options


def _fits(value: float, dtype: np.dtype[Any]) -> bool:
    limits = np.iinfo(dtype)
    return bool(limits.min <= value <= limits.max)

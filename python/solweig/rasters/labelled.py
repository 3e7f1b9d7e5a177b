"""Arrays that know where they lie: grid, projection and no-data value of an xarray DataArray.

Read from what xarray, rioxarray, odc-geo and the CF conventions leave in coordinates and
attributes; none of them but xarray is needed. Coordinates are centres of cells.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.transform import Affine

from solweig.errors import InvalidSurfaceData
from solweig.rasters.datasets import is_dataset
from solweig.rasters.grids import Grid
from solweig.rasters.lazy_cells import LazyCells, is_lazy, meant_values
from solweig.rasters.projection import check_kind, horizontal_unit, split_vertical
from solweig.rasters.sources import RasterSource
from solweig.rasters.stored import Stored, check_stored
from solweig.rasters.units import HeightUnit, height_unit, metres_of
from solweig.typing import F32

__all__ = ["WITHOUT", "Placed", "is_labelled", "labelled_source", "north_up_values", "placed"]

log = logging.getLogger(__name__)

_X_NAMES = ("x", "easting", "eastings", "projection_x_coordinate", "lon", "longitude", "long")
_Y_NAMES = ("y", "northing", "northings", "projection_y_coordinate", "lat", "latitude")
_DEGREE_NAMES = ("lon", "longitude", "long", "lat", "latitude")
_STANDARD_NAMES = {
    "projection_x_coordinate": "x", "longitude": "x", "grid_longitude": "x",
    "projection_y_coordinate": "y", "latitude": "y", "grid_latitude": "y",
}  # fmt: skip
_CRS_NAMES = ("spatial_ref", "crs", "epsg", "proj:epsg", "proj:code")
_CRS_TEXTS = ("crs_wkt", "spatial_ref", "esri_pe_string", "proj4_params", "proj4", "epsg_code")
_NODATA_NAMES = ("_FillValue", "missing_value", "nodata", "nodatavals")
#: Coordinates may be off by this part of a cell, or by the digits of their type up to the second.
_REGULAR, _ROUNDED = 1e-3, 0.1
WITHOUT = "Give the array without coordinates (.values) and pixel_size=..., or a raster file."


def is_labelled(value: Any) -> bool:
    """Whether a value is a DataArray (or pretends to be a Dataset)."""
    return hasattr(value, "dims") and hasattr(value, "coords") and hasattr(value, "attrs")


def labelled_source(
    name: str, array: Any, unit: HeightUnit | None = None, crs: CRS | None = None
) -> RasterSource | None:
    """A layer of an array that knows its grid; ``None`` where it does not say where it lies.

    Parameters
    ----------
    name
        The layer; of layers of heights the unit is looked for.
    array
        DataArray: dimensions in any order, y upwards or downwards, further dimensions of length 1.
    unit
        Of its heights, whatever the array says.
    crs
        Projection where the array names none.

    Raises
    ------
    InvalidSurfaceData
        Not two dimensions, coordinates that are irregular, contradictory or counters of cells, a
        projection that is named and absent, or the unit of heights is not clear.
    """
    found = placed(name, array, unit, crs)
    if found is None:
        return None
    array = found.turned(found.array)
    rows, cols = found.grid.shape
    what = f"a DataArray of {rows} x {cols} cells"
    if is_lazy(array):
        lazy = LazyCells(name, array, found.marks, found.stored)
        return RasterSource(name, what, found.grid, found.stored, found.unit, lazy=lazy)
    values = meant_values(np.asarray(array.values), found.marks, found.stored)
    cells = np.ascontiguousarray(values, np.float32)
    return RasterSource(name, what, found.grid, found.stored, found.unit, cells)


@dataclass(frozen=True)
class Placed:
    """What an array of two dimensions says of itself."""

    #: ``[y, x]``, as it was given.
    array: Any
    grid: Grid
    #: Numbers that stand for no data, and what the others stand for.
    marks: tuple[float, ...]
    stored: Stored
    unit: HeightUnit | None
    #: Names of rows and columns, and whether they run from the south and from the east.
    dims: tuple[str, str]
    flipped: tuple[bool, bool]

    def turned(self, array: Any) -> Any:
        """North up."""
        up, left = self.flipped
        array = array[:, ::-1] if left else array
        return array[::-1] if up else array


def placed(name: str, array: Any, unit: HeightUnit | None, crs: CRS | None) -> Placed | None:
    """Where an array lies, and what its numbers mean; as :func:`labelled_source`."""
    array, y_name, x_name = _flat(name, array)
    own, transform_text = _projection(name, array)
    geo = _attribute_transform(name, array, transform_text)
    x, y = _coordinates(array, x_name), _coordinates(array, y_name)
    if x is None and y is None and geo is None:
        _refuse_curved(name, array, y_name, x_name)
        return None
    own, vertical = split_vertical(own)
    degrees = _in_degrees(array, x_name, y_name)
    if own is None and degrees:
        own = CRS.from_epsg(4326)
    own = crs if own is None else own
    check_kind(name, own)
    if degrees and own is not None and own.is_projected:
        raise InvalidSurfaceData(
            name, "coordinates of its projected CRS", "coordinates in degrees", WITHOUT
        )
    counted = geo is None or geo == Affine.identity()
    _refuse_counters(name, array, x, y, 0.0 if geo is None else 0.5, known=not counted or own)
    x, y = (
        None if v is None else v * _coordinate_scale(name, array, axis, own)
        for v, axis in ((x, x_name), (y, y_name))
    )
    rows, cols = (int(array.sizes[dim]) for dim in (y_name, x_name))
    left, dx = _axis(name, x_name, x, cols, None if geo is None else (geo.c, geo.a))
    top, dy = _axis(name, y_name, y, rows, None if geo is None else (geo.f, geo.e))
    alone = math.isnan(dx), math.isnan(dy)
    dx, dy = _lone_steps(name, dx, dy)
    left, top = left - alone[0] * dx / 2, top - alone[1] * dy / 2
    marks, stored, found = _meaning(name, array, unit, vertical, own)
    flipped = dy > 0.0, dx < 0.0
    if flipped[1]:
        left, dx = left + cols * dx, -dx
        log.info("%s: columns run from east to west; turned", name)
    if flipped[0]:
        top, dy = top + rows * dy, -dy
        log.info("%s: rows run from south to north; turned", name)
    grid = Grid((rows, cols), Affine(dx, 0.0, left, 0.0, dy, top), own)
    return Placed(array, grid, marks, stored, found, (y_name, x_name), flipped)


def north_up_values(name: str, array: Any, unit: HeightUnit | None = None) -> F32:
    """The cells of an array as rows from north to south, NaN where it has no data.

    For arrays beside one that has no place: what they say of their own is not looked at.

    Raises
    ------
    InvalidSurfaceData
        As :func:`labelled_source`.
    """
    source = labelled_source(name, array, unit)
    if source is not None:
        return source.cells()
    flat, _, _ = _flat(name, array)
    marks, stored, _ = _meaning(name, flat, unit, None, None)
    return LazyCells(name, flat, marks, stored).whole()


# ------------------------------------------------------------------ dimensions


def _flat(name: str, array: Any) -> tuple[Any, str, str]:
    """The array as (y, x), and the names of these dimensions."""
    # Of the type: of the array itself it would be all its values.
    if is_dataset(array) or not all(hasattr(type(array), n) for n in ("values", "transpose")):
        raise InvalidSurfaceData(
            name, "a DataArray", type(array).__name__, "Take one variable of the Dataset."
        )
    y_name, x_name = _dimension(array, "y"), _dimension(array, "x")
    if y_name is None or x_name is None:
        long = [str(d) for d in array.dims if array.sizes[d] != 1]
        if len(long) != 2 and len(array.dims) == 2:
            long = [str(d) for d in array.dims]
        named = any(dim in array.coords for dim in long)
        if len(long) != 2 or named or (y_name, x_name) != (None, None):
            raise InvalidSurfaceData(
                name,
                "dimensions y and x (northing and easting)",
                ", ".join(f"{dim} ({array.sizes[dim]})" for dim in array.dims) or "none",
                "Rename them: array.rename(...).",
            )
        y_name, x_name = long
    others = [dim for dim in array.dims if dim not in (y_name, x_name)]
    extra = [f"{dim} ({array.sizes[dim]})" for dim in others if array.sizes[dim] != 1]
    if extra:
        raise InvalidSurfaceData(
            name,
            f"two dimensions, {y_name} and {x_name}",
            f"also {', '.join(extra)}",
            f"Select one, such as array.isel({others[0]}=0).",
        )
    flat = array.isel(dict.fromkeys(others, 0), drop=False)
    return flat.transpose(y_name, x_name), y_name, x_name


def _dimension(array: Any, which: str) -> str | None:
    names = _X_NAMES if which == "x" else _Y_NAMES
    for dim in array.dims:
        attrs = array.coords[dim].attrs if dim in array.coords else {}
        standard = _STANDARD_NAMES.get(str(attrs.get("standard_name", "")).casefold())
        if standard == which or str(attrs.get("axis", "")).upper() == which.upper():
            return str(dim)
    return next((str(dim) for dim in array.dims if str(dim).casefold() in names), None)


def _in_degrees(array: Any, *names: str) -> bool:
    """Whether coordinates are longitudes and latitudes, by unit, standard name or name."""
    found = False
    for name in names:
        attrs = array.coords[name].attrs if name in array.coords else {}
        units = str(attrs.get("units", "")).casefold()
        if units:
            found |= units.startswith("degree")
        elif attrs.get("standard_name"):
            found |= str(attrs["standard_name"]).casefold() in ("longitude", "latitude")
        else:
            found |= name.casefold() in _DEGREE_NAMES
    return found


# ------------------------------------------------------------------ coordinates


def _coordinates(array: Any, dim: str) -> NDArray[np.float64] | None:
    """Coordinates of a dimension; ``None`` where it has none that are numbers."""
    if dim not in array.coords:
        return None
    values = np.asarray(array.coords[dim].values)
    if values.ndim != 1 or values.dtype.kind not in "fiu":
        return None
    return values if values.dtype == np.float32 else values.astype(np.float64)


def _refuse_curved(name: str, array: Any, y_name: str, x_name: str) -> None:
    """Refuse places given cell by cell, which no regular grid holds."""
    both = [str(c) for c in array.coords if set(array.coords[c].dims) == {y_name, x_name}]
    if both:
        raise InvalidSurfaceData(
            name,
            f"coordinates {x_name} and {y_name} in one dimension each",
            f"coordinates in two dimensions: {', '.join(both)}",
            "Resample it to a regular north-up grid.",
        )


def _refuse_counters(
    name: str,
    array: Any,
    x: NDArray[Any] | None,
    y: NDArray[Any] | None,
    first: float,
    *,
    known: Any,
) -> None:
    """Refuse 0, 1, 2... (with a transform that says nothing, 0.5, 1.5...): no metres are known."""
    if known or x is None or y is None or max(x.size, y.size) < 2:
        return
    said = any(array.coords[d].attrs.get("units") for d in array.dims if d in array.coords)
    if not said and all(np.array_equal(v, np.arange(v.size) + first) for v in (x, y)):
        raise InvalidSurfaceData(
            name,
            "coordinates in metres, or a CRS",
            f"counters of cells, 0 to {x.size - 1} and 0 to {y.size - 1}",
            WITHOUT,
        )


def _coordinate_scale(name: str, array: Any, dim: str, crs: CRS | None) -> float:
    """What coordinates are multiplied with to be in the unit of the projection."""
    text = str(array.coords[dim].attrs.get("units", "")).strip()
    if not text or text.casefold().startswith("degree") or text == "1":
        return 1.0
    metres = metres_of(text)
    if metres is None:
        raise InvalidSurfaceData(name, f"coordinates {dim} in metres", f"the unit {text!r}")
    unit = horizontal_unit(crs)
    factor = metres / (1.0 if unit is None else unit[1])
    if math.isclose(factor, 1.0, rel_tol=1e-5):
        return 1.0
    log.warning("%s: coordinates %s in %s, taken times %g", name, dim, text, factor)
    return factor


def _axis(
    name: str,
    dim: str,
    centres: NDArray[Any] | None,
    count: int,
    geo: tuple[float, float] | None,
) -> tuple[float, float]:
    """Outer edge of the first cell and signed step of an axis.

    Of a single cell without a transform, its centre and NaN.

    ``geo`` is the same from a transform among the attributes, which a part of a larger array may
    have taken along: where there are coordinates they hold, and it only tells what they mark.
    """
    if centres is None:
        if geo is None:
            raise InvalidSurfaceData(name, f"coordinates of {dim}", "none", WITHOUT)
        return geo
    if not np.isfinite(centres).all():
        raise InvalidSurfaceData(name, f"finite coordinates {dim}", "NaN or infinite ones")
    first = float(centres[0])
    if count == 1:
        return (first, math.nan) if geo is None else (first - geo[1] / 2, geo[1])
    step = (float(centres[-1]) - first) / (count - 1)
    apart = np.abs(centres - (first + step * np.arange(count)))
    digits = float(np.spacing(np.abs(centres).max()))
    limit = max(_REGULAR * abs(step), min(digits, _ROUNDED * abs(step)))
    if step == 0.0 or float(apart.max()) > limit:
        exact = None if geo is None else geo[0] + geo[1] * (np.arange(count) + 0.5)
        if geo is not None and float(np.abs(centres - exact).max()) < 0.5 * abs(geo[1]):
            return geo
        raise InvalidSurfaceData(
            name,
            f"coordinates {dim} in equal steps",
            f"steps from {float(np.diff(centres).min()):g} to {float(np.diff(centres).max()):g}",
            "Resample it to a regular grid; coordinates of projections need double precision.",
        )
    if geo is not None and _marks_edges(first, step, geo):
        log.warning("%s: coordinates %s are edges of cells, as its transform says", name, dim)
        return first, step
    return first - step / 2, step


def _marks_edges(first: float, step: float, geo: tuple[float, float]) -> bool:
    """Whether coordinates lie on the edges of a transform's cells instead of in the middle."""
    edge, own = geo
    if not math.isclose(own, step, rel_tol=1e-3):
        return False
    part = ((first - edge) / own) % 1.0
    return min(part, 1.0 - part) < 0.1


def _lone_steps(name: str, dx: float, dy: float) -> tuple[float, float]:
    """The step of an axis of one cell is that of the other."""
    if math.isnan(dx) and math.isnan(dy):
        raise InvalidSurfaceData(name, "more than one cell, or a transform", "one cell", WITHOUT)
    return (abs(dy) if math.isnan(dx) else dx), (-abs(dx) if math.isnan(dy) else dy)


# ------------------------------------------------------------------ projection and transform


def _projection(name: str, array: Any) -> tuple[CRS | None, str | None]:
    """Projection and GDAL's transform, wherever they are kept."""
    wanted = array.attrs.get("grid_mapping") or array.encoding.get("grid_mapping")
    wanted = str(wanted).split(":")[0].split()[0] if wanted else None
    if wanted is not None and wanted not in array.coords:
        raise InvalidSurfaceData(
            name,
            f"the coordinate {wanted!r}, which grid_mapping names",
            "an array without it",
            "Open the file with decode_coords='all', or add it: "
            f"array.assign_coords({wanted}=dataset[{wanted!r}]).",
        )
    names = [wanted, *_CRS_NAMES, *(str(n) for n in array.coords if array.coords[n].ndim == 0)]
    transform = None
    for each in dict.fromkeys(n for n in names if n is not None and n in array.coords):
        coordinate = array.coords[each]
        found = _crs_of(name, coordinate.attrs, coordinate)
        transform = transform or coordinate.attrs.get("GeoTransform")
        if found is not None:
            return found, transform
    return _crs_of(name, array.attrs), transform


def _crs_of(name: str, attrs: Any, coordinate: Any = None) -> CRS | None:
    """Projection of a set of attributes; ``None`` where they name none."""
    text = next((attrs[key] for key in _CRS_TEXTS if attrs.get(key)), None)
    if text is None and coordinate is None:
        text = attrs.get("crs")
    try:
        if text is not None:
            return _crs_from(text)
        if attrs.get("grid_mapping_name") and len(attrs) > 1:
            import pyproj

            return CRS.from_wkt(pyproj.CRS.from_cf(dict(attrs)).to_wkt())
        if coordinate is not None and coordinate.name in _CRS_NAMES:
            value = coordinate.values.item() if coordinate.ndim == 0 else None
            if (isinstance(value, str) and value.strip()) or (isinstance(value, int) and value > 0):
                return _crs_from(value)
    except Exception as problem:  # pyproj and rasterio have many ways to say no
        got = text if text is not None else dict(attrs)
        raise InvalidSurfaceData(
            name, "a CRS that is known", str(got)[:80], "Write it anew, as an EPSG code or WKT."
        ) from problem
    return None


def _crs_from(text: Any) -> CRS:
    if hasattr(text, "to_wkt"):
        return CRS.from_wkt(text.to_wkt())
    if isinstance(text, str):
        # As rasterio once wrote it.
        text = text.strip()
        bare = text.casefold().removeprefix("+init=")
        return CRS.from_string(bare if bare.startswith("epsg:") else text)
    try:
        return CRS.from_user_input(text)
    except RasterioError:
        return CRS.from_epsg(int(text))


def _attribute_transform(name: str, array: Any, text: Any) -> Affine | None:
    """Transform of an array's attributes; ``None`` where there is none that can be read."""
    try:
        if text is not None:
            numbers = [float(v) for v in (text.split() if isinstance(text, str) else text)]
            found = Affine.from_gdal(*numbers[:6])
        elif array.attrs.get("transform") is not None:
            found = Affine(*[float(v) for v in tuple(array.attrs["transform"])[:6]])
        else:
            return None
    except (TypeError, ValueError):
        return None
    if found.b or found.d:
        raise InvalidSurfaceData(
            name, "a north-up grid", f"the transform {tuple(found)[:6]}",
            "Resample it to a north-up grid.",
        )  # fmt: skip
    return found if found.a and found.e else None


# ------------------------------------------------------------------ values


def _meaning(
    name: str,
    array: Any,
    unit: HeightUnit | None,
    vertical: tuple[str, float] | None,
    crs: CRS | None,
) -> tuple[tuple[float, ...], Stored, HeightUnit | None]:
    """What numbers stand for no data, what the others stand for, and the unit of heights."""
    if array.dtype.kind not in "fiub":
        raise InvalidSurfaceData(name, "a numeric 2-D array", f"dtype {array.dtype}")
    scale, shift = check_stored(
        name, array.attrs.get("scale_factor", 1.0), array.attrs.get("add_offset", 0.0)
    )
    found = height_unit(
        name, band=str(array.attrs.get("units") or ""), vertical=vertical,
        horizontal=horizontal_unit(crs), said=unit,
    )  # fmt: skip
    stored = Stored(scale, shift, 1.0 if found is None else found.metres)
    return tuple(_marks(array)), stored, found


def _marks(array: Any) -> Iterator[float]:
    """Numbers that stand for no data."""
    kept = [array.attrs.get(key) for key in _NODATA_NAMES]
    if array.dtype.kind in "iu":
        # Of floats, xarray has put NaN there already.
        kept.append(array.encoding.get("_FillValue"))
    for value in kept:
        for mark in np.atleast_1d(np.asarray(value if value is not None else [])).ravel():
            try:
                number = float(mark)
            except (TypeError, ValueError):
                continue
            if math.isfinite(number):
                yield number

"""How large the cells of a surface made from arrays are, and whether that can be."""

from __future__ import annotations

import logging
import math
from typing import Any

from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import CRSError

from solweig.errors import InvalidSurfaceData
from solweig.messages import warn_user
from solweig.rasters.grids import Grid
from solweig.rasters.labelled import is_labelled, labelled_source, north_up_values
from solweig.rasters.projection import ground_sides

__all__ = [
    "UNSAID_PIXEL_SIZE",
    "UnsaidPixelSize",
    "as_plain",
    "check_geotransform",
    "crs_text",
    "settled_pixel_size",
]

logger = logging.getLogger(__name__)

_QUIET, _REFUSED = 0.005, 0.05


class UnsaidPixelSize(float):
    """The pixel size of a surface for which nobody gave one."""


UNSAID_PIXEL_SIZE = UnsaidPixelSize(1.0)


def crs_text(crs: Any) -> str | None:
    """A coordinate reference system as text: as given where it is one, else its WKT.

    Raises
    ------
    InvalidSurfaceData
        Nothing that GDAL knows.
    """
    if crs is None or crs == "":
        return None
    try:
        found = CRS.from_user_input(crs)
    except (CRSError, TypeError, ValueError):
        raise InvalidSurfaceData("crs", "a CRS such as EPSG:32633, or WKT", repr(crs)) from None
    return crs if isinstance(crs, str) else found.to_wkt()


def check_geotransform(geotransform: Any) -> None:
    """Refuse what GDAL does not know as a geotransform.

    Raises
    ------
    InvalidSurfaceData
        Not six finite numbers.
    """
    try:
        numbers = [float(v) for v in geotransform]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != 6 or not all(map(math.isfinite, numbers)):
        raise InvalidSurfaceData(
            "geotransform", "six numbers in GDAL's order, as Affine.to_gdal() has them",
            repr(geotransform),
        )  # fmt: skip


def settled_pixel_size(
    pixel_size: float, shape: tuple[int, int], geotransform: Any, crs: str | None
) -> float:
    """Side of a cell [m]: as given, else that of the transform, else 1.

    Raises
    ------
    InvalidSurfaceData
        The transform has cells of another size on the ground, or oblong ones.

    Warns
    -----
    UserWarning
        They differ by more than 0.5 %.
    """
    said = None if isinstance(pixel_size, UnsaidPixelSize) else float(pixel_size)
    own = None if geotransform is None else _size_of(shape, geotransform, crs)
    if own is None:
        if said is None:
            logger.warning("pixel_size is not given: cells are taken as 1 m wide")
        return 1.0 if said is None else said
    if said is None:
        logger.info("pixel_size: %g m, as the geotransform has it", own)
        return own
    apart = abs(said / own - 1.0)
    if apart <= _QUIET or not math.isfinite(apart):
        return said
    expected = f"{own:.4g} m, the size of the geotransform's cells on the ground"
    if apart > _REFUSED:
        raise InvalidSurfaceData(
            "pixel_size",
            expected,
            f"{said:g} m",
            "SurfaceData.prepare(reproject='utm') brings files to a projection in true metres.",
        )
    warn_user(f"pixel_size: expected {expected}, got {said:g} m.")
    return said


def _size_of(shape: tuple[int, int], geotransform: Any, crs: str | None) -> float | None:
    """Side of the middle cell on the ground [m]; ``None`` where that is not known."""
    transform = Affine.from_gdal(*(float(v) for v in geotransform))
    plain = math.hypot(transform.a, transform.d)
    if not crs:
        return plain
    try:
        grid = Grid(shape, transform, CRS.from_user_input(crs))
        sides = ground_sides(grid.crs, grid.transform, (shape[1] / 2, shape[0] / 2))
    except (CRSError, ValueError):
        return None  # told by whoever needs the CRS
    if sides is None:
        return plain
    if not math.isclose(*sides, rel_tol=_REFUSED):
        raise InvalidSurfaceData(
            "geotransform", "cells that are square on the ground",
            f"{sides[0]:.3g} m by {sides[1]:.3g} m",
            "SurfaceData.prepare(reproject='utm') brings files to a projection in true metres.",
        )  # fmt: skip
    size = math.sqrt(sides[0] * sides[1])
    return plain if math.isclose(size, plain, rel_tol=_QUIET) else size


def as_plain(name: str, value: Any, pixel_size: float) -> Any:
    """An array without labels, if its labels say the same as the call.

    Raises
    ------
    InvalidSurfaceData
        A DataArray whose cells have another size.
    """
    if not is_labelled(value):
        return value
    source = labelled_source(name, value)
    if source is None:
        return north_up_values(name, value)
    own = source.grid.pixel_size
    if isinstance(pixel_size, UnsaidPixelSize) or not math.isclose(own, pixel_size, rel_tol=0.01):
        got = "none" if isinstance(pixel_size, UnsaidPixelSize) else f"{pixel_size:g} m"
        raise InvalidSurfaceData(
            "pixel_size",
            f"{own:g} m, the step of the coordinates of {name}",
            got,
            f"SurfaceData.prepare({name}=...) takes grid and CRS from a DataArray.",
        )
    return source.cells()

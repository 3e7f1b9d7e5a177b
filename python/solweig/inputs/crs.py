"""Coordinate reference systems: which one the grid has, units, ways from one to another."""

from __future__ import annotations

import math
import warnings
from functools import lru_cache
from typing import Any

import rasterio.crs
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

from solweig.errors import ConfigurationError, InvalidSurfaceData
from solweig.rasters.projection import utm_zone
from solweig.typing import Bounds

__all__ = [
    "FEET",
    "bounds_in",
    "check_target",
    "describe",
    "horizontal",
    "in_metres",
    "parse",
    "rasterio_crs",
    "same",
    "transformer",
    "utm_of",
    "vertical_factor",
    "vertical_name",
    "why_inexact",
]

FEET = {"m": 1.0, "ft": 0.3048, "us-ft": 1200.0 / 3937.0}
"""Metres in one unit of height."""


def parse(field: str, value: Any) -> CRS:
    """A reference system from a code, WKT or what pyproj knows.

    Raises
    ------
    ConfigurationError
        Nothing pyproj knows.
    """
    try:
        return CRS.from_user_input(value)
    except CRSError as problem:
        raise ConfigurationError(
            field, "a CRS such as EPSG:32633", repr(value), str(problem)
        ) from None


def horizontal(crs: CRS) -> CRS:
    """Without the vertical part."""
    if crs.is_compound:
        return horizontal(crs.sub_crs_list[0])
    if crs.is_bound and crs.source_crs is not None:
        return horizontal(crs.source_crs)
    return crs.to_2d() if len(crs.axis_info) > 2 else crs


def vertical_factor(crs: CRS | None) -> float | None:
    """Metres in one unit of the vertical axis; None where the system has none."""
    axes = [] if crs is None else crs.axis_info
    factors = [axis.unit_conversion_factor for axis in axes if axis.direction in ("up", "down")]
    return factors[0] if factors else None


def vertical_name(crs: CRS | None) -> str | None:
    """Name of what heights are counted from; None where the system does not say."""
    if crs is None:
        return None
    if crs.is_compound:
        return crs.sub_crs_list[1].name
    return f"the ellipsoid of {crs.name}" if len(crs.axis_info) > 2 else None


def describe(crs: CRS | None) -> str:
    """Short name."""
    if crs is None:
        return "no CRS"
    code = crs.to_epsg()
    return f"EPSG:{code} ({crs.name})" if code else crs.name


def same(a: CRS | None, b: CRS | None) -> bool:
    """Whether coordinates of one are those of the other; an unknown one is taken as the other."""
    if a is None or b is None:
        return True
    return horizontal(a).equals(horizontal(b), ignore_axis_order=True)


def in_metres(crs: CRS) -> bool:
    """Whether it is a projection in metres in which lengths are true enough to build in."""
    flat = horizontal(crs)
    return (
        flat.is_projected
        and math.isclose(flat.axis_info[0].unit_conversion_factor, 1.0, rel_tol=1e-9)
        and not _stretches(flat)
    )


def _stretches(crs: CRS) -> bool:
    operation = crs.coordinate_operation
    return operation is not None and "Pseudo Mercator" in operation.method_name


def utm_of(bounds: Bounds, crs: CRS) -> CRS:
    """The UTM zone of the middle of an area."""
    west, south, east, north = bounds_in(bounds, crs, CRS.from_epsg(4326))
    return CRS.from_user_input(utm_zone((west + east) / 2, (south + north) / 2).split()[0])


def check_target(crs: CRS, bounds: Bounds | None = None) -> CRS:
    """The horizontal part of a system to build in.

    Raises
    ------
    ConfigurationError
        Lengths in it are not metres on the ground.
    """
    if not in_metres(crs):
        hint = None
        if bounds is not None:
            hint = f"EPSG:{utm_of(bounds, crs).to_epsg()} would do."
        raise ConfigurationError(
            "crs", "a projection in metres, true to length (UTM, a national grid)", describe(crs),
            hint,
        )  # fmt: skip
    return horizontal(crs)


def rasterio_crs(crs: CRS) -> rasterio.crs.CRS:
    """As rasterio has it."""
    code = crs.to_epsg()
    if code:
        return rasterio.crs.CRS.from_epsg(code)
    return rasterio.crs.CRS.from_wkt(crs.to_wkt())


@lru_cache(maxsize=32)
def transformer(source: CRS, target: CRS) -> Transformer:
    """Easting and northing (or longitude and latitude) from one system to another."""
    return Transformer.from_crs(horizontal(source), horizontal(target), always_xy=True)


def bounds_in(bounds: Bounds, source: CRS | None, target: CRS | None) -> Bounds:
    """The box around an area in another system.

    Raises
    ------
    InvalidSurfaceData
        The area has no coordinates there.
    """
    if source is None or target is None or same(source, target):
        return bounds
    try:
        found = transformer(source, target).transform_bounds(*bounds)
    except ProjError as problem:
        raise InvalidSurfaceData(
            "crs", f"coordinates that {describe(target)} can hold", bounds, str(problem)
        ) from None
    if not all(math.isfinite(v) for v in found):
        raise InvalidSurfaceData(
            "crs",
            f"coordinates that {describe(target)} can hold",
            f"{bounds} in {describe(source)}",
            "Is the CRS of the file the one its coordinates are in?",
        )
    west, south, east, north = found
    return west, south, east, north


def why_inexact(source: CRS | None, target: CRS) -> str | None:
    """Why coordinates may be off after the way from one system to another, or None."""
    if source is None or same(source, target):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # says what is said below
        group = TransformerGroup(horizontal(source), horizontal(target), always_xy=True)
    if group.best_available or not group.unavailable_operations:
        return None
    lost = group.unavailable_operations[0]
    grids = ", ".join(grid.short_name for grid in lost.grids if not grid.available)
    accuracy = group.transformers[0].accuracy if group.transformers else -1
    known = f"within {accuracy:g} m" if accuracy and accuracy > 0 else "roughly"
    return f"brought to {describe(target)} {known}: the grid {grids} of PROJ is not installed"

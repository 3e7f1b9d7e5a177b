"""Projections: which may carry a surface, how true their lengths are, which to take instead.

Shadows are as long as the ground on which they fall: a cell of "1 m" in Web Mercator is 0.53 m wide
at 58 degrees north, and every shadow there would be half as long. Nothing here needs grids of PROJ
or a network.
"""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from rasterio.crs import CRS
from rasterio.errors import CRSError, RasterioError
from rasterio.warp import transform

from solweig.errors import ConfigurationError, InvalidSurfaceData
from solweig.messages import warn_user
from solweig.rasters.units import VerticalUnit
from solweig.typing import Bounds

if TYPE_CHECKING:
    import pyproj

__all__ = [
    "REPROJECT_HINT",
    "check_kind",
    "check_metric",
    "check_scale",
    "describe_crs",
    "ground_sides",
    "horizontal_unit",
    "length_scales",
    "reproject_target",
    "split_vertical",
    "utm_zone",
]

log = logging.getLogger(__name__)

#: Deviation of the point scale from 1 that is said, and that is refused.
WARN_SCALE, REFUSE_SCALE = 0.005, 0.05
REPROJECT_HINT = "or let it be done: reproject='utm' (--reproject utm)"
_SAMPLES = 5


# ------------------------------------------------------------------ names and parts


def describe_crs(crs: CRS | None) -> str:
    """Short name of a projection."""
    if crs is None:
        return "no CRS"
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else crs.to_wkt()[:60]


def utm_zone(longitude: float, latitude: float) -> str:
    """The WGS 84 / UTM zone of a place (UPS near the poles), as an EPSG code with its name."""
    north = latitude >= 0.0
    if not -80.0 <= latitude <= 84.0:
        return f"EPSG:{5041 if north else 5042} (WGS 84 / UPS {'North' if north else 'South'})"
    zone = min(60, max(1, int((longitude + 180.0) // 6.0) + 1))
    code = (32600 if north else 32700) + zone
    return f"EPSG:{code} (WGS 84 / UTM zone {zone}{'N' if north else 'S'})"


def _as_pyproj(crs: CRS) -> pyproj.CRS:
    import pyproj

    found = pyproj.CRS.from_wkt(crs.to_wkt(version="WKT2_2019"))
    while found.is_bound and found.source_crs is not None:
        found = found.source_crs
    return found


def split_vertical(crs: CRS | None) -> tuple[CRS | None, VerticalUnit | None]:
    """The horizontal part of a projection, and the unit of its vertical part if it has one."""
    if crs is None:
        return None, None
    wkt = crs.to_wkt(version="WKT2_2019")
    if not (wkt.startswith(("COMPOUNDCRS", "BOUNDCRS")) or ",3]," in wkt or ",3,ID" in wkt):
        return crs, None
    full = _as_pyproj(crs)
    parts = full.sub_crs_list if full.is_compound else [full]
    heights = [axis for part in parts for axis in part.axis_info if axis.direction == "up"]
    if not full.is_compound and not heights:
        return crs, None
    flat = CRS.from_wkt(parts[0].to_2d().to_wkt())
    if not heights:
        return flat, None
    return flat, (heights[0].unit_name, float(heights[0].unit_conversion_factor))


def horizontal_unit(crs: CRS | None) -> tuple[str, float] | None:
    """Name and metres of the unit of a projection's coordinates; ``None`` where it has none."""
    if crs is None or not crs.is_projected:
        return None
    name, metres = crs.linear_units_factor
    return str(name), float(metres)


# ------------------------------------------------------------------ checks


def check_kind(name: str, crs: CRS | None) -> None:
    """Refuse systems that say nothing of a place on the map: local, engineering, geocentric.

    Raises
    ------
    InvalidSurfaceData
        It is one of these.
    """
    if crs is None or crs.is_projected or crs.is_geographic:
        return
    try:
        kind = _as_pyproj(crs)
        what = f"{kind.type_name} {kind.name!r}"
    except Exception:  # pyproj has many ways to say that it does not know
        what = f"a CRS that is not known ({crs.to_wkt()[:60]})"
    raise InvalidSurfaceData(
        name,
        "a projected CRS in metres",
        what,
        "Give the file its real CRS (gdal_edit.py -a_srs EPSG:...), or none (-a_srs None): "
        "coordinates are then taken as metres.",
    )


def check_metric(name: str, crs: CRS | None, centre: tuple[float, float]) -> None:
    """Refuse degrees and feet.

    Raises
    ------
    InvalidSurfaceData
        The coordinates are one of these; a UTM zone to reproject to is named.
    """
    check_kind(name, crs)
    if crs is None:
        log.warning("%s: no CRS in the file; coordinates are taken as metres", name)
        return
    got = None
    if crs.is_geographic:
        got = f"a geographic CRS in degrees ({describe_crs(crs)})"
    elif not math.isclose(crs.linear_units_factor[1], 1.0, rel_tol=1e-9):
        unit, factor = crs.linear_units_factor
        got = f"{describe_crs(crs)} in {unit} ({factor:g} m)"
    if got is not None:
        raise InvalidSurfaceData(name, "a projected CRS in metres", got, _advice(crs, centre))


def check_scale(name: str, crs: CRS | None, bounds: Bounds) -> None:
    """Refuse projections whose lengths are not those of the ground, warn of those a little off.

    Raises
    ------
    InvalidSurfaceData
        A length is off by more than 5 % somewhere in ``bounds``, or the projection is a Mercator,
        whose lengths hold on one parallel only; or the bounds are not on earth.

    Warns
    -----
    UserWarning
        A length is off by more than 0.5 %.
    """
    if crs is None:
        return
    try:
        own = _as_pyproj(crs)
        low, high = length_scales(own, bounds)
    except Exception as problem:  # pyproj has many ways to say that it cannot
        log.warning("%s: how true lengths are in its CRS is not known (%s)", name, problem)
        return
    west, south, east, north = bounds
    if not math.isfinite(low):
        raise InvalidSurfaceData(
            name,
            f"coordinates on earth in {describe_crs(crs)}",
            f"west {west:.1f}, south {south:.1f}, east {east:.1f}, north {north:.1f}",
            "Is the CRS of the file the right one?",
        )
    worst = max(high - 1.0, 1.0 - low)
    mercator = _is_mercator(own)
    if worst <= WARN_SCALE and not mercator:
        return
    measures = f"{low:.4g}" if high - low < 5e-4 else f"{low:.4g} to {high:.4g}"
    got = f"{describe_crs(crs)} ({own.name}), in which 1 m on the ground measures {measures} m here"
    advice = _advice(crs, ((west + east) / 2, (south + north) / 2))
    if worst > REFUSE_SCALE or mercator:
        expected = "a projection that keeps lengths within 5 %"
        if worst <= REFUSE_SCALE:
            expected += ", and no Mercator"
        raise InvalidSurfaceData(name, expected, got, advice)
    warn_user(
        f"{name}: expected a projection that keeps lengths within 0.5 %, got {got}: shadows are "
        f"off by as much. {advice}"
    )


def _is_mercator(crs: pyproj.CRS) -> bool:
    operation = crs.coordinate_operation
    method = "" if operation is None else operation.method_name.casefold().replace("_", " ")
    return method.startswith("mercator") or "pseudo mercator" in method


def length_scales(crs: pyproj.CRS, bounds: Bounds) -> tuple[float, float]:
    """Least and greatest point scale of a projection at a grid of points; NaN off the earth."""
    import pyproj

    west, south, east, north = bounds
    x, y = np.meshgrid(np.linspace(west, east, _SAMPLES), np.linspace(south, north, _SAMPLES))
    projection = pyproj.Proj(crs)
    longitude, latitude = projection(x.ravel(), y.ravel(), inverse=True)
    known = np.isfinite(longitude) & np.isfinite(latitude)
    if not known.any():
        return math.nan, math.nan
    factors = projection.get_factors(longitude[known], latitude[known])
    least, most = np.asarray(factors.tissot_semiminor), np.asarray(factors.tissot_semimajor)
    good = np.isfinite(least) & np.isfinite(most)
    if not good.any():
        return math.nan, math.nan
    return float(least[good].min()), float(most[good].max())


def _advice(crs: CRS, centre: tuple[float, float]) -> str:
    try:
        zone = utm_zone(*to_degrees(crs, centre))
    except (RasterioError, ValueError):
        return f"Reproject it to a UTM zone, {REPROJECT_HINT}."
    return f"Reproject it, for example to {zone}, {REPROJECT_HINT}."


# ------------------------------------------------------------------ where to


def to_degrees(crs: CRS, point: tuple[float, float]) -> tuple[float, float]:
    """Longitude and latitude of a point.

    Raises
    ------
    ValueError
        It is not on earth.
    RasterioError
        No way from this system to degrees is known.
    """
    (longitude,), (latitude,) = transform(crs, CRS.from_epsg(4326), [point[0]], [point[1]])
    if not (math.isfinite(longitude) and math.isfinite(latitude) and abs(latitude) <= 90.0):
        raise ValueError("not on earth")
    return float(longitude), float(latitude)


def reproject_target(wish: Any, name: str, crs: CRS | None, centre: tuple[float, float]) -> CRS:
    """The projection that ``reproject=`` asks for.

    Parameters
    ----------
    wish
        ``"utm"`` (the zone of the raster's centre; where it lies in that zone of another datum
        already, that), or a projected CRS in metres: an EPSG code or what rasterio understands.
    name
        The layer.
    crs, centre
        Its projection, and the middle of it therein.

    Raises
    ------
    ConfigurationError
        Anything else.
    InvalidSurfaceData
        The layer has no CRS, or does not lie on earth.
    """
    if crs is None:
        raise InvalidSurfaceData(
            name, "a CRS, because it is to be reprojected", "none in the file",
            "Declare it (gdal_edit.py -a_srs EPSG:...), or leave out reproject (--reproject).",
        )  # fmt: skip
    check_kind(name, crs)
    if wish is True or (isinstance(wish, str) and wish.strip().casefold() == "utm"):
        return _own_zone(name, crs, centre)
    expected = "'utm' or a projected CRS in metres, such as 'EPSG:25832'"
    try:
        number = isinstance(wish, int) or (isinstance(wish, str) and wish.strip().isdigit())
        found, _ = split_vertical(CRS.from_epsg(int(wish)) if number else CRS.from_user_input(wish))
    except (CRSError, RasterioError, ValueError, TypeError) as problem:
        raise ConfigurationError("reproject", expected, repr(wish)) from problem
    unit = horizontal_unit(found)
    if found is None or unit is None or not math.isclose(unit[1], 1.0, rel_tol=1e-9):
        raise ConfigurationError("reproject", expected, f"{wish!r} ({describe_crs(found)})")
    return found


def _own_zone(name: str, crs: CRS, centre: tuple[float, float]) -> CRS:
    try:
        zone = utm_zone(*to_degrees(crs, centre))
    except (RasterioError, ValueError) as problem:
        raise InvalidSurfaceData(
            name,
            f"coordinates on earth in {describe_crs(crs)}",
            f"x {centre[0]:g}, y {centre[1]:g}",
            "Is the CRS of the file the right one?",
        ) from problem
    own = _as_pyproj(crs).utm_zone if crs.is_projected else None
    if own is not None and f"UTM zone {own})" in zone and horizontal_unit(crs) == ("metre", 1.0):
        return crs
    return CRS.from_epsg(int(zone.split()[0].removeprefix("EPSG:")))


def ground_sides(
    crs: CRS | None, affine: Any, middle: tuple[float, float]
) -> tuple[float, float] | None:
    """Sides of a cell on the ground [m]; ``None`` where it does not lie on earth.

    Parameters
    ----------
    crs, affine
        Projection and transform of a grid.
    middle
        Column and row of the cell's centre.
    """
    import pyproj

    flat, _ = split_vertical(crs)
    if flat is None or not (flat.is_projected or flat.is_geographic):
        return None
    ends = [(-0.5, 0.0), (0.5, 0.0), (0.0, -0.5), (0.0, 0.5)]
    xs, ys = zip(*(affine * (middle[0] + i, middle[1] + j) for i, j in ends), strict=True)
    lon, lat = transform(flat, CRS.from_epsg(4326), xs, ys)
    if not np.isfinite([*lon, *lat]).all():
        return None
    sides = pyproj.Geod(ellps="WGS84").inv(
        [lon[0], lon[2]], [lat[0], lat[2]], [lon[1], lon[3]], [lat[1], lat[3]]
    )[2]
    return float(sides[0]), float(sides[1])

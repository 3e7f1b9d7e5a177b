"""The grid of the surface: the DSM's, a part of it, other cells, or another projection."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any

from rasterio.transform import Affine

from solweig.errors import ConfigurationError, InvalidSurfaceData
from solweig.messages import warn_user
from solweig.rasters.grids import (
    Cells,
    Grid,
    bounds_in,
    check_bbox,
    overlap,
    show_bounds,
    true_cell_size,
)
from solweig.rasters.projection import (
    REPROJECT_HINT,
    check_kind,
    check_metric,
    check_scale,
    describe_crs,
    reproject_target,
)
from solweig.rasters.sources import RasterSource
from solweig.typing import Bounds

__all__ = ["check_projected", "target_grid"]

logger = logging.getLogger(__name__)

#: Where these end nothing grows; where others end nothing is known.
_ENDS_ARE_EMPTY = ("cdsm", "tdsm")
#: Of these the end says nothing: they must be known under trees, and nowhere else.
_ENDS_ARE_OPEN = ("transmissivity", "lai")
_SQUARE_TOLERANCE = 1e-3
#: Share of the cells that a layer may cut off, or leave without trees, without a warning.
_QUIET_SHARE = 0.01
#: The finest cells, as a part of those of the data.
_FINEST = 0.25
#: Cells this close to those of the data take their size.
_KEEPS_SIZE = 0.02


def check_projected(source: RasterSource) -> None:
    """Refuse grids that are not in metres, north-up and square, or whose lengths are not true.

    Raises
    ------
    InvalidSurfaceData
        The grid is one of these; a UTM zone to reproject to is named.

    Warns
    -----
    UserWarning
        Lengths are a little off.
    """
    grid, name = source.grid, source.name
    check_metric(name, grid.crs, grid.centre)
    _check_square(name, grid)
    check_scale(name, grid.crs, grid.bounds)


def _check_square(name: str, grid: Grid) -> None:
    transform, hint = grid.transform, f" {REPROJECT_HINT}" if grid.crs is not None else ""
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise InvalidSurfaceData(
            name,
            "a north-up raster",
            f"the transform {tuple(transform)[:6]}",
            f"Warp it to a north-up grid (gdalwarp does){',' if hint else ''}{hint}.",
        )
    if abs(transform.a + transform.e) > _SQUARE_TOLERANCE * transform.a:
        raise InvalidSurfaceData(
            name,
            "square pixels",
            f"{transform.a:g} m by {-transform.e:g} m",
            f"Resample it to square pixels{',' if hint else ''}{hint}.",
        )


def target_grid(
    dsm: RasterSource,
    others: Sequence[RasterSource],
    bbox: Any = None,
    pixel_size: float | None = None,
    reproject: Any = None,
) -> Grid:
    """The grid of the prepared surface: DSM cells inside ``bbox`` that every layer covers.

    Canopy and trunk zone need not cover them: where they end nothing grows.

    Parameters
    ----------
    dsm, others
        The layers.
    bbox
        ``(west, south, east, north)`` in the DSM's CRS; moved to the DSM's nearest cell edges.
    pixel_size
        Side of the new cells [m]; ``None`` keeps the DSM's.
    reproject
        ``"utm"`` or a projected CRS in metres to bring the DSM to; ``None`` keeps the DSM's.

    Raises
    ------
    InvalidSurfaceData
        The DSM's grid is unusable, or box or layer do not overlap it.
    ConfigurationError
        An unknown target, or cells much finer than the data.

    Warns
    -----
    UserWarning
        A layer covers a part only.
    """
    base = dsm.grid if reproject is None else _reprojected(dsm, bbox, pixel_size, reproject)
    if base is dsm.grid:
        check_projected(dsm)
    else:
        bbox = None
    cells = (0, base.shape[0], 0, base.shape[1])
    if bbox is not None:
        cells = _boxed(check_bbox(bbox), base)
    for source in others:
        check_kind(source.name, source.grid.crs)
        if source.grid.crs is None and base.crs is not None:
            logger.info("%s: no CRS in the file; taken as the DSM's", source.name)
        if source.name not in _ENDS_ARE_EMPTY + _ENDS_ARE_OPEN:
            bounds = bounds_in(source.name, source.grid, base.crs)
            held = overlap(source.name, cells, bounds, base, part_cells=False)
            _say_cut(source.name, cells, held)
            cells = held
    for source in others:
        if source.name in _ENDS_ARE_EMPTY + _ENDS_ARE_OPEN:
            bounds = bounds_in(source.name, source.grid, base.crs)
            held = overlap(source.name, cells, bounds, base, part_cells=False)
            if source.name in _ENDS_ARE_EMPTY:
                _say_empty(source.name, cells, held, base)
    first_row, end_row, first_col, end_col = cells
    shape = (end_row - first_row, end_col - first_col)
    if shape != base.shape:
        logger.info("working on %d x %d of the DSM's %d x %d cells", *shape, *base.shape)
    corner = base.transform * Affine.translation(first_col, first_row)
    native = base.pixel_size
    if base is not dsm.grid or pixel_size is None or math.isclose(pixel_size, native, rel_tol=1e-6):
        return Grid(shape, Affine(native, 0.0, corner.c, 0.0, -native, corner.f), base.crs)
    _check_fineness(pixel_size, native)
    extent = (shape[0] * native, shape[1] * native)
    resized = (int(extent[0] / pixel_size + 1e-6), int(extent[1] / pixel_size + 1e-6))
    if min(resized) < 1:
        raise _too_coarse(pixel_size, extent)
    return Grid(resized, Affine(pixel_size, 0.0, corner.c, 0.0, -pixel_size, corner.f), base.crs)


def _reprojected(dsm: RasterSource, bbox: Any, pixel_size: float | None, wish: Any) -> Grid:
    """The grid around a DSM in another projection; its own where nothing is to be done."""
    own = dsm.grid
    crs = reproject_target(wish, dsm.name, own.crs, own.centre)
    if own.crs == crs and _is_square(own):
        logger.info("%s: in %s already; not reprojected", dsm.name, describe_crs(crs))
        return own
    part = own
    if bbox is not None:
        _check_north_up(own)
        rows, cols = own.shape
        r0, r1, c0, c1 = overlap("bbox", (0, rows, 0, cols), check_bbox(bbox), own, part_cells=True)
        corner = own.transform * Affine.translation(c0, r0)
        part = Grid((r1 - r0, c1 - c0), corner, own.crs)
    native = true_cell_size(part, crs)
    if not math.isfinite(native) or native <= 0.0:
        raise InvalidSurfaceData(
            dsm.name, f"coordinates that can be brought to {describe_crs(crs)}",
            show_bounds(part.extent), "Is the CRS of the file the right one?",
        )  # fmt: skip
    if pixel_size is not None:
        _check_fineness(pixel_size, native)
    size = _plain_size(native, own) if pixel_size is None else float(pixel_size)
    west, south, east, north = bounds_in(dsm.name, part, crs)
    extent = (north - south, east - west)
    if size > min(extent):
        raise _too_coarse(size, extent)
    # Edges lie on multiples of the cells, so that runs over neighbouring rasters fit together.
    left, top = math.floor(west / size + 1e-6) * size, math.ceil(north / size - 1e-6) * size
    shape = (
        max(math.ceil((top - south) / size - 1e-6), 1),
        max(math.ceil((east - left) / size - 1e-6), 1),
    )
    grid = Grid(shape, Affine(size, 0.0, left, 0.0, -size, top), crs)
    check_scale("reproject", crs, grid.bounds)
    logger.info(
        "dsm: reprojected from %s to %s, %d x %d cells of %g m",
        describe_crs(own.crs), describe_crs(crs), *shape, size,
    )  # fmt: skip
    return grid


def _boxed(bbox: Bounds, grid: Grid) -> Cells:
    """The cells of a box: as many as it is long, from the nearest cell edge on."""
    west, south, east, north = bbox
    size, (left, _, _, top) = grid.pixel_size, grid.bounds
    asked, held = [], []
    spans = ((top - north, north - south, grid.shape[0]), (west - left, east - west, grid.shape[1]))
    for offset, length, count in spans:
        first = math.floor(offset / size + 0.5)
        end = first + math.floor(length / size + 0.5)
        asked += [first, end]
        held += [max(first, 0), min(end, count)]
    cells = (held[0], held[1], held[2], held[3])
    if asked[0] >= asked[1] or asked[2] >= asked[3]:
        expected = f"an extent of a cell of the DSM ({size:g} m) or more"
        raise InvalidSurfaceData("bbox", expected, show_bounds(bbox))
    if cells[0] >= cells[1] or cells[2] >= cells[3]:
        raise InvalidSurfaceData(
            "bbox",
            f"an extent that overlaps the DSM and the other layers ({show_bounds(grid.bounds)})",
            show_bounds(bbox),
        )
    if asked != held:
        warn_user(
            f"bbox: reaches beyond the DSM ({show_bounds(grid.bounds)}); the rest is left out, and "
            f"{cells[1] - cells[0]} x {cells[3] - cells[2]} of {asked[1] - asked[0]} x "
            f"{asked[3] - asked[2]} cells remain"
        )
    return cells


def _is_square(grid: Grid) -> bool:
    try:
        _check_square("", grid)
    except InvalidSurfaceData:
        return False
    return True


def _check_north_up(grid: Grid) -> None:
    transform = grid.transform
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise InvalidSurfaceData(
            "bbox",
            "a north-up DSM to cut from",
            f"the transform {tuple(transform)[:6]}",
            "Leave out bbox (--bbox), or warp the DSM to a north-up grid before.",
        )


def _plain_size(native: float, own: Grid) -> float:
    """Cells of about the size of the data's: the same number where it is one, else two digits."""
    for given in (own.transform.a, -own.transform.e):
        if math.isclose(native, given, rel_tol=_KEEPS_SIZE):
            return float(given)
    return float(f"{native:.2g}")


def _check_fineness(pixel_size: float, native: float) -> None:
    if pixel_size < _FINEST * native * (1.0 - 1e-6):
        raise ConfigurationError(
            "pixel_size",
            f"{_FINEST * native:.3g} m or more, a quarter of the DSM's {native:.3g} m",
            f"{pixel_size:g} m",
            "Finer cells than the data's hold no more detail and take time with the square: leave "
            "out pixel_size (--pixel-size).",
        )
    if pixel_size < native * (1.0 - _KEEPS_SIZE):
        logger.warning(
            "pixel_size %g m is finer than the DSM's %.3g m: no detail is gained",
            pixel_size,
            native,
        )


def _too_coarse(pixel_size: float, extent: tuple[float, float]) -> InvalidSurfaceData:
    return InvalidSurfaceData(
        "pixel_size",
        f"less than the extent ({extent[0]:g} m by {extent[1]:g} m)",
        f"{pixel_size:g} m",
        "Give a smaller pixel_size (--pixel-size).",
    )


def _count(cells: Cells) -> int:
    return (cells[1] - cells[0]) * (cells[3] - cells[2])


def _is_little(cells: Cells, held: Cells) -> bool:
    """Whether what is left out is a rim of a cell, as of rasters cut by different programs."""
    rim = max(abs(a - b) for a, b in zip(cells, held, strict=True)) <= 1
    return rim or _count(held) >= (1.0 - _QUIET_SHARE) * _count(cells)


def _say_cut(name: str, cells: Cells, held: Cells) -> None:
    """A layer that must cover the surface makes it smaller."""
    if _is_little(cells, held):
        return
    rows, cols = held[1] - held[0], held[3] - held[2]
    warn_user(
        f"{name}: covers {_count(held) / _count(cells):.0%} of the surface; the rest is left out, "
        f"and {rows} x {cols} of {cells[1] - cells[0]} x {cells[3] - cells[2]} cells remain. Give "
        f"a {name} that covers the DSM, or the part that is meant: bbox=... (--bbox)."
    )


def _say_empty(name: str, cells: Cells, held: Cells, grid: Grid) -> None:
    """A canopy that ends inside the surface."""
    lacking = _count(cells) - _count(held)
    if lacking == 0:
        return
    row, col = next(
        (row, col)
        for row, col, is_out in (
            (cells[0], cells[2], held[0] > cells[0] or held[2] > cells[2]),
            (cells[0], held[3], held[3] < cells[3]),
            (held[1], cells[2], held[1] < cells[1]),
        )
        if is_out
    )
    x, y = grid.transform * (col + 0.5, row + 0.5)
    what = "no trees stand" if name == "cdsm" else "trunk_ratio holds"
    text = (
        f"{name}: covers {_count(held) / _count(cells):.1%} of the surface; {what} in the other "
        f"{lacking} of {_count(cells)} cells, such as row {row - cells[0]}, column "
        f"{col - cells[2]} (x {x:.1f}, y {y:.1f})"
    )
    if _is_little(cells, held):
        logger.info("%s", text)
        return
    warn_user(
        f"{text}. Give a {name} that covers the DSM, or the part that is meant: bbox=... (--bbox)."
    )

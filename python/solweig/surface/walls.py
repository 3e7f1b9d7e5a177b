"""Walls: heights and aspects of a surface, and their rasters from a surface model's file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from solweig import _core
from solweig.feedback import Feedback
from solweig.rasters import align
from solweig.rasters.files import save_raster
from solweig.surface import checks
from solweig.surface.heights import preprocess
from solweig.surface.layers import WALL_LIMIT_M, Layers
from solweig.typing import F32

__all__ = ["generate_wall_hts", "walls_of"]


def walls_of(surface: Layers, wall_limit: float = WALL_LIMIT_M) -> tuple[F32, F32]:
    """Wall height [m] and aspect [deg], computed from the surface model if absent (G 6).

    Aspects given without heights, or the reverse, are not used.
    """
    if surface.wall_height is None or surface.wall_aspect is None:
        preprocess(surface)
        surface.wall_height = _core.wall_height(surface.dsm, wall_limit)
        surface.wall_aspect = _core.wall_aspect(
            surface.dsm,
            surface.wall_height,
            surface.pixel_size,
            improved=surface.formulation == "improved",
        )
    return surface.wall_height, surface.wall_aspect


def generate_wall_hts(
    dsm_path: str | Path,
    bbox: Any,
    out_dir: str | Path,
    wall_limit: float = 1,
    feedback: Any = None,
    progress_range: tuple[float, float] | None = None,
) -> tuple[Path, Path]:
    """Write ``wall_hts.tif`` and ``wall_aspects.tif`` of a surface model (G 6).

    A wall stands on the lower of two edge-adjacent cells that differ by ``wall_limit`` or more; its
    aspect is the direction in which it faces.

    Parameters
    ----------
    dsm_path
        Surface model in metres, elevations.
    bbox
        ``(west, south, east, north)`` in its CRS; ``None`` = all of it.
    out_dir
        Made if need be; files are replaced whole.
    wall_limit
        Least wall height [m], above 0.
    feedback, progress_range
        Callable ``(current, total)`` or QGIS feedback object, and the part of its 0-100 range to
        use.

    Returns
    -------
    tuple of Path
        Files of wall heights [m] and wall aspects [deg clockwise from north], 0 where there is no
        wall.

    Raises
    ------
    InvalidSurfaceData
        The surface model is unusable, or the box does not overlap it.
    ConfigurationError
        ``wall_limit`` is out of range.
    ComputationCancelled
        ``feedback`` said so.

    References
    ----------
    Goodwin et al. (2009) (line filter of the aspect)
    """
    checks.check_number("wall_limit", wall_limit, 0.0, checks.TALLEST_OBJECT_M, open_low=True)
    listener = Feedback(feedback, "walls", progress_range or (0.0, 100.0))
    source = align.open_source("dsm", dsm_path)
    grid = align.target_grid(source, [], bbox)
    dsm = checks.as_layer("dsm", align.read_on_grid(source, grid))
    checks.check_elevation("dsm", dsm)
    listener(0, 2)
    height = _core.wall_height(dsm, float(wall_limit))
    listener(1, 2)
    aspect = _core.wall_aspect(dsm, height, grid.pixel_size)
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    paths = (folder / "wall_hts.tif", folder / "wall_aspects.tif")
    for path, layer in zip(paths, (height, aspect), strict=True):
        save_raster(str(path), layer, grid.geotransform, grid.crs_wkt or "", generate_preview=False)
    listener(2, 2)
    return paths

"""Where the command line keeps the surface of a run."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from solweig.errors import ConfigurationError
from solweig.memory_limits import stay_on_disk
from solweig.surface.sky_view import sky_bytes

__all__ = ["kept_surface"]

log = logging.getLogger("solweig")

_FOLDER = ".solweig_surface"


@contextmanager
def kept_surface(
    cache: Path | None,
    out: Path,
    dsm: Path,
    *,
    vegetation: bool,
    patch_option: int,
    bbox: list[float] | None,
    pixel_size: float | None,
    reproject: str | None = None,
) -> Iterator[Path | None]:
    """The folder of the prepared surface.

    The one asked for; else none, the surface being in memory; else, where it does not fit that, a
    folder in ``out``, which an interrupted run finds again and a complete one removes; so does
    a run that is refused before the sky view.
    """
    cells = None if cache is not None else _cells(dsm, bbox, pixel_size, reproject)
    if cells is None or not stay_on_disk(cells, sky_bytes(vegetation, patch_option)):
        yield cache
        return
    folder = out / _FOLDER
    log.warning(
        "the surface does not fit the memory: it is prepared in %s, until the run is complete; "
        "--cache keeps it",
        folder,
    )
    new = not folder.exists()
    try:
        yield folder
    except ConfigurationError:
        if new and not (folder / "svf").exists():  # nothing in it that took long
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _cells(
    dsm: Path,
    bbox: list[float] | None,
    pixel_size: float | None,
    reproject: str | None = None,
) -> int | None:
    """Cells of the surface, about; None where the file does not tell."""
    import rasterio
    from rasterio.errors import RasterioError

    from solweig.rasters.projection import ground_sides

    try:
        with rasterio.open(dsm) as source:
            affine, middle = source.transform, (source.width / 2, source.height / 2)
            cells = float(source.width * source.height)
            if bbox is not None:
                west, south, east, north = bbox
                cells = abs((east - west) * (north - south) / affine.determinant)
            if pixel_size is None:
                return round(cells)
            sides: tuple[float, float] | None = (float(affine.a), float(affine.e))
            if reproject is not None and source.crs is not None:
                sides = ground_sides(source.crs, affine, middle)
            if sides is None:
                return None
            return round(cells * abs(sides[0] * sides[1]) / pixel_size**2)
    except (RasterioError, ValueError, ZeroDivisionError):
        return None  # told with its reason when the layers are read

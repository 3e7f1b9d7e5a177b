"""Whether rasters show a made town."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from scipy import ndimage

import solweig
from tests.support.rasters import write_tif
from tests.support.town import SOUTH, UTM32, WEST, Town

WITHIN_M = 0.05
TOWN = Town()
NORTH = SOUTH + TOWN.side


def tif(path: Path, layer: Any, **options: Any) -> Path:
    """A raster that covers the town."""
    place = {"pixel": 1.0, "west": WEST, "north": NORTH, "crs": UTM32}
    return write_tif(path, layer, **(place | options))


def build(out: Path, **sources: Any) -> solweig.BuiltSurface:
    """The surface of the whole town, without a picture."""
    if "area" not in sources:
        sources.setdefault("bbox", TOWN.bounds)
    return solweig.build_surface(out, picture=False, **sources)


def texts(built: solweig.BuiltSurface, kind: str) -> str:
    """Lines of one kind of the report."""
    return "\n".join(str(entry) for entry in built.report.of_kind(kind))


def read(path: Any) -> NDArray[Any]:
    with rasterio.open(Path(path)) as source:
        return (
            source.read(1, masked=True).filled(np.nan)
            if source.nodata is not None
            else source.read(1)
        )


def fine(town: Town, what: str, pixel: float = 1.0) -> tuple[NDArray[Any], NDArray[Any]]:
    """Least and greatest of the truth in each cell, its edges included."""
    parts = 5
    count = round(town.side / pixel)
    edges = np.linspace(1e-6, 1 - 1e-6, parts)
    steps = ((np.arange(count)[:, None] + edges) * pixel).reshape(-1)
    x, y = np.broadcast_arrays(steps[None, :], steps[::-1, None])
    ground = town.ground(x, y)
    truth = {
        "dem": lambda: ground,
        "dsm": lambda: np.fmax(ground, town.roof(x, y)),
        "cdsm": lambda: np.where(np.isfinite(town.roof(x, y)), 0.0, town.crown(x, y)),
    }[what]()
    blocks = truth.reshape(count, parts, count, parts)
    return blocks.min(axis=(1, 3)), blocks.max(axis=(1, 3))


def off_by(town: Town, what: str, found: NDArray[Any], pixel: float = 1.0, cells: int = 1) -> Any:
    """How far each cell is from every truth within so many cells [m]."""
    low, high = fine(town, what, pixel)
    size = 2 * cells + 1
    low = ndimage.minimum_filter(low, size, mode="nearest")
    high = ndimage.maximum_filter(high, size, mode="nearest")
    return np.maximum(np.maximum(low - found, found - high), 0.0)


def shows(town: Town, what: str, found: NDArray[Any], pixel: float = 1.0) -> bool:
    """Heights are back within one cell and 0.05 m: no number that is not near, no object lost."""
    wrong = off_by(town, what, found, pixel)
    lost = _lost(town, what, found, pixel)
    assert not np.isnan(found).any()
    assert wrong.max() <= WITHIN_M, f"{what}: off by {wrong.max():.2f} m"
    assert not lost, f"{what}: {lost} cells inside objects have another height"
    return True


def _lost(town: Town, what: str, found: NDArray[Any], pixel: float) -> int:
    """Cells a cell or more inside an object, or outside all of them, that do not have its height.

    Inside the truth within one cell hardly varies, so this holds the other way round as well.
    """
    low, high = fine(town, what, pixel)
    near_low = ndimage.minimum_filter(low, 3, mode="nearest")
    near_high = ndimage.maximum_filter(high, 3, mode="nearest")
    calm = near_high - near_low < 0.5
    return int((calm & (np.abs(found - (low + high) / 2) > 0.25 + WITHIN_M)).sum())

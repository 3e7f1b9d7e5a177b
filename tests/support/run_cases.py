"""A small square with a house and a tree, a day's weather, and the demo site, for tests of runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np

import solweig

NORTH, WEST, PIXEL = 6_400_000.0, 319_000.0, 2.0
ROWS, COLS = 24, 30
LOCATION = solweig.Location(57.7, 12.0, 10.0, 1.0)


def crs_wkt() -> str:
    from pyproj import CRS

    return str(CRS.from_epsg(3006).to_wkt())


def small_surface(*, svf: bool = True, seed: int | None = None) -> solweig.SurfaceData:
    """A house of 9 m and a tree of 6 m on flat ground, 24 x 30 cells of 2 m."""
    dem = np.full((ROWS, COLS), 3.0, np.float32)
    dsm = dem.copy()
    dsm[6:14, 8:18] += 9.0
    if seed is not None:
        dsm[6:14, 8:18] += np.random.default_rng(seed).uniform(0, 3, (8, 10)).astype(np.float32)
    canopy = np.zeros_like(dem)
    canopy[17:20, 20:23] = 6.0
    cover = np.ones((ROWS, COLS), np.uint8)
    cover[:, 24:] = 5
    cover[6:14, 8:18] = 2
    surface = solweig.SurfaceData(
        dsm, cdsm=canopy, dem=dem, land_cover=cover, pixel_size=PIXEL,
        geotransform=[WEST, PIXEL, 0.0, NORTH, 0.0, -PIXEL], crs=crs_wkt(),
    )  # fmt: skip
    if svf:
        surface.compute_svf()
    return surface


def xy(row: int, col: int) -> tuple[float, float]:
    """Centre of a cell."""
    return WEST + (col + 0.5) * PIXEL, NORTH - (row + 0.5) * PIXEL


def weather(
    hours: tuple[int, ...] = (3, 6, 9, 12), day: str = "2006-08-01", **changes: Any
) -> list[solweig.Weather]:
    """Steps of a clear summer day."""
    midnight = datetime.fromisoformat(day)
    steps = []
    for hour in hours:
        sun = max(0.0, float(np.sin((hour - 4) / 16 * np.pi))) if 4 < hour < 20 else 0.0
        values: dict[str, Any] = {
            "ta": 17.0 + 8.0 * sun,
            "rh": 70.0 - 25.0 * sun,
            "global_rad": 800.0 * sun,
            "ws": 2.0,
        }
        steps.append(solweig.Weather(midnight + timedelta(hours=hour), **{**values, **changes}))
    return steps

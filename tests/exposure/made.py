"""A small run in all three formats, and copies of it whose maps are known."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

import solweig
from solweig.exposure.finished import FinishedRun
from solweig.rasters.geotiff import write_geotiff
from solweig.results.outputs import ground_path, step_path, summary_path
from tests.support.run_cases import COLS, LOCATION, NORTH, PIXEL, ROWS, WEST, small_surface, weather

EAST, SOUTH = WEST + COLS * PIXEL, NORTH - ROWS * PIXEL
MAP = shapely.box(WEST, SOUTH, EAST, NORTH)
HOURS = tuple(range(8, 15))
FORMATS = ["geotiff", "zarr", "netcdf"]
CRS = 3006


def real_run(folder: Path, **options: Any) -> solweig.TimeseriesSummary:
    """Seven hours, stamped with their end, of the small square."""
    chosen: dict[str, Any] = {"outputs": ["tmrt", "utci"], "output_format": FORMATS, **options}
    steps = chosen.pop("weather", None) or weather(HOURS)
    return solweig.calculate(small_surface(), steps, LOCATION, output_dir=folder, **chosen)


def known_run(
    run: Path, folder: Path, values: Callable[[str, int], np.ndarray | float], ground: Any = 1
) -> Path:
    """A copy of a run, GeoTIFFs only, that holds these maps and this open ground."""
    shutil.copytree(run, folder, ignore=shutil.ignore_patterns("solweig.*"))
    source = FinishedRun.open(run)
    for name in source.quantities:
        for step, hour in enumerate(HOURS):
            time = weather((hour,))[0].datetime
            grid = np.full((ROWS, COLS), np.nan, np.float32)
            grid[...] = values(name, step)
            write_geotiff(step_path(folder, name, time), grid, source.georef, name=name)
    for name in source.summaries:
        grid = np.full((ROWS, COLS), np.nan, np.float32)
        grid[...] = values(name, -1)
        write_geotiff(summary_path(folder, name), grid, source.georef, name=name)
    cells = np.zeros((ROWS, COLS), np.uint8)
    cells[...] = ground
    write_geotiff(ground_path(folder), cells, source.georef, name="open_ground")
    return folder


def table(shapes: Any, crs: Any = CRS, **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)


def at(x: float, y: float) -> tuple[float, float]:
    """A place by metres east and north of the south-west corner."""
    return WEST + x, SOUTH + y


def line(*places: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([at(*place) for place in places])


def box(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    return shapely.box(*at(x0, y0), *at(x1, y1))

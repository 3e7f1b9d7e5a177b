"""Temperatures of walls as a dataset over wall, height and time, as files, and at points."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solweig.rasters.cf import TIME_BOUNDS, cf_coordinates, encoded_times, global_attributes
from solweig.rasters.georef import GeoReference
from solweig.results.netcdf import write_dataset
from solweig.results.outputs import WALL_CUBE, WALL_NETCDF
from solweig.results.pois import Points
from solweig.typing import F32, U8

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["WallTemperatures", "wall_dataset", "wall_points", "write_walls"]


@dataclass(frozen=True, eq=False)
class WallTemperatures:
    """Walls of a run and their temperatures."""

    #: Rows and columns, ``[wall, 2]``.
    cells: NDArray[np.int64]
    #: Outward normal, clockwise from north [degrees].
    aspect: F32
    #: [m]
    wall_height: F32
    #: Place of every wall's material in ``names``.
    kinds: U8
    names: tuple[str, ...]
    #: Height of a piece [m].
    spacing: float
    #: ``[wall, height, time]`` [deg C]; NaN above a wall's top.
    temperature: F32


def material_name(name: str) -> str:
    """``brick`` of ``Brick_wall``."""
    return name.removesuffix("_wall").lower()


def wall_dataset(
    walls: WallTemperatures,
    georef: GeoReference,
    times: Sequence[datetime],
    bounds: NDArray[np.datetime64],
    version: str,
) -> xr.Dataset:
    """The dataset, which follows the CF conventions.

    Parameters
    ----------
    walls
        What was computed.
    georef
        Where the raster of the run lies.
    times
        One stamp per step.
    bounds
        Beginning and end of the interval each step stands for, ``[time, 2]``.
    version
        Of this package.
    """
    import xarray as xr

    common = cf_coordinates(georef, times, bounds)
    (row, col), count = walls.cells.T, walls.temperature.shape[1]
    lower = np.arange(count) * walls.spacing
    names = [material_name(name) for name in walls.names]
    x, y = common["x"], common["y"]
    coords: dict[str, Any] = {
        **{name: common[name] for name in ("time", TIME_BOUNDS, "spatial_ref")},
        "x": (("wall",), np.asarray(x[1])[col], {k: v for k, v in x[2].items() if k != "axis"}),
        "y": (("wall",), np.asarray(y[1])[row], {k: v for k, v in y[2].items() if k != "axis"}),
        "aspect": (
            ("wall",), walls.aspect,
            {"long_name": "outward normal of the wall, clockwise from north", "units": "degree"},
        ),
        "wall_height": (
            ("wall",), walls.wall_height,
            {"long_name": "height of the wall above its foot", "units": "m"},
        ),
        "material": (
            ("wall",), walls.kinds.astype(np.int8),
            {
                "long_name": "material of the wall",
                "flag_values": np.arange(len(names), dtype=np.int8),
                "flag_meanings": " ".join(names),
            },
        ),
        "height": (
            ("height",), lower + 0.5 * walls.spacing,
            {
                "long_name": "height above the ground at the wall's foot, middle of a piece; the "
                "uppermost piece of a wall ends at its top",
                "units": "m", "positive": "up", "axis": "Z", "bounds": "height_bnds",
            },
        ),
        "height_bnds": (("height", "nv"), np.stack([lower, lower + walls.spacing], axis=1), {}),
    }  # fmt: skip
    attrs = {
        "long_name": "temperature of the surface of walls",
        "units": "degC",
        "cell_methods": "time: mean",
        "grid_mapping": "spatial_ref",
    }
    variables = {"wall_temperature": (("wall", "height", "time"), walls.temperature, attrs)}
    dataset = xr.Dataset(variables, coords=coords, attrs=global_attributes(version))
    dataset.attrs["title"] = "Temperatures of walls"
    for name in ("time", TIME_BOUNDS):
        dataset[name].encoding.update(_clock({})[1])
    return dataset


def _clock(attrs: dict[str, Any]) -> tuple[NDArray[np.int64], dict[str, Any]]:
    return encoded_times(np.array([], "datetime64[ns]"), attrs)


def write_walls(folder: Path, dataset: xr.Dataset, formats: Sequence[str]) -> None:
    """Write the dataset as NetCDF, and as Zarr where steps are.

    Parameters
    ----------
    folder
        Of the run.
    dataset
        See :func:`wall_dataset`.
    formats
        Of the steps.

    Raises
    ------
    DiskFull
        There was no room.
    OSError
        It cannot be written.
    """
    write_dataset(folder / WALL_NETCDF, dataset)
    if "zarr" not in formats:
        return
    target, partial = folder / WALL_CUBE, folder / f".{WALL_CUBE}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        dataset.to_zarr(partial, mode="w", consolidated=False, zarr_format=3)
        shutil.rmtree(target, ignore_errors=True)
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def wall_points(
    walls: WallTemperatures, points: Points, times: Sequence[datetime]
) -> tuple[pd.DataFrame, list[str]]:
    """Temperatures of the walls at points: of the cell of each, else of the nearest next to it.

    Parameters
    ----------
    walls
        What was computed.
    points
        Points of interest.
    times
        One stamp per step.

    Returns
    -------
    tuple
        A row for every point, height and step, and names of the points without a wall.
    """
    import pandas as pd

    tables, without = [], []
    for name, x, y, cell in zip(points.names, points.x, points.y, points.cells, strict=True):
        apart = np.abs(walls.cells - cell)
        near = np.flatnonzero(apart.max(axis=1) <= 1)
        if not near.size:
            without.append(name)
            continue
        k = int(near[np.argmin(apart[near].sum(axis=1))])
        values = walls.temperature[k]
        values = values[~np.isnan(values[:, 0])]
        levels, steps = values.shape
        tables.append(
            pd.DataFrame(
                {
                    "poi": name,
                    "time": np.tile(np.array(times, dtype=object), levels),
                    "x": x,
                    "y": y,
                    "height": np.repeat((np.arange(levels) + 0.5) * walls.spacing, steps),
                    "aspect": float(walls.aspect[k]),
                    "material": material_name(walls.names[walls.kinds[k]]),
                    "wall_temperature": values.ravel(),
                }
            )
        )
    columns = ["poi", "time", "x", "y", "height", "aspect", "material", "wall_temperature"]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
    return table, without

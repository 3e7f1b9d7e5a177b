"""Small output of WRF as it writes it, on a Lambert grid, of weather that is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from pyproj import Transformer

from solweig.typing import F64
from solweig.weather.sun import sun_position

LATITUDE, LONGITUDE = 57.70, 11.97
STANDARD_LONGITUDE = 5.0
CELL_M = 3000.0
_GRID = f"+proj=lcc +lat_1=50 +lat_2=60 +lat_0=57 +lon_0={STANDARD_LONGITUDE} +R=6370000"
_TO_GRID = Transformer.from_crs("+proj=longlat +R=6370000", _GRID, always_xy=True)
UNITS = {
    "T2": "K", "Q2": "kg kg-1", "PSFC": "Pa", "U10": "m s-1", "V10": "m s-1", "SWDOWN": "W m-2",
    "GLW": "W m-2", "SWDDIF": "W m-2", "SWDDIR": "W m-2",
}  # fmt: skip
EAST, NORTH = 3.0, -1.5
"""The wind, the same everywhere [m/s]."""


def cells(count: int = 6) -> tuple[F64, F64]:
    """Latitude and longitude of cells around the place, ``[rows, columns]``."""
    x, y = _TO_GRID.transform(LONGITUDE, LATITUDE)
    side = (np.arange(count) - 0.5 * count + 0.2) * CELL_M
    longitude, latitude = _TO_GRID.transform(*np.meshgrid(x + side, y + side), direction="INVERSE")
    return latitude, longitude


def at_instant(times: pd.DatetimeIndex) -> dict[str, F64]:
    """Quantities at the place at instants."""
    altitude, _ = sun_position(times.to_numpy(), LATITUDE, LONGITUDE)
    sine = np.maximum(np.sin(np.radians(altitude)), 0.0)
    direct = np.where(sine > 0, 950.0 * np.exp(-0.12 / np.maximum(sine, 0.02)), 0.0) * sine
    diffuse = 110.0 * sine**0.5
    wave = np.sin(2 * np.pi * (times.hour.to_numpy() - 9.0) / 24.0)
    return {
        "T2": 293.15 + 6.0 * wave, "Q2": 0.008 + 0.0005 * wave, "PSFC": 100_800.0 + 50.0 * wave,
        "SWDOWN": direct + diffuse, "SWDDIF": diffuse, "SWDDIR": direct, "GLW": 330.0 + 20.0 * wave,
    }  # fmt: skip


def _turn(latitude: F64, longitude: F64) -> tuple[F64, F64]:
    """Sine and cosine by which grid axes are turned, seen from a step to the north."""
    x, y = _TO_GRID.transform(longitude, latitude)
    to_x, to_y = _TO_GRID.transform(longitude, latitude + 1e-5)
    length = np.hypot(to_x - x, to_y - y)
    return (to_x - x) / length, (to_y - y) / length


def wrf_dataset(times: pd.DatetimeIndex, leave_out: tuple[str, ...] = ()) -> xr.Dataset:
    """The variables of a ``wrfout`` file, each a hundredth more a row and two a column."""
    latitude, longitude = cells()
    sine, cosine = _turn(latitude, longitude)
    dims = ("Time", "south_north", "west_east")
    step = _TO_GRID.transform(longitude, latitude)
    place = _TO_GRID.transform(LONGITUDE, LATITUDE)
    slope = 1.0 + 0.01 * (step[1] - place[1]) / CELL_M + 0.02 * (step[0] - place[0]) / CELL_M
    fields: dict[str, Any] = {
        name: series[:, None, None] * slope for name, series in at_instant(times).items()
    }
    # The grid's own components of a wind that is known in east and north.
    shape = (len(times), *latitude.shape)
    fields["U10"] = np.broadcast_to(EAST * cosine + NORTH * sine, shape)
    fields["V10"] = np.broadcast_to(NORTH * cosine - EAST * sine, shape)
    fixed = {"XLAT": latitude, "XLONG": longitude, "SINALPHA": sine, "COSALPHA": cosine}
    found = {name: (dims, values.astype(np.float32), {"units": UNITS[name]})
             for name, values in fields.items()}  # fmt: skip
    found |= {name: (dims, np.broadcast_to(values, shape).astype(np.float32), {"units": ""})
              for name, values in fixed.items()}  # fmt: skip
    text = np.array([f"{time:%Y-%m-%d_%H:%M:%S}" for time in times], "S19")
    found["Times"] = ("Time", text)
    dataset = xr.Dataset(found, attrs={"TITLE": " OUTPUT FROM WRF V4.5 MODEL", "MAP_PROJ": 1})
    return dataset.drop_vars(list(leave_out))


def write_wrf(
    path: Path, times: pd.DatetimeIndex, leave_out: tuple[str, ...] = (), engine: str = "scipy"
) -> Path:
    """As WRF writes: classic NetCDF, or NetCDF 4 where it was built so."""
    dataset = wrf_dataset(times, leave_out)
    if engine == "scipy":
        dataset.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")
    else:
        dataset.to_netcdf(path, engine="h5netcdf")
    return path

"""Small ERA5 and ERA5-Land files as the Climate Data Store writes them, of weather that is known.

Air and wind are smooth in time, so that a mean over an hour is known; radiation is that of clear
days. Everything is linear in latitude and longitude, so that interpolation is exact.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from solweig.typing import F64
from tests.support.clear_days import clear_day

LATITUDE, LONGITUDE = 57.70, 11.97
LATITUDES = np.array([58.25, 58.0, 57.75, 57.5])
LONGITUDES = np.array([11.5, 11.75, 12.0, 12.25])
LAND_LATITUDES = np.array([57.9, 57.8, 57.7, 57.6])
LAND_LONGITUDES = np.array([11.8, 11.9, 12.0, 12.1])
INSTANTS = ("t2m", "d2m", "u10", "v10", "sp")
UNITS = {
    "t2m": "K", "d2m": "K", "u10": "m s**-1", "v10": "m s**-1", "sp": "Pa",
    "ssrd": "J m**-2", "fdir": "J m**-2", "strd": "J m**-2",
}  # fmt: skip
GRIB_NAMES = {"t2m": "2t", "d2m": "2d", "u10": "10u", "v10": "10v"}


def stamps(first: str = "2025-07-01 00:00", hours: int = 49) -> pd.DatetimeIndex:
    return pd.date_range(first, periods=hours, freq="h")


def at_place(times: pd.DatetimeIndex) -> dict[str, F64]:
    """Quantities at the place, sums of the hour that ends at each time."""
    hour = (times - pd.Timestamp("2025-07-01")) / pd.Timedelta(hours=1)
    wave = np.sin(2 * np.pi * (hour.to_numpy() - 9.0) / 24.0)
    radiation = clear_day(LATITUDE, LONGITUDE, times)
    direct_horizontal = radiation["global_rad"] - radiation["diffuse_rad"]
    return {
        "t2m": 293.15 + 6.0 * wave,
        "d2m": 285.15 + 1.0 * wave,
        "u10": 3.0 + wave,
        "v10": -2.0 + 0.5 * wave,
        "sp": 100_800.0 + 50.0 * wave,
        "ssrd": radiation["global_rad"].to_numpy() * 3600.0,
        "fdir": direct_horizontal.to_numpy() * 3600.0,
        "strd": (330.0 + 20.0 * wave) * 3600.0,
    }


def since_midnight(times: pd.DatetimeIndex, name: str) -> F64:
    """Sums from 00 UTC on, 00 UTC being the whole day before, as ERA5-Land has them."""
    hours = pd.date_range(times[0].floor("D") - pd.Timedelta(hours=23), times[-1], freq="h")
    hourly = pd.Series(at_place(hours)[name], index=hours)
    day = (hours - pd.Timedelta(seconds=1)).floor("D")
    return hourly.groupby(day).cumsum()[times].to_numpy()


def on_grid(series: F64, latitudes: F64, longitudes: F64) -> F64:
    """A series at the place, over a grid: 1 % more a degree north, 2 % more a degree east."""
    east = (longitudes - LONGITUDE + 180.0) % 360.0 - 180.0
    slope = 1.0 + 0.01 * (latitudes[:, None] - LATITUDE) + 0.02 * east
    return np.asarray(series[:, None, None] * slope, np.float64)


def era5_dataset(
    times: pd.DatetimeIndex,
    names: tuple[str, ...] = tuple(UNITS),
    *,
    time: str = "valid_time",
    latitudes: F64 = LATITUDES,
    longitudes: F64 = LONGITUDES,
    land: bool = False,
) -> xr.Dataset:
    """Fields as the Climate Data Store names them."""
    found: dict[str, Any] = {}
    for name in names:
        series = at_place(times)[name]
        if land and name not in INSTANTS:
            series = since_midnight(times, name)
        found[name] = ((time, "latitude", "longitude"), on_grid(series, latitudes, longitudes),
                       {"units": UNITS[name]})  # fmt: skip
    return xr.Dataset(found, coords={time: times, "latitude": latitudes, "longitude": longitudes})


def write_new(path: Path, dataset: xr.Dataset) -> Path:
    """As since 2024: NetCDF 4, floats, the coordinates number and expver."""
    dataset = dataset.assign_coords(
        number=0, expver=("valid_time", np.full(dataset.sizes["valid_time"], "0001"))
    )
    dataset.astype(np.float32).to_netcdf(path, engine="h5netcdf")
    return path


def write_old(path: Path, dataset: xr.Dataset, preliminary_from: int | None = None) -> Path:
    """As before: classic NetCDF, packed in 16 bits, preliminary values along expver."""
    if preliminary_from is not None:
        late = np.arange(dataset.sizes["time"]) >= preliminary_from
        final, first = (
            dataset.where(xr.DataArray(~late, dims="time")),
            dataset.where(xr.DataArray(late, dims="time")),
        )
        dataset = xr.concat([final, first], dim=pd.Index([1, 5], name="expver"))
    packed = {}
    for name, array in dataset.items():
        low, high = float(array.min()), float(array.max())
        packed[name] = {"dtype": "int16", "_FillValue": np.int16(-32767),
                        "scale_factor": (high - low) / 65530 or 1.0,
                        "add_offset": (high + low) / 2}  # fmt: skip
    dataset.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT", encoding=packed)
    return path


def write_zip(path: Path, times: pd.DatetimeIndex) -> Path:
    """Instants and sums in two members, as several kinds are handed out together."""
    sums = tuple(name for name in UNITS if name not in INSTANTS)
    with zipfile.ZipFile(path, "w") as archive:
        for kind, names in (("instant", INSTANTS), ("accum", sums)):
            member = write_new(path.parent / f"{kind}.nc", era5_dataset(times, names))
            archive.write(member, f"data_stream-oper_stepType-{kind}.nc")
    return path


def write_grib(
    path: Path,
    times: pd.DatetimeIndex,
    names: tuple[str, ...] = tuple(UNITS),
    *,
    land: bool = False,
) -> Path:
    """GRIB 1: analyses, then sums of steps of a forecast; those of ERA5-Land from step 0.

    In a process of its own: ecCodes disturbs what uses PROJ in this one.
    """
    latitudes, longitudes = (LAND_LATITUDES, LAND_LONGITUDES) if land else (LATITUDES, LONGITUDES)
    dataset = era5_dataset(times, names, latitudes=latitudes, longitudes=longitudes, land=land)
    messages = []
    for name in names:
        for i, time in enumerate(times):
            keys = _analysis(time) if name in INSTANTS else _forecast(time, land)
            keys["shortName"] = GRIB_NAMES.get(name, name)
            messages.append((keys, dataset[name].values[i].ravel().tolist()))
    grid = {
        "centre": "ecmf", "Ni": longitudes.size, "Nj": latitudes.size,
        "latitudeOfFirstGridPointInDegrees": float(latitudes[0]),
        "latitudeOfLastGridPointInDegrees": float(latitudes[-1]),
        "longitudeOfFirstGridPointInDegrees": float(longitudes[0]),
        "longitudeOfLastGridPointInDegrees": float(longitudes[-1]),
        "jDirectionIncrementInDegrees": float(abs(latitudes[0] - latitudes[1])),
        "iDirectionIncrementInDegrees": float(abs(longitudes[1] - longitudes[0])),
        "bitsPerValue": 24, "bitmapPresent": 1, "missingValue": 9999.0,
    }  # fmt: skip
    script = Path(__file__).with_name("write_grib.py")
    asked = json.dumps({"path": str(path), "grid": grid, "messages": messages})
    subprocess.run([sys.executable, str(script)], input=asked, text=True, check=True)
    return path


def _analysis(time: pd.Timestamp) -> dict[str, Any]:
    return {"dataDate": int(f"{time:%Y%m%d}"), "dataTime": int(f"{time:%H%M}")}


def _forecast(time: pd.Timestamp, land: bool) -> dict[str, Any]:
    """The sum that ends at a time: of a forecast of 06 or 18 UTC, or of ERA5-Land since 00."""
    before = time - pd.Timedelta(seconds=1)
    if land:
        begin = before.floor("D")
    else:
        begin = (before - pd.Timedelta(hours=6)).floor("12h") + pd.Timedelta(hours=6)
    step = int((time - begin) / pd.Timedelta(hours=1))
    first = 0 if land else step - 1
    return {**_analysis(begin), "stepType": "accum", "stepRange": f"{first}-{step}"}

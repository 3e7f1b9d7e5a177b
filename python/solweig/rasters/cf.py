"""A run in memory as an :class:`xarray.Dataset` that follows the CF conventions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solweig.rasters.georef import GeoReference
from solweig.rasters.variables import OVER_THE_SUNS, attributes

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "StepStack",
    "build_dataset",
    "cf_coordinates",
    "encoded_times",
    "global_attributes",
    "naive_utc",
    "step_attributes",
    "stored_attributes",
]

GRID_MAPPING = "spatial_ref"
TIME_BOUNDS = "time_bnds"
"""Name of the intervals that steps stand for."""
TIME_ENCODING = {"units": "seconds since 1970-01-01", "calendar": "proleptic_gregorian"}


def naive_utc(times: Sequence[datetime]) -> tuple[NDArray[np.datetime64], bool]:
    """Stamps as ``datetime64[ns]``, and whether they were timezone-aware (then they are UTC)."""
    aware = bool(times) and times[0].tzinfo is not None
    if aware:
        times = [t.astimezone(UTC).replace(tzinfo=None) for t in times]
    return np.array(times, dtype="datetime64[ns]"), aware


class StepStack:
    """Collects the grids of every step in one array per variable, allocated once."""

    def __init__(self, names: Sequence[str], n_steps: int, shape: tuple[int, int]) -> None:
        self.grids = {n: np.full((n_steps, *shape), np.nan, np.float32) for n in names}
        self._next = 0

    def add_step(self, _time: datetime, grids: Mapping[str, NDArray[np.float32]]) -> None:
        """Take the grids of the next step; its time is known elsewhere."""
        for name, stack in self.grids.items():
            stack[self._next] = grids[name]
        self._next += 1


def build_dataset(
    grids: Mapping[str, NDArray[np.float32]],
    times: Sequence[datetime],
    georef: GeoReference,
    *,
    bounds: NDArray[np.datetime64],
    version: str,
    series: Mapping[str, NDArray[Any]] | None = None,
) -> xr.Dataset:
    """Assemble the dataset.

    Parameters
    ----------
    grids
        ``name -> [time, row, col]``.
    times
        One stamp per step, as given by the user.
    georef
        Where the rasters lie.
    bounds
        Beginning and end of the interval each step stands for, ``[time, 2]``, on the clock of the
        stamps or in UTC where they carry a time zone.
    version
        Of this package.
    series
        ``name -> [time]``, weather the steps ran with.
    """
    import xarray as xr

    coords: dict[str, Any] = dict(cf_coordinates(georef, times, bounds))
    variables: dict[str, Any] = {}
    for name, stack in grids.items():
        variables[name] = (("time", "y", "x"), stack, step_attributes(name))
    for name, values in (series or {}).items():
        variables[name] = ("time", values, WEATHER_ATTRIBUTES[name])
    dataset = xr.Dataset(variables, coords=coords, attrs=global_attributes(version))
    for name in ("time", TIME_BOUNDS):  # CF wants the same units of both
        dataset[name].encoding.update(TIME_ENCODING)
    return dataset


def cf_coordinates(
    georef: GeoReference, times: Sequence[datetime], bounds: NDArray[np.datetime64]
) -> dict[str, tuple[tuple[str, ...], Any, dict[str, Any]]]:
    """``time``, its bounds, ``y``, ``x`` and the grid mapping: dimensions, values, attributes."""
    stamps, aware = naive_utc(times)
    x_attrs, y_attrs = _axis_attributes(georef)
    clock = {"standard_name": "time", "long_name": _time_name(aware), "bounds": TIME_BOUNDS}
    return {
        "time": (("time",), stamps, clock),
        TIME_BOUNDS: (("time", "nv"), np.asarray(bounds, "datetime64[ns]"), {}),
        "y": (("y",), georef.y(), dict(y_attrs)),
        "x": (("x",), georef.x(), dict(x_attrs)),
        GRID_MAPPING: ((), np.int32(0), _grid_mapping(georef)),
    }


def step_attributes(name: str | None = None) -> dict[str, str]:
    """CF attributes of a raster of a step."""
    return {**(attributes(name) if name else {}), "grid_mapping": GRID_MAPPING}


def stored_attributes(name: str) -> dict[str, str]:
    """CF attributes of a raster in a file, of a step or of a statistic."""
    # Named as a coordinate, so that xarray takes the grid mapping along.
    return {**step_attributes(name), "coordinates": GRID_MAPPING}


def encoded_times(
    stamps: NDArray[np.datetime64], attrs: Mapping[str, Any]
) -> tuple[NDArray[np.int64], dict[str, Any]]:
    """Stamps as numbers, and attributes that say what these count."""
    seconds = stamps.astype("datetime64[s]").astype(np.int64)
    return seconds, {**attrs, **TIME_ENCODING}


WEATHER_ATTRIBUTES: dict[str, dict[str, str]] = {
    "ta": {
        "long_name": "air temperature",
        "standard_name": "air_temperature",
        "units": "degC",
        "cell_methods": "time: mean",
    },
    "rh": {
        "long_name": "relative humidity",
        "standard_name": "relative_humidity",
        "units": "%",
        "cell_methods": "time: mean",
    },
    "ws": {
        "long_name": "wind speed",
        "standard_name": "wind_speed",
        "units": "m s-1",
        "cell_methods": "time: mean",
    },
    "global_rad": {
        "long_name": "global horizontal irradiance",
        "units": "W m-2",
        "cell_methods": "time: mean",
    },
    "sun_altitude": {
        "long_name": "sun altitude above the horizon",
        "standard_name": "solar_elevation_angle",
        "units": "degree",
        "cell_methods": OVER_THE_SUNS,
    },
}
WEATHER_SERIES = tuple(WEATHER_ATTRIBUTES)


def _time_name(aware: bool) -> str:
    return "time stamp (UTC)" if aware else "time stamp (local standard time of the weather data)"


def _axis_attributes(georef: GeoReference) -> tuple[dict[str, str], dict[str, str]]:
    x = {"long_name": "easting of the cell centre", "units": "m", "axis": "X"}
    y = {"long_name": "northing of the cell centre", "units": "m", "axis": "Y"}
    if georef.crs_wkt:
        x["standard_name"] = "projection_x_coordinate"
        y["standard_name"] = "projection_y_coordinate"
    return x, y


def _grid_mapping(georef: GeoReference) -> dict[str, Any]:
    attrs: dict[str, Any] = {}
    if georef.crs_wkt:
        from pyproj import CRS
        from pyproj.crs import is_wkt

        crs = CRS.from_user_input(georef.crs_wkt)  # scripts also give a code, such as EPSG:32633
        attrs.update(crs.to_cf())
        attrs["spatial_ref"] = georef.crs_wkt if is_wkt(georef.crs_wkt) else crs.to_wkt()
    # GDAL and rioxarray read the grid's origin and step from here.
    attrs["GeoTransform"] = " ".join(f"{v!r}" for v in georef.gdal)
    return attrs


def global_attributes(version: str) -> dict[str, str]:
    """CF attributes of a dataset."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "Conventions": "CF-1.8",
        "title": "Heat stress maps",
        "source": f"solweig {version} (SOLWEIG model, Lindberg et al. 2008)",
        "history": f"{now} computed by solweig {version}",
        "references": "https://doi.org/10.1007/s00484-008-0162-7",
    }

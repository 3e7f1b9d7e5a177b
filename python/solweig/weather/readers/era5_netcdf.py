"""A point of an ERA5 or ERA5-Land NetCDF file, of the Climate Data Store old or new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from solweig.errors import WeatherDataError
from solweig.typing import F64
from solweig.weather.readers.era5_names import NAMES, PointTable, in_si
from solweig.weather.readers.grids import Spot, spacings, spot_on_axes
from solweig.weather.readers.netcdf import opened
from solweig.weather.readers.wanted import Site

_TIMES = ("valid_time", "time")
_LATITUDES, _LONGITUDES = ("latitude", "lat"), ("longitude", "lon")
_HINT = "A file of the Climate Data Store has valid_time (or time), latitude and longitude."


def read_point(path: Path, site: Site, method: str) -> PointTable:
    """The quantities of one file at a place.

    Raises
    ------
    WeatherDataError
        Not such a file, a place outside its grid, units that are not known.
    """
    with opened(path) as dataset:
        found = {short: name for short, names in NAMES.items()
                 if (name := _variable(dataset, short, names)) is not None}  # fmt: skip
        if not found:
            held = ", ".join(map(str, list(dataset.data_vars)[:12])) or "none"
            raise WeatherDataError(path.name, "variables of ERA5, such as t2m and ssrd", held)
        time, latitude, longitude = (
            _coordinate(dataset, names, path.name) for names in (_TIMES, _LATITUDES, _LONGITUDES)
        )
        latitudes, longitudes = (
            np.atleast_1d(np.asarray(dataset[name].values, np.float64))
            for name in (latitude, longitude)
        )
        if latitudes.ndim != 1 or longitudes.ndim != 1:
            raise WeatherDataError(path.name, "a grid of latitudes and longitudes", "another")
        times = np.atleast_1d(dataset[time].values)
        if not np.issubdtype(times.dtype, np.datetime64):
            raise WeatherDataError(path.name, f"times in {time}", str(times.dtype), _HINT)
        reader = _Cells(dataset, time, latitude, longitude, path.name)
        first = next(iter(found.values()))
        spot = spot_on_axes(
            latitudes, longitudes, site, method, lambda r, c: reader.known(first, r, c), path.name
        )
        frame = pd.DataFrame(index=pd.DatetimeIndex(times))
        for short, name in found.items():
            values = reader.at(name, spot)
            unit = str(dataset[name].attrs.get("units", ""))
            frame[short] = in_si(short, values, unit, path.name)
    return PointTable(frame, spot, spacings(latitudes, longitudes), path.name)


def _variable(dataset: xr.Dataset, short: str, names: tuple[str, ...]) -> str | None:
    """Name of the variable that holds a quantity."""
    lower = {str(name).lower(): str(name) for name in dataset.data_vars}
    for name in (short, *names):
        if name.lower() in lower:
            return lower[name.lower()]
    return None


def _coordinate(dataset: xr.Dataset, names: tuple[str, ...], source: str) -> str:
    for name in names:
        if name in dataset.variables:
            return name
    raise WeatherDataError(source, f"a coordinate {' or '.join(names)}", "none", _HINT)


class _Cells:
    """Values of some cells over time."""

    def __init__(
        self, dataset: xr.Dataset, time: str, latitude: str, longitude: str, source: str
    ) -> None:
        self.dataset, self.source = dataset, source
        self.time, self.axes = time, (latitude, longitude)

    def known(self, name: str, row: int, column: int) -> bool:
        """Whether a cell has any values."""
        return bool(np.isfinite(self._cell(name, row, column)).any())

    def at(self, name: str, spot: Spot) -> F64:
        """Weighted over the cells of a spot, ``[time]``."""
        cells = zip(spot.rows, spot.columns, spot.weights, strict=True)
        return np.asarray(sum(w * self._cell(name, r, c) for r, c, w in cells), np.float64)

    def _cell(self, name: str, row: int, column: int) -> F64:
        array = self.dataset[name]
        where = {axis: index for axis, index in zip(self.axes, (row, column), strict=True)
                 if axis in array.dims}  # fmt: skip
        array = array.isel(where).reset_coords(drop=True)
        for dim in [str(d) for d in array.dims if d != self.time]:
            array = self._without(array, dim, name)
        return np.atleast_1d(np.asarray(array.values, np.float64))

    def _without(self, array: Any, dim: str, name: str) -> Any:
        """A dimension taken away: of one entry, or preliminary values where there are no final."""
        if array.sizes[dim] == 1:
            return array.isel({dim: 0})
        if dim == "expver":
            parts = [array.isel({dim: i}, drop=True) for i in range(array.sizes[dim])]
            joined = parts[0]
            for part in parts[1:]:
                joined = joined.fillna(part)
            return joined
        raise WeatherDataError(
            self.source, f"{name} over time, latitude and longitude",
            f"{array.sizes[dim]} entries along {dim}", "Select one of them first.",
        )  # fmt: skip

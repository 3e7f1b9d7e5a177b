"""WRF output at a place: values of the instant, on a grid that is turned against north."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from solweig.errors import WeatherDataError
from solweig.typing import F64
from solweig.weather.readers import air, frames
from solweig.weather.readers.frames import Rows
from solweig.weather.readers.grids import Spot, check_method, spot_on_curves
from solweig.weather.readers.netcdf import opened
from solweig.weather.readers.sources import Files, local_files
from solweig.weather.readers.utc_rows import rows_on_clock
from solweig.weather.readers.wanted import Site, Wanted

log = logging.getLogger("solweig")

# name: units that WRF writes (the first) or that mean the same
_NEEDED = {
    "T2": ("K",), "Q2": ("kg kg-1", "kg/kg"), "PSFC": ("Pa",),
    "SWDOWN": ("W m-2", "W/m2"),
}  # fmt: skip
_OPTIONAL = {
    "U10": ("m s-1", "m/s"), "V10": ("m s-1", "m/s"), "GLW": ("W m-2", "W/m2"),
    "SWDDIF": ("W m-2", "W/m2"), "SWDDIR": ("W m-2", "W/m2"),
    "COSALPHA": ("",), "SINALPHA": ("",),
}  # fmt: skip
_TURN = ("COSALPHA", "SINALPHA")


def is_wrf(dataset: xr.Dataset) -> bool:
    """Whether a NetCDF file is output of WRF."""
    return {"XLAT", "XLONG", "T2"} <= set(dataset.variables)


def read_wrf(
    paths: Files,
    site: Site,
    wanted: Wanted,
    *,
    method: str = "nearest",
    minutes: float | None = None,
) -> Rows:
    """See :meth:`solweig.Weather.from_wrf`."""
    check_method(method)
    with local_files(paths) as files:
        parts = [_point(file, site, method) for file in files]
    names = [file.name for file in files]
    source = names[0] + ("" if len(names) == 1 else f" and {len(names) - 1} more")
    table = pd.concat([frame for frame, _ in parts])
    repeated = table.index.duplicated(keep="last")
    if repeated.any():
        log.info("%s: %d time(s) are in two files; the later file counts", source, repeated.sum())
        table = table[~repeated]
    table = table.sort_index()
    frame = _quantities(table)
    steps, known = frames.lengths(frame, minutes, source)
    spot = parts[0][1]
    return rows_on_clock(
        frame, steps, site, wanted, stamp="centre", source=source,
        place=(spot.latitude, spot.longitude), kind="WRF: values of the instant",
        notes=(spot.words,), length_known=known,
    )  # fmt: skip


def _point(path: Path, site: Site, method: str) -> tuple[pd.DataFrame, Spot]:
    """Quantities at a place as WRF has them, indexed by UTC."""
    with opened(path) as dataset:
        if not is_wrf(dataset):
            held = ", ".join(map(str, list(dataset.variables)[:12]))
            raise WeatherDataError(path.name, "XLAT, XLONG and T2, as in output of WRF", held)
        missing = [name for name in _NEEDED if name not in dataset.variables]
        if missing:
            raise WeatherDataError(path.name, ", ".join(_NEEDED), f"no {', '.join(missing)}")
        latitudes, longitudes = (_fixed(dataset, name, path.name) for name in ("XLAT", "XLONG"))
        spot = spot_on_curves(latitudes, longitudes, site, method, path.name)
        times = _times(dataset, path.name)
        wind = {"U10", "V10"} & set(dataset.variables)
        turned = set(_TURN) <= set(dataset.variables)
        if wind and not turned:
            raise WeatherDataError(
                path.name, "COSALPHA and SINALPHA, which turn U10 and V10 to east and north",
                "none", "Keep them in the history stream, or leave the wind out.",
            )  # fmt: skip
        units_of = {**_NEEDED, **{n: u for n, u in _OPTIONAL.items() if n in dataset.variables}}
        cells = {name: _cells(dataset, name, units, spot, len(times), path.name)
                 for name, units in units_of.items()}  # fmt: skip
    weights = np.asarray(spot.weights)
    if {"U10", "V10"} <= set(cells):
        # Neighbouring cells are turned differently: first to east and north, then together.
        u, v, cosine, sine = (cells[name] for name in ("U10", "V10", *_TURN))
        cells["east"], cells["north"] = u * cosine - v * sine, v * cosine + u * sine
        cells["speed"] = np.hypot(u, v)
    frame = pd.DataFrame({name: values @ weights for name, values in cells.items()}, index=times)
    return frame, spot


def _fixed(dataset: xr.Dataset, name: str, source: str) -> F64:
    """Coordinates of the cells, which must stay where they are."""
    values = np.asarray(dataset[name].values, np.float64)
    if values.ndim == 3:
        if np.ptp(values, axis=0).max() > 1e-6:
            raise WeatherDataError(source, "a nest that stays in its place", "one that moves")
        values = values[0]
    if values.ndim != 2 or not np.isfinite(values).all():
        raise WeatherDataError(name, "a value for every row and column", "another shape, or gaps")
    return values


def _times(dataset: xr.Dataset, source: str) -> pd.DatetimeIndex:
    if "Times" in dataset.variables:
        texts = np.atleast_1d(dataset["Times"].values)
        if texts.dtype.kind == "S" and texts.ndim == 2:
            texts = np.array([b"".join(row) for row in texts])
        words = [text.decode("ascii", "replace") if isinstance(text, bytes) else str(text)
                 for text in texts.tolist()]  # fmt: skip
        times = pd.to_datetime(words, format="%Y-%m-%d_%H:%M:%S", errors="coerce")
    elif "XTIME" in dataset.variables:
        values = np.atleast_1d(dataset["XTIME"].values)
        times = pd.DatetimeIndex(values) if values.dtype.kind == "M" else pd.DatetimeIndex([])
    else:
        times = pd.DatetimeIndex([])
    if not len(times) or times.hasnans:
        raise WeatherDataError(source, "times in Times or XTIME", "none that can be read")
    return pd.DatetimeIndex(times).as_unit("ns")


def _cells(
    dataset: xr.Dataset, name: str, units: tuple[str, ...], spot: Spot, count: int, source: str
) -> F64:
    """Values of the cells of a spot, ``[time, cell]``."""
    array = dataset[name]
    unit = str(array.attrs.get("units", ""))
    if unit and unit not in units and any(units):
        raise WeatherDataError(name, f"{units[0]}, the unit of WRF", unit, f"In {source}.")
    rows, columns = array.dims[-2:]
    pieces = [
        np.asarray(array.isel({rows: r, columns: c}).values, np.float64).ravel()
        for r, c in zip(spot.rows, spot.columns, strict=True)
    ]
    values = np.stack(pieces, axis=1)
    if values.shape[0] not in (1, count):
        raise WeatherDataError(name, f"{count} times", f"{values.shape[0]}", f"In {source}.")
    return np.broadcast_to(values, (count, values.shape[1]))


def _quantities(table: pd.DataFrame) -> pd.DataFrame:
    """Our columns in our units."""
    frame = pd.DataFrame(index=table.index, columns=list(frames.COLUMNS), dtype=np.float64)
    values = {str(name): table[name].to_numpy(dtype=np.float64) for name in table.columns}
    frame["ta"] = values["T2"] - air.KELVIN
    frame["pressure"] = values["PSFC"] / 100.0
    vapour = air.vapour_pressure(np.maximum(values["Q2"], 0.0), values["PSFC"] / 100.0)
    frame["rh"] = air.relative_humidity(vapour, frame["ta"].to_numpy(dtype=np.float64))
    frame["global_rad"] = values["SWDOWN"]
    if "SWDDIF" in values:
        frame["diffuse_rad"] = values["SWDDIF"]
    elif "SWDDIR" in values:
        frame["diffuse_rad"] = np.maximum(values["SWDOWN"] - values["SWDDIR"], 0.0)
    if "GLW" in values:
        frame["longwave_down"] = values["GLW"]
    if "speed" in values:
        frame["ws"] = values["speed"]
        frame["wind_direction"] = air.wind(values["east"], values["north"])[1]
    return frame

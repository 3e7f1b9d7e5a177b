"""NetCDF files opened with xarray, by whichever package reads their kind."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import xarray as xr
from xarray.backends import (
    BackendEntrypoint,
    H5netcdfBackendEntrypoint,
    ScipyBackendEntrypoint,
)

from solweig.errors import SolweigError, WeatherDataError
from solweig.packages import need

CLASSIC = (b"CDF\x01", b"CDF\x02")
HDF5 = b"\x89HDF\r\n\x1a\n"


def is_netcdf(head: bytes) -> bool:
    """Whether a file that begins so is NetCDF, classic or on HDF5."""
    return head.startswith((*CLASSIC, HDF5))


@contextmanager
def opened(path: Path) -> Iterator[xr.Dataset]:
    """A dataset, lazy, with CF attributes decoded where xarray can.

    Raises
    ------
    WeatherDataError
        The file cannot be read, or its values cannot while they are asked for.
    ConfigurationError
        The package that reads this kind is not installed.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if not is_netcdf(head):
        raise WeatherDataError(path.name, "a NetCDF file", f"one that begins with {head!r}")
    # By class: a name makes xarray load all engines that are installed, cfgrib and its ecCodes too.
    engine: type[BackendEntrypoint] = ScipyBackendEntrypoint
    if head.startswith(HDF5):
        need(path.name, "h5netcdf", "h5py", extra="weather")
        engine = H5netcdfBackendEntrypoint
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of decoding, about variables that nobody asks for
            dataset = xr.open_dataset(path, engine=engine)
        with dataset:
            yield dataset
    except SolweigError:
        raise
    except Exception as error:  # what libraries raise on damaged files, MemoryError too, is no list
        text = " ".join(str(error).split())[:200]
        raise WeatherDataError(
            path.name, "a whole NetCDF file", f"{type(error).__name__}: {text}"
        ) from error

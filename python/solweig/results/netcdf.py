"""A run as one CF NetCDF file: steps ``(time, y, x)``, statistics ``(y, x)`` and the weather.

HDF5 takes one writer at a time and says nothing of a file that was cut off. So tiles never write
it: it is put together window by window from what they left, under another name until it is whole.
Needs ``pip install solweig[netcdf]``.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solweig.atomic import atomic_path
from solweig.errors import ConfigurationError
from solweig.rasters.cf import (
    TIME_BOUNDS,
    WEATHER_ATTRIBUTES,
    cf_coordinates,
    encoded_times,
    global_attributes,
    stored_attributes,
)
from solweig.rasters.georef import GeoReference
from solweig.rasters.windows import Where
from solweig.tiles.store import Results

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["NETCDF_NAME", "need_netcdf", "refuse_other_netcdf", "write_dataset", "write_netcdf"]

NETCDF_NAME = "solweig.nc"
_INSTALL = "pip install 'solweig[netcdf]'"
_RUN_ID = "solweig_run_id"
_REQUEST_ID = "solweig_request_id"
_CHUNK = 512
"""Side of a chunk at the most [px]; the tiles do not matter, so neither do they for the bytes."""
_WINDOW = 2 * _CHUNK
"""Side of what is in memory at one time [px]: whole chunks."""
_GZIP_LEVEL = 2


def need_netcdf() -> Any:
    """The h5netcdf package.

    Raises
    ------
    ConfigurationError
        It or h5py is not installed, or it is too old.
    """
    try:
        import h5netcdf
        import h5py  # noqa: F401 - h5netcdf takes it up only when it opens a file
    except ImportError as error:
        raise ConfigurationError(
            "output_format", "h5netcdf and h5py installed", str(error), _INSTALL
        ) from error
    if int(h5netcdf.__version__.split(".")[0]) < 1:
        raise ConfigurationError(
            "output_format", "h5netcdf 1 or newer", h5netcdf.__version__, _INSTALL
        )
    return h5netcdf


def refuse_other_netcdf(
    path: Path,
    *,
    run_id: str | None = None,
    request_id: str | None = None,
    others: Collection[str] = (),
) -> None:
    """Check that a place holds no file, or one of a run that is known.

    Parameters
    ----------
    path
        The file.
    run_id, request_id
        Of this run; the one that is known.
    others
        The same of other runs of the folder.

    Raises
    ------
    ConfigurationError
        It holds another.
    """
    h5netcdf = need_netcdf()
    if not path.exists():
        return
    attribute, own = (_REQUEST_ID, request_id) if run_id is None else (_RUN_ID, run_id)
    try:
        with h5netcdf.File(path, "r") as file:
            found = file.attrs.get(attribute)
    except Exception:  # h5py has many errors for what is no HDF5
        found = None
    if found is None or found not in (own, *others):
        what = "a NetCDF file of another run" if found else "a file that is not ours"
        raise ConfigurationError(
            "output_format", "a place without a NetCDF file, or with that of this run",
            f"{path}, {what}", "Choose another folder, or pass overwrite=True.",
        )  # fmt: skip


def write_netcdf(
    path: Path,
    results: Results,
    georef: GeoReference,
    times: Sequence[datetime],
    version: str,
    *,
    bounds: NDArray[np.datetime64],
    grids: Mapping[str, NDArray[np.float32]],
    series: Mapping[str, NDArray[Any]],
    run_id: str,
    request_id: str,
) -> None:
    """Write the file; it has its name only once it is whole.

    Parameters
    ----------
    path
        The file; one that is there is replaced.
    results
        Holds ``step/NAME`` for every variable of the steps; read by window.
    georef
        Where the rasters lie.
    times
        One stamp per step.
    version
        Of this package.
    bounds
        Beginning and end of the interval each step stands for, ``[time, 2]``.
    grids
        Statistics ``[row, col]`` by name.
    series
        Weather ``[time]`` by name.
    run_id, request_id
        Of the run.

    Raises
    ------
    DiskFull
        There was no room.
    OSError
        It cannot be written.
    """
    h5netcdf = need_netcdf()
    rows, cols = georef.shape
    for left in path.parent.glob(f".{path.stem}.*.partial{path.suffix}"):
        left.unlink(missing_ok=True)  # of a run that was killed
    with atomic_path(path) as temporary, _created(h5netcdf, temporary) as (file, sink):
        # Without the date: a run that was resumed is byte for byte the one that was not.
        about = {k: v for k, v in global_attributes(version).items() if k != "history"}
        file.attrs.update({**about, _RUN_ID: run_id, _REQUEST_ID: request_id})
        file.dimensions = {"time": len(times), "y": rows, "x": cols, "nv": 2}
        for name, (dims, values, attrs) in cf_coordinates(georef, times, bounds).items():
            if name in ("time", TIME_BOUNDS):
                values, attrs = encoded_times(values, attrs)
                values = values.astype(np.float64)  # CF knows 64-bit integers only of late
            _small(file, name, dims, np.asarray(values), attrs)
        for name, values in series.items():
            _small(file, name, ("time",), np.asarray(values), WEATHER_ATTRIBUTES[name])
        for name in results.names("step"):
            variable = _raster(file, name, ("time", "y", "x"), (len(times), rows, cols))
            for step in range(len(times)):
                for where in _windows(rows, cols):
                    variable[(step, *where)] = results.read(f"step/{name}", where, step)
                    sink.check()
        for name, grid in grids.items():
            variable = _raster(file, name, ("y", "x"), (rows, cols))
            for where in _windows(rows, cols):
                variable[where] = np.asarray(grid[where])
                sink.check()


def write_dataset(path: Path, dataset: xr.Dataset) -> None:
    """Write a dataset whose arrays are in memory or mapped; it has its name only once it is whole.

    Parameters
    ----------
    path
        The file; one that is there is replaced.
    dataset
        Times are encoded as :func:`encoded_times` does.

    Raises
    ------
    DiskFull
        There was no room.
    OSError
        It cannot be written.
    """
    h5netcdf = need_netcdf()
    with atomic_path(path) as temporary, _created(h5netcdf, temporary) as (file, sink):
        # Without the date: the same run gives the same bytes.
        file.attrs.update({k: v for k, v in dataset.attrs.items() if k != "history"})
        file.dimensions = {str(name): size for name, size in dataset.sizes.items()}
        for name, coordinate in dataset.coords.items():
            values, attrs = coordinate.values, dict(coordinate.attrs)
            if values.dtype.kind == "M":
                values, attrs = encoded_times(values, attrs)
                values = values.astype(np.float64)
            _small(file, str(name), [str(d) for d in coordinate.dims], values, attrs)
        for name, variable in dataset.data_vars.items():
            sizes = variable.shape
            side = max(1, _CHUNK**2 // max(int(np.prod(sizes[1:])), 1))
            own = file.create_variable(
                str(name),
                tuple(str(d) for d in variable.dims),
                dtype=np.float32,
                fillvalue=np.float32(np.nan),
                chunks=(min(side, sizes[0]), *sizes[1:]),
                compression="gzip",
                compression_opts=_GZIP_LEVEL,
                shuffle=True,
            )
            of = " ".join(str(c) for c in dataset.coords if c not in dataset.dims)
            own.attrs.update({**variable.attrs, "coordinates": of})
            for first in range(0, sizes[0], side):
                own[first : first + side] = variable.values[first : first + side]
                sink.check()


class _Sink(io.RawIOBase):
    """A file for HDF5, which must not hear of an error.

    On a full disk, or where Ctrl-C falls between two of its writes, HDF5 loses count of what is
    open and ends in a segmentation fault. Here the first error is kept for :meth:`check`, and what
    follows is thrown away: so is the file.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b", buffering=0)
        self._error: BaseException | None = None

    def check(self) -> None:
        """Raise the first error, if there was one."""
        if self._error is not None:
            raise self._error

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        return int(self._file.readinto(buffer) or 0)

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        done = 0
        try:
            while self._error is None and done < len(view):
                done += self._file.write(view[done:])
        except BaseException as error:
            self._error = error
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        try:
            if self._error is None:
                return self._file.truncate(size)
        except BaseException as error:
            self._error = error
        return size or 0

    def close(self) -> None:
        self._file.close()
        super().close()


@contextmanager
def _created(h5netcdf: Any, path: Path) -> Iterator[tuple[Any, _Sink]]:
    """A file to write, and what tells of its errors; whole when it is left without one."""
    with _Sink(path) as sink:
        with h5netcdf.File(sink, "w") as file:
            yield file, sink
        sink.check()


def _small(
    file: Any, name: str, dims: Sequence[str], values: NDArray[Any], attrs: Mapping[str, Any]
) -> None:
    variable = file.create_variable(name, tuple(dims), data=values)
    variable.attrs.update(attrs)


def _raster(file: Any, name: str, dims: Sequence[str], shape: tuple[int, ...]) -> Any:
    """A variable to be written by window; cells without data are NaN."""
    sides = tuple(min(side, _CHUNK) for side in shape[-2:])
    variable = file.create_variable(
        name,
        tuple(dims),
        dtype=np.float32,
        fillvalue=np.float32(np.nan),
        chunks=(1,) * (len(shape) - 2) + sides,
        compression="gzip",
        compression_opts=_GZIP_LEVEL,
        shuffle=True,
    )
    variable.attrs.update(stored_attributes(name))
    return variable


def _windows(rows: int, cols: int) -> Iterator[Where]:
    for row in range(0, rows, _WINDOW):
        for col in range(0, cols, _WINDOW):
            yield slice(row, min(row + _WINDOW, rows)), slice(col, min(col + _WINDOW, cols))

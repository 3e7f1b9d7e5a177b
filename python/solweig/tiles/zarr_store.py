"""A run as a Zarr cube: steps ``(time, y, x)``, statistics ``(y, x)`` and the thermal state.

Every tile writes its own chunks, so tiles need no lock between them. The cube follows the CF
conventions and opens with ``xarray.open_zarr``. Needs ``pip install solweig[zarr]``.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from solweig.atomic import full_disk_told
from solweig.errors import ConfigurationError, DiskFull
from solweig.rasters.cf import (
    GRID_MAPPING,
    TIME_BOUNDS,
    TIME_ENCODING,
    WEATHER_ATTRIBUTES,
    cf_coordinates,
    global_attributes,
    step_attributes,
)
from solweig.rasters.georef import GeoReference
from solweig.tiles.store import Where

__all__ = ["CUBE_NAME", "ZarrStore", "chunks_of", "need_zarr", "refuse_other_cube"]

CUBE_NAME = "solweig.zarr"
_RUN_ID = "solweig_run_id"
_REQUEST_ID = "solweig_request_id"
"""Of a run's inputs and parameters but for the sky view, which is not known yet when a store should
be refused."""
_LONGEST_CHUNK = 1024


def need_zarr() -> Any:
    """The zarr package.

    Raises
    ------
    ConfigurationError
        It is not installed, or too old.
    """
    try:
        import zarr
    except ImportError as error:
        raise ConfigurationError(
            "output_format", "zarr installed", str(error), "pip install 'solweig[zarr]'"
        ) from error
    if int(zarr.__version__.split(".")[0]) < 3:
        raise ConfigurationError(
            "output_format", "zarr 3 or newer", zarr.__version__, "pip install 'solweig[zarr]'"
        )
    return zarr


def refuse_other_cube(
    path: str | Path, *, run_id: str | None = None, request_id: str | None = None
) -> None:
    """Check that a place holds no store, or one of this run.

    Parameters
    ----------
    path
        Folder or URL.
    run_id, request_id
        Of this run; the one that is known.

    Raises
    ------
    ConfigurationError
        It holds another.
    """
    zarr = need_zarr()
    attribute, own = (_REQUEST_ID, request_id) if run_id is None else (_RUN_ID, run_id)
    try:
        found = zarr.open_group(str(path), mode="r").attrs.get(attribute)
    except FileNotFoundError:
        return
    if found != own:
        what = "a Zarr store of another run" if found else "a Zarr store that is not ours"
        raise ConfigurationError(
            "output_format", "a place without a Zarr store, or with that of this run",
            f"{path}, {what}", "Choose another folder or storage, or pass overwrite=True.",
        )  # fmt: skip


def chunks_of(core: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of a chunk: a core, or an equal part of one that is long.

    Chunks must not cross the edge of a core, or two tiles would write the same chunk.
    """
    return _part(core[0]), _part(core[1])


def _part(core: int) -> int:
    parts = math.ceil(core / _LONGEST_CHUNK)
    while core % parts:
        parts += 1
    return core // parts if core // parts >= 64 else core


class ZarrStore:
    """Results of a run in a Zarr group; see :class:`solweig.tiles.store.Results`.

    Parameters
    ----------
    path
        Folder of the group, or a URL that fsspec understands.
    names
        Of each array in the group, by its name here.
    chunk
        Rows and columns of a chunk [px].
    """

    def __init__(self, path: str | Path, names: Mapping[str, str], chunk: tuple[int, int]) -> None:
        self.path = str(path)
        self._names = dict(names)
        self._chunk = chunk
        self._group: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_group": None}

    def begin(
        self,
        georef: GeoReference,
        times: Sequence[datetime],
        version: str,
        *,
        bounds: NDArray[np.datetime64],
        series: Mapping[str, NDArray[Any]],
        run_id: str,
        request_id: str,
        keep: bool,
    ) -> None:
        """Make the group, its coordinates and the weather; with ``keep``, what is there stays.

        Raises
        ------
        ConfigurationError
            The place cannot be written, or holds something else.
        """
        zarr = need_zarr()
        try:
            with full_disk_told(self.path):
                self._begin(
                    zarr, georef, times, version, bounds=bounds, series=series, run_id=run_id,
                    request_id=request_id, keep=keep,
                )  # fmt: skip
        except DiskFull:
            raise
        except OSError as error:
            raise ConfigurationError(
                "output_dir", "a place that can be written", f"{self.path} ({error})"
            ) from error

    def _begin(
        self,
        zarr: Any,
        georef: GeoReference,
        times: Sequence[datetime],
        version: str,
        *,
        bounds: NDArray[np.datetime64],
        series: Mapping[str, NDArray[Any]],
        run_id: str,
        request_id: str,
        keep: bool,
    ) -> None:
        mode = "a" if keep else "w"
        self._group = zarr.open_group(self.path, mode=mode, zarr_format=3)
        # Without the date: a run that was resumed is byte for byte the one that was not.
        about = {k: v for k, v in global_attributes(version).items() if k != "history"}
        self._group.attrs.update({**about, _RUN_ID: run_id, _REQUEST_ID: request_id})
        for name, (dims, values, attrs) in cf_coordinates(georef, times, bounds).items():
            if name in ("time", TIME_BOUNDS):
                values, attrs = _encoded_times(values, attrs)
            self._small(name, dims, np.asarray(values), attrs)
        for name, values in series.items():
            self._small(name, ("time",), np.asarray(values), WEATHER_ATTRIBUTES[name])

    def begin_plain(self, *, keep: bool) -> None:
        """Make the group without coordinates, for working files.

        Parameters
        ----------
        keep
            Leave what is there.
        """
        self._group = need_zarr().open_group(self.path, mode="a" if keep else "w", zarr_format=3)

    def _small(
        self, name: str, dims: Sequence[str], values: NDArray[Any], attrs: Mapping[str, Any]
    ) -> None:
        array = self._group.create_array(
            name,
            shape=values.shape,
            chunks=values.shape or (),
            dtype=values.dtype,
            dimension_names=tuple(dims) or None,
            attributes=dict(attrs),
            overwrite=True,
        )
        array[...] = values

    def create(self, name: str, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> None:
        """See :class:`solweig.tiles.store.Results`; cells that no tile writes are NaN."""
        from zarr.codecs import BloscCodec

        stored = self._names[name]
        steps = name.startswith("step/")
        words = len(shape) == 3 and not steps
        if stored in self._opened() and self._opened()[stored].shape == shape:
            return
        self._opened().create_array(
            stored,
            shape=shape,
            chunks=(1, *self._chunk) if steps else (*self._chunk, *shape[2:]),
            dtype=np.dtype(dtype),
            fill_value=0 if words else np.nan,
            compressors=BloscCodec(cname="zstd", clevel=1, shuffle="bitshuffle"),
            dimension_names=("time", "y", "x") if steps else ("y", "x", "word")[: len(shape)],
            attributes=_attributes(name),
            overwrite=True,
        )

    def write(self, name: str, where: Where, values: Any, step: int | None = None) -> None:
        """See :class:`solweig.tiles.store.Results`."""
        array = self._array(name)
        array[where if step is None else (step, *where)] = values

    def read(self, name: str, where: Where | None = None, step: int | None = None) -> NDArray[Any]:
        """See :class:`solweig.tiles.store.Results`."""
        array = self._array(name)
        window = (slice(None), slice(None)) if where is None else where
        if step is not None:
            return np.asarray(array[(step, *window)])
        return np.asarray(array[...] if where is None else array[window])

    def names(self, prefix: str) -> list[str]:
        """See :class:`solweig.tiles.store.Results`."""
        start = f"{prefix}/"
        return [n.removeprefix(start) for n in self._names if n.startswith(start)]

    def release(self) -> None:
        """Nothing is held."""

    def finish(self, grids: Mapping[str, NDArray[np.float32]]) -> None:
        """Add the statistics ``(y, x)`` and gather the metadata, so that opening is one read."""
        for name, grid in grids.items():
            self._names[f"statistic/{name}"] = name
            self.create(f"statistic/{name}", grid.shape)
            array = self._array(f"statistic/{name}")
            rows = self._chunk[0]
            for row in range(0, grid.shape[0], rows):
                array[row : row + rows] = np.asarray(grid[row : row + rows])
        with warnings.catch_warnings():
            # Zarr 3 has not settled how this is stored; xarray reads and asks for it.
            warnings.simplefilter("ignore")
            need_zarr().consolidate_metadata(self.path, zarr_format=3)

    def _opened(self) -> Any:
        if self._group is None:
            self._group = need_zarr().open_group(self.path, mode="r+", zarr_format=3)
        return self._group

    def _array(self, name: str) -> Any:
        return self._opened()[self._names[name]]


def _encoded_times(
    stamps: NDArray[np.datetime64], attrs: Mapping[str, Any]
) -> tuple[NDArray[np.int64], dict[str, Any]]:
    seconds = stamps.astype("datetime64[s]").astype(np.int64)
    return seconds, {**attrs, **TIME_ENCODING}


def _attributes(name: str) -> dict[str, Any]:
    kind, _, own = name.partition("/")
    if kind == "state":
        return {"long_name": f"thermal state: {own}"}
    # Named as a coordinate, so that xarray takes the grid mapping along.
    described = step_attributes(own if kind in ("step", "statistic") else None)
    return {**described, "coordinates": GRID_MAPPING}

"""A run as a Zarr cube: steps ``(time, y, x)``, statistics ``(y, x)`` and the thermal state.

Every tile writes its own chunks, so tiles need no lock between them. Further periods append in
time; statistics are of the last run. The cube follows the CF conventions and opens with
``xarray.open_zarr``. Needs ``pip install solweig[zarr]``.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Collection, Mapping, Sequence
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
    WEATHER_ATTRIBUTES,
    cf_coordinates,
    encoded_times,
    global_attributes,
    naive_utc,
    step_attributes,
    stored_attributes,
)
from solweig.rasters.georef import GeoReference
from solweig.tiles.store import Where

__all__ = [
    "CUBE_NAME",
    "ZarrStore",
    "check_appends",
    "chunks_of",
    "need_zarr",
    "refuse_other_cube",
]

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
    path: str | Path,
    *,
    run_id: str | None = None,
    request_id: str | None = None,
    others: Collection[str] = (),
) -> None:
    """Check that a place holds no store, or one of a run that is known.

    Parameters
    ----------
    path
        Folder or URL.
    run_id, request_id
        Of this run; the one that is known.
    others
        The same of other runs of the folder.

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
    if found is None or found not in (own, *others):
        what = "a Zarr store of another run" if found else "a Zarr store that is not ours"
        raise ConfigurationError(
            "output_format", "a place without a Zarr store, or with that of this run",
            f"{path}, {what}", "Choose another folder or storage, or pass overwrite=True.",
        )  # fmt: skip


def check_appends(path: str | Path, times: Sequence[datetime]) -> None:
    """Check that steps come after those of a cube, or are among them.

    Raises
    ------
    ConfigurationError
        Some would have to go between or before them.
    """
    known, own = _times_of(path), _seconds(times)
    new = np.setdiff1d(own, known)
    if known.size and new.size and new[0] < known[-1]:
        last, first = (np.datetime64(int(t), "s") for t in (known[-1], new[0]))
        raise ConfigurationError(
            "output_format", f"for Zarr steps after {last}, the last one in {path}",
            f"one at {first}", "Run periods in the order of time, or choose another folder.",
        )  # fmt: skip


def _times_of(path: str | Path) -> NDArray[np.int64]:
    """Stamps of the steps in a cube, encoded; none where there is no cube."""
    try:
        group = need_zarr().open_group(str(path), mode="r", use_consolidated=False)
        return np.asarray(group["time"][...], np.int64)
    except (FileNotFoundError, KeyError):
        return np.empty(0, np.int64)


def _seconds(times: Sequence[datetime]) -> NDArray[np.int64]:
    return encoded_times(naive_utc(times)[0], {})[0]


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
        # Where the steps of this run are on the time axis of the cube; None: they are all of it.
        self._axis: NDArray[np.intp] | None = None
        self._length = 0
        self._held: frozenset[tuple[str, int]] = frozenset()

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
        extend: bool = False,
        held: Collection[tuple[str, int]] = (),
        sides: tuple[int, int] | None = None,
    ) -> None:
        """Make the group, its coordinates and the weather.

        Parameters
        ----------
        georef
            Where the rasters lie.
        times, bounds
            Stamp and interval of each step.
        version
            Of this package.
        series
            Weather ``[time]`` by name.
        run_id, request_id
            Of the run.
        keep
            What is there of this run stays.
        extend
            The group has steps of other runs, which stay.
        held
            Arrays and steps of this run that another has written; they are not written again.
        sides
            Rows and columns of a core, where there are several.

        Raises
        ------
        ConfigurationError
            The place cannot be written, or holds something else; tiles that do not fit its chunks.
        """
        zarr = need_zarr()
        try:
            with full_disk_told(self.path):
                known = _times_of(self.path) if extend else np.empty(0, np.int64)
                self._begin(
                    zarr, georef, times, version, bounds=bounds, series=series, run_id=run_id,
                    request_id=request_id, keep=keep, known=known,
                )  # fmt: skip
                if self._axis is not None:
                    there = np.isin(_seconds(times), known)
                    self._held = frozenset(
                        (name, step) for name, step in held
                        if there[step] and self._names[name] in self._group
                    )  # fmt: skip
                    self._fit(sides)
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
        known: NDArray[np.int64],
    ) -> None:
        adds = known.size > 0
        mode = "a" if keep or adds else "w"
        # What is gathered of the metadata is old until :meth:`finish`.
        self._group = zarr.open_group(self.path, mode=mode, zarr_format=3, use_consolidated=False)
        # Without the date: a run that was resumed is byte for byte the one that was not.
        about = {k: v for k, v in global_attributes(version).items() if k != "history"}
        self._group.attrs.update({**about, _RUN_ID: run_id, _REQUEST_ID: request_id})
        if adds:
            own = _seconds(times)
            whole = np.union1d(known, own)
            self._axis, self._length = np.searchsorted(whole, own), whole.size
        coordinates = cf_coordinates(georef, times, bounds)
        small = {name: (("time",), v, WEATHER_ATTRIBUTES[name]) for name, v in series.items()}
        # The time axis last: a cube that is extended in part still ends where it did.
        for name in (*sorted(coordinates.keys() - {"time"}), *small, "time"):
            dims, values, attrs = {**small, **coordinates}[name]
            if name in ("time", TIME_BOUNDS):
                values, attrs = encoded_times(values, attrs)
            if adds and "time" in dims:
                values = self._extended(name, np.asarray(values), len(known))
            self._small(name, dims, np.asarray(values), attrs)
        if adds:
            self._lengthen()

    def _extended(self, name: str, values: NDArray[Any], known: int) -> NDArray[Any]:
        """Values of this run's steps after those that a coordinate has."""
        whole = np.zeros((self._length, *values.shape[1:]), values.dtype)
        if name in self._group:
            whole[:known] = self._group[name][:known]
        whole[self._axis] = values
        return whole

    def _lengthen(self) -> None:
        """Give every raster of steps the length of the time axis."""
        for _, array in self._group.arrays():
            if array.ndim == 3 and array.shape[0] != self._length:
                array.resize((self._length, *array.shape[1:]))

    def _fit(self, sides: tuple[int, int] | None) -> None:
        """Take over the chunks of a cube that is extended; no two tiles may write the same one."""
        there = next((a.chunks[1:] for _, a in self._group.arrays() if a.ndim == 3), self._chunk)
        if sides is not None and any(s % c for s, c in zip(sides, there, strict=True)):
            raise ConfigurationError(
                "tile_size", f"cores of whole chunks of the cube that is there: {there}",
                f"cores of {sides}", "Choose another tile_size or another folder.",
            )  # fmt: skip
        self._chunk = there

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
        if steps and self._axis is not None:
            shape = (self._length, *shape[1:])
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
        if step is not None and (name, step) in self._held:
            return
        self._array(name)[where if step is None else (self._at(step), *where)] = values

    def read(self, name: str, where: Where | None = None, step: int | None = None) -> NDArray[Any]:
        """See :class:`solweig.tiles.store.Results`."""
        array = self._array(name)
        window = (slice(None), slice(None)) if where is None else where
        if step is not None:
            return np.asarray(array[(self._at(step), *window)])
        return np.asarray(array[...] if where is None else array[window])

    def _at(self, step: int) -> int:
        """Where a step of this run is on the time axis."""
        return step if self._axis is None else int(self._axis[step])

    def names(self, prefix: str) -> list[str]:
        """See :class:`solweig.tiles.store.Results`."""
        start = f"{prefix}/"
        return [n.removeprefix(start) for n in self._names if n.startswith(start)]

    def release(self) -> None:
        """Nothing is held."""

    def finish(self, grids: Mapping[str, NDArray[np.float32]]) -> None:
        """Add the statistics ``(y, x)`` and gather the metadata, so that opening is one read."""
        for name in [n for n, a in self._opened().arrays() if a.ndim == 2 and n not in grids]:
            if self._opened()[name].metadata.dimension_names == ("y", "x"):
                del self._opened()[name]  # of an earlier run with other thresholds
        for name, grid in grids.items():
            self._names[f"statistic/{name}"] = name
            self.create(f"statistic/{name}", grid.shape)
            array = self._array(f"statistic/{name}")
            rows = self._chunk[0]
            for row in range(0, grid.shape[0], rows):
                array[row : row + rows] = np.asarray(grid[row : row + rows])
        self._sweep()
        with warnings.catch_warnings():
            # Zarr 3 has not settled how this is stored; xarray reads and asks for it.
            warnings.simplefilter("ignore")
            need_zarr().consolidate_metadata(self.path, zarr_format=3)

    def _sweep(self) -> None:
        """Delete what workers that were killed have begun to write and not put in its place."""
        if "://" not in self.path:
            for begun in Path(self.path).rglob("*.partial"):
                begun.unlink(missing_ok=True)

    def _opened(self) -> Any:
        if self._group is None:
            self._group = need_zarr().open_group(
                self.path, mode="r+", zarr_format=3, use_consolidated=False
            )
        return self._group

    def _array(self, name: str) -> Any:
        return self._opened()[self._names[name]]


def _attributes(name: str) -> dict[str, Any]:
    kind, _, own = name.partition("/")
    if kind == "state":
        return {"long_name": f"thermal state: {own}"}
    if kind in ("step", "statistic"):
        return stored_attributes(own)
    return {**step_attributes(), "coordinates": GRID_MAPPING}

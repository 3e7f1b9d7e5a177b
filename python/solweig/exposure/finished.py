"""The steps of a finished run, read by window from its folder, whatever format they are in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError
from solweig.rasters.cf import TIME_BOUNDS, naive_utc
from solweig.rasters.georef import GeoReference
from solweig.rasters.geotiff import NODATA
from solweig.rasters.variables import COMFORT
from solweig.rasters.windows import Where
from solweig.results.metadata import load_finished
from solweig.results.netcdf import NETCDF_NAME, need_netcdf
from solweig.results.outputs import ground_path, step_path, summary_path
from solweig.tiles.zarr_store import CUBE_NAME, need_zarr
from solweig.typing import F32, U8
from solweig.weather.sun import bounds_of_steps

__all__ = ["FORMATS", "FinishedRun"]

FORMATS = ("geotiff", "zarr", "netcdf")
_RUN_ID = "solweig_run_id"
_ENDS = ("start", "end")
_LEAST_BLOCK = 64
"""Side of a window worth a call of its own [px]."""

Read = Callable[[str, int, Sequence[Where]], list[F32]]


@dataclass(frozen=True)
class _Steps:
    """Where the steps lie: begin and end on the run's clock ``[n, 2]``, block, how to read."""

    bounds: NDArray[np.datetime64]
    block: tuple[int, int]
    read: Read


@dataclass(frozen=True)
class FinishedRun:
    """A complete run in its folder.

    Attributes
    ----------
    folder
        Of the run.
    georef
        Its grid.
    format
        Which of its files the steps are read from.
    quantities
        Of ``tmrt``, ``utci``, ``pet`` and the other heat indices, those it kept for every step.
    summaries
        Names of its summary maps.
    bounds
        Beginning and end of the interval each step stands for, ``[step, 2]``, on the clock of the
        weather.
    utc_offset
        What that clock is ahead of UTC [h].
    """

    folder: Path
    georef: GeoReference
    format: str
    quantities: tuple[str, ...]
    summaries: tuple[str, ...]
    bounds: NDArray[np.datetime64]
    utc_offset: float
    block: tuple[int, int]
    _read: Read

    @classmethod
    def open(cls, folder: str | Path, *, format: str | None = None) -> FinishedRun:
        """Look at a run; reads no raster.

        Parameters
        ----------
        folder
            Output folder of the run.
        format
            One of :data:`FORMATS`; None takes the first that is there.

        Raises
        ------
        FileNotFoundError
            No run in the folder.
        ConfigurationError
            A run that is not complete, or without rasters of its steps.
        """
        place = Path(folder)
        told = load_finished("run", place)
        kept = tuple(n for n in told["parameters"].get("outputs", ()) if n in COMFORT)
        if format in (None, "geotiff"):
            kept = _with_earlier(place, kept, told)
        if not kept:
            raise ConfigurationError(
                "run", f"a run that kept one of {', '.join(COMFORT)} for every step",
                f"{place}, which kept {', '.join(told['parameters'].get('outputs', ())) or 'none'}",
                "solweig run --outputs tmrt,utci keeps them.",
            )  # fmt: skip
        chosen = _format(place, kept, format)
        clock = _Clock.of(told)
        with _damage_told(place):
            steps = _OPENERS[chosen](place, kept, told, clock)
        about = told["inputs"]["surface"]
        georef = GeoReference.of_grid(
            tuple(about["shape"]), about["pixel_size"], about["geotransform"], about["crs"]
        )
        found = sorted((place / "summary").glob("*.tif"))
        return cls(
            place, georef, chosen, kept, tuple(path.stem for path in found), steps.bounds,
            clock.offset, steps.block, steps.read,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.bounds)

    @property
    def hours(self) -> NDArray[np.float64]:
        """Length of each step [h]."""
        return np.asarray((self.bounds[:, 1] - self.bounds[:, 0]) / np.timedelta64(1, "h"))

    def stamp(self, time: np.datetime64) -> str:
        """A time of the run's clock as ISO text with the zone of that clock."""
        minutes = round(abs(self.utc_offset) * 60)
        sign = "-" if self.utc_offset < 0 else "+"
        text = str(time.astype("datetime64[s]"))
        return f"{text}{sign}{minutes // 60:02d}:{minutes % 60:02d}"

    def read_step(self, name: str, step: int, windows: Sequence[Where]) -> list[F32]:
        """Windows of one step, NaN where there is no value.

        Raises
        ------
        ConfigurationError
            A file that is damaged or gone.
        """
        with _damage_told(self.folder):
            return self._read(name, step, windows)

    def read_summary(self, name: str, windows: Sequence[Where]) -> list[F32]:
        """Windows of a summary map, NaN where there is no value.

        Raises
        ------
        ConfigurationError
            A file that is damaged or gone.
        """
        with _damage_told(self.folder):
            return _windows_of(summary_path(self.folder, name), windows)

    def read_ground(self, windows: Sequence[Where]) -> list[U8]:
        """Windows of the map of open ground: 1 where people stand, 0 on buildings.

        Raises
        ------
        ConfigurationError
            The run did not keep it, or the file is damaged.
        """
        path = ground_path(self.folder)
        if not path.is_file():
            raise ConfigurationError(
                "where", f"a run that says where its buildings are ({path.name})", "none",
                "Run it again, or count roofs as ground: where='all' (--where all).",
            )  # fmt: skip
        with _damage_told(self.folder):
            return [window.astype(np.uint8) for window in _windows_of(path, windows)]


def _with_earlier(folder: Path, kept: tuple[str, ...], told: Mapping[str, Any]) -> tuple[str, ...]:
    """With the quantities that a call before the last kept as GeoTIFFs for the same steps.

    Rasters of steps are the folder's: those of a step are of one weather and one set of parameters,
    whichever call wrote them.
    """
    if "geotiff" not in told.get("outputs", {}).get("formats", ("geotiff",)):
        return kept
    count = told["inputs"]["weather"]["n_timesteps"]
    return tuple(n for n in COMFORT if n in kept or len(_stamps(folder, n, told)) == count)


def _stamps(folder: Path, name: str, told: Mapping[str, Any]) -> list[datetime]:
    """Stamps of the rasters of a quantity within the period of a run; others are of other runs."""
    about = told["inputs"]["weather"]
    first, last = (datetime.fromisoformat(about[end]).replace(tzinfo=None) for end in _ENDS)
    found = [_stamp_of(path) for path in sorted((folder / name).glob(f"{name}_*.tif"))]
    return [stamp for stamp in found if first <= stamp <= last]


# ------------------------------------------------------------------ clock


@dataclass(frozen=True)
class _Clock:
    """The clock of the weather, and how its stamps tell of it."""

    offset: float
    aware: bool
    steady: bool

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> _Clock:
        about = told["inputs"]["weather"]
        zones = [datetime.fromisoformat(about[end]).utcoffset() for end in _ENDS]
        first = zones[0]
        if first is None:
            return cls(float(told["inputs"]["location"]["utc_offset"]), False, True)
        return cls(first / timedelta(hours=1), True, zones[0] == zones[1])

    def shifted(self, bounds: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
        """Bounds of a cube, in UTC where stamps carry a zone, on the clock."""
        if not self.aware:
            return bounds
        return bounds + np.timedelta64(round(self.offset * 3600), "s")


# ------------------------------------------------------------------ formats


def _format(folder: Path, kept: Sequence[str], wanted: str | None) -> str:
    there = {
        "geotiff": all(any((folder / name).glob(f"{name}_*.tif")) for name in kept),
        "zarr": (folder / CUBE_NAME).is_dir(),
        "netcdf": (folder / NETCDF_NAME).is_file(),
    }
    found = [name for name in FORMATS if there[name]]
    if wanted is not None and wanted not in FORMATS:
        raise ConfigurationError("format", ", ".join(FORMATS), repr(wanted))
    if not found or (wanted is not None and not there[wanted]):
        raise ConfigurationError(
            "run", f"rasters of every step ({wanted or ', '.join(FORMATS)})",
            f"{', '.join(found) or 'none'} in {folder}",
        )  # fmt: skip
    return wanted or found[0]


def _geotiff_steps(
    folder: Path, kept: Sequence[str], told: Mapping[str, Any], clock: _Clock
) -> _Steps:
    import rasterio

    if not clock.steady:
        raise ConfigurationError(
            "run", "GeoTIFFs whose names keep one clock", f"two zones in {folder}",
            "Runs as Zarr or NetCDF (--output-format) tell every time.",
        )  # fmt: skip
    count = told["inputs"]["weather"]["n_timesteps"]
    stamps = _stamps(folder, kept[0], told)
    for name in kept:
        missing = [s for s in stamps if not step_path(folder, name, s).is_file()]
        if len(stamps) != count or missing:
            raise ConfigurationError(
                "run", f"rasters of {name} for all {count} steps",
                f"{len(stamps) - len(missing)} in {folder / name}",
            )  # fmt: skip
    bounds = bounds_of_steps(
        np.array(stamps, "datetime64[ns]"), _minutes(told, count), told["intervals"]["stamp"]
    )
    with rasterio.open(step_path(folder, kept[0], stamps[0])) as source:
        rows, cols = source.block_shapes[0]

    def read(name: str, step: int, windows: Sequence[Where]) -> list[F32]:
        return _windows_of(step_path(folder, name, stamps[step]), windows)

    return _Steps(bounds.astype("datetime64[ms]"), _block(rows, cols), read)


def _stamp_of(path: Path) -> datetime:
    digits = path.stem.partition("_")[2]
    try:
        return datetime.strptime(digits, "%Y%m%d_%H%M%S" if len(digits) > 13 else "%Y%m%d_%H%M")
    except ValueError:
        raise ConfigurationError(
            "run", "rasters named by their time, as a run writes them", path.name
        ) from None


def _minutes(told: Mapping[str, Any], count: int) -> NDArray[np.float64]:
    about = told["intervals"]
    lengths = about["timestep_minutes"]
    if len(lengths) == 1:
        return np.full(count, float(lengths[0]))
    each = about.get("step_minutes")
    if each is None or len(each) != count:
        raise ConfigurationError(
            "run", "the length of every step in its metadata",
            f"several lengths, {', '.join(f'{m:g}' for m in lengths)} min",
            "Runs as Zarr or NetCDF (--output-format) tell them; so does this version of solweig.",
        )  # fmt: skip
    return np.asarray(each, np.float64)


def _zarr_steps(
    folder: Path, kept: Sequence[str], told: Mapping[str, Any], clock: _Clock
) -> _Steps:
    group = need_zarr().open_group(str(folder / CUBE_NAME), mode="r")
    _check_owner(group.attrs.get(_RUN_ID), told, folder / CUBE_NAME)
    arrays = {name: group[name] for name in kept}
    return _of_period(_cube(arrays, group[TIME_BOUNDS], clock), group["time"], told)


def _of_period(steps: _Steps, times: Any, told: Mapping[str, Any]) -> _Steps:
    """The steps of a run; those of other runs may be in the cube as well."""
    about = told["inputs"]["weather"]
    ends, _ = naive_utc([datetime.fromisoformat(about[end]) for end in _ENDS])
    first, last = ends.astype("datetime64[s]")
    stamps = np.asarray(times[...]).astype(np.int64).astype("datetime64[s]")
    own = np.flatnonzero((first <= stamps) & (stamps <= last))
    if len(own) != about["n_timesteps"]:
        raise ConfigurationError(
            "run", f"all {about['n_timesteps']} steps in the cube", f"{len(own)}"
        )

    def read(name: str, step: int, windows: Sequence[Where]) -> list[F32]:
        return steps.read(name, int(own[step]), windows)

    return replace(steps, bounds=steps.bounds[own], read=read)


def _netcdf_steps(
    folder: Path, kept: Sequence[str], told: Mapping[str, Any], clock: _Clock
) -> _Steps:
    h5netcdf, path = need_netcdf(), folder / NETCDF_NAME
    with h5netcdf.File(path, "r") as file:
        _check_owner(file.attrs.get(_RUN_ID), told, path)
        arrays = {name: file.variables[name] for name in kept}
        steps = _cube(arrays, file.variables[TIME_BOUNDS], clock)

    def read(name: str, step: int, windows: Sequence[Where]) -> list[F32]:
        # Opened for each, so that no file stays open for as long as somebody holds the run.
        with h5netcdf.File(path, "r") as file:
            return _cut(file.variables[name], step, windows)

    return replace(steps, read=read)


def _check_owner(found: Any, told: Mapping[str, Any], path: Path) -> None:
    if found != told["run_id"]:
        raise ConfigurationError("run", "steps of the run in the folder", f"another run in {path}")


def _cube(arrays: Mapping[str, Any], bounds: Any, clock: _Clock) -> _Steps:
    seconds = np.asarray(bounds[...]).astype(np.int64).astype("datetime64[s]")
    rows, cols = next(iter(arrays.values())).chunks[-2:]

    def read(name: str, step: int, windows: Sequence[Where]) -> list[F32]:
        return _cut(arrays[name], step, windows)

    return _Steps(clock.shifted(seconds).astype("datetime64[ms]"), _block(rows, cols), read)


def _cut(array: Any, step: int, windows: Sequence[Where]) -> list[F32]:
    return [np.asarray(array[(step, *where)], np.float32) for where in windows]


_OPENERS = {"geotiff": _geotiff_steps, "zarr": _zarr_steps, "netcdf": _netcdf_steps}


def _block(rows: int, cols: int) -> tuple[int, int]:
    return max(int(rows), _LEAST_BLOCK), max(int(cols), _LEAST_BLOCK)


def _windows_of(path: Path, windows: Sequence[Where]) -> list[F32]:
    import rasterio
    from rasterio.windows import Window

    found = []
    with rasterio.open(path) as source:
        for rows, cols in windows:
            window = Window(
                cols.start, rows.start, cols.stop - cols.start, rows.stop - rows.start
            )  # fmt: skip
            grid = source.read(1, window=window).astype(np.float32, copy=False)
            grid[grid == np.float32(NODATA)] = np.nan
            found.append(grid)
    return found


@contextmanager
def _damage_told(folder: Path) -> Iterator[None]:
    """Every library has its own errors for damaged files.

    Raises
    ------
    ConfigurationError
        Whatever one of them said.
    """
    try:
        yield
    except (ConfigurationError, MemoryError):
        raise
    except Exception as error:
        raise ConfigurationError(
            "run", "rasters that can be read", f"{folder} ({type(error).__name__}: {error})"
        ) from error

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

from solweig.config import WALL_TEMPERATURE
from solweig.errors import ConfigurationError
from solweig.rasters.cf import TIME_BOUNDS
from solweig.rasters.georef import GeoReference
from solweig.rasters.geotiff import NODATA
from solweig.rasters.variables import COMFORT
from solweig.rasters.windows import Where
from solweig.results.metadata import FILE_NAME, load_finished, load_run_metadata
from solweig.results.netcdf import NETCDF_NAME, need_netcdf
from solweig.results.outputs import ARCHIVE, ground_path, step_path, summary_path
from solweig.tiles.zarr_store import CUBE_NAME, need_zarr
from solweig.typing import F32, U8
from solweig.weather.sun import bounds_of_steps

__all__ = ["FORMATS", "FinishedRun", "read_map"]

FORMATS = ("geotiff", "zarr", "netcdf")
_RUN_ID = "solweig_run_id"
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
class _Place:
    """A run and the folder of its steps, which several runs may share."""

    folder: Path
    told: Mapping[str, Any]
    kept: tuple[str, ...]
    clock: _Clock
    #: Where the rasters of steps are; above the run where that has made room for a later one.
    steps: Path

    @property
    def stamps(self) -> list[datetime] | None:
        """Of its steps in names of files; None where the run does not tell."""
        named = self.told.get("steps")
        return [_time_of(text, text) for text in named] if isinstance(named, Mapping) else None

    @property
    def owners(self) -> tuple[Any, ...]:
        """Runs whose name a file of its steps may bear: this one, or the last in the folder."""
        if self.steps == self.folder:
            return (self.told["run_id"],)
        last = self.steps / FILE_NAME
        return (
            self.told["run_id"],
            *([load_run_metadata(last).get("run_id")] if last.is_file() else []),
        )


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
        Those it kept for every step, among the ones that were asked for.
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
    def open(
        cls,
        folder: str | Path,
        *,
        format: str | None = None,
        among: Sequence[str] | None = COMFORT,
    ) -> FinishedRun:
        """Look at a run; reads no raster.

        Parameters
        ----------
        folder
            Output folder of the run, or ``runs/<start>_<end>/`` below it of an earlier one.
        format
            One of :data:`FORMATS`; None takes the first that is there.
        among
            Quantities that are wanted; None is every raster it kept.

        Raises
        ------
        FileNotFoundError
            No run in the folder.
        ConfigurationError
            A run that is not complete, or without rasters of its steps.
        """
        place = Path(folder)
        told = load_finished("run", place)
        # Walls are no raster, but a file of their own.
        wrote = [n for n in told["parameters"].get("outputs", ()) if n != WALL_TEMPERATURE]
        kept = tuple(n for n in wrote if among is None or n in among)
        if among is not None and format in (None, "geotiff"):
            kept = _with_earlier(_folder_of_steps(place), kept, told, among)
        if not kept:
            raise ConfigurationError(
                "run", f"a run that kept {_one_of(among)} for every step",
                f"{place}, which kept {', '.join(told['parameters'].get('outputs', ())) or 'none'}",
                "solweig run --outputs tmrt,utci keeps them.",
            )  # fmt: skip
        clock = _Clock.of(told)
        where = _Place(place, told, kept, clock, _folder_of_steps(place))
        chosen = _format(where, format)
        with _damage_told(place):
            steps = _OPENERS[chosen](where)
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
        return read_map(summary_path(self.folder, name), windows)

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
        return [window.astype(np.uint8) for window in read_map(path, windows)]


def _with_earlier(
    folder: Path, kept: tuple[str, ...], told: Mapping[str, Any], among: Sequence[str]
) -> tuple[str, ...]:
    """With the quantities that other calls kept as GeoTIFFs for the same steps.

    Rasters of steps are the folder's: those of a step are of one weather and one set of parameters,
    whichever call wrote them.
    """
    if "geotiff" not in told.get("outputs", {}).get("formats", ("geotiff",)):
        return kept
    about = told["inputs"]["weather"]
    first, last = (datetime.fromisoformat(about[e]).replace(tzinfo=None) for e in ("start", "end"))

    def steps(name: str) -> int:
        return sum(first <= stamp <= last for stamp in _stamps_in(folder / name))

    return tuple(n for n in among if n in kept or steps(n) == about["n_timesteps"])


def read_map(path: Path, windows: Sequence[Where]) -> list[F32]:
    """Windows of a map of a run, NaN where there is no value.

    Parameters
    ----------
    path
        The GeoTIFF.
    windows
        Rows and columns of each.

    Raises
    ------
    ConfigurationError
        A file that is damaged or gone.
    """
    with _damage_told(path):
        return _windows_of(path, windows)


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
        zones = [datetime.fromisoformat(about[end]).utcoffset() for end in ("start", "end")]
        first = zones[0]
        if first is None:
            return cls(float(told["inputs"]["location"]["utc_offset"]), False, True)
        return cls(first / timedelta(hours=1), True, zones[0] == zones[1])

    def shifted(self, bounds: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
        """Bounds of a cube, in UTC where stamps carry a zone, on the clock."""
        if not self.aware:
            return bounds
        return bounds + self._ahead

    def in_cube(self, stamps: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
        """Times of the clock as a cube has them, the other way round."""
        return stamps - self._ahead if self.aware else stamps

    @property
    def _ahead(self) -> np.timedelta64:
        return np.timedelta64(round(self.offset * 3600), "s")


# ------------------------------------------------------------------ formats


def _one_of(among: Sequence[str] | None) -> str:
    return "a raster" if among is None else f"one of {', '.join(among)}"


def _folder_of_steps(folder: Path) -> Path:
    """Of an earlier run the folder above, where the rasters of all its runs are."""
    above = folder.absolute().parent
    earlier = above.name == ARCHIVE and (above.parent / FILE_NAME).is_file()
    return above.parent if earlier else folder


def _format(where: _Place, wanted: str | None) -> str:
    there = {
        "geotiff": all(any((where.steps / n).glob(f"{n}_*.tif")) for n in where.kept),
        "zarr": (where.steps / CUBE_NAME).is_dir(),
        "netcdf": (where.folder / NETCDF_NAME).is_file(),
    }
    found = [name for name in FORMATS if there[name]]
    if wanted is not None and wanted not in FORMATS:
        raise ConfigurationError("format", ", ".join(FORMATS), repr(wanted))
    if not found or (wanted is not None and not there[wanted]):
        raise ConfigurationError(
            "run", f"rasters of every step ({wanted or ', '.join(FORMATS)})",
            f"{', '.join(found) or 'none'} in {where.folder}",
        )  # fmt: skip
    return wanted or found[0]


def _geotiff_steps(where: _Place) -> _Steps:
    import rasterio

    folder, kept, told = where.steps, where.kept, where.told
    if not where.clock.steady:
        raise ConfigurationError(
            "run", "GeoTIFFs whose names keep one clock", f"two zones in {folder}",
            "Runs as Zarr or NetCDF (--output-format) tell every time.",
        )  # fmt: skip
    count = told["inputs"]["weather"]["n_timesteps"]
    stamps = where.stamps or _stamps_in(folder / kept[0])
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


def _stamps_in(folder: Path) -> list[datetime]:
    """Of the files of one quantity, where a run of an earlier version does not tell its own."""
    paths = sorted(folder.glob(f"{folder.name}_*.tif"))
    return [_time_of(path.stem.partition("_")[2], path.name) for path in paths]


def _time_of(digits: str, told: str) -> datetime:
    try:
        return datetime.strptime(digits, "%Y%m%d_%H%M%S" if len(digits) > 13 else "%Y%m%d_%H%M")
    except ValueError:
        raise ConfigurationError(
            "run", "rasters named by their time, as a run writes them", told
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


def _zarr_steps(where: _Place) -> _Steps:
    path = where.steps / CUBE_NAME
    group = need_zarr().open_group(str(path), mode="r")
    _check_owner(group.attrs.get(_RUN_ID), where.owners, path)
    arrays = {name: group[name] for name in where.kept}
    return _cube(arrays, group[TIME_BOUNDS], where, _own_steps(group["time"], where, path))


def _own_steps(time: Any, where: _Place, path: Path) -> NDArray[np.intp] | None:
    """Where the steps of a run are on the axis of a cube that others share; None: all of it.

    Raises
    ------
    ConfigurationError
        Some are not there, or it is not known which are the run's.
    """
    seconds = np.asarray(time[...]).astype(np.int64)
    count = where.told["inputs"]["weather"]["n_timesteps"]
    if len(seconds) == count:
        return None
    if not where.clock.steady or where.stamps is None:
        raise ConfigurationError(
            "run", f"a cube of its {count} steps alone, for which they are is not known",
            f"{len(seconds)} steps in {path}",
        )  # fmt: skip
    own = where.clock.in_cube(np.array(where.stamps, "datetime64[s]")).astype(np.int64)
    if not np.isin(own, seconds).all():
        raise ConfigurationError(
            "run", f"rasters for all {count} steps",
            f"{int(np.isin(own, seconds).sum())} in {path}",
        )  # fmt: skip
    return np.searchsorted(seconds, own)


def _netcdf_steps(where: _Place) -> _Steps:
    h5netcdf, path = need_netcdf(), where.folder / NETCDF_NAME
    with h5netcdf.File(path, "r") as file:
        _check_owner(file.attrs.get(_RUN_ID), (where.told["run_id"],), path)
        arrays = {name: file.variables[name] for name in where.kept}
        steps = _cube(arrays, file.variables[TIME_BOUNDS], where, None)

    def read(name: str, step: int, windows: Sequence[Where]) -> list[F32]:
        # Opened for each, so that no file stays open for as long as somebody holds the run.
        with h5netcdf.File(path, "r") as file:
            return _cut(file.variables[name], step, windows)

    return replace(steps, read=read)


def _check_owner(found: Any, owners: Sequence[Any], path: Path) -> None:
    if found not in owners:
        raise ConfigurationError("run", "steps of the run in the folder", f"another run in {path}")


def _cube(
    arrays: Mapping[str, Any], bounds: Any, where: _Place, own: NDArray[np.intp] | None
) -> _Steps:
    seconds = np.asarray(bounds[...]).astype(np.int64).astype("datetime64[s]")
    rows, cols = next(iter(arrays.values())).chunks[-2:]
    if own is not None:
        seconds = seconds[own]

    def read(name: str, step: int, windows: Sequence[Where]) -> list[F32]:
        return _cut(arrays[name], step if own is None else int(own[step]), windows)

    begins_ends = where.clock.shifted(seconds).astype("datetime64[ms]")
    return _Steps(begins_ends, _block(rows, cols), read)


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

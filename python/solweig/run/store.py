"""Where the tiles of a run leave their results, and what of them an interrupted run may keep.

Without an output folder the results are arrays in memory. With one they are in
``<output_dir>/.solweig/``: the journal and mapped files, from which the GeoTIFFs are written after
the last tile, as the NetCDF file is, and which are then removed. Steps that are wanted as Zarr go
straight into the cube.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from solweig import _core
from solweig.atomic import free_bytes, full_disk_told
from solweig.errors import ConfigurationError, DiskFull
from solweig.memory_limits import stay_on_disk
from solweig.rasters.cf import WEATHER_SERIES
from solweig.results.metadata import request_id
from solweig.results.netcdf import NETCDF_NAME, write_netcdf
from solweig.results.outputs import WORK_FOLDER, step_stamp, write_step
from solweig.run.plan import RunPlan
from solweig.run.tile_steps import TileSteps
from solweig.tiles.grid import TileSpec
from solweig.tiles.journal import Digest, Journal
from solweig.tiles.plan import TilePlan
from solweig.tiles.shared_store import cube_place, location, remove_group
from solweig.tiles.store import Results, TileStore, Where
from solweig.tiles.zarr_store import ZarrStore, chunks_of

__all__ = [
    "STATE_NAMES",
    "STATISTIC_NAMES",
    "RunStore",
    "inputs_place",
    "is_large",
    "open_cube",
    "open_store",
    "recorded_tiles",
    "write_run",
]

log = logging.getLogger("solweig")

_COLUMNS = {"sun_altitude": "altitude"}
STATE_NAMES = ("lup", "lup_e", "lup_s", "lup_w", "lup_n", "tg")
_STATISTICS = ("mean", "max", "min", "day_mean", "night_mean")
STATISTIC_NAMES = (
    *(f"{quantity}_{s}" for quantity in ("tmrt", "utci") for s in _STATISTICS),
    "sun_hours",
    "shade_hours",
)


class _Routed:
    """Steps in one place, everything else in another; see :class:`solweig.tiles.store.Results`."""

    def __init__(self, steps: Results, others: Results) -> None:
        self._steps, self._others = steps, others

    def _of(self, name: str) -> Results:
        return self._steps if name.startswith("step/") else self._others

    def create(self, name: str, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> None:
        self._of(name).create(name, shape, dtype)

    def write(self, name: str, where: Where, values: Any, step: int | None = None) -> None:
        self._of(name).write(name, where, values, step)

    def read(self, name: str, where: Where | None = None, step: int | None = None) -> NDArray[Any]:
        return self._of(name).read(name, where, step)

    def names(self, prefix: str) -> list[str]:
        return [*self._steps.names(prefix), *self._others.names(prefix)]

    def release(self) -> None:
        self._steps.release()
        self._others.release()


class StepFiles:
    """Steps of a raster in one piece as GeoTIFFs; see :class:`solweig.tiles.store.Results`.

    Parameters
    ----------
    plan
        The run, which has an output folder.
    """

    def __init__(self, plan: RunPlan) -> None:
        assert plan.settings.output_dir is not None
        self._folder, self._georef = plan.settings.output_dir, plan.georef
        self._stamps = plan.series.stamps
        self._held = plan.held("geotiff")
        self._names: list[str] = []
        self.seconds = 0.0

    def create(self, name: str, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> None:
        """Note a name; its files are made step by step."""
        self._names.append(name)

    def write(self, name: str, where: Where, values: Any, step: int | None = None) -> None:
        """Write the file of a step; ``where`` is all of it."""
        assert step is not None
        started = time.perf_counter()
        own = name.removeprefix("step/")
        write_step(self._folder, own, self._stamps[step], values, self._georef, self._held)
        self.seconds += time.perf_counter() - started

    def read(self, name: str, where: Where | None = None, step: int | None = None) -> NDArray[Any]:
        """Refuse: the files are for others to read."""
        raise TypeError(f"{name}: written as files")

    def names(self, prefix: str) -> list[str]:
        """See :class:`solweig.tiles.store.Results`."""
        return [n.removeprefix(f"{prefix}/") for n in self._names if n.startswith(f"{prefix}/")]

    def release(self) -> None:
        """Nothing is open between two steps."""


@dataclass
class RunStore:
    """The results of a run over tiles."""

    results: Results
    #: None where nothing outlives the run.
    journal: Journal | None
    #: Tiles that an interrupted run has finished, by number.
    finished: dict[int, TileSteps]
    #: Steps as Zarr; None where they are not wanted so.
    cube: ZarrStore | None
    #: The files vanish with the run: what is kept of them has to be copied.
    passing: bool
    folder: Path | None
    #: Working groups on shared storage.
    remote: tuple[str, ...] = ()
    #: Steps that went straight into their files.
    files: StepFiles | None = None

    def grid(self, name: str, *, large: bool) -> NDArray[Any]:
        """A whole raster: in memory, or mapped where it is ``large`` and its file may stay open."""
        found = self.results.read(name)
        copied = self.passing or (isinstance(found, np.memmap) and not large)
        return np.array(found) if copied else found

    def grids(self, prefix: str, *, large: bool) -> dict[str, NDArray[Any]]:
        """:meth:`grid` of every array below a prefix."""
        names = self.results.names(prefix)
        return {name: self.grid(f"{prefix}/{name}", large=large) for name in names}

    def blank(self, spec: TileSpec, steps: int) -> None:
        """Write a tile without any cell that has data: no value anywhere."""
        for name in self.results.names("step"):
            for i in range(steps):
                self.results.write(f"step/{name}", spec.write_slice, np.nan, i)
        for prefix in ("statistic", "hours", "state", "period"):
            for name in self.results.names(prefix):
                self.results.write(f"{prefix}/{name}", spec.write_slice, np.nan)

    def remove(self) -> None:
        """Delete the working files of a run that is complete."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        for url in self.remote:
            remove_group(url)


@contextmanager
def open_store(
    plan: RunPlan,
    tiles: TilePlan,
    *,
    shared: bool,
    alone: bool,
    head: Mapping[str, Any],
    storage: str | None = None,
) -> Iterator[RunStore]:
    """The store of a run, with what may be kept of an interrupted one.

    Parameters
    ----------
    plan
        The run.
    tiles
        How it is cut.
    shared
        Worker processes write too.
    alone
        The raster is one tile, done here: its steps go straight into GeoTIFFs where those alone
        are wanted, and it is not resumed.
    head
        Of the journal: whose tiles these are.
    storage
        Where workers of a cluster write; None where they all are on this machine.

    Raises
    ------
    DiskFull
        The disk cannot hold the results.
    ConfigurationError
        They cannot be written.
    """
    if plan.settings.output_dir is None:
        if storage is not None:
            far = _far(plan, tiles, storage, keep=False)
            try:
                _create(far, plan)
                yield RunStore(far, None, {}, None, passing=True, folder=None)
            finally:
                remove_group(far.path)
            return
        with TileStore(on_disk=shared) as memory:
            _create(memory, plan)
            yield RunStore(memory, None, {}, None, passing=shared, folder=None)
        return
    if alone and plan.settings.formats == ("geotiff",):
        files = StepFiles(plan)
        with TileStore() as memory:
            routed = _Routed(files, memory)
            _create(routed, plan)
            yield RunStore(routed, None, {}, None, passing=False, folder=None, files=files)
        return
    folder = plan.settings.output_dir / WORK_FOLDER
    journal = Journal(folder)
    keep = plan.settings.resume and journal.head() is not None
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    cube = open_cube(plan, tiles, keep=keep) if "zarr" in plan.settings.formats else None
    with ExitStack() as stack:
        others: Results
        remote: tuple[str, ...] = ()
        if storage is None:
            others = stack.enter_context(TileStore(folder=folder / "arrays", lasting=True))
        else:
            others = far = _far(plan, tiles, storage, keep=keep)
            remote = (far.path, inputs_place(plan, storage))
        results: Results = others if cube is None else _Routed(cube, others)
        try:
            with full_disk_told(plan.settings.output_dir):
                _create(results, plan)
        except DiskFull as error:
            if not keep:
                shutil.rmtree(folder, ignore_errors=True)  # what fitted takes the room that is left
            place = plan.settings.output_dir
            raise DiskFull(place, free_bytes(place), _bytes(plan, cube is not None)) from error
        except OSError as error:
            raise ConfigurationError(
                "output_dir",
                "a folder that can be written",
                f"{plan.settings.output_dir} ({error.strerror or error})",
            ) from error
        finished = {}
        if keep:
            finished = _intact(journal, tiles.tiles(), results, len(plan.series))
        else:
            journal.begin(head)
        yield RunStore(
            results, journal, finished, cube, passing=False, folder=folder, remote=remote
        )


def _far(plan: RunPlan, tiles: TilePlan, storage: str, *, keep: bool) -> ZarrStore:
    """Working files that workers of a cluster write, each its own chunks."""
    names = {name: name.replace("/", "__") for name in _arrays(plan)}
    own = f"work_{plan.metadata['run_id'][:12]}.zarr"
    store = ZarrStore(location(storage, own), names, chunks_of(tiles.sides))
    store.begin_plain(keep=keep)
    return store


def _arrays(plan: RunPlan) -> dict[str, tuple[int, ...]]:
    """Names and shapes of everything tiles write."""
    rows, cols = plan.georef.shape
    thresholds = dict.fromkeys((*plan.thresholds_day, *plan.thresholds_night))
    flat = (
        *(f"statistic/{name}" for name in STATISTIC_NAMES),
        *(f"hours/{threshold!r}" for threshold in thresholds),
        *(f"state/{name}" for name in STATE_NAMES),
    )
    period = plan.period
    if period is not None:
        names = period.request.grid_names(period.names)
        flat = (*flat, *(f"period/{name}" for name in names))
    steps = {f"step/{name}": (len(plan.series), rows, cols) for name in plan.outputs}
    return {**steps, **dict.fromkeys(flat, (rows, cols))}


def _create(results: Results, plan: RunPlan) -> None:
    for name, shape in _arrays(plan).items():
        results.create(name, shape)


def _bytes(plan: RunPlan, cube: bool) -> int:
    """What the working files take."""
    own = {n: s for n, s in _arrays(plan).items() if not (cube and n.startswith("step/"))}
    return sum(4 * int(np.prod(shape)) for shape in own.values())


def inputs_place(plan: RunPlan, storage: str) -> str:
    """Where workers of a cluster read the rasters of a run."""
    return location(storage, f"inputs_{plan.metadata['run_id'][:12]}.zarr")


def open_cube(plan: RunPlan, tiles: TilePlan, *, keep: bool) -> ZarrStore:
    """The cube: in the output folder, or where a cluster was told to write."""
    assert plan.settings.output_dir is not None
    names = {f"step/{name}": name for name in plan.outputs}
    where = cube_place(plan.settings.output_dir, plan.execution.storage)
    cube = ZarrStore(where, names, chunks_of(tiles.sides))
    held, number = plan.held("zarr"), {step_stamp(t): i for i, t in enumerate(plan.series.stamps)}
    cube.begin(
        plan.georef, plan.series.stamps, _core.__version__, bounds=plan.series.bounds,
        series=_weather(plan), run_id=plan.metadata["run_id"],
        request_id=request_id(plan.metadata), keep=keep, extend=plan.standing.extends_cube,
        held=[(f"step/{name}", number[stamp]) for name, stamp in held],
        sides=None if tiles.count() == 1 else tiles.sides,
    )  # fmt: skip
    return cube


def _weather(plan: RunPlan) -> dict[str, NDArray[Any]]:
    return {name: plan.series.columns[_COLUMNS.get(name, name)] for name in WEATHER_SERIES}


def write_run(plan: RunPlan, store: RunStore, grids: Mapping[str, NDArray[np.float32]]) -> None:
    """The NetCDF file of a run that is finished, from its working files.

    Parameters
    ----------
    plan
        The run, which has an output folder.
    store
        What its tiles left.
    grids
        Statistics by name.
    """
    assert plan.settings.output_dir is not None
    write_netcdf(
        plan.settings.output_dir / NETCDF_NAME, store.results, plan.georef, plan.series.stamps,
        _core.__version__, bounds=plan.series.bounds, grids=grids, series=_weather(plan),
        run_id=plan.metadata["run_id"], request_id=request_id(plan.metadata),
    )  # fmt: skip


# ------------------------------------------------------------------ resuming


def recorded_tiles(plan: RunPlan, head: Mapping[str, Any]) -> tuple[int, int, int] | None:
    """Rows and columns of a core, and halo, of the interrupted run that is to be resumed.

    None where there is none.

    Raises
    ------
    ConfigurationError
        It was begun by another engine or version, whose results may differ in the last bits.
    """
    if plan.settings.output_dir is None or not plan.settings.resume:
        return None
    found = Journal(plan.settings.output_dir / WORK_FOLDER).head()
    if found is None:
        return None
    for name in ("run_id", "engine", "version", "formats"):
        if found.get(name) != head[name]:
            raise ConfigurationError(
                "resume",
                f"a run begun with the same {name}: {found.get(name)}",
                str(head[name]),
                "Run it as it was begun, or without resume to start anew.",
            )
    cols = found.get("core_cols", found["core"])  # once they were squares
    return int(found["core"]), int(cols), int(found["halo"])


def _intact(
    journal: Journal, specs: Sequence[TileSpec], results: Results, steps: int
) -> dict[int, TileSteps]:
    """The finished tiles whose rasters are as they were written."""
    good = {}
    for number, record in journal.records(range(len(specs))).items():
        try:
            found = TileSteps.from_record(record)
        except (KeyError, TypeError, ValueError):
            log.warning("tile %d: its record is damaged; it is computed again", number + 1)
            continue
        broken = _broken(found, specs[number], results, steps)
        if broken is None:
            good[number] = found
        else:
            log.warning("tile %d: %s is damaged; it is computed again", number + 1, broken)
    log.info("resuming: %d of %d tiles are finished", len(good), len(specs))
    return good


def _broken(found: TileSteps, spec: TileSpec, results: Results, steps: int) -> str | None:
    """The first array of a tile that is not as it was written."""
    for name, digest in found.digests.items():
        own = Digest()
        try:
            for step in range(steps) if name.startswith("step/") else (None,):
                own.add(results.read(name, spec.write_slice, step))
        except Exception:  # every library has its own errors for damaged files
            return name
        if own.text() != digest:
            return name
    return None


def is_large(shape: tuple[int, int], budget: int | None = None) -> bool:
    """Whether the results of a run over a raster stay on disk, mapped.

    See :func:`solweig.memory_limits.stay_on_disk`.
    """
    rasters = len(STATISTIC_NAMES) + len(STATE_NAMES) + 3  # hours above three thresholds
    return stay_on_disk(shape[0] * shape[1], 4.0 * rasters, budget)

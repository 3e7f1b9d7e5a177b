"""Writing a run to disk: a raster per step, summary rasters, and the folder they live in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from time import perf_counter
from types import TracebackType

from solweig.atomic import full_disk_told
from solweig.background import BackgroundWriter
from solweig.config import VALID_OUTPUTS
from solweig.errors import ConfigurationError, DiskFull
from solweig.rasters.georef import GeoReference
from solweig.rasters.geotiff import write_geotiff
from solweig.results.netcdf import NETCDF_NAME
from solweig.typing import F32, U8

__all__ = [
    "ARCHIVE",
    "OF_ONE_RUN",
    "REPORT_NAME",
    "SERIES_NAME",
    "WALL_CUBE",
    "WALL_NETCDF",
    "WALL_POINTS",
    "WORK_FOLDER",
    "StepWriter",
    "check_folder",
    "ground_path",
    "prepare_folder",
    "remove_run",
    "step_path",
    "step_stamp",
    "summary_path",
    "write_open_ground",
    "write_step",
]


ARCHIVE = "runs"
"""Below an output folder: what describes earlier runs in it, see :mod:`solweig.results.folder`."""
WORK_FOLDER = ".solweig"
"""Below an output folder: working files of a run that is not finished."""
WALL_NETCDF, WALL_CUBE, WALL_POINTS = (
    "wall_temperature.nc", "wall_temperature.zarr", "wall_points.csv",
)  # fmt: skip
"""In an output folder: temperatures of walls."""
SERIES_NAME = "timeseries.csv"
"""Weather of the steps and means of the map."""
REPORT_NAME = "solweig_report.html"
"""What people are shown of a run."""
OF_ONE_RUN = (
    "summary", "open_ground.tif", "pois.csv", "telemetry.csv", "telemetry.json", NETCDF_NAME,
    WALL_NETCDF, WALL_CUBE, WALL_POINTS, SERIES_NAME, REPORT_NAME,
    WORK_FOLDER, "run_metadata.json",
)  # fmt: skip
"""What is in an output folder of one run only, the metadata last."""


def step_stamp(time: datetime) -> str:
    """``YYYYMMDD_HHMM`` in the names of a step's files; seconds only where a step has them."""
    return time.strftime("%Y%m%d_%H%M%S" if time.second else "%Y%m%d_%H%M")


def step_path(folder: Path, name: str, time: datetime) -> Path:
    """``<folder>/<name>/<name>_YYYYMMDD_HHMM.tif``, see :func:`step_stamp`."""
    return folder / name / f"{name}_{step_stamp(time)}.tif"


def summary_path(folder: Path, name: str) -> Path:
    """``<folder>/summary/<name>.tif``."""
    return folder / "summary" / f"{name}.tif"


def ground_path(folder: Path) -> Path:
    """``<folder>/open_ground.tif``: 1 where people stand, 0 on buildings."""
    return folder / "open_ground.tif"


def write_open_ground(folder: Path, grid: U8, georef: GeoReference) -> Path:
    """Write where the run has open ground; returns the file, see :func:`ground_path`."""
    path = ground_path(folder)
    write_geotiff(path, grid, georef, name="open_ground")
    return path


def write_step(
    folder: Path,
    name: str,
    time: datetime,
    grid: F32,
    georef: GeoReference,
    held: Collection[tuple[str, str]] = (),
) -> Path:
    """Write the raster of one step; returns its file, see :func:`step_path`.

    Of ``held``, names and stamps of what another run wrote, a file that is there stays.
    """
    path = step_path(folder, name, time)
    if (name, step_stamp(time)) not in held or not path.exists():
        write_geotiff(path, grid, georef, name=name)
    return path


def prepare_folder(folder: Path, names: tuple[str, ...] = ()) -> None:
    """Create the output folder and one folder per variable, and prove that they can be written.

    Raises
    ------
    ConfigurationError
        It is a file, or cannot be created or written.
    DiskFull
        There is no room for it.
    """
    try:
        with full_disk_told(folder):
            for each in (folder, *(folder / name for name in names)):
                each.mkdir(parents=True, exist_ok=True)
                probe = each / ".solweig_write_test"
                probe.touch()
                probe.unlink()
    except DiskFull:
        raise
    except OSError as error:
        raise ConfigurationError(
            "output_dir",
            "a folder that can be written",
            f"{folder} ({error.strerror or error})",
            "Give another folder or change its permissions.",
        ) from error


def check_folder(folder: Path) -> None:
    """Whether :func:`prepare_folder` is likely to succeed, without creating anything.

    Raises
    ------
    ConfigurationError
        The folder, or the nearest one above it, is a file or not writable.
    """
    nearest = folder.absolute()
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        what = "not writable" if nearest.is_dir() else "a file"
        raise ConfigurationError(
            "output_dir", "a folder that can be written", f"{folder} ({nearest} is {what})"
        )


def remove_run(folder: Path) -> None:
    """Delete the rasters and tables of the runs a folder holds; everything else stays."""
    for name in (*VALID_OUTPUTS, "summary"):
        for pattern in ("*.tif", "*.qml", "*.preview.png"):
            for path in (folder / name).glob(pattern):
                path.unlink()
    for name in OF_ONE_RUN:
        if not (folder / name).is_dir():
            (folder / name).unlink(missing_ok=True)
    earlier = [path.parent for path in (folder / ARCHIVE).glob("*/run_metadata.json")]
    for place in (folder / WORK_FOLDER, folder / "solweig.zarr", folder / WALL_CUBE, *earlier):
        shutil.rmtree(place, ignore_errors=True)


class StepWriter:
    """Writes steps in one background thread, so that the next step runs meanwhile.

    At most ``inflight_limit`` steps are handed over and not written: a slow disk slows the model
    instead of filling the memory. An error of the writer is raised by the next :meth:`submit`, or
    by leaving the ``with`` block. Leaving it with an exception drops what still waits; no file is
    left half-written. Files of ``held`` steps stay, see :func:`write_step`.
    """

    def __init__(
        self,
        folder: Path,
        georef: GeoReference,
        *,
        background: bool = True,
        inflight_limit: int = 2,
        held: Collection[tuple[str, str]] = (),
    ) -> None:
        self.folder = folder
        self.held = held
        self.georef = georef
        self.written: list[Path] = []
        self.seconds = 0.0
        self._writer = BackgroundWriter(inflight_limit, here=not background)

    @property
    def depth_peak(self) -> int:
        """Most steps that were handed over and not written at one time."""
        return self._writer.depth_peak

    def submit(self, time: datetime, grids: Mapping[str, F32]) -> None:
        """Hand over the grids of one step; they must not be changed afterwards."""
        self._writer.submit(lambda: self._write(time, grids))

    def close(self) -> None:
        """Wait until everything is written; raises what went wrong."""
        self._writer.close()

    def __enter__(self) -> StepWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.close(drop=kind is not None)

    def _write(self, time: datetime, grids: Mapping[str, F32]) -> None:
        start = perf_counter()
        for name, grid in grids.items():
            self.written.append(write_step(self.folder, name, time, grid, self.georef, self.held))
        self.seconds += perf_counter() - start

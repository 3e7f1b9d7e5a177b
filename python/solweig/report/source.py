"""The run that a report tells of: which of a folder's, and what it left beside its rasters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solweig.config import WALL_TEMPERATURE
from solweig.errors import ConfigurationError
from solweig.exposure.finished import FinishedRun
from solweig.rasters.georef import GeoReference
from solweig.results.captions import zone_text
from solweig.results.metadata import FILE_NAME, load_finished, load_run_metadata
from solweig.results.outputs import ARCHIVE, SERIES_NAME

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LATEST", "ToldRun", "choose_run", "tell"]

LATEST = "latest"
"""Name of the run on top of a folder."""


@dataclass(frozen=True)
class ToldRun:
    """A complete run.

    Attributes
    ----------
    folder
        Where what describes it is.
    metadata
        Of the run.
    georef
        Its grid.
    steps
        Rasters of its steps; None where it kept statistics alone.
    series
        Its weather and means, see ``timeseries.csv``; None where it left none.
    points
        Its points of interest; None where it had none.
    """

    folder: Path
    metadata: Mapping[str, Any]
    georef: GeoReference
    steps: FinishedRun | None
    series: pd.DataFrame | None
    points: pd.DataFrame | None

    @property
    def clock(self) -> str:
        """The clock of the weather, such as ``UTC+1``."""
        start = datetime.fromisoformat(self.metadata["inputs"]["weather"]["start"])
        own = start.utcoffset()
        if own is not None:
            return zone_text(own / timedelta(hours=1))
        return zone_text(float(self.metadata["inputs"]["location"]["utc_offset"]))

    @property
    def bounds(self) -> NDArray[np.datetime64] | None:
        """Beginning and end of every step, ``[n, 2]``, on that clock; None where not known."""
        if self.steps is not None:
            return self.steps.bounds
        if self.series is None:
            return None
        return self.series[["begin", "end"]].to_numpy("datetime64[s]")


def choose_run(folder: str | Path, which: str | None) -> Path:
    """The folder of one run.

    Parameters
    ----------
    folder
        Output folder of runs, or ``runs/<start>_<end>/`` below it.
    which
        :data:`LATEST`, or the name of an earlier run; None where there is only one.

    Raises
    ------
    FileNotFoundError
        No run there.
    ConfigurationError
        Several, and it is not said which, or one that is not there.
    """
    place = Path(folder)
    found = {LATEST: place} if (place / FILE_NAME).is_file() else {}
    for each in sorted((place / ARCHIVE).glob(f"*/{FILE_NAME}")):
        found[each.parent.name] = each.parent
    if not found:
        raise FileNotFoundError(f"run: no run in {place} (no {FILE_NAME})")
    if which is None and len(found) == 1:
        return next(iter(found.values()))
    if which in found:
        return found[which]
    raise ConfigurationError(
        "which", f"one of {', '.join(_described(name, found[name]) for name in found)}",
        f"{which!r} for {place}" if which else f"nothing, and {len(found)} runs in {place}",
        f"Say which: which={LATEST!r} (--which {LATEST}) is that of the last call.",
    )  # fmt: skip


def _described(name: str, folder: Path) -> str:
    told = load_run_metadata(folder)
    span = told.get("timeseries")
    period = f"{span.get('start')} to {span.get('end')}, " if isinstance(span, Mapping) else ""
    return f"{name} ({period}{told.get('status', 'status unknown')})"


def tell(folder: Path) -> ToldRun:
    """Read what a complete run left; of its rasters nothing yet.

    Parameters
    ----------
    folder
        Of the run, see :func:`choose_run`.

    Raises
    ------
    FileNotFoundError
        No run there.
    ConfigurationError
        One that is not complete, of a version that told too little, or with damaged files.
    """
    told = load_finished("run", folder)
    _check_told(told, folder)
    about = told["inputs"]["surface"]
    georef = GeoReference.of_grid(
        tuple(about["shape"]), about["pixel_size"], about["geotransform"], about["crs"]
    )
    kept = [n for n in told["parameters"]["outputs"] if n != WALL_TEMPERATURE]
    alone = not kept or _is_period(told)
    return ToldRun(
        folder, told, georef,
        None if alone else FinishedRun.open(folder, among=None),
        _table(folder / SERIES_NAME, ("time", "begin", "end")),
        _table(folder / "pois.csv", ()),
    )  # fmt: skip


def _is_period(told: Mapping[str, Any]) -> bool:
    """Whether a run kept statistics alone, whatever its outputs are said to be."""
    return bool(told["parameters"]["engine"].get("period"))


def _check_told(told: Mapping[str, Any], folder: Path) -> None:
    try:
        weather, surface = told["inputs"]["weather"], told["inputs"]["surface"]
        known = {**told["intervals"], **weather, **surface, **told["inputs"]["location"]}
        told["parameters"]["engine"].get("period")
        missing = {
            "stamp", "timestep_minutes", "start", "end", "n_timesteps", "shape", "pixel_size",
            "geotransform", "crs", "latitude", "longitude", "utc_offset",
        } - known.keys()  # fmt: skip
        assert isinstance(told["parameters"]["outputs"], list)
    except (KeyError, TypeError, AttributeError, AssertionError) as error:
        missing = {str(error) or "outputs"}
    if missing:
        raise ConfigurationError(
            "run", "metadata of a run of solweig 0.1 or newer",
            f"{folder / FILE_NAME} without {', '.join(sorted(missing))}", "Run it again.",
        )  # fmt: skip


def _table(path: Path, times: tuple[str, ...]) -> pd.DataFrame | None:
    """A table of a run; None where there is none.

    Raises
    ------
    ConfigurationError
        It cannot be read.
    """
    import pandas as pd

    if not path.is_file():
        return None
    try:
        table = pd.read_csv(path)
        for name in times:
            table[name] = pd.to_datetime(table[name])
    except (ValueError, KeyError, OSError) as error:
        raise ConfigurationError(
            "run", "tables as a run writes them", f"{path} ({type(error).__name__}: {error})"
        ) from error
    return table

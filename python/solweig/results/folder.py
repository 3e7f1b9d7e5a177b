"""The runs of an output folder: the last call's on top, earlier ones in ``runs/<start>_<end>/``.

Rasters of steps, and the Zarr cube, are the folder's: their names and their time axis say which
step they are of, so a further period or further outputs add to them. What describes one run -
summaries, metadata, points, telemetry, the NetCDF file and, while it is not finished, its working
files - makes room for the next.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from solweig.errors import ConfigurationError
from solweig.rasters.digests import plain
from solweig.results.metadata import FILE_NAME, differences, load_run_metadata, request_id
from solweig.results.outputs import ARCHIVE, OF_ONE_RUN, WALL_CUBE, WORK_FOLDER, remove_run

__all__ = ["HeldRun", "Standing", "find_standing", "make_room"]

log = logging.getLogger("solweig")

# What two runs may differ in and still have the same rasters of a step.
_OF_A_CALL = (
    "inputs.weather", "parameters.outputs", "parameters.engine.pois",
    "parameters.engine.heat_thresholds_day", "parameters.engine.heat_thresholds_night",
    "parameters.settings.shade_at_night",
)  # fmt: skip
_OF_A_PERIOD = (*_OF_A_CALL, "parameters.engine.initial_state")
_GRID = tuple(f"inputs.surface.{name}" for name in ("shape", "pixel_size", "geotransform", "crs"))
_SKY = ("inputs.surface.content.svf",)


@dataclass(frozen=True)
class HeldRun:
    """A run that a folder holds."""

    place: Path
    metadata: Mapping[str, Any]

    @property
    def complete(self) -> bool:
        """Whether it came to its end."""
        return bool(self.metadata.get("status", "complete") == "complete")

    @property
    def steps(self) -> Mapping[str, str] | None:
        """Digest of the weather of each step, by its stamp in names of files; None: unknown."""
        found = self.metadata.get("steps")
        return found if isinstance(found, Mapping) else None

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """Stamps of the first and last step, without their zone; None: unknown."""
        series = self.metadata.get("timeseries")
        if not isinstance(series, Mapping):
            inputs = self.metadata.get("inputs")
            series = inputs.get("weather") if isinstance(inputs, Mapping) else None
        try:
            first, last = (datetime.fromisoformat(series[k]) for k in ("start", "end"))  # type: ignore[index]
        except (KeyError, TypeError, ValueError):
            return None
        return first.replace(tzinfo=None), last.replace(tzinfo=None)

    def wrote(self, form: str) -> bool:
        """Whether its steps are there in a format."""
        outputs = self.metadata.get("outputs")
        formats = outputs.get("formats") if isinstance(outputs, Mapping) else None
        return form in formats if isinstance(formats, Sequence) else form == "geotiff"


@dataclass(frozen=True)
class Standing:
    """How a run finds its folder."""

    #: Where this very run lies already.
    same: Path | None = None
    #: The other runs, which stay unless ``replaces``.
    others: tuple[HeldRun, ...] = ()
    #: The other runs go.
    replaces: bool = False

    @property
    def run_ids(self) -> list[str]:
        """Of the runs that stay."""
        return [str(run.metadata.get("run_id")) for run in self._staying]

    @property
    def request_ids(self) -> list[str]:
        """As :attr:`run_ids`, without the sky view."""
        found = (_request_id(run.metadata) for run in self._staying)
        return [known for known in found if known is not None]

    @property
    def extends_cube(self) -> bool:
        """Whether a Zarr cube has steps of other runs."""
        return any(run.wrote("zarr") for run in self._staying)

    @property
    def _staying(self) -> tuple[HeldRun, ...]:
        return () if self.replaces else self.others

    def held(
        self, outputs: Sequence[str], stamps: Sequence[str], form: str
    ) -> frozenset[tuple[str, str]]:
        """Outputs and stamps, among those of a run, that other runs have written in a format.

        Of GeoTIFFs a run that was interrupted left whole ones, of a cube it did not.
        """
        found = set()
        for run in self._staying:
            if not run.wrote(form) or (form == "zarr" and not run.complete):
                continue
            names = _mapping(run.metadata.get("outputs")).get("variables")
            if isinstance(names, list):
                own = [n for n in outputs if n in names]
                found |= {(n, s) for s in stamps if s in (run.steps or {}) for n in own}
        return frozenset(found)


def find_standing(
    folder: Path,
    metadata: Mapping[str, Any],
    *,
    overwrite: bool,
    resume: bool = False,
    sky: bool = True,
) -> Standing:
    """Check that a run may write into a folder.

    The same run, inputs and parameters alike, may be repeated, which is said unless it is to be
    resumed: its files come out the same. A run of other steps, or of other outputs of the same
    steps, adds to the folder. Steps that two runs share must be of the same weather, inputs and
    parameters; those that are there stay.

    Parameters
    ----------
    folder
        The output folder.
    metadata
        Of the run.
    overwrite
        Other runs may go.
    resume
        The run goes on where it was interrupted.
    sky
        The sky view is known; else all but that is compared.

    Raises
    ------
    ConfigurationError
        The folder holds a run that this one would contradict, or that is still going on, and
        ``overwrite`` is False, a run of another grid, or to ``resume`` an interrupted run of this
        period with other inputs.
    """
    same, others = None, []
    runs = _runs_in(folder)
    if not overwrite:
        _refuse_while_running(runs)
    for run in runs:
        if same is None and _is_same(run.metadata, metadata, sky):
            same = run
        else:
            others.append(run)
    if same is not None and sky and not resume:
        _say_repeated(same)
    if resume and same is None:
        _refuse_to_resume(others, metadata, sky)
    place = None if same is None else same.place
    if overwrite:
        return Standing(place, tuple(others), replaces=bool(others))
    for run in others:
        _refuse_other(run, metadata, sky)
    return Standing(place, tuple(others))


def make_room(folder: Path, standing: Standing) -> None:
    """Move the last call's run out of the way, or delete what is to be replaced.

    A run that is repeated or resumed is brought back to the top.
    """
    if standing.replaces:
        remove_run(folder)
        return
    if standing.same == folder:
        return
    last = next((run for run in standing.others if run.place == folder), None)
    if last is not None:
        _move(folder, _archive_of(last, folder))
    if standing.same is not None:
        _move(standing.same, folder)
        with contextlib.suppress(OSError):  # files of others are in it
            standing.same.rmdir()


def _runs_in(folder: Path) -> list[HeldRun]:
    """The last call's run first."""
    places = [folder, *sorted((folder / ARCHIVE).glob("*/"))]
    return [HeldRun(p, load_run_metadata(p)) for p in places if (p / FILE_NAME).exists()]


def _refuse_while_running(runs: Sequence[HeldRun]) -> None:
    """One call at a time writes into a folder; another process of this machine is seen."""
    for run in runs:
        process = _mapping(run.metadata.get("process"))
        pid = process.get("pid")
        if run.metadata.get("status") != "running" or process.get("host") != platform.node():
            continue
        if isinstance(pid, int) and pid != os.getpid() and _is_alive(pid):
            raise ConfigurationError(
                "output_dir",
                "a folder that no other run is writing into",
                f"{run.place}, in use by process {pid} since {run.metadata.get('created')}",
                "Wait for it, or choose another folder; overwrite=True (--overwrite) takes it.",
            )


def _is_alive(pid: int) -> bool:
    """Whether a process of this machine is there; not known, so not said, on Windows."""
    if os.name != "posix" or pid < 1:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True  # of another user
    except (OSError, OverflowError):
        return False
    return True


def _is_same(found: Mapping[str, Any], metadata: Mapping[str, Any], sky: bool) -> bool:
    if sky:
        return bool(found.get("run_id") == metadata["run_id"])
    return _request_id(found) == request_id(metadata)


def _request_id(found: Mapping[str, Any]) -> str | None:
    """Of what was read; None where it is not of this kind."""
    try:
        return request_id(found)
    except (AttributeError, KeyError, TypeError):
        return None


def _say_repeated(run: HeldRun) -> None:
    log.warning(
        "output_dir: %s holds the same run of %s (%s): it is computed again, with the same files",
        run.place,
        run.metadata.get("created", "unknown date"),
        run.metadata.get("status", "status unknown"),
    )


def _refuse_other(run: HeldRun, metadata: Mapping[str, Any], sky: bool) -> None:
    """Refuse a run whose results would contradict those of one that is there."""
    shared = _shared(run, HeldRun(run.place, metadata))
    unlike = _apart(run.metadata, metadata, sky, besides=_OF_A_CALL)
    if run.steps is not None:
        own = metadata["steps"]
        unlike += ["weather"] if any(run.steps[s] != own[s] for s in shared) else []
    if shared and unlike:
        raise _another_run(run, f"steps of the same times, but other {_listed(unlike)}")
    apart = _apart(run.metadata, metadata, sky, besides=_OF_A_PERIOD)
    grid = [name for name in apart if name.startswith(_GRID)]
    if grid:
        raise _another_run(run, f"another grid ({_listed(grid)})")
    if apart and sky:
        log.warning(
            "output_dir: the run of %s in %s has other %s; they share no step: this one adds to it",
            run.metadata.get("created", "unknown date"), run.place, _listed(apart),
        )  # fmt: skip


def _shared(one: HeldRun, two: HeldRun) -> list[str]:
    """Stamps that two runs have in common; where they are unknown, something if they may."""
    if one.steps is not None and two.steps is not None:
        return [stamp for stamp in two.steps if stamp in one.steps]
    first, second = one.span, two.span
    if first is None or second is None or (first[0] <= second[1] and second[0] <= first[1]):
        return ["unknown"]
    return []


def _another_run(run: HeldRun, what: str) -> ConfigurationError:
    return ConfigurationError(
        "output_dir",
        "an empty folder, the same run, or other steps of the same place",
        f"{run.place}, which holds another run of {run.metadata.get('created', 'unknown date')}: "
        f"{what}",
        "Choose another folder, or pass overwrite=True (--overwrite) to replace that run.",
    )


def _refuse_to_resume(runs: Sequence[HeldRun], metadata: Mapping[str, Any], sky: bool) -> None:
    """Refuse to begin anew where an interrupted run of this period is not the one to resume."""
    own = HeldRun(Path(), metadata)
    for run in runs:
        if not run.complete and run.span == own.span:
            apart = _apart(run.metadata, metadata, sky)
            # Without the sky view two runs may look alike.
            raise ConfigurationError(
                "resume",
                f"the inputs and parameters of the run in {run.place}",
                f"others: {', '.join(apart or ['unknown'])} differ",
                "Run it as it was begun, or choose another folder.",
            )


def _apart(
    found: Mapping[str, Any], metadata: Mapping[str, Any], sky: bool, besides: tuple[str, ...] = ()
) -> list[str]:
    """Names of the inputs and parameters that differ."""
    now = plain(metadata)
    parts = ("inputs", "parameters")
    names = [name for part in parts for name in differences(found.get(part), now[part], part)]
    return [name for name in names if not name.startswith(besides if sky else (*besides, *_SKY))]


def _listed(names: Sequence[str], most: int = 6) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def _archive_of(run: HeldRun, folder: Path) -> Path:
    """A free folder below ``runs/``, named after the period."""
    span = run.span
    name = "_".join(f"{t:%Y%m%dT%H%M}" for t in span) if span is not None else "unknown"
    number, place = 1, folder / ARCHIVE / name
    # One without metadata is what a move that was interrupted left.
    while (place / FILE_NAME).exists():
        number += 1
        place = folder / ARCHIVE / f"{name}_{number}"
    return place


def _move(source: Path, target: Path) -> None:
    """Everything of one run; the metadata last, so that a move cut short is taken up again."""
    target.mkdir(parents=True, exist_ok=True)
    for name in OF_ONE_RUN:
        if (source / name).exists():
            _move_one(source / name, target / name)


def _move_one(source: Path, target: Path) -> None:
    """A file or folder; what a run that is gone left in its place goes too."""
    if not target.is_dir():
        source.replace(target)
        return
    if source.name in (WORK_FOLDER, WALL_CUBE):
        shutil.rmtree(target)
        source.replace(target)
        return
    for each in source.iterdir():
        each.replace(target / each.name)
    source.rmdir()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}

"""``run_metadata.json``: what ran, on what, with which parameters, and how it went."""

from __future__ import annotations

import json
import logging
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from solweig import _core
from solweig.atomic import write_text
from solweig.errors import ConfigurationError
from solweig.json_text import parse_json
from solweig.rasters.digests import content_hash, plain
from solweig.renamed import also_named

if TYPE_CHECKING:
    from solweig.human import HumanParams
    from solweig.surface.data import SurfaceData
    from solweig.weather.location import Location
    from solweig.weather.step import Weather

__all__ = [
    "FILE_NAME",
    "content_hash",
    "create_run_metadata",
    "differences",
    "load_finished",
    "load_run_metadata",
    "refuse_other_run",
    "refuse_to_resume",
    "refuse_unlike",
    "request_id",
    "save_run_metadata",
]

log = logging.getLogger("solweig")

FILE_NAME = "run_metadata.json"
FORMAT = 1


@also_named(weather="weather_series")
def create_run_metadata(
    surface: SurfaceData,
    location: Location,
    weather_series: Weather | Sequence[Weather],
    human: HumanParams | None = None,
    physics: SimpleNamespace | None = None,
    materials: SimpleNamespace | None = None,
    use_anisotropic_sky: bool = True,
    conifer: bool = False,
    output_dir: str | Path | None = None,
    outputs: Sequence[str] | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    steps: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Describe a run before it starts.

    Parameters
    ----------
    surface
        Its rasters enter as content hashes.
    location
        Where the sun is computed.
    weather_series
        The series; enters as its span and a content hash.
    human, physics, materials, use_anisotropic_sky, conifer
        Of the call; only looked at where ``settings`` are not given.
    output_dir
        Not part of the description, so that a moved run stays the same run.
    outputs
        Requested variables.
    settings
        Every choice of the call, settled.
    parameters
        Every parameter handed to the engine, and what else shapes the result.
    steps
        What the engine is given for each step; hashed with the weather.

    Returns
    -------
    dict[str, Any]
        Plain values, keys as in ``docs/outputs.md``. ``run_id`` depends on inputs and parameters
        only: two runs with the same id give the same rasters.
    """
    series = list(weather_series) if isinstance(weather_series, Sequence) else [weather_series]
    said: Any = settings or {
        "human": human,
        "physics": physics,
        "materials": materials,
        "use_anisotropic_sky": use_anisotropic_sky,
        "conifer": conifer,
    }
    inputs = {
        "surface": _describe_surface(surface),
        "weather": _describe_weather(series, steps),
        "location": plain(location),
    }
    chosen = {
        "outputs": list(outputs or ()),
        "settings": plain(said),
        "engine": plain(parameters or {}),
    }
    return {
        "format": FORMAT,
        "run_id": content_hash({"inputs": inputs, "parameters": chosen}),
        "status": "running",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": _versions(),
        "inputs": inputs,
        "parameters": chosen,
        "device": {
            "accelerator": "cpu",
            "machine": platform.machine(),
            "system": platform.system(),
        },
        "engine": {},
        "tile_plan": None,
        "timings": {},
    }


def request_id(metadata: Mapping[str, Any]) -> str:
    """Like ``run_id``, without the sky view: it can be known before that is computed."""
    surface = metadata["inputs"]["surface"]
    content = {k: v for k, v in surface["content"].items() if k != "svf"}
    inputs = {**metadata["inputs"], "surface": {**surface, "content": content}}
    return content_hash({"inputs": inputs, "parameters": metadata["parameters"]})


@also_named(path="output_dir")
def save_run_metadata(
    metadata: Mapping[str, Any], output_dir: str | Path, filename: str = FILE_NAME
) -> Path:
    """Write the description of a run as JSON.

    Parameters
    ----------
    metadata
        As :func:`create_run_metadata` gives it.
    output_dir
        Folder, made if need be, or where it ends in ``.json``, the file.
    filename
        Name in the folder.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    target = Path(output_dir)
    if target.suffix.lower() != ".json":
        target = target / filename
    target.parent.mkdir(parents=True, exist_ok=True)
    write_text(target, json.dumps(plain(metadata), indent=2) + "\n")
    return target


@also_named(metadata_path="path")
def load_run_metadata(path: str | Path) -> dict[str, Any]:
    """Read what :func:`save_run_metadata` wrote.

    Parameters
    ----------
    path
        The file or its folder.

    Returns
    -------
    dict[str, Any]
        Plain values.

    Raises
    ------
    FileNotFoundError
        No such file.
    ConfigurationError
        Not the metadata of a run.
    """
    source = Path(path)
    if source.is_dir():
        source = source / FILE_NAME
    if not source.exists():
        raise FileNotFoundError(f"run metadata: no file {source}")
    try:
        metadata = parse_json(source.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigurationError("run metadata", "JSON", f"{source} ({error})") from error
    if not isinstance(metadata, dict) or "run_id" not in metadata:
        raise ConfigurationError("run metadata", "a file with a run_id", source)
    return metadata


def load_finished(field: str, folder: Path) -> dict[str, Any]:
    """Metadata of the complete run in a folder.

    Parameters
    ----------
    field
        Name of the argument that the folder was given as.
    folder
        Of the run.

    Raises
    ------
    FileNotFoundError
        No run there.
    ConfigurationError
        One that is not complete.
    """
    if not (folder / FILE_NAME).is_file():
        raise FileNotFoundError(f"{field}: no run in {folder} (no {FILE_NAME})")
    told = load_run_metadata(folder)
    if told.get("status") != "complete":
        raise ConfigurationError(
            field, "a complete run", f"{folder}, which is {told.get('status', 'unknown')}",
            "solweig run --resume finishes it.",
        )  # fmt: skip
    return told


def refuse_other_run(folder: Path, run_id: str, *, overwrite: bool, resume: bool = False) -> bool:
    """Check that a run may write into a folder.

    The same run, inputs and parameters alike, may be repeated, which is said unless it is to be
    resumed: its files come out the same. A different run is never mixed in; with
    ``overwrite=True`` it takes the earlier one's place.

    Returns
    -------
    bool
        Whether an earlier run has to make room.

    Raises
    ------
    ConfigurationError
        The folder holds another run and ``overwrite`` is False.
    """
    if not (folder / FILE_NAME).exists():
        return False
    found = load_run_metadata(folder)
    if found["run_id"] == run_id:
        if not resume:
            _say_repeated(folder, found)
        return False
    if not overwrite:
        raise _another_run(folder, found)
    return True


def _say_repeated(folder: Path, found: Mapping[str, Any]) -> None:
    """A folder that holds this very run, whole or not."""
    log.warning(
        "output_dir: %s holds the same run of %s (%s): it is computed again, with the same files",
        folder, found.get("created", "unknown date"), found.get("status", "status unknown"),
    )  # fmt: skip


def _another_run(folder: Path, found: Mapping[str, Any]) -> ConfigurationError:
    return ConfigurationError(
        "output_dir",
        "an empty folder or one with the same run",
        f"{folder}, which holds another run of {found.get('created', 'unknown date')}",
        "Choose another folder, or pass overwrite=True (--overwrite) to replace that run.",
    )


def refuse_to_resume(folder: Path, metadata: Mapping[str, Any]) -> None:
    """Check that a folder holds the run that is to be resumed, or none.

    Raises
    ------
    ConfigurationError
        It holds another; the message names what differs.
    """
    if not (folder / FILE_NAME).exists():
        return
    found = load_run_metadata(folder)
    if found["run_id"] != metadata["run_id"]:
        raise _not_to_resume(folder, _apart(found, metadata))


def refuse_unlike(folder: Path, metadata: Mapping[str, Any], *, resume: bool) -> None:
    """Check a folder before the sky view of the run's surface is known: by all else.

    Raises
    ------
    ConfigurationError
        The folder holds another run, as :func:`refuse_other_run` or, to ``resume``,
        :func:`refuse_to_resume` say it.
    """
    if not (folder / FILE_NAME).exists():
        return
    found = load_run_metadata(folder)
    apart = [name for name in _apart(found, metadata) if name != "inputs.surface.content.svf"]
    if apart:
        raise _not_to_resume(folder, apart) if resume else _another_run(folder, found)


def _apart(found: Mapping[str, Any], metadata: Mapping[str, Any]) -> list[str]:
    now = plain(metadata)
    parts = ("inputs", "parameters")
    return [name for part in parts for name in differences(found.get(part), now[part], part)]


def _not_to_resume(folder: Path, apart: Sequence[str]) -> ConfigurationError:
    return ConfigurationError(
        "resume",
        f"the inputs and parameters of the run in {folder}",
        "others: " + ", ".join(apart or ["unknown"]) + " differ",
        "Run it as it was begun, or choose another folder.",
    )


def differences(one: Any, two: Any, name: str) -> list[str]:
    """Names of the values that differ, such as ``inputs.surface.content.dsm``."""
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        keys = dict.fromkeys((*one, *two))
        return [d for k in keys for d in differences(one.get(k), two.get(k), f"{name}.{k}")]
    return [] if one == two else [name]


def _versions() -> dict[str, str]:
    import rasterio

    return {
        "solweig": _core.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "rasterio": rasterio.__version__,
        "gdal": rasterio.__gdal_version__,
    }


def _describe_surface(surface: SurfaceData) -> dict[str, Any]:
    return {
        "shape": list(surface.shape),
        "pixel_size": float(surface.pixel_size),
        "geotransform": plain(surface.geotransform),
        "crs": str(surface.crs or ""),
        "formulation": surface.formulation,
        "content": surface.content(),
    }


def _describe_weather(
    series: Sequence[Weather], steps: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    raw = [plain(w) for w in series]
    return {
        "n_timesteps": len(series),
        "start": plain(series[0].datetime) if series else None,
        "end": plain(series[-1].datetime) if series else None,
        "content": content_hash({"series": raw, "steps": [plain(s) for s in steps]}),
    }

"""``run_metadata.json``: what ran, on what, with which parameters, and how it went."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import fields
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
from solweig.results.outputs import step_stamp

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
    "request_id",
    "save_run_metadata",
]

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
        Where its results go; not part of ``run_id``, so that a moved run stays the same run.
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
    shown = {name: chosen["settings"].get(name) for name in ("use_anisotropic_sky", "conifer")}
    return {
        "format": FORMAT,
        "run_id": content_hash({"inputs": inputs, "parameters": chosen}),
        "status": "running",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **_at_a_glance(surface, inputs, chosen, output_dir),
        "versions": _versions(),
        "inputs": inputs,
        "parameters": {**chosen, **shown},
        "device": {
            "accelerator": "cpu",
            "machine": platform.machine(),
            "system": platform.system(),
        },
        "process": {"host": platform.node(), "pid": os.getpid()},
        "engine": {},
        "tile_plan": None,
        "timings": {},
        "steps": {step_stamp(w.datetime): _weather_digest(w) for w in series},
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
    # Earlier versions gave a run no id.
    if not isinstance(metadata, dict) or not metadata.keys() & {"run_id", "solweig_version"}:
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


def differences(one: Any, two: Any, name: str) -> list[str]:
    """Names of the values that differ, such as ``inputs.surface.content.dsm``."""
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        keys = dict.fromkeys((*one, *two))
        return [d for k in keys for d in differences(one.get(k), two.get(k), f"{name}.{k}")]
    return [] if one == two else [name]


def _weather_digest(step: Weather) -> str:
    """Of what was given for a step, not of what was derived."""
    given = {f.name: getattr(step, f.name) for f in fields(step) if f.init}
    return content_hash(given)[:8]


def _at_a_glance(
    surface: SurfaceData,
    inputs: Mapping[str, Any],
    chosen: Mapping[str, Any],
    output_dir: str | Path | None,
) -> dict[str, Any]:
    """The keys that scripts look for in a run's metadata, with what is also said elsewhere."""
    weather, settings = inputs["weather"], chosen["settings"]
    rows, cols = surface.shape
    said = {name: settings.get(name) for name in ("human", "physics", "materials")}
    return {
        "run_timestamp": datetime.now().isoformat(),
        "solweig_version": _core.__version__,
        "location": inputs["location"],
        "grid": {
            "rows": rows,
            "cols": cols,
            "pixel_size": float(surface.pixel_size),
            "crs": surface.crs or None,
        },
        "timeseries": {
            "start": weather["start"],
            "end": weather["end"],
            "timesteps": weather["n_timesteps"],
        },
        "outputs": {
            "directory": None if output_dir is None else str(output_dir),
            "variables": list(chosen["outputs"]),
        },
        **{
            name: value if name == "human" else {"full_params": value}
            for name, value in said.items()
            if value is not None
        },
    }


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

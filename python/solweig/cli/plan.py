"""``solweig plan``: what a run will take, before it is begun."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from solweig.cli import options as opt
from solweig.cli.machine import ProgressForm, StopWithInput, emit
from solweig.cli.support import clean_errors, print_json, say
from solweig.config import ATTRIBUTION, validate_outputs
from solweig.errors import ConfigurationError
from solweig.execution.opening import engine_of
from solweig.execution.resolve import ResolvedExecution
from solweig.run.forecast import SurfaceSize, forecast, machine_memory, measure_surface
from solweig.tiles.plan import device_of

__all__ = ["plan"]

SIZE = "Size"
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def plan(
    dsm: Annotated[
        Path | None,
        typer.Option("--dsm", help="Surface model to plan for.", rich_help_panel=SIZE),
    ] = None,
    cdsm: opt.Canopy = None,
    height_unit: opt.HeightUnit = None,
    reproject: opt.Reproject = None,
    shape: Annotated[
        str | None,
        typer.Option(
            "--shape", help="Without files: rows x columns, 16210x14410.", rich_help_panel=SIZE
        ),
    ] = None,
    pixel_size: Annotated[
        float, typer.Option("--pixel-size", help="With --shape (m).", rich_help_panel=SIZE)
    ] = 1.0,
    relief: Annotated[
        float,
        typer.Option(
            "--relief",
            help="With --shape: lowest ground to highest roof or crown (m).",
            rich_help_panel=SIZE,
        ),
    ] = 100.0,
    no_trees: Annotated[
        bool, typer.Option("--no-trees", help="With --shape.", rich_help_panel=SIZE)
    ] = False,
    steps: Annotated[int, typer.Option("--steps", help="Steps of the run.")] = 24,
    outputs: Annotated[str, typer.Option("--outputs", help="Rasters per step.")] = "tmrt",
    patch_option: opt.PatchOption = 2,
    max_shadow_distance: opt.MaxShadow = None,
    lowest_sun: Annotated[
        float, typer.Option("--lowest-sun", help="Lowest sun of the run (degrees).")
    ] = 3.0,
    memory: Annotated[
        str | None,
        typer.Option("--memory", help="Memory to plan for, 20GiB; default: this machine's share."),
    ] = None,
    tile_size: opt.TileSize = None,
    workers: Annotated[
        int,
        typer.Option("--workers", min=1, help="Worker processes.", rich_help_panel=opt.HARDWARE),
    ] = 1,
    accelerator: opt.Accelerator = "auto",
    device: opt.Device = None,
    progress: ProgressForm = "bars",
    stop_with_input: StopWithInput = False,
    as_json: opt.Json = False,
) -> None:
    """Show how a raster would be cut, and what memory, disk and time a run would take.

    Reads only the extent and heights of the rasters and computes nothing.

    Examples
    --------
    solweig plan --dsm dsm.tif --cdsm trees.tif --steps 168

    solweig plan --shape 16210x14410 --relief 120 --memory 20GiB --accelerator cpu
    """
    with clean_errors():
        names = validate_outputs(opt.comma_list(outputs))
        limit = None if memory is None else parse_size(memory)
        if (dsm is None) == (shape is None):
            raise ConfigurationError(
                "raster", "either --dsm or --shape", "both" if dsm is not None else "neither"
            )
        if dsm is not None:
            place = measure_surface(
                dsm, cdsm, reproject=reproject, height_unit=opt.parse_height_unit(height_unit)
            )
        else:
            assert shape is not None
            place = SurfaceSize(parse_shape(shape), pixel_size, relief, not no_trees)
        backend = device_of(
            engine_of(_settled(accelerator, device)),
            patch_option=patch_option, vegetation=place.vegetation, anisotropic=True, sides=False,
            attribution=any(name in ATTRIBUTION for name in names),
        )  # fmt: skip
        found = forecast(
            place, steps=steps, outputs=len(names), patch_option=patch_option,
            max_shadow_distance_m=opt.said_or(max_shadow_distance), lowest_sun_deg=lowest_sun,
            tile_size=tile_size, memory=limit, workers=workers, backend=backend,
        )  # fmt: skip
        engine = "CPU"
        if found.device_left is not None:
            engine = f"CPU: {found.device_left}"
        elif backend is not None:
            engine = f"GPU ({backend.name}); its speed is not estimated"
        if as_json:
            print_json({**asdict(found), "machine": machine_memory(), "engine": engine})
            return
        lines = [*found.lines(), ("machine", machine_memory()), ("engine", engine)]
        say(lines)
        emit(command="plan", plan=[{"name": name, "value": value} for name, value in lines])


def _settled(accelerator: str, device: list[str] | None) -> ResolvedExecution:
    import warnings

    from solweig.execution import GpuUnavailableWarning, resolve_execution

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GpuUnavailableWarning)
        return resolve_execution(opt.execution(accelerator, device, False))


def parse_shape(text: str) -> tuple[int, int]:
    """Rows and columns from ``16210x14410``.

    Raises
    ------
    ConfigurationError
        Anything else.
    """
    found = re.fullmatch(r"\s*(\d+)\s*[x×,]\s*(\d+)\s*", text)
    if found is None:
        raise ConfigurationError("--shape", "rows x columns, such as 16210x14410", repr(text))
    return int(found[1]), int(found[2])


def parse_size(text: str) -> int:
    """Bytes from ``20GiB``, ``500M`` or a plain number.

    Raises
    ------
    ConfigurationError
        Anything else.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?\s*", text.lower())
    if found is None or float(found[1]) <= 0:
        raise ConfigurationError("--memory", "a size, such as 20GiB", repr(text))
    return int(float(found[1]) * _UNITS[found[2]])

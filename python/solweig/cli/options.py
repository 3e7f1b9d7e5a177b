"""Command-line options that several commands share."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from solweig.cli.support import config_option_callback
from solweig.config import DEFAULT_MAX_SHADOW_DISTANCE_M
from solweig.errors import ConfigurationError
from solweig.execution import ExecutionConfig, resolve_execution
from solweig.surface.data import SurfaceData

__all__ = [
    "SKIES",
    "SWITCHES",
    "Accelerator",
    "Albedo",
    "Bbox",
    "Canopy",
    "CanopyAbsolute",
    "Config",
    "Dem",
    "Device",
    "Dsm",
    "DsmRelative",
    "Emissivity",
    "Force",
    "Formulation",
    "HeightUnit",
    "Json",
    "LandCover",
    "MaxShadow",
    "PatchOption",
    "PixelSize",
    "Reproject",
    "StrictGpu",
    "Trunk",
    "TrunkRatio",
    "WallAspect",
    "WallHeight",
    "comma_list",
    "execution",
    "prepared_surface",
]

RASTERS = "Rasters"
GRID = "Grid and sky"
HARDWARE = "Hardware"

SKIES = ("anisotropic", "isotropic")
SWITCHES = {"on": True, "off": False}
"""Words for formulae that are taken and left."""

Accelerator = Annotated[
    str,
    typer.Option(
        "--accelerator",
        help="auto: a GPU where there is one; cpu: the CPU, whatever is there; gpu: a GPU must be "
        "there.",
        rich_help_panel=HARDWARE,
    ),
]
Device = Annotated[
    list[str] | None,
    typer.Option(
        "--device",
        help="Adapter to use, as solweig info lists them, such as gpu:1; repeatable.",
        rich_help_panel=HARDWARE,
    ),
]
StrictGpu = Annotated[
    bool,
    typer.Option(
        "--strict-gpu",
        help="A stage that fails on the GPU is an error instead of a fallback to the CPU.",
        rich_help_panel=HARDWARE,
    ),
]

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help='TOML file with any of these options (dsm = "dsm.tif"); flags beat the file.',
        is_eager=True,
        callback=config_option_callback,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="One JSON object on standard output instead of text.")
]
Dsm = Annotated[
    Path,
    typer.Option("--dsm", help="Surface model: ground and roofs (m).", rich_help_panel=RASTERS),
]
DsmRelative = Annotated[
    bool,
    typer.Option("--dsm-relative", help="The surface model holds heights above ground (--dem).",
                 rich_help_panel=RASTERS),
]  # fmt: skip
Albedo = Annotated[
    Path | None,
    typer.Option("--albedo", help="Albedo of the ground (0-1); else by land cover.",
                 rich_help_panel=RASTERS),
]  # fmt: skip
Emissivity = Annotated[
    Path | None,
    typer.Option("--emissivity", help="Emissivity of the ground (0-1); else by land cover.",
                 rich_help_panel=RASTERS),
]  # fmt: skip
Transmissivity = Annotated[
    Path | None,
    typer.Option("--transmissivity", rich_help_panel=RASTERS,
                 help="Share of light through each canopy in leaf (0-1); else 0.03."),
]  # fmt: skip
Lai = Annotated[
    Path | None,
    typer.Option("--lai", rich_help_panel=RASTERS,
                 help="Leaf area index of the canopies, instead of --transmissivity."),
]  # fmt: skip
LaiExtinction = Annotated[
    float,
    typer.Option("--lai-extinction", rich_help_panel=RASTERS,
                 help="K of exp(-K LAI), the share that comes through."),
]  # fmt: skip
HeightUnit = Annotated[
    list[str] | None,
    typer.Option("--height-unit", rich_help_panel=RASTERS,
                 help="Unit of heights, whatever the files say: m, ft, us-ft, cm; of one raster: "
                 "cdsm=ft; repeatable."),
]  # fmt: skip
Reproject = Annotated[
    str | None,
    typer.Option("--reproject", rich_help_panel=GRID,
                 help="Bring the surface model itself to utm (its zone) or a projected CRS in "
                 "metres, EPSG:25832."),
]  # fmt: skip
Dem = Annotated[
    Path | None,
    typer.Option("--dem", help="Ground model (m).", rich_help_panel=RASTERS),
]
Canopy = Annotated[
    Path | None,
    typer.Option("--cdsm", help="Tree canopy, heights above ground (m).", rich_help_panel=RASTERS),
]
Trunk = Annotated[
    Path | None,
    typer.Option("--tdsm", help="Underside of the canopy (m).", rich_help_panel=RASTERS),
]
LandCover = Annotated[
    Path | None,
    typer.Option(
        "--land-cover",
        help="Classes: 0 cobble, 1 asphalt, 2 buildings, 5 grass, 6 bare soil, 7 water.",
        rich_help_panel=RASTERS,
    ),
]
WallHeight = Annotated[
    Path | None,
    typer.Option("--wall-height", help="Wall heights (m); computed if absent.",
                 rich_help_panel=RASTERS),
]  # fmt: skip
WallAspect = Annotated[
    Path | None,
    typer.Option("--wall-aspect", help="Wall aspects (degrees); computed if absent.",
                 rich_help_panel=RASTERS),
]  # fmt: skip
CanopyAbsolute = Annotated[
    bool,
    typer.Option("--cdsm-absolute", help="Canopy and trunk rasters hold elevations.",
                 rich_help_panel=RASTERS),
]  # fmt: skip
TrunkRatio = Annotated[
    float,
    typer.Option("--trunk-ratio", help="Trunk height over canopy height.",
                 rich_help_panel=RASTERS),
]  # fmt: skip
Bbox = Annotated[
    str | None,
    typer.Option("--bbox", help="Part to use: west,south,east,north in the DSM's CRS.",
                 rich_help_panel=GRID),
]  # fmt: skip
PixelSize = Annotated[
    float | None,
    typer.Option(
        "--pixel-size",
        rich_help_panel=GRID,
        help="Resample to this cell size (m), a quarter of the data's or more.",
    ),
]
PatchOption = Annotated[
    int,
    typer.Option("--patch-option", min=1, max=4, rich_help_panel=GRID,
                 help="Division of the sky: 1 (145 patches), 2 (153), 3 (305), 4 (609)."),
]  # fmt: skip
MaxShadow = Annotated[
    float | None,
    typer.Option("--max-shadow-distance", help="How far shadows reach (m).",
                 show_default=f"{DEFAULT_MAX_SHADOW_DISTANCE_M:g}", rich_help_panel=GRID),
]  # fmt: skip
Formulation = Annotated[
    str | None,
    typer.Option("--formulation", help="reference (2025a) or improved geometry and physics.",
                 show_default="reference", rich_help_panel=GRID),
]  # fmt: skip
Force = Annotated[
    bool,
    typer.Option("--force", help="Prepare anew even where the cache holds this surface.",
                 rich_help_panel=GRID),
]  # fmt: skip

TileSize = Annotated[
    int | None,
    typer.Option(
        "--tile-size",
        help="Side of the tiles (pixels, 128 or more); default: as large as memory allows.",
        rich_help_panel=HARDWARE,
    ),
]

Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        help="Address of a Dask scheduler, tcp://host:8786: its workers do the tiles.",
        rich_help_panel=HARDWARE,
    ),
]
Storage = Annotated[
    str | None,
    typer.Option(
        "--storage",
        help="Folder or fsspec URL that all workers of the cluster reach; default: --out.",
        rich_help_panel=HARDWARE,
    ),
]


def comma_list(values: str | list[str] | None) -> list[str]:
    """``a,b`` or repeated flags as a list."""
    if values is None:
        return []
    joined = values if isinstance(values, str) else ",".join(values)
    return [part.strip() for part in joined.split(",") if part.strip()]


def parse_bbox(text: str | None) -> list[float] | None:
    """Four numbers from ``west,south,east,north``.

    Raises
    ------
    ConfigurationError
        Anything else.
    """
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
        if not all(map(math.isfinite, (west, south, east, north))):
            raise ValueError
    except ValueError:
        raise ConfigurationError(
            "--bbox", "four numbers: west,south,east,north", repr(text)
        ) from None
    return [west, south, east, north]


def parse_height_unit(values: list[str] | None) -> str | dict[str, str] | None:
    """A unit, or units by raster, from ``["ft"]`` or ``["cdsm=ft", "dem=m"]``.

    Raises
    ------
    ConfigurationError
        Both, or more than one unit for all.
    """
    entries = comma_list(values)
    if not entries:
        return None
    if len(entries) == 1 and "=" not in entries[0]:
        return entries[0]
    if not all("=" in entry for entry in entries):
        raise ConfigurationError(
            "--height-unit", "one unit, such as ft, or units by raster, such as cdsm=ft,dem=m",
            ",".join(entries),
        )  # fmt: skip
    pairs = (entry.partition("=") for entry in entries)
    return {name.strip().replace("-", "_"): unit.strip() for name, _, unit in pairs}


def parse_switches(flag: str, entries: list[str] | None) -> dict[str, bool] | None:
    """A mapping from ``["name=on"]``.

    Raises
    ------
    ConfigurationError
        An entry that is not ``name=on`` or ``name=off``.
    """
    found: dict[str, bool] = {}
    for entry in entries or []:
        name, _, word = entry.partition("=")
        if word not in SWITCHES:
            raise ConfigurationError(flag, "name=on or name=off", repr(entry))
        found[name] = SWITCHES[word]
    return found or None


def parse_numbers(flag: str, text: str | None) -> list[float] | None:
    """Numbers from ``32,38``; an empty text is an empty list.

    Raises
    ------
    ConfigurationError
        Anything else.
    """
    if text is None:
        return None
    try:
        return [float(part) for part in comma_list(text)]
    except ValueError:
        raise ConfigurationError(flag, "numbers, such as 32,38", repr(text)) from None


def said_or(value: float | None, otherwise: float = DEFAULT_MAX_SHADOW_DISTANCE_M) -> float:
    """A flag's value, else what holds without it."""
    return otherwise if value is None else value


def execution(
    accelerator: str, devices: list[str] | None, strict: bool, **others: Any
) -> ExecutionConfig:
    """The hardware options, checked; a GPU that is demanded, and a cluster, must be there."""
    if others.get("cluster") is not None:
        others["strategy"] = "dask"
    wishes = ExecutionConfig(
        accelerator=accelerator,  # type: ignore[arg-type]
        devices=tuple(devices) if devices else None,
        strict=strict,
        **others,
    )
    resolve_execution(wishes)
    return wishes


def prepared_surface(progress: Any, **options: Any) -> SurfaceData:
    """:meth:`SurfaceData.prepare` from the options above; checks them before reading anything."""
    absolute = options.pop("cdsm_absolute")
    return SurfaceData.prepare(
        bbox=parse_bbox(options.pop("bbox")),
        height_unit=parse_height_unit(options.pop("height_unit")),
        cdsm_relative=not absolute,
        tdsm_relative=not absolute,
        feedback=progress,
        **options,
    )

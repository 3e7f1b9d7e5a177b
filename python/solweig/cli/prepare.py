"""``solweig prepare``: walls and sky view of a surface, kept for later runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from solweig.cli import options as opt
from solweig.cli.machine import ProgressForm, StopWithInput, emit, progress_bars
from solweig.cli.support import clean_errors, out_console

__all__ = ["prepare"]


def prepare(
    dsm: opt.Dsm,
    cache: Annotated[
        Path,
        typer.Option("--cache", help="Folder for the prepared surface.", rich_help_panel=opt.GRID),
    ],
    config: opt.Config = None,
    dem: opt.Dem = None,
    cdsm: opt.Canopy = None,
    tdsm: opt.Trunk = None,
    land_cover: opt.LandCover = None,
    wall_height: opt.WallHeight = None,
    wall_aspect: opt.WallAspect = None,
    albedo: opt.Albedo = None,
    emissivity: opt.Emissivity = None,
    transmissivity: opt.Transmissivity = None,
    lai: opt.Lai = None,
    lai_extinction: opt.LaiExtinction = 0.5,
    dsm_relative: opt.DsmRelative = False,
    cdsm_absolute: opt.CanopyAbsolute = False,
    height_unit: opt.HeightUnit = None,
    trunk_ratio: opt.TrunkRatio = 0.25,
    bbox: opt.Bbox = None,
    pixel_size: opt.PixelSize = None,
    reproject: opt.Reproject = None,
    patch_option: opt.PatchOption = 2,
    max_shadow_distance: opt.MaxShadow = None,
    formulation: opt.Formulation = None,
    force: opt.Force = False,
    tile_size: opt.TileSize = None,
    accelerator: opt.Accelerator = "auto",
    device: opt.Device = None,
    strict_gpu: opt.StrictGpu = False,
    progress: ProgressForm = "bars",
    stop_with_input: StopWithInput = False,
) -> None:
    """Compute walls and sky view factors once, for many runs.

    Hand the same --cache folder to "solweig run"; it is used as long as inputs and parameters are
    the same, which is checked by their content.

    Example:

    solweig prepare --dsm dsm.tif --dem dem.tif --cdsm trees.tif --cache cache/

    A GPU is used where there is one; --accelerator cpu keeps the work on the CPU.
    """
    with clean_errors():
        execution = opt.execution(accelerator, device, strict_gpu)
        with progress_bars() as bars:
            surface = opt.prepared_surface(
                bars.phase("Preparing the surface"),
                dsm=dsm, dem=dem, cdsm=cdsm, tdsm=tdsm, land_cover=land_cover,
                wall_height=wall_height, wall_aspect=wall_aspect, working_dir=cache,
                albedo=albedo, emissivity=emissivity, transmissivity=transmissivity, lai=lai,
                lai_extinction=lai_extinction, dsm_relative=dsm_relative,
                cdsm_absolute=cdsm_absolute, height_unit=height_unit, trunk_ratio=trunk_ratio,
                bbox=bbox, pixel_size=pixel_size, reproject=reproject, patch_option=patch_option,
                max_shadow_distance_m=opt.said_or(max_shadow_distance), force_recompute=force,
                tile_size=tile_size,
                formulation=formulation or "reference", execution=execution,
            )  # fmt: skip
        rows, cols = surface.shape
        out_console().print(
            f"{rows} x {cols} cells of {surface.pixel_size:g} m, prepared in {cache}",
            markup=False,
        )
        emit(command="prepare", folder=str(cache.absolute()), shape=[rows, cols],
             pixel_size=surface.pixel_size)  # fmt: skip

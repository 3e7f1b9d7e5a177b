"""``solweig run``: from rasters and weather to maps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from solweig.cli import options as opt
from solweig.cli import weather as wx
from solweig.cli.machine import ProgressForm, StopWithInput, emit, progress_bars
from solweig.cli.support import clean_errors, out_console
from solweig.cli.surface import kept_surface
from solweig.config import HumanParams, ModelConfig, validate_outputs
from solweig.errors import ConfigurationError
from solweig.execution.threads import use_threads
from solweig.results.files import run_files
from solweig.results.outputs import check_folder
from solweig.results.point_files import point_file
from solweig.results.state import ThermalState
from solweig.results.summary import TimeseriesSummary
from solweig.run.calculation import calculate, check_calculation
from solweig.surface.data import SurfaceData
from solweig.tiles.shared_store import cube_place

__all__ = ["run"]

MODEL = "Model"
OUTPUT = "Output"


def run(
    dsm: opt.Dsm,
    out: Annotated[
        Path, typer.Option("--out", help="Folder for the results.", rich_help_panel=OUTPUT)
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
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache",
            help="Folder that keeps the prepared surface for the next run.",
            rich_help_panel=opt.GRID,
        ),
    ] = None,
    epw: wx.Epw = None,
    met: wx.Met = None,
    start: wx.Start = None,
    end: wx.End = None,
    hours: wx.Hours = None,
    year: wx.Year = None,
    timestep_minutes: wx.StepMinutes = None,
    stamp: wx.Stamp = None,
    fill: wx.FillWith = None,
    latitude: wx.Latitude = None,
    longitude: wx.Longitude = None,
    altitude: wx.Altitude = None,
    utc_offset: wx.UtcOffset = None,
    outputs: Annotated[
        str | None,
        typer.Option(
            "--outputs",
            help="Rasters per step: tmrt,utci,pet,shadow,kdown,kup,ldown,lup.",
            show_default="tmrt",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    pois: Annotated[
        Path | None,
        typer.Option(
            "--pois",
            help="Points of interest (GeoJSON, GeoPackage, CSV, shapefile; a layer: "
            "file.gpkg|layername=NAME): all fluxes to pois.csv.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    plots: Annotated[
        bool, typer.Option("--plots", help="Also draw PNG maps.", rich_help_panel=OUTPUT)
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace another run's results in --out.", rich_help_panel=OUTPUT
        ),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with an interrupted run of the same inputs in --out.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    state: Annotated[
        Path | None,
        typer.Option(
            "--state",
            help="Thermal state of the period before, a file of --save-state.",
            rich_help_panel=wx.WEATHER,
        ),
    ] = None,
    save_state: Annotated[
        Path | None,
        typer.Option(
            "--save-state",
            help="Keep the thermal state after the last step, for the period that follows.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    output_format: Annotated[
        str,
        typer.Option(
            "--output-format",
            "--format",
            help="Steps as geotiff, zarr or netcdf, or several: geotiff,netcdf.",
            rich_help_panel=OUTPUT,
        ),
    ] = "geotiff",
    tile_size: opt.TileSize = None,
    sky: Annotated[
        str | None,
        typer.Option(
            "--sky",
            help="anisotropic (Perez) or isotropic.",
            show_default="anisotropic",
            rich_help_panel=MODEL,
        ),
    ] = None,
    conifer: Annotated[
        bool | None,
        typer.Option(
            "--conifer/--no-conifer",
            help="Trees keep their leaves.",
            show_default="no-conifer",
            rich_help_panel=MODEL,
        ),
    ] = None,
    leaf_on: Annotated[
        str | None,
        typer.Option(
            "--leaf-on",
            help="First day with leaves: day of year or 04-15; with --leaf-off.",
            show_default="by latitude",
            rich_help_panel=MODEL,
        ),
    ] = None,
    leaf_off: Annotated[
        str | None,
        typer.Option(
            "--leaf-off",
            help="First day without leaves: day of year or 11-01.",
            show_default="by latitude",
            rich_help_panel=MODEL,
        ),
    ] = None,
    sun_substeps: Annotated[
        int | None,
        typer.Option(
            "--sun-substeps",
            help="Suns of a step, 1 to 5, each for an equal part of its interval.",
            show_default="1, improved 3",
            rich_help_panel=MODEL,
        ),
    ] = None,
    ground_clock: Annotated[
        str | None,
        typer.Option(
            "--ground-clock",
            help="What warms the ground: solar time, or the legal clock of the stamps (reference).",
            show_default="solar",
            rich_help_panel=MODEL,
        ),
    ] = None,
    beam: Annotated[
        str | None,
        typer.Option(
            "--beam",
            help="Whether measured direct radiation is normal to the beam or on the horizontal.",
            show_default="normal",
            rich_help_panel=MODEL,
        ),
    ] = None,
    posture: Annotated[
        str | None,
        typer.Option(
            "--posture",
            help="standing or sitting.",
            show_default="standing",
            rich_help_panel=MODEL,
        ),
    ] = None,
    body: Annotated[
        str | None,
        typer.Option(
            "--body", help="cylinder or box.", show_default="cylinder", rich_help_panel=MODEL
        ),
    ] = None,
    heat_thresholds_day: Annotated[
        str | None,
        typer.Option(
            "--heat-thresholds-day",
            help="UTCI (deg C) above which hours of the day are counted.",
            show_default="32,38",
            rich_help_panel=MODEL,
        ),
    ] = None,
    heat_thresholds_night: Annotated[
        str | None,
        typer.Option(
            "--heat-thresholds-night",
            help="UTCI (deg C) above which hours of the night are counted.",
            show_default="26",
            rich_help_panel=MODEL,
        ),
    ] = None,
    utci_range: Annotated[
        str | None,
        typer.Option(
            "--utci-range",
            help="UTCI outside its published range: clip (inputs to its ends), flag (as given), "
            "nan (none).",
            show_default="wind above 17 m/s as 17, all else as given",
            rich_help_panel=MODEL,
        ),
    ] = None,
    pet_variant: Annotated[
        str | None,
        typer.Option(
            "--pet-variant",
            help="1999, 2018 or reference.",
            show_default="1999",
            rich_help_panel=MODEL,
        ),
    ] = None,
    params: Annotated[
        Path | None,
        typer.Option(
            "--params", help="Parameter file in UMEP's JSON layout.", rich_help_panel=MODEL
        ),
    ] = None,
    accelerator: opt.Accelerator = "auto",
    device: opt.Device = None,
    strict_gpu: opt.StrictGpu = False,
    cluster: opt.Cluster = None,
    storage: opt.Storage = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", help="Threads; default all cores.", rich_help_panel=MODEL),
    ] = None,
    styles: Annotated[
        bool,
        typer.Option(
            "--styles/--no-styles",
            help="Styles for QGIS, name.qml, beside the GeoTIFFs.",
            rich_help_panel=OUTPUT,
        ),
    ] = True,
    progress: ProgressForm = "bars",
    stop_with_input: StopWithInput = False,
) -> None:
    """Map heat stress from rasters and weather.

    Writes one GeoTIFF per step and quantity, summaries over the period, and run_metadata.json.

    Examples
    --------
    solweig run --dsm dsm.tif --epw city.epw --start 2025-07-01 --out out/

    solweig run --dsm dsm.tif --cdsm trees.tif --met july.txt --utc-offset 1 --out out/

    solweig run --config run.toml --outputs tmrt,utci --overwrite

    A GPU is used where there is one; --accelerator cpu keeps the run on the CPU.
    """
    with clean_errors():
        source = wx.WeatherSource(
            epw, met or [], start, end, hours, year, timestep_minutes, stamp, wx.parse_fill(fill)
        )
        model = _model_config(
            params, sky=sky, posture=posture, conifer=conifer, body=body, stamp=stamp,
            formulation=formulation, leaf_on=leaf_on, leaf_off=leaf_off, ground_clock=ground_clock,
            sun_substeps=sun_substeps, beam=beam, heat_thresholds_day=opt.parse_numbers(
                "--heat-thresholds-day", heat_thresholds_day
            ),
            heat_thresholds_night=opt.parse_numbers(
                "--heat-thresholds-night", heat_thresholds_night
            ),
        )  # fmt: skip
        chosen: dict[str, Any] = {"utci_range": utci_range, "pet_variant": pet_variant}
        model = replace(model, **{n: v for n, v in chosen.items() if v is not None})
        reach = opt.said_or(max_shadow_distance, model.max_shadow_distance_m)
        names = None if outputs is None else validate_outputs(opt.comma_list(outputs))
        place = wx.Place(latitude, longitude, altitude, utc_offset)
        place.check(source)
        check_folder(out)
        if pois is not None and not point_file(pois)[0].exists():
            raise FileNotFoundError(f"pois: no file {pois}")
        initial = None if state is None else ThermalState.load(state)
        if save_state is not None:
            check_folder(save_state.parent)
        execution = opt.execution(
            accelerator, device, strict_gpu, workers=workers, cluster=cluster, storage=storage
        )
        # The surface is prepared here; the cluster does the steps.
        here = replace(execution, strategy="auto", cluster=None, storage=None)
        if workers is not None:
            # The surface's preparation starts the threads, long before calculate() could size them.
            use_threads(workers)
        weather = source.read()
        options: dict[str, Any] = {
            "output_dir": out, "config": model, "outputs": names,
            "max_shadow_distance_m": reach, "pois": pois, "overwrite": overwrite,
            "resume": resume, "output_format": opt.comma_list(output_format),
            "tile_size": tile_size, "execution": execution, "state": initial, "styles": styles,
        }  # fmt: skip

        def check(surface: SurfaceData) -> None:
            check_calculation(surface, weather, place.location(source, surface), **options)

        place_kept = kept_surface(
            cache, out, dsm, vegetation=cdsm is not None, patch_option=patch_option,
            bbox=opt.parse_bbox(bbox), pixel_size=pixel_size, reproject=reproject,
        )  # fmt: skip
        with progress_bars(2) as bars, place_kept as kept:
            surface = opt.prepared_surface(
                bars.phase("Preparing the surface"),
                dsm=dsm, dem=dem, cdsm=cdsm, tdsm=tdsm, land_cover=land_cover,
                wall_height=wall_height, wall_aspect=wall_aspect, working_dir=kept,
                albedo=albedo, emissivity=emissivity, dsm_relative=dsm_relative,
                cdsm_absolute=cdsm_absolute, height_unit=height_unit, trunk_ratio=trunk_ratio,
                bbox=bbox, pixel_size=pixel_size, reproject=reproject, patch_option=patch_option,
                max_shadow_distance_m=reach, force_recompute=force,
                tile_size=tile_size,
                formulation=model.formulation, execution=here, check=check,
            )  # fmt: skip
            summary = calculate(
                surface, weather, place.location(source, surface), **options,
                progress_callback=bars.phase("Running the steps"),
            )  # fmt: skip
            if save_state is not None and summary.state is not None:
                summary.state.save(save_state)
            if plots:
                from solweig.results.pictures import draw_run

                draw_run(summary, surface, out / "plots", place=dsm.stem)
        out_console().print(summary.report(), markup=False)
        _tell_files(summary, out, opt.comma_list(output_format), storage)


def _tell_files(
    summary: TimeseriesSummary, out: Path, formats: list[str], storage: str | None
) -> None:
    """The files of a run, for a program that asked."""
    outputs = summary.metadata["parameters"]["outputs"]
    cube = None if storage is None else cube_place(out, storage)
    files = run_files(summary, out, outputs=outputs, formats=formats, cube=cube)
    emit(command="run", folder=str(out.absolute()), files=files)


def _model_config(
    params: Path | None, *, sky: str | None, posture: str | None, **said: Any
) -> ModelConfig:
    """The parameter file, with what flags say in its place."""
    if sky not in (None, "anisotropic", "isotropic"):
        raise ConfigurationError("--sky", "anisotropic or isotropic", repr(sky))
    config = ModelConfig() if params is None else ModelConfig.from_json(params)
    said["use_anisotropic_sky"] = None if sky is None else sky == "anisotropic"
    if posture is not None:
        said["human"] = replace(config.human or HumanParams(), posture=posture)
    return replace(config, **{name: value for name, value in said.items() if value is not None})

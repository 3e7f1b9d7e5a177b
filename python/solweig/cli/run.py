"""``solweig run``: from rasters and weather to maps."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from solweig.cli import model_options as mo
from solweig.cli import options as opt
from solweig.cli import period_options as po
from solweig.cli import weather as wx
from solweig.cli.dry_run import Checked, checked_only, told
from solweig.cli.further import further_work
from solweig.cli.machine import ProgressForm, StopWithInput, emit, progress_bars
from solweig.cli.support import clean_errors, out_console, say
from solweig.cli.surface import kept_surface
from solweig.config import validate_outputs
from solweig.execution.threads import use_threads
from solweig.messages import heard
from solweig.report.page import check_place, write_report
from solweig.report.source import LATEST
from solweig.results.captions import place_of
from solweig.results.files import run_files
from solweig.results.outputs import check_folder
from solweig.results.period import PeriodRequest
from solweig.results.point_files import point_file
from solweig.results.state import ThermalState
from solweig.results.summary import TimeseriesSummary
from solweig.run.calculation import calculate, check_calculation
from solweig.run.period import calculate_period
from solweig.surface.data import SurfaceData
from solweig.tiles.shared_store import cube_place

__all__ = ["run"]

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
    weather: wx.Files = None,
    weather_layout: wx.Layout = None,
    weather_columns: wx.Columns = None,
    weather_units: wx.Units = None,
    weather_time_format: wx.TimeFormat = None,
    weather_method: wx.Method = None,
    weather_product: wx.Product = None,
    start: wx.Start = None,
    end: wx.End = None,
    hours: wx.Hours = None,
    year: wx.Year = None,
    timestep_minutes: wx.StepMinutes = None,
    stamp: wx.Stamp = None,
    fill: wx.FillWith = None,
    field: wx.Fields = None,
    wind_profile: wx.WindProfile = None,
    roughness_m: wx.Roughness = None,
    latitude: wx.Latitude = None,
    longitude: wx.Longitude = None,
    altitude: wx.Altitude = None,
    utc_offset: wx.UtcOffset = None,
    outputs: Annotated[
        str | None,
        typer.Option(
            "--outputs",
            help="Rasters per step: tmrt,utci,pet,wbgt,tnw,globe150,globe38,at,set,shadow,kdown,"
            "kup,ldown,lup,globe_load,wick_load; attribution: kelvin of Tmrt by source; "
            "wall_temperature: walls by height, as NetCDF.",
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
    report: Annotated[
        bool,
        typer.Option(
            "--report",
            help="Also write the run as one page, solweig_report.html.",
            rich_help_panel=OUTPUT,
        ),
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
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Check everything and say what the run would take; compute and write nothing.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    statistics_only: po.StatisticsOnly = False,
    percentiles: po.Percentiles = None,
    group_by: po.GroupBy = None,
    tmrt_thresholds: po.TmrtThresholds = None,
    pet_thresholds: po.PetThresholds = None,
    indices: po.Indices = None,
    index_thresholds: po.IndexThresholds = None,
    tile_size: opt.TileSize = None,
    sky: mo.Sky = None,
    conifer: mo.Conifer = None,
    leaf_on: mo.LeafOn = None,
    leaf_off: mo.LeafOff = None,
    sun_substeps: mo.SunSubsteps = None,
    sky_emissivity: mo.SkyEmissivity = None,
    sky_emissivity_offset: mo.SkyEmissivityOffset = None,
    longwave: mo.Longwave = None,
    split: mo.Split = None,
    alternative: mo.Alternatives = None,
    ground_clock: mo.GroundClock = None,
    night_clearness: mo.NightClearness = None,
    beam: mo.Beam = None,
    walls: mo.Walls = None,
    wall_material: mo.WallMaterial = None,
    posture: mo.Posture = None,
    body: mo.Body = None,
    heat_thresholds_day: mo.ThresholdsDay = None,
    heat_thresholds_night: mo.ThresholdsNight = None,
    utci_range: mo.UtciRange = None,
    pet_variant: mo.PetVariant = None,
    params: mo.Params = None,
    accelerator: opt.Accelerator = "auto",
    device: opt.Device = None,
    strict_gpu: opt.StrictGpu = False,
    cluster: opt.Cluster = None,
    storage: opt.Storage = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", help="Threads; default all cores.", rich_help_panel=mo.MODEL),
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

    solweig run --config run.toml --statistics-only --group-by hour,month

    A GPU is used where there is one; --accelerator cpu keeps the run on the CPU.
    """
    with clean_errors(), heard():
        place = wx.Place(latitude, longitude, altitude, utc_offset)
        source = wx.WeatherSource(
            epw, met or [], start, end, hours, year, timestep_minutes, stamp, wx.parse_fill(fill),
            weather or [], wx.mapping_of(
                weather_layout, weather_columns, weather_units, weather_time_format,
                weather_method, weather_product,
            ), place.before_reading(dsm) if weather else None, altitude,
        )  # fmt: skip
        source.check()
        model = mo.model_of(
            params, sky=sky, posture=posture, conifer=conifer, body=body, stamp=stamp,
            formulation=formulation, leaf_on=leaf_on, leaf_off=leaf_off, ground_clock=ground_clock,
            sun_substeps=sun_substeps, sky_emissivity=sky_emissivity,
            sky_emissivity_offset=sky_emissivity_offset, longwave=longwave, split=split,
            alternatives=opt.parse_switches("--alternative", alternative),
            beam=beam, walls=walls, wall_material=wall_material,
            night_clearness=night_clearness, heat_thresholds_day=opt.parse_numbers(
                "--heat-thresholds-day", heat_thresholds_day
            ),
            heat_thresholds_night=opt.parse_numbers(
                "--heat-thresholds-night", heat_thresholds_night
            ),
        )  # fmt: skip
        chosen: dict[str, Any] = {
            "utci_range": utci_range, "pet_variant": pet_variant,
            "wind_profile": wind_profile, "roughness_m": roughness_m,
        }  # fmt: skip
        model = replace(model, **{n: v for n, v in chosen.items() if v is not None})
        reach = opt.said_or(max_shadow_distance, model.max_shadow_distance_m)
        names = None if outputs is None else validate_outputs(opt.comma_list(outputs))
        place.check(source)
        check_folder(out)
        if report:
            check_place(out)
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
        steps = source.read()
        options: dict[str, Any] = {
            "output_dir": out, "config": model, "outputs": names,
            "max_shadow_distance_m": reach, "pois": pois, "overwrite": overwrite,
            "resume": resume, "output_format": opt.comma_list(output_format),
            "tile_size": tile_size, "execution": execution, "state": initial, "styles": styles,
            "fields": wx.parse_fields(field),
        }  # fmt: skip
        period = po.period_asked(
            statistics_only, outputs=outputs, output_format=output_format, plots=plots,
            percentiles=percentiles, group_by=group_by, tmrt_thresholds=tmrt_thresholds,
            pet_thresholds=pet_thresholds, indices=indices, index_thresholds=index_thresholds,
        )  # fmt: skip
        if period is not None:
            del options["outputs"], options["output_format"]
            checked = {**options, "period": PeriodRequest(**period)}
        else:
            checked = options

        further = further_work()

        def check(surface: SurfaceData) -> None:
            where = place.location(source, surface)
            check_calculation(surface, steps, where, **checked)
            if further is not None:
                further.check(surface, steps, where, options)
            if dry_run:
                raise Checked(surface, where)

        def say_checked(found: Checked) -> None:
            say(
                told(
                    found, steps, dsm, cdsm, folder=out, reach=reach,
                    names=() if period else names or ("tmrt",),
                    patch_option=patch_option, anisotropic=sky != "isotropic",
                    tile_size=tile_size, height_unit=opt.parse_height_unit(height_unit),
                    reproject=reproject, stamp=stamp,
                )
            )  # fmt: skip

        place_kept = nullcontext(None) if dry_run else kept_surface(
            cache, out, dsm, vegetation=cdsm is not None, patch_option=patch_option,
            bbox=opt.parse_bbox(bbox), pixel_size=pixel_size, reproject=reproject,
        )  # fmt: skip
        with checked_only(say_checked), progress_bars(2 + report) as bars, place_kept as kept:
            prepare = opt.prepared_surface if further is None else further.surface
            surface = prepare(
                bars.phase("Preparing the surface"),
                dsm=dsm, dem=dem, cdsm=cdsm, tdsm=tdsm, land_cover=land_cover,
                wall_height=wall_height, wall_aspect=wall_aspect, working_dir=kept,
                albedo=albedo, emissivity=emissivity, transmissivity=transmissivity, lai=lai,
                lai_extinction=lai_extinction, dsm_relative=dsm_relative,
                cdsm_absolute=cdsm_absolute, height_unit=height_unit, trunk_ratio=trunk_ratio,
                bbox=bbox, pixel_size=pixel_size, reproject=reproject, patch_option=patch_option,
                max_shadow_distance_m=reach, force_recompute=force,
                tile_size=tile_size,
                formulation=model.formulation, execution=here, check=check,
            )  # fmt: skip
            if further is not None:
                where = place.location(source, surface)
                further.run(surface, steps, where, options, bars.phase(further.doing))
                return
            work: Any = calculate if period is None else partial(calculate_period, **period)
            summary = work(
                surface, steps, place.location(source, surface), **options,
                progress_callback=bars.phase("Running the steps"),
            )  # fmt: skip
            if save_state is not None and summary.state is not None:
                summary.state.save(save_state)
            if plots:
                from solweig.results.pictures import draw_run

                draw_run(summary, surface, out / "plots", place=place_of(summary) or dsm.stem)
            if report:
                write_report(out, which=LATEST, progress=bars.phase("Writing the report"))
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

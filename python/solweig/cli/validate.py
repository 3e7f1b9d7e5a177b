"""``solweig validate``: the model against measurements of a mast."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from solweig.cli import options as opt
from solweig.cli import weather as wx
from solweig.cli.machine import progress_bars
from solweig.cli.support import clean_errors, out_console
from solweig.config import HumanParams, ModelConfig
from solweig.errors import ConfigurationError
from solweig.results.outputs import check_folder
from solweig.results.plotting import require_matplotlib
from solweig.results.pois import PointSource
from solweig.validation.assess import MAST_ABSORPTION, validate_mast
from solweig.validation.mast import read_mast
from solweig.validation.page import check_target, write_validation

__all__ = ["validate"]

MAST = "Mast"


def validate(
    dsm: opt.Dsm,
    mast: Annotated[
        Path,
        typer.Option(
            "--mast",
            help="CSV of measurements: times and any of Tmrt, Kdown, Kup, Ldown, Lup, Ke, Ks, Kw, "
            "Kn, Le, Ls, Lw, Ln.",
            rich_help_panel=MAST,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for page, numbers and pictures.")],
    point: Annotated[
        str | None,
        typer.Option("--point", help="Where it stands: x,y of the DSM.", rich_help_panel=MAST),
    ] = None,
    pois: Annotated[
        Path | None,
        typer.Option("--pois", help="The same as a file with one point.", rich_help_panel=MAST),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--columns",
            help="Columns that are not known by name: Tmrt=MRT_C,time=STAMP; repeatable.",
            rich_help_panel=MAST,
        ),
    ] = None,
    day: Annotated[
        str | None,
        typer.Option(
            "--day",
            help="This day only, or that of a file with hours alone.",
            rich_help_panel=MAST,
        ),
    ] = None,
    mast_stamp: Annotated[
        str | None,
        typer.Option(
            "--mast-stamp",
            help="What its stamps mark: end, centre or start.",
            show_default="found",
            rich_help_panel=MAST,
        ),
    ] = None,
    mast_minutes: Annotated[
        float | None,
        typer.Option(
            "--mast-minutes",
            help="What each of its rows stands for.",
            show_default="their spacing",
            rich_help_panel=MAST,
        ),
    ] = None,
    mast_utc_offset: Annotated[
        float | None,
        typer.Option(
            "--mast-utc-offset",
            help="Hours its clock is ahead of UTC.",
            show_default="as the weather's",
            rich_help_panel=MAST,
        ),
    ] = None,
    turn: Annotated[
        float | None,
        typer.Option(
            "--turn",
            help="How its axes are turned, degrees clockwise.",
            show_default="found",
            rich_help_panel=MAST,
        ),
    ] = None,
    mast_absorption: Annotated[
        str | None,
        typer.Option(
            "--mast-absorption",
            help="Of short- and longwave, with which its Tmrt was formed.",
            show_default="0.7,0.97",
            rich_help_panel=MAST,
        ),
    ] = None,
    sun_minutes: Annotated[
        float,
        typer.Option("--sun-minutes", help="Longest step: how often the sun is placed."),
    ] = 10.0,
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
        Path | None, typer.Option("--cache", help="Folder that keeps the prepared surface.")
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
    year: wx.Year = None,
    timestep_minutes: wx.StepMinutes = None,
    stamp: wx.Stamp = None,
    fill: wx.FillWith = None,
    latitude: wx.Latitude = None,
    longitude: wx.Longitude = None,
    altitude: wx.Altitude = None,
    utc_offset: wx.UtcOffset = None,
    sky: Annotated[
        str, typer.Option("--sky", help="anisotropic (Perez) or isotropic.")
    ] = "anisotropic",
    abs_l: Annotated[
        float | None,
        typer.Option(
            "--abs-l", help="Longwave absorption of the person of the run.", show_default="0.97"
        ),
    ] = None,
    no_plots: Annotated[
        bool, typer.Option("--no-plots", help="Numbers and text only; needs no matplotlib.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier validation in --out.")
    ] = False,
    accelerator: opt.Accelerator = "auto",
    device: opt.Device = None,
    strict_gpu: opt.StrictGpu = False,
) -> None:
    """Compare the model with a mast that measured radiation or Tmrt.

    Finds which interval the mast's rows stand for and how its axes are turned, pairs by overlap of
    intervals, and writes index.html, validation.json, pairs.csv and pictures.

    Examples
    --------
    solweig validate --dsm dsm.tif --met july.txt --utc-offset 1 --stamp start --mast mast.csv
    --point 319289,6400139 --out check/

    solweig validate --dsm dsm.tif --epw city.epw --year 2024 --mast mast.csv --pois mast.geojson
    --columns Tmrt=MRT_C,time=STAMP --out check/
    """
    with clean_errors():
        if not no_plots:
            require_matplotlib()
        where = parse_point(point, pois)
        place = wx.Place(latitude, longitude, altitude, utc_offset)
        source = wx.WeatherSource(
            epw, met or [], start, end, None, year, timestep_minutes, stamp, wx.parse_fill(fill),
            weather or [], wx.mapping_of(
                weather_layout, weather_columns, weather_units, weather_time_format,
                weather_method, weather_product,
            ), place.before_reading(dsm) if weather else None, altitude,
        )  # fmt: skip
        source.check()
        place.check(source)
        model = _model_config(formulation, stamp, sky, abs_l)
        absorption = parse_absorption(mast_absorption)
        check_folder(check_target(out, overwrite=overwrite))
        measured = read_mast(
            mast, columns=parse_columns(columns), day=day, timestep_minutes=mast_minutes,
            stamp=mast_stamp, utc_offset=mast_utc_offset, weather_utc_offset=place.clock(source),
        )  # fmt: skip
        execution = opt.execution(accelerator, device, strict_gpu)
        steps = source.read()
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
                formulation=model.formulation, execution=execution,
            )  # fmt: skip
            found = validate_mast(
                measured, surface, steps, place.location(source, surface), where, config=model,
                minutes=sun_minutes, turn=turn, mast_absorption=absorption, execution=execution,
                progress=bars.phase("Running the model"),
            )  # fmt: skip
        page = write_validation(found, out, plots=not no_plots, overwrite=overwrite)
        out_console().print(f"{found.report()}\n{page}", markup=False)


def _model_config(
    formulation: str | None, stamp: str | None, sky: str, abs_l: float | None
) -> ModelConfig:
    if sky not in opt.SKIES:
        raise ConfigurationError("--sky", " or ".join(opt.SKIES), repr(sky))
    return ModelConfig(
        formulation=formulation or "reference", stamp=stamp,
        use_anisotropic_sky=sky == "anisotropic",
        human=None if abs_l is None else HumanParams(abs_l=abs_l),
    )  # fmt: skip


def parse_point(text: str | None, file: Path | None) -> PointSource | tuple[float, float]:
    """Where the mast stands.

    Raises
    ------
    ConfigurationError
        Not two numbers, or neither or both of a point and a file.
    """
    if (text is None) == (file is None):
        got = "none" if text is None else "both"
        raise ConfigurationError("--point", "either --point x,y or --pois FILE", got)
    if file is not None:
        return file
    numbers = opt.parse_numbers("--point", text) or []
    if len(numbers) != 2:
        raise ConfigurationError("--point", "two numbers: x,y", repr(text))
    return numbers[0], numbers[1]


def parse_columns(values: list[str] | None) -> dict[str, str]:
    """A mapping from ``["Tmrt=MRT_C"]``.

    Raises
    ------
    ConfigurationError
        Anything else.
    """
    pairs = [entry.partition("=") for entry in opt.comma_list(values)]
    for name, equals, column in pairs:
        if not (name and equals and column):
            raise ConfigurationError("--columns", "quantity=column, such as Tmrt=MRT_C", repr(name))
    return {name.strip(): column.strip() for name, _, column in pairs}


def parse_absorption(text: str | None) -> tuple[float, float]:
    """Two shares from ``0.7,0.97``.

    Raises
    ------
    ConfigurationError
        Anything else.
    """
    if text is None:
        return MAST_ABSORPTION
    numbers = opt.parse_numbers("--mast-absorption", text) or []
    if len(numbers) != 2:
        raise ConfigurationError("--mast-absorption", "two shares: 0.7,0.97", repr(text))
    return numbers[0], numbers[1]

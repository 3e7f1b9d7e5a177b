"""``solweig run``: from rasters and weather to maps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from solweig.cli import options as opt
from solweig.cli.support import clean_errors, out_console, progress_bars
from solweig.cli.surface import kept_surface
from solweig.config import HumanParams, ModelConfig, validate_outputs
from solweig.errors import ConfigurationError
from solweig.execution.threads import use_threads
from solweig.results.outputs import check_folder
from solweig.results.state import ThermalState
from solweig.run.calculation import calculate, check_calculation
from solweig.surface.data import SurfaceData
from solweig.weather.location import Location
from solweig.weather.step import Weather

__all__ = ["run"]

WEATHER = "Weather and place"
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
    cdsm_absolute: opt.CanopyAbsolute = False,
    trunk_ratio: opt.TrunkRatio = 0.25,
    bbox: opt.Bbox = None,
    pixel_size: opt.PixelSize = None,
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
    epw: Annotated[
        Path | None, typer.Option("--epw", help="EPW weather file.", rich_help_panel=WEATHER)
    ] = None,
    met: Annotated[
        list[Path] | None,
        typer.Option("--met", help="UMEP weather text file; repeatable.", rich_help_panel=WEATHER),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--start", help="First day or time, 2025-07-01.", rich_help_panel=WEATHER),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--end", help="Last day or time, included.", rich_help_panel=WEATHER),
    ] = None,
    fill: Annotated[
        list[str] | None,
        typer.Option(
            "--fill",
            help="Value for missing weather, ws=1.5; repeatable. Without it gaps are errors.",
            rich_help_panel=WEATHER,
        ),
    ] = None,
    latitude: Annotated[
        float | None, typer.Option("--latitude", help="Degrees north.", rich_help_panel=WEATHER)
    ] = None,
    longitude: Annotated[
        float | None, typer.Option("--longitude", help="Degrees east.", rich_help_panel=WEATHER)
    ] = None,
    altitude: Annotated[
        float, typer.Option("--altitude", help="Above sea level (m).", rich_help_panel=WEATHER)
    ] = 0.0,
    utc_offset: Annotated[
        float | None,
        typer.Option(
            "--utc-offset",
            help="Hours the weather's clock is ahead of UTC (EPW files say it themselves).",
            rich_help_panel=WEATHER,
        ),
    ] = None,
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
            help="Points of interest (GeoJSON, GeoPackage): all fluxes to pois.csv.",
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
            rich_help_panel=WEATHER,
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
            "--format", help="Steps as geotiff, zarr, or geotiff,zarr.", rich_help_panel=OUTPUT
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
        source = WeatherSource(epw, met or [], start, end, parse_fill(fill))
        model = _model_config(sky, conifer, posture, body, formulation, params)
        reach = opt.said_or(max_shadow_distance, model.max_shadow_distance_m)
        names = None if outputs is None else validate_outputs(opt.comma_list(outputs))
        place = Place(latitude, longitude, altitude, utc_offset)
        place.check(source)
        check_folder(out)
        if pois is not None and not pois.exists():
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
            "tile_size": tile_size, "execution": execution, "state": initial,
        }  # fmt: skip

        def check(surface: SurfaceData) -> None:
            check_calculation(surface, weather, place.location(source, surface), **options)

        place_kept = kept_surface(
            cache, out, dsm, vegetation=cdsm is not None, patch_option=patch_option,
            bbox=opt.parse_bbox(bbox), pixel_size=pixel_size,
        )  # fmt: skip
        with progress_bars() as bars, place_kept as kept:
            surface = opt.prepared_surface(
                bars.phase("Preparing the surface"),
                dsm=dsm, dem=dem, cdsm=cdsm, tdsm=tdsm, land_cover=land_cover,
                wall_height=wall_height, wall_aspect=wall_aspect, working_dir=kept,
                cdsm_absolute=cdsm_absolute, trunk_ratio=trunk_ratio, bbox=bbox,
                pixel_size=pixel_size, patch_option=patch_option,
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


@dataclass(frozen=True)
class WeatherSource:
    """Where the weather comes from."""

    epw: Path | None
    met: list[Path]
    start: str | None
    end: str | None
    fill: dict[str, float] | None

    def read(self) -> list[Weather]:
        """The steps of the one source that is named.

        Raises
        ------
        ConfigurationError
            None is, or both.
        """
        if (self.epw is None) == (not self.met):
            raise ConfigurationError(
                "weather", "either --epw or --met", "both" if self.met else "none"
            )
        common: dict[str, Any] = {"start": self.start, "end": self.end, "fill": self.fill}
        if self.epw is not None:
            return Weather.from_epw(self.epw, **common)
        return Weather.from_umep_met(self.met, **common)


@dataclass(frozen=True)
class Place:
    """Where the site lies and which clock the weather keeps, as far as flags say it."""

    latitude: float | None
    longitude: float | None
    altitude: float
    utc_offset: float | None

    def check(self, source: WeatherSource) -> None:
        """Check that :meth:`location` can answer.

        Raises
        ------
        ConfigurationError
            It cannot: half a position, or no clock.
        """
        if (self.latitude is None) != (self.longitude is None):
            raise ConfigurationError("--latitude, --longitude", "both or neither", "one of them")
        if self.utc_offset is None and (source.epw is None or self.latitude is not None):
            raise ConfigurationError(
                "--utc-offset", "hours ahead of UTC of the weather's clock", "nothing"
            )
        if self.latitude is not None and self.longitude is not None:
            Location(self.latitude, self.longitude, self.altitude, self.utc_offset or 0.0)

    def location(self, source: WeatherSource, surface: SurfaceData) -> Location:
        """Explicit coordinates, else the EPW's, else the centre of the surface."""
        if self.utc_offset is None:
            assert source.epw is not None
            return Location.from_epw(source.epw)
        if self.latitude is None or self.longitude is None:
            return Location.from_surface(
                surface, utc_offset=self.utc_offset, altitude=self.altitude
            )
        return Location(self.latitude, self.longitude, self.altitude, self.utc_offset)


def parse_fill(values: list[str] | None) -> dict[str, float] | None:
    """A mapping from ``["ws=1.5"]``.

    Raises
    ------
    ConfigurationError
        Anything else.
    """
    if not values:
        return None
    found = {}
    for entry in opt.comma_list(values):
        name, _, number = entry.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            raise ConfigurationError("--fill", "name=number, such as ws=1.5", repr(entry)) from None
    return found


def _model_config(
    sky: str | None,
    conifer: bool | None,
    posture: str | None,
    body: str | None,
    formulation: str | None,
    params: Path | None,
) -> ModelConfig:
    """The parameter file, with what flags say in its place."""
    if sky not in (None, "anisotropic", "isotropic"):
        raise ConfigurationError("--sky", "anisotropic or isotropic", repr(sky))
    config = ModelConfig() if params is None else ModelConfig.from_json(params)
    said: dict[str, Any] = {"conifer": conifer, "body": body, "formulation": formulation}
    said["use_anisotropic_sky"] = None if sky is None else sky == "anisotropic"
    if posture is not None:
        said["human"] = replace(config.human or HumanParams(), posture=posture)
    return replace(config, **{name: value for name, value in said.items() if value is not None})

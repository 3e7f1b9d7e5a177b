"""Everything a run needs, checked and settled before the first step."""

from __future__ import annotations

import logging
import numbers
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from solweig import _core, switches
from solweig.config import ModelConfig, Settings, validate_outputs
from solweig.errors import ConfigurationError, GridShapeMismatch, WeatherDataError
from solweig.execution import ExecutionConfig, ResolvedExecution, resolve_execution
from solweig.memory_limits import available_memory
from solweig.rasters.georef import GeoReference
from solweig.results.metadata import (
    create_run_metadata,
    refuse_other_run,
    refuse_to_resume,
    refuse_unlike,
    request_id,
)
from solweig.results.outputs import check_folder, prepare_folder
from solweig.results.pois import Points, PointSource, read_points
from solweig.results.state import ThermalState
from solweig.run.checks import check_location, check_surface, sky_of
from solweig.run.engine_params import engine_params, leaf_days
from solweig.surface.data import SurfaceData
from solweig.surface.precomputed import PrecomputedData
from solweig.tiles.shared_store import check_storage, cube_place
from solweig.tiles.zarr_store import need_zarr, refuse_other_cube
from solweig.weather.location import Location
from solweig.weather.series import WeatherSeries, weather_series
from solweig.weather.step import Weather

__all__ = ["OUTPUT_FORMATS", "RunPlan", "RunRequest", "check_before_sky", "make_plan"]

OUTPUT_FORMATS = ("geotiff", "zarr")

log = logging.getLogger("solweig")


@dataclass(frozen=True)
class RunRequest:
    """The arguments of one call of :func:`solweig.calculate`, as they came."""

    surface: SurfaceData
    weather: Weather | Sequence[Weather]
    location: Location | None
    output_dir: str | Path | None
    precomputed: PrecomputedData | None
    settings: Settings
    formulation: str
    outputs: Sequence[str]
    tile_size: int | None
    thresholds_day: Sequence[float]
    thresholds_night: Sequence[float]
    execution: ExecutionConfig | None
    pois: PointSource | None
    state: ThermalState | None
    overwrite: bool
    resume: bool = False
    output_format: str | Sequence[str] = "geotiff"


@dataclass(frozen=True)
class ModelArrays:
    """Whole-raster arrays of a run, as :class:`solweig._core.Model` takes them."""

    svf: dict[str, Any]
    masks: dict[str, Any] | None
    patch_option: int
    buildings: Any
    wall_height: Any
    wall_aspect: Any
    land_cover: Any
    albedo: Any
    emissivity: Any

    def layers(self) -> dict[str, Any]:
        """The single rasters by name; some may be None."""
        names = (
            "buildings", "wall_height", "wall_aspect", "land_cover", "albedo", "emissivity",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class RunPlan:
    """A run that can start."""

    surface: SurfaceData
    precomputed: PrecomputedData | None
    series: WeatherSeries
    params: dict[str, Any]
    outputs: tuple[str, ...]
    georef: GeoReference
    points: Points | None
    thresholds_day: tuple[float, ...]
    thresholds_night: tuple[float, ...]
    execution: ResolvedExecution
    #: Side of a tile's core asked for [px]; None = the raster in one piece where that is possible.
    tile_size: int | None
    output_dir: Path | None
    #: An earlier run in ``output_dir`` makes room for this one.
    replaces: bool
    state: ThermalState | None
    metadata: dict[str, Any]
    #: What the steps are written as: "geotiff", "zarr" or both.
    formats: tuple[str, ...] = ("geotiff",)
    #: Keep what an interrupted run of the same has finished.
    resume: bool = False

    def arrays(self) -> ModelArrays:
        """The rasters of this run; borrowed from the surface, not copied."""
        surface, given = self.surface, self.precomputed or PrecomputedData()
        svf, matrices = sky_of(
            surface, self.precomputed, anisotropic=bool(self.params["anisotropic"])
        )
        wall_height, wall_aspect = surface.walls()
        if given.wall_height is not None and given.wall_aspect is not None:
            wall_height, wall_aspect = given.wall_height, given.wall_aspect
        return ModelArrays(
            svf=svf.as_dict(),
            masks=None if matrices is None else matrices.words(),
            patch_option=2 if matrices is None else matrices.patch_option,
            buildings=surface.buildings(),
            wall_height=wall_height,
            wall_aspect=wall_aspect,
            land_cover=surface.land_cover,
            albedo=surface.albedo,
            emissivity=surface.emissivity,
        )

    def model(self, engine: _core.Engine | None = None) -> _core.Model:
        """The model of the whole raster; ``engine`` None is the CPU."""
        arrays = self.arrays()
        return _core.Model(
            self.surface.scene(),
            svf=arrays.svf,
            masks=arrays.masks,
            patch_option=arrays.patch_option,
            **arrays.layers(),
            params=self.params,
            engine=engine,
        )


def make_plan(request: RunRequest) -> RunPlan:
    """Check every input and settle every choice. Writes nothing but empty output folders.

    Raises:
        SolweigError: whatever is wrong, by its own type; see :func:`solweig.calculate`.
    """
    plan = _settled(request, sky=True)
    folder, run_id = plan.output_dir, plan.metadata["run_id"]
    if folder is None:
        return plan
    if request.resume:
        refuse_to_resume(folder, plan.metadata)
    replaces = refuse_other_run(folder, run_id, overwrite=request.overwrite)
    if "zarr" in plan.formats and not request.overwrite:
        refuse_other_cube(cube_place(folder, plan.execution.storage), run_id=run_id)
    prepare_folder(folder, (*(plan.outputs if "geotiff" in plan.formats else ()), "summary"))
    return replace(plan, replaces=replaces)


def check_before_sky(request: RunRequest) -> None:
    """What :func:`make_plan` would refuse and can be known before the sky view is computed, which
    takes long. Writes nothing.

    Raises:
        SolweigError: as :func:`make_plan`.
    """
    plan = _settled(request, sky=False)
    if plan.output_dir is None:
        return
    check_folder(plan.output_dir)
    if request.resume or not request.overwrite:
        refuse_unlike(plan.output_dir, plan.metadata, resume=request.resume)
    if "zarr" in plan.formats and not request.overwrite:
        place = cube_place(plan.output_dir, plan.execution.storage)
        refuse_other_cube(place, request_id=request_id(plan.metadata))


def _settled(request: RunRequest, *, sky: bool) -> RunPlan:
    """The plan of a run, its output folder not looked at; ``sky``: the sky view must be there."""
    execution = resolve_execution(request.execution)
    outputs = tuple(validate_outputs(request.outputs))
    formats = _formats(request)
    if not outputs:
        raise ConfigurationError("outputs", "at least one name", "none")
    surface, settings = request.surface, request.settings
    _check_weather(request.weather)
    check_surface(surface, request.precomputed)
    check_location(request.location)
    _check_tile_size(request.tile_size, surface.shape)
    if sky:
        sky_of(surface, request.precomputed, anisotropic=settings.use_anisotropic_sky)
    georef = surface.georef
    points = None if request.pois is None else read_points(request.pois, georef)
    _check_state(request.state, georef)
    if surface.formulation != request.formulation:
        log.warning(
            "formulation: the run is %r, its surface was prepared as %r",
            request.formulation,
            surface.formulation,
        )
    location = request.location or Location.from_surface(surface)
    params = engine_params(settings, request.formulation, surface.land_cover)
    series = weather_series(
        request.weather,
        location,
        stamp=settings.config.stamp,
        conifer=settings.conifer,
        leaf_days=leaf_days(settings),
        formulation=request.formulation,
    )
    if execution.strategy == "dask":
        _check_storage(execution.storage, request.output_dir)
    if request.output_dir is None:
        _check_memory(len(series), len(outputs), georef.shape)
    surface.walls()  # before the hashes below: they must not depend on whether this ran earlier
    rows = [request.weather] if isinstance(request.weather, Weather) else list(request.weather)
    metadata = create_run_metadata(
        surface=surface,
        location=location,
        weather_series=rows,
        settings=settings,
        outputs=outputs,
        parameters=_hashed_parameters(request, params, points),
        steps=[series.columns],
    )
    metadata["device"] = {
        **metadata["device"],
        **execution.describe(),
    }
    return RunPlan(
        surface=surface,
        precomputed=request.precomputed,
        series=series,
        params=params,
        outputs=outputs,
        georef=georef,
        points=points,
        thresholds_day=tuple(float(t) for t in request.thresholds_day),
        thresholds_night=tuple(float(t) for t in request.thresholds_night),
        execution=execution,
        tile_size=None if request.tile_size is None else int(request.tile_size),
        output_dir=None if request.output_dir is None else Path(request.output_dir),
        replaces=False,
        state=request.state,
        metadata=metadata,
        formats=formats,
        resume=request.resume,
    )


def _hashed_parameters(
    request: RunRequest, params: dict[str, Any], points: Points | None
) -> dict[str, Any]:
    """What shapes the result besides surface, weather, place and settings."""
    extra: dict[str, Any] = {
        "heat_thresholds_day": list(request.thresholds_day),
        "heat_thresholds_night": list(request.thresholds_night),
    }
    if points is not None:
        extra["pois"] = dict(zip(points.names, points.cells.tolist(), strict=True))
    if request.state is not None:
        extra["initial_state"] = {
            "first": request.state.first,
            "accumulated_days": request.state.accumulated_days,
            **request.state.fields,
        }
    given = request.precomputed
    if given is not None:
        for name in ("wall_height", "wall_aspect"):
            grid = getattr(given, name)
            if grid is not None:
                extra[f"precomputed_{name}"] = np.asarray(grid)
        if given.svf is not None:
            extra["precomputed_svf"] = np.asarray(given.svf.svf)
        if given.shadow_matrices is not None:
            extra["precomputed_visibility"] = given.shadow_matrices.words()
    return {**params, **extra}


def _check_weather(weather: Weather | Sequence[Weather]) -> None:
    if isinstance(weather, Weather):
        return
    if not isinstance(weather, Sequence) or isinstance(weather, str):
        raise WeatherDataError("weather", "a Weather or a list of them", type(weather).__name__)
    if not weather:
        raise WeatherDataError(
            "weather", "at least one step", "none", "Is the chosen period outside the data?"
        )


def _formats(request: RunRequest) -> tuple[str, ...]:
    """What the steps are written as, checked."""
    wanted = request.output_format
    names = tuple(dict.fromkeys([wanted] if isinstance(wanted, str) else wanted))
    if not names or any(name not in OUTPUT_FORMATS for name in names):
        expected = f"one or both of {', '.join(OUTPUT_FORMATS)}"
        raise ConfigurationError("output_format", expected, repr(wanted))
    if request.output_dir is None and names != ("geotiff",):
        raise ConfigurationError("output_dir", "a folder for the Zarr store", "None")
    if request.output_dir is None and request.resume:
        raise ConfigurationError("resume", "an output_dir that holds the run", "output_dir=None")
    if "zarr" in names:
        need_zarr()
    return names


def _check_storage(storage: str | None, output_dir: str | Path | None) -> None:
    need_zarr()
    if storage is not None:
        check_storage(storage)
    elif output_dir is None:
        raise ConfigurationError(
            "execution.storage", "a folder or URL that every worker reaches, or an output_dir",
            "neither",
        )  # fmt: skip


def _check_memory(steps: int, variables: int, shape: tuple[int, int]) -> None:
    """Refuse to keep more in memory than the share a run may plan for."""
    needed = 4 * steps * variables * shape[0] * shape[1]
    found, share = available_memory(), switches.read().ram_fraction
    if found is not None and needed > share * found[0]:
        raise ConfigurationError(
            "output_dir",
            "a folder for a run of this size",
            f"None, which would keep {needed / 2**30:.1f} GiB of steps in memory",
            f"SOLWEIG_RAM_FRACTION allows {share:.0%} of {found[0] / 2**30:.1f} GiB ({found[1]}).",
        )


def _check_tile_size(tile_size: int | None, shape: tuple[int, int]) -> None:
    if tile_size is None:
        return
    if not isinstance(tile_size, numbers.Integral) or isinstance(tile_size, bool):
        raise ConfigurationError("tile_size", "a whole number of pixels", repr(tile_size))
    least = switches.read().min_tile_side
    if tile_size < least and tile_size < max(shape):
        raise ConfigurationError("tile_size", f"at least {least} pixels", tile_size)


def _check_state(state: ThermalState | None, georef: GeoReference) -> None:
    if state is None:
        return
    if not isinstance(state, ThermalState):
        raise ConfigurationError("state", "a ThermalState", type(state).__name__)
    if state.shape is not None and state.shape != georef.shape:
        raise GridShapeMismatch("state", georef.shape, state.shape)


def settle(
    *,
    config: ModelConfig | None,
    formulation: str,
    outputs: Sequence[str] | None,
    tile_size: int | None,
    thresholds_day: Sequence[float] | None,
    thresholds_night: Sequence[float] | None,
) -> tuple[str, Sequence[str], int | None, Sequence[float], Sequence[float]]:
    """Arguments that :class:`Settings` does not hold: argument if given, else configuration.

    ``formulation="reference"`` is the default and counts as not given.

    Raises:
        ConfigurationError: an unknown formulation or unusable thresholds.
    """
    base = config or ModelConfig()
    chosen = base.formulation if formulation == "reference" else formulation
    # A configuration checks its own fields; the same checks then hold for arguments.
    checked = ModelConfig(
        formulation=chosen,
        heat_thresholds_day=(
            base.heat_thresholds_day if thresholds_day is None else thresholds_day
        ),
        heat_thresholds_night=(
            base.heat_thresholds_night if thresholds_night is None else thresholds_night
        ),
    )
    return (
        checked.formulation,
        base.outputs if outputs is None else outputs,
        base.tile_size if tile_size is None else tile_size,
        checked.heat_thresholds_day,
        checked.heat_thresholds_night,
    )

"""Everything a run needs, checked and settled before the first step."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from solweig import _core, switches
from solweig.config import WALL_TEMPERATURE, check_tile_size
from solweig.errors import ConfigurationError, GridShapeMismatch, WeatherDataError
from solweig.execution.resolve import ResolvedExecution, resolve_execution
from solweig.leaf_area import USUAL
from solweig.memory_limits import available_memory
from solweig.rasters.georef import GeoReference
from solweig.results.folder import Standing, find_standing
from solweig.results.metadata import create_run_metadata, request_id
from solweig.results.netcdf import NETCDF_NAME, refuse_other_netcdf
from solweig.results.outputs import check_folder, prepare_folder, step_stamp
from solweig.results.period import PeriodRequest
from solweig.results.pois import Points, read_points
from solweig.results.state import ThermalState
from solweig.run.checks import (
    check_location,
    check_run_surface,
    check_wearer,
    sky_of,
    sky_that_can_be,
)
from solweig.run.engine_params import engine_params, leaf_days
from solweig.run.fields import extremes, fields_of_run, hardware, sky_of_run
from solweig.run.place import place_of
from solweig.run.settings import RunSettings
from solweig.run.walls import WallPlan, check_walls, plan_walls, walls_of
from solweig.surface.checks import code_counts
from solweig.surface.data import SurfaceData
from solweig.surface.precomputed import PrecomputedData
from solweig.tiles.shared_store import check_storage, cube_place
from solweig.tiles.zarr_store import check_appends, need_zarr, refuse_other_cube
from solweig.weather.checks import check_weather, report
from solweig.weather.given_fields import GivenField
from solweig.weather.given_sky import GivenSky
from solweig.weather.location import Location
from solweig.weather.series import WeatherSeries, weather_series
from solweig.weather.step import Weather

__all__ = ["ModelArrays", "PeriodPlan", "RunPlan", "check_before_sky", "make_plan"]

log = logging.getLogger("solweig")


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
class PeriodPlan:
    """What is counted of a period, step by step."""

    request: PeriodRequest
    #: Of the groups.
    names: tuple[str, ...]
    #: Minute of the day and groups of each step.
    stamps: list[tuple[int, list[int]]]
    #: UTCI thresholds by day and at night [deg C].
    heat: tuple[tuple[float, ...], tuple[float, ...]]
    #: Values that percentiles tell apart [deg C].
    ranges: dict[str, tuple[float, float]]
    #: Length of each step [h], and whether the sun is up.
    hours: list[float]
    daytime: list[bool]
    #: What decides for all tiles whether steps are taken together: land-cover codes of the map, and
    #: whether points are wanted anywhere.
    codes: bytes
    points: bool


@dataclass(frozen=True)
class RunPlan:
    """A run that can start."""

    surface: SurfaceData
    series: WeatherSeries
    settings: RunSettings
    #: What the engine takes.
    params: dict[str, Any]
    georef: GeoReference
    points: Points | None
    execution: ResolvedExecution
    metadata: dict[str, Any]
    #: Walls whose temperatures are computed.
    walls: WallPlan | None = None
    #: Air given cell by cell.
    fields: tuple[GivenField, ...] = ()
    #: Radiation given by weather cells.
    sky: GivenSky | None = None
    #: Earlier runs in the output folder.
    standing: Standing = field(default_factory=Standing)
    #: What has been warned of; grows while it runs.
    said: list[str] = field(default_factory=list)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the rasters of each step."""
        names = self.settings.model.outputs
        return () if self.settings.period else tuple(n for n in names if n != WALL_TEMPERATURE)

    @cached_property
    def period(self) -> PeriodPlan | None:
        """The statistics of a period, where those alone are wanted."""
        request = self.settings.period
        if request is None:
            return None
        names, groups = request.of_steps(self.series.bounds, self.series.daytime)
        ranges = request.ranges(*extremes(self.series, self.fields, self.params))
        stamps = self.series.stamps
        return PeriodPlan(
            request=request,
            names=tuple(names),
            stamps=[(t.hour * 60 + t.minute, own) for t, own in zip(stamps, groups, strict=True)],
            heat=(self.thresholds_day, self.thresholds_night),
            ranges=ranges,
            hours=[float(h) for h in self.series.columns["hours"]],
            daytime=[bool(d) for d in self.series.daytime],
            codes=_codes(self.surface),
            points=self.points is not None,
        )

    def held(self, form: str) -> frozenset[tuple[str, str]]:
        """Outputs and stamps that other runs have written to the folder in a format."""
        stamps = [step_stamp(t) for t in self.series.stamps]
        return self.standing.held(self.outputs, stamps, form)

    @property
    def thresholds_day(self) -> tuple[float, ...]:
        """UTCI thresholds whose hours are counted by day [deg C]."""
        return tuple(self.settings.model.heat_thresholds_day)

    @property
    def thresholds_night(self) -> tuple[float, ...]:
        """UTCI thresholds whose hours are counted by night [deg C]."""
        return tuple(self.settings.model.heat_thresholds_night)

    def arrays(self) -> ModelArrays:
        """The rasters of this run; borrowed from the surface, not copied."""
        surface, given = self.surface, self.settings.precomputed or PrecomputedData()
        svf, matrices = sky_of(
            surface, self.settings.precomputed, anisotropic=bool(self.params["anisotropic"])
        )
        wall_height, wall_aspect = walls_of(surface, given)
        grids = svf.as_dict()
        if not surface.facts().own_canopies:
            grids.pop(svf.CANOPIES, None)
        return ModelArrays(
            svf=grids,
            masks=None if matrices is None else matrices.words(),
            patch_option=2 if matrices is None else matrices.patch_option,
            buildings=surface.buildings(),
            wall_height=wall_height,
            wall_aspect=wall_aspect,
            land_cover=surface.land_cover,
            albedo=surface.albedo,
            emissivity=surface.emissivity,
        )

    def model(self, arrays: ModelArrays, engine: _core.Engine | None) -> _core.Model:
        """The model of the whole raster; ``engine`` None is the CPU.

        The CPU's is kept with the surface for the next run that is made from the same, unless the
        run writes files: what comes after its steps then has the memory for itself. A device's
        would keep its memory from others.
        """
        if engine is not None:
            return self._build(arrays, engine)
        kept, wanted = self.surface.kept, self._made_from(arrays)
        if isinstance(kept.model, _KeptModel) and kept.model.fits(wanted):
            return kept.model.model
        kept.model = None  # its memory is free before another is built
        model = self._build(arrays, None)
        if self.settings.output_dir is None:
            kept.model = _KeptModel(model, wanted)
        return model

    def _build(self, arrays: ModelArrays, engine: _core.Engine | None) -> _core.Model:
        return _core.Model(
            self.surface.scene(),
            svf=arrays.svf,
            masks=arrays.masks,
            patch_option=arrays.patch_option,
            **arrays.layers(),
            params=self.params,
            engine=engine,
        )

    def _made_from(self, arrays: ModelArrays) -> _MadeFrom:
        grids = {**arrays.svf, **(arrays.masks or {}), **arrays.layers()}
        content = self.metadata["inputs"]["surface"]["content"]
        return _MadeFrom(
            {"scene": self.surface.scene(), **grids},
            {"content": content, "params": self.params, "patch_option": arrays.patch_option},
        )


@dataclass(frozen=True)
class _MadeFrom:
    """What a model is made from; digests notice what was written into layers."""

    objects: dict[str, Any]
    values: dict[str, Any]


@dataclass(frozen=True)
class _KeptModel:
    """A model and what it was made from."""

    model: _core.Model
    made_from: _MadeFrom

    def fits(self, wanted: _MadeFrom) -> bool:
        own = self.made_from
        return (
            own.values == wanted.values
            and own.objects.keys() == wanted.objects.keys()
            and all(own.objects[name] is grid for name, grid in wanted.objects.items())
        )


def _codes(surface: SurfaceData) -> bytes:
    """Land-cover codes of the map; none without land cover."""
    if surface.land_cover is None:
        return b""
    return bytes(np.flatnonzero(code_counts(surface.land_cover)).tolist())


def make_plan(
    surface: SurfaceData,
    weather: Weather | Sequence[Weather],
    location: Location | None,
    settings: RunSettings,
) -> RunPlan:
    """Check every input and settle every choice. Writes nothing but empty output folders.

    Raises
    ------
    SolweigError
        Whatever is wrong, by its own type; see :func:`solweig.calculate`.
    """
    plan = _settled(surface, weather, location, settings, sky=True)
    folder, run_id = settings.output_dir, plan.metadata["run_id"]
    if folder is None:
        return plan
    standing = find_standing(
        folder, plan.metadata, overwrite=settings.overwrite, resume=settings.resume
    )
    plan = replace(plan, standing=standing)
    if "zarr" in settings.formats and not settings.overwrite:
        place = cube_place(folder, plan.execution.storage)
        refuse_other_cube(place, run_id=run_id, others=standing.run_ids)
        check_appends(place, plan.series.stamps)
    if "netcdf" in settings.formats and not settings.overwrite:
        refuse_other_netcdf(folder / NETCDF_NAME, run_id=run_id, others=standing.run_ids)
    _say_held(plan)
    rasters = plan.outputs if "geotiff" in settings.formats else ()
    prepare_folder(folder, (*rasters, "summary"))
    return plan


def _say_held(plan: RunPlan) -> None:
    """Tell of steps that stay as another run wrote them."""
    stamps = {stamp for form in plan.settings.formats for _, stamp in plan.held(form)}
    if stamps:
        log.warning(
            "output_dir: rasters of %d step(s) are there already, of the same weather and "
            "parameters; they stay",
            len(stamps),
        )


def check_before_sky(
    surface: SurfaceData,
    weather: Weather | Sequence[Weather],
    location: Location | None,
    settings: RunSettings,
) -> None:
    """Refuse what :func:`make_plan` would, before the sky view is computed, which takes long.

    Writes nothing.

    Raises
    ------
    SolweigError
        As :func:`make_plan`.
    """
    plan = _settled(surface, weather, location, settings, sky=False)
    folder = settings.output_dir
    if folder is None:
        return
    check_folder(folder)
    found = find_standing(
        folder, plan.metadata, overwrite=settings.overwrite, resume=settings.resume, sky=False
    )
    own = request_id(plan.metadata)
    if "zarr" in settings.formats and not settings.overwrite:
        place = cube_place(folder, plan.execution.storage)
        refuse_other_cube(place, request_id=own, others=found.request_ids)
        check_appends(place, plan.series.stamps)
    if "netcdf" in settings.formats and not settings.overwrite:
        refuse_other_netcdf(folder / NETCDF_NAME, request_id=own, others=found.request_ids)


def _settled(
    surface: SurfaceData,
    weather: Weather | Sequence[Weather],
    location: Location | None,
    settings: RunSettings,
    *,
    sky: bool,
) -> RunPlan:
    """The plan of a run, its output folder not looked at; ``sky``: the sky view must be there."""
    execution = resolve_execution(hardware(settings))
    model, precomputed = settings.model, settings.precomputed
    _check_weather(weather)
    check_run_surface(surface, precomputed)
    check_location(location)
    check_tile_size(model.tile_size, surface.shape, switches.read().min_tile_side)
    if sky:
        settings = sky_that_can_be(surface, settings)
        model = settings.model
        sky_of(surface, precomputed, anisotropic=model.use_anisotropic_sky)
    georef = surface.georef
    points = None if settings.pois is None else read_points(settings.pois, georef)
    check_wearer(settings, points is not None, tell=sky)
    _check_state(settings.state, georef)
    if surface.formulation != model.formulation:
        log.warning(
            "formulation: the run is %r, its surface was prepared as %r",
            model.formulation,
            surface.formulation,
        )
    _compare_bounds(surface, model.height_bound_m)
    place = place_of(surface, weather, location)
    params = engine_params(settings, surface.land_cover)
    if surface.facts().own_canopies and params["transmissivity"] != USUAL:
        log.warning(
            "transmissivity: %g of the parameters is not used, the canopies have their own",
            params["transmissivity"],
        )
    series = weather_series(
        weather,
        place.location,
        stamp=model.stamp,
        conifer=model.conifer,
        leaf_days=leaf_days(settings),
        leaf_on=model.leaf_on,
        leaf_off=model.leaf_off,
        formulation=model.formulation,
        beam=model.beam,
        ground_clock=model.ground_clock,
        night_clearness=model.night_clearness,
        sun_substeps=model.suns,
        longwave=model.longwave,
        split=model.split,
        published_air_mass=model.published_air_mass,
    )
    report(
        check_weather(
            series, place.location, beam=model.beam, origin=place.origin, raster=place.raster
        )
    )
    fields = fields_of_run(surface, settings, series, params)
    radiation = sky_of_run(surface, settings, series)
    if sky:
        for note in series.notes:
            log.info(note)
    if execution.strategy == "dask":
        _check_storage(execution.storage, settings.output_dir)
    if settings.output_dir is None:
        kept = 0 if settings.period else len(set(model.outputs) - {WALL_TEMPERATURE})
        _check_memory(len(series), kept, georef.shape)
    surface.walls()  # before the hashes below: they must not depend on whether this ran earlier
    check_walls(surface, settings)
    walls = plan_walls(surface, series, settings, params) if sky else None
    metadata = create_run_metadata(
        surface=surface,
        location=place.location,
        weather_series=[weather] if isinstance(weather, Weather) else list(weather),
        settings=settings.physics_chosen(),
        output_dir=settings.output_dir,
        outputs=model.outputs,
        parameters=_hashed_parameters(settings, params, points, fields, radiation),
        steps=[series.columns],
    )
    if settings.fields:
        metadata["fields"] = {field.name: field.describe() for field in fields}
        metadata["fields"] |= {} if radiation is None else radiation.describe()
    metadata["outputs"]["formats"] = list(settings.formats)
    metadata["intervals"] = _intervals(series)
    metadata["device"] = {**metadata["device"], **execution.describe()}
    if walls is not None and model.walls == "heated":
        series = replace(series, walls=(walls.lit, walls.shaded))
    return RunPlan(
        walls=walls,
        surface=surface,
        series=series,
        settings=settings,
        params=params,
        georef=georef,
        points=points,
        execution=execution,
        metadata=metadata,
        fields=fields,
        sky=radiation,
    )


def _compare_bounds(surface: SurfaceData, bound: float | None) -> None:
    """Say so where the sky view and the shadows of the run end by different rules."""
    if surface.sky_reach is not None and surface.sky_reach[1] != bound:
        log.warning(
            "height_bound_m: the run has %s, the sky view of its surface was computed with %s",
            bound,
            surface.sky_reach[1],
        )


def _intervals(series: WeatherSeries) -> dict[str, Any]:
    """What the steps stand for, on the clock of the stamps."""
    minutes = np.unique(series.columns["hours"] * 60.0)
    first, last = series.bounds[0, 0], series.bounds[-1, 1]
    found: dict[str, Any] = {
        "stamp": series.stamp,
        "timestep_minutes": [float(m) for m in minutes],
        "start": str(first.astype("datetime64[s]")),
        "end": str(last.astype("datetime64[s]")),
    }
    if minutes.size > 1:  # else the names of files tell every interval
        found["step_minutes"] = [float(m) for m in series.columns["hours"] * 60.0]
    return found


def _hashed_parameters(
    settings: RunSettings,
    params: dict[str, Any],
    points: Points | None,
    fields: tuple[GivenField, ...],
    radiation: GivenSky | None,
) -> dict[str, Any]:
    """What shapes the result besides surface, weather, place and settings."""
    extra: dict[str, Any] = {
        "heat_thresholds_day": list(settings.model.heat_thresholds_day),
        "heat_thresholds_night": list(settings.model.heat_thresholds_night),
    }
    if settings.period is not None:
        extra["period"] = settings.period.describe()
    if points is not None:
        extra["pois"] = dict(zip(points.names, points.cells.tolist(), strict=True))
    if settings.fields:
        extra["fields"] = {field.name: field.identity for field in fields}
        extra["fields"] |= {} if radiation is None else radiation.identity
    state = settings.state
    if state is not None:
        extra["initial_state"] = {
            "first": state.first,
            "accumulated_days": state.accumulated_days,
            **state.fields,
            **{f"walls_{name}": values for name, values in state.walls.items()},
        }
    given = settings.precomputed
    if given is not None:
        for name in ("wall_height", "wall_aspect"):
            grid = getattr(given, name)
            if grid is not None:
                extra[f"precomputed_{name}"] = np.asarray(grid)
        if given.svf is not None:
            extra["precomputed_svf"] = np.asarray(given.svf.svf)
            if given.svf.canopy_transmissivity is not None:
                extra["precomputed_canopies"] = np.asarray(given.svf.canopy_transmissivity)
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


def _check_state(state: ThermalState | None, georef: GeoReference) -> None:
    if state is None:
        return
    if state.shape is not None and state.shape != georef.shape:
        raise GridShapeMismatch("state", georef.shape, state.shape)

"""Run the model over a period."""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from solweig import _core, switches
from solweig.atomic import atomic_path, full_disk_told
from solweig.config import INDICES, HumanParams, ModelConfig
from solweig.errors import ComputationCancelled, ConfigurationError
from solweig.execution import ExecutionConfig
from solweig.execution.opening import engine_of
from solweig.execution.telemetry import Telemetry
from solweig.messages import heard
from solweig.rasters.cf import WEATHER_SERIES, build_dataset
from solweig.results.folder import make_room
from solweig.results.metadata import save_run_metadata
from solweig.results.outputs import SERIES_NAME, WALL_POINTS, WORK_FOLDER, write_open_ground
from solweig.results.pois import PointSource
from solweig.results.ranges import ComfortCounts, describe_comfort
from solweig.results.state import ThermalState
from solweig.results.statistics import Timeseries, statistics_kwargs, with_nights
from solweig.results.styles import write_run_styles
from solweig.results.summary import TimeseriesSummary
from solweig.results.walls import WallTemperatures, wall_dataset, wall_points, write_walls
from solweig.run.checks import validate_inputs
from solweig.run.outcome import Collected, Outcome
from solweig.run.plan import RunPlan, check_before_sky, make_plan
from solweig.run.settings import RunSettings
from solweig.run.steps import carry_out
from solweig.run.store import RunStore, write_run
from solweig.run.wall_pass import wall_temperatures
from solweig.run.what_if import check_baseline, run_changed
from solweig.said import knows_what_was_said
from solweig.surface.data import SurfaceData
from solweig.surface.precomputed import PrecomputedData
from solweig.typing import Advance
from solweig.weather.fields import GivenAs
from solweig.weather.location import Location
from solweig.weather.step import Weather

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["calculate", "calculate_settings", "check_calculation", "validate_inputs"]

log = logging.getLogger("solweig")


_NO_SETTINGS = {"surface", "weather", "location", "progress_callback", "baseline"}
"""Arguments of :func:`calculate` that say what is run, not how."""


@knows_what_was_said
def calculate(
    said: frozenset[str],
    surface: SurfaceData,
    weather: Weather | Sequence[Weather],
    location: Location | None = None,
    *,
    output_dir: str | Path | None = None,
    config: ModelConfig | None = None,
    human: HumanParams | None = None,
    precomputed: PrecomputedData | None = None,
    use_anisotropic_sky: bool | None = None,
    conifer: bool = False,
    physics: SimpleNamespace | None = None,
    materials: SimpleNamespace | None = None,
    wall_material: str | None = None,
    max_shadow_distance_m: float | None = None,
    tile_size: int | None = None,
    use_ground_scheme: bool | None = None,
    use_outgoing_longwave: bool | None = None,
    outputs: Sequence[str] | None = None,
    heat_thresholds_day: Sequence[float] | None = None,
    heat_thresholds_night: Sequence[float] | None = None,
    progress_callback: Advance | None = None,
    execution: ExecutionConfig | None = None,
    pois: PointSource | None = None,
    formulation: str = "reference",
    state: ThermalState | None = None,
    overwrite: bool = False,
    resume: bool = False,
    output_format: str | Sequence[str] = "geotiff",
    baseline: TimeseriesSummary | None = None,
    utci_range: str | None = None,
    pet_variant: str | None = None,
    leaf_on: int | str | None = None,
    leaf_off: int | str | None = None,
    sun_substeps: int | None = None,
    shade_at_night: bool | None = None,
    sky_emissivity: str | None = None,
    sky_emissivity_offset: float = 0.0,
    longwave: str = "modelled",
    split: str = "reindl",
    alternatives: Mapping[str, bool] | None = None,
    styles: bool = True,
    walls: str = "wave",
    wind_profile: str | None = None,
    roughness_m: float | None = None,
    fields: Mapping[str, GivenAs | str] | None = None,
) -> TimeseriesSummary:
    """Map mean radiant temperature and heat stress for every step of a period.

    Parameters
    ----------
    surface
        The place, with sky view factors (:meth:`SurfaceData.prepare`).
    weather
        One step or several, stamps strictly increasing.
    location
        Place and clock; None takes the centre of ``surface`` and the clock of the weather's file,
        else UTC.
    output_dir
        Folder for GeoTIFFs and ``run_metadata.json``; None keeps every requested step in memory as
        ``summary.dataset``. Further periods and outputs may go into the same one: what describes an
        earlier run then moves to ``runs/<start>_<end>/`` in it.
    config
        Defaults for the arguments below; what is said here goes before it.
    human
        The person; default a standing man of 35 years.
    precomputed
        Walls, sky view factors or visibility to use instead of the surface's.
    use_anisotropic_sky
        Perez sky (default) or isotropic; with sky view factors and no shadow matrices the default
        gives way to the isotropic one, with a warning.
    conifer
        Trees keep their leaves.
    physics, materials
        See :func:`solweig.load_physics`, :func:`solweig.load_materials`.
    wall_material
        A wall class named in ``materials``; of the shipped ones brick, concrete, wood.
    max_shadow_distance_m
        Reach of shadows [m], default 1000.
    tile_size
        Side of a tile [px]; None runs the raster in one piece where the engine can hold it. On the
        CPU the results are the same, bit for bit.
    use_ground_scheme, use_outgoing_longwave
        The 2026 schemes, not in this release.
    outputs
        Among tmrt, utci, pet, wbgt, tnw (natural wet bulb), globe150, globe38, at (apparent
        temperature), set (standard effective temperature), globe_load, wick_load (what globe and
        wick absorb), shadow, kdown, kup, ldown, lup, and attribution: Tmrt above the air by where
        the radiation comes from, a raster for each term, at points too; and wall_temperature: the
        surface of walls by height, as
        ``summary.walls`` and NetCDF (and Zarr where steps are), with those at ``pois`` as
        ``summary.wall_points``. An empty list for none. Default: what ``config`` says; without one
        tmrt in memory, Zarr and NetCDF, and no
        GeoTIFFs of steps.
    heat_thresholds_day, heat_thresholds_night
        UTCI thresholds for hour counts [deg C], default 32 and 38, and 26.
    progress_callback
        Called with (steps done, steps in all); in tiles, counted over all of them.
    execution
        Wishes about hardware, see :class:`solweig.execution.ExecutionConfig`.
    pois
        Points of interest: a GeoJSON, GeoPackage (``file.gpkg|layername=NAME`` names a layer), CSV
        or shape file, ``{name: (x, y)}`` or a list of ``(x, y)``; every flux at them is in
        ``summary.pois``.
    formulation
        "reference" (SOLWEIG 2025a) or "improved" physics.
    state
        Thermal state to start from, such as ``summary.state`` of the period before.
    overwrite
        Replace the results of other runs in ``output_dir``. Without it the same run may be
        repeated, and runs of other steps or outputs add to the folder.
    resume
        Go on with an interrupted run of the same inputs and parameters in ``output_dir``: tiles
        that are finished and intact are kept, and the files are those of an undisturbed run. A
        raster that runs in one piece starts again.
    output_format
        "geotiff" (a file per step), "zarr" (``output_dir/solweig.zarr``, a CF cube in chunks, needs
        ``solweig[zarr]``), "netcdf" (``output_dir/solweig.nc``, the same as one CF file, needs
        ``solweig[netcdf]``), or several. Summaries are GeoTIFFs in any case.
    baseline
        The same run before the edit that ``surface`` is made by (:meth:`SurfaceData.with_changes`):
        only what the edit can reach is computed, with the results of a full run, which stay in
        memory and with ``output_dir`` are written too. The baseline must have been kept in memory,
        with the outputs tmrt, utci and shadow.
    utci_range
        What UTCI is outside its published range: None takes wind above 17 m/s as 17 and all else as
        given, "clip" brings every input to the end of its range, "flag" computes as given, "nan"
        gives no UTCI; steps and cells outside are counted in ``summary.metadata["comfort"]`` and in
        the report.
    pet_variant
        "1999" (default; Höppe, on one branch), "2018" (Walther & Goestchel) or "reference".
    leaf_on, leaf_off
        First day with leaves and first day without: day of year, 1-366, or month and day,
        ``"04-15"``; both or neither. Default: what ``physics`` says, else by latitude.
    sun_substeps
        Suns of a step, 1 to 5, each for an equal part of its interval; with several a shadow is a
        fraction. Default 1, and 3 with ``formulation="improved"``.
    shade_at_night
        ``shade_hours`` counts the night too: with ``sun_hours`` it then covers the whole period.
    sky_emissivity
        Emissivity of the cloudless sky by "prata", "brunt" or "dilley". Default Prata's, and
        Dilley's with ``formulation="improved"``.
    sky_emissivity_offset
        Added to it, -0.2 to 0.2.
    longwave
        Longwave of the sky: "modelled", or "measured" as ``longwave_down`` of every step.
    split
        How a global radiation given alone is split: "reindl", "disc" or "dirint".
    alternatives
        Single formulae taken or left, beside ``formulation``: ``{"night_memory": False}``.
    styles
        Write a style for QGIS, ``name.qml``, beside every GeoTIFF; not where steps are Zarr or
        NetCDF alone.
    walls
        Longwave of walls in Tmrt: by the "wave" of the day, or "heated" by conduction into standard
        walls of every aspect, under the anisotropic sky.
    wind_profile
        How wind grows with height: "power" (default) or "log".
    roughness_m
        Roughness length of the logarithmic profile [m].
    fields
        Weather that differs from cell to cell, by quantity (ta, rh, ws): a :class:`WeatherField`,
        ``"ta.tif@2m"``, for the wind :class:`WindCoefficients`, for the air temperature
        :class:`LapseRate`. It takes the place of the value of the step on the ground, at walls and
        in the comfort indices; the sky keeps that of the step. Radiation by coarse weather cells
        (global_rad; direct_rad and diffuse_rad with it; longwave_down) is a
        :class:`RadiationField`, ``"ghi.nc"``, and is blended between their centres
        (docs/fields.md).

    Returns
    -------
    TimeseriesSummary
        Statistics per cell, the series of the means, and how it was computed.

    Raises
    ------
    InvalidSurfaceData, GridShapeMismatch
        Unusable rasters.
    MissingPrecomputedData
        Sky view factors or visibility have not been computed.
    WeatherDataError
        No steps, out of range, out of order or repeated.
    ConfigurationError
        An unknown output or parameter, wall temperatures of a surface without walls or of a
        material that does not conduct heat, a folder that cannot be written or holds the same steps
        of another run, a point outside the raster.
    DiskFull
        The disk has no room for the results; what is there is whole.
    ComputationCancelled
        Raised by ``progress_callback``; nothing is left half-written.

    References
    ----------
    - Lindberg, Holmer & Thorsson (2008), https://doi.org/10.1007/s00484-008-0162-7
    - Bröde et al. (2012), https://doi.org/10.1007/s00484-011-0454-1 (UTCI)
    - Höppe (1999), https://doi.org/10.1007/s004840050118 (PET)

    Examples
    --------
    >>> from datetime import datetime
    >>> ground = np.zeros((30, 40), np.float32)
    >>> roofs = ground.copy()
    >>> roofs[10:16, 12:24] = 12.0  # a house
    >>> surface = solweig.SurfaceData(dsm=roofs, dem=ground, pixel_size=2.0)
    >>> surface.compute_svf()
    >>> hour = solweig.Weather(datetime(2025, 7, 1, 16), ta=28, rh=40, global_rad=600, ws=2)
    >>> place = solweig.Location(57.7, 12.0, utc_offset=1)
    >>> summary = solweig.calculate(surface, hour, place, outputs=["tmrt", "shadow"])
    >>> tmrt, lit = summary.dataset.tmrt[0], summary.dataset.shadow[0] == 1
    >>> tmrt.dims
    ('y', 'x')
    >>> bool(tmrt.where(lit).min() > tmrt.where(~lit).mean() + 10)
    True
    """
    given = locals()
    settings = RunSettings.resolve(**{name: given[name] for name in said - _NO_SETTINGS})
    return calculate_settings(surface, weather, location, settings, progress_callback, baseline)


def calculate_settings(
    surface: SurfaceData,
    weather: Weather | Sequence[Weather],
    location: Location | None,
    settings: RunSettings,
    progress_callback: Advance | None,
    baseline: TimeseriesSummary | None = None,
) -> TimeseriesSummary:
    """:func:`calculate` with settled settings."""
    if progress_callback is not None and not callable(progress_callback):
        raise ConfigurationError(
            "progress_callback", "a function of (done, total)", repr(progress_callback)
        )
    with heard() as said:
        plan = replace(make_plan(surface, weather, location, settings), said=said)
        if baseline is not None:
            check_baseline(plan, baseline)
        return _recorded(plan, progress_callback, baseline)


def check_calculation(
    surface: SurfaceData,
    weather: Weather | Sequence[Weather],
    location: Location | None = None,
    **options: Any,
) -> None:
    """Refuse what :func:`calculate` would refuse of the same arguments.

    As far as that can be known without sky view factors; computes nothing and writes nothing.
    """
    check_before_sky(surface, weather, location, RunSettings.resolve(**options))


def _recorded(
    plan: RunPlan, progress: Advance | None, baseline: TimeseriesSummary | None
) -> TimeseriesSummary:
    """Run, and leave a word on how it ended in the output folder."""
    folder = plan.settings.output_dir
    if folder is None:
        return _run(plan, progress, baseline)[0]
    with full_disk_told(folder):
        return _written(plan, folder, progress, baseline)


def _written(
    plan: RunPlan, folder: Path, progress: Advance | None, baseline: TimeseriesSummary | None
) -> TimeseriesSummary:
    make_room(folder, plan.standing)
    save_run_metadata(plan.metadata, folder)
    try:
        summary, store = _run(plan, progress, baseline)
        started = time.perf_counter()
        summary.to_geotiff(folder)
        write_open_ground(folder, plan.surface.buildings(), plan.georef)
        if plan.settings.styles and "geotiff" in plan.settings.formats:
            write_run_styles(
                folder, outputs=plan.outputs, stamps=plan.series.stamps,
                bounds=plan.series.bounds, grids=summary.grids(),
            )  # fmt: skip
        if store is not None and store.cube is not None:
            store.cube.finish(summary.grids())
        if store is not None and "netcdf" in plan.settings.formats:
            write_run(plan, store, summary.grids())
        _write_table(summary.series_table(), folder / SERIES_NAME)
        if summary.pois is not None:
            _write_table(summary.pois, folder / "pois.csv")
        if summary.walls is not None:
            write_walls(folder, summary.walls, plan.settings.formats)
        if summary.wall_points is not None:
            _write_table(summary.wall_points, folder / WALL_POINTS)
        if summary.telemetry is not None:
            summary.telemetry.write(folder, getattr(plan.execution, "log", "csv"))
        timings = summary.metadata["timings"]
        timings["summary_s"] = time.perf_counter() - started
        timings["total_s"] += timings["summary_s"]
    except BaseException as error:
        stopped = isinstance(error, KeyboardInterrupt | ComputationCancelled)
        status = "interrupted" if stopped else "failed"
        # The error that matters is the first one; a full disk may hit this file too.
        with contextlib.suppress(OSError):
            save_run_metadata({**plan.metadata, "status": status, "error": str(error)}, folder)
        raise
    save_run_metadata(summary.metadata, folder)
    if store is not None:
        store.remove()
    # An interrupted run in tiles may have left some, and this one ran in one piece.
    shutil.rmtree(folder / WORK_FOLDER, ignore_errors=True)
    return summary


def _write_table(table: pd.DataFrame, path: Path) -> None:
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False)


def _run(
    plan: RunPlan, progress: Advance | None, baseline: TimeseriesSummary | None = None
) -> tuple[TimeseriesSummary, RunStore | None]:
    """Run; also where the tiles left their results."""
    started = time.perf_counter()
    telemetry = Telemetry(live=switches.read().timing)
    log.info("engine: %s (%s)", plan.execution.accelerator, plan.execution.reason)
    if baseline is None:
        outcome = carry_out(plan, telemetry, progress)
    else:
        outcome = run_changed(plan, baseline, engine_of(plan.execution), telemetry, progress)
    finished = time.perf_counter()
    warmed = wall_temperatures(plan, outcome.tile_plan, outcome.state)
    walls_s = time.perf_counter() - finished
    summary = _summary(plan, outcome)
    if warmed is not None:
        _take_walls(plan, summary, warmed)
    comfort, on_roofs = _comfort(plan, summary), _points_on_roofs(plan)
    if on_roofs:
        log.warning("pois: %s on a roof", ", ".join(on_roofs))
    summary.telemetry = telemetry
    summary.tally = outcome.tally
    telemetry.fallbacks(outcome.tally)
    if plan.surface.telemetry is not None:
        telemetry.take(plan.surface.telemetry)
    if outcome.steps is not None:
        weather = {name: getattr(summary.timeseries, name) for name in WEATHER_SERIES}
        summary.dataset = build_dataset(
            outcome.steps, plan.series.stamps, plan.georef, bounds=plan.series.bounds,
            version=_core.__version__, series=weather,
        )  # fmt: skip
    summary.metadata = {
        **plan.metadata,
        "status": "complete",
        "engine": summary.tally,
        "workers": outcome.workers,
        "tile_plan": outcome.tile_plan,
        "what_if": outcome.what_if,
        "comfort": comfort,
        "means": {"where": "ground", "points_on_roofs": on_roofs},
        "warnings": list(dict.fromkeys((*plan.surface.warnings, *plan.said))),
        "telemetry": telemetry.as_dict(),
        "timings": {
            "model_s": outcome.built - started,
            "steps_s": finished - outcome.built,
            "write_s": outcome.write_seconds,
            "walls_s": walls_s,
            "total_s": time.perf_counter() - started,
            "stages_s": outcome.collected.seconds,
        },
    }
    return summary, outcome.store


def _take_walls(plan: RunPlan, summary: TimeseriesSummary, warmed: WallTemperatures) -> None:
    """Let a summary have the temperatures of walls, and of those at its points."""
    stamps, bounds = plan.series.stamps, plan.series.bounds
    summary.walls = wall_dataset(warmed, plan.georef, stamps, bounds, _core.__version__)
    if plan.points is None:
        return
    summary.wall_points, without = wall_points(warmed, plan.points, stamps)
    if without:
        log.warning("pois: no wall at %s or next to it", ", ".join(without))


def _comfort(plan: RunPlan, summary: TimeseriesSummary) -> dict[str, Any]:
    """What is recorded of the comfort indices' ranges; said once."""
    model = plan.settings.model
    counts = ComfortCounts.of(summary.scalars, summary.sums, fields=bool(plan.fields))
    line = counts.utci_line(model.utci_range)
    if line is not None:
        log.warning("UTCI outside its published range: %s (utci_range=, --utci-range choose)", line)
    line = counts.pet_line()
    if line is not None and ("pet" in plan.outputs or plan.points is not None):
        log.warning("PET: %s", line)
    line = counts.sensor_line()
    if line is not None and _has_sensors(plan):
        log.warning("WBGT and globes: %s", line)
    line = counts.body_line()
    if line is not None and (plan.points is not None or "set" in _named(plan)):
        log.warning("SET*: %s", line)
    return describe_comfort(counts, utci_range=model.utci_range, pet_variant=model.pet_variant)


def _has_sensors(plan: RunPlan) -> bool:
    """Whether globe or wick is read, by themselves or in WBGT."""
    return plan.points is not None or bool(_named(plan) & {*INDICES} - {"at", "set"})


def _named(plan: RunPlan) -> set[str]:
    """Quantities that the call asks for, of steps or of a period."""
    period = plan.settings.period
    return {*plan.outputs, *(() if period is None else period.indices)}


def _points_on_roofs(plan: RunPlan) -> list[str]:
    """Names of the points that lie on buildings."""
    if plan.points is None:
        return []
    roof = plan.surface.buildings()[tuple(plan.points.cells.T)] == 0
    return [name for name, on_roof in zip(plan.points.names, roof, strict=True) if on_roof]


def _summary(plan: RunPlan, outcome: Outcome) -> TimeseriesSummary:
    counts, collected = outcome.counts, outcome.collected
    at_night = plan.settings.model.shade_at_night
    grids = statistics_kwargs(outcome.grids, plan.georef.shape)
    if at_night:
        night = ~plan.series.daytime
        grids["shade_hours"] = with_nights(
            grids, float(np.sum(plan.series.columns["hours"], where=night))
        )
    return TimeseriesSummary(
        **grids,
        utci_hours_above=outcome.hours_above,
        period=outcome.period,
        n_timesteps=counts["n_timesteps"],
        n_daytime=counts["n_daytime"],
        n_nighttime=counts["n_nighttime"],
        shadow_available=counts["n_timesteps"] > 0,
        heat_thresholds_day=list(plan.thresholds_day),
        heat_thresholds_night=list(plan.thresholds_night),
        timeseries=_timeseries(plan, collected),
        pois=None if collected.table is None else collected.table.frame(),
        state=outcome.state,
        output_dir=plan.settings.output_dir,
        georef=plan.georef,
        scalars=collected.scalars,
        bounds=plan.series.bounds,
        sums=collected.sums,
        open_ground=plan.surface.buildings(),
        shade_at_night=at_night,
    )


def _timeseries(plan: RunPlan, collected: Collected) -> Timeseries:
    columns = plan.series.columns
    total = np.asarray(columns["global_rad"], dtype=np.float64)
    diffuse = collected.column("rad_d")
    fraction = np.full(total.shape, np.nan)
    np.divide(diffuse, total, out=fraction, where=total > 0)
    return Timeseries(
        datetime=list(plan.series.stamps),
        ta=columns["ta"].copy(),
        rh=columns["rh"].copy(),
        ws=columns["ws"].copy(),
        global_rad=total.copy(),
        direct_rad=collected.column("rad_i"),
        diffuse_rad=diffuse,
        sun_altitude=columns["altitude"].copy(),
        tmrt_mean=collected.column("tmrt_mean"),
        utci_mean=collected.column("utci_mean"),
        sun_fraction=collected.column("sun_fraction"),
        diffuse_fraction=np.clip(fraction, 0.0, 1.0),
        clearness_index=plan.series.clearness.copy(),
        is_daytime=plan.series.daytime.copy(),
    ).with_sums(collected.sums)

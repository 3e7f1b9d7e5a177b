"""The engine's view of a surface: scene, building mask, sky view factors, patch visibility."""

from __future__ import annotations

import logging
import time
from typing import Any

import numpy as np

from solweig import _core, switches
from solweig.errors import ConfigurationError
from solweig.execution.cpu_strategy import CPUOnlyStrategy
from solweig.execution.opening import engine_of, strategy_of
from solweig.execution.resolve import ResolvedExecution
from solweig.execution.strategy import DEFAULT_ABREAST
from solweig.execution.tally import process_tally, since
from solweig.execution.telemetry import Telemetry
from solweig.execution.worker import device_seconds
from solweig.feedback import Feedback
from solweig.memory_limits import available_memory, memory_budget
from solweig.surface import checks as checks
from solweig.surface.facts import facts_of
from solweig.surface.heights import estimate_ground, preprocess
from solweig.surface.layers import Layers, SceneFacts
from solweig.surface.shadow_arrays import ShadowArrays
from solweig.surface.svf_arrays import SvfArrays
from solweig.surface.tiled_svf import SkyFolder, record_svf, svf_halo, tiled_sky_view
from solweig.surface.walls import walls_of
from solweig.tiles.plan import Margin, TilePlan, cut_or_leave_device, device_of, prepare_footprint
from solweig.typing import U8

logger = logging.getLogger(__name__)


def scene_of(surface: Layers) -> _core.Scene:
    """The geometry in the form the engine reads; built once and kept."""
    preprocess(surface)
    if surface.kept.scene is None:
        surface.kept.scene = build_scene(surface)
    return surface.kept.scene


def build_scene(surface: Layers) -> _core.Scene:
    """The geometry in the form the engine reads; a canopy of nothing counts as none."""
    has_canopy = surface.cdsm is not None and bool(np.any(surface.cdsm > 0))
    return _core.Scene(
        surface.dsm,
        pixel_size=surface.pixel_size,
        dem=surface.dem,
        canopy=surface.cdsm if has_canopy else None,
        trunk=surface.tdsm if has_canopy else None,
        trunk_ratio=surface.trunk_ratio,
        relative_bush=surface.formulation == "improved",
    )


def buildings_of(surface: Layers) -> U8:
    """1 = open ground, 0 = building; found once and kept, see ``SurfaceData.buildings``."""
    if surface.kept.buildings is None:
        surface.kept.buildings = buildings_mask(surface)
    return surface.kept.buildings


def buildings_mask(surface: Layers) -> U8:
    """1 = open ground, 0 = building, uint8 ``[row, col]`` (G 1.6)."""
    preprocess(surface)
    dem = surface.dem
    if surface.land_cover is None and dem is None:
        logger.warning(
            "neither dem nor land_cover given: buildings are told from the ground by a ground "
            "level estimated from the dsm"
        )
        dem = estimate_ground(surface.dsm, surface.pixel_size)
    return _core.buildings_mask(surface.dsm, dem=dem, land_cover=surface.land_cover)


def add_sky_view(
    surface: Layers,
    *,
    patch_option: int = 2,
    max_shadow_distance_m: float = 1000.0,
    feedback: Any = None,
    height_bound_m: float | None = None,
    tile_size: int | None = None,
    execution: ResolvedExecution | None = None,
    folder: SkyFolder | None = None,
) -> None:
    """Compute sky view factors, visibility and, if absent, walls, and keep them in the surface."""
    surface.svf, surface.shadow_matrices = compute_sky_view(
        surface,
        patch_option,
        max_shadow_distance_m,
        feedback,
        height_bound_m=height_bound_m,
        tile_size=tile_size,
        execution=execution,
        folder=folder,
    )
    surface.sky_reach = (float(max_shadow_distance_m), height_bound_m)


def compute_sky_view(
    surface: Layers,
    patch_option: int,
    max_shadow_distance_m: float,
    feedback: Any,
    height_bound_m: float | None = None,
    *,
    tile_size: int | None = None,
    execution: ResolvedExecution | None = None,
    folder: SkyFolder | None = None,
) -> tuple[SvfArrays, ShadowArrays]:
    """Sky view factors and visibility; see ``SurfaceData.compute_svf``.

    ``execution`` says where; None is the CPU, in this process. With ``folder`` the result is built
    there in tiles, and mapped.
    """
    checks.check_parameters(
        pixel_size=surface.pixel_size,
        trunk_ratio=surface.trunk_ratio,
        min_object_height=surface.min_object_height,
        dem_smooth_sigma=surface.dem_smooth_sigma,
        patch_option=patch_option,
        max_shadow_distance_m=max_shadow_distance_m,
    )
    listener = Feedback(feedback, "sky view factors")
    listener.check()
    if folder is None:
        _check_memory(surface, patch_option)
    walls_of(surface)
    facts = facts_of(surface)
    improved = surface.formulation == "improved"
    options: dict[str, Any] = {
        "patch_option": patch_option,
        "max_shadow_distance_m": float(max_shadow_distance_m),
        "height_bound_m": height_bound_m,
        "normalised_sectors": improved,
        "zenith_canopy": "overhead" if improved else "reference",
    }
    telemetry = Telemetry(live=switches.read().timing)
    engine = None if execution is None else engine_of(execution)
    engine, tiles = _tiles(facts, options, tile_size, engine, execution, folder is not None)
    on_cluster = getattr(execution, "strategy", "") == "dask"
    if tiles is None and (folder is not None or on_cluster):
        tiles = TilePlan(facts.shape, max(facts.shape), 0, "the raster in one piece")
    if tiles is None:
        grids, masks = _in_one_piece(
            scene_of(surface), options, engine, telemetry, listener.callback()
        )
    else:
        grids, masks = tiled_sky_view(
            surface,
            core=tiles.core,
            halo=tiles.halo,
            options=options,
            strategy=CPUOnlyStrategy() if execution is None else strategy_of(execution, engine),
            telemetry=telemetry,
            progress=listener.callback(),
            folder=folder,
            storage=getattr(execution, "storage", None),
        )
    listener.check()
    surface.telemetry = telemetry
    if not facts.has_vegetation and folder is None:
        # Ten grids of ones; SvfArrays shares one between them.
        grids = {name: grid for name, grid in grids.items() if "veg" not in name}
    return SvfArrays(**grids), ShadowArrays.from_words(masks, patch_option)


def sky_bytes(vegetation: bool, patch_option: int) -> float:
    """Of a prepared surface in memory, a cell: layers, sky view factors and visibility."""
    words = -(-len(_core.patch_table(patch_option)["altitude"]) // 32)
    return prepare_footprint(words, vegetation, in_memory=True).raster


def _check_memory(surface: Layers, patch_option: int) -> None:
    """Refuse to keep in memory what it cannot hold."""
    found, facts = available_memory(), facts_of(surface)
    needed = facts.shape[0] * facts.shape[1] * sky_bytes(facts.has_vegetation, patch_option)
    if found is not None and needed > found[0]:
        raise ConfigurationError(
            "working_dir",
            "a folder for a surface of this size",
            f"None, which would keep {needed / 2**30:.1f} GiB of layers and sky view in "
            f"{found[0] / 2**30:.1f} GiB of memory ({found[1]})",
            "SurfaceData.prepare(working_dir=...), --cache on the command line, maps it.",
        )


def _tiles(
    scene: SceneFacts,
    options: dict[str, Any],
    tile_size: int | None,
    engine: _core.Engine | None,
    execution: ResolvedExecution | None,
    mapped: bool,
) -> tuple[_core.Engine | None, TilePlan | None]:
    """The engine to use, and how the raster is cut; None in one piece."""
    halo = svf_halo(
        scene,
        options["patch_option"],
        options["max_shadow_distance_m"],
        options["height_bound_m"],
    )
    chosen, option = switches.read(), options["patch_option"]
    sharing = getattr(execution, "workers_per_gpu", 1)
    backend = device_of(
        engine,
        patch_option=option,
        vegetation=scene.has_vegetation,
        anisotropic=False,
        sides=False,
    )
    words = -(-len(_core.patch_table(option)["altitude"]) // 32)
    return cut_or_leave_device(
        scene.shape,
        Margin(halo, 0),
        engine,
        tile_size=tile_size,
        longest=chosen.max_tile_side,
        least=chosen.min_tile_side,
        footprint=prepare_footprint(words, scene.has_vegetation, in_memory=not mapped),
        memory=memory_budget(),
        backend=None if backend is None else backend.shared(sharing),
        workers=getattr(execution, "workers", None) or 1 if engine is None else sharing,
        abreast=getattr(execution, "tile_workers", None) or DEFAULT_ABREAST,
    )


def _in_one_piece(
    scene: _core.Scene,
    options: dict[str, Any],
    engine: _core.Engine | None,
    telemetry: Telemetry,
    progress: Any,
) -> tuple[dict[str, Any], dict[str, Any]]:
    before, device_before = process_tally(engine), device_seconds(engine)
    started = time.perf_counter()
    view = scene.svf(**options, progress=progress, engine=engine)
    record_svf(telemetry, time.perf_counter() - started, options["patch_option"])
    telemetry.fallbacks(since(before, process_tally(engine)))
    if engine is not None and engine.gpu is not None:
        telemetry.gpu_stages(device_seconds(engine, device_before), engine.gpu.timing)
    return view.fields(), view.masks()

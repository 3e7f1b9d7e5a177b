"""Sky view factors and patch visibility of a surface, on the engine that was settled."""

from __future__ import annotations

import logging
from typing import Any

from solweig import _core, switches
from solweig.errors import ConfigurationError
from solweig.execution.opening import engine_of, here_alone, strategy_of
from solweig.execution.resolve import ResolvedExecution
from solweig.execution.strategy import DEFAULT_ABREAST
from solweig.execution.telemetry import Telemetry
from solweig.feedback import Feedback
from solweig.memory_limits import available_memory, memory_budget
from solweig.surface import checks as checks
from solweig.surface.facts import facts_of
from solweig.surface.layers import Layers, SceneFacts
from solweig.surface.shadow_arrays import ShadowArrays
from solweig.surface.svf_arrays import SvfArrays
from solweig.surface.tiled_svf import SkyFolder, svf_halo, tiled_sky_view
from solweig.surface.walls import walls_of
from solweig.tiles.plan import Margin, TilePlan, cut_or_leave_device, device_of, prepare_footprint

logger = logging.getLogger(__name__)


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
    settled = execution or ResolvedExecution("cpu", "")
    if tiles is None:
        tiles = TilePlan.of_one(facts.shape)
        if not on_cluster:
            settled = here_alone(settled)
    grids, masks = tiled_sky_view(
        surface,
        tiles=tiles,
        options=options,
        strategy=strategy_of(settled, engine),
        telemetry=telemetry,
        progress=listener.callback(),
        folder=folder,
        storage=settled.storage,
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

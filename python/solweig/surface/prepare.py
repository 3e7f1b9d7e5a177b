"""From raster files or arrays to a surface that is ready to run."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from solweig import switches
from solweig.atomic import full_disk_told
from solweig.config import check_tile_size
from solweig.errors import GridShapeMismatch, InvalidSurfaceData
from solweig.execution import ResolvedExecution
from solweig.feedback import Feedback
from solweig.leaf_area import EXTINCTION
from solweig.memory_limits import stay_on_disk
from solweig.messages import heard
from solweig.rasters.digests import LayerDigests
from solweig.rasters.grids import check_bbox
from solweig.rasters.units import check_height_unit
from solweig.surface import checks as checks
from solweig.surface.cache import SurfaceCache, check_not_stale
from solweig.surface.facts import facts_of
from solweig.surface.foliage import transmissivity_of_lai
from solweig.surface.heights import preprocess
from solweig.surface.layers import Layers
from solweig.surface.precomputed import read_svf_dir
from solweig.surface.reading import Given, read_layers
from solweig.surface.shadow_arrays import ShadowArrays
from solweig.surface.sky_view import add_sky_view, sky_bytes
from solweig.surface.store import (
    grid_files,
    note_svf,
    save_layers,
    svf_fingerprint,
    walls_fingerprint,
)
from solweig.surface.svf_arrays import SvfArrays
from solweig.surface.tiled_svf import SkyFolder
from solweig.surface.walls import walls_of

logger = logging.getLogger(__name__)

L = TypeVar("L", bound=Layers)


@dataclass(frozen=True)
class PrepareOptions:
    """How a surface is prepared; fields as the parameters of ``SurfaceData.prepare``."""

    working_dir: str | Path | None
    svf_dir: str | Path | None
    bbox: Any
    pixel_size: float | None
    force_recompute: bool
    tile_size: int | None
    feedback: Any
    patch_option: int
    max_shadow_distance_m: float
    wall_limit: float
    execution: ResolvedExecution
    reproject: Any = None
    height_unit: Any = None
    lai_extinction: float = EXTINCTION
    check: Callable[[Any], None] | None = None


def prepared(kind: type[L], layers: Given, options: PrepareOptions, frame: dict[str, Any]) -> L:
    """A surface of a ``kind``; see ``SurfaceData.prepare``. ``frame``: its height parameters."""
    place = options.working_dir
    with heard() as said, nullcontext() if place is None else full_disk_told(place):
        surface = _prepared(kind, layers, options, frame)
    surface.warnings = tuple(said)
    return surface


def _prepared(kind: type[L], layers: Given, options: PrepareOptions, frame: dict[str, Any]) -> L:
    _check_options(options, frame)
    given = {name: layer for name, layer in layers.items() if layer is not None}
    cache = (
        None if options.working_dir is None else SurfaceCache(options.working_dir, switches.read())
    )
    arrays, place = read_layers(
        given,
        bbox=options.bbox,
        pixel_size=options.pixel_size,
        reproject=options.reproject,
        units=check_height_unit(options.height_unit),
    )
    _take_lai(arrays, options.lai_extinction)
    surface = kind(
        **arrays,
        **frame,
        pixel_size=place.pixel_size,
    )
    # Size and projection of these cells have been looked at.
    surface.geotransform, surface.crs = place.geotransform, place.crs_wkt
    ready = None
    if options.svf_dir is not None:
        ready = _read_ready_svf(options, surface.shape)
    check_tile_size(options.tile_size, surface.shape, switches.read().min_tile_side)
    preprocess(surface)
    digests = LayerDigests(surface)
    # Files are written beside the computation of the sky view.
    with ThreadPoolExecutor(1) as writer:
        pending = [_complete_walls(surface, options, cache, digests, writer)]
        if cache is not None:
            pending.append(writer.submit(save_layers, surface, cache.root, digests))
            if place.resampled:
                write, folder = grid_files(surface).write_tif, cache.root / "resampled"
                pending.append(writer.submit(write, folder, "dsm_resampled", arrays["dsm"]))
        if options.check is not None:
            options.check(surface)

        def written() -> None:
            for job in pending:
                if job is not None:
                    job.result()

        _complete_svf(surface, options, cache, ready, digests, written)
        written()
    return surface


def _take_lai(arrays: Given, extinction: float) -> None:
    """Turn a leaf area index into transmissivity, in place."""
    if "lai" not in arrays:
        return
    if "transmissivity" in arrays:
        raise InvalidSurfaceData(
            "lai", "transmissivity or lai", "both",
            "Leave one out (--transmissivity, --lai): the second is turned into the first.",
        )  # fmt: skip
    lai = checks.as_layer("lai", arrays.pop("lai"))
    arrays["transmissivity"] = transmissivity_of_lai(lai, extinction)


def _check_options(options: PrepareOptions, frame: dict[str, Any]) -> None:
    checks.check_parameters(
        pixel_size=options.pixel_size,
        trunk_ratio=frame["trunk_ratio"],
        min_object_height=frame["min_object_height"],
        dem_smooth_sigma=frame["dem_smooth_sigma"],
        patch_option=options.patch_option,
        max_shadow_distance_m=options.max_shadow_distance_m,
        wall_limit=options.wall_limit,
    )
    checks.check_number("lai_extinction", options.lai_extinction, 0.0, 2.0, open_low=True)
    check_tile_size(options.tile_size)
    if options.bbox is not None:
        check_bbox(options.bbox)


def _read_ready_svf(
    options: PrepareOptions, shape: tuple[int, int]
) -> tuple[SvfArrays, ShadowArrays | None]:
    assert options.svf_dir is not None
    svf, matrices = read_svf_dir(options.svf_dir)
    if svf.shape != shape:
        raise GridShapeMismatch("svf_dir", shape, svf.shape)
    if matrices is not None and matrices.patch_option != options.patch_option:
        logger.info(
            "svf_dir: patch option %d of the stored visibility is used", matrices.patch_option
        )
    return svf, matrices


# ------------------------------------------------------------------ computing


def _complete_walls(
    surface: Layers,
    options: PrepareOptions,
    cache: SurfaceCache | None,
    digests: LayerDigests,
    writer: Executor,
) -> Future[None] | None:
    """Walls as given, from the cache, or computed; new ones are being written."""
    if surface.wall_height is not None:
        return None
    listener = Feedback(options.feedback, "walls", (0.0, 5.0))
    listener.check()
    listener.text("Walls")
    if cache is None:
        walls_of(surface, options.wall_limit)
        return None
    key = walls_fingerprint(surface, options.wall_limit, digests)
    if not options.force_recompute:
        cached = cache.load_walls(surface.pixel_size, key)
        if cached is not None and cached[0].shape == surface.shape:
            surface.wall_height, surface.wall_aspect = cached
            return None
    height, aspect = walls_of(surface, options.wall_limit)
    return writer.submit(
        cache.save_walls, height, aspect, surface.pixel_size, key, grid_files(surface)
    )


def _complete_svf(
    surface: Layers,
    options: PrepareOptions,
    cache: SurfaceCache | None,
    ready: tuple[SvfArrays, ShadowArrays | None] | None,
    digests: LayerDigests,
    written: Callable[[], None],
) -> None:
    """Sky view as given, from the cache, or computed; noted once the layers are ``written``."""
    listener = Feedback(options.feedback, "sky view factors", (5.0, 100.0))
    listener.check()

    def key_of(patch_option: int) -> str:
        return svf_fingerprint(surface, patch_option, options.max_shadow_distance_m, digests)

    if ready is not None and options.svf_dir is not None:
        stored_option = options.patch_option if ready[1] is None else ready[1].patch_option
        check_not_stale(options.svf_dir, key_of(stored_option))
        ready[0].check_canopies(own=facts_of(surface).own_canopies)
        surface.svf, surface.shadow_matrices = ready
        return
    key = "" if cache is None else key_of(options.patch_option)
    if cache is not None and not options.force_recompute:
        cached = cache.load_svf(surface.pixel_size, options.patch_option, key)
        if cached is not None and cached[0].shape == surface.shape:
            surface.svf, surface.shadow_matrices = cached
            surface.sky_reach = (float(options.max_shadow_distance_m), None)
            written()
            note_svf(cache.root, surface, key)
            return
    listener.text("Sky view factors")
    facts = facts_of(surface)
    each = sky_bytes(facts.has_vegetation, options.patch_option)
    if cache is not None and stay_on_disk(facts.shape[0] * facts.shape[1], each):
        written()
        _build_svf(surface, options, cache, key, listener)
        return
    add_sky_view(
        surface,
        patch_option=options.patch_option,
        max_shadow_distance_m=options.max_shadow_distance_m,
        feedback=listener if options.feedback is not None else None,
        tile_size=options.tile_size,
        execution=options.execution,
    )
    if cache is not None:
        assert surface.svf is not None
        assert surface.shadow_matrices is not None
        surface.svf = cache.save_svf(
            surface.svf, surface.shadow_matrices, surface.pixel_size, key, grid_files(surface)
        )
        written()
        note_svf(cache.root, surface, key)


def _build_svf(
    surface: Layers,
    options: PrepareOptions,
    cache: SurfaceCache,
    key: str,
    listener: Feedback,
) -> None:
    """Sky view of a raster too large for the memory, built in the cache itself."""
    folder = cache.svf_dir(surface.pixel_size, options.patch_option) / "partial"
    if options.force_recompute:
        shutil.rmtree(folder, ignore_errors=True)
    add_sky_view(
        surface,
        patch_option=options.patch_option,
        max_shadow_distance_m=options.max_shadow_distance_m,
        feedback=listener if options.feedback is not None else None,
        tile_size=options.tile_size,
        execution=options.execution,
        folder=SkyFolder(folder, key),
    )
    surface.svf = surface.shadow_matrices = None
    surface.svf, surface.shadow_matrices = cache.adopt_svf(
        folder, surface.pixel_size, options.patch_option, key
    )
    note_svf(cache.root, surface, key)

"""Sky view factors and visibility of a raster in tiles.

On the CPU every field and every bit is that of the raster in one piece.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _core
from .execution.strategy import GPUStrategy
from .execution.telemetry import Telemetry
from .execution.worker import Done, Phases
from .progress import parts_of
from .tile_store import TileStore
from .tiling import TileSpec, corners, generate_tiles, shadow_reach

if TYPE_CHECKING:
    from .surface import SurfaceData

__all__ = ["record_svf", "svf_halo", "tiled_sky_view"]

F32 = NDArray[np.float32]
U32 = NDArray[np.uint32]


def svf_halo(
    scene: _core.Scene,
    patch_option: int,
    max_shadow_distance_m: float,
    height_bound_m: float | None,
) -> int:
    """Margin around a core that holds everything that hides its sky [px]."""
    lowest = float(_core.patch_table(patch_option)["altitude"].min())
    relief = min(scene.relief_m, np.inf if height_bound_m is None else height_bound_m)
    return shadow_reach(relief, lowest, scene.pixel_size, max_shadow_distance_m)


@dataclass(frozen=True)
class TileSky:
    """What a tile sends back besides the rasters it wrote into the store."""

    seconds: float
    stitch_seconds: float


@dataclass(frozen=True)
class TileSkyJob:
    """Computes the sky view of a tile and writes its core into ``field/...`` and ``mask/...``."""

    inputs: TileStore
    results: TileStore
    scene: dict[str, Any]
    options: dict[str, Any]

    def begin(self, engine: Any) -> _Viewing:
        return _Viewing(self, engine)


class _Viewing(Phases):
    """The three phases of a tile."""

    def __init__(self, job: TileSkyJob, engine: Any) -> None:
        self._job = job
        self._chosen = {} if engine is None else {"engine": engine}

    def read(self, item: TileSpec) -> dict[str, Any]:
        inputs, where = self._job.inputs, item.read_slice
        names = ("dsm", "dem", "canopy", "trunk")
        loaded = {n: inputs.part(n, where) if n in inputs else None for n in names}
        inputs.release()
        return loaded

    def compute(
        self, item: TileSpec, loaded: dict[str, Any], report: Callable[[int, int], None]
    ) -> tuple[_core.SkyView, float]:
        started = time.perf_counter()
        scene = _core.Scene(loaded.pop("dsm"), **loaded, **self._job.scene)
        core = corners(item.core_slice)
        view = scene.svf(**self._job.options, progress=report, window=core, **self._chosen)
        return view, time.perf_counter() - started

    def finish(self, item: TileSpec, computed: tuple[_core.SkyView, float]) -> TileSky:
        view, seconds = computed
        started = time.perf_counter()
        results = self._job.results
        for prefix, grids in (("field", view.fields()), ("mask", view.masks())):
            for name in results.names(prefix):
                results.write(f"{prefix}/{name}", item.write_slice, grids[name])
        results.release()
        return TileSky(seconds, time.perf_counter() - started)


def tiled_sky_view(
    surface: SurfaceData,
    *,
    core: int,
    halo: int,
    options: dict[str, Any],
    strategy: GPUStrategy,
    telemetry: Telemetry,
    progress: Callable[[int, int], Any] | None,
) -> tuple[dict[str, F32], dict[str, U32]]:
    """Fields and masks of the whole raster, as :class:`solweig._core.SkyView` gives them.

    Args:
        surface: preprocessed.
        core, halo: side of a core and margin around it [px].
        options: of :meth:`solweig._core.Scene.svf`.
        strategy: who does the tiles; initialised here.
        telemetry: takes the measurements.
        progress: called with (done, total).
    """
    scene = surface.scene()
    rows, cols = scene.shape
    patch_option = int(options["patch_option"])
    specs = generate_tiles(rows, cols, core, halo)
    on_disk = strategy.num_workers > 1
    with TileStore(on_disk=on_disk) as inputs, TileStore(on_disk=on_disk) as results, strategy:
        inputs.put("dsm", surface.dsm)
        inputs.put("dem", surface.dem)
        if scene.has_vegetation:
            inputs.put("canopy", surface.cdsm)
            inputs.put("trunk", surface.tdsm)
        for name in _field_names():
            results.create(f"field/{name}", (rows, cols))
        words = -(-len(_core.patch_table(patch_option)["altitude"]) // 32)
        families = ("shmat", "vegshmat", "vbshmat") if scene.has_vegetation else ("shmat",)
        for name in families:
            results.create(f"mask/{name}", (rows, cols, words), np.uint32)
        job = TileSkyJob(inputs, results, scene_arguments(surface), options)
        valid = surface.valid_mask
        with_data = [spec for spec in specs if valid[spec.write_slice].any()]
        for spec in specs:
            if not valid[spec.write_slice].any():
                _blank(results, spec)
        for done in strategy.run(job, with_data, parts_of(progress, len(with_data))):
            _measure(done, patch_option, telemetry)
        telemetry.record("queue_depth_peak", strategy.queue_depth_peak)
        return _whole(results, "field", on_disk), _whole(results, "mask", on_disk)


def _blank(results: TileStore, spec: TileSpec) -> None:
    """Write a tile without any cell that has data."""
    for prefix, nothing in (("field", np.nan), ("mask", 0)):
        for name in results.names(prefix):
            results.write(f"{prefix}/{name}", spec.write_slice, nothing)


def _whole(results: TileStore, prefix: str, on_disk: bool) -> dict[str, NDArray[Any]]:
    """Every array below a prefix, in this process's memory."""
    found = {name: results.read(f"{prefix}/{name}") for name in results.names(prefix)}
    return {name: np.array(grid) if on_disk else grid for name, grid in found.items()}


def scene_arguments(surface: SurfaceData) -> dict[str, Any]:
    """What the scene of a tile is told of the whole raster."""
    scene = surface.scene()
    return {
        "pixel_size": surface.pixel_size,
        "trunk_ratio": surface.trunk_ratio,
        "relative_bush": surface.formulation == "improved",
        "datum": scene.datum,
        "vegetation": scene.has_vegetation,
    }


def record_svf(telemetry: Telemetry, seconds: float, patch_option: int) -> None:
    """Record the sky view of one tile, or of a raster in one piece."""
    patches = len(_core.patch_table(patch_option)["altitude"])
    telemetry.record("svf_tile_wall_time_s", seconds)
    telemetry.record("svf_patch_progress_rate", patches / max(seconds, 1e-9))


def _measure(done: Done, patch_option: int, telemetry: Telemetry) -> None:
    found: TileSky = done.value
    record_svf(telemetry, found.seconds, patch_option)
    telemetry.record("svf_stitch_copy_time_ms", 1e3 * found.stitch_seconds)
    telemetry.record("tile_turnaround_ms", 1e3 * done.turnaround)
    telemetry.gpu_stages(done.device_seconds, done.device_timing)
    telemetry.fallbacks({"svf": done.tally.get("svf", {})})
    telemetry.say(f"svf tile {done.number + 1}: {1e3 * found.seconds:.1f} ms")


def _field_names() -> list[str]:
    from .svf_arrays import SvfArrays

    return list(SvfArrays.names())

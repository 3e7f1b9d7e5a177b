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
from .execution.worker import Done
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

    def begin(self, engine: Any) -> Callable[[TileSpec, Callable[[int, int], None]], TileSky]:
        chosen = {} if engine is None else {"engine": engine}

        def work(tile: TileSpec, report: Callable[[int, int], None]) -> TileSky:
            def cut(name: str) -> Any:
                return self.inputs.part(name, tile.read_slice) if name in self.inputs else None

            started = time.perf_counter()
            scene = _core.Scene(
                cut("dsm"), dem=cut("dem"), canopy=cut("canopy"), trunk=cut("trunk"), **self.scene
            )
            view = scene.svf(**self.options, progress=report, window=corners(tile.core_slice), **chosen)
            computed = time.perf_counter()
            for prefix, grids in (("field", view.fields()), ("mask", view.masks())):
                for name in self.results.names(prefix):
                    target = self.results[f"{prefix}/{name}"]
                    target[tile.write_slice] = grids[name]
            return TileSky(computed - started, time.perf_counter() - computed)

        return work


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
        for done in strategy.run(job, specs, parts_of(progress, len(specs))):
            _measure(done, patch_option, telemetry)
        telemetry.record("queue_depth_peak", strategy.queue_depth_peak)
        return results.take_all("field"), results.take_all("mask")


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

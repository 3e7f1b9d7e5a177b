"""Sky view factors and visibility of a raster in tiles.

On the CPU every field and every bit is that of the raster in one piece.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig import _core
from solweig.bars import parts_of
from solweig.errors import ConfigurationError
from solweig.execution.strategy import GPUStrategy
from solweig.execution.telemetry import Telemetry
from solweig.execution.worker import Done, Phases
from solweig.surface.extent import valid_of
from solweig.surface.facts import facts_of
from solweig.surface.layers import Layers, SceneFacts
from solweig.surface.scene import scene_of
from solweig.surface.svf_arrays import SvfArrays
from solweig.tiles.grid import TileSpec, corners, shadow_reach
from solweig.tiles.journal import Digest, Journal
from solweig.tiles.plan import TilePlan
from solweig.tiles.shared_store import PublishedInputs, location, remove_group
from solweig.tiles.store import Results, TileInputs, TileStore
from solweig.tiles.zarr_store import ZarrStore, chunks_of
from solweig.typing import F32, U32

__all__ = ["SkyFolder", "record_svf", "svf_halo", "tiled_sky_view"]

log = logging.getLogger("solweig")

_PARTS = 1000
"""What each tile counts in the progress, however many rows it has."""


def svf_halo(
    scene: SceneFacts,
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
    #: Of every raster, where they were wanted.
    digests: dict[str, str]


@dataclass(frozen=True)
class TileSkyJob:
    """Computes the sky view of a tile and writes its core into ``field/...`` and ``mask/...``."""

    inputs: TileInputs
    results: Results
    #: What the scene of a tile is told; or, of a raster in one tile, its scene.
    scene: dict[str, Any] | _core.Scene
    options: dict[str, Any]
    digests: bool = False

    def begin(self, engine: _core.Engine | None) -> _Viewing:
        return _Viewing(self, engine)


class _Viewing(Phases):
    """The three phases of a tile."""

    def __init__(self, job: TileSkyJob, engine: _core.Engine | None) -> None:
        self._job = job
        self._engine = engine

    def read(self, item: TileSpec) -> dict[str, Any]:
        inputs, where = self._job.inputs, item.read_slice
        if isinstance(self._job.scene, _core.Scene):
            return {}
        names = ("dsm", "dem", "canopy", "trunk", "transmissivity")
        loaded = {n: inputs.part(n, where) if n in inputs else None for n in names}
        inputs.release()
        return loaded

    def compute(
        self, item: TileSpec, loaded: dict[str, Any], report: Callable[[int, int], None]
    ) -> tuple[_core.SkyView, float]:
        started = time.perf_counter()
        scene, core = self._job.scene, None
        if not isinstance(scene, _core.Scene):
            scene = _core.Scene(loaded.pop("dsm"), **loaded, **scene)
            core = corners(item.core_slice)
        view = scene.svf(**self._job.options, progress=report, window=core, engine=self._engine)
        return view, time.perf_counter() - started

    def finish(self, item: TileSpec, computed: tuple[_core.SkyView, float]) -> TileSky:
        view, seconds = computed
        started = time.perf_counter()
        results, digests = self._job.results, {}
        for prefix, grids in (("field", view.fields()), ("mask", view.masks())):
            for name in results.names(prefix):
                results.write(f"{prefix}/{name}", item.write_slice, grids[name])
                if self._job.digests:
                    own = Digest()
                    own.add(grids[name])
                    digests[f"{prefix}/{name}"] = own.text()
        results.release()
        return TileSky(seconds, time.perf_counter() - started, digests)


@dataclass(frozen=True)
class SkyFolder:
    """Where the sky view of a raster too large for the memory is built up, tile by tile.

    Tiles that are finished and intact are kept, should the work be interrupted.
    """

    path: Path
    #: Of everything the result depends on.
    fingerprint: str


def tiled_sky_view(
    surface: Layers,
    *,
    tiles: TilePlan,
    options: dict[str, Any],
    strategy: GPUStrategy,
    telemetry: Telemetry,
    progress: Callable[[int, int], Any] | None,
    folder: SkyFolder | None = None,
    storage: str | None = None,
) -> tuple[dict[str, F32], dict[str, U32]]:
    """Fields and masks of the whole raster, as :class:`solweig._core.SkyView` gives them.

    Parameters
    ----------
    surface
        Preprocessed.
    tiles
        How it is cut; a raster in one piece is one tile.
    options
        Of :meth:`solweig._core.Scene.svf`.
    strategy
        Who does the tiles; initialised here.
    telemetry
        Takes the measurements.
    progress
        Called with (done, total).
    folder
        Build the result there and return it mapped; None builds it in memory.
    storage
        Where workers of a cluster read and write.

    Raises
    ------
    ConfigurationError
        A cluster without storage.
    """
    facts = facts_of(surface)
    patch_option = int(options["patch_option"])
    specs = tiles.tiles()
    shared = strategy.num_workers > 1
    alone = len(specs) == 1 and not shared and folder is None
    if strategy.shared_storage:
        return _on_a_cluster(surface, specs, options, strategy, telemetry, progress, storage)
    with (
        TileStore(on_disk=shared) as inputs,
        _results(folder, shared) as results,
    ):
        if not alone:
            _put_heights(inputs, surface)
        journal, finished = None, set()
        if folder is not None:
            journal = Journal(folder.path)
            head = {"fingerprint": folder.fingerprint, "core": tiles.core, "halo": tiles.halo}
            if journal.head() != head:
                journal.begin(head)
        _create(results, facts, patch_option)
        if journal is not None:
            finished = _intact(journal, specs, results)
        valid = valid_of(surface)
        todo = []
        report = parts_of(progress, len(specs))
        for number, spec in enumerate(specs):
            if number in finished:
                report(number, _PARTS, _PARTS)
            elif valid[spec.write_slice].any():
                todo.append(number)
            else:
                _blank(results, spec)
                report(number, _PARTS, _PARTS)
        scene = scene_of(surface) if alone else facts.arguments(surface)
        job = TileSkyJob(inputs, results, scene, options, journal is not None)
        items = [specs[number] for number in todo]
        with strategy:
            for done in strategy.run(
                job, items, lambda i, d, t: report(todo[i], _PARTS * d // t, _PARTS)
            ):
                if journal is not None:
                    journal.finish(todo[done.number], {"digests": done.value.digests})
                _measure(done, patch_option, telemetry, alone=alone)
            telemetry.record("queue_depth_peak", strategy.queue_depth_peak)
        keep = folder is not None or not shared
        return _whole(results, "field", keep), _whole(results, "mask", keep)


def _put_heights(inputs: TileInputs, surface: Layers) -> None:
    inputs.put("dsm", surface.dsm)
    inputs.put("dem", surface.dem)
    if facts_of(surface).has_vegetation:
        inputs.put("canopy", surface.cdsm)
        inputs.put("trunk", surface.tdsm)
        inputs.put("transmissivity", surface.transmissivity)
    inputs.published()


def _on_a_cluster(
    surface: Layers,
    specs: list[TileSpec],
    options: dict[str, Any],
    strategy: GPUStrategy,
    telemetry: Telemetry,
    progress: Callable[[int, int], Any] | None,
    storage: str | None,
) -> tuple[dict[str, F32], dict[str, U32]]:
    """Tiles by workers that read and write shared storage; the result is brought here."""
    if storage is None:
        raise ConfigurationError(
            "execution.storage", "a folder or URL that every worker reaches", "None"
        )
    facts, option = facts_of(surface), int(options["patch_option"])
    run = uuid.uuid4().hex
    names = {f"field/{n}": f"field__{n}" for n in _field_names(facts)}
    names |= {f"mask/{n}": f"mask__{n}" for n in _families(facts)}
    side = max(spec.core_shape[0] for spec in specs)
    results = ZarrStore(location(storage, f"sky_{run}.zarr"), names, chunks_of((side, side)))
    heights = PublishedInputs(location(storage, f"heights_{run}.zarr"), run)
    report = parts_of(progress, len(specs))
    try:
        results.begin_plain(keep=False)
        _create(results, facts, option)
        with heights, strategy:
            _put_heights(heights, surface)
            job = TileSkyJob(heights, results, facts.arguments(surface), options)
            for done in strategy.run(job, specs, report):
                _measure(done, option, telemetry)
            telemetry.record("queue_depth_peak", strategy.queue_depth_peak)
        return _whole(results, "field", True), _whole(results, "mask", True)
    finally:
        remove_group(results.path)
        remove_group(heights.url)


def _results(folder: SkyFolder | None, shared: bool) -> TileStore:
    if folder is None:
        return TileStore(on_disk=shared)
    return TileStore(folder=folder.path, lasting=True)


def _families(facts: SceneFacts) -> tuple[str, ...]:
    return ("shmat", "vegshmat", "vbshmat") if facts.has_vegetation else ("shmat",)


def _create(results: Results, facts: SceneFacts, patch_option: int) -> None:
    rows, cols = facts.shape
    words = -(-len(_core.patch_table(patch_option)["altitude"]) // 32)
    families = _families(facts)
    try:
        for name in _field_names(facts):
            results.create(f"field/{name}", (rows, cols))
        for name in families:
            results.create(f"mask/{name}", (rows, cols, words), np.uint32)
    except OSError as error:
        size = rows * cols * 4 * (15 + words * len(families)) / 2**30
        raise ConfigurationError(
            "working_dir", f"room for {size:.1f} GiB of sky view", str(error.strerror or error)
        ) from error


def _intact(journal: Journal, specs: list[TileSpec], results: TileStore) -> set[int]:
    """The finished tiles whose rasters are as they were written."""
    good = set()
    for number, record in journal.records(range(len(specs))).items():
        found = record.get("digests")
        if isinstance(found, dict) and found == _digests(results, specs[number]):
            good.add(number)
        else:
            log.warning("sky view, tile %d: damaged; it is computed again", number + 1)
    if good:
        log.info("sky view: %d of %d tiles are finished", len(good), len(specs))
    return good


def _digests(results: TileStore, spec: TileSpec) -> dict[str, str]:
    """Of every raster of a tile, as it is stored."""
    found = {}
    for prefix in ("field", "mask"):
        for name in results.names(prefix):
            own = Digest()
            own.add(results.read(f"{prefix}/{name}", spec.write_slice))
            found[f"{prefix}/{name}"] = own.text()
    results.release()
    return found


def _blank(results: TileStore, spec: TileSpec) -> None:
    """Write a tile without any cell that has data."""
    for prefix, nothing in (("field", np.nan), ("mask", 0)):
        for name in results.names(prefix):
            results.write(f"{prefix}/{name}", spec.write_slice, nothing)


def _whole(results: Results, prefix: str, keep: bool) -> dict[str, NDArray[Any]]:
    """Every array below a prefix; a copy in memory where its file will not stay."""
    found = {name: results.read(f"{prefix}/{name}") for name in results.names(prefix)}
    return {name: grid if keep else np.array(grid) for name, grid in found.items()}


def record_svf(telemetry: Telemetry, seconds: float, patch_option: int) -> None:
    """Record the sky view of one tile, or of a raster in one piece."""
    patches = len(_core.patch_table(patch_option)["altitude"])
    telemetry.record("svf_tile_wall_time_s", seconds)
    telemetry.record("svf_patch_progress_rate", patches / max(seconds, 1e-9))


def _measure(done: Done, patch_option: int, telemetry: Telemetry, *, alone: bool = False) -> None:
    found: TileSky = done.value
    record_svf(telemetry, found.seconds, patch_option)
    if not alone:
        telemetry.record("svf_stitch_copy_time_ms", 1e3 * found.stitch_seconds)
        telemetry.record("tile_turnaround_ms", 1e3 * done.turnaround)
    telemetry.gpu_stages(done.device_seconds, done.device_timing)
    telemetry.fallbacks({"svf": done.tally.get("svf", {})})
    telemetry.say(f"svf tile {done.number + 1}: {1e3 * found.seconds:.1f} ms")


def _field_names(facts: SceneFacts) -> list[str]:
    own = (SvfArrays.CANOPIES,) if facts.own_canopies else ()
    return [*SvfArrays.names(), *own]

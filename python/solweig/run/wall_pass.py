"""The temperatures of a run's walls by height, on the CPU whatever engine the run has.

Every wall is computed by itself, from the heights that can shade it or hide its sky. So a raster in
tiles gives what it gives in one piece, bit for bit.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig import _core
from solweig.memory_limits import memory_budget
from solweig.results.outputs import WORK_FOLDER
from solweig.results.state import ThermalState
from solweig.results.walls import WallTemperatures
from solweig.run.plan import RunPlan
from solweig.run.tiled import run_margin
from solweig.run.walls import WallPlan
from solweig.tiles.grid import TileSpec, corners
from solweig.tiles.plan import TilePlan

__all__ = ["wall_temperatures"]

log = logging.getLogger("solweig")

_LOWEST_PATCH_DEG = 6.0
"""Lowest patch of the sky that a wall is asked about."""


def wall_temperatures(
    plan: RunPlan, tile_plan: dict[str, Any] | None, state: ThermalState
) -> WallTemperatures | None:
    """Compute the walls of a run; None where they are no output.

    Parameters
    ----------
    plan
        The run.
    tile_plan
        How its raster was cut; None: in one piece.
    state
        After the last step; takes what the walls are left with.
    """
    walls = plan.walls
    if walls is None:
        return None
    state.walls = {"standard": walls.left}
    if not walls.wanted:
        return None
    cells, pieces = walls.cells, walls.pieces
    temperature = _room(plan, (len(cells), int(pieces.max()), len(plan.series)))
    first = np.concatenate([[0], np.cumsum(pieces)])
    started = {} if plan.settings.state is None else plan.settings.state.walls
    before, after = started.get("pieces"), np.empty((int(first[-1]), walls.left.shape[1]))
    for spec in _tiles(plan, tile_plan):
        own = _inside(cells, spec)
        if not own.size:
            continue
        places = np.concatenate([np.arange(first[k], first[k + 1]) for k in own])
        facades = _facades(plan, walls, spec, whole=tile_plan is None)
        if before is not None:
            facades.restore(np.ascontiguousarray(before[places]))
        wall, level = np.repeat(own, pieces[own]), places - np.repeat(first[own], pieces[own])
        for i in range(len(plan.series)):
            weather = {**plan.series.step(i), "walls": walls.warmth(i)}
            temperature[wall, level, i] = facades.step(weather)
        after[places] = facades.state()
    state.walls["pieces"] = after
    rows, cols = cells.T
    return WallTemperatures(
        cells=cells,
        aspect=walls.aspect[rows, cols],
        wall_height=walls.height[rows, cols],
        kinds=np.zeros(len(cells), np.uint8) if walls.kinds is None else walls.kinds[rows, cols],
        names=walls.names,
        spacing=walls.spacing,
        temperature=temperature,
    )


def _tiles(plan: RunPlan, tile_plan: dict[str, Any] | None) -> list[TileSpec]:
    if tile_plan is None:
        return TilePlan.of_one(plan.georef.shape).tiles()
    halo = run_margin(plan, lowest_deg=_LOWEST_PATCH_DEG).shadow
    core, cols = tile_plan["core"], tile_plan["core_cols"]
    return TilePlan(plan.georef.shape, core, halo, tile_plan["reason"], cols=cols).tiles()


def _inside(cells: NDArray[np.int64], spec: TileSpec) -> NDArray[np.intp]:
    """Numbers of the walls in the core of a tile."""
    (row, col), (rows, cols) = cells.T, spec.write_slice
    inside = (rows.start <= row) & (row < rows.stop) & (cols.start <= col) & (col < cols.stop)
    return np.flatnonzero(inside)


def _facades(plan: RunPlan, walls: WallPlan, spec: TileSpec, *, whole: bool) -> _core.Facades:
    surface, core = plan.surface, spec.write_slice
    scene = surface.scene() if whole else _scene(plan, spec)

    def cut(grid: NDArray[Any] | None) -> Any:
        return None if grid is None else np.ascontiguousarray(grid[core])

    height = cut(walls.height)
    return _core.Facades(
        scene,
        wall_height=height,
        wall_aspect=cut(walls.aspect),
        kinds=np.zeros(height.shape, np.uint8) if walls.kinds is None else cut(walls.kinds),
        materials=list(walls.materials),
        spacing=walls.spacing,
        ta=float(plan.series.columns["ta"][0]),
        land_cover=cut(surface.land_cover),
        albedo=cut(surface.albedo),
        emissivity=cut(surface.emissivity),
        params=plan.params,
        window=corners(spec.core_slice),
    )


def _scene(plan: RunPlan, spec: TileSpec) -> _core.Scene:
    """Heights of a tile and of everything around it that matters to its walls."""
    surface = plan.surface
    facts = surface.facts()
    layers = {"dem": surface.dem}
    if facts.has_vegetation:
        layers |= {
            "canopy": surface.cdsm,
            "trunk": surface.tdsm,
            "transmissivity": surface.transmissivity,
        }
    cut: dict[str, Any] = {
        name: np.ascontiguousarray(grid[spec.read_slice])
        for name, grid in {"dsm": surface.dsm, **layers}.items()
        if grid is not None
    }
    return _core.Scene(cut.pop("dsm"), **cut, **facts.arguments(surface))


def _room(plan: RunPlan, shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """Where the temperatures go: to the disk where they would fill the memory."""
    folder, size = plan.settings.output_dir, 4 * int(np.prod(shape))
    budget = memory_budget()
    if folder is None or budget is None or size < 0.1 * budget:
        return np.full(shape, np.nan, np.float32)
    place = Path(folder) / WORK_FOLDER
    place.mkdir(parents=True, exist_ok=True)
    room = np.memmap(place / "walls.f32", np.float32, "w+", shape=shape)
    for k in range(shape[0]):
        room[k] = np.nan
    return room

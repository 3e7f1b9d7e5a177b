"""One stage at a time on one case, straight on the compiled engine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks import work
from benchmarks.cases import Case
from solweig import _core

SUN_AZIMUTH, SUN_ALTITUDE = 225.0, 40.0

#: A clear early afternoon at 57.7 N in July, as one step sees it.
DAY_WEATHER: dict[str, float | bool] = {
    "ta": 25.0,
    "rh": 50.0,
    "pressure_kpa": float("nan"),
    "ws": 2.5,
    "global_rad": 700.0,
    "direct_rad": 770.0,
    "diffuse_rad": 150.0,
    "day_of_year": 182,
    "clock_fraction": 14.0 / 24.0,
    "altitude": SUN_ALTITUDE,
    "azimuth": SUN_AZIMUTH,
    "altitude_max": 55.5,
    "latitude": 57.7,
    "step_days": 1.0 / 24.0,
    "leaf_on": True,
    "night_clearness": 1.0,
    "water_temperature": float("nan"),
    "hours": 1.0,
}


@dataclass
class Prepared:
    """Everything a step needs, made once."""

    case: Case
    scene: Any
    sky: Any
    svf: dict[str, Any]
    masks: dict[str, Any]
    wall_height: Any
    wall_aspect: Any
    buildings: Any


@dataclass
class Timing:
    """Seconds of one stage and what it had to do at least."""

    stage: str
    seconds: float
    work: work.Work | None = None
    runs: list[float] = field(default_factory=list)


def make_scene(case: Case) -> Any:
    return _core.Scene(
        case.dsm, pixel_size=case.pixel_size, dem=case.dem, canopy=case.canopy, trunk_ratio=0.25
    )


def preparation(case: Case, repeats: int) -> tuple[Prepared, list[Timing]]:
    """Walls and sky view; returns what they made, for the steps."""
    scene = make_scene(case)
    height, walls_height = timed("wall height", lambda: _core.wall_height(case.dsm), repeats)
    aspect, walls_aspect = timed(
        "wall aspect", lambda: _core.wall_aspect(case.dsm, height, case.pixel_size), repeats
    )
    sky, sky_view = timed("sky view, 153 patches", lambda: scene.svf(2), repeats)
    sky_view.work = work.sky_view(case)
    walls_height.work = work.streaming(1, 1, 5, "one pass over five cells")
    walls_aspect.work = None
    buildings = _core.buildings_mask(case.dsm, dem=case.dem, land_cover=case.land_cover)
    prepared = Prepared(case, scene, sky, sky.fields(), sky.masks(), height, aspect, buildings)
    return prepared, [walls_height, walls_aspect, sky_view]


def shadow(prepared: Prepared, repeats: int) -> Timing:
    """Buildings, vegetation and walls for one sun position."""
    _, timing = timed(
        "shadow with walls, one sun",
        lambda: prepared.scene.shadows(
            SUN_AZIMUTH,
            SUN_ALTITUDE,
            wall_height=prepared.wall_height,
            wall_aspect=prepared.wall_aspect,
        ),
        repeats,
    )
    timing.work = work.shadow(prepared.case, SUN_AZIMUTH, SUN_ALTITUDE)
    return timing


def ground_view(prepared: Prepared, repeats: int) -> list[Timing]:
    """Geometry, once a run, and its evaluation, once a step."""
    shape = prepared.case.dsm.shape
    albedo = np.full(shape, 0.2, np.float32)
    emissivity = np.full(shape, 0.95, np.float32)
    view, geometry = timed(
        "ground view geometry",
        lambda: _core.GroundView(
            prepared.buildings,
            pixel_size=prepared.case.pixel_size,
            albedo=albedo,
            wall_height=prepared.wall_height,
            wall_aspect=prepared.wall_aspect,
        ),
        repeats,
    )
    sun = prepared.scene.shadows(
        SUN_AZIMUTH,
        SUN_ALTITUDE,
        wall_height=prepared.wall_height,
        wall_aspect=prepared.wall_aspect,
    )
    shade = sun["sh"].astype(np.float32)
    _, evaluation = timed(
        "ground view, one step",
        lambda: view.evaluate(
            wall_sun=sun["wallsun"],
            shadow=shade,
            ground_excess=np.full(shape, 12.0, np.float32),
            wall_excess=10.0,
            ta=25.0,
            emissivity=emissivity,
            albedo=albedo,
        ),
        repeats,
    )
    evaluation.work = work.ground_view(prepared.case)
    return [geometry, evaluation]


def steps(prepared: Prepared, repeats: int) -> tuple[list[Timing], dict[str, float]]:
    """Whole steps, and what one anisotropic step with UTCI spends on each of its parts."""
    timings, parts = [], {}
    for anisotropic in (False, True):
        model = make_model(prepared, anisotropic=anisotropic)
        state = model.new_state()
        name = "anisotropic" if anisotropic else "isotropic"
        result, timing = timed(
            f"day step, {name}, Tmrt and UTCI",
            lambda model=model, state=state: model.step(
                state, dict(DAY_WEATHER), outputs=("tmrt", "utci")
            ),
            repeats,
        )
        timings.append(timing)
        if anisotropic:
            parts = {key: float(value) for key, value in result.seconds.items()}
    return timings, parts


def make_model(prepared: Prepared, *, anisotropic: bool) -> Any:
    params = _core.default_params() | {"anisotropic": anisotropic}
    return _core.Model(
        prepared.scene,
        svf=prepared.svf,
        masks=prepared.masks if anisotropic else None,
        patch_option=2,
        buildings=prepared.buildings,
        wall_height=prepared.wall_height,
        wall_aspect=prepared.wall_aspect,
        land_cover=prepared.case.land_cover,
        params=params,
    )


def comfort(case: Case, repeats: int) -> list[Timing]:
    """UTCI and PET over a field of radiant temperatures."""
    generator = np.random.default_rng(7)
    tmrt = generator.uniform(20.0, 65.0, case.dsm.shape).astype(np.float32)
    _, utci = timed("UTCI", lambda: _core.utci_grid(tmrt, 25.0, 50.0, 2.5), repeats)
    utci.work = work.streaming(1, 1, 2 * 7, "degree-6 polynomial in f64 after collapsing")
    _, pet = timed(
        "PET",
        lambda: _core.pet_grid(
            tmrt,
            25.0,
            50.0,
            1.5,
            weight=75.0,
            age=35.0,
            height=1.75,
            activity=80.0,
            clothing=0.9,
            sex=1,
        ),
        repeats,
    )
    return [utci, pet]


def timed(name: str, call: Callable[[], Any], repeats: int) -> tuple[Any, Timing]:
    """Median of ``repeats`` runs after one that is not counted, unless it alone takes long."""
    runs: list[float] = []
    started = time.perf_counter()
    result = call()
    first = time.perf_counter() - started
    if first > 20.0:
        return result, Timing(name, first, runs=[first])
    for _ in range(repeats):
        started = time.perf_counter()
        result = call()
        runs.append(time.perf_counter() - started)
    return result, Timing(name, statistics.median(runs), runs=runs)

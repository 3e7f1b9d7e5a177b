"""Random cities with everything a kernel can trip over, and a day in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig import _core
from solweig.config import ATTRIBUTION, INDICES, SENSOR_LOADS
from solweig.results.sums import StepSums
from tests.support.scenes import blocks, relief

FIELDS = [  # every field of a step but the attribution
    "tmrt",
    "utci",
    "pet",
    "shadow",
    "kdown",
    "kup",
    "ldown",
    "lup",
    "kside",
    "lside",
    "kside_i",
    "kside_d",
    "drad",
    "keast",
    "ksouth",
    "kwest",
    "knorth",
    "least",
    "lsouth",
    "lwest",
    "lnorth",
    "tg",
    "tg_out",
    "f_sh",
    *INDICES,
    *SENSOR_LOADS,
]
THRESHOLDS_DAY = (26.0, 32.0)
THRESHOLDS_NIGHT = (20.0,)
HOURS = (4.3, 9.0, 13.5, 22.0, 8.0)


@dataclass
class City:
    """Rasters of a city and parameters of a run in it."""

    dsm: NDArray[np.float32]
    dem: NDArray[np.float32] | None
    canopy: NDArray[np.float32] | None
    trunk: NDArray[np.float32] | None
    land_cover: NDArray[np.uint8]
    pixel_size: float
    params: dict[str, Any] = field(default_factory=dict)
    albedo: NDArray[np.float32] | None = None
    emissivity: NDArray[np.float32] | None = None
    transmissivity: NDArray[np.float32] | None = None
    patch_option: int = 2

    @cached_property
    def scene(self) -> _core.Scene:
        return _core.Scene(
            self.dsm,
            pixel_size=self.pixel_size,
            dem=self.dem,
            canopy=self.canopy,
            trunk=self.trunk,
            transmissivity=self.transmissivity,
        )

    @cached_property
    def walls(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        height = _core.wall_height(self.dsm, 1.0)
        return height, _core.wall_aspect(self.dsm, height, self.pixel_size)

    @cached_property
    def sky(self) -> _core.SkyView:
        return self.scene.svf(self.patch_option)

    def model(self, engine: _core.Engine | None = None) -> _core.Model:
        height, aspect = self.walls
        return _core.Model(
            self.scene,
            svf=self.sky.fields(),
            masks=self.sky.masks() if self.params.get("anisotropic", True) else None,
            patch_option=self.patch_option,
            buildings=_core.buildings_mask(self.dsm, land_cover=self.land_cover),
            wall_height=height,
            wall_aspect=aspect,
            land_cover=self.land_cover,
            albedo=self.albedo,
            emissivity=self.emissivity,
            params=self.params,
            engine=engine,
        )


def random_city(seed: int) -> City:
    """A city by its number: relief, walls above two metres, crowns over walls, bushes, holes; all
    forms of the body, the sky and the formulation in turn."""
    rng = np.random.default_rng(seed)
    shape = tuple(int(n) for n in rng.integers(20, 56, 2))
    ground = rng.choice([0.0, 40.0]) + relief(rng, shape, float(rng.choice([0.0, 4.0, 15.0])))
    houses = blocks(rng, shape, int(rng.integers(3, 14)), 2.2, 30.0)
    dsm = (ground + houses).astype(np.float32)
    crowns = blocks(rng, shape, int(rng.integers(2, 12)), 3.0, 18.0)
    bushes = blocks(rng, shape, int(rng.integers(1, 5)), 0.6, 3.0)
    canopy = np.maximum(crowns, bushes).astype(np.float32)
    trunk = np.where(crowns > bushes, rng.uniform(0.2, 0.9) * crowns, 0.0).astype(np.float32)
    dsm[rng.random(shape) < 0.02] = np.nan
    vegetation = seed % 5 != 4
    land_cover = rng.choice(np.array([1, 5, 6, 7], np.uint8), shape)
    land_cover[houses > 0] = 2
    albedo = emissivity = None
    if seed % 8 == 6:
        albedo = rng.uniform(0.05, 0.6, shape).astype(np.float32)
        emissivity = rng.uniform(0.8, 0.99, shape).astype(np.float32)
        albedo[rng.random(shape) < 0.02] = np.nan
    return City(
        dsm=dsm,
        dem=ground.astype(np.float32) if seed % 2 else None,
        canopy=canopy if vegetation else None,
        trunk=trunk if vegetation else None,
        land_cover=np.ascontiguousarray(land_cover),
        pixel_size=float(rng.choice([0.5, 1.0, 2.5])),
        albedo=albedo,
        emissivity=emissivity,
        params={
            "anisotropic": seed % 4 != 3,
            "body": "box" if seed % 3 == 1 else "cylinder",
            "posture": "sitting" if seed % 7 == 5 else "standing",
            "formulation": "improved" if seed % 6 == 2 else "reference",
        },
    )


def with_own_canopies(city: City, seed: int) -> City:
    """The same city, each canopy with a transmissivity of its own."""
    rng = np.random.default_rng(1000 + seed)
    values = rng.choice(np.array([0.0, 0.03, 0.1, 0.25, 0.7, 1.0], np.float32), city.dsm.shape)
    return replace(city, transmissivity=values)


def weather(hour: float, **changes: Any) -> dict[str, Any]:
    """A clear summer hour; below the horizon before 4 and after 20."""
    altitude = 55.0 * np.sin((hour - 4.0) / 16.0 * np.pi)
    step = {
        "ta": 18.0 + 0.5 * hour,
        "rh": 55.0,
        "pressure_kpa": 101.3,
        "ws": 2.0,
        "global_rad": max(14.0 * altitude, 0.0),
        "direct_rad": np.nan,
        "diffuse_rad": np.nan,
        "day_of_year": 180,
        "clock_fraction": hour / 24.0,
        "altitude": float(altitude),
        "azimuth": 15.0 * hour,
        "altitude_max": 55.0,
        "latitude": 57.7,
        "step_days": 1.0 / 24.0,
        "leaf_on": True,
        "night_clearness": 0.8,
        "water_temperature": 17.0,
        "hours": 1.0,
    }
    return {**step, **changes}


def with_suns(hour: float, number: int, **changes: Any) -> dict[str, Any]:
    """The hour around an hour with several suns; near 4 and 20 some of them are down."""
    hours = hour + (np.arange(number) + 0.5) / number - 0.5
    suns = [(step["altitude"], step["azimuth"]) for step in map(weather, hours.tolist())]
    up = [max(altitude, 1.0) for altitude, _ in suns if altitude >= 0.0]
    mean = np.degrees(np.arcsin(np.mean(np.sin(np.radians(up))))) if up else max(suns)[0]
    return weather(hour, **{"suns": suns, "altitude": float(mean), **changes})


def warm_walls(hour: float) -> tuple[list[float], list[float]]:
    """Walls of every aspect, in the sun and in the shade, unlike each other and the air."""
    turn = np.radians(10.0 * np.arange(36) - 15.0 * hour)
    lit, shaded = 28.0 + hour + 9.0 * np.cos(turn), 15.0 + 0.4 * hour + 2.0 * np.sin(turn)
    return lit.tolist(), shaded.tolist()


def own_air(city: City, hour: float) -> dict[str, Any]:
    """Air that differs from cell to cell in an hour; every fifth column has that of the hour."""
    step, rng = weather(hour), np.random.default_rng(round(10 * hour))

    def around(value: float, span: float) -> NDArray[np.float32]:
        more = span * rng.uniform(-1.0, 1.0, city.dsm.shape)
        more[:, ::5] = 0.0
        return (value + more).astype(np.float32)

    return {
        "ta": around(step["ta"], 4.0), "rh": around(step["rh"], 20.0),
        "ws": around(step["ws"], 1.9), "ws_height_m": 10.0,
    }  # fmt: skip


def air_of_the_hour(city: City, hour: float) -> dict[str, Any]:
    """That of the hour, in every cell."""
    step = weather(hour)
    grids = {n: np.full(city.dsm.shape, step[n], np.float32) for n in ("ta", "rh", "ws")}
    return {**grids, "ws_height_m": 10.0}


@dataclass
class Day:
    """What a run through some hours gave."""

    steps: list[dict[str, NDArray[Any]]]
    points: list[dict[str, NDArray[Any]]]
    scalars: list[dict[str, float]]
    grids: dict[str, NDArray[Any]]
    hours_above: dict[float, NDArray[Any]]
    memory: dict[str, NDArray[Any]]


def run_day(
    city: City,
    engine: _core.Engine | None,
    hours: tuple[float, ...] = HOURS,
    *,
    outputs: list[str] | None = None,
    points: NDArray[np.int64] | None = None,
    suns: int = 1,
    leaf_on: bool = True,
    attributed: bool = False,
    heated: bool = False,
    air: Callable[[float], dict[str, Any]] | None = None,
) -> Day:
    """Some hours in a city, morning sun below five degrees first; of every field, unless said."""
    if outputs is None:
        outputs = [*FIELDS, *(ATTRIBUTION if attributed else ())]
    model = city.model(engine)
    state = model.new_state()
    statistics = model.new_statistics(THRESHOLDS_DAY, THRESHOLDS_NIGHT)
    day = Day([], [], [], {}, {}, {})
    step = weather if suns == 1 else partial(with_suns, number=suns)
    for hour in hours:
        walls = {"walls": warm_walls(hour)} if heated else {}
        result = model.step(
            state,
            step(hour, leaf_on=leaf_on, **walls),
            outputs=outputs,
            points=points,
            statistics=statistics,
            air=None if air is None else air(hour),
        )
        day.steps.append(result.fields)
        day.points.append(result.points)
        sums = StepSums.from_dict(result.sums)
        means = {
            f"{area} {name}": mean
            for area, one in (("ground", sums.ground), ("roofs", sums.roofs))
            for name, mean in one.means().items()
        }
        day.scalars.append({**result.scalars, **means})
    day.grids = statistics.grids()
    day.hours_above = statistics.hours_above()
    day.memory = state.fields()
    return day

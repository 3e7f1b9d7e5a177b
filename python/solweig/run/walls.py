"""Walls whose temperatures are computed: their materials, and standard walls of every aspect."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig import _core
from solweig.config import WALL_TEMPERATURE, ModelConfig
from solweig.errors import ConfigurationError, GridShapeMismatch
from solweig.params import load_params, wall_heat_row, wall_names
from solweig.results.netcdf import need_netcdf
from solweig.run.settings import RunSettings
from solweig.surface.checks import code_counts
from solweig.surface.data import SurfaceData
from solweig.surface.precomputed import PrecomputedData
from solweig.typing import F32, F64, U8
from solweig.weather.series import WeatherSeries

__all__ = ["WallPlan", "check_walls", "plan_walls", "walls_of"]

log = logging.getLogger("solweig")

_FIRST_CODE = 100
"""Codes of land cover from here on are buildings by the material of their walls."""
_OTHERWISE = "Concrete_wall"
"""Walls that nothing is said of, as in the reference."""


@dataclass(frozen=True)
class WallPlan:
    """The walls of a run whose temperatures are computed."""

    #: They are an output; else only the longwave of standard walls is wanted.
    wanted: bool
    #: Materials by name, and as the engine takes them.
    names: tuple[str, ...]
    materials: tuple[dict[str, float], ...]
    #: Place of every cell's material in these, ``[row, col]``; None: all have the first.
    kinds: U8 | None
    height: F32
    aspect: F32
    #: Height of a piece [m].
    spacing: float
    #: Of standard walls in the sun and in the shade [deg C], ``[step, aspect]``, and what they are
    #: left with.
    lit: F64
    shaded: F64
    left: F64

    @property
    def cells(self) -> NDArray[np.int64]:
        """Rows and columns of the walls, ``[wall, 2]``, row by row from the north-west."""
        return np.argwhere(self.height > 0.0)

    @property
    def pieces(self) -> NDArray[np.int64]:
        """How many pieces every wall has."""
        high = self.height[self.height > 0.0].astype(np.float32)
        pieces = np.maximum(np.ceil(high / np.float32(self.spacing)), 1.0)
        return np.asarray(pieces, np.int64)

    def warmth(self, i: int) -> tuple[list[float], list[float]]:
        """Of the standard walls in a step, as the engine takes them."""
        return self.lit[i].tolist(), self.shaded[i].tolist()


def walls_of(surface: SurfaceData, precomputed: PrecomputedData | None) -> tuple[F32, F32]:
    """Wall height [m] and aspect [degrees] of a run; prepared data win."""
    given = precomputed or PrecomputedData()
    if given.wall_height is not None and given.wall_aspect is not None:
        return given.wall_height, given.wall_aspect
    return surface.walls()


def check_walls(surface: SurfaceData, settings: RunSettings) -> None:
    """Refuse walls that cannot have temperatures.

    Raises
    ------
    ConfigurationError
        An isotropic sky or statistics of a period that cannot take them, a surface without walls,
        a material without the properties of heat conduction, or no package to write them with.
    """
    model = settings.model
    if model.walls == "heated" and not model.use_anisotropic_sky:
        raise ConfigurationError(
            "walls", "'wave' under the isotropic sky, which tells no walls apart", "'heated'",
            "Use the anisotropic sky, or leave walls out.",
        )  # fmt: skip
    if settings.fields and model.walls == "heated":
        # Walls exchange heat with the air of the step alone; their output is refused with others.
        raise ConfigurationError(
            "fields", "none with walls='heated'", ", ".join(sorted(settings.fields))
        )
    if WALL_TEMPERATURE not in model.outputs:
        if model.walls == "heated":
            _materials(surface, model, by_cell=False)
        return
    if settings.period is not None:
        raise ConfigurationError(
            "outputs", f"none for statistics of a period, or steps with {WALL_TEMPERATURE}",
            WALL_TEMPERATURE,
        )  # fmt: skip
    height, _ = _known_walls(surface, settings)
    if not np.any(height > 0.0):
        raise ConfigurationError(
            "outputs", f"a surface with walls for {WALL_TEMPERATURE}", "one without any",
            "Walls stand where the dsm rises by the wall limit from a cell to the next.",
        )  # fmt: skip
    _materials(surface, model, by_cell=True)
    if settings.output_dir is not None:
        need_netcdf()


def plan_walls(
    surface: SurfaceData, series: WeatherSeries, settings: RunSettings, params: dict[str, Any]
) -> WallPlan | None:
    """The walls of a run, checked before; None where nothing of it depends on their temperature.

    Raises
    ------
    GridShapeMismatch
        The state to start from is of other walls.
    """
    model = settings.model
    wanted = WALL_TEMPERATURE in model.outputs
    if not wanted and model.walls != "heated":
        return None
    names, kinds = _materials(surface, model, by_cell=wanted)
    several = len(names) > 1
    source = model.materials or load_params()
    own = {"albedo": params["wall_albedo"], "emissivity": params["wall_emissivity"]}
    rows = [wall_heat_row(source, name) for name in names]
    materials = tuple(row if several else {**row, **own} for row in rows)
    started = {} if settings.state is None else settings.state.walls
    if settings.state is not None and not started:
        log.warning("state: it has no temperatures of walls; they start with the first air")
    calm = int(np.isnan(series.columns["ws"]).sum())
    if calm:
        log.warning("walls: %d step(s) without wind; 1 m/s cools walls in them", calm)
    steps = [series.step(i) for i in range(len(series))]
    standard = materials[0] if not several else {**wall_heat_row(source, _OTHERWISE), **own}
    lit, shaded, left = _core.standard_walls(
        steps, standard, params=params, state=started.get("standard")
    )
    height, aspect = _known_walls(surface, settings)
    left_out = int(np.sum(walls_of(surface, settings.precomputed)[0] > 0.0)) - int(
        np.sum(height > 0.0)
    )
    if wanted and left_out:
        log.warning("walls: %d beside cells without data have no known aspect, left out", left_out)
    plan = WallPlan(
        wanted=wanted,
        names=names,
        materials=materials,
        kinds=kinds,
        height=height,
        aspect=aspect,
        spacing=float(surface.pixel_size),
        lit=lit,
        shaded=shaded,
        left=left,
    )
    pieces = started.get("pieces")
    if wanted and pieces is not None and len(pieces) != int(plan.pieces.sum()):
        raise GridShapeMismatch("state", (int(plan.pieces.sum()), pieces.shape[1]), pieces.shape)
    return plan


def _known_walls(surface: SurfaceData, settings: RunSettings) -> tuple[F32, F32]:
    """Height and aspect of walls on cells with data whose aspect is known; height 0 elsewhere."""
    height, aspect = walls_of(surface, settings.precomputed)
    unknown = (height > 0.0) & (np.isnan(aspect) | ~surface.valid_mask)
    if unknown.any():
        height = np.where(unknown, np.float32(0.0), height)
    return height, aspect


def _materials(
    surface: SurfaceData, model: ModelConfig, *, by_cell: bool
) -> tuple[tuple[str, ...], U8 | None]:
    """Names of the wall classes, and which of them every cell has.

    What ``wall_material`` says; else the one code of a building in the land cover; of several, that
    of the highest cell next to the wall, or concrete where it has none.
    """
    source = model.materials or load_params()
    cover = surface.land_cover
    codes: list[int] = []
    if model.wall_material is None and by_cell and cover is not None:
        present = np.flatnonzero(code_counts(cover)).tolist()
        codes = [code for code in present if code >= _FIRST_CODE]
    by_code = wall_names(source)
    unknown = [code for code in codes if code not in by_code]
    if unknown:
        raise ConfigurationError(
            "materials", f"a wall class for each code of the land cover from {_FIRST_CODE} on",
            f"none for {unknown}",
        )  # fmt: skip
    if len(codes) < 2:
        said = model.wall_material or (by_code[codes[0]] if codes else _OTHERWISE)
        wall_heat_row(source, said)
        return (said,), None
    names = dict.fromkeys([by_code[code] for code in codes] + [_OTHERWISE])
    for name in names:
        wall_heat_row(source, name)
    places = {name: i for i, name in enumerate(names)}
    assert cover is not None
    highest = _codes_beside(surface, cover)
    kinds = np.full(cover.shape, places[_OTHERWISE], np.uint8)
    for code in codes:
        kinds[highest == code] = places[by_code[code]]
    return tuple(names), kinds


def _codes_beside(surface: SurfaceData, cover: U8) -> U8:
    """Code of the highest of the eight cells around each; of equal ones the first, row by row."""
    rows, cols = cover.shape
    dsm = np.pad(surface.dsm, 1, constant_values=-np.inf)
    dsm = np.where(np.isnan(dsm), -np.inf, dsm)
    codes = np.pad(cover, 1)
    best, found = np.full((rows, cols), -np.inf), np.zeros((rows, cols), np.uint8)
    for i in range(3):
        for j in range(3):
            if (i, j) == (1, 1):
                continue
            part = slice(i, i + rows), slice(j, j + cols)
            higher = dsm[part] > best
            best[higher], found[higher] = dsm[part][higher], codes[part][higher]
    return found

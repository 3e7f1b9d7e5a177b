"""A flat square with two houses and some trees, its weather, and a file of scenarios for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import solweig
from solweig.execution import ExecutionConfig
from tests.support.run_cases import crs_wkt, weather

NORTH, WEST, PIXEL = 6_400_000.0, 319_000.0, 2.0
ROWS, COLS = 60, 70
LOCATION = solweig.Location(57.7, 12.0, 10.0, 1.0)
CPU = ExecutionConfig(accelerator="cpu")
HOURS = (4, 7, 10, 13, 16, 19, 22)
STEPS = weather(HOURS)
OPTIONS: dict[str, Any] = {"execution": CPU, "max_shadow_distance_m": 400.0}


def square(*, svf: bool = True, **changes: Any) -> solweig.SurfaceData:
    """Two houses of 9 and 6 m and two trees on flat ground of asphalt and grass."""
    dem = np.full((ROWS, COLS), 3.0, np.float32)
    dsm = dem.copy()
    dsm[6:14, 8:18] += 9.0
    dsm[40:48, 50:60] += 6.0
    canopy = np.zeros_like(dem)
    canopy[17:20, 20:23] = 6.0
    canopy[50:53, 10:13] = 5.0
    cover = np.ones((ROWS, COLS), np.uint8)
    cover[:, 34:] = 5
    cover[6:14, 8:18] = 2
    cover[40:48, 50:60] = 2
    layers: dict[str, Any] = {
        "dsm": dsm, "cdsm": canopy, "dem": dem, "land_cover": cover, "pixel_size": PIXEL,
        "geotransform": [WEST, PIXEL, 0.0, NORTH, 0.0, -PIXEL], "crs": crs_wkt(), **changes,
    }  # fmt: skip
    surface = solweig.SurfaceData(layers.pop("dsm"), **layers)
    if svf:
        surface.compute_svf(max_shadow_distance_m=400.0, execution=CPU)
    return surface


def xy(row: float, col: float) -> tuple[float, float]:
    """Centre of a cell."""
    return WEST + (col + 0.5) * PIXEL, NORTH - (row + 0.5) * PIXEL


def box(row: int, row_end: int, col: int, col_end: int) -> list[list[float]]:
    """A polygon around cells."""
    west, east = WEST + col * PIXEL, WEST + col_end * PIXEL
    north, south = NORTH - row * PIXEL, NORTH - row_end * PIXEL
    return [[west, north], [east, north], [east, south], [west, south]]


def scenario(name: str, *edits: dict[str, Any], cost: float | None = None) -> solweig.Scenario:
    """A scenario of edits as a file has them."""
    parts = []
    for each in edits:
        values = dict(each)
        parts.append(solweig.Edit(values.pop("kind"), values))
    return solweig.Scenario(name, tuple(parts), cost)


PLANT = {"kind": "plant", "points": [xy(30, 30)], "height": 6.0, "crown_diameter": 6.0,
         "trunk_height": 2.0}  # fmt: skip


def toml(values: Any) -> str:
    """A value as TOML has it."""
    if isinstance(values, dict):
        return "{ " + ", ".join(f"{k} = {toml(v)}" for k, v in values.items()) + " }"
    if isinstance(values, list | tuple):
        return "[" + ", ".join(toml(v) for v in values) + "]"
    if isinstance(values, bool):
        return str(values).lower()
    return repr(values) if isinstance(values, int | float) else '"' + str(values) + '"'


def write_file(folder: Path, edits: list[dict[str, Any]], **more: Any) -> Path:
    """A file with one scenario; ``more`` are lines of other tables, by table."""
    path = folder / "plan.toml"
    lines = [*more.get("top", [])]
    for name in ("baseline", "results", "optimise"):
        if name in more:
            lines += [f"[{name}]", *(f"{k} = {toml(v)}" for k, v in more[name].items())]
    lines += ["[[scenario]]", *(f"{k} = {toml(v)}" for k, v in
              more.get("scenario", {"name": "One"}).items())]  # fmt: skip
    for edit in edits:
        lines += ["[[scenario.edit]]", *(f"{k} = {toml(v)}" for k, v in edit.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path

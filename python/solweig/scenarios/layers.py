"""Edits carried out on the rasters of a surface; nothing is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError
from solweig.inputs.buildings import heights_known
from solweig.inputs.crowns import stamp
from solweig.inputs.report import Report
from solweig.inputs.trees import TreeRules, crowns_of
from solweig.leaf_area import USUAL
from solweig.params import land_cover_table
from solweig.rasters.grids import Grid
from solweig.scenarios.places import areas_of, cells_of, grid_of, points_of
from solweig.scenarios.wishes import (
    COOL_ALBEDO,
    COOL_EMISSIVITY,
    COVERS,
    SAIL_TRANSMISSIVITY,
    Edit,
    Scenario,
)
from solweig.surface.data import SurfaceData
from solweig.surface.foliage import stands, usual
from solweig.typing import Bool

__all__ = ["LAYERS", "SAIL_THICKNESS_M", "Edited", "edited"]

LAYERS = (
    "dsm", "dem", "cdsm", "tdsm", "transmissivity", "land_cover", "albedo", "emissivity",
)  # fmt: skip
SAIL_THICKNESS_M = 0.1
"""From the underside of a shade sail to its top."""
_ROOF = 2


@dataclass
class Edited:
    """A surface's rasters after the edits of a scenario.

    Attributes
    ----------
    scenario
        Whose edits they are.
    layers
        By name; those that no edit touched are the surface's own.
    open_ground
        Where people can stand.
    notes
        What was done, in words.
    """

    scenario: Scenario
    layers: dict[str, NDArray[Any] | None]
    open_ground: Bool
    notes: list[str] = field(default_factory=list)


@dataclass
class _Work:
    """Rasters under the hands of edits."""

    surface: SurfaceData
    grid: Grid
    layers: dict[str, NDArray[Any] | None]
    ground: Bool
    table: Mapping[int, Mapping[str, float]]
    green_roof: int | None
    notes: list[str]

    def own(self, name: str) -> NDArray[Any]:
        """A layer that may be written to."""
        layer, base = self.layers[name], getattr(self.surface, name)
        if layer is None and name == "transmissivity":
            layer = usual(self.layers["cdsm"], self.surface.shape)
        assert layer is not None, name
        if layer is base:
            layer = np.array(base)
        self.layers[name] = layer
        return layer

    def need(self, name: str, edit: Edit, why: str) -> None:
        """Refuse where a layer is not there."""
        if self.layers[name] is None:
            raise ConfigurationError(
                edit.key, f"a baseline with {name.replace('_', '-')}, {why}", "one without"
            )

    def areas(self, edit: Edit) -> Bool:
        """Cells in the areas of an edit."""
        key = edit.name("polygon" if "polygon" in edit.values else "file")
        table = areas_of(edit.get("polygon"), edit.get("file"), self.grid, edit.key)
        return cells_of(table, self.grid, key)

    def trees(self) -> Bool:
        """Cells with a canopy."""
        return np.asarray(stands(self.layers["cdsm"], self.surface.shape))

    def cover(self, cells: Bool, code: int) -> None:
        """Give cells a class, and what of it lies in layers of its own."""
        if code not in self.table:
            raise ConfigurationError("materials", f"a class for land-cover code {code}", "none")
        if self.layers["land_cover"] is not None:
            self.own("land_cover")[cells] = code
        for name in ("albedo", "emissivity"):
            if self.layers[name] is not None:
                self.own(name)[cells] = self.table[code][name]

    def note(self, edit: Edit, text: str) -> None:
        self.notes.append(f"{edit.kind.replace('_', ' ')}: {text}")


def edited(
    surface: SurfaceData,
    scenario: Scenario,
    *,
    materials: SimpleNamespace | None = None,
    green_roof: int | None = None,
) -> Edited:
    """Carry out the edits of a scenario, in their order.

    Parameters
    ----------
    surface
        In the model's frame, with every layer that is edited
        (:func:`solweig.scenarios.site.base_surface`).
    scenario
        The edits.
    materials
        Properties of the land-cover classes.
    green_roof
        Code of green roofs.

    Returns
    -------
    Edited
        New rasters; the surface stays as it is.

    Raises
    ------
    ConfigurationError, InvalidSurfaceData
        An edit that cannot be carried out, by the key of the edit.
    """
    work = _Work(
        surface, grid_of(surface), {name: getattr(surface, name) for name in LAYERS},
        np.asarray(surface.buildings() != 0), land_cover_table(materials), green_roof, [],
    )  # fmt: skip
    for edit in scenario.edits:
        _DO[edit.kind](work, edit)
    return Edited(scenario, work.layers, work.ground, work.notes)


# ------------------------------------------------------------------ trees


def _plant(work: _Work, edit: Edit) -> None:
    table = points_of(edit.get("points"), edit.get("file"), work.grid, edit.key)
    key, shape = edit.name("points" if "points" in edit.values else "file"), edit.get("shape")
    if "points" in edit.values:
        told = ("height", "crown_diameter", "trunk_height")
        table = table.assign(**{n: edit.values[n] for n in told if n in edit.values})
        shape = edit.get("shape", "ellipsoid")
    if "transmissivity" in edit.values:
        table = table.assign(transmissivity=edit.values["transmissivity"])
    rules = TreeRules(shape=shape, default_height=edit.get("height"))
    report = Report()
    crowns = crowns_of(table, rules, report)
    rows = np.floor((work.grid.transform.f - crowns.y) / work.grid.pixel_size).astype(int)
    cols = np.floor((crowns.x - work.grid.transform.c) / work.grid.pixel_size).astype(int)
    on_roof = ~work.ground[rows, cols]
    if on_roof.any():
        i = int(np.flatnonzero(on_roof)[0])
        raise ConfigurationError(
            key, "trees on open ground",
            f"{int(on_roof.sum())} of {len(crowns)} on a roof, the first at {crowns.x[i]:.10g}, "
            f"{crowns.y[i]:.10g}",
        )  # fmt: skip
    top = np.zeros(work.surface.shape, np.float32)
    under = np.full(work.surface.shape, np.inf, np.float32)
    through = np.full(work.surface.shape, np.inf, np.float32)
    own = crowns.through is not None
    stamp(crowns, work.grid, top, under, None, through if own else None)
    crown = top > 0.0
    if work.layers["dem"] is None:
        crown &= work.ground  # without a ground model a crown would stand on the roof it touches
    canopy, trunk = work.own("cdsm"), work.own("tdsm")
    alone = crown & ~(canopy > 0.0)
    trunk[alone] = under[alone]
    both = crown & ~alone
    trunk[both] = np.minimum(trunk[both], under[both])
    if own or work.layers["transmissivity"] is not None:
        through[np.isinf(through)] = USUAL
        old = work.own("transmissivity")
        old[crown] = np.where(alone[crown], through[crown], np.fmin(old[crown], through[crown]))
    canopy[crown] = np.maximum(canopy[crown], top[crown])
    trees = "1 tree, its crown" if len(crowns) == 1 else f"{len(crowns)} trees, crowns"
    work.note(edit, f"{trees} over {_area(work, crown)}")
    work.notes += [f"plant: {entry}" for entry in report.entries if entry.kind != "done"]


def _remove_trees(work: _Work, edit: Edit) -> None:
    work.need("cdsm", edit, "from which trees are taken")
    if "points" in edit.values:
        table = points_of(edit.values["points"], None, work.grid, edit.key)
        table = table.set_geometry(table.geometry.buffer(edit.values["radius"]))
        cells = cells_of(table, work.grid, edit.name("radius"))
    else:
        cells = work.areas(edit)
    gone = cells & work.trees()
    _some(gone, edit, "a place with trees")
    work.own("cdsm")[gone] = 0.0
    if work.layers["tdsm"] is not None:
        work.own("tdsm")[gone] = 0.0
    work.note(edit, f"crowns over {_area(work, gone)}")


def _sail(work: _Work, edit: Edit) -> None:
    cells = work.areas(edit)
    for there, what in ((~work.ground, "buildings"), (work.trees(), "trees")):
        if (cells & there).any():
            raise ConfigurationError(
                edit.key, f"an area without {what}, for a cell holds one canopy",
                f"{int((cells & there).sum())} of {int(cells.sum())} cells with {what}",
                "Draw it around them, or remove them first.",
            )  # fmt: skip
    height = edit.values["height"]
    work.own("transmissivity")[cells] = edit.get("transmissivity", SAIL_TRANSMISSIVITY)
    work.own("cdsm")[cells] = height
    work.own("tdsm")[cells] = height - SAIL_THICKNESS_M
    work.note(edit, f"{_area(work, cells)} at {height:g} m")


# ------------------------------------------------------------------ buildings


def _building(work: _Work, edit: Edit) -> None:
    from rasterio.features import rasterize

    key = edit.name("polygon" if "polygon" in edit.values else "file")
    table = areas_of(edit.get("polygon"), edit.get("file"), work.grid, edit.key)
    cells_of(table, work.grid, key)
    height = np.full(len(table), np.nan)
    if "file" in edit.values:
        report = Report()
        height = heights_known(table, report, key, column=edit.get("height_column"))
        work.notes += [f"building: {entry}" for entry in report.entries if entry.kind != "done"]
    height = np.where(np.isnan(height), edit.get("height", np.nan), height)
    if np.isnan(height).any():
        raise ConfigurationError(
            edit.name("height"), "a height for buildings whose own is not known",
            f"none for {int(np.isnan(height).sum())} of {len(table)}",
        )  # fmt: skip
    dsm = work.own("dsm")
    ground = dsm if work.layers["dem"] is None else work.layers["dem"]
    built = np.zeros(work.surface.shape, np.bool_)
    for shape, tall in zip(table.geometry.values, height.tolist(), strict=True):
        cells = rasterize([(shape, 1)], out_shape=work.surface.shape, fill=0,
                          transform=work.grid.transform, dtype="uint8") == 1  # fmt: skip
        cells &= ~np.isnan(dsm)
        if not cells.any():
            work.note(edit, "one smaller than a cell, or without data, is left out")
            continue
        # A flat roof over the mean ground, as footprints are built.
        roof = np.float32(float(np.nanmean(ground[cells], dtype=np.float64)) + tall)
        dsm[cells] = np.maximum(dsm[cells], roof)
        built |= cells
    _some(built, edit, "a footprint on the map")
    for name in ("cdsm", "tdsm"):
        if work.layers[name] is not None:
            work.own(name)[built] = 0.0
    work.cover(built, _ROOF)
    work.ground &= ~built
    work.note(edit, f"{len(table)} on {_area(work, built)}")


def _remove_buildings(work: _Work, edit: Edit) -> None:
    work.need("dem", edit, "for the ground beneath")
    gone = work.areas(edit) & ~work.ground
    _some(gone, edit, "a place with buildings")
    dem = work.layers["dem"]
    assert dem is not None
    work.own("dsm")[gone] = dem[gone]
    code = edit.get("cover", COVERS["asphalt"])
    work.cover(gone, code)
    work.ground |= gone
    name = next(n for n, c in COVERS.items() if c == code)
    work.note(edit, f"{_area(work, gone)}, now {name}")


def _roofs(work: _Work, edit: Edit) -> Bool:
    cells = ~work.ground
    if edit.values.keys() & {"polygon", "file"}:
        cells = cells & work.areas(edit)
    _some(cells, edit, "a place with buildings")
    return cells


def _green_roof(work: _Work, edit: Edit) -> None:
    work.need("land_cover", edit, "whose classes tell roofs apart")
    cells = _roofs(work, edit)
    assert work.green_roof is not None
    work.cover(cells, work.green_roof)
    work.note(edit, _area(work, cells))


def _cool_roof(work: _Work, edit: Edit) -> None:
    cells = _roofs(work, edit)
    work.own("albedo")[cells] = edit.get("albedo", COOL_ALBEDO)
    work.own("emissivity")[cells] = edit.get("emissivity", COOL_EMISSIVITY)
    work.note(edit, _area(work, cells))


# ------------------------------------------------------------------ ground


def _open(work: _Work, edit: Edit) -> Bool:
    cells = work.areas(edit)
    found = cells & work.ground
    _some(found, edit, "a place with open ground")
    left = int(cells.sum() - found.sum())
    if left:
        work.note(edit, f"{left} cells of buildings are left as they are")
    return found


def _cover(work: _Work, edit: Edit) -> None:
    work.need("land_cover", edit, "whose classes are edited")
    cells = _open(work, edit)
    work.cover(cells, edit.values["cover"])
    name = next(n for n, c in COVERS.items() if c == edit.values["cover"])
    work.note(edit, f"{_area(work, cells)}, now {name}")


def _albedo(work: _Work, edit: Edit) -> None:
    cells = _open(work, edit)
    for name in ("albedo", "emissivity"):
        if name in edit.values:
            work.own(name)[cells] = edit.values[name]
    work.note(edit, f"{edit.values['albedo']:g} on {_area(work, cells)}")


def _some(cells: Bool, edit: Edit, what: str) -> None:
    if not cells.any():
        raise ConfigurationError(edit.key, what, "none there")


def _area(work: _Work, cells: Bool) -> str:
    return f"{int(cells.sum()) * work.grid.pixel_size**2:,.0f} m2"


_DO: dict[str, Callable[[_Work, Edit], None]] = {
    "plant": _plant,
    "remove_trees": _remove_trees,
    "remove_buildings": _remove_buildings,
    "green_roof": _green_roof,
    "cool_roof": _cool_roof,
    "cover": _cover,
    "albedo": _albedo,
    "sail": _sail,
    "building": _building,
}

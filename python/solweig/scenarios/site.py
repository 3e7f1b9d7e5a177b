"""The surface of a baseline, with the layers that its scenarios edit."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from solweig.errors import ConfigurationError
from solweig.execution.config import ExecutionConfig
from solweig.leaf_area import USUAL
from solweig.params import load_materials, namespace_from_dict, namespace_to_plain
from solweig.scenarios.wishes import Scenario
from solweig.surface.changes import say_what_canopies_let_through
from solweig.surface.data import SurfaceData
from solweig.surface.heights import preprocess
from solweig.surface.layers import Kept

__all__ = ["GREEN_ROOF", "base_surface", "edits_of", "green_roof_code", "materials_with_green_roof"]

log = logging.getLogger("solweig")

GREEN_ROOF = "Green_roof"
_FIRST_CODE, _LAST_CODE, _GRASS = 110, 255, 5
_SECTIONS = ("Albedo", "Emissivity", "TmaxLST", "Ts_deg", "Tstart")


def edits_of(scenarios: Sequence[Scenario], *kinds: str) -> bool:
    """Whether a scenario has an edit of one of some kinds."""
    return any(edit.kind in kinds for scenario in scenarios for edit in scenario.edits)


def base_surface(
    surface: SurfaceData,
    scenarios: Sequence[Scenario],
    materials: SimpleNamespace | None,
    execution: ExecutionConfig | None = None,
) -> SurfaceData:
    """The surface with every layer that is edited, its values being those that hold without.

    The surface itself stays as it is. Where a trunk zone cannot be written down without rounding, a
    sky view that is there is computed again, so that baseline and scenarios agree on every bit.

    Raises
    ------
    ConfigurationError
        A layer that nothing stands for, such as land cover.
    """
    preprocess(surface)
    found = copy.copy(surface)
    found.kept = Kept()
    grows = edits_of(scenarios, "plant", "remove_trees", "sail", "building")
    if found.cdsm is None and edits_of(scenarios, "plant", "sail"):
        found.cdsm = np.zeros(found.shape, np.float32)
        found.tdsm = np.zeros(found.shape, np.float32)
    if grows and found.cdsm is not None and found.tdsm is None:
        exact = found.cdsm.astype(np.float64) * found.trunk_ratio
        found.tdsm = exact.astype(np.float32)
        if found.svf is not None and not np.array_equal(found.tdsm.astype(np.float64), exact):
            log.info("scenarios: the sky view is computed again, with the trunk zone as a layer")
            reach, bound = found.require_sky_reach()
            found.compute_svf(
                patch_option=found.patch_option or 2, max_shadow_distance_m=reach,
                height_bound_m=bound, execution=execution,
            )  # fmt: skip
    if _own_canopies(scenarios):
        say_what_canopies_let_through(found)
    properties: tuple[Any, ...] | None = None
    for name, place in (("albedo", 0), ("emissivity", 1)):
        if getattr(found, name) is None and _says(scenarios, name):
            properties = properties or found.get_land_cover_properties(materials)
            setattr(found, name, np.array(properties[place], np.float32))
    return found


def _own_canopies(scenarios: Sequence[Scenario]) -> bool:
    """Whether an edit has canopies with a transmissivity of their own."""
    return any(
        edit.kind == "sail" or "transmissivity" in edit.values
        for scenario in scenarios
        for edit in scenario.edits
    )


def _says(scenarios: Sequence[Scenario], layer: str) -> bool:
    """Whether an edit sets albedo or emissivity of its own."""
    for scenario in scenarios:
        for edit in scenario.edits:
            if edit.kind == "cool_roof" or (edit.kind == "albedo" and layer in edit.values):
                return True
    return False


def check_canopies(scenarios: Sequence[Scenario], through: float) -> None:
    """Refuse canopies of their own where all others have another transmissivity than the usual.

    Raises
    ------
    ConfigurationError
        They do.
    """
    if through == USUAL:
        return
    for scenario in scenarios:
        for edit in scenario.edits:
            if edit.kind == "sail" or "transmissivity" in edit.values:
                raise ConfigurationError(
                    edit.name("transmissivity"), f"other canopies of {USUAL:g} (params)",
                    f"{through:g}", "Give the surface a layer transmissivity.",
                )  # fmt: skip


def green_roof_code(surface: SurfaceData, materials: SimpleNamespace | None) -> int:
    """The code of green roofs: the first that neither the surface nor the parameters use.

    Raises
    ------
    ConfigurationError
        None is left.
    """
    names = namespace_to_plain(materials or load_materials())["Names"]
    names = names.get("Value", names)
    said = {int(code) for code, name in names.items() if name == GREEN_ROOF}
    if said:
        return said.pop()
    used = {int(code) for code in names}
    if surface.land_cover is not None:
        used |= set(np.unique(surface.land_cover).tolist())
    left = [code for code in range(_FIRST_CODE, _LAST_CODE + 1) if code not in used]
    if not left:
        raise ConfigurationError("land_cover", "a code from 110 that is free", "none")
    return left[0]


def materials_with_green_roof(materials: SimpleNamespace | None, code: int) -> SimpleNamespace:
    """The parameters with a class of roofs that has the properties of grass.

    Raises
    ------
    ConfigurationError
        They have no grass.
    """
    plain = namespace_to_plain(materials or load_materials())
    names = plain["Names"].get("Value", plain["Names"])
    grass = names.get(str(_GRASS))
    if grass is None:
        raise ConfigurationError("materials", f"a class of grass (code {_GRASS})", "none")
    names[str(code)] = GREEN_ROOF
    codes = plain["Code"].get("Value", plain["Code"])
    codes[GREEN_ROOF] = code
    for section in _SECTIONS:
        values = plain[section]
        values = values.get("Effective", values)
        values = values.get("Value", values)
        if grass not in values:
            raise ConfigurationError(f"materials.{section}", f"a value of {grass}", "none")
        values[GREEN_ROOF] = values[grass]
    found: SimpleNamespace = namespace_from_dict(plain)
    return found

"""A baseline, how it is run, its scenarios as rasters: all is checked before the first run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from solweig.config import ModelConfig
from solweig.errors import ConfigurationError
from solweig.execution.config import ExecutionConfig
from solweig.memory_limits import memory_budget
from solweig.params import tree_settings
from solweig.results.summary import TimeseriesSummary
from solweig.run.calculation import calculate, check_calculation
from solweig.run.engine_params import leaf_days
from solweig.run.place import place_of
from solweig.run.settings import RunSettings
from solweig.scenarios.layers import Edited, edited
from solweig.scenarios.site import (
    base_surface,
    check_canopies,
    edits_of,
    green_roof_code,
    materials_with_green_roof,
)
from solweig.scenarios.thresholds import Thresholds
from solweig.scenarios.wishes import Scenario, check_names
from solweig.surface.changes import say_what_canopies_let_through
from solweig.surface.data import SurfaceData
from solweig.typing import Advance
from solweig.weather.fields import GivenAs
from solweig.weather.location import Location
from solweig.weather.series import weather_series
from solweig.weather.step import Weather

__all__ = ["Study"]

_RUNS = 3


@dataclass
class Study:
    """What the scenarios of one baseline share.

    Attributes
    ----------
    surface
        The baseline's, with every layer that is edited.
    weather, location
        Of all runs.
    thresholds
        Of the hours that are counted.
    config
        Of all runs.
    options
        Further arguments of :func:`solweig.calculate`.
    edits
        The scenarios as rasters.
    """

    surface: SurfaceData
    weather: Sequence[Weather]
    location: Location
    thresholds: Thresholds
    config: ModelConfig
    options: dict[str, Any] = field(default_factory=dict)
    edits: list[Edited] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        surface: SurfaceData,
        weather: Weather | Sequence[Weather],
        location: Location | None,
        scenarios: Sequence[Scenario],
        *,
        thresholds: Thresholds,
        config: ModelConfig | None = None,
        execution: ExecutionConfig | None = None,
        max_shadow_distance_m: float | None = None,
        tile_size: int | None = None,
        fields: Mapping[str, GivenAs | str] | None = None,
        carry_out: bool = True,
    ) -> Study:
        """Check everything and, with ``carry_out``, the edits on rasters; runs nothing.

        Raises
        ------
        ConfigurationError, InvalidSurfaceData
            An edit that cannot be carried out, or a choice that a what-if does not know.
        """
        check_names(scenarios)
        steps = [weather] if isinstance(weather, Weather) else list(weather)
        model = config or ModelConfig()
        if model.shade_at_night:
            raise ConfigurationError("shade_at_night", "False with scenarios", "True")
        check_canopies(scenarios, float(tree_settings(model.physics)["transmissivity"]))
        code, materials = None, model.materials
        base = base_surface(surface, scenarios, materials, execution)
        if edits_of(scenarios, "green_roof"):
            code = green_roof_code(base, materials)
            materials = materials_with_green_roof(materials, code)
            model = replace(model, materials=materials)
        where = place_of(surface, steps, location).location
        study = cls(
            base, steps, where, thresholds, model,
            {"execution": execution, "max_shadow_distance_m": max_shadow_distance_m,
             "tile_size": tile_size, "fields": fields},
        )  # fmt: skip
        _check_memory(base, len(steps), thresholds)
        check_calculation(
            base, steps, where, config=model, outputs=thresholds.outputs,
            **{name: value for name, value in study.options.items() if value is not None},
        )  # fmt: skip
        _check_sails(study, scenarios)
        if carry_out:
            study.edits = [study.edited(each, code) for each in scenarios]
            own = any(each.layers["transmissivity"] is not None for each in study.edits)
            if own and base.transmissivity is None:  # trees of a file know theirs
                say_what_canopies_let_through(base)
                study.edits = [study.edited(each, code) for each in scenarios]
        return study

    @property
    def materials(self) -> SimpleNamespace | None:
        """Properties of the land-cover classes."""
        found: SimpleNamespace | None = self.config.materials
        return found

    def edited(self, scenario: Scenario, green_roof: int | None = None) -> Edited:
        """The rasters of a scenario."""
        return edited(self.surface, scenario, materials=self.materials, green_roof=green_roof)

    def run(
        self,
        surface: SurfaceData,
        baseline: TimeseriesSummary | None = None,
        progress: Advance | None = None,
    ) -> TimeseriesSummary:
        """Run a surface in memory; on a baseline only what its edit can reach."""
        return calculate(
            surface, self.weather, self.location, config=self.config,
            outputs=self.thresholds.outputs, baseline=baseline, progress_callback=progress,
            **{name: value for name, value in self.options.items() if value is not None},
        )  # fmt: skip


def _check_memory(surface: SurfaceData, steps: int, thresholds: Thresholds) -> None:
    """Refuse what would not fit the memory: steps of the baseline, of an edit, and before it."""
    needed = _RUNS * 4 * steps * len(thresholds.outputs) * surface.dsm.size
    budget = memory_budget()
    if budget is not None and needed > budget:
        raise ConfigurationError(
            "scenarios",
            "a baseline whose steps fit the memory three times, for edits build on it",
            f"{steps} steps of {surface.shape[0]} x {surface.shape[1]} cells, "
            f"{needed / 2**30:.1f} GiB of {budget / 2**30:.1f}",
            "Take fewer steps, a part of the raster (bbox) or larger cells (pixel-size).",
        )  # fmt: skip


def _check_sails(study: Study, scenarios: Sequence[Scenario]) -> None:
    """A sail is a canopy, and canopies lose their leaves."""
    if not edits_of(scenarios, "sail"):
        return
    model = study.config
    series = weather_series(
        study.weather, study.location, stamp=model.stamp, conifer=bool(model.conifer),
        leaf_days=leaf_days(RunSettings(model=model)), leaf_on=model.leaf_on,
        leaf_off=model.leaf_off, gaps="allow",
    )  # fmt: skip
    bare = ~np.asarray(series.columns["leaf_on"], bool)
    if not bare.any():
        return
    for scenario in scenarios:
        for edit in scenario.edits:
            if edit.kind == "sail":
                raise ConfigurationError(
                    edit.name("kind"), "a sail in steps with leaves on the trees, for the model "
                    "holds it as a canopy",
                    f"{int(bare.sum())} of {len(bare)} steps without",
                    "Say leaf-on and leaf-off of the baseline around the period, or conifer = true "
                    "where there are no other trees.",
                )  # fmt: skip


def no_files(folder: Path, names: Sequence[str], *, overwrite: bool) -> None:
    """Refuse a folder that holds results already.

    Raises
    ------
    ConfigurationError
        It does, and they are not to be replaced.
    """
    held = [name for name in names if (folder / name).exists()]
    if held and not overwrite:
        raise ConfigurationError(
            "out", "a folder without results of scenarios", f"{folder}, which holds {held[0]}",
            "Pass overwrite=True (--overwrite).",
        )  # fmt: skip

"""A run over an edited surface that computes only what the edit can reach.

A cell's results depend on its own sky view, on the light that reaches it, and on the ground seen
from it, lit or not. Outside that reach everything is the baseline's; the means are its exact sums,
less those of the old cells and with those of the new ones.
"""

from __future__ import annotations

import logging
import math
import time
from functools import partial

import numpy as np

from solweig import _core
from solweig.errors import ConfigurationError
from solweig.execution import tally as tallies
from solweig.execution.opening import Here
from solweig.execution.telemetry import Telemetry
from solweig.execution.worker import Setup, Worker
from solweig.leaf_area import USUAL
from solweig.parallel import in_parallel
from solweig.rasters.digests import plain
from solweig.results.metadata import differences
from solweig.results.state import ThermalState
from solweig.results.summary import TimeseriesSummary
from solweig.results.sums import Limits, StepSums
from solweig.run.local_air import AirWindow, LocalAir
from solweig.run.outcome import Collected, Outcome
from solweig.run.plan import RunPlan
from solweig.run.steps import write_steps
from solweig.run.store import STATE_NAMES, STATISTIC_NAMES
from solweig.run.tile_steps import TileSteps
from solweig.run.tiled import LOW_SUN_DEG, run_margin, steps_job, sun_reach
from solweig.surface.edit_reach import around, grown, met_from
from solweig.surface.layers import Change
from solweig.tiles.grid import TileSpec, corners
from solweig.tiles.store import TileStore
from solweig.typing import Advance, Bool, Window

__all__ = ["check_baseline", "run_changed"]

log = logging.getLogger("solweig")

NEEDED = ("tmrt", "utci", "shadow")
"""Fields of the baseline whose means are updated."""


def check_baseline(plan: RunPlan, baseline: TimeseriesSummary) -> None:
    """Whether a run may build on a baseline.

    Raises
    ------
    ConfigurationError
        The surface is not an edited one, the baseline was not kept in memory, or it differs in more
        than the surface.
    """
    if plan.surface.change is None:
        raise ConfigurationError(
            "surface", "one made by with_changes(), because a baseline is given", "another"
        )
    if baseline.dataset is None or baseline.state is None:
        raise ConfigurationError(
            "baseline", "a run kept in memory (output_dir=None, or on a baseline itself)",
            "one without its steps",
        )  # fmt: skip
    missing = [name for name in NEEDED if name not in baseline.dataset]
    if missing:
        raise ConfigurationError(
            "baseline", f"a run with the outputs {', '.join(NEEDED)}, whose means are updated",
            f"one without {', '.join(missing)}",
        )  # fmt: skip
    if plan.settings.precomputed is not None or plan.points is not None:
        raise ConfigurationError("baseline", "a run without precomputed and pois", "one with them")
    if plan.settings.model.shade_at_night:
        raise ConfigurationError("baseline", "a run with shade_at_night=False", "True")
    now, then = plain(plan.metadata), plain(baseline.metadata)
    apart = [
        *differences(then["inputs"]["weather"], now["inputs"]["weather"], "weather"),
        *differences(then["inputs"]["location"], now["inputs"]["location"], "location"),
        *differences(then["parameters"], now["parameters"], "parameters"),
    ]
    surface, own = then["inputs"]["surface"], now["inputs"]["surface"]
    apart += [n for n in ("shape", "pixel_size", "formulation") if surface[n] != own[n]]
    base = plan.surface.change.base_content
    own = plan.surface.transmissivity is not None and "transmissivity" not in base
    if own and plan.params["transmissivity"] != USUAL:
        apart.append(
            f"transmissivity of other canopies ({plan.params['transmissivity']:g}, now {USUAL:g})"
        )
    if surface["content"] != base:
        apart.append("the surface that was edited")
    if apart:
        raise ConfigurationError(
            "baseline", "a run that differs in the edit only", f"other {', '.join(apart)}"
        )


def run_changed(
    plan: RunPlan,
    baseline: TimeseriesSummary,
    engine: _core.Engine | None,
    telemetry: Telemetry,
    progress: Advance | None,
) -> Outcome:
    """Carry out the part of a run that an edit reaches.

    Parameters
    ----------
    plan
        Of the edited surface, checked by :func:`check_baseline`.
    baseline
        The run before the edit.
    engine
        None is the CPU.
    telemetry
        Takes the measurements.
    progress
        Called with (steps done, steps in all).
    """
    change, steps = plan.surface.change, len(plan.series)
    assert change is not None
    assert baseline.dataset is not None
    began = time.perf_counter()
    collected = Collected(plan.series.stamps, None, telemetry)
    spec = _reached(plan, baseline)
    with TileStore() as inputs, TileStore() as results:
        _copy_baseline(results, baseline, plan)
        old = _old_sums(plan, baseline, inputs, spec)
        found, done = TileSteps(), None
        if spec is not None:
            job = steps_job(plan, inputs, results, digests=False, overlap=False)
            worker = Worker(Setup(0, "cpu" if engine is None else "gpu", 0, Here(engine)))
            worker.begin(job)
            try:
                done = worker.do(0, (spec, None), progress or _ignore)
            finally:
                worker.end()
            found = done.value
            for seconds in found.step_seconds:
                telemetry.record("timestep_wall_time_s", seconds)
            collected.add_seconds(found.stage_seconds)
        for i in range(steps):
            sums = baseline.sums[i] - old[i]
            if spec is not None:
                sums += found.sums[i]
            collected.add(i, dict(baseline.scalars[i]), sums, {}, {})
        state = baseline.state
        assert state is not None
        if spec is not None:
            fields = {n: results.read(f"state/{n}") for n in STATE_NAMES if n in state.fields}
            state = ThermalState(found.first, found.accumulated_days, fields)
        kept = {n: results.read(f"step/{n}") for n in plan.outputs}
        store = write_steps(plan, kept, telemetry)
        share = 0.0 if spec is None else math.prod(spec.core_shape) / math.prod(plan.georef.shape)
        log.info("baseline: %.2f %% of the cells computed", 100.0 * share)
        return Outcome(
            collected=collected,
            grids={n: results.read(f"statistic/{n}") for n in STATISTIC_NAMES},
            hours_above={t: results.read(f"hours/{t!r}") for t in baseline.utci_hours_above},
            counts={
                "n_timesteps": baseline.n_timesteps,
                "n_daytime": baseline.n_daytime,
                "n_nighttime": baseline.n_nighttime,
            },
            state=state,
            tally={} if done is None else tallies.merge([done.tally]),
            steps=kept,
            built=began,
            store=store,
            what_if={
                "share_of_preparation": change.share,
                "share_of_steps": share,
                "changed": list(change.window),
                "computed": None if spec is None else [
                    spec.row_start, spec.row_end, spec.col_start, spec.col_end
                ],
            },
        )  # fmt: skip


def _ignore(done: int, total: int) -> None:
    pass


def _reached(plan: RunPlan, baseline: TimeseriesSummary) -> TileSpec | None:
    """The cells whose results may differ, as the core of a tile; None where nothing changed."""
    change = plan.surface.change
    assert change is not None
    if change.empty:
        return None
    shape = plan.georef.shape
    # Shadows of what is gone may have gone farther than those of what is there.
    margin = run_margin(plan, least_relief_m=change.base_relief_m)
    core = slice(0, shape[0]), slice(0, shape[1])
    if change.whole is None:
        core = grown(_shaded(plan, change, baseline), margin.view, shape)
        if change.sky[0] < change.sky[1]:
            # The sky of others goes into no cell of the reference's model.
            own = plan.settings.model.formulation == "reference" and not (
                plan.settings.model.alternatives
            )
            core = around(core, grown(_slices(change.sky), 0 if own else margin.view, shape))
    full = grown(core, margin.halo, shape)
    return TileSpec(
        *corners(core),
        row_start_full=full[0].start,
        row_end_full=full[0].stop,
        col_start_full=full[1].start,
        col_end_full=full[1].stop,
    )


def _shaded(plan: RunPlan, change: Change, baseline: TimeseriesSummary) -> Window:
    """What was changed, and where shadows of it by the run's suns may fall."""
    surface, shading, found = plan.surface, _slices(change.shading), _slices(change.window)
    if change.tops_m is None:
        return found
    facts = surface.facts()
    relief = max(facts.relief_m, change.base_relief_m)
    told = change.only_foliage and _foliage_shows(plan)
    for i in range(len(plan.series)):
        open_to = _not_behind_buildings(baseline, i) if told else None
        for altitude, azimuth in plan.series.suns_of(i).tolist():
            risen, steps = max(altitude, LOW_SUN_DEG), sun_reach(plan, relief, altitude)
            seen = met_from(
                surface.dsm, shading, change.tops_m, risen, azimuth, steps, surface.pixel_size,
                facts.datum, open_to,
            )  # fmt: skip
            found = around(found, seen)
    return found


def _foliage_shows(plan: RunPlan) -> bool:
    """Whether every canopy lets some light through, so that only buildings take all of it."""
    own = plan.surface.transmissivity
    least = USUAL if own is None else float(np.fmin.reduce(own, axis=None))
    return min(least, float(plan.params["transmissivity"])) > 0.0


def _not_behind_buildings(baseline: TimeseriesSummary, i: int) -> Bool:
    """Cells that a sun of a step reaches, through leaves or not.

    In the shade of a building foliage changes nothing (G 3.2).
    """
    assert baseline.dataset is not None
    return np.asarray(baseline.dataset["shadow"].values[i] > 0.0)


def _slices(window: tuple[int, int, int, int]) -> Window:
    row, row_end, col, col_end = window
    return slice(row, row_end), slice(col, col_end)


def _copy_baseline(results: TileStore, baseline: TimeseriesSummary, plan: RunPlan) -> None:
    """The baseline's rasters, to be overwritten where they change."""
    assert baseline.dataset is not None
    assert baseline.state is not None
    arrays = {f"step/{n}": baseline.dataset[n].values for n in plan.outputs}
    arrays |= {f"statistic/{n}": getattr(baseline, n) for n in STATISTIC_NAMES}
    arrays |= {f"hours/{t!r}": grid for t, grid in baseline.utci_hours_above.items()}
    arrays |= {f"state/{n}": grid for n, grid in baseline.state.fields.items()}
    copies = in_parallel(partial(np.array, array) for array in arrays.values())
    for name, copy in zip(arrays, copies, strict=True):
        results.put(name, copy)


def _old_sums(
    plan: RunPlan, baseline: TimeseriesSummary, inputs: TileStore, spec: TileSpec | None
) -> list[StepSums]:
    """Exact sums of the baseline's steps over the cells that are computed again."""
    if spec is None:
        return [StepSums()] * len(plan.series)
    air = LocalAir.published(plan.fields, None, inputs).window(inputs, spec.write_slice)
    return [_sums(baseline, i, spec, air) for i in range(len(plan.series))]


def _sums(baseline: TimeseriesSummary, i: int, spec: TileSpec, air: AirWindow | None) -> StepSums:
    """Those of one step; cells with air of their own have a range of UTCI of their own."""
    assert baseline.dataset is not None
    assert baseline.open_ground is not None
    window, scalars = spec.write_slice, baseline.scalars[i]
    tmrt, utci, shadow = (baseline.dataset[name].values[i][window] for name in NEEDED)
    limits: Limits = (scalars["utci_tmrt_low"], scalars["utci_tmrt_high"])
    if air is not None:
        limits = air.utci_limits(i, baseline.timeseries.ta[i], limits)
    return StepSums.of(tmrt, utci, shadow, baseline.open_ground[window], limits)

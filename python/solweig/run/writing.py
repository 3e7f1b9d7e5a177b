"""The steps of a run on their way to the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from solweig import switches
from solweig.execution.telemetry import Telemetry
from solweig.results.outputs import StepWriter
from solweig.run.plan import RunPlan

__all__ = ["step_writer"]


@contextmanager
def step_writer(plan: RunPlan, telemetry: Telemetry) -> Iterator[StepWriter]:
    """The writer of a run's steps; how many waited at most is measured."""
    assert plan.settings.output_dir is not None
    with StepWriter(
        plan.settings.output_dir,
        plan.georef,
        background=switches.read().async_output,
        inflight_limit=plan.execution.inflight_limit,
        held=plan.held("geotiff"),
    ) as writer:
        yield writer
    telemetry.record("queue_depth_peak", writer.depth_peak)

"""What the steps of a run leave behind, whether the raster ran in one piece or in tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.execution.tally import Tally
from solweig.execution.telemetry import Telemetry
from solweig.results.pois import Points, PointTable
from solweig.results.state import ThermalState
from solweig.results.sums import StepSums
from solweig.run.store import RunStore
from solweig.typing import F32

__all__ = ["Collected", "Outcome"]


class Collected:
    """What is kept of each step besides its grids."""

    def __init__(
        self, stamps: Sequence[datetime], points: Points | None, telemetry: Telemetry
    ) -> None:
        self._stamps = stamps
        self._telemetry = telemetry
        self.table = None if points is None else PointTable(points)
        self.scalars: list[dict[str, float]] = []
        self.sums: list[StepSums] = []
        self.seconds: dict[str, float] = {}

    def add(
        self,
        i: int,
        scalars: dict[str, float],
        sums: StepSums,
        points: dict[str, NDArray[np.float64]],
        seconds: dict[str, float],
    ) -> None:
        """Keep step ``i``; steps come in order. Its means join the scalars."""
        self.scalars.append({**scalars, **sums.ground.means()})
        self.sums.append(sums)
        self.add_seconds(seconds)
        if self.table is not None:
            self.table.add(self._stamps[i], points)
        self._telemetry.stages(f"step {i + 1}/{len(self._stamps)}", seconds)

    def add_seconds(self, seconds: dict[str, float]) -> None:
        """Book the time of stages."""
        for stage, time in seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time

    def column(self, name: str) -> NDArray[np.float64]:
        """A scalar of every step, NaN where it has none."""
        return np.array([s.get(name, np.nan) for s in self.scalars], dtype=np.float64)


@dataclass
class Outcome:
    """A run after its last step."""

    collected: Collected
    #: Statistics by name, and hours by UTCI threshold.
    grids: dict[str, F32]
    hours_above: dict[float, F32]
    #: Further statistics of a period by name.
    period: dict[str, F32] = field(default_factory=dict, kw_only=True)
    #: ``n_timesteps``, ``n_daytime``, ``n_nighttime``.
    counts: dict[str, int]
    state: ThermalState
    tally: Tally
    #: Every requested step in memory, ``name -> [time, row, col]``; None where they were written.
    steps: dict[str, F32] | None
    write_seconds: float = 0.0
    #: When the first step could start, on the clock of ``time.perf_counter`` [s].
    built: float = 0.0
    #: Who did it, as it is recorded.
    workers: list[dict[str, Any]] = field(default_factory=list)
    tile_plan: dict[str, Any] | None = None
    #: Of a run on a baseline: what was computed.
    what_if: dict[str, Any] | None = None
    #: What the tiles wrote, to be removed when the run is complete.
    store: RunStore | None = None

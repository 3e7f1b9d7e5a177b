"""A summer of which only statistics are wanted, beside the steps of the same build one by one.

    python -m benchmarks.season

All on the CPU and in one process: the summer taken together before and after the steps, which are
run twice in turns, with the statistics that ``calculate`` counts (means, extremes, hours above)
and with the same percentiles and groups. What counts is processor time. Exit code 1 below 3 times
as fast as the steps with the same statistics, or where a statistic differs.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

import solweig
from benchmarks import machine
from benchmarks.city import synthetic_city
from solweig import _core
from solweig.execution import ExecutionConfig
from solweig.results.period import PeriodRequest
from solweig.run.plan import RunPlan, make_plan
from solweig.run.settings import RunSettings

RESULTS = Path(__file__).parent / "results"
GATE = 3.0
REACH_M = 500.0


def summer(days: int) -> list[solweig.Weather]:
    """Hours from the first of June on: cloud, wind and humidity that change from day to day."""
    first = datetime(2025, 6, 1)
    found = []
    for i in range(24 * days):
        stamp = first + timedelta(hours=i)
        up = (stamp.hour + 0.5 - 4.0) / 16.0
        sun = float(np.sin(up * np.pi)) if 0 < up < 1 else 0.0
        day = i // 24
        found.append(
            solweig.Weather(
                stamp, ta=16.0 + 10.0 * sun + 3.0 * np.sin(0.9 * day), rh=55.0 + 15.0 * np.cos(day),
                global_rad=850.0 * sun * (0.65 + 0.35 * np.sin(1.7 * day)),
                ws=2.0 + np.sin(stamp.hour + day), timestep_minutes=60,
            )
        )  # fmt: skip
    return found


def settled(side: int, days: int) -> RunPlan:
    """The city and the summer, checked."""
    cpu = ExecutionConfig(accelerator="cpu")
    town = synthetic_city(side)
    surface = solweig.SurfaceData(
        town.dsm, cdsm=town.canopy, dem=town.dem, land_cover=town.land_cover, pixel_size=1.0,
        smooth_quantized_dem=False,
    )  # fmt: skip
    surface.compute_svf(max_shadow_distance_m=REACH_M, execution=cpu)
    request = PeriodRequest(percentiles=(5.0, 50.0, 95.0), groups=("hour", "month"))
    settings = RunSettings.resolve(
        execution=cpu, max_shadow_distance_m=REACH_M, period=request, stamp="start"
    )
    return make_plan(surface, summer(days), solweig.Location(48.2, 16.4, utc_offset=1), settings)


class Ways:
    """The three ways through the same steps, each on its own clock."""

    def __init__(self, plan: RunPlan) -> None:
        period = plan.period
        assert period is not None
        self.period = period
        self.shape = plan.georef.shape
        self.model = plan.model(plan.arrays(), None)
        self.weather = [plan.series.step(i) for i in range(len(plan.series))]
        self.seconds: dict[str, list[float]] = {}

    def empty(self) -> _core.PeriodStatistics:
        own = self.period
        return own.request.statistics(self.shape, own.names, own.heat, own.ranges)

    def clock(self, name: str, work: Any) -> Any:
        """Do it, and book processor and wall time."""
        start = time.process_time(), time.perf_counter()
        found = work()
        book = self.seconds.setdefault(name, [0.0, 0.0])
        book[0] += time.process_time() - start[0]
        book[1] += time.perf_counter() - start[1]
        return found

    def together(self) -> dict[str, Any]:
        counted = self.empty()
        state = self.model.new_state()
        _, why = self.model.period(
            state, self.weather, self.period.stamps, counted, self.period.codes
        )
        assert why is None, why
        return counted.take()

    def one_by_one(self) -> dict[str, Any]:
        """Every step with the statistics of a run, and again with those of a period."""
        counted, state = self.empty(), self.model.new_state()
        plain, other = self.model.new_state(), self.model.new_statistics((32.0, 38.0), (26.0,))
        for i, weather in enumerate(self.weather):
            self.clock(
                "steps",
                lambda w=weather: self.model.step(plain, w, outputs=(), statistics=other),
            )

            def both(i: int = i, weather: Any = weather) -> None:
                names = ("tmrt", "utci", "shadow")
                fields = self.model.step(state, weather, outputs=names).fields
                _, groups = self.period.stamps[i]
                counted.add(self.period.hours[i], self.period.daytime[i], groups, fields)

            self.clock("steps_same_statistics", both)
        return counted.take()


def worst(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, float]:
    """Largest differences by kind of statistic; hours above apart, by the share of cells."""
    found: dict[str, float] = {}
    for name, grid in ours.items():
        apart = np.abs(grid - theirs[name])
        kind = "hours" if "hours/" in name else name.split("_")[1][:4]
        kind = "percentile" if kind[0] == "p" else kind
        value = float((apart > 0).mean()) if kind == "hours" else float(np.nanmax(apart))
        found[kind] = max(found.get(kind, 0.0), value)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=500)
    parser.add_argument("--days", type=int, default=92)
    parser.add_argument("--output", type=Path, default=RESULTS / "season.json")
    arguments = parser.parse_args()
    ways = Ways(settled(arguments.side, arguments.days))
    before = ways.clock("together", ways.together)
    one = ways.one_by_one()
    again = ways.clock("together", ways.together)
    same = all(np.array_equal(before[n], again[n], equal_nan=True) for n in before)
    ways.seconds["together"] = [0.5 * s for s in ways.seconds["together"]]
    apart = worst(before, one)
    cells, steps = arguments.side**2, 24 * arguments.days
    cpu = {name: seconds[0] for name, seconds in ways.seconds.items()}
    figures = {
        "machine": machine.describe(machine.default_threads()),
        "side": arguments.side,
        "days": arguments.days,
        "cpu_seconds": cpu,
        "wall_seconds": {name: seconds[1] for name, seconds in ways.seconds.items()},
        "ns_a_cell_and_step": {name: 1e9 * s / cells / steps for name, s in cpu.items()},
        "faster_than_steps": cpu["steps"] / cpu["together"],
        "faster_than_steps_same_statistics": cpu["steps_same_statistics"] / cpu["together"],
        "largest_difference": apart,
        "same_bits_again": bool(same),
    }
    arguments.output.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))
    close = apart["mean"] < 1e-3 and apart["percentile"] <= 0.125
    return 0 if same and close and figures["faster_than_steps_same_statistics"] >= GATE else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""An edit of 20 x 20 m in a 4 Mpx city: only what it reaches, beside a full computation.

    python -m benchmarks.what_if

Both in one process and in memory: preparation of the edited surface and a run of some day steps
with Tmrt, UTCI and shadow. The results are compared bit for bit. Gates: at least 8 times faster,
and at most twice the share of the full time that lies within the reach of sky views; what the edit
itself can be met from is less, and is told.
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
from solweig.execution import ExecutionConfig

RESULTS = Path(__file__).parent / "results"
GATE_FASTER = 8.0
GATE_SHARE = 2.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=2000)
    parser.add_argument("--reach", type=float, default=200.0)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULTS / "what_if.json")
    arguments = parser.parse_args()
    cpu = ExecutionConfig(accelerator="cpu")
    town = synthetic_city(arguments.side)
    middle = arguments.side // 2
    window = (middle, middle + 20, middle, middle + 20)

    def surface(canopy: Any) -> solweig.SurfaceData:
        found = solweig.SurfaceData(
            town.dsm, cdsm=canopy, dem=town.dem, land_cover=town.land_cover,
            smooth_quantized_dem=False,
        )  # fmt: skip
        found.compute_svf(max_shadow_distance_m=arguments.reach, execution=cpu)
        return found

    began = datetime(2025, 7, 1, 8, 0)
    hours = [began + timedelta(hours=i) for i in range(arguments.steps)]
    weather = [
        solweig.Weather.from_values(20.0 + i, 50.0, 500.0, hour, ws=2.0)
        for i, hour in enumerate(hours)
    ]
    location = solweig.Location(48.2, 16.4, utc_offset=1)

    def run(of: solweig.SurfaceData, **options: Any) -> solweig.TimeseriesSummary:
        return solweig.calculate(
            of, weather, location, outputs=["tmrt", "utci", "shadow"], execution=cpu,
            max_shadow_distance_m=arguments.reach, **options,
        )  # fmt: skip

    canopy = town.canopy.copy()
    canopy[window[0] : window[1], window[2] : window[3]] = 8.0
    base = surface(town.canopy)
    baseline = run(base)
    times: dict[str, list[float]] = {}
    for _ in range(arguments.repeats):
        clock = [time.perf_counter()]
        full = surface(canopy)
        clock.append(time.perf_counter())
        whole = run(full)
        clock.append(time.perf_counter())
        edited = base.with_changes(window=window, cdsm=8.0)
        clock.append(time.perf_counter())
        part = run(edited, baseline=baseline)
        clock.append(time.perf_counter())
        names = ("full_prepare", "full_steps", "part_prepare", "part_steps")
        for name, seconds in zip(names, np.diff(clock), strict=True):
            times.setdefault(name, []).append(float(seconds))
    same = all(
        np.array_equal(whole.dataset[n].values, part.dataset[n].values, equal_nan=True)
        for n in ("tmrt", "utci", "shadow")
    ) and np.array_equal(whole.timeseries.tmrt_mean, part.timeseries.tmrt_mean)
    best = {name: min(values) for name, values in times.items()}
    told = part.metadata["what_if"]
    full_s = best["full_prepare"] + best["full_steps"]
    part_s = best["part_prepare"] + best["part_steps"]
    share = _within_reach(edited)
    figures = {
        "machine": machine.describe(machine.default_threads()),
        "side": arguments.side,
        "reach_m": arguments.reach,
        "steps": arguments.steps,
        "seconds": best,
        "share_of_preparation": told["share_of_preparation"],
        "share_of_steps": told["share_of_steps"],
        "affected_share": share,
        "time_over_full": part_s / full_s,
        "time_over_full_over_share": part_s / full_s / share,
        "faster": full_s / part_s,
        "same_bits": bool(same),
    }
    arguments.output.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))
    good = same and figures["faster"] >= GATE_FASTER
    return 0 if good and figures["time_over_full_over_share"] <= GATE_SHARE else 1


def _within_reach(edited: solweig.SurfaceData) -> float:
    """Share of the cells that are no farther from the edit than sky views look."""
    change = edited.change
    assert change is not None
    sides = zip(change.shading[::2], change.shading[1::2], edited.shape, strict=True)
    reached = (min(b + change.reach, n) - max(a - change.reach, 0) for a, b, n in sides)
    return float(np.prod([*reached])) / edited.dsm.size


if __name__ == "__main__":
    raise SystemExit(main())

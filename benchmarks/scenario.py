"""A tree edit of 10 x 10 cells on 512 x 512, a summer's day by the hour, beside the day in full.

    python -m benchmarks.scenario

Processor time of both in one process, in turn, the least of each counts: the edited surface
computed from nothing, sky view and steps, and the same as a scenario of a baseline that is there.
The results are compared bit for bit. Gate: less than half of the day, of its steps alone as well.
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
from solweig.scenarios.changed import run_edits
from solweig.scenarios.gains import gains_of, maps_of
from solweig.scenarios.layers import LAYERS
from solweig.scenarios.study import Study
from solweig.scenarios.thresholds import Thresholds
from solweig.scenarios.wishes import Edit, Scenario

RESULTS = Path(__file__).parent / "results"
GATE = 0.5
TREE_M = 8.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULTS / "scenario.json")
    arguments = parser.parse_args()
    cpu = ExecutionConfig(accelerator="cpu")
    town = synthetic_city(arguments.side)
    row, col = _open_place(town, arguments.side)
    steps = _day()
    location = solweig.Location(48.2, 16.4, utc_offset=1)

    def surface(layers: dict[str, Any]) -> solweig.SurfaceData:
        return solweig.SurfaceData(
            **layers, pixel_size=1.0, smooth_quantized_dem=False, min_object_height=0.0
        )

    # Ten by ten cells of crowns, from 2 m up.
    points = [
        (col + j + 0.5, arguments.side - (row + i + 0.5)) for i in range(10) for j in range(10)
    ]
    edit = Edit(
        "plant",
        {"points": points, "height": TREE_M, "crown_diameter": 0.5, "trunk_height": 2.0},
    )
    base = surface({n: getattr(town, n) for n in ("dsm", "dem", "land_cover")} |
                   {"cdsm": town.canopy})  # fmt: skip
    base.compute_svf(execution=cpu)
    study = Study.of(
        base, steps, location, [Scenario("trees", (edit,))], thresholds=Thresholds(),
        execution=cpu,
    )  # fmt: skip
    (edited,) = study.edits
    baseline = study.run(study.surface)
    before = maps_of(baseline, study.thresholds)
    ground = np.asarray(base.buildings() != 0)
    times: dict[str, list[float]] = {}
    for _ in range(arguments.repeats):
        clock = [time.process_time()]
        full = surface({name: edited.layers[name] for name in LAYERS})
        full.compute_svf(execution=cpu)
        clock.append(time.process_time())
        whole = study.run(full)
        clock.append(time.process_time())
        part = run_edits(study.surface, baseline, edited.layers, study.run)
        clock.append(time.process_time())
        after = maps_of(part.summary, study.thresholds)
        gains_of("trees", None, before, after, ground, ~ground, study.thresholds, 1.0)
        clock.append(time.process_time())
        names = ("full_sky", "full_steps", "scenario", "numbers")
        for name, seconds in zip(names, np.diff(clock), strict=True):
            times.setdefault(name, []).append(float(seconds))
    same = all(
        np.array_equal(whole.dataset[n].values, part.summary.dataset[n].values, equal_nan=True)
        for n in ("tmrt", "utci", "shadow")
    ) and np.array_equal(whole.timeseries.utci_mean, part.summary.timeseries.utci_mean)
    best = {name: min(values) for name, values in times.items()}
    full_s = best["full_sky"] + best["full_steps"]
    figures = {
        "machine": machine.describe(machine.default_threads()),
        "side": arguments.side,
        "steps": len(steps),
        "processor_seconds": best,
        "share_of_sky": part.share_of_sky,
        "share_of_steps": part.share_of_steps,
        "over_full_day": best["scenario"] / full_s,
        "over_steps_alone": best["scenario"] / best["full_steps"],
        "with_numbers_over_full_day": (best["scenario"] + best["numbers"]) / full_s,
        "same_bits": bool(same),
    }
    arguments.output.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))
    worst = max(figures["with_numbers_over_full_day"], figures["over_steps_alone"])
    return 0 if same and worst < GATE else 1


def _open_place(town: Any, side: int) -> tuple[int, int]:
    """The place nearest to the middle where 10 x 10 cells are free of houses and trees."""
    free = (town.dsm - town.dem < 1.0) & ~(town.canopy > 0.0)
    best = None
    for row in range(0, side - 10, 2):
        for col in range(0, side - 10, 2):
            if free[row : row + 10, col : col + 10].all():
                far = abs(row + 5 - side / 2) + abs(col + 5 - side / 2)
                if best is None or far < best[0]:
                    best = (far, row, col)
    assert best is not None, "no free place"
    return best[1], best[2]


def _day() -> list[solweig.Weather]:
    """1 July, hour by hour."""
    began, steps = datetime(2025, 7, 1, 0, 0), []
    for i in range(1, 25):
        up = max(0.0, float(np.sin((i - 4.5) / 15.5 * np.pi))) if 4.5 < i < 20 else 0.0
        steps.append(
            solweig.Weather.from_values(
                18.0 + 12.0 * up, 60.0 - 25.0 * up, 850.0 * up, began + timedelta(hours=i), ws=2.0
            )
        )
    return steps


if __name__ == "__main__":
    raise SystemExit(main())

"""Every heat index beside UTCI, for every cell of a map under one weather.

    python -m benchmarks.indices

UTCI, PET, WBGT and SET* of the same cells in turns, so that ratios hold beside other work: once
from finished grids, once in a step of the model, where the time is that of a step with the index
less that of the same step without. Exit code 1 where one of them takes more than three times as
long as UTCI from grids. Fields of weather, where every cell is solved, are measured beside it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.cases import city_1000
from benchmarks.stages import DAY_WEATHER, make_model, preparation
from solweig import _core
from solweig.postprocess import compute_wbgt_grid

RESULTS = Path(__file__).parent / "results"
MOST = 3.0
TA, RH, WIND, PRESSURE = 33.0, 40.0, 1.2, 1005.0
METABOLISM, CLOTHING = 87.0, 0.9
MAN = {"weight": 75.0, "age": 35.0, "height": 1.8, "activity": 80.0, "clothing": 0.9, "sex": 1}


def in_turns(work: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Median processor seconds of each."""
    runs: dict[str, list[float]] = {name: [] for name in work}
    for i in range(repeats + 1):
        for name, call in work.items():
            start = time.process_time()
            call()
            if i:
                runs[name].append(time.process_time() - start)
    return {name: statistics.median(each) for name, each in runs.items()}


def from_grids(side: int, repeats: int) -> dict[str, float]:
    """Tmrt of a city, sun and shade; loads that belong to it."""
    rng = np.random.default_rng(1)
    lit = rng.uniform(size=(side, side)) > 0.6
    tmrt = (36.0 + 26.0 * lit + rng.normal(0.0, 3.0, lit.shape)).astype(np.float32)
    room = 5.67051e-8 * (TA + 273.15) ** 4
    globe = (room + 30.0 + 260.0 * lit + rng.normal(0.0, 20.0, lit.shape)).astype(np.float32)
    wick = (0.95 * globe - 40.0 * lit).astype(np.float32)
    air = TA, RH, WIND, PRESSURE
    return in_turns(
        {
            "utci": lambda: _core.utci_grid(tmrt, TA, RH, WIND),
            "pet": lambda: _core.pet_grid(tmrt, TA, RH, WIND, **MAN),
            "wbgt": lambda: _core.wbgt_grid(globe, wick, *air),
            "tnw": lambda: _core.wet_bulb_grid(wick, *air),
            "globe150": lambda: _core.globe_grid(globe, TA, WIND, PRESSURE, 0.15),
            "set": lambda: _core.standard_effective_grid(tmrt, *air, METABOLISM, CLOTHING),
        },
        repeats,
    )


def of_fields(side: int) -> float:
    """WBGT where air temperature is a field [s]."""
    load = np.full((side, side), 700.0, np.float32)
    ta = np.linspace(25.0, 35.0, side * side).reshape(side, side)
    start = time.process_time()
    compute_wbgt_grid(load, load, ta, RH, WIND)
    return time.process_time() - start


def in_a_step(repeats: int) -> dict[str, float]:
    """What a step of the city takes longer with an index [s]."""
    prepared, _ = preparation(city_1000(), 1)
    model = make_model(prepared, anisotropic=True)
    weather = dict(DAY_WEATHER)

    def step(*outputs: str) -> Callable[[], Any]:
        return lambda: model.step(model.new_state(), weather, outputs=["tmrt", *outputs])

    names = ("utci", "pet", "wbgt", "at", "set")
    found = in_turns({"": step(), **{name: step(name) for name in names}}, repeats)
    return {"tmrt": found[""], **{name: found[name] - found[""] for name in names}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--output", type=Path, default=RESULTS / "indices.json")
    arguments = parser.parse_args()
    threads = machine.default_threads()
    grids = from_grids(arguments.side, arguments.repeats)
    ratios = {name: seconds / grids["utci"] for name, seconds in grids.items()}
    found = {
        "machine": machine.describe(threads),
        "cells": arguments.side**2,
        "grids_processor_s": grids,
        "grids_beside_utci": ratios,
        "wbgt_with_a_field_of_air_temperature_processor_s_per_mpx": of_fields(500) / 0.25,
        "step_processor_s_per_mpx": in_a_step(arguments.repeats),
    }
    print(json.dumps(found, indent=2))
    arguments.output.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    slow = [name for name, ratio in ratios.items() if ratio > MOST]
    if slow:
        print(f"more than {MOST:g} times UTCI: {', '.join(slow)}")
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())

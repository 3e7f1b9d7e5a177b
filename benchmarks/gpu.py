"""The GPU engine on the fixed synthetic city: seconds, bytes and bandwidth per stage, growth.

python -m benchmarks.gpu [--side 1000] [--backend vulkan] [--steps 24] [--grow] [--output FILE.json]

On a software adapter the figures say that everything runs, not how fast a GPU is; the output says
which it was.
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
from benchmarks.city import synthetic_city
from benchmarks.stages import DAY_WEATHER
from solweig import _core

RESULTS = Path(__file__).parent / "results"

#: Bytes a cell that a daytime step moves through device memory at the least, by stage: what is read
#: and written once, loads that hit the cache left out (docs/gpu-execution.md).
STEP_BYTES = {
    "shadow": 20,
    "gvf": 16 + 64,
    "anisotropic": 64 + 28,
    "radiation": 140 + 32 + 12,
    "utci": 12,
    "statistics": 60 + 56 + 16,
}


def hours(steps: int) -> list[dict[str, Any]]:
    """The weather of a summer day, as many steps as wanted."""
    out = []
    for i in range(steps):
        hour = 24.0 * (i + 0.5) / steps
        altitude = 55.5 * np.sin((hour - 4.0) / 16.0 * np.pi)
        light = max(float(altitude), 0.0) / 55.5
        out.append(
            {
                **DAY_WEATHER,
                "altitude": float(altitude),
                "azimuth": 15.0 * hour,
                "clock_fraction": hour / 24.0,
                "global_rad": 850.0 * light,
                "direct_rad": 800.0 * light,
                "diffuse_rad": 150.0 * light,
                "step_days": 1.0 / steps,
                "hours": 24.0 / steps,
            }
        )
    return out


def timed(work: Callable[[], Any], repeats: int) -> float:
    """Median seconds of a warm call."""
    work()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def a_model(side: int, engine: _core.Engine) -> tuple[Any, Any]:
    """Scene and model of the city, its sky view from the device."""
    city = synthetic_city(side)
    scene = _core.Scene(city.dsm, pixel_size=1.0, dem=city.dem, canopy=city.canopy)
    height = _core.wall_height(city.dsm, 1.0)
    sky = scene.svf(2, engine=engine)
    model = _core.Model(
        scene,
        svf=sky.fields(),
        masks=sky.masks(),
        patch_option=2,
        buildings=_core.buildings_mask(city.dsm, land_cover=city.land_cover),
        wall_height=height,
        wall_aspect=_core.wall_aspect(city.dsm, height, 1.0),
        land_cover=city.land_cover,
        engine=engine,
    )
    return scene, model


def a_day(model: Any, weather: list[dict[str, Any]]) -> Callable[[], None]:
    """Every step of a day with the statistics of Tmrt and UTCI, summaries read at the end."""

    def run() -> None:
        state = model.new_state()
        counted = model.new_statistics((32.0, 38.0), (26.0,))
        for step in weather:
            model.step(state, step, outputs=[], statistics=counted)
        counted.grids()

    return run


def measure(side: int, device: _core.Gpu, steps: int, repeats: int) -> dict[str, Any]:
    """Figures of one size."""
    engine = _core.Engine("gpu", device)
    scene, model = a_model(side, engine)
    megapixels = side * side / 1e6
    svf_s = timed(lambda: scene.svf(2, engine=engine), repeats)
    device.reset_counters()
    scene.svf(2, engine=engine)
    svf = {"seconds": svf_s, "device_seconds": sum(device.stage_times().values())}
    svf |= device.counters()
    weather = hours(steps)
    day_s = timed(a_day(model, weather), repeats)
    state, counted = model.new_state(), model.new_statistics((32.0, 38.0), (26.0,))
    noon = weather[len(weather) // 2]
    model.step(state, noon, outputs=[], statistics=counted)
    device.reset_counters()
    started = time.perf_counter()
    for _ in range(repeats):
        model.step(state, noon, outputs=[], statistics=counted)
    step_s = (time.perf_counter() - started) / repeats
    stages = {name: s / repeats for name, s in device.stage_times().items()}
    counters = {name: n / repeats for name, n in device.counters().items()}
    return {
        "side": side,
        "megapixels": megapixels,
        "svf": svf,
        "day": {"steps": steps, "seconds": day_s},
        "day_step": {
            "seconds": step_s,
            "device_seconds": stages,
            "bytes_up": counters["bytes_up"],
            "bytes_down": counters["bytes_down"],
            "device_gb_per_s": {
                name: STEP_BYTES[name] * side * side / seconds / 1e9
                for name, seconds in stages.items()
                if name in STEP_BYTES and seconds > 0
            },
        },
        "peak_allocated_bytes": device.counters()["peak_allocated"],
    }


def report(figures: dict[str, Any]) -> str:
    """One size in words."""
    svf, step, day = figures["svf"], figures["day_step"], figures["day"]
    lines = [
        f"{figures['megapixels']:.2f} Mpx: sky view {svf['seconds']:.4f} s "
        f"(on the device {svf['device_seconds']:.4f} s, {svf['bytes_down'] / 1e6:.0f} MB back), "
        f"{day['steps']} steps with statistics {day['seconds']:.4f} s"
    ]
    for name, seconds in step["device_seconds"].items():
        speed = step["device_gb_per_s"].get(name)
        text = "" if speed is None else f", {speed:8.1f} GB/s"
        lines.append(f"  {name:12} {1e3 * seconds:9.3f} ms a day step{text}")
    lines.append(f"  a step moves {step['bytes_up']:.0f} B in and {step['bytes_down']:.0f} B out")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=1000)
    parser.add_argument("--backend", default="vulkan")
    parser.add_argument("--index", type=int, default=0)
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--budget", type=int, default=None, help="device memory to use [bytes]")
    parser.add_argument(
        "--grow", action="store_true", help="double the side until it no longer fits"
    )
    parser.add_argument("--output", type=Path, default=RESULTS / "gpu.json")
    options = parser.parse_args()
    device = _core.open_gpu(options.backend, options.index, memory_budget=options.budget)
    about = {
        "adapter": device.name,
        "backend": device.backend,
        "device_type": device.device_type,
        "driver": device.driver,
        "limits": device.limits,
        "times_from": device.timing,
        "self_test": device.self_test(),
    }
    results: list[dict[str, Any]] = []
    side = options.side
    while True:
        try:
            results.append(measure(side, device, options.steps, options.repeats))
        except _core.GpuError as error:
            print(f"{side} x {side} does not fit: {error.reason}")
            break
        print(report(results[-1]), flush=True)
        if not options.grow:
            break
        side *= 2
    document = {
        "machine": {**machine.describe(machine.default_threads()), "engine": "gpu"},
        "device": about,
        "sizes": results,
    }
    options.output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Times one package called ``solweig`` through its public interface; prints one JSON line.

Run by :mod:`benchmarks.peer` and :mod:`benchmarks.memory` in a fresh interpreter, ours or a
peer's: both offer the same calls, so both do exactly the same work on the same files. Imports
nothing from this repository.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any


def resident_bytes() -> int:
    """Resident memory now (Linux), or the peak so far elsewhere."""
    return _status_bytes("VmRSS:") or peak_bytes()


def peak_bytes() -> int:
    """Highest resident memory of this process so far.

    Not ``ru_maxrss`` where Linux tells better: that one starts at the size of the parent.
    """
    unit = 1 if sys.platform == "darwin" else 1024
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return _status_bytes("VmHWM:") or usage


def _status_bytes(key: str) -> int:
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith(key):
                return int(line.split()[1]) * 1024
    return 0


class Clock:
    """Wall and processor time (all threads) of a ``with`` block."""

    wall_s = cpu_s = 0.0

    def __enter__(self) -> Clock:
        self._start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall_s = time.perf_counter() - self._start[0]
        self.cpu_s = time.process_time() - self._start[1]


def run_job(job: dict[str, Any]) -> dict[str, Any]:
    """Prepare the surface, then calculate short and longer series of the same day.

    ``prepare`` of the job names how: ``files`` reads GeoTIFFs and fills a cache folder, ``memory``
    starts from arrays and writes nothing; the series use the last one.

    The time of a step is the slope between the two last series, so set-up and summary files, paid
    once a run, stay out of it.
    """
    os.environ.setdefault("SOLWEIG_NO_GPU", "1")
    import solweig

    solweig.disable_gpu()
    location = solweig.Location(job["latitude"], job["longitude"], utc_offset=job["utc_offset"])
    _warm_up(solweig, job, location)
    baseline = resident_bytes()
    prepare: dict[str, Clock] = {}
    with tempfile.TemporaryDirectory(prefix="solweig-bench-") as folder:
        for mode in job["prepare"]:
            surface, prepare[mode] = _prepare(solweig, job, mode, Path(folder))
        peak_prepare = peak_bytes()
        series: list[tuple[int, float, float]] = []
        tmrt_mean = None
        for steps in job["series"]:
            weather = [_weather(solweig, row, job["date"]) for row in steps]
            with Clock() as clock:
                summary = solweig.calculate(
                    surface,
                    weather,
                    location,
                    output_dir=str(Path(folder) / f"out{len(series)}"),
                    outputs=["tmrt"],
                    use_anisotropic_sky=job.get("anisotropic", True),
                    **job.get("options", {}),
                )
            series.append((len(steps), clock.wall_s, clock.cpu_s))
            tmrt_mean = _mean(summary.tmrt_mean)
            stages = _stages(summary, len(steps))
            del summary
    return {
        "version": solweig.__version__,
        **{f"prepare_{mode}_s": clock.wall_s for mode, clock in prepare.items()},
        **{f"prepare_{mode}_cpu_s": clock.cpu_s for mode, clock in prepare.items()},
        "step_s": _slope(series, 1),
        "step_cpu_s": _slope(series, 2),
        "series_s": series,
        "tmrt_mean_c": tmrt_mean,
        "stages_s": stages,
        "sky_view_s": _sky_view(surface),
        "baseline_rss_bytes": baseline,
        "peak_rss_prepare_bytes": peak_prepare,
        "peak_rss_bytes": peak_bytes(),
    }


def _slope(series: list[tuple[int, float, float]], column: int) -> float:
    """Time of one more step, between the last two series."""
    first, last = series[-2:] if len(series) > 1 else (series[0], series[0])
    if last[0] == first[0]:
        return first[column] / first[0]
    return (last[column] - first[column]) / (last[0] - first[0])


def _stages(summary: Any, steps: int) -> dict[str, float]:
    """Seconds of each stage of a step, where the package tells."""
    timings = (getattr(summary, "metadata", None) or {}).get("timings", {})
    return {name: s / steps for name, s in timings.get("stages_s", {}).items()}


def _sky_view(surface: Any) -> float | None:
    """Seconds the sky view took, where the package tells."""
    telemetry = getattr(surface, "telemetry", None)
    found = telemetry.as_dict().get("svf_tile_wall_time_s") if telemetry else None
    return sum(row["total"] for row in found) if found else None


def _prepare(solweig: Any, job: dict[str, Any], mode: str, folder: Path) -> tuple[Any, Clock]:
    if mode == "files":
        with Clock() as clock:
            surface = solweig.SurfaceData.prepare(
                working_dir=str(folder / "cache"), **job["files"], **job.get("options", {})
            )
        return surface, clock
    import rasterio

    layers = {}
    for name, path in job["files"].items():
        with rasterio.open(path) as raster:
            layers[name] = raster.read(1)
    with Clock() as clock:
        surface = solweig.SurfaceData.prepare(
            pixel_size=job["pixel_size"], **layers, **job.get("options", {})
        )
    return surface, clock


def _warm_up(solweig: Any, job: dict[str, Any], location: Any) -> None:
    """One step on a tiny raster: every library either package needs is loaded after it."""
    import numpy as np

    ground = np.zeros((48, 48), np.float32)
    dsm = ground.copy()
    dsm[20:28, 20:28] = 10.0
    with tempfile.TemporaryDirectory(prefix="solweig-warm-") as folder:
        surface = solweig.SurfaceData.prepare(
            dsm=dsm, dem=ground, working_dir=str(Path(folder) / "cache"), pixel_size=1.0
        )
        weather = [_weather(solweig, job["series"][0][0], job["date"])]
        solweig.calculate(
            surface, weather, location, output_dir=str(Path(folder) / "out"), outputs=["tmrt"]
        )


def _weather(solweig: Any, row: list[float], date: list[int]) -> Any:
    hour, ta, rh, global_rad, wind = row
    return solweig.Weather(
        datetime=datetime(*date) + timedelta(hours=hour),
        ta=ta,
        rh=rh,
        global_rad=global_rad,
        ws=wind,
    )


def _mean(grid: Any) -> float:
    import numpy as np

    return float(np.nanmean(grid))


if __name__ == "__main__":
    result = run_job(json.loads(Path(sys.argv[1]).read_text()))
    print("RESULT " + json.dumps(result))

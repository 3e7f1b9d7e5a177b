"""Job descriptions for :mod:`benchmarks.api_run` and the means to run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.cases import DATE, DAY_STEPS, LATITUDE, LONGITUDE, REPOSITORY, UTC_OFFSET, Case

API_RUN = Path(__file__).with_name("api_run.py")


def write_job(
    case: Case,
    folder: Path,
    *,
    long_series: int,
    prepare: tuple[str, ...] = ("files",),
    anisotropic: bool = True,
    series: list[list[list[float]]] | None = None,
    options: dict[str, Any] | None = None,
) -> Path:
    """Write rasters and the job file of one case: one step, then ``long_series`` steps.

    ``series`` are other ones, their hours counted from the first midnight; ``options`` go to both
    preparation and run.
    """
    job = {
        "case": case.name,
        "files": case.write(folder / "inputs"),
        "pixel_size": case.pixel_size,
        "prepare": prepare,
        # The first series is there to warm up; alone, it is the measurement.
        "series": series
        or [DAY_STEPS[:1]] + ([DAY_STEPS[:1], DAY_STEPS[:long_series]] if long_series > 1 else []),
        "options": options or {},
        "date": DATE,
        "latitude": LATITUDE,
        "longitude": LONGITUDE,
        "utc_offset": UTC_OFFSET,
        "anisotropic": anisotropic,
    }
    path = folder / "job.json"
    path.write_text(json.dumps(job))
    return path


def run_job(python: str | Path, job: Path, *, threads: int, ours: bool) -> dict[str, Any]:
    """Run one job in a fresh interpreter, CPU only."""
    environment = dict(os.environ, SOLWEIG_NO_GPU="1", RAYON_NUM_THREADS=str(threads))
    environment.pop("PYTHONPATH", None)
    if ours:
        environment["PYTHONPATH"] = str(REPOSITORY / "python")
    done = subprocess.run(
        [str(python), str(API_RUN), str(job)],
        env=environment,
        cwd=job.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line.removeprefix("RESULT "))
    raise RuntimeError(
        f"{python} {API_RUN.name} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    )


def our_python() -> str:
    """The interpreter whose solweig is measured as ours: the one running this script."""
    return sys.executable

"""The strongest peer at the field masts, paired by intervals as we are.

    python -m benchmarks.peer_masts

It runs with its defaults and gets the weather as its own documentation asks for it: stamps at the
end of intervals, which it takes the sun amid. Once in the hours of the weather, once in steps of
ten minutes, as our own rows of docs/validation.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from tests.support.stored import stored_data, unpacked
from tests.validation import runs
from tests.validation.sites import Site, site_days

from benchmarks.peer import ENVIRONMENT, PEER, RESULTS, peer_python
from solweig import Weather
from solweig.validation.agreement import agreement
from solweig.validation.modelled import finer_weather
from solweig.validation.pairing import overlap_means
from solweig.weather.sun import bounds_of_steps

MINUTES = (60.0, 10.0)

#: Runs in the peer's environment: what it is told, and Tmrt at the mast step by step.
SCRIPT = """
import json, sys, tempfile
from datetime import datetime
from pathlib import Path
import rasterio, solweig
job = json.loads(Path(sys.argv[1]).read_text())
location = solweig.Location(**job["location"])
with tempfile.TemporaryDirectory() as folder:
    surface = solweig.SurfaceData.prepare(working_dir=folder + "/cache", **job["files"])
    found = {}
    for name, rows in job["weather"].items():
        weather = [
            solweig.Weather(datetime=datetime.fromisoformat(row.pop("datetime")), **row)
            for row in rows
        ]
        out = Path(folder) / name
        solweig.calculate(surface, weather, location, output_dir=str(out), outputs=["tmrt"])
        values = []
        for path in sorted(out.rglob("tmrt_*.tif")):
            if "summary" in path.parts:
                continue
            with rasterio.open(path) as raster:
                row, col = raster.index(*job["point"])
                values.append(float(raster.read(1)[row, col]))
        found[name] = values
print("RESULT " + json.dumps(found))
"""


def _rows(weather: Sequence[Weather]) -> list[dict[str, Any]]:
    """Steps whose stamps mark their beginning, as the peer takes them: at their end.

    What is not known is left to its defaults.
    """
    rows = [
        {
            "datetime": (row.datetime + timedelta(minutes=row.timestep_minutes)).isoformat(),
            "ta": row.ta,
            "rh": row.rh,
            "ws": row.ws,
            "pressure": row.pressure,
            "global_rad": row.global_rad,
            "measured_direct_rad": row.measured_direct_rad,
            "measured_diffuse_rad": row.measured_diffuse_rad,
            "timestep_minutes": row.timestep_minutes,
        }
        for row in weather
    ]
    return [{n: v for n, v in row.items() if v == v and v is not None} for row in rows]


def _bounds(weather: Sequence[Weather]) -> NDArray[np.datetime64]:
    times = np.array([row.datetime for row in weather], "datetime64[ns]")
    return bounds_of_steps(times, [row.timestep_minutes for row in weather], "start")


def at_mast(site: Site, day: str, shared: Path, python: Path) -> dict[str, dict[str, float]]:
    """Agreement of the peer's Tmrt with the mast, by the length of its steps."""
    place = runs.location(site, shared)
    hours = runs.true_weather(site, day, shared)
    weather = {f"{m:.0f}": finer_weather(hours, place, minutes=m) for m in MINUTES}
    folder = site.folder(shared)
    with tempfile.TemporaryDirectory(prefix="solweig-peer-") as scratch:
        canopy = _as_tiff(unpacked(folder / site.canopy, Path(scratch)), folder / site.dsm, scratch)
        job = {
            "location": {
                "latitude": place.latitude,
                "longitude": place.longitude,
                "altitude": place.altitude,
                "utc_offset": place.utc_offset,
            },
            "files": {
                "dsm": str(folder / site.dsm),
                "dem": str(folder / site.dem),
                "cdsm": canopy,
                "land_cover": str(folder / site.land_cover),
            },
            "point": site.point(shared),
            "weather": {name: _rows(rows) for name, rows in weather.items()},
        }
        path, script = Path(scratch) / "job.json", Path(scratch) / "run_peer.py"
        path.write_text(json.dumps(job))
        script.write_text(SCRIPT)
        environment = dict(os.environ, SOLWEIG_NO_GPU="1")
        environment.pop("PYTHONPATH", None)
        done = subprocess.run(
            [str(python), str(script), str(path)],
            env=environment, cwd=scratch, capture_output=True, text=True, check=False,
        )  # fmt: skip
    line = next((t for t in done.stdout.splitlines() if t.startswith("RESULT ")), None)
    if line is None:
        raise RuntimeError(f"{PEER} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    found = json.loads(line.removeprefix("RESULT "))
    mast = site.mast(shared, day)
    intervals = mast.bounds(site.stamp)
    result = {}
    for name, tmrt in found.items():
        paired = overlap_means(_bounds(weather[name]), np.array([tmrt]), intervals)[0]
        own = agreement(paired, mast.columns["Tmrt"])
        result[name] = {
            "n": own.n,
            "rmse": own.rmse,
            "mae": own.mae,
            "bias": own.bias,
            "r2": own.r2,
        }
    return result


def _as_tiff(path: Path, like: Path, folder: str) -> str:
    """A canopy with the reference system of the surface, which a text raster does not carry."""
    with rasterio.open(path) as raster, rasterio.open(like) as model:
        profile = model.profile | {"dtype": "float32", "nodata": None}
        values = raster.read(1).astype(np.float32)
    target = Path(folder) / "canopy.tif"
    with rasterio.open(target, "w", **profile) as raster:
        raster.write(np.where(values > 0, values, 0.0), 1)
    return str(target)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--environment", type=Path, default=ENVIRONMENT)
    parser.add_argument("--output", type=Path, default=RESULTS / "peer_masts.json")
    arguments = parser.parse_args()
    python = peer_python(arguments.environment)
    days = {}
    with runs.quiet():
        for site, day in site_days():
            days[f"{site.name} {day}"] = at_mast(site, day, stored_data(), python)
            print(site.name, day, days[f"{site.name} {day}"], flush=True)
    arguments.output.write_text(json.dumps({"peer": PEER, "days": days}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

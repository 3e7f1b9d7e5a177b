"""Exposure from a made run: 500 polygons on 10 Mpx, and a way through a day of 1 Mpx.

    python -m benchmarks.exposure

The run is not computed: its rasters are made, a few of them, and its steps are links to these.
Figures are processor seconds, so that they hold beside other work. Gates: 10 s for the polygons
over one hour and some summary maps, 1 s for the way over all steps of Tmrt and UTCI.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

import solweig
from benchmarks import machine
from solweig.exposure.coverage import cover
from solweig.exposure.finished import FinishedRun
from solweig.rasters.georef import GeoReference
from solweig.rasters.geotiff import write_geotiff
from solweig.results.metadata import FILE_NAME
from solweig.results.outputs import ground_path, step_path, summary_path

RESULTS = Path(__file__).parent / "results"
GATE_ZONES, GATE_ROUTE = 10.0, 1.0
DAY = datetime(2025, 7, 1)
MADE = 3
SUMMARIES = ("tmrt_day_mean", "utci_day_mean", "utci_max", "utci_hours_above_32_day")


def made_run(folder: Path, side: int, steps: int) -> Path:
    """A run of whole hours whose rasters are smooth fields with noise, a fifth of it buildings."""
    from pyproj import CRS

    wkt = CRS.from_epsg(3006).to_wkt()
    georef = GeoReference((300_000.0, 1.0, 0.0, 6_400_000.0, 0.0, -1.0), wkt, (side, side))
    rng = np.random.default_rng(1)
    wave = np.sin(np.arange(side) / 40.0)
    for name in ("tmrt", "utci", "summary"):
        (folder / name).mkdir(parents=True)
    stamps = [DAY + timedelta(hours=k + 1) for k in range(steps)]
    for k in range(MADE):
        grid = 30.0 + 6.0 * wave[:, None] * wave[None, :] + rng.normal(0.0, 1.0, (side, side)) + k
        write_geotiff(folder / f"made_{k}.tif", grid.astype(np.float32), georef, name="utci")
    for name in ("tmrt", "utci"):
        for k, stamp in enumerate(stamps):
            os.link(folder / f"made_{k % MADE}.tif", step_path(folder, name, stamp))
    for name in SUMMARIES:
        os.link(folder / "made_0.tif", summary_path(folder, name))
    ground = (rng.uniform(size=(side, side)) > 0.2).astype(np.uint8)
    write_geotiff(ground_path(folder), ground, georef, name="open_ground")
    told = {
        "run_id": "made", "status": "complete", "parameters": {"outputs": ["tmrt", "utci"]},
        "inputs": {
            "surface": {
                "shape": [side, side], "pixel_size": 1.0, "geotransform": list(georef.gdal),
                "crs": wkt,
            },
            "weather": {
                "n_timesteps": steps, "start": stamps[0].isoformat(), "end": stamps[-1].isoformat(),
            },
            "location": {"utc_offset": 1.0},
        },
        "intervals": {"stamp": "end", "timestep_minutes": [60.0]},
    }  # fmt: skip
    (folder / FILE_NAME).write_text(json.dumps(told))
    return folder


def districts(run: FinishedRun, count: int) -> Any:
    """Voronoi cells of random places: they cover the map and share their edges."""
    import geopandas
    import shapely

    west, south, east, north = run.georef.bounds()
    rng = np.random.default_rng(2)
    places = np.stack([rng.uniform(west, east, count), rng.uniform(south, north, count)], axis=1)
    box = shapely.box(west, south, east, north)
    cells = shapely.voronoi_polygons(shapely.MultiPoint(places), extend_to=box)
    shapes = shapely.intersection(shapely.get_parts(cells), box)
    return geopandas.GeoDataFrame(geometry=shapes, crs=3006)


def way(run: FinishedRun) -> Any:
    """From corner to corner, in zigzag."""
    import geopandas
    import shapely

    west, south, east, north = run.georef.bounds()
    along = np.linspace(0.02, 0.98, 60)
    aside = 0.02 * np.where(np.arange(60) % 2 == 0, 1.0, -1.0)
    places = np.stack([west + (east - west) * along, south + (north - south) * (along + aside)], 1)
    return geopandas.GeoDataFrame(geometry=[shapely.LineString(places)], crs=3006)


def seconds(work: Callable[[], Any]) -> dict[str, float]:
    """Of the processor, all threads, and of the clock."""
    processor, clock = time.process_time(), time.perf_counter()
    work()
    return {
        "processor_s": time.process_time() - processor, "clock_s": time.perf_counter() - clock,
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zones-side", type=int, default=3163)
    parser.add_argument("--polygons", type=int, default=500)
    parser.add_argument("--route-side", type=int, default=1000)
    parser.add_argument("--output", type=Path, default=RESULTS / "exposure.json")
    arguments = parser.parse_args()
    found: dict[str, Any] = {"machine": machine.describe(1)}
    with tempfile.TemporaryDirectory() as scratch:
        one = made_run(Path(scratch) / "hour", arguments.zones_side, 1)
        opened = FinishedRun.open(one)
        shapes = districts(opened, arguments.polygons)
        found["coverage"] = seconds(lambda: cover(shapes.geometry.values, opened.georef))
        found["zones"] = seconds(lambda: solweig.zonal_statistics(one, shapes))
        found["zones"] |= {
            "polygons": len(shapes), "cells": arguments.zones_side**2,
            "maps": len(SUMMARIES) + 2,
        }  # fmt: skip
        day = made_run(Path(scratch) / "day", arguments.route_side, 24)
        line = way(FinishedRun.open(day))
        solweig.route_exposure(day, line.iloc[:1], depart="12:00")  # imports
        found["route"] = seconds(lambda: solweig.route_exposure(day, line))
        found["route"] |= {
            "cells": arguments.route_side**2, "length_m": float(line.length.sum()),
        }  # fmt: skip
    each = (found["zones"]["processor_s"] - found["coverage"]["processor_s"]) / found["zones"][
        "maps"
    ]
    found["zones"]["processor_s_per_map"] = each
    for name in ("coverage", "zones", "route"):
        print(name, json.dumps(found[name]))
    arguments.output.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    good = (
        found["zones"]["processor_s"] <= GATE_ZONES and found["route"]["processor_s"] <= GATE_ROUTE
    )
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())

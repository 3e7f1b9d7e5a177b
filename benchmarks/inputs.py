"""Building a surface from what a city has: footprints and crowns, LiDAR, and memory.

    python -m benchmarks.inputs

Gates: 100 000 footprints and 100 000 crowns on 4000 x 4000 cells, from GeoPackages to COGs, within
20 s; 2 million LiDAR points a second and core once they are decompressed; 100 million points in a
LAZ file, from the file to COGs, under 4 GiB. Made data with a fixed seed. Every build runs in a
process of its own, whose peak is its highest resident memory, loaded packages included. The gates
of time hold for processor time, which others on the machine leave alone: all but the compression of
rasters is on one core.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.api_run import peak_bytes
from benchmarks.cases import REPOSITORY
from benchmarks.report import BEGIN, END

RESULTS = Path(__file__).parent / "results"
DOCUMENT = REPOSITORY / "docs" / "inputs.md"
GATE_BURN_S = 20.0
GATE_POINTS_A_SECOND = 2e6
GATE_BYTES = 4 * 2**30
WEST, SOUTH, CRS = 500_000.0, 5_400_000.0, "EPSG:25832"
PART = 1_000_000
CLASSES = np.array([2, 3, 4, 5, 6, 9, 7], np.uint8)
SHARES = [0.45, 0.04, 0.05, 0.16, 0.26, 0.03, 0.01]


# ------------------------------------------------------------------ made sources


def write_vectors(folder: Path, count: int, side: float) -> dict[str, Path]:
    """Turned houses with heights or floors, and trees as points and as areas."""
    import geopandas
    import shapely

    rng = np.random.default_rng(7)
    x, y = WEST + rng.random((2, count)) * side
    y = y - WEST + SOUTH
    length, width = rng.uniform(6, 16, count) / 2, rng.uniform(5, 12, count) / 2
    turn = rng.uniform(0, np.pi, count)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)])
    along, across = corners[:, 0] * length[:, None], corners[:, 1] * width[:, None]
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    rings = np.stack(
        [x[:, None] + along * cos - across * sin, y[:, None] + along * sin + across * cos], axis=-1
    )
    floors = rng.integers(1, 9, count)
    height = np.where(rng.random(count) < 0.6, floors * 3.1, np.nan)
    houses = geopandas.GeoDataFrame(
        {"height": height, "num_floors": floors}, geometry=shapely.polygons(rings), crs=CRS
    )
    tx, ty = rng.random((2, count)) * side
    radius = rng.uniform(1.5, 6.0, count)
    stems = shapely.points(WEST + tx, SOUTH + ty)
    species = np.array(["Tilia cordata", "Picea abies", "Pinus pinea", ""])
    trees = geopandas.GeoDataFrame(
        {"height": radius * 3, "crown_diameter": radius * 2,
         "species": species[rng.integers(0, 4, count)]},
        geometry=stems, crs=CRS,
    )  # fmt: skip
    crowns = trees[["height"]].set_geometry(shapely.buffer(stems, radius, quad_segs=4), crs=CRS)
    paths = {}
    for name, table in (("houses", houses), ("trees", trees), ("crowns", crowns)):
        paths[name] = folder / f"{name}.gpkg"
        table.to_file(paths[name])
    return paths


def write_ground(path: Path, side: int) -> Path:
    import rasterio
    from rasterio.transform import Affine

    r, c = np.mgrid[:side, :side].astype(np.float32)
    layer = 50 + 0.01 * r + 5 * np.sin(c / 300)
    with rasterio.open(
        path, "w", driver="GTiff", height=side, width=side, count=1, dtype="float32", crs=CRS,
        transform=Affine(1, 0, WEST, 0, -1, SOUTH + side), compress="deflate", tiled=True,
    ) as sink:  # fmt: skip
        sink.write(layer.astype(np.float32), 1)
    return path


def survey(count: int, side: float, seed: int) -> dict[str, Any]:
    """Points of a town of blocks 20 m wide with 20 m between them, and trees in the streets."""
    rng = np.random.default_rng(seed)
    x, y = rng.random((2, count)) * side
    code = rng.choice(CLASSES, count, p=SHARES)
    block = (x % 40 < 20) & (y % 40 < 20)
    code[block & np.isin(code, (2, 3, 4, 5))] = 6
    code[~block & (code == 6)] = 2
    z = 50 + 0.01 * y
    z[code == 6] += 12.0
    tall = np.isin(code, (3, 4, 5))
    z[tall] += rng.uniform(2, 15, int(tall.sum()))
    return {"x": WEST + x, "y": SOUTH + y, "z": z, "class": code}


def write_cloud(path: Path, count: int, side: float) -> Path:
    """A LAS or LAZ file, in flight lines of a million points."""
    import laspy
    from pyproj import CRS as System

    header = laspy.LasHeader(version="1.4", point_format=6)
    header.scales, header.offsets = [0.001] * 3, [WEST, SOUTH, 0.0]
    header.add_crs(System.from_user_input(CRS))
    with laspy.open(path, "w", header=header) as sink:
        for first in range(0, count, PART):
            part = survey(min(PART, count - first), side, seed=first // PART)
            points = laspy.ScaleAwarePointRecord.zeros(len(part["x"]), header=header)
            points.x, points.y, points.z = part["x"], part["y"], part["z"]
            points.classification = part["class"]
            points.return_number[:] = 1
            points.number_of_returns[:] = 1
            sink.write_points(points)
    return path


# ------------------------------------------------------------------ measured


def build(given: dict[str, Any]) -> dict[str, float]:
    """Time and peak of a build in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.inputs", "--one", json.dumps(given)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def one(given: dict[str, Any]) -> None:
    from solweig.inputs import build_surface

    with tempfile.TemporaryDirectory(prefix="solweig-built-") as folder:
        began, used = time.perf_counter(), time.process_time()
        build_surface(Path(folder) / "out", picture=False, **given)
        seconds, processor = time.perf_counter() - began, time.process_time() - used
    peak = peak_bytes()
    print(json.dumps({"seconds": seconds, "processor_seconds": processor, "peak_rss_bytes": peak}))


def points_a_second(path: Path, side: int) -> dict[str, float]:
    """Points of an uncompressed file through to cells on one core, reading left out."""
    from pyproj import CRS as System
    from rasterio.transform import Affine

    from solweig.inputs import lidar
    from solweig.inputs.returns import Returns
    from solweig.inputs.scratch import Scratch
    from solweig.inputs.sources import Source
    from solweig.rasters.grids import Grid

    system = System.from_user_input(CRS)
    cloud = lidar.open_cloud(Source("lidar", str(path), path))
    grid = Grid((side, side), Affine(1, 0, WEST, 0, -1, SOUTH + side), None)
    whole = slice(0, side), slice(0, side)
    table = lidar.roles(None)
    returns = Returns(Scratch(path.parent, grid.shape, on_disk=False))
    reading = working = 0.0
    clock = time.process_time()
    for points in lidar._streamed(cloud, lidar.CHUNK_POINTS):
        read = time.process_time()
        returns.add(lidar._chunk(points, cloud, grid, system, table, whole))
        done = time.process_time()
        reading, working, clock = reading + read - clock, working + done - read, done
    return {
        "points": cloud.points,
        "points_a_second": cloud.points / working,
        "reading_seconds": reading,
        "working_seconds": working,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--side", type=int, default=4000)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--points", type=int, default=100_000_000, help="of the largest cloud")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULTS / "inputs.json")
    parser.add_argument("--document", action="store_true", help="write docs/inputs.md, no more")
    arguments = parser.parse_args()
    if arguments.document:
        document(json.loads(arguments.output.read_text()))
        return 0
    if arguments.one:
        one(json.loads(arguments.one))
        return 0
    report: dict[str, Any] = {"machine": machine.describe(machine.default_threads())}
    with tempfile.TemporaryDirectory(prefix="solweig-inputs-") as name:
        folder = Path(name)
        report["burning"] = burning(folder, arguments)
        report["lidar"] = best_rate(folder, arguments)
        report["memory"] = curve(folder, arguments)
    gates = {
        "burning": max(f["processor_seconds"] for f in report["burning"].values()) <= GATE_BURN_S,
        "points_a_second": report["lidar"]["points_a_second"] >= GATE_POINTS_A_SECOND,
        "memory": max(f["peak_rss_bytes"] for f in report["memory"]) < GATE_BYTES,
    }
    report["gates_held"] = gates
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))
    document(report)
    return 0 if all(gates.values()) else 1


def document(report: dict[str, Any]) -> None:
    """Put the figures into docs/inputs.md and draw the curve of memory."""
    text = DOCUMENT.read_text()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    machine_ = report["machine"]
    rows = [
        "| | Cells | Processor time | Peak memory |",
        "|---|---|---|---|",
    ]
    for name, found in report["burning"].items():
        what = f"{found['footprints']:,} footprints, {found['crowns']:,} {_CALLED[name]}, a DEM"
        rows.append(f"| {what} | {_facts(found)}")
    for found in report["memory"]:
        rows.append(f"| LAZ, {found['points'] / 1e6:g} M points | {_facts(found)}")
    rate = report["lidar"]["points_a_second"] / 1e6
    lines = [
        *rows,
        "",
        "From files to files, loaded packages included. Once decompressed, "
        f"{rate:.1f} million points a second and core go into the grid.",
        "",
        "![Peak memory against points and against cells](images/inputs_memory.png)",
        "",
        f"{machine_['cpu']}, {machine_['cores']} cores, {machine_['memory_gib']} GiB, commit "
        f"{machine_['commit']}, {machine_['time'][:10]}. Others used the machine too, hence",
        "processor time.",
    ]
    DOCUMENT.write_text(text[:begin] + "\n" + "\n".join(lines) + "\n" + text[end:])
    draw(report["memory"], REPOSITORY / "docs" / "images" / "inputs_memory.png")


_CALLED = {"trees": "trees as points", "crowns": "crowns as areas"}


def _facts(found: dict[str, Any]) -> str:
    return (
        f"{found['cells'] / 1e6:g} M | {found['processor_seconds']:.1f} s | "
        f"{found['peak_rss_bytes'] / 2**30:.2f} GiB |"
    )


def draw(found: list[dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained", sharey=True)
    most = max(f["points"] for f in found)
    common = next(f["cells"] for f in found if f["points"] < most)
    for axis, name, chosen, fixed in (
        (axes[0], "points", [f for f in found if f["cells"] == common],
         f"{common / 1e6:g} M cells"),
        (axes[1], "cells", [f for f in found if f["points"] == most],
         f"{most / 1e6:g} M points"),
    ):  # fmt: skip
        axis.plot([f[name] / 1e6 for f in chosen], [f["peak_rss_bytes"] / 2**30 for f in chosen],
                  "o-", color="#0072b2")  # fmt: skip
        axis.set_xlabel(f"{name} [million]")
        axis.set_title(fixed, fontsize=9)
        axis.set_ylim(0, 1.1 * max(f["peak_rss_bytes"] for f in found) / 2**30)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("peak memory [GiB]")
    axes[0].set_xscale("log")
    figure.savefig(path, dpi=90, metadata={"Software": None})


def burning(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    side = arguments.side
    paths = write_vectors(folder, arguments.count, side)
    ground = write_ground(folder / "ground.tif", side)
    found = {}
    for name in ("trees", "crowns"):
        given = {"dem": str(ground), "footprints": str(paths["houses"]), "trees": str(paths[name])}
        runs = [build(given) for _ in range(arguments.repeats)]
        best = min(runs, key=lambda run: run["processor_seconds"])
        found[name] = {"cells": side * side, "footprints": arguments.count,
                       "crowns": arguments.count, **best}  # fmt: skip
        print(name, best, flush=True)
    return found


def best_rate(folder: Path, arguments: argparse.Namespace) -> dict[str, float]:
    path = write_cloud(folder / "town.las", 10 * PART, 1000)
    runs = [points_a_second(path, 1000) for _ in range(arguments.repeats)]
    path.unlink()
    return max(runs, key=lambda run: run["points_a_second"])


def curve(folder: Path, arguments: argparse.Namespace) -> list[dict[str, float]]:
    """Peak against points on one grid, and against cells with the points of the largest cloud."""
    found = []
    side = arguments.side / 2
    for points in (arguments.points // 100, arguments.points // 10, arguments.points):
        path = write_cloud(folder / "town.laz", points, side)
        sizes = (1.0,) if points < arguments.points else (4.0, 2.0, 1.0, 0.5)
        for size in sizes:
            run = build({"lidar": str(path), "pixel_size": size})
            found.append({"points": points, "cells": round(side / size) ** 2, **run})
            print(found[-1], flush=True)
        path.unlink()
    return found


if __name__ == "__main__":
    sys.exit(main())

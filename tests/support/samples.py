"""What a city would hand over for the bundled square, made from its rasters.

    python -m tests.support.samples

writes the files of docs/samples: a LiDAR survey, footprints, crowns, a ground model and land cover
of 10 m, in the systems and with the attributes such files usually have.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.features import shapes
from rasterio.transform import Affine
from scipy import ndimage

ROOT = Path(__file__).parents[2]
SITE = ROOT / "python" / "solweig" / "data" / "demo"
TARGET = ROOT / "docs" / "samples"
OWN = "EPSG:3006"
POINTS_A_CELL = 4
ROOF_FROM_M = 2.5
WORLDCOVER = {1: 50, 2: 50, 5: 30, 7: 80}
_ATTRIBUTION = "University of Gothenburg / UMEP, doi:10.1007/s00484-008-0162-7, GPL-3.0; made from"


def layers() -> tuple[dict[str, NDArray[Any]], Affine]:
    """The rasters of the site."""
    found = {}
    for name in ("dsm", "dem", "cdsm", "land_cover"):
        with rasterio.open(SITE / f"{name}.tif") as source:
            found[name], place = source.read(1), source.transform
    return found, place


def roofs(site: dict[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Cells of what stands on the ground and is no tree."""
    return np.asarray(site["dsm"] - site["dem"] >= ROOF_FROM_M)


def write_lidar(path: Path) -> Path:
    """A survey from above: one point a square metre, classes 2, 5, 6, 9 and some noise."""
    import laspy

    site, place = layers()
    rng = np.random.default_rng(2006)
    cell = np.repeat(np.arange(site["dsm"].size), POINTS_A_CELL)
    row, col = np.divmod(cell, site["dsm"].shape[1])
    x, y = place * (col + rng.random(len(col)), row + rng.random(len(row)))
    roof, crown = roofs(site)[row, col], site["cdsm"][row, col]
    leaf = (crown >= 2.0) & (rng.random(len(row)) < 0.85)
    ground, surface = site["dem"][row, col], site["dsm"][row, col]
    z = np.where(roof, surface, ground + np.where(leaf, crown, 0.0))
    code = np.select([roof, leaf, site["land_cover"][row, col] == 7], [6, 5, 9], 2)
    noise = rng.choice(len(z), 25, replace=False)
    z[noise] += 300.0
    code[noise] = 18
    header = laspy.LasHeader(version="1.4", point_format=6)
    header.scales, header.offsets = [0.01] * 3, [np.floor(x.min()), np.floor(y.min()), 0.0]
    header.add_crs(CRS.from_user_input(f"{OWN}+5613"))  # heights above RH2000
    las = laspy.LasData(header)
    las.x, las.y, las.z, las.classification = x, y, z, code.astype(np.uint8)
    las.number_of_returns = np.where(crown >= 2.0, 2, 1).astype(np.uint8)
    las.return_number = np.ones(len(z), np.uint8)
    las.write(path)
    return path


def _areas(mask: NDArray[np.bool_], place: Affine) -> tuple[list[Any], NDArray[Any]]:
    from shapely.geometry import shape

    labels, _ = ndimage.label(mask)
    found = shapes(labels.astype(np.int32), mask=mask, transform=place)
    return [(int(value), shape(area).simplify(1.5)) for area, value in found], labels


def write_footprints(path: Path) -> Path:
    """Buildings as OpenStreetMap has them: in degrees, a third with heights, else floors."""
    import geopandas

    site, place = layers()
    found, labels = _areas(roofs(site), place)
    above = site["dsm"] - site["dem"]
    rows = []
    for number, (label, area) in enumerate(found):
        height = float(np.median(above[labels == label]))
        known = number % 3 == 0
        rows.append(
            {"building": "yes", "height": f"{height:.1f} m" if known else None,
             "building:levels": None if known else str(max(round(height / 3.0), 1)),
             "geometry": area}
        )  # fmt: skip
    table = geopandas.GeoDataFrame(rows, geometry="geometry", crs=OWN).to_crs("EPSG:4326")
    table.to_file(path, driver="GeoJSON", COORDINATE_PRECISION=7)
    return path


def write_crowns(path: Path) -> Path:
    """Crowns as areas with ``height``."""
    import geopandas

    site, place = layers()
    found, labels = _areas(site["cdsm"] >= 2.0, place)
    rows = [
        {"height": round(float(site["cdsm"][labels == label].mean()), 1), "geometry": area}
        for label, area in found
    ]
    table = geopandas.GeoDataFrame(rows, geometry="geometry", crs=OWN)
    table.to_file(path, driver="GeoJSON", COORDINATE_PRECISION=1)
    return path


def _write(path: Path, values: NDArray[Any], place: Affine, nodata: float | None) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1,
        dtype=values.dtype, crs=OWN, transform=place, nodata=nodata, compress="deflate",
        predictor=3 if values.dtype.kind == "f" else 1, zlevel=9,
    ) as sink:  # fmt: skip
        sink.write(values, 1)
        sink.update_tags(TIFFTAG_COPYRIGHT=f"{_ATTRIBUTION} the rasters of solweig's demo")
    return path


def write_ground(path: Path) -> Path:
    site, place = layers()
    values = np.rint(site["dem"].astype(np.float64) * 100) / 100
    return _write(path, values.astype(np.float32), place, -9999.0)


def write_land_cover(path: Path) -> Path:
    """Codes of ESA WorldCover in cells of 10 m: trees where crowns cover most of one."""
    site, place = layers()
    rows, cols = (length // 5 for length in site["dsm"].shape)
    codes = np.select([site["land_cover"] == k for k in WORLDCOVER], list(WORLDCOVER.values()), 50)
    codes = np.where((site["cdsm"] >= 2.0) & (codes != 80), 10, codes)
    cells = codes[: rows * 5, : cols * 5].reshape(rows, 5, cols, 5).transpose(0, 2, 1, 3)
    most = np.array([[np.bincount(cell.reshape(-1)).argmax() for cell in row] for row in cells])
    return _write(path, most.astype(np.uint8), place * Affine.scale(5), 0)


WRITERS = {
    "square.laz": write_lidar,
    "buildings.geojson": write_footprints,
    "crowns.geojson": write_crowns,
    "ground.tif": write_ground,
    "worldcover.tif": write_land_cover,
}


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, write in WRITERS.items():
        print(write(TARGET / name), (TARGET / name).stat().st_size)


if __name__ == "__main__":
    main()

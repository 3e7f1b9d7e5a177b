"""A synthetic city of any size, made window by window: relief, blocks, towers, courtyards, trees.

    python -m benchmarks.large_city --rows 16210 --cols 14410 --out rasters/

The city of :mod:`benchmarks.city` is a district that repeats, mirrored so that streets meet, on
hills that do not repeat. Every window is the cut of the whole; nothing larger than a band of rows
is in memory.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.city import City, synthetic_city

DISTRICT = 1500
LAYERS = ("dsm", "dem", "cdsm", "land_cover")
CRS = "EPSG:32633"


@dataclass(frozen=True)
class LargeCity:
    """A city of districts; :meth:`window` gives any part of it."""

    district: City

    @classmethod
    def build(cls, seed: int = 20250701, side: int = DISTRICT) -> LargeCity:
        return cls(synthetic_city(side, seed=seed))

    def window(self, row: int, col: int, rows: int, cols: int) -> dict[str, NDArray[np.generic]]:
        """``dsm``, ``dem`` [m], ``cdsm`` [m above ground] and ``land_cover`` of a window."""
        district = self.district
        y, x = np.arange(row, row + rows), np.arange(col, col + cols)
        at = np.ix_(_mirrored(y, district.dsm.shape[0]), _mirrored(x, district.dsm.shape[1]))
        hills = _hills(y, x)
        return {
            "dsm": district.dsm[at] + hills,
            "dem": district.dem[at] + hills,
            "cdsm": district.canopy[at],
            "land_cover": district.land_cover[at],
        }


def _mirrored(index: NDArray[np.int64], side: int) -> NDArray[np.int64]:
    turned = index % (2 * side)
    return np.where(turned < side, turned, 2 * side - 1 - turned)


def _hills(y: NDArray[np.int64], x: NDArray[np.int64]) -> NDArray[np.float32]:
    """Waves of kilometres, up to 25 m high."""
    north, east = 2 * np.pi * y[:, None] / 1000.0, 2 * np.pi * x[None, :] / 1000.0
    wave = np.sin(north / 5.3) * np.cos(east / 4.1) + 0.5 * np.sin(north / 9.7 + 1.0)
    return (60.0 + 15.0 * (wave + 0.2 * np.cos(east / 11.9))).astype(np.float32)


def write_rasters(folder: Path, rows: int, cols: int, seed: int = 20250701) -> dict[str, Path]:
    """Stream the layers as tiled GeoTIFFs of 1 m; returns their paths."""
    import rasterio
    from affine import Affine

    folder.mkdir(parents=True, exist_ok=True)
    city, band = LargeCity.build(seed), 512
    paths = {name: folder / f"{name}.tif" for name in LAYERS}
    profile = {
        "driver": "GTiff", "height": rows, "width": cols, "count": 1, "crs": CRS,
        "transform": Affine(1.0, 0.0, 390000.0, 0.0, -1.0, 5820000.0), "tiled": True,
        "blockxsize": 512, "blockysize": 512, "compress": "deflate", "zlevel": 1,
        "BIGTIFF": "IF_SAFER",
    }  # fmt: skip
    files = {
        name: rasterio.open(
            path, "w", **profile, dtype="uint8" if name == "land_cover" else "float32",
            predictor=1 if name == "land_cover" else 3,
        )
        for name, path in paths.items()
    }  # fmt: skip
    try:
        for row in range(0, rows, band):
            height = min(band, rows - row)
            window = rasterio.windows.Window(0, row, cols, height)
            for name, values in city.window(row, 0, height, cols).items():
                files[name].write(values, 1, window=window)
    finally:
        for file in files.values():
            file.close()
    return paths


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=16210)
    parser.add_argument("--cols", type=int, default=14410)
    parser.add_argument("--seed", type=int, default=20250701)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    for path in write_rasters(
        arguments.out, arguments.rows, arguments.cols, arguments.seed
    ).values():
        print(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

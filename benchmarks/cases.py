"""The inputs every benchmark runs on, as arrays and as GeoTIFF files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.transform import from_origin
from tests.support.stored import stored_data, unpacked

from benchmarks.city import synthetic_city

REPOSITORY = Path(__file__).resolve().parents[1]
SYNTHETIC_CRS = "EPSG:3006"
SYNTHETIC_ORIGIN = (319000.0, 6401000.0)


@dataclass(frozen=True)
class Case:
    """One set of rasters. ``canopy`` holds heights above ground."""

    name: str
    pixel_size: float
    crs: str
    origin: tuple[float, float]
    dsm: NDArray[np.float32]
    dem: NDArray[np.float32] | None = None
    canopy: NDArray[np.float32] | None = None
    land_cover: NDArray[np.uint8] | None = None

    @property
    def megapixels(self) -> float:
        return self.dsm.size / 1e6

    def digest(self) -> str:
        """Short hash of all rasters: two results compare only where it is equal."""
        parts = (self.dsm, self.dem, self.canopy, self.land_cover)
        whole = hashlib.sha256()
        for part in parts:
            whole.update(b"-" if part is None else np.ascontiguousarray(part).tobytes())
        return whole.hexdigest()[:16]

    def write(self, folder: Path) -> dict[str, str]:
        """GeoTIFFs of the case; returns the keyword arguments of ``SurfaceData.prepare``."""
        folder.mkdir(parents=True, exist_ok=True)
        layers = {
            "dsm": self.dsm,
            "dem": self.dem,
            "cdsm": self.canopy,
            "land_cover": self.land_cover,
        }
        files = {}
        for name, data in layers.items():
            if data is None:
                continue
            path = folder / f"{name}.tif"
            _write_raster(path, data, self.crs, self.origin, self.pixel_size)
            files[name] = str(path)
        return files


def _write_raster(
    path: Path, data: NDArray, crs: str, origin: tuple[float, float], pixel_size: float
) -> None:
    profile = {
        "driver": "GTiff",
        "height": data.shape[0],
        "width": data.shape[1],
        "count": 1,
        "dtype": str(data.dtype),
        "crs": crs,
        "transform": from_origin(*origin, pixel_size, pixel_size),
    }
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(data, 1)


def plain_400() -> Case:
    """400 x 400 at 1 m: buildings on relief, no trees, no land cover."""
    city = synthetic_city(400, seed=400, trees=False)
    return Case("plain_400", 1.0, SYNTHETIC_CRS, SYNTHETIC_ORIGIN, city.dsm, city.dem)


def city_1000(side: int = 1000) -> Case:
    """1000 x 1000 at 1 m: the synthetic city with 20 % canopy and land cover."""
    city = synthetic_city(side)
    return Case(
        "city_1000" if side == 1000 else f"city_{side}",
        1.0,
        SYNTHETIC_CRS,
        SYNTHETIC_ORIGIN,
        city.dsm,
        city.dem,
        city.canopy,
        city.land_cover,
    )


def kronenhuset() -> Case:
    """223 x 234 at 1 m, a real courtyard with trees and land cover."""
    site = stored_data() / "data" / "kronenhuset"
    with rasterio.open(site / "DSM_KR.tif") as raster:
        dsm, transform, crs = raster.read(1), raster.transform, raster.crs.to_string()
    with TemporaryDirectory() as scratch:
        paths = [site / name for name in ("DEM_KR.tif", "CDSM_KR.asc", "landcover_KR.tif")]
        dem, canopy, cover = (_values(unpacked(path, Path(scratch))) for path in paths)
    return Case(
        "kronenhuset",
        float(transform.a),
        crs,
        (transform.c, transform.f),
        dsm.astype(np.float32),
        dem.astype(np.float32),
        np.where(canopy > 0, canopy, 0).astype(np.float32),
        cover.astype(np.uint8),
    )


def _values(path: Path) -> NDArray[Any]:
    with rasterio.open(path) as raster:
        return raster.read(1)


def all_cases() -> list[Case]:
    """The three cases of the published figures."""
    return [plain_400(), kronenhuset(), city_1000()]


#: One clear summer day at the latitude of the field sites: hour, air temperature [deg C],
#: relative humidity [%], global radiation [W m-2], wind speed [m s-1].
DAY_STEPS = [
    (9, 20.1, 62.0, 480.0, 2.1),
    (11, 23.4, 52.0, 700.0, 2.6),
    (13, 25.6, 45.0, 780.0, 3.0),
    (15, 26.3, 42.0, 690.0, 3.2),
    (17, 25.2, 46.0, 480.0, 2.8),
]
LATITUDE, LONGITUDE, UTC_OFFSET = 57.7, 12.0, 1
DATE = (2025, 7, 1)

"""The field sites' rasters, as read from their files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray

from solweig import _core

#: DSM, DEM, canopy and land cover of each site.
FILES = {
    "gustav_adolfs": ("DSM_GA", "DEM_GA", "CDSM_GA", "LC_GA"),
    "gvc": ("DSM_GVC_1m", "DEM_GVC_1m", "CDSM_GVC_1m", "landcover_1m_GVC"),
}


@dataclass(frozen=True)
class SiteRasters:
    """Heights [m] and land cover of a site on its 2 m grid."""

    name: str
    dsm: NDArray[np.float32]
    dem: NDArray[np.float32]
    canopy: NDArray[np.float32]
    land_cover: NDArray[np.uint8]

    def scene(self) -> _core.Scene:
        return _core.Scene(self.dsm, pixel_size=2.0, dem=self.dem, canopy=self.canopy)


def site_rasters(shared: Path, name: str) -> SiteRasters:
    """Read a site's rasters."""

    def read(stem: str) -> NDArray[np.float32]:
        with rasterio.open(shared / "data" / name / f"{stem}.tif") as raster:
            return np.ascontiguousarray(raster.read(1), dtype=np.float32)

    dsm, dem, canopy, land_cover = (read(stem) for stem in FILES[name])
    return SiteRasters(name, dsm, dem, canopy, land_cover.astype(np.uint8))

"""Files in and out: rasters and EPW weather."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solweig.lazy import on_first_use

if TYPE_CHECKING:
    from solweig.compat.boxes import shrink_bbox_to_pixel_grid as shrink_bbox_to_pixel_grid
    from solweig.compat.epw import read_epw as read_epw
    from solweig.rasters.files import create_empty_raster as create_empty_raster
    from solweig.rasters.files import get_raster_metadata as get_raster_metadata
    from solweig.rasters.files import load_raster as load_raster
    from solweig.rasters.files import read_raster_window as read_raster_window
    from solweig.rasters.files import save_raster as save_raster
    from solweig.rasters.files import write_raster_window as write_raster_window
    from solweig.rasters.polygons import rasterise_gdf as rasterise_gdf
    from solweig.weather.download import download_epw as download_epw

__all__ = [
    "create_empty_raster",
    "download_epw",
    "get_raster_metadata",
    "load_raster",
    "rasterise_gdf",
    "read_epw",
    "read_raster_window",
    "save_raster",
    "shrink_bbox_to_pixel_grid",
    "write_raster_window",
]

__getattr__, __dir__ = on_first_use(
    __name__,
    {
        **dict.fromkeys(__all__, "solweig.rasters.files"),
        "rasterise_gdf": "solweig.rasters.polygons",
        "download_epw": "solweig.weather.download",
        "read_epw": "solweig.compat.epw",
        "shrink_bbox_to_pixel_grid": "solweig.compat.boxes",
    },
)

"""Files in and out: rasters and EPW weather."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from solweig.rasters.files import (
    create_empty_raster,
    get_raster_metadata,
    load_raster,
    rasterise_gdf,
    read_raster_window,
    save_raster,
    write_raster_window,
)
from solweig.weather.download import download_epw

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "create_empty_raster",
    "download_epw",
    "get_raster_metadata",
    "load_raster",
    "rasterise_gdf",
    "read_epw",
    "read_raster_window",
    "save_raster",
    "write_raster_window",
]


def read_epw(path: str | os.PathLike[str]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """All columns of an EPW file as pvlib names them, and its location.

    The index is the end of each hour on the file's clock, without a time zone, as stamps of
    :class:`solweig.Weather` are; missing values keep EPW's codes. The location also goes by
    ``tz_offset`` [h], ``elevation`` [m] and ``state``.
    :meth:`solweig.Weather.from_epw` is the reader for runs.

    Raises:
        FileNotFoundError: no such file.
        WeatherDataError: not an EPW file.
    """
    from solweig.weather.readers import read_epw_table

    frame, place = read_epw_table(path)
    index: Any = frame.index
    frame.index = index.tz_localize(None) + timedelta(hours=1)
    place |= {
        "tz_offset": place["TZ"],
        "elevation": place["altitude"],
        "state": place["state-prov"],
    }
    return frame, place

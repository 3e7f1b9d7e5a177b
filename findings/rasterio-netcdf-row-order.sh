#!/usr/bin/env bash
# Package:  rasterio 1.4.4 (GDAL 3.10.3) on netCDF written by xarray 2026.9.0 and rioxarray 0.19.0
# Expected: a grid whose y grows with the row has its southern row first in rasterio too, or has it last
#           in all cases; the attributes that name its system do not move rows.
# Happens:  the same array comes in three ways. With a grid mapping only: rows turned over, CRS kept, no
#           georeference at all (identity). With the GeoTransform that rioxarray writes: rows as they
#           are, y step +1. With standard_name on x and y: turned over, y step -1. A window counted in
#           xarray's rows is another place in two of three.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check rasterio==1.4.4 rioxarray==0.19.0 xarray==2026.9.0 netCDF4==1.7.5.1.post1 numpy==2.4.6 || exit 2
env/bin/python -W ignore - <<'PY'
import sys

import numpy as np
import rasterio
import rioxarray
import xarray as xr

bare = xr.DataArray(
    np.arange(12.0).reshape(3, 4), name="height", dims=("y", "x"),
    coords={"y": 6400000.5 + np.arange(3), "x": 500000.5 + np.arange(4)},
).rio.write_crs("EPSG:32632")
seen = {}
for name, grid in {
    "grid mapping": bare,
    "GeoTransform": bare.rio.write_transform(),
    "standard_name": bare.rio.write_coordinate_system(),
}.items():
    grid.to_dataset().to_netcdf("grid.nc")
    with rasterio.open("netcdf:grid.nc:height") as file:
        t = file.transform
        seen[name] = (file.read(1)[:, 0].tolist(), t.c, t.f, t.e)
        print(f"{name}: first column {seen[name][0]}, origin ({t.c}, {t.f}), y step {t.e}, {file.crs}")
print("xarray: first column", bare.values[:, 0].tolist())
up, down = [0.0, 4.0, 8.0], [8.0, 4.0, 0.0]
holds = (
    seen["grid mapping"] == (down, 0.0, 0.0, 1.0)
    and seen["GeoTransform"] == (up, 500000.0, 6400000.0, 1.0)
    and seen["standard_name"] == (down, 500000.0, 6400003.0, -1.0)
)
print("still so" if holds else "CHANGED")
sys.exit(not holds)
PY

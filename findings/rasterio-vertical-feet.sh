#!/usr/bin/env bash
# Package:  rasterio 1.4.4 (GDAL 3.10.3) beside pyproj 3.7.2 (heights whose vertical system is in feet)
# Expected: warping a raster from "UTM 18N + NAVD88 height (ftUS)" to "UTM 18N + NAVD88 height" turns
#           100 ft into 30.48 m, as pyproj does for a point between the same two systems.
# Happens:  reproject and WarpedVRT take both compound systems, move nothing, convert no height and say
#           nothing: the raster claims metres and holds feet.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check rasterio==1.4.4 pyproj==3.7.2 numpy==2.4.6 || exit 2
env/bin/python - <<'PY'
import sys

import numpy as np
import rasterio
from pyproj import Transformer
from rasterio.transform import from_origin
from rasterio.vrt import WarpedVRT
from rasterio.warp import reproject

FEET, METRES = "EPSG:26918+6360", "EPSG:26918+5703"
grid = from_origin(583000, 4507000, 1, 1)
with rasterio.open("feet.tif", "w", driver="GTiff", width=20, height=20, count=1, dtype="float32",
                   transform=grid, crs=FEET) as file:
    file.write(np.full((20, 20), 100, "float32"), 1)
point = Transformer.from_crs(FEET, METRES, always_xy=True).transform(583010, 4506990, 100.0)[2]
with rasterio.open("feet.tif") as file:
    print("source:", file.crs.to_wkt().split('"')[1])
    warped = np.zeros((20, 20), "float32")
    reproject(rasterio.band(file, 1), warped, dst_transform=grid, dst_crs=METRES)
    with WarpedVRT(file, crs=METRES) as view:
        print("target:", view.crs.to_wkt().split('"')[1])
        viewed = view.read(1)
print(f"pyproj {point:.2f}, reproject {np.unique(warped)}, WarpedVRT {np.unique(viewed)}")
holds = abs(point - 30.48) < 0.01 and (warped == 100).all() and (viewed == 100).all()
print("still so" if holds else "CHANGED")
sys.exit(not holds)
PY

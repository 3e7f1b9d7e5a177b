#!/usr/bin/env bash
# Package:  rasterio 1.4.4 (GDAL 3.10.3; a surface model read at half its resolution)
# Expected: read(out_shape=half, resampling=average) is the mean of 2 x 2 cells, so between lowest and
#           highest; a copy as COG holds the same heights and gives the same means.
# Happens:  from the COG the word "average" is not heeded: the stored overview is returned, which the COG
#           driver made by cubic convolution. Around buildings of 30 m on flat ground it holds -1.5 to
#           32.9 m. From the plain GeoTIFF all is right.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check rasterio==1.4.4 numpy==2.4.6 || exit 2
env/bin/python - <<'PY'
import sys

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.transform import from_origin
from rasterio.warp import Resampling

dsm = np.zeros((1024, 1024), "float32")
for row in range(21, 1000, 50):
    for column in range(11, 1000, 50):
        dsm[row:row + 20, column:column + 25] = 30.0
with rasterio.open("dsm.tif", "w", driver="GTiff", width=1024, height=1024, count=1, dtype="float32",
                   transform=from_origin(500000, 6400000, 1, 1), crs="EPSG:32632") as file:
    file.write(dsm, 1)
rasterio.shutil.copy("dsm.tif", "dsm_cog.tif", driver="COG")
means = dsm.reshape(512, 2, 512, 2).mean((1, 3))
seen = {}
for name in ("dsm.tif", "dsm_cog.tif"):
    with rasterio.open(name) as file:
        equal = np.array_equal(file.read(1), dsm)
        seen[name] = file.read(1, out_shape=(512, 512), resampling=Resampling.average)
        print(f"{name}: full resolution equal {equal}, overviews {file.overviews(1)}, half resolution "
              f"{seen[name].min():.2f} to {seen[name].max():.2f} m, {int((seen[name] < 0).sum())} cells below 0, "
              f"{int((np.abs(seen[name] - means) > 0.01).sum())} of {means.size} are not the mean")
holds = np.allclose(seen["dsm.tif"], means) and seen["dsm_cog.tif"].min() < -0.5 and seen["dsm_cog.tif"].max() > 30.5
print("still so" if holds else "CHANGED")
sys.exit(not holds)
PY

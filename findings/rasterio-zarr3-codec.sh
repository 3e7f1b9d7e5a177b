#!/usr/bin/env bash
# Package:  rasterio 1.4.4 (GDAL 3.10.3, with its Zarr driver) on a store written by zarr 3.1.6
# Expected: the driver reads Zarr format 3, as it does format 2, at least where nothing is compressed.
# Happens:  every array of format 3 is refused ("Unsupported codec: bytes"): the driver knows a draft of
#           the format in which that codec had another name. Format 2 opens.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check rasterio==1.4.4 zarr==3.1.6 numpy==2.4.6 || exit 2
env/bin/python -W ignore - <<'PY'
import sys

import numpy as np
import rasterio
import zarr
from rasterio.env import Env

with Env() as env:
    print("Zarr driver:", "Zarr" in env.drivers())
seen = {}
for version in (2, 3):
    group = zarr.open_group(f"v{version}.zarr", mode="w", zarr_format=version)
    array = group.create_array("tmrt", shape=(4, 4), chunks=(4, 4), dtype="float32", compressors=None)
    array[:] = 20
    try:
        with rasterio.open(f'ZARR:"v{version}.zarr":/tmrt') as file:
            seen[version] = f"read {np.unique(file.read(1))}"
    except rasterio.errors.RasterioIOError as error:
        seen[version] = f"refused: {error}"
    print(f"format {version}, no compression: {seen[version]}")
holds = seen[2] == "read [20.]" and "Unsupported codec: bytes" in seen[3]
print("still so" if holds else "CHANGED")
sys.exit(not holds)
PY

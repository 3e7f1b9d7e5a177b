#!/usr/bin/env bash
# Package:  xarray 2026.9.0 with zarr 3.1.6 (a cube laid out first, its tiles written later)
# Expected: degrees packed as int16 with _FillValue -32768 are missing wherever no tile was written
#           yet, whichever Zarr format the store has.
# Happens:  in format 2 they are NaN. In format 3 _FillValue is an attribute only and the array's own
#           fill value stays 0, so an unwritten tile reads as add_offset: a believable 20.0 degrees,
#           in the mean as well. Nothing is said.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check xarray==2026.9.0 zarr==3.1.6 dask==2026.8.0 numpy==2.4.6 || exit 2
env/bin/python -W ignore - <<'PY'
import sys

import numpy as np
import xarray as xr
import zarr

packed = {"dtype": "int16", "scale_factor": 0.01, "add_offset": 20.0, "_FillValue": -32768}
cube = xr.Dataset({"tmrt": (("y", "x"), np.full((4, 4), 55.0, "float32"))}).chunk(y=2, x=2)
corner = {"y": slice(0, 2), "x": slice(0, 2)}
unwritten = {}
for version in (2, 3):
    store = f"cube{version}.zarr"
    cube.to_zarr(store, zarr_format=version, consolidated=False, encoding={"tmrt": packed}, compute=False)
    cube.isel(corner).to_zarr(store, region=corner, consolidated=False)
    tmrt = xr.open_zarr(store, consolidated=False)["tmrt"]
    unwritten[version] = float(tmrt[3, 3])
    own = zarr.open_array(f"{store}/tmrt", mode="r").fill_value
    print(f"format {version}: written {float(tmrt[0, 0])}, unwritten {unwritten[version]}, "
          f"mean {float(tmrt.mean())}, fill value of the array {own}")
holds = np.isnan(unwritten[2]) and unwritten[3] == 20.0
print("still so" if holds else "CHANGED")
sys.exit(not holds)
PY

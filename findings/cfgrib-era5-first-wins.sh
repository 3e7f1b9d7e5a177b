#!/usr/bin/env bash
# Package:  cfgrib 0.9.15.1 with eccodes 2.50.0, xarray 2026.9.0 (ERA5's temperature and radiation in a file)
# Expected: a GRIB file with hourly 2t (analyses) and hourly ssrd (steps 1 to 12 of two forecasts a day)
#           opens as a dataset with both, or raises.
# Happens:  the dataset holds the one whose message comes first in the file; the other is dropped, told
#           on the log only. The same messages in another order give another variable.
#           time_dims=("valid_time",) does not help: the hours of a forecast day do not match.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check cfgrib==0.9.15.1 eccodes==2.50.0 xarray==2026.9.0 numpy==2.4.6 || exit 2
env/bin/python -W ignore - <<'PY'
import logging
import sys

import eccodes
import numpy as np
import xarray as xr

logging.disable(logging.CRITICAL)
GRID = {"typeOfLevel": "surface", "centre": "ecmf", "Ni": 3, "Nj": 2, "latitudeOfFirstGridPointInDegrees": 58.0,
        "latitudeOfLastGridPointInDegrees": 57.75, "longitudeOfFirstGridPointInDegrees": 11.5,
        "longitudeOfLastGridPointInDegrees": 12.0, "iDirectionIncrementInDegrees": 0.25,
        "jDirectionIncrementInDegrees": 0.25}


def message(**keys):
    handle = eccodes.codes_grib_new_from_samples("regular_ll_pl_grib1")
    for key, value in {**GRID, **keys}.items():
        eccodes.codes_set(handle, key, value)
    eccodes.codes_set_values(handle, np.full(6, 300.0))
    content = eccodes.codes_get_message(handle)
    eccodes.codes_release(handle)
    return content


analyses = [message(dataDate=20250701 + day, dataTime=100 * hour, shortName="2t") for day in (0, 1) for hour in range(24)]
forecasts = [
    message(dataDate=date, dataTime=time, shortName="ssrd", stepType="accum", stepRange=f"{step - 1}-{step}")
    for date, time in ((20250630, 1800), (20250701, 600), (20250701, 1800), (20250702, 600)) for step in range(1, 13)
]
held = {}
for name, messages in {"temperature first": analyses + forecasts, "radiation first": forecasts + analyses}.items():
    with open("era5.grib", "wb") as file:
        file.write(b"".join(messages))
    for dims in (("time", "step"), ("valid_time",)):
        with xr.open_dataset("era5.grib", engine="cfgrib", backend_kwargs={"indexpath": "", "time_dims": dims}) as opened:
            held[name, dims] = {key: dict(array.sizes) for key, array in opened.items()}
            print(f"{name}, time_dims={dims}: {held[name, dims]}")
holds = all(list(found) == ["t2m" if name[0] == "temperature first" else "ssrd"] for name, found in held.items())
print("still so" if holds else "CHANGED")
sys.exit(not holds)
PY

"""Write GRIB messages that standard input describes as JSON; a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import eccodes
import numpy as np

asked = json.load(sys.stdin)
with Path(asked["path"]).open("wb") as file:
    for keys, values in asked["messages"]:
        handle = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib1")
        for key, value in {**asked["grid"], **keys}.items():
            eccodes.codes_set(handle, key, value)
        numbers = np.array(values, np.float64)
        numbers = np.where(np.isfinite(numbers), numbers, asked["grid"]["missingValue"])
        eccodes.codes_set_values(handle, numbers)
        file.write(eccodes.codes_get_message(handle))
        eccodes.codes_release(handle)

"""A point of an ERA5 or ERA5-Land GRIB file, message by message with ecCodes.

Messages are read and not datasets: analyses and the sums of forecasts do not fit one dataset, and
what opens them as one drops those that come last.

ecCodes works in a process of its own. It brings a PROJ library that it loads for all to see, and
whatever is loaded after it, pyproj or GDAL, would call that one and fail or crash.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from solweig.errors import WeatherDataError
from solweig.packages import need
from solweig.weather.readers.era5_names import PointTable, in_si
from solweig.weather.readers.grids import Spot
from solweig.weather.readers.wanted import Site

# The child looks for packages where this process does.
_CHILD = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from solweig.weather.readers.grib_child import main; main()"
)


def read_point(path: Path, site: Site, method: str) -> PointTable:
    """The quantities of one file at a place.

    Raises
    ------
    WeatherDataError
        Not such a file, a place outside its grid, a grid that is not of latitudes and longitudes.
    ConfigurationError
        ecCodes is not installed.
    """
    need(path.name, "eccodes", extra="weather")
    answer = _asked({"path": str(path.resolve()), "site": astuple(site), "method": method})
    if "error" in answer:
        told = answer["error"]
        raise WeatherDataError(told["field"], told["expected"], told["got"], told["hint"])
    frame = pd.DataFrame({short: pd.Series(found) for short, found in answer["values"].items()})
    frame = frame.set_axis(pd.to_datetime(frame.index, format="ISO8601"), axis=0).sort_index()
    for short in frame.columns:
        frame[short] = in_si(str(short), frame[short].to_numpy(dtype=np.float64), "", path.name)
    spot: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in answer["spot"].items()
    }
    north, east = answer["spacing"]
    # Without a sum of more than an hour, GRIB does not tell the two products apart.
    return PointTable(
        frame, Spot(**spot), (north, east), path.name, answer["since_midnight"] or None
    )


def _asked(question: dict[str, Any]) -> dict[str, Any]:
    """The answer of the child.

    Raises
    ------
    WeatherDataError
        It came to no end: damaged messages may bring ecCodes down.
    """
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, json.dumps(sys.path)],
        input=json.dumps(question), capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        raise WeatherDataError(
            Path(question["path"]).name, "GRIB messages that ecCodes can read", last[:200]
        ) from None
    return answer

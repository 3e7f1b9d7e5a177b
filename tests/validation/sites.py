"""The three field sites: rasters, weather, measuring point, measurements."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from solweig.validation import Mast, read_mast

LATITUDE_LONGITUDE_UTC = (57.7, 12.0, 1)

#: Measured column -> modelled field. The four shortwave sides need a box body: with a cylinder
#: the directional fields leave out the beam, which the body takes as a whole.
FLUXES = {
    "Tmrt": "tmrt",
    "Kdown": "kdown",
    "Kup": "kup",
    "Ldown": "ldown",
    "Lup": "lup",
    "Ke": "keast",
    "Ks": "ksouth",
    "Kw": "kwest",
    "Kn": "knorth",
    "Le": "least",
    "Ls": "lsouth",
    "Lw": "lwest",
    "Ln": "lnorth",
}
ABSORBED = "Sstr"
SHORTWAVE_SIDES = ("Ke", "Ks", "Kw", "Kn")


@dataclass(frozen=True, eq=False)
class Site:
    """Files of one site, by their names in the shared data folder."""

    name: str
    title: str
    dsm: str
    dem: str
    canopy: str
    land_cover: str
    measurements: str
    weather: dict[str, str]
    #: What the mast's rows stand for; the evidence is in docs/validation.md.
    stamp: str
    #: How its axes are turned, degrees clockwise; 0 where the measurements do not tell.
    turn: float

    def mast(self, shared: Path, day: str | None = None) -> Mast:
        """All days the mast measured, or one, with hours as they are named."""
        dates = [day] if day else list(self.weather)
        one = f"{dates[0][:4]}-{dates[0][4:6]}-{dates[0][6:]}"
        path = self.folder(shared) / self.measurements
        return read_mast(path, day=one if len(dates) == 1 else None)

    def folder(self, shared: Path) -> Path:
        return shared / "data" / self.name

    def point(self, shared: Path) -> tuple[float, float]:
        """Coordinates of the measuring mast in the CRS of the rasters."""
        feature = json.loads((self.folder(shared) / "poi.geojson").read_text())
        x, y = feature["geometry"]["coordinates"]
        return float(x), float(y)

    def measured(self, shared: Path, day: str) -> dict[str, NDArray[np.float64]]:
        """Measured columns of one day: 24 hourly values each, NaN where nothing was logged."""
        columns = {name: np.full(24, np.nan) for name in (*FLUXES, ABSORBED)}
        with (self.folder(shared) / self.measurements).open(newline="") as file:
            for row in csv.DictReader(file):
                if (row.get("day") or row.get("date") or day) != day:
                    continue
                for name, values in columns.items():
                    values[int(row["hour"])] = _number(row[name])
        return columns


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if value > -900 else math.nan


SITES = (
    Site(
        "kronenhuset",
        "Kronenhuset, enclosed courtyard, 1 m",
        "DSM_KR.tif",
        "DEM_KR.tif",
        "CDSM_KR.asc",
        "landcover_KR.tif",
        "measurements_kr.csv",
        {"20051007": "MetFile_Prepared.txt"},
        stamp="end",
        turn=-20.0,
    ),
    Site(
        "gustav_adolfs",
        "Gustav Adolfs torg, open square, 2 m",
        "DSM_GA.tif",
        "DEM_GA.tif",
        "CDSM_GA.tif",
        "LC_GA.tif",
        "measurements_ga.csv",
        {"20051011": "MetFile_20051011.txt", "20060801": "MetFile_20060801.txt"},
        stamp="end",
        turn=-17.0,
    ),
    Site(
        "gvc",
        "GVC, university campus with trees, 2 m",
        "DSM_GVC_1m.tif",
        "DEM_GVC_1m.tif",
        "CDSM_GVC_1m.tif",
        "landcover_1m_GVC.tif",
        "measurements_gvc.csv",
        {"20100707": "MetFile20100707_Prepared.txt", "20100710": "MetFile20100710_Prepared.txt"},
        stamp="start",
        turn=0.0,
    ),
)


def site_days() -> list[tuple[Site, str]]:
    """Every site and day with measurements."""
    return [(site, day) for site in SITES for day in site.weather]

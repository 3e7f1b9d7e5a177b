"""Files of weather of every kind, and how each is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

import solweig
from tests.fuzz.mutations import bytes_changed, json_changed
from tests.fuzz.reader import TEXT, Reader
from tests.support import era5_files, wrf_files

__all__ = ["WEATHER", "write_umep"]


def _hours() -> list[tuple[int, float, float]]:
    """Hour, temperature and global radiation of half a day."""
    return [(h, 18.0 + h / 2, max(0.0, 120.0 * (h - 4))) for h in range(1, 13)]


def _write_epw(folder: Path) -> list[Path]:
    head = [
        "LOCATION,Town,-,SWE,X,999999,57.7,12.0,1.0,10.0", "DESIGN CONDITIONS,0",
        "TYPICAL/EXTREME PERIODS,0", "GROUND TEMPERATURES,0",
        "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0", "COMMENTS 1,x", "COMMENTS 2,y",
        "DATA PERIODS,1,1,Data,Sunday,7/1,7/1",
    ]  # fmt: skip
    rows = [
        f"2023,7,1,{h},60,?9,{ta},12.0,60,101300,0,0,350,{g:.0f},{g / 2:.0f},{g / 2:.0f}"
        ",0,0,0,0,180,2.5,5,5,20.0,77777,9,999999999,0,0.1,0,88,0.2,0,1"
        for h, ta, g in _hours()
    ]
    path = folder / "town.epw"
    path.write_text("\n".join([*head, *rows]) + "\n")
    return [path]


def _read_epw(path: Path) -> Any:
    place = solweig.Location.from_epw(path)
    steps = solweig.Weather.from_epw(path, start="07-01")
    solweig.io.read_epw(path)
    return place, steps


def write_umep(folder: Path) -> list[Path]:
    names = "%iy id it imin Q* QH QE Qs Qf Wind RH Td press rain Kdn snow ldown fcld wuh xsmd lai"
    rows = [
        f"2006 213 {h} 0 -999 -999 -999 -999 -999 2.0 60 {ta} 101.3 0 {g} -999 -999 -999 -999 -999"
        " -999 -999 -999 -999"
        for h, ta, g in _hours()
    ]
    path = folder / "met.txt"
    path.write_text("\n".join([names + " Kdiff Kdir Wd", *rows]) + "\n")
    return [path]


def _read_umep(path: Path) -> Any:
    return solweig.Weather.from_umep_met(path)


def _write_table(folder: Path) -> list[Path]:
    ours = [f"2023-07-01T{h:02d}:00,{ta},60,{g},2.0,1013" for h, ta, g in _hours()]
    theirs = [f"2023-07-01 {h:02d}:30+02:00;{ta};60;{g};{g / 2};{g / 2}" for h, ta, g in _hours()]
    one, two = folder / "ours.csv", folder / "pvlib.csv"
    one.write_text("\n".join(["datetime,ta,rh,global_rad,ws,pressure", *ours]) + "\n")
    head = "datetime;temp_air;relative_humidity;ghi;dni;dhi"
    two.write_text("\n".join([head, *theirs]) + "\n")
    return [one, two]


def _read_table(path: Path) -> Any:
    try:
        frame = pd.read_csv(path, sep="," if path.stem == "ours" else ";")
    except (ValueError, pd.errors.ParserError, pd.errors.EmptyDataError):
        return None  # the table is read by the user
    return solweig.Weather.from_dataframe(frame)


# ------------------------------------------------------------------ weather of models, services


def _write_any_table(folder: Path) -> list[Path]:
    """A table with its own names, a row of units, a preamble."""
    path = folder / "own.csv"
    rows = [f"2023-07-01 {h:02d}:00;{t + 273.15:.2f};50;{k * 3.6:.1f};2,5" for h, t, k in _hours()]
    head = ["Station 7", "", "Zeit;T;F;Kd [kJ/m2];v", ";K;%;;m/s"]
    path.write_text("\n".join([*head, *rows]) + "\n")
    return [path]


def _read_any_table(path: Path) -> Any:
    names = {"datetime": "Zeit", "ta": "T", "rh": "F", "global_rad": "Kd", "ws": "v"}
    return solweig.Weather.from_csv(path, columns=names)


def _write_services(folder: Path) -> list[Path]:
    """A series of PVGIS, an answer of Meteonorm, a TMY3 file, all of a day."""
    pvgis, meteonorm, tmy3 = (folder / name for name in ("pvgis.csv", "meteonorm.json", "tmy3.csv"))
    hours = _hours()
    head = ["Latitude (decimal degrees):\t57.7", "Longitude (decimal degrees):\t12.0",
            "Elevation (m):\t10", "Radiation database:\tPVGIS-SARAH3", "", "Slope: 0 deg. ",
            "time,Gb(i),Gd(i),Gr(i),H_sun,T2m,WS10m,Int"]  # fmt: skip
    rows = [f"20230701:{h:02d}11,{0.7 * k:.1f},{0.3 * k:.1f},0.0,20.0,{t:.1f},2.0,0.0"
            for h, t, k in hours]  # fmt: skip
    pvgis.write_text("\n".join([*head, *rows, "", "T2m: 2-m air temperature"]) + "\n")
    values = {"temperature": [t for _, t, _ in hours], "relative_humidity": [50] * len(hours),
              "global_horizontal_irradiance": [k for *_, k in hours]}  # fmt: skip
    times = [f"2023-07-01T{h:02d}:00:00+00:00" for h, *_ in hours]
    ends = [f"2023-07-01T{h:02d}:59:00+00:00" for h, *_ in hours]
    meteonorm.write_text(json.dumps({
        "meta": {"lat": 57.7, "lon": 12.0, "altitude": 10}, "values": values,
        "start_times": times, "end_times": ends,
    }))  # fmt: skip
    head = ['720000,"TESTBY",XX,1.0,57.7,12.0,10',
            "Date (MM/DD/YYYY),Time (HH:MM),GHI (W/m^2),DNI (W/m^2),DHI (W/m^2),Dry-bulb (C),"
            "RHum (%),Pressure (mbar),Wspd (m/s)"]  # fmt: skip
    rows = [f"07/01/1988,{h + 1:02d}:00,{k:.1f},{k:.1f},0,{t:.1f},50,1010,2" for h, t, k in hours]
    tmy3.write_text("\n".join([*head, *rows]) + "\n")
    return [pvgis, meteonorm, tmy3]


def _read_service(path: Path) -> Any:
    return solweig.Weather.from_file(path, fill={"rh": 50.0, "ws": 1.0, "pressure": 1000.0})


def _write_grids(folder: Path) -> list[Path]:
    """Half a day of ERA5 and of WRF as classic NetCDF."""
    hours = pd.date_range("2025-07-01", periods=13, freq="h")
    needed = era5_files.era5_dataset(hours, ("t2m", "d2m", "ssrd"), time="time")
    era5 = era5_files.write_old(folder / "era5.nc", needed)
    spare = ("GLW", "SWDDIF", "SWDDIR")
    return [era5, wrf_files.write_wrf(folder / "wrfout", hours[10:13], spare)]


def _read_grid(path: Path) -> Any:
    place = solweig.Location(57.70, 11.97, 10.0, 0)
    if path.name == "wrfout":
        return solweig.Weather.from_wrf(path, place)
    return solweig.Weather.from_era5(path, place)


WEATHER = (
    Reader("epw", _write_epw, _read_epw, TEXT),
    Reader("umep_text", write_umep, _read_umep, TEXT),
    Reader("table", _write_table, _read_table, TEXT),
    Reader("weather_table", _write_any_table, _read_any_table, TEXT),
    Reader("weather_services", _write_services, _read_service, (*TEXT, json_changed)),
    Reader("weather_grids", _write_grids, _read_grid, (bytes_changed,)),
)

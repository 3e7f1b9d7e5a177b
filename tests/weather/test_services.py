"""Files of PVGIS, Meteonorm and NREL, and telling all kinds of files apart."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from solweig.errors import ConfigurationError, WeatherDataError
from solweig.weather.checks import check_weather
from solweig.weather.location import Location
from solweig.weather.readers.detect import KINDS, kind_of
from solweig.weather.series import weather_series
from solweig.weather.step import Weather
from tests.support import era5_files, wrf_files
from tests.support.clear_days import clear_day, write_epw
from tests.weather.test_readers import met_row, write_met

LATITUDE, LONGITUDE = 57.7, 12.0
PLACE = Location(LATITUDE, LONGITUDE, 10.0, 0)
OFFSET_MINUTES = 11
YEARS = [2013 + month % 3 for month in range(12)]


def checked(rows: list[Weather], place: Location = PLACE) -> list[str]:
    """What the run's checks say of rows."""
    return [str(f) for f in check_weather(weather_series(rows, place), place)]


# ------------------------------------------------------------------ PVGIS


def typical_year() -> tuple[pd.DatetimeIndex, pd.DataFrame]:
    """Stamps with months of several years, and instants some minutes after them."""
    times = pd.date_range("2013-01-01", periods=8760, freq="h")
    table = clear_day(LATITUDE, LONGITUDE, times + pd.Timedelta(minutes=OFFSET_MINUTES), 0.0)
    written = [t.replace(year=YEARS[t.month - 1]) for t in times]
    return pd.DatetimeIndex(written), table


def pvgis_values(table: pd.DataFrame) -> dict[str, Any]:
    return {
        "T2m": table["ta"].round(3), "RH": table["rh"], "G(h)": table["global_rad"].round(3),
        "Gb(n)": table["direct_rad"].round(3), "Gd(h)": table["diffuse_rad"].round(3),
        "IR(h)": 321.5, "WS10m": table["ws"], "WD10m": 200.0, "SP": 101000.0,
    }  # fmt: skip


@pytest.fixture(scope="module")
def pvgis_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    times, table = typical_year()
    lines = [
        f"Latitude (decimal degrees): {LATITUDE:.3f}",
        f"Longitude (decimal degrees): {LONGITUDE:.3f}",
        "Elevation (m): 10.0",
        f"Irradiance Time Offset (h): {OFFSET_MINUTES / 60:.4f}",
        "month,year",
        *(f"{month},{year}" for month, year in enumerate(YEARS, 1)),
    ]
    frame = pd.DataFrame(pvgis_values(table)).set_axis(times.strftime("%Y%m%d:%H%M"), axis=0)
    body = frame.to_csv(index_label="time(UTC)", lineterminator="\r\n")
    legend = "T2m: 2-m air temperature (degree Celsius)\r\nPVGIS (c) European Union, 2001-2024\r\n"
    path = tmp_path_factory.mktemp("pvgis") / "tmy.csv"
    path.write_bytes(("\r\n".join(lines) + "\r\n" + body + legend).encode())
    return path


def test_pvgis_typical_year(pvgis_csv: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = Weather.from_file(pvgis_csv, None, "2025-07-01", "2025-07-02")
    assert rows[0].datetime == dt.datetime(2025, 7, 1, 0, OFFSET_MINUTES, tzinfo=dt.UTC)
    assert len(rows) == 48
    assert {(row.stamp, row.timestep_minutes, row.pressure) for row in rows} == {
        ("centre", 60.0, 1010.0)
    }
    assert {row.measured_longwave_down for row in rows} == {321.5}
    assert rows[0].origin is not None
    assert (rows[0].origin.latitude, rows[0].origin.utc_offset) == (LATITUDE, 0.0)
    # Values of July 2013 under the sun of July 2025.
    assert checked(rows) == []
    ends = [Weather(datetime=r.datetime, ta=r.ta, rh=r.rh, global_rad=r.global_rad,
                    measured_direct_rad=r.measured_direct_rad,
                    measured_diffuse_rad=r.measured_diffuse_rad) for r in rows]  # fmt: skip
    assert "weather clock" in checked(ends)[0]


def test_pvgis_years_and_clocks(pvgis_csv: Path) -> None:
    there = Location(LATITUDE, LONGITUDE, 10.0, 2)
    rows = Weather.from_file(pvgis_csv, there, "2021-07-01", hours=[12], year=2021)
    assert rows[0].datetime == dt.datetime(2021, 7, 1, 10, OFFSET_MINUTES, tzinfo=dt.UTC)
    whole = Weather.from_file(pvgis_csv)
    assert len(whole) == 8760
    assert {row.datetime.year for row in whole} == {2013}


def hourly_csv(path: Path, slope: int = 0) -> Path:
    times = pd.date_range("2020-07-01 00:11", periods=48, freq="h")
    table = clear_day(LATITUDE, LONGITUDE, times, 0.0)
    frame = pd.DataFrame(
        {
            "Gb(i)": (table["global_rad"] - table["diffuse_rad"]).round(2),
            "Gd(i)": table["diffuse_rad"].round(2), "Gr(i)": 0.0, "H_sun": 10.0,
            "T2m": table["ta"].round(2), "WS10m": 2.0, "Int": 0.0,
        }
    ).set_axis(times.strftime("%Y%m%d:%H%M"), axis=0)  # fmt: skip
    head = (
        f"Latitude (decimal degrees):\t{LATITUDE}\nLongitude (decimal degrees):\t{LONGITUDE}\n"
        f"Elevation (m):\t10\nRadiation database:\tPVGIS-SARAH3\n\n\nSlope: {slope} deg. \n"
        "Azimuth: 0 deg. \n"
    )
    path.write_text(head + frame.to_csv(index_label="time") + "\nT2m: 2-m air temperature\n")
    return path


def test_pvgis_hourly_series(tmp_path: Path) -> None:
    path = hourly_csv(tmp_path / "a.csv")
    with pytest.raises(WeatherDataError, match="rh: expected humidity, got none: hourly series"):
        Weather.from_file(path)
    rows = Weather.from_file(path, fill={"rh": 55})
    assert rows[0].datetime == dt.datetime(2020, 7, 1, 0, 11, tzinfo=dt.UTC)
    assert {(row.rh, row.stamp) for row in rows} == {(55.0, "centre")}
    assert rows[12].measured_diffuse_rad is not None
    assert checked(rows) == []
    with pytest.raises(WeatherDataError, match="a plane of 30 degrees"):
        Weather.from_file(hourly_csv(tmp_path / "b.csv", 30), fill={"rh": 55})


def test_pvgis_json(tmp_path: Path, pvgis_csv: Path) -> None:
    times, table = typical_year()
    july = times.month == 7
    times, table = times[july], table[july]
    columns = pd.DataFrame(pvgis_values(table))
    columns.insert(0, "time(UTC)", times.strftime("%Y%m%d:%H%M"))
    answer = {
        "inputs": {
            "location": {"latitude": LATITUDE, "longitude": LONGITUDE, "elevation": 10.0,
                         "irradiance_time_offset": OFFSET_MINUTES / 60},
            "meteo_data": {"radiation_db": "PVGIS-SARAH3", "meteo_db": "ERA5"},
        },
        "outputs": {"months_selected": [{"month": m, "year": y} for m, y in enumerate(YEARS, 1)],
                    "tmy_hourly": columns.to_dict("records")},
        "meta": {"inputs": {}, "outputs": {}},
    }  # fmt: skip
    path = tmp_path / "tmy.json"
    path.write_text(json.dumps(answer))
    rows = Weather.from_file(path, None, "2025-07-01", "2025-07-01")
    same = Weather.from_file(pvgis_csv, None, "2025-07-01", "2025-07-01")
    assert [(r.datetime, r.ta, r.global_rad) for r in rows] == [
        (r.datetime, r.ta, r.global_rad) for r in same
    ]


# ------------------------------------------------------------------ Meteonorm, TMY3


def meteonorm(path: Path, **changes: Any) -> Path:
    begins = pd.date_range("2025-07-01", periods=96, freq="30min", tz="UTC")
    ends = begins + pd.Timedelta(minutes=30)
    table = clear_day(LATITUDE, LONGITUDE, ends.tz_localize(None), 30.0)
    answer = {
        "meta": {"lat": LATITUDE, "lon": LONGITUDE, "altitude": 10},
        "values": {
            "temperature": table["ta"].tolist(), "relative_humidity": [50.0] * 96,
            "global_horizontal_irradiance": table["global_rad"].tolist(),
            "direct_normal_irradiance": table["direct_rad"].tolist(),
            "diffuse_horizontal_irradiance": table["diffuse_rad"].tolist(),
            "wind_speed": [2.0] * 96, "precipitation": None,
        },
        "start_times": [t.isoformat() for t in begins],
        "end_times": [t.isoformat() for t in ends],
    }  # fmt: skip
    answer["values"] |= changes  # type: ignore[operator]
    path.write_text(json.dumps(answer))
    return path


def test_meteonorm_names_its_intervals(tmp_path: Path) -> None:
    rows = Weather.from_file(meteonorm(tmp_path / "a.json"))
    assert {(row.timestep_minutes, row.stamp) for row in rows} == {(30.0, "end")}
    assert rows[0].datetime == dt.datetime(2025, 7, 1, 0, 30, tzinfo=dt.UTC)
    assert checked(rows) == []
    dew = meteonorm(tmp_path / "b.json", relative_humidity=None, dew_point_temperature=[10.0] * 96)
    assert 0 < Weather.from_file(dew)[0].rh < 100
    for changes, match in (
        ({"temperature": None}, "ta: expected temperature"),
        ({"temperature": [1.0]}, "lists of other lengths"),
        ({"temperature": ["warm"] * 96}, "ta: expected numbers"),
    ):
        with pytest.raises(WeatherDataError, match=match):
            Weather.from_file(meteonorm(tmp_path / "c.json", **changes))


def test_meteonorm_columns_are_a_table(tmp_path: Path) -> None:
    """Its own column names and hours 1 to 24, as its text export has them."""
    ends = pd.date_range("2025-07-01 01:00", periods=24, freq="h")
    table = clear_day(LATITUDE, LONGITUDE, ends)
    begins = ends - pd.Timedelta(hours=1)
    frame = pd.DataFrame({
        "m": begins.month, "dm": begins.day, "h": begins.hour + 1, "Gh": table["global_rad"],
        "Dh": table["diffuse_rad"], "Bn": table["direct_rad"], "Ta": table["ta"], "RH": 50,
        "FF": 2.0,
    })  # fmt: skip
    path = tmp_path / "a.csv"
    frame.to_csv(path, sep="\t", index=False)
    rows = Weather.from_file(path, year=2025)
    assert rows[0].datetime == dt.datetime(2025, 7, 1, 1)
    assert checked(rows) == []


def tmy3(path: Path) -> Path:
    begins = pd.date_range("1988-07-01", periods=48, freq="h")
    table = clear_day(LATITUDE, LONGITUDE, begins)  # local standard time UTC+1: ends in UTC
    lines = [f'720000,"TESTBY",XX,1.0,{LATITUDE},{LONGITUDE},10',
             "Date (MM/DD/YYYY),Time (HH:MM),GHI (W/m^2),DNI (W/m^2),DHI (W/m^2),Dry-bulb (C),"
             "Dew-point (C),RHum (%),Pressure (mbar),Wdir (degrees),Wspd (m/s)"]  # fmt: skip
    for begin, row in zip(begins, table.to_dict("records"), strict=True):
        year = 1988 if begin.day == 1 else 1994
        lines.append(
            f"{begin.month:02d}/{begin.day:02d}/{year},{begin.hour + 1:02d}:00,"
            f"{row['global_rad']:.2f},{row['direct_rad']:.2f},{row['diffuse_rad']:.2f},"
            f"{row['ta']:.2f},10,50,1010,200,2.0"
        )
    path.write_text("\n".join(lines) + "\n")
    return path


def test_tmy3(tmp_path: Path) -> None:
    rows = Weather.from_file(tmy3(tmp_path / "a.csv"), year=1990)
    assert rows[0].datetime.isoformat() == "1990-07-01T01:00:00+01:00"
    assert rows[-1].datetime.isoformat() == "1990-07-03T00:00:00+01:00"
    assert {(row.stamp, row.timestep_minutes) for row in rows} == {("end", 60.0)}
    assert checked(rows, Location(LATITUDE, LONGITUDE, 10.0, 1)) == []


# ------------------------------------------------------------------ kinds


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory, pvgis_csv: Path) -> dict[str, Path]:
    """A file of every kind, none with an ending that tells."""
    folder = tmp_path_factory.mktemp("kinds")
    hours = pd.date_range("2025-07-01", periods=13, freq="h")
    (folder / "csv").write_text("time,ta,rh,ghi\n2025-07-01,20,50,0\n")
    found = {
        "epw": write_epw(folder / "epw"),
        "umep": write_met(folder / "umep", [met_row(173, 10, 0), met_row(173, 11, 0)]),
        "era5": era5_files.write_new(folder / "era5", era5_files.era5_dataset(hours)),
        "wrf": wrf_files.write_wrf(folder / "wrf", hours),
        "pvgis": pvgis_csv,
        "meteonorm": meteonorm(folder / "meteonorm"),
        "tmy3": tmy3(folder / "tmy3"),
        "csv": folder / "csv",
    }
    assert set(found) == set(KINDS)
    return found


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_is_told_by_its_content(kinds: dict[str, Path], kind: str) -> None:
    assert kind_of(kinds[kind]) == kind
    rows = Weather.from_file(kinds[kind], PLACE, timestep_minutes=None)
    assert isinstance(rows[0], Weather)
    grib = era5_files.write_grib(
        kinds["era5"].parent / "grib", era5_files.stamps(hours=2), ("t2m",)
    )
    assert kind_of(grib) == "era5"


def test_what_a_kind_does_not_take(kinds: dict[str, Path]) -> None:
    for kind, options, match in (
        ("era5", {"year": 2025}, "year: expected an EPW file or"),
        ("epw", {"columns": {"ta": "T"}}, "columns: expected a table of named columns, got an EPW"),
        ("csv", {"method": "linear"}, "method: expected ERA5"),
        ("pvgis", {"timestep_minutes": 60}, "timestep_minutes: expected"),
        ("umep", {"hours": [12]}, "hours: expected another kind .*cut the period with"),
    ):
        with pytest.raises(ConfigurationError, match=match):
            Weather.from_file(kinds[kind], PLACE, **options)  # type: ignore[arg-type]
    for kind in ("era5", "wrf"):
        with pytest.raises(ConfigurationError, match="location: expected a place"):
            Weather.from_file(kinds[kind])
    with pytest.raises(WeatherDataError, match="files of one kind, an EPW file"):
        Weather.from_file([kinds["epw"], kinds["csv"]])
    with pytest.raises(WeatherDataError, match="one file of this kind"):
        Weather.from_file([kinds["epw"], kinds["epw"]])


@pytest.mark.parametrize("kind", ["pvgis", "meteonorm", "tmy3"])
def test_damaged_files(tmp_path: Path, kinds: dict[str, Path], kind: str) -> None:
    text = kinds[kind].read_text()
    path = tmp_path / "cut"
    for end in (text.rindex("\n" if kind == "tmy3" else ",") // 2, 150):
        path.write_text(text[:end])
        with pytest.raises(WeatherDataError):
            Weather.from_file(path)
    path.write_text("")
    with pytest.raises(WeatherDataError, match="an empty file"):
        Weather.from_file(path)


def test_epw_and_umep_read_as_their_own_readers_do(kinds: dict[str, Path]) -> None:
    epw = Weather.from_file(kinds["epw"], stamp="start", hours=[12])
    assert epw == Weather.from_epw(kinds["epw"], stamp="start", hours=[12])
    assert Weather.from_file(kinds["umep"]) == Weather.from_umep_met(kinds["umep"])


def test_numbers_are_finite(kinds: dict[str, Path]) -> None:
    for kind, path in kinds.items():
        row = Weather.from_file(path, PLACE)[0]
        assert np.isfinite([row.ta, row.rh]).all(), kind

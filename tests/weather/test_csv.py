"""Tables as text: named columns, units, mappings, layouts of services."""

from __future__ import annotations

import datetime as dt
import gzip
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from solweig.errors import ConfigurationError, WeatherDataError
from solweig.weather.checks import check_weather
from solweig.weather.location import Location
from solweig.weather.readers.station import read_csv
from solweig.weather.readers.units import KNOWN, Unit, converted, plain, unit_of
from solweig.weather.readers.wanted import Wanted
from solweig.weather.series import weather_series
from solweig.weather.step import Weather
from tests.support.clear_days import clear_day

PLACE = Location(57.7, 12.0, 10.0, 0)
HOURS = pd.date_range("2025-07-01 01:00", periods=24, freq="h")
TRUE = clear_day(57.7, 12.0, HOURS)
"""What every table says of itself in its own way."""


def write(path: Path, header: str, *columns: Any, below: str = "", separator: str = ",") -> Path:
    """A table of columns of the same length."""
    rows = [separator.join(map(str, row)) for row in zip(*columns, strict=True)]
    path.write_text("\n".join([header, *([below] if below else []), *rows]) + "\n", "utf-8")
    return path


def texts(values: Any, digits: int = 4) -> list[str]:
    return [f"{value:.{digits}f}" for value in values]


def same(rows: list[Weather], **of: Any) -> None:
    """Rows hold what is true, or what is said."""
    expected = {"ta": TRUE["ta"], "rh": TRUE["rh"], "global_rad": TRUE["global_rad"], **of}
    for name, values in expected.items():
        found = np.array([getattr(row, name) for row in rows], float)
        assert found == pytest.approx(np.broadcast_to(values, len(rows)), abs=2e-3), name


ISO = [f"{time:%Y-%m-%d %H:%M}" for time in HOURS]
BASE = (ISO, texts(TRUE["ta"]), texts(TRUE["rh"]), texts(TRUE["global_rad"]))


def test_named_columns_in_our_units(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "datetime,ta,rh,global_rad", *BASE)
    rows = Weather.from_csv(path)
    same(rows)
    assert rows[0].datetime == dt.datetime(2025, 7, 1, 1)
    assert {(row.timestep_minutes, row.stamp) for row in rows} == {(60.0, None)}
    some = Weather.from_csv(path, "2025-07-01 10:00", hours=[12, 13], stamp="start")
    assert [(row.datetime.hour, row.stamp) for row in some] == [(12, "start"), (13, "start")]


@pytest.mark.parametrize(
    ("header", "below"),
    [
        ("time,T,RH,Kdown", ",K,-,kJ/m2"),
        ("time,T [K],RH [-],Kdown [kJ/m²]", ""),
        ("time,T (K),RH (fraction),Kdown (kJ m-2)", ""),
        ("time,T,RH,Kdown", "yyyy-mm-dd,kelvin,1,kJ m**-2"),
    ],
)
def test_units_in_a_row_or_in_the_header(tmp_path: Path, header: str, below: str) -> None:
    path = write(
        tmp_path / "a.csv", header, ISO, texts(TRUE["ta"] + 273.15), texts(TRUE["rh"] / 100, 6),
        texts(TRUE["global_rad"] * 3.6), below=below,
    )  # fmt: skip
    same(Weather.from_csv(path, columns={"ta": "T"}))


def test_units_that_are_said_go_before_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "time,ta [degC],rh,ghi", ISO, texts(TRUE["ta"] * 1.8 + 32),
                 texts(TRUE["rh"]), texts(TRUE["global_rad"] / 1000, 7))  # fmt: skip
    same(Weather.from_csv(path, units={"ta": "F", "global_rad": "kW/m2"}))


@pytest.mark.parametrize(
    ("quantity", "text", "value", "ours"),
    [
        ("ta", "°F", 212.0, 100.0),
        ("td", "K", 273.15, 0.0),
        ("rh", "1", 0.5, 50.0),
        ("ws", "km/h", 36.0, 10.0),
        ("ws", "kn", 1.0, 0.514444),
        ("ws", "mph", 1.0, 0.44704),
        ("pressure", "Pa", 101_325.0, 1013.25),
        ("pressure", "mmHg", 760.0, 1013.25),
        ("pressure", "inHg", 29.92, 1013.2),
        ("global_rad", "J/cm^2", 36.0, 100.0),
        ("global_rad", "MJ m⁻²", 0.36, 100.0),
        ("global_rad", "Wh/m²", 100.0, 100.0),
        ("longwave_down", "W m**-2", 300.0, 300.0),
    ],
)
def test_units(quantity: str, text: str, value: float, ours: float) -> None:
    unit = unit_of(quantity, text, "a.csv")
    assert converted(np.array([value]), unit, np.array([60.0]))[0] == pytest.approx(ours, rel=1e-4)
    halves = converted(np.array([value]), unit, np.array([30.0]))[0]
    assert halves == pytest.approx(2 * ours if unit.energy else ours, rel=1e-4)


def test_every_unit_is_written_plainly() -> None:
    for known in KNOWN.values():
        for text, unit in known.items():
            assert plain(text) == text
            assert isinstance(unit, Unit)
    with pytest.raises(WeatherDataError, match="ta: expected a unit among degc"):
        unit_of("ta", "furlong", "a.csv")


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("date,time,ta,rh,ghi", lambda t: (t.strftime("%Y-%m-%d"), t.strftime("%H:%M"))),
        ("date,hour,ta,rh,ghi", lambda t: _before(t, "%Y-%m-%d")),
        ("year,month,day,hour,ta,rh,ghi", lambda t: _parts(t, "month", "day")),
        ("year,doy,hour,ta,rh,ghi", lambda t: _parts(t, "dayofyear")),
        ("year,month,day,hour,minute,ta,rh,ghi",
         lambda t: (t.year, t.month, t.day, t.hour, t.minute)),
    ],
)  # fmt: skip
def test_time_in_several_columns(tmp_path: Path, header: str, columns: Any) -> None:
    path = write(tmp_path / "a.csv", header, *columns(HOURS), *BASE[1:])
    rows = Weather.from_csv(path)
    same(rows)
    assert [row.datetime for row in rows] == list(HOURS.to_pydatetime())


def _before(times: pd.DatetimeIndex, form: str) -> tuple[list[str], list[int]]:
    """Day and hour 1 to 24 that ends at each time."""
    begin = times - pd.Timedelta(hours=1)
    return [f"{x:{form}}" for x in begin], [x.hour + 1 for x in begin]


def _parts(times: pd.DatetimeIndex, *names: str) -> tuple[Any, ...]:
    begin = times - pd.Timedelta(hours=1)
    return (begin.year, *(getattr(begin, name) for name in names), begin.hour + 1)


def test_rows_without_a_year(tmp_path: Path) -> None:
    _, month, day, hour = _parts(HOURS, "month", "day")
    path = write(tmp_path / "a.csv", "month,day,hour,ta,rh,gh", month, day, hour, *BASE[1:])
    with pytest.raises(WeatherDataError, match="the year of its rows"):
        Weather.from_csv(path)
    assert Weather.from_csv(path, year=2023)[0].datetime == dt.datetime(2023, 7, 1, 1)


def test_own_times_and_decimal_commas(tmp_path: Path) -> None:
    """As a logger with German settings writes: semicolons, commas, dates with dots, a preamble."""
    german = [f"{time:%d.%m.%Y %H:%M}" for time in HOURS]
    comma = [[text.replace(".", ",") for text in column] for column in BASE[1:]]
    path = write(tmp_path / "a.csv", "Zeit;Temp;Feuchte;Global;", german, *comma, [""] * 24,
                 separator=";")  # fmt: skip
    path.write_text("Logger 7\nStandort;Dach\n\n" + path.read_text("utf-8"), "cp1252")
    names = {"datetime": "Zeit", "ta": "Temp", "rh": "Feuchte", "global_rad": "Global"}
    with pytest.raises(WeatherDataError, match=r"line 5.*It could mean 2025-07-01"):
        Weather.from_csv(path, columns=names)
    same(Weather.from_csv(path, columns=names, time_format="%d.%m.%Y %H:%M"))
    with pytest.raises(WeatherDataError, match=r"datetime: expected %m/%d/%Y"):
        Weather.from_csv(path, columns=names, time_format="%m/%d/%Y %H:%M")


def test_clocks(tmp_path: Path) -> None:
    naive = write(tmp_path / "a.csv", "time,ta,rh,ghi", *BASE)
    said = Weather.from_csv(naive, utc_offset=2, start="2025-07-01 12:00")
    assert said[0].datetime.isoformat() == "2025-07-01T12:00:00+02:00"
    utc = write(tmp_path / "b.csv", "time (UTC),ta,rh,ghi", *BASE)
    assert Weather.from_csv(utc)[0].datetime == dt.datetime(2025, 7, 1, 1, tzinfo=dt.UTC)
    zoned = [f"{time.tz_localize('UTC').tz_convert('Europe/Berlin').isoformat()}" for time in HOURS]
    own = write(tmp_path / "c.csv", "time,ta,rh,ghi", zoned, *BASE[1:])
    assert Weather.from_csv(own)[0].datetime == dt.datetime(2025, 7, 1, 1, tzinfo=dt.UTC)
    mixed = write(tmp_path / "d.csv", "time,ta,rh,ghi", [*ISO[:5], *zoned[5:]], *BASE[1:])
    with pytest.raises(WeatherDataError, match="a mixture"):
        Weather.from_csv(mixed)


def test_what_follows_from_other_columns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ta, rh = TRUE["ta"].to_numpy(), 50.0
    vapour = rh / 100 * 6.1121 * np.exp(17.502 * ta / (ta + 240.96))
    z = np.log(vapour / 6.1121)
    direct = TRUE["global_rad"] - TRUE["diffuse_rad"]
    path = write(
        tmp_path / "a.csv", "time,ta,td,ghi,bhi,u10,v10,msl", ISO, texts(ta),
        texts(240.96 * z / (17.502 - z)), texts(TRUE["global_rad"]), texts(direct),
        [3.0] * 24, [-4.0] * 24, [1013.25] * 24,
    )  # fmt: skip
    rows = Weather.from_csv(path, altitude=500.0)
    same(rows, rh=pytest.approx(50.0, abs=0.1), ws=5.0, measured_diffuse_rad=TRUE["diffuse_rad"])
    assert rows[0].pressure == pytest.approx(954.6, abs=0.2)
    assert {row.measured_direct_rad for row in rows} == {None}
    found = read_csv(path, Wanted(), altitude=500.0).frame
    assert found["wind_direction"].to_numpy() == pytest.approx(323.13, abs=0.01)
    assert "sea level" not in caplog.text
    assert np.isnan(Weather.from_csv(path)[0].pressure)
    assert "pressure is that of sea level and is left out; altitude" in caplog.text


def test_dark_sensors_and_missing_values(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    light = texts(TRUE["global_rad"])
    light[0], light[1] = "-3.2", "NA"
    path = write(tmp_path / "a.csv", "time,ta,rh,ghi,ws", *BASE[:3], light, ["-999"] * 24)
    with pytest.raises(WeatherDataError, match="global_rad: expected a value in every row, got 1"):
        Weather.from_csv(path)
    with caplog.at_level(logging.INFO, "solweig"):
        rows = Weather.from_csv(path, fill={"global_rad": 0.0})
    assert rows[0].global_rad == 0.0
    assert "a little below 0 in 1 row(s)" in caplog.text
    assert np.isnan(rows[0].ws)
    light[0] = "-300"
    write(tmp_path / "a.csv", "time,ta,rh,ghi", *BASE[:3], light)
    with pytest.raises(WeatherDataError, match="global_rad: expected 0 to 1500"):
        Weather.from_csv(tmp_path / "a.csv", fill={"global_rad": 0.0})


@pytest.mark.parametrize(
    ("text", "options", "match"),
    [
        ("", {}, "a header with names of a time"),
        ("a,b\n1,2\n", {}, "a header with names of a time"),
        ("time,ta,rh,ghi\n", {}, "rows of weather"),
        ("time,ta,rh\n2025-07-01,20,50\n", {}, "global_rad: expected columns"),
        ("time,ta,rh,ghi\n2025-07-01,warm,50,0\n", {}, "line 2, column ta"),
        ("time,ta,rh,ghi\n2025-07-01,20,50\n", {}, "4 columns, as in its header, got 3 in line 2"),
        ("time,ta,rh,ghi\n2025-07-01,20,50,1\n2025-07-01,20,50,1\n", {}, "strictly increasing"),
        ("time,ta,rh,ghi\nsomeday,20,50,1\n", {}, "datetime"),
        ("time,ta [F],rh,ghi [lux]\n2025-07-01,20,50,1\n", {}, "global_rad: expected a unit among"),
        ("time,ta,rh,ghi\n2025-07-01,20,50,1\n", {"columns": {"ta": "T"}}, "got no 'T'"),
        ("year,month,day,hour,ta,rh,ghi\n2025,2,30,1,20,50,1\n", {}, "a day that month 2"),
        ("year,month,day,hour,ta,rh,ghi\n2025,2,3,25,20,50,1\n", {}, "hour: expected 0 to 24"),
    ],
)
def test_bad_files(tmp_path: Path, text: str, options: dict[str, Any], match: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(WeatherDataError, match=match):
        Weather.from_csv(path, **options)


def test_unknown_words(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "time,ta,rh,ghi", *BASE)
    for options in ({"layout": "knmi"}, {"columns": {"t": "ta"}}, {"units": {"t": "K"}}):
        with pytest.raises(ConfigurationError):
            Weather.from_csv(path, **options)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        Weather.from_csv(tmp_path / "absent.csv")


# ------------------------------------------------------------------ services


def write_dwd(folder: Path) -> list[Path]:
    """Files of DWD's Climate Data Center: air, wind and radiation of ten minutes."""
    ends = pd.date_range("2025-07-01 00:10", periods=144, freq="10min")
    table = clear_day(57.7, 12.0, ends, 10.0)
    stamp = [f"{time:%Y%m%d%H%M}" for time in ends]
    joule = 600 / 1e4
    files = {
        "tu": ("STATIONS_ID;MESS_DATUM;  QN;PP_10;TT_10;TM5_10;RF_10;TD_10;eor",
               [["   1303"] * 144, stamp, ["    3"] * 144, [" 1010.0"] * 144,
                texts(table["ta"]), ["-999"] * 144, texts(table["rh"]), ["  9.0"] * 144,
                ["eor"] * 144]),
        "ff": ("STATIONS_ID;MESS_DATUM;  QN;FF_10;DD_10;eor",
               [["   1303"] * 144, stamp, ["    3"] * 144, ["   2.0"] * 144, [" 180"] * 144,
                ["eor"] * 144]),
        "sd": ("STATIONS_ID;MESS_DATUM;  QN;DS_10;GS_10;SD_10;LS_10;eor",
               [["   1303"] * 144, stamp, ["    3"] * 144, texts(table["diffuse_rad"] * joule),
                texts(table["global_rad"] * joule), ["0.1"] * 144, texts([330 * joule] * 144),
                ["eor"] * 144]),
    }  # fmt: skip
    return [write(folder / f"produkt_zehn_min_{name}.txt", header, *columns, separator=";")
            for name, (header, columns) in files.items()]  # fmt: skip


def test_dwd(tmp_path: Path) -> None:
    files = write_dwd(tmp_path)
    rows = Weather.from_csv(files, layout="dwd-10min")
    assert {(row.timestep_minutes, row.stamp, row.pressure) for row in rows} == {
        (10.0, "end", 1010.0)
    }
    assert rows[0].datetime == dt.datetime(2025, 7, 1, 0, 10, tzinfo=dt.UTC)
    ends = pd.DatetimeIndex([row.datetime for row in rows])
    expected = clear_day(57.7, 12.0, ends.tz_localize(None), 10.0)
    for name, column in (("global_rad", "global_rad"), ("measured_diffuse_rad", "diffuse_rad")):
        found = [getattr(row, name) for row in rows]
        assert found == pytest.approx(expected[column].to_numpy(), abs=0.01)
    assert {round(row.measured_longwave_down or 0, 2) for row in rows} == {330.0}
    assert check_weather(weather_series(rows, PLACE), PLACE) == []
    with pytest.raises(WeatherDataError, match="global_rad: expected columns"):
        Weather.from_csv(files[:2], layout="dwd-10min")


def test_dwd_hourly_radiation_has_stamps_of_its_own(tmp_path: Path) -> None:
    air = write(tmp_path / "tu.txt", "STATIONS_ID;MESS_DATUM;QN_9;TT_TU;RF_TU;eor", [1303] * 24,
                [f"{time:%Y%m%d%H}" for time in HOURS], [3] * 24, *BASE[1:3], ["eor"] * 24,
                separator=";")  # fmt: skip
    light = write(tmp_path / "st.txt", "STATIONS_ID;MESS_DATUM;FG_LBERG;eor", [1303] * 24,
                  [f"{time:%Y%m%d%H:09}" for time in HOURS], BASE[3], ["eor"] * 24,
                  separator=";")  # fmt: skip
    with pytest.raises(WeatherDataError, match="that share their stamps"):
        Weather.from_csv([air, light], layout="dwd-hourly")


def test_meteostat(tmp_path: Path) -> None:
    """It has no radiation, which another file may have."""
    air = write(tmp_path / "a.csv", "year,month,day,hour,temp,dwpt,rhum,prcp,wdir,wspd,pres",
                HOURS.year, HOURS.month, HOURS.day, HOURS.hour, *BASE[1:2], [10] * 24, BASE[2],
                [""] * 24, [200] * 24, [7.2] * 24, [1013.25] * 24)  # fmt: skip
    with pytest.raises(WeatherDataError, match="a second file may have it"):
        Weather.from_csv(air, layout="meteostat")
    light = write(tmp_path / "b.csv", "time,kdown", ISO, BASE[3])
    names = {"global_rad": "kdown"}
    rows = Weather.from_csv([air, light], layout="meteostat", columns=names, altitude=0.0)
    same(rows, ws=2.0, pressure=1013.25)
    assert {row.stamp for row in rows} == {"centre"}
    with pytest.raises(WeatherDataError, match="got no 'sun'"):
        Weather.from_csv([air, light], layout="meteostat", columns={"global_rad": "sun"})


def test_months_in_two_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    halves = [write(tmp_path / f"{i}.csv", "time,ta,rh,ghi", *(column[part] for column in BASE))
              for i, part in enumerate((slice(0, 13), slice(12, 24)))]  # fmt: skip
    with caplog.at_level(logging.INFO, "solweig"):
        same(Weather.from_csv(halves))
    assert "1 time(s) are in two files" in caplog.text


def test_open_meteo(tmp_path: Path) -> None:
    """Its hours are means that end at the stamp, under two lines about the place."""
    path = write(
        tmp_path / "a.csv",
        "time,temperature_2m (°C),relative_humidity_2m (%),shortwave_radiation (W/m²),"
        "direct_radiation (W/m²),wind_speed_10m (km/h),surface_pressure (hPa)",
        [f"{time:%Y-%m-%dT%H:%M}" for time in HOURS], *BASE[1:4],
        texts(TRUE["global_rad"] - TRUE["diffuse_rad"]), [7.2] * 24, [1010.0] * 24,
    )  # fmt: skip
    place = "latitude,longitude,elevation,utc_offset_seconds\n57.7,12.0,10.0,0\n\n"
    path.write_text(place + path.read_text("utf-8"), "utf-8")
    rows = Weather.from_csv(path, utc_offset=0)
    same(rows, ws=2.0, pressure=1010.0, measured_diffuse_rad=TRUE["diffuse_rad"])
    assert check_weather(weather_series(rows, PLACE), PLACE) == []


def test_packed_files(tmp_path: Path) -> None:
    """Meteostat packs its years by gzip."""
    plain_file = write(tmp_path / "a.csv", "time,ta,rh,ghi", *BASE)
    packed = tmp_path / "b.csv.gz"
    packed.write_bytes(gzip.compress(plain_file.read_bytes()))
    same(Weather.from_csv(packed))
    packed.write_bytes(packed.read_bytes()[:-30])
    with pytest.raises(WeatherDataError, match=r"b\.csv\.gz: expected a whole file packed by gzip"):
        Weather.from_csv(packed)
    with pytest.raises(WeatherDataError, match="a file, got a folder"):
        Weather.from_csv(tmp_path)
    with pytest.raises(WeatherDataError, match="at least one file"):
        Weather.from_csv([])

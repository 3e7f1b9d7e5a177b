"""``solweig weather check``, and runs whose weather is any file that is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import solweig
from solweig.weather.location import Location
from solweig.weather.readers.detect import Options
from solweig.weather.readers.wanted import Wanted
from solweig.weather.understood import bars, lines_of, understand
from tests.cli.test_app import invoke, plain
from tests.support import era5_files
from tests.support.clear_days import clear_day, write_epw
from tests.support.rasters import write_scene

HOURS = pd.date_range("2025-07-01 00:00", periods=25, freq="h")
PLACE = ("--latitude", "57.7", "--longitude", "11.97")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rasters in Gothenburg, a day of ERA5 and a table of clear hours."""
    folder = tmp_path_factory.mktemp("weather")
    write_scene(folder)
    write_epw(folder / "a.epw")
    era5_files.write_new(folder / "era5.nc", era5_files.era5_dataset(HOURS))
    beside = era5_files.era5_dataset(HOURS, longitudes=np.array([13.25, 13.5]))
    era5_files.write_new(folder / "beside.nc", beside)
    table = clear_day(57.7, 12.0, HOURS).rename(columns={"ta": "Temp"})
    table["Temp"] += 273.15
    table.round(3).to_csv(folder / "own.csv", index_label="When")
    return folder


def check(folder: Path, name: str, *more: str) -> Any:
    return invoke(["weather", "check", str(folder / name), *more])


def test_what_is_printed_of_era5(folder: Path) -> None:
    done = check(folder, "era5.nc", *PLACE, "--utc-offset", "2")
    assert done.exit_code == 0, done.output
    told = plain(done.stdout)
    for words in (
        "read as ERA5", "place 57.750 N, 12.000 E, of era5.nc",
        "clock stamps carry their time zone, UTC+02:00",
        "rows 25, 2025-07-01 02:00:00+02:00 to 2025-07-02 02:00:00+02:00",
        "a row 60 min; its stamp marks their end", "note ERA5: sums of one hour",
        "6 km from the place", "longwave from the sky [W/m²]", "from 2025-07-01 02:00",
        "Radiation, sun and clock fit.",
    ):  # fmt: skip
        assert words in " ".join(told.split()), words
    assert "█" in told


def test_a_picture(folder: Path) -> None:
    done = check(folder, "era5.nc", *PLACE, "--plot", str(folder / "era5.png"))
    assert done.exit_code == 0, done.output
    assert (folder / "era5.png").read_bytes().startswith(b"\x89PNG")


def test_a_clock_that_is_off_is_told(folder: Path) -> None:
    names = ("--weather-columns", "ta=Temp,datetime=When", "--weather-units", "ta=K")
    fits = check(folder, "own.csv", *names, *PLACE, "--utc-offset", "0")
    assert "Radiation, sun and clock fit." in fits.stdout, fits.output
    off = check(folder, "own.csv", *names, *PLACE, "--utc-offset", "2")
    assert off.exit_code == 0
    assert "warning: weather clock: the radiation fits a sun" in plain(off.stdout)
    nowhere = check(folder, "own.csv", *names)
    assert "No place: the sun was not looked at." in nowhere.stdout
    assert "ta: column 'Temp', K" in " ".join(nowhere.stdout.split())


@pytest.mark.parametrize(
    ("name", "more", "words"),
    [
        ("era5.nc", (), "location: expected a place"),
        ("era5.nc", ("--latitude", "57.7"), "--latitude, --longitude: expected both"),
        ("era5.nc", (*PLACE, "--weather-product", "era6"), "product: expected era5 or era5-land"),
        ("own.csv", ("--weather-columns", "ta"), "--weather-columns: expected name=text"),
        ("own.csv", ("--weather-columns", "ta=Air"), "got no 'Air'"),
        ("absent.nc", (), "weather file not found"),
        ("a.epw", ("--beam", "upright"), "--beam: expected normal or horizontal"),
    ],
)
def test_what_is_refused(folder: Path, name: str, more: tuple[str, ...], words: str) -> None:
    refused = check(folder, name, *more)
    assert refused.exit_code == 2
    assert words in plain(refused.stderr)


def test_bars() -> None:
    values = np.array([0.0, np.nan, 4.0, 8.0])
    assert bars(values) == " ?▄█"
    assert bars(values, unicode=False) == " ?=%"
    assert bars(np.array([5.0, 5.0])) == "  "


def test_a_file_says_its_own_place(folder: Path) -> None:
    found = understand(str(folder / "a.epw"), None, Wanted(), Options())
    assert found.location == Location(57.7, 12.0, 20.0, 1.0)
    assert found.findings == []
    assert lines_of(found)[-1] == "Radiation, sun and clock fit."
    night = understand(str(folder / "a.epw"), None, Wanted(hours=[0, 1]), Options())
    assert lines_of(night)[-1].startswith("No light in these rows")


# ------------------------------------------------------------------ runs


def run(folder: Path, out: Path, *more: str) -> Any:
    return invoke(
        ["run", "--dsm", str(folder / "dsm.tif"), "--dem", str(folder / "dem.tif"),
         "--out", str(out), "--accelerator", "cpu", *more]
    )  # fmt: skip


def test_a_run_reads_era5_at_the_place_of_the_raster(folder: Path, tmp_path: Path) -> None:
    elsewhere = run(folder, tmp_path / "out", "--weather", str(folder / "era5.nc"))
    assert "got 57.731 N, 13.322 E. The file has to cover the place." in plain(elsewhere.stderr)
    done = run(folder, tmp_path / "out", "--weather", str(folder / "beside.nc"),
               "--hours", "12,13", "--utc-offset", "2", "--altitude", "30")  # fmt: skip
    assert done.exit_code == 0, done.output
    found = solweig.load_run_metadata(tmp_path / "out")
    assert found["inputs"]["weather"]["n_timesteps"] == 2
    assert found["inputs"]["location"]["utc_offset"] == 2.0
    assert found["inputs"]["location"]["altitude"] == 30.0


def test_a_run_reads_a_table(folder: Path, tmp_path: Path) -> None:
    own = ("--weather", str(folder / "own.csv"), "--weather-columns", "ta=Temp,datetime=When",
           "--weather-units", "ta=K", "--hours", "12")  # fmt: skip
    refused = run(folder, tmp_path / "out", *own)
    assert refused.exit_code == 2
    assert "--utc-offset: expected hours ahead of UTC" in plain(refused.stderr)
    done = run(folder, tmp_path / "out", *own, "--utc-offset", "0")
    assert done.exit_code == 0, done.output


def test_the_file_of_a_run_holds_a_mapping(folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text(
        f'weather = "{(folder / "own.csv").as_posix()}"\nhours = 12\nutc-offset = 0\n'
        '[weather-columns]\nta = "Temp"\ndatetime = "When"\n[weather-units]\nta = "K"\n'
    )
    done = run(folder, tmp_path / "out", "--config", str(config))
    assert done.exit_code == 0, done.output


def test_one_source_of_weather(folder: Path, tmp_path: Path) -> None:
    epw = ("--epw", str(folder / "a.epw"))
    both = run(folder, tmp_path / "out", *epw, "--weather", str(folder / "era5.nc"))
    assert both.exit_code == 2
    assert "expected one of --epw, --met and --weather, got --epw and --weather" in both.stderr
    mapped = run(folder, tmp_path / "out", *epw, "--weather-units", "ta=K")
    assert mapped.exit_code == 2
    assert "--weather-units: expected --weather, got --epw" in plain(mapped.stderr)

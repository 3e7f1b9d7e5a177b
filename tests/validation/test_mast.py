"""Tables of masts as they come, and what is refused of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig.errors import MastDataError
from solweig.validation import read_mast


def written(folder: Path, text: str) -> Path:
    path = folder / "mast.csv"
    path.write_text(text, encoding="utf-8")
    return path


def hourly(folder: Path, columns: str, *rows: str) -> Path:
    lines = [f"time,{columns}"]
    lines += [f"2025-07-01 {9 + i:02d}:00,{row}" for i, row in enumerate(rows)]
    return written(folder, "\n".join(lines) + "\n")


@pytest.mark.parametrize(
    "text",
    [
        "time,Tmrt\n2025-07-01 09:00,40\n2025-07-01 10:00,41\n",
        "Timestamp;MRT [degC]\n2025-07-01T09:00;40,0\n2025-07-01T10:00;41,0\n",
        "day,hour,Tmrt\n20250701,9,40\n20250701,10,41\n",
        "date\thour\tT_mrt\n2025-07-01\t9\t40\n2025-07-01\t10\t41\n",
        "iy,id,it,imin,Tmrt\n2025,182,9,0,40\n2025,182,10,0,41\n",
        "\ufefftime,Tmrt\n\n2025-07-01 09:00,40\n2025-07-01 10:00,41\n",
    ],
)
def test_times_and_names_as_they_come(tmp_path: Path, text: str) -> None:
    mast = read_mast(written(tmp_path, text))
    assert mast.times.astype("datetime64[h]").astype(str).tolist() == [
        "2025-07-01T09", "2025-07-01T10",
    ]  # fmt: skip
    assert mast.columns["Tmrt"].tolist() == [40.0, 41.0]
    assert (mast.minutes, mast.stamp) == (60.0, None)


def test_hours_alone_need_their_day(tmp_path: Path) -> None:
    path = written(tmp_path, "hour,Kdown\n23,1\n24,0\n")
    mast = read_mast(path, day="2025-07-01")
    assert str(mast.times[1].astype("datetime64[h]")) == "2025-07-02T00"
    with pytest.raises(MastDataError, match=r"mast: expected times.*--day"):
        read_mast(path)
    dated = written(tmp_path, "day,hour,Kdown\n20250701,23,1\n20250701,24,0\n20250702,1,0\n")
    assert len(read_mast(dated, day="2025-07-01")) == 2


def test_a_mapping_names_other_columns(tmp_path: Path) -> None:
    path = written(
        tmp_path, "when,radiant,Kdown\n2025-07-01 09:00,40,500\n2025-07-01 10:00,41,-999\n"
    )
    mast = read_mast(path, columns={"time": "when", "Tmrt": "radiant"}, stamp="end")
    assert sorted(mast.columns) == ["Kdown", "Tmrt"]
    assert np.isnan(mast.columns["Kdown"][1])
    assert mast.bounds("end")[0, 0] == np.datetime64("2025-07-01T08:00")
    assert mast.bounds("centre")[0, 1] == np.datetime64("2025-07-01T09:30")


@pytest.mark.parametrize(
    ("time", "options", "hour"),
    [
        ("2025-07-01T09:00+02:00", {"weather_utc_offset": 1.0}, 8),
        ("2025-07-01T09:00Z", {"weather_utc_offset": 1.0}, 10),
        ("2025-07-01T09:00", {"weather_utc_offset": 1.0, "utc_offset": 2.0}, 8),
        ("2025-07-01T09:00", {"weather_utc_offset": 1.0}, 9),
    ],
)
def test_clocks(tmp_path: Path, time: str, options: dict[str, float], hour: int) -> None:
    path = written(tmp_path, f"time,Tmrt\n{time},40\n")
    mast = read_mast(path, timestep_minutes=60, **options)
    assert mast.times[0] == np.datetime64(f"2025-07-01T{hour:02d}:00")


@pytest.mark.parametrize(
    ("columns", "rows", "message"),
    [
        ("Tmrt", ("310", "312"), r"Tmrt: .*kelvin"),
        ("Kdown", ("0.5", "0.8", "0.9", "0.7", "0.6", "0.4"), r"Kdown: .*kW"),
        ("Ke", ("0.2", "0.3", "0.2", "0.1", "0.3", "0.2"), r"Ke: .*kW"),
        ("Ldown", ("-60", "-55", "-58"), r"Ldown: .*own body"),
        ("Kup", ("10", "2000"), r"Kup: expected -60 to 1600.*2000 at 2025-07-01T10:00"),
        ("Tmrt", ("40", "warm"), r"Tmrt: expected numbers, got 'warm' in row 2"),
        ("Tmrt", ("-999", ""), r"mast: expected at least one measured value"),
        ("Tmrt,MRT", ("40,41",), r"columns: expected one column for each"),
        ("Wind", ("1", "2"), r"mast: expected a column of Tmrt.*Wind.*--columns"),
    ],
)
def test_values_that_cannot_be(
    tmp_path: Path, columns: str, rows: tuple[str, ...], message: str
) -> None:
    with pytest.raises(MastDataError, match=message):
        read_mast(hourly(tmp_path, columns, *rows), timestep_minutes=60)


def test_values_that_can_be_are_taken(tmp_path: Path) -> None:
    rows = ["-3,0.4,280,35", "-2,0.3,281,36", "900,0.3,281,36"]
    mast = read_mast(hourly(tmp_path, "Kdown,Kn,Ldown,Tmrt", *rows))
    assert list(mast.columns) == ["Tmrt", "Kdown", "Ldown", "Kn"]
    # A whole night of offsets is no kW.
    night = read_mast(hourly(tmp_path, "Kdown", *["0.0"] * 8))
    assert night.columns["Kdown"].tolist() == [0.0] * 8


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("Tmrt\n40\n41\n", {}, r"mast: expected times"),
        ("time,Tmrt\n2025-07-01 10:00,40\n2025-07-01 09:00,41\n", {}, r"time: .*increasing"),
        ("time,Tmrt\n2025-07-01 09:00,40\n2025-07-01 09:00,41\n", {}, r"time: .*increasing"),
        ("time,Tmrt\nnoon,40\n", {}, r"time: expected dates and times.*noon"),
        ("day,hour,Tmrt\n20250701,25,40\n", {}, r"hour: expected hours from 0 to 24"),
        ("time,Tmrt\n2025-07-01 09:00,40\n", {}, r"mast_minutes: .*one only"),
        (
            "time,Tmrt\n2025-07-01 09:00,40\n2025-07-01 09:10,41\n",
            {"timestep_minutes": 60.0},
            r"mast_minutes: expected no more than the 10 min",
        ),
        ("time,Tmrt\n2025-07-01 09:00,40,1\n", {}, r"mast: expected 2 columns.*3 in line 2"),
        ("", {}, r"mast: expected a table"),
        ("time,Tmrt\n2025-07-01 09:00,40\n", {"day": "2025-07-02"}, r"day: .*none"),
        ("time,Tmrt\n2025-07-01 09:00,40\n", {"day": "soon"}, r"day: expected a date"),
        ("time,Tmrt\n2025-07-01 09:00,40\n", {"stamp": "middle"}, r"mast_stamp: "),
        ("time,A\n2025-07-01 09:00,40\n", {"columns": {"Tmrt": "B"}}, r"columns: .*'B'"),
        ("time,A\n2025-07-01 09:00,40\n", {"columns": {"Tmr": "A"}}, r"columns: .*'Tmr'"),
        ("time,Tmrt\n2025-07-01T09:00Z,40\n", {}, r"weather_utc_offset: "),
    ],
)
def test_tables_that_cannot_be_read(
    tmp_path: Path, text: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(MastDataError, match=message):
        read_mast(written(tmp_path, text), **options)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="mast: no file"):
        read_mast(tmp_path / "none.csv")
    assert issubclass(MastDataError, solweig.SolweigError)

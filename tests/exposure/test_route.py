"""Heat along a way."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from typer.testing import CliRunner

import solweig
from solweig.cli.app import app
from solweig.errors import ConfigurationError
from solweig.exposure.departures import Period
from solweig.exposure.finished import FinishedRun
from tests.exposure.made import FORMATS, HOURS, known_run, line, table
from tests.support.run_cases import COLS, ROWS

WAY = line((3, 40), (30, 33), (55, 5))
DAY = dt.date(2006, 8, 1)


def walk(run: Path, *lines: Any, **options: Any) -> solweig.RouteExposure:
    return solweig.route_exposure(run, table(lines), **options)


def only(found: solweig.RouteExposure) -> Any:
    assert len(found.departures) == 1
    return found.departures.iloc[0]


def test_over_a_constant_map_the_mean_is_the_constant(constant: Path) -> None:
    found = walk(constant, WAY, depart="07:30..13:30", threshold="utci=32,tmrt=40")
    assert len(found.departures) == 7
    rows, minutes = found.departures, WAY.length / 1.3 / 60
    assert rows["minutes"].to_numpy() == pytest.approx(minutes)
    for name in ("utci", "tmrt"):
        assert rows[f"{name}_mean"].to_numpy() == pytest.approx(35.0)
        assert (rows[f"{name}_max"] == 35.0).all()
        assert rows[f"{name}_minutes"].to_numpy() == pytest.approx(minutes)
    assert rows["utci_dose_Kh"].to_numpy() == pytest.approx(3.0 * minutes / 60)
    assert rows["utci_minutes_above"].to_numpy() == pytest.approx(minutes)
    assert (rows["tmrt_dose_Kh"] == 0).all()
    assert rows["best"].tolist() == [True, *[False] * 6]  # all alike: the first
    assert found.pieces["length_m"].sum() == pytest.approx(WAY.length)
    assert found.pieces["utci"].to_numpy() == pytest.approx(35.0)


def test_the_value_at_a_time_is_that_of_the_step_that_holds_it(run: Path, tmp_path: Path) -> None:
    folder = known_run(run, tmp_path / "run", lambda name, step: 20.0 + 10.0 * step)
    straight = line((5, 21), (41, 21))
    # 60 s at 0.6 m/s; steps end at 8, 9, ... h, so the third begins at 9 h.
    row = only(walk(folder, straight, speed=0.6, depart="08:59:45", threshold=35))
    assert row["utci_mean"] == pytest.approx((15 * 30.0 + 45 * 40.0) / 60)
    assert row["utci_max"] == 40.0
    assert row["utci_minutes_above"] == pytest.approx(0.75)
    assert row["utci_dose_Kh"] == pytest.approx(5.0 * 45 / 3600)
    assert row["arrive"] == pd.Timestamp("2006-08-01 09:00:45")
    at_border = only(walk(folder, straight, speed=0.6, depart="09:00", threshold=35))
    assert (at_border["utci_mean"], at_border["utci_max"]) == (pytest.approx(40.0), 40.0)


def test_against_small_steps_of_time(varied: Path) -> None:
    """A second opinion: stand still for a hundredth of a second each."""
    row = only(walk(varied, WAY, speed=0.5, depart="08:59:00"))
    source = FinishedRun.open(varied)
    steps = [source.read_step("utci", k, [(slice(0, ROWS), slice(0, COLS))])[0] for k in range(7)]
    seconds = np.arange(0.005, WAY.length / 0.5, 0.01)
    places = shapely.get_coordinates(shapely.line_interpolate_point(WAY, seconds * 0.5))
    cells = [source.georef.row_col(x, y) for x, y in places]
    values = np.array(
        [steps[1 if t < 60 else 2][cell] for t, cell in zip(seconds, cells, strict=True)]
    )
    assert row["utci_mean"] == pytest.approx(values.mean(dtype=np.float64), abs=0.01)
    assert row["utci_max"] == values.max()
    dose = np.maximum(values.astype(np.float64) - 32.0, 0.0).sum() * 0.01 / 3600
    assert row["utci_dose_Kh"] == pytest.approx(dose, rel=1e-3)
    assert row["utci_minutes_above"] == pytest.approx((values > 32).sum() * 0.01 / 60, rel=1e-2)


def test_doses_of_parts_add_up(varied: Path) -> None:
    whole = only(walk(varied, WAY, depart="08:59:00"))
    middle = shapely.get_coordinates(WAY)[1]
    first = shapely.LineString([WAY.coords[0], middle])
    second = shapely.LineString([middle, WAY.coords[-1]])
    one = only(walk(varied, first, depart="08:59:00"))
    two = only(walk(varied, second, depart=one["arrive"].to_pydatetime()))
    for name in ("utci_dose_Kh", "tmrt_dose_Kh", "utci_minutes_above"):
        assert one[name] + two[name] == pytest.approx(whole[name], rel=1e-4)
        assert one[name] > 0
    assert max(one["utci_max"], two["utci_max"]) == whole["utci_max"]


def test_formats_of_a_run_give_the_same(run: Path) -> None:
    first, *others = (walk(run, WAY, format=each) for each in FORMATS)
    assert first.departures["tmrt_mean"].nunique() > 3
    for other in others:
        pd.testing.assert_frame_equal(first.departures, other.departures)
        assert first.notes == other.notes


def test_each_step_is_read_once_and_only_where_the_way_is(
    varied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []
    cells = 0
    read = FinishedRun.read_step

    def spy(self: FinishedRun, name: str, step: int, windows: Any) -> Any:
        nonlocal cells
        asked.append((name, step))
        cells += sum((r.stop - r.start) * (c.stop - c.start) for r, c in windows)
        return read(self, name, step, windows)

    monkeypatch.setattr(FinishedRun, "read_step", spy)
    walk(varied, line((3, 40), (20, 40)), depart="08:10..10:50", every_minutes=10)
    assert sorted(asked) == [(name, step) for name in ("tmrt", "utci") for step in (1, 2, 3)]
    assert cells == 6 * 9


def test_buildings_and_stretches_off_the_map_are_told_with_their_length(
    run: Path, tmp_path: Path
) -> None:
    ground = np.ones((ROWS, COLS), np.uint8)
    ground[:, 10:15] = 0
    values = np.full((ROWS, COLS), 30.0)
    values[:, 10:15] = 90.0
    values[:, 20:22] = np.nan
    folder = known_run(run, tmp_path / "run", lambda name, step: values, ground)
    across = line((-12, 21), (60, 21))
    found = walk(folder, across, depart="08:10")
    way, row = found.ways.iloc[0], only(found)
    assert (way["off_map_m"], way["buildings_m"]) == (pytest.approx(12.0), pytest.approx(10.0))
    assert way["no_value_m"] == pytest.approx(4.0)
    assert row["minutes"] == pytest.approx(72 / 1.3 / 60)
    assert row["utci_minutes"] == pytest.approx((72 - 26) / 1.3 / 60)
    assert (row["utci_mean"], row["utci_max"]) == (pytest.approx(30.0), 30.0)
    lengths = found.pieces.groupby("state")["length_m"].sum()
    assert lengths["off the map"] == pytest.approx(12.0)
    assert lengths["building"] == pytest.approx(10.0)
    assert lengths["no value"] == pytest.approx(4.0)
    text = "\n".join(found.notes)
    for said in (
        "12.0 of 72.0 m off the map",
        "10.0 of 72.0 m inside b",
        "4.0 of 72.0 m on ground",
    ):
        assert said in text
    assert only(walk(folder, across, depart="08:10", where="all"))["utci_max"] == 90.0
    with pytest.raises(ConfigurationError, match="line: expected a line on open ground"):
        walk(folder, line((21, 10), (29, 30)), depart="08:10")
    with pytest.raises(ConfigurationError, match="line: expected a line on the map"):
        walk(folder, line((-20, 10), (-10, 30)), depart="08:10")
    two = walk(folder, across, line((-20, 10), (-10, 30)), depart="08:10")
    assert np.isnan(two.departures["utci_mean"].iloc[1])
    assert "way 2: 22.4 of 22.4 m off the map, in no mean or dose" in two.notes


@pytest.mark.parametrize(
    ("depart", "hours"),
    [
        ("08:00", [8.0]),
        ("8:30, 10:00", [8.5, 10.0]),
        ("08:00..10:00", [8.0, 9.0, 10.0]),
        ("2006-08-01T09:15", [9.25]),
        ("2006-08-01 10:00+02:00", [9.0]),
        ("09:00Z", [10.0]),
        ("00:30+17:00", [8.5]),
        ("06:30Z..08:30Z", [7.5, 8.5, 9.5]),
        (dt.time(8, 15), [8.25]),
        ([dt.datetime(2006, 8, 1, 9), "10:00"], [9.0, 10.0]),
        (dt.datetime(2006, 8, 1, 9, tzinfo=dt.UTC), [10.0]),
        (np.datetime64("2006-08-01T09:00"), [9.0]),
        (pd.Timestamp("2006-08-01T09:00", tz="Europe/Stockholm"), [8.0]),
        (None, [7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0]),
    ],
)
def test_departures(constant: Path, depart: Any, hours: list[float]) -> None:
    found = walk(constant, WAY, depart=depart)
    midnight = pd.Timestamp(DAY)
    assert ((found.departures["depart"] - midnight) / pd.Timedelta(hours=1)).tolist() == hours


def test_walks_that_leave_the_run(constant: Path) -> None:
    found = walk(constant, WAY, depart="13:00..13:59", every_minutes=59.5)
    assert found.departures["depart"].tolist() == [pd.Timestamp("2006-08-01 13:00")]
    found = walk(constant, WAY, depart="12:00..13:59", every_minutes=59.9)
    assert len(found.departures) == 2
    slow = walk(constant, WAY, depart="12:00..13:00", every_minutes=30, speed=0.1)
    assert slow.departures["depart"].dt.strftime("%H:%M").tolist() == ["12:00", "12:30", "13:00"]
    slow = walk(constant, WAY, depart="12:00..13:55", every_minutes=23, speed=0.1)
    assert "way 1: 1 departures left out, their walks leave the run" in slow.notes


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"depart": "13:59:30"}, "depart: expected a walk of 1 min within the steps of the run"),
        ({"depart": "06:00"}, "2006-08-01 07:00 to 2006-08-01 14:00, got 06:00"),
        ({"depart": "2007-08-01T08:00"}, "got 2007-08-01T08:00"),
        ({"depart": "2006-08-01"}, "depart: expected times, 08:00"),
        ({"depart": "10:00..08:00"}, "depart: expected a range that goes forward"),
        ({"depart": "10:00..2006-08-01T12:00"}, "depart: expected times"),
        ({"depart": "8 o'clock"}, "depart: expected times"),
        ({"depart": ""}, "depart: expected times"),
        ({"depart": 8}, "depart: expected times"),
        ({"speed": 0.0}, "speed: expected 0.1 to 15 m/s, got 0.0"),
        ({"speed": "1.3"}, "speed: expected 0.1 to 15 m/s"),
        ({"every_minutes": 0}, "every_minutes: expected 1 to 1440 min, got 0"),
        ({"threshold": "32,38"}, "threshold: expected one threshold of tmrt"),
        ({"best_by": "pet_dose_Kh"}, "best_by: expected tmrt_dose_Kh"),
        ({"where": "roofs"}, "where"),
    ],
)
def test_bad_arguments_are_told(constant: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        walk(constant, WAY, **options)
    assert said in str(error.value)


def test_a_gap_between_steps_is_not_in_the_run() -> None:
    hours = np.array([[0, 1], [1, 2], [3, 4]]) * 3600
    bounds = np.datetime64("2006-08-01", "ms") + hours.astype("timedelta64[s]")
    period, hour = Period(bounds, 0.0), np.timedelta64(1, "h")
    at = bounds[0, 0] + np.timedelta64(30, "m")
    assert period.holds(at, hour)
    assert period.holds(bounds[0, 0], 2 * hour)
    assert not period.holds(at, 2 * hour)
    assert not period.holds(at + 2 * hour, hour / 60)
    assert not period.holds(bounds[0, 0] - hour, 2 * hour)
    assert period.holds(bounds[2, 0], hour)
    assert not period.holds(at + 3 * hour, hour)


def test_the_best_departure_is_not_one_without_values(run: Path, tmp_path: Path) -> None:
    def values(name: str, step: int) -> float:
        return np.nan if name == "utci" and step == 2 else 40.0 - step

    folder = known_run(run, tmp_path / "run", values)
    found = walk(folder, WAY, depart="07:00..10:00")
    assert found.departures["best"].tolist() == [False, False, False, True]
    assert np.isnan(found.departures["utci_dose_Kh"][2])
    assert "way 1: 1 departures lack values of utci, not ranked" in found.notes
    assert found.departures["tmrt_mean"].notna().all()
    by_tmrt = walk(folder, WAY, depart="07:00..09:00", best_by="tmrt_mean")
    assert by_tmrt.departures["best"].tolist() == [False, False, True]
    assert by_tmrt.best_by == "tmrt_mean"


GPX = """<?xml version="1.0"?><gpx version="1.1" creator="x"
 xmlns="http://www.topografix.com/GPX/1/1"><wpt lat="57" lon="12"/>{}</gpx>"""


def gpx(path: Path, *, track: bool) -> Path:
    degrees = table([WAY]).to_crs(4326).geometry[0]
    kind = "trkpt" if track else "rtept"
    points = "".join(f'<{kind} lat="{y}" lon="{x}"/>' for x, y in degrees.coords)
    inner = f"<name>To school</name>{'<trkseg>' if track else ''}{points}"
    text = f"<trk>{inner}</trkseg></trk>" if track else f"<rte>{inner}</rte>"
    path.write_text(GPX.format(text))
    return path


def test_files(varied: Path, tmp_path: Path) -> None:
    row = only(walk(varied, WAY, depart="08:59"))
    for track in (True, False):
        found = solweig.route_exposure(
            varied, gpx(tmp_path / f"{track}.gpx", track=track), depart="08:59"
        )
        assert only(found)["way"] == "To school"
        assert only(found)["utci_dose_Kh"] == pytest.approx(row["utci_dose_Kh"], rel=1e-4)
    (tmp_path / "none.gpx").write_text(GPX.format(""))
    with pytest.raises(ConfigurationError, match="a GPX file with a track or a route"):
        solweig.route_exposure(varied, tmp_path / "none.gpx")
    out = tmp_path / "out"
    found = walk(varied, WAY, line((3, 3), (9, 3)), out=out, depart="08:00..09:00")
    pieces = gpd.read_file(out / "route.gpkg", layer="pieces")
    assert len(pieces) == len(found.pieces)
    assert pieces["time"][0].endswith("+01:00")
    assert gpd.read_file(out / "route.gpkg", layer="ways").length.tolist() == pytest.approx(
        found.ways["length_m"].tolist()
    )
    rows = pyogrio.read_dataframe(out / "route.gpkg", layer="departures")
    assert rows["utci_mean"].tolist() == found.departures["utci_mean"].tolist()
    assert pd.read_csv(out / "departures.csv")["depart"][0] == "2006-08-01T08:00:00+01:00"
    assert (out / "route.png").stat().st_size > 10_000
    with pytest.raises(ConfigurationError, match="overwrite=True"):
        found.write(out)


def test_the_command(varied: Path, tmp_path: Path) -> None:
    way = gpx(tmp_path / "way.gpx", track=True)
    words = [
        "route", str(varied), "--line", str(way), "--out", str(tmp_path / "out"),
        "--depart", "08:00..12:00", "--every", "120", "--speed", "1",
    ]  # fmt: skip
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "best by      least utci_dose_Kh" in done.output
    assert "2006-08-01T08:00" in done.output
    assert len(HOURS) == 7
    told = CliRunner().invoke(app, [*words, "--overwrite", "--progress", "json"])
    last = json.loads(told.stdout.splitlines()[-1])
    assert [Path(file["path"]).is_file() for file in last["files"]] == [True] * 3
    assert last["quantity"] == "utci"
    assert last["best"][0]["depart"].startswith("2006-08-01T08:00")
    wrong = CliRunner().invoke(app, [*words, "--overwrite", "--every", "0"])
    assert wrong.exit_code == 2
    assert "The flag is --every." in wrong.output

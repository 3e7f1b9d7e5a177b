"""The page: complete, self-contained, of the right run, and never over somebody's file."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import solweig
from solweig.cli.app import app
from solweig.config import VALID_OUTPUTS
from solweig.errors import ConfigurationError
from solweig.rasters.variables import attributes
from solweig.report import collect as collecting
from solweig.report.collect import collect
from solweig.report.map_sections import by_hour
from solweig.report.source import choose_run, tell
from solweig.results.map_style import CLASSES
from solweig.results.metadata import FILE_NAME
from solweig.results.outputs import REPORT_NAME
from tests.exposure.made import real_run
from tests.report.made import OUTPUTS, day, day_run
from tests.support.run_cases import COLS, LOCATION, NORTH, ROWS, WEST, small_surface, weather
from tests.support.sky_cases import labelled

SECTIONS = ["where", "when", "maps", "hours", "classes", "points", "weather", "ran", "checks",
            "provenance"]  # fmt: skip
_EMPTY = {"meta", "link", "img", "br", "input", "path", "line", "rect"}


class Reading(HTMLParser):
    """Tags that close, references, sections and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.references: list[str] = []
        self.sections: list[str] = []
        self.ids: list[str] = []
        self.images: list[dict[str, Any]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.references += [str(known[n]) for n in ("src", "href", "action", "data") if n in known]
        if "id" in known:
            self.ids.append(str(known["id"]))
        if tag == "section":
            self.sections.append(str(known["id"]))
        if tag == "img":
            self.images.append(known)
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="session")
def page(run: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("page") / "page.html"
    found = solweig.write_report(
        run, target, place='Square "A" <b>', attribution=["© The <city>", "A survey"]
    )
    assert found == target
    return target.read_text(encoding="utf-8")


def test_a_page_has_every_part_and_needs_nothing_else(page: str) -> None:
    found = Reading(page)
    assert found.sections == SECTIONS
    assert len(found.ids) == len(set(found.ids))
    outside = [r for r in found.references if not r.startswith(("data:", "#"))]
    assert outside == []
    assert "url(" not in page
    assert "@import" not in page
    assert len(page.encode()) < 5_000_000
    assert f"{24} × {24}" not in found.words
    assert "30 × 24 cells of 2 m" in found.words
    assert "pixels of 2 m" in found.words, "at what resolution the maps are"
    for image in found.images[1:]:
        assert image["alt"]


def test_a_page_tells_place_time_and_source(page: str, run: Path) -> None:
    words = Reading(page).words
    told = json.loads((run / FILE_NAME).read_text())
    for text in (
        'Square "A" <b>', "57.700° N, 12.000° E", "EPSG:3006", "1 August 2006", "UTC+1",
        "1 August 2006, 11:00–12:00", "reference", solweig.__version__, "© The <city>", "A survey",
        "Lindberg", told["run_id"], told["inputs"]["surface"]["content"]["dsm"],
        told["inputs"]["weather"]["content"], "Mast & <tree>",
    ):  # fmt: skip
        assert text in words, text
    assert "<b>" not in page.replace("<b>Mast", "").replace("<b>Yard", ""), "text is never markup"
    assert str(run) not in page, "a page that is passed on says nothing of this disk"


def test_maps_areas_and_means_are_those_of_the_run(run: Path) -> None:
    told = tell(choose_run(run, None))
    found = collect(told)
    assert list(found.by_frame) == ["tmrt", "utci", "pet", "shadow"]
    assert found.factor == 1
    assert told.steps is not None
    assert told.series is not None
    ground = told.steps.read_ground([(slice(0, 24), slice(0, 30))])[0] != 0
    for name, drawn in found.by_frame.items():
        for step, one in enumerate(drawn):
            (grid,) = told.steps.read_step(name, step, [(slice(0, 24), slice(0, 30))])
            shown = np.where(ground, grid, np.nan)
            np.testing.assert_array_equal(one.layer.small, shown)
            assert one.layer.classes.sum() in (0, np.isfinite(shown).sum())
    means = [one.layer.mean for one in found.by_frame["tmrt"]]
    np.testing.assert_allclose(means, told.series["tmrt_mean"], atol=1e-4)
    assert found.first == int(np.argmax(means))
    numbers = json.loads(re.findall(r'id="frames">(.*?)</script>', by_hour(told, found))[0])
    np.testing.assert_allclose(numbers["means"]["tmrt"], means, atol=1e-6)
    hours = found.numbers["utci_hours_above_32_day"]
    assert hours.mean == pytest.approx(
        sum(
            one.layer.classes[7:].sum() / one.layer.count
            for one in found.by_frame["utci"]
        ),
        abs=1e-5,
    )  # fmt: skip


@pytest.mark.parametrize("format", ["zarr", "netcdf"])
def test_formats_give_the_same_page(run: Path, tmp_path: Path, format: str) -> None:
    pages = []
    files = {"geotiff": OUTPUTS, "zarr": ["solweig.zarr"], "netcdf": ["solweig.nc"]}
    for kept in ("geotiff", format):
        folder = tmp_path / kept
        shutil.copytree(run, folder)
        for name in [n for key, names in files.items() if key != kept for n in names]:
            gone = folder / name
            shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
        pages.append(solweig.write_report(folder).read_text())
    assert pages[0] == pages[1]


def test_weather_of_the_cells_is_told(page: str, tmp_path: Path) -> None:
    assert "from cell to cell" not in page
    fields: dict[str, Any] = {
        "ta": solweig.WeatherField(np.full((ROWS, COLS), 26.5), 2.0),
        "ws": solweig.WindCoefficients({0: np.full((ROWS, COLS), 0.5)}, 1.5),
    }
    sky = {"global_rad": (400.0, 600.0), "longwave_down": (300.0, 340.0)}
    for name, pair in sky.items():
        cells = labelled([pair], WEST - 100.0, NORTH + 100.0, 200.0)
        fields[name] = solweig.RadiationField(cells)
    own = day((13,), measured_longwave_down=320.0)
    day_run(tmp_path, weather=own, fields=fields, pois=None, longwave="measured")
    words = Reading(solweig.write_report(tmp_path).read_text()).words
    assert "Air temperature differed from cell to cell at 2 m, 26.5 to 26.5 °C" in words
    assert "Wind speed differed from cell to cell at 1.5 m, 1.0 to 1.0 m s⁻¹" in words
    for told in (
        "Global radiation differed from weather cell to weather cell, 400.0 to 600.0 W m⁻²",
        "Longwave of the sky differed from weather cell to weather cell, 300.0 to 340.0 W m⁻²",
    ):
        assert told in words


def test_every_output_can_be_drawn(tmp_path: Path) -> None:
    outputs = [name for name in VALID_OUTPUTS if name not in CLASSES]
    day_run(tmp_path, weather=day((13,)), outputs=outputs, output_format="geotiff", pois=None)
    text = solweig.write_report(tmp_path, quantities=outputs).read_text()
    found = Reading(text)
    assert len([i for i in found.images if "data-frame" in i]) == len(outputs)
    assert "points" not in found.sections
    assert "classes" not in found.sections
    plain = Reading(solweig.write_report(tmp_path).read_text())
    usual = [name for name in outputs if attributes(name)["units"] in ("degC", "1")]
    assert {"tmrt", "shadow"} <= {*usual}
    assert len([i for i in plain.images if "data-frame" in i]) == len(usual)
    assert "Also kept by the run and not drawn here: kdown, kup" in plain.words


@pytest.mark.parametrize("outputs", [["wall_temperature"], ["tmrt", "wall_temperature"]])
def test_temperatures_of_walls_are_no_raster(tmp_path: Path, outputs: list[str]) -> None:
    pytest.importorskip("zarr")
    day_run(tmp_path, weather=day((13,)), outputs=outputs, output_format="zarr", pois=None)
    found = Reading(solweig.write_report(tmp_path).read_text())
    assert ("maps" in found.sections) == ("tmrt" in outputs)
    assert "wall_temperature" in found.words


def test_a_long_run_shows_its_hottest_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [*day(day="2006-08-01", ta=20.0), *day(day="2006-08-02", ta=30.0)]
    summary = day_run(tmp_path, weather=steps, outputs=["tmrt"], output_format="geotiff", pois=None)
    assert len(summary) == 16
    monkeypatch.setattr(collecting, "MOST_STEPS", 8)
    told = tell(tmp_path)
    found = collect(told)
    text = solweig.write_report(tmp_path).read_text()
    assert "The slider goes over 8 of the 16 steps" in Reading(text).words
    assert "Highest Tmrt of the hours shown: 2 August 2006" in Reading(text).words
    assert '<section id="checks"' in text
    assert {str(f.begin)[:10] for f in found.frames} == {"2006-08-02"}
    assert len(found.frames) == 8
    assert "hottest" not in found.notes[0]
    assert "2006-08-02, the day with the highest mean Tmrt" in found.notes[0]
    other = collect(told, day="2006-08-01")
    assert {str(f.begin)[:10] for f in other.frames} == {"2006-08-01"}
    monkeypatch.setattr(collecting, "MOST_STEPS", 3)
    few = collect(told)
    assert len(few.frames) == 3
    assert "every 3" in few.notes[0]
    for wrong in ("2006-08-03", "yesterday"):
        with pytest.raises(ConfigurationError, match="day: expected a day of the run, 2006-08-01"):
            collect(told, day=wrong)


def test_a_run_of_statistics_alone_shows_hours_of_the_day(tmp_path: Path) -> None:
    solweig.calculate_period(
        small_surface(), weather((2, 8, 14, 20)), LOCATION, output_dir=tmp_path,
        groups=["hour"], tmrt_thresholds=[40.0],
    )  # fmt: skip
    text = solweig.write_report(tmp_path).read_text()
    found = Reading(text)
    assert found.sections == [s for s in SECTIONS if s != "points"]
    frames = json.loads(re.search(r'id="frames">(.*?)</script>', text).group(1))  # type: ignore[union-attr]
    assert frames["labels"][0] == "01:00–02:00, mean of the period"
    assert set(frames["means"]) == {"tmrt_mean", "utci_mean"}
    assert "Hours with Tmrt above 40 degC" in found.words.replace("°C", "degC")
    with pytest.raises(ConfigurationError, match="for a run without steps"):
        solweig.write_report(tmp_path, day="2006-08-01")


def test_what_the_checks_warned_of(tmp_path: Path) -> None:
    steps = day((13,))
    for one in steps:
        one.rh = 0.6
    with pytest.warns(solweig.WeatherWarning, match="humidity units"):
        day_run(tmp_path, weather=steps, outputs=["tmrt"], output_format="geotiff", pois=None)
    told = json.loads((tmp_path / FILE_NAME).read_text())
    assert [w for w in told["warnings"] if w.startswith("humidity units")]
    words = Reading(solweig.write_report(tmp_path).read_text()).words
    assert told["warnings"][0] in words
    assert f"The checks gave {len(told['warnings'])} warnings." in words


def test_a_run_that_left_no_weather_or_ground_says_so(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "old"
    gone = shutil.ignore_patterns("timeseries.csv", "open_ground.tif", "solweig.*")
    shutil.copytree(run, folder, ignore=gone)
    told = json.loads((folder / FILE_NAME).read_text())
    del told["warnings"]
    (folder / FILE_NAME).write_text(json.dumps(told))
    words = Reading(solweig.write_report(folder).read_text()).words
    assert "left no table of its weather" in words
    assert "roofs are drawn, and count in all areas" in words
    assert "did not keep what its checks warned of" in words


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=-3, minutes=-30))])
def test_rows_of_the_weather_have_the_intervals_of_the_steps(
    tmp_path: Path, zone: timezone | None
) -> None:
    steps = day((12, 15))
    steps[1].timestep_minutes = 30.0
    for one in steps:
        one.datetime = one.datetime.replace(tzinfo=zone)
    real_run(tmp_path, weather=steps, outputs=["tmrt"], output_format="geotiff")
    told = tell(tmp_path)
    assert told.series is not None
    assert told.steps is not None
    bounds = told.series[["begin", "end"]].to_numpy("datetime64[s]")
    assert (bounds == told.steps.bounds).all()
    assert str(bounds[1, 0]) == "2006-08-01T14:30:00"
    assert [str(t) for t in told.series["time"]] == ["2006-08-01 12:00:00", "2006-08-01 15:00:00"]
    np.testing.assert_allclose(told.series["ta"], [one.ta for one in steps], rtol=1e-6)
    assert told.clock == ("UTC+1" if zone is None else "UTC−3:30")


# ------------------------------------------------------------------ which run


def test_several_runs_in_a_folder(tmp_path: Path) -> None:
    for date in ("2006-08-01", "2006-08-02"):
        day_run(tmp_path, weather=day(day=date), output_format=["geotiff", "zarr"],
                outputs=["tmrt"], pois=None)  # fmt: skip
    with pytest.raises(ConfigurationError, match=r"which: expected one of latest .*20060801T0300"):
        solweig.write_report(tmp_path)
    earlier = next((tmp_path / "runs").iterdir())
    pages = {
        name: solweig.write_report(tmp_path, which=name).read_text()
        for name in ("latest", earlier.name)
    }
    assert "2 August 2006, 11:00–12:00" in pages["latest"]
    assert "1 August 2006, 11:00–12:00" not in pages["latest"]
    assert "1 August 2006, 11:00–12:00" in pages[earlier.name]
    assert (tmp_path / REPORT_NAME).exists()
    assert (earlier / REPORT_NAME).exists()
    assert solweig.write_report(earlier).read_text() == pages[earlier.name]
    for name in OUTPUTS:
        shutil.rmtree(tmp_path / name, ignore_errors=True)
    assert solweig.write_report(earlier).read_text() == pages[earlier.name], "from the cube"
    with pytest.raises(ConfigurationError, match="got 'june' for"):
        solweig.write_report(tmp_path, which="june")


def test_what_is_no_finished_run(run: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run: no run in"):
        solweig.write_report(tmp_path)
    half = tmp_path / "half"
    shutil.copytree(run, half)
    told = json.loads((half / FILE_NAME).read_text())
    (half / FILE_NAME).write_text(json.dumps({**told, "status": "interrupted"}))
    with pytest.raises(ConfigurationError, match=r"a complete run, got .* interrupted"):
        solweig.write_report(half)
    del told["intervals"]
    (half / FILE_NAME).write_text(json.dumps(told))
    with pytest.raises(ConfigurationError, match="without 'intervals'"):
        solweig.write_report(half)
    damaged = tmp_path / "damaged"
    shutil.copytree(run, damaged)
    (damaged / "timeseries.csv").write_text("no,table\n1,2\n")
    with pytest.raises(ConfigurationError, match=r"tables as a run writes them, got .*timeseries"):
        solweig.write_report(damaged)
    assert not (damaged / REPORT_NAME).exists()
    with pytest.raises(ConfigurationError, match=r"quantities: .*got wind"):
        solweig.write_report(run, quantities="wind")


def test_a_page_is_not_written_over_what_is_not_ours(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    page = solweig.write_report(folder)
    assert page == folder / REPORT_NAME
    before = page.read_text()
    assert solweig.write_report(folder).read_text() == before, "its own is written again"
    elsewhere = tmp_path / "shown.html"
    solweig.write_report(folder, elsewhere)
    solweig.write_report(folder, elsewhere)
    elsewhere.write_text(before.replace('solweig-report" content="', 'solweig-report" content="0'))
    with pytest.raises(ConfigurationError, match="the report of another run"):
        solweig.write_report(folder, elsewhere)
    elsewhere.write_text("mine")
    with pytest.raises(ConfigurationError, match=r"no report of solweig.*--overwrite"):
        solweig.write_report(folder, elsewhere)
    assert elsewhere.read_text() == "mine"
    solweig.write_report(folder, elsewhere, overwrite=True)
    assert elsewhere.read_text() == before
    with pytest.raises(ConfigurationError, match="out: expected a file to write"):
        solweig.write_report(folder, tmp_path)
    with pytest.raises(ConfigurationError, match="a file in a folder that is there"):
        solweig.write_report(folder, tmp_path / "nowhere" / "page.html")


def test_a_later_run_takes_the_report_of_the_one_before_along(tmp_path: Path) -> None:
    day_run(tmp_path, outputs=["tmrt"], output_format="geotiff", pois=None)
    solweig.write_report(tmp_path)
    day_run(tmp_path, outputs=["tmrt"], output_format="geotiff", pois=None,
            weather=day(day="2006-08-02"))  # fmt: skip
    (earlier,) = (tmp_path / "runs").iterdir()
    assert not (tmp_path / REPORT_NAME).exists()
    assert (earlier / REPORT_NAME).exists()
    assert (earlier / "timeseries.csv").exists()


# ------------------------------------------------------------------ command line


def test_command_line(run: Path, tmp_path: Path) -> None:
    runner, out = CliRunner(), tmp_path / "page.html"
    done = runner.invoke(
        app, ["report", str(run), "--out", str(out), "--place", "Here", "--attribution", "Someone",
              "--quantities", "tmrt,kdown"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    words = Reading(out.read_text()).words
    assert "Here" in words
    assert "Someone" in words
    assert "Shortwave radiation from above" in words
    out.write_text("mine")
    refused = runner.invoke(app, ["report", str(run), "--out", str(out)])
    assert refused.exit_code == 2
    assert "The flag is --out" in refused.output or "--overwrite" in refused.output
    nothing = runner.invoke(app, ["report", str(tmp_path)])
    assert nothing.exit_code == 2
    assert "no run in" in nothing.output

"""The numbers, files and page of scenarios, from Python and from the command line."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

import solweig
from solweig.errors import ConfigurationError, MissingPrecomputedData
from solweig.scenarios.example import EXAMPLE
from solweig.scenarios.gains import gains_of, maps_of
from solweig.scenarios.tables import read_scenarios
from solweig.scenarios.thresholds import Thresholds
from tests.cli.test_app import MET_HEADER, invoke, met_line, plain
from tests.scenarios.made import (
    LOCATION,
    OPTIONS,
    PLANT,
    STEPS,
    box,
    scenario,
    square,
    write_file,
    xy,
)
from tests.support.rasters import write_tif

PAVE = {"kind": "cover", "polygon": box(25, 30, 5, 12), "cover": "grass"}
LIMITS = {"utci": [26, 32], "tmrt": [55]}


@pytest.fixture(scope="module")
def base() -> solweig.SurfaceData:
    return square()


@pytest.fixture(scope="module")
def found(base: solweig.SurfaceData) -> solweig.ScenarioResults:
    return solweig.run_scenarios(
        base, STEPS, LOCATION,
        [scenario("Trees", PLANT, cost=100.0), scenario("Roofs", {"kind": "cool_roof"})],
        thresholds=LIMITS, title="Square <1>", cost_unit="EUR", **OPTIONS,
    )  # fmt: skip


def test_numbers_are_those_of_two_full_runs(
    base: solweig.SurfaceData, found: solweig.ScenarioResults
) -> None:
    tree = found.scenarios[0]
    gain = next(g for g in tree.gains if (g.index, g.threshold) == ("tmrt", 55.0))
    full = square(svf=False)
    full.tdsm = 0.25 * full.cdsm
    from solweig.scenarios.layers import edited

    layers = edited(full, scenario("x", PLANT)).layers
    full.cdsm, full.tdsm = layers["cdsm"], layers["tdsm"]
    full.compute_svf(max_shadow_distance_m=400.0, execution=OPTIONS["execution"])
    outputs = ["tmrt", "utci", "shadow"]
    runs = [solweig.calculate(s, STEPS, LOCATION, outputs=outputs, **OPTIONS) for s in (base, full)]
    ground = base.buildings() == 1
    before, after = (run.dataset["tmrt"].values.astype(np.float64) for run in runs)
    length = np.diff(runs[0].bounds, axis=1)[:, 0] / np.timedelta64(1, "h")
    hours = [(length[:, None, None] * (values > 55.0)).sum(axis=0) for values in (before, after)]
    won = (hours[0] - hours[1])[ground]
    # Albedo is a layer here, because roofs get one: within the rounding of the ground view.
    assert gain.area_hours_won == pytest.approx(4.0 * won.sum(), abs=8.0)
    assert gain.area_hours_won > 50.0
    assert gain.area_won_m2 == pytest.approx(4.0 * (won > 0).sum(), abs=8.0)
    day = runs[0].timeseries.is_daytime
    means = [
        np.average(values[day], axis=0, weights=length[day])[ground] for values in (before, after)
    ]
    assert gain.mean_change == pytest.approx((means[1] - means[0]).mean(), abs=1e-4)
    assert gain.p95_change == pytest.approx(
        np.percentile(means[1], 95) - np.percentile(means[0], 95), abs=1e-3
    )
    assert gain.cost_per_area_hour == pytest.approx(100.0 / gain.area_hours_won)
    assert gain.strongest_fall < -1.0
    row = found.table().query("scenario == 'Trees' and index == 'tmrt'").iloc[0]
    assert row["area_hours_won"] == gain.area_hours_won
    assert "Trees" in found.report()


def test_roofs_do_not_reach_the_ground_and_are_told_for_themselves(
    found: solweig.ScenarioResults,
) -> None:
    roofs = found.scenarios[1]
    for gain in roofs.gains:
        assert abs(gain.mean_change) < 0.05
        assert gain.roof_change > 0.5
        assert np.isnan(gain.cost)
        assert np.isnan(gain.cost_per_area_hour)
    tree = found.scenarios[0]
    assert tree.gains[0].roof_change == pytest.approx(0.0, abs=0.05)


def test_numbers_of_known_maps() -> None:
    ground = np.array([[True, True, True, False]])
    before = {"utci_day_mean": np.array([[30.0, 31.0, 32.0, 50.0]]),
              "tmrt_day_mean": np.array([[30.0, 31.0, 32.0, 50.0]]),
              "utci_hours_above_32": np.array([[4.0, 3.0, np.nan, 9.0]])}  # fmt: skip
    after = {"utci_day_mean": np.array([[28.0, 31.0, 32.5, 40.0]]),
             "tmrt_day_mean": np.array([[30.0, 31.0, 32.0, 50.0]]),
             "utci_hours_above_32": np.array([[1.0, 4.0, np.nan, 0.0]])}  # fmt: skip
    limits = Thresholds({"utci": (32.0,)})
    utci, tmrt = gains_of("a", 6.0, before, after, ground, ~ground, limits, 2.0)
    assert (utci.area_won_m2, utci.area_lost_m2, utci.area_hours_won) == (2.0, 2.0, 4.0)
    assert utci.hours_won == 3.0
    assert utci.mean_change == pytest.approx(-0.5)
    assert utci.changed_m2 == 4.0
    assert utci.roof_change == -10.0
    assert utci.cost_per_area_hour == 1.5
    assert np.isnan(tmrt.threshold)
    assert np.isnan(tmrt.area_hours_won)
    assert tmrt.mean_change == 0.0


def test_maps_are_made_of_steps(found: solweig.ScenarioResults) -> None:
    run = found.baseline
    maps = maps_of(run, found.thresholds)
    assert set(maps) == {
        "utci_day_mean", "utci_night_mean", "utci_hours_above_26", "utci_hours_above_32",
        "tmrt_day_mean", "tmrt_night_mean", "tmrt_hours_above_55",
    }  # fmt: skip
    by_day = run.timeseries.is_daytime
    assert np.isnan(maps["utci_day_mean"]).sum() == np.isnan(run.tmrt_mean).sum()
    # Of steps of one length it is the mean that a summary has.
    length = np.diff(run.bounds, axis=1)[:, 0]
    if len(set(length[by_day].tolist())) == 1:
        assert np.allclose(maps["tmrt_day_mean"], run.tmrt_day_mean, atol=1e-3, equal_nan=True)


def test_everything_is_written_and_stays(found: solweig.ScenarioResults, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    shown = ("utci_day_mean", "utci_hours_above_26")
    few = [
        replace(each, differences={name: each.differences[name] for name in shown})
        for each in found.scenarios
    ]
    found = replace(found, scenarios=few)
    files = found.write(tmp_path)
    assert all(path.is_file() for path in files)
    with rasterio.open(tmp_path / "Trees" / "utci_day_mean.tif") as source:
        assert source.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        values = source.read(1, masked=True).filled(np.nan)
    expected = found.scenarios[0].differences["utci_day_mean"]
    assert np.array_equal(values, expected, equal_nan=True)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Square &lt;1&gt;" in page
    assert page.count("data:image/png;base64,") == 2 * 2
    assert "http" not in page
    assert "<script" not in page
    with (tmp_path / "scenarios.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert [r["scenario"] for r in rows] == ["Trees"] * 3 + ["Roofs"] * 3
    assert rows[0]["cost"] == "100.0"
    assert rows[3]["cost"] == ""
    record = json.loads((tmp_path / "scenarios.json").read_text())
    assert len(record["scenarios"]) == 2
    with pytest.raises(ConfigurationError, match=r"scenarios\.json"):
        found.write(tmp_path)
    (tmp_path / "Trees" / "mine.txt").write_text("kept")
    found.write(tmp_path, overwrite=True, plots=False)
    assert not list(tmp_path.rglob("*.png"))
    assert (tmp_path / "Trees" / "mine.txt").is_file()


def test_a_difference_of_nothing_is_drawn(tmp_path: Path, found: solweig.ScenarioResults) -> None:
    pytest.importorskip("matplotlib")
    from solweig.scenarios.pictures import draw_difference, quantity_of, top_of

    tree = found.scenarios[0]
    nothing = np.zeros_like(tree.differences["utci_day_mean"])
    path = tmp_path / "none.png"
    draw_difference(
        nothing, "utci_day_mean", tree.underlay, title="a", subtitle="b", save_path=path
    )
    assert path.stat().st_size > 5000
    assert quantity_of("utci_hours_above_32") == ("Hours with UTCI above 32 °C", "h")
    grid = np.array([[0.0, -2.2, 1.0, np.nan]])
    assert top_of(grid, np.ones(grid.shape, bool), "K") == 3.0


def test_a_surface_without_sky_view_is_told() -> None:
    with pytest.raises(MissingPrecomputedData, match="svf"):
        solweig.run_scenarios(square(svf=False), STEPS, LOCATION, [scenario("a", PLANT)])
    with pytest.raises(ConfigurationError, match="at least one scenario"):
        solweig.run_scenarios(square(svf=False), STEPS, LOCATION, [])


NO_GROUND = "neither dem nor land_cover given"


def test_what_the_surface_lacks_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    surface = square(dem=None, land_cover=None)
    solweig.run_scenarios(
        surface, STEPS[3:4], LOCATION, [scenario("a", PLANT), scenario("b", PLANT)], **OPTIONS
    )
    assert sum(NO_GROUND in message for message in caplog.messages) == 1
    # Another call says it again.
    solweig.run_scenarios(surface, STEPS[3:4], LOCATION, [scenario("a", PLANT)], **OPTIONS)
    assert sum(NO_GROUND in message for message in caplog.messages) == 2


# ------------------------------------------------------------------ the command


@pytest.fixture
def site(tmp_path: Path) -> Path:
    surface = square(svf=False)
    for name in ("dsm", "dem", "cdsm", "land_cover"):
        write_tif(tmp_path / f"{name}.tif", getattr(surface, name), west=319_000.0,
                  north=6_400_000.0, pixel=2.0, crs="EPSG:3006")  # fmt: skip
    lines = [MET_HEADER, *(met_line(h, k, 28.0) for h, k in ((11, 700.0), (12, 750.0)))]
    (tmp_path / "met.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


BASELINE = {
    "dsm": "dsm.tif", "dem": "dem.tif", "cdsm": "cdsm.tif", "land_cover": "land_cover.tif",
    "met": "met.txt", "utc-offset": 1, "max-shadow-distance": 200, "accelerator": "cpu",
}  # fmt: skip


def test_the_command_compares(site: Path) -> None:
    path = write_file(
        site, [PLANT], baseline=BASELINE,
        results={"thresholds": {"tmrt": [45]}, "cost_unit": "EUR"},
        top=['out = "done"', 'title = "A square"'], scenario={"name": "One tree", "cost": 500},
    )  # fmt: skip
    done = invoke(["--log-file", str(site / "log.txt"), "scenario", "run", str(path), "--no-plots"])
    assert done.exit_code == 0, done.output
    assert "tmrt 45 °C" in done.stdout
    assert "500" in done.stdout
    assert "1 tree, its crown" in done.stdout
    assert (site / "done" / "One_tree" / "tmrt_hours_above_45.tif").is_file()
    assert "A square" in (site / "done" / "index.html").read_text()
    assert "INFO baseline:" in (site / "log.txt").read_text()
    again = invoke(["scenario", "run", str(path), "--no-plots"])
    assert again.exit_code == 2
    assert "--overwrite" in plain(again.output)
    told = invoke(["scenario", "run", str(path), "--no-plots", "--overwrite", "--json"])
    assert told.exit_code == 0, told.output
    record = json.loads(told.stdout)
    assert record["scenarios"][0]["gains"][1]["area_hours_won"] > 0.0
    # The same as from Python.
    surface = solweig.SurfaceData.prepare(
        *(), dsm=site / "dsm.tif", dem=site / "dem.tif", cdsm=site / "cdsm.tif",
        land_cover=site / "land_cover.tif", max_shadow_distance_m=200.0,
        execution=OPTIONS["execution"],
    )  # fmt: skip
    steps = solweig.Weather.from_umep_met(site / "met.txt")
    where = solweig.Location.from_surface(surface, utc_offset=1)
    ours = solweig.run_scenarios(
        surface, steps, where, path, max_shadow_distance_m=200.0, execution=OPTIONS["execution"]
    )
    assert ours.title == "A square"
    assert ours.as_dict()["scenarios"] == record["scenarios"]


def test_what_the_surface_lacks_is_told_once_a_file(site: Path) -> None:
    table = {k: v for k, v in BASELINE.items() if k not in ("dem", "land_cover")}
    path = write_file(site, [PLANT], baseline=table, top=['out = "done"'])
    second = path.read_text().split("[[scenario]]")[1].replace("One", "Two")
    path.write_text(f"{path.read_text()}[[scenario]]{second}")
    done = invoke(["scenario", "run", str(path), "--no-plots"])
    assert done.exit_code == 0, done.output
    assert (site / "done" / "Two").is_dir()
    assert plain(done.stderr).count(NO_GROUND) == 1


def test_a_dry_run_computes_and_writes_nothing(site: Path) -> None:
    path = write_file(site, [PLANT], baseline=BASELINE, top=['out = "done"'])
    before = sorted(site.rglob("*"))
    done = invoke(["scenario", "run", str(path), "--dry-run"])
    assert done.exit_code == 0, done.output
    assert "One: plant: 1 tree" in plain(done.stdout)
    assert "nothing was computed" in plain(done.stdout)
    told = invoke(["scenario", "run", str(path), "--dry-run", "--json"])
    assert json.loads(told.stdout)["scenarios"][0]["name"] == "One"
    trees = invoke(["scenario", "optimise", str(path), "--trees", "2", "--dry-run", "--json"])
    assert json.loads(trees.stdout)["runs"] == 9
    assert sorted(site.rglob("*")) == before


def test_the_command_places_trees(site: Path) -> None:
    wishes = {"height": 6, "crown_diameter": 6, "trunk_height": 2, "best": 1, "threshold": 15}
    path = write_file(site, [PLANT], baseline=BASELINE, optimise=wishes, top=['out = "done"'])
    args = ["scenario", "optimise", str(path), "--trees", "1", "--no-plots"]
    told = invoke([*args, "--json"])
    assert told.exit_code == 0, told.output
    (candidate,) = json.loads(told.stdout)["candidates"]
    assert candidate["cooled"] > 0.0
    assert (site / "done" / "trees.gpkg").is_file()
    again = invoke(args)
    assert again.exit_code == 2
    assert "--overwrite" in plain(again.output)
    done = invoke([*args, "--overwrite"])
    assert done.exit_code == 0, done.output
    assert f"{candidate['x']:.2f}" in done.stdout


def test_a_prepared_surface_is_a_baseline(site: Path) -> None:
    prepared = invoke(["prepare", *(f"--{n}={site / (n.replace('-', '_') + '.tif')}" for n in
                       ("dsm", "dem", "cdsm", "land-cover")), "--max-shadow-distance", "200",
                       "--cache", str(site / "cache"), "--accelerator", "cpu"])  # fmt: skip
    assert prepared.exit_code == 0, prepared.output
    rest = {k: v for k, v in BASELINE.items() if k not in ("dsm", "dem", "cdsm", "land_cover")}
    path = write_file(
        site, [PAVE], baseline={"surface": "cache", **rest}, top=['out = "done"'],
        results={"thresholds": {"tmrt": [40]}},
    )  # fmt: skip
    done = invoke(["scenario", "run", str(path), "--no-plots", "--progress", "json"])
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["command"] == "scenario"
    assert lines[-2]["done"] == lines[-2]["total"]
    assert (site / "done" / "One" / "tmrt_hours_above_40.tif").is_file()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dsn": "x"}, "plan.toml: baseline.dsn: .*Did you mean dsm"),
        ({"outputs": "pet"}, "plan.toml: baseline.outputs: expected options of surface"),
        ({"report": True}, "plan.toml: baseline.report: expected options of surface"),
        ({"indices": "wbgt"}, "plan.toml: baseline.indices: expected options of surface"),
        ({"patch-option": 9}, "plan.toml: baseline.patch-option"),
        ({"dsm": "none.tif"}, "none.tif.*plan.toml: baseline.dsm"),
        ({"formulation": "new"}, "formulation.*plan.toml: baseline.formulation"),
        ({"utc-offset": None}, "utc-offset.*plan.toml: baseline.utc-offset"),
        ({"surface": "cache"}, "plan.toml: baseline.surface: expected a prepared surface or"),
        ({"dsm": None}, "plan.toml: baseline.dsm: expected a surface model"),
    ],
)
def test_keys_of_the_baseline_are_named(site: Path, change: dict[str, Any], said: str) -> None:
    table = {k: v for k, v in {**BASELINE, **change}.items() if v is not None}
    path = write_file(site, [PLANT], baseline=table, top=['out = "done"'])
    done = invoke(["scenario", "run", str(path)])
    assert done.exit_code == 2, done.output
    import re

    assert re.search(said, plain(done.output)), plain(done.output)
    assert not (site / "done").exists()


def test_what_is_done_with_results_is_no_option_of_a_baseline() -> None:
    import typer

    from solweig.cli.app import app
    from solweig.cli.period_options import PERIOD
    from solweig.cli.run import OUTPUT
    from solweig.cli.scenario import _NOT_OURS

    group = typer.main.get_command(app)
    run: Any = group.get_command(typer.Context(group), "run")  # type: ignore[attr-defined]
    of_results = {p.opts[0].lstrip("-") for p in run.params
                  if getattr(p, "rich_help_panel", None) in (OUTPUT, PERIOD)}  # fmt: skip
    assert "report" in of_results
    assert of_results <= set(_NOT_OURS)


def test_without_a_threshold_no_area_is_told(base: solweig.SurfaceData) -> None:
    found = solweig.run_scenarios(
        base, STEPS[3:4], LOCATION, [scenario("Trees", PLANT)], thresholds={"utci": []}, **OPTIONS
    )
    assert [gain.index for gain in found.gains] == ["utci", "tmrt"]
    for gain in found.gains:
        told = (gain.area_won_m2, gain.area_lost_m2, gain.area_hours_won, gain.hours_won)
        assert np.isnan(told).all()
        assert gain.mean_change < 0.0
    assert "nan" not in found.report()


def test_a_field_of_the_baseline_is_beside_the_file_and_taken(
    site: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    write_tif(site / "ta.tif", np.full(square(svf=False).shape, 38.0, np.float32), west=319_000.0,
              north=6_400_000.0, pixel=2.0, crs="EPSG:3006")  # fmt: skip
    told = {}
    table = {"field": {"ta": "ta.tif@2m"}}
    for name, more in (("no", {}), ("warm", {"field": ["ta=ta.tif@2m"]}), ("table", table)):
        path = write_file(
            site, [PLANT], baseline={**BASELINE, **more}, top=[f'out = "{name}"'],
            results={"thresholds": {"utci": [38]}},
        )  # fmt: skip
        done = invoke(["scenario", "run", str(path), "--no-plots", "--json"])
        assert done.exit_code == 0, done.output
        told[name] = json.loads(done.stdout)["scenarios"][0]["gains"]
    assert told["warm"] != told["no"]
    assert told["table"] == told["warm"]


def test_edits_are_refused_before_the_sky_view(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from solweig.surface import prepare

    def never(*_: Any) -> None:
        raise AssertionError("the sky view was begun")

    monkeypatch.setattr(prepare, "_complete_svf", never)
    path = write_file(
        site, [{**PLANT, "points": [xy(10, 10)]}], baseline=BASELINE, top=['out = "done"']
    )
    done = invoke(["scenario", "run", str(path)])
    assert done.exit_code == 2
    assert "plan.toml: scenario[1] 'One'.edit[1].points: expected trees on open ground" in plain(
        done.output
    )
    no_out = write_file(site, [PLANT], baseline=BASELINE)
    done = invoke(["scenario", "run", str(no_out)])
    assert "Say out in plan.toml, or --out" in plain(done.output)
    path = write_file(site, [PLANT], baseline=BASELINE, optimise={"polygon": box(7, 9, 9, 12)})
    done = invoke(["scenario", "optimise", str(path), "--trees", "1", "--out", str(site / "o")])
    assert done.exit_code == 2
    assert "a place for a tree" in plain(done.output)


def test_the_written_example_is_a_file_of_scenarios(tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    done = invoke(["scenario", "init", str(path)])
    assert done.exit_code == 0, done.output
    assert path.read_text(encoding="utf-8") == EXAMPLE
    assert invoke(["scenario", "init", str(path)]).exit_code == 2
    assert invoke(["scenario", "init"]).stdout == EXAMPLE
    found = read_scenarios(path)
    assert [s.name for s in found.scenarios] == ["Two trees", "Grass instead of asphalt"]
    assert found.trees is not None
    # What is a comment in it can be said.
    lines = [
        line[2:] if line.startswith(("# [", "# kind", "# cover", "# height", "# albedo",
                                     "# emissivity", "# transmissivity")) else line
        for line in EXAMPLE.splitlines()
    ]  # fmt: skip
    kinds = {line.split('"')[1] for line in lines if line.startswith("kind")}
    from solweig.scenarios.wishes import KINDS

    assert kinds == set(KINDS)

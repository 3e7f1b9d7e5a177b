"""Flags for clock, stamps, lengths, leaves and checks, and messages that name them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import solweig
from tests.cli.test_app import invoke, plain
from tests.support.clear_days import write_epw
from tests.support.rasters import write_scene
from tests.weather.test_readers import met_row, write_met

CLEAR = {8: 420, 9: 560, 10: 680, 11: 760, 12: 800, 13: 790, 14: 740, 15: 650, 16: 530}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Rasters in Gothenburg, two clear days of June 2019 there, and one as UMEP text."""
    write_scene(tmp_path)
    write_epw(tmp_path / "a.epw", latitude=57.7, longitude=13.32)
    write_met(tmp_path / "met.txt", [met_row(173, h, 0, kdn=k) for h, k in CLEAR.items()])
    return tmp_path


def run(site: Path, *more: str, weather: str = "a.epw", before: tuple[str, ...] = ()) -> Any:
    kind = "--epw" if weather.endswith(".epw") else "--met"
    return invoke(
        [*before, "run", "--dsm", str(site / "dsm.tif"), "--dem", str(site / "dem.tif"),
         kind, str(site / weather), "--out", str(site / "out"),
         "--accelerator", "cpu", *more]
    )  # fmt: skip


def settings(site: Path) -> dict[str, Any]:
    found = solweig.load_run_metadata(site / "out")
    return {**found["inputs"]["weather"], **found["parameters"]["settings"]}


def test_flags_reach_the_model(site: Path) -> None:
    done = run(
        site, "--start", "06-21", "--end", "06-21", "--hours", "11,12", "--year", "2031",
        "--stamp", "end", "--ground-clock", "legal", "--leaf-on", "04-15", "--leaf-off", "300",
        "--beam", "normal", "--timestep-minutes", "30", "--night-clearness", "evening",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "2031-06-21 11:00 to 2031-06-21 12:00" in plain(done.stdout)
    found = settings(site)
    assert found["n_timesteps"] == 2
    assert (found["ground_clock"], found["leaf_on"], found["leaf_off"]) == ("legal", "04-15", 300)
    assert found["night_clearness"] == "evening"


def test_the_file_of_a_run_holds_them_too(site: Path) -> None:
    (site / "run.toml").write_text(
        f'dsm = "{(site / "dsm.tif").as_posix()}"\nepw = "{(site / "a.epw").as_posix()}"\n'
        f'out = "{(site / "out").as_posix()}"\n'
        'start = 2019-06-21\nend = "2019-06-21"\nhours = [11, 12]\nground-clock = "legal"\n'
        'leaf-on = 105\nleaf-off = "11-01"\nstamp = "end"\n'
        'pet-variant = 2018\n[fill]\nwind = 1.5\n[height-unit]\ndsm = "m"\n'
    )
    done = invoke(["run", "--config", str(site / "run.toml")])
    assert done.exit_code == 0, done.output
    found = settings(site)
    assert found["n_timesteps"] == 2
    assert (found["ground_clock"], found["leaf_on"], found["leaf_off"]) == ("legal", 105, "11-01")


def test_a_month_is_a_period(site: Path) -> None:
    write_epw(site / "a.epw", first="2019-06-30", days=2)
    done = run(site, "--start", "2019-06", "--hours", "11,12")
    assert done.exit_code == 0, done.output
    assert "2019-06-30 11:00 to 2019-06-30 12:00" in plain(done.stdout)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--start", "01/08/2023"], "2023-08-01 (1 August) or 2023-01-08 (8 January)"),
        (["--start", "01/08/2023"], "The flag is --start."),
        (["--start", "2023-08"], "holds 2019-06-20"),
        (["--hours", "noon"], "--hours: expected hours such as 9,12,15"),
        (["--hours", "25"], "The flag is --hours."),
        (["--stamp", "middle"], "The flag is --stamp."),
        (["--ground-clock", "lunar"], "The flag is --ground-clock."),
        (["--leaf-on", "04-15"], "leaf_off= (--leaf-off)"),
        (["--leaf-on", "April", "--leaf-off", "300"], "The flag is --leaf-on."),
        (["--timestep-minutes", "0"], "The flag is --timestep-minutes."),
        (["--utc-offset", "15"], "The flag is --utc-offset."),
        (["--latitude", "91", "--longitude", "0"], "The flag is --latitude."),
        (["--beam", "vertical"], "The flag is --beam."),
        (["--year", "5"], "The flag is --year."),
        (["--fill", "wnd=2"], "The flag is --fill."),
        (["--field", "ta=none.tif@2m"], "The flag is --field."),
        (["--field", "tair=lapse:-0.0065,station=120m"], "The flag is --field."),
    ],
)
def test_errors_name_their_flag(site: Path, more: list[str], said: str) -> None:
    done = run(site, *more)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (site / "out").exists()


@pytest.mark.parametrize("more", [["--hours", "11,12"], ["--year", "2031"]])
def test_rows_of_umep_text_are_cut_by_the_period_alone(site: Path, more: list[str]) -> None:
    done = run(site, *more, "--utc-offset", "1", weather="met.txt")
    assert done.exit_code == 2
    assert f"{more[0]}: expected none with --met, got" in done.stderr
    assert "cut the period with start= (--start) and end= (--end)" in done.stderr
    assert not (site / "out").exists()


def test_missing_values_name_the_flag_that_fills_them(site: Path) -> None:
    write_epw(site / "a.epw", edit=lambda row: [*row[:21], 999, *row[22:]])
    done = run(site)
    assert done.exit_code == 2
    assert "(--fill interpolate)" in done.stderr
    assert "(--fill ws=VALUE)" in done.stderr
    assert run(site, "--fill", "ws=1.5").exit_code == 0


def test_a_wrong_clock_is_one_line_with_the_flag_that_mends_it(site: Path) -> None:
    done = run(site, "--utc-offset", "2")
    assert done.exit_code == 0
    assert done.stderr.startswith("warning: weather clock: the radiation fits a sun 60 min later")
    assert "utc_offset=1 (--utc-offset 1)" in done.stderr
    assert done.stderr.count("weather clock") == 1
    assert run(site, "--utc-offset", "1", "--overwrite").stderr == ""


def test_warnings_may_be_silenced_by_name(site: Path) -> None:
    done = run(site, "--utc-offset", "2", before=("--silence", "weather clock"))
    assert done.exit_code == 0
    assert "weather clock" not in done.stderr


def test_thinned_rows_are_said(site: Path) -> None:
    write_met(site / "thin.txt", [met_row(173, h, 0, kdn=CLEAR.get(h, 300)) for h in (8, 12, 16)])
    done = run(site, "--utc-offset", "1", weather="thin.txt")
    assert done.exit_code == 0, done.output
    assert "each stands for 60 min unless timestep_minutes= (--timestep-minutes)" in done.stderr
    said = run(
        site, "--utc-offset", "1", "--timestep-minutes", "60", "--overwrite", weather="thin.txt"
    )
    assert said.exit_code == 0
    assert "stands for" not in said.stderr


def test_the_season_is_said_when_more_is_asked_for(site: Path) -> None:
    done = run(site, "--start", "06-21", "--hours", "12", before=("-v",))
    assert "leaves: from day 98 on, none from day 300 on (northern hemisphere)" in done.stderr

"""The command line: exit codes, clean errors, the configuration file, a real process."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from typer.testing import CliRunner

import solweig
from solweig.cli.app import app
from tests.support.rasters import write_scene

runner = CliRunner()
MET_HEADER = (
    "%iy id it imin Q* QH QE Qs Qf Wind RH Td press rain Kdn snow ldown fcld wuh xsmd lai_hr "
    "Kdiff Kdir Wd"
)


def met_line(hour: int, kdown: float, ta: float = 22.0, wind: str = "2.0") -> str:
    gap = "-999"
    return " ".join(
        ["2006", "213", str(hour), "0", *[gap] * 5, wind, "60", f"{ta}", "101.3", gap, f"{kdown}"]
        + [gap] * 9
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Rasters and three hours of weather."""
    write_scene(tmp_path)
    lines = [MET_HEADER, *(met_line(h, k) for h, k in ((11, 700.0), (12, 750.0), (13, 740.0)))]
    (tmp_path / "met.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def arguments(site: Path, *more: str, command: str = "run") -> list[str]:
    rasters = []
    for name in ("dsm", "dem", "cdsm", "land_cover"):
        rasters += [f"--{name.replace('_', '-')}", str(site / f"{name}.tif")]
    if command == "prepare":
        return ["prepare", *rasters, *more]
    return ["run", *rasters, "--met", str(site / "met.txt"), "--utc-offset", "1",
            "--out", str(site / "out"), *more]  # fmt: skip


def plain(text: str) -> str:
    """Without colours and the box drawings of usage errors, on one line."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─]", " ", text).split())


def invoke(args: list[str]) -> Any:
    return runner.invoke(app, args, catch_exceptions=False)


def test_run_writes_rasters_and_reports(site: Path) -> None:
    done = invoke(arguments(site, "--outputs", "tmrt,utci"))
    assert done.exit_code == 0, done.output
    assert "Tmrt mean" in done.stdout
    for hour in (11, 12, 13):
        for name in ("tmrt", "utci"):
            with rasterio.open(site / "out" / name / f"{name}_20060801_{hour}00.tif") as source:
                assert np.isfinite(source.read(1, masked=True)).any()
    assert solweig.load_run_metadata(site / "out")["status"] == "complete"


def test_a_period_has_statistics_only(site: Path) -> None:
    more = (
        "--statistics-only",
        "--percentiles",
        "10,90",
        "--group-by",
        "hour",
        "--tmrt-thresholds",
        "20",
    )
    result = invoke(arguments(site, *more))
    assert result.exit_code == 0, result.output
    names = {path.stem for path in (site / "out" / "summary").glob("*.tif")}
    assert {"tmrt_p10", "utci_p90", "tmrt_hours_above_20", "tmrt_mean"} <= names
    assert any(name.startswith("utci_max_hour_") for name in names)
    assert not (site / "out" / "tmrt").exists()


def test_run_draws_on_request(site: Path) -> None:
    pytest.importorskip("matplotlib")
    done = invoke(arguments(site, "--plots"))
    assert done.exit_code == 0, done.output
    drawn = {p.name for p in (site / "out" / "plots").iterdir()}
    assert drawn == {"tmrt_20060801_1200.png", "shade_hours.png", "series.png"}


def test_walls_have_temperatures_on_request(site: Path) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("h5netcdf")
    flags = ["--outputs", "tmrt,wall_temperature", "--walls", "heated", "--wall-material", "wood"]
    done = invoke(arguments(site, *flags, "--plots"))
    assert done.exit_code == 0, done.output
    assert (site / "out" / "wall_temperature.nc").exists()
    assert (site / "out" / "plots" / "wall_temperature.png").exists()
    assert not (site / "out" / "wall_temperature").exists()
    settings = solweig.load_run_metadata(site / "out")["parameters"]["settings"]
    assert (settings["walls"], settings["wall_material"]) == ("heated", "Wood_wall")


def test_nothing_but_results_where_there_is_no_terminal(site: Path) -> None:
    done = invoke(arguments(site, "--accelerator", "cpu"))
    assert done.exit_code == 0
    assert done.stderr == ""
    assert "\x1b" not in done.stdout


def test_flags_reach_the_model(site: Path) -> None:
    flags = ["--sky", "isotropic", "--posture", "sitting", "--body", "box", "--conifer",
             "--formulation", "improved", "--max-shadow-distance", "200",
             "--latitude", "57.7", "--longitude", "12"]  # fmt: skip
    assert invoke(arguments(site, *flags)).exit_code == 0
    found = solweig.load_run_metadata(site / "out")
    engine = found["parameters"]["engine"]
    assert engine["anisotropic"] is False
    assert engine["posture"] == "sitting"
    assert engine["body"] == "box"
    assert engine["formulation"] == "improved"
    assert found["inputs"]["surface"]["formulation"] == "improved"
    assert engine["max_shadow_distance_m"] == 200
    assert found["parameters"]["settings"]["conifer"] is True
    assert found["inputs"]["location"]["latitude"] == 57.7


def test_an_epw_file_brings_its_place_and_clock(site: Path, athens: Path) -> None:
    rasters = ["--dsm", str(site / "dsm.tif"), "--dem", str(site / "dem.tif")]
    period = ["--start", "2023-07-01", "--end", "2023-07-01"]
    done = invoke(["run", *rasters, "--epw", str(athens), *period, "--out", str(site / "out")])
    assert done.exit_code == 0, done.output
    found = solweig.load_run_metadata(site / "out")["inputs"]
    assert found["weather"]["n_timesteps"] == 24
    # Clock and altitude are the file's; the sun is the raster's.
    assert found["location"]["latitude"] == pytest.approx(57.7, abs=0.2)
    assert found["location"]["altitude"] == 175.0
    assert found["location"]["utc_offset"] == 2.0
    assert done.stderr.count("km from the raster") == 1


def test_prepare_then_run_uses_the_cache(site: Path) -> None:
    cache = str(site / "cache")
    done = invoke(arguments(site, "--cache", cache, command="prepare"))
    assert done.exit_code == 0, done.output
    assert "40 x 50 cells of 2 m" in done.stdout
    again = invoke(["-v", *arguments(site, "--cache", cache)])
    assert again.exit_code == 0, again.output
    assert "computed anew" not in again.output


def test_config_file_holds_flags_and_flags_beat_it(site: Path) -> None:
    file = site / "run.toml"
    file.write_text(
        f'dsm = "{(site / "dsm.tif").as_posix()}"\n'
        f'dem = "{(site / "dem.tif").as_posix()}"\n'
        f'met = ["{(site / "met.txt").as_posix()}"]\n'
        f'out = "{(site / "out").as_posix()}"\n'
        'utc-offset = 1\nsky = "isotropic"\nposture = "sitting"\noutputs = ["tmrt", "shadow"]\n'
        "conifer = true\n"
    )
    done = invoke(["run", "--config", str(file), "--posture", "standing"])
    assert done.exit_code == 0, done.output
    found = solweig.load_run_metadata(site / "out")["parameters"]
    assert found["engine"]["anisotropic"] is False
    assert found["engine"]["posture"] == "standing"
    assert found["outputs"] == ["tmrt", "shadow"]
    assert found["settings"]["conifer"] is True


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour = 1\n", "unknown key 'colour'"),
        ("[dsm]\nfile = 1\n", "key 'dsm'"),
        ("dsm = \n", "not TOML"),
        ("dsm = " + "[" * 100_000, "not TOML"),
    ],
)
def test_bad_config_files(site: Path, text: str, said: str) -> None:
    (site / "run.toml").write_text(text)
    done = invoke(["run", "--config", str(site / "run.toml")])
    assert done.exit_code == 2
    assert said in plain(done.output)


def test_missing_config_file(site: Path) -> None:
    done = invoke(["run", "--config", str(site / "none.toml")])
    assert done.exit_code == 2
    assert "no file" in plain(done.output)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--outputs", "heat"], "outputs: expected names among"),
        (
            ["--epw", "also.epw"],
            "weather: expected one of --epw, --met and --weather, got --epw and --met",
        ),
        (["--pois", "none.geojson"], "no file none.geojson"),
        (["--latitude", "57"], "--latitude, --longitude: expected both or neither"),
        (["--sky", "green"], "--sky: expected anisotropic or isotropic"),
        (["--walls", "hot"], "walls: expected one of wave, heated"),
        (["--walls", "heated", "--sky", "isotropic"], "walls: expected 'wave' under the isotropic"),
        (["--wall-material", "marble"], "wall_material: expected a class named in materials"),
        (["--fill", "ws"], "--fill: expected name=number"),
        (["--bbox", "1,2"], "--bbox: expected four numbers"),
        (["--bbox", "1,2,inf,3"], "--bbox: expected four numbers"),
        pytest.param(["--accelerator", "gpu"], "execution.accelerator", marks=pytest.mark.engine),
        (["--start", "2007-01-01"], "2007-01-01"),
        (["--params", "none.json"], "none.json"),
        (["--cdsm", "none.tif"], "none.tif"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_exit_code_two(site: Path, more: list[str], said: str) -> None:
    done = invoke(arguments(site, *more))
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.startswith("error:")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.output
    assert not (site / "out").exists()


@pytest.mark.parametrize(
    ("flag", "name"),
    [
        ("--dsm", "damaged.tif"), ("--cdsm", "damaged.tif"), ("--land-cover", "damaged.asc"),
        ("--met", "damaged.txt"), ("--pois", "damaged.geojson"), ("--pois", "damaged.gpkg"),
        ("--pois", "damaged.csv"), ("--pois", "damaged.shp"), ("--state", "damaged.npz"),
        ("--params", "damaged.json"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04\xff\x00damaged", b"[" * 50_000])
def test_damaged_files_are_one_line_and_exit_code_two(
    site: Path, flag: str, name: str, content: bytes
) -> None:
    (site / name).write_bytes(content)
    done = invoke(arguments(site, flag, str(site / name)))
    assert done.exit_code == 2, done.output
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.output


PERIOD_FAULTS = [
    (["--percentiles", "95"], "--percentiles"),
    (["--statistics-only", "--outputs", "tmrt"], "--outputs"),
    (["--statistics-only", "--plots"], "--plots"),
    (["--statistics-only", "--percentiles", "950"], "percentiles"),
    (["--statistics-only", "--group-by", "week"], "groups"),
]


@pytest.mark.parametrize(("more", "said"), PERIOD_FAULTS)
def test_bad_requests_of_a_period(site: Path, more: list[str], said: str) -> None:
    result = invoke(arguments(site, *more))
    assert result.exit_code == 2
    assert said in plain(result.output)


def test_missing_weather_values_are_said_not_guessed(site: Path) -> None:
    (site / "met.txt").write_text(
        "\n".join([MET_HEADER, met_line(11, 700.0, ta=-999.0), met_line(12, 700.0)]) + "\n"
    )
    done = invoke(arguments(site))
    assert done.exit_code == 2
    assert "ta" in done.stderr
    filled = invoke(arguments(site, "--fill", "ta=22"))
    assert filled.exit_code == 0, filled.output


def test_flags_of_comfort(site: Path) -> None:
    lines = [MET_HEADER, met_line(12, 750.0, wind="25.0")]
    (site / "met.txt").write_text("\n".join(lines) + "\n")
    flags = ("--utci-range", "nan", "--pet-variant", "2018", "--outputs", "utci,pet")
    done = invoke(arguments(site, *flags))
    assert done.exit_code == 0, done.output
    assert "wind above 17 m/s in 1 of 1 steps: no UTCI there" in plain(done.output)
    assert "2018 (Walther & Goestchel 2018)" in done.output
    comfort = json.loads((site / "out/run_metadata.json").read_text("utf-8"))["comfort"]
    assert (comfort["utci_range"], comfort["pet_variant"]) == ("nan", "2018")
    for flag in ("--utci-range", "--pet-variant"):
        bad = invoke(arguments(site, flag, "best"))
        assert bad.exit_code == 2
        assert flag[2:].replace("-", "_") in bad.stderr


def test_the_clock_is_asked_for(site: Path) -> None:
    args = [a for a in arguments(site) if a not in ("--utc-offset", "1")]
    done = invoke(args)
    assert done.exit_code == 2
    assert "--utc-offset" in done.stderr


def test_another_run_in_the_folder_needs_overwrite(site: Path) -> None:
    assert invoke(arguments(site)).exit_code == 0
    assert invoke(arguments(site)).exit_code == 0  # the same run may be repeated
    other = ("--formulation", "improved")
    refused = invoke(arguments(site, *other))
    assert refused.exit_code == 2
    assert "--overwrite" in refused.stderr
    assert invoke(arguments(site, *other, "--overwrite")).exit_code == 0


def test_usage_errors(site: Path) -> None:
    assert invoke(["run"]).exit_code == 2
    assert invoke(["run", "--dsm", "x", "--out", "y", "--colour"]).exit_code == 2
    assert invoke(["fly"]).exit_code == 2


def test_failures_while_running_are_exit_code_one(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from solweig.cli import run as cli_run

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the engine\nstumbled")

    monkeypatch.setattr(cli_run, "calculate", fail)
    done = invoke(arguments(site))
    assert done.exit_code == 1
    assert done.stderr == "error: the engine stumbled\n"
    with pytest.raises(RuntimeError, match="stumbled"):
        invoke(["--debug", *arguments(site)])


@pytest.mark.parametrize("error", [KeyboardInterrupt, solweig.ComputationCancelled])
def test_interruption_is_exit_code_130(
    site: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    from solweig.cli import run as cli_run

    def stop(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli_run, "calculate", stop)
    done = invoke(arguments(site))
    assert done.exit_code == 130
    assert "Interrupted" in done.stderr


def test_warnings_are_lines(site: Path) -> None:
    lines = [MET_HEADER, *(met_line(h, 500.0) for h in (8, 9, 10, 16))]
    (site / "met.txt").write_text("\n".join(lines) + "\n")
    done = invoke(arguments(site))
    assert done.exit_code == 0, done.output
    assert done.stderr.startswith("warning: weather: 1 gap(s)")


def test_help_has_examples() -> None:
    for command in ("run", "prepare", "demo", "info"):
        done = invoke([command, "--help"])
        assert done.exit_code == 0
        assert f"solweig {command}" in plain(done.output), command
        assert "Example" in plain(done.output)
    top = plain(invoke(["--help"]).output)
    for command in ("run", "prepare", "demo", "info"):
        assert command in top
    assert "130 interrupted" in top


@pytest.mark.engine
def test_info_and_version() -> None:
    done = invoke(["info"])
    assert done.exit_code == 0
    assert solweig.__version__ in done.stdout
    assert "CPU" in done.stdout
    assert invoke(["--version"]).stdout.strip() == f"solweig {solweig.__version__}"


# ------------------------------------------------------------------ the bundled site


def test_demo_maps_the_bundled_site(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "demo"
    done = invoke(["demo", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "24 (" in done.stdout
    assert str(out.resolve()) in done.stdout
    for name in ("tmrt", "utci", "shadow"):
        assert len(list((out / name).glob("*.tif"))) == 24
    pictures = {p.name for p in (out / "plots").glob("*.png")}
    assert {"shade_hours.png", "day_curve.png", "series.png"} <= pictures
    assert any(p.startswith("tmrt_20060801") for p in pictures)
    assert any(p.startswith("utci_20060801") for p in pictures)
    again = invoke(["demo", "--out", str(out), "--accelerator", "cpu"])
    assert again.exit_code == 0, "again into the same folder"
    assert "CPU (requested)" in again.stdout
    assert "no GPU" not in again.stderr


def test_demo_refuses_hardware_that_is_not_there(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    for wish in (["--device", "gpu:99"], ["--accelerator", "tpu"]):
        done = invoke(["demo", "--out", str(out), *wish])
        assert done.exit_code == 2
        assert "execution." in done.stderr
    assert not out.exists()


def test_demo_agrees_with_what_was_measured(tmp_path: Path) -> None:
    """Not the validation, but a demo whose curve misses the dots would mislead."""
    from solweig.demo import demo_measurements, run_demo

    summary = run_demo(tmp_path, lambda _name: lambda _c, _t: None, pictures=False).summary
    assert summary.pois is not None
    modelled = summary.pois.set_index(summary.pois["time"].dt.floor("h"))["tmrt"]
    measured = demo_measurements()["Tmrt"]
    both = np.column_stack([modelled.reindex(measured.index), measured])
    noon = both[(measured.index.hour >= 9) & (measured.index.hour <= 14)]
    assert len(noon) >= 5
    error = noon[:, 0] - noon[:, 1]
    assert np.sqrt((error**2).mean()) < 6.0
    assert abs(error.mean()) < 4.0


# ------------------------------------------------------------------ a real process


def process(args: list[str], **options: Any) -> subprocess.Popen[str]:
    # Tests started in the background of a shell inherit an ignored Ctrl-C; a user's shell has it.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code = heard + "from solweig.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *args],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def test_a_real_process_runs_and_fails_cleanly(site: Path) -> None:
    good = process(arguments(site))
    output, errors = good.communicate(timeout=120)
    assert good.returncode == 0, errors
    assert "Tmrt mean" in output
    bad = process(arguments(site, "--outputs", "heat", "--overwrite"))
    output, errors = bad.communicate(timeout=120)
    assert bad.returncode == 2
    assert errors.startswith("error: outputs:")
    assert "Traceback" not in errors


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_ends_a_real_process_without_half_files(site: Path) -> None:
    hours = [met_line(h, 500.0) for h in range(24)]
    days = [line.replace(" 213 ", f" {d} ", 1) for d in range(150, 240) for line in hours]
    (site / "met.txt").write_text("\n".join([MET_HEADER, *days]) + "\n")
    running = process(arguments(site))
    folder = site / "out" / "tmrt"
    deadline = time.monotonic() + 90
    while not (folder.is_dir() and any(folder.glob("*00.tif"))):
        assert running.poll() is None, "ended by itself"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130, errors
    assert "Interrupted" in errors
    assert not list((site / "out").rglob("*partial*"))
    assert solweig.load_run_metadata(site / "out")["status"] == "interrupted"
    for path in folder.glob("*.tif"):
        with rasterio.open(path) as source:
            assert source.read(1).shape == (40, 50)

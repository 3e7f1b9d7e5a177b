"""What a program sees that starts the command: lines of JSON, and a stop by closing its input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import solweig
from tests.cli.test_app import MET_HEADER, arguments, invoke, met_line, plain, site

__all__ = ["site"]

JSON = ("--progress", "json", "--accelerator", "cpu")


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_report_is_a_phase_and_a_file(site: Path) -> None:
    other = site / "out" / "solweig_report.html"
    other.parent.mkdir()
    other.write_text("mine")
    refused = invoke(arguments(site, "--report", *JSON))
    assert refused.exit_code == 2
    assert "report: expected no solweig_report.html, or a report" in plain(refused.output)
    assert [p.name for p in other.parent.iterdir()] == [other.name], "before any work"
    other.unlink()
    done = invoke(arguments(site, "--report", "--utc-offset", "5", *JSON))
    assert done.exit_code == 0, done.output
    *told, last = lines(done.stdout)
    assert {t["parts"] for t in told} == {3}
    assert [t["done"] / t["total"] for t in told if t["part"] == 3][-1] == 1.0
    assert [f["path"] for f in last["files"] if f["kind"] == "report"] == [str(other)]
    warned = json.loads((site / "out" / "run_metadata.json").read_text())["warnings"]
    assert warned[0].startswith("utc_offset +5 h is"), "heard before the run began"
    assert warned[0].partition("'")[0] in other.read_text()


def test_a_run_tells_its_phases_and_its_files(site: Path) -> None:
    done = invoke(arguments(site, "--outputs", "tmrt,utci", *JSON))
    assert done.exit_code == 0, done.output
    *told, last = lines(done.stdout)
    assert "Tmrt mean" in done.stderr
    assert [(t["part"], t["parts"]) for t in told] == sorted((t["part"], 2) for t in told)
    assert {t["part"] for t in told} == {1, 2}
    for part in (1, 2):
        shares = [t["done"] / t["total"] for t in told if t["part"] == part]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0
    files = last["files"]
    assert last["folder"] == str(site / "out")
    assert {f["path"] for f in files if f["kind"] != "metadata"} == {
        *(str(path) for path in (site / "out").rglob("*.tif")),
        str(site / "out" / "timeseries.csv"),
    }
    steps = [f for f in files if f["kind"] == "step"]
    assert len(steps) == 6
    assert steps[0] == {
        "path": str(site / "out" / "tmrt" / "tmrt_20060801_1100.tif"), "kind": "step",
        "name": "tmrt", "begin": "2006-08-01T10:00:00", "end": "2006-08-01T11:00:00",
        "units": "degC",
    }  # fmt: skip


def test_files_follow_what_the_stamps_mark(site: Path) -> None:
    done = invoke(arguments(site, "--stamp", "start", "--no-styles", *JSON))
    assert done.exit_code == 0, done.output
    step = next(f for f in lines(done.stdout)[-1]["files"] if f["kind"] == "step")
    assert (step["begin"], step["end"]) == ("2006-08-01T11:00:00", "2006-08-01T12:00:00")
    assert not list((site / "out").rglob("*.qml"))


def test_other_commands_end_with_their_result(site: Path) -> None:
    first = invoke(arguments(site, *JSON, "--cache", str(site / "cache")))
    assert first.exit_code == 0, first.output
    done = invoke(arguments(site, "--cache", str(site / "cache"), *JSON, command="prepare"))
    assert lines(done.stdout)[-1]["shape"] == [40, 50]
    out = site / "difference"
    both = [str(site / "out")] * 2
    done = invoke(["compare", *both, "--out", str(out), "--progress", "json"])
    *told, last = lines(done.stdout)
    assert told[-1]["done"] == told[-1]["total"] == len(last["files"])
    maps = [str(path) for path in sorted((out / "difference").glob("*.tif"))]
    assert sorted(f["path"] for f in last["files"]) == maps
    assert len(list((out / "difference").glob("*.qml"))) == len(last["files"])
    assert {d["maximum"] for d in last["differences"]} <= {0.0, None}
    done = invoke(["plan", "--dsm", str(site / "dsm.tif"), *JSON])
    (last,) = lines(done.stdout)
    assert {"name": "raster", "value": last["plan"][0]["value"]} == last["plan"][0]
    # Without the flag nothing of it.
    assert not invoke(["plan", "--dsm", str(site / "dsm.tif")]).stdout.startswith("{")


def test_errors_leave_no_result(site: Path) -> None:
    done = invoke(arguments(site, "--outputs", "heat", *JSON))
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "outputs:" in done.stderr
    done = invoke(arguments(site, "--progress", "xml"))
    assert done.exit_code == 2
    assert "'xml' is neither bars nor json" in plain(done.stderr)


def start(args: list[str], **streams: Any) -> subprocess.Popen[str]:
    code = "from solweig.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, **streams,
    )  # fmt: skip


def test_closing_its_input_stops_a_run(site: Path) -> None:
    hours = [met_line(h, 500.0) for h in range(24)]
    days = [line.replace(" 213 ", f" {d} ", 1) for d in range(1, 366) for line in hours]
    (site / "met.txt").write_text("\n".join([MET_HEADER, *days]) + "\n")
    # So many files that no delay of this side lets the run end first.
    written = ["--outputs", "tmrt,utci,pet", "--stop-with-input"]
    running = start(arguments(site, *JSON, *written), stdin=subprocess.PIPE)
    assert running.stdout is not None
    for line in running.stdout:
        told = json.loads(line)
        if told["part"] == 2 and told["done"]:
            break
    _, errors = running.communicate(timeout=60)  # closes the input first
    assert running.returncode == 130, errors
    assert "Interrupted" in errors
    assert "Traceback" not in errors
    assert not list((site / "out").rglob("*partial*"))
    assert solweig.load_run_metadata(site / "out")["status"] == "interrupted"


@pytest.mark.parametrize("stop", [True, False])
def test_an_input_that_stays_open_stops_nothing(site: Path, stop: bool) -> None:
    more = ["--stop-with-input"] if stop else []
    stdin = subprocess.PIPE if stop else subprocess.DEVNULL
    with start(["plan", "--dsm", str(site / "dsm.tif"), *JSON, *more], stdin=stdin) as running:
        assert running.stdout is not None
        assert "plan" in json.loads(running.stdout.read())
        assert running.wait(timeout=60) == 0

"""Two runs compared: numbers, maps, and what cannot be compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import solweig
from solweig.cli.app import app
from solweig.errors import ConfigurationError
from solweig.execution import ExecutionConfig
from solweig.results import comparison
from solweig.results.comparison import compare_runs
from tests.support.run_cases import LOCATION, weather
from tests.support.tile_cases import city

CPU = ExecutionConfig(accelerator="cpu")
WINDOW = (60, 64, 70, 75)
runner = CliRunner()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A city, and the same with trees on a square."""
    folder = tmp_path_factory.mktemp("runs")
    base = city()
    base.compute_svf(max_shadow_distance_m=20.0, execution=CPU)
    edited = base.with_changes(window=WINDOW, cdsm=9.0)
    for name, surface in (("a", base), ("b", edited)):
        solweig.calculate(
            surface, weather((11, 12)), LOCATION, output_dir=folder / name, outputs=["tmrt"],
            max_shadow_distance_m=20.0, execution=CPU,
        )  # fmt: skip
    return folder / "a", folder / "b"


def load(path: Path) -> Any:
    return solweig.io.load_raster(str(path), allow_empty=True)[0]


@pytest.mark.parametrize("band", [512, 7])
def test_numbers_are_those_of_the_rasters(
    runs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, band: int
) -> None:
    monkeypatch.setattr(comparison, "_BAND_ROWS", band)
    found = compare_runs(*runs, out=tmp_path, steps=True, threshold=1.0)
    by_name = {d.name: d for d in found.differences}
    assert {"tmrt_mean", "utci_max", "tmrt_20060801_1200"} <= set(by_name)
    assert "inputs.surface.content.cdsm" in found.apart
    assert not any(name.startswith("parameters") for name in found.apart)
    for name in ("summary/tmrt_mean", "tmrt/tmrt_20060801_1200"):
        one, two = (load(run / f"{name}.tif").astype(np.float64) for run in runs)
        apart = (two - one)[~np.isnan(two - one)]
        told = by_name[Path(name).name]
        assert told.cells == apart.size
        assert told.mean == pytest.approx(apart.mean())
        assert told.mean_absolute == pytest.approx(np.abs(apart).mean())
        assert told.rms == pytest.approx(np.sqrt((apart**2).mean()))
        assert (told.minimum, told.maximum) == (apart.min(), apart.max())
        step = (apart.max() - apart.min()) / 4000
        for value, share in ((told.p05, 5), (told.p50, 50), (told.p95, 95)):
            assert value == pytest.approx(np.percentile(apart, share), abs=1.1 * step)
        assert told.changed_m2 == 4.0 * np.count_nonzero(apart)
        assert told.above_m2 == 4.0 * np.count_nonzero(np.abs(apart) > 1.0)
        assert 0.0 < told.above_m2 <= told.changed_m2
        stored = load(tmp_path / "difference" / f"{Path(name).name}.tif")
        assert np.array_equal(stored, (two - one).astype(np.float32), equal_nan=True)
    table = json.loads((tmp_path / "comparison.json").read_text("utf-8"))
    assert len(table["differences"]) == len(by_name)
    assert (tmp_path / "comparison.csv").read_text("utf-8").count("\n") == len(by_name) + 1


def test_a_run_with_itself_differs_nowhere(runs: tuple[Path, Path]) -> None:
    found = compare_runs(runs[0], runs[0])
    assert found.apart == ()
    for each in found.differences:
        assert each.changed_m2 == 0.0
        assert each.cells == 0 or each.minimum == each.maximum == 0.0
    assert any(each.cells for each in found.differences)


def test_where_most_is_the_same_the_percentiles_say_so(
    runs: tuple[Path, Path],
) -> None:
    (found,) = (d for d in compare_runs(*runs).differences if d.name == "tmrt_max")
    assert found.changed_m2 < 0.4 * 4.0 * found.cells
    assert found.p50 == 0.0
    assert found.minimum < 0.0


def test_the_command_tells_and_writes(runs: tuple[Path, Path], tmp_path: Path) -> None:
    a, b = map(str, runs)
    done = runner.invoke(app, ["compare", a, b, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    for word in ("tmrt_mean", "changed m2", "cdsm"):
        assert word in done.output
    assert (tmp_path / "out" / "difference" / "tmrt_mean.tif").is_file()
    again = runner.invoke(app, ["compare", a, b, "--out", str(tmp_path / "out")])
    assert again.exit_code == 2
    assert "overwrite" in again.output
    more = runner.invoke(app, ["compare", a, b, "--out", str(tmp_path / "out"), "--overwrite"])
    assert more.exit_code == 0


def test_what_cannot_be_compared(runs: tuple[Path, Path], tmp_path: Path) -> None:
    a, b = runs
    with pytest.raises(FileNotFoundError, match="b: no run"):
        compare_runs(a, tmp_path)
    with pytest.raises(ConfigurationError, match="threshold"):
        compare_runs(a, b, threshold=-1.0)
    with pytest.raises(ConfigurationError, match="out"):
        compare_runs(a, b, out=b)
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    told = json.loads((a / "run_metadata.json").read_text("utf-8"))
    (unfinished / "run_metadata.json").write_text(json.dumps({**told, "status": "running"}))
    with pytest.raises(ConfigurationError, match="complete run"):
        compare_runs(a, unfinished)
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "run_metadata.json").write_text(json.dumps(told))
    with pytest.raises(ConfigurationError, match="in common"):
        compare_runs(a, empty)
    other = solweig.SurfaceData(np.full((40, 30), 2.0, np.float32))
    other.compute_svf(max_shadow_distance_m=20.0, execution=CPU)
    solweig.calculate(other, weather((12,)), LOCATION, output_dir=tmp_path / "other", execution=CPU)
    with pytest.raises(ConfigurationError, match="shape"):
        compare_runs(a, tmp_path / "other")
    assert not (tmp_path / "difference").exists()

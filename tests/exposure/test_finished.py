"""A run is read alike from each of its formats, with the intervals it ran with."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

import solweig
from solweig.errors import ConfigurationError
from solweig.exposure.finished import FinishedRun
from solweig.results.metadata import FILE_NAME
from tests.exposure.made import FORMATS, HOURS, real_run
from tests.support.run_cases import small_surface, weather

WINDOWS = [(slice(3, 9), slice(4, 20)), (slice(0, 24), slice(29, 30))]


def changed(run: Path, folder: Path, **changes: Any) -> Path:
    """A copy of a run whose metadata say otherwise."""
    shutil.copytree(run, folder)
    told = json.loads((folder / FILE_NAME).read_text())
    (folder / FILE_NAME).write_text(json.dumps({**told, **changes}))
    return folder


def test_formats_hold_the_same(made: tuple[Path, Any]) -> None:
    folder, summary = made
    runs = [FinishedRun.open(folder, format=each) for each in FORMATS]
    for one in runs:
        assert (one.bounds == summary.bounds).all()
        assert (one.quantities, one.utc_offset) == (("tmrt", "utci"), 1.0)
        assert one.georef == summary.georef
    for name in ("tmrt", "utci"):
        for step in range(len(HOURS)):
            first, *others = (one.read_step(name, step, WINDOWS) for one in runs)
            for k, window in enumerate(first):
                assert window.shape == (WINDOWS[k][0].stop - WINDOWS[k][0].start, window.shape[1])
                assert np.isfinite(window).any()
                for other in others:
                    np.testing.assert_array_equal(window, other[k])


def test_open_ground_is_that_of_the_run(made: tuple[Path, Any]) -> None:
    folder, summary = made
    (found,) = FinishedRun.open(folder).read_ground([(slice(0, 24), slice(0, 30))])
    np.testing.assert_array_equal(found, summary.open_ground)
    assert 0 < (found == 0).sum() < found.size


@pytest.mark.parametrize("format", FORMATS)
def test_stamps_with_a_zone_of_steps_of_two_lengths(tmp_path: Path, format: str) -> None:
    zone = timezone(timedelta(hours=2))
    steps = weather((8, 9, 10))
    for one, minutes in zip(steps, (60.0, 60.0, 30.0), strict=True):
        one.datetime = one.datetime.replace(tzinfo=zone)
        one.timestep_minutes = minutes
    summary = real_run(tmp_path / "run", weather=steps, output_format=format)
    found = FinishedRun.open(tmp_path / "run")
    assert found.utc_offset == 2.0
    assert (found.bounds - np.timedelta64(2, "h") == summary.bounds).all()
    assert found.hours.tolist() == [1.0, 1.0, 0.5]
    assert found.stamp(found.bounds[0, 1]) == "2006-08-01T08:00:00+02:00"
    assert steps[0].datetime.astimezone(UTC).hour == 6


def test_what_is_no_finished_run(run: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run: no run in"):
        FinishedRun.open(tmp_path)
    with pytest.raises(ConfigurationError, match=r"expected a complete run, got .* interrupted"):
        FinishedRun.open(changed(run, tmp_path / "half", status="interrupted"))
    with pytest.raises(ConfigurationError, match="expected geotiff, zarr, netcdf, got 'png'"):
        FinishedRun.open(run, format="png")


@pytest.mark.parametrize("format", ["zarr", "netcdf"])
def test_a_cube_of_another_run(run: Path, tmp_path: Path, format: str) -> None:
    other = changed(run, tmp_path / "run", run_id="0" * 32)
    with pytest.raises(ConfigurationError, match="got another run in"):
        FinishedRun.open(other, format=format)


def test_steps_that_are_gone_or_damaged(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    first, second, *_ = sorted((folder / "utci").glob("*.tif"))
    found = FinishedRun.open(folder)
    second.write_bytes(second.read_bytes()[:300])
    with pytest.raises(ConfigurationError, match="run: expected rasters that can be read"):
        found.read_step("utci", 1, WINDOWS)
    first.unlink()
    with pytest.raises(ConfigurationError, match="expected rasters of utci for all 7 steps, got 6"):
        FinishedRun.open(folder)
    shutil.rmtree(folder / "tmrt")
    with pytest.raises(ConfigurationError, match=r"rasters of every step .*, got zarr, netcdf in"):
        FinishedRun.open(folder, format="geotiff")


def test_a_run_without_comfort_or_ground(tmp_path: Path, run: Path) -> None:
    solweig.calculate(
        small_surface(), weather((12,)), solweig.Location(57.7, 12.0, 10.0, 1.0),
        output_dir=tmp_path / "shadow", outputs=["shadow"],
    )  # fmt: skip
    with pytest.raises(ConfigurationError, match="which kept shadow"):
        FinishedRun.open(tmp_path / "shadow")
    shutil.copytree(run, tmp_path / "old")
    (tmp_path / "old" / "open_ground.tif").unlink()
    with pytest.raises(ConfigurationError, match=r"where: .*--where all"):
        FinishedRun.open(tmp_path / "old").read_ground(WINDOWS)


@pytest.mark.parametrize("format", ["geotiff", "zarr"])
def test_a_folder_of_two_periods_is_read_as_its_last(tmp_path: Path, format: str) -> None:
    first = real_run(tmp_path, weather=weather((8, 9, 10)), output_format=format)
    last = real_run(tmp_path, weather=weather((11, 12)), output_format=format)
    found = FinishedRun.open(tmp_path)
    assert found.format == format
    assert (found.bounds == last.bounds).all()
    alone = real_run(tmp_path / "alone", weather=weather((11, 12)), output_format=format)
    assert (alone.bounds == found.bounds).all()
    other = FinishedRun.open(tmp_path / "alone")
    for step in range(2):
        for a, b in zip(
            found.read_step("utci", step, WINDOWS),
            other.read_step("utci", step, WINDOWS), strict=True,
        ):  # fmt: skip
            np.testing.assert_array_equal(a, b)
    assert len(first.bounds) == 3


def test_outputs_of_an_earlier_call_are_the_folder_s(tmp_path: Path) -> None:
    real_run(tmp_path, output_format="geotiff", outputs=["tmrt", "utci"])
    real_run(tmp_path, output_format="geotiff", outputs=["shadow"])
    found = FinishedRun.open(tmp_path)
    assert found.quantities == ("tmrt", "utci")
    assert len(found) == len(HOURS)
    assert np.isfinite(found.read_step("tmrt", 3, WINDOWS)[0]).any()
    # Steps of another period do not count, and neither do some of this one.
    real_run(tmp_path, output_format="geotiff", outputs=["pet"], weather=weather((8, 9)))
    assert FinishedRun.open(tmp_path).quantities == ("tmrt", "utci", "pet")
    real_run(tmp_path, output_format="geotiff", outputs=["shadow"])
    assert FinishedRun.open(tmp_path).quantities == ("tmrt", "utci")


def test_open_ground_goes_with_the_run_it_belongs_to(tmp_path: Path) -> None:
    real_run(tmp_path, output_format="geotiff", outputs=["tmrt"], weather=weather((12,)))
    with rasterio.open(tmp_path / "open_ground.tif") as source:
        assert source.descriptions[0].startswith("open ground")
    solweig.results.outputs.remove_run(tmp_path)
    assert not (tmp_path / "open_ground.tif").exists()

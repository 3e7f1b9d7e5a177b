"""What a run will take: the forecast, and ``solweig plan``."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from solweig.cli.app import app
from solweig.errors import ConfigurationError, InvalidSurfaceData
from solweig.run.forecast import SurfaceSize, forecast, measure_surface
from solweig.tiles.plan import Backend
from tests.support.rasters import write_scene

GIB = 2**30
CITY = SurfaceSize((16210, 14410), 1.0, 120.0, True)
runner = CliRunner()


def test_a_large_city_in_20_gib() -> None:
    found = forecast(CITY, steps=1, memory=20 * GIB, cores=2)
    assert found.preparation is not None
    assert found.steps is not None
    assert found.preparation_memory <= 20 * GIB
    assert found.steps_memory <= 20 * GIB
    assert found.steps.halo == 1001 + 24
    # 120 bytes of sky a cell, and the layers.
    assert 28 * GIB < found.cache_disk < 36 * GIB


def test_time_and_disk_grow_with_what_is_asked() -> None:
    one, week = (forecast(CITY, steps=n, memory=20 * GIB, cores=2) for n in (1, 168))
    assert week.steps_s > 10 * one.steps_s
    assert week.result_disk > 10 * one.result_disk
    assert week.preparation_s == one.preparation_s
    many = forecast(CITY, steps=1, memory=20 * GIB, cores=8)
    assert many.preparation_s == pytest.approx(one.preparation_s / 4)


def test_a_small_raster_is_one_piece_and_its_memory_is_told() -> None:
    found = forecast(SurfaceSize((1000, 1000), 1.0, 50.0, True), memory=8 * GIB)
    assert found.preparation is None
    assert found.steps is None
    assert found.working_disk == 0
    # Measured: about 370 bytes a cell.
    assert 200e6 < found.steps_memory < 600e6


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"steps": 0}, "steps"),
        ({"outputs": 0}, "outputs"),
        ({"max_shadow_distance_m": 0.0}, "max_shadow_distance_m"),
        ({"lowest_sun_deg": 0.0}, "lowest_sun_deg"),
        ({"tile_size": 4}, "tile_size"),
        ({"memory": 2**20}, "memory"),
    ],
)
def test_what_cannot_be(changes: dict[str, float], field: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        forecast(CITY, **{"memory": 20 * GIB, **changes})  # type: ignore[arg-type]
    assert refusal.value.field == field


def test_a_device_too_small_is_left_and_the_plan_says_so() -> None:
    tiny = Backend("gl", 64 * 2**20, 2**20, 2**20, 40, 8, 400, 120, 40)
    found = forecast(CITY, memory=20 * GIB, cores=2, backend=tiny)
    assert found.device_left is not None
    assert "max_shadow_distance_m" in found.device_left
    assert found.steps == forecast(CITY, memory=20 * GIB, cores=2).steps


def test_a_run_has_a_fixed_part_and_nights() -> None:
    one, two, day = (forecast(CITY, steps=n, memory=20 * GIB, cores=2) for n in (1, 2, 24))
    fixed = one.steps_s - (two.steps_s - one.steps_s)
    assert fixed > 3 * (two.steps_s - one.steps_s)
    # Half of the hours of a day are night.
    assert day.steps_s - fixed < 0.7 * 24 * (two.steps_s - one.steps_s)


def test_a_raster_is_measured(tmp_path: Path) -> None:
    write_scene(tmp_path)
    place = measure_surface(tmp_path / "dsm.tif", tmp_path / "cdsm.tif")
    bare = measure_surface(tmp_path / "dsm.tif", None)
    assert place.shape == bare.shape
    assert place.vegetation
    assert not bare.vegetation
    assert 0.0 < bare.relief_m < place.relief_m
    with pytest.raises(InvalidSurfaceData, match="dsm"):
        measure_surface(tmp_path / "none.tif", None)


def test_the_command_tells_the_plan(tmp_path: Path) -> None:
    write_scene(tmp_path)
    dsm = str(tmp_path / "dsm.tif")
    small = runner.invoke(app, ["plan", "--dsm", dsm, "--accelerator", "cpu"])
    assert small.exit_code == 0, small.output
    assert "in one piece" in small.output
    large = runner.invoke(
        app, ["plan", "--shape", "16210x14410", "--memory", "20GiB", "--accelerator", "cpu"]
    )
    assert large.exit_code == 0, large.output
    for word in ("233.6 Mpx", "tiles of", "halo of", "heights read", "GiB", "about", "CPU"):
        assert word in large.output, word


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "--dsm or --shape"),
        (["--shape", "16210"], "--shape"),
        (["--shape", "100x100", "--dsm", "x.tif"], "both"),
        (["--shape", "1000x1000", "--tile-size", "4"], "tile_size"),
        (["--shape", "16210x14410", "--memory", "1MiB"], "memory"),
        (["--shape", "100x100", "--memory", "lots"], "--memory"),
        (["--shape", "100x100", "--outputs", "fog"], "outputs"),
        (["--dsm", "nowhere.tif"], "dsm"),
    ],
)
def test_bad_input_is_told(arguments: list[str], word: str) -> None:
    found = runner.invoke(app, ["plan", "--accelerator", "cpu", *arguments])
    assert found.exit_code == 2, found.output
    assert word in found.output

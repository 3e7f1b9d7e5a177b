"""A script as people write it today, from files to files, and the pages that show how."""

from __future__ import annotations

import re
import tomllib
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
import typer

import solweig
from tests.support.rasters import write_scene

ROOT = Path(__file__).resolve().parents[2]


def test_from_files_to_files(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    files = write_scene(tmp_path)
    surface = solweig.SurfaceData.prepare(
        dsm=str(files["dsm"]),
        working_dir=str(tmp_path / "cache"),
        cdsm=str(files["cdsm"]),
        dem=str(files["dem"]),
        land_cover=str(files["land_cover"]),
        trunk_ratio=0.25,
    )
    location = solweig.Location.from_surface(surface, utc_offset=1)
    weather = [
        solweig.Weather(
            datetime=datetime(2024, 7, 15, hour), ta=25.0 + hour / 10, rh=50, global_rad=glob, ws=2
        )
        for hour, glob in ((10, 620), (11, 700), (12, 760))
    ]
    assert solweig.validate_inputs(surface, location, weather) == []
    seen = []
    output = tmp_path / "output"
    summary = solweig.calculate(
        surface=surface,
        weather=weather,
        location=location,
        output_dir=str(output),
        use_anisotropic_sky=True,
        human=solweig.HumanParams(posture="standing", abs_k=0.7, abs_l=0.97),
        outputs=["tmrt", "utci", "shadow"],
        max_shadow_distance_m=500.0,
        heat_thresholds_day=[32, 38],
        heat_thresholds_night=[26],
        progress_callback=lambda current, total: seen.append((current, total)),
    )
    assert seen[-1] == (3, 3)
    assert len(summary) == 3
    assert summary.report()
    assert summary.utci_hours_above[32].shape == surface.shape
    summary.to_geotiff(str(tmp_path / "again"), surface=surface)
    summary.plot(save_path=str(tmp_path / "summary.png"))
    with rasterio.open(output / "tmrt" / "tmrt_20240715_1200.tif") as source:
        assert source.crs == rasterio.crs.CRS.from_wkt(surface.crs)
        assert list(source.transform.to_gdal()) == surface.geotransform
        assert np.nanmax(source.read(1)) < 90
    assert (output / "summary" / "tmrt_mean.tif").exists()
    assert (output / "run_metadata.json").exists()
    again = solweig.SurfaceData.load(tmp_path / "cache")
    repeated = solweig.calculate(
        again, weather, location, output_dir=tmp_path / "repeated", max_shadow_distance_m=500.0
    )
    assert np.array_equal(repeated.tmrt_mean, summary.tmrt_mean, equal_nan=True)


def options_of(command: str) -> set[str]:
    from solweig.cli.app import app

    group = typer.main.get_command(app)
    found = group.get_command(None, command).params  # type: ignore[attr-defined]
    return {flag for option in found for flag in option.opts}


def test_the_pages_name_flags_that_exist() -> None:
    for page in ("README.md", "docs/cli.md", "docs/outputs.md", "docs/scaling.md"):
        text = (ROOT / page).read_text(encoding="utf-8").replace("\\\n", " ")
        commands = r"^\s*solweig (run|prepare|plan|compare|validate|demo) (.*)$"
        lines = re.findall(commands, text, re.MULTILINE)
        for command, rest in lines:
            flags = set(re.findall(r"(--[a-z-]+)", rest))
            assert flags <= options_of(command), (page, command)
    every = {"--help", "--debug", "--silence", "--version", "--log-file"}
    every |= {"--install-completion", "--show-completion"}
    commands = ("run", "prepare", "plan", "compare", "validate", "config", "info")
    every = every.union(*(options_of(c) for c in commands))
    prose = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(--[a-z-]+)", prose)) <= every


def test_the_configuration_file_of_the_page_is_valid() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    block = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert block is not None
    keys = {f"--{key}" for key in tomllib.loads(block.group(1))}
    assert len(keys) > 5
    assert keys <= options_of("run")


def test_links_of_the_pages_lead_somewhere() -> None:
    for page in ("README.md", "docs/README.md", "docs/cli.md", "docs/outputs.md"):
        source = ROOT / page
        for target in re.findall(r"\]\(([^)#]+)\)", source.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (source.parent / target).exists(), (page, target)

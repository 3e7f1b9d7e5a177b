"""Flags of the command line that concern the surface, points and the disk."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

import solweig
from solweig.cli.options import parse_height_unit, parse_numbers
from solweig.cli.surface import _cells
from tests.cli.test_app import arguments, invoke, plain, site
from tests.support.rasters import NORTH, WEST, scene, write_tif

__all__ = ["site"]

CPU = ["--accelerator", "cpu"]


def prepared(site: Path, *more: str) -> solweig.SurfaceData:
    done = invoke(arguments(site, "--cache", str(site / "cache"), *more, *CPU, command="prepare"))
    assert done.exit_code == 0, done.output
    return solweig.SurfaceData.load(site / "cache")


def test_heights_above_ground(site: Path) -> None:
    write_tif(site / "dsm.tif", scene()["dsm"] - scene()["dem"])
    surface = prepared(site, "--dsm-relative")
    np.testing.assert_allclose(surface.dsm, scene()["dsm"], atol=1e-5)


def test_albedo_and_emissivity(site: Path) -> None:
    flags = []
    for name, value in (("albedo", 0.31), ("emissivity", 0.93)):
        path = write_tif(site / f"{name}.tif", np.full((40, 50), value, np.float32))
        flags += [f"--{name}", str(path)]
    surface = prepared(site, *flags)
    assert surface.albedo is not None
    assert surface.emissivity is not None
    assert float(surface.albedo[3, 3]) == np.float32(0.31)
    assert float(surface.emissivity[3, 3]) == np.float32(0.93)
    done = invoke(arguments(site, *flags, *CPU))
    assert done.exit_code == 0, done.output
    content = solweig.load_run_metadata(site / "out")["inputs"]["surface"]["content"]
    assert {"albedo", "emissivity"} <= content.keys()


def test_transmissivity_or_leaf_area(site: Path) -> None:
    lai = str(write_tif(site / "lai.tif", np.full((40, 50), 3.0, np.float32)))
    share = str(write_tif(site / "share.tif", np.full((40, 50), 0.2, np.float32)))
    for flags, want in (
        (["--transmissivity", share], 0.2),
        (["--lai", lai], np.exp(-1.5)),
        (["--lai", lai, "--lai-extinction", "0.7"], np.exp(-2.1)),
    ):
        surface = prepared(site, *flags)
        assert surface.transmissivity is not None
        assert np.nanmax(surface.transmissivity) == np.float32(want)
    done = invoke(arguments(site, "--transmissivity", share, *CPU))
    assert done.exit_code == 0, done.output
    content = solweig.load_run_metadata(site / "out")["inputs"]["surface"]["content"]
    assert "transmissivity" in content
    done = invoke(arguments(site, "--transmissivity", share, "--lai", lai, "--overwrite", *CPU))
    assert done.exit_code == 2
    assert "expected transmissivity or lai, got both" in plain(done.output)


def test_units_of_heights(site: Path) -> None:
    for name in ("dsm", "dem", "cdsm"):
        write_tif(site / f"{name}.tif", scene()[name] / np.float32(0.3048))
    surface = prepared(site, "--height-unit", "ft")
    np.testing.assert_allclose(surface.dsm, scene()["dsm"], rtol=3e-7)
    for name in ("dsm", "dem"):
        write_tif(site / f"{name}.tif", scene()[name])
    surface = prepared(site, "--height-unit", "cdsm=ft")
    np.testing.assert_allclose(surface.cdsm, scene()["cdsm"], rtol=3e-7)
    (site / "run.toml").write_text('height-unit = ["cdsm=ft", "dem=m"]\n')
    surface = prepared(site, "--config", str(site / "run.toml"))
    np.testing.assert_allclose(surface.cdsm, scene()["cdsm"], rtol=3e-7)


def test_a_surface_in_web_mercator(site: Path) -> None:
    path = write_tif(
        site / "m.tif", scene()["dsm"], crs="EPSG:3857", west=1.6e6, north=8e6, pixel=2.0
    )
    command = ["prepare", "--dsm", str(path), "--cache", str(site / "cache"), *CPU]
    done = invoke(command)
    assert done.exit_code == 2
    assert "--reproject utm" in plain(done.output)
    done = invoke([*command, "--reproject", "utm"])
    assert done.exit_code == 0, done.output
    assert "cells of 1.1 m" in done.stdout
    done = invoke(["plan", "--dsm", str(path), "--reproject", "EPSG:32633", *CPU])
    assert done.exit_code == 0, done.output
    assert "cells of 1.1 m" in done.stdout


def test_thresholds_of_heat(site: Path) -> None:
    flags = ["--heat-thresholds-day", "30,35.5", "--heat-thresholds-night", "20"]
    assert invoke(arguments(site, *flags, *CPU)).exit_code == 0
    found = solweig.load_run_metadata(site / "out")["parameters"]["engine"]
    assert found["heat_thresholds_day"] == [30.0, 35.5]
    assert found["heat_thresholds_night"] == [20.0]
    (site / "run.toml").write_text("heat-thresholds-day = [31]\n")
    config = ["--config", str(site / "run.toml"), "--overwrite", *CPU]
    assert invoke(arguments(site, *config)).exit_code == 0
    found = solweig.load_run_metadata(site / "out")["parameters"]["engine"]
    assert found["heat_thresholds_day"] == [31.0]
    assert found["heat_thresholds_night"] == [26.0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--height-unit", "furlong"], "--height-unit ft or cdsm=ft"),
        (["--height-unit", "roof=ft"], "height_unit: expected"),
        (["--height-unit", "ft", "--height-unit", "cdsm=m"], "--height-unit: expected one unit"),
        (["--heat-thresholds-day", "hot"], "--heat-thresholds-day: expected numbers"),
        (["--heat-thresholds-day", "305"], "--heat-thresholds-day 32,38"),
        (["--reproject", "nowhere"], "reproject: expected 'utm'"),
        (["--pixel-size", "0.1"], "--pixel-size"),
        (["--tdsm", "cdsm.tif"], "trees up to"),
        (["--cdsm-absolute"], ""),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_bad_flags_are_one_line_and_exit_code_two(site: Path, more: list[str], said: str) -> None:
    if more[0] == "--tdsm":
        write_tif(site / "cdsm.tif", np.where(scene()["cdsm"] > 0, 255, 0).astype(np.uint8))
        more = ["--tdsm", str(site / "cdsm.tif")]
    if more[0] == "--cdsm-absolute":  # told, and run
        done = invoke(arguments(site, *more, *CPU))
        assert done.exit_code == 0
        assert "warning: cdsm: expected elevations" in done.stderr
        return
    done = invoke(arguments(site, *more, *CPU))
    assert done.exit_code == 2
    assert said in plain(done.stderr)
    assert done.stderr.count("\n") == 1
    assert not (site / "out").exists()


def test_points_of_a_named_layer_and_of_a_table(site: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    x, y = WEST + 5.0, NORTH - 7.0
    file = site / "p.gpkg"
    for layer in ("old", "new"):
        geopandas.GeoDataFrame(
            {"Name": [layer]}, geometry=geopandas.points_from_xy([x], [y]), crs="EPSG:32633"
        ).to_file(file, layer=layer, driver="GPKG")
    done = invoke(arguments(site, "--pois", str(file), *CPU))
    assert done.exit_code == 2
    assert "|layername=" in done.stderr
    done = invoke(arguments(site, "--pois", f"{file}|layername=new", *CPU))
    assert done.exit_code == 0, done.output
    assert "\nnew," in (site / "out" / "pois.csv").read_text()
    (site / "p.csv").write_text(f"NAME,x,y\nmast,{x},{y}\n")
    done = invoke(arguments(site, "--pois", str(site / "p.csv"), "--overwrite", *CPU))
    assert done.exit_code == 0, done.output
    assert "\nmast," in (site / "out" / "pois.csv").read_text()


def test_a_repeated_run_says_so(site: Path) -> None:
    first = invoke(arguments(site, *CPU))
    assert first.exit_code == 0
    assert "same run" not in first.stderr
    again = invoke(arguments(site, *CPU))
    assert again.exit_code == 0
    assert "holds the same run of 20" in plain(again.stderr)
    assert "(complete)" in plain(again.stderr)
    resumed = invoke(arguments(site, "--resume", *CPU))
    assert resumed.exit_code == 0
    assert "same run" not in resumed.stderr


@pytest.mark.parametrize("command", ["run", "prepare"])
def test_a_full_disk_is_one_line_and_exit_code_one(
    site: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    def no_space(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if command == "run":
        monkeypatch.setattr("solweig.results.outputs.write_geotiff", no_space)
        monkeypatch.setattr("solweig.run.store.write_step", no_space)
        done = invoke(arguments(site, *CPU))
    else:
        monkeypatch.setattr(np, "save", no_space)
        done = invoke(arguments(site, "--cache", str(site / "c"), *CPU, command="prepare"))
    assert done.exit_code == 1
    assert done.stderr.startswith("error:")
    assert "No space left on the disk" in done.stderr
    assert done.stderr.count("\n") == 1


def test_how_large_a_surface_will_be(site: Path) -> None:
    dsm = site / "dsm.tif"
    assert _cells(dsm, None, None) == 2000
    assert _cells(dsm, [WEST, NORTH - 20.0, WEST + 40.0, NORTH], 1.0) == 800
    degrees = write_tif(site / "d.tif", scene()["dsm"], crs="EPSG:4326", pixel=1e-5,
                        west=14.0, north=50.0)  # fmt: skip
    # 0.717 m by 1.112 m each.
    assert _cells(degrees, None, 1.0, "utm") == pytest.approx(2000 * 0.717 * 1.112, rel=0.01)


def test_options_as_they_are_written() -> None:
    assert parse_height_unit(None) is None
    assert parse_height_unit(["us-ft"]) == "us-ft"
    assert parse_height_unit(["cdsm=ft,wall-height=cm"]) == {"cdsm": "ft", "wall_height": "cm"}
    assert parse_numbers("--x", "1, 2.5") == [1.0, 2.5]
    assert parse_numbers("--x", None) is None
    assert parse_numbers("--x", "") == []


def test_a_run_of_a_reprojected_surface_knows_its_place(site: Path) -> None:
    path = write_tif(
        site / "m.tif", scene()["dsm"], crs="EPSG:3857", west=1.6e6, north=8e6, pixel=2.0
    )
    command = ["run", "--dsm", str(path), "--met", str(site / "met.txt"), "--utc-offset", "1",
               "--reproject", "utm", "--out", str(site / "out"), *CPU]  # fmt: skip
    done = invoke(command)
    assert done.exit_code == 0, done.output
    meta = json.loads((site / "out" / "run_metadata.json").read_text())
    assert meta["inputs"]["location"]["latitude"] == pytest.approx(58.15, abs=0.05)
    with rasterio.open(site / "out" / "summary" / "tmrt_mean.tif") as source:
        assert source.crs.to_epsg() == 32633
        assert source.res == (1.1, 1.1)

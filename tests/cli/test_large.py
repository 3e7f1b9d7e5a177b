"""The command line on what takes long: refused early, kept on disk, resumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import xarray

import solweig
from solweig.errors import ConfigurationError
from solweig.surface import prepare as surface_prepare
from solweig.surface import sky_view
from tests.cli.test_app import arguments, invoke, site
from tests.support.rasters import scene, write_tif

__all__ = ["site"]

CPU = ("--accelerator", "cpu")


class TooLong(Exception):
    """The sky view was begun."""


@pytest.fixture
def no_sky_view(monkeypatch: pytest.MonkeyPatch) -> None:
    def begun(*args: Any, **options: Any) -> Any:
        raise TooLong

    monkeypatch.setattr(sky_view, "compute_sky_view", begun)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("flags", [(), ("--resume",)])
def test_another_run_is_refused_before_the_sky_view(
    site: Path, flags: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert invoke(arguments(site, *CPU)).exit_code == 0
    before = files(site / "out")

    def begun(*args: Any, **options: Any) -> Any:
        raise TooLong

    monkeypatch.setattr(sky_view, "compute_sky_view", begun)
    write_tif(site / "dsm.tif", scene()["dsm"] + np.float32(1.0))
    done = invoke(arguments(site, *CPU, *flags))
    assert done.exit_code == 2
    said = "inputs.surface.content.dsm" if flags else "another run"
    assert said in done.stderr
    write_tif(site / "dsm.tif", scene()["dsm"])
    done = invoke(arguments(site, *CPU, *flags, "--sky", "isotropic"))
    assert done.exit_code == 2
    assert files(site / "out") == before
    # The same run may be repeated or given outputs, and with leave another one takes its place.
    for more in (flags, (*flags, "--outputs", "utci"), ("--sky", "isotropic", "--overwrite")):
        with pytest.raises(TooLong):
            invoke(["--debug", *arguments(site, *CPU, *more)])
    assert files(site / "out") == before


@pytest.mark.usefixtures("no_sky_view")
def test_a_foreign_store_is_refused_before_the_sky_view(site: Path) -> None:
    zarr = pytest.importorskip("zarr")
    zarr.open_group(str(site / "out" / "solweig.zarr"), mode="w").attrs["mine"] = 1
    done = invoke(arguments(site, *CPU, "--format", "zarr"))
    assert done.exit_code == 2
    assert "not ours" in done.stderr
    assert zarr.open_group(str(site / "out" / "solweig.zarr")).attrs["mine"] == 1


def test_a_store_of_another_run_is_refused_before_the_sky_view(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("zarr")
    assert invoke(arguments(site, *CPU, "--format", "zarr")).exit_code == 0
    (site / "out" / "run_metadata.json").unlink()
    before = files(site / "out")
    monkeypatch.setattr(
        sky_view, "compute_sky_view", lambda *a, **k: (_ for _ in ()).throw(TooLong())
    )
    done = invoke(arguments(site, *CPU, "--format", "zarr", "--sky", "isotropic"))
    assert done.exit_code == 2
    assert "another run" in done.stderr
    assert files(site / "out") == before
    with pytest.raises(TooLong):
        invoke(["--debug", *arguments(site, *CPU, "--format", "zarr")])


@pytest.mark.parametrize("told", ["flag", "toml"])
def test_steps_as_netcdf(site: Path, tmp_path: Path, told: str) -> None:
    pytest.importorskip("h5netcdf")
    flags: tuple[str, ...] = ("--output-format", "geotiff,netcdf")
    if told == "toml":
        config = tmp_path / "run.toml"
        config.write_text('output-format = ["geotiff", "netcdf"]\n')
        flags = ("--config", str(config))
    done = invoke(arguments(site, *CPU, *flags))
    assert done.exit_code == 0, done.output
    with xarray.open_dataset(site / "out" / "solweig.nc") as dataset:
        assert dataset.tmrt.dims == ("time", "y", "x")
        assert len(list((site / "out" / "tmrt").glob("*.tif"))) == dataset.sizes["time"]


@pytest.mark.usefixtures("no_sky_view")
def test_a_foreign_netcdf_file_is_refused_before_the_sky_view(site: Path) -> None:
    pytest.importorskip("h5netcdf")
    (site / "out").mkdir(exist_ok=True)
    (site / "out" / "solweig.nc").write_text("mine")
    done = invoke(arguments(site, *CPU, "--format", "netcdf"))
    assert done.exit_code == 2
    assert "not ours" in done.stderr
    assert (site / "out" / "solweig.nc").read_text() == "mine"


@pytest.mark.usefixtures("no_sky_view")
@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--tile-size", "4"), "tile_size"),
        (("--pois", "POIS"), "inside the raster"),
        (("--sky", "anisotropic", "--format", "csv"), "output_format"),
    ],
)
def test_what_cannot_be_is_told_before_the_sky_view(
    site: Path, flags: tuple[str, ...], said: str
) -> None:
    place = {"type": "Point", "coordinates": [1.0, 2.0]}
    feature = {"type": "Feature", "properties": {}, "geometry": place}
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}}
    collection = {"type": "FeatureCollection", "crs": crs, "features": [feature]}
    (site / "p.geojson").write_text(json.dumps(collection))
    flags = tuple(str(site / "p.geojson") if f == "POIS" else f for f in flags)
    done = invoke(arguments(site, *CPU, *flags))
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert not (site / "out").exists()


def test_a_surface_too_large_for_the_memory_is_kept_while_the_run_lasts(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert invoke(arguments(site, *CPU)).exit_code == 0
    whole = files(site / "out" / "tmrt")
    monkeypatch.setenv("SOLWEIG_MEMMAP_THRESHOLD", "1000")
    kept = site / "second" / ".solweig_surface"
    args = [*arguments(site, *CPU), "--out", str(site / "second")]

    def stop(*args: Any, **options: Any) -> Any:
        assert (kept / "svf").is_dir()
        raise ConfigurationError("tmrt", "a sunny day", "rain")

    with monkeypatch.context() as context:
        context.setattr("solweig.cli.run.calculate", stop)
        done = invoke(args)
    assert done.exit_code == 2
    assert "does not fit the memory" in done.stderr
    assert (kept / "metadata.json").is_file()
    # A run that is refused before the sky view leaves nothing in the folder of another.
    other = [*arguments(site, *CPU), "--sky", "isotropic"]
    assert invoke(other).exit_code == 2
    assert not (site / "out" / ".solweig_surface").exists()
    # What is there is used, and goes when the run is complete.
    with monkeypatch.context() as context:
        context.setattr(
            sky_view, "compute_sky_view", lambda *a, **k: (_ for _ in ()).throw(TooLong())
        )
        assert invoke(args).exit_code == 0
    assert not kept.exists()
    assert files(site / "second" / "tmrt") == whole
    # A cache of one's own is kept.
    done = invoke([*args, "--cache", str(site / "cache"), "--overwrite"])
    assert done.exit_code == 0
    assert "does not fit" not in done.stderr
    assert (site / "cache" / "metadata.json").is_file()


def test_a_period_in_two_parts(site: Path) -> None:
    assert invoke(arguments(site, *CPU)).exit_code == 0
    state = site / "kept" / "state.npz"
    day = "2006-08-01T"
    first = [*arguments(site, *CPU), "--out", str(site / "first"), "--end", f"{day}12:00"]
    done = invoke([*first, "--save-state", str(state)])
    assert done.exit_code == 0, done.output
    second = [*arguments(site, *CPU), "--out", str(site / "second"), "--start", f"{day}13:00"]
    done = invoke([*second, "--state", str(state)])
    assert done.exit_code == 0, done.output
    for name in ("first", "second"):
        for path in (site / name / "tmrt").glob("*.tif"):
            assert path.read_bytes() == (site / "out" / "tmrt" / path.name).read_bytes(), path
    assert len(list((site / "first" / "tmrt").glob("*.tif"))) == 2
    # Without it the second part is another.
    assert invoke([*second, "--overwrite"]).exit_code == 0
    (path,) = (site / "second" / "tmrt").glob("*.tif")
    assert path.read_bytes() != (site / "out" / "tmrt" / path.name).read_bytes()
    missing = invoke([*second, "--state", str(site / "none.npz")])
    assert missing.exit_code == 2
    assert "none.npz" in missing.stderr
    (site / "bad.npz").write_bytes(b"nothing")
    assert invoke([*second, "--state", str(site / "bad.npz")]).exit_code == 2


def test_prepare_asks_before_the_sky_view(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[solweig.SurfaceData] = []

    class Enough(Exception):
        pass

    def check(surface: solweig.SurfaceData) -> None:
        assert surface.svf is None
        assert surface.wall_height is not None
        seen.append(surface)
        raise Enough

    monkeypatch.setattr(surface_prepare, "_complete_svf", None)
    with pytest.raises(Enough):
        solweig.SurfaceData.prepare(**scene(), pixel_size=2.0, check=check)
    assert len(seen) == 1


def test_rasters_of_the_bundled_site_say_their_size(site: Path) -> None:
    from solweig.cli.surface import _cells

    with rasterio.open(site / "dsm.tif") as source:
        west, south, east, north = source.bounds
    assert _cells(site / "dsm.tif", None, None) == 40 * 50
    assert _cells(site / "dsm.tif", None, 4.0) == 20 * 25
    assert _cells(site / "dsm.tif", [west, south, west + 10.0, north], None) == 5 * 40
    assert _cells(site / "none.tif", None, None) is None
    assert east > west

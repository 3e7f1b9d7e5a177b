"""Which rasters of steps a run writes, and which it keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import solweig
from tests.support.run_cases import LOCATION, small_surface, weather


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


@pytest.mark.parametrize(
    ("options", "written"),
    [
        ({}, []),
        ({"outputs": None}, []),
        ({"outputs": []}, []),
        ({"config": solweig.ModelConfig()}, ["tmrt"]),
        ({"config": solweig.ModelConfig(outputs=["utci"])}, ["utci"]),
        ({"config": solweig.ModelConfig(outputs=["utci"]), "outputs": ["pet"]}, ["pet"]),
        ({"config": solweig.ModelConfig(), "outputs": []}, []),
        ({"config": solweig.ModelConfig(outputs=[])}, []),
    ],
)
def test_geotiffs_of_steps(
    surface: solweig.SurfaceData, tmp_path: Path, options: dict[str, Any], written: list[str]
) -> None:
    solweig.calculate(surface, weather((12,)), LOCATION, output_dir=tmp_path, **options)
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_dir()) == sorted([*written, "summary"])
    assert solweig.load_run_metadata(tmp_path)["outputs"]["variables"] == written
    assert (tmp_path / "summary" / "utci_mean.tif").exists()
    assert [len(list((tmp_path / n).glob("*.tif"))) for n in written] == [1] * len(written)


def test_in_tiles_without_any(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    summary = solweig.calculate(
        surface, weather((12,)), LOCATION, output_dir=tmp_path, outputs=[], tile_size=16
    )
    assert summary.metadata["tile_plan"] is not None
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_dir()) == ["summary"]


def test_what_is_new_keeps_tmrt(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    xr = pytest.importorskip("xarray")
    kept = solweig.calculate(surface, weather((12,)), LOCATION).dataset
    assert kept is not None
    assert "tmrt" in kept
    none = solweig.calculate(surface, weather((12,)), LOCATION, outputs=[]).dataset
    assert none is not None
    assert "tmrt" not in none
    assert none.sizes["time"] == 1
    pytest.importorskip("zarr")
    solweig.calculate(surface, weather((12,)), LOCATION, output_dir=tmp_path, output_format="zarr")
    with xr.open_zarr(tmp_path / "solweig.zarr") as cube:
        assert "tmrt" in cube

"""``run_metadata.json`` has the keys that scripts read, beside our own."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

import solweig
from solweig.errors import ConfigurationError
from tests.support.run_cases import LOCATION, small_surface, weather


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


def test_keys_of_a_run(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    before = datetime.now()
    solweig.calculate(
        surface, weather(), LOCATION, output_dir=tmp_path, outputs=["tmrt", "shadow"], conifer=True
    )
    found = solweig.load_run_metadata(tmp_path / "run_metadata.json")
    assert found == json.loads((tmp_path / "run_metadata.json").read_text())
    assert before <= datetime.fromisoformat(found["run_timestamp"]) <= datetime.now()
    assert found["solweig_version"] == solweig.__version__
    place = found["location"]
    assert (place["latitude"], place["longitude"], place["utc_offset"]) == (57.7, 12.0, 1)
    grid = found["grid"]
    assert (grid["rows"], grid["cols"], grid["pixel_size"]) == (24, 30, 2.0)
    assert grid["crs"] == surface.crs
    assert found["timeseries"] == {
        "start": "2006-08-01T03:00:00",
        "end": "2006-08-01T12:00:00",
        "timesteps": 4,
    }
    assert found["outputs"]["directory"] == str(tmp_path)
    assert found["outputs"]["variables"] == ["tmrt", "shadow"]
    assert found["parameters"]["use_anisotropic_sky"] is True
    assert found["parameters"]["conifer"] is True
    assert found["human"]["posture"] == "standing"
    assert (found["human"]["abs_k"], found["human"]["abs_l"]) == (0.7, 0.97)


def test_parameters_that_were_given(surface: solweig.SurfaceData) -> None:
    physics = solweig.load_physics()
    summary = solweig.calculate(
        surface, weather(hours=(12,)), LOCATION, physics=physics, use_anisotropic_sky=False
    )
    found = summary.metadata
    assert found["parameters"]["use_anisotropic_sky"] is False
    assert "Tree_settings" in found["physics"]["full_params"]
    assert "materials" not in found
    assert found["outputs"]["directory"] is None


def test_of_a_surface_without_crs(tmp_path: Path) -> None:
    surface = solweig.SurfaceData(small_surface(svf=False).dsm, pixel_size=2.0)
    found = solweig.create_run_metadata(
        surface, LOCATION, weather(), None, None, None, False, True, tmp_path, None
    )
    assert found["grid"]["crs"] is None
    assert found["outputs"]["variables"] == []
    assert found["parameters"]["use_anisotropic_sky"] is False
    assert found["parameters"]["conifer"] is True


def test_the_folder_does_not_make_another_run(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    ids = {
        solweig.calculate(
            surface, weather(hours=(12,)), LOCATION, output_dir=tmp_path / name
        ).metadata["run_id"]
        for name in ("a", "b")
    }
    assert len(ids) == 1


def test_files_of_earlier_versions_are_read(tmp_path: Path) -> None:
    path = tmp_path / "run_metadata.json"
    path.write_text('{"solweig_version": "0.1.0b96", "timeseries": {"timesteps": 3}}')
    assert solweig.load_run_metadata(path)["timeseries"]["timesteps"] == 3
    path.write_text('{"something": "else"}')
    with pytest.raises(ConfigurationError, match="run_id"):
        solweig.load_run_metadata(path)

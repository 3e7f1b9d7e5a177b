"""``run_metadata.json``: complete, keyed on content, and a guard of the output folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import solweig
from solweig.results.metadata import content_hash
from tests.support.run_cases import LOCATION, small_surface, weather, xy


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


def run_id(surface: solweig.SurfaceData, **changes: object) -> str:
    arguments = {"weather": weather(hours=(12,)), "location": LOCATION, **changes}
    return str(solweig.calculate(surface, **arguments).metadata["run_id"])  # type: ignore[arg-type]


def test_it_says_what_ran(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    solweig.calculate(surface, weather(), LOCATION, output_dir=tmp_path, outputs=["tmrt", "pet"])
    found = json.loads((tmp_path / "run_metadata.json").read_text())
    assert found["status"] == "complete"
    assert found["versions"]["solweig"] == solweig.__version__
    assert found["inputs"]["surface"]["shape"] == list(surface.shape)
    assert set(found["inputs"]["surface"]["content"]) >= {"dsm", "dem", "cdsm", "land_cover", "svf"}
    assert found["inputs"]["weather"]["n_timesteps"] == 4
    assert found["inputs"]["location"]["latitude"] == LOCATION.latitude
    assert found["parameters"]["outputs"] == ["tmrt", "pet"]
    assert found["parameters"]["engine"]["abs_l"] == 0.97
    assert found["parameters"]["engine"]["max_shadow_distance_m"] == 1000.0
    assert found["device"]["accelerator"] == "cpu"
    assert found["tile_plan"] is None
    assert found["timings"]["total_s"] > 0
    assert sum(entry["cpu_runs"] for entry in found["engine"].values()) >= 4
    assert not any(entry["gpu_runs"] for entry in found["engine"].values())


def test_the_same_run_has_the_same_id(surface: solweig.SurfaceData) -> None:
    assert run_id(surface) == run_id(surface) == run_id(small_surface())


def test_everything_that_changes_results_changes_the_id(surface: solweig.SurfaceData) -> None:
    one_cell = small_surface(svf=False)
    one_cell.dsm[12, 12] += np.float32(0.01)
    one_cell.compute_svf()
    ids = [
        run_id(surface),
        run_id(one_cell),
        run_id(surface, weather=weather(hours=(12,), rh=41.0)),
        run_id(surface, weather=weather(hours=(13,))),
        run_id(surface, location=solweig.Location(57.7, 12.1, 10.0, 1.0)),
        run_id(surface, human=solweig.HumanParams(abs_l=0.95)),
        run_id(surface, use_anisotropic_sky=False),
        run_id(surface, formulation="improved"),
        run_id(surface, outputs=["utci"]),
        run_id(surface, heat_thresholds_day=[30.0]),
        run_id(surface, max_shadow_distance_m=500.0),
        run_id(surface, pois={"a": xy(1, 1)}),
    ]
    assert len(set(ids)) == len(ids)


def test_a_step_is_of_one_run(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    steps, other = weather(hours=(12, 13)), weather(hours=(13,), rh=41.0)
    solweig.calculate(surface, steps, LOCATION, output_dir=tmp_path, outputs=["tmrt"])
    first = {path: path.read_bytes() for path in tmp_path.rglob("*.tif")}
    assert first
    # The same run may be repeated and leaves the same files.
    solweig.calculate(surface, steps, LOCATION, output_dir=tmp_path, outputs=["tmrt"])
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.tif")} == first
    with pytest.raises(solweig.ConfigurationError, match="another run"):
        solweig.calculate(surface, other, LOCATION, output_dir=tmp_path, outputs=["tmrt"])
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.tif")} == first


def test_overwriting_replaces_another_run(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    solweig.calculate(
        surface, weather(hours=(12, 13)), LOCATION, output_dir=tmp_path, outputs=["tmrt"]
    )
    mine = tmp_path / "tmrt" / "notes.txt"
    mine.write_text("not of the run")
    solweig.calculate(
        surface,
        weather(hours=(9,)),
        LOCATION,
        output_dir=tmp_path,
        overwrite=True,
        outputs=["tmrt"],
    )
    assert len(list((tmp_path / "tmrt").glob("*.tif"))) == 1
    assert mine.read_text() == "not of the run"


def test_round_trip_and_bad_files(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    metadata = solweig.create_run_metadata(
        surface=surface, location=LOCATION, weather_series=weather(), outputs=["tmrt"]
    )
    path = solweig.save_run_metadata(metadata, tmp_path)
    assert path == tmp_path / "run_metadata.json"
    assert solweig.load_run_metadata(path) == solweig.load_run_metadata(tmp_path)
    assert solweig.load_run_metadata(path)["run_id"] == metadata["run_id"]
    with pytest.raises(FileNotFoundError):
        solweig.load_run_metadata(tmp_path / "none.json")
    path.write_text("{")
    with pytest.raises(solweig.ConfigurationError, match="JSON"):
        solweig.load_run_metadata(path)
    path.write_text("{}")
    with pytest.raises(solweig.ConfigurationError, match="run_id"):
        solweig.load_run_metadata(path)


def test_hashes_see_content_shape_and_type() -> None:
    a = np.arange(6, dtype=np.float32)
    assert content_hash(a) == content_hash(a.copy())
    different = [a, a.reshape(2, 3), a.astype(np.float64), a + 1, a[::-1]]
    assert len({content_hash(x) for x in different}) == len(different)

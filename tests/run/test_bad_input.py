"""Whatever is wrong with a run's inputs is said before any work, by type and name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig import _core
from tests.support.run_cases import LOCATION, small_surface, weather


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail as soon as the engine is asked for a model."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("work began before the inputs were checked")

    monkeypatch.setattr(_core, "Model", refuse)


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"outputs": ["tmrt", "temperature"]}, "ConfigurationError", "'temperature'"),
        ({"weather": []}, "WeatherDataError", "at least one step"),
        ({"weather": None}, "WeatherDataError", "NoneType"),
        ({"weather": ["noon"]}, "WeatherDataError", "Weather"),
        ({"location": (57.7, 12.0)}, "ConfigurationError", "location"),
        ({"formulation": "better"}, "ConfigurationError", "formulation"),
        ({"max_shadow_distance_m": -1.0}, "ConfigurationError", "max_shadow_distance_m"),
        ({"tile_size": 0}, "ConfigurationError", "tile_size"),
        ({"use_ground_scheme": True}, "ConfigurationError", "use_ground_scheme"),
        ({"wall_material": "jelly"}, "ConfigurationError", "wall_material"),
        ({"heat_thresholds_day": ["hot"]}, "ConfigurationError", "heat_thresholds_day"),
        ({"pois": {"far": (0.0, 0.0)}}, "ConfigurationError", "'far'"),
        ({"pois": "none.geojson"}, "FileNotFoundError", "none.geojson"),
        ({"state": {"lup": 1}}, "ConfigurationError", "state"),
        ({"tile_size": "big"}, "ConfigurationError", "tile_size"),
        ({"human": {"posture": "sitting"}}, "ConfigurationError", "human.*got dict"),
        ({"physics": "physics.json"}, "ConfigurationError", "load_physics"),
        ({"materials": {"Names": 1}}, "ConfigurationError", "load_materials"),
        ({"config": "run.json"}, "ConfigurationError", "config.*got str"),
        ({"heat_thresholds_day": 30}, "ConfigurationError", "heat_thresholds_day"),
        ({"progress_callback": 5}, "ConfigurationError", "progress_callback"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_arguments(
    surface: solweig.SurfaceData, changes: dict[str, Any], error: str, said: str, tmp_path: Path
) -> None:
    arguments: dict[str, Any] = {"weather": weather(), "location": LOCATION, **changes}
    kind = getattr(solweig, error, None) or FileNotFoundError
    out = tmp_path / "out"
    with pytest.raises(kind, match=said):
        solweig.calculate(surface, output_dir=out, **arguments)
    assert not out.exists(), "nothing may be written for a run that cannot start"


def test_unknown_outputs_list_the_valid_ones(surface: solweig.SurfaceData) -> None:
    with pytest.raises(solweig.ConfigurationError) as caught:
        solweig.calculate(surface, weather(), LOCATION, outputs=["heat"])
    for name in ("tmrt", "utci", "pet", "shadow", "kdown", "kup", "ldown", "lup"):
        assert name in str(caught.value)


@pytest.mark.usefixtures("no_work")
def test_more_steps_than_memory_holds(
    surface: solweig.SurfaceData, monkeypatch: pytest.MonkeyPatch
) -> None:
    from solweig.run import plan as run_plan

    monkeypatch.setattr(run_plan, "available_memory", lambda: (10_000, "control group"))
    with pytest.raises(solweig.ConfigurationError, match=r"output_dir.*in memory"):
        solweig.calculate(surface, weather(), LOCATION)


@pytest.mark.usefixtures("no_work")
def test_steps_out_of_order_or_repeated(surface: solweig.SurfaceData) -> None:
    steps = weather()
    for wrong in (steps[::-1], [steps[0], steps[0]]):
        with pytest.raises(solweig.WeatherDataError, match="strictly increasing"):
            solweig.calculate(surface, wrong, LOCATION)


@pytest.mark.usefixtures("no_work")
def test_a_surface_that_is_not_ready(surface: solweig.SurfaceData) -> None:
    with pytest.raises(solweig.MissingPrecomputedData, match="compute_svf"):
        solweig.calculate(small_surface(svf=False), weather(), LOCATION)
    with pytest.raises(solweig.InvalidSurfaceData, match="surface"):
        solweig.calculate("dsm.tif", weather(), LOCATION)  # type: ignore[arg-type]
    only_svf = solweig.SurfaceData(surface.dsm, pixel_size=2.0, svf=surface.svf)
    with pytest.raises(solweig.MissingPrecomputedData, match="shadow_matrices"):
        solweig.calculate(only_svf, weather(), LOCATION, use_anisotropic_sky=True)


def test_an_isotropic_run_needs_no_visibility(surface: solweig.SurfaceData) -> None:
    only_svf = small_surface(svf=False)
    only_svf.svf = surface.svf
    summary = solweig.calculate(only_svf, weather(), LOCATION, use_anisotropic_sky=False)
    assert np.isfinite(summary.tmrt_mean).all()


@pytest.mark.usefixtures("no_work")
def test_prepared_data_of_another_shape(surface: solweig.SurfaceData) -> None:
    given = solweig.PrecomputedData(wall_height=np.zeros((3, 3), np.float32))
    with pytest.raises(solweig.GridShapeMismatch, match="wall_height"):
        solweig.calculate(surface, weather(), LOCATION, precomputed=given)


@pytest.mark.usefixtures("no_work")
def test_materials_without_a_class_of_the_surface(surface: solweig.SurfaceData) -> None:
    materials = solweig.load_materials()
    del materials.Names.Value.__dict__["5"]
    with pytest.raises(solweig.ConfigurationError, match=r"none for \[5\]"):
        solweig.calculate(surface, weather(), LOCATION, materials=materials)


def test_buildings_by_wall_material_have_roofs() -> None:
    plain, by_wall = small_surface(), small_surface(svf=False)
    assert by_wall.land_cover is not None
    by_wall.land_cover[by_wall.land_cover == 2] = 101
    by_wall.compute_svf()
    one, two = (solweig.calculate(s, weather(), LOCATION) for s in (plain, by_wall))
    assert np.array_equal(one.tmrt_mean, two.tmrt_mean)


# ------------------------------------------------------------------ validate_inputs


def test_validation_passes_what_runs(surface: solweig.SurfaceData) -> None:
    assert solweig.validate_inputs(surface, LOCATION, weather(), use_anisotropic_sky=True) == []


def test_validation_warns_of_what_may_not_be_meant() -> None:
    bare = solweig.SurfaceData(np.full((8, 8), 5.0, np.float32))
    bare.compute_svf()
    steps = weather((3, 6, 9, 12, 20))
    found = " ".join(solweig.validate_inputs(bare, LOCATION, steps))
    for part in ("gap", "CRS", "neither dem nor land_cover"):
        assert part in found


def test_validation_raises_what_would_fail(surface: solweig.SurfaceData) -> None:
    with pytest.raises(solweig.MissingPrecomputedData):
        solweig.validate_inputs(small_surface(svf=False))
    with pytest.raises(solweig.WeatherDataError):
        solweig.validate_inputs(surface, LOCATION, weather()[::-1])
    with pytest.raises(solweig.GridShapeMismatch):
        solweig.validate_inputs(
            surface, precomputed=solweig.PrecomputedData(wall_height=np.zeros((2, 2), np.float32))
        )

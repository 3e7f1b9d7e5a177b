"""The model of a raster in one piece is kept with its surface, and used only where it fits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig import _core
from solweig.execution import ExecutionConfig
from solweig.run import plan
from tests.support.run_cases import LOCATION, weather
from tests.support.tile_cases import city

REACH_M = 16.0
CPU = ExecutionConfig(accelerator="cpu")


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What every model was built with."""
    calls: list[Any] = []

    class Counted:
        def __getattr__(self, name: str) -> Any:
            return getattr(_core, name)

        def Model(self, *args: Any, **options: Any) -> Any:
            calls.append(options)
            return _core.Model(*args, **options)

    monkeypatch.setattr(plan, "_core", Counted())
    return calls


def prepared() -> solweig.SurfaceData:
    surface = city()
    surface.compute_svf(max_shadow_distance_m=REACH_M, execution=CPU)
    surface.albedo = np.full(surface.shape, 0.2, np.float32)
    return surface


def tmrt(surface: solweig.SurfaceData, **options: Any) -> bytes:
    chosen: dict[str, Any] = {"outputs": ["tmrt"], "max_shadow_distance_m": REACH_M, **options}
    found = solweig.calculate(surface, weather((12, 13)), LOCATION, execution=CPU, **chosen)
    return np.asarray(found.tmrt_mean).tobytes()


def test_the_next_run_of_the_same_builds_none(built: list[Any]) -> None:
    surface = prepared()
    first = tmrt(surface)
    assert tmrt(surface) == first
    assert len(built) == 1


def test_other_parameters_build_another(built: list[Any]) -> None:
    surface = prepared()
    first = tmrt(surface)
    assert tmrt(surface, use_anisotropic_sky=False) != first
    assert tmrt(surface, human=solweig.HumanParams(posture="sitting")) != first
    assert tmrt(surface) == first
    assert len(built) == 4


@pytest.mark.parametrize("anew", [True, False], ids=["set anew", "written into"])
@pytest.mark.parametrize("layer", ["albedo", "wall_height"])
def test_another_layer_builds_another(built: list[Any], layer: str, anew: bool) -> None:
    surface, other = prepared(), prepared()
    tmrt(surface)
    tmrt(other)
    for one in (surface, other):
        changed = np.array(getattr(one, layer)) * np.float32(1.5)
        if one is other:
            one.clear_buffers()
        if anew or one is other:
            setattr(one, layer, changed)
        else:
            getattr(one, layer)[...] = changed
    assert tmrt(surface) == tmrt(other)
    assert len(built) == 4


def test_a_run_that_writes_keeps_none_but_uses_one(built: list[Any], tmp_path: Path) -> None:
    surface = prepared()
    first = tmrt(surface, output_dir=tmp_path / "first")
    assert surface.kept.model is None
    assert tmrt(surface) == first
    assert tmrt(surface, output_dir=tmp_path / "second") == first
    assert len(built) == 2


def test_clear_buffers_frees_the_model(built: list[Any]) -> None:
    surface = prepared()
    first = tmrt(surface)
    surface.clear_buffers()
    assert surface.kept.model is None
    assert tmrt(surface) == first
    assert len(built) == 2

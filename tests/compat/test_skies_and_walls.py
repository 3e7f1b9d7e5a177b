"""Sky view factors without shadow matrices, and walls of a material."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import solweig
from solweig import load_materials
from solweig.errors import ConfigurationError, MissingPrecomputedData
from tests.support.run_cases import LOCATION, small_surface, weather


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


@pytest.fixture
def only_svf(surface: solweig.SurfaceData) -> solweig.SurfaceData:
    found = small_surface(svf=False)
    found.svf = surface.svf
    return found


def test_a_default_sky_without_shadow_matrices_is_isotropic(
    only_svf: solweig.SurfaceData, tmp_path: Path
) -> None:
    wanted = solweig.calculate(only_svf, weather(), LOCATION, use_anisotropic_sky=False)
    for name, config in (("none", None), ("config", solweig.ModelConfig())):
        with pytest.warns(UserWarning, match="no shadow matrices"):
            found = solweig.calculate(
                only_svf,
                weather(),
                LOCATION,
                config=config,
                output_dir=tmp_path / name,
                outputs=["tmrt"],
            )
        assert np.array_equal(found.tmrt_mean, wanted.tmrt_mean)
        assert found.metadata["parameters"]["use_anisotropic_sky"] is False
        assert found.metadata["run_id"] == wanted.metadata["run_id"]


def test_a_sky_that_was_asked_for_needs_them(
    surface: solweig.SurfaceData, only_svf: solweig.SurfaceData
) -> None:
    for config in (None, solweig.ModelConfig()):
        with pytest.raises(MissingPrecomputedData, match="shadow_matrices"):
            solweig.calculate(
                only_svf, weather(), LOCATION, use_anisotropic_sky=True, config=config
            )
    given = solweig.PrecomputedData(shadow_matrices=surface.shadow_matrices)
    found = solweig.calculate(only_svf, weather(hours=(12,)), LOCATION, precomputed=given)
    assert found.metadata["parameters"]["use_anisotropic_sky"] is True
    with pytest.raises(MissingPrecomputedData, match="svf"):
        solweig.calculate(small_surface(svf=False), weather(), LOCATION)


def test_walls_of_a_material(surface: solweig.SurfaceData) -> None:
    noon = weather(hours=(12,))
    means = {
        name: float(
            solweig.calculate(surface, noon, LOCATION, wall_material=name).mean("tmrt_mean")
        )
        for name in ("brick", "Concrete", "wood", "cobblestone")
    }
    generic = float(solweig.calculate(surface, noon, LOCATION).mean("tmrt_mean"))
    assert means["cobblestone"] == generic
    # Wood warms most and concrete least, by their amplitudes.
    assert means["wood"] > means["brick"] > means["Concrete"]
    with pytest.raises(ValueError, match="wall_material"):
        solweig.calculate(surface, noon, LOCATION, wall_material="steel")


def test_materials_of_ones_own_go_before(surface: solweig.SurfaceData) -> None:
    own = load_materials()
    settings = solweig.Settings.resolve(wall_material="wood", materials=own)
    assert settings.wall_material == "Wood_wall"
    delattr(own.Albedo.Material.Value, "Wood_wall")
    with pytest.raises(ConfigurationError, match="wall_material"):
        solweig.Settings.resolve(wall_material="wood", materials=own)

"""The interface that scripts already call: names, parameters and defaults."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import fields
from typing import Any

import pytest

import solweig
from solweig import postprocess

REQUIRED = inspect.Parameter.empty

NAMES = [
    "__version__", "SurfaceData", "PrecomputedData", "Location", "Weather", "HumanParams",
    "ModelConfig", "SolweigResult", "Timeseries", "TimeseriesSummary", "SolweigError",
    "InvalidSurfaceData", "GridShapeMismatch", "MissingPrecomputedData", "StalePrecomputedData",
    "WeatherDataError", "ConfigurationError", "ComputationCancelled", "calculate",
    "validate_inputs", "load_params", "load_physics", "load_materials",
    "calculate_buffer_distance", "Settings", "TileSpec", "ThermalState", "generate_tiles",
    "create_run_metadata", "save_run_metadata", "load_run_metadata", "download_epw", "io",
    "walls", "progress", "is_gpu_available", "get_compute_backend", "get_gpu_limits",
    "disable_gpu", "enable_gpu", "gpu_dispatch_count", "gpu_fallback_count", "reset_gpu_metrics",
    "GPU_ENABLED", "RELEASE_BUILD",
]  # fmt: skip

# callable: parameters in order with their defaults. Parameters we added come after or by keyword.
SIGNATURES: dict[str, dict[str, Any]] = {
    "calculate": {
        "surface": REQUIRED, "weather": REQUIRED, "location": None, "config": None, "human": None,
        "precomputed": None, "use_anisotropic_sky": None, "conifer": False, "physics": None,
        "materials": None, "wall_material": None, "max_shadow_distance_m": None,
        "tile_size": None, "use_ground_scheme": None, "use_outgoing_longwave": None,
        "outputs": None, "heat_thresholds_day": None, "heat_thresholds_night": None,
        "progress_callback": None,
        # new: None keeps the steps in memory
        "output_dir": None, "execution": None, "pois": None, "formulation": "reference",
    },
    "validate_inputs": {
        "surface": REQUIRED, "location": None, "weather": None, "use_anisotropic_sky": False,
        "precomputed": None,
    },
    "SurfaceData": {
        "dsm": REQUIRED, "cdsm": None, "dem": None, "tdsm": None, "albedo": None,
        "emissivity": None, "land_cover": None, "wall_height": None, "wall_aspect": None,
        "svf": None, "shadow_matrices": None, "pixel_size": 1.0, "trunk_ratio": 0.25,
        "dsm_relative": False, "cdsm_relative": True, "tdsm_relative": True,
        "min_object_height": 1.0, "smooth_quantized_dem": True, "dem_smooth_sigma": 3.0,
    },
    "SurfaceData.prepare": {
        "dsm": REQUIRED, "working_dir": None, "cdsm": None, "dem": None, "tdsm": None,
        "land_cover": None, "wall_height": None, "wall_aspect": None, "svf_dir": None,
        "bbox": None, "pixel_size": None, "trunk_ratio": 0.25, "dsm_relative": False,
        "cdsm_relative": True, "tdsm_relative": True, "min_object_height": 1.0,
        "smooth_quantized_dem": True, "dem_smooth_sigma": 3.0, "force_recompute": False,
        "tile_size": None, "feedback": None,
    },
    "SurfaceData.load": {"directory": REQUIRED, "load_svf": True},
    "SurfaceData.fill_nan": {"self": REQUIRED, "tolerance": 0.1},
    "SurfaceData.save_cleaned": {
        "self": REQUIRED, "directory": REQUIRED, "prepare_fingerprint": None,
    },
    "Location": {"latitude": REQUIRED, "longitude": REQUIRED, "altitude": 0.0},
    "Location.from_epw": {"path": REQUIRED},
    "Weather": {
        "datetime": REQUIRED, "ta": REQUIRED, "rh": REQUIRED, "global_rad": REQUIRED, "ws": 1.0,
        "pressure": 1013.25, "timestep_minutes": 60, "measured_direct_rad": None,
        "measured_diffuse_rad": None, "precomputed_sun_altitude": None,
        "precomputed_sun_azimuth": None, "precomputed_altmax": None,
    },
    "Weather.from_values": {
        "ta": REQUIRED, "rh": REQUIRED, "global_rad": REQUIRED, "datetime": REQUIRED, "ws": 1.0,
    },
    "Weather.from_epw": {
        "path": REQUIRED, "start": None, "end": None, "hours": None, "year": None,
    },
    "Weather.from_umep_met": {
        "paths": REQUIRED, "resample_hourly": True, "start": None, "end": None,
    },
    "HumanParams": {
        "posture": "standing", "abs_k": 0.7, "abs_l": 0.97, "age": 35, "weight": 75,
        "height": 1.75, "sex": 1, "activity": 80, "clothing": 0.9,
    },
    "PrecomputedData.prepare": {"walls_dir": None, "svf_dir": None, "expected_shape": None},
    "SolweigResult.to_geotiff": {
        "self": REQUIRED, "output_dir": REQUIRED, "timestamp": None, "outputs": None,
        "surface": None, "transform": None, "crs_wkt": None,
    },
    "SolweigResult.compute_utci": {
        "self": REQUIRED, "weather_or_ta": REQUIRED, "rh": None, "wind": None,
    },
    "SolweigResult.compute_pet": {
        "self": REQUIRED, "weather_or_ta": REQUIRED, "rh": None, "wind": None, "human": None,
    },
    "TimeseriesSummary.plot": {
        "self": REQUIRED, "save_path": None, "figsize": (14, 10), "max_days": 5,
    },
    "TimeseriesSummary.to_geotiff": {"self": REQUIRED, "output_dir": REQUIRED, "surface": None},
    "load_params": {"path": None},
    "load_physics": {"path": None},
    "generate_tiles": {
        "rows": REQUIRED, "cols": REQUIRED, "tile_size": REQUIRED, "overlap": REQUIRED,
    },
    "calculate_buffer_distance": {
        "max_height": REQUIRED, "min_sun_elev_deg": 3.0, "max_shadow_distance_m": 1000.0,
    },
}  # fmt: skip


def find(dotted: str) -> Any:
    found: Any = solweig
    for part in dotted.split("."):
        found = getattr(found, part)
    return found


def test_every_name_is_there_and_listed() -> None:
    missing = [name for name in NAMES if not hasattr(solweig, name)]
    assert missing == []
    assert [name for name in NAMES if name not in solweig.__all__] == []
    assert set(solweig.__all__) <= set(dir(solweig))


def test_public_functions_are_not_shadowed_by_modules() -> None:
    importlib.import_module("solweig.cli.app")  # imports the whole package
    for name in ("calculate", "validate_inputs", "load_params", "generate_tiles", "download_epw"):
        assert callable(getattr(solweig, name)), name


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_parameters_and_defaults(name: str) -> None:
    expected = SIGNATURES[name]
    found = inspect.signature(find(name)).parameters
    for parameter, default in expected.items():
        assert parameter in found, f"{name}: no parameter {parameter}"
        assert found[parameter].default == default, f"{name}: default of {parameter}"
    assert [p for p in found.values() if p.default is REQUIRED and p.name not in expected
            and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)] == []  # fmt: skip


def test_positional_order() -> None:
    for name in ("SurfaceData", "SurfaceData.prepare", "Weather", "Weather.from_values",
                 "HumanParams", "Location", "validate_inputs"):  # fmt: skip
        expected = list(SIGNATURES[name])
        found = list(inspect.signature(find(name)).parameters)
        assert found[: len(expected)] == expected, name


def test_calculate_takes_settings_by_keyword_only() -> None:
    found = inspect.signature(solweig.calculate).parameters
    for name in list(SIGNATURES["calculate"])[3:]:
        assert found[name].kind is inspect.Parameter.KEYWORD_ONLY, name


def test_members_of_results() -> None:
    statistics = {f"{b}_{s}" for b in ("tmrt", "utci")
                  for s in ("mean", "max", "min", "day_mean", "night_mean")}  # fmt: skip
    summary = {f.name for f in fields(solweig.TimeseriesSummary)}
    assert summary >= statistics | {
        "sun_hours", "shade_hours", "utci_hours_above", "n_timesteps", "n_daytime",
        "n_nighttime", "shadow_available", "heat_thresholds_day", "heat_thresholds_night",
        "timeseries", "dataset",
    }  # fmt: skip
    assert hasattr(solweig.TimeseriesSummary, "report")
    assert hasattr(solweig.TimeseriesSummary, "_repr_html_")
    assert hasattr(solweig.TimeseriesSummary, "__len__")
    assert {f.name for f in fields(solweig.Timeseries)} == {
        "datetime", "ta", "rh", "ws", "global_rad", "direct_rad", "diffuse_rad", "sun_altitude",
        "tmrt_mean", "utci_mean", "sun_fraction", "diffuse_fraction", "clearness_index",
        "is_daytime",
    }  # fmt: skip
    assert [f.name for f in fields(solweig.SolweigResult)] == [
        "tmrt", "shadow", "kdown", "kup", "ldown", "lup", "utci", "pet", "state",
    ]  # fmt: skip


def test_members_of_surface_and_config() -> None:
    for name in ("preprocess", "compute_svf", "compute_valid_mask", "apply_valid_mask",
                 "crop_to_valid_bbox", "max_height", "shape", "valid_mask", "geometry", "optical",
                 "auxiliary", "looks_like_relative_heights", "get_land_cover_properties",
                 "get_buffer_pool", "clear_buffers"):  # fmt: skip
        assert hasattr(solweig.SurfaceData, name), name
    for name in ("defaults", "from_json", "save", "load"):
        assert hasattr(solweig.ModelConfig, name), name
    for name in ("is_daytime", "compute_derived"):
        assert hasattr(solweig.Weather, name), name
    config = {f.name: f for f in fields(solweig.ModelConfig)}
    assert config["use_anisotropic_sky"].default is True
    assert config["max_shadow_distance_m"].default == 1000
    assert solweig.ModelConfig().outputs == ["tmrt"]


def test_errors_form_one_tree() -> None:
    for name in ("InvalidSurfaceData", "MissingPrecomputedData", "StalePrecomputedData",
                 "WeatherDataError", "ConfigurationError", "ComputationCancelled"):  # fmt: skip
        assert issubclass(getattr(solweig, name), solweig.SolweigError)
    assert issubclass(solweig.GridShapeMismatch, solweig.InvalidSurfaceData)
    error = solweig.InvalidSurfaceData("dsm", "2-D", "3-D")
    assert (error.field, error.expected, error.got) == ("dsm", "2-D", "3-D")
    assert solweig.ComputationCancelled("shadows").stage == "shadows"


def test_modules_and_functions_of_modules() -> None:
    for name in ("load_raster", "save_raster", "rasterise_gdf", "read_epw", "download_epw",
                 "get_raster_metadata", "read_raster_window", "write_raster_window",
                 "create_empty_raster"):  # fmt: skip
        assert callable(getattr(solweig.io, name)), name
    parameters = inspect.signature(solweig.walls.generate_wall_hts).parameters
    assert {"dsm_path", "bbox", "out_dir", "wall_limit", "feedback"} <= set(parameters)
    assert list(inspect.signature(postprocess.compute_utci_grid).parameters) == [
        "tmrt", "ta", "rh", "wind10m", "utci_range",
    ]  # fmt: skip
    assert list(inspect.signature(postprocess.compute_pet_grid).parameters) == [
        "tmrt", "ta", "rh", "wind", "human", "pet_variant",
    ]  # fmt: skip

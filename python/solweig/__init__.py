"""City-scale heat-stress maps: shadows, sky view, mean radiant temperature, UTCI and PET.

``prepare`` a surface once, read weather, ``calculate``::

    import solweig

    surface = solweig.SurfaceData.prepare("dsm.tif", "cache", cdsm="trees.tif", dem="dem.tif")
    weather = solweig.Weather.from_epw("city.epw", start="2025-07-01", end="2025-07-03")
    location = solweig.Location.from_epw("city.epw")
    summary = solweig.calculate(surface, weather, location, output_dir="out")

Names are loaded on first use, so importing the package is quick.
"""

from __future__ import annotations

import importlib
from typing import Any

# Public name -> module that defines it.
_EXPORTS: dict[str, str] = {
    "SurfaceData": "surface",
    "PrecomputedData": "precomputed",
    "Location": "location",
    "Weather": "weather",
    "HumanParams": "human",
    "ModelConfig": "config",
    "Settings": "config",
    "SolweigError": "errors",
    "InvalidSurfaceData": "errors",
    "GridShapeMismatch": "errors",
    "MissingPrecomputedData": "errors",
    "StalePrecomputedData": "errors",
    "WeatherDataError": "errors",
    "ConfigurationError": "errors",
    "ComputationCancelled": "errors",
    "calculate": "calculation",
    "validate_inputs": "validation",
    "SolweigResult": "results",
    "Timeseries": "results",
    "TimeseriesSummary": "results",
    "create_run_metadata": "metadata",
    "save_run_metadata": "metadata",
    "load_run_metadata": "metadata",
    "download_epw": "epw_download",
    "load_params": "params",
    "load_physics": "params",
    "load_materials": "params",
    "ThermalState": "state",
    "TileSpec": "tiling",
    "generate_tiles": "tiling",
    "calculate_buffer_distance": "tiling",
    "is_gpu_available": "gpu",
    "get_compute_backend": "gpu",
    "get_gpu_limits": "gpu",
    "gpu_dispatch_count": "gpu",
    "gpu_fallback_count": "gpu",
    "reset_gpu_metrics": "gpu",
    "RELEASE_BUILD": "gpu",
    "disable_gpu": "switches",
    "enable_gpu": "switches",
}
# Public modules.
_MODULES = ("io", "progress", "walls")
# Values that change while a program runs; never kept here.
_LIVE = {"GPU_ENABLED": "switches"}

__all__ = ["__version__", *_EXPORTS, *_MODULES, *_LIVE]


def __getattr__(name: str) -> Any:
    if name in _LIVE:
        return getattr(importlib.import_module(f"{__name__}.{_LIVE[name]}"), name)
    if name == "__version__":
        value = importlib.import_module(f"{__name__}._core").__version__
    elif name in _MODULES:
        value = importlib.import_module(f"{__name__}.{name}")
    elif name in _EXPORTS:
        value = getattr(importlib.import_module(f"{__name__}.{_EXPORTS[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

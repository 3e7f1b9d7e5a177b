"""City-scale heat-stress maps: shadows, sky view, mean radiant temperature, UTCI and PET.

``prepare`` a surface once, read weather, ``calculate``::

    import solweig

    surface = solweig.SurfaceData.prepare("dsm.tif", "cache", cdsm="trees.tif", dem="dem.tif")
    weather = solweig.Weather.from_epw("city.epw", start="2025-07-01", end="2025-07-03")
    location = solweig.Location.from_epw("city.epw")
    summary = solweig.calculate(surface, weather, location, output_dir="out")

Names are loaded on first use, so importing the package is quick.

In docstrings ``G 5.3`` and ``R 7`` are sections of ``docs/model-geometry.md`` and
``docs/model-radiation.md``, ``Q-18`` and ``G-Q12`` entries of ``docs/departures.md``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from solweig import io as io
    from solweig import progress as progress
    from solweig import walls as walls
    from solweig.config import ModelConfig as ModelConfig
    from solweig.errors import ComputationCancelled as ComputationCancelled
    from solweig.errors import ConfigurationError as ConfigurationError
    from solweig.errors import DiskFull as DiskFull
    from solweig.errors import GridShapeMismatch as GridShapeMismatch
    from solweig.errors import InvalidSurfaceData as InvalidSurfaceData
    from solweig.errors import MastDataError as MastDataError
    from solweig.errors import MissingPrecomputedData as MissingPrecomputedData
    from solweig.errors import SolweigError as SolweigError
    from solweig.errors import StalePrecomputedData as StalePrecomputedData
    from solweig.errors import WeatherDataError as WeatherDataError
    from solweig.errors import WeatherWarning as WeatherWarning
    from solweig.execution.config import ExecutionConfig as ExecutionConfig
    from solweig.exposure.route import RouteExposure as RouteExposure
    from solweig.exposure.route import route_exposure as route_exposure
    from solweig.exposure.zones import ZonalStatistics as ZonalStatistics
    from solweig.exposure.zones import zonal_statistics as zonal_statistics
    from solweig.gpu import RELEASE_BUILD as RELEASE_BUILD
    from solweig.gpu import get_compute_backend as get_compute_backend
    from solweig.gpu import get_gpu_limits as get_gpu_limits
    from solweig.gpu import gpu_dispatch_count as gpu_dispatch_count
    from solweig.gpu import gpu_fallback_count as gpu_fallback_count
    from solweig.gpu import is_gpu_available as is_gpu_available
    from solweig.gpu import reset_gpu_metrics as reset_gpu_metrics
    from solweig.human import HumanParams as HumanParams
    from solweig.inputs.build import build_surface as build_surface
    from solweig.inputs.built import BuiltSurface as BuiltSurface
    from solweig.params import load_materials as load_materials
    from solweig.params import load_params as load_params
    from solweig.params import load_physics as load_physics
    from solweig.report.page import write_report as write_report
    from solweig.results.metadata import create_run_metadata as create_run_metadata
    from solweig.results.metadata import load_run_metadata as load_run_metadata
    from solweig.results.metadata import save_run_metadata as save_run_metadata
    from solweig.results.state import ThermalState as ThermalState
    from solweig.results.summary import SolweigResult as SolweigResult
    from solweig.results.summary import Timeseries as Timeseries
    from solweig.results.summary import TimeseriesSummary as TimeseriesSummary
    from solweig.run.calculation import calculate as calculate
    from solweig.run.checks import validate_inputs as validate_inputs
    from solweig.run.period import calculate_period as calculate_period
    from solweig.run.settings import Settings as Settings
    from solweig.scenarios.optimise import PlacedTrees as PlacedTrees
    from solweig.scenarios.optimise import optimise_trees as optimise_trees
    from solweig.scenarios.optimise_wishes import TreeWishes as TreeWishes
    from solweig.scenarios.results import ScenarioResults as ScenarioResults
    from solweig.scenarios.results import run_scenarios as run_scenarios
    from solweig.scenarios.wishes import Edit as Edit
    from solweig.scenarios.wishes import Scenario as Scenario
    from solweig.surface.data import SurfaceData as SurfaceData
    from solweig.surface.precomputed import PrecomputedData as PrecomputedData
    from solweig.switches import GPU_ENABLED as GPU_ENABLED
    from solweig.switches import disable_gpu as disable_gpu
    from solweig.switches import enable_gpu as enable_gpu
    from solweig.tiles.grid import TileSpec as TileSpec
    from solweig.tiles.grid import calculate_buffer_distance as calculate_buffer_distance
    from solweig.tiles.grid import generate_tiles as generate_tiles
    from solweig.weather.download import download_epw as download_epw
    from solweig.weather.fields import LapseRate as LapseRate
    from solweig.weather.fields import WeatherField as WeatherField
    from solweig.weather.fields import WindCoefficients as WindCoefficients
    from solweig.weather.location import Location as Location
    from solweig.weather.radiation_fields import RadiationField as RadiationField
    from solweig.weather.step import Weather as Weather

    __version__: str

# Public name -> module that defines it.
_EXPORTS: dict[str, str] = {
    "SurfaceData": "surface.data",
    "PrecomputedData": "surface.precomputed",
    "Location": "weather.location",
    "Weather": "weather.step",
    "LapseRate": "weather.fields",
    "WeatherField": "weather.fields",
    "WindCoefficients": "weather.fields",
    "RadiationField": "weather.radiation_fields",
    "HumanParams": "human",
    "ModelConfig": "config",
    "Settings": "run.settings",
    "SolweigError": "errors",
    "InvalidSurfaceData": "errors",
    "GridShapeMismatch": "errors",
    "MissingPrecomputedData": "errors",
    "StalePrecomputedData": "errors",
    "WeatherDataError": "errors",
    "WeatherWarning": "errors",
    "MastDataError": "errors",
    "ConfigurationError": "errors",
    "ComputationCancelled": "errors",
    "DiskFull": "errors",
    "ExecutionConfig": "execution.config",
    "BuiltSurface": "inputs.built",
    "build_surface": "inputs.build",
    "calculate": "run.calculation",
    "calculate_period": "run.period",
    "validate_inputs": "run.checks",
    "SolweigResult": "results.summary",
    "Timeseries": "results.summary",
    "TimeseriesSummary": "results.summary",
    "create_run_metadata": "results.metadata",
    "save_run_metadata": "results.metadata",
    "load_run_metadata": "results.metadata",
    "zonal_statistics": "exposure.zones",
    "ZonalStatistics": "exposure.zones",
    "route_exposure": "exposure.route",
    "RouteExposure": "exposure.route",
    "run_scenarios": "scenarios.results",
    "ScenarioResults": "scenarios.results",
    "Scenario": "scenarios.wishes",
    "Edit": "scenarios.wishes",
    "optimise_trees": "scenarios.optimise",
    "PlacedTrees": "scenarios.optimise",
    "TreeWishes": "scenarios.optimise_wishes",
    "write_report": "report.page",
    "download_epw": "weather.download",
    "load_params": "params",
    "load_physics": "params",
    "load_materials": "params",
    "ThermalState": "results.state",
    "TileSpec": "tiles.grid",
    "generate_tiles": "tiles.grid",
    "calculate_buffer_distance": "tiles.grid",
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
# Modules that scripts reach without importing them, as in ``solweig.errors.SolweigError``.
_ALSO = (
    "api",
    "constants",
    "errors",
    "geospatial",
    "loaders",
    "models",
    "physics",
    "summary",
    "tiling",
    "utils",
)
# Values that change while a program runs; never kept here.
_LIVE = {"GPU_ENABLED": "switches"}

__all__ = ["__version__", *_EXPORTS, *_MODULES, *_LIVE]


def __getattr__(name: str) -> Any:
    if name in _LIVE:
        return getattr(importlib.import_module(f"{__name__}.{_LIVE[name]}"), name)
    if name == "__version__":
        value = importlib.import_module(f"{__name__}._core").__version__
    elif name in _MODULES or name in _ALSO:
        value = importlib.import_module(f"{__name__}.{name}")
    elif name in _EXPORTS:
        value = getattr(importlib.import_module(f"{__name__}.{_EXPORTS[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""Data classes of the package, under the names that older scripts import them from."""

from __future__ import annotations

from solweig.config import HumanParams, ModelConfig
from solweig.results.state import ThermalState
from solweig.results.summary import SolweigResult, Timeseries, TimeseriesSummary
from solweig.run.settings import Settings
from solweig.surface.checks import looks_like_relative
from solweig.surface.data import SurfaceData
from solweig.surface.precomputed import PrecomputedData, ShadowArrays, SvfArrays
from solweig.tiles.grid import TileSpec
from solweig.weather.location import Location
from solweig.weather.step import Weather

__all__ = [
    "HumanParams",
    "Location",
    "ModelConfig",
    "PrecomputedData",
    "Settings",
    "ShadowArrays",
    "SolweigResult",
    "SurfaceData",
    "SvfArrays",
    "ThermalState",
    "TileSpec",
    "Timeseries",
    "TimeseriesSummary",
    "Weather",
    "looks_like_relative",
]

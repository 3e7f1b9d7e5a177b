"""Data classes of the package, under the name that older scripts import them from."""

from __future__ import annotations

from solweig.config import HumanParams, ModelConfig
from solweig.location import Location
from solweig.precomputed import PrecomputedData, ShadowArrays, SvfArrays
from solweig.results import SolweigResult
from solweig.state import ThermalState
from solweig.surface import SurfaceData
from solweig.tiling import TileSpec
from solweig.weather import Weather

__all__ = [
    "HumanParams",
    "Location",
    "ModelConfig",
    "PrecomputedData",
    "ShadowArrays",
    "SolweigResult",
    "SurfaceData",
    "SvfArrays",
    "ThermalState",
    "TileSpec",
    "Weather",
]

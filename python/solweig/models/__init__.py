"""Data classes of the package, under the name that older scripts import them from."""

from __future__ import annotations

from solweig.compat.models import (
    HumanParams,
    Location,
    ModelConfig,
    PrecomputedData,
    Settings,
    ShadowArrays,
    SolweigResult,
    SurfaceData,
    SvfArrays,
    ThermalState,
    TileSpec,
    Weather,
)
from solweig.models import (  # noqa: F401 - reached as attributes
    config,
    location,
    precomputed,
    results,
    settings,
    state,
    surface,
    weather,
)

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
    "Weather",
]

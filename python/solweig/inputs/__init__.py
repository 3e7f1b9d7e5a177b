"""From what a city has, LiDAR, footprints, trees, land cover, to the rasters of a surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solweig.lazy import on_first_use

if TYPE_CHECKING:
    from solweig.inputs.build import build_surface as build_surface
    from solweig.inputs.built import BuiltSurface as BuiltSurface

__all__ = ["BuiltSurface", "build_surface"]

__getattr__, __dir__ = on_first_use(
    __name__,
    {
        "BuiltSurface": "solweig.inputs.built",
        "build_surface": "solweig.inputs.build",
    },
)

"""The surface of a run: heights, land cover, walls and sky view on one grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solweig.lazy import on_first_use

if TYPE_CHECKING:
    from solweig.surface.data import SurfaceData as SurfaceData
    from solweig.surface.precomputed import PrecomputedData as PrecomputedData
    from solweig.surface.shadow_arrays import ShadowArrays as ShadowArrays
    from solweig.surface.svf_arrays import SvfArrays as SvfArrays

__all__ = ["PrecomputedData", "ShadowArrays", "SurfaceData", "SvfArrays"]

__getattr__, __dir__ = on_first_use(
    __name__,
    {
        "PrecomputedData": "solweig.surface.precomputed",
        "ShadowArrays": "solweig.surface.shadow_arrays",
        "SurfaceData": "solweig.surface.data",
        "SvfArrays": "solweig.surface.svf_arrays",
    },
)

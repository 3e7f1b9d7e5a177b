"""An old path."""

from __future__ import annotations

from solweig.compat.models import ShadowArrays, SurfaceData, SvfArrays, looks_like_relative

__all__ = ["ShadowArrays", "SurfaceData", "SvfArrays", "looks_like_relative"]

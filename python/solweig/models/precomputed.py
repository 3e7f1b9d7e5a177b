"""An old path."""

from __future__ import annotations

from solweig.compat.models import PrecomputedData, ShadowArrays, SvfArrays

__all__ = ["PrecomputedData", "ShadowArrays", "SvfArrays"]

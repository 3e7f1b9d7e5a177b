"""An old path."""

from __future__ import annotations

from solweig.compat.models import ThermalState, TileSpec

__all__ = ["ThermalState", "TileSpec"]

"""An old path."""

from __future__ import annotations

from solweig.compat.models import Location, Weather

__all__ = ["Location", "Weather"]

"""An old path."""

from __future__ import annotations

from solweig.compat.models import Location

__all__ = ["Location"]

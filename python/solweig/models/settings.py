"""An old path."""

from __future__ import annotations

from solweig.compat.models import Settings

__all__ = ["Settings"]

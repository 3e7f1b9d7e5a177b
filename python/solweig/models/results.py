"""An old path."""

from __future__ import annotations

from solweig.compat.models import SolweigResult

__all__ = ["SolweigResult"]

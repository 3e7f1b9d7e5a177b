"""An old path."""

from __future__ import annotations

from solweig.compat import wallalgorithms

__all__ = ["wallalgorithms"]

"""An old path."""

from __future__ import annotations

from solweig.compat.wallalgorithms import filter1Goodwin_as_aspect_v3, findwalls

__all__ = ["filter1Goodwin_as_aspect_v3", "findwalls"]

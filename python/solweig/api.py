"""The public interface in one module, for scripts that import from ``solweig.api``."""

from __future__ import annotations

from typing import Any

import solweig
from solweig.surface.precomputed import ShadowArrays, SvfArrays

__all__ = [*solweig.__all__, "ShadowArrays", "SvfArrays"]


def __getattr__(name: str) -> Any:
    return getattr(solweig, name)

"""An old path."""

from __future__ import annotations

from solweig.compat.models import HumanParams, ModelConfig

__all__ = ["HumanParams", "ModelConfig"]

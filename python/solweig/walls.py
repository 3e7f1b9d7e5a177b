"""Wall height and aspect rasters from a surface model."""

from __future__ import annotations

from solweig.surface.walls import generate_wall_hts

__all__ = ["generate_wall_hts"]

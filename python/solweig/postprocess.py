"""Comfort indices from finished Tmrt grids."""

from __future__ import annotations

from solweig.results.comfort import compute_pet_grid, compute_utci_grid

__all__ = ["compute_pet_grid", "compute_utci_grid"]

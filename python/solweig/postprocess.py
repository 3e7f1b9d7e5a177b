"""Comfort indices from finished Tmrt grids."""

from __future__ import annotations

from solweig.results.comfort import compute_pet_grid, compute_utci_grid
from solweig.results.heat import (
    compute_apparent_grid,
    compute_globe_grid,
    compute_sensor_loads,
    compute_set_grid,
    compute_wbgt_grid,
    compute_wet_bulb_grid,
)

__all__ = [
    "compute_apparent_grid",
    "compute_globe_grid",
    "compute_pet_grid",
    "compute_sensor_loads",
    "compute_set_grid",
    "compute_utci_grid",
    "compute_wbgt_grid",
    "compute_wet_bulb_grid",
]

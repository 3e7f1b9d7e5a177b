"""Modelled against measured radiation at the field sites; see docs/validation.md."""

"""Rasters in files and memory: reading, writing, windows, georeference, digests, CF attributes."""

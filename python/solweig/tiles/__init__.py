"""A raster in tiles: the cut, the plan, where tiles are read and written, what is recorded."""

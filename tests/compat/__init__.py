"""Scripts written for the package people install today."""

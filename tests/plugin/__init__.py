"""The QGIS plugin as far as it can be tested without QGIS."""

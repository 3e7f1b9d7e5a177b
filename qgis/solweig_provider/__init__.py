"""SOLWEIG heat-stress maps for QGIS Processing."""


def classFactory(iface):
    """Give QGIS the plugin."""
    from .plugin import SolweigPlugin

    return SolweigPlugin(iface)

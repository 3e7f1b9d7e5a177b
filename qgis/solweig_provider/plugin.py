"""What QGIS loads: it adds the provider to Processing and takes it away again."""

from __future__ import annotations

from qgis.core import QgsApplication

from .provider import SolweigProvider


class SolweigPlugin:
    """The plugin."""

    def __init__(self, iface):
        self.iface = iface
        self.provider = None

    def initProcessing(self):
        """Add the provider; qgis_process calls this alone."""
        self.provider = SolweigProvider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self):
        """Start in the application."""
        self.initProcessing()

    def unload(self):
        """Leave no trace."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None

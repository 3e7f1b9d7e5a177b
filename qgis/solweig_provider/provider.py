"""The provider: its name, its picture, its algorithms."""

from __future__ import annotations

import os

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .algorithms.build import BuildInputs
from .algorithms.compare import CompareRuns
from .algorithms.plan import PlanRun
from .algorithms.prepare import PrepareSurface
from .algorithms.route import RouteExposure
from .algorithms.run import RunModel

ICON = os.path.join(os.path.dirname(__file__), "icon.svg")


class SolweigProvider(QgsProcessingProvider):
    """Algorithms that call the installed package."""

    def id(self):
        """Name in identifiers, ``solweig:run``."""
        return "solweig"

    def name(self):
        """Name in the toolbox."""
        return "SOLWEIG"

    def longName(self):
        """Name with what it does."""
        return "SOLWEIG heat-stress maps"

    def icon(self):
        """Picture in the toolbox."""
        return QIcon(ICON)

    def loadAlgorithms(self):
        """Add every algorithm."""
        for algorithm in (
            PrepareSurface, RunModel, PlanRun, CompareRuns, BuildInputs, RouteExposure,
        ):  # fmt: skip
            self.addAlgorithm(algorithm())

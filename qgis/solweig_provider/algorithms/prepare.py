"""Walls and sky view of a surface, kept for many runs."""

from __future__ import annotations

from qgis.core import QgsProcessingParameterFolderDestination

from .base import SURFACE, SolweigAlgorithm


class PrepareSurface(SolweigAlgorithm):
    """``solweig prepare``."""

    NAME = "prepare"
    TITLE = "Prepare surface"
    ABOUT = (
        "Computes walls and sky view factors of a surface once and keeps them in a folder. Give "
        "that folder to Run: it is used as long as the rasters are the same, which is checked "
        "by their content. Rasters in another grid or CRS are brought to the surface model's."
    )
    RASTERS = SURFACE

    def initAlgorithm(self, configuration=None):
        """Declare parameters and outputs."""
        self.add_rasters()
        self.add_choice(
            "FORMULATION", "Formulation", ("reference", "improved"), "reference", advanced=True
        )
        self.add_choice("ACCELERATOR", "Hardware", ("auto", "cpu", "gpu"), "auto")
        self.add(
            QgsProcessingParameterFolderDestination("CACHE", "Folder for the prepared surface")
        )
        self.add_common()

    def arguments(self, parameters, context, feedback):
        """The command and its flags."""
        return [
            "prepare",
            *self.raster_flags(),
            *self.text_flags(
                parameters, context, FORMULATION="--formulation", ACCELERATOR="--accelerator",
                CACHE="--cache",
            ),
        ]  # fmt: skip

    def results(self, told, parameters, context, feedback):
        """The folder."""
        return {"CACHE": told["folder"]}

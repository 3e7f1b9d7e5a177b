"""What a run will take."""

from __future__ import annotations

from qgis.core import (
    QgsProcessingOutputString,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from .base import NUMBER, SURFACE, SolweigAlgorithm


class PlanRun(SolweigAlgorithm):
    """``solweig plan``."""

    NAME = "plan"
    TITLE = "Plan a run"
    ABOUT = (
        "How a raster would be cut into tiles, and what memory, disk and time a run would take. "
        "Reads the extent and heights of the rasters and computes nothing. The answer is in the "
        "log."
    )
    RASTERS = (SURFACE[0], SURFACE[2])

    def initAlgorithm(self, configuration=None):
        """Declare parameters and outputs."""
        self.add_rasters()
        self.add(
            QgsProcessingParameterNumber("STEPS", "Steps of the run", NUMBER.Integer, 24, False, 1)
        )
        self.add(
            QgsProcessingParameterString(
                "MEMORY", "Memory to plan for, such as 20GiB", None, False, True
            )
        )
        self.add_choice("ACCELERATOR", "Hardware", ("auto", "cpu", "gpu"), "auto")
        self.add_common()
        self.addOutput(QgsProcessingOutputString("PLAN", "Plan"))

    def arguments(self, parameters, context, feedback):
        """The command and its flags."""
        return [
            "plan",
            *self.raster_flags(),
            *self.number_flags(parameters, context, STEPS="--steps"),
            *self.text_flags(parameters, context, MEMORY="--memory", ACCELERATOR="--accelerator"),
        ]

    def results(self, told, parameters, context, feedback):
        """The lines as one text."""
        return {"PLAN": "\n".join(f"{p['name']:<13}{p['value']}" for p in told["plan"])}

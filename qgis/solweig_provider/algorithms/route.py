"""Heat along a way."""

from __future__ import annotations

import os

from qgis.core import (
    QgsProcessingException,
    QgsProcessingOutputFile,
    QgsProcessingOutputString,
    QgsProcessingOutputVectorLayer,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..lines import load_ways
from .base import FOLDER, NUMBER, SOURCE, SolweigAlgorithm


class RouteExposure(SolweigAlgorithm):
    """``solweig route``."""

    NAME = "route"
    TITLE = "Route exposure: heat along a way"
    ABOUT = (
        "What a walker meets along a line, from each time of departure: mean and highest "
        "temperature, minutes above a threshold and the dose above it, and the best time to leave. "
        "Values come from the maps of a finished run that kept those of every step; a time has "
        "the value of the step whose interval holds it.\n\n"
        "The ways are loaded in pieces, coloured as the maps are, with the values of the best "
        "departure; the table of all departures and a picture are in the folder."
    )

    def initAlgorithm(self, configuration=None):
        """Declare parameters and outputs."""
        self.add(QgsProcessingParameterFile("RUN", "Folder of a run", FOLDER))
        self.add(
            QgsProcessingParameterFeatureSource("LINES", "Ways to walk", [SOURCE.TypeVectorLine])
        )
        self.add(
            QgsProcessingParameterString(
                "DEPART", "When to leave, such as 08:00..20:00 or 08:00,12:30", None, False, True
            ),
            "On the weather's clock; nothing stands for the whole run.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "EVERY", "Minutes between departures", NUMBER.Double, 60.0, False, 1.0
            )
        )
        self.add(
            QgsProcessingParameterNumber(
                "SPEED", "Walking speed (m/s)", NUMBER.Double, 1.3, False, 0.1, 15.0
            )
        )
        self.add(
            QgsProcessingParameterString(
                "THRESHOLD", "Dose counts above (degC), such as 32 or utci=32,tmrt=55", "32",
                False, True,
            )
        )  # fmt: skip
        self.add(
            QgsProcessingParameterString(
                "BEST_BY", "Best departure has least of, such as utci_mean", None, False, True
            ),
            "Nothing stands for the dose of UTCI.",
            advanced=True,
        )
        self.add_choice("WHERE", "Values inside buildings", ("ground", "all"), "ground")
        self.add(QgsProcessingParameterBoolean("OVERWRITE", "Replace earlier ways", False))
        self.add(QgsProcessingParameterFolderDestination("OUTPUT", "Folder for the ways"))
        self.add_common()
        self.addOutput(QgsProcessingOutputVectorLayer("WAYS", "Ways in pieces"))
        self.addOutput(QgsProcessingOutputFile("TABLE", "Departures"))
        self.addOutput(QgsProcessingOutputString("BEST", "Best departures"))

    def arguments(self, parameters, context, feedback):
        """The command and its flags."""
        lines = self.vector_flag(parameters, "LINES", "--line", context, feedback)
        if not lines:
            raise QgsProcessingException("Ways to walk: expected a layer of lines, got none.")
        found = [
            "route", self.parameterAsFile(parameters, "RUN", context), *lines,
            *self.text_flags(
                parameters, context, OUTPUT="--out", DEPART="--depart", THRESHOLD="--threshold",
                BEST_BY="--best-by", WHERE="--where",
            ),
            *self.number_flags(parameters, context, EVERY="--every", SPEED="--speed"),
        ]  # fmt: skip
        if self.parameterAsBoolean(parameters, "OVERWRITE", context):
            found.append("--overwrite")
        return found

    def results(self, told, parameters, context, feedback):
        """Load the ways; give the folder, the table and when it is best to leave."""
        files = {f["kind"]: f["path"] for f in told["files"]}
        name = os.path.basename(os.path.normpath(told["folder"]))
        source = load_ways(files["ways"], told["quantity"], told["legend"], name, context)
        best = "; ".join(f"{one['way']}: {one['depart'].replace('T', ' ')}" for one in told["best"])
        feedback.pushInfo(f"best departures: {best or 'none'}")
        return {
            "OUTPUT": told["folder"],
            "WAYS": source,
            "TABLE": files["table"],
            "BEST": best,
        }

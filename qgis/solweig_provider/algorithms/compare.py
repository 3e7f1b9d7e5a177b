"""Two runs beside each other."""

from __future__ import annotations

import os

from qgis.core import (
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
)

from ..layers import Entry, load
from .base import FOLDER, NUMBER, SolweigAlgorithm


class CompareRuns(SolweigAlgorithm):
    """``solweig compare``."""

    NAME = "compare"
    TITLE = "Compare two runs"
    ABOUT = (
        "What one run has more than another, b less a: difference maps of every summary and, if "
        "wanted, every step that both have, and a table. The numbers are in the log. Both runs "
        "must be complete and on the same grid."
    )

    def initAlgorithm(self, configuration=None):
        """Declare parameters and outputs."""
        self.add(QgsProcessingParameterFile("A", "Folder of run a", FOLDER))
        self.add(QgsProcessingParameterFile("B", "Folder of run b", FOLDER))
        self.add(QgsProcessingParameterBoolean("STEPS", "Also the maps of every step", False))
        self.add(
            QgsProcessingParameterNumber(
                "THRESHOLD", "Count the area that differs by more", NUMBER.Double, 0.5, False, 0.0
            )
        )
        self.add(QgsProcessingParameterBoolean("OVERWRITE", "Replace an earlier comparison", False))
        self.add(QgsProcessingParameterFolderDestination("OUTPUT", "Folder for the differences"))
        self.add_common()

    def arguments(self, parameters, context, feedback):
        """The command and its flags."""
        found = [
            "compare",
            self.parameterAsFile(parameters, "A", context),
            self.parameterAsFile(parameters, "B", context),
            *self.text_flags(parameters, context, OUTPUT="--out"),
            *self.number_flags(parameters, context, THRESHOLD="--threshold"),
        ]
        for name, flag in (("STEPS", "--steps"), ("OVERWRITE", "--overwrite")):
            if self.parameterAsBoolean(parameters, name, context):
                found.append(flag)
        return found

    def results(self, told, parameters, context, feedback):
        """Load the difference maps of the summaries; give the folder."""
        group = f"SOLWEIG {os.path.basename(os.path.normpath(told['folder']))}: b less a"
        maps = [f for f in told["files"] if os.path.isfile(f["path"])]
        # Those of steps can be many; the summaries say it all.
        wanted = [f for f in maps if not any(part.isdigit() for part in f["name"].split("_")[1:2])]
        entries = [
            Entry(
                f["path"], f["name"].replace("_", " "), group, None, None, f["name"] == "tmrt_mean"
            )
            for f in wanted
        ]
        load(entries, context)
        return {"OUTPUT": told["folder"]}

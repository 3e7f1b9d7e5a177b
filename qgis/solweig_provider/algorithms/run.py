"""Maps of heat stress."""

from __future__ import annotations

import os

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingOutputRasterLayer,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..layers import entries_of_run, load
from .base import FOLDER, NUMBER, OUTPUTS, SOURCE, SURFACE, SolweigAlgorithm

MOST_LAYERS = 400
"""More step layers than this are not loaded: QGIS becomes slow."""
MAPS = ("tmrt_mean", "tmrt_max", "utci_mean", "utci_max", "sun_hours", "shade_hours")


class RunModel(SolweigAlgorithm):
    """``solweig run``."""

    NAME = "run"
    TITLE = "Run: map heat stress"
    ABOUT = (
        "Mean radiant temperature, UTCI, PET and radiation for every cell and every hour of the "
        "weather, by the SOLWEIG model.\n\n"
        "Only the surface model, the weather and a folder are needed. Weather is an EnergyPlus "
        "file (.epw) or UMEP's text format; for the latter say how many hours its clock is "
        "ahead of UTC. Results are loaded with styles and legends; each step has the interval "
        "it stands for, so that the temporal controller plays them on the clock of the weather. "
        "Cancel stops the run and leaves whole files only."
    )
    RASTERS = SURFACE

    def initAlgorithm(self, configuration=None):
        """Declare parameters and outputs."""
        self.add_rasters()
        self.add(
            QgsProcessingParameterFile(
                "WEATHER", "Weather file", fileFilter="Weather (*.epw *.EPW *.txt *.met);;All (*)"
            )
        )
        self.add(
            QgsProcessingParameterNumber(
                "UTC_OFFSET", "Hours the weather's clock is ahead of UTC (not for .epw)",
                NUMBER.Double, None, True, -14.0, 14.0,
            )
        )  # fmt: skip
        self.add_choice(
            "STAMP", "A time stamp marks", ("end", "start", "centre"), "end", advanced=False
        )
        self.add(
            QgsProcessingParameterString(
                "START", "First day, such as 2025-07-01", None, False, True
            )
        )
        self.add(QgsProcessingParameterString("END", "Last day", None, False, True))
        self.add(
            QgsProcessingParameterEnum(
                "OUTPUTS", "Maps of every step", list(OUTPUTS), allowMultiple=True,
                defaultValue=["tmrt", "utci"], optional=True, usesStaticStrings=True,
            ),
            "None: summaries only.",
        )  # fmt: skip
        self.add(
            QgsProcessingParameterString(
                "FILL", "For missing weather, such as ws=1.5", None, False, True
            ),
            "Several: ws=1.5,pressure=1013",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                "POINTS", "Points of interest", [SOURCE.TypeVectorPoint], optional=True
            ),
            "Every flux at each point, to pois.csv.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterExtent("EXTENT", "Part to use", optional=True), advanced=True
        )
        self.add(
            QgsProcessingParameterFile("CACHE", "Prepared surface", FOLDER, optional=True),
            "A folder of Prepare surface.",
            advanced=True,
        )
        self.add_choice("SKY", "Sky", ("anisotropic", "isotropic"), "anisotropic")
        self.add_choice("FORMULATION", "Formulation", ("reference", "improved"), "reference")
        self.add_choice("ACCELERATOR", "Hardware", ("auto", "cpu", "gpu"), "auto")
        self.add(QgsProcessingParameterBoolean("LOAD_STEPS", "Load the maps of every step", True))
        self.add(
            QgsProcessingParameterBoolean("OVERWRITE", "Replace another run in the folder", False)
        )
        self.add(QgsProcessingParameterFolderDestination("OUTPUT", "Folder for the results"))
        self.add_common()
        for name in MAPS:
            text = name.replace("_", " ")
            self.addOutput(QgsProcessingOutputRasterLayer(name.upper(), text))
        self.addOutput(QgsProcessingOutputNumber("STEPS", "Number of steps"))

    def arguments(self, parameters, context, feedback):
        """The command and its flags."""
        weather = self.parameterAsFile(parameters, "WEATHER", context)
        kind = "--epw" if weather.lower().endswith(".epw") else "--met"
        crs = self.parameterAsRasterLayer(parameters, "DSM", context).crs()
        found = [
            "run", *self.raster_flags(), kind, weather,
            *self.number_flags(parameters, context, UTC_OFFSET="--utc-offset"),
            *self.text_flags(
                parameters, context, STAMP="--stamp", START="--start", END="--end",
                CACHE="--cache", SKY="--sky", FORMULATION="--formulation",
                ACCELERATOR="--accelerator", OUTPUT="--out",
            ),
            "--outputs", ",".join(self._wanted_maps(parameters, context)),
            *self.vector_flag(parameters, "POINTS", "--pois", context, feedback),
            *self.box_flag(parameters, "EXTENT", crs, context),
        ]  # fmt: skip
        for entry in self.parameterAsString(parameters, "FILL", context).split(","):
            if entry.strip():
                found += ["--fill", entry.strip()]
        if self.parameterAsBoolean(parameters, "OVERWRITE", context):
            found.append("--overwrite")
        return found

    def _wanted_maps(self, parameters, context):
        if parameters.get("OUTPUTS") in ([], ""):  # QGIS would take the default
            return []
        return self.parameterAsEnumStrings(parameters, "OUTPUTS", context)

    def results(self, told, parameters, context, feedback):
        """Load the maps; give the folder and the summaries."""
        files = told["files"]
        steps = [f for f in files if f["kind"] == "step"]
        wanted = self.parameterAsBoolean(parameters, "LOAD_STEPS", context)
        if wanted and len(steps) > MOST_LAYERS:
            feedback.reportError(
                f"{len(steps)} maps of steps are in {told['folder']}; they are not loaded, being "
                f"more than {MOST_LAYERS}."
            )
            wanted = False
        summaries = {f["name"]: f["path"] for f in files if f["kind"] == "summary"}
        outputs = {path: name.upper() for name, path in summaries.items() if name in MAPS}
        name = os.path.basename(os.path.normpath(told["folder"]))
        load(entries_of_run(files, f"SOLWEIG {name}", wanted), context, outputs)
        found = {name: path for path, name in outputs.items()}
        return {**found, "OUTPUT": told["folder"], "STEPS": len({s["begin"] for s in steps})}

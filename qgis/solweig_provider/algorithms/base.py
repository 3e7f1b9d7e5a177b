"""What the algorithms share: parameters, layers as files, the call of the package."""

from __future__ import annotations

import os

from qgis.core import (
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingException,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QIcon

from ..child import MISSING, find_command, keep_command, run_child

COMMAND = "COMMAND"
MORE = "MORE"
OUTPUTS = (
    "tmrt",
    "utci",
    "pet",
    "wbgt",
    "tnw",
    "globe150",
    "globe38",
    "at",
    "set",
    "shadow",
    "kdown",
    "kup",
    "ldown",
    "lup",
)
HELP = "https://github.com/solweig/solweig/blob/main/docs/qgis.md"
FLAG = QgsProcessingParameterDefinition.Flag
NUMBER = QgsProcessingParameterNumber.Type
SOURCE = QgsProcessing.SourceType
FOLDER = QgsProcessingParameterFile.Behavior.Folder
ICON = os.path.join(os.path.dirname(os.path.dirname(__file__)), "icon.svg")

SURFACE = (
    ("DSM", "dsm", "Surface model: ground and roofs (m)"),
    ("DEM", "dem", "Ground model (m)"),
    ("CDSM", "cdsm", "Tree canopy, heights above ground (m)"),
    ("TDSM", "tdsm", "Underside of the canopy, above ground (m)"),
    (
        "LAND_COVER",
        "land-cover",
        "Land cover (0 cobble, 1 asphalt, 2 roof, 5 grass, 6 soil, 7 water)",
    ),
)


class SolweigAlgorithm(QgsProcessingAlgorithm):
    """One command of the package."""

    NAME = ""
    TITLE = ""
    ABOUT = ""
    RASTERS = ()
    """Parameters that are rasters: name, flag, description."""

    def __init__(self):
        super().__init__()
        self._files = {}

    def name(self):
        """Name in identifiers."""
        return self.NAME

    def displayName(self):
        """Name in the toolbox."""
        return self.TITLE

    def shortHelpString(self):
        """What the dialog says beside the parameters."""
        return self.ABOUT

    def helpUrl(self):
        """The page of the documentation."""
        return HELP

    def icon(self):
        """Picture in the toolbox."""
        return QIcon(ICON)

    def createInstance(self):
        """A fresh one for a run."""
        return type(self)()

    # ------------------------------------------------------------ parameters

    def add(self, parameter, help="", advanced=False):
        """Add a parameter."""
        if advanced:
            parameter.setFlags(parameter.flags() | FLAG.FlagAdvanced)
        if help and hasattr(parameter, "setHelp"):
            parameter.setHelp(help)
        self.addParameter(parameter)

    def add_rasters(self, needed=1):
        """Add the rasters of the command; those after the needed ones may be left out."""
        for i, (name, _, text) in enumerate(self.RASTERS):
            self.add(QgsProcessingParameterRasterLayer(name, text, optional=i >= needed))

    def add_common(self):
        """Add the last parameters of every algorithm."""
        self.add(
            QgsProcessingParameterString(
                MORE, "More options, as on the command line", optional=True
            ),
            "Such as --patch-option 1 --sun-substeps 3; solweig run --help lists them.",
            advanced=True,
        )
        self.add(
            # The usual filter, *.*, would refuse a name without a dot.
            QgsProcessingParameterFile(
                COMMAND, "SOLWEIG command", optional=True, fileFilter="Programs (*)"
            ),
            "Where the program solweig is; kept for the next time.",
            advanced=True,
        )

    def add_choice(self, name, text, options, default, advanced=True):
        """Add a choice of names."""
        self.add(
            QgsProcessingParameterEnum(
                name,
                text,
                list(options),
                allowMultiple=False,
                defaultValue=default,
                usesStaticStrings=True,
            ),
            advanced=advanced,
        )

    # ------------------------------------------------------------ running

    def checkParameterValues(self, parameters, context):
        """Refuse to start without the package or with layers that are no files.

        Runs no process, this is the main thread.
        """
        good, text = super().checkParameterValues(parameters, context)
        if good and not find_command(self.parameterAsString(parameters, COMMAND, context)):
            return False, MISSING
        if good:
            try:
                self._read_files(parameters, context)
                self._more(parameters, context)
            except QgsProcessingException as error:
                return False, str(error)
        return good, text

    def prepareAlgorithm(self, parameters, context, feedback):
        """Read where the layers lie, which only the main thread may."""
        self._files = self._read_files(parameters, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Run the command, then load what it wrote."""
        said = self.parameterAsString(parameters, COMMAND, context)
        command = find_command(said)
        if not command:
            raise QgsProcessingException(MISSING)
        if said:
            keep_command(said)
        arguments = self.arguments(parameters, context, feedback)
        told = run_child(command, [*arguments, *self._more(parameters, context)], feedback)
        return {} if told is None else self.results(told, parameters, context, feedback)

    def arguments(self, parameters, context, feedback):
        """The command and its flags."""
        raise NotImplementedError

    def results(self, told, parameters, context, feedback):
        """What the algorithm gives, from the last object that the command writes."""
        raise NotImplementedError

    # ------------------------------------------------------------ flags

    def raster_flags(self):
        """``--dsm PATH`` and so on."""
        return [
            part
            for name, flag, _ in self.RASTERS
            if name in self._files
            for part in (f"--{flag}", self._files[name])
        ]

    def text_flags(self, parameters, context, **flags):
        """Flags from texts, files and choices, by parameter; none where it holds its default."""
        found = []
        for name, flag in flags.items():
            value = self.parameterAsString(parameters, name, context).strip()
            if value and value != self.parameterDefinition(name).defaultValue():
                found += [flag, value]
        return found

    def number_flags(self, parameters, context, **flags):
        """Flags from numbers that were given, by parameter."""
        found = []
        for name, flag in flags.items():
            if parameters.get(name) not in (None, ""):
                value = self.parameterAsDouble(parameters, name, context)
                found += [flag, f"{value:.12g}"]
        return found

    def vector_flag(self, parameters, name, flag, context, feedback):
        """A flag from a vector layer; what is in memory, filtered or selected goes to a file."""
        if not parameters.get(name):
            return []
        path, layer = self.parameterAsCompatibleSourceLayerPathAndLayerName(
            parameters, name, context, ["gpkg", "geojson", "json", "shp"], "gpkg", feedback
        )
        named = f"{path}|layername={layer}"
        # A copy, as of a GPX file, does not have the layer that QGIS names.
        if layer and path.endswith(".gpkg") and QgsVectorLayer(named, layer, "ogr").isValid():
            return [flag, named]
        return [flag, path]

    def box_flag(self, parameters, name, crs, context):
        """``--bbox`` in a CRS."""
        if not parameters.get(name):
            return []
        box = self.parameterAsExtent(parameters, name, context, crs)
        if box.isNull() or box.isEmpty():
            return []
        sides = (box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum())
        return ["--bbox=" + ",".join(f"{side:.12g}" for side in sides)]

    def _read_files(self, parameters, context):
        layers = {
            name: self.parameterAsRasterLayer(parameters, name, context)
            for name, _, _ in self.RASTERS
        }
        return {name: file_of(layer) for name, layer in layers.items() if layer is not None}

    def _more(self, parameters, context):
        import shlex

        text = self.parameterAsString(parameters, MORE, context) or ""
        try:
            return shlex.split(text)
        except ValueError as error:
            raise QgsProcessingException(
                f"More options: expected options as on the command line, got {text} ({error})."
            ) from error


def file_of(layer):
    """The file of a raster layer.

    Raises QgsProcessingException where it has none that another program can read.
    """
    path = layer.source().partition("|")[0]
    if layer.providerType() != "gdal" or not os.path.isfile(path):
        raise QgsProcessingException(
            f'Layer "{layer.name()}": expected a raster file on this machine, such as a GeoTIFF, '
            f"got {layer.providerType()} {layer.source()}. Save the layer as GeoTIFF (right click, "
            "Export)."
        )
    return os.path.abspath(path)

#!/usr/bin/env bash
# Package:  QGIS 3.22.16 with its Python (Debian 12: qgis, python3-qgis), which is not installed here
# Expected: parameterAsCompatibleSourceLayerPathAndLayerName names a file of a format that a program
#           knows and the layer in it; a list of files that nobody filled in is empty, and a choice of
#           which nothing is ticked is no choice.
# Happens:  the tracks of a GPX file are copied into a GeoPackage whose one layer is named after the
#           parameter, and the layer is still said to be "tracks"; the list holds one empty text; the
#           choice is its default.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PATH=/usr/bin:/bin:$PATH QT_QPA_PLATFORM=offscreen XDG_RUNTIME_DIR=$tmp QGIS_CUSTOM_CONFIG_PATH=$tmp/profile
/usr/bin/python3 -c 'import qgis.core' 2>/dev/null || exit 2
cat >way.gpx <<'GPX'
<gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
<trkpt lat="57.7" lon="11.96"/><trkpt lat="57.71" lon="11.97"/></trkseg></trk></gpx>
GPX
/usr/bin/python3 - <<'PY'
import os

from qgis.core import (
    Qgis, QgsApplication, QgsProcessing, QgsProcessingAlgorithm, QgsProcessingContext,
    QgsProcessingFeedback, QgsProcessingParameterEnum, QgsProcessingParameterFeatureSource,
    QgsProcessingParameterMultipleLayers, QgsVectorLayer,
)

application = QgsApplication([], False)
application.initQgis()


class Algorithm(QgsProcessingAlgorithm):
    def name(self):
        return "a"

    def displayName(self):
        return "a"

    def createInstance(self):
        return Algorithm()

    def initAlgorithm(self, configuration=None):
        self.addParameter(QgsProcessingParameterFeatureSource("LINES", "lines"))
        self.addParameter(QgsProcessingParameterMultipleLayers("FILES", "files", QgsProcessing.SourceType.TypeFile, None, True))
        self.addParameter(QgsProcessingParameterEnum("MAPS", "maps", ["a", "b"], True, "a", True, True))

    def processAlgorithm(self, parameters, context, feedback):
        return {}


algorithm, context = Algorithm(), QgsProcessingContext()
algorithm.initAlgorithm()
values = {"LINES": os.path.abspath("way.gpx") + "|layername=tracks", "MAPS": []}
path, layer = algorithm.parameterAsCompatibleSourceLayerPathAndLayerName(
    values, "LINES", context, ["gpkg"], "gpkg", QgsProcessingFeedback()
)
named, plain = QgsVectorLayer(f"{path}|layername={layer}", "n", "ogr"), QgsVectorLayer(path, "p", "ogr")
files = algorithm.parameterAsFileList(values, "FILES", context)
maps = algorithm.parameterAsEnumStrings(values, "MAPS", context)
print(Qgis.QGIS_VERSION, os.path.basename(path), "layer said:", repr(layer))
print("that layer opens:", named.isValid(), "- the file opens:", plain.isValid(), "with", plain.featureCount(), "line")
print("no files:", files, "- nothing ticked:", maps)
holds = layer == "tracks" and not named.isValid() and plain.featureCount() == 1 and files == [""] and maps == ["a"]
print("still so" if holds else "CHANGED", flush=True)
os._exit(not holds)  # leaving QGIS in order needs more
PY

#!/usr/bin/env bash
# Package:  QGIS 3.22.16 (Debian 12: apt-get install --no-install-recommends python3-qgis), no display
# Expected: a raster whose fixed temporal range is 14:00 to 15:00, the end left out, shows in the hourly
#           frame from 14:00 and in no other: frames leave out their end as well.
# Happens:  it shows in the frame from 13:00 too, which ends before it begins. Leaving out both ends of
#           the range helps until the project is saved: read back, both belong to it, and the raster
#           shows in three frames. A second less at either end stays.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
/usr/bin/python3 -c 'import qgis.core' 2>/dev/null || { echo "QGIS of the distribution is not installed"; exit 2; }
export QT_QPA_PLATFORM=offscreen XDG_RUNTIME_DIR=$tmp QGIS_CUSTOM_CONFIG_PATH=$tmp/profile
chmod 700 "$tmp"
/usr/bin/python3 -W ignore - <<'PY'
import os
import sys

from osgeo import gdal
from qgis.core import Qgis, QgsApplication, QgsDateTimeRange, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QDateTime, Qt

QgsApplication([], False).initQgis()
raster = gdal.GetDriverByName("GTiff").Create("map.tif", 2, 2, 1, gdal.GDT_Float32)
raster.SetGeoTransform((0.0, 1.0, 0.0, 0.0, 0.0, -1.0))
del raster


def at(text):
    time = QDateTime.fromString(f"2006-08-01T{text}", Qt.DateFormat.ISODate)
    time.setTimeSpec(Qt.TimeSpec.UTC)
    return time


def frames(begin, end, with_begin=True, with_end=True):
    layer = QgsRasterLayer("map.tif", "map")
    properties = layer.temporalProperties()
    properties.setIsActive(True)
    properties.setMode(Qgis.RasterTemporalMode.FixedTemporalRange)
    properties.setFixedTemporalRange(QgsDateTimeRange(at(begin), at(end), with_begin, with_end))
    project = QgsProject.instance()
    project.addMapLayer(layer)
    hours = range(12, 18)
    spans = {h: QgsDateTimeRange(at(f"{h}:00:00"), at(f"{h + 1}:00:00"), True, False) for h in hours}

    def shown(of):
        return [h for h, s in spans.items() if of.temporalProperties().isVisibleInTemporalRange(s)]

    seen = shown(layer)
    project.write("map.qgs")
    project.clear()
    project.read("map.qgs")
    (back,) = project.mapLayers().values()
    again = shown(back)
    project.clear()
    return seen, again


found = {
    "closed": frames("14:00:00", "15:00:00"),
    "end open": frames("14:00:00", "15:00:00", True, False),
    "both open": frames("14:00:00", "15:00:00", False, False),
    "a second less": frames("14:00:01", "14:59:59"),
}
print("QGIS", Qgis.version())
for name, (seen, again) in found.items():
    print(f"{name}: in the frames from {seen} h; of a project read back {again}")
holds = (
    found["end open"] == ([13, 14], [13, 14, 15])
    and found["both open"] == ([14], [13, 14, 15])
    and found["a second less"] == ([14], [14])
)
print("still so" if holds else "CHANGED")
sys.stdout.flush()
os._exit(not holds)
PY

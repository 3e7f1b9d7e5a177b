"""Draws the pictures of docs/qgis.md in the real QGIS, from an empty project on.

Run by it, on a display (see .ci/qgis): qgis --noversioncheck --nologo --code qgis/pictures.py
SOLWEIG_PICTURES: where they go. SOLWEIG_DEMO: the bundled site. SOLWEIG_COMMAND: the command.
"""

import os
import sys
import traceback

import processing
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsTemporalNavigationObject,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QEventLoop, Qt, QTimer
from qgis.PyQt.QtWidgets import QDockWidget, QPushButton
from qgis.utils import iface, loadPlugin, startPlugin

PLACE = os.environ["SOLWEIG_PICTURES"]
SITE = os.environ["SOLWEIG_DEMO"]
COMMAND = os.environ["SOLWEIG_COMMAND"]
OUT = os.path.join(PLACE, "out")


def settle(milliseconds=1500):
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def keep(widget, name):
    settle()
    widget.grab().save(os.path.join(PLACE, f"{name}.png"))


def raster(name):
    return os.path.join(SITE, f"{name}.tif")


def only_docks(*names):
    for dock in iface.mainWindow().findChildren(QDockWidget):
        dock.setVisible(dock.objectName() in names)


def draw():
    window = iface.mainWindow()
    window.resize(1280, 820)
    for name in ("processing", "solweig_provider"):
        loadPlugin(name)
        startPlugin(name)
    QgsProject.instance().clear()
    for name in ("dsm", "cdsm", "land_cover", "dem"):
        iface.addRasterLayer(raster(name), name)
    toolbox = window.findChild(QDockWidget, "ProcessingToolbox")
    layer_dock = window.findChild(QDockWidget, "Layers")
    only_docks("Layers", "ProcessingToolbox")
    toolbox.searchBox.setText("solweig")
    window.resizeDocks([layer_dock, toolbox], [330, 300], Qt.Orientation.Horizontal)
    keep(window, "qgis_toolbox")

    project = QgsProject.instance()
    layers = {layer.name(): layer.id() for layer in project.mapLayers().values()}
    values = {
        "DSM": layers["dsm"], "DEM": layers["dem"], "CDSM": layers["cdsm"],
        "LAND_COVER": layers["land_cover"], "WEATHER": os.path.join(SITE, "weather.txt"),
        "UTC_OFFSET": 1, "STAMP": "start", "FILL": "ws=1.5,pressure=1013",
        "OUTPUTS": ["tmrt", "utci"], "OUTPUT": OUT, "COMMAND": COMMAND, "ACCELERATOR": "cpu",
    }  # fmt: skip
    dialog = processing.createAlgorithmDialog("solweig:run", values)
    dialog.resize(900, 760)
    dialog.show()
    keep(dialog, "qgis_dialog")
    button = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Run")
    button.click()
    for _ in range(120):
        settle(500)
        if len(project.mapLayers()) > len(layers) + 24:
            break
    settle(2000)
    dialog.close()

    root = project.layerTreeRoot()
    for name, layer in layers.items():
        root.findLayer(layer).setItemVisibilityChecked(name == "dsm")
    only_docks("Layers", "Temporal Controller")
    canvas = iface.mapCanvas()
    canvas.zoomToFeatureExtent(project.mapLayer(layers["dsm"]).extent())
    controller = canvas.temporalController()
    controller.setNavigationMode(QgsTemporalNavigationObject.NavigationMode.Animated)
    controller.setCurrentFrameNumber(14)
    print("frames", controller.totalFrameCount(), project.timeSettings().temporalRange().begin())
    for title, name in (("UTCI", "qgis_utci"), ("Tmrt", "qgis_map")):
        for group in root.findGroups():
            chosen = title in group.name() and "step" in group.name()
            group.setItemVisibilityChecked(chosen)
            group.setExpanded(chosen)
            for node in group.findLayers():
                node.setExpanded(" 14:00" in node.name())
        window.resizeDocks([layer_dock], [330], Qt.Orientation.Horizontal)
        settle(1500)
        view = iface.layerTreeView()
        layer = next(n for n in root.findLayers() if n.name().startswith(f"{title} 2006-08-01 14"))
        view.setCurrentLayer(layer.layer())
        view.scrollTo(view.currentIndex(), view.ScrollHint.PositionAtTop)
        view.clearSelection()
        keep(window, name)

    walk(project, project.mapLayer(layers["dsm"]))
    for group in root.findGroups():
        group.setExpanded(False)
        group.setItemVisibilityChecked(group.name().endswith("summary"))
    canvas.zoomToFeatureExtent(project.mapLayer(layers["dsm"]).extent())
    controller.setNavigationMode(QgsTemporalNavigationObject.NavigationMode.NavigationOff)
    only_docks("Layers")
    for node in root.findLayers():
        if "along the way" in node.name():
            node.setExpanded(True)
        if node.name() == "UTCI max":
            node.setItemVisibilityChecked(False)
        if node.name() in layers:
            node.setExpanded(False)
    keep(window, "qgis_route")


def walk(project, dsm):
    """Two ways along the square, and what is met on them."""
    ways = QgsVectorLayer(
        f"LineString?crs={dsm.crs().authid()}&field=name:string", "ways", "memory"
    )
    box = dsm.extent()
    for name, corners in (
        ("by the houses", ((0.12, 0.2), (0.47, 0.42), (0.45, 0.9))),
        ("across the square", ((0.12, 0.2), (0.75, 0.35), (0.45, 0.9))),
    ):
        way = QgsFeature(ways.fields())
        way.setAttribute("name", name)
        points = [
            QgsPointXY(box.xMinimum() + x * box.width(), box.yMinimum() + y * box.height())
            for x, y in corners
        ]
        way.setGeometry(QgsGeometry.fromPolylineXY(points))
        ways.dataProvider().addFeature(way)
    project.addMapLayer(ways, False)
    values = {
        "RUN": OUT, "LINES": ways, "DEPART": "12:00..15:00", "THRESHOLD": "26",
        "OUTPUT": os.path.join(PLACE, "ways"), "COMMAND": COMMAND,
    }  # fmt: skip
    processing.runAndLoadResults("solweig:route", values)
    settle(2000)


def main():
    try:
        draw()
    except Exception:
        traceback.print_exc()
        sys.stdout.flush()
        os._exit(1)
    QgsProject.instance().setDirty(False)
    sys.stdout.flush()
    QgsApplication.processEvents()
    os._exit(0)


QTimer.singleShot(3000, main)

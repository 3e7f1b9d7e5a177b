"""Ways in the project, coloured by what is met along them."""

from __future__ import annotations

import math

from qgis.core import (
    QgsGraduatedSymbolRenderer,
    QgsLineSymbol,
    QgsProcessingContext,
    QgsProject,
    QgsRendererRange,
)
from qgis.PyQt.QtCore import QTimer

from .layers import TITLES, KeptPostProcessor

WIDTH_MM = "1.4"


def load_ways(path, quantity, legend, name, context):
    """Ask QGIS to load the pieces of the ways; gives their source."""
    source = f"{path}|layername=pieces"
    details = QgsProcessingContext.LayerDetails(
        f"{name}: {TITLES[quantity]} along the way", context.project(), "WAYS"
    )
    details.forceName = True
    context.addLayerToLoadOnCompletion(source, details)
    dresser = _Painter(quantity, legend)
    context.layerToLoadOnCompletionDetails(source).setPostProcessor(dresser)
    return source


def renderer(quantity, legend):
    """Lines by class, as the maps are; stretches without a value are not drawn."""
    ranges = []
    for part in legend:
        low = -math.inf if part["low"] is None else part["low"]
        high = math.inf if part["high"] is None else part["high"]
        symbol = QgsLineSymbol.createSimple(
            {"color": part["colour"], "width": WIDTH_MM, "capstyle": "round"}
        )
        ranges.append(QgsRendererRange(low, high, symbol, part["label"]))
    return QgsGraduatedSymbolRenderer(quantity, ranges)


def to_the_top(layer_id):
    """Show a layer above all others."""
    root = QgsProject.instance().layerTreeRoot()
    node = root.findLayer(layer_id)
    if node is None or root.children()[0] is node:
        return
    copy = node.clone()
    root.insertChildNode(0, copy)
    node.parent().removeChildNode(node)
    copy.setItemVisibilityCheckedParentRecursive(True)
    copy.setExpanded(True)


class _Painter(KeptPostProcessor):
    """Gives the loaded ways their colours."""

    def __init__(self, quantity, legend):
        super().__init__()
        self._quantity, self._legend = quantity, legend

    def postProcessLayer(self, layer, context, feedback):
        """Called in the main thread, with the layer in the project or about to be."""
        layer_id = layer.id()
        layer.setRenderer(renderer(self._quantity, self._legend))
        layer.triggerRepaint()
        # QGIS puts it beside the current layer, which may lie in a group that is not shown; newer
        # versions only after this.
        for later in (0, 500):
            QTimer.singleShot(later, lambda: to_the_top(layer_id))
        self.let_go()
